"""The daemon: one job for each mailbox, one thread that reads what has landed, and the signals that steer both.

Every poll runs in a thread of its own, so a mailbox that never answers holds up nothing but itself. All that is worth
keeping is in the database at every moment: stopping, at whatever point, loses nothing.
"""

from __future__ import annotations

import contextlib
import math
import os
import queue
import random
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from interest_ingest import log
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.ingest.intake import PollResult, poll_mailbox
from interest_ingest.ingest.processing import process
from interest_ingest.mailbox.faults import AuthenticationFailed
from interest_ingest.store import Store

if TYPE_CHECKING:
    from interest_ingest.ingest.rules import Rules
    from interest_ingest.mailbox.account import Account
    from interest_ingest.settings import Mailbox, Settings

STOP_SECONDS = 6.0
"""How long running work may take to end after a stop was asked for; the contract is ten seconds in all."""

STAGGER_SECONDS = 0.05
"""Between the first polls of two mailboxes, so that a thousand do not log in within the same moment."""

BACK_OFF = (1.0, 300.0)
"""Shortest and longest pause after failures, in seconds; doubled each time."""

IDLE_SECONDS = 30.0
"""How often landed mails are sought without being told: another process may have imported some."""

SWEEP_SECONDS = 3600.0

REFUSED_LOGINS = 3
REFUSED_SECONDS = 3600.0
"""After so many refused log-ins only one an hour: providers lock accounts. A reload tries at once."""

CLOCK_SECONDS = 5.0
"""A wall clock that moves by more than this against the monotonic one was set."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """What the poll of a mailbox needs; fixed when it is scheduled."""

    mailbox: Mailbox
    account: Account


@dataclass(slots=True)
class _Course:
    """How the polls of a mailbox have gone lately. Touched by one poll at a time."""

    failures: int = 0
    swept_at: float = -math.inf
    """When all its messages were last asked for, on the monotonic clock."""

    def sweep_due(self) -> bool:
        """At the first poll, hourly, and after any error: a server may show a lower UID later."""
        return bool(self.failures) or time.monotonic() - self.swept_at > SWEEP_SECONDS


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
        self._rules: Rules = settings.rules()
        self._jobs = _jobs(settings)
        self._store: Store | None = None
        self._stop = threading.Event()
        self._landed = threading.Event()
        self._signals: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._courses: defaultdict[str, _Course] = defaultdict(_Course)
        self._polls = _ThreadPerPoll()
        self._scheduler = BackgroundScheduler(
            executors={"default": self._polls},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.add_listener(_tell_skipped, EVENT_JOB_MAX_INSTANCES)
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
        self._reader.start()
        self._schedule()
        self._scheduler.start()
        logger.info("started", mailboxes=len(self._jobs))

    def stop(self) -> bool:
        """Cut connections and let the mails in hand be finished; False if STOP_SECONDS were not enough for that."""
        self._stop.set()
        self._landed.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        deadline = time.monotonic() + STOP_SECONDS
        # Closing gives back the leases, which a database that is held or away can make long.
        closer = threading.Thread(target=self._close, name="closer", daemon=True)
        left = [thread.name for thread in (self._reader, *self._polls.threads) if not _ended(thread, deadline)]
        if not left:
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
        while not self._told_to_stop(1.0):
            if abs(_clock_offset() - offset) > CLOCK_SECONDS:
                # APScheduler waits for wall-clock times: set back by a day, it would not poll for a day.
                logger.warning("the clock was set", seconds=round(_clock_offset() - offset))
                offset = _clock_offset()
                self._schedule()

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
                return Store.open(self._settings.database_url())
            except Unreachable as error:
                if error.__cause__ is None:  # it answers and refuses us: a newer schema, a folder in place of a file
                    raise
                logger.error("database", reason=str(error))
            if self._told_to_stop(_pause(failures)):
                return None
        return None

    def _load_again(self) -> None:
        if self._reload is None:
            return
        try:
            settings = self._reload()
            jobs = _jobs(settings)
            if settings.database_url() != self._settings.database_url():
                raise UsageError("url of [database] has changed: that needs a restart")
        except UsageError as error:
            logger.error("configuration not reloaded, the running one stays", reason=str(error))
            return
        self._settings, self._rules, self._jobs = settings, settings.rules(), jobs
        self._courses.clear()
        self._schedule()
        logger.info("configuration reloaded", mailboxes=len(jobs))

    # Polling

    def _schedule(self) -> None:
        """One job for each mailbox, its first poll at once; a poll that is running goes on."""
        for old in self._scheduler.get_jobs():
            old.remove()
        for number, job in enumerate(self._jobs):
            interval = job.mailbox.poll_interval.total_seconds()
            wait = min(number * STAGGER_SECONDS, number / len(self._jobs) * interval)
            self._scheduler.add_job(
                self._poll,
                "interval",
                args=[job],
                seconds=interval,
                id=job.mailbox.name,
                next_run_time=datetime.now(UTC) + timedelta(seconds=wait),
                replace_existing=True,
            )

    def _poll(self, job: _Job) -> None:
        with structlog.contextvars.bound_contextvars(mailbox=job.mailbox.name):
            course = self._courses[job.mailbox.name]
            sweep = course.sweep_due()
            result = self._poll_isolated(job, sweep)
            if self._stop.is_set():
                return
            self._note(job, result)
            if isinstance(result, Exception):
                self._back_off(job, course, result)
                return
            if course.failures:
                logger.info("mailbox answers again", failures=course.failures)
            course.failures = 0
            course.swept_at = time.monotonic() if sweep else course.swept_at
            if result.landed or result.unfetchable:
                logger.info("polled", seen=result.seen, landed=result.landed, unfetchable=len(result.unfetchable))

    def _poll_isolated(self, job: _Job, sweep: bool) -> PollResult | Exception:
        assert self._store is not None
        try:
            return poll_mailbox(self._store, job.account, job.mailbox.intake(sweep=sweep), self._stop, self._on_landed)
        except IngestError as error:
            return error
        except Exception as error:  # a bug that one mailbox meets must not end the polling of the others
            logger.exception("a bug ended a poll")
            return error

    def _note(self, job: _Job, result: PollResult | Exception) -> None:
        """Tell the ledger, for `check --polled` and whoever looks at the database."""
        assert self._store is not None
        with contextlib.suppress(IngestError):  # an absent database is told by whoever needs it
            mailbox_id = self._store.mailbox(job.mailbox.name, job.mailbox.folder)
            self._store.polled(mailbox_id, _reason(result) if isinstance(result, Exception) else None)

    def _on_landed(self, _count: int) -> None:
        self._landed.set()

    def _back_off(self, job: _Job, course: _Course, error: Exception) -> None:
        """Put off the next poll: by its interval at least, by more after each further failure."""
        course.failures += 1
        pause = max(job.mailbox.poll_interval.total_seconds(), _pause(course.failures))
        if isinstance(error, AuthenticationFailed) and course.failures >= REFUSED_LOGINS:
            pause = max(pause, REFUSED_SECONDS)
        pause *= random.uniform(1.0, 1.2)  # noqa: S311  jitter: what failed together shall not come back together
        pause = max(pause, getattr(error, "retry_after", None) or 0.0)
        logger.error("poll failed", reason=_reason(error), failures=course.failures, next_in=round(pause, 1))
        with contextlib.suppress(JobLookupError):  # a reload may have taken the mailbox away
            self._scheduler.modify_job(job.mailbox.name, next_run_time=datetime.now(UTC) + timedelta(seconds=pause))

    # Reading

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
            self._stop.wait(_pause(failures))
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


class _ThreadPerPoll(BaseExecutor):  # type: ignore[misc]  # untyped base
    """Runs each poll in a daemon thread of its own.

    APScheduler's pool of ten threads starves: ten mailboxes that do not answer keep all others from being polled.
    """

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[threading.Thread] = set()

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        thread = threading.Thread(target=self._run, args=(job, run_times), name=f"poll {job.id}", daemon=True)
        self.threads = {one for one in self.threads if one.is_alive()} | {thread}
        thread.start()

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))


def _jobs(settings: Settings) -> list[_Job]:
    """The mailboxes with their passwords; `UsageError` if there are none or a password is not to be had."""
    jobs = [_Job(mailbox, settings.account(mailbox)) for mailbox in settings.chosen()]
    log.keep_secret(job.account.password for job in jobs)
    return jobs


def _reason(error: Exception) -> str:
    """Our own errors are sentences for people; of a bug only the kind is told, its text may quote a mail."""
    return str(error) if isinstance(error, IngestError) else type(error).__name__


def _pause(failures: int) -> float:
    """Seconds to wait after so many failures in a row."""
    shortest, longest = BACK_OFF
    return min(longest, shortest * 2.0 ** min(failures, 20))


def _ended(thread: threading.Thread, deadline: float) -> bool:
    if thread.ident is not None:
        thread.join(max(0.0, deadline - time.monotonic()))
    return not thread.is_alive()


def _clock_offset() -> float:
    return time.time() - time.monotonic()


def _tell_skipped(event: JobSubmissionEvent) -> None:
    logger.warning("poll skipped: the last one has not ended", mailbox=event.job_id)
