"""What a judge of readings must know of the past: so that one that starts anew goes on where the last one ended.

Both lists are of the newest mails and bounded: they cost the same with a thousand mails and with a million.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select

from interest_ingest.cards import Outcome
from interest_ingest.store.ledger import chunks
from interest_ingest.store.tables import UtcDateTime, card, card_origin, delivery, epoch, mailbox

NEWEST_CARDS: Final = 5_000
NEWEST_READINGS: Final = 5_000

MADE_CARDS: Final = (Outcome.CARDS, Outcome.OVERSIZE)


class PastReading(NamedTuple):
    """What a parser made of a mail."""

    parser: str
    parser_version: int
    outcome: Outcome
    reason: str | None


def past_cards(connection: Connection) -> list[Row[Any]]:
    """The cards of the newest mails that made some, oldest first.

    Columns: delivery_id, received_at (of the delivery), mailbox, source, account, trust, author_name, author_email,
    author_phone, author_profile_url.
    """
    newest: list[int] = []
    for outcome in MADE_CARDS:  # one query for both could not go by the index
        its = select(delivery.c.id).where(delivery.c.outcome == outcome)
        newest += connection.scalars(its.order_by(delivery.c.id.desc()).limit(NEWEST_CARDS))
    columns = (card.c.source, card.c.account, card.c.trust, card.c.author_name, card.c.author_email)
    made = (
        select(delivery.c.id.label("delivery_id"), delivery.c.received_at, mailbox.c.name.label("mailbox"), *columns)
        .add_columns(card.c.author_phone, card.c.author_profile_url)
        .join(card_origin, card_origin.c.delivery_id == delivery.c.id)
        .join(card, card.c.id == card_origin.c.card_id)
        .join(epoch, epoch.c.id == delivery.c.epoch_id)
        .join(mailbox, mailbox.c.id == epoch.c.mailbox_id)
    )
    rows: list[Row[Any]] = []
    for some in chunks(sorted(newest)[-NEWEST_CARDS:]):
        rows += connection.execute(made.where(delivery.c.id.in_(some)).order_by(delivery.c.id, card_origin.c.ord))
    return rows


def past_readings(connection: Connection) -> Iterator[PastReading]:
    """What parsers made of the newest mails, oldest first."""
    columns = (delivery.c.parser, delivery.c.parser_version, delivery.c.outcome, delivery.c.reason)
    newest = select(*columns).order_by(delivery.c.id.desc()).limit(NEWEST_READINGS)
    for row in reversed(connection.execute(newest).all()):
        if row.parser and row.outcome not in (None, Outcome.DUPLICATE):
            yield PastReading(row.parser, row.parser_version, Outcome(row.outcome), row.reason)


def first_opened(connection: Connection, name: str) -> datetime | None:
    """When the mailbox or import of this name was first looked into."""
    its = select(func.min(epoch.c.opened_at, type_=UtcDateTime)).join(mailbox, mailbox.c.id == epoch.c.mailbox_id)
    opened: datetime | None = connection.scalar(its.where(mailbox.c.name == name))
    return opened
