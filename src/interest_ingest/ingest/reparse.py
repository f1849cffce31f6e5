"""Stored mails read again with today's parsers, in the processes in which mails are always read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.blocking import BlockList
from interest_ingest.ingest.readers import Letter, Readers, Result
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Reread, Store, Stored


@dataclass(slots=True)
class Reparsed:
    """What reading again came to, so far."""

    read: int = 0
    changed: int = 0
    failed: dict[int, str] = field(default_factory=dict)
    """Mails that no process survived, with what ended it; they stay as they are."""
    emptied: list[int] = field(default_factory=list)
    """Mails whose bytes retention has emptied."""


def reparse(
    store: Store,
    rules: Rules,
    result: Reparsed,
    *,
    since: datetime | None = None,
    parser: str | None = None,
    apply: bool = False,
    processes: int = 1,
    stop: threading.Event | None = None,
) -> Iterator[Reread]:
    """Read all recorded mails again and yield what that changes, batch by batch; written only with `apply`.

    `since`: only mails received at or after it. `parser`: only mails that it read then or reads now. Blocked authors
    stay blocked; limits on floods do not apply to what was let through.
    """
    result.emptied.extend(store.emptied(since))
    blocked = BlockList.of(store.blocks())
    with closing(Readers(rules, processes, stop)) as readers:
        for batch in store.stored(since):
            if stop and stop.is_set():
                return
            pairs = []
            for mail, answer in zip(batch, readers.begin([_letter(mail) for mail in batch])(), strict=True):
                if reading := _reading(mail, answer, result):
                    pairs.append((mail, _without_blocked(reading, blocked)))
            chosen = [(mail, new) for mail, new in pairs if parser is None or parser in (mail.parser, new.parser)]
            result.read += len(chosen)
            changes = store.reread(chosen, apply=apply)
            result.changed += len(changes)
            yield from changes


def _letter(mail: Stored) -> Letter:
    landed = mail.landed
    return Letter(landed.raw, landed.authentication, landed.received_at, landed.size)


def _reading(mail: Stored, answer: Result, result: Reparsed) -> Reading | None:
    if isinstance(answer, Reading):
        return answer
    result.failed[mail.mail_id] = answer.cause if answer else "not read in time"
    return None


def _without_blocked(reading: Reading, blocked: BlockList) -> Reading:
    kept = tuple(card for card in reading.cards if not blocked.has(card))
    if len(kept) == len(reading.cards):
        return reading
    blocked_all = {} if kept else {"outcome": Outcome.IGNORED, "reason": "blocked"}
    return reading.model_copy(update={"cards": kept, **blocked_all})
