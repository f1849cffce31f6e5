"""What an operator watches: alarms, blocked senders, what the server holds, and mails that wait for their turn."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LINE, URL = 300, 2_000
BLOCKED = ("address", "domain", "profile")

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mariadb")

create_table = partial(
    op.create_table,
    mariadb_engine="InnoDB",
    mariadb_charset="utf8mb4",
    mariadb_collate="utf8mb4_nopad_bin",
    mariadb_row_format="DYNAMIC",
)

ADDED = {
    "mailbox": (
        lambda: sa.Column("server_mails", sa.BigInteger, comment="messages on the server at the last comparison"),
        lambda: sa.Column("unaccounted", sa.BigInteger, comment="of these the ledger lacked so many"),
        lambda: instant("compared_at"),
    ),
    "epoch": (lambda: sa.Column("mailboxid", sa.String(255), comment="RFC 8474"),),
    "delivery": (
        lambda: sa.Column("emailid", sa.String(255), comment="RFC 8474"),
        lambda: sa.Column("signed", sa.Boolean, nullable=False, server_default=sa.false()),
        lambda: instant("not_before", comment="not to be read again before"),
    ),
}


def line(name: str, width: int, **options: Any) -> sa.Column[str]:
    check = sa.CheckConstraint(f"length({name}) <= {width}", name=name)
    kind = sa.String(width) if width <= LINE else sa.String(width).with_variant(mysql.TEXT(), "mariadb")
    return sa.Column(name, kind, check, **options)


def instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, INSTANT, **options)


def upgrade() -> None:
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column())
    index_the_waiting()
    words = ", ".join(f"'{word}'" for word in BLOCKED)
    create_table(
        "block",
        sa.Column("id", ID, primary_key=True),
        sa.Column("kind", sa.String(20), sa.CheckConstraint(f"kind IN ({words})", name="kind"), nullable=False),
        line("value", LINE, nullable=False),
        instant("created_at", nullable=False),
        sa.UniqueConstraint("kind", "value"),
        comment="Whose interests are ignored.",
    )
    create_table(
        "alarm",
        line("name", LINE, primary_key=True),
        line("text", URL, nullable=False),
        instant("since", nullable=False),
        instant("told_at"),
        comment="What is wrong at this moment; a row goes when it is over.",
    )


def index_the_waiting() -> None:
    if mariadb():  # it has no partial indexes
        op.create_index("ix_delivery_outcome_signed_id", "delivery", ["outcome", "signed", "id"])
        return
    waiting = sa.text("outcome IS NULL")
    op.create_index("ix_delivery_waiting", "delivery", ["signed", "id"], sqlite_where=waiting, postgresql_where=waiting)


def mariadb() -> bool:
    return op.get_context().dialect.name == "mariadb"


def downgrade() -> None:
    op.drop_table("alarm")
    op.drop_table("block")
    op.drop_index("ix_delivery_outcome_signed_id" if mariadb() else "ix_delivery_waiting", "delivery")
    for table, columns in ADDED.items():
        for column in columns:
            op.drop_column(table, column().name)
