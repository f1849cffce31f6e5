"""T-25: what persons wrote and secrets appear in no log, trace, error, status, or list of processes, whatever fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.servers.dovecot import Dovecot
from tests.torture import report

FIXTURES = Path(__file__).parents[1] / "fixtures"

PEOPLE = {
    "name": "Quintessa Zobrist",
    "address": "quintessa.zobrist",
    "phone": "+41 44 668 18 00",
    "subject": "Walnuss-Kommode Nummer siebenundneunzig",
    "text": "Die Schublade klemmt seit dem Umzug nach Thalwil",
}
WRONG, DATABASE, HOOK = "wrong-canary-7f3a91", "database-canary-55c0e2", "hook-canary-d0a4"
LETTER = f"""From: {PEOPLE["name"]} <{PEOPLE["address"]}@hush.example>
To: desk@shop.example
Subject: {PEOPLE["subject"]}
Date: Sat, 21 Nov 2026 09:15:00 +0000
Message-ID: <{{number}}@hush.example>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8

{PEOPLE["text"]}. Bitte rufen Sie an: {PEOPLE["phone"]}.
"""

# A plugin that fails with the mail in its hands, and says so: the worst that a parser's author can do.
PLUGIN = """
from interest_ingest.parsing import Match, parser

@parser("bad.plugin", version=1, match=Match(header="X-Bad: yes"))
def read(mail):
    print(mail.subject, mail.text)
    raise ValueError(f"cannot read {mail.subject} of {mail.sender}: {mail.text}")
"""

Make = Callable[..., list[str]]


def mails() -> Iterator[bytes]:
    """A letter, mails at which parsers fail, and mails that are broken, each with every canary of a person."""
    yield LETTER.format(number=1).encode()
    yield b"X-Bad: yes\n" + LETTER.format(number=2).encode()
    unknown = (FIXTURES / "facebook" / "en-unknown.eml").read_bytes().replace(b"\r\n", b"\n")
    yield unknown.replace(b"\n\n", f"\n\n{PEOPLE['text']} {PEOPLE['name']}\n".encode(), 1)
    yield LETTER.format(number=3).replace("utf-8", "no-such-charset").encode()
    yield LETTER.format(number=4).replace("text/plain", "multipart/mixed; boundary=x").encode()
    yield (LETTER.format(number=5) + f"{PEOPLE['text']}\0\ud800\n").encode("utf-8", "surrogatepass")
    yield f"Subject: {PEOPLE['subject']}\r{PEOPLE['text']}".encode()


@pytest.fixture
def make(tmp_path: Path, dovecot: Dovecot) -> Make:
    """Writes a configuration; gives the command line up to the command."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    (plugins / "bad.py").write_text(PLUGIN)
    user = f"canary{os.getpid()}{time.monotonic_ns()}"
    for raw in mails():
        dovecot.deliver(user, raw)

    def write(database: str, password: str = dovecot.password, port: int = dovecot.imap_port) -> list[str]:
        config = tmp_path / "ingest.toml"
        config.write_text(f"""
[database]
url = {json.dumps(database)}
[[mailboxes]]
name = "desk"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "{user}"
password = "{password}"
poll_interval = "1s"
[parsers]
folder = "{plugins}"
[log]
level = "debug"
format = "json"
[alerts]
webhook = "http://127.0.0.1:9/hook?key={HOOK}"
""")
        return [sys.executable, "-m", "interest_ingest", "--config", str(config)]

    return write


# One after the other in one process: to start it costs a second each time.
SEVERAL = """
import json, sys
from interest_ingest import cli

if __name__ == "__main__":
    for words in json.loads(sys.argv[2]):
        try:
            cli.main(["--config", sys.argv[1], *words])
        except SystemExit as ended:
            assert ended.code in (0, 1, 2, 3), (words, ended.code)
"""


def told(command: list[str], *commands: list[str]) -> str:
    """All that runs of the program say, on both streams."""
    arguments = [sys.executable, "-c", SEVERAL, command[-1], json.dumps(commands)]
    done = subprocess.run(arguments, capture_output=True, timeout=100)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def hits(said: str) -> list[str]:
    """The canaries in it, also as JSON and percent-encoded text would show them."""
    secrets = {"wrong password": WRONG, "database password": DATABASE, "hook": HOOK}
    return [name for name, value in {**PEOPLE, **secrets}.items() if value in said or json.dumps(value)[1:-1] in said]


def processes(root: int) -> dict[int, str]:
    """The command line and the environment of a process and all below it."""
    seen: dict[int, str] = {}
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        try:
            folder = Path(f"/proc/{pid}")
            shown = (folder / "cmdline").read_bytes() + b" " + (folder / "environ").read_bytes()
            for task in (folder / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except (OSError, ValueError):
            continue
        seen[pid] = shown.decode("utf-8", "replace")
    return seen


@contextmanager
def daemon(command: list[str], log: Path) -> Iterator[int]:
    with log.open("wb") as file, subprocess.Popen([*command, "run"], stdout=file, stderr=file) as running:
        try:
            yield running.pid
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def wait_for(ready: Callable[[], bool]) -> None:
    ended = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < ended
        threading.Event().wait(0.1)


QUIET = [
    ["status"],
    ["status", "--json"],
    ["mails"],
    ["mails", "--json"],
    ["quarantine", "list"],
    ["quarantine", "list", "--json"],
    ["verify", "--json"],
    ["check"],
    ["config", "show"],
    ["parser", "list"],
]
"""What shows how it went, and no card and no mail."""


def test_polls_tell_nothing_of_persons_or_secrets(make: Make, tmp_path: Path) -> None:
    """T-25: a good poll, refused log-ins, no server, no database, and all that shows how it went; logs at debug."""
    url = f"sqlite:///{tmp_path}/i.db"
    said = {
        "refused": told(make(url, password=WRONG), ["poll"], ["check"]),
        "no server": told(make(url, password=WRONG, port=9), ["poll", "--json"]),
        "no database": told(make(f"postgresql://crm:{DATABASE}@127.0.0.1:9/interest"), ["poll"]),
        "good": told(make(url), ["poll"], *QUIET),
    }
    assert "quarantined" in said["good"], said["good"]
    found = {where: canaries for where, what in said.items() if (canaries := hits(what))}
    report("T-25 canaries of poll", runs=4 + len(QUIET), canaries=len(PEOPLE) + 3, hits=len(found))
    assert found == {}


def test_what_a_database_refuses_is_not_repeated(
    make: Make, tmp_path: Path, new_postgres_url: Callable[[], str]
) -> None:
    """T-25: PostgreSQL quotes the whole row in its error."""
    url = new_postgres_url()
    told(make(url), ["check"])
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE card ADD CONSTRAINT never CHECK (length(text) < 0)"))
    said = told(make(url), ["poll"])
    assert "quarantined" in said
    with engine.begin() as connection:
        traces = " ".join(
            connection.scalars(text("SELECT coalesce(trace, '') || reason FROM delivery WHERE reason <> ''"))
        )
        connection.execute(text("ALTER TABLE raw_message ADD CONSTRAINT never CHECK (size < 0) NOT VALID"))
        connection.execute(text("DELETE FROM delivery"))
    engine.dispose()
    assert "CheckViolation" in traces
    assert "ValueError" in traces
    assert hits(traces) == []
    assert hits(said) == []
    assert hits(told(make(url), ["poll"])) == [], "and nothing could be landed"


def test_a_daemon_under_faults_tells_nothing(make: Make, tmp_path: Path) -> None:
    """T-25: its log, its command line, and those and the environments of its children."""
    url = f"sqlite:///{tmp_path}/i.db"
    command = make(url)
    log = tmp_path / "log"
    seen: dict[int, str] = {}
    with daemon(command, log) as pid:
        wait_for(lambda: b"recorded" in log.read_bytes() or not Path(f"/proc/{pid}").exists())
        seen = processes(pid)
    make(url, password=WRONG)
    log_2 = tmp_path / "log 2"
    with daemon(command, log_2):
        wait_for(lambda: b"poll failed" in log_2.read_bytes())
    said = log.read_text() + log_2.read_text()
    report("T-25 canaries of run", processes=len(seen), log_bytes=len(said), hits=len(hits(said)))
    assert len(seen) > 1, "the daemon reads mails in other processes"
    assert hits(said) == []
    assert hits(" ".join(seen.values())) == []


def test_parsers_of_others_are_given_no_environment(
    make: Make, tmp_path: Path, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T-25: the password may come by a variable; a plugin's process has no business with it."""
    command = make(f"sqlite:///{tmp_path}/i.db", password="")
    monkeypatch.setenv("INTEREST_INGEST__MAILBOXES__DESK__PASSWORD", dovecot.password)
    log = tmp_path / "log"
    guests: list[str] = []

    def has_guest() -> bool:
        guests[:] = [shown for shown in processes(pid).values() if "\0-I\0" in shown]
        return bool(guests) and b"recorded" in log.read_bytes()

    with daemon(command, log) as pid:
        wait_for(has_guest)
    assert not any("INTEREST_INGEST" in shown or dovecot.password in shown for shown in guests)
    assert dovecot.password not in log.read_text()
