"""Who reads mails: this process, or several that do nothing else, for a backlog on a machine with more processors."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from typing import NamedTuple

from interest_ingest.cards import Reading
from interest_ingest.errors import IngestError
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules


class Letter(NamedTuple):
    """What a reader is given of a landed mail."""

    raw: bytes
    authentication: str
    received_at: datetime
    size: int


Begin = Callable[[list[Letter]], Callable[[], list[Reading]]]
"""Begins to read some mails; what it gives waits for their readings."""


@contextmanager
def readers(rules: Rules, processes: int) -> Iterator[Begin]:
    """So many processes that read, each for some 80 MB of memory; with 0 this one reads, when it is waited for.

    Raises `IngestError` where one of them is killed.
    """
    if not processes:
        yield lambda letters: partial(_read_all, rules, letters)
        return
    try:
        # Spawned, not forked: this process has threads and connections that a child must not share.
        with ProcessPoolExecutor(processes, get_context("spawn"), _prepare, (replace(rules),)) as pool:

            def begin(letters: list[Letter]) -> Callable[[], list[Reading]]:
                with _uninterrupted():  # the pool starts its processes one by one, as it is given work
                    return pool.submit(_read_here, letters).result

            try:
                yield begin
            except BaseException:  # Ctrl-C too: leaving the pool would wait for all that is being read
                _end(pool)
                raise
    except BrokenProcessPool as error:
        raise IngestError(
            "a process that reads mails was ended from outside (out of memory?): nothing is lost, run it again"
        ) from error


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back: a pool that is interrupted while it starts a process waits for it for ever.

    Blocking the signal is for the new process, which inherits that; here another thread may still get it, and Python
    would raise in this one, so the handler waits too.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal raises here
        return
    received: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: received.append(number))
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(signal.SIGINT, handler)
    if received and callable(handler):
        handler(signal.SIGINT, None)


def _end(pool: ProcessPoolExecutor) -> None:
    """Without waiting for what is being read."""
    pool.shutdown(wait=False, cancel_futures=True)
    for child in active_children():
        child.terminate()


_rules = Rules()


def _prepare(rules: Rules) -> None:
    """In a reader: know the rules, leave Ctrl-C to the parent, and do not outlive it."""
    global _rules
    _rules = rules
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


def _read_here(letters: list[Letter]) -> list[Reading]:
    return _read_all(_rules, letters)


def _read_all(rules: Rules, letters: list[Letter]) -> list[Reading]:
    return [_read(letter, rules) for letter in letters]


def _read(letter: Letter, rules: Rules) -> Reading:
    found = Authentication.from_json(letter.authentication)
    return read(letter.raw, rules, authentication=found, received_at=letter.received_at, size=letter.size)
