"""WordPress: comments and comments to moderate, in all its languages, read by the order of their lines.

`Author: NAME (IP address: 192.0.2.1, host)` / `Email:` / `URL:` / [`In reply to:`] / `Comment:` / text / links. The
labels differ by language and version (3.x wrote `E-mail : `), and one mail may mix two languages: they are not read.
Plugins send the same text as HTML: with its line ends as `<br>`, with words in place of the links, or simply as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.contract import Changed
from interest_ingest.parsing.forms import is_registration
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.markdown import as_typed
from interest_ingest.parsing.passages import source_text
from interest_ingest.parsing.tokens import find_email, find_url, host_of, resolve
from interest_ingest.parsing.vocabulary import Role

_IP: Final = (
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}|\bIP\b"
    r"|[:：] {0,2}[,，] ?(?=[)）]))"
)
"""The address, the word for it where none was kept, or (`(আইপি: , )`) not even that."""
_ADDRESS: Final = rf"[(（](?=[^()（）\n]{{0,80}}?{_IP})[^()（）\n]{{1,400}}+[)）]"
_AUTHOR: Final = (
    rf"^[^\n:：]{{1,60}}[:：][ \xa0]?([^\n]{{0,400}}?)[ \xa0]{{0,3}}{_ADDRESS}[ \t\xa0]{{0,9}}$"  # label, name
)
AUTHOR_LINE: Final = f"(?m){_AUTHOR}"
_COLLAPSED: Final = rf"[:：][^()（）:：\n]{{0,120}}{_ADDRESS} {{1,3}}[^\n:：]{{1,60}}[:：]"
"""The author amid the line that HTML makes of a text whose line ends are no tags."""
_ACTION: Final = (
    r"/wp-admin/comment\.php\?action=(?:approve|trash|delete|spam|cdc|mac)[a-z]*&(?:amp;)?(?:p=\d+&)?c=(\d+)"
)
_PERMALINK: Final = r"#comment-(\d+)\b"
LINKS: Final = (_ACTION, _PERMALINK)
NO_ANSWER: Final = r"(?i)^(?!\s*(?:re|aw|sv|antw|odp|ynt|rif|res|отв|回复|回覆|答复|返信)\s*(?:\[\d+\]\s*)?[:：])"
"""The commenter stands in Reply-To: to what he answers by mail, the mail about his comment may be quoted."""

_MAILER: Final = r"(?i)^X-Mailer: PHPMailer"
_ADMIN_PAGE: Final = re.compile(r"/wp-login\.php|/wp-admin/(?!(?:admin|post|edit)\.php\?)")
_CARE_PAGE: Final = re.compile(
    r"/wp-login\.php(?:$|\?action=(?:rp|confirmaction|enter_recovery_mode)\b)|/newbloguser/"
    r"|/wp-admin/(?:network/)?(?:about\.php|update-core\.php|settings\.php|(?:export|erase)-personal-data\.php"
    r"|profile\.php\?newuseremail=|options\.php\?adminhash=)|/wp-personal-data-exports/"
    r"|//(?:[a-z-]{2,9}\.)?wordpress\.org/support/|[?&]key=[\w%.-]{5,80}&(?:id|login)="
)
"""Pages of accounts, updates and personal data; form plugins link to their entries, `/wp-admin/admin.php?page=…`."""
_SITE_NAME: Final = re.compile(r"\[\s?([^\[\]]{1,100}?)\s?\]")
_USER_LINE: Final = re.compile(r"(?!(?:[^\d\n]*\d){5})[^:：\n]{1,80}[:：][ \xa0]?[^\s:：]{1,60}")
"""`Username: amos`; a lone telephone number is somebody who wants to be called."""
_ADDRESS_OF_SITE: Final = re.compile(r"https?://[^\s?#]{1,200}")
_QUOTES: Final = (
    *('""', "“”", "„“", "„”", "””", "«»", "»«", "「」", "『』", "《》", "〈〉", "‘’", "''"),
    ("<i>", "</i>"),
)
_COMMENT_PAGE: Final = re.compile(r"/comment-page-\d+(?=/?$)|[?&]cpage=\d+$")
_MARKS: Final = " \xa0\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
"""Spaces, and the marks of direction that the Hebrew and Persian templates put around names."""


class _Block(NamedTuple):
    """The lines that name the author, and where the comment begins."""

    name: str
    email: str
    is_reply: bool
    start: int


@parser(
    "wordpress.comment",
    version=1,
    match=Match(subject=NO_ANSWER, text=AUTHOR_LINE, link=LINKS),
    link_hosts=SITES,
    signed_by=SITES,
    instead_of="wordpress.collapsed",
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“New comment on your post "Kestrel"” and “A new comment on the post "Kestrel" is waiting for your approval”."""
    yield read_comment(mail)


@parser(
    "wordpress.collapsed",
    version=1,
    match=Match(subject=r"^\[", link=LINKS, text=_COLLAPSED),
    link_hosts=SITES,
    signed_by=SITES,
)
def collapsed(mail: Mail) -> Iterator[Interest]:
    """The same, sent as HTML by a plugin that forgot to turn the line ends into tags."""
    yield read_comment(mail)


@parser("wordpress.plugin", version=1, match=Match(subject=(r"^\[Wordfence Alert\] ", r"^Wordfence activity for ")))
def plugin(_: Mail) -> Iterator[Interest]:
    """What Wordfence tells of log-ins, updates and attacks."""
    raise Ignored("security notice")


def read_comment(mail: Mail) -> Interest:
    """The comment that a mail of WordPress's own template tells of; raises `Ignored` for a pingback."""
    lines = _lines(mail)
    at = next((n for n, line in enumerate(lines) if re.match(_AUTHOR, line)), None)
    if at is None:
        raise Changed("the author's line")
    block = _read_block(lines, at)
    number, end = _end_of_text(lines, block.start)
    permalink = next((u for u in map(find_url, lines[end:]) if u.endswith(f"#comment-{number}")), "")
    page = _page_of(permalink) or next((u for u in map(find_url, lines[:at]) if u), "")
    site = _site("\n".join(lines[end:])) or host_of(page)
    return Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if block.is_reply else Action.COMMENT,
        author=Author(name=block.name, email=block.email),
        text=_as_written("\n".join(lines[block.start : end])),
        event_key=f"comment {site} {number}",
        source_url=permalink or (f"{page}#comment-{number}" if page else None),
        account=host_of(page) or site.partition("/")[0],
        object_kind="page",
        product=Product(name=page_title("\n".join(lines[:at]), mail.subject), url=page or None),
    )


@parser("wordpress.notice", version=1, match=Match(header=(r"(?i)^From: .*\bwordpress@", _MAILER)), fallback=0)
def notice(mail: Mail) -> Iterator[Interest]:
    """What WordPress sends about accounts and itself: new user, password, e-mail change, update, personal data.

    Its form plugins send by the same program and often from the same address: what has a visitor's address in
    Reply-To, or fields that a visitor filled in, is left to them.
    """
    if not _answers_somebody(mail):
        named = mail.sender is None or mail.sender.name in ("WordPress", "")
        if named and (_is_about_user(mail) or _links_to(mail, _ADMIN_PAGE)):
            raise Ignored("account notice")
        if _is_core_notice(mail):
            raise Ignored("account notice")
    yield from ()


def _lines(mail: Mail) -> list[str]:
    """The lines of the template: as shown, with the links written out, or as they stand in the HTML's source."""
    ways: tuple[Callable[[], str], ...] = (
        lambda: mail.visible_text,
        lambda: as_typed(mail.html),
        lambda: source_text(mail),
    )
    texts = (way() for way in ways)
    whole = (one for one in texts if re.search(AUTHOR_LINE, one) and re.search("|".join(LINKS), one))
    return next(whole, mail.visible_text).split("\n")


def _answers_somebody(mail: Mail) -> bool:
    return bool(mail.header("In-Reply-To")) or (mail.reply_to is not None and mail.reply_to != mail.sender)


def _is_core_notice(mail: Mail) -> bool:
    """A notice by its shape in any language, whatever sender's name and address a plugin has set for the site.

    It links to a page where an account or WordPress itself is looked after, or its subject is `[Site name] …` and its
    text is one that nobody has filled in.
    """
    site = _SITE_NAME.match(mail.subject)
    parts = [part.strip() for part in re.split(r"\n[ \t]*\n", mail.visible_text.strip())]
    if site and (_is_new_password(parts) or _is_new_user(parts, site[1], mail)):
        return True
    lines = [line.strip() for part in parts for line in part.split("\n")]
    return _links_to(mail, _CARE_PAGE) or bool(site and _is_signed(lines, site[1]) and not _names_a_visitor(mail))


def _links_to(mail: Mail, page: re.Pattern[str]) -> bool:
    return any(page.search(link) for link in mail.links) and not _names_a_visitor(mail)


def _is_new_password(parts: list[str]) -> bool:
    """`Password changed for user: amos`, and no more."""
    return len(parts) == 1 and "@" not in parts[0] and bool(_USER_LINE.fullmatch(parts[0]))


def _is_new_user(parts: list[str], site: str, mail: Mail) -> bool:
    """`New user registration on your site SITE:`, `Username: amos`, `Email: amos@…`, each a paragraph."""
    if len(parts) != 3 or site not in parts[0] or not parts[0].endswith((":", "：")):
        return False
    labels = read_labels(mail)
    named = labels.value(Role.NAME, Role.FIRST_NAME, Role.LAST_NAME)
    return not named and bool(_USER_LINE.fullmatch(parts[1]) and find_email(parts[2]) and "\n" not in parts[2])


def _is_about_user(mail: Mail) -> bool:
    """One line, or a user's name and address; fields in a language that nobody knows here may be a form's."""
    one_line = "\n" not in mail.visible_text.strip()
    return is_registration(mail) and (one_line or bool(read_labels(mail).answers))


def _is_signed(lines: list[str], site: str) -> bool:
    """`Regards,` / `All at SITE` / `https://site.example`, on three lines."""
    if len(lines) < 4 or not _ADDRESS_OF_SITE.fullmatch(lines[-1]) or len(lines[-3]) > 60:
        return False
    return lines[-2].rstrip(" .!").endswith(site) and lines[-3].endswith((",", "،", "，", "、"))


def _names_a_visitor(mail: Mail) -> bool:
    """Whether a field holds an address or a telephone number to answer to."""
    labels = read_labels(mail)
    return bool(find_email(labels.value(Role.EMAIL)) or labels.value(Role.PHONE))


def _read_block(lines: list[str], at: int) -> _Block:
    """The label lines from `at` on; raises `Ignored` for a pingback, which has no e-mail line."""
    found = re.match(_AUTHOR, lines[at])
    below = [n for n in range(at + 1, min(at + 12, len(lines))) if lines[n].strip()]
    if found is None or len(below) < 3:
        raise Changed("the lines below the author")
    email = find_email(_value(lines[below[0]]))
    if not email and (alone := find_email(lines[below[1]])) == lines[below[1]].strip() != "":
        email = alone  # Hebrew has it on the line below its label
        del below[0]
    if _value(lines[below[0]]).startswith(("http://", "https://")):
        raise Ignored("pingback")
    is_reply = False
    for line in below[2:]:
        if "editcomment" in lines[line]:
            is_reply = True
        elif not find_url(_value(lines[line])):  # Whois, up to 4.x, is a link like "In reply to"
            return _Block(resolve(found[1].strip(_MARKS)), email, is_reply, line + 1)
    raise Changed("the label of the comment")


def _value(line: str) -> str:
    return re.sub(r"^[^:：]*[:：]?\s*", "", line, count=1).strip()


def _end_of_text(lines: list[str], start: int) -> tuple[str, int]:
    """The comment's number, and the line on which the links below its text begin."""
    last = next(
        (n for n in range(len(lines) - 1, start - 1, -1) if re.search(f"{_ACTION}|{_PERMALINK}", lines[n])), None
    )
    if last is None:
        raise Changed("the links below the comment")
    found = re.search(f"{_ACTION}|{_PERMALINK}", lines[last])
    number = (found[1] or found[2]) if found else ""
    mine = re.compile(rf"[?&;]c={number}\b|#comment-{number}\b")
    end = last
    while end > start and (not lines[end - 1].strip() or mine.search(lines[end - 1])):
        end -= 1
    page = next((_page_of(u) for u in map(find_url, lines[end:]) if u.endswith(f"#comment-{number}")), None)
    if page and find_url(lines[end - 1]) == f"{page}#comments":
        end -= 2 if lines[end - 1].startswith("http") else 1  # "You can see all comments on this post here:"
    return number, max(end, start)


def _page_of(permalink: str) -> str:
    """The commented page; where its comments fill several pages, the link to one of them names its page of comments."""
    return _COMMENT_PAGE.sub("", permalink.partition("#")[0])


def _site(links: str) -> str:
    """Host and folder of the WordPress: the sites of one network count their comments each for itself."""
    found = re.search(r"(?>https?://[^\s/]{1,255})([^\s?]{0,300}?)(?=/wp-admin/comment\.php)", links)
    return f"{host_of(found[0])}{found[1]}" if found else ""


def _as_written(text: str) -> str:
    """The comment without what WordPress did to it: escapes, and `rel="nofollow ugc"` in its links."""
    return re.sub(r'(<a [^<>]{0,2000}?) rel="(?:nofollow|ugc| ){1,5}"', r"\1", resolve(text.strip("\n")))


def page_title(head: str, subject: str) -> str | None:
    """The commented page's title: the longest quotation that the first lines and the subject share.

    Compared without escapes: WordPress escapes the title in the text only, and the site's name in neither.
    """
    subject = re.sub(r"^\[[^\]]*\]\s*", "", subject)
    above, below = (" ".join(html.unescape(one).split()) for one in (subject, head))
    quoted = {one for text in (head, subject) for one in _quotations(" ".join(text.split())) if one}
    found = [(html.unescape(one), resolve(one)) for one in quoted]
    plain = sorted(found, key=lambda one: (-len(one[0]), len(one[1]), one))
    shared = [title for written, title in plain if written in above and written in below]
    named = shared or [title for written, title in plain if written in above] or [title for _, title in plain]
    return next(iter(named), None)


def _quotations(text: str) -> Iterator[str]:
    for opening, closing in _QUOTES:
        begin, end = text.find(opening), text.rfind(closing)
        if 0 <= begin < end:
            yield text[begin + len(opening) : end].strip(" \xa0\u202f")
