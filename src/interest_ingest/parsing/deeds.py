"""Who did what, as the sentences of social notifications tell: “Anna and 12 others like your photo.”

The sentence is read by verb stems, in English and in Russian (in every gender), wherever the layout puts it; of other
languages the verbs are in `verbs`, asked when no English or Russian one is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from interest_ingest.cards import Action
from interest_ingest.parsing import verbs

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
    ours: bool = False
    """Whether the sentence speaks to us: of you, of your post. In a digest all else is news of others."""
    theirs: bool = False
    """Whether it names somebody else's thing: “on Boris's post”."""
    handle: str | None = None
    """The author's user name, where it stands beside his name: `Anna (@anna)`, `u/anna`."""


# The earliest verb decides, of two at one place the row above. Before it stands the author; what follows tells the
# kind of object and the place.
_DEEDS: Final[tuple[tuple[Action, str, str], ...]] = (
    (
        Action.MENTION,
        r"(?:also )?(?:mentioned|tagged)\b",
        r"(?:упомянул|упоминает)(?:[аи]|\(а\))?\b|отметил(?:[аи]|\(а\))? (?:вас|вашу|ваше|сообщество|страницу)",
    ),
    (
        Action.OTHER,
        r"(?:sent|gave) you a (?:\w+ )?gift|congratulated you",
        r"(?:сделал|подарил|отправил|прислал)(?:[аи]|\(а\))? вам (?:\w+ )?подар|поздравил(?:[аи]|\(а\))? вас",
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
        r"(?:has )?(?:sent (?:you|your page|a)\b[^.]{0,40}\b(?:message|chat request)|messaged|wrote (?:you|to you)\b)",
        r"(?:отправил|прислал|написал)(?:[аи]|\(а\))? (?:вам|вашей странице|(?:вашему )?сообществу|"
        r"в (?:ваше )?сообщество|(?:\w+ )?(?:личное )?сообщение)",
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
        r"(?:also )?(?:reacted|sent a reaction)\b",
        r"отреагировал(?:[аи]|\(а\))?\b",
    ),
    (
        Action.LIKE,
        r"(?:also )?(?:likes?|liked|loves?|loved|favou?rited|upvoted)\b",
        r"(?:также )?(?:нравится|понравил|оценил|лайкнул|поставил(?:[аи]|"
        r"\(а\))? (?:вам )?(?:отметку )?[«\"“]?(?:нравится|лайк|класс))",
    ),
    (
        Action.SHARE,
        r"(?:also )?(?:shared|re-?posted|re-?tweeted|quoted)\b",
        r"(?:поделил(?:ся|ась|ись|\w*\(ась\))|рассказал(?:[аи]|\(а\))? (?:друзьям )?о|сделал(?:[аи]|"
        r"\(а\))? репост|репостнул)",
    ),
    (
        Action.FOLLOW,
        r"(?:started following|(?:is|are) now following|followed|joined|requested to join|subscribed)\b",
        r"(?:подписал(?:ся|ась|ись)|вступил|хо(?:чет|тят) вступить|(?:теперь )?чита(?:ет|ют) вас\b)",
    ),
    (
        Action.REQUEST,
        r"(?:wants? to be (?:your )?friends?|sent you a friend request|added you as a friend|wants to connect|"
        r"accepted your|confirmed your|requested to follow|invited you|added you to)",
        r"(?:хо(?:чет|тят) (?:стать вашим|добавить вас)|отправил(?:[аи]|\(а\))? вам (?:запрос|заявку)|"
        r"принял(?:[аи]|\(а\))? ваш|приглас\w+ вас|приглаша\w+ вас|предлага\w+ (?:вам )?дружб|"
        r"добавил(?:[аи]|\(а\))? вас в)",
    ),
    (
        Action.OTHER,
        r"(?:posted|tweeted|wrote on|published|uploaded|added (?:a|an|\d+|to (?:his|her|their))\b|"
        r"created a poll|asked)",
        r"(?:сделал(?:[аи]|\(а\))? (?:нов\w+ )?публикаци|опубликовал|разместил|добавил|создал(?:[аи]|"
        r"\(а\))? опрос|написал|"
        r"оставил(?:[аи]|\(а\))? (?:нов\w+ )?запис|предложил)",
    ),
)
_REQUESTS: Final = re.compile(r"(?i)friend request|запрос на добавление|заявку (в|на добавление)")

# Russian group mails name the thing first: “Посмотрите комментарий Анны в группе «Чай»”.
_LOOK: Final = re.compile(
    r"(?i)(?:посмотрите|see|view) (?:нов\w+ |the new |a new |new )?(?P<what>комментарий|публикацию|фото\w*|"
    r"видео\w*|запись|comment|"
    r"post|photo|video)(?: (?:by|from|от))? (?P<author>.{1,120}?)(?: (?:в групп\w+|на странице|in the group|"
    r"in|on) (?P<place>.{1,150}))?"
)
_LIKES: Final = re.compile(
    r"(?i)(?:(?:пользователю|пользователям|человеку) )?(?P<author>.{1,120}?) (?:также )?(?P<verb>нравится|"
    r"понравил\w+)(?P<rest>.*)"
)
_NEW: Final = re.compile(
    r"(?i)(?:you have a |you['’]ve got a |вам |у вас )?(?:пришл[ои] |пришёл )?"
    r"(?:direct |(?:new |нов\w+ )(?:direct |личное )?)"
    r"(?P<verb>message|conversation|comment|reply|review|mention|сообщение|комментарий|ответ|отзыв|упоминание) "
    r"(?:from|by|от)(?: пользователя)? (?P<author>.{1,120}?)(?P<rest> (?:on|to|in|к|на|в) .{1,150})?"
)
_ADVERB: Final = "(?: just| recently| has| have| только что| недавно)?"
_PATTERNS: Final = tuple(
    (action, re.compile(rf"(?i)(?P<author>.{{1,150}}?){_ADVERB} (?P<verb>{english}|{russian})(?P<rest>.*)"))
    for action, english, russian in _DEEDS
)

_ABROAD: Final = tuple(
    (action, re.compile(rf"(?i)(?P<author>.{{1,150}}?) (?P<verb>{stems})(?P<rest>.*)")) for action, stems in verbs.VERBS
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
    ("gift", r"\bgift|подар"),
    ("congratulation", r"congratulat|поздрав"),
    ("message", r"\bmessage|сообщени[ея]\b"),
    ("channel", r"\bchannel|канал"),
    ("poll", r"poll|опрос"),
    ("link", r"\blink|ссылк"),
    ("post", r"post|tweet|status|timeline|wall|публикац|запис|заметк|стен|стат[уь]с|пост\b|хроник"),
    ("page", r"\bpage|страниц|сообществ"),
    ("group", r"group|групп"),
)
_KIND_OF: Final = tuple((kind, re.compile(rf"(?i){words}")) for kind, words in _KINDS)
_KIND_ABROAD: Final = tuple((kind, re.compile(rf"(?i){words}")) for kind, words in verbs.KINDS)
_PLACE: Final = re.compile(
    r"(?i)(?:\bin(?: the group)?|\bon(?: the page)?|в групп[еу]|в сообществе|"
    r"на странице)[ :]+[«\"“]?(?P<place>[^«»\"“”]{2,120}?)[»\"”]?[.!]?$"
)
_ON_TITLE: Final = re.compile('(?i)\\bon [«"“].*')
"""`commented on "How to warm a pot"`: the title of our own thing."""
_GENERIC_PLACE: Final = re.compile(
    r"(?i)(your|an?|the|his|her|their|this|ваш\w*|свой|сво\w+|комментари\w+|публикации|facebook|vk|"
    r"вконтакте|twitter|x|instagram|linkedin|youtube|reddit|ok)\b|.*['’]s \w+$"
)
_OTHERS: Final = re.compile(
    r"(?i)(?:,| and| и| &)\s+(?:ещ[её]\s+)?(?P<number>\d[\d\s.,]{0,8}|one|an)\s*(?:others?|more|other people|"
    r"people|человек\w*|"
    r"людям|друг\w+|польз\w+)?.*$"
)
_CALLED: Final = re.compile(r"(?i)^(?:пользователь(?:ница)?|участни(?:к|ца)|user|member) (?=\S)")
_JOINED: Final = re.compile(r"(?i),\s+|\s+(?:and|и)\s+")


# What stands before the sentence: of a reminder, a forward.
_PREFIX: Final = re.compile(r"(?i)(?:reminder|напоминание|напоминаем|fwd?|re|пересл\w*)\s*[:：]\s*")
_US: Final = re.compile(r"(?i)\b(?:you|yours?|ваш\w*|вас|вам|вами|тебя|тебе|тво(?:й|я|ё|е|ю|и|его|ей|ему|их|им|ём))\b")
_TITLE: Final = re.compile('["«“:]')
_PUBLISHED: Final = re.compile(r"(?i)(?:\w+\))? (?:an?|\d+|his|her|their|нов\w+|сво\w+|ссылк\w+|фото\w*|видео)\b")
"""“shared a link”: somebody's own post, not a share of one."""
_WHERE: Final = re.compile(r" (?:in|on|в) ")
_THEIRS: Final = re.compile(r"(?i)^[^\"“«:]{0,100}['’]s? \w")
_HANDLE: Final = re.compile(r" ?(?:\(@|@|^u/)(\w[\w.-]{0,40})\)?$")
_NOBODY: Final = re.compile(
    r"(?i)(?:i|we|you|it|they|he|she|this|that|these|my|our|your|someone|я|мы|вы|вас|ты|тебя|он|она|оно|они|мне|нам|вам|это|"
    r"мой|моя|мои|наш\w?|ваш\w?|кто-то)(?!\S)"
)
"""No name: people write “I liked your tea”."""

_WHAT: Final = {
    "conversation": Action.MESSAGE, "message": Action.MESSAGE, "сообщение": Action.MESSAGE,
    "comment": Action.COMMENT, "комментарий": Action.COMMENT,
    "reply": Action.REPLY, "ответ": Action.REPLY, "review": Action.REVIEW, "отзыв": Action.REVIEW,
    "mention": Action.MENTION, "упоминание": Action.MENTION,
}  # fmt: skip


def read_sentence(lines: Iterable[str]) -> Deed | None:
    """The first of `lines` that tells who did what, read; None if none does."""
    for line in lines:
        line = re.sub(r"^[^\w@«\"“]+", "", " ".join(line.split()))
        line = _PREFIX.sub("", line, count=1) if _PREFIX.match(line) else line
        if 3 < len(line) <= MAX_SENTENCE and (deed := _read_line(line)) is not None:
            return deed
    return None


def _read_line(line: str) -> Deed | None:
    found = _names_first(line.rstrip(" .!")) or _likes_first(line.rstrip(" .!")) or _verb(line) or _abroad(line)
    if found is None or _NOBODY.match(found.author):
        return None
    return found


def _names_first(line: str) -> Deed | None:
    """“Посмотрите комментарий X в группе Y”, “New message from X”."""
    if match := _LOOK.fullmatch(line):
        kind = _kind(match["what"])
        action = Action.COMMENT if kind == "comment" else Action.OTHER
        return _deed(action, match["author"], "post" if kind == "comment" else kind, match["place"], "")
    if match := _NEW.fullmatch(line):
        action = _WHAT[match["verb"].lower()]
        kind = "message" if action is Action.MESSAGE else _kind(match["rest"] or "")
        return _deed(action, match["author"], kind, _place(match["rest"] or ""), match["rest"] or "")
    return None


def _likes_first(line: str) -> Deed | None:
    """“Пользователю X понравилась ваша запись.”"""
    match = _LIKES.fullmatch(line)
    return (
        _deed(Action.LIKE, match["author"], _kind(match["rest"]), _place(match["rest"]), match["rest"])
        if match
        else None
    )


def _earliest(
    table: Iterable[tuple[Action, re.Pattern[str]]], line: str
) -> tuple[Action, re.Match[str]] | tuple[None, None]:
    """The verb that stands first is the sentence's own; of two at one place the row above."""
    found = [
        (match.start("verb"), order, action, match)
        for order, (action, pattern) in enumerate(table)
        if (match := pattern.match(line))
    ]
    return min(found, key=lambda one: one[:2])[2:] if found else (None, None)


def _verb(line: str) -> Deed | None:
    action, match = _earliest(_PATTERNS, line)
    if action is None or match is None:
        return None
    if _REQUESTS.search(line):
        action = Action.REQUEST
    elif action is Action.SHARE and _PUBLISHED.match(match["rest"]) and not _US.search(match["rest"]):
        action = Action.OTHER
    told = match["verb"] + match["rest"] if action in (Action.OTHER, Action.MESSAGE) else match["rest"]
    if action is Action.MENTION:
        told = _WHERE.split(told, maxsplit=1)[-1]
    kind = "message" if action is Action.MESSAGE else _kind(_TITLE.split(told)[0])
    return _deed(action, match["author"], kind, _place(match["rest"]), match["verb"] + match["rest"])


def _abroad(line: str) -> Deed | None:
    """“Anna hat deinen Beitrag kommentiert.”"""
    action, match = _earliest(_ABROAD, line)
    if action is None or match is None or verbs.NOBODY.match(line):
        return None
    rest = _TITLE.split(match["rest"])[0]
    ours = bool(verbs.US.search(match["verb"] + rest))
    if action is Action.SHARE and not ours and verbs.PUBLISHED.match(rest):
        action = Action.OTHER
    kind = "message" if action is Action.MESSAGE else _kind(rest, _KIND_ABROAD)
    author, count = people(verbs.TO.sub("", match["author"], count=1), verbs.OTHERS, verbs.JOINED)
    ours = ours or action is Action.MESSAGE
    return Deed(action, author, count, kind, ours=ours, theirs=not ours and kind is not None) if author else None


def _deed(action: Action, names: str, kind: str | None, place: str | None, told: str) -> Deed | None:
    """`told` is what the sentence says of it; a title that it quotes may say “you” to anybody."""
    author, count = people(names)
    handle = _HANDLE.search(author)
    if handle and not author.startswith("u/"):
        author = author[: handle.start()].rstrip() or author
    ours = action is Action.MESSAGE or bool(_US.search(_TITLE.split(told)[0]))
    theirs = not ours and bool(_THEIRS.search(told))
    return Deed(action, author, count, kind, place, ours, theirs, handle and handle[1]) if author else None


def people(names: str, others_of: re.Pattern[str] = _OTHERS, joined: re.Pattern[str] = _JOINED) -> tuple[str, int]:
    """The first name and how many people they are: `Anna, Boris and 3 others` → (`Anna`, 5)."""
    names = _CALLED.sub("", names, count=1)
    others = others_of.search(names)
    number = 0
    if others:
        digits = re.sub(r"\D", "", others["number"])
        number = int(digits) if digits else 1
        names = names[: others.start()]
    named = [one for one in joined.split(names.strip(' .,:"«»“”')) if one]
    return (named[0] if named else "", max(1, min(len(named) + number, 10_000_000)))


def _kind(words: str, table: Iterable[tuple[str, re.Pattern[str]]] = _KIND_OF) -> str | None:
    """The kind of object that is named first."""
    found = [(match.start(), kind) for kind, pattern in table if (match := pattern.search(words))]
    return min(found)[1] if found else None


def _place(rest: str) -> str | None:
    match = _PLACE.search(_ON_TITLE.sub("", rest.strip()))
    place = match["place"].strip() if match else ""
    return place if place and not _GENERIC_PLACE.match(place) else None
