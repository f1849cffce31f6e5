"""What the notifications of social networks have in common: a sentence (“Anna and 12 others like your photo”), the
words that were written, and links that hold the ids of what happened.

The sentence is read by verb stems, in English and in Russian (in every gender), wherever the layout puts it; a new
language is new rows in `_DEEDS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from interest_ingest.cards import Action
from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.links import is_action_link, unwrap

MAX_SENTENCE: Final = 300


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what, as the sentence tells: `count` people (“Anna and 12 others” = 13), `author` the first of them."""

    action: Action
    author: str
    count: int = 1
    kind: str | None = None
    place: str | None = None
    """The group or page that the sentence names."""


# The first row that fits decides. `…` is the author; what follows the verb tells the kind of object and the place.
_DEEDS: Final[tuple[tuple[Action, str, str], ...]] = (
    (
        Action.MENTION,
        r"(?:mentioned|tagged) (?:you|your)",
        r"(?:упомянул|отметил|упоминает)(?:[аи]|\(а\))? (?:о )?(?:вас|вашу|ваше|сообщество)",
    ),
    (
        Action.REVIEW,
        r"(?:(?:doesn['’]t |does not )?recommends?|recommended|reviewed|left (?:you )?a(?: new)? (?:review|"
        r"rating)|rated)\b",
        r"(?:не )?(?:рекомендует|порекомендовал(?:[аи]|\(а\))?)\b|оставил(?:[аи]|\(а\))? (?:нов\w+ )?(?:отзыв|"
        r"рекомендаци)",
    ),
    (
        Action.MESSAGE,
        r"(?:has )?(?:sent (?:you|your page|a)\b[^.]{0,40}\bmessage|messaged|wrote (?:you|to you)\b)",
        r"(?:отправил|прислал|написал)(?:[аи]|\(а\))? (?:вам|вашей странице|вашему сообществу|в ваше сообщество|"
        r"(?:\w+ )?(?:личное )?сообщение)",
    ),
    (
        Action.REPLY,
        r"(?:also )?replied to|responded to|answered (?:you|your)",
        r"(?:также )?ответил(?:[аи]|\(а\))? (?:на|вам|в)\b",
    ),
    (
        Action.COMMENT,
        r"(?:also )?(?:commented|left a(?: new)? comment|wrote a comment)",
        r"(?:также )?(?:прокомментировал|комментирует|оставил(?:[аи]|\(а\))? (?:нов\w+ )?комментари)",
    ),
    (
        Action.REACTION,
        r"(?:reacted|sent a reaction)\b",
        r"отреагировал(?:[аи]|\(а\))?\b",
    ),
    (
        Action.LIKE,
        r"(?:also )?(?:likes?|liked|loves?|loved)\b",
        r"(?:также )?(?:нравится|понравил|оценил|лайкнул|поставил(?:[аи]|"
        r"\(а\))? (?:отметку )?[«\"“]?(?:нравится|лайк))",
    ),
    (
        Action.SHARE,
        r"(?:shared|reposted)\b",
        r"(?:поделил(?:ся|ась|ись|\w*\(ась\))|рассказал(?:[аи]|\(а\))? (?:друзьям )?о|сделал(?:[аи]|"
        r"\(а\))? репост|репостнул)",
    ),
    (
        Action.FOLLOW,
        r"(?:started following|(?:is|are) now following|followed|joined|subscribed)\b",
        r"(?:подписал(?:ся|ась|ись)|вступил)",
    ),
    (
        Action.REQUEST,
        r"(?:wants? to be (?:your )?friends?|sent you a friend request|added you as a friend)",
        r"(?:хо(?:чет|тят) (?:стать вашим|добавить вас)|отправил(?:[аи]|\(а\))? вам (?:запрос|заявку))",
    ),
    (
        Action.OTHER,
        r"(?:posted|wrote on|published|uploaded|added (?:a|an|\d+)\b|created a poll|asked)",
        r"(?:сделал(?:[аи]|\(а\))? (?:нов\w+ )?публикаци|опубликовал|разместил|добавил|создал(?:[аи]|"
        r"\(а\))? опрос|написал|"
        r"оставил(?:[аи]|\(а\))? (?:нов\w+ )?запис|предложил)",
    ),
)
_REQUESTS = re.compile(r"(?i)friend request|запрос на добавление|заявку (в|на добавление)")

# Russian group mails name the thing first: “Посмотрите комментарий Анны в группе «Чай»”.
_LOOK: Final = re.compile(
    r"(?i)(?:посмотрите|see|view) (?:нов\w+ |the new |a new |new )?(?P<what>комментарий|публикацию|фото\w*|"
    r"видео\w*|запись|comment|"
    r"post|photo|video)(?: (?:by|from|от))? (?P<author>.{1,120}?)(?: (?:в групп\w+|на странице|in the group|"
    r"in|on) (?P<place>.{1,150}))?"
)
_LEADING: Final = (
    re.compile(
        r"(?i)(?:(?:пользователю|пользователям|человеку) )?(?P<author>.{1,120}?) (?:также )?(?P<verb>нравится|"
        r"понравил\w+)(?P<rest>.*)"
    ),
    re.compile(
        r"(?i)(?:new message from|"
        r"(?:вам )?(?:пришло )?новое (?:личное )?сообщение от(?: пользователя)?) (?P<author>.{1,120})"
    ),
)
_PATTERNS: Final = tuple(
    (action, re.compile(rf"(?i)(?P<author>.{{1,150}}?) (?P<verb>{english}|{russian})(?P<rest>.*)"))
    for action, english, russian in _DEEDS
)

_KINDS: Final = (
    ("comment", r"comment|коммент"),
    ("review", r"review|recommend|отзыв|рекоменд"),
    ("photo", r"photo|picture|фото|снимок"),
    ("video", r"video|reel|видео|клип"),
    ("story", r"\bstory|истори"),
    ("album", r"album|альбом"),
    ("topic", r"topic|discussion|тем[аеуы]\b|обсужден"),
    ("product", r"product|item|товар|услуг"),
    ("event", r"\bevent|мероприят|встреч"),
    ("poll", r"poll|опрос"),
    ("link", r"\blink|ссылк"),
    ("post", r"post|status|timeline|wall|публикац|запис|стен|стат[уь]с|пост\b|хроник"),
    ("page", r"\bpage|страниц|сообществ"),
    ("group", r"group|групп"),
)
_KIND_OF: Final = tuple((kind, re.compile(rf"(?i){words}")) for kind, words in _KINDS)
_PLACE: Final = re.compile(
    r"(?i)(?:\bin(?: the group)?|\bon(?: the page)?|в групп[еу]|в сообществе|"
    r"на странице)[ :]+[«\"“]?(?P<place>[^«»\"“”]{2,120}?)[»\"”]?[.!]?$"
)
_GENERIC_PLACE: Final = re.compile(
    r"(?i)(your|an?|the|his|her|their|this|ваш\w*|свой|сво\w+|комментари\w+|публикации|facebook|vk|"
    r"вконтакте)\b|.*['’]s \w+$"
)
_OTHERS: Final = re.compile(
    r"(?i)(?:,| and| и| &)\s+(?:ещ[её]\s+)?(?P<number>\d[\d\s.,]{0,8}|one|an)\s*(?:others?|more|other people|"
    r"people|человек\w*|"
    r"людям|друг\w+|польз\w+)?.*$"
)
_JOINED: Final = re.compile(r"(?i),\s+|\s+(?:and|и)\s+")


def read_sentence(lines: Iterable[str]) -> Deed | None:
    """The first of `lines` that tells who did what, read; None if none does."""
    for line in lines:
        line = re.sub(r"^[^\w«\"“]+", "", " ".join(line.split()))
        if 3 < len(line) <= MAX_SENTENCE and (deed := _read_line(line)) is not None:
            return deed
    return None


def _read_line(line: str) -> Deed | None:
    if match := _LOOK.fullmatch(line.rstrip(" .!")):
        kind = _kind(match["what"])
        action = Action.COMMENT if kind == "comment" else Action.OTHER
        return _deed(action, match["author"], "post" if kind == "comment" else kind, match["place"])
    for pattern, action in zip(_LEADING, (Action.LIKE, Action.MESSAGE), strict=True):
        if match := pattern.fullmatch(line.rstrip(" .!")):
            rest = match.groupdict().get("rest") or ""
            return _deed(
                action, match["author"], _kind(rest) or ("message" if action is Action.MESSAGE else None), _place(rest)
            )
    found = [
        (match.start("verb"), order, action, match)
        for order, (action, pattern) in enumerate(_PATTERNS)
        if (match := pattern.match(line))
    ]
    if not found:
        return None
    _, _, action, match = min(found, key=lambda one: one[:2])  # the earliest verb is the sentence's own
    if _REQUESTS.search(line):
        action = Action.REQUEST
    told = match["verb"] + match["rest"] if action in (Action.OTHER, Action.MESSAGE) else match["rest"]
    kind = "message" if action is Action.MESSAGE else _kind(re.split('["«“:]', told)[0])
    return _deed(action, match["author"], kind, _place(match["rest"]))


def _deed(action: Action, names: str, kind: str | None, place: str | None) -> Deed | None:
    author, count = people(names)
    return Deed(action, author, count, kind, place) if author else None


def people(names: str) -> tuple[str, int]:
    """The first name and how many people they are: `Anna, Boris and 3 others` → (`Anna`, 5)."""
    others = _OTHERS.search(names)
    number = 0
    if others:
        digits = re.sub(r"\D", "", others["number"])
        number = int(digits) if digits else 1
        names = names[: others.start()]
    named = [one for one in _JOINED.split(names.strip(' .,:"«»“”')) if one]
    return (named[0] if named else "", max(1, min(len(named) + number, 10_000_000)))


def _kind(words: str) -> str | None:
    """The kind of object that is named first."""
    found = [(match.start(), kind) for kind, pattern in _KIND_OF if (match := pattern.search(words))]
    return min(found)[1] if found else None


def _place(rest: str) -> str | None:
    match = _PLACE.search(rest.strip())
    place = match["place"].strip() if match else ""
    return place if place and not _GENERIC_PLACE.match(place) else None


def deed_of(mail: Mail, lines: int = 20) -> Deed | None:
    """What the subject or the first `lines` of `mail` tell; of two sentences the one whose author the HTML links.

    A subject may bend the name (“Анне Петровой и ещё 3 людям нравится…”) that the body's link gives unbent.
    """
    told = [read_sentence([mail.subject]), read_sentence(mail.visible_text.split("\n")[:lines])]
    if told[0] and told[1] and told[0].action is not told[1].action:
        told.pop()
    deeds = [deed for deed in told if deed is not None]
    return next((deed for deed in deeds if linked(mail, deed.author)), deeds[0] if deeds else None)


def unquoted(text: str) -> str:
    """`text` without the quotes around the whole of it."""
    text = text.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] + text[-1] in ('""', "“”", "«»", "„“") else text


def quoted(text: str) -> str:
    """What stands in quotes in `text`: from the first opening quote that begins a line to the last closing one.

    The writer's own quotes inside stay (a match that ends at the first closing quote would cut him short).
    """
    opening = re.search(r'(?:^|\n|: ?)[ \t]*(["“«„])', text)
    if opening is None:
        return ""
    closing = {'"': '"', "“": "”", "«": "»", "„": "“"}[opening[1]]
    end = text.rfind(closing)
    return text[opening.end(1) : end].strip() if end > opening.start(1) else ""


def places(mail: Mail, hosts: Iterable[str]) -> Iterator[str]:
    """The links of `mail` on `hosts`, unwrapped, without one-click links, each once, in order."""
    hosts = tuple(hosts)
    seen = set()
    for link in mail.links:
        target = unwrap(link)
        if target not in seen and host_in(host_of(target), hosts) and not is_action_link(link):
            seen.add(target)
            yield target


def host_of(url: str) -> str:
    """The host of `url`; "" if it is malformed."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def linked(mail: Mail, name: str) -> str | None:
    """Where the first link with the text `name` leads, unwrapped."""
    wanted = " ".join(name.split()).lower()
    return next((unwrap(anchor.href) for anchor in mail.anchors if anchor.text.lower() == wanted), None)


def portrait(mail: Mail, host: re.Pattern[str]) -> str | None:
    """The first picture on a host of the pattern that has the size of a portrait (36 to 120 pixels, where told)."""
    for image in mail.images:
        sides = [side for side in (image.width, image.height) if side is not None]
        if all(36 <= side <= 120 for side in sides) and host.fullmatch(host_of(image.src)):
            return image.src
    return None
