"""What was not read stays in hand: it can be retried with all its twins, dismissed, put off, and keeps its bytes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from interest_ingest.cards import Outcome, Reading
from interest_ingest.store import Store
from tests.test_store.making import an_epoch, claimed, deliver, interest, landing, reading, table

SOON = timedelta(days=1)
UNREADABLE = Reading(
    outcome=Outcome.QUARANTINED, reason="template changed: no text", parser="social.comment", parser_version=3
)
HELD = Reading(outcome=Outcome.HELD, reason="flood")


def land_twins(store: Store) -> None:
    """The same bytes in two mailboxes."""
    for mailbox in ("one", "two"):
        store.land(an_epoch(store, mailbox), [landing(1, "the same bytes")])


def outcomes(store: Store) -> list[str]:
    return [mail["outcome"] for mail in store.mails()]


def record_one(store: Store, one: Reading) -> None:
    """Read the first mail that waits, give the others back."""
    first, *others = claimed(store)
    store.release(others)
    store.record([(first, None if first.known else one)])


def test_a_twin_of_an_unread_mail_is_quarantined_too_and_not_acknowledged(store: Store) -> None:
    land_twins(store)
    record_one(store, UNREADABLE)
    record_one(store, UNREADABLE)
    assert outcomes(store) == ["quarantined", "quarantined"]
    assert store.to_acknowledge(an_epoch(store, "two")) == []
    (mail,) = store.quarantined()
    assert (mail["deliveries"], mail["reason"], mail["parser"]) == (2, "template changed: no text", "social.comment")


def test_a_retry_reaches_every_twin_and_gives_one_card(store: Store) -> None:
    land_twins(store)
    record_one(store, UNREADABLE)
    record_one(store, UNREADABLE)
    assert store.retry(reason="template changed", parser="social.comment") == 1
    assert outcomes(store) == ["new", "new"]
    store.record([(landed, reading(interest())) for landed in claimed(store)])
    assert outcomes(store) == ["cards", "duplicate"]
    assert store.to_acknowledge(an_epoch(store, "two")) == [1]
    assert len(list(store.cards())) == 1


def test_a_retried_mail_has_no_attempts_and_no_pause_left(store: Store, database_url: str) -> None:
    deliver(store, HELD)
    (held,) = store.quarantined(Outcome.HELD)
    assert store.retry() == 0
    assert store.retry(outcome=Outcome.HELD) == 1
    (row,) = table(database_url, "delivery")
    assert (row["outcome"], row["attempts"], row["interrupted"]) == (None, 0, False)
    assert [mail.delivery_id for mail in claimed(store)] == [row["id"]]
    assert held["reason"] == "flood"


def test_only_unread_mails_can_be_retried_or_dismissed(store: Store) -> None:
    deliver(store, reading(interest()), UNREADABLE)
    good, bad = (mail["mail_id"] for mail in store.mails())
    assert store.retry([good]) == 0
    assert store.dismiss([good, bad, 4711]) == 1
    assert [(mail["outcome"], mail["reason"]) for mail in store.mails()] == [("cards", None), ("ignored", "dismissed")]
    assert list(store.quarantined()) == []
    assert store.to_acknowledge(an_epoch(store)) == [1, 2]


def test_a_reason_is_no_pattern(store: Store) -> None:
    deliver(store, UNREADABLE)
    assert store.retry(reason="%") == 0
    assert store.retry(reason="template_") == 0


def test_a_postponed_mail_waits_until_its_time(store: Store) -> None:
    store.land(an_epoch(store), [landing(1), landing(2)])
    first, second = claimed(store)
    store.postpone([first.delivery_id], datetime.now(UTC) + SOON)
    store.postpone([second.delivery_id], datetime.now(UTC) - SOON)
    assert [mail.delivery_id for mail in claimed(store)] == [second.delivery_id]


def test_signed_mails_are_claimed_before_others(store: Store) -> None:
    flood = [landing(uid) for uid in range(1, 6)]
    store.land(an_epoch(store), [*flood, replace(landing(6), signed=True, emailid="M1")])
    first = store.claim(2, 10**6)
    assert [mail.raw[:10] for mail in first] == [b"Subject: 1", b"Subject: 6"]


def test_retention_empties_old_bytes_and_keeps_those_that_nobody_read(store: Store) -> None:
    deliver(store, reading(interest()), UNREADABLE, HELD)
    store.land(an_epoch(store), [landing(9)])
    assert store.empty_raw(datetime.now(UTC) - SOON) == 0
    assert store.empty_raw(datetime.now(UTC) + SOON, limit=1) == 2
    assert [store.raw(mail["mail_id"]) == b"" for mail in store.mails()] == [True, True, False, False]
    assert store.retry() == 0
    assert [mail["raw_kept"] for mail in store.quarantined()] == [False]
    assert outcomes(store) == ["cards", "quarantined", "held", "new"]


def test_bytes_that_come_again_after_retention_are_kept_again(store: Store) -> None:
    """Judged with another trust they must be read again, and nothing would be there to read."""
    store.land(an_epoch(store), [landing(1, "the same bytes")])
    record_one(store, UNREADABLE)
    store.empty_raw(datetime.now(UTC) + SOON)
    store.land(an_epoch(store, "two"), [landing(1, "the same bytes", authentication='{"other": 1}')])
    (again,) = claimed(store)
    assert (again.raw, again.known) == (b"the same bytes", None)
    assert store.retry() == 1


def test_a_comparison_is_noted(store: Store, database_url: str) -> None:
    store.compared(store.mailbox("notifications", "INBOX"), 20, 2)
    (row,) = table(database_url, "mailbox")
    assert (row["server_mails"], row["unaccounted"], row["compared_at"] is None) == (20, 2, False)
