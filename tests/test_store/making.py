"""What the tests of the store are made of: invented mails, their readings, and the whole content of a database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import create_engine, select

from interest_ingest.cards import Author, Channel, InterestCard, Outcome, Reading, Trust
from interest_ingest.store import Landed, Landing, Recorded, Store
from interest_ingest.store.engine import make_engine
from interest_ingest.store.tables import PEOPLES_COLUMNS, card, metadata, worker

ARRIVED = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PASSED = '{"signed_by":["social.example"]}'


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def landing(uid: int, raw: str | bytes = "", authentication: str = "{}") -> Landing:
    raw = raw or f"Subject: {uid}\r\n\r\nmail {uid}\r\n"
    raw = raw.encode() if isinstance(raw, str) else raw
    return Landing(uid, raw, ARRIVED, len(raw), whole=True, authentication=authentication)


def interest(text: str = "Is it in stock?", **fields: Any) -> InterestCard:
    """A comment by Anna; the fields that a test is about override it."""
    plain: dict[str, Any] = {
        "source": "social",
        "channel": Channel.COMMENT,
        "action": "comment",
        "occurred_at": ARRIVED,
        "received_at": ARRIVED,
        "author": Author(name="Anna Petrova"),
        "text": text,
        "parser": "social.comment",
        "parser_version": 1,
    }
    return InterestCard(**plain | fields)


def verified(text: str = "Is it in stock?", **fields: Any) -> InterestCard:
    return interest(text, trust=Trust.VERIFIED, **fields)


def reading(*cards: InterestCard, canon: str = "mail", message_id: str = "", **fields: Any) -> Reading:
    """The reading of a mail whose content is named `canon`."""
    return Reading(
        outcome=fields.pop("outcome", Outcome.CARDS),
        parser="social.comment",
        parser_version=1,
        trust=cards[0].trust if cards else Trust.UNPROVEN,
        cards=cards,
        canon_digest=digest(canon),
        message_id_digest=digest(message_id) if message_id else "",
        **fields,
    )


def an_epoch(store: Store, mailbox: str = "notifications") -> int:
    return store.open_epoch(store.mailbox(mailbox, "INBOX"), 7, None).id


def claimed(store: Store) -> list[Landed]:
    return store.claim(limit=1_000, max_bytes=10**9)


def deliver(store: Store, *readings: Reading, mailbox: str = "notifications") -> list[Recorded]:
    """Land one new mail for each reading, claim them and record them in one batch."""
    epoch_id = an_epoch(store, mailbox)
    first = store.open_epoch(store.mailbox(mailbox, "INBOX"), 7, None).cursor + 1
    landings = [landing(uid, f"{mailbox} {uid}") for uid in range(first, first + len(readings))]
    assert store.land(epoch_id, landings) == len(readings)
    return store.record(list(zip(claimed(store), readings, strict=True)))


def table(url: str, name: str) -> list[dict[str, Any]]:
    """The rows of one table, in the order of their primary key."""
    return dump(url)[name]


def dump(url: str) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables but those of living processes."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.connect() as connection:
            return {
                one.name: [dict(row._mapping) for row in connection.execute(select(one).order_by(*one.primary_key))]
                for one in metadata.sorted_tables
                if one is not worker
            }
    finally:
        engine.dispose()


def write(url: str, statement: Any, rows: Sequence[dict[str, Any]] | None = None) -> None:
    """What another program does to the database."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection:
            connection.execute(statement, rows)
    finally:
        engine.dispose()


def peoples_columns(url: str) -> dict[str, tuple[Any, ...]]:
    return {row["id"]: tuple(row[name] for name in PEOPLES_COLUMNS) for row in table(url, card.name)}


def empty(url: str) -> None:
    """Delete every row; ids go on where they were."""
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(card.update().values(suspect_of=None))  # MariaDB checks row by row
        for one in reversed(metadata.sorted_tables):
            connection.execute(one.delete())
    engine.dispose()
