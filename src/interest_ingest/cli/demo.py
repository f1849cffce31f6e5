"""`demo`: the whole thing at work, in a minute and without any setting."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from types import FrameType
from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import json_option, print_json
from interest_ingest.cli.ledger import show_card

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
    first = iter([True])
    outcomes = run(lambda card: show_card(card, header=next(first, False)), None if once else _tell, once=once)
    click.echo(_summary(outcomes))


def _tell(world: World) -> None:
    url = world.settings.database_url()
    click.echo(f"mail server 127.0.0.1:{world.server.port}, database {url.removeprefix('sqlite:///')}; Ctrl-C ends")


def _summary(outcomes: Counter[str]) -> str:
    parts = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    return f"{outcomes.total()} mails: {parts}"


def _leave(_number: int, _frame: FrameType | None) -> None:
    """SIGTERM runs the clean-up too."""
    sys.exit(TERMINATED)
