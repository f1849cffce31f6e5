"""A mail that is read again: which of its cards is which, what changes of them, and what nobody makes any more.

People's columns are never written. A card stays the same card if the event is the same, else if author and text are,
else if it is the only one left on both sides: a parser that yields one interest more must not move a manager's proof
to another person's card. Only the mail that made a card changes it; other mails that tell of it are its origins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, cast

from sqlalchemy import Connection, Row, Select, TypeDecorator, select, update
from sqlalchemy.engine.default import DefaultDialect

from interest_ingest.cards import InterestCard, Outcome, Reading
from interest_ingest.store.identity import RANKS, Known, same_card
from interest_ingest.store.ledger import Landed, chunks, decompressed
from interest_ingest.store.settling import (
    SHAPE,
    ReadMail,
    Recorded,
    Rows,
    card_row,
    give_keys,
    known_to,
    make_card,
    outcome_row,
    read_mail,
    write,
)
from interest_ingest.store.tables import (
    PEOPLES_COLUMNS,
    card,
    card_key,
    card_origin,
    delivery,
    epoch,
    mailbox,
    raw_message,
)

READ: Final = (
    Outcome.CARDS,
    Outcome.DUPLICATE,
    Outcome.IGNORED,
    Outcome.UNMATCHED,
    Outcome.QUARANTINED,
    Outcome.OVERSIZE,
)
"""Outcomes of mails that were read and may be read again."""

UNREAD_NOTE: Final = "unread mail"
"""First note of a card that only tells of a mail in quarantine."""

_DIALECT: Final = DefaultDialect()
"""Our types clean a value alike for every database."""

_OURS: Final = {"id", "mail_id", "created_at", "updated_at"}
_DELIVERY_COLUMNS: Final = ("outcome", "reason", "trace", "parser", "parser_version", "trust")


@dataclass(frozen=True, slots=True)
class CardChange:
    """`what`: new, changed (with `fields`: old and new value), superseded, or kept because a person works on it."""

    card_id: str
    what: str
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stored:
    """A recorded mail with its bytes; `outcome` and `parser` as they were recorded."""

    landed: Landed
    mail_id: int
    outcome: Outcome
    parser: str | None


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading a mail again changes: of its row in the ledger (old and new value), and of its cards."""

    mail_id: int
    fields: dict[str, tuple[Any, Any]]
    cards: tuple[CardChange, ...]


@dataclass(slots=True)
class Before:
    """What a mail came to before."""

    cards: dict[str, Row[Any]] = field(default_factory=dict)
    """Its cards, in the order of its interests."""
    ords: list[str] = field(default_factory=list)
    events: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    mine: set[str] = field(default_factory=set)
    """Cards that this mail made."""
    shared: set[str] = field(default_factory=set)
    """Cards that other mails tell of too."""

    def only_told(self) -> bool:
        """Whether its cards, if any, only tell that it could not be read."""
        return all(_only_tells(row) for row in self.cards.values())


def _only_tells(row: Row[Any]) -> bool:
    return bool(row.notes) and row.notes[0] == UNREAD_NOTE


def befores(connection: Connection, delivery_ids: Sequence[int]) -> dict[int, Before]:
    """What these deliveries came to before, without those that have no card."""
    found: defaultdict[int, Before] = defaultdict(Before)
    for some in chunks(sorted(delivery_ids)):
        origins = select(card_origin).where(card_origin.c.delivery_id.in_(some)).order_by(card_origin.c.ord)
        for origin in connection.execute(origins):
            found[origin.delivery_id].ords.append(origin.card_id)
    ids = {card_id for before in found.values() for card_id in before.ords}
    rows: dict[str, Row[Any]] = {}
    for part in chunks(sorted(ids)):
        rows |= {row.id: row for row in connection.execute(_cards(part))}
    groups = _groups(connection, ids)
    events = _events(connection, ids)
    for delivery_id, before in found.items():
        for card_id in dict.fromkeys(before.ords):
            before.cards[card_id] = rows[card_id]
            before.events[card_id] = events[card_id]
            _see_makers(before, delivery_id, rows[card_id], groups[card_id])
    return dict(found)


def _cards(ids: list[str]) -> Select[Any]:
    return select(card).where(card.c.id.in_(ids))


def _events(connection: Connection, card_ids: set[str]) -> defaultdict[str, set[str]]:
    """The event keys of each card."""
    events: defaultdict[str, set[str]] = defaultdict(set)
    its = select(card_key.c.card_id, card_key.c.key).where(card_key.c.kind == "event")
    for some in chunks(sorted(card_ids)):
        for card_id, key in connection.execute(its.where(card_key.c.card_id.in_(some))):
            events[card_id].add(key)
    return events


def _groups(connection: Connection, card_ids: set[str]) -> defaultdict[str, list[Row[Any]]]:
    """By card the deliveries that tell of it."""
    groups: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    columns = (card_origin.c.card_id, delivery.c.id, delivery.c.raw_id, delivery.c.authentication, delivery.c.trust)
    tellers = select(*columns).join(delivery, card_origin.c.delivery_id == delivery.c.id).order_by(delivery.c.id)
    for some in chunks(sorted(card_ids)):
        for row in connection.execute(tellers.where(card_origin.c.card_id.in_(some))):
            groups[row.card_id].append(cast("Row[Any]", row))
    return groups


def _see_makers(before: Before, delivery_id: int, row: Row[Any], tellers: list[Row[Any]]) -> None:
    """Deliveries of the same bytes with the same authentication are one mail here: they are read alike."""
    me = next((one.raw_id, one.authentication) for one in tellers if one.id == delivery_id)
    makers = [one for one in tellers if one.raw_id == row.mail_id]
    maker = min(makers, key=lambda one: (one.trust != row.trust, one.id), default=None)
    if maker is not None and (maker.raw_id, maker.authentication) == me:
        before.mine.add(row.id)
    if any((one.raw_id, one.authentication) != me for one in tellers):
        before.shared.add(row.id)


def settle_again(
    mail: ReadMail, before: Before, known: Known, rows: Rows, now: datetime
) -> tuple[Recorded, list[CardChange]]:
    """Decide for every interest of a mail which card it is, where it had cards before."""
    paired, left = _paired(mail, before, known)
    changes: list[CardChange] = []
    new_cards: list[str] = []
    for ord_, (one, keys) in enumerate(zip(mail.reading.cards, mail.keys, strict=True)):
        rank = RANKS.index(one.trust)
        card_id, more_trusted = paired.get(ord_) or same_card(known, keys, rank)
        if card_id is None:
            card_id = make_card(mail, one, known, rows, now)
            new_cards.append(card_id)
            changes.append(CardChange(card_id, "new"))
        elif ord_ in paired and card_id in before.mine:
            changes += _changed(before.cards[card_id], one, rows)
        if not more_trusted:
            give_keys(card_id, keys, rank, known, rows)
        rows.origins.append({"delivery_id": mail.delivery_id, "ord": ord_, "card_id": card_id})
    rows.moved.append(mail.delivery_id)
    changes += _left(before, left, rows, now)
    outcome = mail.reading.outcome
    if outcome is Outcome.CARDS and not (new_cards or before.mine & {card_id for card_id, _ in paired.values()}):
        outcome = Outcome.DUPLICATE
    rows.outcomes.append(outcome_row(mail.delivery_id, outcome, mail.reading, now))
    return Recorded(mail.delivery_id, outcome, tuple(new_cards)), changes


def _paired(mail: ReadMail, before: Before, known: Known) -> tuple[dict[int, tuple[str, bool]], list[str]]:
    """By `ord` the former card of an interest; and the former cards that none of them is."""
    left = list(before.cards)
    paired: dict[int, str] = {}
    elsewhere: set[int] = set()
    for same in (_same_event, _same_words, _same_keys(known)):
        for ord_ in range(len(mail.keys)):
            if ord_ not in paired and (hit := next((one for one in left if same(mail, ord_, before, one)), None)):
                paired[ord_] = hit
                left.remove(hit)
    for ord_, (one, keys) in enumerate(zip(mail.reading.cards, mail.keys, strict=True)):
        if ord_ not in paired and same_card(known, keys, RANKS.index(one.trust))[0]:
            elsewhere.add(ord_)
    rest = [ord_ for ord_ in range(len(mail.keys)) if ord_ not in paired and ord_ not in elsewhere]
    if len(rest) == len(left) == 1:
        paired[rest[0]] = left.pop()
    return {ord_: (card_id, False) for ord_, card_id in paired.items()}, left


Same = Callable[[ReadMail, int, Before, str], bool]


def _same_event(mail: ReadMail, ord_: int, before: Before, card_id: str) -> bool:
    return any(keys.event in before.events[card_id] for keys in mail.keys[ord_])


def _same_words(mail: ReadMail, ord_: int, before: Before, card_id: str) -> bool:
    one, row = mail.reading.cards[ord_], before.cards[card_id]
    who = one.author
    told = (row.author_name, row.author_email, row.author_phone, row.text)
    return told == (who.name, who.email, who.phone, one.text)


def _same_keys(known: Known) -> Same:
    def same(mail: ReadMail, ord_: int, _before: Before, card_id: str) -> bool:
        return same_card(known, mail.keys[ord_], RANKS.index(mail.reading.cards[ord_].trust)) == (card_id, False)

    return same


def _changed(row: Row[Any], one: InterestCard, rows: Rows) -> Iterator[CardChange]:
    """What the machine's columns of the card are now."""
    fields: dict[str, tuple[Any, Any]] = {}
    for name, value in card_row(one, row.id, row.mail_id, row.created_at).items():
        kind = card.c[name].type
        new = kind.process_bind_param(value, _DIALECT) if isinstance(kind, TypeDecorator) else value
        if name not in _OURS and new != row._mapping[name]:
            fields[name] = (row._mapping[name], new)
    if fields:
        rows.changes.setdefault(row.id, {}).update({name: new for name, (_, new) in fields.items()})
        yield CardChange(row.id, "changed", fields)


def _left(before: Before, left: list[str], rows: Rows, now: datetime) -> Iterator[CardChange]:
    """Cards that nobody makes any more: superseded, unless a person touched them or another mail tells of them."""
    for card_id in left:
        row = before.cards[card_id]
        if card_id not in before.mine or card_id in before.shared:
            continue
        if any(row._mapping[name] for name in PEOPLES_COLUMNS):
            yield CardChange(card_id, "kept")
        elif row.superseded_at is None:
            rows.changes.setdefault(card_id, {})["superseded_at"] = now
            yield CardChange(card_id, "superseded")


# Reading stored mails again


def stored(connection: Connection, after: int, since: datetime | None, limit: int, max_bytes: int) -> list[Stored]:
    """Recorded mails above the delivery `after` with their bytes, of at most `max_bytes` together but at least one.

    Of several deliveries of the same bytes with the same authentication the first stands for all.
    """
    ids: list[int] = []
    total = 0
    for delivery_id, size in connection.execute(_first_of_each(since, after, emptied=False).limit(limit)):
        total += size
        if ids and total > max_bytes:
            break
        ids.append(delivery_id)
    rows = connection.execute(
        select(delivery, raw_message.c.body, raw_message.c.whole, mailbox.c.name)
        .join(raw_message, delivery.c.raw_id == raw_message.c.id)
        .join(epoch, delivery.c.epoch_id == epoch.c.id)
        .join(mailbox, epoch.c.mailbox_id == mailbox.c.id)
        .where(delivery.c.id.in_(ids))
        .order_by(delivery.c.id)
    )
    return [Stored(_landed(row), row.raw_id, Outcome(row.outcome), row.parser) for row in rows]


def emptied(connection: Connection, since: datetime | None, after: int, limit: int) -> list[tuple[int, int]]:
    """(delivery, mail) of recorded mails whose bytes retention has emptied, in the order of deliveries."""
    empty = _first_of_each(since, after, emptied=True).with_only_columns(delivery.c.id, delivery.c.raw_id)
    return [(row.id, row.raw_id) for row in connection.execute(empty.limit(limit))]


def _first_of_each(since: datetime | None, after: int, *, emptied: bool) -> Any:
    other = delivery.alias("other")
    earlier = select(other.c.id).where(
        other.c.raw_id == delivery.c.raw_id,
        other.c.authentication == delivery.c.authentication,
        other.c.id < delivery.c.id,
        other.c.outcome.in_(READ),
    )
    body = raw_message.c.body.is_(None) if emptied else raw_message.c.body.is_not(None)
    dismissed = (delivery.c.outcome == Outcome.IGNORED) & (delivery.c.reason == "dismissed")
    its = (
        select(delivery.c.id, raw_message.c.size)
        .join(raw_message, delivery.c.raw_id == raw_message.c.id)
        .where(delivery.c.id > after, delivery.c.outcome.in_(READ), ~dismissed, ~earlier.exists(), body)
        .order_by(delivery.c.id)
    )
    return its if since is None else its.where(delivery.c.received_at >= since)


def _landed(row: Row[Any]) -> Landed:
    return Landed(
        delivery_id=row.id,
        raw=decompressed(row.body),
        received_at=row.received_at,
        authentication=row.authentication,
        mailbox=row.name,
        whole=row.whole,
        size=row.rfc822_size or 0,
    )


def reread(connection: Connection, pairs: Sequence[tuple[Stored, Reading]]) -> list[Reread]:
    """Write what these readings change; gives it for those mails of which they change anything."""
    now = datetime.now(UTC)
    locked = _as_they_were(connection, [mail for mail, _ in pairs])
    before = befores(connection, list(locked))
    todo = [
        (mail, reading)
        for mail, reading in pairs
        if mail.landed.delivery_id in locked and _may_say(reading, before.get(mail.landed.delivery_id, Before()))
    ]
    mails = [read_mail(mail.mail_id, mail.landed, reading) for mail, reading in todo]
    known = known_to(connection, mails)
    done = []
    for mail in mails:
        rows = Rows()
        old = before.get(mail.delivery_id, Before())
        cards = _settled(mail, old, known, rows, now, Outcome(locked[mail.delivery_id].outcome))
        _drop_same_origins(old, rows)
        fields = _ledger_changes(locked[mail.delivery_id], rows)
        if fields or rows.moved:
            _tell_twins(connection, locked[mail.delivery_id], rows)
        if not fields:
            rows.outcomes.clear()
        write(connection, rows, now)
        _renew_digests(connection, mail)
        _renew_shape(connection, mail, locked[mail.delivery_id])
        if fields or cards:
            done.append(Reread(mail.raw_id, fields, tuple(cards)))
    return done


class Undone(Exception):
    """Ends a transaction whose changes were only to be known."""

    def __init__(self, changes: list[Reread]) -> None:
        super().__init__()
        self.changes = changes


def undone(connection: Connection, pairs: Sequence[tuple[Stored, Reading]]) -> None:
    """Always raises `Undone`, so that nothing of it is written."""
    raise Undone(reread(connection, pairs))


def _may_say(reading: Reading, before: Before) -> bool:
    """A parser that today cannot read a mail takes nothing from the cards that it made when it could."""
    return reading.outcome is not Outcome.QUARANTINED or before.only_told()


def _as_they_were(connection: Connection, mails: Sequence[Stored]) -> dict[int, Row[Any]]:
    """The deliveries, locked, without those that became something else in the meantime."""
    outcomes = {mail.landed.delivery_id: mail.outcome for mail in mails}
    rows: dict[int, Row[Any]] = {}
    for some in chunks(sorted(outcomes)):
        its = select(delivery).where(delivery.c.id.in_(some)).order_by(delivery.c.id).with_for_update()
        rows |= {row.id: row for row in connection.execute(its) if row.outcome == outcomes[row.id]}
    return rows


def _settled(mail: ReadMail, before: Before, known: Known, rows: Rows, now: datetime, was: Outcome) -> list[CardChange]:
    if mail.reading.outcome is Outcome.QUARANTINED:
        rows.outcomes.append(outcome_row(mail.delivery_id, Outcome.QUARANTINED, mail.reading, now))
        return []
    recorded, changes = settle_again(mail, before, known, rows, now)
    told = (Outcome.CARDS, Outcome.DUPLICATE)
    if was in told and recorded.outcome in told and not recorded.new_cards:
        rows.outcomes[-1]["outcome"] = was  # which of two mails came first is no matter of reading
    return changes


def _ledger_changes(row: Row[Any], rows: Rows) -> dict[str, tuple[Any, Any]]:
    new = rows.outcomes[-1]
    if row.outcome == new["outcome"] == Outcome.DUPLICATE:
        new["reason"] = row.reason  # it tells of which mail, which the reading does not know
    pairs = {name: (row._mapping[name], _stored_value(name, new[name])) for name in _DELIVERY_COLUMNS}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def _stored_value(name: str, value: Any) -> Any:
    kind = delivery.c[name].type
    return kind.process_bind_param(value, _DIALECT) if isinstance(kind, TypeDecorator) else value


def _drop_same_origins(before: Before, rows: Rows) -> None:
    if [row["card_id"] for row in rows.origins] == before.ords:
        rows.origins.clear()
        rows.moved.clear()


def _tell_twins(connection: Connection, row: Row[Any], rows: Rows) -> None:
    """Other deliveries of the same bytes with the same authentication become what this one is now."""
    new = rows.outcomes[-1]
    its = (delivery.c.raw_id == row.raw_id) & (delivery.c.authentication == row.authentication)
    its &= (delivery.c.id != row.id) & delivery.c.outcome.in_(READ)
    others = list(connection.scalars(select(delivery.c.id).where(its)))
    unread = new["outcome"] == Outcome.QUARANTINED
    same = {name: new[name] for name in ("parser", "parser_version", "trust", "recorded_at")}
    same["outcome"] = Outcome.QUARANTINED if unread else Outcome.DUPLICATE
    same["reason"] = new["reason"] if unread else f"the same bytes were {new['outcome']} before"
    same["trace"] = new["trace"]
    for some in chunks(others):
        connection.execute(update(delivery).where(delivery.c.id.in_(some)).values(same))
    if rows.moved:
        rows.origins += [origin | {"delivery_id": one} for one in others for origin in rows.origins]
        rows.moved += others


def _renew_digests(connection: Connection, mail: ReadMail) -> None:
    new = {"canon_digest": mail.canon_digest, "message_id_digest": mail.reading.message_id_digest or None}
    it = raw_message.c.id == mail.raw_id
    old = connection.execute(select(raw_message.c.canon_digest, raw_message.c.message_id_digest).where(it)).one()
    if tuple(old) != tuple(new.values()):
        connection.execute(update(raw_message).where(it).values(new))


def _renew_shape(connection: Connection, mail: ReadMail, row: Row[Any]) -> None:
    """Of all deliveries of the mail: mails of before shapes were taken get theirs. What is usual is not told again."""
    new = {"shape": mail.reading.shape[:SHAPE] or None, "sender": mail.reading.sender or None}
    if {name: row._mapping[name] for name in new} != new:
        connection.execute(update(delivery).where(delivery.c.raw_id == row.raw_id).values(new))
