"""An author's code in this process, kept from ending it, doubling it, stopping it, or printing among its results.

It is no sandbox, which the daemon has: what somebody runs here are his own parsers, with his own rights. But a parser
that calls `sys.exit` must not make its test green.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import replace
from functools import wraps
from signal import ITIMER_REAL
from typing import Any, Final, NoReturn
from unittest.mock import patch

from interest_ingest.cards import Interest
from interest_ingest.ingest.foreign import declared_by
from interest_ingest.ingest.patterns import limited
from interest_ingest.mail import Mail
from interest_ingest.parsing import Parser

SECONDS: Final = 8.0
"""By the clock, for a mail and for loading a file: as in a sandbox."""

_ENDING: Final = ("_exit", "abort", "fork", "forkpty", "system", "execv", "execve", "posix_spawn", "posix_spawnp")
"""What of `os` ends this process, or begins another: the plain ways, by mistake; `parser lint` names the others."""


@contextmanager
def contained() -> Iterator[None]:
    """Raises `RuntimeError` for code that tries to end or to double this process, `TooLong` if the clock says so.

    What it prints goes to standard error.
    """
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))
        for name in filter(lambda one: hasattr(os, one), _ENDING):
            stack.enter_context(patch.object(os, name, _refuser(name)))
        try:
            with limited(SECONDS, ITIMER_REAL):
                yield
        except SystemExit as fault:
            raise RuntimeError(
                f"it ends the program with exit code {fault.code}; a parser ends with its mail"
            ) from fault
        except MemoryError as fault:
            raise RuntimeError("it takes more memory than there is") from fault


def _refuser(name: str) -> Callable[..., NoReturn]:
    def refuse(*_given: Any, **_named: Any) -> NoReturn:
        raise RuntimeError(f"it calls os.{name}; a parser neither ends this process nor begins another")

    return refuse


def containing(one: Parser) -> Parser:
    """`one`, whose code is contained while it reads; a table as it is, for it has none."""
    if declared_by(one):
        return one

    @wraps(one.read)
    def read(mail: Mail) -> Iterator[Interest]:
        with contained():
            found = list(one.read(mail))
        yield from found

    return replace(one, read=read)
