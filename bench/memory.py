"""The daemon's memory after few and after many mails."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import command, configuration, fill
from tests.servers.dovecot import Dovecot

DEADLINE = 900.0  # seconds for the mails of one step; a daemon that stands still must not hold up the bench for ever


def daemon_memory(folder: Path, server: Dovecot, steps: list[int]) -> list[float]:
    """Resident MB of the daemon, its children included, each time that so many mails are recorded."""
    config = configuration(folder, server)
    found: list[float] = []
    with _daemon(config, folder / "daemon.log") as pid:
        delivered = 0
        for step in steps:
            fill(server, range(delivered, step))
            delivered = step
            _await(config, step, pid)
            found.append(resident_mb(pid))
    return found


@contextmanager
def _daemon(config: Path, log: Path) -> Iterator[int]:
    with log.open("wb") as stderr:
        process = subprocess.Popen(command(config, "run"), stdout=subprocess.DEVNULL, stderr=stderr)
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _await(config: Path, mails: int, pid: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while _recorded(config) < mails:
        if time.monotonic() > deadline or not Path(f"/proc/{pid}").exists():
            raise SystemExit(f"the daemon recorded {_recorded(config)} mails of {mails}")
        time.sleep(2)


def _recorded(config: Path) -> int:
    listed = subprocess.run(command(config, "mails", "--json", "--outcome", "cards"), check=True, capture_output=True)
    return listed.stdout.count(b"\n")


def resident_mb(pid: int) -> float:
    """Resident MB of the process and all its descendants, pages that they share counted for each: never too low."""
    tree = [pid]
    for each in tree:
        for task in Path(f"/proc/{each}/task").iterdir():
            tree += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return sum(_resident_kb(each) for each in tree) / 1024


def _resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
