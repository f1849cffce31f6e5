"""The database stops, hangs, loses its answers or is held by others: nothing is lost or doubled, and it goes on."""

from __future__ import annotations

import gc
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pymysql
import pytest
from psycopg import errors as postgres_errors
from sqlalchemy import Connection, event, make_url, text, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from interest_ingest.cards import Outcome
from interest_ingest.errors import IngestError, Unreachable
from interest_ingest.store import Store, engine
from interest_ingest.store.engine import make_engine
from interest_ingest.store.tables import card, mailbox
from tests.servers import postgres as postgres_server
from tests.servers.mariadb import MariaDB
from tests.test_store.making import an_epoch, deliver, dump, empty, interest, landing, reading, table
from tests.test_store.working import MAILS, TRUTH, facts, read, work
from tests.torture import report, scale

on_servers = pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Fault = Callable[[Connection], object]
"""Does its harm at a step of the given connection's transaction."""


@pytest.fixture
def faults(request: pytest.FixtureRequest, database_url: str) -> dict[str, Fault]:
    """Every harm that the server of `database_url` can do, by name."""
    if database_url.startswith("postgresql"):
        return postgres_faults(database_url)
    return mariadb_faults(request.getfixturevalue("mariadb"))


def postgres_faults(url: str) -> dict[str, Fault]:
    def restart(_connection: Connection) -> None:
        postgres_server.stop(url)
        postgres_server.start(url)

    def end_session(connection: Connection) -> None:
        pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr]
        look_from_outside(url, f"SELECT pg_terminate_backend({pid}, 5000)")

    return {
        "server stopped at once and started": restart,
        "session ended": end_session,
        "serialization failure": raising(postgres_errors.SerializationFailure()),
        "deadlock": raising(postgres_errors.DeadlockDetected()),
        "lock timeout": raising(postgres_errors.LockNotAvailable()),
    }


def mariadb_faults(server: MariaDB) -> dict[str, Fault]:
    def restart(_connection: Connection) -> None:
        server.kill()
        server.start()

    def end_session(connection: Connection) -> None:
        number = connection.connection.driver_connection.thread_id()  # type: ignore[union-attr]
        with server.connected() as cursor:
            cursor.execute(f"KILL CONNECTION {number}")

    return {
        "server killed and started": restart,
        "session ended": end_session,
        "deadlock": raising(pymysql.err.OperationalError(1213, "Deadlock found when trying to get lock")),
        "lock timeout": raising(pymysql.err.OperationalError(1205, "Lock wait timeout exceeded")),
        "record changed": raising(pymysql.err.OperationalError(1020, "Record has changed since last read")),
    }


def raising(error: Exception) -> Fault:
    def fail(_connection: Connection) -> None:
        raise OperationalError("", {}, error)

    return fail


def look_from_outside(url: str, statement: str) -> None:
    other = make_engine(url)
    with other.begin() as connection:
        connection.exec_driver_sql(statement)
    other.dispose()


def at_step(store: Store, number: int, do: Fault, *, commits_only: bool = False) -> list[int]:
    """Have `do` done before the `number`-th statement or commit; the list that comes back counts the steps."""
    counted = [0]

    def step(connection: Connection, *_: object) -> None:
        counted[0] += 1
        if counted[0] == number:
            do(connection)

    if not commits_only:
        event.listen(store._engine, "before_cursor_execute", step)
    event.listen(store._engine, "commit", step)
    return counted


def steps_of_work(url: str, *, commits_only: bool = False) -> int:
    with Store.open(url) as store:
        counted = at_step(store, 0, lambda _: None, commits_only=commits_only)
        work(store)
        return counted[0]


def name_of(url: str) -> str:
    return str(make_url(url).get_backend_name())


def every(steps: int, stride: int) -> Iterator[int]:
    """Each of the steps when there is time for it, else some of them, the last ones too."""
    return iter(range(steps, 0, -scale(stride, 1)))


@on_servers
def test_a_fault_at_any_statement_loses_nothing_and_doubles_nothing(
    database_url: str, faults: dict[str, Fault]
) -> None:
    """T-06, F21, F22: one store lives through it and repeats the step; nobody above it hears of it."""
    steps = steps_of_work(database_url)
    rounds = 0
    for place, (name, fault) in enumerate(faults.items()):
        for step in every(steps - place, 47):
            empty(database_url)
            with Store.open(database_url) as store:
                at_step(store, step, fault)
                work(store)
            assert facts(database_url)["cards"] == TRUTH, f"{name} at step {step} of {steps}"
            rounds += 1
    report(f"T-06 {name_of(database_url)} faults at statements", rounds=rounds, lost=0, doubled=0)


@on_servers
def test_a_commit_whose_answer_was_lost_is_repeated_without_harm(database_url: str, faults: dict[str, Fault]) -> None:
    """T-06: it took place, and the connection went before we heard of it."""

    def committed_and_gone(connection: Connection) -> None:
        connection.connection.commit()
        faults["session ended"](connection)

    commits = steps_of_work(database_url, commits_only=True)
    for step in every(commits, 3):
        empty(database_url)
        with Store.open(database_url) as store:
            at_step(store, step, committed_and_gone, commits_only=True)
            work(store)
        assert facts(database_url)["cards"] == TRUTH, f"commit {step} of {commits}"
    report(f"T-06 {name_of(database_url)} unknown commits", commits=commits, lost=0, doubled=0)


@on_servers
@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # PyMySQL leaves one open that found no server
def test_a_server_that_is_away_is_told_and_then_used_again(
    store: Store, database_url: str, request: pytest.FixtureRequest
) -> None:
    """F20: nothing is kept in memory meanwhile; the same store goes on when the server is back."""
    stop, start = server_of(database_url, request)
    store.land(an_epoch(store), [landing(uid, f"mail {uid}") for uid in range(1, MAILS + 1)])
    mails = store.claim(limit=100, max_bytes=10**6)
    stop()
    try:
        with pytest.raises(Unreachable, match=r"; check the server, and its name, user and password in database\.url"):
            store.record([(mail, read(mail)) for mail in mails])
        with pytest.raises(Unreachable):
            Store.open(database_url)
        gc.collect()  # now, while it may
    finally:
        start()
    work(store)
    assert facts(database_url) == {"landed": MAILS, "done": MAILS, "cards": TRUTH}


def server_of(url: str, request: pytest.FixtureRequest) -> tuple[Callable[[], None], Callable[[], None]]:
    if url.startswith("postgresql"):
        return lambda: postgres_server.stop(url), lambda: postgres_server.start(url)
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.kill, server.start


@on_servers
def test_a_card_that_a_crm_holds_delays_only_its_own_mail(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F23: intake never waits more than 5 seconds for it, the others are recorded, and it follows when it is free.

    PostgreSQL needs no lock on the card here, so that all are recorded at once. The short run waits 0 s each time.
    """
    wait = f"innodb_lock_wait_timeout = {scale(0, 1)}"
    settings = tuple(one.replace("innodb_lock_wait_timeout = 1", wait) for one in engine._MARIADB_SETTINGS)
    monkeypatch.setattr(engine, "_MARIADB_SETTINGS", settings)
    store._engine.dispose()
    deliver(store, reading(interest("held"), canon="held"))
    store.land(an_epoch(store), [landing(uid, f"more {uid}") for uid in (11, 12, 13)])
    mails = store.claim(limit=3, max_bytes=10**6)
    readings = [reading(interest(f"{n}"), canon=f"{n}") for n in range(3)]
    readings[1] = reading(interest("held", event_key="1"), canon="held")
    with store._engine.begin() as crm:
        crm.execute(text("UPDATE card SET responsible = 'Vera'"))
        begun = time.monotonic()
        recorded = store.record(list(zip(mails, readings, strict=True)))
        waited = time.monotonic() - begun
    at_once = [Outcome.DUPLICATE] if database_url.startswith("postgresql") else []
    assert [one.outcome for one in recorded] == [Outcome.CARDS, *at_once, Outcome.CARDS]
    assert waited < 5
    report(f"F23 {name_of(database_url)} a card held by a CRM", seconds=waited)
    assert store.claim(limit=9, max_bytes=10**6) == [], "it has its pause"
    look_from_outside(database_url, "UPDATE delivery SET not_before = NULL")
    for mail in store.claim(limit=9, max_bytes=10**6):
        store.record([(mail, readings[1])])
    assert [row["outcome"] for row in table(database_url, "delivery")] == ["cards", "cards", "duplicate", "cards"]
    assert next(store.cards())["responsible"] == "Vera"
    assert len(table(database_url, "card_key")) == 4


def test_a_dead_line_to_the_server_is_given_up_in_minutes() -> None:
    """What was sent and never acknowledged is no matter of keepalives: the kernel tries for a quarter of an hour."""
    remote = make_engine("postgresql://ingest@db.example/interest")

    @event.listens_for(remote, "do_connect")
    def asked(_dialect: Any, _record: Any, _given: Any, options: dict[str, Any]) -> None:
        raise InterruptedError(options["tcp_user_timeout"])

    with pytest.raises(InterruptedError, match=r"^120000$"):
        remote.connect()


@on_servers
def test_two_steps_that_wait_for_each_other_are_both_done(store: Store) -> None:
    """T-06, F22: a deadlock that the server finds, not one that a test pretends."""
    ids = [store.mailbox(name, "INBOX") for name in "ab"]
    both_hold_one = threading.Barrier(2)
    begun: list[int] = []

    def lock(connection: Connection, mailbox_id: int) -> None:
        connection.execute(update(mailbox).where(mailbox.c.id == mailbox_id).values(last_error="held"))

    def cross(first: int, second: int) -> None:
        def step(connection: Connection) -> None:
            begun.append(first)
            lock(connection, first)
            if begun.count(first) == 1:
                both_hold_one.wait(10)
            lock(connection, second)

        store._write(step)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(cross, *ids), threads.submit(cross, *reversed(ids))]:
            done.result()
    assert len(begun) > 2, "one of them was sent back"


@on_servers
def test_bytes_that_another_process_keeps_at_the_same_moment_are_found(store: Store, database_url: str) -> None:
    """MariaDB's own isolation would not show the row that kept us from inserting ours."""
    epoch_id = an_epoch(store, "mine")
    with Store.open(database_url) as other:
        theirs = an_epoch(other, "theirs")

        def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            if statement.startswith("INSERT INTO raw_message") and not other.counts().mails:
                other.land(theirs, [landing(1, "the mail")])

        event.listen(store._engine, "before_cursor_execute", meanwhile)
        assert store.land(epoch_id, [landing(1, "the mail"), landing(2, "the other")]) == 2
    assert [row["size"] for row in table(database_url, "raw_message")] == [8, 9]
    assert len(table(database_url, "delivery")) == 3


@on_servers
def test_a_server_that_only_reads_says_so(store: Store, database_url: str, request: pytest.FixtureRequest) -> None:
    """T-06, F21: after a failover the address may be that of a standby. It is used again when it may write.

    MariaDB forbids nothing to its administrator, so here works the user of docs/operating.md.
    """
    used, change = standby(database_url, request)
    with Store.open(used) as mine:
        work(mine)
        mine._engine.dispose()
        change(True)
        try:
            mine._engine.dispose()
            with pytest.raises(Unreachable, match=r"the server is read-only: name the primary in database\.url"):
                mine.mailbox("new", "INBOX")
            assert mine.counts().cards == len(TRUTH)
        finally:
            change(False)
        mine._engine.dispose()
        assert mine.mailbox("new", "INBOX")


def standby(url: str, request: pytest.FixtureRequest) -> tuple[str, Callable[[bool], None]]:
    """The URL of an ordinary user, and a call that forbids or allows all writing."""
    if name_of(url) == "postgresql":
        name = make_url(url).database
        switch = f'ALTER DATABASE "{name}" SET default_transaction_read_only = '
        return url, lambda on: look_from_outside(url.replace(f"/{name}?", "/postgres?"), f"{switch}{on}")
    server: MariaDB = request.getfixturevalue("mariadb")
    return server.as_user(url), lambda on: server.execute(f"SET GLOBAL read_only = {on}")


@on_sqlite
def test_a_file_that_another_program_holds_is_awaited_once(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F24: told in the log when it takes long; after the one long wait of SQLite there is no second try."""
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.3)
    monkeypatch.setattr(engine, "LONG_SECONDS", 0.1)
    monkeypatch.setattr(engine, "_SQLITE_PRAGMAS", ("PRAGMA busy_timeout = 400",))
    store._engine.dispose()  # the next connection is made with these
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None)) as crm:
        crm.execute("BEGIN IMMEDIATE")
        with capture_logs() as logs, pytest.raises(IngestError, match="is locked by another program"):
            store.mailbox("notifications", "INBOX")
        crm.execute("ROLLBACK")
    assert [entry["event"] for entry in logs] == ["another program held the database"], "one try"
    assert logs[0]["seconds"] >= 0.4
    assert store.mailbox("notifications", "INBOX")


@on_sqlite
def test_a_file_that_is_held_for_a_moment_is_awaited_without_a_word(store: Store, database_url: str) -> None:
    """F24."""
    crm = sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
    crm.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, crm.rollback)
    release.start()
    with capture_logs() as logs:
        work(store)
    release.join()
    crm.close()
    assert logs == []
    assert facts(database_url)["cards"] == TRUTH


def test_a_crm_that_reads_for_long_holds_up_nobody(store: Store, database_url: str) -> None:
    """A report in an open transaction, as it may stand open for an hour."""
    deliver(store, reading(interest("old")), mailbox="before")
    reader = make_engine(database_url)
    with reader.execution_options(reads=True).connect() as crm:
        assert len(crm.execute(card.select()).all()) == 1
        work(store)
    reader.dispose()
    assert len(dump(database_url)["card"]) == 1 + len(TRUTH)


def test_a_fault_of_our_own_is_no_passing_one(store: Store) -> None:
    """A wrong statement is sent once and comes up as it is."""
    sent: list[Any] = []
    event.listen(store._engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    with pytest.raises(Exception, match="no_such_table"):
        store._write(lambda connection: connection.execute(text("SELECT 1 FROM no_such_table")))
    assert len([one for one in sent if "no_such_table" in one]) == 1


def test_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    """F26: the volume is not mounted."""
    with pytest.raises(Unreachable, match=r"the folder .* does not exist; create it"):
        Store.open(f"sqlite:///{tmp_path}/volume/interest.db")
