"""`demo`: the whole thing at work, in a minute and without any setting."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import json_option, print_json
from interest_ingest.cli.ledger import show_card

if TYPE_CHECKING:
    from interest_ingest.demo import World


@click.command(short_help="The daemon at work on sample mails; needs nothing else.")
@click.option("--once", is_flag=True, help="End when all sample mails are read.")
@json_option
def demo(once: bool, as_json: bool) -> None:
    """The real daemon on an embedded mail server with sample mails; shows the cards as they arrive.

    Needs no network, no settings and no rights, and leaves nothing behind. Ctrl-C ends it.
    """
    from interest_ingest import log
    from interest_ingest.demo import run

    log.configure("auto", "warning")
    with _signals() as (stop, received):
        if as_json:
            outcomes = run(print_json, once=once, stop=stop)
        else:
            first = iter([True])
            begun = None if once else _tell
            outcomes = run(lambda card: show_card(card, header=next(first, False)), begun, once=once, stop=stop)
    if not as_json:
        click.echo(_summary(outcomes))
    if received and (once or received[0] == signal.SIGTERM):
        sys.exit(128 + received[0])


def _tell(world: World) -> None:
    url = world.settings.database_url()
    click.echo(f"mail server 127.0.0.1:{world.server.port}, database {url.removeprefix('sqlite:///')}; Ctrl-C ends")


def _summary(outcomes: Counter[str]) -> str:
    parts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"{outcomes.total()} mails: {parts}"


@contextmanager
def _signals() -> Iterator[tuple[threading.Event, list[int]]]:
    """Ctrl-C and SIGTERM set the event and are noted; the second one ends the process at once.

    An exception raised by a handler can fall into a callback of a library that swallows it.
    """
    stop = threading.Event()
    received: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if received:
            os._exit(128 + number)
        received.append(number)
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop, received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
