"""T-05: whatever a server sends, a poll of it ends in time, in bounded memory, with its mails or with one sentence."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.servers import lying_imap as liar
from tests.servers.lying_imap import Lie, Line, lying
from tests.torture import report, scale

COMMAND_SECONDS = scale(0.4, 10.0)
POLL_SECONDS = scale(2.0, 20.0)
"""For a server that answers each command in time, and always needs one more."""

MORE_SECONDS = 5.0
MORE_KILOBYTES = 64 * 1024

# In a process of its own, because the lying servers need memory for what they send.
PROGRAM = """
import json, sys, time
from pathlib import Path
from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import MailboxError
from interest_ingest.mailbox.imap import connect
from tests.test_mailbox.memory import peak

LIMITS = Limits(read_seconds=60, command_seconds=float(sys.argv[1]), poll_seconds=float(sys.argv[2]))

def read_all(port):
    with connect(Account("n", "127.0.0.1", "anna", "secret-word", port, "none", limits=LIMITS)) as box:
        box.examine()
        return sum(len(chunk) for chunk in box.messages(box.uids(1)))

for name, port in json.loads(sys.argv[3]).items():
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew (proc(5))
    before, begun = peak(), time.monotonic()
    try:
        end = f"{read_all(port)} mails"
    except MailboxError as error:
        end = type(error).__name__
    print(json.dumps([name, end, time.monotonic() - begun, peak() - before]), flush=True)
"""


def _at(command: str, lie: Lie) -> dict[bytes, Lie]:
    return {command.encode(): lie}


def endless_literals(line: Line, tag: bytes, rest: bytes) -> None:
    """Sends small mails for ever."""
    while not line.closed.is_set():
        line.send(b"* 1 FETCH (UID 7 BODY[] {4}\r\nmail)\r\n" * 2_000)


def negative_literal(line: Line, tag: bytes, rest: bytes) -> None:
    line.answer(tag, b"1 FETCH (UID 7 BODY[] {-1}\r\n)")


def short_literal(line: Line, tag: bytes, rest: bytes) -> None:
    """Announces more than it sends, then goes."""
    line.send(b"* 1 FETCH (UID 7 BODY[] {500}\r\nonly this")
    line.socket.close()


def wrong_tag(line: Line, tag: bytes, rest: bytes) -> None:
    line.answer(b"WRONG7")
    line.closed.wait()


def nulls(line: Line, tag: bytes, rest: bytes) -> None:
    line.answer(tag, b"\0" * 50_000)


def huge_numbers(line: Line, tag: bytes, rest: bytes) -> None:
    line.answer(tag, b"SEARCH " + b" ".join([b"9" * 4_000] * 50))


def million_hits(line: Line, tag: bytes, rest: bytes) -> None:
    """Finds a million mails where one is."""
    line.answer(tag, b"SEARCH " + b" ".join(b"%d" % uid for uid in range(1_000_000)))


def deep_search(line: Line, tag: bytes, rest: bytes) -> None:
    line.answer(tag, b"SEARCH " + b"(" * 200_000)


def million_exists(line: Line, tag: bytes, rest: bytes) -> None:
    """Has four thousand million mails, and none to show."""
    line.answer(tag, b"4294967295 EXISTS", b"OK [UIDVALIDITY 1] x", b"OK [UIDNEXT 4294967295] x")


def two_bodies(line: Line, tag: bytes, rest: bytes) -> None:
    if b"BODY.PEEK" in rest:
        line.answer(tag, b"1 FETCH (UID 7 BODY[] {2}\r\nhi)", b"1 FETCH (UID 7 BODY[] {2}\r\nho)")
    else:
        liar._fetch(line, tag, rest)


def unasked_continuation(line: Line, tag: bytes, rest: bytes) -> None:
    line.send(b"+ go on\r\n" * 1_000)
    line.answer(tag)


HANGING: dict[str, dict[bytes, Lie]] = {
    f"{lie.__name__} at {command}": _at(command, lie)
    for lie in (liar.silence, liar.drip)
    for command in ("CAPABILITY", "LOGIN", "EXAMINE", "SEARCH", "FETCH")
}
SCRIPTS: dict[str, dict[bytes, Lie]] = {
    **HANGING,
    **{f"endless at {command}": _at(command, liar.endless) for command in ("LOGIN", "EXAMINE", "FETCH")},
    **{f"endless line at {command}": _at(command, liar.endless_line) for command in ("EXAMINE", "SEARCH", "FETCH")},
    **{f"giant literal at {command}": _at(command, liar.giant_literal) for command in ("LOGIN", "EXAMINE", "FETCH")},
    **{f"{lie.__name__} at EXAMINE": _at("EXAMINE", lie) for lie in (liar.garbage, liar.bye, wrong_tag, nulls)},
    **{
        f"{lie.__name__} at SEARCH": _at("SEARCH", lie)
        for lie in (huge_numbers, million_hits, deep_search, unasked_continuation)
    },
    **{
        f"{lie.__name__} at FETCH": _at("FETCH", lie)
        for lie in (
            *(endless_literals, negative_literal, short_literal, two_bodies, unasked_continuation),
            *(liar.deep_parentheses, liar.empty_fetch, liar.nil_body, liar.other_uid, liar.garbage, liar.bye),
        )
    },
    "four thousand million mails": {**_at("EXAMINE", million_exists), **_at("SEARCH", liar._done)},
}
GREETINGS = {
    "no greeting": b"",
    "a greeting of the web": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a greeting without an end": b"* OK " + b"." * 20_000_000,
    "a BYE for a greeting": b"* BYE Too many connections\r\n",
}


@pytest.fixture(scope="module")
def ends() -> Iterator[dict[str, tuple[str, float, int]]]:
    """What each script came to: the mails or the error, seconds, and kilobytes that were needed."""
    with ExitStack() as stack:
        ports = {name: stack.enter_context(lying(lies)).port for name, lies in SCRIPTS.items()}
        ports |= {name: stack.enter_context(lying({}, greeting=said)).port for name, said in GREETINGS.items()}
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(COMMAND_SECONDS), str(POLL_SECONDS), json.dumps(ports)],
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        found: list[Any] = [json.loads(line) for line in run.stdout.splitlines()]
        assert len(found) >= 25
        yield {name: (end, seconds, kilobytes) for name, end, seconds, kilobytes in found}


def test_each_ends_in_time_and_in_bounded_memory(ends: dict[str, tuple[str, float, int]]) -> None:
    """T-05. Within the deadline and five seconds, with at most 64 MB."""
    late = {name: end for name, end in ends.items() if end[1] > POLL_SECONDS + MORE_SECONDS}
    large = {name: end for name, end in ends.items() if end[2] > MORE_KILOBYTES}
    report(
        "T-05 lying servers",
        scripts=len(ends),
        in_time=len(ends) - len(late),
        most_seconds=max(seconds for _, seconds, _ in ends.values()),
        most_megabytes=max(kilobytes for *_, kilobytes in ends.values()) / 1024,
    )
    assert (late, large) == ({}, {})


def test_who_hangs_is_told_as_too_slow(ends: dict[str, tuple[str, float, int]]) -> None:
    assert {ends[name][0] for name in (*HANGING, "no greeting")} == {"TooSlow"}


def test_nothing_is_made_of_a_lie(ends: dict[str, tuple[str, float, int]]) -> None:
    """A server that shows one mail gives at most that one."""
    read = {name: end for name, (end, *_) in ends.items() if end.endswith("mails")}
    assert set(read.values()) <= {"0 mails", "1 mails"}, read
