"""Drift: mails of a source that are not any more what they used to be, seen before anything fails hard.

Four rules, each over the habits that the store keeps (`store.habits`):

- `new_layout`: mails come in shapes that were not seen before and lack what nearly all mails had;
- `lost_fields`: a field that the parser used to fill stays empty;
- `not_recognized`: mails of a sender end in a fallback parser, unmatched or in quarantine, as they did not before;
- `silence`: a sender whose mails came by the hour does not write any more.

Each is a test of the hypothesis that nothing has changed, and alarms only where what is seen has a probability below
CHANCE if it is true. What is usual is itself known from a number of mails only, so it is taken at the unfavourable end
of its confidence interval (`at_least`, `at_most`: Wilson, three standard deviations). A mail is judged by mails of its
own kind, the same shape and action: when likes follow a month of comments no text is lost. Ten mails of one author are
one proof. For 10,000 mails with 15 fields and eight windows that makes a bound of 0.0012 false alarms; what bends it
are real changes of what people do, and that is why rules ask for a new shape where they can.

A field that was always filled raises the alarm after 8 to 18 mails without it (the more mails were seen before, the
sooner), one that seven mails of ten fill after 20; one that half of them fill within 60.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import comb, sqrt
from typing import Final

from interest_ingest.cards import clean_line, iso_utc
from interest_ingest.store.habits import FAILED, FIELDS, NOTHING, UNKNOWN, Habit, Seen, ShapeHabit
from interest_ingest.store.health import Health

CHANCE: Final = 1e-9
"""So improbable must be what is seen, if nothing has changed."""

WINDOWS: Final = (20, 25, 30, 40, 50, 65, 80, 100)
"""The last mails that are looked at: an alarm comes within the first, and lasts as long as one of the others tells it.
So many, that one of them begins near the change whenever that was."""

FEWEST_USUAL: Final = 30
"""Mails that make something usual."""

FEWEST_ALIKE: Final = 20
"""Mails of one shape and action that make what is usual of these."""

MISSING_CHANCE: Final = 1e-4
"""So improbable must be, besides, that so few of the mails have some part of the layout."""

CORE: Final = 0.98
"""A sentence that so many of the usual mails have belongs to the template."""

STILL: Final = 5
"""One of so many newest mails must show it: what was repaired, or taken back, is over."""

SENTENCE_MISSING: Final = 15
"""Mails in a row without a sentence that all had."""

SILENT_MAILS: Final = 20.0
"""Mails that must be missing by the hours of the week: with independent mails the chance is e⁻²⁰, 2 in 10⁹."""

SILENT_PAUSES: Final = 3.0
"""Mails come in bursts and pauses: the silence must be so much longer than the longest of these pauses."""

SILENT_WEEKS: Final = 2.2
"""Weight of the weeks that were watched: three weeks, of which the first may have been a part."""

SILENT_SHORTEST: Final = timedelta(hours=2)

LIVING: Final = timedelta(days=60)
"""Who has not written for so long tells nothing of today: it was an archive, or the service is not used any more."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that has drifted. `kind` and the habit's names make the alarm's name; `mails` show it, by number."""

    kind: str
    parser: str
    sender: str
    text: str
    remedy: str
    mails: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The same as long as the trouble is."""
        return clean_line(f"{self.kind}: {' '.join(filter(None, (self.parser, self.sender)))}")

    @property
    def sentence(self) -> str:
        """For people: what, and what to do."""
        return f"{self.text}; {self.remedy}"


def drifts(
    habits: Iterable[Habit],
    fallbacks: frozenset[str] = frozenset(),
    until: datetime | None = None,
    quiet: frozenset[str] = frozenset(),
    now: datetime | None = None,
) -> list[Drift]:
    """All that has drifted. `fallbacks` names the parsers that are asked only when no other matches.

    `until`: up to when all mail that came is known to be recorded; None: not known, so nobody is silent. `quiet`:
    parsers whose mails are kept waiting. `now`: of senders that lived long before, nothing is told.
    """
    found: list[Drift] = []
    for habit in habits:
        if now and habit.last_at and now - habit.last_at > LIVING:
            continue
        found += new_layout(habit) if habit.parser else not_recognized(habit, fallbacks)
        if habit.parser:
            found += lost_fields(habit)
        if until is not None and not quiet & {habit.parser, *habit.readers}:
            found += silence(habit, until)
    return found


def recorded_until(health: Health | None, mailboxes: Iterable[tuple[str, str]]) -> datetime | None:
    """Up to when all mail that came to these mailboxes (name and folder) is recorded; None: some is not, or waits."""
    known = {(one.name, one.folder): one for one in health.mailboxes} if health else {}
    polled = [known[key].polled_at if key in known and not known[key].waiting else None for key in mailboxes]
    return min((moment for moment in polled if moment), default=None) if all(polled) else None


# What is improbable


def at_least(hits: int, of: int) -> float:
    """The lowest share that fits `hits` in `of` trials (Wilson's interval, three standard deviations)."""
    return _wilson(hits, of, -1)


def at_most(hits: int, of: int) -> float:
    """The highest share that fits `hits` in `of` trials."""
    return _wilson(hits, of, 1)


def _wilson(hits: int, of: int, side: int) -> float:
    if not of:
        return 0.0 if side < 0 else 1.0
    z2, share = 9.0, hits / of
    middle = share + z2 / (2 * of)
    spread = 3 * sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return min(1.0, max(0.0, (middle + side * spread) / (1 + z2 / of)))


def chance_of_so_few(hits: int, of: int, share: float) -> float:
    """The probability of at most `hits` in `of` independent trials; an upper bound of it where the trials' shares
    differ and `share` is their mean (Hoeffding 1956, for `hits` below the mean)."""
    if hits >= of * share:
        return 1.0
    return sum(comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(hits + 1))


def chance_of_so_many(hits: int, of: int, share: float) -> float:
    """The probability of at least `hits` in `of` independent trials."""
    return chance_of_so_few(of - hits, of, 1 - share)


def _one_of_each(recent: Iterable[Seen]) -> list[Seen]:
    """One mail of each author and kind, the newest; all of those who are not named."""
    kept: dict[tuple[int, str] | int, Seen] = {}
    for place, seen in enumerate(recent):
        key = (seen.who, seen.kind) if seen.who else place
        kept.pop(key, None)
        kept[key] = seen
    return list(kept.values())


@dataclass(slots=True)
class Past:
    """A habit without its last mails. `shapes` count only the others; `forgotten`: mails whose shapes are not kept."""

    shapes: dict[str, ShapeHabit]
    forgotten: int

    @property
    def number(self) -> int:
        """Mails."""
        return self.forgotten + sum(one.number for one in self.shapes.values())

    @property
    def rare(self) -> int:
        """Mails whose shape no other had."""
        return self.forgotten + sum(one.number == 1 for one in self.shapes.values())

    def mails(self, shape: str) -> int:
        """How many had this shape."""
        known = self.shapes.get(shape)
        return known.number if known else 0

    def is_new(self, seen: Seen) -> bool:
        """Whether no mail had its shape."""
        return not self.mails(seen.shape)

    def ended_so(self, seen: Seen) -> bool:
        """Whether a mail of its shape was read, or not read, as it was."""
        return self.alike(seen)[0] > 0

    def alike(self, seen: Seen) -> list[int]:
        """Of its shape and kind: how many mails, then by field how many filled it."""
        known = self.shapes.get(seen.shape)
        return (known.usual.get(seen.kind) if known else None) or NONE_ALIKE


NONE_ALIKE: Final = [0] * (1 + len(FIELDS))


def pasts(habit: Habit) -> Iterator[tuple[int, Past]]:
    """What was usual before the last mails, for each of WINDOWS, the widest first; one and the same, as it grows."""
    shapes = {
        name: replace(one, usual={kind: list(counts) for kind, counts in one.usual.items()})
        for name, one in habit.shapes.items()
    }
    past, begin = Past(shapes, habit.rare), 0
    for window in reversed(WINDOWS):
        end = max(0, len(habit.recent) - window)
        for seen in habit.recent[begin:end]:
            if seen.shape in shapes:
                shapes[seen.shape].count(seen)
        begin = end
        yield window, past


# The rules


def new_layout(habit: Habit) -> Iterator[Drift]:
    """Shapes that no usual mail had, and parts missing that many usual mails had.

    How probable a mail of an unseen shape is tell the shapes that were seen just once (Good and Turing): content that
    a shape does not see through makes many of them, and the test blunt instead of wrong. New shapes that only have
    something more are optional sections, unless nothing else comes any more.
    """
    found: Drift | None = None
    for window, past in pasts(habit):
        if past.number < FEWEST_USUAL or not any(past.is_new(seen) for seen in habit.recent[-STILL:]):
            continue
        last = _of_known_kinds(past, _one_of_each(habit.recent[-window:]))
        young = [seen for seen in last if past.is_new(seen)]
        if len(young) < 5 or chance_of_so_many(len(young), len(last), at_most(past.rare, past.number)) >= CHANCE:
            continue
        if len(young) >= 0.9 * len(last) or _lacks(habit, past, last):
            found = _changed(habit, young, len(last), past.number)
    yield from [found] if found else _lost_sentence(habit)


def _of_known_kinds(past: Past, last: list[Seen]) -> list[Seen]:
    """Without those of an action that is new: likes beside the comments are no new layout of these.

    If next to nothing else comes any more, all of them: then the parser may take one for the other.
    """
    known = {kind for shape in past.shapes.values() for kind in shape.usual} | {FAILED, NOTHING}
    kept = [seen for seen in last if seen.kind in known]
    return kept if len(kept) > len(last) / 10 else last


def _lacks(habit: Habit, past: Past, last: list[Seen]) -> bool:
    """Whether the last mails lack a part of the layout that enough of those before had."""
    having: Counter[str] = Counter()
    for name, shape in habit.shapes.items():
        having.update(dict.fromkeys(shape.parts, past.mails(name)))
    now = Counter(part for seen in last for part in _parts(habit, seen))
    known = sum(past.mails(name) for name in habit.shapes)
    shares = ((now[part], at_least(number, known)) for part, number in having.items())
    return any(chance_of_so_few(seen, len(last), share) < MISSING_CHANCE for seen, share in shares)


def _parts(habit: Habit, seen: Seen) -> tuple[str, ...]:
    shape = habit.shapes.get(seen.shape)
    return shape.parts if shape else ()


def _changed(habit: Habit, young: list[Seen], of: int, before: int) -> Drift:
    shapes = [habit.shapes[name] for name in dict.fromkeys(seen.shape for seen in reversed(young))]
    since = min(one.first_at for one in shapes)
    return Drift(
        "new layout",
        habit.parser,
        habit.sender,
        f"mails of {habit.sender} that {habit.parser} reads have a new layout since {_minute(since)}: {len(young)} of "
        f"the last {of} have a skeleton that none of the {before} before had",
        _repair(habit, shapes),
        _samples(shapes),
    )


def _lost_sentence(habit: Habit) -> Iterator[Drift]:
    """A sentence of the template that is not in the mails any more: seen in nearly all mails, then in none."""
    for count, first, last in habit.lines.values():
        span, missing = last - first + 1, habit.mails - last
        if count < FEWEST_USUAL or missing < SENTENCE_MISSING or count < CORE * span:
            continue
        if (1 - at_least(count, span)) ** missing < CHANCE:
            shapes = _latest(habit)
            yield Drift(
                "new layout",
                habit.parser,
                habit.sender,
                f"mails of {habit.sender} that {habit.parser} reads have lost a sentence that {count} of {span} mails "
                f"had: the last {missing} are without it",
                _repair(habit, shapes),
                _samples(shapes),
            )
            return


def lost_fields(habit: Habit) -> Iterator[Drift]:
    """Fields that stay empty more often than by what was usual of mails of the same shape and action.

    Mails of a new shape are expected to be like all others of their action; those of an action that is new are not
    judged, nor are those that could not be read, or have no card: other rules tell of them.
    """
    lost: dict[str, tuple[float, int, int]] = {}
    for window, past in pasts(habit):
        if past.number < FEWEST_USUAL:
            continue
        usual = _usual_fills(past)
        last = [seen for seen in _one_of_each(habit.recent[-window:]) if seen.kind not in (FAILED, NOTHING)]
        for place, name in enumerate(FIELDS):
            if found := _lost(last, place, usual):
                lost[name] = found
    if lost:
        yield _empty(habit, lost)


Usual = Callable[[Seen], list[int] | None]


def _usual_fills(past: Past) -> Usual:
    """What is usual of mails like one: their number, then by field how many filled it; None if nothing is."""
    by_kind: dict[str, list[int]] = {}
    for shape in past.shapes.values():
        for kind, counts in shape.usual.items():
            together = by_kind.setdefault(kind, [0] * len(counts))
            by_kind[kind] = [one + other for one, other in zip(together, counts, strict=True)]

    def usual(seen: Seen) -> list[int] | None:
        alike = past.alike(seen)
        if alike[0] < FEWEST_ALIKE:
            alike = by_kind.get(seen.kind, NONE_ALIKE)
        return alike if alike[0] >= FEWEST_ALIKE else None

    return usual


def _lost(last: list[Seen], place: int, usual: Usual) -> tuple[float, int, int] | None:
    """The usual share, and how many of how many mails fill the field now; None if that may be chance."""
    pairs = [(seen, counts) for seen in last if (counts := usual(seen))]
    if len(pairs) < 5:
        return None
    now = sum(seen.fields >> place & 1 for seen, _ in pairs)
    share = sum(counts[1 + place] / counts[0] for _, counts in pairs) / len(pairs)
    if now >= 0.6 * share * len(pairs):
        return None
    low = sum(at_least(counts[1 + place], counts[0]) for _, counts in pairs) / len(pairs)
    return (share, now, len(pairs)) if chance_of_so_few(now, len(pairs), low) < CHANCE else None


def _empty(habit: Habit, lost: dict[str, tuple[float, int, int]]) -> Drift:
    told = ", ".join(
        f"{field} ({now} of the last {of}, usually {share:.0%})" for field, (share, now, of) in lost.items()
    )
    shapes = _latest(habit)
    return Drift(
        "fields empty",
        habit.parser,
        habit.sender,
        f"{habit.parser} still reads the mails of {habit.sender}, but finds less in them: {told}",
        _repair(habit, shapes),
        _samples(shapes),
    )


def not_recognized(habit: Habit, fallbacks: frozenset[str]) -> Iterator[Drift]:
    """Mails that only a fallback parser knows, that are unmatched, or that were quarantined.

    Counted are those of a shape that did not end so before: where a site sends contact forms beside its comments, a
    hundred forms in a row are no drift. Judged by all that ended so before, which is more.
    """
    ends = {FAILED, UNKNOWN, *fallbacks}
    found: Drift | None = None
    for window, past in pasts(habit):
        if past.number < FEWEST_USUAL or not any(seen.kind in ends for seen in habit.recent[-STILL:]):
            continue
        usual = (pair for shape in past.shapes.values() for pair in shape.usual.items())
        before = sum(counts[0] for kind, counts in usual if kind in ends)
        last = habit.recent[-window:]
        bad = [seen for seen in last if seen.kind in ends and not past.ended_so(seen)]
        if len(bad) >= 5 and chance_of_so_many(len(bad), len(last), at_most(before, past.number)) < CHANCE:
            found = _unread(habit, bad, len(last), before / past.number)
    if found:
        yield found


def _unread(habit: Habit, bad: list[Seen], of: int, share: float) -> Drift:
    by_kind = Counter(seen.kind for seen in bad)
    words = {FAILED: "are in quarantine", UNKNOWN: "no parser recognizes"}
    told = ", ".join(f"{number} {words.get(kind, f'only {kind} reads')}" for kind, number in by_kind.most_common())
    shapes = [habit.shapes[name] for name in dict.fromkeys(seen.shape for seen in reversed(bad))]
    worst = by_kind.most_common(1)[0][0]
    reader = next((one for one in habit.readers if one not in by_kind), "")
    return Drift(
        "not recognized",
        "",
        habit.sender,
        f"of the last {of} mails of {habit.sender} {told} (usually {share:.0%}); until now they were read by "
        f"{', '.join(habit.readers[:3]) or 'a parser'}",
        _look_into_quarantine(shapes, reader)
        if worst == FAILED
        else begin_parser(habit.sender, shapes[0].digest, _samples(shapes)),
        _samples(shapes),
    )


def silence(habit: Habit, until: datetime) -> Iterator[Drift]:
    """No mail for so long that by the hours of the week many should have come.

    The hours know of nights and weekends; the longest pause of the weeks before, in the same measure, knows how much
    the mails of this sender keep to them.
    """
    if habit.last_at is None or habit.hours.weight < SILENT_WEEKS or until - habit.last_at < SILENT_SHORTEST:
        return
    missing = habit.hours.expected(habit.last_at, until)
    if missing < max(SILENT_MAILS, SILENT_PAUSES * habit.hours.pause):
        return
    who = habit.sender or habit.parser
    sources = ", ".join(dict.fromkeys(one.partition(".")[0] for one in habit.readers)) or habit.parser.partition(".")[0]
    week = habit.hours.a_week() or 0.0
    yield Drift(
        "source silent",
        "" if habit.sender else habit.parser,
        habit.sender,
        f"no mail of {who} ({sources}) since {_minute(habit.last_at)}, though {missing:.0f} would be usual by now "
        f"({week:.0f} a week)",
        "see whether the service still sends notifications, and to which address; interest-ingest verify tells whether "
        "they lie on the server",
    )


# What to do


def _repair(habit: Habit, shapes: list[ShapeHabit]) -> str:
    samples = _samples(shapes)
    export = f"interest-ingest mails {samples[0]} --raw -o sample.eml" if samples else "interest-ingest mails"
    return (
        f"see with {export} and interest-ingest explain sample.eml what the parser makes of it; after a repair "
        f"interest-ingest reparse --parser {habit.parser} shows what it changes, and writes it with --apply; if all is "
        f"well so, interest-ingest parser health --usual {habit.parser}"
    )


def _look_into_quarantine(shapes: list[ShapeHabit], reader: str) -> str:
    samples = _samples(shapes)
    show = f"interest-ingest quarantine show {samples[0]}" if samples else "interest-ingest quarantine list"
    again = f"interest-ingest quarantine retry {f'--parser {reader}' if reader else '--all'} reads them again"
    trial = f"interest-ingest parser try {reader} --quarantine shows what it makes of them, " if reader else ""
    return f"{show} tells why; after the repair {trial}{again}"


def begin_parser(sender: str, shape: str, mail_ids: Sequence[int], program: str = "interest-ingest") -> str:
    """The command that writes these mails to files and a new parser from them; it works as it stands."""
    name = re.sub(r"[^a-z0-9]+", "-", sender).strip("-")[:60] or "new"
    folder = f"samples/{name}-{shape[:6]}"
    ids = " ".join(str(one) for one in mail_ids)
    return f"{program} mails {ids} --raw -o {folder} && {program} parser new {name}.notification --from {folder}/*.eml"


def _latest(habit: Habit) -> list[ShapeHabit]:
    names = dict.fromkeys(seen.shape for seen in reversed(habit.recent))
    return [habit.shapes[name] for name in names if name in habit.shapes]


def _samples(shapes: list[ShapeHabit]) -> tuple[int, ...]:
    """Their newest mails, at most three."""
    return tuple(dict.fromkeys(one.mail_id for one in shapes if one.mail_id))[:3]


def _minute(moment: datetime) -> str:
    return iso_utc(moment)[:16].replace("T", " ") + " UTC"
