"""`demo`: the whole thing at work, in a minute and without any setting."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import console, json_option, new_table, print_json
from interest_ingest.cli.ledger import CARD_COLUMNS, card_row

if TYPE_CHECKING:
    from interest_ingest.demo import World

TERMINATED = 128 + signal.SIGTERM


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
    signal.signal(signal.SIGTERM, _leave)
    if as_json:
        run(print_json, once=once)
        return
    with _table() as show:
        outcomes = run(show, None if once else _tell, once=once)
    click.echo(_summary(outcomes))


@contextmanager
def _table() -> Iterator[Callable[[dict[str, Any]], None]]:
    """A table that grows by each card; without a terminal it is printed when it is complete."""
    from rich.live import Live
    from rich.text import Text

    table = new_table(CARD_COLUMNS)
    with Live(table, console=console(), auto_refresh=False, vertical_overflow="visible") as live:

        def show(card: dict[str, Any]) -> None:
            table.add_row(*(Text(cell) for cell in card_row(card)))
            live.refresh()

        yield show


def _tell(world: World) -> None:
    url = world.settings.database_url()
    click.echo(f"mail server 127.0.0.1:{world.server.port}, database {url.removeprefix('sqlite:///')}; Ctrl-C ends")


def _summary(outcomes: Counter[str]) -> str:
    parts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"{outcomes.total()} mails: {parts}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM runs the clean-up too."""
    sys.exit(TERMINATED)
