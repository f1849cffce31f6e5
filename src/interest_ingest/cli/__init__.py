"""The command line. Modules here import nothing heavy at the top: `--help` must be there at once."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from interest_ingest.cli import (
    auth,
    block,
    config,
    database,
    demo,
    explain,
    health,
    kit,
    ledger,
    mailboxes,
    parsers,
    quarantine,
    reading,
    reparse,
    status,
    trying,
    verify,
)
from interest_ingest.cli.common import Given, neutral
from interest_ingest.errors import IngestError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

INTERRUPTED = 130
"""What a shell reports for a program that Ctrl-C ended."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="interest-ingest", message="%(prog)s %(version)s")
@click.option(
    "--config",
    "path",
    type=click.Path(path_type=Path),
    metavar="FILE",
    envvar="INTEREST_INGEST_CONFIG",
    help="The configuration, a TOML file (or INTEREST_INGEST_CONFIG).",
)
@click.pass_context
def program(context: click.Context, path: Path | None) -> None:
    """Turns notification mails into interest cards in your SQL database.

    Exit codes: 0 done, 1 done but something failed (the output says what), 2 wrong use or configuration,
    3 the database or a mailbox cannot be reached.
    """
    context.obj = Given(path)


for command in (
    mailboxes.run,
    mailboxes.poll,
    mailboxes.check,
    auth.auth,
    reading.import_,
    reading.parse,
    explain.explain,
    block.block,
    ledger.cards,
    ledger.mails,
    quarantine.quarantine,
    reparse.reparse,
    verify.verify,
    status.status,
    parsers.parser,
    config.config,
    database.db,
    demo.demo,
):
    program.add_command(command)

for command in (kit.test, kit.accept, kit.lint, trying.try_, health.health):
    parsers.parser.add_command(command)


def main(args: Sequence[str] | None = None) -> None:
    """Run the program and leave with its exit code. A mistake prints one sentence, a bug prints its trace."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):  # a stream that somebody replaced
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # TextIO knows it only by its class
    try:
        code = program.main(args, prog_name="interest-ingest", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = INTERRUPTED
    except IngestError as error:
        click.echo(f"interest-ingest: {neutral(str(error))}", err=True)
        code = error.exit_code
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        click.echo(f"interest-ingest: {(error.strerror or '').lower()}: free space, then try again", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what standard output still holds would fail again at exit
        code = IngestError.exit_code
    sys.exit(code or 0)
