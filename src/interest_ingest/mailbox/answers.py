"""The two FETCH answers that come once per mail, read fast.

imapclient's lexer looks at every character of an answer in Python: 25 µs a mail, as much as all the rest of fetching.
The form that servers give in practice, UID first and then what was asked for in its order, is recognized by one
expression; an answer in any other form goes through imapclient.
"""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient.exceptions import (
    ProtocolError,
)
from imapclient.response_parser import (
    parse_fetch_response,
)

from interest_ingest.mailbox.message import Size

SIZE_ITEMS = ("RFC822.SIZE", "INTERNALDATE")
BODY_ITEMS = ("BODY.PEEK[]",)

_SIZE = re.compile(
    rb"\d+ \(UID (\d+) RFC822\.SIZE (\d+)"
    rb' INTERNALDATE "([ \d]\d)-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)"'
    rb"(?: EMAILID \(([^()\s]{1,255})\)| X-GM-MSGID (\d{1,20}))?\)"
)
_BODY = re.compile(rb"\d+ \(UID (\d+) BODY\[\] \{\d+\}")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()


def parsed(lines: Sequence[Any]) -> dict[int, dict[bytes, Any]]:
    """Any FETCH answer as imapclient reads it, by UID; raises its ProtocolError and what its parser lets through."""
    answer: defaultdict[int, dict[bytes, Any]] = defaultdict(dict)
    for uid, data in _one_by_one(lines):
        answer[uid].update(data)
    return dict(answer)


def _one_by_one(lines: Sequence[Any]) -> Iterator[tuple[int, dict[bytes, Any]]]:
    """Each FETCH answer with the UID that it names; one without is about flags and was not asked for."""
    one: list[Any] = []
    for line in lines:
        one.append(line)
        if isinstance(line, bytes):  # a literal comes as a pair with what stands before it, and something follows
            for data in parse_fetch_response(one, normalise_times=False, uid_is_key=False).values():
                if uid := data.get(b"UID"):
                    yield uid, data
            one = []
    if one:
        raise ProtocolError("an answer without its end")


def sizes(lines: Sequence[Any]) -> dict[int, Size]:
    """UID -> Size of the answer to SIZE_ITEMS; a mail without a size in the answer is not in it."""
    found = [_SIZE.fullmatch(line) if isinstance(line, bytes) else None for line in lines]
    if all(found):
        return {int(match[1]): Size(int(match[2]), _moment(match), _name(match)) for match in found if match}
    return {
        uid: Size(data[b"RFC822.SIZE"], _utc(data.get(b"INTERNALDATE")), _emailid(data))
        for uid, data in parsed(lines).items()
        if isinstance(data.get(b"RFC822.SIZE"), int)
    }


def bodies(lines: Sequence[Any]) -> dict[int, list[bytes]]:
    """UID -> raw bytes of the answer to BODY_ITEMS; a mail without bytes in the answer is not in it.

    Nearly always one; more where the server answered for one UID with different mails.
    """
    answer: defaultdict[int, list[bytes]] = defaultdict(list)
    for uid, raw in _bodies(lines):
        if raw and raw not in answer[uid]:
            answer[uid].append(raw)
    return {uid: raws for uid, raws in answer.items() if raws}


def _bodies(lines: Sequence[Any]) -> Iterator[tuple[int, bytes]]:
    heads, tails = lines[::2], lines[1::2]
    if len(heads) == len(tails) and all(isinstance(head, tuple) for head in heads) and all(t == b")" for t in tails):
        found = [_BODY.fullmatch(head) for head, _ in heads]
        if all(found):
            yield from ((int(match[1]), raw) for match, (_, raw) in zip(found, heads, strict=True) if match)
            return
    yield from ((uid, raw) for uid, data in _one_by_one(lines) if isinstance(raw := data.get(b"BODY[]"), bytes))


def _name(match: re.Match[bytes]) -> str | None:
    name: bytes | None = match[11] or match[12]
    return name.decode("ascii", "replace") if name else None


def _emailid(data: dict[bytes, Any]) -> str | None:
    told = data.get(b"EMAILID") or data.get(b"X-GM-MSGID")
    name = told[0] if isinstance(told, tuple) and told else told
    text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name or "")
    return text[:255] or None


def _moment(match: re.Match[bytes]) -> datetime | None:
    day, year, hour, minute, second, east, rest = (int(match[place]) for place in (3, 5, 6, 7, 8, 9, 10))
    with contextlib.suppress(ValueError, OverflowError):
        month = _MONTHS.index(match[4]) + 1
        offset = timedelta(hours=east, minutes=-rest if match[9].startswith(b"-") else rest)
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC) - offset
    return None


def _utc(moment: object) -> datetime | None:
    """INTERNALDATE in UTC; None, if the server gives none that is a date."""
    with contextlib.suppress(OverflowError, ValueError):
        if isinstance(moment, datetime):
            return moment.astimezone(UTC)
    return None
