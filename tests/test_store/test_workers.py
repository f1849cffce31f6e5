"""Leases: a living process keeps its mailbox, a dead one does not."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from interest_ingest.errors import IngestError
from interest_ingest.store import Leased, Store
from interest_ingest.store.tables import delivery, mailbox, worker
from interest_ingest.store.workers import HEARTBEAT, this_process
from tests.test_store.making import an_epoch, claimed, landing, reading, table, write


@contextmanager
def a_process() -> Iterator[int]:
    """The pid of another living process."""
    child = subprocess.Popen(["sleep", "60"])
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()


def started(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123  shorter, in a test
        return stat.read().rpartition(")")[2].split()[19]


def settle(url: str, **values: Any) -> str:
    """Enter a process that differs from this one in `values`; it holds every lease and every claim."""
    worker_id = str(uuid.uuid4())
    row = this_process()._asdict() | {"id": worker_id, "heartbeat_at": datetime.now(UTC)} | values
    write(url, insert(worker), [row])
    write(url, update(mailbox).values(leased_by=worker_id))
    write(url, update(delivery).values(claimed_by=worker_id))
    return worker_id


def other_host(url: str, heard_of: timedelta) -> str:
    return settle(url, host="other.example", boot_id="x", heartbeat_at=datetime.now(UTC) - heard_of)


def test_a_living_process_keeps_its_lease(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    with a_process() as pid:
        settle(database_url, pid=pid, started=started(pid))
        with pytest.raises(Leased, match=rf"'notifications' is being polled by process {pid} on ") as caught:
            store.lease(mailbox_id).__enter__()
        assert isinstance(caught.value, IngestError)
        assert caught.value.exit_code == 1
        with store.lease(store.mailbox("notifications", "Junk")):
            pass


def test_the_lease_of_a_killed_process_is_void_at_once(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    with a_process() as pid:
        settle(database_url, pid=pid, started=started(pid))
        os.kill(pid, 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)  # dead, and nobody has asked for its exit code yet
        with store.lease(mailbox_id):
            pass
    (row,) = table(database_url, "mailbox")
    assert row["leased_by"] is None


@pytest.mark.parametrize(
    "differs",
    [{"boot_id": "an earlier boot"}, {"started": "1"}, {"pid": 2**22 + 1}],
    ids=["restarted machine", "reused pid", "pid gone"],
)
def test_a_lease_ends_with_its_process(store: Store, database_url: str, differs: dict[str, Any]) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    settle(database_url, **differs)
    with store.lease(mailbox_id):
        pass


def test_of_another_host_the_heartbeat_tells(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    other_host(database_url, HEARTBEAT - timedelta(minutes=1))
    with pytest.raises(Leased, match=r"on other\.example"):
        store.lease(mailbox_id).__enter__()
    other_host(database_url, HEARTBEAT + timedelta(minutes=1))
    with store.lease(mailbox_id):
        pass


def test_two_threads_of_one_process_do_not_poll_one_mailbox(store: Store) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    with store.lease(mailbox_id), pytest.raises(Leased):
        store.lease(mailbox_id).__enter__()
    with store.lease(mailbox_id):
        pass


def test_a_lease_that_could_not_be_given_back_does_not_lock_us_out(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    with store.lease(mailbox_id):
        (me,) = [row["leased_by"] for row in table(database_url, "mailbox")]
    write(database_url, update(mailbox).values(leased_by=me))
    with store.lease(mailbox_id):
        pass


def test_a_worker_that_was_taken_for_dead_checks_in_again(store: Store, database_url: str) -> None:
    """A machine that slept for an hour wakes up and finds its row gone."""
    store.land(an_epoch(store), [landing(1)])
    mails = claimed(store)
    store.release(mails)
    write(database_url, worker.delete())
    assert claimed(store) == mails


def test_mails_of_a_dead_process_are_given_one_by_one(store: Store, database_url: str) -> None:
    """And none of them had its attempt: which of them killed it, if one did, nobody knows."""
    store.land(an_epoch(store), [landing(uid) for uid in range(1, 4)])
    settle(database_url, started="1")
    store.land(an_epoch(store), [landing(uid) for uid in range(4, 6)])
    batches = []
    while mails := claimed(store):
        batches.append([(mail.raw[9:10], mail.alone, mail.attempts) for mail in mails])
        store.record([(mail, reading()) for mail in mails])
    assert batches == [
        [(b"4", False, 0), (b"5", False, 0)],
        [(b"1", True, 0)],
        [(b"2", True, 0)],
        [(b"3", True, 0)],
    ]


def test_a_mail_that_was_alone_in_flight_had_its_attempt(store: Store, database_url: str) -> None:
    store.land(an_epoch(store), [landing(1)])
    for attempts in range(3):
        (mail,) = claimed(store)
        assert mail.attempts == attempts
        store.release([mail])
        settle(database_url, started="1")
    assert [mail.attempts for mail in claimed(store)] == [3]


def test_the_dead_leave_no_rows(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    for boot in range(3):
        settle(database_url, boot_id=str(boot))
        with store.lease(mailbox_id):
            pass
    store.close()
    with Store.open(database_url) as other, other._engine.connect() as connection:
        assert connection.execute(select(worker)).all() == []


def test_threads_that_claim_together_get_different_mails(store: Store) -> None:
    store.land(an_epoch(store), [landing(uid) for uid in range(1, 41)])
    with ThreadPoolExecutor(8) as threads:
        batches = list(threads.map(lambda _: store.claim(limit=1, max_bytes=10**6), range(40)))
    assert len({mail.delivery_id for batch in batches for mail in batch}) == 40
