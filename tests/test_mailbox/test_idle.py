"""IDLE is a hint that never waits: whatever a server does, the hub goes on, and says that there may be new mail."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from interest_ingest.mailbox import idle
from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.budget import Budget
from interest_ingest.mailbox.idle import Idle
from interest_ingest.mailbox.wire import tls_context
from tests.mails import letter
from tests.servers import lying_imap as liar
from tests.servers.dovecot import Dovecot
from tests.servers.lying_imap import Lie, Line, can_idle, lying
from tests.servers.proxy import between

LIMITS = Limits(read_seconds=1.0, command_seconds=5.0)


def await_true(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not look():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


class Hub:
    """The hub with a count of what it told, of mailboxes whose polls go well."""

    def __init__(self, *accounts: Account, places: int = 100) -> None:
        self.told: Counter[str] = Counter()
        self.budget = Budget(places)
        self.idle = Idle(self._tell, self.budget)
        self.idle.watch(accounts)
        for account in accounts:
            self.idle.polled(account.name, well=True)

    def _tell(self, name: str) -> None:
        self.told[name] += 1

    def connected(self, name: str) -> bool:
        watch = self.idle._watches.get(name)
        return watch is not None and watch.line is not None and watch.line.phase == "idling"


@contextlib.contextmanager
def listening(*accounts: Account, places: int = 100) -> Iterator[Hub]:
    hub = Hub(*accounts, places=places)
    hub.idle.start()
    try:
        yield hub
    finally:
        hub.idle.stop()
        hub.idle.thread.join(10)
        assert not hub.idle.thread.is_alive()


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "BACK_OFF", (0.05, 0.1))


def account(port: int, name: str = "anna") -> Account:
    return Account(name, "127.0.0.1", "anna", "secret-word", port, "none", limits=LIMITS)


@contextlib.contextmanager
def idling(**lies: Lie) -> Iterator[tuple[liar.Server, Hub]]:
    """A server that has IDLE and these lies, and the hub that listens to it."""
    commands = {command.upper().encode(): lie for command, lie in lies.items()}
    with lying({b"CAPABILITY": can_idle, **commands}) as server, listening(account(server.port)) as hub:
        yield server, hub


def idles(server: liar.Server) -> int:
    return sum(b" IDLE" in command for command in server.said)


@pytest.mark.parametrize("tls", [False, True], ids=["clear", "TLS"])
def test_new_mail_is_told_at_once(dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, tls: bool) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    tls_context.cache_clear()
    dovecot.deliver("told", letter(1).raw)
    box = Account("told", dovecot.host, "told", dovecot.password, dovecot.imap_port, "none", limits=LIMITS)
    with listening(replace(box, port=dovecot.imaps_port, tls="implicit") if tls else box) as hub:
        await_true(lambda: hub.connected("told"))
        before = hub.told["told"]
        dovecot.deliver("told", letter(2).raw)
        await_true(lambda: hub.told["told"] > before)
    tls_context.cache_clear()


def test_one_thread_holds_all_connections(dovecot: Dovecot) -> None:
    names = [f"many{number}" for number in range(20)]
    for name in names:
        dovecot.deliver(name, letter(1).raw)
    boxes = [
        Account(name, dovecot.host, name, dovecot.password, dovecot.imap_port, "none", limits=LIMITS) for name in names
    ]
    with listening(*boxes) as hub:
        await_true(lambda: all(hub.connected(name) for name in names))
        await_true(lambda: not any(thread.name.startswith("connect idle") for thread in threading.enumerate()))
        hub.told.clear()
        for name in names:
            dovecot.deliver(name, letter(2).raw)
        await_true(lambda: set(hub.told) == set(names))


def test_half_a_line_is_waited_for() -> None:
    go_on = threading.Event()

    def halves(line: Line, tag: bytes, rest: bytes) -> None:
        liar.idle(line, tag, rest)
        line.send(b"* 8 EXI")
        go_on.wait(10)
        line.send(b"STS\r\n")

    with idling(idle=halves) as (server, hub):
        await_true(lambda: hub.connected("anna"))
        before = hub.told["anna"]
        go_on.set()
        await_true(lambda: hub.told["anna"] > before)
        assert idles(server) == 1


def test_idle_is_renewed_on_the_same_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "RENEW_SECONDS", 0.1)
    with idling() as (server, _):
        await_true(lambda: idles(server) >= 3)
        assert server.said.count(b"DONE\r\n") >= 2
        assert sum(b"LOGIN" in command for command in server.said) == 1


def test_renewal_comes_before_a_middlebox_forgets() -> None:
    assert idle.RENEW_SECONDS <= 9 * 60


def _hang_up(line: Line, tag: bytes, rest: bytes) -> None:
    liar.idle(line, tag, rest)
    line.socket.shutdown(socket.SHUT_RDWR)


def _bye(line: Line, tag: bytes, rest: bytes) -> None:
    liar.idle(line, tag, rest)
    line.send(b"* BYE Server shutting down\r\n")


def _too_much(line: Line, tag: bytes, rest: bytes) -> None:
    liar.idle(line, tag, rest)
    line.send(b"* OK " + b"." * 2_000_000)


def _ends_it(line: Line, tag: bytes, rest: bytes) -> None:
    liar.idle(line, tag, rest)
    line.answer(tag)


@pytest.mark.parametrize(
    "lies",
    [
        {"idle": _hang_up},
        {"idle": _bye},
        {"idle": _too_much},
        {"idle": _ends_it},
        {"idle": liar.silence},
        {"idle": liar.garbage},
        {"idle": liar.says("NO [UNAVAILABLE] not now")},
        {"idle": liar.says("BAD what?")},
        {"done": liar.silence},
        {"done": liar.says("NO never")},
        {"examine": liar.bye},
    ],
    ids=lambda lies: "-".join(f"{key}-{lie.__name__}" for key, lie in lies.items()),
)
def test_a_connection_that_is_of_no_use_is_made_anew(lies: dict[str, Lie], monkeypatch: pytest.MonkeyPatch) -> None:
    """F12, F13: an unanswered DONE among them. Each new connection tells that there may be new mail."""
    monkeypatch.setattr(idle, "RENEW_SECONDS", 0.1)
    with idling(**lies) as (server, _):
        await_true(lambda: sum(b"LOGIN" in command for command in server.said) >= 3)


def test_pauses_between_connections_grow_and_end_with_a_good_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle, "BACK_OFF", (1.0, 300.0))
    error = ConnectionResetError()
    pauses = [idle._pause(failures, error) for failures in range(12)]
    assert [round(pause / 1.05) for pause in pauses[:4]] == [1, 2, 4, 8]
    assert 300 <= pauses[-1] <= 330


def test_a_server_without_idle_is_asked_once() -> None:
    with lying({}) as server, listening(account(server.port)) as hub:
        await_true(lambda: "anna" in hub.idle._watches and hub.idle._watches["anna"].failures)
        assert idles(server) == 0
        assert hub.idle._watches["anna"].due - time.monotonic() > 3600


def test_nothing_is_connected_while_polls_fail() -> None:
    """Log-ins that are refused would be refused twice as often."""
    with lying({b"CAPABILITY": can_idle}) as server, listening() as hub:
        hub.idle.watch([account(server.port)])
        hub.idle.polled("anna", well=False)
        await_true(lambda: "anna" in hub.idle._watches)
        assert not threading.Event().wait(0.3)
        assert server.said == []
        hub.idle.polled("anna", well=True)
        await_true(lambda: hub.connected("anna"))


def test_silent_servers_do_not_hold_up_the_others(dovecot: Dovecot) -> None:
    dovecot.deliver("quick", letter(1).raw)
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(20)]
        silent = [account(one.getsockname()[1], f"silent{number}") for number, one in enumerate(sockets)]
        good = Account("quick", dovecot.host, "quick", dovecot.password, dovecot.imap_port, "none", limits=LIMITS)
        with listening(*silent, good) as hub:
            await_true(lambda: hub.connected("quick"))
            assert not any(hub.connected(one.name) for one in silent)


def test_what_is_no_longer_wanted_is_closed_and_its_place_is_free() -> None:
    with lying({b"CAPABILITY": can_idle}) as server, listening(account(server.port), places=2) as hub:
        await_true(lambda: hub.connected("anna"))
        assert hub.budget.idle_place(account(server.port)) is None
        hub.idle.watch([])
        await_true(lambda: hub.budget.idle_place(account(server.port)) is not None)


def test_a_connection_that_was_dropped_without_a_word_is_made_anew(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F11. Until then only polls see new mail: the renewal finds out."""
    monkeypatch.setattr(idle, "RENEW_SECONDS", 0.5)
    dovecot.deliver("dropped", letter(1).raw)
    with between(dovecot.imap_port) as proxy:
        box = Account("dropped", dovecot.host, "dropped", dovecot.password, proxy.port, "none", limits=LIMITS)
        with listening(box) as hub:
            await_true(lambda: hub.connected("dropped"))
            proxy.freeze()
            before = hub.told["dropped"]
            dovecot.deliver("dropped", letter(2).raw)
            await_true(lambda: hub.told["dropped"] > before)
            assert proxy.taken == 2


def test_a_silent_peer_is_asked_by_the_system_too(dovecot: Dovecot) -> None:
    dovecot.deliver("alive", letter(1).raw)
    box = Account("alive", dovecot.host, "alive", dovecot.password, dovecot.imap_port, "none", limits=LIMITS)
    with listening(box) as hub:
        await_true(lambda: hub.connected("alive"))
        watch = hub.idle._watches["alive"]
        assert watch.line
        keepalive = [
            watch.line.socket.getsockopt(socket.IPPROTO_TCP, option)
            for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
        ]
        assert watch.line.socket.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert keepalive == [60, 20, 3]
