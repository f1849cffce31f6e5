"""How Alembic reaches the database: the connection that `db upgrade` gives, else an address of the command line.

alembic -x url=sqlite:///some.db upgrade head
alembic -x url=sqlite:///some.db revision --autogenerate --rev-id 0002 -m "what it does"
"""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import Connection

from interest_ingest.store.engine import make_engine
from interest_ingest.store.schema import VERSION_TABLE, migrating
from interest_ingest.store.tables import concerns, metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=VERSION_TABLE,
        transactional_ddl=True,  # SQLite too: `migrating` begins explicitly, the driver's own guess does not
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=True,
        include_object=concerns(connection.dialect.name),
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.get_x_argument(as_dictionary=True).get("url") or os.environ.get("INTEREST_INGEST__DATABASE__URL")
    if not url:
        raise SystemExit("name the database: alembic -x url=sqlite:///FILE …")
    with migrating(make_engine(url)) as own:
        run(own)
