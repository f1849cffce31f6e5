"""`config`: every option, and the configuration in force."""

from __future__ import annotations

import click

from interest_ingest.cli.common import Given


@click.group()
def config() -> None:
    """Every option; the configuration in force."""


@config.command()
def sample() -> None:
    """Print a configuration with every option, its meaning and its default."""
    from interest_ingest import settings

    click.echo(settings.sample(), nl=False)


@config.command()
@click.pass_obj
def show(given: Given) -> None:
    """Print the configuration in force, from file, secret files and environment, without secrets."""
    from interest_ingest import settings

    click.echo(settings.show(given.settings()), nl=False)
