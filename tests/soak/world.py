"""The world of a soak: a real Dovecot behind a proxy, a real database, the real daemon as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from tests.servers import dovecot as dovecot_server
from tests.servers import postgres as postgres_server
from tests.servers.dovecot import Dovecot
from tests.soak.mails import PLUGIN, Given
from tests.soak.proxy import Proxy
from tests.soak.samples import descendants

BOXES: dict[str, dict[str, Any]] = {
    "hot": {"idle": True},
    "plain": {},
    "seen": {"acknowledge": "seen"},
    "marked": {"idle": True, "acknowledge": "keyword"},
}
"""The mailboxes: name (and user), and what is particular in their configuration."""

POLL_SECONDS = 5

ROOT = Path(__file__).parents[2]

LANDED = text(
    "SELECT mailbox.name, count(*) AS number FROM delivery JOIN epoch ON epoch.id = delivery.epoch_id "
    "JOIN mailbox ON mailbox.id = epoch.mailbox_id WHERE epoch.closed_at IS NULL GROUP BY mailbox.name"
)


@dataclass
class World:
    """Everything that runs, and everything that was given to it."""

    folder: Path
    dovecot: Dovecot
    proxy: Proxy
    database: str
    postgres_folder: str | None
    given: defaultdict[str, list[Given]] = field(default_factory=lambda: defaultdict(list))
    counts: Counter[str] = field(default_factory=Counter)
    life: int = 0
    orphans: int = 0
    slowest_stop: float = 0.0
    child: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "soak.toml"

    def engine(self) -> Engine:
        """A look into the database past the product, as a CRM has it."""
        return create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"), pool_pre_ping=True)

    # Mails

    def deliver(self, box: str, mail: Given) -> None:
        """Into the mailbox, and into the truth."""
        self.dovecot.deliver(box, mail.raw)
        self.given[box].append(mail)
        self.counts[mail.kind] += 1

    # The daemon

    def start(self) -> None:
        """A new life of the daemon."""
        with self.lock, (self.folder / "daemon.log").open("ab") as log:
            self.child = subprocess.Popen(self.command("run"), stderr=log, env=self.environment())
            self.life += 1
            self.began = time.monotonic()

    def current(self) -> tuple[int, int, float] | None:
        """Its pid, the number of its life, and when that began."""
        return (self.child.pid, self.life, self.began) if self.child else None

    def kill(self) -> None:
        """SIGKILL; its readers must end with it."""
        with self.lock:
            assert self.child
            below = descendants(self.child.pid)
            self.child.kill()
            self.child.wait()
            self.child = None
            self.orphans += len(_left(below, 15.0))

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        with self.lock:
            assert self.child
            begin = time.monotonic()
            self.child.terminate()
            code = self.child.wait(30)
            self.slowest_stop = max(self.slowest_stop, time.monotonic() - begin)
            self.child = None
            return code

    def pause(self, seconds: float) -> None:
        """SIGSTOP for so long: a suspended machine."""
        with self.lock:
            assert self.child
            self.child.send_signal(signal.SIGSTOP)
            time.sleep(seconds)
            self.child.send_signal(signal.SIGCONT)

    def command(self, *words: str) -> list[str]:
        """The command line of the product."""
        return [sys.executable, "-m", "interest_ingest", "--config", str(self.config), *words]

    def environment(self) -> dict[str, str]:
        """Without a configuration of the caller."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("INTEREST_INGEST")}
        path = (ROOT / "src", ROOT / "parsers")  # this checkout, whatever is installed
        return {**kept, "PYTHONPATH": ":".join(map(str, path))}

    def ask(self, *words: str) -> tuple[int, Any]:
        """Exit code and JSON document of a command."""
        done = subprocess.run(
            self.command(*words, "--json"), capture_output=True, text=True, env=self.environment(), timeout=600
        )
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    # Faults of the servers

    def restart_database(self, seconds: float) -> None:
        """PostgreSQL ends as if it had crashed and comes back after so long."""
        assert self.postgres_folder
        pg_ctl = ("pg_ctl", "-w", "-D", f"{self.postgres_folder}/data")
        postgres_server._run(*pg_ctl, "-m", "immediate", "stop")
        time.sleep(seconds)
        options = f"{postgres_server._FAST} -k {self.postgres_folder}"
        postgres_server._run(*pg_ctl, "-l", f"{self.postgres_folder}/log", "-o", options, "start")

    def forget_uids(self, box: str) -> None:
        """The server loses its index: a new UIDVALIDITY, and every mail has another UID."""
        for file in self.dovecot.maildir(box).glob("dovecot*"):
            with contextlib.suppress(OSError):
                file.unlink()

    def waiting(self) -> int:
        """Mails that are not accounted for yet: not landed, or landed and not read."""
        engine = self.engine()
        try:
            with engine.connect() as connection:
                unread = connection.scalar(text("SELECT count(*) FROM delivery WHERE outcome IS NULL")) or 0
                landed = {row.name: row.number for row in connection.execute(LANDED)}
        finally:
            engine.dispose()
        return int(unread) + sum(max(0, len(given) - int(landed.get(box, 0))) for box, given in self.given.items())


def _left(pids: list[int], seconds: float) -> list[int]:
    """Those still alive after so long."""
    deadline = time.monotonic() + seconds
    while (left := [pid for pid in pids if _alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextlib.contextmanager
def world(folder: Path, database: str) -> Iterator[World]:
    """Start the servers; `database` is `sqlite` or `postgresql`. The daemon is not started."""
    with contextlib.ExitStack() as stack:
        dovecot = stack.enter_context(dovecot_server.running())
        proxy = Proxy((dovecot.host, dovecot.imap_port))
        stack.callback(proxy.close)
        url, postgres_folder = f"sqlite:///{folder}/soak.db", None
        if database == "postgresql":
            server = stack.enter_context(postgres_server.running())
            url = postgres_server.new_database(server)
            postgres_folder = server.partition("host=")[2]
        made = World(folder, dovecot, proxy, url, postgres_folder)
        _configure(made)
        try:
            yield made
        finally:
            if made.child:
                made.child.kill()
                made.child.wait()


def _configure(made: World) -> None:
    plugins = made.folder / "plugins"
    plugins.mkdir()
    (plugins / "soak_plugin.py").write_text(PLUGIN)
    tables = "".join(
        f"[[mailboxes]]\nname = {json.dumps(name)}\n"
        f'host = "127.0.0.1"\nport = {made.proxy.port}\ntls = "none"\nusername = "{name}"\n'
        f'password = "{made.dovecot.password}"\npoll_interval = "{POLL_SECONDS}s"\n'
        + "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items())
        for name, more in BOXES.items()
    )
    made.config.write_text(
        f'[database]\nurl = "{made.database}"\n[log]\nformat = "json"\n[status]\nlisten = "127.0.0.1:0"\n'
        "[limits]\nsender_per_hour = 1000000\nmailbox_per_hour = 1000000\nsource_per_hour = 1000000\n"
        f'[parsers]\nfolder = "{plugins}"\n[[sites]]\nname = "shop"\nhosts = ["shop.example"]\n{tables}'
    )
    made.config.chmod(0o600)
