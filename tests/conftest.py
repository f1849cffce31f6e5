"""The real servers that tests run against; one of each for the whole run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from tests.servers import dovecot as dovecot_server
from tests.servers import postgres as postgres_server


def absent(server: str, reason: str) -> None:
    """Skip the test, or fail where INTEREST_INGEST_REQUIRE_SERVERS=1 says that the server has to be there."""
    if os.environ.get("INTEREST_INGEST_REQUIRE_SERVERS") == "1":
        pytest.fail(f"{server}: {reason}")
    pytest.skip(f"{server}: {reason}")


@pytest.fixture(scope="session")
def dovecot() -> Iterator[dovecot_server.Dovecot]:
    """A running Dovecot; take a user name of your own in every test."""
    if reason := dovecot_server.missing():
        absent("Dovecot", reason)
    with dovecot_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of a running PostgreSQL."""
    if reason := postgres_server.missing():
        absent("PostgreSQL", reason)
    with postgres_server.running() as url:
        yield url


@pytest.fixture
def new_postgres_url(postgres_url: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database at each call; gives its URL."""
    return lambda: postgres_server.new_database(postgres_url)
