"""Parsers that suddenly fail: their mails are good, the parser or the library below it is not, and none is put away."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

from interest_ingest.cards import Outcome, Reading
from interest_ingest.store import Store

WINDOW: Final = 50
MIN_FAILURES: Final = 5
FAILING: Final = 0.2
"""A breaker opens when of the last WINDOW mails of a parser at least MIN_FAILURES and more than this share failed …"""
SOUND: Final = 0.02
MIN_BEFORE: Final = 10
"""… and of those before, MIN_BEFORE at least, less than this share: what never worked is quarantined as ever."""

MAX_POSTPONED: Final = 10_000

_FAILED: Final = ("template changed", "parser error")


@dataclass(slots=True)
class _Course:
    """How the readings of one parser went: True is a failure. `before` and `before_failed` count what has left the
    window and what an older version of the parser did."""

    version: int
    window: deque[bool] = field(default_factory=deque)
    before: int = 0
    before_failed: int = 0
    open: bool = False

    def note(self, version: int, failed: bool) -> None:
        if version != self.version:
            self._begin(version)
        self.window.append(failed)
        if len(self.window) > WINDOW:
            self._forget()
        self.open = self.is_failing() if not self.open else self._share() > FAILING

    def close(self) -> None:
        """It works again: what failed meanwhile says nothing of what comes."""
        self.open = False
        self.window.clear()

    def _begin(self, version: int) -> None:
        """Another version: it has failed at nothing yet."""
        if self.open:
            self.close()
        while self.window:
            self._forget()
        self.version = version

    def _forget(self) -> None:
        failed = self.window.popleft()
        self.before += 1
        self.before_failed += failed and not self.open

    def _share(self) -> float:
        return sum(self.window) / len(self.window)

    def is_failing(self) -> bool:
        failures = sum(self.window)
        if failures < MIN_FAILURES or self._share() <= FAILING:
            return False
        # A young parser's past is what it read before it first failed.
        sound = next(place for place, failed in enumerate(self.window) if failed)
        before = self.before + sound
        return before >= MIN_BEFORE and self.before_failed < SOUND * before


class Breaker:
    """A source whose mails suddenly all fail has changed, or we have: its mails are good, and none is put away.

    While a breaker is open the mails that fail stay unread and are tried again later; those that can be read pass. It
    closes when one that had failed is read after all, when the parser has another version, or when failing has become
    rare again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._courses: dict[str, _Course] = {}
        self._postponed: OrderedDict[int, None] = OrderedDict()
        self._seeded = False

    def trips(self, delivery_id: int, reading: Reading) -> bool:
        """Whether this mail is to be read again later instead of being recorded."""
        if reading.parser is None or reading.parser_version is None:
            return False
        self._seed()
        failed = reading.outcome is Outcome.QUARANTINED and (reading.reason or "").startswith(_FAILED)
        course = self._courses.setdefault(reading.parser, _Course(reading.parser_version))
        again = delivery_id in self._postponed
        if not (failed and again and course.version == reading.parser_version):  # each mail fails once
            course.note(reading.parser_version, failed)
        if not failed:
            if again:
                del self._postponed[delivery_id]
                course.close()
            return False
        if course.open:
            self._postponed[delivery_id] = None
            if len(self._postponed) > MAX_POSTPONED:
                self._postponed.popitem(last=False)
        return course.open

    def open(self) -> list[str]:
        """The names of the parsers whose breaker is open."""
        return sorted(name for name, course in list(self._courses.items()) if course.open)

    def _seed(self) -> None:
        if self._seeded:
            return
        for past in self._store.past_readings():
            failed = past.outcome is Outcome.QUARANTINED and (past.reason or "").startswith(_FAILED)
            course = self._courses.setdefault(past.parser, _Course(past.parser_version))
            course.note(past.parser_version, failed)
        self._seeded = True
