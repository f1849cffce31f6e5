"""A real MariaDB on a private socket, with its data in a temporary folder."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

USER = "mysql"
_PROGRAMS = ("mariadbd", "mariadb-install-db")
# A commit is in the kernel, not on the disk: it outlives a killed server, and tests do not cut the power.
_FAST = (
    "--innodb-flush-log-at-trx-commit=2",
    "--debug-no-sync",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--performance-schema=off",
    "--max-allowed-packet=64M",
    "--skip-networking",
)
# The server outlives a killed test process unless somebody tells it: this shell does, when its end of the pipe closes.
_KEEPER = '"$@" & pid=$!; read -r _; kill -KILL $pid 2>/dev/null; wait $pid'
_START_SECONDS = 30
_names = (f"test_{number}" for number in count(1))


@dataclass
class MariaDB:
    """A server that can be killed and started again; `url` is that of its maintenance database."""

    folder: Path
    options: tuple[str, ...] = _FAST
    _keeper: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        """Its socket."""
        return self.folder / "socket"

    @property
    def url(self) -> str:
        return f"mariadb+pymysql://root@/mysql?unix_socket={self.path}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        files = (f"--datadir={self.folder}/data", f"--socket={self.path}", f"--pid-file={self.folder}/pid")
        command = ("mariadbd", "--no-defaults", *files, f"--log-error={self.folder}/log", *_user(), *self.options)
        self._keeper = subprocess.Popen(
            ["sh", "-c", _KEEPER, "sh", *command],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PATH": _path()},
        )
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as line:
                line.connect(str(self.path))
                if line.recv(1):
                    return
            time.sleep(0.02)
        raise RuntimeError(f"MariaDB did not start: {(self.folder / 'log').read_text()}")

    def kill(self) -> None:
        """SIGKILL, as the kernel does when memory runs out. Does nothing to a server that is dead already."""
        if self._keeper:
            self._keeper.communicate(timeout=_START_SECONDS)  # closes the pipe
            self._keeper = None

    @contextmanager
    def connected(self) -> Iterator[Any]:
        """A cursor of the administrator."""
        import pymysql

        with pymysql.connect(unix_socket=str(self.path), user="root", autocommit=True) as connection:
            yield connection.cursor()

    def execute(self, *statements: str) -> None:
        with self.connected() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def new_database(self) -> str:
        """Create an empty database; gives its URL."""
        name = next(_names)
        self.execute(f"CREATE DATABASE {name}")
        return self.url.replace("/mysql?", f"/{name}?")

    def as_user(self, url: str) -> str:
        """The URL of the same database for a user that has the rights on it and no others."""
        name = url.partition("?")[0].rpartition("/")[2]
        self.execute(
            "CREATE OR REPLACE USER ingest@localhost IDENTIFIED BY 'sesame'",
            f"GRANT ALL PRIVILEGES ON {name}.* TO ingest@localhost",
        )
        return url.replace("root@", "ingest:sesame@")


def missing() -> str:
    """Why no server can be started here, "" if one can."""
    lacking = [program for program in _PROGRAMS if not shutil.which(program, path=_path())]
    if lacking:
        return f"{' and '.join(lacking)} not installed"
    if importlib.util.find_spec("pymysql") is None:
        return "the driver pymysql is not installed"
    if os.geteuid() == 0 and USER not in {user.pw_name for user in pwd.getpwall()}:
        return f"it does not run as root, and there is no user {USER!r}"
    return ""


def _path() -> str:
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"  # an ordinary user's PATH may lack them


def _place() -> Path:
    """In memory where there is room, as every table is a file; never deep: a socket's path has at most 107 bytes."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30
    return memory if roomy else Path("/tmp")


def _user() -> tuple[str, ...]:
    return (f"--user={USER}",) if os.geteuid() == 0 else ()


@contextmanager
def running() -> Iterator[MariaDB]:
    """Start a server; it is gone with its data at the end."""
    folder = Path(tempfile.mkdtemp(prefix="my-", dir=_place()))
    server = MariaDB(folder)
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER)
        _install(folder)
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


def _install(folder: Path) -> None:
    command = ("mariadb-install-db", "--no-defaults", f"--datadir={folder}/data", "--skip-test-db", *_user())
    done = subprocess.run(
        [*command, "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"],
        env={**os.environ, "PATH": _path()},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"mariadb-install-db failed: {done.stderr}{done.stdout}")
