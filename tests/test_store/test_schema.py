"""Opening a database: made when empty, refused with one clear sentence when it is not ours to use."""

from __future__ import annotations

import itertools
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Inspector, event, inspect, text

from interest_ingest import bundled as bundled_module
from interest_ingest.bundled import bundled
from interest_ingest.errors import IngestError, Unreachable, UsageError
from interest_ingest.store import Store, engine, schema
from interest_ingest.store.engine import look, make_engine
from interest_ingest.store.tables import concerns, metadata
from tests.servers.mariadb import MariaDB
from tests.test_store.children import fork, killed_at
from tests.test_store.making import an_epoch, deliver, interest, landing, reading, table, write
from tests.torture import scale

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def new_url(request: pytest.FixtureRequest, quick_folder: Path) -> Callable[[], str]:
    """Makes an empty database at each call; gives its URL."""
    if request.param == "sqlite":
        numbers = iter(range(100))
        return lambda: f"sqlite:///{quick_folder}/{next(numbers)}.db"
    if request.param == "mariadb":
        server: MariaDB = request.getfixturevalue("mariadb")
        return server.new_database
    make: Callable[[], str] = request.getfixturevalue("new_postgres_url")
    return make


def described(url: str) -> dict[str, dict[str, Any]]:
    """Everything that the database itself says of each of our tables."""
    opened = make_engine(url)
    try:
        return look(opened, _tables)
    finally:
        opened.dispose()


def _tables(connection: Connection) -> dict[str, dict[str, Any]]:
    inspector = inspect(connection)
    return {name: _table(inspector, name) for name in inspector.get_table_names() if name in metadata.tables}


def _table(inspector: Inspector, name: str) -> dict[str, Any]:
    columns = [column | {"type": str(column["type"])} for column in inspector.get_columns(name)]
    parts: dict[str, Any] = {
        "checks": inspector.get_check_constraints(name),
        "unique": inspector.get_unique_constraints(name),
        "foreign": inspector.get_foreign_keys(name),
        "indexes": inspector.get_indexes(name),
    }
    found = {kind: sorted((dict(one) for one in listed), key=str) for kind, listed in parts.items()}
    for one in found["indexes"]:  # a WHERE comes back as an object that is equal to nothing but itself
        one["dialect_options"] = {key: str(value) for key, value in one.get("dialect_options", {}).items()}
    return {"columns": columns, "primary": inspector.get_pk_constraint(name), **found}


def test_the_migrations_make_the_tables(new_url: Callable[[], str]) -> None:
    migrated, created = new_url(), new_url()
    Store.open(migrated).close()
    fresh = make_engine(created)
    with fresh.begin() as connection:
        metadata.create_all(connection)
    fresh.dispose()
    assert described(migrated) == described(created)
    assert set(described(migrated)) == set(metadata.tables)
    opened = make_engine(migrated)
    # MariaDB keeps `false` as 0, and Alembic takes that for another default; `described` has compared them.
    options = {
        "version_table": schema.VERSION_TABLE,
        "compare_server_default": opened.dialect.name != "mariadb",
        "include_object": concerns(opened.dialect.name),
    }
    differences = look(opened, lambda c: compare_metadata(MigrationContext.configure(c, opts=options), metadata))
    assert differences == []
    opened.dispose()


def test_the_code_is_written_for_the_newest_migration() -> None:
    scripts = ScriptDirectory.from_config(schema.configuration())
    assert scripts.get_current_head() == schema.REVISION
    for script in scripts.walk_revisions():
        assert script.doc.endswith("."), "each migration says in a sentence what it does"


def test_an_empty_database_is_created_and_upgrading_it_again_does_nothing(new_url: Callable[[], str]) -> None:
    url = new_url()
    assert Store.upgrade(url) == f"the database was upgraded from empty to schema {schema.REVISION}"
    assert Store.upgrade(url) == f"the database has the schema {schema.REVISION} already"
    with Store.open(url) as store:
        deliver(store, reading(interest()))
        assert store.counts().cards == 1


def test_several_processes_may_find_it_empty_at_once(new_url: Callable[[], str]) -> None:
    url = new_url()
    assert fork(*(lambda: Store.open(url).close() for _ in range(4))) == [0] * 4


def steps(url: str) -> int:
    """How many statements and commits a creation is."""
    counted = make_engine(url)
    number = itertools.count()
    event.listen(counted, "before_cursor_execute", lambda *_: next(number))
    event.listen(counted, "commit", lambda *_: next(number))
    schema.ensure(counted)
    counted.dispose()
    return next(number)


def test_a_creation_that_was_killed_is_done_again(new_url: Callable[[], str]) -> None:
    """T-26, F33: killed at its statements and commits. MariaDB keeps what was done until then, and it is completed."""
    whole = new_url()
    last = steps(whole)
    assert last > 20
    for statement in range(1, last, scale(17, 1)):
        url = new_url()
        doomed = make_engine(url)
        assert killed_at(statement, doomed, lambda: schema.ensure(doomed))  # noqa: B023  called at once
        doomed.dispose()
        Store.upgrade(url)
        assert described(url) == described(whole)
        Store.open(url).close()


def test_an_upgrade_that_was_killed_is_done_again_and_keeps_every_row(new_url: Callable[[], str]) -> None:
    """T-26, F33: from the first schema, with a mail in it."""
    whole = new_url()
    Store.open(whole).close()
    statement, killed = 1, True
    while killed:
        url = new_url()
        doomed = make_engine(url)
        first_schema(doomed)
        killed = killed_at(statement, doomed, lambda: schema.upgrade(doomed))  # noqa: B023  called at once
        doomed.dispose()
        Store.upgrade(url)
        assert described(url) == described(whole)
        assert [row["uid"] for row in table(url, "delivery")] == [7]
        statement += scale(11, 1)
    assert statement > 15, "an upgrade has so many statements at least"


def first_schema(opened: Engine) -> None:
    """Bring an empty database to the revision 0001 and land a mail, as its code did."""
    with schema.migrating(opened) as connection:
        command.upgrade(schema.configuration(connection), "0001")
    now = "'2026-11-20 12:00:00'"
    with opened.begin() as connection:
        for statement in (
            "INSERT INTO mailbox (id, name, folder) VALUES (1, 'notifications', 'INBOX')",
            f"INSERT INTO epoch (id, mailbox_id, uidvalidity, gen, opened_at) VALUES (1, 1, 1, 0, {now})",
            f"INSERT INTO delivery (epoch_id, uid, authentication, landed_at) VALUES (1, 7, '', {now})",
        ):
            connection.execute(text(statement))


def test_a_newer_schema_is_refused_and_nothing_written(new_url: Callable[[], str]) -> None:
    url = new_url()
    Store.open(url).close()
    write(url, text(f"UPDATE {schema.VERSION_TABLE} SET version_num = '9999'"))
    for use in (Store.open, Store.upgrade):
        with pytest.raises(Unreachable, match=rf"newer schema 9999, .* only {schema.REVISION}") as caught:
            use(url)
        assert caught.value.exit_code == 3


def test_an_older_schema_names_the_upgrade(new_url: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    url = new_url()
    Store.open(url).close()
    monkeypatch.setattr(schema, "REVISION", "0099")
    with pytest.raises(UsageError, match=r"older schema 0003, .* 0099: run interest-ingest db upgrade"):
        Store.open(url)


def test_tables_of_another_program_are_left_alone(new_url: Callable[[], str]) -> None:
    beside, against = new_url(), new_url()
    write(beside, text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    write(beside, text("INSERT INTO alembic_version VALUES ('the CRM has its own')"))
    Store.open(beside).close()
    write(against, text("CREATE TABLE card (number INTEGER)"))
    with pytest.raises(UsageError, match="a table 'card' that is not ours"):
        Store.open(against)


def test_sqlite_is_set_for_safety(tmp_path: Path) -> None:
    opened = make_engine(f"sqlite:///{tmp_path}/interest.db")
    pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    values = look(opened, lambda c: [c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas])
    opened.dispose()
    assert values == ["wal", 2, 1, 30_000]


def test_a_migration_leaves_foreign_keys_enforced(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/interest.db") as store:
        assert look(store._engine, lambda c: c.exec_driver_sql("PRAGMA foreign_keys").scalar()) == 1


@pytest.mark.parametrize(
    ("url", "error", "sentence"),
    [
        ("interest.db", UsageError, "not the address of a database"),
        ("sqlite://", UsageError, "in memory would be lost"),
        ("sqlite:///:memory:", UsageError, "in memory would be lost"),
        ("oracle://u:secret@h/x", UsageError, "'oracle' is no supported database"),
        ("sqlite:////nowhere/at/all.db", Unreachable, "folder /nowhere/at does not exist"),
        ("sqlite:////tmp", Unreachable, "it is a folder"),
        ("postgresql://u:secret@/x?host=/nowhere", Unreachable, r"u:\*\*\*@.*check the server"),
        ("mysql+aiomysql://u:secret@h/x", UsageError, r"'mysql\+aiomysql' is no supported database"),
        ("mariadb://u:secret@127.0.0.1:1/x", Unreachable, r"u:\*\*\*@.*Can't connect .*; check the server"),
    ],
)
def test_a_wrong_address_gets_a_sentence(url: str, error: type[IngestError], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as caught:
        Store.open(url)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_database_that_the_server_does_not_have(postgres_url: str, mariadb: MariaDB) -> None:
    with pytest.raises(Unreachable, match='database "absent" does not exist'):
        Store.open(postgres_url.replace("/postgres?", "/absent?"))
    with pytest.raises(Unreachable, match="Unknown database 'absent'; check the server"):
        Store.open(mariadb.url.replace("/mysql?", "/absent?"))


def test_a_user_whom_the_server_does_not_let_in(mariadb: MariaDB) -> None:
    with pytest.raises(Unreachable, match="Access denied for user 'nobody'") as caught:
        Store.open(mariadb.url.replace("root@", "nobody:secret@"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "driver", "extra"), [("postgresql://u@h/x", "psycopg", "postgres"), ("mariadb://u@h/x", "pymysql", "mysql")]
)
def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch, url: str, driver: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(UsageError, match=rf"pip install 'interest-ingest\[{extra}\]'"):
        Store.open(url)


@pytest.mark.parametrize("scheme", ["mysql", "mysql+pymysql", "mariadb", "mariadb+pymysql"])
def test_mariadb_has_four_names(mariadb: MariaDB, scheme: str) -> None:
    with Store.open(mariadb.new_database().replace("mariadb+pymysql", scheme)) as store:
        assert store.counts().cards == 0


@pytest.mark.parametrize("version", ["5.5.5-10.5.27-MariaDB-log", "8.4.3", "5.7.44-log"])
def test_a_server_that_cannot_do_it_is_refused(mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """MySQL and MariaDB before 10.6: the driver is told another version than the true one."""
    monkeypatch.setattr("pymysql.connections.Connection.get_server_info", lambda _: version)
    with pytest.raises(Unreachable, match=rf"server is {re.escape(version)}, needed is MariaDB 10\.6 or later"):
        Store.open(mariadb.new_database())


def test_a_server_that_would_not_take_a_large_mail_is_refused(mariadb: MariaDB) -> None:
    """Debian's default is 16 MB."""
    url = mariadb.new_database()
    with mariadb.connected() as cursor:
        cursor.execute("SET GLOBAL max_allowed_packet = 16777216")
        try:
            with pytest.raises(Unreachable, match=r"at most 16 MB at once.*: set max_allowed_packet = 32M in its conf"):
                Store.open(url)
        finally:
            cursor.execute("SET GLOBAL max_allowed_packet = 67108864")


def test_a_large_mail_is_stored(store: Store) -> None:
    """25 MB that do not get smaller: the greatest that is fetched whole."""
    raw = random.Random(1).randbytes(25 * 1024 * 1024)
    assert store.land(an_epoch(store), [landing(1, raw)]) == 1
    (mail,) = store.mails()
    assert store.raw(mail["mail_id"]) == raw


def test_mariadb_is_set_for_safety(mariadb: MariaDB) -> None:
    opened = make_engine(mariadb.new_database())
    names = ("time_zone", "innodb_lock_wait_timeout", "lock_wait_timeout", "character_set_client", "tx_isolation")
    values = look(opened, lambda c: [c.exec_driver_sql(f"SELECT @@{name}").scalar() for name in names])
    modes = look(opened, lambda c: str(c.exec_driver_sql("SELECT @@sql_mode").scalar()).split(","))
    opened.dispose()
    assert values == ["+00:00", 1, 1, "utf8mb4", "READ-COMMITTED"]
    assert {"STRICT_TRANS_TABLES", "STRICT_ALL_TABLES", "NO_ZERO_DATE", "NO_ENGINE_SUBSTITUTION"} <= set(modes)


def test_an_upgrade_that_another_process_holds_is_awaited(mariadb: MariaDB, monkeypatch: pytest.MonkeyPatch) -> None:
    """MariaDB's lock is of the whole server, so other databases on it are upgraded meanwhile."""
    monkeypatch.setattr(schema, "_WAIT_SECONDS", 0)
    url, other = mariadb.new_database(), mariadb.new_database()
    holder = make_engine(url)
    with schema.migrating(holder):
        with pytest.raises(IngestError, match="is being upgraded by another process"):
            Store.upgrade(url)
        Store.upgrade(other)
    holder.dispose()
    Store.upgrade(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "interest.db"
    path.write_text("Dear colleague, " * 1_000)
    with pytest.raises(Unreachable, match=rf"{path}: file is not a database"):
        Store.open(f"sqlite:///{path}")
    assert path.read_text().startswith("Dear colleague")


@pytest.mark.parametrize("place", ["file", "folder", "log"])
def test_a_database_without_rights(place: str) -> None:
    """F26. As root nothing is forbidden, so another user tries. The log is what root left when it ran this once."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "interest.db"
        Store.open(f"sqlite:///{path}").close()
        Path(folder).chmod(0o755 if place == "folder" else 0o777)
        path.chmod(0o444 if place == "file" else 0o666)
        if place == "log":
            path.with_name("interest.db-wal").touch(0o644)

        def refused() -> None:
            if os.geteuid() == 0:
                os.setuid(65534)
            with pytest.raises(Unreachable, match=r"cannot be written: this user may not read and write /"):
                Store.open(f"sqlite:///{path}")

        assert fork(refused) == [0]


def test_a_locked_database_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_SQLITE_PRAGMAS", ("PRAGMA busy_timeout = 1",))
    url = f"sqlite:///{tmp_path}/interest.db"
    other = make_engine(url)
    with Store.open(url) as store, other.begin() as holder:
        holder.exec_driver_sql("PRAGMA user_version = 1")
        with pytest.raises(IngestError, match="locked by another program") as caught:
            store.mailbox("notifications", "INBOX")
        assert caught.value.exit_code == 1
    other.dispose()


def test_alembic_works_in_a_checkout(tmp_path: Path) -> None:
    """`alembic check` ends with an error when tables.py says something that no migration does."""
    for words in (["upgrade", "head"], ["check"]):
        subprocess.run(
            [sys.executable, "-m", "alembic", "-x", f"url=sqlite:///{tmp_path}/interest.db", *words],
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
        )


def test_bundled_prefers_what_is_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bundled("migrations") == CHECKOUT / "migrations"
    monkeypatch.setattr(bundled_module, "_PACKAGE", tmp_path)
    (tmp_path / "migrations").mkdir()
    assert bundled("migrations") == tmp_path / "migrations"
    with pytest.raises(FileNotFoundError, match="'absent' is missing"):
        bundled("absent")
