"""A demonstration without any outside: a mail server in a child process, sample mails, the real daemon, SQLite.

The server is pymap with its mailbox in memory, on a loopback port. It lives as long as its standard input is open, so
that it ends with its parent, also when that is killed.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from interest_ingest.errors import IngestError, UsageError

if TYPE_CHECKING:
    from interest_ingest.settings import Settings
    from interest_ingest.store import Store

USER = "demo"
SERVER_SECONDS = 30.0
ONCE_SECONDS = 120.0
"""`once` gives up after so long; it takes some seconds."""

NOT_READ = "new"
"""What the ledger's counts call a mail without outcome."""

LIVE_SECONDS = 2.0
"""Between two sample mails when somebody looks on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample mail: the name of its file, its bytes as they go over the wire, when the mailbox got it."""

    name: str
    raw: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Server:
    """The running mail server."""

    port: int
    password: str

    def deliver(self, mails: Iterable[Sample]) -> None:
        """Append mails to its INBOX (RFC 9051 §6.3.12)."""
        from imapclient import IMAPClient

        with IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=SERVER_SECONDS) as client:
            client.login(USER, self.password)
            for mail in mails:
                client.append("INBOX", mail.raw, msg_time=mail.received_at)


@dataclass(frozen=True, slots=True)
class World:
    """What a looker-on may want to try: the server, the configuration, the database."""

    server: Server
    settings: Settings
    store: Store


def run(
    show: Callable[[dict[str, Any]], None],
    begun: Callable[[World], None] | None = None,
    *,
    once: bool,
    stop: threading.Event,
) -> Counter[str]:
    """Poll the sample mails into cards and give each card to `show` as it arrives; returns the mails' outcomes.

    `begun` is told the world when all is set up. Without `once` the mails come one by one and it goes on until `stop`
    is set. Raises `UsageError` without pymap, `IngestError` if not all mails are read in ONCE_SECONDS.
    """
    from interest_ingest.daemon import Daemon
    from interest_ingest.store import Store

    mails = samples()
    with TemporaryDirectory(prefix="interest-ingest-demo-") as folder, serving(folder) as server:
        settings = configuration(server, Path(folder))
        store = Store.open(settings.database_url())
        recorded = threading.Event()
        daemon = Daemon(settings, progress=lambda _count: recorded.set())
        daemon.start(store)
        try:
            if begun:
                begun(World(server, settings, store))
            feeding = _feed(server, mails, 0.0 if once else LIVE_SECONDS)
            _follow(store, recorded, show, len(mails) if once else None, feeding, stop)
        finally:
            outcomes = _outcomes(store)
            daemon.stop()
    return outcomes


def samples() -> list[Sample]:
    """The sample mails of the package, in the order of their names."""
    files = sorted(resources.files("interest_ingest.samples").iterdir(), key=lambda file: file.name)
    return [_sample(file.name, file.read_bytes()) for file in files if file.name.endswith(".eml")]


def configuration(server: Server, folder: Path) -> Settings:
    """The configuration of the demo: nothing of the machine's own environment gets into it."""
    from interest_ingest.settings import from_tables

    mailbox = {
        "name": "demo",
        "host": "127.0.0.1",
        "port": server.port,
        "tls": "none",
        "username": USER,
        "password": server.password,
        "poll_interval": "1s",
        "authserv_id": "mx.shop.example",
    }
    return from_tables(
        {
            "database": {"url": f"sqlite:///{folder / 'interest.db'}"},
            "mailboxes": [mailbox],
            "sites": [{"name": "shop", "hosts": ["shop.example", "blog.shop.example"]}],
            "own": {"addresses": ["interest@shop.example"]},
            "company": {"country": "DE", "timezone": "Europe/Berlin"},
        }
    )


@contextmanager
def serving(folder: str) -> Iterator[Server]:
    """The mail server in a child process of its own session: Ctrl-C is for the parent, which then ends the child.

    The child removes `folder` when it ends, because a parent that was killed cannot.
    """
    if importlib.util.find_spec("pymap") is None:
        raise UsageError("the demo needs a mail server: pip install 'interest-ingest[demo]'")
    password = secrets.token_urlsafe(16)
    environment = {key: value for key, value in os.environ.items() if key not in ("CERT_FILE", "KEY_FILE")}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "interest_ingest.demo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
        env=environment | {"FQDN": "localhost"},  # pymap would ask the name server what this machine is called
    ) as child:
        assert child.stdin
        assert child.stdout
        try:
            child.stdin.write(f"{password}\n{folder}\n")
            child.stdin.flush()
            port = child.stdout.readline()
            if not port:
                raise IngestError("the demo's mail server did not start; see the lines above")
            yield Server(int(port), password)
        finally:
            child.stdin.close()  # its sign to end
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()


def _sample(name: str, raw: bytes) -> Sample:
    date = BytesHeaderParser().parsebytes(raw)["Date"]
    wire = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return Sample(name, wire, parsedate_to_datetime(date).astimezone(UTC))


def _feed(server: Server, mails: list[Sample], pause: float) -> list[Exception]:
    """Deliver the mails from another thread; the list that is returned gets the error if that fails."""
    errors: list[Exception] = []

    def deliver() -> None:
        try:
            for mails_now in [[mail] for mail in mails] if pause else [mails]:
                server.deliver(mails_now)
                time.sleep(pause)
        except Exception as error:  # a thread has nobody above it: the onlooker tells it
            errors.append(error)

    threading.Thread(target=deliver, name="feeder", daemon=True).start()
    return errors


def _follow(
    store: Store,
    recorded: threading.Event,
    show: Callable[[dict[str, Any]], None],
    expected: int | None,
    errors: list[Exception],
    stop: threading.Event,
) -> None:
    """Show each new card; ends when `expected` mails have their outcome, or when `stop` is set."""
    shown: set[str] = set()
    deadline = time.monotonic() + ONCE_SECONDS
    while not stop.is_set():
        recorded.wait(0.5)
        recorded.clear()
        read = _outcomes(store).total()
        for card in store.cards():
            if card["id"] not in shown:
                shown.add(card["id"])
                show(card)
        if read == expected:
            return
        if errors or (expected and time.monotonic() > deadline):
            raise IngestError(f"the demo read {read} of its mails and got no further: {errors}")


def _outcomes(store: Store) -> Counter[str]:
    """How many mails came to which outcome, without those that have none yet."""
    outcomes = Counter(store.counts().mails)
    del outcomes[NOT_READ]
    return outcomes


async def _serve(password: str, folder: str) -> None:
    """Be the mail server until standard input ends, then remove `folder`."""
    from proxyprotocol.reader import ProxyProtocolReader
    from pymap.backend.dict import DictBackend
    from pymap.imap import IMAPServer

    arguments = Namespace(
        host="127.0.0.1", port=0, debug=False, cert=None, key=None, tls=False, proxy_protocol=None, passlib_cfg=None,
        demo_data=False, demo_user=USER, demo_password=password,
    )  # fmt: skip
    backend, config = await DictBackend.init(arguments)
    config.apply_context()
    # pymap's own service would not tell which free port it got.
    connected = ProxyProtocolReader(config.proxy_protocol).get_callback(IMAPServer(backend.login, config))
    async with await asyncio.start_server(connected, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)  # open connections and pymap's pool would be waited for


if __name__ == "__main__":
    asyncio.run(_serve(sys.stdin.readline().strip(), sys.stdin.readline().strip()))
