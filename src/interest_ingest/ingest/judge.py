"""The last word on a reading before it is recorded: blocked authors, floods, and parsers that suddenly fail.

A judge that starts anew takes up where the last one ended: it asks the store about the past when it first needs to.
"""

from __future__ import annotations

from time import monotonic
from typing import Final, Self

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.blocking import BlockList
from interest_ingest.ingest.breaker import Breaker
from interest_ingest.ingest.flood import Flood, Limits
from interest_ingest.store import Landed, Store

__all__ = ["Judge", "Limits"]

BLOCKS_SECONDS: Final = 5.0
"""So often at most the block list is read again: a change takes effect without a restart."""


class Judge:
    """Judges readings one after the other, in one thread; `open_breakers` may be asked from any."""

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._blocked = BlockList()
        self._blocked_until = 0.0
        self._flood = Flood(store, limits)
        self._breaker = Breaker(store)

    @classmethod
    def open(cls, store: Store, limits: Limits | None = None) -> Self:
        """A judge of what is recorded in `store`; without limits those of the defaults."""
        return cls(store, limits or Limits())

    def __call__(self, landed: Landed, reading: Reading) -> Reading | None:
        """The reading as it is to be recorded; None: leave the mail as it is and read it again later."""
        if self._breaker.trips(landed.delivery_id, reading):
            return None
        if not reading.cards:
            return reading
        reading = self._without_blocked(reading)
        return self._flood.held(landed, reading) if reading.cards else reading

    def open_breakers(self) -> list[str]:
        """The parsers whose failing mails are not quarantined but kept unread."""
        return self._breaker.open()

    def _without_blocked(self, reading: Reading) -> Reading:
        now = monotonic()
        if now >= self._blocked_until:
            self._blocked = BlockList.of(self._store.blocks())
            self._blocked_until = now + BLOCKS_SECONDS
        kept = tuple(card for card in reading.cards if not self._blocked.has(card))
        if len(kept) == len(reading.cards):
            return reading
        if kept:
            return reading.model_copy(update={"cards": kept})
        return reading.model_copy(update={"cards": (), "outcome": Outcome.IGNORED, "reason": "blocked"})
