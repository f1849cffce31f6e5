"""What was not read: listed by mail with its reason, given back to the readers, dismissed; and how long bytes are kept.

A mail may have several deliveries (two mailboxes, a restored folder). Whoever decides about a mail decides about all of
them: a retry that forgot a twin would leave it unread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, exists, func, select, update

from interest_ingest.cards import Outcome, iso_utc
from interest_ingest.store.engine import look
from interest_ingest.store.ledger import RELEASED, chunks
from interest_ingest.store.tables import card_origin, delivery, epoch, mailbox, raw_message
from interest_ingest.store.workers import Worker

PAGE: Final = 200

DISMISSED: Final = "dismissed"

UNREAD: Final = (Outcome.QUARANTINED, Outcome.HELD)
"""Outcomes of mails that nobody has read and that can be read again."""


def postpone(connection: Connection, me: Worker, delivery_ids: Iterable[int], not_before: datetime) -> None:
    """Give claimed mails back; nobody claims them before that instant of the database's clock."""
    values = {"claimed_by": None, "not_before": not_before}
    for some in chunks(sorted(delivery_ids)):
        mine = delivery.c.id.in_(some) & (delivery.c.claimed_by == me.id) & delivery.c.outcome.is_(None)
        connection.execute(update(delivery).where(mine).values(values))


def quarantined(
    engine: Engine, outcome: Outcome, reason: str | None, parser: str | None, mail_id: int | None = None
) -> Iterator[dict[str, Any]]:
    """The mails of this outcome, one document each, in the order in which their bytes were first landed."""
    its = _chosen(outcome, reason, parser)
    per_mail = select(func.min(delivery.c.id).label("first"), func.count().label("deliveries")).where(its)
    if mail_id is not None:
        per_mail = per_mail.where(delivery.c.raw_id == mail_id)
    mails = per_mail.group_by(delivery.c.raw_id).subquery()
    wanted = (
        select(
            delivery,
            mails.c.deliveries,
            mailbox.c.name,
            epoch.c.uidvalidity,
            raw_message.c.body.is_not(None).label("kept"),
        )
        .join(mails, mails.c.first == delivery.c.id)
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .join(mailbox, epoch.c.mailbox_id == mailbox.c.id)
        .join(raw_message, delivery.c.raw_id == raw_message.c.id)
        .order_by(delivery.c.id)
        .limit(PAGE)
    )
    after = 0
    while page := _page(engine, wanted.where(delivery.c.id > after)):
        yield from map(_quarantined, page)
        after = page[-1].id


def _page(engine: Engine, query: Any) -> list[Row[Any]]:
    return look(engine, lambda connection: list(connection.execute(query)))


def _chosen(outcome: Outcome, reason: str | None, parser: str | None) -> ColumnElement[bool]:
    """`reason` is the beginning of one: "template changed" chooses whatever a parser missed."""
    its = [delivery.c.outcome == outcome, delivery.c.raw_id.is_not(None)]
    if reason is not None:
        its.append(delivery.c.reason.startswith(reason, autoescape=True))
    if parser is not None:
        its.append(delivery.c.parser == parser)
    return and_(*its)


def _quarantined(row: Row[Any]) -> dict[str, Any]:
    return {
        "mail_id": row.raw_id,
        "mailbox": row.name,
        "uid": row.uid,
        "uidvalidity": row.uidvalidity,
        "deliveries": row.deliveries,
        "received_at": iso_utc(row.received_at) if row.received_at else None,
        "size": row.rfc822_size,
        "outcome": row.outcome,
        "reason": row.reason,
        "parser": row.parser,
        "parser_version": row.parser_version,
        "trust": row.trust,
        "recorded_at": iso_utc(row.recorded_at) if row.recorded_at else None,
        "raw_kept": bool(row.kept),
        "trace": row.trace,
    }


def retry(
    connection: Connection, mail_ids: Collection[int] | None, outcome: Outcome, reason: str | None, parser: str | None
) -> int:
    """Make unread mails new again, those of `mail_ids` or all of an outcome; gives their number.

    Mails whose bytes retention has emptied stay as they are: there is nothing left to read. Duplicates without a card
    go along, they may be duplicates of exactly this.
    """
    done = 0
    for some in _in_lots(connection, mail_ids, outcome, reason, parser):
        kept = select(raw_message.c.id).where(raw_message.c.id.in_(some), raw_message.c.body.is_not(None))
        mails = set(connection.scalars(kept))
        bare_duplicate = (delivery.c.outcome == Outcome.DUPLICATE) & ~exists().where(
            card_origin.c.delivery_id == delivery.c.id
        )
        _release(connection, mails)
        again = delivery.c.raw_id.in_(mails) & (delivery.c.outcome.in_(UNREAD) | bare_duplicate)
        connection.execute(update(delivery).where(again).values(_AS_NEW))
        done += len(mails)
    return done


# `not_before`: it waits since now, however long ago it landed.
_AS_NEW: Final[dict[str, Any]] = {
    "outcome": None,
    "reason": None,
    "trace": None,
    "parser": None,
    "parser_version": None,
    "trust": None,
    "recorded_at": None,
    "claimed_by": None,
    "not_before": func.now(),
    "interrupted": False,
    "attempts": 0,
}


def _release(connection: Connection, mail_ids: Collection[int]) -> None:
    """Let held mails through: their only card, if any, tells of the flood and is not theirs."""
    held = delivery.c.raw_id.in_(mail_ids) & (delivery.c.outcome == Outcome.HELD)
    told = card_origin.c.delivery_id.in_(select(delivery.c.id).where(held))
    connection.execute(delete(card_origin).where(told))
    connection.execute(update(delivery).where(held).values(_AS_NEW | {"reason": RELEASED}))


def _in_lots(
    connection: Connection, mail_ids: Collection[int] | None, outcome: Outcome, reason: str | None, parser: str | None
) -> Iterator[list[int]]:
    """Ids of unread mails."""
    wanted = select(delivery.c.raw_id).distinct()
    if mail_ids is None:
        yield from chunks(connection.scalars(wanted.where(_chosen(outcome, reason, parser))).all())
        return
    for some in chunks(sorted(set(mail_ids))):
        its = delivery.c.raw_id.in_(some) & delivery.c.outcome.in_(UNREAD)
        yield list(connection.scalars(wanted.where(its)))


def dismiss(connection: Connection, mail_ids: Collection[int]) -> int:
    """Nobody needs to read these unread mails: `ignored`, reason "dismissed"; gives their number."""
    now = datetime.now(UTC)
    done = 0
    for some in _in_lots(connection, mail_ids, Outcome.QUARANTINED, None, None):
        its = delivery.c.raw_id.in_(some) & delivery.c.outcome.in_(UNREAD)
        values = {"outcome": Outcome.IGNORED, "reason": DISMISSED, "recorded_at": now}
        connection.execute(update(delivery).where(its).values(values))
        done += len(some)
    return done


def empty_raw(connection: Connection, older_than: datetime, after: int, limit: int) -> list[int]:
    """Empty the bodies of up to `limit` mails above the id `after` that were stored before; gives their ids.

    A mail that was not read yet, or is held back in a flood, keeps its bytes however old it is.
    """
    unread = delivery.c.outcome.is_(None) | (delivery.c.outcome == Outcome.HELD)
    needed = exists().where(delivery.c.raw_id == raw_message.c.id, unread)
    old = (
        select(raw_message.c.id)
        .where(raw_message.c.id > after, raw_message.c.body.is_not(None), raw_message.c.stored_at < older_than, ~needed)
        .order_by(raw_message.c.id)
        .limit(limit)
        .with_for_update()
    )
    ids = list(connection.scalars(old))
    if ids:
        connection.execute(update(raw_message).where(raw_message.c.id.in_(ids)).values(body=None))
    return ids
