"""Deadlines that hold from outside a blocking call, and limits on what a server may send.

A socket's timeout counts anew for every `recv`, so a server that sends one byte every few seconds keeps a client for
ever. Here one thread per process looks at all commands that are under way and shuts down the connection of one that
has run out of time or whose owner wants to stop; the blocked call then ends with an ordinary socket error.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

_TICK = 0.1
"""Seconds between two looks; a command may overrun its deadline by about this much."""

_LINE_COST = 64
"""What a line is charged above its length: Python keeps a ten-byte `* 1 EXISTS` in some eighty bytes."""


class Cut(StrEnum):
    """Why a connection was cut."""

    STOP = "stop"
    COMMAND = "command"
    POLL = "poll"
    ANSWER = "answer"


class CutOff(OSError):
    """This side refuses to go on with the connection; `Guard.cut` tells why."""


class Guard:
    """The limits of one connection. Used by one thread, looked at by the watchdog.

    `command_seconds` bounds one command, `poll_seconds` the time spent in commands since `connect`: what the caller
    does between two commands does not count.
    """

    def __init__(self, command_seconds: float, poll_seconds: float, stop: threading.Event | None = None) -> None:
        self.cut: Cut | None = None
        self._command_seconds = command_seconds
        self._poll_left = poll_seconds
        self._stop = stop
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._deadline = 0.0
        self._reason = Cut.COMMAND
        self._allowance = 0

    def watch(self, sock: socket.socket) -> None:
        """Make `sock` the connection that is cut.

        A duplicate is kept: it reaches the connection also after TLS has taken the descriptor over (`wrap_socket`
        detaches the plain socket before the handshake), and never a later connection that got the same number.
        """
        with self._lock:
            if self._socket is not None:
                self._socket.close()
            self._socket = sock.dup()

    def close(self) -> None:
        """Release the connection."""
        with self._lock:
            if self._socket is not None:
                self._socket.close()
                self._socket = None

    @contextlib.contextmanager
    def command(self, allowance: int, seconds: float | None = None) -> Iterator[None]:
        """Run one command that may take `seconds` (default: the command's deadline) and `allowance` bytes of answer.

        Raises CutOff at once if the time of the poll is used up or a stop is asked for.
        """
        begun = time.monotonic()
        self._allowance = allowance
        within = self._command_seconds if seconds is None else min(seconds, self._command_seconds)
        self._reason = Cut.COMMAND if within < self._poll_left else Cut.POLL
        self._deadline = begun + min(within, self._poll_left)
        if self.look(begun):
            raise CutOff("the connection was cut")
        _watch(self)
        try:
            yield
        finally:
            _unwatch(self)
            self._poll_left -= time.monotonic() - begun

    @property
    def left(self) -> int:
        """How many bytes the answer of this command may still have."""
        return self._allowance

    def spend(self, size: int) -> None:
        """Charge `size` bytes of literal to the command, before they are read. Raises CutOff over the allowance."""
        self._allowance -= size
        if self._allowance < 0:
            self._shut(Cut.ANSWER)
            raise CutOff("the answer is over its limit")

    def spend_line(self, line: bytes) -> None:
        """Charge a line that was read."""
        self.spend(len(line) + _LINE_COST)

    def look(self, now: float) -> bool:
        """Cut the connection if its time is over; True when it is cut."""
        if self._stop is not None and self._stop.is_set():
            self._shut(Cut.STOP)
        elif now >= self._deadline:
            self._shut(self._reason)
        return self.cut is not None

    def _shut(self, reason: Cut) -> None:
        with self._lock:
            self.cut = self.cut or reason
            if self._socket is not None:
                with contextlib.suppress(OSError):  # the server may have closed it already
                    self._socket.shutdown(socket.SHUT_RDWR)


def following(guard: Guard) -> dict[str, Callable[[str, dict[str, Any]], None]]:
    """The `extensions` of a request by httpx2 whose connection is `guard`'s to cut."""

    def trace(event: str, info: dict[str, Any]) -> None:
        if event.endswith("connect_tcp.complete"):
            guard.watch(info["return_value"].get_extra_info("socket"))

    return {"trace": trace}


_watched: set[Guard] = set()
_changed = threading.Condition()
_thread: threading.Thread | None = None


def _watch(guard: Guard) -> None:
    global _thread
    with _changed:
        _watched.add(guard)
        if _thread is None or not _thread.is_alive():  # not alive: this process was forked
            _thread = threading.Thread(target=_look_at_all, name="mailbox-watchdog", daemon=True)
            _thread.start()
        _changed.notify()


def _unwatch(guard: Guard) -> None:
    with _changed:
        _watched.discard(guard)


def _look_at_all() -> None:
    while True:
        with _changed:
            _changed.wait_for(lambda: _watched)
            guards = tuple(_watched)
        now = time.monotonic()
        for guard in guards:
            guard.look(now)
        time.sleep(_TICK)
