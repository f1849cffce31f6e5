"""A name server that is silent holds up nobody for longer than the deadline."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import Stopped, TooSlow
from interest_ingest.mailbox.imap import connect


@pytest.fixture
def silent_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """`getaddrinfo` waits as it does for a name server that does not answer; gives the names that it was asked for."""
    asked: list[str] = []
    over = threading.Event()

    def wait(host: str, *_: Any, **__: Any) -> None:
        asked.append(host)
        over.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield asked
    over.set()


def account(host: str, seconds: float) -> Account:
    return Account("n", host, "a", "b", limits=Limits(command_seconds=seconds))


def test_the_deadline_of_a_command_holds_for_names_too(silent_name_server: list[str]) -> None:
    begun = time.monotonic()
    with pytest.raises(TooSlow), connect(account("slow.example", 0.3)):
        pass
    assert time.monotonic() - begun < 5


def test_a_stop_is_not_held_up(silent_name_server: list[str]) -> None:
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    begun = time.monotonic()
    with pytest.raises(Stopped), connect(account("stop.example", 60), stop):
        pass
    assert time.monotonic() - begun < 5


def test_however_often_a_name_is_asked_for_one_thread_waits_for_it(silent_name_server: list[str]) -> None:
    for _ in range(3):
        with pytest.raises(TooSlow), connect(account("often.example", 0.15)):
            pass
    assert silent_name_server == ["often.example"]
