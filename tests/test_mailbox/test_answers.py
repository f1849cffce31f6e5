"""The fast reading of FETCH answers gives what imapclient gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.mailbox import answers

MOMENTS = st.integers(631_152_000, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
OFFSETS = st.integers(-14 * 60, 14 * 60)


def internaldate(moment: datetime, offset: int) -> bytes:
    text = moment.astimezone(timezone(timedelta(minutes=offset))).strftime("%d-%b-%Y %H:%M:%S %z")
    return (" " + text[1:] if text.startswith("0") else text).encode()


@given(st.dictionaries(st.integers(1, 2**32 - 1), st.tuples(st.integers(0, 2**40), MOMENTS, OFFSETS), min_size=1))
def test_sizes_and_moments(mails: dict[int, tuple[int, datetime, int]]) -> None:
    usual: list[bytes] = []
    another: list[bytes] = []
    for number, (uid, (size, moment, offset)) in enumerate(mails.items(), 1):
        date = internaldate(moment, offset)
        usual.append(b'%d (UID %d RFC822.SIZE %d INTERNALDATE "%b")' % (number, uid, size, date))
        another.append(b'%d (INTERNALDATE "%b" RFC822.SIZE %d UID %d)' % (number, date, size, uid))
    expected = {uid: (size, moment, None) for uid, (size, moment, _) in mails.items()}
    assert answers.sizes(usual) == answers.sizes(another) == expected


@given(st.dictionaries(st.integers(1, 2**32 - 1), st.binary(min_size=1)))
def test_bodies(mails: dict[int, bytes]) -> None:
    usual: list[Any] = []
    another: list[Any] = [b"3 (FLAGS (\\Seen))"]
    for number, (uid, raw) in enumerate(mails.items(), 4_294_967_296):
        usual += [(b"%d (UID %d BODY[] {%d}" % (number, uid, len(raw)), raw), b")"]
        another += [(b"%d (BODY[] {%d}" % (number, len(raw)), raw), b" UID %d)" % uid]
    assert answers.bodies(usual) == answers.bodies(another) == {uid: [raw] for uid, raw in mails.items()}


@pytest.mark.parametrize(
    "date", [b"NIL", b'"31-Feb-2026 09:15:00 +0300"', b'"yesterday"', b'"01-Xxx-2026 09:15:00 +0300"']
)
def test_a_date_that_is_none_is_not_told(date: bytes) -> None:
    assert answers.sizes([b"1 (UID 7 RFC822.SIZE 5 INTERNALDATE %b)" % date]) == {7: (5, None, None)}


@pytest.mark.parametrize("told", [b"EMAILID (M6d99ac3275bb4e)", b"X-GM-MSGID 1278455344230334865"])
def test_what_the_server_calls_a_mail(told: bytes) -> None:
    """RFC 8474 §5.1 and Gmail's extension, in both orders."""
    date = b'INTERNALDATE "21-Nov-2026 09:15:00 +0300"'
    usual = answers.sizes([b"1 (UID 7 RFC822.SIZE 5 %b %b)" % (date, told)])
    another = answers.sizes([b"1 (UID 7 %b RFC822.SIZE 5 %b)" % (told, date)])
    assert (
        usual == another == {7: (5, datetime(2026, 11, 21, 6, 15, tzinfo=UTC), told.split()[1].strip(b"()").decode())}
    )


def test_two_answers_for_one_mail_are_both_told() -> None:
    """imapclient keeps the last one."""
    usual: list[Any] = [(b"1 (UID 7 BODY[] {3}", b"one"), b")", (b"1 (UID 7 BODY[] {3}", b"two"), b")"]
    another: list[Any] = [(b"1 (BODY[] {3}", b"one"), b" UID 7)", b'1 (UID 7 BODY[] "two")', b'1 (UID 7 BODY[] "two")']
    assert answers.bodies(usual) == answers.bodies(another) == {7: [b"one", b"two"]}


def test_an_answer_that_names_no_uid_is_not_taken_for_that_number() -> None:
    assert answers.bodies([(b"7 (BODY[] {3}", b"one"), b")"]) == {}


@pytest.mark.parametrize(
    "lines", [[], [b"1 (UID 7 FLAGS ())"], [b"1 (UID 7 RFC822.SIZE NIL)"], [b"1 (UID 7 BODY[] NIL)"]]
)
def test_what_is_not_told_is_not_there(lines: list[Any]) -> None:
    assert answers.sizes(lines) == {}
    assert answers.bodies(lines) == {}
