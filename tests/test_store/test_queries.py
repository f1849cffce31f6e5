"""What is asked of the store: pages that join without a gap, and shapes that others rely on."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from interest_ingest.cards import Attachment, Author, Channel, InterestCard, Product, Reply, ReplyKind, iso_utc
from interest_ingest.store import Store, queries
from interest_ingest.store.tables import card
from tests.test_store.making import ARRIVED, an_epoch, claimed, deliver, interest, landing, reading, table, write

FULL = InterestCard(
    source="shop",
    channel=Channel.REVIEW,
    action="review",
    account="shop.example",
    occurred_at=ARRIVED,
    occurred_at_offset=210,
    received_at=ARRIVED,
    author=Author(
        name="سیاوش رضایی",
        email="siavash@mail.example",
        phone="+982112345678",
        profile_url="https://social.example/siavash",
        photo_url="https://cdn.social.example/1.jpg",
        company="Рога и копыта",
    ),
    text="很好\n👍🏽 ❤️",
    attachments=(Attachment(name="фото.jpg", type="image/jpeg", size=3),),
    count=13,
    object_kind="product",
    rating=4.5,
    product=Product(name="Kettle", url="https://shop.example/kettle"),
    source_url="https://shop.example/kettle#review-1",
    referrer_url="https://finder.example/",
    campaign="autumn",
    reply=Reply(kind=ReplyKind.URL, url="https://shop.example/kettle#review-1"),
    language="zh",
    labels={"Имя": "Арш", "b": "2", "a": "1"},
    notes=("link refused",),
    parser="shop.review",
    parser_version=3,
)


def test_a_card_comes_back_as_it_went_in(store: Store, database_url: str) -> None:
    (recorded,) = deliver(store, reading(FULL))
    (shown,) = store.cards()
    assert shown == FULL.as_json() | {"id": recorded.new_cards[0]}
    (row,) = table(database_url, "card")
    assert (row["occurred_at_offset"], row["occurred_at"], row["received_at"]) == (210, ARRIVED, ARRIVED)
    assert row["attachments"] == [{"name": "фото.jpg", "type": "image/jpeg", "size": 3}]
    assert list(row["labels"].items()) == list(FULL.labels.items()), "in the order of the form"
    assert row["notes"] == ["link refused"]
    assert row["mail_id"] == table(database_url, "raw_message")[0]["id"]


def test_what_people_wrote_is_shown(store: Store, database_url: str) -> None:
    deliver(store, reading(interest()))
    write(database_url, update(card).values(responsible="Vera", processed=True, proof_url="https://crm.example/1.png"))
    (shown,) = store.cards()
    assert (shown["responsible"], shown["processed"], shown["proof_url"]) == ("Vera", True, "https://crm.example/1.png")
    assert list(store.cards(unprocessed=True)) == []


def test_cards_are_filtered_and_in_the_order_of_their_making(store: Store, database_url: str) -> None:
    texts = [f"text {number}" for number in range(20)]
    deliver(store, *(reading(interest(text, source=f"s{n % 2}"), canon=text) for n, text in enumerate(texts)))
    made = [row["created_at"] for row in sorted(table(database_url, "card"), key=lambda row: row["text"][5:].zfill(2))]
    assert [one["text"] for one in store.cards()] == texts
    assert [one["text"] for one in store.cards(source="s1")] == texts[1::2]
    assert [one["text"] for one in store.cards(since=made[7])] == texts[7:]
    assert list(store.cards(since=datetime.now(UTC) + timedelta(days=1))) == []


@pytest.mark.parametrize("number", [1, 5, 6, 10, 11])
def test_pages_join_without_gap_or_repeat(store: Store, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 5)
    readings = [reading(interest(f"{n}"), interest(f"{n} again"), canon=f"{n}") for n in range(number)]
    deliver(store, *readings)
    assert [one["text"] for one in store.cards()] == [one.text for read in readings for one in read.cards]
    assert [mail["uid"] for mail in store.mails()] == list(range(1, number + 1))
    assert [card_id for mail in store.mails() for card_id in mail["cards"]] == [one["id"] for one in store.cards()]


def test_a_mail_shows_where_it_lies_and_nothing_of_what_it_says(store: Store) -> None:
    epoch_id = an_epoch(store)
    store.land(epoch_id, [landing(3, "Subject: secret\r\n\r\nsecret")])
    store.unfetchable(epoch_id, [4], "the server gives no data")
    new, unfetchable = store.mails()
    assert new == {
        "mailbox": "notifications",
        "uid": 3,
        "uidvalidity": 7,
        "received_at": iso_utc(ARRIVED),
        "size": 25,
        "outcome": "new",
        "reason": None,
        "parser": None,
        "trust": None,
        "cards": [],
        "mail_id": new["mail_id"],
    }
    assert store.raw(new["mail_id"]) == b"Subject: secret\r\n\r\nsecret"
    assert store.raw(12345) is None
    assert (unfetchable["outcome"], unfetchable["received_at"], unfetchable["mail_id"]) == ("unfetchable", None, None)
    assert list(store.mails("new")) == [new]
    assert list(store.mails("unfetchable")) == [unfetchable]


def test_counts(store: Store) -> None:
    assert (store.counts().mails, store.counts().cards) == ({}, 0)
    deliver(store, reading(interest()), reading(interest()), reading(interest("b"), interest("c"), canon="b"))
    store.land(an_epoch(store), [landing(9)])
    assert store.counts().mails == {"cards": 2, "duplicate": 1, "new": 1}
    assert store.counts().cards == 3


@pytest.mark.parametrize(("rating", "kept"), [(math.nan, None), (math.inf, None), (-0.5, -0.5)])
def test_a_rating_that_is_no_number_is_none(store: Store, rating: float, kept: float | None) -> None:
    deliver(store, reading(interest(rating=rating)))
    assert [one["rating"] for one in store.cards()] == [kept]


def test_a_listing_does_not_hold_up_the_writer(store: Store) -> None:
    deliver(store, *(reading(interest(f"{n}"), canon=f"{n}") for n in range(3)))
    listing = store.cards()
    next(listing)
    store.land(an_epoch(store), [landing(90)])
    assert len(claimed(store)) == 1
    assert len(list(listing)) == 2
