"""The daemon: what it is made of, how it starts and ends, and the signals that steer it.

Mailboxes are polled by `supervision`; threads here read what has landed, watch how everything goes, and empty what is
kept long enough. All that is worth keeping is in the database at every moment: stopping, at whatever point, loses
nothing.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

import structlog

from interest_ingest import log
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.ingest import processing
from interest_ingest.ingest.judge import Judge
from interest_ingest.ingest.readers import Readers
from interest_ingest.ingest.unread import with_unread_cards
from interest_ingest.store import Store
from interest_ingest.supervision import FAULTS, Job, Supervisor
from interest_ingest.watch import TICK_SECONDS, Watch, disk_low

if TYPE_CHECKING:
    from interest_ingest.settings import Settings

STOP_SECONDS = 6.0
"""How long running work may take to end after a stop was asked for; the contract is ten seconds in all."""

IDLE_SECONDS = 30.0
"""How often landed mails are sought without being told: another process may have imported some."""

CLOCK_SECONDS = 2.0
"""A wall clock that moves by more than this against the monotonic one was set."""

RETENTION_SECONDS = 24 * 3600.0
FIRST_RETENTION_SECONDS = 60.0
"""After the start: what is kept long enough is emptied then, and once a day."""

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
        self._jobs = _jobs(settings)
        self._url = settings.database_url()
        self._store: Store | None = None
        self._watch = Watch(settings)
        self._mailboxes: Supervisor | None = None
        self._stop = threading.Event()
        self._landed = threading.Event()
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read_landed, name="reader", daemon=True)
        self._watcher = threading.Thread(target=self._keep_watch, name="watch", daemon=True)
        self._keeper = threading.Thread(target=self._keep_house, name="retention", daemon=True)

    # From outside

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; a second one ends the process at once. SIGHUP reloads the configuration.

        Raises `UsageError` if the address of the status endpoint is not to be had.
        """
        with self._caught_signals():
            self._watch.start()
            self._watcher.start()
            clean = False
            try:
                if store := self._wait_for_database():
                    self.start(store)
                    self._serve()
            finally:
                clean = self.stop()
        if not clean:
            # An ordinary exit would close SQLite's connections and so wait for the very threads that hang in them.
            os._exit(0)

    def start(self, store: Store) -> None:
        """Begin to poll into `store`, which `stop` closes."""
        self._store = self._watch.store = store
        self._mailboxes = Supervisor(
            store, self._stop, self._on_landed, paused=lambda: disk_low(self._settings), observer=self._watch
        )
        for thread in (self._reader, self._watcher, self._keeper):
            if thread.ident is None:
                thread.start()
        self._mailboxes.start(self._jobs, self._settings.polling.connections_per_host)
        logger.info("started", mailboxes=len(self._jobs))

    def stop(self) -> bool:
        """Cut connections and let the mails in hand be finished; False if STOP_SECONDS were not enough for that."""
        self._stop.set()
        self._landed.set()
        self._watch.stop()
        threads = [self._reader, self._keeper]  # what the watch asks the database is not worth waiting for
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
        if self._store:
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
        self._settings, self._jobs = settings, jobs
        self._watch.configure(settings)
        if self._mailboxes:
            self._mailboxes.change(jobs, settings.polling.connections_per_host)
        self._landed.set()  # whoever reads looks at the configuration again
        logger.info("configuration reloaded", mailboxes=len(jobs))

    # Reading

    def _on_landed(self, _count: int) -> None:
        self._landed.set()

    def _read_landed(self) -> None:
        """Read and record landed mails, by what the configuration says at the time."""
        while not self._stop.is_set():
            settings = self._settings
            try:
                with Readers(settings.rules(), stop=self._stop) as readers:
                    self._read_with(readers, settings)
            except Exception:  # whatever a configuration or a dying process brings: the next one may be better
                logger.exception("reading begins anew after a bug")
                self._stop.wait(FAULTS.longest)

    def _read_with(self, readers: Readers, settings: Settings) -> None:
        """Whenever some landed, until the configuration changes; outlive the database's absence."""
        assert self._store is not None
        own = Judge.open(self._store, settings.limits.of_an_hour())
        self._watch.breakers = own.open_breakers
        judge = with_unread_cards(own) if settings.quarantine.card else own
        _tell_problems(readers)
        failures = 0
        self._landed.set()  # what an earlier run landed and did not record
        while not self._stop.is_set() and settings is self._settings:
            if self._landed.wait(IDLE_SECONDS):
                self._landed.clear()
            if self._process(readers, judge):
                failures = 0
                continue
            failures += 1
            self._stop.wait(FAULTS.pause(failures))
            self._landed.set()

    def _process(self, readers: Readers, judge: processing.Judge) -> bool:
        """Whether all that had landed could be recorded."""
        assert self._store is not None
        try:
            outcomes = processing.process(
                self._store, self._settings.rules(), self._stop, self._progress, readers=readers, judge=judge
            )
        except IngestError as error:
            logger.error("landed mails wait", reason=str(error))
            return False
        except Exception:  # a bug here must not end the intake: what lands is kept and read when it is mended
            logger.exception("landed mails wait for a bug")
            return False
        if outcomes:
            logger.info("recorded", **{str(outcome): count for outcome, count in sorted(outcomes.items())})
        return True

    # Keeping house

    def _keep_watch(self) -> None:
        while not self._stop.is_set():
            self._watch.tick()
            self._stop.wait(TICK_SECONDS)

    def _keep_house(self) -> None:
        """Empty the raw bytes that were kept long enough, once a day."""
        assert self._store is not None
        pause = FIRST_RETENTION_SECONDS
        while not self._stop.wait(pause):
            pause = RETENTION_SECONDS
            try:
                emptied = self._store.empty_raw(datetime.now(UTC) - self._settings.retention.raw, stop=self._stop)
            except IngestError as error:
                logger.warning("raw bytes are emptied later", reason=str(error))
                pause = FIRST_RETENTION_SECONDS
            except Exception:  # tomorrow again
                logger.exception("a bug kept raw bytes from being emptied")
            else:
                logger.info("raw bytes emptied", mails=emptied)


def _jobs(settings: Settings) -> list[Job]:
    """The mailboxes with their passwords; `UsageError` if there are none or a password is not to be had."""
    jobs = [Job(mailbox, settings.account(mailbox)) for mailbox in settings.chosen()]
    log.keep_secret(job.account.password for job in jobs)
    return jobs


def _tell_problems(readers: Readers) -> None:
    """Third-party parsers that cannot be used, once for each configuration."""
    with contextlib.suppress(IngestError):  # that none can be asked at all is told with the mails that wait for it
        for problem in readers.found.problems:
            logger.warning("parser not used", reason=problem)


def _ended(thread: threading.Thread, deadline: float) -> bool:
    if thread.ident is not None:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not thread.is_alive()


def _clock_offset() -> float:
    return time.time() - time.monotonic()
