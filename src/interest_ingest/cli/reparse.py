"""`reparse`: stored mails read again with today's parsers."""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Given, json_option, neutral, one_line, print_json, progress
from interest_ingest.cli.ledger import Since

if TYPE_CHECKING:
    from interest_ingest.ingest.reparse import Reparsed
    from interest_ingest.store import Reread

NAMED = 20
"""Mail ids that a line for people names."""


@click.command(short_help="Read stored mails again with today's parsers.")
@click.option("--since", type=Since(), metavar="WHEN", help="Only mails received since: a day, an instant, 36h or 7d.")
@click.option("--parser", metavar="NAME", help="Only mails that this parser read then or reads now.")
@click.option("--diff/--apply", "diff", default=True, help="Show what would change (the default), or write it.")
@json_option
@click.pass_obj
def reparse(given: Given, since: datetime | None, parser: str | None, diff: bool, as_json: bool) -> None:
    """Read stored mails again with today's parsers, and show or write what that changes.

    What people wrote is never touched, and applying twice changes nothing. A card that is made no more is superseded
    unless a person works on it; a mail that today's parser cannot read keeps its cards.
    """
    from interest_ingest.ingest.reparse import Reparsed, reparse

    result = Reparsed()
    documents: list[dict[str, Any]] = []
    with given.store() as (settings, store), progress() as bars:
        bar = bars.add_task("mails that change", total=None)
        processes = min(len(os.sched_getaffinity(0)), 8)
        for one in reparse(
            store, settings.rules(), result, since=since, parser=parser, apply=not diff, processes=processes
        ):
            bars.advance(bar)
            if as_json:
                documents.append(_document(one))
            else:
                _show(one)
    if as_json:
        print_json(_summary(result, applied=not diff) | {"changes": documents})
    else:
        _show_summary(result, applied=not diff)
    raise SystemExit(1 if result.failed else 0)


def _document(one: Reread) -> dict[str, Any]:
    return {
        "mail_id": one.mail_id,
        "fields": {name: _pair(pair) for name, pair in one.fields.items()},
        "cards": [
            {
                "id": change.card_id,
                "change": change.what,
                "fields": {name: _pair(pair) for name, pair in change.fields.items()},
            }
            for change in one.cards
        ],
    }


def _pair(pair: tuple[Any, Any]) -> list[Any]:
    return [value.isoformat() if isinstance(value, datetime) else value for value in pair]


def _summary(result: Reparsed, *, applied: bool) -> dict[str, Any]:
    return {
        "applied": applied,
        "read": result.read,
        "changed": result.changed,
        "failed": {str(mail_id): cause for mail_id, cause in result.failed.items()},
        "emptied": result.emptied,
    }


def _show(one: Reread) -> None:
    click.echo(f"mail {one.mail_id}")
    for name, pair in one.fields.items():
        click.echo(f"  {name}: {_told(pair)}")
    for change in one.cards:
        click.echo(f"  card {change.card_id} {change.what}")
        for name, pair in change.fields.items():
            click.echo(f"    {name}: {_told(pair)}")


def _told(pair: tuple[Any, Any]) -> str:
    old, new = (one_line("-" if value is None else str(value), 60) for value in pair)
    return f"{old} → {new}"


def _show_summary(result: Reparsed, *, applied: bool) -> None:
    verb = "changed" if applied else "would change; write it with --apply"
    click.echo(f"{result.read} mails read again, {result.changed} {verb}")
    if result.emptied:
        named = ", ".join(map(str, result.emptied[:NAMED])) + (", …" if len(result.emptied) > NAMED else "")
        click.echo(f"{len(result.emptied)} mails not read, retention has emptied their bytes: {named}")
    for mail_id, cause in result.failed.items():
        click.echo(neutral(f"mail {mail_id} could not be read again: {cause}"), err=True)
