"""Whatever a server does, reading ends in time, in bounded memory, and with one sentence."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal

import pytest

from interest_ingest.errors import Unreachable, UsageError
from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import (
    AuthenticationFailed,
    InsecureConnection,
    MailboxError,
    Misbehaving,
    Refused,
    Stopped,
    Throttled,
    TooSlow,
    Unavailable,
    refusal,
)
from interest_ingest.mailbox.imap import Mailbox, connect
from tests.servers import lying_imap as liar
from tests.servers.lying_imap import MAIL, lying

LIMITS = Limits(read_seconds=5, command_seconds=0.4, poll_seconds=5, answer_bytes=256 * 1024)
IN_TIME = 3.0
"""Seconds: the deadline of 0.4, a look of the watchdog, and much room for a busy machine."""


def account(port: int, *, limits: Limits = LIMITS, password: str = "secret-word") -> Account:
    return Account("notifications", "127.0.0.1", "anna", password, port, "none", limits=limits)


@contextmanager
def opened(port: int, *, limits: Limits = LIMITS) -> Iterator[Mailbox]:
    with connect(account(port, limits=limits)) as box:
        box.examine()
        yield box


def read_all(port: int, *, limits: Limits = LIMITS) -> tuple[list[bytes], dict[int, str]]:
    with opened(port, limits=limits) as box:
        return [message.raw for chunk in box.messages(box.uids(1)) for message in chunk], box.unfetchable


def assert_sentence(error: BaseException) -> None:
    text = str(error)
    assert text.startswith("mailbox notifications: 127.0.0.1:")
    assert text.endswith(".")
    assert "\n" not in text
    assert "secret-word" not in text
    assert len(text) < 500


def test_the_server_of_these_tests_can_be_honest() -> None:
    with lying({}) as server:
        assert read_all(server.port) == ([MAIL], {})


@pytest.mark.parametrize("command", [b"CAPABILITY", b"LOGIN", b"EXAMINE", b"SEARCH", b"FETCH"])
@pytest.mark.parametrize("lie", [liar.silence, liar.drip], ids=lambda lie: lie.__name__)
def test_a_server_that_does_not_come_to_an_end_is_left_at_the_deadline(command: bytes, lie: liar.Lie) -> None:
    begun = time.monotonic()
    with lying({command: lie}) as server, pytest.raises(TooSlow) as raised:
        read_all(server.port)
    assert time.monotonic() - begun < IN_TIME
    assert "0.4 s" in str(raised.value)
    assert_sentence(raised.value)


def test_silence_ends_with_the_read_timeout_where_that_is_shorter() -> None:
    limits = Limits(read_seconds=0.2, command_seconds=60)
    with lying({b"EXAMINE": liar.silence}) as server, pytest.raises(TooSlow, match=r"did not answer within 0\.2 s"):
        read_all(server.port, limits=limits)


def test_many_slow_commands_end_with_the_deadline_of_the_poll() -> None:
    def slow(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.closed.wait(0.2)
        line.answer(tag, b"SEARCH 7")

    limits = Limits(command_seconds=60, poll_seconds=0.5)
    with (
        lying({b"SEARCH": slow}) as server,
        pytest.raises(TooSlow, match=r"kept a poll busy for 0\.5 s"),
        opened(server.port, limits=limits) as box,
    ):
        list(map(box.uids, [1] * 50))


def test_what_the_caller_does_between_two_commands_takes_nothing_from_the_poll() -> None:
    limits = Limits(command_seconds=0.3, poll_seconds=0.3)
    with lying({}) as server, opened(server.port, limits=limits) as box:
        assert not threading.Event().wait(0.6)
        assert box.uids(1) == [7]


@pytest.mark.parametrize(
    ("command", "lie"),
    [(b"EXAMINE", liar.endless), (b"EXAMINE", liar.endless_line), (b"FETCH", liar.giant_literal)],
    ids=["untagged", "line", "literal"],
)
def test_more_than_was_asked_for_is_refused(command: bytes, lie: liar.Lie) -> None:
    limits = Limits(answer_bytes=256 * 1024)
    with lying({command: lie}) as server, pytest.raises(Misbehaving, match="more than was asked for") as raised:
        read_all(server.port, limits=limits)
    assert_sentence(raised.value)


@pytest.mark.parametrize("lie", ["endless", "endless_line", "giant_literal"])
def test_memory_is_bounded_with_the_limits_as_they_are_by_default(lie: str) -> None:
    program = (
        "import resource, sys\n"
        "from tests.test_mailbox.memory import peak\n"
        "from tests.test_mailbox.test_liars import *\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))\n"  # a buffer that is never filled counts too
        "before = peak()\n"
        "try: read_all(int(sys.argv[1]), limits=Limits())\n"
        "except Misbehaving: print(peak() - before)\n"
    )
    command = b"FETCH" if lie == "giant_literal" else b"EXAMINE"
    with lying({command: getattr(liar, lie)}) as server:
        run = subprocess.run([sys.executable, "-c", program, str(server.port)], capture_output=True, text=True)
    assert int(run.stdout or "-1") in range(64 * 1024), run.stderr


def test_a_stop_ends_a_command_that_waits() -> None:
    stop = threading.Event()

    def silence_then_stop(line: liar.Line, tag: bytes, rest: bytes) -> None:
        stop.set()
        line.closed.wait()

    with (
        lying({b"SEARCH": silence_then_stop}) as server,
        pytest.raises(Stopped) as raised,
        connect(account(server.port, limits=Limits()), stop) as box,
    ):
        box.uids(1)
    assert_sentence(raised.value)


def test_a_stop_ends_an_attempt_to_connect() -> None:
    stop = threading.Event()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(8)]  # nobody accepts: further connections get no answer
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        threading.Timer(0.3, stop.set).start()
        with pytest.raises(Stopped), connect(account(full.getsockname()[1], limits=Limits()), stop):
            pass
        for one in waiting:
            one.close()


def test_after_a_stop_nothing_is_begun() -> None:
    stop = threading.Event()
    stop.set()
    with lying({}) as server:
        with pytest.raises(Stopped), connect(account(server.port), stop):
            pass
        assert server.said == []


@pytest.mark.parametrize("lie", [liar.empty_fetch, liar.nil_body, liar.other_uid], ids=lambda lie: lie.__name__)
def test_a_mail_without_bytes_is_reported_and_nothing_is_invented(lie: liar.Lie) -> None:
    with lying({b"FETCH": lie}) as server:
        raws, unfetchable = read_all(server.port)
    assert raws == []
    assert list(unfetchable) == [7]


def test_an_answer_for_another_mail_is_ignored() -> None:
    def and_another(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, b"2 FETCH (UID 1007 RFC822.SIZE 4)", b"1 FETCH (UID 7 RFC822.SIZE 5)")

    with lying({b"FETCH": and_another}) as server, opened(server.port) as box:
        assert [(uid, size.size) for uid, size in box.sizes([7]).items()] == [(7, 5)]


def test_nothing_of_the_mail_or_the_log_in_gets_into_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """imapclient hands all that comes and goes to a logger, unless told otherwise."""
    caplog.set_level(logging.DEBUG)
    with lying({}) as server:
        read_all(server.port)
    assert "stock" not in caplog.text
    assert "secret-word" not in caplog.text


def test_a_mail_that_is_expunged_while_it_is_fetched_is_forgotten() -> None:
    def gone(line: liar.Line, tag: bytes, rest: bytes) -> None:
        if b"BODY.PEEK" not in rest:
            liar._fetch(line, tag, rest)
            return
        line.uids = (8,)
        line.answer(tag, status=b"NO Some of the requested messages no longer exist")

    with lying({b"FETCH": gone}) as server:
        assert read_all(server.port) == ([], {})


def test_one_mail_that_the_server_refuses_does_not_hide_the_others() -> None:
    def refuse_seven(line: liar.Line, tag: bytes, rest: bytes) -> None:
        uids = rest.split()[0].split(b",")
        if b"BODY.PEEK" not in rest:
            date = b'INTERNALDATE "21-Nov-2026 09:15:00 +0300"'
            line.answer(tag, *(b"1 FETCH (UID %b RFC822.SIZE 4 %b)" % (uid, date) for uid in uids))
        elif b"7" in uids:
            line.answer(tag, status=b"NO [SERVERBUG] Internal error occurred")
        else:
            line.answer(tag, *(b"1 FETCH (UID %b BODY[] {4}\r\nmail)" % uid for uid in uids))

    with lying({b"FETCH": refuse_seven}, uids=(6, 7, 8)) as server:
        raws, unfetchable = read_all(server.port)
    assert raws == [b"mail", b"mail"]
    assert list(unfetchable) == [7]


def test_a_structure_that_nobody_can_read_is_fetched_whole() -> None:
    def deep(line: liar.Line, tag: bytes, rest: bytes) -> None:
        (liar.deep_parentheses if b"BODYSTRUCTURE" in rest else liar._fetch)(line, tag, rest)

    limits = Limits(whole_bytes=10)
    with lying({b"FETCH": deep}) as server:
        assert read_all(server.port, limits=limits) == ([MAIL], {})


def test_of_an_oversize_mail_without_a_readable_structure_the_beginning_is_read() -> None:
    def deep(line: liar.Line, tag: bytes, rest: bytes) -> None:
        if b"BODYSTRUCTURE" in rest:
            liar.deep_parentheses(line, tag, rest)
        elif b"BODY.PEEK" in rest:
            assert rest.endswith(b"(BODY.PEEK[HEADER]<0.262144> BODY.PEEK[TEXT]<0.5>)")
            line.answer(tag, b'1 FETCH (UID 7 BODY[HEADER]<0> "Subject: Hi " BODY[TEXT]<0> {5}\r\nIs it)')
        else:
            liar._fetch(line, tag, rest)

    limits = Limits(message_bytes=50_000_000, text_bytes=5)
    with lying({b"FETCH": deep}, size=60_000_000) as server:
        assert read_all(server.port, limits=limits) == ([b"Subject: Hi Is it"], {})


def test_an_oversize_mail_of_which_nothing_is_given_is_reported_and_never_asked_for_whole() -> None:
    def refuse(line: liar.Line, tag: bytes, rest: bytes) -> None:
        if b"RFC822.SIZE" in rest:
            liar._fetch(line, tag, rest)
        else:
            line.answer(tag, status=b"NO [SERVERBUG] Internal error occurred")

    with lying({b"FETCH": refuse}, size=60_000_000) as server:
        raws, unfetchable = read_all(server.port)
    assert (raws, list(unfetchable)) == ([], [7])
    assert not any(b"BODY.PEEK[]" in command for command in server.said)


@pytest.mark.parametrize(("mode", "missing"), [("keyword", "keeps no keywords"), ("move", "no MOVE command")])
def test_what_the_server_cannot_do_is_told_before_anything_is_done(
    mode: Literal["keyword", "move"], missing: str
) -> None:
    with lying({}) as server, opened(server.port) as box, pytest.raises(UsageError, match=missing):
        box.acknowledge([7], mode, "Done")
    assert not any(b"STORE" in command or b"MOVE" in command for command in server.said)


@pytest.mark.parametrize("command", [b"EXAMINE", b"SEARCH", b"FETCH"])
@pytest.mark.parametrize(
    ("lie", "kind"),
    [
        (liar.garbage, Misbehaving),
        (liar.bye, Unavailable),
        (liar.says("BAD Request is throttled. Suggested Backoff Time: 92415 milliseconds"), Throttled),
        (liar.says("NO [UNAVAILABLE] Backend is down"), Unavailable),
        (liar.says("NO [NOPERM] Permission denied"), Refused),
    ],
    ids=["garbage", "bye", "throttled", "unavailable", "refused"],
)
def test_an_answer_of_any_kind_becomes_one_sentence(command: bytes, lie: liar.Lie, kind: type[MailboxError]) -> None:
    with lying({command: lie}) as server, pytest.raises(kind) as raised:
        read_all(server.port)
    assert_sentence(raised.value)


def test_a_search_answer_of_words_is_misbehaving() -> None:
    def words(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, b"SEARCH one two three")

    with lying({b"SEARCH": words}) as server, pytest.raises(Misbehaving) as raised:
        read_all(server.port)
    assert_sentence(raised.value)


def test_the_pause_that_a_server_asks_for_is_kept() -> None:
    throttled = liar.says("BAD User is throttled. Suggested Backoff Time: 92415 milliseconds")
    with lying({b"LOGIN": throttled}) as server, pytest.raises(Throttled) as raised:
        read_all(server.port)
    assert raised.value.retry_after == pytest.approx(92.415)


@pytest.mark.parametrize("status", ["NO [AUTHENTICATIONFAILED] Invalid credentials", "NO LOGIN failed.", "NO no"])
def test_a_refused_log_in_names_the_user_and_not_the_password(status: str) -> None:
    def repeat(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, status=f"{status} ({rest.decode()})".encode())

    with lying({b"LOGIN": repeat}) as server:
        with pytest.raises(AuthenticationFailed, match="log-in of anna") as raised:
            read_all(server.port)
        assert sum(b"LOGIN" in command for command in server.said) == 1
    assert_sentence(raised.value)


def test_no_spelling_of_the_password_gets_into_a_message() -> None:
    def repeat(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, status=b"BAD Error in command LOGIN: " + rest)

    odd = r"it's \"secret\""
    with (
        lying({b"LOGIN": repeat}) as server,
        pytest.raises(AuthenticationFailed) as raised,
        connect(account(server.port, password=odd)),
    ):
        pass
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("[AUTHENTICATIONFAILED] Invalid credentials (Failure)", AuthenticationFailed),
        ("[ALERT] Application-specific password required (Failure)", AuthenticationFailed),
        ("[AUTHENTICATIONFAILED] LOGIN invalid credentials or IMAP is disabled", AuthenticationFailed),
        ("AUTHENTICATE failed.", AuthenticationFailed),
        ("[ALERT] Too many simultaneous connections. (Failure)", Throttled),
        ("[OVERQUOTA] Account exceeded command or bandwidth limits. (Failure)", Throttled),
        ("[LIMIT] Rate limit hit", Throttled),
        ("[UNAVAILABLE] Temporary authentication failure", Unavailable),
        ("[INUSE] Mailbox in use", Throttled),
        ("[LIMIT] Too many commands", Throttled),
        ("[EXPIRED] The password has expired", AuthenticationFailed),
        ("[AUTHORIZATIONFAILED] No right to this mailbox", AuthenticationFailed),
        ("[ALERT] Please log in via your web browser: https://accounts.example/", AuthenticationFailed),
        ("[ALERT] Maintenance tonight", Unavailable),
        ("User is authenticated but not connected.", Unavailable),
    ],
)
def test_the_words_of_known_servers_at_log_in(said: str, kind: type[MailboxError]) -> None:
    assert type(refusal(account(143), said, login=True)) is kind


def test_a_greeting_that_sends_us_away_is_a_sentence() -> None:
    with (
        lying({}, greeting=b"* BYE Too many connections from your IP\r\n") as server,
        pytest.raises(Throttled) as raised,
    ):
        read_all(server.port)
    assert_sentence(raised.value)


def test_a_folder_of_200_000_mails_is_listed_in_windows() -> None:
    uids = range(1_000_000_001, 1_000_200_001)  # numbered from the time of day on, as some servers do
    limits = Limits(answer_bytes=1_000_000)
    with lying({}, uids=uids) as server, opened(server.port, limits=limits) as box:
        assert box.uids(1) == list(uids)
    assert sum(b"SEARCH" in command for command in server.said) == 4


def test_a_large_folder_whose_next_uid_is_unknown_is_listed_in_few_windows() -> None:
    def examine(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, b"60000 EXISTS", b"OK [UIDVALIDITY 1] x")

    uids = range(3_000_000_001, 3_000_060_001)
    with lying({b"EXAMINE": examine}, uids=uids) as server, opened(server.port, limits=Limits()) as box:
        assert box.uids(1) == list(uids)
        assert box.uids(3_000_059_999, 4_000_000_000) == [3_000_059_999, 3_000_060_000]
        assert box.uids(1, 0) == []
    assert sum(b"SEARCH" in command for command in server.said) == 3


def test_uids_outside_the_window_are_dropped() -> None:
    def and_the_last(line: liar.Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, b"SEARCH 7 8 999")

    with lying({b"SEARCH": and_the_last}) as server, opened(server.port) as box:
        assert box.uids(8, 20) == [8]


def test_starttls_that_is_not_offered_ends_before_the_log_in() -> None:
    with lying({}) as server:
        stripped = replace(account(server.port), tls="starttls")
        with pytest.raises(InsecureConnection, match="offers no STARTTLS") as raised, connect(stripped):
            pass
        assert not any(b"LOGIN" in command or b"secret-word" in command for command in server.said)
    assert_sentence(raised.value)


@pytest.mark.parametrize("field", ["username", "password", "folder"])
def test_a_line_break_in_a_setting_never_reaches_the_server(field: str) -> None:
    injection = "a\r\nZZ1 DELETE INBOX"
    with lying({}) as server:
        known = account(server.port)
        broken = {
            "username": replace(known, username=injection),
            "password": replace(known, password=injection),
            "folder": replace(known, folder=injection),
        }
        with pytest.raises(UsageError, match=field), connect(broken[field]):
            pass
        assert server.said == []


def test_nobody_listens() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(Unreachable, match="does not listen") as raised, connect(account(port)):
            pass
    assert_sentence(raised.value)


def test_an_unknown_host_is_a_sentence() -> None:
    unknown = Account("notifications", "imap.shop.invalid", "anna", "secret-word", limits=LIMITS)
    with pytest.raises(Unavailable, match="not known by that host name"), connect(unknown):
        pass


def test_clear_text_to_another_machine_is_refused_before_any_connection() -> None:
    with (
        pytest.raises(UsageError, match="clear text"),
        connect(Account("n", "imap.example.org", "a", "b", 143, "none")),
    ):
        pass
