"""T-21: SIGTERM at every step of the daemon's work: it ends within ten seconds, and nothing is lost or doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

from tests.integration.desk import Desk
from tests.integration.forks import Ended, Forks
from tests.torture import report, scale

POINTS = scale(4, 1_000_000)
"""Steps at which it is stopped, for each database; the long run takes all of a whole cycle."""

STOP_SECONDS = 10.0


def a_whole_cycle(forks: Forks, desk: Desk) -> int:
    """The steps that the daemon takes until every mail has its card."""
    pid = forks.start(desk.config, "run")
    deadline = time.monotonic() + 60
    while desk.wrong():
        assert time.monotonic() < deadline, desk.wrong()
        time.sleep(0.02)
    os.kill(pid, signal.SIGTERM)
    ended = forks.wait(pid)
    assert ended.status == 0, ended.log
    return ended.steps


def stopped_at(forks: Forks, desk: Desk, step: int) -> tuple[Ended, float]:
    """How it ended, and the seconds that it lived: more than the stop took."""
    begun = time.monotonic()
    ended = forks.wait(forks.start(desk.config, "run", kill_at=step, number=signal.SIGTERM))
    return ended, time.monotonic() - begun


def test_a_stop_at_any_step_loses_nothing_and_doubles_nothing(make_desk: Callable[[str], Desk], forks: Forks) -> None:
    """T-21. After each stop a poll brings what was left, and a second one changes nothing."""
    steps = a_whole_cycle(forks, make_desk("none"))
    points = sorted(random.Random(21).sample(range(1, steps + 1), min(POINTS, steps)))
    longest = 0.0
    for step in points:
        desk = make_desk("none")
        ended, seconds = stopped_at(forks, desk, step)
        where = f"step {step} of {steps}: {ended.last}\n{ended.log}"
        assert ended.status == 0, where
        assert seconds < STOP_SECONDS, where
        assert "without waiting longer" not in ended.log, where
        longest = max(longest, seconds)
        again = forks.run(desk.config, "poll")
        assert again.status == 0, again.log
        assert desk.wrong() == {}, where
        before = desk.dump()
        forks.run(desk.config, "poll")
        assert desk.dump() == before, where
    report("T-21 stops", points=len(points), of=steps, exit_0=len(points), longest_seconds=longest, lost=0, doubled=0)
