"""From the ledger to the cards: claims landed mails, has them read, records what they came to."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Final

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.readers import Killed, Letter, Readers, Result, Wait
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landed, Store

BATCH: Final = 100
BATCH_BYTES: Final = 8 * 1024 * 1024

MAX_ATTEMPTS: Final = 3
"""Readings that a mail, alone in flight, may not survive before it is left alone."""

POSTPONED: Final = timedelta(minutes=15)
"""How long a mail waits about which no judgement can be given yet."""

Batch = tuple[list[Landed], Wait]
"""Claimed mails, and a call that waits for the readings of those that need one."""

Judge = Callable[[Landed, Reading], Reading | None]
"""Has the last word on a reading, in this process; None: leave the mail as it is for now."""

Pair = tuple[Landed, Reading | None]


def process(
    store: Store,
    rules: Rules,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
    *,
    processes: int = 1,
    judge: Judge | None = None,
    readers: Readers | None = None,
) -> Counter[Outcome]:
    """Read and record landed mails until none is left or `stop` is set; returns how many came to which outcome.

    Each batch is one transaction, and a mail that was landed but not recorded is simply claimed again: killing this at
    any point loses nothing and repeats nothing that can be seen. Mails are read by `readers`, which are then the
    caller's to close and have its rules, or by `processes` new ones. After `stop` it ends within some seconds, whatever
    is being read.
    """
    outcomes: Counter[Outcome] = Counter()
    with nullcontext(readers) if readers else closing(Readers(rules, processes, stop)) as pool:
        for landed, wait in _batches(store, pool, stop):
            try:
                pairs = list(_pairs(store, landed, wait(), judge))
                outcomes.update(one.outcome for one in store.record(pairs))
            finally:
                store.release(landed)
            if progress:
                progress(len(pairs))
    return outcomes


def _batches(store: Store, pool: Readers, stop: threading.Event | None) -> Iterator[Batch]:
    """The batches in the order of landing; for each reader one is begun before it is asked for."""
    begun: deque[Batch] = deque()
    try:
        while not (stop and stop.is_set()):
            while len(begun) <= pool.processes and (landed := store.claim(BATCH, BATCH_BYTES)):
                begun.append((landed, pool.begin([_letter(mail) for mail in landed if _needs_reading(mail)])))
            if not begun:
                return
            yield begun.popleft()
    finally:
        for landed, _ in begun:
            store.release(landed)


def _pairs(store: Store, landed: list[Landed], results: list[Result], judge: Judge | None) -> Iterator[Pair]:
    """What is to be recorded; the other mails stay as they are and are claimed again."""
    answers = iter(results)
    for mail in landed:
        if mail.known:  # the store knows what these bytes came to
            yield mail, None
            continue
        reading = _reading(store, mail, next(answers) if _needs_reading(mail) else None)
        if reading and judge:
            reading = judge(mail, reading)
            if reading is None:
                store.postpone([mail.delivery_id], datetime.now(UTC) + POSTPONED)
        if reading:
            yield mail, reading


def _reading(store: Store, mail: Landed, result: Result) -> Reading | None:
    """None for a mail that has to be read another time."""
    if isinstance(result, Reading):
        return result
    if mail.attempts >= MAX_ATTEMPTS:
        return Reading(outcome=Outcome.QUARANTINED, reason="poison: its readers died")
    if _is_gone(mail):
        return Reading(outcome=Outcome.QUARANTINED, reason="its raw bytes are no longer kept")
    if isinstance(result, Killed) and store.attempted(mail) >= MAX_ATTEMPTS:
        reason = f"poison: it ended its reader {MAX_ATTEMPTS} times, last by {result.cause}"
        return Reading(outcome=Outcome.QUARANTINED, reason=reason)
    return None


def _needs_reading(mail: Landed) -> bool:
    return not mail.known and mail.attempts < MAX_ATTEMPTS and not _is_gone(mail)


def _is_gone(mail: Landed) -> bool:
    """Retention emptied it at the very moment when it was to be read again: that is no empty mail."""
    return mail.size > 0 and not mail.raw


def _letter(mail: Landed) -> Letter:
    return Letter(mail.raw, mail.authentication, mail.received_at, mail.size)
