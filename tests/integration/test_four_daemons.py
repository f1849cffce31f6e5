"""T-10: four daemons on one mailbox and one database, by mistake or in the middle of a move: 0 lost, 0 doubled."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from tests.integration.desk import Desk
from tests.integration.forks import Forks
from tests.mails import samples
from tests.torture import report, scale

ROUNDS = scale(1, 50)
"""For each database."""

DAEMONS = 4


def test_four_daemons_bring_each_mail_once(
    make_desk: Callable[[str], Desk], forks: Forks, request: pytest.FixtureRequest
) -> None:
    """T-10: mails arrive while all of them poll, read and acknowledge; SIGTERM ends each in good order."""
    for round_ in range(ROUNDS):
        desk = make_desk(("none", "keyword", "seen", "move")[round_ % 4])
        pids = [forks.start(desk.config, "run") for _ in range(DAEMONS)]
        try:
            for sample in samples(20)[6:]:
                desk.deliver(sample)
                threading.Event().wait(0.02)
            _await_right(desk)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            ended = [forks.wait(pid) for pid in pids]
        assert [one.status for one in ended] == [0] * DAEMONS, [one.log for one in ended]
        assert desk.wrong() == {}
    report(f"T-10 four daemons {request.node.callspec.id}", rounds=ROUNDS, mails=20, lost=0, doubled=0)


def _await_right(desk: Desk, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while wrong := desk.wrong():
        assert time.monotonic() < deadline, wrong
        threading.Event().wait(0.1)
