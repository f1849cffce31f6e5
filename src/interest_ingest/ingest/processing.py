"""From the ledger to the cards: claims landed mails, has them read, records what they came to."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.readers import Begin, Letter, readers
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landed, Store

BATCH = 100
BATCH_BYTES = 8 * 1024 * 1024

MAX_ATTEMPTS = 3
"""Readings that a mail, alone in flight, may not survive before it is left alone."""

Batch = tuple[list[Landed], Callable[[], list[Reading]]]
"""Claimed mails, and a call that waits for the readings of those that need one."""


def process(
    store: Store,
    rules: Rules,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    processes: int = 0,
) -> Counter[Outcome]:
    """Read and record landed mails until none is left or `stop` is set; returns how many came to which outcome.

    Each batch is one transaction, and a mail that was landed but not recorded is simply claimed again: killing this at
    any point loses nothing and repeats nothing that can be seen. `processes`: see `readers`.
    """
    outcomes: Counter[Outcome] = Counter()
    with readers(rules, processes) as begin:
        for landed, wait in _batches(store, begin, stop, ahead=processes):
            try:
                readings = iter(wait())
                pairs = [(mail, next(readings) if _needs_reading(mail) else _decided(mail)) for mail in landed]
                outcomes.update(one.outcome for one in store.record(pairs))
            finally:
                store.release(landed)
            if progress:
                progress(len(landed))
    return outcomes


def _batches(store: Store, begin: Begin, stop: threading.Event | None, ahead: int) -> Iterator[Batch]:
    """The batches in the order of landing, `ahead` of them begun before they are asked for."""
    begun: deque[Batch] = deque()
    try:
        while not (stop and stop.is_set()):
            while len(begun) <= ahead and (landed := store.claim(BATCH, BATCH_BYTES)):
                begun.append((landed, begin([_letter(mail) for mail in landed if _needs_reading(mail)])))
            if not begun:
                return
            yield begun.popleft()
    finally:
        for landed, _ in begun:
            store.release(landed)


def _needs_reading(mail: Landed) -> bool:
    return not mail.known and mail.attempts < MAX_ATTEMPTS


def _decided(mail: Landed) -> Reading | None:
    """None for bytes that were read before: the store knows what they came to."""
    return None if mail.known else Reading(outcome=Outcome.QUARANTINED, reason="poison: its readers died")


def _letter(mail: Landed) -> Letter:
    return Letter(mail.raw, mail.authentication, mail.received_at, mail.size)
