"""Whatever arrives in whatever order, the invariants hold: every mail accounted for, no card doubled or displaced."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from interest_ingest.cards import Author, InterestCard, Reading, Trust
from interest_ingest.store import Landing, Store
from interest_ingest.store.tables import PEOPLES_COLUMNS, card, delivery, metadata
from tests.test_store.making import an_epoch, digest, dump, empty, interest, landing, peoples_columns, reading, write

Delivery = tuple[str, int, Trust, int]
"""A mailbox, the number of a mail, the trust with which it came, and the mails that are recorded together with it."""

interests = st.builds(
    lambda event, author, words, source: interest(words, source=source, author=Author(name=author), event_key=event),
    st.sampled_from([None, "comment 1", "comment 2"]),
    st.sampled_from(["Anna", "Boris"]),
    st.sampled_from(["+1", "Is it in stock?"]),
    st.sampled_from(["social", "social", "other"]),
)
mails = st.lists(
    st.tuples(st.lists(interests, max_size=3), st.sampled_from(["", "1@x.example"])), min_size=1, max_size=3
)
deliveries = st.lists(
    st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from(Trust), st.integers(1, 3)), max_size=10
)


def read(raw: bytes, contents: list[tuple[list[InterestCard], str]]) -> Reading:
    number, _, trust = raw.decode().split("|")
    found, message_id = contents[int(number)]
    return reading(
        *(one.model_copy(update={"trust": Trust(trust)}) for one in found),
        canon=f"mail {number}",
        message_id=message_id,
    )


def arrive(store: Store, arrivals: list[Delivery], contents: list[tuple[list[InterestCard], str]]) -> list[Landing]:
    """Land all, and record in the given batches; gives what was landed."""
    landed = []
    for uid, (mailbox, number, trust, batch) in enumerate(arrivals, 1):
        one = landing(uid, f"{number % len(contents)}|{mailbox}|{trust}", authentication=f'"{trust}"')
        store.land(an_epoch(store, mailbox), [one])
        landed.append(one)
        if batch == 1:
            process(store, contents)
        if uid == 5:
            touch(store)
    process(store, contents)
    return landed


def process(store: Store, contents: list[tuple[list[InterestCard], str]]) -> None:
    while claimed := store.claim(limit=4, max_bytes=10**6):
        store.record([(one, None if one.known else read(one.raw, contents)) for one in claimed])


def touch(store: Store) -> None:
    """A person takes the first card."""
    with store._engine.begin() as connection:
        first = connection.scalar(card.select().with_only_columns(card.c.id).order_by(card.c.created_at).limit(1))
        connection.execute(update(card).where(card.c.id == first).values(responsible="Vera"))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents=mails, arrivals=deliveries)
def test_the_invariants_hold(
    database_url: str, contents: list[tuple[list[InterestCard], str]], arrivals: list[Delivery]
) -> None:
    empty(url := database_url)
    with Store.open(url) as store:
        landed = arrive(store, arrivals, contents)
        rows = dump(url)
        every_message_is_accounted_for(rows, landed, contents)
        no_card_is_doubled(rows)
        nothing_displaces_what_is_more_trusted(rows, contents)
        only_what_is_kept_is_acknowledged(store, rows)
        before = peoples_columns(url)
        assert [values for values in before.values() if values[0]] == [("Vera", None, False, None, None, None)] * (
            "Vera" in {row["responsible"] for row in rows["card"]}
        )
        a_second_run_changes_nothing(store, url, rows, landed, arrivals, contents)


def every_message_is_accounted_for(
    rows: dict[str, list[dict[str, Any]]], landed: list[Landing], contents: list[tuple[list[InterestCard], str]]
) -> None:
    """I1, I2: one row and one outcome for each message; a card for each of its interests."""
    assert len(rows["delivery"]) == len(landed)
    raws = {row["id"]: row["raw_sha256"] for row in rows["raw_message"]}
    by_digest = {digest(one.raw.decode()): one.raw for one in landed}
    origins = defaultdict(list)
    for origin in rows["card_origin"]:
        origins[origin["delivery_id"]].append(origin["ord"])
    for row in rows["delivery"]:
        assert row["outcome"] in ("cards", "duplicate")
        assert row["claimed_by"] is None
        expected = read(by_digest[raws[row["raw_id"]]], contents).cards
        assert origins[row["id"]] == list(range(len(expected)))
    assert {row["card_id"] for row in rows["card_origin"]} == {row["id"] for row in rows["card"]}
    for epoch in rows["epoch"]:
        uids = [row["uid"] for row in rows["delivery"] if row["epoch_id"] == epoch["id"]]
        assert epoch["cursor_uid"] == max(uids, default=0), "I6"


def no_card_is_doubled(rows: dict[str, list[dict[str, Any]]]) -> None:
    """I3: one interest of one mail is one card of each trust, through whatever mailboxes it came."""
    trusts = {row["id"]: row["trust"] for row in rows["card"]}
    canons = {row["id"]: row["canon_digest"] for row in rows["raw_message"]}
    mail_of = {row["id"]: canons[row["raw_id"]] for row in rows["delivery"]}
    cards = defaultdict(set)
    for origin in rows["card_origin"]:
        cards[mail_of[origin["delivery_id"]], origin["ord"], trusts[origin["card_id"]]].add(origin["card_id"])
    assert all(len(ids) == 1 for ids in cards.values())
    events = defaultdict(list)
    for key in rows["card_key"]:
        events[key["card_id"], key["kind"]].append(key["key"])
    assert all(len(keys) == 1 for (_, kind), keys in events.items() if kind == "event")


def nothing_displaces_what_is_more_trusted(
    rows: dict[str, list[dict[str, Any]]], contents: list[tuple[list[InterestCard], str]]
) -> None:
    """A forged copy neither suppresses nor replaces the true mail, and no card changes after its making."""
    ranks = {trust.value: rank for rank, trust in enumerate((Trust.VERIFIED, Trust.UNPROVEN, Trust.FAILED))}
    cards = {row["id"]: row for row in rows["card"]}
    mail_trust = {row["id"]: row["trust"] for row in rows["delivery"] if row["outcome"] == "cards"}
    for origin in rows["card_origin"]:
        if trust := mail_trust.get(origin["delivery_id"]):
            assert ranks[cards[origin["card_id"]]["trust"]] <= ranks[trust]
    for row in cards.values():
        if other := cards.get(row["suspect_of"]):
            assert ranks[other["trust"]] <= ranks[row["trust"]]
            assert other["suspect_of"] != row["id"]
        if row["superseded_at"]:
            assert row["trust"] != "verified"
            assert row["suspect_of"]
        if not row["suspect_of"]:
            assert row["updated_at"] == row["created_at"]
    known = {(one.text, one.author.name, one.source) for found, _ in contents for one in found}
    assert {(row["text"], row["author_name"], row["source"]) for row in cards.values()} <= known


def only_what_is_kept_is_acknowledged(store: Store, rows: dict[str, list[dict[str, Any]]]) -> None:
    """I5."""
    kept = {(row["epoch_id"], row["uid"]) for row in rows["delivery"] if row["raw_id"] and row["outcome"]}
    for epoch in rows["epoch"]:
        assert {(epoch["id"], uid) for uid in store.to_acknowledge(epoch["id"])} <= kept


def a_second_run_changes_nothing(
    store: Store,
    url: str,
    rows: dict[str, list[dict[str, Any]]],
    landed: list[Landing],
    arrivals: list[Delivery],
    contents: list[tuple[list[InterestCard], str]],
) -> None:
    """I4, I7: landing and recording all again changes no row, and reading all again no card that a person may hold."""
    for one, (mailbox, *_) in zip(landed, arrivals, strict=True):
        store.land(an_epoch(store, mailbox), [one])
    process(store, contents)
    assert dump(url) == rows
    write(url, update(delivery).values(outcome=None))
    write(url, metadata.tables["card_origin"].delete())
    process(store, contents)
    after = dump(url)
    assert after["card_key"] == rows["card_key"]
    assert [{name: row[name] for name in PEOPLES_COLUMNS} for row in after["card"]] == [
        {name: row[name] for name in PEOPLES_COLUMNS} for row in rows["card"]
    ]
