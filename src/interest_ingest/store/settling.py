"""From readings to rows: which card each interest is, what a recording writes, and how it is written.

What exists is read first, with one query for each kind; everything is decided in Python; then it is written table by
table. Where another process decided the same at the same moment, a unique key refuses the second, which then begins
anew and finds the cards of the first.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, bindparam, delete, false, insert, select, true, update

from interest_ingest.cards import InterestCard, Outcome, Reading
from interest_ingest.store.identity import (
    RANKS,
    Keys,
    Known,
    Namesake,
    Suspicion,
    by_message_id,
    keys_of,
    same_card,
    suspicions,
)
from interest_ingest.store.ledger import Landed, chunks
from interest_ingest.store.tables import MAX_INTEGER, card, card_key, card_origin, delivery, raw_message

SHAPE: Final = 16
"""Digits with which a mail's shape begins: those that are equal for the mails of one template."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of one mail; `new_cards` are the ids of the cards that it made."""

    delivery_id: int
    outcome: Outcome
    new_cards: tuple[str, ...] = ()


@dataclass(slots=True)
class ReadMail:
    """One mail of a recording, with what its cards are made from."""

    delivery_id: int
    raw_id: int
    reading: Reading
    canon_digest: str
    keys: list[tuple[Keys, ...]]


@dataclass(slots=True)
class Rows:
    """What a recording will write."""

    cards: list[dict[str, Any]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    origins: list[dict[str, Any]] = field(default_factory=list)
    suspicions: list[Suspicion] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By card the columns that another reading of its mail changes."""
    met: set[str] = field(default_factory=set)
    """Cards that an interest turned out to be: nobody may overlook them for having been superseded once."""
    moved: list[int] = field(default_factory=list)
    """Deliveries whose origins are written anew."""


def read_mail(raw_id: int, landed: Landed, reading: Reading | None) -> ReadMail:
    if reading is None:
        raise ValueError(f"delivery {landed.delivery_id} was neither read nor known")
    canon = reading.canon_digest or hashlib.sha256(landed.raw).hexdigest()
    return ReadMail(landed.delivery_id, raw_id, reading, canon, [keys_of(one, canon) for one in reading.cards])


def known_to(connection: Connection, mails: list[ReadMail]) -> Known:
    """The cards of the database that these mails can meet."""
    known = Known()
    event = card_key.alias("event")
    owners = select(card_key.c.key, card_key.c.kind, card_key.c.card_id, event.c.key.label("event")).outerjoin(
        event, and_(event.c.card_id == card_key.c.card_id, event.c.kind == "event")
    )
    wanted = {key for mail in mails for spaces in mail.keys for keys in spaces for _, key in keys.rows()}
    for some in chunks(wanted):
        for row in connection.execute(owners.where(card_key.c.key.in_(some))):
            known.own(row.card_id, row.kind, row.key)
            if row.event:
                known.events[row.card_id].add(row.event)
    for message_id, namesake in _namesakes(connection, mails):
        known.namesakes[message_id].append(namesake)
    return known


def _namesakes(connection: Connection, mails: list[ReadMail]) -> Iterator[tuple[str, Namesake]]:
    cards = select(
        raw_message.c.message_id_digest, raw_message.c.canon_digest, card.c.id, card.c.trust, card.c.source
    ).join(card, card.c.mail_id == raw_message.c.id)
    wanted = {mail.reading.message_id_digest for mail in mails if mail.reading.cards} - {""}
    for some in chunks(wanted):
        found = cards.where(raw_message.c.message_id_digest.in_(some)).order_by(card.c.created_at, card.c.id)
        for row in connection.execute(found):
            yield row.message_id_digest, Namesake(row.id, row.canon_digest, RANKS.index(row.trust), row.source)


def settle(mail: ReadMail, known: Known, rows: Rows, now: datetime) -> Recorded:
    """Decide for every interest of a mail which card it is, and for the mail its outcome."""
    new_cards: list[str] = []
    for ord_, (one, keys) in enumerate(zip(mail.reading.cards, mail.keys, strict=True)):
        rank = RANKS.index(one.trust)
        card_id, more_trusted = same_card(known, keys, rank)
        if card_id is None:
            card_id = make_card(mail, one, known, rows, now)
            new_cards.append(card_id)
        if not more_trusted:
            give_keys(card_id, keys, rank, known, rows)
        rows.origins.append({"delivery_id": mail.delivery_id, "ord": ord_, "card_id": card_id})
    outcome = mail.reading.outcome
    if outcome is Outcome.CARDS and mail.reading.cards and not new_cards:
        outcome = Outcome.DUPLICATE
    rows.outcomes.append(outcome_row(mail.delivery_id, outcome, mail.reading, now))
    return Recorded(mail.delivery_id, outcome, tuple(new_cards))


def give_keys(card_id: str, keys: tuple[Keys, ...], rank: int, known: Known, rows: Rows) -> None:
    """The card is this interest: it gets those of the keys that no card has, and what they tell of other cards."""
    rows.suspicions += suspicions(known, keys, rank, card_id)
    rows.met.add(card_id)
    for kind, key in known.missing(keys[rank]):
        known.own(card_id, kind, key)
        rows.keys.append({"key": key, "kind": kind, "card_id": card_id})


def outcome_row(delivery_id: int, outcome: Outcome, reading: Reading, now: datetime) -> dict[str, Any]:
    return {
        "delivery": delivery_id,
        "outcome": outcome,
        "reason": reading.reason,
        "trace": reading.trace,
        "parser": reading.parser,
        "parser_version": reading.parser_version,
        "trust": reading.trust,
        "shape": reading.shape[:SHAPE] or None,
        "sender": reading.sender or None,
        "counted": reading.outcome is not Outcome.HELD,
        "recorded_at": now,
        "claimed_by": None,
    }


def make_card(mail: ReadMail, one: InterestCard, known: Known, rows: Rows, now: datetime) -> str:
    card_id = str(uuid.uuid4())
    # One microsecond apart, so that the cards of a batch keep the order of their mails.
    created_at = now + timedelta(microseconds=len(rows.cards))
    rows.cards.append(card_row(one, card_id, mail.raw_id, created_at))
    if message_id := mail.reading.message_id_digest:
        new = Namesake(card_id, mail.canon_digest, RANKS.index(one.trust), one.source)
        rows.suspicions += by_message_id(known.namesakes[message_id], new)
        known.namesakes[message_id].append(new)
    return card_id


def card_row(one: InterestCard, card_id: str, mail_id: int, created_at: datetime) -> dict[str, Any]:
    """The columns that intake writes; people's columns keep their defaults."""
    return {
        "id": card_id,
        "mail_id": mail_id,
        "source_url": one.source_url,
        "referrer_url": one.referrer_url,
        "campaign": one.campaign,
        "occurred_at": one.occurred_at,
        "occurred_at_offset": one.occurred_at_offset,
        "received_at": one.received_at,
        "source": one.source,
        "channel": one.channel,
        "account": one.account,
        "author_name": one.author.name,
        "author_photo_url": one.author.photo_url,
        "author_profile_url": one.author.profile_url,
        "author_email": one.author.email,
        "author_phone": one.author.phone,
        "author_company": one.author.company,
        "action": one.action,
        "object_kind": one.object_kind,
        "count": min(one.count, MAX_INTEGER),
        "rating": one.rating if one.rating is not None and math.isfinite(one.rating) else None,
        "text": one.text,
        "attachments": [file.model_dump() for file in one.attachments],
        "product_name": one.product.name,
        "product_url": one.product.url,
        "reply_kind": one.reply.kind,
        "reply_url": one.reply.url,
        "trust": one.trust,
        "parser": one.parser,
        "parser_version": one.parser_version,
        "language": one.language,
        "labels": one.labels,
        "notes": one.notes,
        "created_at": created_at,
        "updated_at": created_at,
    }


def write(connection: Connection, rows: Rows, now: datetime) -> None:
    """All rows of a recording, and what changes of rows that were there."""
    for some in chunks(rows.moved):
        connection.execute(delete(card_origin).where(card_origin.c.delivery_id.in_(some)))
    _insert(connection, card, rows.cards)
    _insert(connection, card_key, sorted(rows.keys, key=lambda row: str(row["key"])))
    for card_id, changed in sorted(rows.changes.items()):
        # A person may have touched it since it was read.
        it = (card.c.id == card_id) & (UNTOUCHED if "superseded_at" in changed else true())
        connection.execute(update(card).where(it).values(changed | {"updated_at": now}))
    _suspect(connection, rows.suspicions, now)
    _show_again(connection, rows.met - {row["id"] for row in rows.cards}, now)
    _insert(connection, card_origin, rows.origins)
    if rows.outcomes:
        columns: dict[str, Any] = {name: bindparam(name) for name in rows.outcomes[0] if name != "delivery"}
        connection.execute(
            update(delivery).where(delivery.c.id == bindparam("delivery")).values(columns), rows.outcomes
        )


def _show_again(connection: Connection, met: set[str], now: datetime) -> None:
    """Cards that a parser had not made any more and now an interest is: it would be hidden with them.

    Not those that gave way to a more trusted card, which shows that interest.
    """
    for some in chunks(sorted(met)):
        hidden = card.c.id.in_(some) & card.c.superseded_at.is_not(None) & card.c.suspect_of.is_(None)
        connection.execute(update(card).where(hidden).values(superseded_at=None, updated_at=now))


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


UNTOUCHED = and_(
    card.c.responsible.is_(None),
    card.c.claimed_at.is_(None),
    card.c.processed.is_(false()),
    card.c.processed_at.is_(None),
    card.c.proof_url.is_(None),
    card.c.replied_at.is_(None),
)


def _suspect(connection: Connection, found: list[Suspicion], now: datetime) -> None:
    """Write the suspicions that say something new: a card keeps its first, and no two cards suspect each other."""
    found = [one for one in found if one.card_id != one.of]
    ids = {one.card_id for one in found} | {one.of for one in found}
    suspect_of: dict[str, str | None] = {}
    for some in chunks(ids):
        rows = connection.execute(select(card.c.id, card.c.suspect_of).where(card.c.id.in_(some)))
        suspect_of.update((card_id, suspect) for card_id, suspect in rows)
    for one in found:
        if suspect_of[one.card_id] is None and suspect_of[one.of] != one.card_id:
            suspect_of[one.card_id] = one.of
            changed = {"suspect_of": one.of, "updated_at": now}
            connection.execute(update(card).where(card.c.id == one.card_id).values(changed))
        if one.supersede:
            current = (card.c.id == one.card_id) & card.c.superseded_at.is_(None) & UNTOUCHED
            connection.execute(update(card).where(current).values(superseded_at=now, updated_at=now))


def keep_digests(connection: Connection, mails: list[ReadMail]) -> None:
    rows = [
        {"raw": mail.raw_id, "canon": mail.canon_digest, "message_id": mail.reading.message_id_digest or None}
        for mail in sorted(mails, key=lambda mail: mail.raw_id)
    ]
    if rows:
        unread = (raw_message.c.id == bindparam("raw")) & raw_message.c.canon_digest.is_(None)
        digests: dict[str, Any] = {"canon_digest": bindparam("canon"), "message_id_digest": bindparam("message_id")}
        connection.execute(update(raw_message).where(unread).values(digests), rows)
