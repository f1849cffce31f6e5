"""From the ledger to the cards: claims landed mails, reads them, records what they came to."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landed, Store

BATCH = 100
BATCH_BYTES = 8 * 1024 * 1024


def process(
    store: Store,
    rules: Rules,
    stop: threading.Event | None = None,
    progress: Callable[[int], None] | None = None,
) -> Counter[Outcome]:
    """Read and record landed mails until none is left or `stop` is set; returns how many came to which outcome.

    Each batch is one transaction, and a mail that was landed but not recorded is simply claimed again: killing this at
    any point loses nothing and repeats nothing that can be seen.
    """
    outcomes: Counter[Outcome] = Counter()
    while not (stop and stop.is_set()):
        landed = store.claim(BATCH, BATCH_BYTES)
        if not landed:
            break
        try:
            pairs = [(mail, _read(mail, rules)) for mail in landed]
            outcomes.update(one.outcome for one in store.record(pairs))
        finally:
            store.release(landed)
        if progress:
            progress(len(landed))
    return outcomes


def _read(mail: Landed, rules: Rules) -> Reading | None:
    """None for bytes that were read before: the store knows what they came to."""
    if mail.known:
        return None
    return read(
        mail.raw,
        rules,
        authentication=Authentication.from_json(mail.authentication),
        received_at=mail.received_at,
        size=mail.size,
    )
