"""`parser`: the parsers and what they read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Columns, Given, json_option, neutral, print_json, print_table
from interest_ingest.cli.reading import configured_rules

if TYPE_CHECKING:
    from interest_ingest.parsing.contract import Parser


COLUMNS: Columns = {"parser": {"no_wrap": True}, "version": {}, "signed by": {}, "recognizes": {"ratio": 1}}


@click.group()
def parser() -> None:
    """The parsers: one for each kind of mail."""


@parser.command("list")
@json_option
@click.pass_obj
def list_(given: Given, as_json: bool) -> None:
    """List the parsers and the mails that each recognizes; with a configuration also the third-party ones.

    Exit code 1 if one of those cannot be loaded.
    """
    from interest_ingest.ingest.sandbox import third_party
    from interest_ingest.parsing.load import builtin_parsers

    found = third_party(configured_rules(given))
    documents = [describe(one) for one in (*builtin_parsers(), *(other.stand_in() for other in found.parsers))]
    if as_json:
        print_json({"parsers": documents, "problems": list(found.problems)})
    else:
        print_table(COLUMNS, [_row(one) for one in documents])
        for problem in found.problems:
            click.echo(neutral(f"interest-ingest: {problem}"), err=True)
    sys.exit(1 if found.problems else 0)


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


def _row(one: dict[str, Any]) -> list[str]:
    match = "; ".join(f"{field}: {' | '.join(patterns)}" for field, patterns in one["match"].items())
    last = "" if one["fallback"] is None else f"[fallback {one['fallback']}] "
    signed = ", ".join(one["signed_by"])
    recognizes = neutral(last + (match or "any mail"))  # a stranger's patterns may hold anything
    return [one["name"], str(one["version"]), neutral(signed) or "-", recognizes]
