"""The supervision of mailboxes: each is polled in a thread of its own, at its interval, and fails by itself.

A mailbox that does not answer, refuses the log-in or meets a bug is put off, longer after each failure; the others go
on. The number of connections to one server is bounded, IDLE brings polls forward.
"""

from __future__ import annotations

import contextlib
import math
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import structlog
from apscheduler.events import EVENT_JOB_MAX_INSTANCES, JobSubmissionEvent
from apscheduler.executors.base import BaseExecutor, run_job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler

from interest_ingest.errors import IngestError, Unreachable
from interest_ingest.ingest.intake import PollResult, poll_mailbox
from interest_ingest.mailbox.budget import Budget, Closed, Use
from interest_ingest.mailbox.faults import AuthenticationFailed, MailboxError, Throttled, TooSlow, Unavailable
from interest_ingest.mailbox.idle import Idle
from interest_ingest.store import Store

if TYPE_CHECKING:
    from interest_ingest.mailbox.account import Account
    from interest_ingest.settings import Mailbox

STAGGER_SECONDS = 0.05
"""Between the first polls of two mailboxes, so that a thousand do not log in within the same moment."""

SWEEP_SECONDS = 3600.0

REFUSED_LOGINS = 3
REFUSED_SECONDS = 4000.0
"""After so many refused log-ins only one in this time: providers lock accounts. That makes at most 24 in the first day,
and none within the first hour after the third. A reload tries at once."""

HINT_SECONDS = 5.0
"""From the beginning of one poll to that of the next that IDLE asks for: each costs a log-in."""

JITTER = 0.2
SUGGESTED_JITTER = 0.1
"""Pauses are longer by up to this part: what failed together shall not come back together."""

logger = structlog.get_logger(__name__)


class BackOff(NamedTuple):
    """Shortest and longest pause after failures, in seconds; doubled each time."""

    shortest: float
    longest: float

    def pause(self, failures: int) -> float:
        """The pause after so many failures in a row (at least 1)."""
        return min(self.longest, self.shortest * 2.0 ** min(failures - 1, 20))


FAULTS = BackOff(1.0, 300.0)
THROTTLED = BackOff(60.0, 3600.0)

_PASSING = (Unavailable, TooSlow)
"""Faults of network, server or database that may be over in a second: worth an attempt before the next poll is due."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the poll of a mailbox needs; fixed when it is scheduled."""

    mailbox: Mailbox
    account: Account

    @property
    def interval(self) -> float:
        """Seconds from one poll to the next."""
        return self.mailbox.poll_interval.total_seconds()


@dataclass(slots=True)
class Course:
    """How the polls of a mailbox have gone since the start or the last reload. All instants are monotonic."""

    failures: int = 0
    """In a row."""
    refused: int = 0
    """Log-ins, since the last that was not."""
    succeeded: bool = False
    swept_at: float = -math.inf
    """When all its messages were last asked for."""
    begun_at: float = -math.inf
    not_before: float = -math.inf
    running: bool = False
    hinted: bool = False
    """While a poll was running IDLE told of new mail, or the configuration was reloaded."""

    @property
    def use(self) -> Use:
        """A mailbox that never answered yet is as doubtful as one that fails."""
        return Use.POLL if self.succeeded and not self.failures else Use.DOUBTFUL

    def sweep_due(self) -> bool:
        """At the first poll, hourly, and after any error: a server may show a lower UID later."""
        return bool(self.failures) or time.monotonic() - self.swept_at > SWEEP_SECONDS

    def well(self, *, swept: bool) -> None:
        """Note a poll that succeeded."""
        self.failures = self.refused = 0
        self.succeeded = True
        self.swept_at = time.monotonic() if swept else self.swept_at

    def failed(self, error: Exception, interval: float) -> float:
        """Note a failure; gives the seconds until the next poll."""
        self.failures += 1
        self.refused += isinstance(error, AuthenticationFailed)
        pause = self._pause(error, interval) * _jitter(JITTER)
        if suggested := getattr(error, "retry_after", None):
            pause = max(interval, suggested * _jitter(SUGGESTED_JITTER))
        if isinstance(error, AuthenticationFailed) and self.refused >= REFUSED_LOGINS:
            pause = max(pause, REFUSED_SECONDS * _jitter(JITTER))
        self.not_before = time.monotonic() + pause
        return pause

    def _pause(self, error: Exception, interval: float) -> float:
        if isinstance(error, Throttled):
            return max(interval, THROTTLED.pause(self.failures))
        passing = isinstance(error, _PASSING) or (
            isinstance(error, Unreachable) and not isinstance(error, MailboxError)  # the database
        )
        pause = FAULTS.pause(self.failures)
        return pause if passing else max(interval, pause)


class Observer(Protocol):
    """Who is told how polls go."""

    def polled(self, mailbox: str, error: Exception | None = None) -> None:
        """A poll has ended, completed or with this error."""

    def skipped(self, mailbox: str) -> None:
        """A poll was due while the last one had not ended."""


class Supervisor:
    """Polls mailboxes into `store` until `stop` is set.

    `landed` is told how many mails were just landed; `paused` gives a sentence if nothing may be taken in now.
    """

    def __init__(
        self,
        store: Store,
        stop: threading.Event,
        landed: Callable[[int], None],
        paused: Callable[[], str | None],
        observer: Observer,
    ) -> None:
        self._store = store
        self._stop = stop
        self._landed = landed
        self._paused = paused
        self._observer = observer
        self._jobs: Sequence[Job] = ()
        self._courses: defaultdict[str, Course] = defaultdict(Course)
        self._lock = threading.Lock()
        self._budget = Budget(1)
        self._idle = Idle(self._hint, self._budget)
        self._polls = _ThreadPerPoll(self._ended)
        self._scheduler = BackgroundScheduler(
            executors={"default": self._polls},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        self._scheduler.add_listener(self._note_skipped, EVENT_JOB_MAX_INSTANCES)

    def start(self, jobs: Sequence[Job], connections_per_host: int) -> None:
        """Begin; the first polls at once."""
        self.change(jobs, connections_per_host)
        self._scheduler.start()
        self._idle.start()

    def change(self, jobs: Sequence[Job], connections_per_host: int) -> None:
        """Poll these mailboxes from now on, each at once, whatever happened before.

        Polls that are running go on as they began, and those mailboxes are polled anew when they end.
        """
        self._jobs = jobs
        self._begin_courses()
        self._budget.per_host = connections_per_host
        self._idle.watch(job.account for job in jobs if job.mailbox.idle)
        self.schedule()

    def _begin_courses(self) -> None:
        with self._lock:
            running = [name for name, course in list(self._courses.items()) if course.running]
            self._courses.clear()
            self._courses.update((name, Course(running=True, hinted=True)) for name in running)

    def schedule(self) -> None:
        """Set the polls anew: at once, or when a pause after failures ends.

        Also after the clock was set: APScheduler waits for wall-clock times, set back by a day it would not poll for a
        day.
        """
        for old in self._scheduler.get_jobs():
            old.remove()
        for number, job in enumerate(self._jobs):
            pause = self._courses[job.mailbox.name].not_before - time.monotonic()
            wait = max(pause, min(number * STAGGER_SECONDS, number / len(self._jobs) * job.interval))
            self._scheduler.add_job(
                self._poll,
                "interval",
                args=[job],
                seconds=job.interval,
                id=job.mailbox.name,
                next_run_time=_from_now(wait),
                replace_existing=True,
            )

    def stop(self) -> None:
        """Begin no more polls and close what IDLE holds; `stop` of the constructor cuts those that run."""
        self._budget.close()
        self._idle.stop()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    @property
    def threads(self) -> list[threading.Thread]:
        """All that may still be at work."""
        return [*self._polls.threads, self._idle.thread]

    # One poll

    def _poll(self, job: Job) -> None:
        course = self._courses[job.mailbox.name]
        course.begun_at, course.running = time.monotonic(), True
        with structlog.contextvars.bound_contextvars(mailbox=job.mailbox.name), contextlib.suppress(Closed):
            with self._budget.place(job.account, course.use):
                if self._paused():
                    return
                sweep = course.sweep_due()
                result = self._poll_isolated(job, sweep)
            if not self._stop.is_set():
                self._note(job, course, result, sweep)

    def _poll_isolated(self, job: Job, sweep: bool) -> PollResult | Exception:
        try:
            return poll_mailbox(self._store, job.account, job.mailbox.intake(sweep=sweep), self._stop, self._landed)
        except IngestError as error:
            return error
        except Exception as error:  # a bug that one mailbox meets must not end the polling of the others
            logger.exception("a bug ended a poll")
            return error

    def _note(self, job: Job, course: Course, result: PollResult | Exception, swept: bool) -> None:
        """Tell the ledger, for `check --polled` and whoever looks at the database; put off the next poll or not."""
        error = result if isinstance(result, Exception) else None
        self._observer.polled(job.mailbox.name, error)
        self._idle.polled(job.mailbox.name, well=error is None)
        with contextlib.suppress(IngestError):  # an absent database is told by whoever needs it
            mailbox_id = self._store.mailbox(job.mailbox.name, job.mailbox.folder)
            self._store.polled(mailbox_id, _reason(error) if error else None)
        if isinstance(result, Exception):
            self._put_off(job, course, result)
            return
        if course.failures:
            logger.info("mailbox answers again", failures=course.failures)
        course.well(swept=swept)
        if result.landed or result.unfetchable:
            logger.info("polled", seen=result.seen, landed=result.landed, unfetchable=len(result.unfetchable))

    def _put_off(self, job: Job, course: Course, error: Exception) -> None:
        pause = course.failed(error, job.interval)
        logger.error("poll failed", reason=_reason(error), failures=course.failures, next_in=round(pause, 1))
        with contextlib.suppress(JobLookupError):  # a reload may have taken the mailbox away
            self._scheduler.modify_job(job.mailbox.name, next_run_time=_from_now(pause))

    # Hints and skips

    def _hint(self, name: str) -> None:
        """There is new mail: poll at once, or right after the poll that is running."""
        with self._lock:
            course = self._courses[name]
            course.hinted = True
            if not course.running:
                self._bring_forward(name, course)

    def _ended(self, name: str) -> None:
        """A poll has ended, and the scheduler would begin another."""
        with self._lock:
            course = self._courses[name]
            course.running = False
            if course.hinted:
                self._bring_forward(name, course)

    def _bring_forward(self, name: str, course: Course) -> None:
        course.hinted = False
        if course.failures:  # its pause is kept
            return
        wanted = _from_now(max(0.0, course.begun_at + HINT_SECONDS - time.monotonic()))
        job = self._scheduler.get_job(name)
        if job and job.next_run_time > wanted:
            with contextlib.suppress(JobLookupError):
                self._scheduler.modify_job(name, next_run_time=wanted)

    def _note_skipped(self, event: JobSubmissionEvent) -> None:
        self._observer.skipped(event.job_id)
        logger.warning("poll skipped: the last one has not ended", mailbox=event.job_id)


class _ThreadPerPoll(BaseExecutor):  # type: ignore[misc]  # untyped base
    """Runs each poll in a daemon thread of its own and then calls `ended` with its name.

    APScheduler's pool of ten threads starves: ten mailboxes that do not answer keep all others from being polled.
    """

    def __init__(self, ended: Callable[[str], None]) -> None:
        super().__init__()
        self.threads: set[threading.Thread] = set()
        self._ended = ended

    def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
        thread = threading.Thread(target=self._run, args=(job, run_times), name=f"poll {job.id}", daemon=True)
        self.threads = {one for one in self.threads if one.is_alive()} | {thread}
        thread.start()

    def _run(self, job: Any, run_times: list[datetime]) -> None:
        self._run_job_success(job.id, run_job(job, job._jobstore_alias, run_times, self._logger.name))
        self._ended(job.id)


def _reason(error: Exception) -> str:
    """Our own errors are sentences for people; of a bug only the kind is told, its text may quote a mail."""
    return str(error) if isinstance(error, IngestError) else type(error).__name__


def _jitter(most: float) -> float:
    return random.uniform(1.0, 1.0 + most)  # noqa: S311  nothing secret


def _from_now(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)
