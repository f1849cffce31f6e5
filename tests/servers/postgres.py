"""A real PostgreSQL on a private socket, with its data in a temporary folder."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

USER = "postgres"
_FAST = "-c fsync=off -c listen_addresses='' -c max_connections=60 -c shared_buffers=32MB"
_names = (f"test_{number}" for number in count(1))


def missing() -> str:
    """Why no server can be started here, "" if one can."""
    if _program("initdb") is None:
        return "initdb is not installed"
    if importlib.util.find_spec("psycopg") is None:
        return "the driver psycopg is not installed"
    if os.geteuid() == 0 and USER not in {user.pw_name for user in pwd.getpwall()}:
        return f"it does not run as root, and there is no user {USER!r}"
    return ""


def _program(name: str) -> str | None:
    """Debian keeps the server's programs out of the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]))
    return str(versions[-1]) if versions else shutil.which(name)


def _run(*arguments: str) -> None:
    user = USER if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    command = [str(_program(arguments[0])), *arguments[1:]]
    done = subprocess.run(command, user=user, group=user, cwd="/", capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{arguments[0]} failed: {done.stderr}{done.stdout}")


@contextmanager
def running() -> Iterator[str]:
    """Start a server; gives the URL of its maintenance database."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path has at most 107 bytes
    url = f"postgresql://postgres@/postgres?host={folder}"
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        _run("initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D", f"{folder}/data")
        start(url)
        try:
            yield url
        finally:
            stop(url)
    finally:
        shutil.rmtree(folder)


def start(url: str) -> None:
    """Start the server of a database's `url` (again) and wait until it answers."""
    folder = _folder(url)
    _run("pg_ctl", "-w", "-D", f"{folder}/data", "-l", f"{folder}/log", "-o", f"{_FAST} -k {folder}", "start")


def stop(url: str) -> None:
    """Stop it at once, as in a crash: nothing is ended in good order."""
    _run("pg_ctl", "-w", "-m", "immediate", "-D", f"{_folder(url)}/data", "stop")


def _folder(url: str) -> str:
    return url.partition("?host=")[2]


def new_database(server: str, template: str = "template0") -> str:
    """Create a database on `server`, empty or a copy of `template`; gives its URL."""
    import psycopg

    name = next(_names)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
    return server.replace("/postgres?", f"/{name}?")
