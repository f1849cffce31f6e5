"""Links: out of the services' redirectors, free of tracking, and never a door that acts or leads elsewhere.

Redirectors are recognized by their exact host: `evil-facebook.com` and `facebook.com.foul.example` are ordinary hosts.
What a redirector hides is an untrusted link again and is checked as one (`safe_url`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit, urlunsplit

from interest_ingest.parsing.contract import host_in

MAX_LEVELS: Final = 3
"""Redirectors nested deeper than this are no service's doing; such a link stays wrapped and is refused."""

MAX_LENGTH: Final = 4_000

NOT_ALLOWED: Final = "not among the allowed hosts"
"""What is said of a link to a host that its parser does not name."""

KEY: Final = "is a key to an account"
"""How it ends what is said of a link with a parameter that lets whoever opens it in."""

REMEMBERED: Final = 256
"""Links whose answers are kept: recognizing, reading and normalizing one mail ask for the same ones."""

_TRACKING = r"(?i:(utm_\w+|fbclid|gclid|yclid|ysclid|dclid|msclkid|mc_[ce]id|_openstat|igshid)\Z)"

_FACEBOOK = frozenset({"facebook.com", "www.facebook.com", "m.facebook.com", "web.facebook.com", "mbasic.facebook.com"})
_VK = frozenset({"vk.com", "www.vk.com", "m.vk.com", "vk.ru", "www.vk.ru", "m.vk.ru"})
_OK = frozenset({"ok.ru", "www.ok.ru", "m.ok.ru", "odnoklassniki.ru", "www.odnoklassniki.ru"})
_TWITTER = frozenset({"twitter.com", "www.twitter.com", "mobile.twitter.com", "x.com", "www.x.com"})
_LINKEDIN = frozenset({"linkedin.com", "www.linkedin.com"})
_INSTAGRAM = frozenset({"instagram.com", "www.instagram.com"})
_GOOGLE = frozenset({"google.com", "www.google.com"})
_YOUTUBE = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"})
_REDDIT = frozenset({"reddit.com", "www.reddit.com", "old.reddit.com", "new.reddit.com"})

_FACEBOOK_KEPT = ("story_fbid", "id", "fbid", "set", "comment_id", "reply_comment_id", "v", "multi_permalinks")
_LINKEDIN_KEPT = ("commentUrn", "replyUrn", "dashCommentUrn", "dashReplyUrn")

_KEYS: Final = re.compile(
    r"(?i:(?:.*[_.-])?(?:access|auth|login)?_?token|tkn|otp\w*|midtoken|auto_?login|auth|auth_?key|lgn|sid|session_?(id)?"
    r"|passkey)\Z"
)
"""Parameters that let whoever opens the link in as its recipient."""

_PICTURES: Final = frozenset({"i.mycdn.me"})
"""Here `tkn` opens a picture of Odnoklassniki, and nothing else."""

_ACCOUNT_PAGES: Final = (
    "login login.php recover restore activation confirmemail.php c.php checkpoint checkpoint.php oauth authorize"
)
_DOORS: Final = frozenset(_ACCOUNT_PAGES.split())
"""Pages that log in, recover or confirm an account: nobody's interest is shown there."""

# What a service adds to its own links for the recipient of this very mail: tracking, and in places a login token.
_DROPPED: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (_FACEBOOK, r"(aref|medium|mid|bcode|n_m|lloc|ref|refid|notif_t|notif_id|__tn__|__xts__.*)\Z"),
    (_VK, r"(from_email|hash|mhash|uhash)\Z"),
    (_OK, r"landref\Z"),
    (_TWITTER, r"(cn|refsrc|ref_src|ref_url|iid|uid|nid|sig|s|t)\Z"),
    (_YOUTUBE, r"(?!(?:v|lc|lb|t|list|q|u|search_query)\Z)"),
    (_INSTAGRAM, r"(?:igsh|__coig\w*)\Z"),
    (_LINKEDIN, r"(?i:trk\w*|mid\w*|lipi|eid|origin)\Z"),
    (_REDDIT, r"(\$deep_link|\$3p|correlation_id|ref|ref_.*|rdt)\Z"),
    (frozenset({"avito.ru", "www.avito.ru", "m.avito.ru"}), r"utm_\w+\Z"),
    (frozenset({"trustpilot.com", "www.trustpilot.com", "businessapp.b2b.trustpilot.com"}), r"utm_\w+\Z"),
)


@lru_cache(maxsize=REMEMBERED)
def unwrap(url: str) -> str:
    """The page that `url` leads to: out of up to three nested redirectors, without the services' tracking.

    What a service's link tells of the recipient is dropped, and campaign parameters with it; a link of any other host
    comes back as it stands, for a visitor's page is its whole address (`campaign` reads it). A redirector whose target
    cannot be read, or that is nested deeper, stays wrapped (`safe_url` refuses it). Applying it twice changes nothing.
    Form of Facebook: `facebook.com/n/?groups%2F1%2Fposts%2F2%2F&comment_id=3&medium=email&n_m=<recipient>`.
    """
    tidy = current = _tidy(url)
    for _ in range(MAX_LEVELS + 1):
        target = _target(current)
        if target is None:
            return current
        current = _tidy(target, carried=True)
    return tidy


def campaign(url: str) -> str | None:
    """The `utm_` parameters of `url` as `source / medium / campaign` (those that are there), or None."""
    parts = _split(url)
    query = parse_qs(parts.query) if parts else {}
    found = [query[key][0].strip() for key in ("utm_source", "utm_medium", "utm_campaign") if key in query]
    return " / ".join(filter(None, found)) or None


_VERBS = (  # each acts where an id or a token stands beside it
    "approve unapprove trash untrash spam unspam delete remove activate accept reject decline like unlike dislike mute "
    "confirm verify subscribe moderate publish unpublish hide ban block"
)
_ACTS = frozenset(_VERBS.split())
_STRONG = (
    "unsubscribe unsub optout opt-out opt_out notification_off email_forward_notice email_unsubscribe o.php "
    "resetpassword reset-password reset_password password-reset"
)
_ALWAYS = frozenset(_STRONG.split())
_ACT_KEYS = frozenset({"action", "act", "do", "task", "op", "cmd", "doaction"})
_ACT_VALUES = _ACTS | {"rp", "resetpass", "lostpassword", "confirmaction", "unsubscribe", "notify"}
_TOKEN = re.compile(r"\d|.{20}")
_HINTS = "|".join(sorted({*_ACTS, *_ALWAYS, *_ACT_KEYS, "intent", "ufi", "adminhash", "confirm_key"}, reverse=True))
_HINT = re.compile(rf"(?<![^\W_])(?:{_HINTS.replace('.', '[.]')})(?![^\W_])")
"""A link without any of these words acts on nothing."""


@lru_cache(maxsize=REMEMBERED)
def is_action_link(url: str) -> bool:
    """Whether opening `url` does something (approve, trash, spam, delete, like, unsubscribe, activate, accept).

    Such links act on GET or carry a signature or a login token: they are never shown, stored or offered.
    """
    target = unwrap(url)
    parts = _split(target) if _HINT.search(unquote(target).lower()) else None
    if parts is None:
        return False
    segments = [unquote(one).lower() for one in parts.path.split("/") if one]
    query = parse_qs(parts.query, keep_blank_values=True)
    return (
        not _ALWAYS.isdisjoint(segments)
        or ("intent" in segments and "ea_s" in query)
        or "/email/ufi/" in parts.path + "/"
        or any(value.lower() in _ACT_VALUES for key in _ACT_KEYS & query.keys() for value in query[key])
        or any(key in _ALWAYS or key in ("adminhash", "confirm_key") for key in query)
        or any(_acts(segments, place, bool(query)) for place, one in enumerate(segments) if one in _ACTS)
    )


def safe_url(url: str, hosts: Iterable[str] | None, *, http_ok: bool = False) -> str | None:
    """`url` unwrapped and built anew if it may be shown as a link on one of `hosts` (or their subdomains), else None.

    `hosts=None` allows any host.
    https only (http with `http_ok`), no userinfo, port, backslash, space, control, zero-width or bidirectional
    character, an ASCII host without `xn--` (unless that very host is allowed), no redirector, no one-click link.
    """
    url = unwrap(url.strip(" \n\r\t"))
    parts = _split(url)
    if parts is None or objection(url, hosts, http_ok=http_ok):
        return None
    path, query, fragment = (quote(one, safe="/%:@!$&'()*+,;=~?[]|", errors="replace") for one in parts[2:])
    return urlunsplit((parts.scheme.lower(), parts.netloc.lower(), path or "/", query, fragment))


def objection(url: str, hosts: Iterable[str] | None, *, http_ok: bool = False) -> str:
    """Why `safe_url` refuses `url`, which is unwrapped already, in words that go on after it; "" if it does not."""
    parts = _split(url)
    if parts is None or len(url) > MAX_LENGTH:
        return "no plain web address"
    scheme, host, allowed = parts.scheme.lower(), parts.netloc.lower(), None if hosts is None else tuple(hosts)
    if _target(url) is not None:
        return "a redirector that hides where it leads"
    if is_action_link(url):
        return "it acts when it is opened"
    if not re.fullmatch(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", host) or ".." in host:
        return "no plain host name"
    if allowed is not None and not host_in(host, allowed):
        return NOT_ALLOWED
    if "xn--" in host and (allowed is None or host not in allowed):
        return "a host name in disguise (xn--), which must be allowed itself"
    if scheme != "https" and not (http_ok and scheme == "http"):
        return "not https"
    return _leads_elsewhere(parts, allowed) if allowed is not None and not http_ok else ""


def keyless(url: str) -> str:
    """`url` without the parameters that let whoever opens it in as its recipient; all else as it stands.

    A service that puts such a key on its links (`/reviews/5?token=…`) asks for a login without it.
    """
    parts = _split(url)
    if parts is None or parts.netloc.lower() in _PICTURES:
        return url
    query, fragment = (
        "&".join(one for one in text.split("&") if not _key_in(one)) for text in (parts.query, parts.fragment)
    )
    kept = parts._replace(query=query, fragment=fragment)
    return url if kept == parts else urlunsplit(kept)


def _leads_elsewhere(parts: SplitResult, hosts: tuple[str, ...]) -> str:
    """What speaks against a service's link: it is a door to an account, carries a key of one or dot segments, or has
    the address of a stranger's page, as an unknown redirector has it."""
    if re.search(r"(?i)(?:^|/)(?:\.|%2e){1,2}(?:/|$)", parts.path) or "://" in unquote(parts.path + parts.fragment):
        return "it leads to another place than it seems"
    if unquote(parts.path).lower().strip("/").partition("/")[0] in _DOORS:
        return "a door to an account"
    pairs = f"{parts.query}&{parts.fragment}".split("&")
    keys = [name for one in pairs if (name := _key_in(one))] if parts.netloc.lower() not in _PICTURES else []
    if keys:
        return f"its parameter {keys[0]} {KEY}"
    values = [unquote(one.partition("=")[2]) for one in pairs]
    foreign = [one for one in values if one.lower().startswith(("http:", "https:", "//")) and not _is_at(one, hosts)]
    return "it carries the address of another page" if foreign else ""


def _key_in(pair: str) -> str:
    """The name of a parameter that is a key, as it is written; "" of any other."""
    name, sign, _ = pair.partition("=")
    return name[:40] if sign and _KEYS.match(unquote(name)) else ""


def _is_at(url: str, hosts: tuple[str, ...]) -> bool:
    target = _split(url)
    return target is not None and host_in(target.netloc.lower(), hosts)


def _acts(segments: list[str], place: int, has_query: bool) -> bool:
    """A verb in the path acts where an id or a token stands beside it (`/comment/12/approve`, `/delete/WyJk…`)."""
    before, after = segments[place - 1 : place], segments[place + 1 :]
    if after:
        return all(_TOKEN.search(one) for one in after)
    return has_query or any(_TOKEN.search(one) for one in before)


def _split(url: str) -> SplitResult | None:
    """The parts of an absolute http(s) link without characters that readers and browsers read differently."""
    if "\\" in url or " " in url or not url.isprintable():
        return None
    try:
        parts = urlsplit(url)
    except ValueError:  # a broken IPv6 host
        return None
    return parts if parts.scheme.lower() in ("http", "https") and parts.netloc else None


def _tidy(url: str, *, carried: bool = False) -> str:
    """`url` without the tracking of its service, or of the redirector that carried it here."""
    parts = _split(url)
    dropped = _dropped(parts.netloc.lower(), carried) if parts is not None and parts.query else None
    if parts is None or dropped is None:
        return url
    query = "&".join(one for one in parts.query.split("&") if not dropped.match(unquote(one.partition("=")[0])))
    return url if query == parts.query else urlunsplit(parts._replace(query=query))


@lru_cache(maxsize=REMEMBERED)
def _dropped(host: str, carried: bool) -> re.Pattern[str] | None:
    """The names of the parameters that links of `host` lose."""
    patterns = [names for hosts, names in _DROPPED if host in hosts]
    if carried or patterns:
        patterns += [_TRACKING, _KEYS.pattern]
    return re.compile("|".join(patterns)) if patterns else None


def _target(url: str) -> str | None:
    """One step out of a redirector; None if `url` is none.

    An unreadable target gives the same `url` again, and so does a subdomain of a redirector: nobody is known to use
    one, and what looks like a redirector is refused.
    """
    parts = _split(url)
    if parts is None:
        return None
    plain = _plain_path(parts.path)
    for is_exact, path, step in _redirectors(parts.netloc.lower()):
        if path.match(plain):
            return (step(parts) if is_exact else None) or url
    return None


def _plain_path(path: str) -> str:
    """As the server will read it: `/x/../%61way.php/` is `/away.php`."""
    return posixpath.normpath(re.sub("/+", "/", unquote(path).lower()) or "/")


@lru_cache(maxsize=REMEMBERED)
def _redirectors(host: str) -> tuple[tuple[bool, re.Pattern[str], _Step], ...]:
    return tuple((host in hosts, path, step) for hosts, path, step in _REDIRECTORS if host_in(host, hosts))


def _parameter(*names: str) -> Callable[[SplitResult], str | None]:
    """The target stands in one of the parameters `names`."""

    def step(parts: SplitResult) -> str | None:
        query = parse_qs(parts.query)
        return next((query[name][0] for name in names if name in query and _split(query[name][0])), None)

    return step


def _facebook(parts: SplitResult) -> str | None:
    """`/n/?<path>&<parameters>`: the first token is the path, with or without a query of its own."""
    first, _, rest = parts.query.partition("&")
    if "=" in first or not first:
        return None
    path, _, own = unquote(first).partition("?")
    kept = [one for one in f"{own}&{rest}".split("&") if one.partition("=")[0] in _FACEBOOK_KEPT]
    acts = [one for one in rest.split("&") if one.startswith(("action=", "target="))] if "ufi/" in path else []
    query = "&".join(kept + acts)
    return urlunsplit(("https", "www.facebook.com", "/" + quote(path.lstrip("/"), safe="/:@._-~,"), query, ""))


def _reddit(parts: SplitResult) -> str | None:
    """`/CL0/<target>/1/<id>/<signature>`: the target is one percent-encoded segment, `:` and `$` may stay raw."""
    match = re.match(r"/CL\d/(https?(?::|%3A)(?:%2F|/)+[^/]+)", parts.path, re.IGNORECASE)
    target = unquote(match[1]) if match else ""
    return target if _split(target) else None


def _disqus(parts: SplitResult) -> str | None:
    target = _parameter("url")(parts)
    return re.sub(r"(#comment-\d+):.*", r"\1", target) if target else None


def _google(parts: SplitResult) -> str | None:
    """Alerts encode the page half or not at all: what stands before `&ct=ga` is its own query."""
    alert = re.search(r"(?:^|&)url=(https?://\S{1,2000}?)&ct=ga(?:&|\Z)", parts.query)
    return unquote(alert[1]) if alert else _parameter("url", "q")(parts)


def _linkedin(parts: SplitResult) -> str | None:
    """`/comm/<path>?<who reads it>`: of the query only the ids of a comment are kept."""
    kept = "&".join(one for one in parts.query.split("&") if one.partition("=")[0] in _LINKEDIN_KEPT)
    return urlunsplit(parts._replace(path=parts.path.removeprefix("/comm"), query=kept, fragment=""))


_Step = Callable[[SplitResult], str | None]
_REDIRECTORS: Final[tuple[tuple[frozenset[str], re.Pattern[str], _Step], ...]] = (
    (_FACEBOOK, re.compile(r"/nd?/?\Z"), _facebook),
    (_FACEBOOK | {"l.facebook.com", "lm.facebook.com"}, re.compile(r"/l\.php\Z"), _parameter("u")),
    (frozenset({"l.instagram.com"}), re.compile(r"/"), _parameter("u")),
    (_VK, re.compile(r"/away(\.php)?\Z"), _parameter("to")),
    (_TWITTER, re.compile(r"/i/redirect\Z"), _parameter("url")),
    (frozenset({"click.redditmail.com"}), re.compile(r"/cl\d/"), _reddit),
    (frozenset({"redirect.disqus.com"}), re.compile(r"/url\Z"), _disqus),
    (_LINKEDIN, re.compile(r"/comm/"), _linkedin),
    (_GOOGLE, re.compile(r"/url\Z"), _google),
    (_YOUTUBE, re.compile(r"/(redirect|attribution_link)\Z"), _parameter("q", "u")),
)
