"""The habits of senders in the database: counted as mails are recorded, in the same transaction, each mail once.

They are the last thing that a recording writes, in the order of parser and sender: whoever waits for one of them holds
nothing that its holder could want.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, delete, func, insert, select, tuple_, update

from interest_ingest.cards import Outcome, Reading, clean_line
from interest_ingest.store.habits import SHORT, Habit, ShapeHabit, Told, told
from interest_ingest.store.ledger import chunks
from interest_ingest.store.tables import MAX_INTEGER, delivery, habit, habit_shape, raw_message

MAX_HABITS: Final = 2_000
"""Parsers and senders that are watched at most; of more those that are longest unseen are forgotten."""

LOOKED_AT: Final = 500
"""Of these, so many are judged: the ones whose last mail is newest."""

FEWEST: Final = 30
"""Mails without which nothing is usual yet."""

PAST: Final = timedelta(days=7)
"""A mail that is so much older than the newest one of its sender tells nothing of today: an archive is imported."""

Key = tuple[str, str]
"""Parser and sender."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A mail that is recorded now, for the first time."""

    reading: Reading
    received_at: datetime
    mail_id: int


def count(connection: Connection, mails: Sequence[Counted], *, wait: bool = True) -> None:
    """Let the habits know of `mails`, in this order. Keys that no parser has opened yet are not begun by failures.

    Without `wait` those that another program holds, or may be beginning, never know: mails matter more than counts.
    """
    news = [(key, one, mail.reading) for mail in mails for key, one in _told(mail)]
    if not news:
        return
    known = _load(connection, {key for key, _, _ in news}, wait=wait)
    touched: dict[Key, set[str]] = {}
    for key, one, reading in news:
        its = known.get(key)
        if its is None:
            if not wait or not _begins(key, reading):
                continue
            its = known[key] = Habit(*key)
        if its.last_at is not None and one.received_at < its.last_at - PAST:
            continue
        touched.setdefault(key, set(its.shapes))
        its.note(one)
        if not its.parser and reading.parser and reading.outcome is not Outcome.QUARANTINED:
            its.note_reader(reading.parser)
    _save(connection, [(known[key], touched[key]) for key in sorted(touched)])


def _told(mail: Counted) -> Iterable[tuple[Key, Told]]:
    for parser, sender, one in told(mail.reading, mail.received_at, mail.mail_id):
        yield (clean_line(parser), clean_line(sender, 255)), one


def _begins(key: Key, reading: Reading) -> bool:
    """A sender of whom no parser ever read anything is nobody's; thousands of them send what nobody wants."""
    return bool(key[0]) or (reading.parser is not None and bool(reading.cards))


def _load(connection: Connection, keys: Collection[Key], *, wait: bool) -> dict[Key, Habit]:
    """These habits, locked; without `wait` only those that nobody else has locked."""
    found: dict[Key, Habit] = {}
    for some in chunks(sorted(keys), 200):
        its = select(habit).where(tuple_(habit.c.parser, habit.c.sender).in_(some))
        its = its.order_by(habit.c.parser, habit.c.sender).with_for_update(skip_locked=not wait)
        found |= _habits(connection, connection.execute(its).all())
    return found


def _habits(connection: Connection, rows: Sequence[Row[Any]]) -> dict[Key, Habit]:
    by_id = {row.id: _habit(row) for row in rows}
    for some in chunks(sorted(by_id)):
        for row in connection.execute(select(habit_shape).where(habit_shape.c.habit_id.in_(some))):
            by_id[row.habit_id].shapes[row.digest[:SHORT]] = _shape(row)
    return {(one.parser, one.sender): one for one in by_id.values()}


def _habit(row: Row[Any]) -> Habit:
    one = Habit(row.parser, row.sender, row.version, row.mails, row.first_at, row.last_at, id=row.id)
    one.remember(row.state)
    return one


def _shape(row: Row[Any]) -> ShapeHabit:
    parts = tuple(filter(None, row.parts.split(".")))
    return ShapeHabit(row.digest, parts, row.first_at, row.last_at, row.mails, row.mail_id, row.usual)


def _save(connection: Connection, habits: Sequence[tuple[Habit, set[str]]]) -> None:
    """Write these habits, each with the shapes of which the database has rows."""
    known = [_values(one) | {"its": one.id} for one, _ in habits if one.id is not None]
    if known:
        columns: dict[str, Any] = {name: bindparam(name) for name in known[0] if name != "its"}
        connection.execute(update(habit).where(habit.c.id == bindparam("its")).values(columns), known)
    for one in [one for one, _ in habits if one.id is None]:
        _make_room(connection, [its.id for its, _ in habits if its.id is not None])
        made = connection.execute(insert(habit).values(parser=one.parser, sender=one.sender, **_values(one)))
        one.id = made.inserted_primary_key[0] if made.inserted_primary_key else None
    _save_shapes(connection, habits)


def _values(one: Habit) -> dict[str, Any]:
    return {
        "version": min(one.version, MAX_INTEGER),
        "mails": one.mails,
        "first_at": one.first_at,
        "last_at": one.last_at,
        "state": one.state(),
    }


def _make_room(connection: Connection, kept: Collection[int]) -> None:
    if (connection.scalar(select(func.count()).select_from(habit)) or 0) < MAX_HABITS:
        return
    others = select(habit.c.id).where(habit.c.id.not_in(kept))
    oldest = others.order_by(habit.c.last_at, habit.c.id).limit(max(1, MAX_HABITS // 20))
    ids = list(connection.scalars(oldest))
    connection.execute(delete(habit_shape).where(habit_shape.c.habit_id.in_(ids)))
    connection.execute(delete(habit).where(habit.c.id.in_(ids)))


def _save_shapes(connection: Connection, habits: Sequence[tuple[Habit, set[str]]]) -> None:
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for one, before in habits:
        if gone := sorted(before - set(one.shapes)):
            its = (habit_shape.c.habit_id == one.id) & func.substr(habit_shape.c.digest, 1, SHORT).in_(gone)
            connection.execute(delete(habit_shape).where(its))
        for name, shape in sorted(one.shapes.items()):
            if shape.changed and name in before:
                old.append(_row(shape) | {"its": one.id, "of": shape.digest})
            elif shape.changed:
                new.append(_row(shape) | {"habit_id": one.id})
    if old:
        which = (habit_shape.c.habit_id == bindparam("its")) & (habit_shape.c.digest == bindparam("of"))
        columns: dict[str, Any] = {name: bindparam(name) for name in _COLUMNS}
        connection.execute(update(habit_shape).where(which).values(columns), old)
    if new:
        connection.execute(insert(habit_shape), new)


_COLUMNS: Final = ("parts", "mails", "first_at", "last_at", "mail_id", "usual")


def _row(shape: ShapeHabit) -> dict[str, Any]:
    return {
        "digest": shape.digest,
        "parts": ".".join(shape.parts),
        "mails": shape.mails,
        "first_at": shape.first_at,
        "last_at": shape.last_at,
        "mail_id": shape.mail_id,
        "usual": shape.usual,
    }


def habits(connection: Connection, fewest: int = FEWEST, limit: int = LOOKED_AT) -> list[Habit]:
    """The habits of at least `fewest` mails, those with the newest mail first, at most `limit`."""
    newest = select(habit).where(habit.c.mails >= fewest).order_by(habit.c.last_at.desc(), habit.c.id).limit(limit)
    return list(_habits(connection, connection.execute(newest).all()).values())


def forget(connection: Connection, parser: str, sender: str | None = None) -> int:
    """What was usual of a parser's mails, and of their senders', is not any more: it is learned anew. Gives how many
    habits that were."""
    its = habit.c.parser == parser
    if sender is not None:
        its &= habit.c.sender == sender
    rows = connection.execute(select(habit.c.id, habit.c.sender).where(its)).all()
    whole = select(habit.c.id).where(habit.c.parser == "", habit.c.sender.in_([row.sender for row in rows]))
    ids = [row.id for row in rows] + list(connection.scalars(whole))
    for some in chunks(ids):
        connection.execute(delete(habit_shape).where(habit_shape.c.habit_id.in_(some)))
        connection.execute(delete(habit).where(habit.c.id.in_(some)))
    return len(rows)


@dataclass(frozen=True, slots=True)
class Group:
    """Mails of one sender and one shape. `shape` is "" for mails that were recorded before shapes were taken."""

    sender: str
    shape: str
    mails: int
    newest_at: datetime | None
    mail_ids: tuple[int, ...]
    """The newest SAMPLES of those whose bytes are kept, the newest first."""


SAMPLES: Final = 5


def groups(connection: Connection, outcome: Outcome) -> list[Group]:
    """The mails of an outcome by sender and shape, the most frequent first. Reads all mails of that outcome."""
    columns = (delivery.c.raw_id, delivery.c.sender, delivery.c.shape, delivery.c.received_at)
    its = select(*columns, raw_message.c.body.is_not(None).label("kept")).outerjoin(raw_message)
    its = its.where(delivery.c.outcome == outcome).order_by(delivery.c.id)
    mails: Counter[Key] = Counter()
    newest: dict[Key, datetime | None] = {}
    samples: defaultdict[Key, deque[int]] = defaultdict(lambda: deque(maxlen=SAMPLES))
    for row in connection.execute(its.execution_options(yield_per=1_000)):
        key = (row.sender or "", row.shape or "")
        mails[key] += 1
        newest[key] = max(filter(None, (newest.get(key), row.received_at)), default=None)
        if row.kept:
            samples[key].append(row.raw_id)
    found = [Group(*key, number, newest[key], tuple(reversed(samples[key]))) for key, number in mails.items()]
    return sorted(found, key=lambda one: (-one.mails, one.sender, one.shape))
