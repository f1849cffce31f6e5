"""`parser new` and `parser scrub`: from real mails to a parser's draft, and to recorded mails without people."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from interest_ingest.cli.common import Given, json_option, neutral, one_line, print_json
from interest_ingest.cli.reading import configured_rules, read_bytes
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.authoring.drafting import Draft
    from interest_ingest.ingest.rules import Rules

SHOWN: Final = 20
"""So many replacements are shown."""

folder_option = click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where your parsers are; without it the configured folder, else ./parsers.",
)


@click.command("new", short_help="Write a parser from sample mails.")
@click.argument("name", metavar="NAME")
@click.option("--from", "first", metavar="FILE...", required=True, help="Sample mails; several are better than one.")
@click.argument("more", metavar="", nargs=-1)
@click.option("--toml", is_flag=True, help="A parser without code: a table.")
@folder_option
@json_option
@click.pass_obj
def new(
    given: Given, name: str, first: str, more: tuple[str, ...], toml: bool, folder: Path | None, as_json: bool
) -> None:
    """Look at sample mails (--from a.eml b.eml …) and write a parser that reads them, with scrubbed recorded mails.

    NAME is source.kind, like shop.review. It works at once and is a beginning: read what it decided. Two or three
    samples from different people show what differs; of one, names and texts are guessed. Needs no configuration;
    with one, its third-party parsers are known too. Nothing is written for mails that do not belong together or that
    a parser reads already. Where every field has a label, or with --toml, a table is written in place of Python.
    """
    from interest_ingest.authoring.drafting import Sample, draft
    from interest_ingest.authoring.workshop import folder_for

    rules = known_rules(given)
    samples = [Sample(file, read_bytes(file)) for file in (first, *more)]
    made = draft(name, samples, folder_for(folder, rules), toml=toml, rules=rules)
    if as_json:
        place = made.place
        told = {"name": name, "file": str(place.file), "fixtures": [str(case) for case in place.cases()]}
        print_json({**told, "lines": made.lines, "decisions": list(made.decisions)})
    else:
        _show(name, made, folder)


@click.command("scrub", short_help="Take the people out of mails, and prove it.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Write them there, by their names."
)
@click.option("--name", "names", multiple=True, metavar="NAME", help="Somebody else who is to be replaced.")
@json_option
@click.pass_obj
def scrub(given: Given, files: tuple[str, ...], output: Path | None, names: tuple[str, ...], as_json: bool) -> None:
    """Replace people, addresses, phones, ids, tokens and tracking in mails; the same one by the same one everywhere.

    Kept are labels, the service's domains, structure, dates and what somebody wrote, so read it before you give it
    away. It proves that nothing that was replaced is left in any header or part, and that the scrubbed mail is read
    as the original was; exit code 1 and what differs if not. Without -o one mail goes to standard output.
    """
    from interest_ingest.authoring.disguise import Disguise
    from interest_ingest.authoring.scrubbing import scrub as scrubbed_of

    if output is None and len(files) > 1:
        raise UsageError("several mails need a folder to be written to: give -o DIR")
    rules, disguise = known_rules(given), Disguise()
    told = []
    for file in files:
        found = scrubbed_of(read_bytes(file), rules=rules, names=names, disguise=disguise)
        target = _write(found.raw, file, output)
        told.append({"file": file, "written": target, "mapping": dict(found.mapping), "faults": list(found.faults)})
        for fault in found.faults:
            click.echo(neutral(f"interest-ingest: {file}: {fault}"), err=True)
    if as_json and output:
        print_json({"mails": told})
    elif output:
        for original, invented in list(disguise.mapping.items())[:SHOWN]:
            click.echo(one_line(f"{original} → {invented}"))
    sys.exit(1 if any(one["faults"] for one in told) else 0)


def known_rules(given: Given) -> Rules:
    """The configured rules with the third-party parsers that they name."""
    from interest_ingest.ingest.sandbox import third_party

    rules = configured_rules(given)
    return replace(rules, foreign=third_party(rules).parsers) if rules.third_party else rules


def _show(name: str, made: Draft, folder: Path | None) -> None:
    click.echo(f"{made.place.file}: {made.lines} lines, reads all samples")
    for decision in made.decisions:
        click.echo(one_line(f"  {decision}"))
    click.echo(f"{made.place.fixtures}: {len(made.place.cases())} recorded mails without the people in them; read them")
    option = f" --folder {folder}" if folder else ""
    click.echo("next:")
    click.echo(f"  interest-ingest parser test {name}{option} --watch    # edit the parser and see every field")
    click.echo(f"  interest-ingest parser lint {name}{option}            # overlaps, slow patterns, links")
    click.echo(f'  [parsers] folder = "{made.place.file.parent.parent.absolute()}", then reload the daemon (SIGHUP)')


def _write(raw: bytes, file: str, output: Path | None) -> str | None:
    if output is None:
        sys.stdout.buffer.write(raw)
        return None
    target = output / (Path(file).name if file != "-" else "mail.eml")
    try:
        output.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.samefile(file):
            raise UsageError(f"{target} is the mail itself: give another folder")
        target.write_bytes(raw)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    return str(target)
