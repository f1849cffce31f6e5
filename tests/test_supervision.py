"""How mailboxes are supervised: pauses after failures, log-ins that are refused, hints, connections of one server."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interest_ingest import daemon, settings, supervision
from interest_ingest.daemon import Daemon
from interest_ingest.errors import Unreachable
from interest_ingest.mailbox.faults import AuthenticationFailed, Misbehaving, NoSuchFolder, Throttled, Unavailable
from interest_ingest.store import Leased, Store
from interest_ingest.supervision import Course, Supervisor
from tests.mails import letter
from tests.servers import lying_imap as liar
from tests.servers.dovecot import Dovecot
from tests.servers.lying_imap import lying
from tests.servers.proxy import between
from tests.torture import scale

HOUR = 3600.0
DAY = 24 * HOUR


def await_true(look: Callable[[], object], patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not look():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def mailbox(name: str, port: int, password: str = "correct-horse", **more: Any) -> dict[str, Any]:
    where = {"host": "127.0.0.1", "port": port, "tls": "none", "username": name, "password": password}
    return {"name": name, **where, "poll_interval": "1s", **more}


def configured(folder: Path, *mailboxes: dict[str, Any], **sections: Any) -> settings.Settings:
    url = f"sqlite:///{folder}/i.db"
    return settings.from_tables({"database": {"url": url}, "mailboxes": list(mailboxes), **sections})


@contextlib.contextmanager
def started(folder: Path, *mailboxes: dict[str, Any], **sections: Any) -> Iterator[tuple[Daemon, Supervisor, Store]]:
    known = configured(folder, *mailboxes, **sections)
    worker = Daemon(known)
    store = Store.open(known.database_url())
    worker.start(store)
    assert worker._mailboxes
    try:
        yield worker, worker._mailboxes, store
    finally:
        worker.stop()


# Pauses


def attempts(error: Exception, interval: float, until: float) -> list[float]:
    """When a mailbox that always fails so is polled, in seconds from the first attempt on."""
    course, at, times = Course(), 0.0, []
    while at < until:
        times.append(at)
        at += course.failed(error, interval)
    return times


@pytest.mark.parametrize("interval", [1.0, 60.0, 600.0])
def test_refused_logins_are_few(interval: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-22. Three within the first hour, 24 within a day, whatever the interval and however chance falls."""
    monkeypatch.setattr(supervision, "_jitter", lambda _most: 1.0)
    times = attempts(AuthenticationFailed("no"), interval, DAY)
    assert sum(at < HOUR for at in times) <= 3
    assert len(times) <= 24


def test_refused_logins_are_counted_through_other_failures() -> None:
    """A provider does not forget them because its server was away in between."""
    course = Course()
    for error in (AuthenticationFailed("no"), Unavailable("away")) * 2:
        assert course.failed(error, 1.0) < HOUR
    assert course.failed(AuthenticationFailed("no"), 1.0) > HOUR
    course.well(swept=True)
    assert course.failed(AuthenticationFailed("no"), 1.0) < HOUR


@pytest.mark.parametrize("suggested", [92.415, 1000.0, 7200.0])
def test_the_pause_that_a_server_suggests_is_kept(suggested: float) -> None:
    """T-22. Never shorter, and longer by a tenth at most."""
    error = Throttled("wait")
    error.retry_after = suggested
    for failures in range(9):
        course = Course(failures=failures)
        assert suggested <= course.failed(error, 60.0) <= suggested * 1.1


def test_throttling_without_a_time_is_met_with_a_minute_to_an_hour() -> None:
    times = attempts(Throttled("slower"), 1.0, DAY)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 60 <= pauses[0] <= 72
    assert 3600 <= pauses[-1] <= 4320
    assert sum(at < HOUR for at in times) <= 7


@pytest.mark.parametrize("error", [Unavailable("away"), Unreachable("no database")])
@pytest.mark.parametrize("interval", [60.0, 3600.0])
def test_a_fault_of_the_network_is_tried_again_in_a_second_and_then_ever_later(
    error: Exception, interval: float
) -> None:
    """F04: from one second to five minutes, with jitter."""
    times = attempts(error, interval, 5 * HOUR)
    pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert 1.0 <= pauses[0] <= 1.2
    assert 300 <= pauses[-1] <= 360
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize("error", [Misbehaving("what"), NoSuchFolder("gone"), Leased("theirs"), ZeroDivisionError()])
def test_what_a_second_does_not_mend_waits_for_the_interval(error: Exception) -> None:
    assert all(Course(failures=failures).failed(error, 600.0) >= 600 for failures in range(9))


SAID = ("[AUTHENTICATIONFAILED] no", "[EXPIRED] The password has expired", "[AUTHORIZATIONFAILED] not yours")


@pytest.mark.parametrize("said", scale(SAID[:1], SAID))
def test_after_three_refusals_only_a_reload_logs_in_again(said: str, tmp_path: Path) -> None:
    """T-22, F15, on the wire."""
    with lying({b"LOGIN": liar.says(f"NO {said}")}) as server:

        def logins() -> int:
            return sum(b"LOGIN" in command for command in server.said)

        with started(tmp_path, mailbox("a", server.port, poll_interval="0.05s")) as (worker, supervisor, _store):
            await_true(lambda: supervisor._courses["a"].refused == 3)
            (job,) = supervisor._scheduler.get_jobs()
            assert (job.next_run_time - datetime.now(UTC)).total_seconds() > HOUR
            supervisor.schedule()  # as after a jump of the clock
            (job,) = supervisor._scheduler.get_jobs()
            assert (job.next_run_time - datetime.now(UTC)).total_seconds() > HOUR
            assert logins() == 3
            worker._reload = lambda: worker._settings
            worker._load_again()
            await_true(lambda: logins() == 4)


def test_a_reload_while_a_poll_hangs_polls_anew_as_soon_as_that_has_ended(tmp_path: Path) -> None:
    """What the old configuration came to says nothing of the new one: no pause, and no interval without a poll."""
    told = threading.Event()

    def slow_refusal(line: liar.Line, tag: bytes, _: bytes) -> None:
        told.wait(20)
        line.answer(tag, status=b"NO [AUTHENTICATIONFAILED] no")

    with (
        lying({b"LOGIN": slow_refusal}) as wrong,
        lying({}) as right,
        started(tmp_path, mailbox("a", wrong.port, poll_interval="1h")) as (worker, _, store),
    ):
        await_true(lambda: any(b"LOGIN" in command for command in wrong.said))
        worker._reload = lambda: configured(tmp_path, mailbox("a", right.port, poll_interval="1h"))
        worker._load_again()
        time.sleep(0.5)
        told.set()
        await_true(lambda: store.counts().cards == 1, 10)


# Hints


def test_idle_brings_a_mail_long_before_the_next_poll(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "HINT_SECONDS", 1.0)
    hourly = mailbox("hinted", dovecot.imap_port, poll_interval="1h", idle=True)
    dovecot.deliver("hinted", letter(1).raw)
    with started(tmp_path, hourly) as (_, supervisor, store):
        await_true(lambda: store.counts().cards == 1)
        await_true(
            lambda: (watch := supervisor._idle._watches.get("hinted")) and watch.line and watch.line.phase == "idling"
        )
        for number in (2, 3):
            dovecot.deliver("hinted", letter(number).raw)
            await_true(lambda: store.counts().cards == number, 15)  # noqa: B023


def test_without_a_word_from_idle_the_next_poll_brings_the_mail(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F11: a middlebox that forgot the connection takes nothing but time."""
    monkeypatch.setattr(supervision, "HINT_SECONDS", 0.0)
    dovecot.deliver("forgotten", letter(1).raw)
    with between(dovecot.imap_port) as proxy:
        box = mailbox("forgotten", proxy.port, poll_interval="2s", idle=True)
        with started(tmp_path, box) as (_, supervisor, store):
            await_true(
                lambda: (
                    (watch := supervisor._idle._watches.get("forgotten"))
                    and watch.line
                    and watch.line.phase == "idling"
                )
            )
            await_true(lambda: not any(thread.is_alive() for thread in supervisor._polls.threads))
            proxy.freeze()
            dovecot.deliver("forgotten", letter(2).raw)
            await_true(lambda: store.counts().cards == 2, 10)


def test_hints_in_numbers_do_not_become_log_ins_in_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "HINT_SECONDS", 1.5)

    def chatty(line: liar.Line, tag: bytes, rest: bytes) -> None:
        liar.idle(line, tag, rest)
        while not line.closed.wait(0.01):
            line.send(b"* 1 EXISTS\r\n")

    with lying({b"CAPABILITY": liar.can_idle, b"IDLE": chatty}) as server:
        begun = time.monotonic()
        with started(tmp_path, mailbox("chatty", server.port, poll_interval="1h", idle=True)):
            await_true(lambda: sum(b"EXAMINE" in command for command in server.said) >= 4)  # one is of IDLE
            assert time.monotonic() - begun >= 2 * supervision.HINT_SECONDS


# Connections


def test_one_server_never_sees_more_connections_than_allowed(dovecot: Dovecot, tmp_path: Path) -> None:
    names = [f"crowd{number}" for number in range(8)]
    for number, name in enumerate(names):
        dovecot.deliver(name, letter(number).raw)
    with between(dovecot.imap_port) as proxy:
        boxes = [mailbox(name, proxy.port, idle=True) for name in names]
        with started(tmp_path, *boxes, polling={"connections_per_host": 3}) as (_, _, store):
            await_true(lambda: store.counts().cards == len(names))
            await_true(lambda: all(store.last_polls().values()))
        assert 1 < proxy.most_open <= 3


def test_a_disk_that_is_nearly_full_pauses_intake_until_there_is_room(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F25."""
    full: list[str] = ["there is no room"]
    monkeypatch.setattr(daemon, "disk_low", lambda _settings: full[0] if full else None)
    asked: Counter[str] = Counter()
    dovecot.deliver("paused", letter(1).raw)
    with (
        between(dovecot.imap_port) as proxy,
        started(tmp_path, mailbox("paused", proxy.port, poll_interval="0.2s")) as (_, supervisor, store),
    ):
        place = supervisor._budget.place
        monkeypatch.setattr(supervisor._budget, "place", lambda *given: asked.update("p") or place(*given))
        await_true(lambda: asked["p"] >= 2)
        assert proxy.taken == 0
        full.clear()
        await_true(lambda: store.counts().cards == 1)
