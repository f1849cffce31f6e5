"""Which revision a database has, whether this code may use it, and how it is brought to today's.

Alembic is imported only when something has to be done: it would cost every start a tenth of a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, event, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from interest_ingest.bundled import bundled
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.store.engine import explained, look
from interest_ingest.store.tables import metadata

if TYPE_CHECKING:
    from alembic.config import Config

REVISION: Final = "0003"
"""The revision that this code is written for: the newest file of migrations/versions."""

VERSION_TABLE: Final = "schema_version"
"""Not Alembic's usual name: a CRM in the same database may have its own Alembic."""

_version = Table(VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))

_UPGRADE_LOCK = 0x1_7E_2E_57  # any number, the same for all our processes
_WAIT_SECONDS = 30


def ensure(engine: Engine) -> None:
    """Create the tables in an empty database; refuse one of another revision than `REVISION`.

    Raises `UsageError` for an older schema, `Unreachable` for a newer one or a database that cannot be reached.
    """
    found = look(engine, revision)
    if found not in (None, REVISION) and engine.dialect.name == "mariadb":
        with migrating(engine) as connection:  # each of its steps can be seen: another process may be half-way
            found = revision(connection)
    if found is None:
        upgrade(engine)
    elif found != REVISION:
        raise _refusal(found)


def check(engine: Engine) -> None:
    """Raises as `ensure` does, and `UsageError` for an empty database; nothing is created."""
    found = look(engine, revision)
    if found is None:
        raise UsageError("the database is empty: nothing was ever taken in")
    if found != REVISION:
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
    """Bring the database to `REVISION`; gives the revision before and after.

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
    """The one transaction in which a migration runs. Two processes that find an empty database at the same moment come
    one after the other.

    SQLite cannot alter most of a table, so it is copied and renamed, and with foreign keys enforced the drop of the
    old copy deletes the rows of its children; enforcement can only be switched outside a transaction. MariaDB commits
    every CREATE and ALTER by itself, so there each of them is one that may be repeated.
    """
    prepare, check = _MIGRATING[engine.dialect.name]
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


def _mariadb_begin(connection: Connection) -> None:
    connection.execute(text(f"SET lock_wait_timeout = {_WAIT_SECONDS}, innodb_lock_wait_timeout = {_WAIT_SECONDS}"))
    # A lock of the whole server, not of this database: hence its name in it.
    name = func.concat("interest_ingest.", func.md5(func.database()))
    if not connection.scalar(select(func.get_lock(name, _WAIT_SECONDS))):
        raise IngestError("the database is being upgraded by another process: wait until it is done, then try again")
    event.listen(connection, "before_cursor_execute", _repeatable, retval=True)


_REPEATABLE = (
    (re.compile(r"(\s*CREATE TABLE )"), r"\1IF NOT EXISTS "),
    (re.compile(r"(\s*CREATE (?:UNIQUE )?INDEX )"), r"\1IF NOT EXISTS "),
    (re.compile(r"(\s*ALTER TABLE \S+ ADD COLUMN )"), r"\1IF NOT EXISTS "),
    (re.compile(r"(\s*ALTER TABLE \S+ DROP COLUMN )"), r"\1IF EXISTS "),
    (re.compile(r"(\s*DROP (?:TABLE|INDEX) )"), r"\1IF EXISTS "),
)


def _repeatable(
    _connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
) -> tuple[str, Any]:
    """The statement in a form that does nothing where an upgrade that was killed has done it."""
    for pattern, replacement in _REPEATABLE:
        statement = pattern.sub(replacement, statement, count=1) if pattern.match(statement) else statement
    return statement, parameters


def _no_check(_connection: Connection) -> None:
    """These check by themselves."""


_Step = Callable[[Connection], None]
_MIGRATING: dict[str, tuple[_Step, _Step]] = {
    "sqlite": (_sqlite_begin, _sqlite_check),
    "postgresql": (_postgres_begin, _no_check),
    "mariadb": (_mariadb_begin, _no_check),
}
