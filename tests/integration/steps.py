"""Counts the steps of a fork, kills it at one of them, and lays the product out for that."""

from __future__ import annotations

import gc
import imaplib
import importlib
import itertools
import mmap
import os
import pkgutil
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

import psycopg  # noqa: F401 - this and what is imported for no use below: so that no fork has to import it
from rich import progress  # noqa: F401
from sqlalchemy import Engine, event

import interest_ingest
from interest_ingest import daemon
from interest_ingest.cli import main as main
from interest_ingest.ingest import intake, judge, processing  # noqa: F401
from interest_ingest.ingest.readers import Wait
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.sandbox import Found
from interest_ingest.ingest.worker import Letter, read_letter
from tests.integration.mutants import MUTANTS

BATCH = 2
"""Mails of one transaction, so that few mails make several."""

Step = Callable[[str], None]


def warm() -> None:
    """Have done what every fork needs."""
    for module in pkgutil.walk_packages(interest_ingest.__path__, "interest_ingest."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    read_letter(Letter(b"From: a@b.example\n\nHello", "{}", datetime.now(UTC), 0), Rules())
    gc.freeze()  # what is shared with the forks stays shared
    for room in (intake, processing):
        setattr(room, "BATCH", BATCH)  # noqa: B010 - a constant, to the type checker too


def watch(board: mmap.mmap, kill_at: int | str, mutant: str, number: int = signal.SIGKILL) -> None:
    """Count this process's steps on the `board`, and end it at step `kill_at` (0: never; text: whose name has it).

    It gets the signal `number`; one that is not SIGKILL it may take its time to heed.
    """
    step = _counter(board, kill_at, number)
    event.listen(Engine, "before_cursor_execute", lambda _c, _u, statement, *_: step(f"SQL {statement}"))
    event.listen(Engine, "commit", lambda _: step("COMMIT"))
    _tell_of_lines(step)

    class Here(_Readers):
        tell = staticmethod(step)

    for room in (processing, daemon):
        if hasattr(room, "Readers"):
            setattr(room, "Readers", Here)  # noqa: B010 - the daemon has it or not
    if mutant:
        MUTANTS[mutant].apply()


def _counter(board: mmap.mmap, kill_at: int | str, sent: int) -> Step:
    numbers = itertools.count(1)
    lock = threading.Lock()

    def step(name: str) -> None:
        with lock:
            number = next(numbers)
            board[:] = f"{number} {' '.join(name.split())}".encode()[:200].ljust(len(board), b"\0")
            if number == kill_at or (isinstance(kill_at, str) and kill_at in name):
                os.kill(os.getpid(), sent)
                if sent == signal.SIGKILL:
                    threading.Event().wait()  # whichever thread the signal ends first, this one does no more

    return step


def _tell_of_lines(step: Step) -> None:
    send = imaplib.IMAP4.send

    def told(self: imaplib.IMAP4, data: Any) -> None:
        step(f"IMAP {bytes(data[:60]).decode('ascii', 'replace')}")
        send(self, data)

    imaplib.IMAP4.send = told  # type: ignore[method-assign]  # every line to the server goes through it


class _Readers:
    """Reads in this process, in place of the processes that a fork would have to start."""

    found = Found()

    tell: Step
    processes = 1

    def __init__(self, rules: Rules, *_: Any, **__: Any) -> None:
        self._rules = rules

    def begin(self, letters: list[Letter]) -> Wait:
        self.tell(f"{len(letters)} mails to the readers")

        def wait() -> Any:
            readings = [read_letter(letter, self._rules) for letter in letters]
            self.tell(f"{len(letters)} mails from the readers")
            return readings

        return wait

    def start(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass
