"""`verify`: does the ledger have every message that is on the servers?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import Given, json_option, neutral, print_json
from interest_ingest.errors import IngestError, Unreachable

if TYPE_CHECKING:
    from interest_ingest.ingest.verify import Verified
    from interest_ingest.settings import Mailbox, Settings
    from interest_ingest.store import Store


@click.command(short_help="Compare the servers with the ledger.")
@click.argument("names", metavar="[MAILBOX]...", nargs=-1)
@json_option
@click.pass_obj
def verify(given: Given, names: tuple[str, ...], as_json: bool) -> None:
    """Compare the mailboxes (all, or those named) with the ledger; nothing is fetched into it.

    A message is unaccounted if it is on the server and not in the ledger, or if the ledger knows another message under
    its number; poll, and it should be gone. Exit code 0 only with none, 1 with some, 3 if a mailbox cannot be read.
    """
    with given.store() as (settings, store):
        chosen = settings.chosen(names)
        with ThreadPoolExecutor(len(chosen)) as pool:
            results = list(pool.map(lambda mailbox: _verified(store, settings, mailbox), chosen))
    unaccounted = sum(one.unaccounted or 0 for one, _ in results)
    if as_json:
        documents = [one.as_json() | ({"error": str(error)} if error else {}) for one, error in results]
        print_json({"mailboxes": documents, "unaccounted": unaccounted})
    else:
        for one, error in results:
            click.echo(neutral(_line(one) if error is None else f"{one.name}: not compared"))
    errors = [error for _, error in results if error]
    for error in errors:
        click.echo(f"interest-ingest: {neutral(str(error))}", err=True)
    raise SystemExit(max((error.exit_code for error in errors), default=1 if unaccounted else 0))


def _verified(store: Store, settings: Settings, mailbox: Mailbox) -> tuple[Verified, IngestError | None]:
    from interest_ingest.ingest.verify import Verified, verify_mailbox

    try:
        return verify_mailbox(store, settings.account(mailbox), mailbox.since), None
    except Unreachable as error:
        return Verified(mailbox.name), error


def _line(one: Verified) -> str:
    outcomes = ", ".join(f"{count} {name}" for name, count in sorted(one.outcomes.items()))
    return (
        f"{one.name}: {one.on_server} on the server, {one.in_ledger} in the ledger"
        f"{f' ({outcomes})' if outcomes else ''}, {one.unaccounted} unaccounted"
    )
