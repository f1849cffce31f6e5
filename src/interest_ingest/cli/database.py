"""`db`: the schema of the database."""

from __future__ import annotations

import click

from interest_ingest.cli.common import Given


@click.group()
def db() -> None:
    """The schema of the database."""


@db.command()
@click.pass_obj
def upgrade(given: Given) -> None:
    """Bring the schema to the state that this version needs; may be run again at any time."""
    from interest_ingest.store import Store

    click.echo(Store.upgrade(given.settings().database_url()))
