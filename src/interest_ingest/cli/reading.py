"""`parse` and `import`: mails from files."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Given, json_option, neutral, one_line, print_json, progress
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.cards import Reading
    from interest_ingest.ingest.authentication import Authentication
    from interest_ingest.ingest.rules import Rules


authserv_option = click.option(
    "--authserv-id",
    metavar="NAME",
    multiple=True,
    help="The receiving server whose Authentication-Results are believed; may be given several times.",
)


class GivenPath(click.Path):
    """A path that was given: an unset variable of a shell would stand for the whole working folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path, if there is one."""
        if value == "":
            self.fail("the path is empty; is a variable unset?", param, ctx)
        return super().convert(value, param, ctx)


@click.command(short_help="Read one mail, show its cards, write nothing.")
@click.argument("file", metavar="FILE|-")
@json_option
@authserv_option
@click.pass_obj
def parse(given: Given, file: str, as_json: bool, authserv_id: tuple[str, ...]) -> None:
    """Read one mail (- is standard input), show what becomes of it, and write nothing.

    Needs no configuration and uses one if given: own sites, own people, country and time zone.
    """
    raw = read_bytes(file)
    from interest_ingest.ingest.authentication import authenticate
    from interest_ingest.ingest.reading import reading_json

    document = reading_json(reading_of(raw, configured_rules(given), authenticate(raw, authserv_id)))
    if as_json:
        print_json(document)
    else:
        show_reading(document)


@click.command("import", short_help="Take in mails from files and folders.")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=GivenPath(path_type=Path))
@click.option(
    "--name",
    default="import",
    show_default=True,
    help="The import's name in the ledger: what it has is not read again.",
)
@click.option("--authserv-id", metavar="NAME", multiple=True, help="As with parse.")
@json_option
@click.pass_obj
def import_(given: Given, paths: tuple[Path, ...], name: str, authserv_id: tuple[str, ...], as_json: bool) -> None:
    """Take in mails from .eml files, folders of them, mbox files and Maildirs.

    Exit code 1 if a file could not be taken in; the others are.
    """
    from interest_ingest.cli.intake import import_paths

    with given.store() as (settings, store), progress() as bars:
        report = import_paths(store, settings, paths, name, authserv_id, bars)
    report.show(as_json)


def read_bytes(file: str) -> bytes:
    """All of `file`, or of standard input for `-`; `UsageError` if it cannot be read."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        why = "it is a directory; use import for folders" if os.path.isdir(file) else _reason(error)  # noqa: PTH112
        raise UsageError(f"{file}: cannot be read: {why}") from None


def reading_of(raw: bytes, rules: Rules, found: Authentication) -> Reading:
    """What becomes of a mail; where third-party parsers are configured the readers read it."""
    from interest_ingest.ingest.reading import read

    return _read_apart(raw, rules, found) if rules.third_party else read(raw, rules, authentication=found)


def show_reading(document: dict[str, Any]) -> None:
    """A reading for people: the outcome, then each card with its fields below each other."""
    reason = f": {document['reason']}" if document["reason"] else ""
    by = f" (parser {document['parser']}, {document['trust']})" if document["parser"] else ""
    click.echo(one_line(f"{document['outcome']}{reason}{by}"))
    for number, card in enumerate(document["cards"], 1):
        click.echo(f"\ncard {number}")
        for name, value in _flat(card):
            click.echo(f"  {name + ':':<18} {_indented(str(value))}")


def _flat(card: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields that say something; those of author, product and reply as `author.name`."""
    pairs = []
    for key, value in card.items():
        inner = value.items() if isinstance(value, dict) else [("", value)]
        pairs += [(f"{key}.{name}".rstrip("."), one) for name, one in inner if one not in (None, "", False)]
    return pairs


def _indented(text: str) -> str:
    return neutral(text).replace("\n", "\n" + " " * 21)


def _read_apart(raw: bytes, rules: Rules, found: Authentication) -> Reading:
    """By the readers: this process loads no third-party parser."""
    from interest_ingest.ingest.readers import Letter, readers, settled
    from interest_ingest.ingest.reading import arrival
    from interest_ingest.mail import Mail

    with readers(rules) as begin:
        return settled(begin([Letter(raw, found.to_json(), arrival(Mail.from_bytes(raw)), 0)])()[0])


def configured_rules(given: Given) -> Rules:
    """The configured rules, if there is any configuration: then a mistake in it is told."""
    from interest_ingest.ingest.rules import Rules

    given_by_variable = any(variable.startswith("INTEREST_INGEST__") for variable in os.environ)
    return given.settings().rules() if given.path or given_by_variable else Rules()


def _reason(error: OSError) -> str:
    hint = {FileNotFoundError: "; check the name", PermissionError: "; make it readable"}.get(type(error), "")
    return f"{(error.strerror or str(error)).lower()}{hint}"
