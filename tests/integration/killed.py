"""Runs the command line and kills itself with SIGKILL at a given step of its conversation with the database.

    KILL_AT=7 python -m tests.integration.killed poll

A step is a statement that is about to be sent or a commit that is about to be made, in any thread. Without KILL_AT the
number of steps is written to the file STEPS when the command ends.
"""

from __future__ import annotations

import itertools
import os
import signal
import sys
from pathlib import Path

from sqlalchemy import Engine, event

from interest_ingest.cli import main

_counter = itertools.count(1)
_kill_at = int(os.environ.get("KILL_AT", "0"))
_last = 0


def _step(*_: object) -> None:
    global _last
    _last = next(_counter)
    if _last == _kill_at:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    event.listen(Engine, "before_cursor_execute", _step)
    event.listen(Engine, "commit", _step)
    try:
        main()
    finally:
        if "STEPS" in os.environ:
            Path(os.environ["STEPS"]).write_text(str(_last))
        sys.stdout.flush()
