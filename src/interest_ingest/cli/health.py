"""`parser health`: what is usual of each parser's mails, what has changed, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Columns, Given, json_option, neutral, one_line, print_json, print_table
from interest_ingest.cli.drafting import known_rules
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.ingest.rules import Rules
    from interest_ingest.store import Store

COLUMNS: Columns = {
    "parser": {"no_wrap": True},
    "sender": {},
    "mails": {"justify": "right"},
    "a week": {"justify": "right"},
    "last (UTC)": {},
    "shapes": {"justify": "right"},
    "not recognized": {},
    "fields now (usually)": {"ratio": 1},
    "state": {},
}

SHOWN = 0.15
"""A field's share that has moved by so much is shown."""


@click.command(short_help="What has changed in the mails that parsers read.")
@json_option
@click.option(
    "--samples",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write mails that show what has changed to FOLDER, scrubbed of the people in them.",
)
@click.option("--usual", metavar="PARSER", help="Learn anew what is usual of this parser's mails: all is well so.")
@click.pass_obj
def health(given: Given, as_json: bool, samples: Path | None, usual: str | None) -> None:
    """Show for each parser and sender what is usual of its mails and what is now: layouts, filled fields, hours.

    Exit code 1 if something has changed; the output says what, and the command that begins the repair.
    """
    from interest_ingest.watch.report import documents
    from interest_ingest.watch.watching import drift_of, fallbacks

    with given.store() as (settings, store):
        if usual is not None and not store.forget_habits(usual):
            raise UsageError(f"there is nothing usual of a parser {usual!r}; parser health names those that there are")
        from datetime import UTC, datetime

        found = drift_of(settings, (), store, store.health(datetime.now(UTC)))
        told = documents(store.habits(fewest=1), found, fallbacks())
        ids = {mail_id for one in found for mail_id in one.mails}
        written = _write_samples(store, known_rules(given), sorted(ids), samples) if samples else []
    if as_json:
        print_json({"parsers": told, "samples": written})
    else:
        show(told, written)
    sys.exit(1 if found else 0)


def show(told: list[dict[str, Any]], written: list[str]) -> None:
    """The same for people."""
    if not told:
        click.echo("no mail of a parser was counted yet")
        return
    print_table(COLUMNS, [_row(one) for one in told])
    for wrong in {wrong["text"]: wrong for one in told for wrong in one["wrong"]}.values():
        click.echo(neutral(f"CHANGED  {wrong['text']}\n         {wrong['remedy']}"))
    if written:
        click.echo(neutral(f"scrubbed samples: {', '.join(written)}"))
    if not any(one["wrong"] for one in told):
        click.echo("All is as usual.")


def _row(one: dict[str, Any]) -> list[str]:
    not_read = one["not_recognized"]
    return [
        one_line(one["parser"], 40),
        one_line(one["sender"] or "(letters)", 40),
        str(one["mails"]),
        "" if one["a_week"] is None else f"{one['a_week']:.0f}",
        (one["last"] or "")[:16].replace("T", " "),
        str(len(one["shapes"])),
        f"{_percent(not_read['now'])} ({_percent(not_read['usual'])})" if not_read else "",
        ", ".join(_field(name, shares) for name, shares in one["fields"].items() if _moved(shares)),
        one["state"],
    ]


def _moved(shares: dict[str, float | None]) -> bool:
    now, usual = shares["now"], shares["usual"]
    return now is not None and usual is not None and abs(now - usual) >= SHOWN


def _field(name: str, shares: dict[str, float | None]) -> str:
    return f"{name} {_percent(shares['now'])} ({_percent(shares['usual'])})"


def _percent(share: float | None) -> str:
    return "?" if share is None else f"{share:.0%}"


def _write_samples(store: Store, rules: Rules, mail_ids: list[int], folder: Path) -> list[str]:
    """Scrubbed copies of these mails; those that cannot be scrubbed clean, or whose bytes are gone, are left out."""
    from interest_ingest.authoring.scrubbing import scrub

    written = []
    for mail_id in mail_ids:
        raw = store.raw(mail_id)
        scrubbed = scrub(raw, rules=rules) if raw else None
        if scrubbed is None or scrubbed.faults:
            click.echo(f"mail {mail_id}: no sample: {'; '.join(scrubbed.faults) if scrubbed else 'emptied'}", err=True)
            continue
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{mail_id}.eml"
        file.write_bytes(scrubbed.raw)
        written.append(str(file))
    return written
