"""The two FETCH answers that come once per mail, read fast.

imapclient's lexer looks at every character of an answer in Python: 25 µs a mail, as much as all the rest of fetching.
The form that servers give in practice, UID first and then what was asked for in its order, is recognized by one
expression; an answer in any other form goes through imapclient.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient.response_parser import (
    parse_fetch_response,
)

from interest_ingest.mailbox.message import Size

SIZE_ITEMS = ("RFC822.SIZE", "INTERNALDATE")
BODY_ITEMS = ("BODY.PEEK[]",)

_SIZE = re.compile(
    rb"\d+ \(UID (\d+) RFC822\.SIZE (\d+)"
    rb' INTERNALDATE "([ \d]\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)"\)'
)
_BODY = re.compile(rb"\d+ \(UID (\d+) BODY\[\] \{\d+\}")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def parsed(lines: Sequence[Any]) -> dict[int, dict[bytes, Any]]:
    """Any FETCH answer as imapclient reads it, by UID; raises its ProtocolError and what its parser lets through."""
    answer: dict[int, dict[bytes, Any]] = parse_fetch_response(list(lines), normalise_times=False)
    return answer


def sizes(lines: Sequence[Any]) -> dict[int, Size]:
    """UID -> Size of the answer to SIZE_ITEMS; a mail without a size in the answer is not in it."""
    found = [_SIZE.fullmatch(line) if isinstance(line, bytes) else None for line in lines]
    if all(found):
        return {int(match[1]): Size(int(match[2]), _moment(match)) for match in found if match}
    return {
        uid: Size(data[b"RFC822.SIZE"], _utc(data.get(b"INTERNALDATE")))
        for uid, data in parsed(lines).items()
        if isinstance(data.get(b"RFC822.SIZE"), int)
    }


def bodies(lines: Sequence[Any]) -> dict[int, bytes]:
    """UID -> raw bytes of the answer to BODY_ITEMS; a mail without bytes in the answer is not in it."""
    heads, tails = lines[::2], lines[1::2]
    if len(heads) == len(tails) and all(isinstance(head, tuple) for head in heads) and all(t == b")" for t in tails):
        found = [_BODY.fullmatch(head) for head, _ in heads]
        if all(found):
            return {int(match[1]): raw for match, (_, raw) in zip(found, heads, strict=True) if match and raw}
    return {uid: raw for uid, data in parsed(lines).items() if isinstance(raw := data.get(b"BODY[]"), bytes) and raw}


def _moment(match: re.Match[bytes]) -> datetime:
    day, year, hour, minute, second, east, rest = (int(match[place]) for place in (3, 5, 6, 7, 8, 9, 10))
    with contextlib.suppress(ValueError, OverflowError):
        month = _MONTHS.index(match[4]) + 1
        offset = timedelta(hours=east, minutes=-rest if match[9].startswith(b"-") else rest)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - offset
    return datetime.now(UTC)


def _utc(moment: object) -> datetime:
    """INTERNALDATE in UTC; now, if the server gives none that is a date."""
    with contextlib.suppress(OverflowError, ValueError):
        if isinstance(moment, datetime):
            return moment.astimezone(UTC)
    return datetime.now(UTC)
