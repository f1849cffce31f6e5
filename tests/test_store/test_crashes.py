"""What is left of a step when its process is killed, when two do the same, when the disk is full: all or nothing."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event

from interest_ingest.cards import Outcome
from interest_ingest.errors import IngestError
from interest_ingest.store import Store
from interest_ingest.store.engine import make_engine
from tests.test_store.children import fork, killed_at
from tests.test_store.making import an_epoch, dump, empty, interest, landing, reading
from tests.test_store.working import MAILS, TRUTH, facts, read, work
from tests.torture import report, scale


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


def filled_up(path: Path, limit: Callable[[], object]) -> None:
    """Work on the database `path` in a child until nothing more can be written, then see what it kept and go on.

    `limit` is called in the child when it has begun.
    """
    url = f"sqlite:///{path}"
    with Store.open(url) as store:
        work(store, "before")
    before = facts(url)

    def fill() -> None:
        store = Store(make_engine(url))
        epoch_id = an_epoch(store, "full")
        limit()
        with pytest.raises(IngestError, match=r"(disk I/O error|disk is full); nothing was written: free space"):
            fill_up(store, epoch_id)

    assert fork(fill) == [0]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    after = facts(url)
    assert (after["landed"] - before["landed"]) % 5 == 0
    assert (after["done"] - before["done"]) % 5 == 0
    assert set(before["cards"]) <= set(after["cards"])


def goes_on(url: str) -> None:
    """There is room again: nothing has to be mended first."""
    landed = facts(url)["landed"]
    with Store.open(url) as store:
        while mails := store.claim(limit=5, max_bytes=10**6):
            store.record([(mail, read(mail)) for mail in mails])
    assert facts(url)["done"] == landed


@pytest.mark.parametrize("room", scale([0, 60_000, 400_000], list(range(0, 400_000, 20_000))))
def test_a_full_disk_loses_nothing_that_was_committed(tmp_path: Path, room: int) -> None:
    """T-07, F25: no file may grow beyond the present size of the database and so many bytes."""
    path = tmp_path / "interest.db"
    filled_up(path, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + room,) * 2))
    goes_on(f"sqlite:///{path}")
    report("T-07 file size limit", room=room, integrity="ok", lost=0)


def test_a_full_file_system_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """T-07, F25: a disk of 1 MB."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path], capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        filled_up(tmp_path / "interest.db", lambda: None)
        subprocess.run(["mount", "-o", "remount,size=9m", tmp_path], check=True)
        goes_on(f"sqlite:///{tmp_path}/interest.db")
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    report("T-07 file system of 1 MB", integrity="ok", lost=0)


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
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
