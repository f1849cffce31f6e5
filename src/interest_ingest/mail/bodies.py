"""From the leaves of a mail to its text, its HTML, its attachments and the mails inside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from interest_ingest.cards import Attachment, clean_line
from interest_ingest.mail.charsets import decode, storable
from interest_ingest.mail.html import limit
from interest_ingest.mail.limits import MAX_TEXT, Notes
from interest_ingest.mail.structure import Part
from interest_ingest.mail.transfer import decode_transfer, decoded_size, encoded_limit

_BODY_TYPES: Final = frozenset({"text/plain", "text/html"})
# Older and rarer ways to write a body; inside a multipart/alternative the plain text stands for them.
_OLD_TYPES: Final = frozenset({"text/enriched", "text/richtext", "text/markdown", "text/x-markdown"})
# A bounce without a word for people: its report is read, never the returned mail in place of it.
_REPORT_TYPES: Final = frozenset({"message/delivery-status", "message/disposition-notification", "text/rfc822-headers"})
# A file inside a plain text, as programs before MIME sent it (uuencode of POSIX): `begin 644 name`, lines, `end`.
_UU_FILE: Final = re.compile(
    r"^begin [0-7]{3,4} ([^\n]{1,255})\n((?:[!-`][ -`]{0,62}\n)++)(?:[ \t]*\n)?(?:end[ \t]*(?:\n|\Z)|\Z)", re.MULTILINE
)
# Data of programs, no words, in a mail that has nothing else.
_DATA_TYPES: Final = frozenset(
    {"text/calendar", "text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/css"}
)
_ENRICHED_TAG: Final = re.compile(r"<(?:param>[^<]*</param|/?[\w-]+)>", re.IGNORECASE)


class Segment(NamedTuple):
    """One body part in the order of the mail; `alternative` as of its `Part`."""

    html: bool
    content: str
    alternative: int


@dataclass(slots=True)
class Bodies:
    """What the parts of one mail hold."""

    segments: list[Segment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    calendar: str = ""
    room: dict[bool, int] = field(default_factory=lambda: {False: MAX_TEXT, True: MAX_TEXT})

    def joined(self, *, html: bool) -> str:
        return "\n".join(segment.content for segment in self.segments if segment.html == html)

    def add(self, html: bool, text: str, part: Part, notes: Notes) -> bool:
        """Add a body; whether it is the first of its kind."""
        if len(text) > self.room[html]:
            notes.add("text cut at 1 MB")
            text = text[: self.room[html]]
        self.room[html] -= len(text)
        first = not any(segment.html == html for segment in self.segments)
        self.segments.append(Segment(html, limit(text, notes) if html else text, part.alternative))
        return first


def read_bodies(parts: list[Part], notes: Notes) -> Bodies:
    """Decode the body parts and describe the others; attachments are not decoded.

    Every text that is not marked as an attachment is a body: programs name their bodies, and what is shown inline is
    read. Named ones are listed as attachments too, except the first of its kind.
    """
    bodies = Bodies()
    spare: list[Part] = []
    for part in parts:
        disposition, parameters = part.disposition(notes) if part.depth else ("", {})
        name = parameters.get("filename") or part.parameters.get("name", "")
        if part.type == "text/calendar":
            bodies.calendar = bodies.calendar or part.parameters.get("method", "").upper()
        if part.is_message:
            bodies.messages.append(_message_bytes(part, notes))
        elif disposition == "attachment":
            pass
        elif part.type in _BODY_TYPES or (part.type in _OLD_TYPES and not part.alternative):
            if _add_text(part, bodies, notes) or not name:
                continue
        else:
            spare.append(part)
        bodies.attachments.append(_attachment(part, name))
    for stands_in in (_OLD_TYPES.__contains__, _REPORT_TYPES.__contains__, _is_unknown_text):
        for part in spare if not bodies.segments else []:
            if stands_in(part.type):
                _add_text(part, bodies, notes)
    return bodies


def _is_unknown_text(kind: str) -> bool:
    """RFC 2046 §4.1.4: a text of an unknown kind is shown as plain text."""
    return kind.startswith("text/") and kind not in _DATA_TYPES


def _add_text(part: Part, bodies: Bodies, notes: Notes) -> bool:
    text = read_text(part, notes)
    if part.type == "text/plain" and "begin " in text:
        for found in _UU_FILE.finditer(text):
            notes.add("file inside the text")
            bodies.attachments.append(_uuencoded_file(found[1], found[2]))
        text = _UU_FILE.sub("", text)
    return bodies.add(part.type == "text/html", text, part, notes)


def _uuencoded_file(name: str, lines: str) -> Attachment:
    """The first character of each line is the number of bytes that the line holds, plus 32."""
    size = sum((ord(line[0]) - 32) & 63 for line in lines.splitlines() if line)
    return Attachment(name=clean_line(name), type="application/octet-stream", size=size)


def _attachment(part: Part, name: str) -> Attachment:
    return Attachment(
        name=clean_line(name), type=part.type, size=decoded_size(part.source, part.start, part.end, part.encoding)
    )


def _message_bytes(part: Part, notes: Notes) -> bytes:
    """The attached mail; RFC 2046 §5.2.1 forbids to encode it, gateways do so nevertheless."""
    body = part.body
    if part.encoding and not re.match(rb"\s*[!-9;-~]+:", body):
        notes.add("encoded message/rfc822")
        return decode_transfer(body, part.encoding, notes)
    return body


def read_text(part: Part, notes: Notes) -> str:
    """The decoded text of a text part: line feeds only, no NUL, no lone surrogates, flowed lines joined."""
    encoding = part.encoding
    end = part.start + encoded_limit(MAX_TEXT, encoding)
    if end < part.end:
        notes.add("text cut at 1 MB")
    data = decode_transfer(part.source[part.start : min(end, part.end)], encoding, notes)
    decoded = decode(data, part.parameters.get("charset"), html=part.type == "text/html")
    if decoded.by != "declared":
        declared = part.parameters.get("charset", "")[:40] or "no charset"
        notes.add(f"{part.type} of {declared} read as {decoded.charset} ({decoded.by})")
    text = storable(decoded.text).removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.type == "text/plain" and part.parameters.get("format", "").lower() == "flowed":
        return unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    return _ENRICHED_TAG.sub("", text) if part.type in {"text/enriched", "text/richtext"} else text


def unflow(text: str, *, delete_space: bool) -> str:
    """Join the soft-broken lines of format=flowed text (RFC 3676 §4); a signature separator is never joined."""
    lines: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        signature = content == "-- "
        flowed = content.endswith(" ") and not signature
        shown = content[:-1] if flowed and delete_space else content
        if depth == open_depth and not signature:
            lines[-1].append(shown)
        else:
            lines.append([">" * depth + " " if depth else "", shown])
        open_depth = depth if flowed else -1
    return "\n".join("".join(pieces) for pieces in lines)
