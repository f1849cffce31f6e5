"""What is usual of the mails that a parser reads from one sender: their shapes, the fields that they fill, their hours.

Pure: a `Habit` is told of one mail after the other; `drift` keeps it in the database, `watch.drift` judges it. All of
it is bounded, whatever comes. The last RECENT mails are remembered one by one and are no habit yet; what is older is
counted, and slowly forgotten, so that a change that lasts becomes usual in the end.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self
from zlib import crc32

from interest_ingest.cards import InterestCard, Outcome, Reading

RECENT: Final = 100
"""Mails that are remembered one by one."""

SHORT: Final = 6
"""Digits of a digest that tell one shape of a habit from another."""

MAX_SHAPES: Final = 40
MAX_LINES: Final = 40
MAX_READERS: Final = 12

COUNTED: Final = 1_000
"""Of so many mails all counts are halved: what was long ago weighs less and less."""

LINE_OVER: Final = 4 * RECENT
"""A sentence that was not seen in so many mails is none of the template's any more."""

FIELDS: Final[tuple[str, ...]] = (
    "author.name", "author.email", "author.phone", "author.company", "author.profile_url", "author.photo_url",
    "text", "account", "object_kind", "rating", "product.name", "product.url", "source_url", "reply.url", "event_key",
)  # fmt: skip
"""The fields of a card that a parser fills or not."""

FAILED: Final = "!"
UNKNOWN: Final = "?"
NOTHING: Final = "-"
"""Kinds of mails without a card: quarantined, unmatched, ignored. The kind of another is its cards' action; to a
sender's habit it is the parser that read it."""

_SHAPE: Final = re.compile(r"([0-9a-f]{16}) ([0-9a-f.]{0,400}) ([0-9a-f.]{0,100})")


class Seen(NamedTuple):
    """One of the last mails. `shape`: the first digits of its digest; `fields`: bits as in FIELDS; `who`: 16 bits that
    tell one author from another, 0 where nobody is named."""

    shape: str
    kind: str
    fields: int = 0
    who: int = 0

    def __str__(self) -> str:
        return f"{self.shape} {self.fields:x} {self.who:x} {self.kind}"

    @classmethod
    def parse(cls, text: str) -> Self:
        shape, fields, who, kind = text.split(" ", 3)
        return cls(shape, kind, int(fields, 16), int(who, 16))


class Told(NamedTuple):
    """What a habit is told of a mail. `lines`: hashes of its sentences; `mail_id` is that of the raw mail."""

    seen: Seen
    digest: str
    parts: tuple[str, ...]
    lines: tuple[str, ...]
    version: int
    received_at: datetime
    mail_id: int


@dataclass(slots=True)
class ShapeHabit:
    """One shape of a habit. `usual`: by kind of mail the number of mails, then for each field how many filled it;
    without the recent ones."""

    digest: str
    parts: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    mails: int = 0
    mail_id: int = 0
    """Its newest mail."""
    usual: dict[str, list[int]] = field(default_factory=dict)
    changed: bool = False
    """Since it was read from the database."""

    @property
    def number(self) -> int:
        """Mails that are counted, without the recent ones."""
        return sum(counts[0] for counts in self.usual.values())

    def count(self, seen: Seen) -> None:
        """A mail is not recent any more."""
        self.changed = True
        counts = self.usual.setdefault(seen.kind, [0] * (1 + len(FIELDS)))
        counts[0] += 1
        for place in range(len(FIELDS)):
            counts[1 + place] += seen.fields >> place & 1

    def halve(self) -> None:
        self.changed = True
        self.usual = {kind: [one // 2 for one in counts] for kind, counts in self.usual.items() if counts[0] > 1}


@dataclass(slots=True)
class Hours:
    """How many mails come in which hour of the week (UTC, from Monday), and the longest pauses between them.

    Whole weeks only make a habit; each counts KEPT of the one after it.
    """

    week: int = 0
    now: Counter[int] = field(default_factory=Counter)
    past: list[float] = field(default_factory=lambda: [0.0] * WEEK)
    weight: float = 0.0
    pause: float = 0.0
    """The longest, in mails that would have been usual meanwhile."""

    def note(self, at: datetime, last: datetime | None) -> None:
        """A mail was received at `at`, the one before it at `last`."""
        if last is not None and at > last:
            self.pause = max(self.pause, self.expected(last, at))
        week, hour = divmod(_hours(at), WEEK)
        if week > self.week:
            self._begin(week)
        if week == self.week:
            self.now[hour] += 1

    def _begin(self, week: int) -> None:
        """Weeks are over; the first one only if this is not the first mail at all."""
        if self.week:
            for passed in range(min(week - self.week, 30)):
                this = self.now if passed == 0 else Counter()
                self.past = [KEPT * old + this[hour] for hour, old in enumerate(self.past)]
                self.weight = KEPT * self.weight + 1
                self.pause *= KEPT_PAUSE
        self.week, self.now = week, Counter()

    def a_week(self) -> float | None:
        """Mails of a usual week; None before one was whole."""
        return sum(self.past) / self.weight if self.weight else None

    def expected(self, since: datetime, until: datetime) -> float:
        """How many mails usually come in this time, by the hours of the week; 0 before a week was whole."""
        if not self.weight or until <= since:
            return 0.0
        begin, end = _hours(since), _hours(until)
        weeks, rest = divmod(end - begin, WEEK)
        hours = [self._of(begin + passed) for passed in range(rest + 1)]
        hours[-1] *= (until - _hour(end)) / _HOUR
        hours[0] -= self._of(begin) * ((since - _hour(begin)) / _HOUR)
        return max(0.0, sum(hours) + weeks * sum(self.past) / self.weight)

    def _of(self, hour: int) -> float:
        """Mails of a usual hour; its neighbours tell too: summer time moves everything by one."""
        hour %= WEEK
        before, here, after = self.past[hour - 1], self.past[hour], self.past[(hour + 1) % WEEK]
        return (before + 2 * here + after) / (4 * self.weight)

    def as_json(self) -> dict[str, Any]:
        return {
            "week": self.week,
            "now": {str(hour): number for hour, number in self.now.items()},
            "past": [round(one, 2) for one in self.past],
            "weight": round(self.weight, 4),
            "pause": round(self.pause, 2),
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        now = Counter({int(hour): number for hour, number in told["now"].items()})
        return cls(told["week"], now, told["past"], told["weight"], told["pause"])


WEEK: Final = 7 * 24
KEPT: Final = 0.8
KEPT_PAUSE: Final = 0.95
_HOUR: Final = timedelta(hours=1)
_MONDAY: Final = datetime(2001, 1, 1, tzinfo=UTC)


def _hours(at: datetime) -> int:
    return (at - _MONDAY) // _HOUR


def _hour(number: int) -> datetime:
    return _MONDAY + number * _HOUR


@dataclass(slots=True)
class Habit:
    """The mails that `parser` reads from `sender`; with parser "" all mails of the sender, whoever reads them.

    Letters of people have no shape and make one habit of their parser, with sender "". `mails` is all that were ever
    counted. `written`: the recent mails, oldest first, as the database keeps them. `lines`: by hash of a sentence how
    many mails had it, and the numbers (as `mails`) of the first and the last one. `rare`: shapes that were forgotten.
    """

    parser: str
    sender: str
    version: int = 0
    mails: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    written: list[str] = field(default_factory=list)
    lines: dict[str, list[int]] = field(default_factory=dict)
    rare: int = 0
    readers: list[str] = field(default_factory=list)
    """Of a sender's habit: the parsers that read its mails."""
    hours: Hours = field(default_factory=Hours)
    shapes: dict[str, ShapeHabit] = field(default_factory=dict)
    """By the first digits of the digest."""
    id: int | None = None

    @property
    def recent(self) -> list[Seen]:
        """The recent mails, oldest first."""
        return [Seen.parse(one) for one in self.written]

    def note(self, told: Told) -> None:
        """One more mail."""
        if told.version != self.version and self.mails:
            self._begin_anew()
        self.version = told.version
        self.mails += 1
        if not self.parser or not self.sender:
            self.hours.note(told.received_at, self.last_at)
        self.first_at = min(self.first_at or told.received_at, told.received_at)
        self.last_at = max(self.last_at or told.received_at, told.received_at)
        if told.digest:
            self._note_shape(told)
            self._note_lines(told.lines)

    def _begin_anew(self) -> None:
        """Another version of the parser: what it makes of mails from now on is compared with nothing recent, and
        whatever the last mails looked like it is written for."""
        for seen in self.recent:
            self._count(seen)
        self.written = []
        self.lines = {}

    def _note_shape(self, told: Told) -> None:
        known = self.shapes.get(told.seen.shape)
        if known is None:
            known = ShapeHabit(told.digest, told.parts, told.received_at, told.received_at)
            self.shapes[told.seen.shape] = known
        known.changed = True
        known.mails += 1
        known.first_at = min(known.first_at, told.received_at)
        known.last_at = max(known.last_at, told.received_at)
        known.mail_id = told.mail_id
        self.written.append(str(told.seen))
        while len(self.written) > RECENT:
            self._count(Seen.parse(self.written.pop(0)))
        self._forget_shapes()

    def _count(self, seen: Seen) -> None:
        if shape := self.shapes.get(seen.shape):
            shape.count(seen)
        if self.number > COUNTED:
            self.rare //= 2
            for shape in self.shapes.values():
                shape.halve()

    @property
    def number(self) -> int:
        """Mails that make what is usual: counted, not recent, and not forgotten."""
        return sum(shape.number for shape in self.shapes.values()) + self.rare

    def _forget_shapes(self) -> None:
        """The rarest, of equally rare ones those that are longest unseen, but none of the recent mails'."""
        over = len(self.shapes) - MAX_SHAPES
        if over <= 0:
            return
        recent = {seen.shape for seen in self.recent}
        gone = sorted((one for one in self.shapes if one not in recent), key=self._rarity)[:over]
        for one in gone or sorted(self.shapes, key=self._rarity)[:over]:
            self.rare += 1
            del self.shapes[one]

    def _rarity(self, shape: str) -> tuple[int, datetime]:
        return self.shapes[shape].mails, self.shapes[shape].last_at

    def _note_lines(self, lines: Iterable[str]) -> None:
        for line in lines:
            seen = self.lines.setdefault(line, [0, self.mails, self.mails])
            seen[0] += 1
            seen[2] = self.mails
        gone = [line for line, seen in self.lines.items() if self.mails - seen[2] > LINE_OVER]
        over = len(self.lines) - len(gone) - MAX_LINES
        if over > 0:
            gone += sorted(self.lines, key=lambda line: (self.lines[line][0], self.lines[line][2]))[:over]
        for line in dict.fromkeys(gone):
            self.lines.pop(line, None)

    def note_reader(self, parser: str) -> None:
        """A parser has read a mail of this sender."""
        if parser not in self.readers and len(self.readers) < MAX_READERS:
            self.readers.append(parser)

    def state(self) -> dict[str, Any]:
        """What the database keeps of it beside the columns."""
        timed = not self.parser or not self.sender
        return {
            "recent": self.written,
            "lines": self.lines,
            "rare": self.rare,
            "readers": self.readers,
            "hours": self.hours.as_json() if timed else None,
        }

    def remember(self, state: dict[str, Any]) -> None:
        """Take up what `state` gave."""
        self.written, self.lines = state["recent"], state["lines"]
        self.rare, self.readers = state["rare"], state["readers"]
        if state["hours"]:
            self.hours = Hours.from_json(state["hours"])


def told(reading: Reading, received_at: datetime, mail_id: int) -> Iterator[tuple[str, str, Told]]:
    """What a reading tells, and whom: (parser, sender) of each habit; nothing of what no parser's template is."""
    if reading.outcome is Outcome.HELD:
        return
    found = _SHAPE.fullmatch(reading.shape)
    digest = found[1] if found else ""
    parts, lines = (tuple(filter(None, part.split("."))) for part in found.groups()[1:]) if found else ((), ())
    version = reading.parser_version or 0
    fields, who = filled(reading.cards), author_of(reading.cards)
    seen = Seen(digest[:SHORT], _kind(reading), fields, who)
    if reading.parser is not None:
        sender = reading.sender if digest else ""
        yield reading.parser, sender, Told(seen, digest, parts, lines, version, received_at, mail_id)
    if digest:
        read_by = Seen(digest[:SHORT], _read_by(reading), 0, who)
        yield "", reading.sender, Told(read_by, digest, parts, (), 0, received_at, mail_id)


def _kind(reading: Reading) -> str:
    if reading.outcome is Outcome.QUARANTINED:
        return FAILED
    return reading.cards[0].action.value if reading.cards else NOTHING


def _read_by(reading: Reading) -> str:
    if reading.outcome is Outcome.QUARANTINED:
        return FAILED
    return reading.parser or UNKNOWN


def filled(cards: Iterable[InterestCard]) -> int:
    """Which of FIELDS any of the cards has, as bits."""
    bits = 0
    for card in cards:
        author, product = card.author, card.product
        values = (
            author.name, author.email, author.phone, author.company, author.profile_url, author.photo_url,
            card.text, card.account, card.object_kind, card.rating is not None, product.name, product.url,
            card.source_url, card.reply.url, card.event_key,
        )  # fmt: skip
        bits |= sum(1 << place for place, value in enumerate(values) if value)
    return bits


def author_of(cards: Iterable[InterestCard]) -> int:
    """16 bits that tell one author from another: ten mails of one person are not ten proofs; 0 where none is named."""
    for card in cards:
        author = card.author
        if known := author.email or author.profile_url or author.name or author.phone:
            return crc32(known.encode()) % 0xFFFF + 1
    return 0
