"""Whether the ledger still speaks of what is on the server: what is compared, and what follows from a difference.

A UID names one message only within an epoch. Servers that reuse UIDs without saying so (mailutils imap4d, restored
mailboxes) are found out by size, date and name of messages that the ledger knows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, exists, func, select, update

from interest_ingest.cards import Outcome
from interest_ingest.store.ledger import CHUNK, chunks, unknown
from interest_ingest.store.tables import MAX_BIGINT, delivery, epoch, mailbox, raw_message

RETRY_AFTER: Final = {failures: timedelta(minutes=minutes) for failures, minutes in ((1, 0), (2, 0), (3, 10), (4, 60))}
"""Pauses before an unfetchable message is asked for again, by the number of failures; after more of them a day."""

_DAY: Final = timedelta(days=1)

SAME_WITHIN: Final = timedelta(minutes=15)


class Told(NamedTuple):
    """What a server tells of a message, or told when it was landed; None is what it does not tell."""

    size: int
    received_at: datetime | None
    emailid: str | None = None


def adopt(connection: Connection, mailbox_id: int, mailboxid: str, old: str) -> None:
    """The mailbox takes over the epochs of the account's folder `old`: the server has renamed it (RFC 8474)."""
    found = _namesake(connection, mailbox_id, mailboxid, old)
    if found is None:
        return
    connection.execute(update(epoch).where(epoch.c.mailbox_id == found).values(mailbox_id=mailbox_id))
    connection.execute(delete(mailbox).where(mailbox.c.id == found))


def renamed_from(connection: Connection, mailbox_id: int, mailboxid: str) -> list[str]:
    """Other folders of the same account that the server called `mailboxid`, if this one has no epoch yet."""
    me = mailbox.alias("me")
    new = ~exists().where(epoch.c.mailbox_id == mailbox_id)
    its = (epoch.c.mailbox_id == mailbox.c.id) & epoch.c.closed_at.is_(None) & (epoch.c.mailboxid == mailboxid)
    folders = (
        select(mailbox.c.folder)
        .join(me, (me.c.name == mailbox.c.name) & (me.c.id == mailbox_id) & (me.c.id != mailbox.c.id))
        .where(new, exists().where(its), mailbox.c.leased_by.is_(None))
    )
    return list(connection.scalars(folders))


def _namesake(connection: Connection, mailbox_id: int, mailboxid: str, old: str) -> int | None:
    if old not in renamed_from(connection, mailbox_id, mailboxid):
        return None
    name = select(mailbox.c.name).where(mailbox.c.id == mailbox_id).scalar_subquery()
    return connection.scalar(select(mailbox.c.id).where(mailbox.c.name == name, mailbox.c.folder == old))


def told(connection: Connection, epoch_id: int, uids: Sequence[int]) -> dict[int, Told]:
    """What the server told of those of the ascending `uids` whose bytes we have."""
    known: dict[int, Told] = {}
    columns = select(delivery.c.uid, delivery.c.rfc822_size, delivery.c.received_at, delivery.c.emailid)
    for asked in chunks(uids, 10 * CHUNK):
        here = (delivery.c.epoch_id == epoch_id) & delivery.c.uid.between(asked[0], asked[-1])
        wanted = set(asked)
        for uid, size, received_at, emailid in connection.execute(columns.where(here, delivery.c.raw_id.is_not(None))):
            if uid in wanted:
                known[uid] = Told(size or 0, received_at, emailid)
    return known


class Kept(NamedTuple):
    """What is known of a message's bytes: their SHA-256, and that of its Message-ID if it was read and has one."""

    raw_sha256: str
    message_id_digest: str | None

    def are(self, raw: bytes) -> bool:
        """Whether `raw` are these bytes."""
        return hashlib.sha256(raw).hexdigest() == self.raw_sha256


def kept(connection: Connection, epoch_id: int, uid: int) -> Kept | None:
    row = connection.execute(
        select(raw_message.c.raw_sha256, raw_message.c.message_id_digest)
        .join(delivery, delivery.c.raw_id == raw_message.c.id)
        .where(delivery.c.epoch_id == epoch_id, delivery.c.uid == uid)
    ).one_or_none()
    return Kept(row.raw_sha256, row.message_id_digest) if row else None


def correct(connection: Connection, epoch_id: int, now_told: Mapping[int, Told]) -> None:
    """The server tells something else of the same messages than before; only what it does tell is taken."""
    for uid, one in sorted(now_told.items()):
        values: dict[str, Any] = {"rfc822_size": min(one.size, MAX_BIGINT), "emailid": one.emailid}
        if one.received_at:
            values["received_at"] = one.received_at
        it = (delivery.c.epoch_id == epoch_id) & (delivery.c.uid == uid)
        connection.execute(update(delivery).where(it).values(values))


def unfetchable(connection: Connection, epoch_id: int, uids: Iterable[int], reason: str) -> None:
    """One more time the server did not give these; each is asked for again after a pause that grows."""
    now = datetime.now(UTC)
    asked = sorted(set(uids))
    for some in chunks(asked):
        here = (delivery.c.epoch_id == epoch_id) & delivery.c.uid.in_(some)
        here &= delivery.c.outcome == Outcome.UNFETCHABLE
        tried = connection.execute(select(delivery.c.id, delivery.c.attempts).where(here).with_for_update()).all()
        for delivery_id, attempts in tried:
            pause = RETRY_AFTER.get(attempts + 1, _DAY)
            values = {"attempts": attempts + 1, "reason": reason, "recorded_at": now}
            values["not_before"] = now + pause if pause else None
            connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(values))
    if missing := unknown(connection, epoch_id, asked):
        row = {"epoch_id": epoch_id, "outcome": Outcome.UNFETCHABLE, "reason": reason, "attempts": 1}
        row |= {"authentication": "", "landed_at": now, "recorded_at": now}
        connection.execute(delivery.insert(), [row | {"uid": uid} for uid in missing])


def to_fetch_again(connection: Connection, epoch_id: int, limit: int) -> list[int]:
    """Unfetchable messages whose pause is over, those that failed least often first."""
    due = delivery.c.not_before.is_(None) | (delivery.c.not_before <= func.now())
    its = (delivery.c.epoch_id == epoch_id) & (delivery.c.outcome == Outcome.UNFETCHABLE)
    order = (delivery.c.attempts, delivery.c.uid)
    return list(connection.scalars(select(delivery.c.uid).where(its, due).order_by(*order).limit(limit)))


def forget(connection: Connection, epoch_id: int, uids: Iterable[int]) -> None:
    """Unfetchable messages that are not on the server any more were never ours."""
    for some in chunks(sorted(uids)):
        here = (delivery.c.epoch_id == epoch_id) & delivery.c.uid.in_(some)
        connection.execute(delete(delivery).where(here, delivery.c.outcome == Outcome.UNFETCHABLE))


def outcomes(connection: Connection, epoch_id: int) -> dict[str, int]:
    """How many messages of the epoch by outcome; `new` are landed and not yet read."""
    counted = select(delivery.c.outcome, func.count()).where(delivery.c.epoch_id == epoch_id)
    return {outcome or "new": number for outcome, number in connection.execute(counted.group_by(delivery.c.outcome))}


def lacking(connection: Connection, epoch_id: int, digests: Iterable[str]) -> Iterator[str]:
    """Those of the SHA-256 digests whose bytes are in no message of the epoch."""
    here = select(raw_message.c.raw_sha256).where(
        raw_message.c.id == delivery.c.raw_id, delivery.c.epoch_id == epoch_id
    )
    for some in chunks(sorted(set(digests))):
        present = set(connection.scalars(here.where(raw_message.c.raw_sha256.in_(some)).distinct()))
        yield from (digest for digest in some if digest not in present)


def compared(connection: Connection, mailbox_id: int, on_server: int, unaccounted: int) -> None:
    """Note a comparison of a mailbox with its server: messages there, and how many of them the ledger lacks.

    One that finds the same as some minutes ago is not written: a poll that has nothing to do changes no row.
    """
    now = datetime.now(UTC)
    values = {"server_mails": on_server, "unaccounted": unaccounted, "compared_at": now}
    same = (mailbox.c.server_mails == on_server) & (mailbox.c.unaccounted == unaccounted)
    it = (mailbox.c.id == mailbox_id) & (mailbox.c.compared_at > now - SAME_WITHIN)
    if not connection.scalar(select(mailbox.c.id).where(it, same)):
        connection.execute(update(mailbox).where(mailbox.c.id == mailbox_id).values(values))
