"""The way to the database: engines, transactions, and what the drivers' errors mean to a person."""

from __future__ import annotations

import json
import os
import random
import re
import sqlite3
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

import structlog
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from interest_ingest.errors import IngestError, Unreachable, UsageError

T = TypeVar("T")

logger = structlog.get_logger(__name__)

TRIES: Final = 5
BUSY_SECONDS: Final = 30
ROW_SECONDS: Final = 3
"""After so long no further try is made for a row that another program holds, each of which waits a second."""
LONG_SECONDS: Final = 5
"""How long another program may hold an SQLite database before the log tells it."""

CONNECT_SECONDS: Final = 10

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "mariadb": "mariadb+pymysql",
    "mariadb+pymysql": "mariadb+pymysql",
    "mysql": "mariadb+pymysql",
    "mysql+pymysql": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgres", "pymysql": "mysql"}
_FORMS = "write sqlite:///FILE, postgresql://USER@HOST/NAME or mariadb://USER@HOST/NAME"

_SQLITE_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # a commit is on the disk: WAL's usual NORMAL may lose the last ones
    "PRAGMA foreign_keys = ON",
)
# lock_timeout: a CRM that holds a card's row must not hold up intake; the tries end after `ROW_SECONDS`.
_POSTGRES_SETTINGS = "SET lock_timeout = '1s'; SET TimeZone = 'UTC'; SET synchronous_commit = 'on'"
# A dead line is noticed after two minutes: keepalives tell of one that is silent, the last of one to which was written,
# which the kernel would go on trying for a quarter of an hour.
_POSTGRES_KEEPALIVE = {
    "keepalives_idle": 60,
    "keepalives_interval": 20,
    "keepalives_count": 3,
    "tcp_user_timeout": 120_000,
}
# Its default REPEATABLE READ would not show the row of another process that kept us from inserting our own, and takes
# locks on gaps, which end in deadlocks. Without a strict mode it cuts what is too long, without a word.
_MARIADB_SETTINGS = (
    "SET time_zone = '+00:00', sql_mode = 'TRADITIONAL', innodb_lock_wait_timeout = 1, lock_wait_timeout = 1",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
)
_MARIADB_OLDEST = (10, 6)  # SKIP LOCKED; a CREATE or ALTER is done or undone when the server is killed
_MARIADB_PACKET = 32 * 1024 * 1024  # a mail of 25 MB that does not get smaller, with what is escaped in it
_MARIADB_SILENCE = 300  # seconds; a server behind a dead line would be awaited for ever


def make_engine(url: str, *, read_only: bool = False) -> Engine:
    """The engine for a configured `database.url`; nothing is opened yet. With `read_only` the database refuses writes.

    Raises `UsageError` for an address that is none or a missing driver, `Unreachable` for an SQLite file that cannot
    be read and written.
    """
    parsed = _parsed(url)
    if read_only:
        return _reading_engine(parsed)
    if parsed.get_backend_name() == "sqlite":
        _check_file(parsed)
        engine = _create(parsed, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "mariadb":
        silence = {"read_timeout": _MARIADB_SILENCE, "write_timeout": _MARIADB_SILENCE}
        engine = _create(parsed, connect_args={"connect_timeout": CONNECT_SECONDS, "charset": "utf8mb4", **silence})
        event.listen(engine, "connect", _prepare_mariadb, insert=True)  # before SQLAlchemy asks what server it is
        return engine
    engine = _create(parsed, connect_args={"connect_timeout": CONNECT_SECONDS} | _POSTGRES_KEEPALIVE)
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _reading_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = make_engine(url.render_as_string(hide_password=False))
        event.listen(engine, "connect", _READ_ONLY[url.get_backend_name()])
        return engine
    path = Path(str(url.database)).absolute()
    if not path.is_file() or not os.access(path, os.R_OK):
        raise Unreachable(f"the database {path} cannot be read: check database.url")
    # Beside a file in a folder that nobody may write SQLite could not even make the index of its write-ahead log.
    frozen = not os.access(path.parent, os.W_OK) and not Path(f"{path}-wal").exists()
    address = f"file:{quote(str(path))}"
    query = {"mode": "ro", "uri": "true", **({"immutable": "1"} if frozen else {})}
    engine = _create(url.set(database=address, query=query), connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_reading_sqlite)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine


def _create(url: URL, connect_args: dict[str, Any]) -> Engine:
    try:
        return create_engine(
            url,
            connect_args=connect_args,
            pool_pre_ping=True,
            hide_parameters=True,  # a parameter is somebody's mail: it has no place in a trace
            json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
        )
    except ModuleNotFoundError as error:
        raise UsageError(
            f"database.url: the driver {error.name!r} is not installed: "
            f"pip install 'interest-ingest[{_EXTRAS.get(str(error.name), error.name)}]'"
        ) from error


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"database.url is not the address of a database: {_FORMS}") from error
    if parsed.drivername not in _DRIVERS:
        raise UsageError(f"database.url: {parsed.drivername!r} is no supported database: {_FORMS}")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise UsageError("database.url: a database in memory would be lost at exit: write sqlite:///FILE")
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _check_file(url: URL) -> None:
    """Refuse at the start what SQLite would tell late or only as `unable to open database file`."""
    path = Path(str(url.database))
    if not path.parent.is_dir():
        raise Unreachable(f"the database {path} cannot be opened: the folder {path.parent} does not exist; create it")
    if path.is_dir():
        raise Unreachable(f"the database {path} cannot be opened: it is a folder; name a file in database.url")
    # The folder too: the write-ahead log lies beside the file, and is another user's where he ran this and was killed.
    for place in (path.parent, path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        if place.exists() and not os.access(place, os.R_OK | os.W_OK):
            raise Unreachable(f"the database {path} cannot be written: this user may not read and write {place}")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not where the driver guesses
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma)


def _prepare_reading_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA query_only = ON")


def _read_only_postgres(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute("SET default_transaction_read_only = on")
    connection.autocommit = False


def _read_only_mariadb(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET SESSION TRANSACTION READ ONLY")


_READ_ONLY: Final = {"postgresql": _read_only_postgres, "mariadb": _read_only_mariadb}


def _begin_sqlite(connection: Connection) -> None:
    """A deferred transaction that reads and then writes fails at once with BUSY_SNAPSHOT, whatever the timeout."""
    reads = connection.get_execution_options().get("reads", False)
    asked = time.monotonic()
    try:
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
    finally:
        if (waited := time.monotonic() - asked) > LONG_SECONDS:
            logger.warning("another program held the database", seconds=round(waited, 1))


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.autocommit = True
    connection.execute(_POSTGRES_SETTINGS)
    connection.autocommit = False


def _prepare_mariadb(connection: Any, _record: object) -> None:
    server: str = connection.get_server_info()
    version = re.search(r"(\d+)\.(\d+)\.\d+-MariaDB", server)  # older ones say 5.5.5-10.6.1-MariaDB
    if version is None or (int(version[1]), int(version[2])) < _MARIADB_OLDEST:
        raise Unreachable(f"the database server is {server}, needed is MariaDB 10.6 or later: install that")
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        (packet,) = cursor.fetchone()
        if packet < _MARIADB_PACKET:
            raise Unreachable(
                f"the database server takes at most {packet >> 20} MB at once, a mail may have more: "
                f"set max_allowed_packet = {_MARIADB_PACKET >> 20}M in its configuration"
            )
        for statement in _MARIADB_SETTINGS:
            cursor.execute(statement)


def look(engine: Engine, step: Callable[[Connection], T]) -> T:
    """Run `step` in one transaction that only reads; otherwise like `transact`."""
    return transact(engine.execution_options(reads=True), step)


class RowLocked(IngestError):
    """Another program holds a row that was to be changed; others may be free. Never of SQLite: it locks the file."""


def transact(engine: Engine, step: Callable[[Connection], T], tries: int = TRIES) -> T:
    """Run `step` in one writing transaction, and again from its beginning where that can help, `tries` times in all
    and not after `BUSY_SECONDS` (SQLite has waited so long in the first try) or, for a row, `ROW_SECONDS`.

    It can help after a deadlock, a serialization failure, a lock timeout, a key that another process inserted at the
    same moment, and a lost connection: whether a commit whose answer was lost took place is unknown, and steps are
    written so that repeating them is harmless. Raises `IngestError` in place of the driver's errors, and the driver's
    own error where it can only be a mistake of ours.
    """
    begun = time.monotonic()
    for tried in range(1, tries + 1):
        try:
            with engine.begin() as connection:
                return step(connection)
        except (DBAPIError, PoolTimeout) as error:
            if tried == tries or time.monotonic() - begun > _patience(error) or not _passing(error):
                raise explained(error, engine) from error
        time.sleep(random.uniform(0, 0.02 * 2**tried))  # noqa: S311  jitter, no secret
    raise AssertionError("unreachable: the last try returns or raises")


def _patience(error: Exception) -> float:
    return ROW_SECONDS if isinstance(error, DBAPIError) and _meaning(error) is _LOCKED else BUSY_SECONDS


_PASSING_STATES = {"40001", "40P01", "55P03", "23505"}  # serialization, deadlock, lock timeout, unique key
_PASSING_CODES = {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
# Changed since it was read, unique key, lock timeout, deadlock; shutting down, connection killed (the driver goes on).
_PASSING_NUMBERS = {1020, 1062, 1205, 1213, 1053, 1927}


def _passing(error: Exception) -> bool:
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated or getattr(error.orig, "sqlstate", None) in _PASSING_STATES:
        return True
    if (number := _mariadb_number(error)) is not None:
        return number in _PASSING_NUMBERS
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code in _PASSING_CODES or code & 0xFF == sqlite3.SQLITE_BUSY


def _mariadb_number(error: DBAPIError) -> int | None:
    """MariaDB's own number of the error, None of other drivers: a lock timeout has no SQLSTATE of its own."""
    arguments: tuple[Any, ...] = getattr(error.orig, "args", ())
    return arguments[0] if len(arguments) == 2 and isinstance(arguments[0], int) else None


_BUSY = (IngestError, "is locked by another program: end the program that holds it, then try again")
_LOCKED = (RowLocked, "another program holds a row: end its transaction, then try again")
_FULL = (IngestError, "nothing was written: free space on its disk, then try again")
_SHUT = (Unreachable, "give this user the right to read and write it")
# By primary result code (https://sqlite.org/rescode.html) and by SQLSTATE or its class.
_SQLITE_ERRORS: dict[int, tuple[type[IngestError], str]] = {
    sqlite3.SQLITE_PERM: _SHUT,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_READONLY: _SHUT,
    sqlite3.SQLITE_IOERR: _FULL,  # also what a file size limit or a quota looks like
    sqlite3.SQLITE_CORRUPT: (Unreachable, "it is damaged: restore it from a backup"),
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CANTOPEN: _SHUT,
    sqlite3.SQLITE_NOTADB: (Unreachable, "name another file in database.url"),
}
_POSTGRES_ERRORS: dict[str, tuple[type[IngestError], str]] = {
    "08": (Unreachable, "check the server, and its name, user and password in database.url"),
    "25006": (Unreachable, "the server is read-only: name the primary in database.url"),
    "40": _LOCKED,
    "42501": (Unreachable, "grant this user the rights on the tables"),
    "53": (IngestError, "the server is out of space, memory or connections: give it more, then try again"),
    "55P03": _LOCKED,
    "57": (Unreachable, "the server is shutting down or starting: try again"),
}
# https://mariadb.com/kb/en/mariadb-error-codes/
_MARIADB_ERRORS: dict[int, tuple[type[IngestError], str]] = {
    **dict.fromkeys((1205, 1213, 1020), _LOCKED),
    **dict.fromkeys((1021, 1114, 1030, 1028), _FULL),
    **dict.fromkeys((1037, 1038, 1040, 1041, 1203, 1226), _POSTGRES_ERRORS["53"]),
    **dict.fromkeys((1290, 1792, 1836), _POSTGRES_ERRORS["25006"]),
    **dict.fromkeys((1142, 1143, 1227, 1370), _POSTGRES_ERRORS["42501"]),
    **dict.fromkeys((1053, 1927), _POSTGRES_ERRORS["57"]),
    **dict.fromkeys((0, 1044, 1045, 1049, 1698, 2002, 2003, 2005, 2006, 2013, 2014, 2055), _POSTGRES_ERRORS["08"]),
}


def explained(error: DBAPIError | PoolTimeout, engine: Engine) -> Exception:
    """The `IngestError` that tells a person what `error` means, or `error` itself if it is a mistake of ours."""
    if isinstance(error, PoolTimeout):
        return IngestError("all connections to the database are in use: lower the number of mailboxes polled at once")
    kind, remedy = _meaning(error) or (None, "")
    if kind is None:
        return error
    where = engine.url.database if engine.dialect.name == "sqlite" else engine.url.set(query={}).render_as_string()
    words = error.orig.args[-1] if error.orig and error.orig.args else ""  # MariaDB's driver: (number, sentence)
    said = (str(words).splitlines() or [type(error.orig).__name__])[0]
    return kind(f"the database {where}: {said}; {remedy}")


def _meaning(error: DBAPIError) -> tuple[type[IngestError], str] | None:
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return _SQLITE_ERRORS.get(code & 0xFF)
    if (number := _mariadb_number(error)) is not None:
        return _MARIADB_ERRORS.get(number)
    state = getattr(error.orig, "sqlstate", None)
    if state is None:  # psycopg gives no SQLSTATE when it found no server, was not let in, or lost it
        lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return _POSTGRES_ERRORS["08"] if lost else None
    return _POSTGRES_ERRORS.get(state) or _POSTGRES_ERRORS.get(state[:2])
