"""${message}.

Before you commit: the old version may still be running while this runs, so add first and drop one release later.
PostgreSQL: a new index on a big table wants CREATE INDEX CONCURRENTLY, a new NOT NULL column a default.
SQLite: use op.batch_alter_table; it drops triggers without a word and fails on a table that a view names, so drop
views and triggers before it and create them again after it. Set REVISION in store/schema.py; the tests compare the
outcome with store/tables.py on both databases.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
