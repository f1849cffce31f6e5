"""T-01 to T-03: SIGKILL at every step of a poll; nothing is lost, doubled, or taken from people.

A run: the process is killed, a person edits a card, a new mail arrives, the command is repeated to its end, and once
more, which must change no row. That the harness sees what it looks for is shown by bad orders of the protocol (T-03).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from interest_ingest.store import Store
from interest_ingest.store.tables import metadata
from tests.integration.desk import Desk, mails
from tests.integration.forks import Ended, Forks, forking
from tests.integration.mutants import MUTANTS
from tests.mails import samples
from tests.servers.dovecot import Dovecot
from tests.torture import TORTURE, report, scale

MAILS = mails(6)
LATE = samples(20)[-1]
POINTS = scale(3, 1_000_000)
"""Steps of a poll at which it is killed, for each way of acknowledging and each database; the long run takes all."""

MODES = ("none", "keyword", "seen", "move")
_users = (f"crash{number}" for number in count(1))


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    with forking(tmp_path_factory.mktemp("forks")) as server:
        yield server


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: SQLite waits for the disk at every commit."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@pytest.fixture(params=["sqlite", "postgresql"])
def make_desk(request: pytest.FixtureRequest, dovecot: Dovecot, quick_folder: Path) -> Callable[[str], Desk]:
    """Makes a desk with an empty database and a mailbox of its own; the earlier one is gone then."""
    fresh = _fresh_sqlite(quick_folder) if request.param == "sqlite" else _fresh_postgres(request)
    earlier: list[Desk] = []

    def make(acknowledge: str) -> Desk:
        while earlier:
            earlier.pop().clear()
        desk = Desk(quick_folder / "desk.toml", fresh(), next(_users), dovecot, acknowledge)
        desk.configure()
        for sample in MAILS:
            desk.deliver(sample)
        earlier.append(desk)
        return desk

    return make


def _fresh_sqlite(folder: Path) -> Callable[[], str]:
    model, used = folder / "model.db", folder / "used.db"
    Store.open(f"sqlite:///{model}").close()

    def fresh() -> str:
        for left in folder.glob("used.db*"):
            left.unlink()
        shutil.copy(model, used)
        return f"sqlite:///{used}"

    return fresh


def _fresh_postgres(request: pytest.FixtureRequest) -> Callable[[], str]:
    url: str = request.getfixturevalue("new_postgres_url")()
    Store.open(url).close()
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    request.addfinalizer(engine.dispose)

    def fresh() -> str:
        with engine.begin() as connection:
            connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
        return url

    return fresh


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


def spread(steps: int, points: int) -> list[int]:
    """At most `points` of the steps 1 to `steps`, evenly."""
    if points >= steps:
        return list(range(1, steps + 1))
    return sorted({1 + number * (steps - 1) // (points - 1) for number in range(points)})


@pytest.mark.parametrize("mode", MODES)
def test_a_kill_at_any_step_loses_doubles_and_overwrites_nothing(
    make_desk: Callable[[str], Desk], forks: Forks, mode: str, request: pytest.FixtureRequest
) -> None:
    """T-01: every statement, commit, IMAP line and hand-over to the readers, and then a rerun that changes no row."""
    steps = steps_of_a_poll(forks, make_desk(mode))
    kills = 0
    wrong: dict[str, Any] = {}
    for point in spread(steps, POINTS):
        desk = make_desk(mode)
        ended = forks.run(desk.config, "poll", kill_at=point)
        assert ended.killed or point > steps - 3, ended.log
        kills += ended.killed
        if found := recovered(forks, desk):
            wrong[f"{point} of {steps}: {ended.last}"] = found
    report(f"T-01 {request.node.callspec.id}", steps=steps, kills=kills, wrong=len(wrong))
    assert wrong == {}


def test_a_kill_at_any_time_loses_doubles_and_overwrites_nothing(
    make_desk: Callable[[str], Desk], forks: Forks, request: pytest.FixtureRequest
) -> None:
    """T-02: SIGKILL from outside, up to three times before the mails are done."""
    chance = random.Random(4)
    desk = make_desk("none")
    begun = time.monotonic()
    steps_of_a_poll(forks, desk)
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
