"""The main job end to end: mails on a real IMAP server become cards in a real database, whatever kills the process."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import Connection, create_engine, inspect, text

from tests.mails import Sample, samples
from tests.servers.cyrus import Server
from tests.torture import scale

MAILS = samples(24)
KILLS = scale(3, 40)


@dataclass
class Desk:
    """One configuration: a mailbox of the server and a database."""

    config: Path
    database: str

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """The real command line in a process of its own, with the steps counted or one of them deadly."""
        return subprocess.run(
            [sys.executable, "-m", "tests.integration.killed", "--config", str(self.config), *words],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=100,
        )

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A look into the database past the product, as a CRM has it."""
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def cards(self) -> list[tuple[str, str]]:
        """Source and text of every card."""
        with self.connected() as connection:
            if not inspect(connection).has_table("card"):
                return []
            return [tuple(row) for row in connection.execute(text("SELECT source, text FROM card"))]

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table."""
        with self.connected() as connection:
            return {
                table: sorted(repr(row) for row in connection.execute(text(f"SELECT * FROM {table}")))
                for table in inspect(connection).get_table_names()
            }


PAIRS = scale(
    [("sqlite", "dovecot"), ("postgresql", "cyrus")],
    list(itertools.product(("sqlite", "postgresql"), ("dovecot", "cyrus"))),
)


@pytest.fixture(params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which database, which IMAP server; in the short run each once."""
    both: tuple[str, str] = request.param
    return both


@pytest.fixture
def imap(request: pytest.FixtureRequest, pair: tuple[str, str]) -> Server:
    """The running IMAP server of the pair."""
    server: Server = request.getfixturevalue(pair[1])
    return server


@pytest.fixture
def make_desk(
    request: pytest.FixtureRequest, pair: tuple[str, str], imap: Server, tmp_path: Path
) -> Callable[[str], Desk]:
    """Makes desks with a fresh database each; `user` names the mailbox on the server."""
    made = 0

    def make(user: str) -> Desk:
        nonlocal made
        made += 1
        database = f"sqlite:///{tmp_path}/{made}.db"
        if pair[0] == "postgresql":
            database = request.getfixturevalue("new_postgres_url")()
        if pair[0] == "mariadb":
            database = request.getfixturevalue("mariadb").new_database()
        config = tmp_path / f"{made}.toml"
        config.write_text(f"""
[database]
url = "{database}"

[[mailboxes]]
name = "notifications"
host = "{imap.host}"
port = {imap.imap_port}
tls = "none"
username = "{user}"
password = "{imap.password}"
poll_interval = "1s"

[[sites]]
name = "shop"
hosts = ["shop.example"]
""")
        config.chmod(0o600)
        return Desk(config, database)

    return make


@pytest.fixture
def mailbox(imap: Server, request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for the test, filled with MAILS."""
    user = f"desk{zlib.crc32(request.node.nodeid.encode())}"
    for sample in MAILS:
        imap.deliver(user, sample.raw)
    return user


def flags(imap: Server, user: str) -> set[tuple[bytes, ...]]:
    """All combinations of flags that mails of the INBOX have."""
    with IMAPClient(imap.host, imap.imap_port, ssl=False, timeout=10) as client:
        client.login(user, imap.password)
        client.select_folder("INBOX", readonly=True)
        found = client.get_flags(client.search())
    return {tuple(flag for flag in given if flag != b"\\Recent") for given in found.values()}


def truth(mails: list[Sample]) -> Counter[tuple[str, str]]:
    return Counter((sample.source, sample.text) for sample in mails)


@pytest.mark.parametrize("pair", [*PAIRS, ("mariadb", "dovecot")], ids="-".join, indirect=True)
def test_every_mail_becomes_its_card_and_a_second_run_changes_no_row(
    make_desk: Callable[[str], Desk], mailbox: str, imap: Server
) -> None:
    desk = make_desk(mailbox)
    first = desk.run("poll")
    assert first.returncode == 0, first.stderr
    assert Counter(desk.cards()) == truth(MAILS)
    before = desk.dump()
    assert desk.run("poll").returncode == 0
    assert desk.dump() == before
    late = samples(len(MAILS) + 1)[-1]
    imap.deliver(mailbox, late.raw)
    assert desk.run("poll").returncode == 0
    assert Counter(desk.cards()) == truth([*MAILS, late])


def test_the_mailbox_is_left_as_it_was(make_desk: Callable[[str], Desk], mailbox: str, imap: Server) -> None:
    assert make_desk(mailbox).run("poll").returncode == 0
    assert flags(imap, mailbox) == {()}


def test_a_poll_acknowledges_what_it_recorded(make_desk: Callable[[str], Desk], mailbox: str, imap: Server) -> None:
    desk = make_desk(mailbox)
    desk.config.write_text(desk.config.read_text().replace("[[sites]]", 'acknowledge = "seen"\n\n[[sites]]'))
    assert desk.run("poll").returncode == 0
    assert flags(imap, mailbox) == {(b"\\Seen",)}


def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    make_desk: Callable[[str], Desk], mailbox: str, tmp_path: Path
) -> None:
    """T-01 with a new database and real readers: SIGKILL, a person works on a card, the poll is repeated."""
    whole = make_desk(mailbox)
    assert whole.run("poll", STEPS=str(tmp_path / "steps")).returncode == 0
    steps = int((tmp_path / "steps").read_text())
    for number in range(KILLS):
        desk = make_desk(mailbox)
        point = 1 + number * (steps - 1) // (KILLS - 1)
        killed = desk.run("poll", KILL_AT=str(point))
        assert killed.returncode == -signal.SIGKILL, f"step {point} of {steps}: {killed.stderr}"
        edited = _somebody_works_on_a_card(desk)
        again = desk.run("poll")
        assert again.returncode == 0, again.stderr
        assert Counter(desk.cards()) == truth(MAILS), f"killed at step {point} of {steps}"
        with desk.connected() as connection:
            assert _worked_on(connection) == edited


def _somebody_works_on_a_card(desk: Desk) -> set[str]:
    with desk.connected() as connection:
        if inspect(connection).has_table("card"):
            connection.execute(text("UPDATE card SET responsible = 'Olga' WHERE id = (SELECT min(id) FROM card)"))
            return _worked_on(connection)
    return set()


def _worked_on(connection: Connection) -> set[str]:
    return set(connection.scalars(text("SELECT id FROM card WHERE responsible = 'Olga'")))


def test_the_daemon_is_killed_again_and_again_and_still_brings_each_card_once(
    make_desk: Callable[[str], Desk], mailbox: str, imap: Server, tmp_path: Path
) -> None:
    """Mails arrive while `run` is killed while it makes the schema and later; the last one is stopped by SIGTERM."""
    whole = make_desk(mailbox)
    assert whole.run("poll", STEPS=str(tmp_path / "steps")).returncode == 0
    steps = int((tmp_path / "steps").read_text())
    desk = make_desk(mailbox)
    arrived = list(MAILS)
    for round_, part in enumerate((0.1, 0.6, 0.9, 0.3), start=1):
        point = int(steps * part)
        late = samples(len(MAILS) + round_)[-1]
        imap.deliver(mailbox, late.raw)
        arrived.append(late)
        assert desk.run("run", KILL_AT=str(point)).returncode == -signal.SIGKILL
    daemon = subprocess.Popen(
        [sys.executable, "-m", "interest_ingest", "--config", str(desk.config), "run"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        _await(lambda: len(desk.cards()) >= len(arrived))
    finally:
        daemon.send_signal(signal.SIGTERM)
        _, logged = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, logged
    assert Counter(desk.cards()) == truth(arrived)


def _await(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        threading.Event().wait(0.05)
