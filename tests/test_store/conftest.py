"""Every test of this room runs on both databases: the fixtures `database_url` and `store` are parametrized."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from interest_ingest.store import Store
from interest_ingest.store.tables import metadata
from tests.servers import postgres as postgres_server
from tests.test_store.making import write


@pytest.fixture(scope="session")
def migrated_postgres(postgres_url: str) -> str:
    """One PostgreSQL database with our tables: to empty it costs less than to make another one."""
    url = postgres_server.new_database(postgres_url)
    Store.open(url).close()
    return url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "interest.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: SQLite waits for the disk at every commit."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, quick_folder: Path) -> str:
    """A database with our tables and without rows."""
    if request.param == "sqlite":
        return f"sqlite:///{shutil.copy(request.getfixturevalue('migrated_sqlite'), quick_folder)}"
    url: str = request.getfixturevalue("migrated_postgres")
    write(url, text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
    return url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    with Store.open(database_url) as opened:
        yield opened
