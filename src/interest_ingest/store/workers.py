"""Which processes work on this database, and what of theirs is free again because they died.

A lease or claim is void as soon as its process is dead, not after a time: with a lease of 60 seconds most mails of a
killed daemon waited for its end. Only of other hosts one cannot know, there a heartbeat of five minutes decides.
Leases and claims save work; that no card is made twice never depends on them.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, delete, func, insert, select, type_coerce, update

from interest_ingest.errors import IngestError
from interest_ingest.store.tables import UtcDateTime, delivery, mailbox, worker

HEARTBEAT: Final = timedelta(minutes=5)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Leased(IngestError):
    """Another living process polls this mailbox."""


class Process(NamedTuple):
    """What tells one process from every other that ever had its number."""

    host: str
    boot_id: str
    pid: int
    started: str


def this_process() -> Process:
    """The running process; without /proc boot id and start time are empty and the number alone must do."""
    boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""
    return Process(socket.gethostname()[:255], boot_id, os.getpid(), _started(os.getpid()) or "")


def _started(pid: int) -> str | None:
    """The start time of a living process in clock ticks since boot (proc(5), field 22 of stat), None if it is dead."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if state in "ZX" else fields[18]


def is_dead(other: Process, here: Process, heartbeat_at: datetime, now: datetime) -> bool:
    """Whether the process `other`, last heard of at `heartbeat_at`, is dead, seen from the process `here`."""
    if other.host != here.host:
        return now - heartbeat_at > HEARTBEAT
    if other.boot_id != here.boot_id:
        return True
    return _started(other.pid) != other.started if here.started else not _answers(other.pid)


def _answers(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, under another user
        return True
    return True


def _process(row: Row[Any] | Mapping[str, Any]) -> Process:
    values = row if isinstance(row, Mapping) else row._mapping
    return Process(*(values[field] for field in Process._fields))


@dataclass(frozen=True, slots=True)
class Worker:
    """This process as the database knows it. `id` is new for every `Store`, so no two of them share a row."""

    id: str
    process: Process

    @classmethod
    def new(cls) -> Worker:
        return cls(str(uuid.uuid4()), this_process())

    def check_in(self, connection: Connection) -> None:
        """Renew the heartbeat and bury the dead. Also after another host took us for dead (a paused machine)."""
        now = _database_time(connection)
        beat = update(worker).where(worker.c.id == self.id).values(heartbeat_at=now)
        if not connection.execute(beat).rowcount:
            connection.execute(insert(worker).values(id=self.id, heartbeat_at=now, **self.process._asdict()))
        self._bury(connection, now)

    def _bury(self, connection: Connection, now: datetime) -> None:
        others = select(worker).where(worker.c.id != self.id).with_for_update(skip_locked=True)
        dead = [
            row.id for row in connection.execute(others) if is_dead(_process(row), self.process, row.heartbeat_at, now)
        ]
        for worker_id in dead:
            _interrupt(connection, worker_id)
            connection.execute(delete(worker).where(worker.c.id == worker_id))

    def check_out(self, connection: Connection) -> None:
        """Give back every lease and claim of this process."""
        connection.execute(delete(worker).where(worker.c.id == self.id))


def _interrupt(connection: Connection, worker_id: str) -> None:
    """Mark the mails that a dead process had in flight: each will be read alone; one that was alone had its attempt."""
    its_own = delivery.c.claimed_by == worker_id
    alone = connection.scalar(select(func.count()).select_from(delivery).where(its_own)) == 1
    changes: dict[Any, Any] = {delivery.c.interrupted: True}
    if alone:
        changes[delivery.c.attempts] = delivery.c.attempts + 1
    connection.execute(update(delivery).where(its_own).values(changes))


def _database_time(connection: Connection) -> datetime:
    """The database's clock: between machines only one clock can be right."""
    return connection.execute(select(type_coerce(func.now(), UtcDateTime))).scalar_one()


def take_lease(connection: Connection, me: Worker, mailbox_id: int) -> None:
    """Lease the mailbox to this process, again if it had it. Raises `Leased` if another living one has it."""
    me.check_in(connection)
    it = mailbox.c.id == mailbox_id
    connection.execute(select(mailbox.c.id).where(it).with_for_update())
    holder = connection.execute(
        select(mailbox.c.name, mailbox.c.leased_by, worker)
        .outerjoin_from(mailbox, worker, mailbox.c.leased_by == worker.c.id)
        .where(it)
    ).one()
    if holder.leased_by not in (None, me.id):
        raise Leased(
            f"mailbox {holder.name!r} is being polled by process {holder.pid} on {holder.host}: "
            "wait for it to finish or stop it"
        )
    connection.execute(update(mailbox).where(it).values(leased_by=me.id))


def drop_lease(connection: Connection, me: Worker, mailbox_id: int) -> None:
    mine = (mailbox.c.id == mailbox_id) & (mailbox.c.leased_by == me.id)
    connection.execute(update(mailbox).where(mine).values(leased_by=None))
