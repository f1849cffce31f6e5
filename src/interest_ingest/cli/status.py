"""`status`: how everything is doing, from the database alone, whether a daemon is running or not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Columns, Given, json_option, neutral, one_line, print_json, print_table
from interest_ingest.errors import Unreachable

if TYPE_CHECKING:
    from interest_ingest.watch.document import Status

MAILBOX_COLUMNS: Columns = {
    "mailbox": {},
    "last success (UTC)": {},
    "waiting": {"justify": "right"},
    "lag": {"justify": "right"},
    "on server": {"justify": "right"},
    "unaccounted": {"justify": "right"},
    "token": {"justify": "right"},
    "outcomes": {"ratio": 1},
}

PARSER_COLUMNS: Columns = {
    "parser (last week)": {},
    "mails": {"justify": "right"},
    "read": {"justify": "right"},
    "fallback": {},
    "outcomes": {"ratio": 1},
}


@click.command(short_help="How mailboxes, parsers and the quarantine are doing.")
@json_option
@click.pass_obj
def status(given: Given, as_json: bool) -> None:
    """How mailboxes, parsers and the quarantine are doing; exit code 1 if something is wrong, the output says what.

    It asks the database, so it works with and without a running daemon; exit code 3 if the database cannot be reached.
    """
    from interest_ingest.watch import document

    try:
        with given.store() as (settings, store):
            found = document.look(settings, store)
    except Unreachable as error:
        if as_json:
            print_json(document.unreachable(str(error)))
        raise
    if as_json:
        print_json(document.document(found))
    else:
        show(found, document.document(found))
    sys.exit(1 if found.wrong else 0)


def show(found: Status, document: dict[str, Any]) -> None:
    """The same for people."""
    at_work = ", ".join(f"{one['pid']} on {one['host']}" for one in document["processes"])
    click.echo(neutral(f"At work: process {at_work}" if at_work else "No daemon is at work on this database."))
    print_table(MAILBOX_COLUMNS, (_mailbox_row(one) for one in document["mailboxes"]))
    if document["parsers"]:
        print_table(PARSER_COLUMNS, (_parser_row(one) for one in document["parsers"]))
    if document["fallback_share"] is not None:
        click.echo(f"Read by fallback parsers only: {document['fallback_share']:.1%}")
    if document["quarantine"]:
        click.echo(neutral(f"Quarantine: {_counts(document['quarantine'])}"))
    if number := document["failed_trust"]["day"]:
        click.echo(f"Signature broken or absent in the last day: {number} mails")
    for name, text in found.wrong.items():
        click.echo(neutral(f"WRONG  {name}: {text}"))
    if not found.wrong:
        click.echo("All is well.")


def _mailbox_row(one: dict[str, Any]) -> list[str]:
    last = (one["last_success"] or "never")[:19].replace("T", " ")
    token = one["token"]
    return [
        one_line(one["name"], 30),
        last,
        _number(one["waiting"]),
        _span(one["lag_seconds"]),
        _number(one["on_server"]),
        _number(one["unaccounted"]),
        _span(token["age_seconds"]) if token else "",
        _counts(one["outcomes"]),
    ]


def _parser_row(one: dict[str, Any]) -> list[str]:
    return [
        one_line(one["name"], 40),
        str(one["mails"]),
        f"{one['success_share']:.1%}",
        "yes" if one["fallback"] else "",
        _counts(one["outcomes"]),
    ]


def _counts(counts: dict[str, int]) -> str:
    return one_line(", ".join(f"{name} {number}" for name, number in sorted(counts.items())))


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _span(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
