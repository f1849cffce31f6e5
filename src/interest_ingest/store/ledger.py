"""The ledger: mailboxes, their epochs, and one row for every message, from landing to the acknowledgement.

The functions are steps: each is given the connection of one transaction and may be repeated without harm.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final, TypeVar

import zstandard
from sqlalchemy import Connection, Row, Table, delete, func, insert, select, update
from sqlalchemy.dialects import mysql, postgresql, sqlite

from interest_ingest.cards import MAX_LINE, Outcome
from interest_ingest.errors import UsageError
from interest_ingest.store.tables import MAX_BIGINT, delivery, epoch, mailbox, raw_message
from interest_ingest.store.workers import Worker

T = TypeVar("T")

CHUNK: Final = 1_000
"""Values in one `IN (…)`: far below every database's limit of parameters."""

ZSTD_LEVEL: Final = 1
NO_UIDVALIDITY: Final = -1

RELEASED: Final = "released"
"""The reason of a mail without outcome that was held back in a flood and shall be read whatever floods in."""

NOT_ACKNOWLEDGED: Final = (Outcome.QUARANTINED, Outcome.UNFETCHABLE, Outcome.HELD)
"""Outcomes after which we are not done with a message, so that the mailbox is told nothing."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """A stretch of a mailbox's life in which a UID names one message. `cursor`: the highest UID landed; a hint."""

    id: int
    uidvalidity: int
    cursor: int


@dataclass(frozen=True, slots=True)
class Landing:
    """A message on its way into the ledger.

    `uid` 0 means that it has none (a file): it gets the next number of the epoch unless its bytes are already there.
    `authentication` is JSON text. `whole` is False where attachments were left out of `raw`. `signed`: a DKIM signature
    passed, so it is read before others. `emailid` is what the server calls the message (RFC 8474), if it does.
    With a `doubt`, why these bytes may not be this message's, it is quarantined at once.
    """

    uid: int
    raw: bytes
    received_at: datetime
    rfc822_size: int
    whole: bool
    authentication: str
    signed: bool = False
    emailid: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Landed:
    """A claimed message. `known`: these bytes with this authentication were read before and need no second reading.
    `size`: of the whole mail on the server, in bytes.

    `alone`: it was in flight when its reader died; nothing else is given until it is recorded or released. `attempts`
    counts the readings that it did not survive while it was the only one in flight. `released`: it was held back in a
    flood, and a person has let it through.
    """

    delivery_id: int
    raw: bytes
    received_at: datetime
    authentication: str
    mailbox: str
    whole: bool
    size: int = 0
    known: Outcome | None = None
    alone: bool = False
    attempts: int = 0
    released: bool = False


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """`values` in lists of at most `size`."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def insert_new(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], unique: str) -> None:
    """Insert `rows` except those whose `unique` column is taken, by a committed row or one that is being committed."""
    if connection.dialect.name == "mariadb":  # its INSERT IGNORE would also pass over what is too long
        same = {unique: table.c[unique]}
        connection.execute(mysql.insert(table).on_duplicate_key_update(same), rows)
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    connection.execute(dialect.insert(table).on_conflict_do_nothing(index_elements=[unique]), rows)


def find_mailbox(connection: Connection, name: str, folder: str) -> int:
    """The id of the mailbox, made when it is first asked for."""
    if max(len(name), len(folder)) > MAX_LINE:
        raise UsageError(f"mailbox {name[:40]!r}…: name and folder may have at most {MAX_LINE} characters")
    it = (mailbox.c.name == name) & (mailbox.c.folder == folder)
    found = connection.scalar(select(mailbox.c.id).where(it))
    return found or _inserted(connection, mailbox, name=name, folder=folder)


def _inserted(connection: Connection, table: Table, **values: Any) -> int:
    key = connection.execute(insert(table).values(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def open_epoch(
    connection: Connection,
    mailbox_id: int,
    uidvalidity: int | None,
    uidnext: int | None,
    mailboxid: str | None = None,
    *,
    anew: bool = False,
) -> Epoch:
    """The epoch that the server's values belong to; a new one where UIDs may mean other messages than before.

    That is after a changed UIDVALIDITY (RFC 9051 §2.3.1.1), also back to an earlier one, and when UIDNEXT is not above
    what we have already landed: a mailbox restored from a backup; and when MAILBOXID (RFC 8474) says that it is another
    folder under the same name. None stands for a value that the server did not give. `anew`: in any case, because known
    UIDs were found to mean other messages.
    """
    uidvalidity = NO_UIDVALIDITY if uidvalidity is None else uidvalidity
    connection.execute(select(mailbox.c.id).where(mailbox.c.id == mailbox_id).with_for_update())
    its_epochs = epoch.c.mailbox_id == mailbox_id
    last = connection.execute(select(epoch).where(its_epochs, epoch.c.closed_at.is_(None))).one_or_none()
    if last and not anew and _same_epoch(last, uidvalidity, uidnext, mailboxid):
        if mailboxid and not last.mailboxid:
            connection.execute(update(epoch).where(epoch.c.id == last.id).values(mailboxid=mailboxid))
        return Epoch(last.id, uidvalidity, last.cursor_uid)
    now = datetime.now(UTC)
    connection.execute(update(epoch).where(its_epochs, epoch.c.closed_at.is_(None)).values(closed_at=now))
    earlier = connection.scalar(select(func.max(epoch.c.gen)).where(its_epochs, epoch.c.uidvalidity == uidvalidity))
    gen = 0 if earlier is None else earlier + 1
    values = {"mailbox_id": mailbox_id, "uidvalidity": uidvalidity, "gen": gen, "cursor_uid": 0, "opened_at": now}
    return Epoch(_inserted(connection, epoch, **values, mailboxid=mailboxid), uidvalidity, 0)


def _same_epoch(last: Row[Any], uidvalidity: int, uidnext: int | None, mailboxid: str | None) -> bool:
    return bool(
        last.uidvalidity == uidvalidity
        and (uidnext is None or uidnext > last.cursor_uid)
        and (last.mailboxid == mailboxid or None in (last.mailboxid, mailboxid))
    )


def current_epoch(
    connection: Connection, mailbox_id: int, uidvalidity: int | None, uidnext: int | None, mailboxid: str | None
) -> Epoch | None:
    """The open epoch, if the server's values still belong to it; nothing is written."""
    its_open = (epoch.c.mailbox_id == mailbox_id) & epoch.c.closed_at.is_(None)
    last = connection.execute(select(epoch).where(its_open)).one_or_none()
    uidvalidity = NO_UIDVALIDITY if uidvalidity is None else uidvalidity
    same = last is not None and _same_epoch(last, uidvalidity, uidnext, mailboxid)
    return Epoch(last.id, uidvalidity, last.cursor_uid) if last is not None and same else None


def unknown(connection: Connection, epoch_id: int, uids: Sequence[int]) -> list[int]:
    """Those of the ascending `uids` that have no row in the ledger."""
    missing: list[int] = []
    for asked in chunks(uids, 10 * CHUNK):
        # A range reads the index once; 10,000 single values would be parsed, planned and looked up one by one.
        rows = select(delivery.c.uid).where(
            delivery.c.epoch_id == epoch_id, delivery.c.uid.between(asked[0], asked[-1])
        )
        wanted = set(asked)
        wanted.difference_update(connection.scalars(rows))
        missing += sorted(wanted)
    return missing


def land(connection: Connection, epoch_id: int, landings: Iterable[Landing]) -> int:
    """Keep the messages that the epoch does not have yet; gives their number. Raw bytes, ledger row and cursor.

    A message that was marked unfetchable and now came is landed after all.
    """
    cursor = _locked_cursor(connection, epoch_id)
    fresh = _fresh(connection, epoch_id, cursor, landings)
    if not fresh:
        return 0
    now = datetime.now(UTC)
    raw_ids = _keep_raws(connection, dict(fresh.values()), now)
    rows = [_delivery(epoch_id, uid, raw_ids[digest], landing, now) for uid, (digest, landing) in fresh.items()]
    connection.execute(insert(delivery), rows)
    _advance(connection, epoch_id, cursor, max(fresh))
    return len(rows)


def _delivery(epoch_id: int, uid: int, raw_id: int, landing: Landing, now: datetime) -> dict[str, Any]:
    return {
        "epoch_id": epoch_id,
        "uid": uid,
        "raw_id": raw_id,
        "received_at": landing.received_at,
        "rfc822_size": min(landing.rfc822_size, MAX_BIGINT),
        "authentication": landing.authentication,
        "signed": landing.signed,
        "emailid": landing.emailid,
        "landed_at": now,
        "outcome": Outcome.QUARANTINED if landing.doubt else None,
        "reason": landing.doubt,
        "recorded_at": now if landing.doubt else None,
    }


def _locked_cursor(connection: Connection, epoch_id: int) -> int:
    """The epoch's cursor; one process at a time lands in an epoch."""
    it = select(epoch.c.cursor_uid).where(epoch.c.id == epoch_id).with_for_update()
    return int(connection.execute(it).scalar_one())


def _advance(connection: Connection, epoch_id: int, cursor: int, landed: int) -> None:
    if landed > cursor:
        connection.execute(update(epoch).where(epoch.c.id == epoch_id).values(cursor_uid=landed))


def _fresh(
    connection: Connection, epoch_id: int, cursor: int, landings: Iterable[Landing]
) -> dict[int, tuple[str, Landing]]:
    """By UID the messages that the epoch lacks, each with the digest of its bytes."""
    numbered: dict[int, tuple[str, Landing]] = {}
    files: dict[str, Landing] = {}
    for landing in landings:
        digest = hashlib.sha256(landing.raw).hexdigest()
        if landing.uid:
            numbered.setdefault(landing.uid, (digest, landing))
        else:
            files.setdefault(digest, landing)
    for uid in _taken(connection, epoch_id, numbered):
        del numbered[uid]
    for digest in _present(connection, epoch_id, files):
        del files[digest]
    return numbered | dict(enumerate(files.items(), start=max(cursor, *numbered, 0) + 1))


def _taken(connection: Connection, epoch_id: int, uids: Collection[int]) -> list[int]:
    """Those of `uids` with a ledger row; rows that only say `unfetchable` make room."""
    taken: list[int] = []
    for some in chunks(uids):
        here = (delivery.c.epoch_id == epoch_id) & delivery.c.uid.in_(some)
        connection.execute(delete(delivery).where(here, delivery.c.outcome == Outcome.UNFETCHABLE))
        taken += connection.scalars(select(delivery.c.uid).where(here))
    return taken


def _present(connection: Connection, epoch_id: int, digests: Collection[str]) -> list[str]:
    present: list[str] = []
    here = select(raw_message.c.raw_sha256).where(
        raw_message.c.id == delivery.c.raw_id, delivery.c.epoch_id == epoch_id
    )
    for some in chunks(digests):
        present += connection.scalars(here.where(raw_message.c.raw_sha256.in_(some)).distinct())
    return present


def _keep_raws(connection: Connection, landings: dict[str, Landing], now: datetime) -> dict[str, int]:
    """Store the bytes that are not stored, or not any more; gives the id for each digest."""
    known = _raw_ids(connection, landings)
    compress = zstandard.ZstdCompressor(level=ZSTD_LEVEL).compress
    # In order of the digest, so that two processes with the same mails wait for each other and never in a ring.
    rows = [
        {
            "raw_sha256": digest,
            "body": compress(landings[digest].raw),
            "size": len(landings[digest].raw),
            "whole": landings[digest].whole,
            "stored_at": now,
        }
        for digest in sorted(landings.keys() - known.keys())
    ]
    for digest in _emptied(connection, known):
        body = {"body": compress(landings[digest].raw), "stored_at": now}
        connection.execute(update(raw_message).where(raw_message.c.raw_sha256 == digest).values(body))
    if not rows:
        return known
    insert_new(connection, raw_message, rows, unique="raw_sha256")
    return known | _raw_ids(connection, landings.keys() - known.keys())


def _emptied(connection: Connection, digests: Iterable[str]) -> list[str]:
    """Those of `digests` whose bytes retention has emptied. What was erased for a person stays erased."""
    erased = select(delivery.c.id).where(delivery.c.raw_id == raw_message.c.id, delivery.c.outcome == Outcome.ERASED)
    empty = select(raw_message.c.raw_sha256).where(raw_message.c.body.is_(None), ~erased.exists())
    return sorted(
        digest
        for some in chunks(digests)
        for digest in connection.scalars(empty.where(raw_message.c.raw_sha256.in_(some)))
    )


def _raw_ids(connection: Connection, digests: Iterable[str]) -> dict[str, int]:
    columns = select(raw_message.c.raw_sha256, raw_message.c.id)
    return {
        digest: raw_id
        for some in chunks(digests)
        for digest, raw_id in connection.execute(columns.where(raw_message.c.raw_sha256.in_(some)))
    }


def enter(connection: Connection, epoch_id: int, uids: Iterable[int], outcome: Outcome, reason: str) -> None:
    """Give messages whose bytes we do not have their row and outcome; known ones stay as they are."""
    cursor = _locked_cursor(connection, epoch_id)
    missing = unknown(connection, epoch_id, sorted(set(uids)))
    if not missing:
        return
    now = datetime.now(UTC)
    row = {"epoch_id": epoch_id, "outcome": outcome, "reason": reason, "authentication": "", "landed_at": now}
    connection.execute(insert(delivery), [row | {"uid": uid, "recorded_at": now} for uid in missing])
    _advance(connection, epoch_id, cursor, missing[-1])


def claim(connection: Connection, me: Worker, in_flight: dict[int, bool], limit: int, max_bytes: int) -> list[Landed]:
    """Take landed mails that nobody reads, of at most `max_bytes` together but at least one.

    Signed ones first, so that no flood of others holds them up, and of each kind the oldest. `in_flight`: what this
    process has claimed and not given back; True for one that must be alone. Mails whose reader died with them come last
    and one by one: nothing else is in flight while one of them is read.
    """
    me.check_in(connection)
    if any(in_flight.values()):
        return []
    chosen = _choose(connection, me, in_flight, limit, max_bytes, interrupted=False)
    if not chosen and not in_flight:
        chosen = _choose(connection, me, in_flight, 1, max_bytes, interrupted=True)
    if not chosen:
        return []
    connection.execute(update(delivery).where(delivery.c.id.in_(chosen)).values(claimed_by=me.id))
    return _landed(connection, chosen)


def _choose(
    connection: Connection, me: Worker, in_flight: Iterable[int], limit: int, max_bytes: int, *, interrupted: bool
) -> list[int]:
    free = delivery.c.claimed_by.is_(None) | ((delivery.c.claimed_by == me.id) & delivery.c.id.not_in(list(in_flight)))
    due = delivery.c.not_before.is_(None) | (delivery.c.not_before <= func.now())
    # Not joined: MariaDB has no FOR UPDATE OF and would lock the raw mails too, and skip those that are locked.
    size = select(raw_message.c.size).where(raw_message.c.id == delivery.c.raw_id).scalar_subquery()
    waiting = (
        select(delivery.c.id, size)
        .where(delivery.c.outcome.is_(None), delivery.c.interrupted.is_(interrupted), free, due)
        .order_by(delivery.c.id)
        .with_for_update(skip_locked=True)
    )
    chosen: list[int] = []
    total = 0
    for signed in (True, False):  # one query for both would have to sort a whole flood
        its = waiting.where(delivery.c.signed == signed).limit(limit - len(chosen))
        for delivery_id, size in connection.execute(its) if len(chosen) < limit else ():
            total += size
            if chosen and total > max_bytes:
                return chosen
            chosen.append(delivery_id)
    return chosen


twin = delivery.alias("twin")
same_mail = (
    (twin.c.raw_id == delivery.c.raw_id)
    & (twin.c.authentication == delivery.c.authentication)
    & (twin.c.id != delivery.c.id)
    & twin.c.outcome.is_not(None)
    & (twin.c.outcome != Outcome.HELD)
)
"""`twin` is a delivery of the same bytes, judged with the same trust, that has its outcome."""

first_reading = (twin.c.outcome == Outcome.QUARANTINED, twin.c.id)
"""The order in which twins are asked what the mail came to: one that could be read knows better."""


def _landed(connection: Connection, delivery_ids: list[int]) -> list[Landed]:
    known = select(twin.c.outcome).where(same_mail).order_by(*first_reading).limit(1).scalar_subquery()
    rows = connection.execute(
        select(delivery, raw_message.c.body, raw_message.c.whole, mailbox.c.name, known.label("known"))
        .join(raw_message, delivery.c.raw_id == raw_message.c.id)
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .join(mailbox, epoch.c.mailbox_id == mailbox.c.id)
        .where(delivery.c.id.in_(delivery_ids))
        .order_by(delivery.c.id)
    )
    return [
        Landed(
            delivery_id=row.id,
            raw=decompressed(row.body),
            received_at=row.received_at,
            authentication=row.authentication,
            mailbox=row.name,
            whole=row.whole,
            known=Outcome(row.known) if row.known else None,
            size=row.rfc822_size or 0,
            alone=row.interrupted,
            attempts=row.attempts,
            released=row.reason == RELEASED,
        )
        for row in rows
    ]


def decompressed(body: bytes | None) -> bytes:
    """The raw bytes of a stored body, b"" where retention has emptied it."""
    return zstandard.ZstdDecompressor().decompress(body) if body else b""


def count_attempt(connection: Connection, delivery_id: int) -> int:
    """One more reading that this mail alone did not survive; gives their number."""
    it = delivery.c.id == delivery_id
    connection.execute(update(delivery).where(it).values(attempts=delivery.c.attempts + 1, interrupted=True))
    return connection.scalar(select(delivery.c.attempts).where(it)) or 0


def to_acknowledge(connection: Connection, epoch_id: int, limit: int) -> list[int]:
    """UIDs of recorded messages of which the mailbox has not been told, at most `limit`, ascending."""
    done = delivery.c.outcome.is_not(None) & delivery.c.outcome.not_in(NOT_ACKNOWLEDGED)
    pending = delivery.c.acknowledged_at.is_(None) & (delivery.c.epoch_id == epoch_id)
    return list(connection.scalars(select(delivery.c.uid).where(pending, done).order_by(delivery.c.uid).limit(limit)))


def acknowledged(connection: Connection, epoch_id: int, uids: Iterable[int]) -> None:
    """Note that the mailbox has been told of these."""
    for some in chunks(uids):
        told = (delivery.c.epoch_id == epoch_id) & delivery.c.uid.in_(some) & delivery.c.acknowledged_at.is_(None)
        connection.execute(update(delivery).where(told).values(acknowledged_at=datetime.now(UTC)))


def polled(connection: Connection, mailbox_id: int, error: str | None, unless_within: timedelta = timedelta()) -> None:
    """Note a poll: completed, or failed with this sentence. One that repeats what was noted so lately is not noted."""
    now = datetime.now(UTC)
    it = mailbox.c.id == mailbox_id
    if error is None:
        stale = mailbox.c.polled_at.is_(None) | (mailbox.c.polled_at <= now - unless_within)
        it = it & (stale | mailbox.c.last_error.is_not(None))
    values = {"last_error": error} if error else {"last_error": None, "polled_at": now}
    connection.execute(update(mailbox).where(it).values(values))
