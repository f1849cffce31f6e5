"""Sizes and figures of the torture tests: the same functions, short in `make test` and long in `make torture`."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

TORTURE = os.environ.get("INTEREST_INGEST_TORTURE") == "1"


def scale(short: T, long: T) -> T:
    """`long` if INTEREST_INGEST_TORTURE=1, else `short`; either may be a number or a whole list of cases."""
    return long if TORTURE else short


def report(name: str, **figures: object) -> None:
    """Tell what a run has measured: one line such as `2026-11-22 T-04 proxy offsets: offsets=1024 lost=0`.

    It is appended to the file that INTEREST_INGEST_REPORT names, else written to stderr. One write, so that lines of
    several processes do not mix.
    """
    told = " ".join(f"{key}={_short(value)}" for key, value in figures.items())
    line = f"{datetime.now(UTC):%Y-%m-%d} {name}: {told}\n"
    path = os.environ.get("INTEREST_INGEST_REPORT")
    if path is None:
        sys.stderr.write(line)
        return
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(line)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
