"""The ledger and the cards."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LINE, URL, TEXT = 300, 2_000, 100_000
MAX_INTEGER = 2**31 - 1

OUTCOMES = (
    "cards", "duplicate", "ignored", "unmatched", "quarantined", "oversize", "unfetchable", "held", "erased",
)  # fmt: skip
CHANNELS = ("social", "form", "comment", "review", "chat", "call", "mail")
ACTIONS = (
    "like", "share", "comment", "reply", "mention", "review", "message", "request", "order", "call", "follow",
    "visit", "reaction", "other",
)  # fmt: skip
TRUSTS = ("verified", "unproven", "failed")
REPLY_KINDS = ("url", "mailto", "tel")

# SQLite numbers rows by itself only where the type is exactly INTEGER.
ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mariadb")
BYTES = sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mariadb")

create_table = partial(
    op.create_table,
    mariadb_engine="InnoDB",
    mariadb_charset="utf8mb4",
    mariadb_collate="utf8mb4_nopad_bin",
    mariadb_row_format="DYNAMIC",
)


def text_type(width: int) -> Any:
    wide = sa.String(width) if width <= URL else sa.Text()
    if width <= LINE:
        return wide
    return wide.with_variant(mysql.TEXT() if width <= URL else mysql.MEDIUMTEXT(), "mariadb")


def line(name: str, width: int = LINE, **options: Any) -> sa.Column[str]:
    return sa.Column(name, text_type(width), sa.CheckConstraint(f"length({name}) <= {width}", name=name), **options)


def one_of(name: str, words: tuple[str, ...], **options: Any) -> sa.Column[str]:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.Column(name, sa.String(20), sa.CheckConstraint(f"{name} IN ({listed})", name=name), **options)


def digest(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.CHAR(64), sa.CheckConstraint(f"length({name}) = 64", name=name), **options)


def integer(name: str, low: int, high: int = MAX_INTEGER, **options: Any) -> sa.Column[int]:
    check = sa.CheckConstraint(f"{name} BETWEEN {low} AND {high}", name=name)
    return sa.Column(name, sa.Integer, check, **options)


def flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(create_constraint=True, name=name), nullable=False, server_default=sa.false())


def instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, INSTANT, **options)


def upgrade() -> None:
    create_ledger()
    create_cards()


def create_ledger() -> None:
    create_table(
        "worker",
        sa.Column("id", sa.CHAR(36), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("boot_id", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.String(32), nullable=False, comment="process start time as the kernel counts it"),
        instant("heartbeat_at", nullable=False),
        comment="Living processes. Deleting one gives back its leases and claims.",
    )
    create_table(
        "mailbox",
        sa.Column("id", ID, primary_key=True),
        line("name", nullable=False),
        line("folder", nullable=False),
        sa.Column("leased_by", sa.CHAR(36), sa.ForeignKey("worker.id", ondelete="SET NULL")),
        instant("polled_at", comment="the last completed poll"),
        line("last_error"),
        sa.UniqueConstraint("name", "folder"),
    )
    create_table(
        "epoch",
        sa.Column("id", ID, primary_key=True),
        sa.Column("mailbox_id", ID, sa.ForeignKey("mailbox.id"), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger, nullable=False, comment="-1: the server gave none"),
        sa.Column(
            "gen", sa.Integer, nullable=False, comment="counts the returns to an earlier state under one UIDVALIDITY"
        ),
        sa.Column("cursor_uid", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        instant("opened_at", nullable=False),
        instant("closed_at"),
        sa.UniqueConstraint("mailbox_id", "uidvalidity", "gen"),
    )
    create_table(
        "raw_message",
        sa.Column("id", ID, primary_key=True),
        digest("raw_sha256", nullable=False, unique=True),
        digest("canon_digest", index=True),
        digest("message_id_digest", index=True),
        sa.Column("body", BYTES, comment="zstd; NULL once retention has emptied it"),
        sa.Column("size", sa.BigInteger, nullable=False, comment="bytes of the uncompressed body"),
        flag("whole"),
        instant("stored_at", nullable=False),
    )
    create_table(
        "delivery",
        sa.Column("id", ID, primary_key=True),
        sa.Column("epoch_id", ID, sa.ForeignKey("epoch.id"), nullable=False),
        sa.Column("uid", sa.BigInteger, nullable=False),
        sa.Column("raw_id", ID, sa.ForeignKey("raw_message.id"), index=True),
        instant("received_at"),
        sa.Column("rfc822_size", sa.BigInteger),
        one_of("outcome", OUTCOMES),
        line("reason"),
        line("trace", TEXT),
        line("parser"),
        integer("parser_version", 0),
        one_of("trust", TRUSTS),
        line("authentication", TEXT, nullable=False),
        sa.Column("claimed_by", sa.CHAR(36), sa.ForeignKey("worker.id", ondelete="SET NULL")),
        flag("interrupted"),
        integer("attempts", 0, nullable=False, server_default=sa.text("0")),
        instant("acknowledged_at"),
        instant("landed_at", nullable=False),
        instant("recorded_at"),
        sa.UniqueConstraint("epoch_id", "uid"),
        comment="The ledger: one row for every message of every mailbox. outcome NULL: landed and not yet read.",
    )
    op.create_index("ix_delivery_outcome_id", "delivery", ["outcome", "id"])
    op.create_index("ix_delivery_epoch_id_acknowledged_at", "delivery", ["epoch_id", "acknowledged_at"])
    held = sa.text("claimed_by IS NOT NULL")
    op.create_index("ix_delivery_claimed_by", "delivery", ["claimed_by"], sqlite_where=held, postgresql_where=held)


def create_cards() -> None:
    create_table(
        "card",
        sa.Column("id", sa.CHAR(36), primary_key=True),
        sa.Column("mail_id", ID, sa.ForeignKey("raw_message.id"), nullable=False, index=True),
        line("source_url", URL),
        line("referrer_url", URL),
        line("campaign"),
        instant("occurred_at", nullable=False),
        integer("occurred_at_offset", -1440, 1440),
        instant("received_at", nullable=False),
        line("source", nullable=False),
        one_of("channel", CHANNELS, nullable=False),
        line("account"),
        line("author_name"),
        line("author_photo_url", URL),
        line("author_profile_url", URL),
        line("author_email"),
        line("author_phone"),
        line("author_company"),
        one_of("action", ACTIONS, nullable=False),
        line("object_kind"),
        integer("count", 1, nullable=False, server_default=sa.text("1")),
        sa.Column("rating", sa.Double),
        line("text", TEXT, nullable=False),
        sa.Column("attachments", sa.JSON, nullable=False),
        line("product_name"),
        line("product_url", URL),
        line("responsible"),
        instant("claimed_at"),
        flag("processed"),
        instant("processed_at"),
        line("proof_url", URL),
        one_of("reply_kind", REPLY_KINDS),
        line("reply_url", URL),
        instant("replied_at"),
        one_of("trust", TRUSTS, nullable=False),
        line("parser", nullable=False),
        integer("parser_version", 0, nullable=False),
        line("language"),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("notes", sa.JSON, nullable=False),
        sa.Column("suspect_of", sa.CHAR(36), sa.ForeignKey("card.id")),
        instant("superseded_at"),
        instant("created_at", nullable=False),
        instant("updated_at", nullable=False),
    )
    op.create_index("ix_card_created_at_id", "card", ["created_at", "id"])
    create_table(
        "card_key",
        sa.Column("key", sa.CHAR(64), primary_key=True),
        one_of("kind", ("event", "content"), nullable=False),
        sa.Column("card_id", sa.CHAR(36), sa.ForeignKey("card.id"), nullable=False, index=True),
    )
    create_table(
        "card_origin",
        sa.Column("delivery_id", ID, sa.ForeignKey("delivery.id"), nullable=False),
        integer("ord", 0, nullable=False),
        sa.Column("card_id", sa.CHAR(36), sa.ForeignKey("card.id"), nullable=False, index=True),
        sa.PrimaryKeyConstraint("delivery_id", "ord"),
    )


def downgrade() -> None:
    for table in ("card_origin", "card_key", "card", "delivery", "raw_message", "epoch", "mailbox", "worker"):
        op.drop_table(table)
