"""`quarantine`: the mails that could not be read, and what to do about them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import (
    NUMBER,
    Given,
    json_option,
    neutral,
    one_line,
    print_json,
    print_table,
    progress,
)
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.cards import Outcome
    from interest_ingest.store import Store

COLUMNS = ("mail_id", "mailbox", "received_at", "reason", "parser", "parser_version", "deliveries", "raw_kept")

_ids = click.argument("ids", metavar="[MAIL_ID]...", nargs=-1, type=NUMBER)
_reason = click.option("--reason", metavar="TEXT", help="Only mails whose reason begins with this.")
_parser = click.option("--parser", metavar="NAME", help="Only mails of this parser.")
_held = click.option("--held", is_flag=True, help="Mails that were held back in a flood, in place of quarantined ones.")


@click.group(short_help="Mails that could not be read.")
def quarantine() -> None:
    """Mails that a parser recognized and could not read, and with --held those held back in a flood."""


@quarantine.command("list", short_help="Show them.")
@json_option
@_reason
@_parser
@_held
@click.pass_obj
def list_(given: Given, as_json: bool, reason: str | None, parser: str | None, held: bool) -> None:
    """Show the mails in quarantine, one line each; with --json one document with a list of mails."""
    with given.store() as (_, store):
        found = [_brief(mail) for mail in store.quarantined(_outcome(held), reason=reason, parser=parser)]
    if as_json:
        print_json({"mails": found})
    elif found:
        columns: dict[str, dict[str, Any]] = {name.replace("_", " "): {} for name in COLUMNS}
        print_table(columns, ([_cell(mail[name]) for name in COLUMNS] for mail in found))
    else:
        click.echo("no mail is held back" if held else "no mail is in quarantine")


@quarantine.command(short_help="Show one: reason, parser, trace, or its bytes.")
@click.argument("mail_id", metavar="MAIL_ID", type=NUMBER)
@json_option
@click.option("--raw", is_flag=True, help="Print the raw mail on standard output, nothing else.")
@click.pass_obj
def show(given: Given, mail_id: int, as_json: bool, raw: bool) -> None:
    """Show why a mail was not read: the reason, the parser and its version, and the trace of a bug."""
    with given.store() as (_, store):
        mail = _one(store, mail_id)
        body = store.raw(mail_id) if raw else None
    if raw and not body:
        raise UsageError(f"mail {mail_id}: retention has emptied its bytes; look for it in the mailbox")
    if body:
        sys.stdout.buffer.write(body)
    elif as_json:
        print_json(mail)
    else:
        for name, value in mail.items():
            if name != "trace" and value is not None:
                click.echo(f"{name.replace('_', ' ') + ':':<16} {one_line(str(value))}")
        click.echo(neutral(f"\n{mail['trace']}") if mail["trace"] else "", nl=bool(mail["trace"]))


@quarantine.command(short_help="Read them again.")
@_ids
@_reason
@_parser
@_held
@click.option("--all", "everything", is_flag=True, help="All of them.")
@json_option
@click.pass_obj
def retry(
    given: Given,
    ids: tuple[int, ...],
    reason: str | None,
    parser: str | None,
    held: bool,
    everything: bool,
    as_json: bool,
) -> None:
    """Read mails again, those given or chosen by reason or parser: after a parser was mended, or a flood is over."""
    from interest_ingest.cli.intake import read_waiting

    if not (ids or reason or parser or everything):
        raise UsageError("name the mails, or choose them with --reason, --parser or --all")
    with given.store() as (settings, store), progress() as bars:
        chosen = _chosen(store, ids) if ids else None
        retried = store.retry(chosen, _outcome(held), reason=reason, parser=parser)
        outcomes = dict(read_waiting(store, settings, bars)) if retried else {}
    _tell(as_json, {"retried": retried, "outcomes": outcomes}, f"{retried} read again: {_counted(outcomes)}")
    if chosen and retried < len(chosen):
        click.echo(f"{len(chosen) - retried} not: retention has emptied their bytes", err=True)
        raise SystemExit(1)


@quarantine.command(short_help="They need not be read.")
@_ids
@_reason
@_parser
@_held
@json_option
@click.pass_obj
def dismiss(
    given: Given, ids: tuple[int, ...], reason: str | None, parser: str | None, held: bool, as_json: bool
) -> None:
    """Take mails out of quarantine without reading them; they stay in the ledger as ignored, reason "dismissed"."""
    if not (ids or reason or parser):
        raise UsageError("name the mails, or choose them with --reason or --parser")
    with given.store() as (_, store):
        found = store.quarantined(_outcome(held), reason=reason, parser=parser)
        dismissed = store.dismiss(_chosen(store, ids) if ids else [mail["mail_id"] for mail in found])
    _tell(as_json, {"dismissed": dismissed}, f"{dismissed} dismissed")


def _outcome(held: bool) -> Outcome:
    from interest_ingest.cards import Outcome

    return Outcome.HELD if held else Outcome.QUARANTINED


def _brief(mail: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in mail.items() if name != "trace"}


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else one_line(str(value), 80)


def _one(store: Store, mail_id: int) -> dict[str, Any]:
    for held in (False, True):
        for mail in store.quarantined(_outcome(held), mail_id=mail_id):
            return mail
    raise UsageError(f"mail {mail_id} is not in quarantine; interest-ingest mails {mail_id} tells what became of it")


def _chosen(store: Store, ids: Iterable[int]) -> list[int]:
    """The ids, if all of them are in quarantine or held."""
    return [_one(store, mail_id)["mail_id"] for mail_id in dict.fromkeys(ids)]


def _counted(outcomes: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items())) or "nothing was left to read"


def _tell(as_json: bool, document: dict[str, Any], sentence: str) -> None:
    if as_json:
        print_json(document)
    else:
        click.echo(sentence)
