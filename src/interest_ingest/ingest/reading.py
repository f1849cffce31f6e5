"""From raw bytes to the outcome of a mail and its cards: a pure function, fit for a process of its own."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from interest_ingest.cards import MAX_DOMAIN, Channel, Interest, InterestCard, Outcome, Reading, Trust, clean_line
from interest_ingest.ingest.authentication import Authentication, trust
from interest_ingest.ingest.foreign import not_here
from interest_ingest.ingest.normalize import normalize
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.mail.limits import MAX_RAW
from interest_ingest.parsing import Changed, Ignored, Parser
from interest_ingest.parsing.choose import Choice, choose
from interest_ingest.parsing.contract import LETTER
from interest_ingest.parsing.shape import shape_of

MAX_CARDS = 50
"""A digest with more than this many actions is cut; no seen source comes near."""

MAIL_FIELDS = ("From", "Date", "Subject", "To", "Received", "Return-Path", "Message-ID", "Reply-To")
"""Bytes without any of these are some other file: no server delivers a mail without them."""

MAX_TRACE = 8_000
"""Characters kept of a trace: the text of an exception may be as long as a mail."""

ELSEWHERE = "its third-party parser is not running"
"""What is said of a mail should nobody hand it on."""

SINGLE = frozenset(
    (
        *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id"),
        *("mime-version", "content-type", "content-transfer-encoding"),
    )
)
"""Fields that a mail has once (RFC 5322 §3.6, RFC 2045 §3). A signature covers the lowest of two, readers show the
first: whoever was sent a signed mail could put another subject, or another way to read its text, above it."""

MAX_CONTENTS = 20
"""Values that are looked for in the lines of a mail's template; a form has some ten."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the arrival of a mail that names no date at all and was read from a bare file."""


def read(
    raw: bytes,
    rules: Rules | None = None,
    *,
    authentication: Authentication | None = None,
    received_at: datetime | None = None,
    size: int = 0,
    without: Collection[str] = (),
) -> Reading:
    """Read one mail: every input, also an empty or a broken one, gives exactly one outcome.

    `received_at` is when the mailbox got the mail; without it the mail's own topmost Received field tells. `size` is
    that of the whole mail in bytes, where the mailbox gave only its beginning. `without` these parsers. The mail of a
    third-party parser, of which only a stand-in is here, is `elsewhere`.
    """
    mail = Mail.from_bytes(raw)
    if not any(mail.header(name) for name in MAIL_FIELDS):
        return Reading(outcome=Outcome.IGNORED, reason="no mail")
    try:
        reading = _read(mail, rules or Rules(), authentication or Authentication(), received_at, without)
    except MemoryError:  # whose fault it is, an earlier mail's or this one's, only a fresh process can tell
        raise
    except Exception:  # a pattern or helper that stumbles over one mail must not stop the others
        reading = bug("reading error")
    if (mail.oversize or size > MAX_RAW) and reading.outcome is Outcome.CARDS:
        reading = reading.model_copy(update={"outcome": Outcome.OVERSIZE, "reason": "over the size limit: shortened"})
    return reading.model_copy(update={"canon_digest": mail.canon_digest, "message_id_digest": mail.message_id_digest})


def reading_json(reading: Reading) -> dict[str, Any]:
    """The document that `parse --json` prints."""
    return {
        "outcome": reading.outcome.value,
        "reason": reading.reason,
        "parser": reading.parser,
        "trust": reading.trust.value,
        "cards": [card.as_json() for card in reading.cards],
    }


def arrival(mail: Mail) -> datetime:
    """When `mail` arrived, by its topmost Received field (RFC 5321: the date follows the last semicolon)."""
    for received in mail.headers("Received")[:1]:
        try:
            moment = parsedate_to_datetime(received.rpartition(";")[2].strip())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError, TypeError, IndexError):
            pass  # private relays write anything here: the Date field is next best
    return mail.date.astimezone(UTC) if mail.date else NEVER


def elsewhere(reading: Reading) -> bool:
    """Whether the mail is still to be read, by a parser that is in another process."""
    return reading.outcome is Outcome.QUARANTINED and reading.reason == ELSEWHERE


def _read(
    mail: Mail, rules: Rules, found: Authentication, received_at: datetime | None, without: Collection[str]
) -> Reading:
    parsers = [one for one in rules.parsers if one.name not in without]
    choice = choose(parsers, mail, own=rules.own_addresses)
    reading = _follow(choice, rules, found, received_at or arrival(mail), outer=mail)
    return _shaped(reading, choice, mail)


def _shaped(reading: Reading, choice: Choice, mail: Mail) -> Reading:
    """With the shape that the mail's template gives it, and its sender; letters of people have no template.

    Nor has a mail that somebody forwards: his mail program has made another page of it.
    """
    letters = {one.name for one in choice.parsers if one.fallback == LETTER}
    unasked = reading.parser is None and reading.outcome is Outcome.IGNORED
    if choice.mail is not mail or reading.parser in letters or unasked:
        return reading
    sender = mail.sender.email.rpartition("@")[2].lower() if mail.sender else ""
    shape = shape_of(mail, _contents(reading))
    return reading.model_copy(update={"shape": str(shape), "sender": clean_line(sender, MAX_DOMAIN)})


def _contents(reading: Reading) -> list[str]:
    """What the cards took from the mail that may be the same in many, the longest first."""
    found = {value for one in reading.cards[:MAX_CONTENTS] for value in (one.product.name, *one.labels.values())}
    return sorted((one for one in found if one and len(one) > 3), key=len, reverse=True)[:MAX_CONTENTS]


def bug(reason: str, **named: Any) -> Reading:
    """For use in an `except` block: quarantined, with the places and the kind of the exception.

    Neither the values of variables nor its message: that may quote the mail, and outlives it in the ledger.
    """
    kind, _, place = sys.exc_info()
    trace = "".join([*traceback.format_tb(place, limit=-8), kind.__name__ if kind else ""])[-MAX_TRACE:]
    return Reading(outcome=Outcome.QUARANTINED, reason=reason, trace=trace, **named)


def _follow(choice: Choice, rules: Rules, found: Authentication, received_at: datetime, outer: Mail) -> Reading:
    """Ask the chosen parsers in their order; a fallback parser that yields nothing passes the mail on."""
    for parser in choice.parsers:
        # The receiving server vouches for the mail that it received, not for one forwarded inside it.
        proof = found if choice.mail is outer and not added_to(outer) else Authentication()
        level = trust(parser, proof, rules.site_hosts)
        reading = _ask(parser, choice.mail, rules, level, received_at)
        if reading is not None:
            return reading
    if choice.otherwise is not None:
        return _follow(choice.otherwise, rules, found, received_at, outer)
    return Reading(outcome=choice.outcome, reason=choice.reason)


def added_to(mail: Mail) -> bool:
    """Whether somebody may have put fields above those that were signed."""
    names = [name for name in (written.lower() for written, _ in mail.all_headers()) if name in SINGLE]
    return len(names) > len(set(names))


def _ask(parser: Parser, mail: Mail, rules: Rules, level: Trust, received_at: datetime) -> Reading | None:
    mail.trust = level
    named: dict[str, Any] = {"parser": parser.name, "parser_version": parser.version, "trust": level}
    if parser.read is not_here:
        return Reading(outcome=Outcome.QUARANTINED, reason=ELSEWHERE, **named)
    try:
        cards = tuple(_cards(parser, mail, rules, level, received_at))
    except Ignored as why:
        return Reading(outcome=Outcome.IGNORED, reason=str(why) or "no interest", **named)
    except Changed as why:
        return Reading(outcome=Outcome.QUARANTINED, reason=f"template changed: {why}", **named)
    except MemoryError:
        raise
    except Exception:  # a parser is somebody's plugin: its bug costs this mail only
        return bug("parser error", **named)
    if cards:
        return Reading(outcome=Outcome.CARDS, cards=cards, **named)
    if parser.fallback is not None:
        return None
    return Reading(outcome=Outcome.IGNORED, reason="no interest", **named)


def _cards(parser: Parser, mail: Mail, rules: Rules, level: Trust, received_at: datetime) -> Iterator[InterestCard]:
    """The cards of `mail`; raises `Ignored` if our own people did all that it tells of."""
    interests = list(islice(parser(mail), MAX_CARDS))
    others = [interest for interest in interests if not _own(interest, mail, rules)]
    if interests and not others:
        raise Ignored("own people")
    for interest in others:
        yield normalize(interest, parser, mail, rules, level, received_at)


def _own(interest: Interest, mail: Mail, rules: Rules) -> bool:
    """Whether our own people did it: their answers under our posts are no interest in us.

    A form without the visitor's address may bear that of our own from which the site sends it.
    """
    courier = mail.sender.email.lower() if mail.sender and interest.channel is Channel.FORM else None
    author = interest.author
    if courier and (author.email or "").lower() == courier:
        author = author.model_copy(update={"email": None})
    return rules.is_own(author)
