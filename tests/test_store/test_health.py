"""What the store tells about itself, on all three databases; and that a large ledger makes it no dearer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, insert, text, update

from interest_ingest.cards import Outcome, Trust
from interest_ingest.store import Store
from interest_ingest.store.engine import make_engine
from interest_ingest.store.health import Alarm, Rate, reason_class
from interest_ingest.store.tables import delivery, worker
from tests.test_store.making import an_epoch, claimed, deliver, interest, landing, reading

NOW = datetime.now(UTC)


def aged(url: str, ages: dict[int, timedelta]) -> None:
    """Let the n-th mail (from 1) have landed so long ago."""
    engine = make_engine(url)
    with engine.begin() as connection:
        ids = list(connection.scalars(text("SELECT id FROM delivery ORDER BY id")))
        for number, age in ages.items():
            when = datetime.now(UTC) - age
            connection.execute(update(delivery).where(delivery.c.id == ids[number - 1]).values(landed_at=when))
    engine.dispose()


def test_a_mailbox_tells_its_polls_its_comparison_and_what_waits(store: Store) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    store.land(an_epoch(store), [landing(uid) for uid in (1, 2, 3)])
    store.postpone([claimed(store)[0].delivery_id], datetime.now(UTC) + timedelta(minutes=15))
    store.compared(mailbox_id, on_server=5, unaccounted=2)
    store.polled(mailbox_id)
    store.polled(mailbox_id, "it is gone")
    (told,) = store.health(datetime.now(UTC)).mailboxes
    assert (told.waiting, told.postponed, told.server_mails, told.unaccounted) == (3, 1, 5, 2)
    assert told.last_error == "it is gone"
    assert told.polled_at
    assert told.compared_at
    assert told.newest_received_at
    assert told.newest_landed_at
    assert told.waiting_since
    assert abs(told.waiting_since - datetime.now(UTC)) < timedelta(minutes=5)


def test_mails_wait_since_they_could_be_read(store: Store, database_url: str) -> None:
    """A mail that was put off, and one of long ago that shall be read again, came due just now."""
    deliver(store, reading(outcome=Outcome.QUARANTINED, reason="parser error"))
    store.land(an_epoch(store), [landing(uid) for uid in (10, 11)])
    put_off, later = (one.delivery_id for one in claimed(store))
    due = datetime.now(UTC) - timedelta(seconds=5)
    store.postpone([put_off], due)
    store.postpone([later], datetime.now(UTC) + timedelta(hours=1))
    aged(database_url, dict.fromkeys((1, 2, 3), timedelta(days=1)))
    (told,) = store.health(datetime.now(UTC)).mailboxes
    assert (told.waiting, told.postponed, told.due_since) == (2, 1, due)
    store.retry()
    store.postpone([claimed(store)[1].delivery_id], datetime.now(UTC) + timedelta(hours=1))
    (told,) = store.health(datetime.now(UTC)).mailboxes
    assert (told.waiting, told.postponed) == (3, 2)
    assert told.due_since
    assert datetime.now(UTC) - told.due_since < timedelta(minutes=1)


def test_the_quarantine_is_told_by_the_unchanging_words_of_its_reasons(store: Store) -> None:
    deliver(
        store,
        reading(outcome=Outcome.QUARANTINED, reason="template changed: no author"),
        reading(outcome=Outcome.QUARANTINED, reason="template changed: no text"),
        reading(outcome=Outcome.QUARANTINED, reason="ambiguous: a, b"),
        reading(interest(), canon="good"),
    )
    assert store.health(NOW).quarantined == {"template changed": 2, "ambiguous": 1}
    assert reason_class(None) == "no reason"
    assert len(reason_class("x" * 300)) == 40


def test_rates_are_those_of_the_last_hour_day_and_week(store: Store, database_url: str) -> None:
    """Mails are numbered as they land, so the oldest come first."""
    bad = reading(outcome=Outcome.QUARANTINED, reason="parser error")
    forged = reading(interest(trust=Trust.FAILED), canon="forged")
    deliver(store, bad, bad, forged, bad, bad)
    ages = (timedelta(days=30), timedelta(days=3), timedelta(hours=5), timedelta(hours=2), timedelta(minutes=1))
    aged(database_url, dict(enumerate(ages, start=1)))
    health = store.health(datetime.now(UTC))
    told = health.new_quarantined
    assert (told.hour, told.day, told.week) == (1, 2, 3)
    assert 2.9 < told.days < 3.1
    assert (health.failed_trust.hour, health.failed_trust.day) == (0, 1)
    assert health.parsers == {("social.comment", "quarantined"): 3, ("social.comment", "cards"): 1}


def test_an_empty_database_has_nothing_to_tell(store: Store) -> None:
    told = store.health(NOW)
    assert told.mailboxes == ()
    assert told.new_quarantined == Rate(days=0.0)
    assert store.outcomes_of_mailboxes() == {}


def test_outcomes_are_counted_for_each_mailbox(store: Store) -> None:
    deliver(store, reading(interest("one"), canon="one"), reading(outcome=Outcome.IGNORED, reason="receipt"))
    deliver(store, reading(interest("two"), canon="two"), mailbox="sales")
    store.land(an_epoch(store, "sales"), [landing(50)])
    assert store.outcomes_of_mailboxes() == {
        ("notifications", "INBOX"): {"cards": 1, "ignored": 1},
        ("sales", "INBOX"): {"cards": 1, "new": 1},
    }


def test_living_processes_are_told_and_dead_ones_are_not(store: Store, database_url: str) -> None:
    claimed(store)  # this process checks in
    engine = make_engine(database_url)
    with engine.begin() as connection:
        dead = {"id": "dead", "host": "elsewhere", "boot_id": "", "pid": 1, "started": ""}
        connection.execute(insert(worker).values(heartbeat_at=NOW - timedelta(hours=1), **dead))
    engine.dispose()
    assert len(store.health(datetime.now(UTC)).processes) == 1


def test_alarms_are_kept_changed_and_closed(store: Store) -> None:
    since = NOW.replace(microsecond=0)
    store.keep_alarms([Alarm("a", "one", since), Alarm("b", "two", since)])
    store.keep_alarms([Alarm("a", "one, worse", since, told_at=since)], over=["b", "never there"])
    assert store.alarms() == {"a": Alarm("a", "one, worse", since, told_at=since)}


def test_the_tally_counts_what_was_recorded_once(store: Store) -> None:
    deliver(store, reading(interest("one"), canon="one"), reading(outcome=Outcome.IGNORED, reason="receipt"))
    assert store.tally.counts() == {("social.comment", "cards"): 1, ("social.comment", "ignored"): 1}


def test_no_question_of_health_goes_through_the_whole_ledger(migrated_sqlite: Path, tmp_path: Path) -> None:
    """By the plan of each statement: a scan of `delivery` without an index would cost more with every mail."""
    path = tmp_path / "i.db"
    path.write_bytes(migrated_sqlite.read_bytes())
    with Store.open(f"sqlite:///{path}") as store:
        asked: list[tuple[str, Any]] = []
        event.listen(
            store._engine,
            "before_cursor_execute",
            lambda _connection, _cursor, statement, parameters, *_: asked.append((statement, parameters)),
        )
        deliver(store, reading(interest()), reading(interest("two"), canon="two"))
        asked.clear()
        store.health(datetime.now(UTC))
        with store._engine.connect() as connection:
            plans = [
                (statement, row.detail)
                for statement, parameters in list(asked)
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            ]
    scans = [(plan, statement) for statement, plan in plans if plan.startswith("SCAN delivery")]
    # The index of what waits holds only that.
    assert {plan for plan, _ in scans} <= {"SCAN delivery USING INDEX ix_delivery_waiting"}, scans
    assert any(plan.startswith("SEARCH delivery") for _, plan in plans)
