"""What is asked of the store by people and scripts: cards, mails, counts. Read in pages, so memory stays the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, literal, select, tuple_

from interest_ingest.cards import (
    Action,
    Author,
    Channel,
    InterestCard,
    Outcome,
    Product,
    Reply,
    ReplyKind,
    Trust,
    card_json,
    iso_utc,
)
from interest_ingest.store.engine import look
from interest_ingest.store.ledger import decompressed
from interest_ingest.store.tables import UtcDateTime, card, card_origin, delivery, epoch, mailbox, raw_message

PAGE: Final = 500
NEW: Final = "new"
"""What a landed message that was not read yet is called in place of an outcome."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many mails by outcome (`new`: not read yet), and how many cards without the superseded ones."""

    mails: dict[str, int]
    cards: int


def cards(
    engine: Engine,
    since: datetime | None,
    source: str | None,
    *,
    unprocessed: bool,
    trust: Collection[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """The cards in their public JSON shape, in the order of their making, without superseded ones."""
    wanted = select(card).where(card.c.superseded_at.is_(None)).order_by(card.c.created_at, card.c.id).limit(PAGE)
    if since is not None:
        wanted = wanted.where(card.c.created_at >= since)
    if source is not None:
        wanted = wanted.where(card.c.source == source)
    if trust is not None:
        wanted = wanted.where(card.c.trust.in_(trust))
    if unprocessed:
        wanted = wanted.where(card.c.processed.is_(False))
    page = _page(engine, wanted)
    while page:
        yield from map(_card_json, page)
        after = tuple_(literal(page[-1].created_at, UtcDateTime), literal(page[-1].id))
        page = _page(engine, wanted.where(tuple_(card.c.created_at, card.c.id) > after)) if len(page) == PAGE else []


def _page(engine: Engine, query: Select[Any]) -> list[Row[Any]]:
    """Each page is a transaction of its own: a listing that somebody reads slowly must not hold up the database."""
    return look(engine, lambda connection: list(connection.execute(query)))


def _card_json(row: Row[Any]) -> dict[str, Any]:
    return card_json(
        _stored_card(row),
        card_id=row.id,
        responsible=row.responsible,
        processed=row.processed,
        proof_url=row.proof_url,
    )


def _stored_card(row: Row[Any]) -> InterestCard:
    """Without validation: it was done on the way in, and a listing must not fail on what a person changed since."""
    return InterestCard.model_construct(
        source=row.source,
        channel=Channel(row.channel),
        action=Action(row.action),
        account=row.account,
        occurred_at=row.occurred_at,
        occurred_at_offset=row.occurred_at_offset,
        received_at=row.received_at,
        author=Author.model_construct(
            name=row.author_name,
            email=row.author_email,
            phone=row.author_phone,
            profile_url=row.author_profile_url,
            photo_url=row.author_photo_url,
            company=row.author_company,
        ),
        text=row.text,
        count=row._mapping["count"],  # the row is a tuple, and that has a count of its own
        object_kind=row.object_kind,
        rating=row.rating,
        product=Product.model_construct(name=row.product_name, url=row.product_url),
        source_url=row.source_url,
        referrer_url=row.referrer_url,
        campaign=row.campaign,
        reply=Reply.model_construct(kind=ReplyKind(row.reply_kind) if row.reply_kind else None, url=row.reply_url),
        trust=Trust(row.trust),
        language=row.language,
        parser=row.parser,
        parser_version=row.parser_version,
    )


@dataclass(frozen=True, slots=True)
class Which:
    """Which messages of the ledger: all that is given must hold."""

    mail_id: int | None = None
    uid: int | None = None
    mailbox: str | None = None
    message_id_digest: str | None = None

    @property
    def one(self) -> bool:
        """Whether a certain message is meant, so that all is told of it."""
        return (self.mail_id, self.uid, self.message_id_digest) != (None, None, None)


def mails(engine: Engine, outcome: str | None, which: Which) -> Iterator[dict[str, Any]]:
    """The ledger in the order of landing: where each message lies and what became of it; no subject, no address."""
    wanted = (
        select(delivery, mailbox.c.name, epoch.c.uidvalidity)
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .join(mailbox, epoch.c.mailbox_id == mailbox.c.id)
        .order_by(delivery.c.id)
        .limit(PAGE)
    )
    if outcome is not None:
        wanted = wanted.where(delivery.c.outcome == (None if outcome == NEW else Outcome(outcome)))
    wanted = wanted.where(*_conditions(which))
    page = _page(engine, wanted)
    while page:
        origins = _origins(engine, page)
        for row in page:
            yield _mail(row, origins[row.id]) | (_more(row) if which.one else {})
        page = _page(engine, wanted.where(delivery.c.id > page[-1].id)) if len(page) == PAGE else []


def _conditions(which: Which) -> list[ColumnElement[bool]]:
    its = raw_message.c.message_id_digest == which.message_id_digest
    by_message_id = delivery.c.raw_id.in_(select(raw_message.c.id).where(its))
    pairs = (
        (which.mail_id, delivery.c.raw_id == which.mail_id),
        (which.uid, delivery.c.uid == which.uid),
        (which.mailbox, mailbox.c.name == which.mailbox),
        (which.message_id_digest, by_message_id),
    )
    return [condition for given, condition in pairs if given is not None]


def _origins(engine: Engine, page: list[Row[Any]]) -> defaultdict[int, list[str]]:
    query = select(card_origin).where(card_origin.c.delivery_id.in_([row.id for row in page]))
    cards_of: defaultdict[int, list[str]] = defaultdict(list)
    for origin in _page(engine, query.order_by(card_origin.c.delivery_id, card_origin.c.ord)):
        cards_of[origin.delivery_id].append(origin.card_id)
    return cards_of


def _mail(row: Row[Any], card_ids: list[str]) -> dict[str, Any]:
    return {
        "mailbox": row.name,
        "uid": row.uid,
        "uidvalidity": row.uidvalidity,
        "received_at": iso_utc(row.received_at) if row.received_at else None,
        "size": row.rfc822_size,
        "outcome": row.outcome or NEW,
        "reason": row.reason,
        "parser": row.parser,
        "trust": row.trust,
        "cards": card_ids,
        "mail_id": row.raw_id,
    }


def _more(row: Row[Any]) -> dict[str, Any]:
    return {
        "parser_version": row.parser_version,
        "landed_at": iso_utc(row.landed_at),
        "recorded_at": iso_utc(row.recorded_at) if row.recorded_at else None,
        "attempts": row.attempts,
        "not_before": iso_utc(row.not_before) if row.not_before else None,
        "trace": row.trace,
    }


def raw(connection: Connection, mail_id: int) -> bytes | None:
    """The kept bytes of a mail: None if there is no such mail, b"" if retention has emptied it."""
    row = connection.execute(select(raw_message.c.body).where(raw_message.c.id == mail_id)).one_or_none()
    return None if row is None else decompressed(row.body)


def counts(connection: Connection) -> Counts:
    by_outcome = select(delivery.c.outcome, func.count()).group_by(delivery.c.outcome)
    shown = select(func.count()).select_from(card).where(card.c.superseded_at.is_(None))
    return Counts(
        mails={outcome or NEW: number for outcome, number in connection.execute(by_outcome)},
        cards=connection.scalar(shown) or 0,
    )


def last_polls(connection: Connection) -> dict[tuple[str, str], datetime | None]:
    """When each mailbox, by name and folder, was last polled to the end; None: never."""
    rows = connection.execute(select(mailbox.c.name, mailbox.c.folder, mailbox.c.polled_at))
    return {(row.name, row.folder): row.polled_at for row in rows}
