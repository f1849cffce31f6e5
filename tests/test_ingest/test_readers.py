"""What becomes of mails that end the process that reads them, and of their neighbours."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.confine import Limits
from interest_ingest.ingest.processing import process
from interest_ingest.ingest.readers import Letter, Readers
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.sandbox import Killed
from interest_ingest.store import Landed, Landing, Store
from tests.plugins.crashing import ALL

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
RULES = Rules(chosen=ALL, limits=Limits(cpu=1, wall=2.0))


@pytest.fixture(scope="module")
def pool() -> Iterator[Readers]:
    with Readers(RULES, 1) as made:
        yield made


def _mail(parser: str, number: int = 0) -> bytes:
    return f"From: a@{parser}.example\nSubject: {parser} {number}\nMessage-ID: <{parser}{number}@x>\n\n.".encode()


def _letter(parser: str, number: int = 0) -> Letter:
    return Letter(_mail(parser, number), "", NOW, 0)


@pytest.mark.parametrize(
    ("parser", "cause"),
    [
        ("spins", "more than "),  # seconds of CPU, or on a busy machine by the clock
        ("sleeps", "more than 2 s"),
        ("crashes", "signal 11 (SIGSEGV)"),
        ("exits", "exit code 7"),
        ("swells", "more than 512 MB of memory"),
    ],
)
def test_the_culprit_is_known_and_its_neighbours_are_read(pool: Readers, parser: str, cause: str) -> None:
    """They are in one chunk, so they die together; then each is read alone."""
    results = pool.begin([_letter("good", 1), _letter(parser), _letter("good", 2)])()
    assert [type(result) for result in results] == [Reading, Killed, Reading]
    assert isinstance(results[1], Killed)
    assert results[1].cause.startswith(cause)


def test_a_reader_that_grows_is_replaced_and_no_mail_notices(pool: Readers) -> None:
    """60 MB stay behind with each mail."""
    for number in range(6):
        (result,) = pool.begin([_letter("leaks", number)])()
        assert isinstance(result, Reading)
        assert result.outcome is Outcome.CARDS


def test_a_poisonous_mail_gets_three_attempts_alone_and_then_its_outcome(tmp_path: Path, pool: Readers) -> None:
    """The others are recorded before its second attempt; what they were in flight with is not held against them."""
    raws = [_mail("good", 1), _mail("crashes"), *(_mail("good", number) for number in range(2, 60))]
    with Store.open(f"sqlite:///{tmp_path}/i.db") as store:
        epoch = store.open_epoch(store.mailbox("one", "INBOX"), 1, None)
        store.land(epoch.id, [Landing(n, raw, NOW, len(raw), True, "") for n, raw in enumerate(raws, 1)])
        assert process(store, RULES, readers=pool) == {Outcome.CARDS: 59, Outcome.QUARANTINED: 1}
        (poison,) = store.mails("quarantined")
    assert poison["uid"] == 2
    assert poison["reason"] == "poison: it ended its reader 3 times, last by signal 11 (SIGSEGV)"


def test_the_judge_may_let_a_mail_wait(tmp_path: Path, pool: Readers) -> None:
    """It stays new, and the same run does not take it again."""

    def judge(_landed: Landed, reading: Reading) -> Reading | None:
        return None if reading.cards[0].text == "good 2" else reading

    raws = [_mail("good", number) for number in range(1, 4)]
    with Store.open(f"sqlite:///{tmp_path}/i.db") as store:
        epoch = store.open_epoch(store.mailbox("one", "INBOX"), 1, None)
        store.land(epoch.id, [Landing(n, raw, NOW, len(raw), True, "") for n, raw in enumerate(raws, 1)])
        assert process(store, RULES, readers=pool, judge=judge) == {Outcome.CARDS: 2}
        assert [mail["uid"] for mail in store.mails("new")] == [2]


def test_a_stop_does_not_wait_for_a_mail_that_hangs() -> None:
    """The contract of a stop is ten seconds; a mail may take eight."""
    stop, before = threading.Event(), set(multiprocessing.active_children())
    with Readers(Rules(chosen=ALL), 1, stop) as readers:
        assert isinstance(readers.begin([_letter("good")])()[0], Reading)
        wait = readers.begin([_letter("sleeps")])
        stop.set()
        began = time.monotonic()
        assert wait() == [None]
    assert time.monotonic() - began < 5
    assert set(multiprocessing.active_children()) <= before


def test_a_reader_knows_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold passwords (INTEREST_INGEST__MAILBOXES__…__PASSWORD)."""
    monkeypatch.setenv("CANARY", "c4nary-of-the-environment")
    before = set(multiprocessing.active_children())
    with Readers(RULES, 1) as readers:
        assert isinstance(readers.begin([_letter("good")])()[0], Reading)
        (reader,) = set(multiprocessing.active_children()) - before
        environment = Path(f"/proc/{reader.pid}/environ").read_bytes()
    assert b"c4nary" not in environment


NO_ROOM = """
import os, resource, tempfile
from datetime import UTC, datetime
from interest_ingest.ingest.readers import Letter, Readers
from interest_ingest.ingest.rules import Rules

if __name__ == "__main__":
    readers = Readers(Rules())
    {hurt}
    readers.begin([Letter(b"From: a@b.example", "", datetime.now(UTC), 0)])
"""
GONE = "os.chdir(folder := tempfile.mkdtemp()); os.rmdir(folder)"
FILES = "resource.setrlimit(resource.RLIMIT_NOFILE, (os.dup(0) + {more}, 1024))"


@pytest.mark.parametrize(
    ("hurt", "reason"),
    [
        (GONE, "the working directory is gone"),
        *((FILES.format(more=more), "too many open files") for more in (0, 4, 7)),
    ],
)
def test_readers_that_cannot_be_started_are_one_sentence(tmp_path: Path, hurt: str, reason: str) -> None:
    (tmp_path / "hurt.py").write_text(NO_ROOM.format(hurt=hurt))
    done = subprocess.run([sys.executable, tmp_path / "hurt.py"], capture_output=True, text=True, timeout=30)
    words = f"IngestError: no processes to read mails can be started ({reason}): nothing is lost, run it again"
    # The resource tracker of CPython 3.13 cannot start there either, and says so whenever it gets to it.
    assert any(line.endswith(words) for line in done.stderr.splitlines()), done.stderr
