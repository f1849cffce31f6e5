"""The daemon against real servers: it starves no mailbox, outlives faults, obeys signals, and tells of itself."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any, TypeVar

import apscheduler.schedulers.base
import apscheduler.triggers.interval
import pytest

from interest_ingest import daemon, settings, supervision
from interest_ingest.daemon import Daemon
from interest_ingest.store import Leased, Store
from tests.mails import letter
from tests.servers import postgres as postgres_server
from tests.servers.dovecot import Dovecot

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds until a test gives up on something that takes a moment."""


def await_true(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """The first true answer of `look`."""
    deadline = time.monotonic() + patience
    while not (answer := look()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return answer


def mailbox(server: Dovecot, name: str, **more: Any) -> dict[str, Any]:
    """The table of a mailbox of the server, polled every second."""
    return {
        "name": name,
        "host": server.host,
        "port": server.imap_port,
        "tls": "none",
        "username": name,
        "password": server.password,
        "poll_interval": "1s",
        **more,
    }


@pytest.fixture
def silent_ports() -> Iterator[Callable[[int], list[int]]]:
    """Makes ports that take connections and never say a word."""
    with contextlib.ExitStack() as stack:

        def listen(number: int) -> list[int]:
            sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=16)) for _ in range(number)]
            return [one.getsockname()[1] for one in sockets]

        yield listen


@contextlib.contextmanager
def started(folder: Path, *mailboxes: dict[str, Any]) -> Iterator[tuple[Daemon, Store]]:
    """The daemon at work in this process, and its database."""
    url = f"sqlite:///{folder}/i.db"
    worker = Daemon(settings.from_tables({"database": {"url": url}, "mailboxes": list(mailboxes)}))
    store = Store.open(url)
    worker.start(store)
    try:
        yield worker, store
    finally:
        worker.stop()


def test_with_fifty_silent_mailboxes_the_good_one_misses_no_poll(
    dovecot: Dovecot, tmp_path: Path, silent_ports: Callable[[int], list[int]]
) -> None:
    """Each mail is delivered after the card of the one before: a starved mailbox would show no second card."""
    silent = [mailbox(dovecot, f"silent{port}", port=port) for port in silent_ports(50)]
    with started(tmp_path, *silent, mailbox(dovecot, "patient")) as (_, store):
        for number in range(1, 5):
            dovecot.deliver("patient", letter(number).raw)
            await_true(lambda: store.counts().cards == number)  # noqa: B023
        polls = store.last_polls()
    assert [name for (name, _), at in polls.items() if at] == ["patient"]


class Process:
    """`interest-ingest run` as its own process, with a configuration that can be rewritten."""

    def __init__(self, folder: Path, database: str, *mailboxes: dict[str, Any]) -> None:
        self.config = folder / "ingest.toml"
        self.log = folder / "log"
        self.database = database
        self.configure(*mailboxes)
        environment = {key: value for key, value in os.environ.items() if not key.startswith("INTEREST_INGEST")}
        with self.log.open("w") as log:
            self.child = subprocess.Popen(
                [sys.executable, "-m", "interest_ingest", "--config", str(self.config), "run"],
                stderr=log,
                env=environment,
            )

    def configure(self, *mailboxes: dict[str, Any]) -> None:
        tables = "".join(
            "[[mailboxes]]\n" + "".join(f"{key} = {settings.toml(value)}\n" for key, value in table.items())
            for table in mailboxes
        )
        self.config.write_text(f'[database]\nurl = "{self.database}"\n[log]\nformat = "json"\n{tables}')

    def told(self, words: str) -> bool:
        assert self.child.poll() is None or words in self.log.read_text(), f"it ended: {self.log.read_text()}"
        return words in self.log.read_text()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts daemons and ends them with the test, however that goes."""
    with contextlib.ExitStack() as stack:

        def run(*mailboxes: dict[str, Any], database: str = f"sqlite:///{tmp_path}/i.db") -> Process:
            process = Process(tmp_path, database, *mailboxes)
            stack.enter_context(process.child)
            stack.callback(process.child.kill)
            return process

        yield run


def test_a_stop_takes_effect_within_ten_seconds_while_servers_are_silent(
    dovecot: Dovecot, silent_ports: Callable[[int], list[int]], running: Callable[..., Process]
) -> None:
    """Ten seconds are the contract; that all that landed is recorded is the other half of it."""
    dovecot.deliver("stopped", letter(1).raw)
    process = running(
        mailbox(dovecot, "stopped"), *(mailbox(dovecot, f"silent{port}", port=port) for port in silent_ports(3))
    )
    await_true(lambda: process.told('"cards": 1'))
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(10) == 0
    assert process.told('"stopped"')
    with Store.open(process.database) as store:
        assert store.counts().mails == {"cards": 1}


@pytest.fixture
def held_database(tmp_path: Path) -> Iterator[str]:
    """An SQLite database in which another program keeps a transaction open."""
    Store.open(f"sqlite:///{tmp_path}/held.db").close()
    with contextlib.closing(sqlite3.connect(tmp_path / "held.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield f"sqlite:///{tmp_path}/held.db"


def test_a_held_database_does_not_hold_up_the_stop(
    dovecot: Dovecot, held_database: str, running: Callable[..., Process]
) -> None:
    process = running(mailbox(dovecot, "held"), database=held_database)
    await_true(lambda: process.told('"started"'))
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(10) == 0


def test_a_second_stop_ends_it_at_once(dovecot: Dovecot, held_database: str, running: Callable[..., Process]) -> None:
    """The first one waits for whoever holds the database."""
    process = running(mailbox(dovecot, "held"), database=held_database)
    await_true(lambda: process.told('"started"'))
    process.child.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.child.wait(0.5)
    process.child.send_signal(signal.SIGTERM)
    assert process.child.wait(3) == 128 + signal.SIGTERM


def test_a_broken_parser_is_told_once_and_after_a_reload_no_more(
    dovecot: Dovecot, running: Callable[..., Process], tmp_path: Path
) -> None:
    (tmp_path / "parsers").mkdir()
    broken = tmp_path / "parsers" / "broken.py"
    broken.write_text("no python\n")
    process = running(mailbox(dovecot, "plugged"))
    await_true(lambda: process.told('"started"'))
    process.config.write_text(process.config.read_text() + f'[parsers]\nfolder = "{broken.parent}"\n')
    process.child.send_signal(signal.SIGHUP)
    await_true(lambda: process.told('"parser not used"'))
    assert process.told(str(broken))
    broken.unlink()
    process.child.send_signal(signal.SIGHUP)
    dovecot.deliver("plugged", letter(1).raw)
    await_true(lambda: process.told('"cards": 1'))
    assert process.log.read_text().count('"parser not used"') == 1


PARSER = """
name = "bakery.order"
version = {version}
channel = "form"
action = "order"
match = {{ from_domain = "bakery.example" }}
fields = {{ text = {{ in = "subject" }} }}
"""


def test_a_parser_that_is_dropped_in_or_changed_reads_after_a_reload(
    dovecot: Dovecot, running: Callable[..., Process], tmp_path: Path
) -> None:
    """The configuration stays as it is; the folder is read again, tables without code and folders of their own too."""
    (folder := tmp_path / "parsers" / "bakery").mkdir(parents=True)
    process = running(mailbox(dovecot, "baker"))
    process.config.write_text(process.config.read_text() + f'[parsers]\nfolder = "{folder.parent}"\n')
    await_true(lambda: process.told('"started"'))
    for version in (1, 2):
        (folder / "parser.toml").write_text(PARSER.format(version=version))
        process.child.send_signal(signal.SIGHUP)
        await_true(lambda: process.log.read_text().count("configuration reloaded") == version)  # noqa: B023
        mail = f"From: Bakery <a@bakery.example>\nSubject: Loaf {version}\nDate: Sat, 21 Nov 2026 09:15:00 +0000\n\n.\n"
        dovecot.deliver("baker", mail.encode())
        await_true(lambda: process.log.read_text().count('"cards": 1') == version)  # noqa: B023
    with Store.open(process.database) as store:
        read_by = {card["text"]: (card["parser"], card["parser_version"]) for card in store.cards()}
    assert read_by == {"Loaf 1": ("bakery.order", 1), "Loaf 2": ("bakery.order", 2)}


def test_a_reload_takes_the_new_configuration_and_keeps_the_old_if_that_is_bad(
    dovecot: Dovecot, running: Callable[..., Process]
) -> None:
    process = running(mailbox(dovecot, "first"))
    await_true(lambda: process.told('"started"'))
    process.config.write_text("[databse]\n")
    process.child.send_signal(signal.SIGHUP)
    await_true(lambda: process.told("configuration not reloaded, the running one stays"))
    assert process.told("there is no option")
    dovecot.deliver("first", letter(1).raw)
    await_true(lambda: process.told('"cards": 1'))
    process.configure(mailbox(dovecot, "first"), mailbox(dovecot, "second"))
    dovecot.deliver("second", letter(2).raw)
    process.child.send_signal(signal.SIGHUP)
    await_true(lambda: process.told("configuration reloaded"))
    await_true(lambda: process.log.read_text().count('"cards": 1') == 2)


def test_it_outlives_its_database(tmp_path: Path, dovecot: Dovecot, running: Callable[..., Process]) -> None:
    """Away at the start, then there, then killed and back: every mail becomes a card."""
    if reason := postgres_server.missing():
        pytest.skip(f"PostgreSQL: {reason}")
    with postgres_server.running() as server:
        folder = server.partition("host=")[2]
        url = postgres_server.new_database(server)
        pg_ctl = ("pg_ctl", "-w", "-D", f"{folder}/data")
        postgres_server._run(*pg_ctl, "-m", "immediate", "stop")
        dovecot.deliver("outage", letter(1).raw)
        process = running(mailbox(dovecot, "outage"), database=url)
        await_true(lambda: process.told("No such file or directory"))
        for number in (2, 3):
            postgres_server._run(*pg_ctl, "-l", f"{folder}/log", "-o", f"{postgres_server._FAST} -k {folder}", "start")
            await_true(lambda: _cards(url) == number - 1)  # noqa: B023
            postgres_server._run(*pg_ctl, "-m", "immediate", "stop")
            dovecot.deliver("outage", letter(number).raw)
        postgres_server._run(*pg_ctl, "-l", f"{folder}/log", "-o", f"{postgres_server._FAST} -k {folder}", "start")
        await_true(lambda: _cards(url) == 3)
        process.child.send_signal(signal.SIGTERM)
        assert process.child.wait(10) == 0


def _cards(url: str) -> int:
    with Store.open(url) as store:
        return store.counts().cards


def test_no_log_line_of_a_run_holds_a_password_a_subject_or_an_address(
    dovecot: Dovecot, running: Callable[..., Process]
) -> None:
    sample = letter(7)
    dovecot.deliver("quiet@shop.example", sample.raw)
    process = running(
        mailbox(dovecot, "quiet", username="quiet@shop.example"),
        mailbox(dovecot, "refused", username="me@shop.example", password="wrong-horse"),
    )
    await_true(lambda: process.told('"cards": 1'))
    await_true(lambda: process.told("refuses the log-in"))
    process.child.send_signal(signal.SIGTERM)
    process.child.wait(10)
    written = process.log.read_text()
    for word in (dovecot.password, "wrong-horse", "@", "Sandvoss", "Anfrage", "Packungen"):
        assert word not in written


# T-23


class SetClock(datetime):
    """The clock that APScheduler looks at, set by `offset`."""

    offset = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> SetClock:
        return cls.fromtimestamp(time.time() + cls.offset.total_seconds(), tz)


def test_a_clock_that_is_set_stops_no_poll_and_frees_no_lease(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-23. Seven jumps; after each, a mail has its card within two intervals and the moment of notice."""
    monkeypatch.setattr(daemon, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(
        daemon, "_clock_offset", lambda: time.time() + SetClock.offset.total_seconds() - time.monotonic()
    )
    for module in (apscheduler.schedulers.base, apscheduler.triggers.interval, supervision):
        monkeypatch.setattr(module, "datetime", SetClock)
    jumps = [timedelta(hours=1), timedelta(hours=-1), timedelta(days=1), timedelta(days=-1), timedelta(days=-20_000)]
    jumps += [timedelta(days=20_000), timedelta(seconds=-1.5)]  # from 1970 to today; and a step too small to be noticed
    with (
        started(tmp_path, mailbox(dovecot, "clock", poll_interval="0.5s")) as (worker, store),
        Store.open(f"sqlite:///{tmp_path}/i.db") as other,
        other.lease(held := other.mailbox("held", "INBOX")),
    ):
        serving = threading.Thread(target=worker._serve)
        serving.start()
        await_true(lambda: any(store.last_polls().values()))
        for number, jump in enumerate(jumps, 1):
            SetClock.offset += jump
            dovecot.deliver("clock", letter(number).raw)
            await_true(lambda: store.counts().cards == number, 5)  # noqa: B023
            with pytest.raises(Leased), store.lease(held):
                pass
        worker._signals.put(signal.SIGTERM)
        serving.join(10)
