"""What the notifications of social networks have in common: a sentence (“Anna and 12 others like your photo”), the
words that were written, and links that hold the ids of what happened.

A parser names what is its network's own (`Network`) and lets `interests` read: one interest of most mails, one for each
entry of a digest that speaks of our own things, `Ignored` for news, advice and account notices, `Changed` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Final
from urllib.parse import urlsplit

from bs4 import Tag

from interest_ingest.cards import Action, Author, Channel, Interest
from interest_ingest.mail import Mail
from interest_ingest.mail.html import Anchor, Image, render
from interest_ingest.parsing.contract import Changed, Ignored, host_in
from interest_ingest.parsing.dates import parse_moment
from interest_ingest.parsing.deeds import Deed, read_sentence
from interest_ingest.parsing.links import is_action_link, unwrap
from interest_ingest.parsing.passages import Line, Picture, is_button, lines_of
from interest_ingest.parsing.profiles import profile_key
from interest_ingest.parsing.tokens import hostname

NOISE: Final = "digest or account notice"

MAX_NAME: Final = 80

MAX_TOLD: Final = 1_000
"""Lines of a mail in which sentences are looked for."""

_NOISE_KEY: Final = re.compile(
    r"(?i)friend_?(?:sugg|find|found)|people_you|recommendations|(?<![a-z])recs|highlight|birthday|invit|security|log_?in|password|"
    r"confirm|registration|recover|advertis|marketing|newsletter|onboard|memor|close_friend|promo|stale_|reactivat|"
    r"welcome|suggest|verification|pymk|friend_?update|saved_?search|editors|"
    r"(?<![a-z])(?:ads?|news|codes?|auth|blog|jobs?|legal|sales)(?![a-z])"
)
"""Type keys of what no network sends about an interest: advice, advertisement, account."""

_DIGEST_KEY: Final = re.compile(r"(?i)digest|recap|summary|pending|missed|unread")

_NOISE_SUBJECT: Final = re.compile(
    r"(?i)\brecommend(?:ed|ations?)\b|suggest|people you may|do you know|birthday|log(?:ged)?[ -]?in\b|"
    r"sign(?:ed)?[ -]?in\b|password|security|\bcode\b|verif|confirm|invit|memories|\bevents?\b|newsletter|trending|"
    r"highlights|is live\b|live video|profile views|viewed your profile|searches|\bjobs?\b|hiring|what['’]s happening|"
    r"\bweekly|monthly|terms of|our terms|polic(?:y|ies)|your request to join|\bblog\b|"
    r"your friend|profile picture|updated (?:his|her|their) |is going to|вас добавил|фото профиля|"
    r"missing|catch up|^congratulat|we miss|premium|survey|welcome to|what['’]s new|you might|copyright|\bpremieres?\b|"
    r"waiting for your response|to your network|near you|статистик|\bчек\b|восстановлени|популярн|\bгост[ьи]\b|заходил|"
    r"опрос о|добро пожаловать|"
    r"рекоменд|возможно, вы знаете|день рождения|вход\b|входа|парол|безопасност|\bкод\b|кода\b|подтвер(?:д|жд)|авториз|"
    r"пригла(?:си|ша|ше)|воспоминани|мероприят|дайджест|новости за|\bблог\b|реклам|"
    r"прямо[йм] эфир|условия|правила|еженедельн|ваш\w* заявк|"
    r"vielleicht kenn|quizá cono|connaissez peut|potresti conosc|talvez conhe|geburtstag|cumpleaños|anniversaire|"
    r"compleanno|aniversário|passwor|kennwort|contraseña|mot de passe|senha\b|anmeld|iniciar sesión|connexion|"
    r"sicherheit|seguridad|sécurité|sicurezza|segurança|bestätig|c[oó]digo|\bcodice|empfehlung|sugerenc|suggeri"
)
_DIGEST_SUBJECT: Final = re.compile(
    r"(?i)you (?:have|['’]ve got) \d+ |\b\d+ new\b|notifications|what you missed|while you were away|unread|"
    r"new followers|\bdigest\b|benachrichtigung|notifica[cçr]|notifiche|powiadomie|meldingen|"
    r"у вас \d+ |\d+ нов|уведомлени|что вы пропустили|пока вас не было|непрочитан"
)
_GENERAL_PAGE: Final = re.compile(
    r"(?i)/?(?:home(?:\.php)?|feed|(?:p?settings|help|legal|polic(?:y|ies)|about|privacy|terms|notifications?|login|"
    r"support|download|careers|apps?|mobile|e?mails?|security|business|ads|i/o|unsubscribe)(?:[./?].*)?)?/?"
)
_MOMENT: Final = re.compile(r"(?<!\d)\d{1,2}\.\d{1,2}\.\d{4},? \d{1,2}:\d\d(?!\d)")
"""Odnoklassniki, 2020: the only network whose entries bear a whole date."""
_EMPTY_LINES: Final = re.compile(r"\n[ \t]*\n")
_NEWS: Final = frozenset({Action.OTHER, Action.LIKE, Action.REACTION, Action.SHARE, Action.FOLLOW})
"""What people also do to things that are not ours."""

_KEYS: Final = tuple(
    (action, re.compile(f"(?i)(?<![a-z])(?:{stems})(?![a-z])"))
    for action, stems in (
        (Action.REACTION, r"reactions?"),
        (Action.MENTION, r"mention(?:s|ed)?|tag(?:ged)?"),
        (Action.REPLY, r"repl(?:y|ies)"),
        (Action.COMMENT, r"comments?"),
        (Action.LIKE, r"likes?"),
        (Action.SHARE, r"shares?|reposts?"),
        (Action.MESSAGE, r"^(?:pm|msg|message)$"),
    )
)
"""What type keys are made of: `feed_comment_reply`, `pm`."""

_MEETING: Final = frozenset({Action.FOLLOW, Action.OTHER})
"""Acts without a thing of ours: where none is linked, the author's own page is the place."""

_WORDLESS: Final = frozenset({Action.LIKE, Action.REACTION, Action.FOLLOW})
"""The words that such a mail quotes are our own."""


@dataclass(frozen=True, slots=True)
class Network:
    """What tells one network's notifications from another's."""

    hosts: tuple[str, ...]
    """Where its pages are; subdomains too."""
    portraits: re.Pattern[str]
    """The hosts of its users' pictures, each whole; not those of its logos."""
    ids: Callable[[str], str]
    """The ids that an unwrapped link names, deepest last: `post 12 comment 34`; "" without any (see `named`). A place
    where many things happen begins with `in`: `in dialog 5`."""
    news: frozenset[Action] = _NEWS
    """What its mails tell of other people's things too: no interest in us, unless they say “your”."""
    words: Callable[[Mail], str] | None = None
    """What the person wrote, where the network has its own way to set it off; else it is the quoted words."""
    page: str = ""
    """The address of a user's page by his user name, for sentences that have it: `https://x.com/{}`."""


@dataclass(frozen=True, slots=True)
class _Passage:
    """What tells of one deed: most mails as a whole, or one entry of a digest. Links are unwrapped."""

    deed: Deed
    text: str
    anchors: Sequence[Anchor]
    links: Sequence[str]
    pictures: Sequence[Picture]
    when: datetime | None = None
    is_entry: bool = False


def named(*table: tuple[str, str]) -> Callable[[str], str]:
    """The `ids` of a network by a table of pattern and form, the first that fits: `(r"/p/(\\w+)", "post {}")`."""
    compiled = [(re.compile(pattern), form) for pattern, form in table]

    def ids(url: str) -> str:
        found = ((pattern.search(url), form) for pattern, form in compiled)
        return next((form.format(*filter(None, match.groups())) for match, form in found if match), "")

    return ids


def interests(mail: Mail, network: Network, key: str = "") -> Iterator[Interest]:
    """What `mail` tells; `key` is the machine's own word for its type, "" if it has none.

    Raises `Ignored` if there is no interest in it, `Changed` if it does not tell what happened.
    """
    told = read_sentence([mail.subject])
    if _NOISE_KEY.search(key) or (told is None and _NOISE_SUBJECT.search(mail.subject)):
        raise Ignored(NOISE)
    is_digest = bool(_DIGEST_KEY.search(key) or (told is None and _DIGEST_SUBJECT.search(mail.subject)))
    passages = _passages(mail, network, "" if is_digest else key, alone=told is not None)
    if not passages and not is_digest:
        raise Changed(f"what happened ({key or 'no type key'})")
    if any(one.deed.action is Action.REQUEST for one in passages):
        raise Ignored("request or invitation")
    found = [_interest(one, network) for one in passages if _is_for_us(one, network, is_digest)]
    if not found:
        raise Ignored(NOISE)
    yield from found


def _passages(mail: Mail, network: Network, key: str, *, alone: bool) -> list[_Passage]:
    lines = lines_of(mail)
    entries = [] if alone else list(_entries(lines, network))
    if len(entries) > 1:
        return entries
    deed = deed_of(mail) or _by_links(mail, network) or _by_key(mail, network, key)
    if deed is None:
        return []
    text = network.words(mail) if network.words else written(mail, deed.author)
    pictures = [one for line in lines for one in line.pictures]
    return [_Passage(deed, text, mail.anchors, list(places(mail, network.hosts)), pictures)]


def _is_for_us(passage: _Passage, network: Network, is_digest: bool) -> bool:
    """Whether the deed is not just news of others; what happens in a group that the mail names is asked for."""
    deed = passage.deed
    if deed.ours or deed.action is Action.REVIEW:
        return True
    is_news = deed.action in network.news or (deed.theirs and network.news >= _NEWS)
    return not is_digest and (not is_news or bool(deed.place) or any("/groups/" in link for link in passage.links))


def _entries(lines: Sequence[Line], network: Network) -> Iterator[_Passage]:
    """The entries of a digest: each begins with a sentence whose author is a link, and has a link to what happened."""
    is_page = any(anchor.text for line in lines for anchor in line.anchors)
    starts = [(place, deed) for place, line in enumerate(lines[:MAX_TOLD]) if (deed := _tells(line, network, is_page))]
    ends = [place for place, _ in starts[1:]] + [len(lines)]
    for (start, deed), end in zip(starts, ends, strict=False):
        part = lines[start:end]
        anchors = [anchor for line in part for anchor in line.anchors]
        links = _places((anchor.href for anchor in anchors), network.hosts)
        pictures = [one for line in lines[max(start - 3, 0) : end] for one in line.pictures]
        if any(map(network.ids, links)) or deed.action is Action.FOLLOW:
            moments = filter(None, (_MOMENT.search(line.text) for line in part))
            when = next((parse_moment(match[0], ["ru"]) for match in moments), None)
            yield _Passage(deed, below(part[1:], network.hosts), anchors, links, pictures, when, is_entry=True)


def _tells(line: Line, network: Network, is_page: bool) -> Deed | None:
    """The deed of a line that has a link with the author's name, where lines have links with words at all."""
    if is_page and not any(anchor.text for anchor in line.anchors):
        return None
    deed = read_sentence([line.text])
    names = {anchor.text.lower() for anchor in line.anchors if host_in(hostname(unwrap(anchor.href)), network.hosts)}
    return deed if deed and (deed.author.lower() in names or not is_page) else None


def below(lines: Sequence[Line], hosts: Iterable[str]) -> str:
    """The words that begin `lines`: quoted, or what stands above the first link to `hosts`, without dates."""
    words: list[str] = []
    for line in lines:
        if line.text and any(host_in(hostname(unwrap(anchor.href)), hosts) for anchor in line.anchors):
            break
        if not re.fullmatch(r"[\d.,:/ ]+", line.text):
            words.append(line.text)
    text = "\n".join(words).strip()
    return quoted(text) or text


def _by_links(mail: Mail, network: Network) -> Deed | None:
    """A comment told in a language that has no row: its link names one, and the subject somebody who is linked.

    Of a mail without a page the words are enough, if the subject counts nothing, as a digest's does.
    """
    links = [link for link in places(mail, network.hosts) if re.search(r" (?:comment|reply) ", network.ids(link))]
    if len(set(map(network.ids, links))) != 1:
        return None
    author = _named_in_subject(mail, network)
    is_reply = re.search(r" comment .* reply ", network.ids(links[0]))  # VK calls its comments replies
    action = Action.REPLY if is_reply else Action.COMMENT
    is_single = not mail.anchors and not re.search(r"\d", mail.subject) and (network.words or written)(mail)
    return Deed(action, author, ours=True) if author or is_single else None


def _named_in_subject(mail: Mail, network: Network) -> str:
    """Somebody who is linked and whom the subject names."""
    names = (anchor.text for anchor in mail.anchors if host_in(hostname(unwrap(anchor.href)), network.hosts))
    return next((name for name in names if 2 < len(name) < MAX_NAME and name in mail.subject), "")


def _by_key(mail: Mail, network: Network, key: str) -> Deed | None:
    """What the type key tells in a language that has no row, of whom the subject names, else of the only person whose
    portrait the mail links. Not of networks that tell news of others under the same keys.
    """
    action = next((one for one, stems in _KEYS if stems.search(key)), None)
    if action is None or network.news >= _NEWS:
        return None
    author = _named_in_subject(mail, network) or _only_face(mail, network)
    kind = "message" if action is Action.MESSAGE else None
    return Deed(action, author, kind=kind, ours=True) if author else None


def _only_face(mail: Mail, network: Network) -> str:
    """The name of the only person whose portrait is linked; "" of several or none."""
    pictures = [one for line in lines_of(mail) for one in line.pictures if one.href]
    faces = {unwrap(one.href) for one in pictures if network.portraits.fullmatch(hostname(one.image.src))}
    people = {unwrap(one.href): one.text for one in mail.anchors if one.text and unwrap(one.href) in faces}
    name = next(iter(people.values()), "")
    return name if len(people) == 1 and len(name) < MAX_NAME else ""


def _interest(passage: _Passage, network: Network) -> Interest:
    deed = passage.deed
    name, profile = _author(passage, network)
    source = _source(passage, network, profile)
    is_wordless = deed.action in _WORDLESS or _is_our_own(deed, network, profile, source)
    return Interest(
        channel=Channel.REVIEW if deed.action is Action.REVIEW else Channel.SOCIAL,
        action=deed.action,
        author=Author(name=name, profile_url=profile, photo_url=_portrait(passage, network, profile)),
        text="" if is_wordless else passage.text,
        occurred_at=passage.when,
        event_key=event_key(network.ids(source or ""), deed, profile, source),
        source_url=source,
        account=deed.place,
        object_kind=deed.kind or ("page" if deed.action is Action.REVIEW else None),
        count=deed.count,
    )


def _author(passage: _Passage, network: Network) -> tuple[str, str | None]:
    """The author's name and page: of the link with his name, else by the user name that the sentence has."""
    deed = passage.deed
    person = _person(passage.anchors, deed.author)
    if person:
        return person.text, unwrap(person.href)
    return deed.author, network.page.format(deed.handle) if network.page and deed.handle else None


def _person(anchors: Iterable[Anchor], name: str) -> Anchor | None:
    """The first link with the words `name`, or with that name in another case (“от Анны Полевой”)."""
    wanted = " ".join(name.split()).lower()
    bent = None
    for anchor in anchors:
        words = anchor.text.lower()
        if words == wanted:
            return anchor
        bent = bent or (anchor if _is_bent(words, wanted) else None)
    return bent


def _is_bent(name: str, other: str) -> bool:
    """Whether two names of several words differ in their endings only, which are three letters at most."""
    words, others = name.split(None, 9), other.split(None, 9)
    return len(words) == len(others) > 1 and all(map(_begin_alike, words, others))


def _begin_alike(word: str, other: str) -> bool:
    stem = max(2, len(word) - 3, len(other) - 3)
    return word[:stem] == other[:stem]


def _source(passage: _Passage, network: Network, profile: str | None) -> str | None:
    """The link that leads deepest; of two, into the group that the mail names, or to what the author did at his own
    page (what he likes is not there)."""
    deed = passage.deed
    links = [link for link in passage.links if link != profile]

    def rank(link: str) -> tuple[int, bool, bool]:
        in_group = bool(deed.place) and "/groups/" in link
        return len(network.ids(link).split()), in_group, _is_under(profile, link) is (deed.action not in _WORDLESS)

    deepest = max(filter(network.ids, links), key=rank, default=None)
    special = next((link for link in links if not _GENERAL_PAGE.fullmatch(urlsplit(link).path)), None)
    if deed.action is Action.FOLLOW:
        deepest = None  # a mail about a follower may show what he wrote last
    pages = (deepest, profile, special) if deed.action in _MEETING else (deepest, special, profile)
    return next(filter(None, (*pages, *links)), None)


def _is_our_own(deed: Deed, network: Network, profile: str | None, source: str | None) -> bool:
    """Whether a repost shows our words: where posts stand under their writer's page, and this one not under his."""
    return deed.action is Action.SHARE and bool(network.page and source) and not _is_under(profile, source or "")


def _is_under(profile: str | None, link: str) -> bool:
    return bool(profile) and profile_key(link).startswith(profile_key(profile or "") + "/")


def event_key(ids: str, deed: Deed, profile: str | None, url: str | None = None) -> str | None:
    """The ids of the event, None where `ids` are only those of its place: two comments of a post are two events.

    A like and its kin have no id of their own: object and author make their key. What stands under the author's own
    page (`x.com/anna/status/2`) is his act.
    """
    if deed.action is Action.FOLLOW:
        return None  # its link is that of a person, who may come back
    if ids and deed.action in _WORDLESS | {Action.SHARE}:
        return f"{ids} {deed.action} {profile_key(profile or '') or deed.author}"
    names_it = re.search(r"(?:^| )(?:comment|reply|message) ", ids) or (url and _is_under(profile, url))
    needs_it = deed.action in (Action.COMMENT, Action.REPLY, Action.MESSAGE) or deed.kind == "comment"
    return ids if ids and not ids.startswith("in ") and (names_it or not needs_it) else None


def _portrait(passage: _Passage, network: Network, profile: str | None) -> str | None:
    """The picture in a link to the author, or that bears his name; in a mail about one deed else the first portrait."""
    theirs = [one for one in passage.pictures if network.portraits.fullmatch(hostname(one.image.src))]
    if found := portrait_of(theirs, passage.deed.author, profile):
        return found
    sized = (_by_https(one.image.src) for one in theirs if _has_portrait_size(one.image))
    return None if passage.is_entry else next(sized, None)


def portrait_of(pictures: Iterable[Picture], name: str, profile: str | None) -> str | None:
    """The first of `pictures` in a link to the page `profile`, or that bears `name`."""
    for image, href in pictures:
        if (profile and href and unwrap(href) == profile) or image.alt.strip() == name:
            return _by_https(image.src)
    return None


def _by_https(src: str) -> str:
    """Mails of Odnoklassniki (2020) still show pictures by http, from a host that has them by https too."""
    return re.sub(r"^http:", "https:", src)


def written(mail: Mail, author: str = "") -> str:
    """What the person wrote: the quoted words, else the paragraph under the sentence, or under the name of `author`."""
    text = mail.visible_text.strip()
    rest = text.removeprefix(mail.subject)  # which may quote the beginning of the words: “X replied: "How much is…”
    if found := quoted(rest) or quoted(text) or quoted(mail.html_text):
        return found
    lines = text.split("\n")
    told = next((place for place, line in enumerate(lines[:MAX_TOLD]) if read_sentence([line])), None)
    if told is None:
        told = next((place for place, line in enumerate(lines) if author and author in line), len(lines))
    buttons = {line.text for line in lines_of(mail) if is_button(line)}
    below_it = takewhile(lambda line: " ".join(line.split()) not in buttons, lines[told + 1 :])
    words = _EMPTY_LINES.split("\n".join(below_it).strip(), maxsplit=1)[0].strip()
    return "" if re.match(r"https?://|[^\n]{0,20}©|[^\n]{0,60}https?://\S+$", words) else words


_QUOTED_LINE: Final = re.compile(r'\n[ \t]*["“«„]')
_QUOTE: Final = re.compile(r'(?:^|\n|: ?)[ \t]*(["“«„])')
"""An opening quote that begins a line, or the words after a colon."""


def deed_of(mail: Mail, lines: int = 20) -> Deed | None:
    """What the subject or the first `lines` of `mail` tell; of two sentences the one whose author the HTML links.

    A subject may bend the name (“Анне Петровой и ещё 3 людям нравится…”) that the body's link gives unbent. A line of
    a page counts only if its author is a link there: people write such sentences too.
    """
    above = _QUOTED_LINE.split(mail.visible_text, maxsplit=1)[0]  # the sentence stands before the words it tells of
    by_subject, by_body = read_sentence([mail.subject]), read_sentence(above.split("\n")[:lines])
    if by_body and mail.html.strip() and not _person(mail.anchors, by_body.author):
        by_body = None
    if by_subject is None or by_body is None:
        return by_subject or by_body
    unbent = by_subject.action is by_body.action and linked(mail, by_body.author)
    return by_body if unbent and not linked(mail, by_subject.author) else by_subject


def shown(tag: Tag) -> str:
    """What a person sees of a part of `mail.soup`: links and bold words in their line, `<br>` and blocks break it."""
    return render(tag)


def unquoted(text: str) -> str:
    """`text` without the quotes around the whole of it."""
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] + text[-1] in ('""', "“”", "«»", "„“") else text


def quoted(text: str) -> str:
    """What stands in quotes in `text`: from the first opening quote that begins a line to the last closing one.

    The writer's own quotes inside stay (a match that ends at the first closing quote would cut him short).
    """
    opening = _QUOTE.search(text)
    if opening is None:
        return ""
    closing = {'"': '"', "“": "”", "«": "»", "„": "“"}[opening[1]]
    end = text.rfind(closing)
    return text[opening.end(1) : end].strip() if end > opening.start(1) else ""


def quotation(mail: Mail) -> str:
    """The words in the first `<blockquote>` of the page, else those in quotes."""
    quote = mail.soup.select_one("blockquote") if mail.html else None
    return shown(quote).strip() if quote else quoted(mail.visible_text)


def places(mail: Mail, hosts: Iterable[str]) -> Iterator[str]:
    """The links of `mail` on `hosts`, unwrapped, without one-click links, each once, in order."""
    yield from _places(mail.links, tuple(hosts))


def _places(links: Iterable[str], hosts: tuple[str, ...]) -> list[str]:
    targets = {unwrap(link): None for link in links if not is_action_link(link)}
    return [target for target in targets if host_in(hostname(target), hosts)]


def linked(mail: Mail, name: str) -> str | None:
    """Where the first link with the text `name` leads, unwrapped."""
    wanted = " ".join(name.split()).lower()
    return next((unwrap(anchor.href) for anchor in mail.anchors if anchor.text.lower() == wanted), None)


def portrait(mail: Mail, host: re.Pattern[str]) -> str | None:
    """The first picture on a host of the pattern that has the size of a portrait (36 to 120 pixels, where told)."""
    for image in mail.images:
        if _has_portrait_size(image) and host.fullmatch(hostname(image.src)):
            return image.src
    return None


def _has_portrait_size(image: Image) -> bool:
    return all(36 <= side <= 120 for side in (image.width, image.height) if side is not None)
