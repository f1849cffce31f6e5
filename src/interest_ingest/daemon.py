"""The daemon: what it is made of, how it starts and ends, and the signals that steer it.

Mailboxes are polled by `supervision`, one thread here reads what has landed, another one looks after the house. All
that is worth keeping is in the database at every moment: stopping, at whatever point, loses nothing.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from interest_ingest import disk, log
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.ingest.processing import process
from interest_ingest.store import Store
from interest_ingest.supervision import FAULTS, Job, Supervisor

if TYPE_CHECKING:
    from interest_ingest.settings import Settings

STOP_SECONDS = 6.0
"""How long running work may take to end after a stop was asked for; the contract is ten seconds in all."""

IDLE_SECONDS = 30.0
"""How often landed mails are sought without being told: another process may have imported some."""

CLOCK_SECONDS = 2.0
"""A wall clock that moves by more than this against the monotonic one was set."""

LOOK_SECONDS = 1.0
"""How often the clock is looked at."""

logger = structlog.get_logger(__name__)


class Daemon:
    """Polls the mailboxes of `settings` and turns what lands into cards until it is told to stop.

    `reload` gives a new configuration at SIGHUP. `progress` is called with the number of mails after each recorded
    batch, from the reading thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        reload: Callable[[], Settings] | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        self._settings = settings
        self._reload = reload
        self._progress = progress
        self._rules = settings.rules()
        self._jobs = _jobs(settings)
        self._url = settings.database_url()
        self._full = False
        self._store: Store | None = None
        self._mailboxes: Supervisor | None = None
        self._stop = threading.Event()
        self._landed = threading.Event()
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_landed, name="reader", daemon=True)

    # From outside

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP reloads the configuration."""
        with self._caught_signals():
            store = self._wait_for_database()
            if store is None:
                return
            clean = False
            try:
                self.start(store)
                self._serve()
            finally:
                clean = self.stop()
        if not clean:
            # An ordinary exit would close SQLite's connections and so wait for the very threads that hang in them.
            os._exit(0)

    def start(self, store: Store) -> None:
        """Begin to poll into `store`, which `stop` closes."""
        self._store = store
        self._mailboxes = Supervisor(store, self._stop, self._on_landed, self._paused)
        self._reader.start()
        self._mailboxes.start(self._jobs, self._settings.polling.connections_per_host)
        logger.info("started", mailboxes=len(self._jobs))

    def stop(self) -> bool:
        """Cut connections and let the mails in hand be finished; False if STOP_SECONDS were not enough for that."""
        self._stop.set()
        self._landed.set()
        threads = [self._reader]
        if self._mailboxes:
            self._mailboxes.stop()
            threads += self._mailboxes.threads
        deadline = time.monotonic() + STOP_SECONDS
        left = [thread.name for thread in threads if not _ended(thread, deadline)]
        if not left:
            # Closing gives back the leases, which a database that is held or away can make long.
            closer = threading.Thread(target=self._close, name="closer", daemon=True)
            closer.start()
            left = [] if _ended(closer, deadline) else [closer.name]
        if left:
            # They are daemon threads; what they had not committed is done again next time.
            logger.warning("stopped without waiting longer", left=left)
        logger.info("stopped")
        return not left

    def _close(self) -> None:
        if self._store:
            self._store.close()

    # Steering

    def _serve(self) -> None:
        offset = _clock_offset()
        while not self._told_to_stop(LOOK_SECONDS):
            if abs(_clock_offset() - offset) > CLOCK_SECONDS:
                logger.warning("the clock was set", seconds=round(_clock_offset() - offset))
                offset = _clock_offset()
                if self._mailboxes:
                    self._mailboxes.schedule()

    def _told_to_stop(self, seconds: float) -> bool:
        """Wait so long for a signal and heed it."""
        try:
            received = self._signals.get(timeout=seconds)
        except queue.Empty:
            return False
        if received == signal.SIGHUP:
            self._load_again()
            return False
        return True

    @contextlib.contextmanager
    def _caught_signals(self) -> Iterator[None]:
        """A handler only puts into a SimpleQueue: its `put` may interrupt any other call, an Event's `set` may not."""
        asked: list[int] = []

        def stop(number: int, _frame: FrameType | None) -> None:
            if asked:
                os._exit(128 + number)
            asked.append(number)
            self._signals.put(number)

        def reload(number: int, _frame: FrameType | None) -> None:
            self._signals.put(number)

        handlers = {signal.SIGTERM: stop, signal.SIGINT: stop, signal.SIGHUP: reload}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _wait_for_database(self) -> Store | None:
        """The opened database, however long it is away; None if told to stop before."""
        for failures in range(1_000_000):
            try:
                return Store.open(self._url)
            except Unreachable as error:
                if error.__cause__ is None:  # it answers and refuses us: a newer schema, a folder in place of a file
                    raise
                logger.error("database", reason=str(error))
            if self._told_to_stop(FAULTS.pause(failures + 1)):
                return None
        return None

    def _load_again(self) -> None:
        if self._reload is None:
            return
        try:
            settings = self._reload()
            jobs = _jobs(settings)
            if settings.database_url() != self._url:
                raise UsageError("url of [database] has changed: that needs a restart")
        except UsageError as error:
            logger.error("configuration not reloaded, the running one stays", reason=str(error))
            return
        self._settings, self._rules, self._jobs = settings, settings.rules(), jobs
        if self._mailboxes:
            self._mailboxes.change(jobs, settings.polling.connections_per_host)
        logger.info("configuration reloaded", mailboxes=len(jobs))

    # Reading

    def _on_landed(self, _count: int) -> None:
        self._landed.set()

    def _paused(self) -> str | None:
        """Why nothing may be taken in: what is left of a disk is for what was taken in already."""
        room = disk.room(self._url)
        full = room is not None and room.low
        if full != self._full:
            self._full = full
            logger.error("the disk is nearly full, intake pauses") if full else logger.info("intake goes on")
        return "the disk is nearly full" if full else None

    def _read_landed(self) -> None:
        """Read and record landed mails, whenever some landed; outlive the database's absence."""
        failures = 0
        self._landed.set()  # what an earlier run landed and did not record
        while not self._stop.is_set():
            if self._landed.wait(IDLE_SECONDS):
                self._landed.clear()
            if self._process():
                failures = 0
                continue
            failures += 1
            self._stop.wait(FAULTS.pause(failures))
            self._landed.set()

    def _process(self) -> bool:
        """Whether all that had landed could be recorded."""
        assert self._store is not None
        try:
            outcomes = process(self._store, self._rules, self._stop, self._progress)
        except IngestError as error:
            logger.error("landed mails wait", reason=str(error))
            return False
        except Exception:  # a bug here must not end the intake: what lands is kept and read when it is mended
            logger.exception("landed mails wait for a bug")
            return False
        if outcomes:
            logger.info("recorded", **{str(outcome): count for outcome, count in sorted(outcomes.items())})
        return True


def _jobs(settings: Settings) -> list[Job]:
    """The mailboxes with their passwords; `UsageError` if there are none or a password is not to be had."""
    jobs = [Job(mailbox, settings.account(mailbox)) for mailbox in settings.chosen()]
    log.keep_secret(job.account.password for job in jobs)
    return jobs


def _ended(thread: threading.Thread, deadline: float) -> bool:
    if thread.ident is not None:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not thread.is_alive()


def _clock_offset() -> float:
    return time.time() - time.monotonic()
