"""The block list: whose interests are dropped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select

from interest_ingest.cards import MAX_LINE
from interest_ingest.errors import UsageError
from interest_ingest.store.tables import block


@dataclass(frozen=True, slots=True)
class Block:
    """One entry. `kind` is `address`, `domain` or `profile`; the value is normalised (`ingest.blocking`)."""

    kind: str
    value: str
    created_at: datetime


def blocks(connection: Connection) -> list[Block]:
    """All entries, in the order in which they were made."""
    rows = connection.execute(select(block.c.kind, block.c.value, block.c.created_at).order_by(block.c.id))
    return [Block(*row) for row in rows]


def add(connection: Connection, kind: str, value: str) -> bool:
    """Enter it; False if it is there already. Of two processes that do so at once the second begins anew."""
    if len(value) > MAX_LINE:
        raise UsageError(f"what is blocked may have at most {MAX_LINE} characters")
    if connection.scalar(select(block.c.id).where(block.c.kind == kind, block.c.value == value)):
        return False
    connection.execute(insert(block).values(kind=kind, value=value, created_at=datetime.now(UTC)))
    return True


def remove(connection: Connection, kind: str, value: str) -> bool:
    """Delete it; False if it is not there."""
    gone = connection.execute(delete(block).where(block.c.kind == kind, block.c.value == value))
    return bool(gone.rowcount)
