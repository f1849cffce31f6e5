"""Running one reader as a process of its own, and what that cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench.mails import SITE, generate, sent_at
from tests.servers.dovecot import Dovecot

USER = "bench"


class Measured(NamedTuple):
    """One run: its mails, wall and CPU seconds, and the resident memory (MB) of its largest process at its peak."""

    mails: int
    seconds: float
    cpu: float
    rss_mb: float

    @property
    def rate(self) -> float:
        """Mails a second."""
        return self.mails / self.seconds

    @property
    def cpu_per_1000(self) -> float:
        """CPU seconds for 1,000 mails."""
        return self.cpu / self.mails * 1000


def fill(server: Dovecot, numbers: range) -> None:
    """Deliver the mails of these numbers as Dovecot itself does: their sizes stand in the file names."""
    maildir = server.maildir(USER)
    for folder in (maildir, maildir / "cur", maildir / "new", maildir / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
        _hand_over(folder, server)
    for number in numbers:
        raw, received = generate(number), int(sent_at(number).timestamp())
        draft = maildir / "tmp" / f"{received}.M{number}P1.bench,S={len(raw)},W={len(raw)}"
        draft.write_bytes(raw)
        _hand_over(draft, server)
        os.utime(draft, (received, received))
        draft.rename(maildir / "new" / draft.name)


def _hand_over(path: Path, server: Dovecot) -> None:
    if os.geteuid() == 0:
        os.chown(path, server.uid, server.gid)


def configuration(folder: Path, server: Dovecot) -> Path:
    """A configuration of the product for the mails of `server`, with a fresh database beside it."""
    file = folder / "interest_ingest.toml"
    (folder / "password").write_text(server.password, encoding="utf-8")
    file.write_text(
        f"""
[database]
url = "sqlite:///{folder}/interest.db"

[[mailboxes]]
name = "bench"
host = "{server.host}"
port = {server.imap_port}
tls = "none"
username = "{USER}"
password_file = "{folder}/password"
poll_interval = "5s"

[[sites]]
name = "shop"
hosts = ["{SITE}"]

[limits]
mailbox_per_hour = 0
""",
        encoding="utf-8",
    )
    return file


def command(config: Path, *arguments: str) -> list[str]:
    """The product's command line, of the environment that this runs in."""
    return [str(Path(sys.executable).with_name("interest-ingest")), "--config", str(config), *arguments]


def product(folder: Path, server: Dovecot, mails: int) -> Measured:
    """One `poll` of the product into a fresh SQLite database; its clock runs from start to end of the process."""
    config = configuration(folder, server)
    started = time.perf_counter()
    with (folder / "product.log").open("wb") as log:
        process = subprocess.Popen(command(config, "poll", "--json"), stdout=subprocess.DEVNULL, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"poll ended with {process.returncode}:\n{(folder / 'product.log').read_text()[-2000:]}")
    _complete(config, mails)
    return Measured(mails, seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def naive(folder: Path, server: Dovecot, mails: int) -> Measured:
    """The reference into a fresh SQLite database; it runs its own clock, which leaves its start-up out."""
    argv = [sys.executable, "-m", "bench.naive", server.host, str(server.imap_port), USER, server.password]
    process = subprocess.Popen([*argv, str(folder / "naive.db"), str(mails)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the naive reference ended with {process.returncode}")
    told = json.loads(printed)
    if told["mails"] != mails:
        raise SystemExit(f"the naive reference read {told['mails']} mails of {mails}")
    return Measured(mails, told["seconds"], told["cpu"], usage.ru_maxrss / 1024)


def _complete(config: Path, mails: int) -> None:
    """Each generated mail holds one interest: a run that did not make a card of each has not done the work."""
    ledger = subprocess.run(command(config, "mails", "--json"), check=True, capture_output=True).stdout.splitlines()
    outcomes = Counter(json.loads(line)["outcome"] for line in ledger)
    if outcomes != {"cards": mails}:
        raise SystemExit(f"the product read {mails} mails to {dict(outcomes)}, not to one card each")
