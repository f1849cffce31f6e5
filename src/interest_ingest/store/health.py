"""What an operator watches: how mailboxes, parsers and the quarantine are doing, and which alarms are open.

Nothing here reads the whole ledger but `outcomes`. The questions of `health` go by the primary key or an index and are
bounded by RECENT and REASONS, so that they cost the same with a thousand mails and with a million.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, case, delete, func, insert, literal, select, update

from interest_ingest.cards import Outcome, Trust
from interest_ingest.store.queries import NEW
from interest_ingest.store.recording import Pair
from interest_ingest.store.settling import Recorded
from interest_ingest.store.tables import UtcDateTime, alarm, delivery, epoch, mailbox, worker
from interest_ingest.store.workers import Process, is_dead, this_process

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)

RECENT: Final = 100_000
"""So many of the last mails at most make the numbers of the week."""

REASONS: Final = 10_000
"""So many of the last quarantined mails are sorted by reason."""


@dataclass(frozen=True, slots=True)
class MailboxHealth:
    """One mailbox (or import) as the database knows it. `newest_*`: of the message with the highest UID."""

    name: str
    folder: str
    polled_at: datetime | None = None
    last_error: str | None = None
    server_mails: int | None = None
    unaccounted: int | None = None
    compared_at: datetime | None = None
    newest_received_at: datetime | None = None
    newest_landed_at: datetime | None = None
    waiting: int = 0
    """Landed and not yet read."""
    postponed: int = 0
    """Of these: not to be read before some later instant."""
    waiting_since: datetime | None = None
    """When the oldest of these landed."""
    due_since: datetime | None = None
    """Since when the first of those that are not postponed could be read."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened: in the last hour, in the last day, and in the week that ends now.

    `days`: how much of that week the ledger covers, in days.
    """

    hour: int = 0
    day: int = 0
    week: int = 0
    days: float = 7.0


@dataclass(frozen=True, slots=True)
class Health:
    """Everything that `health` tells. `parsers`: mails of the last week by (parser, outcome)."""

    mailboxes: tuple[MailboxHealth, ...]
    quarantined: dict[str, int]
    """By the first words of the reason; of the last REASONS such mails."""
    parsers: dict[tuple[str, str], int]
    new_quarantined: Rate
    failed_trust: Rate
    processes: tuple[Process, ...] = ()
    """Living processes that work on this database; a daemon is always among them, a `poll` while it lasts."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An open alarm. `told_at`: when people were last told of it; None: not yet."""

    name: str
    text: str
    since: datetime
    told_at: datetime | None = None


class Tally:
    """What this process has recorded since it started, by (parser, outcome); the parser is "" where none read it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, pairs: Iterable[Pair], recorded: Iterable[Recorded]) -> None:
        """Count the mails of one recording."""
        parsers = {landed.delivery_id: (reading.parser if reading else None) or "" for landed, reading in pairs}
        with self._lock:
            self._counts.update((parsers[one.delivery_id], str(one.outcome)) for one in recorded)

    def counts(self) -> dict[tuple[str, str], int]:
        """The counts so far."""
        with self._lock:
            return dict(self._counts)


@dataclass(slots=True)
class _Week:
    parsers: Counter[tuple[str, str]] = field(default_factory=Counter)
    quarantined: list[int] = field(default_factory=lambda: [0, 0, 0])
    failed: list[int] = field(default_factory=lambda: [0, 0, 0])


def health(connection: Connection, now: datetime) -> Health:
    """The state at `now`, by the clock that the ledger is written with."""
    hour, day, week = (_first_since(connection, now - age) for age in (HOUR, DAY, WEEK))
    last = connection.scalar(select(func.max(delivery.c.id))) or 0
    week = max(week, last - RECENT + 1)
    found = _week(connection, hour, day, week)
    days = _days_since(connection, week, now)
    return Health(
        mailboxes=tuple(_mailboxes(connection, now)),
        quarantined=_quarantined(connection),
        parsers=dict(found.parsers),
        new_quarantined=_rate(found.quarantined, days),
        failed_trust=_rate(found.failed, days),
        processes=tuple(_living(connection, now)),
    )


def _mailboxes(connection: Connection, now: datetime) -> list[MailboxHealth]:
    # The cursor is the highest UID landed: one look into an index for each mailbox.
    newest = (delivery.c.epoch_id == epoch.c.id) & (delivery.c.uid == epoch.c.cursor_uid)
    open_epoch = (epoch.c.mailbox_id == mailbox.c.id) & epoch.c.closed_at.is_(None)
    rows = connection.execute(
        select(mailbox, delivery.c.received_at, delivery.c.landed_at)
        .select_from(mailbox.outerjoin(epoch, open_epoch).outerjoin(delivery, newest))
        .order_by(mailbox.c.name, mailbox.c.folder)
    ).all()
    waiting = _waiting(connection, now)
    return [_mailbox(row, waiting.get(row.id)) for row in rows]


def _mailbox(row: Row[Any], waiting: Row[Any] | None) -> MailboxHealth:
    return MailboxHealth(
        name=row.name,
        folder=row.folder,
        polled_at=row.polled_at,
        last_error=row.last_error,
        server_mails=row.server_mails,
        unaccounted=row.unaccounted,
        compared_at=row.compared_at,
        newest_received_at=row.received_at,
        newest_landed_at=row.landed_at,
        waiting=waiting.number if waiting else 0,
        postponed=int(waiting.postponed) if waiting else 0,
        waiting_since=waiting.since if waiting else None,
        due_since=waiting.due_since if waiting else None,
    )


def _waiting(connection: Connection, now: datetime) -> dict[int, Row[Any]]:
    later = delivery.c.not_before > literal(now, UtcDateTime)
    due = case((~later, delivery.c.not_before), (delivery.c.not_before.is_(None), delivery.c.landed_at))
    rows = connection.execute(
        select(
            epoch.c.mailbox_id,
            func.count().label("number"),
            func.sum(case((later, 1), else_=0)).label("postponed"),
            func.min(delivery.c.landed_at).label("since"),
            func.min(due, type_=UtcDateTime).label("due_since"),
        )
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .where(delivery.c.outcome.is_(None))
        .group_by(epoch.c.mailbox_id)
    )
    return {row.mailbox_id: row for row in rows}


def _quarantined(connection: Connection) -> dict[str, int]:
    last = (
        select(delivery.c.reason)
        .where(delivery.c.outcome == Outcome.QUARANTINED)
        .order_by(delivery.c.id.desc())
        .limit(REASONS)
        .subquery()
    )
    sorted_: Counter[str] = Counter()
    for reason, number in connection.execute(select(last.c.reason, func.count()).group_by(last.c.reason)):
        sorted_[reason_class(reason)] += number
    return dict(sorted(sorted_.items()))


def reason_class(reason: str | None) -> str:
    """`template changed` of `template changed: no author`: what stays the same from one mail to the next."""
    return (reason or "").partition(":")[0].strip()[:40] or "no reason"


def _first_since(connection: Connection, moment: datetime) -> int:
    """The id of the first mail that landed at `moment` or later, by bisection: ids are given in the order of landing.

    One more than the highest id if there is none.
    """
    # Two questions: SQLite goes by the index for one of them, and through the whole table for both at once.
    low = connection.scalar(select(func.min(delivery.c.id)))
    high = connection.scalar(select(func.max(delivery.c.id)))
    if low is None or high is None:
        return 1
    while low <= high:
        middle = (low + high) // 2
        at = delivery.c.id >= middle
        row = connection.execute(
            select(delivery.c.id, delivery.c.landed_at).where(at).order_by(delivery.c.id).limit(1)
        ).one()
        if row.landed_at < moment:
            low = row.id + 1
        else:
            high = middle - 1
    return int(low)


def _week(connection: Connection, hour: int, day: int, week: int) -> _Week:
    age = case((delivery.c.id >= hour, 0), (delivery.c.id >= day, 1), else_=2).label("age")
    groups = (delivery.c.parser, delivery.c.outcome, delivery.c.trust, age)
    rows = connection.execute(
        select(*groups, func.count().label("number")).where(delivery.c.id >= week).group_by(*groups)
    )
    found = _Week()
    for row in rows:
        if row.parser and row.outcome:
            found.parsers[row.parser, row.outcome] += row.number
        if row.outcome == Outcome.QUARANTINED:
            found.quarantined[row.age] += row.number
        if row.trust == Trust.FAILED:
            found.failed[row.age] += row.number
    return found


def _rate(by_age: list[int], days: float) -> Rate:
    hour, day, week = by_age
    return Rate(hour, hour + day, hour + day + week, days)


def _days_since(connection: Connection, delivery_id: int, now: datetime) -> float:
    first = connection.scalar(
        select(delivery.c.landed_at).where(delivery.c.id >= delivery_id).order_by(delivery.c.id).limit(1)
    )
    return max(0.0, (now - first) / DAY) if first else 0.0


def _living(connection: Connection, now: datetime) -> list[Process]:
    here = this_process()
    rows = connection.execute(select(worker).order_by(worker.c.heartbeat_at))
    known = [(Process(row.host, row.boot_id, row.pid, row.started), row.heartbeat_at) for row in rows]
    return [process for process, beat in known if not is_dead(process, here, beat, now)]


def outcomes(connection: Connection) -> dict[tuple[str, str], dict[str, int]]:
    """How many mails by outcome (`new`: not read yet) each mailbox has, by name and folder. Reads the whole ledger."""
    rows = connection.execute(
        select(epoch.c.mailbox_id, delivery.c.outcome, func.count().label("number"))
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .group_by(epoch.c.mailbox_id, delivery.c.outcome)
    ).all()
    names = {row.id: (row.name, row.folder) for row in connection.execute(select(mailbox))}
    found: dict[tuple[str, str], dict[str, int]] = {key: {} for key in names.values()}
    for row in rows:
        found[names[row.mailbox_id]][row.outcome or NEW] = row.number
    return found


def alarms(connection: Connection) -> dict[str, Alarm]:
    """The open alarms by name."""
    rows = connection.execute(select(alarm).order_by(alarm.c.since, alarm.c.name))
    return {row.name: Alarm(row.name, row.text, row.since, row.told_at) for row in rows}


def keep_alarms(connection: Connection, kept: Iterable[Alarm], over: Collection[str]) -> None:
    """Write alarms that are new or changed, and close those that are over."""
    if over:
        connection.execute(delete(alarm).where(alarm.c.name.in_(list(over))))
    for one in kept:
        values = {"text": one.text, "since": one.since, "told_at": one.told_at}
        if not connection.execute(update(alarm).where(alarm.c.name == one.name).values(values)).rowcount:
            connection.execute(insert(alarm).values(name=one.name, **values))
