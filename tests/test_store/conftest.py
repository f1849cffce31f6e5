"""Every test of this room runs on all three databases: the fixtures `database_url` and `store` are parametrized."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from interest_ingest.store import Store
from interest_ingest.store.tables import metadata
from tests.servers import postgres as postgres_server
from tests.servers.mariadb import MariaDB
from tests.test_store.making import write


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """One PostgreSQL database with our tables: to empty it costs less than to make another one."""
    url = postgres_server.new_database(postgres_url)
    Store.open(url).close()
    return url


@pytest.fixture(scope="session")
def migrated_mariadb(mariadb: MariaDB) -> str:
    """One MariaDB database with our tables."""
    url = mariadb.new_database()
    Store.open(url).close()
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "interest.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, quick_folder: Path) -> str:
    """A database with our tables and without rows."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), quick_folder)}"
    if request.param == "mariadb":
        emptied: str = request.getfixturevalue("migrated_mariadb")
        empty_mariadb(emptied)
        return emptied
    url: str = request.getfixturevalue("migrated_postgres")
    write(url, text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
    return url


def empty_mariadb(url: str) -> None:
    """Truncating makes a table anew, so it is done only where there is something."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET foreign_key_checks = 0")
        for name in metadata.tables:
            if connection.exec_driver_sql(f"SELECT 1 FROM `{name}` LIMIT 1").first():
                connection.exec_driver_sql(f"TRUNCATE `{name}`")
        connection.invalidate()
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened
