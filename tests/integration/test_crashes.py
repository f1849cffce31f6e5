"""T-01 to T-03: SIGKILL at every step of a poll; nothing is lost, doubled, or taken from people.

A run: the process is killed, a person edits a card, a new mail arrives, the command is repeated to its end, and once
more, which must change no row. That the harness sees what it looks for is shown by bad orders of the protocol (T-03).
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.desk import Desk, mails
from tests.integration.forks import Ended, Forks
from tests.integration.mutants import MUTANTS
from tests.mails import samples
from tests.torture import TORTURE, report, scale

MAILS = mails(6)
LATE = samples(20)[-1]
POINTS = scale(2, 1_000_000)
"""Steps of a poll at which it is killed, for each way of acknowledging and each database; the long run takes all."""

MODES = ("none", "keyword", "seen", "move")


def steps_of_a_poll(forks: Forks, desk: Desk) -> int:
    """How many steps an undisturbed poll takes; it must do everything right."""
    whole = forks.run(desk.config, "poll")
    assert whole.status == 0, whole.log
    assert desk.wrong() == {}
    return whole.steps


def recovered(forks: Forks, desk: Desk, mutant: str = "") -> dict[str, Any]:
    """After a crash: people and mails go on, the poll is repeated. Gives all that is wrong then; {} if nothing is."""
    edited = desk.somebody_works()
    desk.deliver(LATE)
    again = forks.run(desk.config, "poll", mutant=mutant)
    found = desk.wrong()
    if again.status:
        found["status"] = (again.status, again.log)
    before = desk.dump()
    forks.run(desk.config, "poll", mutant=mutant)
    if (after := desk.dump()) != before:
        found["changed"] = [row for table in before for row in Counter(after[table]) - Counter(before[table])]
    if not edited.items() <= desk.worked_on().items():
        found["people's work"] = edited
    return found


def chosen(steps: int, case: str) -> list[int]:
    """`POINTS` of the steps, others for each case and always the same."""
    return sorted(random.Random(case).sample(range(1, steps + 1), min(POINTS, steps)))


@pytest.mark.parametrize("mode", MODES)
def test_a_kill_at_any_step_loses_doubles_and_overwrites_nothing(
    make_desk: Callable[[str], Desk], forks: Forks, mode: str, request: pytest.FixtureRequest
) -> None:
    """T-01: every statement, commit, IMAP line and hand-over to the readers, and then a rerun that changes no row."""
    steps = steps_of_a_poll(forks, make_desk(mode))
    kills = 0
    wrong: dict[str, Any] = {}
    case = request.node.callspec.id
    for point in chosen(steps, case):
        desk = make_desk(mode)
        ended = forks.run(desk.config, "poll", kill_at=point)
        assert ended.killed or point > steps - 3, ended.log
        kills += ended.killed
        if found := recovered(forks, desk):
            wrong[f"{point} of {steps}: {ended.last}"] = found
    report(f"T-01 {case}", steps=steps, kills=kills, wrong=len(wrong))
    assert wrong == {}


def test_a_kill_at_any_time_loses_doubles_and_overwrites_nothing(
    make_desk: Callable[[str], Desk], forks: Forks, request: pytest.FixtureRequest
) -> None:
    """T-02: SIGKILL from outside, up to three times before the mails are done."""
    chance = random.Random(4)
    steps_of_a_poll(forks, make_desk("none"))  # the first takes longer than all others: kills would come too late
    begun = time.monotonic()
    steps_of_a_poll(forks, make_desk("none"))
    whole = time.monotonic() - begun
    kills = rounds = 0
    wrong: dict[str, Any] = {}
    while kills < scale(5, 500):
        rounds += 1
        desk = make_desk(chance.choice(MODES))
        last = ""
        for _ in range(chance.randint(1, 3)):
            ended = _killed_after(forks, desk, chance.uniform(0, whole))
            kills += ended.killed
            last = ended.last
        if found := recovered(forks, desk):
            wrong[f"round {rounds}, {desk.acknowledge}: {last}"] = found
    report(f"T-02 random kills {request.node.callspec.id}", kills=kills, rounds=rounds, wrong=len(wrong))
    assert wrong == {}


def _killed_after(forks: Forks, desk: Desk, seconds: float) -> Ended:
    pid = forks.start(desk.config, "poll")
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)  # until it is waited for it is there, ended or not
    return forks.wait(pid)


@pytest.mark.parametrize("make_desk", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", MUTANTS)
def test_the_harness_catches_bad_orders(make_desk: Callable[[str], Desk], forks: Forks, name: str) -> None:
    """T-03: with any of these mistakes in the product some kill would lose, double or overwrite something."""
    mutant = MUTANTS[name]
    points: list[int | str] = [mutant.kill_at]
    if TORTURE:
        whole = forks.run(make_desk(mutant.acknowledge).config, "poll", mutant=name)
        assert whole.status == 0, whole.log
        points += range(1, whole.steps + 1)
    caught = 0
    for point in points:
        desk = make_desk(mutant.acknowledge)
        assert forks.run(desk.config, "poll", kill_at=point, mutant=name).killed
        caught += mutant.harm in recovered(forks, desk, name)
    report(f"T-03 {name}", kills=len(points), caught=caught)
    assert caught
