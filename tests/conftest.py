"""The real servers that tests run against; one of each for the whole run."""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import cyrus as cyrus_server
from tests.servers import dovecot as dovecot_server
from tests.servers import mariadb as mariadb_server
from tests.servers import postgres as postgres_server
from tests.torture import TORTURE

# A shell starts jobs in the background with Ctrl-C ignored, and whatever they start inherits that.
signal.signal(signal.SIGINT, signal.default_int_handler)

PACKAGES = {
    "Dovecot": "dovecot-imapd dovecot-lmtpd",
    "Cyrus": "cyrus-imapd",
    "PostgreSQL": "postgresql",
    "MariaDB": "mariadb-server",
}


def need(server: str, lacking: str | None) -> None:
    """Skip the test if the server cannot be had here, for the reason `lacking`.

    INTEREST_INGEST_REQUIRE_SERVERS=1 says that it has to be there: then the test fails. With 0 the server is left out.
    """
    wanted = os.environ.get("INTEREST_INGEST_REQUIRE_SERVERS")
    if wanted == "0":
        pytest.skip(f"{server} is left out")
    if lacking:
        (pytest.fail if wanted == "1" else pytest.skip)(f"{lacking}; run: apt-get install {PACKAGES[server]}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests that are only long out of an ordinary run."""
    if TORTURE:
        return
    long = [item for item in items if item.get_closest_marker("torture")]
    config.hook.pytest_deselected(items=long)
    items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason for which tests were skipped, with their number."""
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    for reason, number in sorted(reasons.items()):
        terminalreporter.write_line(f"{number} tests skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: SQLite waits for the disk at every commit."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[dovecot_server.Dovecot]:
    """A running Dovecot; take a user name of your own in every test."""
    need("Dovecot", dovecot_server.missing())
    with dovecot_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def cyrus() -> Iterator[cyrus_server.Cyrus]:
    """A running Cyrus; take a user name of your own in every test."""
    need("Cyrus", cyrus_server.missing())
    with cyrus_server.running() as server:
        yield server


@pytest.fixture(params=["dovecot", "cyrus"])
def imap(request: pytest.FixtureRequest) -> cyrus_server.Server:
    """Each of the IMAP servers in turn: what is claimed of a mailbox holds on both."""
    server: cyrus_server.Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The maintenance database of a running PostgreSQL."""
    need("PostgreSQL", postgres_server.missing())
    with postgres_server.running() as url:
        yield url


@pytest.fixture
def new_postgres_url(postgres_url: str) -> Callable[[], str]:
    """Makes an empty PostgreSQL database at each call; gives its URL."""
    return lambda: postgres_server.new_database(postgres_url)


@pytest.fixture(scope="session")
def mariadb() -> Iterator[mariadb_server.MariaDB]:
    """A running MariaDB."""
    need("MariaDB", mariadb_server.missing())
    with mariadb_server.running() as server:
        yield server
