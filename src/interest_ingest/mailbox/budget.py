"""How many connections one server sees of this process at once.

Providers count them: Gmail allows 15 for an account, of all its programs together, and many companies have one server
for all their mailboxes. So polls wait for their turn, first come first served, with two exceptions that keep one kind
of connection from using up the places of another:

- polls that did not go well last time get at most half of the places of a server, so that mailboxes that hang cannot
  delay those that answer;
- IDLE gets at most half of them and never waits: it is only a hint, and without it a mailbox is polled all the same.
"""

from __future__ import annotations

import contextlib
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from interest_ingest.mailbox.account import Account

PER_ACCOUNT = 10
"""Connections to one account, whatever the operator allows for its server: people have mail programs too."""


class Use(StrEnum):
    """What a connection is for."""

    POLL = "poll"
    DOUBTFUL = "doubtful poll"
    """One of a mailbox whose last poll failed, or that was never polled yet."""
    IDLE = "idle"


class Closed(Exception):
    """This program is about to end: nobody gets a place any more."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """One connection, or the wish for it."""

    server: str
    account: tuple[str, str]
    use: Use
    given: threading.Event = field(default_factory=threading.Event)


class Budget:
    """The places of all servers. `per_host` may be changed at any time; it holds for whoever comes after."""

    def __init__(self, per_host: int) -> None:
        self.per_host = per_host
        self._lock = threading.Lock()
        self._taken: Counter[object] = Counter()
        self._waiting: deque[_Place] = deque()
        self._closed = False

    @contextlib.contextmanager
    def place(self, account: Account, use: Use) -> Iterator[None]:
        """Wait for a place and have it for the time of the `with`. Raises `Closed` if none is given any more."""
        place = _wish(account, use)
        with self._lock:
            self._waiting.append(place)
            self._give()
        place.given.wait()
        if self._closed:
            raise Closed
        try:
            yield
        finally:
            self._free(place)

    def idle_place(self, account: Account) -> Callable[[], None] | None:
        """A place for IDLE, as the call that gives it back; None if there is none now."""
        place = _wish(account, Use.IDLE)
        with self._lock:
            if self._closed or not self._fits(place):
                return None
            self._count(place, 1)
        return lambda: self._free(place)

    def close(self) -> None:
        """Let nobody wait any longer."""
        with self._lock:
            self._closed = True
            for place in self._waiting:
                place.given.set()
            self._waiting.clear()

    def _free(self, place: _Place) -> None:
        with self._lock:
            self._count(place, -1)
            self._give()

    def _give(self) -> None:
        for place in tuple(self._waiting):
            if self._closed or self._fits(place):
                self._waiting.remove(place)
                self._count(place, 1)
                place.given.set()

    def _fits(self, place: _Place) -> bool:
        return all(self._taken[key] < limit for key, limit in self._limits(place))

    def _limits(self, place: _Place) -> Iterator[tuple[object, int]]:
        """What is counted for a place, each with its limit: per server and per account, all uses and this one."""
        for whole, limit in ((place.server, self.per_host), (place.account, min(self.per_host, PER_ACCOUNT))):
            yield whole, limit
            yield (whole, place.use), _SHARES[place.use](limit)

    def _count(self, place: _Place, change: int) -> None:
        for key, _ in self._limits(place):
            self._taken[key] += change
            if not self._taken[key]:
                del self._taken[key]


# Of a single place a doubtful poll may have all: better that others wait than that it never comes.
_SHARES: dict[Use, Callable[[int], int]] = {
    Use.POLL: lambda limit: limit,
    Use.DOUBTFUL: lambda limit: max(1, limit // 2),
    Use.IDLE: lambda limit: limit // 2,
}


def _wish(account: Account, use: Use) -> _Place:
    # The port belongs to the server: behind one address there may be tunnels to several.
    server = f"{account.host}:{account.port}"
    return _Place(server, (server, account.username), use)
