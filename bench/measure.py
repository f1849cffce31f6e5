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

from bench.mails import SITE, generate


class Mailbox(NamedTuple):
    """Where the generated mails are: an IMAP account on loopback, without TLS."""

    host: str
    port: int
    user: str
    password: str


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


def fill(maildir: Path, numbers: range) -> None:
    """Put the mails of these numbers into `maildir`, as a delivery would leave them (sizes in the file names)."""
    owner = maildir.stat()
    for folder in ("cur", "new", "tmp"):
        (maildir / folder).mkdir(exist_ok=True)
        os.chown(maildir / folder, owner.st_uid, owner.st_gid)
    for number in numbers:
        raw = generate(number)
        file = maildir / "new" / f"{1_772_000_000 + number}.M{number}P1.bench,S={len(raw)},W={len(raw)}"
        file.write_bytes(raw)
        os.chown(file, owner.st_uid, owner.st_gid)


def configuration(folder: Path, mailbox: Mailbox) -> Path:
    """A configuration of the product for `mailbox`, with a fresh database beside it."""
    file = folder / "interest_ingest.toml"
    (folder / "password").write_text(mailbox.password, encoding="utf-8")
    file.write_text(
        f"""
[database]
url = "sqlite:///{folder}/interest.db"

[[mailboxes]]
name = "bench"
host = "{mailbox.host}"
port = {mailbox.port}
tls = "none"
username = "{mailbox.user}"
password_file = "{folder}/password"
poll_interval = "1s"

[[sites]]
name = "shop"
hosts = ["{SITE}"]
""",
        encoding="utf-8",
    )
    return file


def command(config: Path, *arguments: str) -> list[str]:
    """The product's command line, of the environment that this runs in."""
    return [str(Path(sys.executable).with_name("interest-ingest")), "--config", str(config), *arguments]


def product(folder: Path, mailbox: Mailbox, mails: int) -> Measured:
    """One `poll` of the product into a fresh SQLite database; its clock runs from start to end of the process."""
    config = configuration(folder, mailbox)
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


def naive(folder: Path, mailbox: Mailbox, mails: int) -> Measured:
    """The reference into a fresh SQLite database; it runs its own clock, which leaves its start-up out."""
    argv = [sys.executable, "-m", "bench.naive", mailbox.host, str(mailbox.port), mailbox.user, mailbox.password]
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
