"""Who reads mails: processes that do nothing else, so that a mail that hangs or crashes one costs only itself.

They are kept warm by pebble. Mails go to them in small chunks, because a call costs as much as a short mail; a chunk
whose reader died is read again mail by mail, so that the culprit is known and the others have their cards.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, wait
from concurrent.futures import TimeoutError as OutOfTime
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context, resource_tracker
from types import TracebackType
from typing import Final, Self

from pebble import ProcessExpired, ProcessPool
from pydantic import ValidationError

from interest_ingest.cards import Outcome, Reading
from interest_ingest.errors import IngestError
from interest_ingest.ingest import confine, worker
from interest_ingest.ingest.reading import elsewhere
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.sandbox import Found, Interrupted, Sandboxes
from interest_ingest.ingest.sandbox import Killed as Killed
from interest_ingest.ingest.worker import Letter as Letter

CHUNK: Final = 25
CHUNK_BYTES: Final = 1024 * 1024
CHUNK_SECONDS: Final = 2.0
"""For a chunk of several mails, which take some milliseconds each."""

PATIENCE_SECONDS: Final = 2.0
"""After so long no further mail of a batch is begun that must be read by itself: it is left for the next claim, so that
the others are not kept for more than this and the limit of one mail."""

HANDING_SECONDS: Final = 1.0
"""The same for mails that third-party parsers read."""

STOP_SECONDS: Final = 2.0
"""So long a batch that is being read goes on after a stop was asked for."""

LOST_SECONDS: Final = confine.LIMITS.wall + 4
"""After so long without any answer the pool itself is broken: a reader that was killed at the wrong moment took the
lock of its pipe along. Each mail ends before, and starting a reader takes a third of a second."""

MAX_STARTS: Final = 3
CHUNKS_A_LIFE: Final = 100
"""After so many chunks a reader makes room for a fresh one, which takes a third of a second."""


Result = Reading | Killed | None
"""What became of a mail; None: it was not read yet, for want of time, and through no fault of its own."""

Wait = Callable[[], list[Result]]
Begin = Callable[[list[Letter]], Wait]
"""Begins to read some mails; what it gives waits for their results, in the order of the mails."""


@contextmanager
def readers(rules: Rules, processes: int = 1) -> Iterator[Begin]:
    """So many processes that read, each for some 60 MB of memory; they are started when there is something to read.

    Raises `IngestError` where they cannot be kept alive.
    """
    with Readers(rules, processes) as pool:
        yield pool.begin


def settled(result: Result) -> Reading:
    """A result as a reading, for whoever does not try again."""
    if isinstance(result, Reading):
        return result
    return Reading(outcome=Outcome.QUARANTINED, reason=f"poison: {result.cause if result else 'not read in time'}")


class Readers:
    """The processes, for as long as somebody holds them. Used by one thread; `stop` may be set by any."""

    def __init__(self, rules: Rules, processes: int = 1, stop: threading.Event | None = None) -> None:
        self._rules = replace(rules)  # a copy: what the original has cached need not travel
        self.processes = max(1, processes)
        self._stop = stop or threading.Event()
        self._pool: ProcessPool | None = None
        self._found: Found | None = None
        self._sandboxes = Sandboxes(rules, self._stop)
        self._answered = 0.0
        self._stopping: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the processes, whatever they do."""
        self._sandboxes.close()
        self._end_pool()

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool:
            pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves that one without types
            pool.join()

    @property
    def found(self) -> Found:
        """The third-party parsers; asked in their sandboxes when this is first wanted."""
        if self._found is None:
            try:
                self._found = self._sandboxes.find() if self._rules.third_party else Found()
            except Interrupted:
                return Found()
        return self._found

    def start(self) -> None:
        """Start the processes now, so that they are there when the first mail is."""
        if self._pool:
            return
        rules = replace(self._rules, foreign=self.found.parsers)
        resource_tracker.ensure_running()  # it would unblock SIGINT once more while it starts
        with _uninterrupted():
            self._pool = ProcessPool(
                self.processes,
                max_tasks=CHUNKS_A_LIFE,
                initializer=worker.prepare,
                initargs=(rules,),
                # Spawned, not forked: this process has threads and connections that a child must not share.
                context=get_context("spawn"),
            )
            assert self._pool.active  # starts it

    def begin(self, letters: list[Letter]) -> Wait:
        """Begin to read `letters`; the call that is returned waits for their results."""
        sent = [self._send(chunk) for chunk in _chunks(letters)]
        return lambda: self._results(sent)

    def _send(self, letters: list[Letter]) -> _Sent:
        seconds = CHUNK_SECONDS if len(letters) > 1 else self._rules.limits.wall
        reason = "they are ended as soon as they start"
        for _ in range(MAX_STARTS):
            try:
                self.start()
                assert self._pool
                # The reader ends itself in time; should it not even do that, pebble ends it a second later.
                future = self._pool.schedule(worker.read_chunk, (letters, seconds), timeout=seconds + 1)
                future.add_done_callback(self._note_answer)
                return _Sent(letters, self._pool, future)
            except (RuntimeError, OSError) as error:
                # A reader that died idle, as by the kernel for want of memory, breaks the pool; and there may be no
                # room for another process, thread or open file, or the working directory is gone.
                reason = _innermost(error) or reason
                self._end_pool()
        raise IngestError(f"no processes to read mails can be started ({reason}): nothing is lost, run it again")

    def _note_answer(self, _future: Future[list[bytes]]) -> None:
        self._answered = time.monotonic()

    def _results(self, sent: list[_Sent]) -> list[Result]:
        """Those of whole chunks first; mails that are read one by one must not keep the others."""
        answers = [self._answer(one) for one in sent]
        until = time.monotonic() + PATIENCE_SECONDS
        results: list[Result] = []
        for one, answer in zip(sent, answers, strict=True):
            if isinstance(answer, Killed) and len(one.letters) > 1:
                results += self._one_by_one(one.letters, until)
            else:
                results += _each(answer, one.letters)
        letters = [letter for one in sent for letter in one.letters]
        until += HANDING_SECONDS - PATIENCE_SECONDS
        return [self._handed_on(*pair, until) for pair in zip(letters, results, strict=True)]

    def _one_by_one(self, letters: list[Letter], until: float) -> list[Result]:
        """Until the culprit is found; those after it are read together again."""
        results: list[Result] = []
        while letters:
            results.append(self._alone(letters[0], until))
            letters = letters[1:]
            if letters and isinstance(results[-1], Killed):
                answer = self._answer(self._send(letters))
                if len(letters) == 1 or not isinstance(answer, Killed):
                    return results + _each(answer, letters)
        return results

    def _alone(self, letter: Letter, until: float) -> Result:
        if self._stop.is_set() or time.monotonic() > until:
            return None
        answer = self._answer(self._send([letter]))
        return answer[0] if isinstance(answer, list) else answer

    def _handed_on(self, letter: Letter, result: Result, until: float) -> Result:
        """The result; where a third-party parser is to read the mail, what comes of that."""
        by_name = {one.name: one for one in self.found.parsers}
        while isinstance(result, Reading) and elsewhere(result) and result.parser in by_name:
            if self._stop.is_set() or time.monotonic() > until:
                return None
            try:
                answer = self._sandboxes.read(by_name[result.parser], letter, result)
            except Interrupted:
                return None
            if isinstance(answer, Killed) or answer.parser:
                return answer
            # A fallback parser that yields nothing passes the mail on.
            letter = letter._replace(without=letter.without | {result.parser})
            result = self._alone(letter, until)
        return result

    def _answer(self, sent: _Sent) -> list[Result] | Killed | None:
        """The readings of a chunk, what killed its reader, or None if none could be asked."""
        for _ in range(MAX_STARTS):
            try:
                return [_reading(document) for document in self._wait(sent)]
            except ProcessExpired as death:
                if death.exitcode != worker.AGAIN:
                    return Killed(confine.cause(death.exitcode or 0, self._rules.limits))
            except OutOfTime:
                return Killed(confine.cause(-signal.SIGALRM, self._rules.limits))
            except (BrokenProcessPool, CancelledError, TypeError):  # the last from a pipe that pebble closed meanwhile
                if sent.pool is self._pool:
                    self._end_pool()
            except _Stopped:
                return None
            sent = self._send(sent.letters)
        return None

    def _stop_at(self, now: float) -> float:
        """Until when the mails in hand may be finished."""
        if self._stopping is None:
            self._stopping = now + STOP_SECONDS
        return self._stopping

    def _wait(self, sent: _Sent) -> list[bytes]:
        since = time.monotonic()
        while not wait([sent.future], timeout=0.2).done:
            now = time.monotonic()
            if self._stop.is_set() and now > self._stop_at(now):
                raise _Stopped
            lost = now > max(since, self._answered) + LOST_SECONDS
            if lost or not sent.pool.active:  # what a broken pool had not sent yet it forgets
                raise BrokenProcessPool
        return sent.future.result()


@dataclass(frozen=True, slots=True)
class _Sent:
    letters: list[Letter]
    pool: ProcessPool
    future: Future[list[bytes]]


class _Stopped(Exception):
    pass


def _innermost(error: BaseException) -> str:
    """What the system said that led to `error`, if it did."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, FileNotFoundError) and not error.filename:
        return "the working directory is gone"
    return ((error.strerror or "") if isinstance(error, OSError) else str(error)).lower()


def _each(answer: list[Result] | Killed | None, letters: list[Letter]) -> list[Result]:
    return answer if isinstance(answer, list) else [answer] * len(letters)


def _reading(document: bytes) -> Result:
    try:
        return Reading.model_validate_json(document)
    except ValidationError:
        return Reading(outcome=Outcome.QUARANTINED, reason="its reader gave no valid reading")


def _chunks(letters: list[Letter]) -> Iterator[list[Letter]]:
    chunk: list[Letter] = []
    size = 0
    for letter in letters:
        if chunk and (len(chunk) == CHUNK or size + len(letter.raw) > CHUNK_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(letter)
        size += len(letter.raw)
    if chunk:
        yield chunk


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back: a pool that is interrupted while it starts a process waits for it for ever.

    Blocking the signal is for the new processes and the pool's own threads, which inherit that; here another thread may
    still get it, and Python would raise in this one, so the handler waits too.
    """
    if threading.current_thread() is not threading.main_thread():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
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
