"""IDLE (RFC 2177): being told of new mail at once, by one thread for all mailboxes.

It is only a hint. A server may forget to tell, a middlebox may drop the connection without a word; so every mailbox is
polled at its interval all the same, and nothing here needs to be right for a mail to be found.

Connecting and logging in take a thread that lives no longer than that; from then on the connection belongs to the hub,
which never waits for a single one. It speaks the little IMAP that is left by itself: imapclient's `idle_check` cannot
tell a closed connection from one that has nothing to say, its `idle_done` waits for the answer (for ever, if need be),
and half a line makes imaplib give up.
"""

from __future__ import annotations

import contextlib
import queue
import random
import re
import selectors
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

import structlog

from interest_ingest.errors import IngestError
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.budget import Budget
from interest_ingest.mailbox.faults import AuthenticationFailed, MailboxError, Unavailable
from interest_ingest.mailbox.imap import connect

RENEW_SECONDS = 9 * 60.0
"""Middleboxes forget a silent connection after 5 to 15 minutes, servers end IDLE after 30 (RFC 2177)."""

BACK_OFF = (1.0, 300.0)
"""Shortest and longest pause before connecting again, in seconds; doubled each time."""

REFUSED_SECONDS = 4000.0
"""The pause after a refused log-in, and where the server has no IDLE or no place for one more connection."""

STEADY_SECONDS = 60.0
"""A connection that lasted so long was a good one: the next failure counts as the first."""

_BUFFER = 64 * 1024
_MOST_BYTES = 1024 * 1024
"""At once, or in one line. A server that says more is not listened to: nobody needs a hint so badly."""

_LOOK_SECONDS = 60.0
_EXISTS = re.compile(rb"\* \d+ EXISTS", re.IGNORECASE)

logger = structlog.get_logger(__name__)


class _NoIdle(MailboxError):
    """The server cannot do it, or there is no place for the connection."""


class _Left(Exception):
    """Leaves `connect` without the politeness of a LOGOUT, for which one would have to wait."""


class _Phase(StrEnum):
    ASKED = "asked"
    """IDLE is sent, its `+` is awaited."""
    IDLING = "idling"
    ENDED = "ended"
    """DONE is sent, its tagged answer is awaited."""


@dataclass(eq=False)
class _Line:
    """A connection that is logged in and has its folder open; used by the hub alone."""

    socket: socket.socket
    read: bytearray
    """What came and is not yet a whole line."""
    leave: Callable[[], None]
    answer_seconds: float
    opened: float = field(default_factory=time.monotonic)
    phase: _Phase = _Phase.ASKED
    due: float = 0.0
    """By when the server must have answered, or IDLE is renewed."""
    tags: int = 0

    def begin(self) -> None:
        self.tags += 1
        self._say(_Phase.ASKED, b"I%d IDLE\r\n" % self.tags)

    def renew(self) -> None:
        self._say(_Phase.ENDED, b"DONE\r\n")

    def _say(self, phase: _Phase, words: bytes) -> None:
        self.socket.send(words)  # so few bytes are sent at once, or the connection is stuck: BlockingIOError
        self.phase, self.due = phase, time.monotonic() + self.answer_seconds

    def hear(self) -> bool:
        """Take in what came; whether new mail is among it. Raises OSError if the connection is of no more use."""
        told = False
        try:
            self._receive()
        finally:  # the last words may be a BYE that says why
            *lines, rest = self.read.split(b"\n")
            self.read = rest
            for words in lines:
                told |= self._understand(bytes(words).rstrip(b"\r"))
        return told

    def _receive(self) -> None:
        """Everything that is there: TLS keeps bytes in itself of which the selector knows nothing."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError):
            while data := self.socket.recv(_BUFFER):
                self.read += data
                if len(self.read) > _MOST_BYTES:
                    raise ConnectionAbortedError("it says too much")
            raise ConnectionResetError("the server closed the connection")

    def _understand(self, words: bytes) -> bool:
        if words.startswith(b"*"):
            if words[:5].upper() == b"* BYE":
                raise ConnectionResetError(f"the server said {_quoted(words)}")
            return bool(_EXISTS.match(words))
        if words.startswith(b"+") and self.phase is _Phase.ASKED:
            self.phase, self.due = _Phase.IDLING, time.monotonic() + RENEW_SECONDS
        elif self.phase is _Phase.ENDED and words.upper().startswith(b"I%d OK" % self.tags):
            self.begin()
        elif not words.startswith(b"+"):
            raise ConnectionAbortedError(f"the server said {_quoted(words)}")
        return False


@dataclass(eq=False)
class _Watch:
    """One mailbox, as the hub knows it."""

    account: Account
    line: _Line | None = None
    connecting: bool = False
    failures: int = 0
    due: float = 0.0
    """Not to connect before that."""


class Idle:
    """Calls `told` with the name of a mailbox when there is new mail in it, or may be.

    `polled` says how the polls of a mailbox go: while they fail nothing is connected here either, so that log-ins are
    not refused twice as often.
    """

    def __init__(self, told: Callable[[str], None], budget: Budget) -> None:
        self._told = told
        self._budget = budget
        self._watches: dict[str, _Watch] = {}
        self._well: set[str] = set()
        """The mailboxes whose last poll succeeded."""
        self._calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._selector = selectors.DefaultSelector()
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._selector.register(self._bell, selectors.EVENT_READ)
        self.thread = threading.Thread(target=self._run, name="idle", daemon=True)

    # From other threads

    def start(self) -> None:
        self.thread.start()

    def watch(self, accounts: Iterable[Account]) -> None:
        """These mailboxes from now on, and no others; what is connected for others, or otherwise, is closed."""
        wanted = {account.name: account for account in accounts}
        self._call(partial(self._change, wanted))

    def polled(self, name: str, *, well: bool) -> None:
        self._call(partial((self._well.add if well else self._well.discard), name))

    def stop(self) -> None:
        """Close all; the thread ends soon after."""
        self._stop.set()
        self._call(lambda: None)

    def _call(self, what: Callable[[], None]) -> None:
        self._calls.put(what)
        with contextlib.suppress(OSError):  # it rings already, or the hub has ended
            self._ring.send(b"!")
        if self._ended.is_set():
            self._answer_calls()

    # The hub

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._turn()
        except Exception:  # polling goes on without hints
            logger.exception("a bug ended IDLE for all mailboxes")
            self._stop.set()
        for watch in self._watches.values():
            self._close(watch)
        self._ended.set()
        self._answer_calls()  # a connection that came meanwhile is closed
        for one in (self._selector, self._ring, self._bell):
            one.close()

    def _turn(self) -> None:
        for key, _ in self._selector.select(self._until_due()):
            if key.data is None:
                self._answer_calls()
            else:
                self._hear(key.data)
        for watch in tuple(self._watches.values()):
            self._attend(watch)

    def _until_due(self) -> float:
        due = min((when for watch in self._watches.values() if (when := self._due(watch)) is not None), default=None)
        return _LOOK_SECONDS if due is None else min(_LOOK_SECONDS, max(0.0, due - time.monotonic()))

    def _due(self, watch: _Watch) -> float | None:
        """When something is to be done for the mailbox if nothing happens; None: never."""
        if watch.line:
            return watch.line.due
        return None if watch.connecting or watch.account.name not in self._well else watch.due

    def _answer_calls(self) -> None:
        with contextlib.suppress(OSError):
            self._bell.recv(_BUFFER)
        with contextlib.suppress(queue.Empty):
            while True:
                self._calls.get_nowait()()

    def _attend(self, watch: _Watch) -> None:
        due = self._due(watch)
        if due is None or due > time.monotonic():
            return
        if not watch.line:
            watch.connecting = True
            name = f"connect idle {watch.account.name}"
            threading.Thread(target=self._connect, args=(watch,), name=name, daemon=True).start()
        elif watch.line.phase is _Phase.IDLING:
            with self._noted(watch):
                watch.line.renew()
        else:
            self._failed(watch, TimeoutError("the server does not answer"))

    def _hear(self, watch: _Watch) -> None:
        told = False
        with self._noted(watch):
            told = watch.line is not None and watch.line.hear()
        if told:
            self._told(watch.account.name)

    @contextlib.contextmanager
    def _noted(self, watch: _Watch) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._failed(watch, error)

    def _change(self, wanted: dict[str, Account]) -> None:
        for name, watch in tuple(self._watches.items()):
            if wanted.get(name) != watch.account:
                del self._watches[name]
                self._close(watch)
        for name, account in wanted.items():
            watch = self._watches.setdefault(name, _Watch(account))
            watch.due = 0.0  # a reload tries at once

    # Coming and going of connections

    def _connect(self, watch: _Watch) -> None:
        """In a thread of its own."""
        try:
            line = _opened(watch.account, self._budget, self._stop)
        except IngestError as error:
            self._call(partial(self._failed, watch, error))
        except Exception as error:  # a bug that one mailbox meets must not end the hints for the others
            logger.exception("a bug ended an IDLE connection", mailbox=watch.account.name)
            self._call(partial(self._failed, watch, error))
        else:
            self._call(partial(self._connected, watch, line))

    def _connected(self, watch: _Watch, line: _Line) -> None:
        watch.connecting = False
        if self._stop.is_set() or self._watches.get(watch.account.name) is not watch:
            line.leave()
            return
        watch.line = line
        self._selector.register(line.socket, selectors.EVENT_READ, watch)
        logger.info("told of new mail from now on", mailbox=watch.account.name)
        with self._noted(watch):
            line.begin()
        self._hear(watch)  # what TLS holds already
        self._told(watch.account.name)  # what came while nobody listened

    def _failed(self, watch: _Watch, error: Exception) -> None:
        watch.connecting = False
        if watch.line and time.monotonic() - watch.line.opened > STEADY_SECONDS:
            watch.failures = 0
        self._close(watch)
        pause = _pause(watch.failures, error)
        watch.failures += 1
        watch.due = time.monotonic() + pause
        if self._watches.get(watch.account.name) is watch and not self._stop.is_set():
            logger.warning(
                "not told of new mail for now, it is found at the next poll",
                mailbox=watch.account.name,
                reason=str(error) if isinstance(error, IngestError | OSError) else type(error).__name__,
                next_in=round(pause, 1),
            )

    def _close(self, watch: _Watch) -> None:
        if watch.line:
            self._selector.unregister(watch.line.socket)
            watch.line.leave()
            watch.line = None


def _opened(account: Account, budget: Budget, stop: threading.Event) -> _Line:
    """Connect, log in and open the folder. Raises `MailboxError`; `_NoIdle` where that is of no use."""
    give_back = budget.idle_place(account)
    if give_back is None:
        raise _NoIdle(f"mailbox {account.name}: connections_per_host leaves {account.host} no place for IDLE.")
    with contextlib.ExitStack() as stack:
        stack.callback(give_back)
        box = stack.enter_context(connect(account, stop))
        if "IDLE" not in box.capabilities():
            raise _NoIdle(f"mailbox {account.name}: {account.host} has no IDLE.")
        box.examine()
        try:
            sock, already = box.hand_over()
        except OSError as error:
            raise Unavailable(f"mailbox {account.name}: {account.host} closed the connection.") from error
        kept = stack.pop_all()
    return _Line(sock, bytearray(already), partial(_leave, sock, kept), account.limits.read_seconds)


def _leave(sock: socket.socket, kept: contextlib.ExitStack) -> None:
    with contextlib.suppress(OSError):
        sock.send(b"DONE\r\n")
    left = _Left()
    with contextlib.suppress(_Left):
        kept.__exit__(_Left, left, None)


def _pause(failures: int, error: Exception) -> float:
    """Seconds until the next attempt, with jitter: what failed together shall not come back together."""
    shortest, longest = BACK_OFF
    pause = min(longest, shortest * 2.0 ** min(failures, 20))
    if isinstance(error, AuthenticationFailed | _NoIdle):
        pause = REFUSED_SECONDS
    return max(pause, getattr(error, "retry_after", None) or 0.0) * random.uniform(1.0, 1.1)  # noqa: S311  jitter


def _quoted(words: bytes) -> str:
    return repr(words[:80].decode("utf-8", "replace"))
