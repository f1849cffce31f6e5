"""A mail read again: its cards stay the same cards with what people wrote, and a second time changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from interest_ingest.cards import Author, InterestCard, Outcome, Reading, Trust
from interest_ingest.store import Reread, Store, Stored, rereading
from interest_ingest.store.rereading import UNREAD_NOTE
from interest_ingest.store.tables import card
from tests.test_store.making import (
    an_epoch,
    claimed,
    deliver,
    dump,
    interest,
    landing,
    peoples_columns,
    reading,
    table,
    verified,
    write,
)

BROKEN = Reading(outcome=Outcome.QUARANTINED, reason="template changed: no author", parser="social.comment", trace="x")


def stored(store: Store) -> list[Stored]:
    return [mail for batch in store.stored() for mail in batch]


def read_again(store: Store, *readings: Reading) -> list[Reread]:
    """One new reading for each stored mail, in their order."""
    return store.reread(list(zip(stored(store), readings, strict=True)), apply=True)


def claim(url: str, **values: Any) -> None:
    """What a person does with all cards."""
    write(url, update(card).values(responsible="Irina", **values))


def cards(url: str) -> dict[str, str]:
    """By text the id of each card that is shown."""
    return {row["text"]: row["id"] for row in table(url, "card") if row["superseded_at"] is None}


def test_changed_fields_are_written_and_people_s_columns_are_not(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("Is it in stock?")))
    claim(database_url, proof_url="https://proof.example/1")
    people = peoples_columns(database_url)
    better = interest("Is it in stock?", language="en", parser_version=2, labels={"b": "1", "a": "2"}, rating=4.5)
    (change,) = read_again(store, reading(better))
    (changed,) = change.cards
    assert (changed.what, set(changed.fields)) == ("changed", {"language", "parser_version", "labels", "rating"})
    assert changed.fields["language"] == (None, "en")
    assert peoples_columns(database_url) == people
    (row,) = table(database_url, "card")
    assert (row["language"], row["parser_version"], row["rating"]) == ("en", 2, 4.5)


def test_a_second_reading_changes_no_row(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("one"), interest("two", event_key="2")), reading(outcome=Outcome.UNMATCHED))
    new = (
        reading(interest("zero"), interest("one", count=3), interest("2nd", event_key="2"), canon="other"),
        reading(interest("found after all"), canon="late", message_id="1@x.example"),
    )
    assert len(read_again(store, *new)) == 2
    before = dump(database_url)
    assert read_again(store, *new) == []
    assert dump(database_url) == before


def test_a_difference_that_is_only_shown_writes_nothing(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("one")))
    before = dump(database_url)
    (mail,) = stored(store)
    (shown,) = store.reread([(mail, reading(interest("one"), interest("two")))], apply=False)
    assert [change.what for change in shown.cards] == ["new"]
    assert dump(database_url) == before


def test_one_interest_more_moves_no_proof(store: Store, database_url: str) -> None:
    """The events and words decide before the order does."""
    boris = Author(name="Boris")
    deliver(store, reading(interest("one"), interest("two", event_key="2", author=boris)))
    before = cards(database_url)
    read_again(store, reading(interest("new"), interest("2", event_key="2", author=boris), interest("one")))
    after = cards(database_url)
    assert (after["one"], after["2"]) == (before["one"], before["two"])
    assert after["new"] not in before.values()


def test_the_only_one_left_on_both_sides_is_the_same_card(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("one"), interest("Is it in stock? Sent from my phone")))
    before = cards(database_url)
    read_again(store, reading(interest("Is it in stock?"), interest("one")))
    assert cards(database_url) == {
        "one": before["one"],
        "Is it in stock?": before["Is it in stock? Sent from my phone"],
    }


def test_a_card_that_is_made_no_more_is_superseded_unless_a_person_works_on_it(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("a like")), reading(interest("a claimed like"), canon="2"))
    write(database_url, update(card).where(card.c.text == "a claimed like").values(responsible="Irina"))
    nothing = Reading(outcome=Outcome.IGNORED, reason="no interest", parser="social.comment", parser_version=2)
    first, second = read_again(store, nothing, nothing)
    assert [change.what for one in (first, second) for change in one.cards] == ["superseded", "kept"]
    assert list(cards(database_url)) == ["a claimed like"]
    assert read_again(store, nothing, nothing) == []


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_card_that_a_person_takes_at_the_same_moment_stays(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer at a time: the person waits."""
    deliver(store, reading(interest("a like")))
    look = rereading.befores

    def look_before_it_is_taken(*given: Any) -> Any:
        found = look(*given)
        claim(database_url)
        return found

    monkeypatch.setattr(rereading, "befores", look_before_it_is_taken)
    read_again(store, Reading(outcome=Outcome.IGNORED, reason="no interest"))
    assert list(cards(database_url)) == ["a like"]


def test_a_superseded_card_is_shown_again_when_an_interest_is_it(store: Store, database_url: str) -> None:
    """Of the same mail, or of another one: the lead would be hidden for ever."""
    deliver(store, reading(interest("one", event_key="1")))
    before = cards(database_url)
    read_again(store, Reading(outcome=Outcome.IGNORED, reason="no interest"))
    assert cards(database_url) == {}
    deliver(store, reading(interest("one", event_key="1"), canon="another mail"))
    assert cards(database_url) == before


def test_a_parser_that_fails_today_takes_no_card_away(store: Store, database_url: str) -> None:
    deliver(store, reading(interest("one")))
    before = dump(database_url)
    assert read_again(store, BROKEN) == []
    assert dump(database_url) == before


def test_what_was_quarantined_is_read_with_all_its_twins(store: Store, database_url: str) -> None:
    for mailbox in ("one", "two"):
        store.land(an_epoch(store, mailbox), [landing(1, "the same bytes")])
    store.record([(mail, None if mail.known else BROKEN) for mail in claimed(store)])
    read_again(store, reading(interest("one")))
    first, twin = store.mails()
    assert (first["outcome"], twin["outcome"], twin["reason"]) == (
        "cards",
        "duplicate",
        "the same bytes were cards before",
    )
    assert first["cards"] == twin["cards"] == list(cards(database_url).values())


def test_another_mail_of_the_same_event_does_not_change_its_card(store: Store, database_url: str) -> None:
    """Two mails would change it to and fro at every reading."""
    deliver(store, reading(interest("one", event_key="1"), canon="first"))
    deliver(store, reading(interest("one, cut", event_key="1"), canon="second"))
    (mail,) = (mail for mail in stored(store) if mail.outcome is Outcome.DUPLICATE)
    assert store.reread([(mail, reading(interest("one, cut", event_key="1"), canon="second"))], apply=True) == []
    assert list(cards(database_url)) == ["one"]


def test_a_less_trusted_delivery_of_the_same_bytes_takes_no_trust_away(store: Store, database_url: str) -> None:
    """It was landed first, and the signed one was read first."""
    for mailbox, authentication in (("one", '"none"'), ("two", '"signed"')):
        store.land(an_epoch(store, mailbox), [landing(1, "the same bytes", authentication)])
    plain, signed = claimed(store)
    store.record([(signed, reading(verified("one")))])
    store.record([(plain, reading(interest("one")))])
    mails = {mail.landed.authentication: mail for mail in stored(store)}
    again: dict[str, InterestCard] = {'"none"': interest("one"), '"signed"': verified("one")}
    assert store.reread([(mails[key], reading(one)) for key, one in again.items()], apply=True) == []
    (row,) = table(database_url, "card")
    assert row["trust"] == Trust.VERIFIED


def test_the_card_of_an_unread_mail_becomes_its_real_card(store: Store, database_url: str) -> None:
    stub = interest("unread mail from Anna", notes=(UNREAD_NOTE, "template changed"))
    deliver(store, BROKEN.model_copy(update={"cards": (stub,)}))
    claim(database_url)
    before = cards(database_url)
    assert read_again(store, BROKEN) == []
    assert store.retry() == 1
    store.record([(mail, reading(interest("Is it in stock?"))) for mail in claimed(store)])
    assert cards(database_url) == {"Is it in stock?": before["unread mail from Anna"]}
    assert [row["responsible"] for row in table(database_url, "card")] == ["Irina"]
    assert [mail["outcome"] for mail in store.mails()] == ["cards"]


def test_the_card_of_an_unread_mail_gives_way_to_several(store: Store, database_url: str) -> None:
    stub = interest("unread mail from Anna", notes=(UNREAD_NOTE, "template changed"))
    deliver(store, BROKEN.model_copy(update={"cards": (stub,)}))
    read_again(store, reading(interest("one"), interest("two")))
    assert set(cards(database_url)) == {"one", "two"}


def test_mails_without_bytes_are_named_and_not_read(store: Store) -> None:
    deliver(store, reading(interest("one")))
    (mail,) = store.mails()
    store.empty_raw(datetime.now(UTC) + timedelta(days=1))
    assert stored(store) == []
    assert list(store.emptied()) == [mail["mail_id"]]
    assert list(store.emptied(since=datetime.now(UTC))) == []
