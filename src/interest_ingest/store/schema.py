"""Which revision a database has, whether this code may use it, and how it is brought to today's.

Alembic is imported only when something has to be done: it would cost every start a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, inspect, select, text
from sqlalchemy.exc import DBAPIError

from interest_ingest.bundled import bundled
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.store.engine import explained, look
from interest_ingest.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

REVISION: Final = "0002"
"""The revision that this code is written for: the newest file of migrations/versions."""

VERSION_TABLE: Final = "schema_version"
"""Not Alembic's usual name: a CRM in the same database may have its own Alembic."""

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))

_UPGRADE_LOCK = 0x1_7E_2E_57  # any number, the same for all our processes


def ensure(engine: Engine) -> None:
    """Create the tables in an empty database; refuse one of another revision than `REVISION`.

    Raises `UsageError` for an older schema, `Unreachable` for a newer one or a database that cannot be reached.
    """
    found = look(engine, revision)
    if found is None:
        upgrade(engine)
    elif found != REVISION:
        raise _refusal(found)


def revision(connection: Connection) -> str | None:
    """The revision of the database, None if it is empty. Raises `UsageError` if a stranger uses our tables' names."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE in tables:
        return connection.scalar(select(_version.c.version_num))
    if strange := sorted(tables & set(metadata.tables)):
        raise UsageError(
            f"the database has a table {strange[0]!r} that is not ours: name another database or schema in database.url"
        )
    return None


def _refusal(found: str) -> IngestError:
    if found in _known_revisions():
        return UsageError(
            f"the database has the older schema {found}, this version needs {REVISION}: run interest-ingest db upgrade"
        )
    return Unreachable(
        f"the database has the newer schema {found}, this version knows only {REVISION}: install the newer version"
    )


def _known_revisions() -> set[str]:
    from alembic.script import ScriptDirectory

    return {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}


def upgrade(engine: Engine) -> tuple[str | None, str]:
    """Bring the database to `REVISION` in one transaction; gives the revision before and after.

    Safe to run twice, in two processes at once, and after a kill in the middle.
    """
    from alembic import command

    with migrating(engine) as connection:
        before = revision(connection)
        if before != REVISION:
            if before is not None and before not in _known_revisions():
                raise _refusal(before)
            command.upgrade(configuration(connection), "head")
    return before, REVISION


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the migrations that travel with this code."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def migrating(engine: Engine) -> Iterator[Connection]:
    """The one transaction in which a migration runs.

    SQLite cannot alter most of a table, so it is copied and renamed, and with foreign keys enforced the drop of the
    old copy deletes the rows of its children; enforcement can only be switched outside a transaction. Two processes
    that find an empty database at the same moment come one after the other.
    """
    prepare, check = (_sqlite_begin, _sqlite_check) if engine.dialect.name == "sqlite" else (_postgres_begin, _no_check)
    try:
        with engine.connect() as connection:
            try:
                prepare(connection)
                yield connection
                check(connection)
                connection.commit()
            finally:
                connection.invalidate()  # it goes with the settings that only a migration has
    except DBAPIError as error:
        raise explained(error, engine) from error


def _sqlite_begin(connection: Connection) -> None:
    connection.connection.execute("PRAGMA foreign_keys = OFF")
    connection.begin()


def _sqlite_check(connection: Connection) -> None:
    if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise IngestError(f"the upgrade was undone: a row of {broken[0]!r} would refer to nothing; report this")


def _postgres_begin(connection: Connection) -> None:
    connection.execute(text("SET LOCAL lock_timeout = '30s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})


def _no_check(_connection: Connection) -> None:
    """PostgreSQL checks by itself."""
