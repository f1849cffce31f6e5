"""`explain`: why a mail became what it became, and where each field of its cards comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Given, json_option, neutral, one_line, print_json
from interest_ingest.cli.drafting import known_rules
from interest_ingest.cli.kit import own_places
from interest_ingest.cli.reading import authserv_option, configured_rules, read_bytes, reading_of

if TYPE_CHECKING:
    from interest_ingest.ingest.rules import Rules

WIDTH = 20
"""Columns of the names on the left."""

SHOWN = 3
"""Places of one value that a person is shown."""


@click.command(short_help="Tell why a mail is read as it is, and where each field comes from.")
@click.argument("file", metavar="FILE|-")
@json_option
@authserv_option
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="DIR",
    help="A folder of your parsers, which are asked too and run in this process.",
)
@click.pass_obj
def explain(given: Given, file: str, as_json: bool, authserv_id: tuple[str, ...], folder: Path | None) -> None:
    """Read one mail (- is standard input), write nothing, and tell why it became what it became.

    For every field of every card: the place of the mail where its value stands, or what it was made of. For every
    parser: which fields of its Match hold, and on what.
    """
    raw = read_bytes(file)
    from interest_ingest.authoring.explaining import Asked
    from interest_ingest.authoring.explaining import explain as explained
    from interest_ingest.ingest.authentication import authenticate
    from interest_ingest.mail import Mail

    rules, found = _rules(given, folder), authenticate(raw, authserv_id)
    name = "mail.eml" if file == "-" else file
    document = explained(Asked(Mail.from_bytes(raw), reading_of(raw, rules, found), rules, found, name))
    if as_json:
        print_json(document)
    else:
        _show(document)


def _rules(given: Given, folder: Path | None) -> Rules:
    """The configured rules; with a folder its parsers are asked beside the built-in ones."""
    if folder is None:
        return known_rules(given)
    from interest_ingest.authoring.workshop import parsers_in, rules_with

    mine = [one for place in own_places(given, folder) for one in parsers_in(place.file)]
    return replace(rules_with(mine, configured_rules(given)), packages=(), folder=None)


def _show(document: dict[str, Any]) -> None:
    reason = f": {document['reason']}" if document["reason"] else ""
    click.echo(one_line(f"{document['outcome']}{reason}"))
    _show_mail("mail", document["mail"])
    if document["inside"]:
        _show_mail("the mail inside", document["inside"])
    _title("decision")
    for number, sentence in enumerate(document["decision"], 1):
        click.echo(indented(f"  {number}. {sentence}"))
    _title("trust")
    click.echo(indented(f"  {document['trust']['level']}: {document['trust']['why']}"))
    for number, card in enumerate(document["cards"], 1):
        _title(f"card {number}")
        _show_card(card)
    if document["trace"]:
        _title("trace")
        click.echo(neutral(document["trace"]))
    _title("candidates")
    for one in sorted(document["candidates"], key=_nearness):
        _show_candidate(one)
    if document["advice"]:
        _title("what could be tried")
    for one in document["advice"]:
        click.echo(indented(f"  {one['what']}{':' if one['command'] else ''}"))
        if one["command"]:
            click.echo(f"    {neutral(one['command'])}")


def _title(text: str) -> None:
    click.echo(f"\n{text}")


def _show_mail(title: str, mail: dict[str, Any]) -> None:
    _title(title)
    for name, value in mail.items():
        told = ", ".join(map(str, value)) if isinstance(value, list) else value
        if told not in (None, "", 0):
            click.echo(f"  {name.replace('_', ' '):<{WIDTH}}{one_line(str(told), 200)}")


def _show_card(card: dict[str, Any]) -> None:
    """Each value with where it comes from below it; what the card has not, if it was refused, else not."""
    for one in card["fields"]:
        if one["how"] == "absent":
            continue
        click.echo(f"  {one_line(one['field'], 40):<{WIDTH}}{one_line(_told(one['value']), 200)}")
        below = [f"{one['how']}: {one['said']}" if one["said"] else one["how"]]
        below += [f"{place['where']}: {place['snippet']}" for place in one["places"][:SHOWN]]
        if len(one["places"]) > SHOWN:
            below.append(f"(and in {len(one['places']) - SHOWN} more)")
        for number, line in enumerate(below):
            click.echo(f"  {'':<{WIDTH}}{'  ' if number else '← '}{one_line(line, 300)}")


def indented(line: str, width: int = 0) -> str:
    """`line` as `one_line` makes it, with the blanks that it begins with."""
    blanks = len(line) - len(line.lstrip(" "))
    return " " * blanks + one_line(line, width)


def _told(value: Any) -> str:
    return "-" if value is None else str(value)


def _nearness(one: dict[str, Any]) -> tuple[bool, bool, int, str]:
    """First who recognizes the mail, then who comes near."""
    held = sum(field["holds"] for field in one["fields"])
    return not one["holds"], one["fallback"] is not None, -held, one["parser"]


def _show_candidate(one: dict[str, Any]) -> None:
    """One line for a parser of which nothing holds; else a line for each field."""
    any_held = any(field["holds"] for field in one["fields"])
    last = "" if one["fallback"] is None else f" (for unknown mails, place {one['fallback']})"
    if not any_held:
        told = ", ".join(field["field"] for field in one["fields"]) or "any mail"
        click.echo(indented(f"  {'yes' if one['holds'] else 'no':<5}{one['parser']}{last}: {_said(one, told)}"))
        return
    click.echo(indented(f"  {'yes' if one['holds'] else 'no':<5}{one['parser']}{last}"))
    for field in one["fields"]:
        sign = "holds on" if field["holds"] else "does not hold:"
        click.echo(indented(f"         {field['field']} {sign} {field['on']}", 200))


def _said(one: dict[str, Any], told: str) -> str:
    if one["holds"]:
        return told
    too_long = next((field["on"] for field in one["fields"] if "too long" in field["on"]), "")
    return f"{told}: {too_long}" if too_long else told
