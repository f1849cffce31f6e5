"""From the ledger to the cards, read by other processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.processing import process
from interest_ingest.ingest.readers import Letter, readers
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landing, Store
from tests.mails import samples

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
MAILS = samples(150)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A ledger in which MAILS have landed, the first of them in two mailboxes."""
    with Store.open(f"sqlite:///{tmp_path}/i.db") as opened:
        landings = [Landing(n, mail.raw, NOW, len(mail.raw), True, "") for n, mail in enumerate(MAILS, start=1)]
        for name, some in (("one", landings), ("two", landings[:1])):
            opened.land(opened.open_epoch(opened.mailbox(name, "INBOX"), 1, None).id, some)
        yield opened


@pytest.mark.parametrize("processes", [1, 2])
def test_every_landed_mail_is_read(store: Store, processes: int) -> None:
    told: list[int] = []
    outcomes = process(store, Rules(sites=(("shop.example",),)), progress=told.append, processes=processes)
    assert outcomes == {Outcome.CARDS: len(MAILS), Outcome.DUPLICATE: 1}
    assert Counter((card["source"], card["text"]) for card in store.cards()) == Counter(
        (mail.source, mail.text) for mail in MAILS
    )
    assert sum(told) == len(MAILS) + 1
    assert process(store, Rules(), processes=processes) == {}


def test_a_mail_that_its_readers_did_not_survive_is_left_alone(store: Store) -> None:
    first, poison = store.claim(2, 1_000_000)
    for _ in range(3):
        store.attempted(poison)
    store.release([first, poison])
    assert process(store, Rules())[Outcome.QUARANTINED] == 1
    assert [mail["reason"] for mail in store.mails("quarantined")] == ["poison: its readers died"]


def test_emptied_bytes_are_no_empty_mail(store: Store, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "i.db") as database:
        database.execute("UPDATE raw_message SET body = NULL WHERE id = 2")
    database.close()
    process(store, Rules())
    assert [mail["reason"] for mail in store.mails("quarantined")] == ["its raw bytes are no longer kept"]


def test_a_stop_leaves_the_rest_for_the_next_time(store: Store) -> None:
    stop = threading.Event()
    first = process(store, Rules(), stop, progress=lambda _: stop.set())
    assert 0 < first.total() < len(MAILS)
    assert (first + process(store, Rules())).total() == len(MAILS) + 1


def test_readers_that_are_killed_from_outside_are_made_anew() -> None:
    """Busy or idle: the kernel ends what it likes when memory runs short."""
    letters = [Letter(mail.raw, "", NOW, 0) for mail in MAILS]
    with readers(Rules(), 1) as begin:
        for _ in range(2):
            wait = begin(letters)
            for child in multiprocessing.active_children():
                child.kill()
            assert [type(result) for result in wait()] == [Reading] * len(letters)


PARENT = """
import multiprocessing, sys, time
from datetime import UTC, datetime
from interest_ingest.ingest.readers import Letter, readers
from interest_ingest.ingest.rules import Rules

if __name__ == "__main__":
    with readers(Rules(), 1) as begin:
        begin([Letter(b"From: a@b.example\\n\\nhi", "", datetime.now(UTC), 0)])()
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        sys.stdin.read()
"""


def test_readers_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert children
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    _await(lambda: not any(_lives(pid) for pid in children))


BUSY = """
from datetime import UTC, datetime
from interest_ingest.ingest.readers import Letter, readers
from interest_ingest.ingest.rules import Rules

if __name__ == "__main__":
    with readers(Rules(), 2) as begin:
        print("begins", flush=True)
        while True:
            waits = [begin([Letter(b"From: a@b.example\\n\\nhi", "", datetime.now(UTC), 0)] * 50) for _ in range(2)]
            for wait in waits:
                wait()
"""


@pytest.mark.parametrize("pause", [0.0, 0.2, 0.3, 0.4, 0.5])
def test_ctrl_c_ends_readers_that_start_or_read(tmp_path: Path, pause: float) -> None:
    """A pool that is interrupted while it starts a process waited for it for ever."""
    script = tmp_path / "busy.py"
    script.write_text(BUSY)
    command = [sys.executable, str(script)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "begins\n"
        threading.Event().wait(pause)  # the claim is about every moment; these fall before, into and after the start
        os.killpg(parent.pid, signal.SIGINT)
        _, said = parent.communicate(timeout=20)
    assert parent.returncode != 0
    assert said.count("KeyboardInterrupt") == 1
    _await(lambda: not _group_lives(parent.pid))


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def _await(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        threading.Event().wait(0.02)
