"""What is left of a step when its process is killed, when two do the same, when the disk is full: all or nothing."""

from __future__ import annotations

import resource
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from interest_ingest.cards import Outcome, Reading
from interest_ingest.errors import IngestError
from interest_ingest.store import Landed, Store
from interest_ingest.store.engine import make_engine
from tests.test_store.children import fork, killed_at
from tests.test_store.making import an_epoch, dump, empty, interest, landing, reading, table, verified, write

MAILS = 6


def read(mail: Landed) -> Reading | None:
    """Two interests of each mail; the mails of one subject are one mail, in whatever mailbox."""
    if mail.known:
        return None
    subject = mail.raw.decode()
    return reading(interest(f"{subject} a"), verified(f"{subject} b", event_key=subject), canon=subject)


def work(store: Store, mailbox: str = "notifications") -> None:
    """The main line in small steps, to its end."""
    epoch_id = an_epoch(store, mailbox)
    for first in range(1, MAILS + 1, 3):
        missing = store.unknown(epoch_id, range(first, first + 3))
        store.land(epoch_id, [landing(uid, f"mail {uid}") for uid in missing])
    while mails := store.claim(limit=4, max_bytes=10**6):
        store.record([(mail, read(mail)) for mail in mails])


def facts(url: str) -> dict[str, Any]:
    """What has to be true of a database at any moment, and how far the work has come."""
    rows = dump(url)
    raws = {row["id"] for row in rows["raw_message"]}
    origins = Counter(row["delivery_id"] for row in rows["card_origin"])
    done = [row for row in rows["delivery"] if row["outcome"]]
    assert all(row["raw_id"] in raws for row in rows["delivery"])
    assert all(epoch["cursor_uid"] in {0, *(row["uid"] for row in rows["delivery"])} for epoch in rows["epoch"])
    assert {row["id"]: origins[row["id"]] for row in rows["delivery"]} == {
        row["id"]: 2 if row["outcome"] else 0 for row in rows["delivery"]
    }
    assert {row["card_id"] for row in rows["card_origin"]} == {row["id"] for row in rows["card"]}
    assert len(rows["card_key"]) == 3 * len(rows["card"]) / 2
    return {
        "landed": len(rows["delivery"]),
        "done": len(done),
        "cards": sorted((row["text"], row["trust"]) for row in rows["card"]),
    }


TRUTH = sorted(
    [(f"mail {n} a", "unproven") for n in range(1, MAILS + 1)]
    + [(f"mail {n} b", "verified") for n in range(1, MAILS + 1)]
)


def test_killed_anywhere_nothing_is_lost_or_doubled(database_url: str) -> None:
    """Every fifth statement or commit of the whole work; after each kill the next run ends it."""
    step, kills = 1, 0
    seen = set()
    engine = make_engine(database_url)
    while killed_at(step, engine, lambda: work(Store(engine))):
        kills += 1
        left = facts(database_url)
        seen.add((left["landed"], left["done"]))
        with Store.open(database_url) as store:
            work(store)
        assert facts(database_url)["cards"] == TRUTH
        empty(database_url)
        step += 5
    assert kills > 9
    assert seen == {(0, 0), (3, 0), (6, 0), (6, 4), (6, 6)}


def test_a_second_run_changes_no_row(store: Store, database_url: str) -> None:
    work(store)
    before = dump(database_url)
    with Store.open(database_url) as again:
        work(again)
    assert dump(database_url) == before


@pytest.mark.parametrize("mailboxes", [("a", "a", "a"), ("a", "b", "c")], ids=["one mailbox", "a mailbox each"])
def test_processes_that_do_the_same_work_make_each_card_once(database_url: str, mailboxes: Sequence[str]) -> None:
    def run(mailbox: str) -> Callable[[], None]:
        def in_child() -> None:
            with Store.open(database_url) as store:
                work(store, mailbox)

        return in_child

    Store.open(database_url).close()
    assert fork(*map(run, mailboxes)) == [0] * len(mailboxes)
    assert facts(database_url) == {
        "landed": MAILS * len(set(mailboxes)),
        "done": MAILS * len(set(mailboxes)),
        "cards": TRUTH,
    }


def test_processes_that_record_the_same_mails_record_each_once(store: Store, database_url: str) -> None:
    store.land(an_epoch(store), [landing(uid, f"mail {uid}") for uid in range(1, MAILS + 1)])
    pairs = [(mail, read(mail)) for mail in store.claim(limit=100, max_bytes=10**6)]

    def in_child() -> None:
        with Store.open(database_url) as own:
            own.record(pairs)
            own.record(pairs[::-1])

    store._engine.dispose()  # its connections must not be shared with the children
    assert fork(in_child, in_child, in_child) == [0] * 3
    assert facts(database_url)["cards"] == TRUTH


def fill_up(store: Store, epoch_id: int) -> None:
    for first in range(1, 10_000, 5):
        landings = [landing(uid, f"mail {MAILS + uid} " + f"{uid}" * 900) for uid in range(first, first + 5)]
        store.land(epoch_id, landings)
        store.record([(mail, read(mail)) for mail in store.claim(limit=5, max_bytes=10**6)])


@pytest.mark.parametrize("room", [0, 20_000, 60_000, 150_000, 400_000])
def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path, room: int) -> None:
    path = tmp_path / "interest.db"
    url = f"sqlite:///{path}"
    with Store.open(url) as store:
        work(store, "before")
    before = facts(url)

    def fill() -> None:
        store = Store(make_engine(url))
        epoch_id = an_epoch(store, "full")
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room,) * 2)
        with pytest.raises(IngestError, match=r"(disk I/O error|disk is full); nothing was written: free space"):
            fill_up(store, epoch_id)

    assert fork(fill) == [0]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    after = facts(url)
    assert (after["landed"] - before["landed"]) % 5 == 0
    assert (after["done"] - before["done"]) % 5 == 0
    with Store.open(url) as store:  # there is room again: it goes on by itself
        while mails := store.claim(limit=5, max_bytes=10**6):
            store.record([(mail, read(mail)) for mail in mails])
    assert facts(url)["done"] == after["landed"]


@pytest.mark.parametrize(("state", "first"), [("40001", 17), ("40P01", 12), ("55P03", 6)])
def test_a_step_is_repeated_after_a_passing_fault(database_url: str, state: str, first: int) -> None:
    """Serialization failure, deadlock and lock timeout, each at every 17th statement of the work."""

    class Passing(Exception):
        sqlstate = state

    with Store.open(database_url) as store:
        number = 0

        def fail(*_: object) -> None:
            nonlocal number
            number += 1
            if number % 17 == first % 17:
                raise OperationalError("", {}, Passing())

        event.listen(store._engine, "before_cursor_execute", fail)
        work(store)
    assert number > 50
    assert facts(database_url)["cards"] == TRUTH


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_killed_server_connection_is_replaced(store: Store, database_url: str) -> None:
    """PostgreSQL was restarted or an administrator ended our connection; a new one is taken without a word."""
    store.mailbox("notifications", "INBOX")
    write(database_url, text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    work(store)
    assert facts(database_url)["cards"] == TRUTH


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_card_that_a_crm_is_changing_does_not_hold_up_intake(store: Store, database_url: str) -> None:
    store.land(an_epoch(store), [landing(1, "mail 1"), landing(2, "mail 1")])
    first, second = store.claim(limit=2, max_bytes=10**6)
    store.record([(first, reading(interest("a"), canon="a"))])
    with store._engine.begin() as crm:
        crm.execute(text("UPDATE card SET responsible = 'Vera'"))
        store.record([(second, reading(interest("a", event_key="1"), canon="a"))])
    assert [one["responsible"] for one in store.cards()] == ["Vera"]
    assert len(table(database_url, "card_key")) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_card_that_another_process_makes_at_the_same_moment_is_found(store: Store, database_url: str) -> None:
    """Both saw no card; the unique key refuses the second, which then begins anew."""
    store.land(an_epoch(store, "a"), [landing(1, "mail 1|a")])
    store.land(an_epoch(store, "b"), [landing(1, "mail 1|b")])
    (mine,), (theirs,) = (store.claim(limit=1, max_bytes=1) for _ in range(2))
    same = reading(interest("the same"))
    waiting = [(theirs, same)]

    with Store.open(database_url) as other:

        def meanwhile(_conn: object, _cursor: object, statement: str, *_: object) -> None:
            if waiting and statement.startswith("INSERT INTO card_key"):
                other.record([waiting.pop()])

        event.listen(store._engine, "before_cursor_execute", meanwhile)
        (recorded,) = store.record([(mine, same)])
    assert recorded.outcome is Outcome.DUPLICATE
    assert [mail["outcome"] for mail in store.mails()] == ["duplicate", "cards"]
    assert store.counts().cards == 1


def test_a_writing_transaction_on_sqlite_has_the_lock_from_its_beginning(tmp_path: Path) -> None:
    """A transaction that reads first and then finds the lock taken fails at once, whatever the timeout."""
    path = tmp_path / "interest.db"
    with Store.open(f"sqlite:///{path}") as store, store._engine.begin():
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
