"""Addresses, dates and Message-IDs: mail-parser reads them, and what it refuses is read again more tolerantly."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final, NamedTuple

from mailparser.dates import parse_mail_date
from mailparser.utils import get_addresses

from interest_ingest.mail.charsets import storable
from interest_ingest.mail.headers import replace_words, unfold
from interest_ingest.mail.limits import MAX_ADDRESSES, MAX_MESSAGE_ID, Notes


class Address(NamedTuple):
    """A display name ("" if it says no more than the address) and the bare address ("" if only a name was given)."""

    name: str
    email: str


_MARK: Final = re.compile("\ue000(\\d{1,4})\ue001")
_ANGLE: Final = re.compile(r"<([^<>@]+@[^<>]+)>")
_QUOTED: Final = re.compile(r'"[^"]*"')
_SEPARATORS: Final = re.compile(r"[\s<>\"'(),;:\[\]]")
_DOMAIN: Final = re.compile(r"[^\s<>\"@]+")
_MESSAGE_ID: Final = re.compile(r"<([^<>]+)>")
# `Name <local@domain>` or `local@domain` without quotes, comments and lists: nine headers of ten, nothing to repair.
_SIMPLE: Final = re.compile(
    r"(?:(?P<name>[^\"'(),:;<>@\\\[\]]*)<(?P<angle>[\w.+=-]+@[\w-][\w.-]*)>|(?P<bare>[\w.+=-]+@[\w-][\w.-]*))", re.ASCII
)
_NO_ADDRESSES: Final = re.compile(r"^[^<@]*:\s*+;?\s*+$")


def read_addresses(value: bytes, fallback: str | None, notes: Notes) -> list[Address]:
    """The mailboxes of an address header, at most 200. Encoded words count as one word each, whatever they hold."""
    text = unfold(value, fallback, notes)
    if not text or _NO_ADDRESSES.match(text):  # `undisclosed-recipients:;`
        return []
    decoded: list[str] = []

    def mark(word: str) -> str:
        decoded.append(word)
        return f"\ue000{len(decoded) - 1}\ue001"

    marked = replace_words(text.replace("\ue000", ""), notes, mark)

    def spell(part: str) -> str:
        return _MARK.sub(lambda m: decoded[int(m[1])] if int(m[1]) < len(decoded) else "", part)

    if simple := _SIMPLE.fullmatch(marked):
        return [_address(spell(simple["name"] or ""), simple["angle"] or simple["bare"])]
    found = [_address(spell(name), spell(email)) for name, email in get_addresses(marked) if email]
    found = [one for one in found if _is_email(one.email)]
    if len(found) < _expected(marked):
        found = _salvaged(spell(marked), notes) or found
    if len(found) > MAX_ADDRESSES:
        notes.add("address list cut at 200")
    return found[:MAX_ADDRESSES]


def _is_email(text: str) -> bool:
    local, _, domain = text.rpartition("@")
    return bool(local and _DOMAIN.fullmatch(domain))


def _expected(text: str) -> int:
    return max(len(_ANGLE.findall(_QUOTED.sub("", text))), 1)


def _salvaged(text: str, notes: Notes) -> list[Address]:
    """Read `name <address>` pairs, else bare addresses, else a name alone, from a header that breaks the grammar."""
    notes.add("damaged address header")
    pairs: list[Address] = []
    position = 0
    for found in _ANGLE.finditer(text):
        pairs.append(_address(text[position : found.start()].lstrip(" ,;>"), found[1]))
        position = found.end()
    if pairs:
        return pairs
    bare = [one for word in _SEPARATORS.split(text) if _is_email((one := _address("", word)).email)]
    name, angle, local = text.partition("<")
    # `<root>`: an address without a domain, as local mail has it; a bare word may as well be a person's name.
    named = _address(name, local.split(">")[0] if angle else "")
    return bare or ([named] if any(named) else [])


def _address(name: str, email: str) -> Address:
    email = re.sub(r"\s+", "", storable(email)).removeprefix("mailto:").removeprefix("MAILTO:").strip("<>,;'")
    name = " ".join(storable(name).split())
    while len(name) > 1 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    name = name.replace('\\"', '"').replace("\\\\", "\\").strip("\"'").strip() if '"' in name[:1] + name[-1:] else name
    return Address("" if name.lower().strip("<>") == email.lower() else name, email)


def read_date(value: str, notes: Notes) -> datetime | None:
    """The instant of a Date header in its own zone, None (and a note) if it is absurd. `-0000` and no zone are UTC."""
    result = parse_mail_date(value)
    moment: datetime | None = result.value
    if moment is not None:
        hours = float(result.timezone)
        moment = moment.astimezone(timezone(timedelta(hours=hours))) if abs(hours) < 24 else None
    elif result.reasons == ("invalid-date-syntax",):  # else it is no possible day or time
        moment = _tolerant_date(value)
    if moment is None or not 1970 <= moment.year <= 2100:
        notes.add("Date is no date")
        return None
    return moment


def _tolerant_date(value: str) -> datetime | None:
    try:
        return _aware(datetime.fromisoformat(value.strip()))
    except ValueError:
        pass
    try:
        parts = parsedate_tz(value)
        if parts is None:
            return None
        zone = timezone(timedelta(seconds=parts[9] or 0)) if abs(parts[9] or 0) < 86_400 else UTC
        return datetime(*parts[:6], tzinfo=zone)
    # OverflowError: a year of twenty digits; IndexError and TypeError: words where parsedate_tz expects numbers.
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def read_message_id(value: str, notes: Notes) -> str:
    """The Message-ID without its angle brackets, "" if it is absurd."""
    found = _MESSAGE_ID.search(value)
    identity = "".join((found[1] if found else value.strip().strip("<>")).split())
    if len(identity) > MAX_MESSAGE_ID:
        notes.add("Message-ID is too long to be one")
        return ""
    return identity
