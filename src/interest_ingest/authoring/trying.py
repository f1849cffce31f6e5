"""A parser on mails that were taken in before: what it would gain and lose on each, and nothing is written.

The mails are handed in; where they come from is the command line's business. The new reading is compared with what
became of the mail; of a mail that gave cards, with those that the other parsers make of it today.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from interest_ingest.cards import InterestCard, Outcome, Reading
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.patterns import limited
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules

SECONDS: Final = 5.0
"""CPU time for one mail, as in a sandbox."""

NOT_COMPARED: Final = ("id", "parser", "parser_version", "responsible", "processed", "proof_url")
"""What differs between any two parsers, and what is people's."""

UNREAD: Final = (Outcome.QUARANTINED, Outcome.UNMATCHED, Outcome.IGNORED)


KINDS: Final = ("gained", "lost", "changed")


class Kept(NamedTuple):
    """A mail as it was taken in, and what became of it then."""

    mail_id: int
    raw: bytes
    authentication: str
    received_at: datetime
    size: int
    outcome: Outcome
    parser: str | None


class Change(NamedTuple):
    """One field of one card; None where a side has nothing there."""

    card: int
    field: str
    before: Any
    after: Any

    @property
    def kind(self) -> str:
        """`gained`, `lost` or `changed`."""
        return "gained" if self.before is None else "lost" if self.after is None else "changed"


@dataclass(frozen=True, slots=True)
class Trial:
    """One mail: what it is without the parser, and what it would be with it."""

    kept: Kept
    before: Reading
    after: Reading
    changes: tuple[Change, ...]

    @property
    def kind(self) -> str:
        """`gained` or `lost` by the number of cards, else `changed` or `same`."""
        difference = len(self.after.cards) - len(self.before.cards)
        if difference:
            return "gained" if difference > 0 else "lost"
        return "changed" if self.changes or self.before.outcome is not self.after.outcome else "same"


@dataclass(slots=True)
class Total:
    """What all trials come to, so far."""

    mails: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    fields: dict[str, Counter[str]] = field(default_factory=lambda: {kind: Counter() for kind in KINDS})

    def add(self, trial: Trial) -> None:
        """Count one more."""
        self.mails += 1
        self.kinds[trial.kind] += 1
        self.outcomes[trial.after.outcome.value] += 1
        for one in trial.changes:
            self.fields[one.kind][one.field] += 1


def attempt(mails: Iterable[Kept], before: Rules, after: Rules) -> Iterator[Trial]:
    """Each mail under both rules: those of the other parsers, and those with the new one among them."""
    for kept in mails:
        old, new = _before(kept, before), _read(kept, after)
        yield Trial(kept, old, new, tuple(_changes(old, new)))


def _before(kept: Kept, rules: Rules) -> Reading:
    if kept.outcome in UNREAD:
        return Reading(outcome=kept.outcome, parser=kept.parser)
    return _read(kept, rules)


def _read(kept: Kept, rules: Rules) -> Reading:
    found = Authentication.from_json(kept.authentication)
    with limited(SECONDS):
        return read(kept.raw, rules, authentication=found, received_at=kept.received_at, size=kept.size)


def _changes(before: Reading, after: Reading) -> Iterator[Change]:
    for number, (old, new) in enumerate(_pairs(before.cards, after.cards), 1):
        left, right = (_leaves(card) if card else {} for card in (old, new))
        for name in {**left, **right}:
            if left.get(name) != right.get(name):
                yield Change(number, name, left.get(name), right.get(name))


def _pairs(
    before: tuple[InterestCard, ...], after: tuple[InterestCard, ...]
) -> Iterator[tuple[InterestCard | None, InterestCard | None]]:
    """Cards of one event, then those of one author and text, then the others by their order."""
    left, right = list(before), list(after)
    for same in (lambda card: card.event_key, lambda card: (card.author.name, card.text), lambda _card: "any"):
        for old in list(left):
            key = same(old)
            if key and (new := next((one for one in right if same(one) == key), None)):
                left.remove(old)
                right.remove(new)
                yield old, new
    yield from ((old, None) for old in left)
    yield from ((None, new) for new in right)


def _leaves(card: InterestCard) -> dict[str, Any]:
    """The fields that say something; those of author, product and reply as `author.name`."""
    told = {**card.as_json(), "event_key": card.event_key, "labels": card.labels}
    leaves: dict[str, Any] = {}
    for name, value in told.items():
        if name in NOT_COMPARED:
            continue
        inner = value.items() if isinstance(value, dict) else [("", value)]
        leaves |= {f"{name}.{key}".rstrip("."): one for key, one in inner if one not in (None, "")}
    return leaves
