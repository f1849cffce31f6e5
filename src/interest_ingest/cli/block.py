"""`block`: whose interests are dropped."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import Given, json_option, neutral, print_json, print_table

if TYPE_CHECKING:
    from interest_ingest.store import Store


@click.group()
def block() -> None:
    """Whose interests are dropped: by address, by domain with its subdomains, by profile.

    A mail with no other interest in it is ignored, reason "blocked". Cards that are there stay. A running daemon heeds
    a change within seconds.
    """


@block.command()
@click.argument("whom", metavar="ADDRESS|DOMAIN|PROFILE...", nargs=-1, required=True)
@json_option
@click.pass_obj
def add(given: Given, whom: tuple[str, ...], as_json: bool) -> None:
    """Drop their interests from now on."""
    from interest_ingest.ingest.blocking import entry

    entries = [entry(one) for one in whom]  # a mistake in one of them changes nothing
    with given.store() as (_, store):
        added = [(kind, value) for kind, value in entries if store.block(kind, value)]
    _tell("added", entries, added, "is blocked already", as_json)


@block.command()
@click.argument("whom", metavar="ADDRESS|DOMAIN|PROFILE...", nargs=-1, required=True)
@json_option
@click.pass_obj
def remove(given: Given, whom: tuple[str, ...], as_json: bool) -> None:
    """Take them from the list; exit code 1 if one is not on it."""
    from interest_ingest.ingest.blocking import entry

    entries = [entry(one) for one in whom]
    with given.store() as (_, store):
        removed = [(kind, value) for kind, value in entries if store.unblock(kind, value)]
    _tell("removed", entries, removed, "is not blocked", as_json)
    sys.exit(1 if len(removed) < len(entries) else 0)


@block.command("list")
@json_option
@click.pass_obj
def list_(given: Given, as_json: bool) -> None:
    """Show the list."""
    with given.store() as (_, store):
        documents = _documents(store)
    if as_json:
        print_json({"blocks": documents})
    elif documents:
        print_table(
            {name: {} for name in ("kind", "value", "since")}, [list(map(neutral, one.values())) for one in documents]
        )
    else:
        click.echo("nobody is blocked")


def _documents(store: Store) -> list[dict[str, str]]:
    from interest_ingest.cards import iso_utc

    return [{"kind": one.kind, "value": one.value, "created_at": iso_utc(one.created_at)} for one in store.blocks()]


def _tell(
    done: str, entries: list[tuple[str, str]], changed: list[tuple[str, str]], otherwise: str, as_json: bool
) -> None:
    if as_json:
        print_json({done: [{"kind": kind, "value": value} for kind, value in changed]})
        return
    for kind, value in entries:
        click.echo(neutral(f"{kind} {value}: {done if (kind, value) in changed else otherwise}"))
