"""The watch itself: looks at everything now and then, keeps the open alarms, and has people told."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

import structlog

from interest_ingest import log
from interest_ingest.errors import IngestError
from interest_ingest.mailbox.faults import AuthenticationFailed
from interest_ingest.parsing.load import builtin_parsers
from interest_ingest.store.health import Alarm, Health
from interest_ingest.watch.drift import Drift, drifts, recorded_until
from interest_ingest.watch.endpoint import Endpoint
from interest_ingest.watch.rules import Snapshot, Token, Watched, alarms, disk_low
from interest_ingest.watch.telling import Notice, tell

if TYPE_CHECKING:
    from interest_ingest.settings import Settings
    from interest_ingest.store import Store

TICK_SECONDS: Final = 10.0

OVER_SECONDS = 120.0
"""What was not found for so long is over: trouble that comes and goes is told of once."""

NOTICE_SECONDS = 60.0
"""Between two notices: when the network fails, a thousand mailboxes make one or two, not a thousand."""

AGAIN_SECONDS = 300.0
"""Before people who could not be told are told again."""

REMIND: Final = timedelta(days=1)
ANSWER_SECONDS = 20.0
"""A database that gives no answer for so long is away. The question stays; it is not asked twice at once."""

LOOK_SHARE: Final = 50
"""After questions that took a second the next ones wait for so many: watching costs 2 % of the database at most."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Polls:
    """What this process has polled since it started, by mailbox."""

    completed: Counter[str]
    failed: Counter[str]
    skipped: Counter[str]


class Watch:
    """Watches one daemon. `tick` is called by one thread about every TICK_SECONDS; the rest by any.

    `store` is None as long as the database cannot be reached. `breakers` names the sources whose breaker is open.
    """

    def __init__(
        self, settings: Settings, store: Store | None = None, breakers: Callable[[], list[str]] = list
    ) -> None:
        self.settings = settings
        self.store = store
        self.breakers = breakers
        self.polls = Polls(Counter(), Counter(), Counter())
        self.snapshot = Snapshot(at=datetime.now(UTC))
        self._since = datetime.now(UTC)
        self._ticked = time.monotonic()
        self._answer: _Answer | None = None
        self._health: Health | None = None
        self._drift: tuple[Drift, ...] = ()
        self._look_at = 0.0
        self._away_since: float | None = None
        self._refused: set[str] = set()
        self._book = _Book()
        self._teller = _Teller(self)
        self._endpoint: Endpoint | None = None
        _keep_secrets(settings)

    def start(self) -> None:
        """Open the status endpoint, if one is configured. Raises `UsageError` if its address is not to be had."""
        if self.settings.status.listen:
            self._endpoint = Endpoint(self)
            self._endpoint.start()

    def stop(self) -> None:
        """Close the endpoint and tell nobody any more; within a second."""
        self._teller.stop()
        if self._endpoint:
            self._endpoint.stop()

    def configure(self, settings: Settings) -> None:
        """A new configuration; the address of the endpoint stays as it is until the next start."""
        _keep_secrets(settings)
        self.settings = settings
        self._refused.clear()

    def polled(self, mailbox: str, error: Exception | None = None) -> None:
        """A poll has ended, completed or with this error."""
        (self.polls.failed if error else self.polls.completed)[mailbox] += 1
        (self._refused.add if isinstance(error, AuthenticationFailed) else self._refused.discard)(mailbox)

    def skipped(self, mailbox: str) -> None:
        """A poll was skipped because the last one had not ended."""
        self.polls.skipped[mailbox] += 1

    @property
    def age(self) -> float:
        """Seconds since the last tick ended."""
        return time.monotonic() - self._ticked

    def open_alarms(self) -> list[Alarm]:
        """The open alarms, oldest first."""
        return sorted(self._book.open.values(), key=lambda one: (one.since, one.name))

    def tick(self) -> None:
        """Look, note, tell."""
        try:
            self._wake()
            self.snapshot = self._look()
            self._note()
        except Exception:  # a bug of the watch must not end what it watches
            logger.exception("the watch stumbled")
        self._ticked = time.monotonic()

    def _wake(self) -> None:
        """After a pause of this process (a suspended machine) or a jump of the clock silence is counted anew."""
        now, last = datetime.now(UTC), self.snapshot.at
        if not timedelta(0) <= now - last < timedelta(seconds=12 * TICK_SECONDS):
            self._since = now

    def _look(self) -> Snapshot:
        away = self._ask()
        if away and self._away_since is None:
            self._away_since = time.monotonic()
        elif not away:
            self._away_since = None
        waited = time.monotonic() - self._away_since if self._away_since is not None else 0.0
        store = self.store
        return Snapshot(
            at=datetime.now(UTC),
            mailboxes=watched(self.settings, self._health, self._refused),
            health=self._health,
            since=self._since,
            away=away,
            away_for=timedelta(seconds=waited),
            breakers=tuple(self.breakers()),
            disk=disk_low(self.settings),
            tokens=tokens(self.settings),
            tally=store.tally.counts() if store else {},
            fallbacks=fallbacks(),
            drift=self._drift,
        )

    def _ask(self) -> str | None:
        """Ask the database how everything is, and bring its alarms up to date; the reason if that is not possible."""
        if self.store is None:
            return "the database cannot be reached"
        if self._answer is None:
            if time.monotonic() < self._look_at:
                return None
            self._answer = _Answer(self.store, self._book.unsaved(), partial(drift_of, self.settings, self.breakers()))
        answer = self._answer
        if not answer.wait(ANSWER_SECONDS):
            return f"the database gives no answer for more than {ANSWER_SECONDS:.0f} seconds"
        self._answer = None
        self._look_at = answer.ended_at + LOOK_SHARE * (answer.ended_at - answer.began_at) - TICK_SECONDS
        if answer.health is None:
            return answer.reason
        self._health, self._drift = answer.health, answer.drift
        self._book.saved(answer.changes, answer.alarms)
        return None

    def _note(self) -> None:
        found = alarms(self.snapshot)
        self._book.note(found, self.snapshot)
        self._teller.tell(self._book)


def watched(settings: Settings, health: Health | None, refused: set[str] | None = None) -> tuple[Watched, ...]:
    """The configured mailboxes with what is known of each."""
    known = {(one.name, one.folder): one for one in health.mailboxes} if health else {}
    return tuple(
        Watched(one.name, one.poll_interval, known.get((one.name, one.folder)), one.name in (refused or ()), one.folder)
        for one in settings.mailboxes.values()
    )


def drift_of(settings: Settings, breakers: Collection[str], store: Store, health: Health) -> tuple[Drift, ...]:
    """What has drifted, as the store knows it; parsers whose breaker is open keep their mails waiting."""
    until = recorded_until(health, [(one.name, one.folder) for one in settings.mailboxes.values()])
    return tuple(drifts(store.habits(), fallbacks(), until, frozenset(breakers), datetime.now(UTC)))


@lru_cache(maxsize=1)
def fallbacks() -> frozenset[str]:
    """The built-in parsers that are asked only when no other matches."""
    return frozenset(one.name for one in builtin_parsers() if one.fallback is not None)


def tokens(settings: Settings) -> tuple[Token, ...]:
    """The stored access tokens of the mailboxes that log in by OAuth."""
    found = ((one.name, settings.token_status(one)) for one in settings.mailboxes.values())
    return tuple(Token(name, *moments) for name, moments in found if moments)


def _keep_secrets(settings: Settings) -> None:
    secrets = (settings.alerts.webhook, settings.alerts.webhook_secret, settings.smtp.password)
    log.keep_secret(one.get_secret_value() for one in secrets if one)


@dataclass(frozen=True, slots=True)
class _Changes:
    """Alarms to be written, and names of those to be removed."""

    kept: tuple[Alarm, ...]
    over: tuple[str, ...]


_DriftOf = Callable[["Store", Health], tuple[Drift, ...]]


class _Answer:
    """Questions to the database in a thread of their own: a server that went away without a word must not hold up."""

    def __init__(self, store: Store, changes: _Changes, drift: _DriftOf) -> None:
        self.changes = changes
        self.health: Health | None = None
        self.drift: tuple[Drift, ...] = ()
        self._drift_of = drift
        self.alarms: dict[str, Alarm] = {}
        self.reason = ""
        self.began_at = self.ended_at = time.monotonic()
        self._thread = threading.Thread(target=self._ask, args=(store,), name="watch asks", daemon=True)
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether the answer is there, after so many seconds at most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _ask(self, store: Store) -> None:
        try:
            with contextlib.suppress(IngestError):  # a full disk: what is in the database can still be asked
                if self.changes.kept or self.changes.over:
                    store.keep_alarms(self.changes.kept, self.changes.over)
            self.alarms = store.alarms()
            health = store.health(datetime.now(UTC))
            self.drift = self._drift_of(store, health)
            self.health = health
        except IngestError as error:
            self.reason = str(error)
        except Exception as error:  # told as a database that cannot be asked; the trace is in the log
            logger.exception("the watch stumbled over the database")
            self.reason = f"the database cannot be asked: {type(error).__name__}"
        self.ended_at = time.monotonic()


class _Book:
    """The open alarms: in memory, and in the database as soon as that takes them. Used by the ticking thread only."""

    def __init__(self) -> None:
        self.open: dict[str, Alarm] = {}
        self.over: dict[str, Alarm] = {}
        """Over, and people who were told of it do not know yet."""
        self._found_at: dict[str, float] = {}
        self._written: dict[str, Alarm] = {}
        """What the database has."""

    def unsaved(self) -> _Changes:
        """How the database differs from what it should have. Who has not been told that it is over stays in it."""
        wanted = self.open | self.over
        kept = tuple(one for name, one in wanted.items() if self._written.get(name) != one)
        return _Changes(kept, tuple(name for name in self._written if name not in wanted))

    def saved(self, changes: _Changes, written: dict[str, Alarm]) -> None:
        """The database has taken `changes` and now has `written`: also alarms of an earlier run or another process."""
        self._written = dict(written)
        for name, one in written.items():
            if name not in self.open and name not in self.over and name not in changes.over:
                self.open[name] = one
                self._found_at.setdefault(name, time.monotonic())

    def note(self, found: dict[str, str], snapshot: Snapshot) -> None:
        """Open what is found, close what has not been found for OVER_SECONDS; nothing closes unseen."""
        for name, text in found.items():
            self._found_at[name] = time.monotonic()
            known = self.open.get(name) or self.over.pop(name, None)
            if known is None:
                logger.error("alarm", alarm=name, reason=text)
            self.open[name] = replace(known, text=text) if known else Alarm(name, text, snapshot.at)
        if not snapshot.away:
            for name in [name for name in self.open if name not in found and self._old(name)]:
                self._close(name)

    def _old(self, name: str) -> bool:
        return time.monotonic() - self._found_at.get(name, 0.0) > OVER_SECONDS

    def _close(self, name: str) -> None:
        one = self.open.pop(name)
        self._found_at.pop(name, None)
        logger.warning("alarm over", alarm=name)
        if one.told_at is not None:
            self.over[name] = one

    def notice(self, now: datetime) -> Notice:
        """What people do not know yet, or were told long ago."""
        return Notice(
            opened=tuple(one for one in self.open.values() if one.told_at is None),
            lasting=tuple(one for one in self.open.values() if one.told_at and now - one.told_at > REMIND),
            over=tuple(self.over.values()),
        )

    def told(self, notice: Notice, at: datetime) -> None:
        """People know."""
        for one in (*notice.opened, *notice.lasting):
            if one.name in self.open:
                self.open[one.name] = replace(self.open[one.name], told_at=at)
        for one in notice.over:
            self.over.pop(one.name, None)


class _Teller:
    """Has people told, one notice at a time, in a thread that lives only as long as that takes."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._results: queue.SimpleQueue[tuple[Notice, bool]] = queue.SimpleQueue()
        self._not_before = 0.0

    def tell(self, book: _Book) -> None:
        """Take up what the last telling came to, and begin another if there is something to tell."""
        now = datetime.now(UTC)
        with contextlib.suppress(queue.Empty):
            notice, done = self._results.get_nowait()
            self._not_before = time.monotonic() + (NOTICE_SECONDS if done else AGAIN_SECONDS)
            self._thread = None
            if done:
                book.told(notice, now)
        if self._thread is None and time.monotonic() >= self._not_before and (notice := book.notice(now)):
            self._thread = threading.Thread(target=self._run, args=(notice,), name="alerts", daemon=True)
            self._thread.start()

    def _run(self, notice: Notice) -> None:
        self._results.put((notice, tell(self._watch.settings, notice, self._stopped.wait)))

    def stop(self) -> None:
        self._stopped.set()
