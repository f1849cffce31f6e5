"""Real processes for tests: started together, killed at a chosen statement."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable

from sqlalchemy import Engine, event

_FORK = multiprocessing.get_context("fork")  # the modules are warm: a tenth of a start


def fork(*works: Callable[[], object]) -> list[int | None]:
    """Run each of `works` in a process of its own, all at the same moment; gives their exit codes."""
    barrier = _FORK.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        barrier.wait(timeout=30)
        work()

    children = [_FORK.Process(target=run, args=(work,)) for work in works]
    for child in children:
        child.start()
    for child in children:
        child.join(timeout=60)
    return [child.exitcode for child in children]


def killed_at(step: int, engine: Engine, work: Callable[[], object]) -> bool:
    """Do `work` in a child that is killed before its `step`-th statement or commit; False if it ended before."""
    (code,) = fork(lambda: _doomed(step, engine, work))
    assert code in (0, -signal.SIGKILL)
    return code != 0


def _doomed(step: int, engine: Engine, work: Callable[[], object]) -> None:
    left = step

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(engine, "before_cursor_execute", count)
    event.listen(engine, "commit", count)
    work()
