"""What is wrong, rule by rule: each line is a situation and the alarms that it makes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interest_ingest.store.health import Health, MailboxHealth, Rate
from interest_ingest.watch import metrics, rules
from interest_ingest.watch.rules import Snapshot, Token, Watched, alarms, grows

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NOTHING = Health(mailboxes=(), quarantined={}, parsers={}, new_quarantined=Rate(), failed_trust=Rate())


def seen(
    *, ago: timedelta | None = MINUTE, interval: timedelta = MINUTE, refused: bool = False, **known: object
) -> Snapshot:
    """A daemon that is up for a day, with one mailbox last polled `ago`."""
    health = MailboxHealth("shop", "INBOX", polled_at=None if ago is None else NOW - ago, **known)  # type: ignore[arg-type]  # by name
    return Snapshot(
        at=NOW,
        mailboxes=(Watched("shop", interval, health, refused),),
        health=NOTHING,
        since=NOW - timedelta(days=1),
    )


def quarantined(rate: Rate) -> Snapshot:
    return Snapshot(at=NOW, health=Health((), {}, {}, new_quarantined=rate, failed_trust=Rate()))


TABLE: dict[str, tuple[Snapshot, set[str]]] = {
    "all is well": (seen(), set()),
    "three intervals, less than five minutes": (seen(ago=4 * MINUTE), set()),
    "three intervals and five minutes": (seen(ago=6 * MINUTE), {"mailbox silent: shop"}),
    "a long interval": (seen(ago=50 * MINUTE, interval=20 * MINUTE), set()),
    "three long intervals": (seen(ago=61 * MINUTE, interval=20 * MINUTE), {"mailbox silent: shop"}),
    "never polled, for a day": (seen(ago=None), {"mailbox silent: shop"}),
    "a first poll of many mails is alive as long as mails land": (seen(ago=None, newest_landed_at=NOW - MINUTE), set()),
    "the daemon began a minute ago": (
        Snapshot(at=NOW, mailboxes=(Watched("shop", MINUTE),), health=NOTHING, since=NOW - MINUTE),
        set(),
    ),
    "looked at from outside, never polled": (
        Snapshot(at=NOW, mailboxes=(Watched("shop", MINUTE),), health=NOTHING),
        {"mailbox silent: shop"},
    ),
    "the log-in fails, which is why it is silent": (seen(ago=60 * MINUTE, refused=True), {"log-in fails: shop"}),
    "the log-in fails, seen from outside": (
        seen(last_error="mailbox shop: imap.example refuses the log-in of x; check"),
        {"log-in fails: shop"},
    ),
    "unaccounted": (seen(server_mails=5, unaccounted=2), {"unaccounted: shop"}),
    "mails wait for hours": (seen(waiting=3, due_since=NOW - 60 * MINUTE), {"mails wait: shop"}),
    "mails wait for a moment": (seen(waiting=3, due_since=NOW - MINUTE), set()),
    "mails that were put off for hours are due": (
        seen(waiting=3, postponed=2, waiting_since=NOW - 60 * MINUTE, due_since=NOW - MINUTE),
        set(),
    ),
    "mails that were put off wait": (seen(waiting=3, postponed=3, waiting_since=NOW - 60 * MINUTE), set()),
    "a breaker": (Snapshot(at=NOW, health=NOTHING, breakers=("vk",)), {"breaker open: vk"}),
    "the disk": (Snapshot(at=NOW, health=NOTHING, disk="full"), {"disk low"}),
    "intake pauses for want of room, which is why all is silent": (
        replace(seen(ago=60 * MINUTE), disk="full"),
        {"disk low"},
    ),
    "a database that restarts": (Snapshot(at=NOW, away="gone", away_for=30 * timedelta(seconds=1)), set()),
    "a database that is away": (Snapshot(at=NOW, away="gone", away_for=2 * MINUTE), {"database away"}),
    "while it is away nothing is said of what it knew": (
        Snapshot(at=NOW, mailboxes=seen(ago=60 * MINUTE).mailboxes, health=NOTHING, away="gone", away_for=2 * MINUTE),
        {"database away"},
    ),
    "the quarantine grows": (quarantined(Rate(hour=12, day=12, week=12)), {"quarantine grows"}),
    "it grew as every hour": (quarantined(Rate(hour=12, day=280, week=1900)), set()),
    "it grew far more than usual": (quarantined(Rate(hour=70, day=300, week=1900)), {"quarantine grows"}),
    "a handful is no growth": (quarantined(Rate(hour=9, day=9, week=9)), set()),
}


@pytest.mark.parametrize(("snapshot", "expected"), TABLE.values(), ids=TABLE)
def test_each_situation_makes_its_alarms(snapshot: Snapshot, expected: set[str]) -> None:
    assert set(alarms(snapshot)) == expected


def test_forged_mails_in_numbers_are_an_alarm() -> None:
    health = Health((), {}, {}, new_quarantined=Rate(), failed_trust=Rate(hour=40, day=41, week=60))
    assert set(alarms(Snapshot(at=NOW, health=health))) == {"signatures fail"}


@pytest.mark.parametrize(("left", "told"), [(timedelta(minutes=4), False), (timedelta(minutes=1), True)])
def test_a_token_that_was_not_renewed_in_time_is_an_alarm(left: timedelta, told: bool) -> None:
    polled = seen()
    snapshot = Snapshot(
        at=NOW,
        mailboxes=polled.mailboxes,
        health=NOTHING,
        since=polled.since,
        tokens=(Token("shop", NOW - MINUTE, NOW + left),),
    )
    assert ("token not renewed: shop" in alarms(snapshot)) is told


def test_growth_is_measured_against_the_time_that_the_ledger_covers() -> None:
    """Ten in the hour are usual where a day had 200, though the week, of which there was only this day, had no more."""
    assert not grows(Rate(hour=10, day=200, week=200, days=1.0))
    assert grows(Rate(hour=10, day=200, week=200, days=7.0))


def test_the_share_of_fallback_parsers_counts_mails_that_were_read() -> None:
    parsers = {("form", "cards"): 1, ("vk.comment", "cards"): 3, ("vk.comment", "quarantined"): 50}
    health = Health((), {}, parsers, new_quarantined=Rate(), failed_trust=Rate())
    assert Snapshot(at=NOW, health=health, fallbacks=frozenset({"form"})).fallback_share() == 0.25
    assert Snapshot(at=NOW, health=NOTHING).fallback_share() is None


def test_labels_for_reasons_are_few() -> None:
    few = metrics._few({f"reason {number}": number for number in range(1, 101)})
    assert len(few) == metrics.REASONS + 1
    assert sum(few.values()) == 5050


def test_every_rule_is_asked() -> None:
    """A rule that nobody calls would never raise its alarm."""
    made = {
        value
        for name, value in vars(rules).items()
        if name.startswith("_") and getattr(value, "__annotations__", {}).get("return") == "Alarms"
    }
    assert made == {*rules.ALWAYS, *rules.BY_LEDGER}
