"""Which card an interest is: one case for each rule."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from interest_ingest.cards import Author, Outcome, Trust
from interest_ingest.store import Store
from interest_ingest.store.tables import card
from tests.test_store.making import an_epoch, claimed, deliver, dump, interest, landing, reading, table, verified, write


def shown(url: str) -> list[tuple[str, str, int | None, bool]]:
    """Each card in the order of its making: trust, text, the number of the card it is suspected to copy, superseded."""
    rows = sorted(table(url, "card"), key=lambda row: row["created_at"])
    numbers = {row["id"]: number for number, row in enumerate(rows)}
    return [(row["trust"], row["text"], numbers.get(row["suspect_of"]), bool(row["superseded_at"])) for row in rows]


def outcomes(store: Store) -> list[str]:
    return [mail["outcome"] for mail in store.mails()]


def test_one_mail_through_two_mailboxes_is_one_card(store: Store, database_url: str) -> None:
    deliver(store, reading(interest()), mailbox="first")
    (again,) = deliver(store, reading(interest()), mailbox="second")
    assert (again.outcome, again.new_cards) == (Outcome.DUPLICATE, ())
    assert shown(database_url) == [("unproven", "Is it in stock?", None, False)]
    first, second = store.mails()
    assert first["cards"] == second["cards"]


def test_both_in_one_batch_are_one_card(store: Store, database_url: str) -> None:
    one, two = deliver(store, reading(interest()), reading(interest()))
    assert (one.outcome, two.outcome) == (Outcome.CARDS, Outcome.DUPLICATE)
    assert len(shown(database_url)) == 1


def test_one_event_in_two_different_mails_is_one_card(store: Store, database_url: str) -> None:
    """A service that reminds of a comment sends a second mail with another text around it."""
    deliver(store, reading(interest("Is it in stock?", event_key="comment 1"), canon="the notification"))
    deliver(store, reading(interest("Is it in…", event_key="comment 1"), canon="the reminder"))
    assert len(shown(database_url)) == 1
    assert outcomes(store) == ["cards", "duplicate"]
    deliver(store, reading(interest("Is it in…"), canon="the reminder"))
    assert outcomes(store)[2] == "duplicate", "the reminder's content became a key of the card"


def test_events_of_two_sources_are_two_cards(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("a", event_key="1"), interest("b", event_key="1", source="other")))
    assert len(shown(database_url)) == 2


def test_the_same_words_in_two_mails_are_two_cards(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("+1"), canon="monday"), reading(interest("+1"), canon="tuesday"))
    assert [suspect for _, _, suspect, _ in shown(database_url)] == [None, None]


@pytest.mark.parametrize("field", [{"name": "Boris"}, {"email": "a@mail.example"}, {"phone": "+4930123456"}])
def test_two_people_in_one_mail_are_two_cards(store: Store, database_url: str, field: dict[str, str]) -> None:
    deliver(store, reading(interest("+1", author=Author(name="Anna")), interest("+1", author=Author(**field))))
    assert len(shown(database_url)) == 2


def test_a_card_known_by_content_learns_its_event(store: Store, database_url: str) -> None:
    deliver(store, reading(interest()))
    deliver(store, reading(interest(event_key="comment 1")))
    deliver(store, reading(interest(event_key="comment 1"), canon="the reminder"))
    assert len(shown(database_url)) == 1
    assert [row["kind"] for row in table(database_url, "card_key")].count("event") == 1


def test_two_events_with_the_same_words_are_two_cards(store: Store, database_url: str) -> None:
    digest = reading(interest("+1", event_key="comment 1"), interest("+1", event_key="comment 2"))
    deliver(store, digest)
    assert [suspect for _, _, suspect, _ in shown(database_url)] == [None, None]
    deliver(store, digest, mailbox="second")
    assert len(shown(database_url)) == 2
    first, second = store.mails()
    assert first["cards"] == second["cards"]


def test_keys_of_two_cards_leave_both_and_mark_one(store: Store, database_url: str) -> None:
    deliver(store, reading(interest(event_key="comment 1"), canon="the notification"))
    deliver(store, reading(interest("Is it…"), canon="the reminder"))
    deliver(store, reading(interest("Is it…", event_key="comment 1"), canon="the reminder"))
    assert shown(database_url) == [
        ("unproven", "Is it in stock?", None, False),
        ("unproven", "Is it…", 0, False),
    ]
    assert [mail["cards"] for mail in store.mails()][2] == next(store.mails())["cards"]


def test_a_message_id_alone_only_marks_a_suspect(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("first"), canon="a", message_id="1@mail.example"))
    deliver(store, reading(interest("other"), canon="b", message_id="1@mail.example"))
    assert shown(database_url) == [("unproven", "first", None, False), ("unproven", "other", 0, False)]


def test_interests_of_one_mail_do_not_suspect_each_other(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("a"), interest("b"), message_id="1@mail.example"))
    assert [suspect for _, _, suspect, _ in shown(database_url)] == [None, None]


def test_a_forged_message_id_does_not_mark_the_true_mail(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("forged"), canon="a", message_id="1@mail.example"))
    deliver(store, reading(verified("true"), canon="b", message_id="1@mail.example"))
    assert shown(database_url) == [("unproven", "forged", 1, False), ("verified", "true", None, False)]


@pytest.mark.parametrize("low", [Trust.UNPROVEN, Trust.FAILED])
@pytest.mark.parametrize("event_key", ["comment 1", None])
def test_less_trusted_meets_verified_and_changes_nothing(
    store: Store, database_url: str, low: Trust, event_key: str | None
) -> None:
    deliver(store, reading(verified(event_key=event_key)))
    before = dump(database_url)
    (forged,) = deliver(store, reading(interest(event_key=event_key, trust=low, source_url="https://foul.example/")))
    after = dump(database_url)
    assert forged.outcome is Outcome.DUPLICATE
    assert (after["card"], after["card_key"]) == (before["card"], before["card_key"])
    assert len(after["card_origin"]) == len(before["card_origin"]) + 1


def test_an_unproven_one_adds_no_key_to_a_verified_card(store: Store, database_url: str) -> None:
    """Else a forged mail could make its own text a key of the true card, and swallow what comes next with that text."""
    deliver(store, reading(verified(event_key="comment 1")))
    deliver(store, reading(interest("forged", event_key="comment 1"), canon="forged"))
    (true,) = deliver(store, reading(verified("forged"), canon="forged"))
    assert true.outcome is Outcome.CARDS


@pytest.mark.parametrize("low", [Trust.UNPROVEN, Trust.FAILED])
@pytest.mark.parametrize("event_key", ["comment 1", None])
def test_verified_is_not_suppressed_by_a_copy_that_came_first(
    store: Store, database_url: str, low: Trust, event_key: str | None
) -> None:
    deliver(store, reading(interest(event_key=event_key, trust=low)))
    (true,) = deliver(store, reading(verified(event_key=event_key)))
    assert true.outcome is Outcome.CARDS
    text = "Is it in stock?"
    assert shown(database_url) == [(low.value, text, 1, True), ("verified", text, None, False)]
    assert [one["trust"] for one in store.cards()] == ["verified"]


def test_what_a_person_touched_is_marked_and_stays(store: Store, database_url: str) -> None:
    deliver(store, reading(interest()))
    write(database_url, update(card).values(responsible="Vera"))
    deliver(store, reading(verified()))
    assert [(suspect, superseded) for _, _, suspect, superseded in shown(database_url)] == [(1, False), (None, False)]
    assert [one["responsible"] for one in store.cards()] == ["Vera", None]


def test_failed_neither_suppresses_unproven(store: Store, database_url: str) -> None:
    deliver(store, reading(interest(trust=Trust.FAILED)))
    deliver(store, reading(interest()))
    deliver(store, reading(interest(trust=Trust.FAILED)))
    text = "Is it in stock?"
    assert shown(database_url) == [("failed", text, 1, True), ("unproven", text, None, False)]


def test_people_keep_their_columns(store: Store, database_url: str) -> None:
    deliver(store, reading(interest()))
    peoples = {"responsible": "Vera", "processed": True, "proof_url": "https://crm.example/1.png"}
    write(database_url, update(card).values(peoples))
    before = table(database_url, "card")
    deliver(store, reading(interest("Is it in stock?", event_key="comment 1")))
    assert table(database_url, "card") == before


def test_a_reading_without_a_digest_is_known_by_its_bytes(store: Store, database_url: str) -> None:
    plain = reading(interest()).model_copy(update={"canon_digest": ""})
    store.land(an_epoch(store), [landing(1, "a"), landing(2, "b")])
    store.record([(mail, plain) for mail in claimed(store)])
    assert len(shown(database_url)) == 2


def test_an_oversize_mail_keeps_its_outcome(store: Store) -> None:
    deliver(store, reading(interest(), outcome=Outcome.OVERSIZE), reading(interest(), outcome=Outcome.OVERSIZE))
    assert outcomes(store) == ["oversize", "oversize"]
    assert store.counts().cards == 1
