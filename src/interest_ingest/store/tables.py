"""The tables, as they are after the last migration.

Every text column cleans and cuts what it is given, and every width and vocabulary is also a CHECK: so SQLite, which
would store 300 characters in a `VARCHAR(255)`, refuses what PostgreSQL and MariaDB refuse, and all keep the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CHAR,
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import SchemaItem
from sqlalchemy.sql.compiler import DDLCompiler
from sqlalchemy.types import TypeEngine

from interest_ingest.cards import MAX_LINE, MAX_TEXT, MAX_URL, Action, Channel, Outcome, ReplyKind, Trust, clean_text

MAX_INTEGER = 2**31 - 1
MAX_BIGINT = 2**63 - 1

# MariaDB's own default folds case and takes "a " for "a": two people, and two folders, would be one. The other
# collations of Unicode do one or the other.
_MARIADB_OPTIONS = {
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": "utf8mb4_nopad_bin",
    "mariadb_row_format": "DYNAMIC",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: takes aware datetimes only, gives them back in UTC. SQLite and MariaDB keep it without a zone."""

    impl = DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mariadb")  # its plain one has whole seconds
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a datetime without a zone was given to the database: say which instant it is")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def _text(width: int) -> TypeEngine[str]:
    """Of the 65,535 bytes of a row in MariaDB a VARCHAR takes four for each character, a TEXT next to none."""
    wide = String(width) if width <= MAX_URL else Text()
    if width <= MAX_LINE:
        return wide
    return wide.with_variant(mysql.TEXT() if width <= MAX_URL else mysql.MEDIUMTEXT(), "mariadb")


class CleanText(TypeDecorator[str]):
    """Text of at most `width` characters, cleaned and cut by `cards.clean_text` on its way in."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = String
    cache_ok = True

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width
        self.impl = _text(width)

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return None if value is None else clean_text(value, self.width)


class CleanJson(TypeDecorator[Any]):
    """Lists and objects of texts and numbers. Not `JSONB`: it would forget the order of a form's labels."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> Any:
        return _clean(value)


def _clean(value: Any) -> Any:
    match value:
        case str():
            return clean_text(value)
        case dict():
            return {clean_text(key): _clean(one) for key, one in value.items()}
        case list() | tuple():
            return [_clean(one) for one in value]
    return value


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")


_Bytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb")


@compiles(CheckConstraint, "mariadb")
def _mariadb_check(constraint: CheckConstraint, compiler: DDLCompiler, **options: Any) -> str:
    """MariaDB's `length` counts bytes (SQLite has no other name for it), and it takes no name for a column's CHECK."""
    rendered: str = compiler.visit_check_constraint(constraint, **options)  # type: ignore[no-untyped-call]  # it has none
    rendered = rendered.replace("length(", "char_length(")
    return rendered[rendered.index("CHECK") :] if constraint.is_column_level else rendered


def _line(name: str, width: int = MAX_LINE, **options: Any) -> Column[str]:
    return Column(name, CleanText(width), _shorter(name, width), **options)


def _name(name: str) -> Column[str]:
    """An exact name: two folders that differ in a blank only are two folders, so nothing is cleaned."""
    return Column(name, String(MAX_LINE), _shorter(name, MAX_LINE), nullable=False)


def _shorter(name: str, width: int) -> CheckConstraint:
    return CheckConstraint(f"length({name}) <= {width}", name=name)


def _one_of(name: str, words: Iterable[str], **options: Any) -> Column[str]:
    listed = ", ".join(f"'{word}'" for word in words)
    return Column(name, String(20), CheckConstraint(f"{name} IN ({listed})", name=name), **options)


def _digest(name: str, **options: Any) -> Column[str]:
    """SHA-256 in hex. Never the text itself: PostgreSQL cannot index a Message-ID of 3,000 characters."""
    return Column(name, CHAR(64), CheckConstraint(f"length({name}) = 64", name=name), **options)


def _integer(name: str, low: int, high: int = MAX_INTEGER, **options: Any) -> Column[int]:
    return Column(name, Integer, CheckConstraint(f"{name} BETWEEN {low} AND {high}", name=name), **options)


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean(create_constraint=True, name=name), nullable=False, server_default=false())


def _only(index: Index, dialects: tuple[str, ...]) -> None:
    """Have the index on these databases alone."""
    index.ddl_if(dialect=dialects)  # type: ignore[arg-type]  # it takes a tuple too, says its documentation
    index.info["dialects"] = dialects  # for `concerns`


def concerns(dialect: str) -> Callable[[SchemaItem, str | None, str, bool, SchemaItem | None], bool]:
    """Alembic's `include_object`, which tells it what to compare: of itself it does not heed `ddl_if`."""
    return lambda item, *_: dialect in item.info.get("dialects", (dialect,))


def _instant(name: str, **options: Any) -> Column[datetime]:
    return Column(name, UtcDateTime, **options)


worker = Table(
    "worker",
    metadata,
    Column("id", CHAR(36), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started", String(32), nullable=False, comment="process start time as the kernel counts it"),
    _instant("heartbeat_at", nullable=False),
    comment="Living processes. Deleting one gives back its leases and claims.",
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("id", _Id, primary_key=True),
    _name("name"),
    _name("folder"),
    Column("leased_by", ForeignKey("worker.id", ondelete="SET NULL")),
    _instant("polled_at", comment="the last completed poll"),
    _line("last_error"),
    Column("server_mails", BigInteger, comment="messages on the server at the last comparison"),
    Column("unaccounted", BigInteger, comment="of these the ledger lacked so many"),
    _instant("compared_at"),
    UniqueConstraint("name", "folder"),
)

epoch = Table(
    "epoch",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("mailbox_id", ForeignKey("mailbox.id"), nullable=False),
    Column("uidvalidity", BigInteger, nullable=False, comment="-1: the server gave none"),
    Column("gen", Integer, nullable=False, comment="counts the returns to an earlier state under one UIDVALIDITY"),
    Column("cursor_uid", BigInteger, nullable=False, server_default=text("0")),
    _instant("opened_at", nullable=False),
    _instant("closed_at"),
    Column("mailboxid", CleanText(255), comment="RFC 8474"),
    UniqueConstraint("mailbox_id", "uidvalidity", "gen"),
)

raw_message = Table(
    "raw_message",
    metadata,
    Column("id", _Id, primary_key=True),
    _digest("raw_sha256", nullable=False, unique=True),
    _digest("canon_digest", index=True),
    _digest("message_id_digest", index=True),
    Column("body", _Bytes, comment="zstd; NULL once retention has emptied it"),
    Column("size", BigInteger, nullable=False, comment="bytes of the uncompressed body"),
    _flag("whole"),
    _instant("stored_at", nullable=False),
)

delivery = Table(
    "delivery",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("epoch_id", ForeignKey("epoch.id"), nullable=False),
    Column("uid", BigInteger, nullable=False),
    Column("raw_id", ForeignKey("raw_message.id"), index=True),
    _instant("received_at"),
    Column("rfc822_size", BigInteger),
    _one_of("outcome", Outcome),
    _line("reason"),
    _line("trace", MAX_TEXT),
    _line("parser"),
    _integer("parser_version", 0),
    _one_of("trust", Trust),
    _line("authentication", MAX_TEXT, nullable=False),
    Column("claimed_by", ForeignKey("worker.id", ondelete="SET NULL")),
    _flag("interrupted"),
    _integer("attempts", 0, nullable=False, server_default=text("0")),
    _instant("acknowledged_at"),
    _instant("landed_at", nullable=False),
    _instant("recorded_at"),
    Column("emailid", CleanText(255), comment="RFC 8474"),
    Column("signed", Boolean, nullable=False, server_default=false()),
    _instant("not_before", comment="not to be read again before"),
    Column("shape", String(16), comment="of the skeleton that the mail's template gives it"),
    Column("sender", CleanText(255), comment="its domain, of mails that have a shape"),
    Column("counted", Boolean, nullable=False, server_default=false(), comment="in the habits of its sender"),
    UniqueConstraint("epoch_id", "uid"),
    Index(None, "outcome", "id"),
    Index(None, "epoch_id", "acknowledged_at"),
    comment="The ledger: one row for every message of every mailbox. outcome NULL: landed and not yet read.",
)
# Few mails wait at any time; those with a good signature come first, whatever floods in beside them. MariaDB has no
# partial indexes, and the two columns alone would lead it past every signed mail that ever came.
_waiting = delivery.c.outcome.is_(None)
_only(
    Index("ix_delivery_waiting", delivery.c.signed, delivery.c.id, sqlite_where=_waiting, postgresql_where=_waiting),
    ("sqlite", "postgresql"),
)
_only(Index("ix_delivery_outcome_signed_id", delivery.c.outcome, delivery.c.signed, delivery.c.id), ("mariadb",))
# Few rows have a claim at any time; the index serves ON DELETE SET NULL of a worker.
Index(
    "ix_delivery_claimed_by",
    delivery.c.claimed_by,
    sqlite_where=delivery.c.claimed_by.is_not(None),
    postgresql_where=delivery.c.claimed_by.is_not(None),
)

card = Table(
    "card",
    metadata,
    Column("id", CHAR(36), primary_key=True),
    Column("mail_id", ForeignKey("raw_message.id"), nullable=False, index=True),
    _line("source_url", MAX_URL),
    _line("referrer_url", MAX_URL),
    _line("campaign"),
    _instant("occurred_at", nullable=False),
    _integer("occurred_at_offset", -1440, 1440),
    _instant("received_at", nullable=False),
    _line("source", nullable=False),
    _one_of("channel", Channel, nullable=False),
    _line("account"),
    _line("author_name"),
    _line("author_photo_url", MAX_URL),
    _line("author_profile_url", MAX_URL),
    _line("author_email"),
    _line("author_phone"),
    _line("author_company"),
    _one_of("action", Action, nullable=False),
    _line("object_kind"),
    _integer("count", 1, nullable=False, server_default=text("1")),
    Column("rating", Double),
    _line("text", MAX_TEXT, nullable=False),
    Column("attachments", CleanJson, nullable=False),
    _line("product_name"),
    _line("product_url", MAX_URL),
    _line("responsible"),
    _instant("claimed_at"),
    _flag("processed"),
    _instant("processed_at"),
    _line("proof_url", MAX_URL),
    _one_of("reply_kind", ReplyKind),
    _line("reply_url", MAX_URL),
    _instant("replied_at"),
    _one_of("trust", Trust, nullable=False),
    _line("parser", nullable=False),
    _integer("parser_version", 0, nullable=False),
    _line("language"),
    Column("labels", CleanJson, nullable=False),
    Column("notes", CleanJson, nullable=False),
    Column("suspect_of", ForeignKey("card.id")),
    _instant("superseded_at"),
    _instant("created_at", nullable=False),
    _instant("updated_at", nullable=False),
    Index(None, "created_at", "id"),
)

PEOPLES_COLUMNS = ("responsible", "claimed_at", "processed", "processed_at", "proof_url", "replied_at")
"""Written by people and their CRMs, never by intake."""

card_key = Table(
    "card_key",
    metadata,
    Column("key", CHAR(64), primary_key=True),
    _one_of("kind", ("event", "content"), nullable=False),
    Column("card_id", ForeignKey("card.id"), nullable=False, index=True),
)

card_origin = Table(
    "card_origin",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    _integer("ord", 0, nullable=False),
    Column("card_id", ForeignKey("card.id"), nullable=False, index=True),
    PrimaryKeyConstraint("delivery_id", "ord"),
)

BLOCKED = ("address", "domain", "profile")

block = Table(
    "block",
    metadata,
    Column("id", _Id, primary_key=True),
    _one_of("kind", BLOCKED, nullable=False),
    _line("value", nullable=False),
    _instant("created_at", nullable=False),
    UniqueConstraint("kind", "value"),
    comment="Whose interests are ignored.",
)

alarm = Table(
    "alarm",
    metadata,
    _line("name", primary_key=True),
    _line("text", MAX_URL, nullable=False),
    _instant("since", nullable=False),
    _instant("told_at"),
    comment="What is wrong at this moment; a row goes when it is over.",
)

habit = Table(
    "habit",
    metadata,
    Column("id", _Id, primary_key=True),
    _line("parser", nullable=False),
    _line("sender", 255, nullable=False),
    _integer("version", 0, nullable=False),
    Column("mails", BigInteger, nullable=False),
    _instant("first_at", nullable=False),
    _instant("last_at", nullable=False),
    Column("state", JSON, nullable=False),
    UniqueConstraint("parser", "sender"),
    comment="What is usual of the mails that a parser reads from a sender's domain; parser empty: of them all.",
)

habit_shape = Table(
    "habit_shape",
    metadata,
    Column("habit_id", ForeignKey("habit.id", ondelete="CASCADE"), nullable=False),
    Column("digest", String(16), nullable=False),
    _line("parts", MAX_URL, nullable=False),
    Column("mails", BigInteger, nullable=False),
    _instant("first_at", nullable=False),
    _instant("last_at", nullable=False),
    Column("mail_id", BigInteger, nullable=False, comment="the newest mail of this shape"),
    Column("usual", JSON, nullable=False),
    PrimaryKeyConstraint("habit_id", "digest"),
    comment="The shapes of a habit's mails, and how often mails of each fill which field.",
)

for _table in metadata.tables.values():
    _table.kwargs.update(_MARIADB_OPTIONS)
