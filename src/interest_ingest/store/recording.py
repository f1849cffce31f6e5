"""Record: the cards of read mails, their keys and origins, and each mail's outcome, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select

from interest_ingest.cards import Outcome, Reading
from interest_ingest.store.drift import Counted, count
from interest_ingest.store.ledger import Landed, chunks, first_reading, same_mail, twin
from interest_ingest.store.rereading import befores, settle_again
from interest_ingest.store.settling import Recorded, Rows, keep_digests, known_to, outcome_row, read_mail, settle, write
from interest_ingest.store.tables import card_origin, delivery

Pair = tuple[Landed, Reading | None]
"""A claimed mail and what reading it came to; None only for a mail whose outcome was `known`."""


def record(connection: Connection, pairs: Sequence[Pair], *, count_all: bool = True) -> list[Recorded]:
    """Record those of `pairs` that have no outcome yet; gives one `Recorded` for each of them.

    Without `count_all` it waits for no habit of a sender: where another program holds one, it does not know of them.
    """
    now = datetime.now(UTC)
    open_ = _open_deliveries(connection, [landed.delivery_id for landed, _ in pairs])
    unique = {landed.delivery_id: (landed, reading) for landed, reading in pairs if landed.delivery_id in open_}
    news = [
        Counted(reading, landed.received_at, open_[landed.delivery_id].raw_id)
        for landed, reading in unique.values()
        if reading and not landed.known and not open_[landed.delivery_id].counted
    ]
    rows = Rows()
    done = _record_known(connection, [landed.delivery_id for landed, _ in unique.values() if landed.known], rows, now)
    mails = [
        read_mail(open_[landed.delivery_id].raw_id, landed, reading)
        for landed, reading in unique.values()
        if not landed.known
    ]
    known = known_to(connection, mails)
    before = befores(connection, list(unique))  # of mails in quarantine that had a card to tell of them
    for mail in mails:
        if mail.delivery_id in before:
            done.append(settle_again(mail, before[mail.delivery_id], known, rows, now)[0])
        else:
            done.append(settle(mail, known, rows, now))
    write(connection, rows, now)
    keep_digests(connection, mails)
    count(connection, news, wait=count_all)
    return done


def _open_deliveries(connection: Connection, delivery_ids: Iterable[int]) -> dict[int, Any]:
    """Those deliveries that have no outcome: their raw ids, and whether they were counted; they stay locked."""
    columns = (delivery.c.id, delivery.c.raw_id, delivery.c.counted)
    rows = select(*columns).where(delivery.c.outcome.is_(None)).with_for_update()
    return {
        row.id: row
        for some in chunks(sorted(delivery_ids))
        for row in connection.execute(rows.where(delivery.c.id.in_(some)).order_by(delivery.c.id))
    }


def _record_known(connection: Connection, delivery_ids: list[int], rows: Rows, now: datetime) -> list[Recorded]:
    """Mails whose bytes were read before: `duplicate`, with the origins and the parser of the first reading.

    Bytes that could not be read before are quarantined again, with the same reason: a duplicate would be acknowledged
    and done with, and nobody has read it.
    """
    done = []
    for delivery_id, first in _first_readings(connection, delivery_ids).items():
        origins = select(card_origin.c.ord, card_origin.c.card_id).where(card_origin.c.delivery_id == first.id)
        rows.origins += [
            {"delivery_id": delivery_id, "ord": ord_, "card_id": card_id}
            for ord_, card_id in connection.execute(origins)
        ]
        unread = first.outcome == Outcome.QUARANTINED
        reading = Reading(
            outcome=Outcome.QUARANTINED if unread else Outcome.DUPLICATE,
            reason=first.reason if unread else f"the same bytes were {first.outcome} before",
            trace=first.trace if unread else None,
            parser=first.parser,
            parser_version=first.parser_version,
            trust=first.trust,
        )
        same = {"shape": first.shape, "sender": first.sender}
        rows.outcomes.append(outcome_row(delivery_id, reading.outcome, reading, now) | same)
        done.append(Recorded(delivery_id, reading.outcome))
    return done


_BY = (twin.c.parser, twin.c.parser_version, twin.c.trust, twin.c.shape, twin.c.sender)


def _first_readings(connection: Connection, delivery_ids: list[int]) -> dict[int, Any]:
    columns = (twin.c.id, twin.c.outcome, twin.c.reason, twin.c.trace, *_BY)
    firsts: dict[int, Any] = {}
    for some in chunks(delivery_ids):
        pairs = select(delivery.c.id.label("mine"), *columns).where(delivery.c.id.in_(some)).join(twin, same_mail)
        for row in connection.execute(pairs.order_by(*first_reading)):
            firsts.setdefault(row.mine, row)
    return firsts
