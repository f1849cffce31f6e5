"""What is usual of a sender's mails: their shapes, the fields that they fill, their hours."""

from __future__ import annotations

from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LINE, URL, DOMAIN, SHAPE = 300, 2_000, 255, 16
MAX_INTEGER = 2**31 - 1

ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
INSTANT = sa.DateTime(timezone=True).with_variant(mysql.DATETIME(fsp=6), "mariadb")

create_table = partial(
    op.create_table,
    mariadb_engine="InnoDB",
    mariadb_charset="utf8mb4",
    mariadb_collate="utf8mb4_nopad_bin",
    mariadb_row_format="DYNAMIC",
)

ADDED = (
    lambda: sa.Column("shape", sa.String(SHAPE), comment="of the skeleton that the mail's template gives it"),
    lambda: sa.Column("sender", sa.String(DOMAIN), comment="its domain, of mails that have a shape"),
    lambda: sa.Column(
        "counted", sa.Boolean, nullable=False, server_default=sa.false(), comment="in the habits of its sender"
    ),
)


def line(name: str, width: int, **options: Any) -> sa.Column[str]:
    check = sa.CheckConstraint(f"length({name}) <= {width}", name=name)
    kind = sa.String(width) if width <= LINE else sa.String(width).with_variant(mysql.TEXT(), "mariadb")
    return sa.Column(name, kind, check, **options)


def instant(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, INSTANT, **options)


def upgrade() -> None:
    for column in ADDED:
        op.add_column("delivery", column())
    versions = sa.CheckConstraint(f"version BETWEEN 0 AND {MAX_INTEGER}", name="version")
    create_table(
        "habit",
        sa.Column("id", ID, primary_key=True),
        line("parser", LINE, nullable=False),
        line("sender", DOMAIN, nullable=False),
        sa.Column("version", sa.Integer, versions, nullable=False),
        sa.Column("mails", sa.BigInteger, nullable=False),
        instant("first_at", nullable=False),
        instant("last_at", nullable=False),
        sa.Column("state", sa.JSON, nullable=False),
        sa.UniqueConstraint("parser", "sender"),
        comment="What is usual of the mails that a parser reads from a sender's domain; parser empty: of them all.",
    )
    create_table(
        "habit_shape",
        sa.Column("habit_id", ID, sa.ForeignKey("habit.id", ondelete="CASCADE"), nullable=False),
        sa.Column("digest", sa.String(SHAPE), nullable=False),
        line("parts", URL, nullable=False),
        sa.Column("mails", sa.BigInteger, nullable=False),
        instant("first_at", nullable=False),
        instant("last_at", nullable=False),
        sa.Column("mail_id", sa.BigInteger, nullable=False, comment="the newest mail of this shape"),
        sa.Column("usual", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("habit_id", "digest"),
        comment="The shapes of a habit's mails, and how often mails of each fill which field.",
    )


def downgrade() -> None:
    op.drop_table("habit_shape")
    op.drop_table("habit")
    for column in ADDED:
        op.drop_column("delivery", column().name)
