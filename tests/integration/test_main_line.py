"""The main job end to end: mails in a real Dovecot become cards in a real database, whatever kills the process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from tests.mails import Sample, samples
from tests.servers.dovecot import Dovecot

MAILS = samples(24)
KILLS = 14
PEOPLES = ("responsible", "processed", "proof_url")


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

    def cards(self) -> list[dict[str, Any]]:
        done = self.run("cards", "--json")
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table."""
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        with engine.connect() as connection:
            rows = {
                table: sorted(repr(row) for row in connection.execute(text(f"SELECT * FROM {table}")))
                for table in inspect(engine).get_table_names()
            }
        engine.dispose()
        return rows


@pytest.fixture(params=["sqlite", "postgresql"])
def make_desk(request: pytest.FixtureRequest, dovecot: Dovecot, tmp_path: Path) -> Callable[[str], Desk]:
    """Makes desks with a fresh database each; `user` names the mailbox on the server."""
    made = 0

    def make(user: str) -> Desk:
        nonlocal made
        made += 1
        database = f"sqlite:///{tmp_path}/{made}.db"
        if request.param == "postgresql":
            database = request.getfixturevalue("new_postgres_url")()
        config = tmp_path / f"{made}.toml"
        config.write_text(f"""
[database]
url = "{database}"

[[mailboxes]]
name = "notifications"
host = "{dovecot.host}"
port = {dovecot.imap_port}
tls = "none"
username = "{user}"
password = "{dovecot.password}"
poll_interval = "1s"

[[sites]]
name = "shop"
hosts = ["shop.example"]
""")
        config.chmod(0o600)
        return Desk(config, database)

    return make


@pytest.fixture
def mailbox(dovecot: Dovecot, request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for the test, filled with MAILS."""
    user = f"desk{abs(hash(request.node.nodeid)) % 10**8}"
    for sample in MAILS:
        dovecot.deliver(user, sample.raw)
    return user


def told(cards: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((card["source"], card["text"]) for card in cards)


def truth(mails: list[Sample]) -> Counter[tuple[str, str]]:
    return Counter((sample.source, sample.text) for sample in mails)


def test_every_mail_becomes_its_card_and_a_second_run_changes_no_row(
    make_desk: Callable[[str], Desk], mailbox: str, dovecot: Dovecot
) -> None:
    desk = make_desk(mailbox)
    first = desk.run("poll", "--json")
    assert (first.returncode, first.stderr.count("Traceback")) == (0, 0), first.stderr
    assert told(desk.cards()) == truth(MAILS)
    before = desk.dump()
    assert desk.run("poll").returncode == 0
    assert desk.dump() == before
    late = samples(len(MAILS) + 1)[-1]
    dovecot.deliver(mailbox, late.raw)
    assert desk.run("poll").returncode == 0
    assert told(desk.cards()) == truth([*MAILS, late])


def test_the_mailbox_is_left_as_it_was(make_desk: Callable[[str], Desk], mailbox: str, dovecot: Dovecot) -> None:
    assert make_desk(mailbox).run("poll").returncode == 0
    flagged = [file.name for file in (dovecot.maildir(mailbox) / "cur").iterdir() if not file.name.endswith(":2,")]
    assert flagged == []


def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    make_desk: Callable[[str], Desk], mailbox: str, tmp_path: Path
) -> None:
    """SIGKILL at steps spread over the whole poll, a person works on a card, the poll is repeated."""
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
        cards = desk.cards()
        assert told(cards) == truth(MAILS), f"killed at step {point} of {steps}"
        assert {card["id"] for card in cards if card["responsible"] == "Olga"} == edited
        before = desk.dump()
        assert desk.run("poll").returncode == 0
        assert desk.dump() == before


def _somebody_works_on_a_card(desk: Desk) -> set[str]:
    engine = create_engine(desk.database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        if not inspect(connection).has_table("card"):
            return set()
        chosen = connection.execute(text("SELECT id FROM card ORDER BY id LIMIT 1")).scalars().all()
        for card_id in chosen:
            connection.execute(text("UPDATE card SET responsible = 'Olga' WHERE id = :id"), {"id": card_id})
    engine.dispose()
    return set(chosen)


def test_the_daemon_is_killed_again_and_again_and_still_brings_each_card_once(
    make_desk: Callable[[str], Desk], mailbox: str, dovecot: Dovecot
) -> None:
    """Mails arrive while `run` is killed at random-looking moments; the last one is stopped by SIGTERM."""
    desk = make_desk(mailbox)
    arrived = list(MAILS)
    for round_, point in enumerate((9, 17, 30, 41), start=1):
        late = samples(len(MAILS) + round_)[-1]
        dovecot.deliver(mailbox, late.raw)
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
    assert told(desk.cards()) == truth(arrived)


def _await(condition: Callable[[], bool]) -> None:
    for _ in range(60):
        if condition():
            return
    raise AssertionError("it did not come about")
