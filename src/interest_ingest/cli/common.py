"""What the commands share: the given configuration, the opened database, and how things are printed."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from interest_ingest.settings import Settings
    from interest_ingest.store import Store

PIPE_WIDTH = 160
"""Columns of a table that goes to a file or a pipe."""

# Controls could steer the terminal, bidirectional overrides make a text read as what it is not.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

NUMBER = click.IntRange(1, 2**63 - 1)
"""Of a mail in the ledger or on a server, as far as databases count."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on standard output, nothing else.")


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line gave before the command: the configuration file, if any."""

    path: Path | None = None

    def settings(self, *, quiet: bool = True) -> Settings:
        """The checked configuration, with logging set up by it; `quiet` commands log from warnings on only."""
        from interest_ingest import log, settings

        loaded = settings.load(self.path)
        level = "warning" if quiet and loaded.log.level == "info" else loaded.log.level
        log.configure(loaded.log.format, level)
        return loaded

    @contextmanager
    def store(self, *, read_only: bool = False) -> Iterator[tuple[Settings, Store]]:
        """The configuration and its opened database; an empty one is set up, or with `read_only` refused."""
        from interest_ingest.store import Store

        settings = self.settings()
        store = (Store.open_to_read if read_only else Store.open)(settings.database_url())
        try:
            yield settings, store
        finally:
            store.close()


def print_json(document: Any) -> None:
    """One document on one line, UTF-8 whatever the locale; a reader that has gone is told at once."""
    click.echo(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))


def neutral(text: str) -> str:
    """`text` made harmless for a terminal: controls and bidirectional overrides become visible marks."""
    return _UNSAFE.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def one_line(text: str | None, width: int = 0) -> str:
    """`text` neutral and on one line, cut to `width` characters if given."""
    line = neutral(" ".join((text or "").split()))
    return line if not width or len(line) <= width else line[: width - 1] + "…"


def console() -> Console:
    """For tables on standard output."""
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)


Columns = dict[str, dict[str, Any]]
"""Titles of columns, with rich's options for each."""


def print_table(columns: Columns, rows: Iterable[list[str]], **options: Any) -> None:
    """A table of texts that are neutral already, with rich's options for the whole."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, **options)
    for title, column in columns.items():
        table.add_column(title, **column)
    for row in rows:
        table.add_row(*map(Text, row))
    console().print(table)


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress bars on standard error, shown only if it is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True) as bars:
        yield bars
