"""Desks with an empty database each, and the process that forks the product."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from interest_ingest.store import Store
from interest_ingest.store.tables import metadata
from tests.integration.desk import Desk, mails
from tests.integration.forks import Forks, forking
from tests.servers.dovecot import Dovecot

MAILS = mails(6)

_users = (f"crash{number}" for number in count(1))


@pytest.fixture(scope="session")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forking(tmp_path_factory.mktemp("forks")) as server:
        yield server


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: SQLite waits for the disk at every commit."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_desk(request: pytest.FixtureRequest, dovecot: Dovecot, quick_folder: Path) -> Callable[[str], Desk]:
    """Makes a desk with an empty database and a mailbox of its own; the earlier one is gone then."""
    fresh = _fresh_sqlite(quick_folder) if request.param == "sqlite" else _fresh_postgres(request)
    earlier: list[Desk] = []

    def make(acknowledge: str) -> Desk:
        while earlier:
            earlier.pop().clear()
        desk = Desk(quick_folder / "desk.toml", fresh(), next(_users), dovecot, acknowledge)
        desk.configure()
        for sample in MAILS:
            desk.deliver(sample)
        earlier.append(desk)
        return desk

    return make


def _fresh_sqlite(folder: Path) -> Callable[[], str]:
    model, used = folder / "model.db", folder / "used.db"
    Store.open(f"sqlite:///{model}").close()

    def fresh() -> str:
        for left in folder.glob("used.db*"):
            left.unlink()
        shutil.copy(model, used)
        return f"sqlite:///{used}"

    return fresh


def _fresh_postgres(request: pytest.FixtureRequest) -> Callable[[], str]:
    url: str = request.getfixturevalue("new_postgres_url")()
    Store.open(url).close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    request.addfinalizer(engine.dispose)

    def fresh() -> str:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
        return url

    return fresh
