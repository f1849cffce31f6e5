"""Mails by the shape of their template, and mails as files: what a new parser begins with."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Columns, Given, one_line, print_json, print_table
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.cards import Outcome
    from interest_ingest.store import Store
    from interest_ingest.store.drift import Group

COLUMNS: Columns = {
    "sender": {},
    "shape": {"no_wrap": True},
    "mails": {"justify": "right"},
    "newest (UTC)": {},
    "like": {"ratio": 1},
}

WIDTH = 80
SHOWN = 100
"""So many groups are shown to people, the largest."""

COMMANDS = 10
"""So many commands are shown to people, those of the largest groups; --json has all."""


def by_shape(given: Given, store: Store, outcome: Outcome, *, as_json: bool) -> None:
    """Show the mails of an outcome by sender and shape, the most frequent first, each with its `parser new` command.

    The subject of an example is shown with its numbers and addresses hidden; it may still name a person.
    """
    program = f"interest-ingest --config {shlex.quote(str(given.path))}" if given.path else "interest-ingest"
    found = store.groups(outcome)
    groups = [_document(store, one, program) for one in (found if as_json else found[:SHOWN])]
    if as_json:
        print_json({"outcome": outcome.value, "groups": groups})
        return
    if not groups:
        click.echo(f"no mail is {outcome.value}")
        return
    print_table(COLUMNS, [_row(one) for one in groups])
    for one in [one for one in groups if one["command"]][:COMMANDS]:
        click.echo(one["command"])
    if rest := found[SHOWN:]:
        mails = sum(one.mails for one in rest)
        click.echo(f"{len(rest)} smaller groups with {mails} mails are not shown; --json has all")
    if any(not one["shape"] for one in groups):
        click.echo(
            "mails without a shape were read by an earlier version: interest-ingest reparse --apply gives them one"
        )


def _document(store: Store, one: Group, program: str) -> dict[str, Any]:
    from interest_ingest.ingest.header import header_of
    from interest_ingest.watch.drift import begin_parser

    raw = store.raw(one.mail_ids[0]) if one.mail_ids else None
    return {
        "sender": one.sender or None,
        "shape": one.shape or None,
        "mails": one.mails,
        "newest": one.newest_at.strftime("%Y-%m-%dT%H:%M:%SZ") if one.newest_at else None,
        "mail_ids": list(one.mail_ids),
        "subject": _hidden(header_of(raw).subject) if raw else None,
        "command": begin_parser(one.sender, one.shape, one.mail_ids, program) if raw and one.shape else None,
    }


def _hidden(subject: str) -> str:
    """A subject without numbers and addresses."""
    return re.sub(r"\d+", "#", re.sub(r"[^\s@<>]{1,100}@[^\s<>]{1,100}", "…@…", subject[:300]))


def _row(one: dict[str, Any]) -> list[str]:
    when = (one["newest"] or "")[:16].replace("T", " ")
    cells = (one["sender"] or "-", one["shape"] or "-", str(one["mails"]), when)
    return [*(one_line(cell, WIDTH) for cell in cells), one_line(one["subject"], WIDTH)]


def export(store: Store, mail_ids: Sequence[int], output: Path | None) -> None:
    """Write the raw mails: one to standard output or a file, several to a folder as NUMBER.eml, for their owner alone.

    Raises `UsageError` for a mail that the ledger lacks or whose bytes retention has emptied.
    """
    if output is None and len(mail_ids) > 1:
        raise UsageError("several mails need a folder to be written to: give -o FOLDER")
    raws = [(mail_id, _raw(store, mail_id)) for mail_id in mail_ids]
    if output is None:
        sys.stdout.buffer.write(raws[0][1])
        return
    to_folder = len(raws) > 1 or output.is_dir() or not output.suffix
    try:
        if to_folder:
            output.mkdir(mode=0o700, parents=True, exist_ok=True)
        for mail_id, raw in raws:
            _write(output / f"{mail_id}.eml" if to_folder else output, raw)
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {(error.strerror or str(error)).lower()}") from None


def _write(file: Path, raw: bytes) -> None:
    """People are in it: nobody else may read the file."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(raw)
    click.echo(str(file))


def _raw(store: Store, mail_id: int) -> bytes:
    raw = store.raw(mail_id)
    if raw is None:
        raise UsageError(f"the ledger has no mail {mail_id}; interest-ingest mails lists them")
    if not raw:
        raise UsageError(f"mail {mail_id}: retention has emptied its bytes; look for it in the mailbox")
    return raw
