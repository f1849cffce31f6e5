"""Parsers that end the reader which trusts them; with a process of their own they would be in bad.py."""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable, Iterator
from typing import Final

from interest_ingest.cards import Action, Author, Channel, Interest
from interest_ingest.parsing import Mail, Match, Parser


def good(mail: Mail) -> Iterator[Interest]:
    yield Interest(channel=Channel.MAIL, action=Action.MESSAGE, author=Author(name="Somebody"), text=mail.subject)


def spins(_mail: Mail) -> Iterator[Interest]:
    while True:
        pass


def sleeps(_mail: Mail) -> Iterator[Interest]:
    time.sleep(3600)
    yield from ()


def crashes(_mail: Mail) -> Iterator[Interest]:
    ctypes.string_at(0)
    yield from ()


def exits(_mail: Mail) -> Iterator[Interest]:
    os._exit(7)
    yield from ()


def swells(_mail: Mail) -> Iterator[Interest]:
    bytearray(8 << 30)
    yield from ()


_kept: list[bytearray] = []


def leaks(mail: Mail) -> Iterator[Interest]:
    """Its reader gives way to a fresh one before memory runs short."""
    _kept.append(bytearray(os.urandom(1 << 20)) * 60)
    yield from good(mail)


def parser(read: Callable[[Mail], Iterator[Interest]]) -> Parser:
    """For the mails of `<name>.example`."""
    return Parser(f"{read.__name__}.test", 1, Match(from_domain=f"{read.__name__}.example"), read)


ALL: Final = tuple(parser(read) for read in (good, spins, sleeps, crashes, exits, swells, leaks))
