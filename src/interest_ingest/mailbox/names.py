"""Host names looked up under a deadline: `getaddrinfo` has none, and a name server that is silent holds it for long."""

from __future__ import annotations

import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future, wait
from typing import Any

from interest_ingest.mailbox.watchdog import CutOff, Guard

_LOOK_SECONDS = 0.05

Addresses = Sequence[tuple[socket.AddressFamily, socket.SocketKind, int, str, Any]]

_lock = threading.Lock()
_under_way: dict[tuple[str, int], Future[Addresses]] = {}


def addresses(host: str, port: int, guard: Guard) -> Addresses:
    """What `getaddrinfo` says for a stream. Raises `socket.gaierror`, or `CutOff` when the guard cuts the command."""
    answer = _asked(host, port)
    while not answer.done():
        if guard.cut:
            raise CutOff("the name was not found out in time")
        wait([answer], _LOOK_SECONDS)
    return answer.result()


def _asked(host: str, port: int) -> Future[Addresses]:
    """The answer to come. One thread for each name, however many wait for it: it cannot be ended from outside."""
    with _lock:
        if known := _under_way.get((host, port)):
            return known
        answer = _under_way[host, port] = Future()
    threading.Thread(target=_ask, args=(host, port, answer), name=f"look up {host}", daemon=True).start()
    return answer


def _ask(host: str, port: int, answer: Future[Addresses]) -> None:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except Exception as error:  # socket.gaierror; UnicodeError for a name that is none
        _forget(host, port)
        answer.set_exception(error)
    else:
        _forget(host, port)
        answer.set_result(found)


def _forget(host: str, port: int) -> None:
    with _lock:
        _under_way.pop((host, port), None)
