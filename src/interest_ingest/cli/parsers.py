"""`parser`: the parsers and what they read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli import drafting
from interest_ingest.cli.common import Given, console, json_option, neutral, one_line, print_json
from interest_ingest.cli.reading import configured_rules
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.parsing.contract import Parser


WIDTHS = {"source": 15, "parser": 18, "version": 7, "signed by": 16}
"""Columns of the list; what is left of the line tells what a parser recognizes."""

LISTED = ("signed_by", "link_hosts", "photo_hosts", "instead_of")


@click.group()
def parser() -> None:
    """The parsers: one for each kind of mail."""


parser.add_command(drafting.new)
parser.add_command(drafting.scrub)


@parser.command("list", short_help="List the parsers, or show all about one.")
@click.argument("name", metavar="[NAME]", required=False)
@json_option
@click.pass_obj
def list_(given: Given, name: str | None, as_json: bool) -> None:
    """List the parsers by source, with what each recognizes; with a configuration also the third-party ones.

    NAME is a parser or a source: of those everything is shown. Exit code 1 if a configured one cannot be loaded.
    """
    from interest_ingest.ingest.sandbox import third_party
    from interest_ingest.parsing.load import builtin_parsers
    from interest_ingest.settings.words import did_you_mean

    found = third_party(configured_rules(given))
    known = [describe(one) for one in (*builtin_parsers(), *(other.stand_in() for other in found.parsers))]
    documents = [one for one in known if name in (None, one["name"], one["source"])]
    if not documents and not found.problems:
        raise UsageError(f"there is no parser and no source {name!r}{did_you_mean(str(name), _names(known))}")
    if as_json:
        print_json({"parsers": documents, "problems": list(found.problems)})
    elif name:
        for one in documents:
            _show(one)
    else:
        _list(sorted(documents, key=lambda one: (one["source"], one["name"])))
    if not as_json:
        for problem in found.problems:
            click.echo(neutral(f"interest-ingest: {problem}"), err=True)
    sys.exit(1 if found.problems else 0)


def _names(known: list[dict[str, Any]]) -> list[str]:
    return [told for one in known for told in (one["source"], one["name"])]


def describe(one: Parser) -> dict[str, Any]:
    """A parser's declaration as plain data."""
    fields = ("from_domain", "from_address", "subject", "header", "link", "text")
    match = {field: getattr(one.match, field) for field in fields}
    return {
        "name": one.name,
        "version": one.version,
        "source": one.source,
        "match": {field: [value] if isinstance(value, str) else list(value) for field, value in match.items() if value},
        "signed_by": list(one.signed_by),
        "link_hosts": list(one.link_hosts),
        "photo_hosts": list(one.photo_hosts),
        "instead_of": list(one.instead_of),
        "fallback": one.fallback,
        "origin": one.origin,
    }


def _list(documents: list[dict[str, Any]]) -> None:
    """One line for each parser, as long as the terminal is wide; the source only in the first line of its parsers."""
    rest = max(console().width - sum(WIDTHS.values()) - len(WIDTHS), 20)
    click.echo(" ".join(f"{title:<{width}}" for title, width in WIDTHS.items()) + " recognizes")
    before = ""
    for one in documents:
        source = one["source"] if one["source"] != before else ""
        signed = ", ".join(one["signed_by"]) or "-"
        cells = (source, one["name"].removeprefix(f"{one['source']}."), str(one["version"]), signed)
        # A stranger's patterns may hold anything.
        told = [f"{one_line(cell, width):<{width}}" for cell, width in zip(cells, WIDTHS.values(), strict=True)]
        click.echo(f"{' '.join(told)} {one_line(_recognizes(one), rest)}")
        before = one["source"]


def _recognizes(one: dict[str, Any]) -> str:
    match = "; ".join(f"{field}: {' | '.join(patterns)}" for field, patterns in one["match"].items())
    last = "" if one["fallback"] is None else "unknown mails, "
    return last + (match or "any")


def _show(one: dict[str, Any]) -> None:
    """All about one parser, each pattern on a line of its own."""
    click.echo(one_line(f"{one['name']} version {one['version']}, of {one['origin']}"))
    last = None if one["fallback"] is None else f"asked at place {one['fallback']}, when no other parser matches"
    for title, values in (*one["match"].items(), *((key, one[key]) for key in LISTED), ("fallback", [last])):
        for number, value in enumerate(filter(None, values)):
            click.echo(f"  {'' if number else title.replace('_', ' '):<14}{one_line(value)}")
