"""T-12: stored mails read again keep what people wrote, byte by byte, and a second time nothing changes."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import bindparam, update

from interest_ingest.cards import Author, Outcome, Reading
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.reparse import Reparsed, reparse
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landed, Reread, Store
from interest_ingest.store.tables import card
from tests.mails import samples
from tests.test_store.making import an_epoch, dump, landing, peoples_columns, table, write
from tests.torture import report, scale

CARDS = scale(300, 10_000)


def as_read(landed: Landed) -> Reading:
    return read(landed.raw, authentication=Authentication(), received_at=landed.received_at, size=landed.size)


def as_read_before(landed: Landed) -> Reading:
    """What parsers of last year made of it: no author, words cut, no language; every seventh not at all."""
    reading = as_read(landed)
    if landed.delivery_id % 7 == 0:
        return Reading(
            outcome=Outcome.QUARANTINED, reason="template changed: x", parser=reading.parser, parser_version=0
        )
    old = {"author": Author(name="?"), "language": None, "parser_version": 0}
    cards = tuple(one.model_copy(update=old | {"text": one.text[:10]}) for one in reading.cards)
    return reading.model_copy(update={"cards": cards, "parser_version": 0})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path}/i.db") as opened:
        yield opened


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/i.db"


def fill(store: Store, url: str, count: int, *, old: bool = True) -> None:
    """So many mails, and people who have worked on half of their cards."""
    store.land(an_epoch(store), [landing(uid, one.raw) for uid, one in enumerate(samples(count), 1)])
    while mails := store.claim(500, 10**8):
        store.record([(mail, as_read_before(mail) if old else as_read(mail)) for mail in mails])
    chance = random.Random(12)
    worked_on = [
        {"it": row["id"], "who": chance.choice(["Irina", "Олег", " x "]), "proof": f"https://proof.example/{number}"}
        for number, row in enumerate(table(url, "card"))
        if number % 2
    ]
    values = {"responsible": bindparam("who"), "proof_url": bindparam("proof"), "processed": True}
    write(url, update(card).where(card.c.id == bindparam("it")).values(values), worked_on)


def read_again(store: Store) -> list[Reread]:
    changes: list[Reread] = []
    for batch in store.stored():
        changes += store.reread([(mail, as_read(mail.landed)) for mail in batch], apply=True)
    return changes


@pytest.mark.timeout(scale(120, 1_800))
def test_reading_all_again_twice(store: Store, url: str) -> None:
    """T-12, with 10,000 cards when it is long."""
    fill(store, url, CARDS)
    people, before = peoples_columns(url), {row["id"] for row in table(url, "card")}
    first = read_again(store)
    after = dump(url)
    assert {key: value for key, value in peoples_columns(url).items() if key in people} == people
    assert read_again(store) == []
    assert dump(url) == after
    assert before <= {row["id"] for row in after["card"]}
    shown = sorted(row["text"] for row in after["card"] if row["superseded_at"] is None)
    assert shown == sorted(one.text for one in samples(CARDS))
    report("T-12 reparse", mails=CARDS, changed_first=len(first), changed_second=0, people_changed=0)


def run(store: Store, *, apply: bool = False, **options: str | datetime) -> tuple[Reparsed, list[Reread]]:
    """The command's way: in processes that read."""
    result = Reparsed()
    return result, list(reparse(store, Rules(), result, apply=apply, **options))  # type: ignore[arg-type]  # since and parser


def test_the_processes_that_read_find_the_same(store: Store, url: str) -> None:
    fill(store, url, 9)
    before = dump(url)
    shown, differences = run(store)
    assert dump(url) == before
    assert (shown.read, shown.changed, shown.failed, shown.emptied) == (9, len(differences), {}, [])
    written, changes = run(store, apply=True)
    assert [(one.mail_id, one.fields) for one in changes] == [(one.mail_id, one.fields) for one in differences]
    assert written.changed == 9
    assert run(store, apply=True)[1] == []


def test_only_the_asked_mails_are_read_again(store: Store, url: str) -> None:
    fill(store, url, 9)
    _, of_one = run(store, parser="wordpress.comment")
    assert len(of_one) == 3
    _, of_none = run(store, since=datetime.now(UTC) + timedelta(days=1))
    assert of_none == []


def test_mails_whose_bytes_are_gone_are_counted_and_named(store: Store, url: str) -> None:
    fill(store, url, 3, old=False)
    store.empty_raw(datetime.now(UTC) + timedelta(days=1))
    result, changes = run(store)
    assert (changes, result.read) == ([], 0)
    assert sorted(result.emptied) == sorted(mail["mail_id"] for mail in store.mails())


def test_blocked_authors_stay_blocked(store: Store, url: str) -> None:
    store.land(an_epoch(store), [landing(1, samples(1)[0].raw)])
    (mail,) = store.claim(1, 10**6)
    store.record([(mail, Reading(outcome=Outcome.IGNORED, reason="blocked"))])
    store.block("address", "malanya1@mail.example")
    run(store, apply=True)
    assert list(store.cards()) == []
