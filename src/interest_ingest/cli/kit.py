"""`parser test`, `accept` and `lint`: what the author of a parser does all day."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Given, json_option, neutral, one_line, print_json
from interest_ingest.cli.drafting import folder_option
from interest_ingest.cli.reading import configured_rules
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.authoring.testing import Case, Result
    from interest_ingest.authoring.workshop import Place

VALUE_WIDTH = 200
"""Characters of a value that a person is shown; what is to be pasted is shown whole."""


@click.command("test", short_help="Run one parser on its recorded mails.")
@click.argument("name", metavar="NAME")
@click.option("--watch", is_flag=True, help="Run again whenever the parser or a recorded mail changes.")
@folder_option
@json_option
@click.pass_obj
def test(given: Given, name: str, watch: bool, folder: Path | None, as_json: bool) -> None:
    """Run one parser (NAME or its file) on its recorded mails and compare field by field.

    For a field that differs it prints what to paste into the expected document. Exit code 1 if anything differs.
    """
    started = time.perf_counter()
    place = place_named(given, name, folder)
    if watch:
        _watch(place)
    from interest_ingest.authoring.testing import run

    cases = list(run(place))
    failed = not cases or not all(case.ok for case in cases)
    seconds = time.perf_counter() - started
    if as_json:
        print_json(_document(place, cases, seconds))
    else:
        for case in cases:
            _show_case(case)
        click.echo(_summary(place, cases, seconds))
    sys.exit(1 if failed else 0)


@click.command("accept", short_help="Write what a parser finds into the expected documents.")
@click.argument("name", metavar="NAME")
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@folder_option
@json_option
@click.pass_obj
def accept(given: Given, name: str, cases: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Write what a parser finds into the expected documents of all its recorded mails, or of the named ones.

    It shows the difference that it writes: an expected document is a claim, so read it. Exit code 1 if one could not
    be written.
    """
    from interest_ingest.authoring.testing import accept as accepted

    done = list(accepted(place_named(given, name, folder), cases))
    if as_json:
        print_json({"cases": [{"case": case.name, "did": did, "found": case.found} for case, did in done]})
    else:
        for case, did in done:
            _show_accepted(case, did)
    sys.exit(1 if any(did.startswith("not ") for _, did in done) else 0)


@click.command("lint", short_help="Look for what is wrong although the tests pass.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@folder_option
@json_option
@click.pass_obj
def lint(given: Given, names: tuple[str, ...], folder: Path | None, as_json: bool) -> None:
    """Look through the named parsers, or through all of yours and the built-in ones.

    It finds parsers that claim the same mails, patterns and parsers that take too long on hostile text (measured),
    links that the policy refuses or that act when they are opened, instants that lost their zone, missing signers and
    recorded mails, expected documents that differ, and addresses that may be somebody's. Exit code 1 on findings.
    """
    from interest_ingest.authoring.linting import Bench
    from interest_ingest.authoring.linting import lint as findings_of

    built_in, mine = _places(given, folder)
    places = [place_named(given, name, folder) for name in names] or [*mine, *built_in]
    findings = []
    for one in findings_of(Bench(places, [*mine, *built_in])):
        findings.append(one)
        if not as_json:
            case = f" {one.case}" if one.case else ""
            click.echo(neutral(f"{one.parser} {one.kind}{case}: {one.said}"))
    if as_json:
        print_json({"parsers": [place.name for place in places], "findings": [one._asdict() for one in findings]})
    else:
        click.echo(f"{len(places)} files with parsers, {len(findings)} findings")
    sys.exit(1 if findings else 0)


def _places(given: Given, folder: Path | None) -> tuple[list[Place], list[Place]]:
    """The built-in parsers and the author's own."""
    from interest_ingest.authoring.workshop import built_in

    return built_in(), own_places(given, folder)


def own_places(given: Given, folder: Path | None) -> list[Place]:
    """The parsers in the author's folder, if there is any."""
    from interest_ingest.authoring.workshop import place_of
    from interest_ingest.parsing.load import source_files

    mine = _folder(given, folder)
    return [place_of(file) for file in source_files(mine)] if mine else []


def _folder(given: Given, folder: Path | None) -> Path | None:
    """Where the author's parsers are: the given folder, the configured one, else ./parsers outside of a checkout."""
    from interest_ingest.authoring.workshop import DEFAULT

    configured = configured_rules(given).folder if folder is None else None
    mine = folder or (Path(configured) if configured else None)
    if mine and not mine.is_dir():
        raise UsageError(f"{mine} is no folder: name that of your parsers")
    return mine or (DEFAULT if DEFAULT.is_dir() and not (DEFAULT / "interest_parsers").is_dir() else None)


def place_named(given: Given, name: str, folder: Path | None) -> Place:
    """The place of the parser `name`; `UsageError` if there is none."""
    from interest_ingest.authoring.workshop import find

    sys.dont_write_bytecode = True  # else an edit within the same second would not be seen
    return find(name, _folder(given, folder))


def _watch(place: Place) -> None:
    """A process of its own for each run: it loads the file anew, and whatever the file does ends with it."""
    from interest_ingest.authoring.testing import changed, stamps

    command = [sys.executable, "-B", "-m", "interest_ingest", "parser", "test", str(place.file)]
    seen = stamps(place)
    while True:
        click.echo(f"── {time.strftime('%H:%M:%S')} {'─' * 40}")
        with subprocess.Popen(command) as running:  # noqa: S603  it is this very program
            while running.poll() is None and stamps(place) == seen:
                time.sleep(0.05)
            running.kill()
        seen = changed(place, seen)


def _document(place: Place, cases: list[Case], seconds: float) -> dict[str, Any]:
    return {
        "parser": place.name,
        "file": str(place.file),
        "fixtures": str(place.fixtures),
        "ok": bool(cases) and all(case.ok for case in cases),
        "seconds": round(seconds, 3),
        "cases": [
            {
                "case": case.name,
                "ok": case.ok,
                "outcome": case.found["outcome"],
                "reason": case.found["reason"],
                "trace": case.trace or None,
                "expected": case.expected is not None,
                "fields": [_field(one) for one in case.results],
            }
            for case in cases
        ],
    }


def _field(one: Result) -> dict[str, Any]:
    told = {"field": one.field, "ok": one.ok, "expected": one.expected, "found": one.found}
    return told if one.ok else {**told, "paste": one.paste, "line": one.line}


def _show_case(case: Case) -> None:
    right = len(case.results) - len(case.differing)
    if case.ok:
        click.echo(one_line(f"ok {case.name}: {right} fields"))
        return
    if case.expected is None:
        click.echo(one_line(f"new {case.name}: {_told(case)}; it has no expected document: accept it"))
    else:
        click.echo(one_line(f"differs {case.name}: {right} fields ok, {len(case.differing)} not"))
    for one in case.differing:
        _show_result(case, one)
    if case.trace:
        click.echo(neutral(case.trace).rstrip())


def _told(case: Case) -> str:
    reason = f" ({case.found['reason']})" if case.found["reason"] else ""
    return f"{case.found['outcome']}{reason}, {len(case.found['cards'])} cards"


def _show_result(case: Case, one: Result) -> None:
    click.echo(f"  {one_line(one.field)}")
    for title, value in (("expected", one.expected), ("found", one.found)):
        click.echo(f"    {title:<9}{one_line(json.dumps(value, ensure_ascii=False), VALUE_WIDTH)}")
    at = f", line {one.line}" if one.line else ""
    click.echo(f"    paste into {case.file.name}.json{at}:")
    for line in one.paste.split("\n"):
        click.echo(f"    {neutral(line)}")


def _summary(place: Place, cases: list[Case], seconds: float) -> str:
    if not cases:
        return one_line(
            f"no recorded mail in {place.fixtures}: put some there, then interest-ingest parser accept {place.name}"
        )
    differing = sum(len(case.differing) for case in cases)
    new = sum(case.expected is None for case in cases)
    wrong = [f"{differing} differ"] if differing else []
    wrong += [f"{new} mails without an expected document"] if new else []
    fields = sum(len(case.results) for case in cases)
    verdict = ", ".join(wrong) or "all as expected"
    return one_line(f"{place.name}: {len(cases)} mails, {fields} fields, {verdict} ({seconds:.2f} s)")


def _show_accepted(case: Case, did: str) -> None:
    click.echo(one_line(f"{case.name}: {did}"))
    if case.expected is None and did == "written":
        click.echo(neutral(json.dumps(case.found, ensure_ascii=False, indent=1)))
    for one in case.differing:
        before, after = (json.dumps(value, ensure_ascii=False) for value in (one.expected, one.found))
        click.echo(f"  {one_line(one.field)}")
        click.echo(f"    - {one_line(before, VALUE_WIDTH)}")
        click.echo(f"    + {one_line(after, VALUE_WIDTH)}")
