"""The tree of a mail's parts, walked without recursion over one buffer: parts are spans of it, nothing is copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interest_ingest.mail.headers import Field, parse_parameters, split_head, unfold
from interest_ingest.mail.limits import MAX_DEPTH, MAX_PARTS, Budget, Notes
from interest_ingest.mail.transfer import decode_transfer, encoding_of

# A boundary that nobody declared: a line of dashes and text, with a Content- header on the next line.
_UNDECLARED: Final = re.compile(
    rb"^--([^\r\n]{1,200}?)[ \t]*\r?\n(?=Content-[A-Za-z-]+[ \t]*:)", re.MULTILINE | re.IGNORECASE
)
_HTML_START: Final = re.compile(rb"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
# White space after a boundary is gateways' padding; words after the closing `--` are not uncommon either.
_DELIMITER_REST: Final = re.compile(rb"(--)?(?:[ \t]{0,200}|(?<=--)[ \t][^\r\n]{0,200})(?:\r\n|\n|\r|\Z)")
_MESSAGE_TYPES: Final = frozenset({"message/rfc822", "message/global", "message/news", "message/partial"})
_TYPE: Final = re.compile(r"[!#$&'*+.^_`|~\w-]+/[!#$&'*+.^_`|~\w/+-]+")
_SHORT_TYPES: Final = {"text": "text/plain", "plain": "text/plain", "html": "text/html", "text/htm": "text/html"}


@dataclass(slots=True)
class Part:
    """One part: its headers, and its body as `source[start:end]`, still transfer-encoded.

    `alternative` numbers the outermost multipart/alternative around it, 0 without one.
    """

    fields: list[Field]
    source: bytes
    start: int
    end: int
    type: str
    parameters: dict[str, str]
    encoding: str
    """As `encoding_of` names it."""
    depth: int = 0
    alternative: int = 0
    typed: bool = True

    def value(self, name: str) -> bytes:
        """The raw value of the part's first header `name` (given in lower case), b"" if absent."""
        return _first(self.fields, name)

    @property
    def body(self) -> bytes:
        return self.source[self.start : self.end]

    @property
    def is_message(self) -> bool:
        return self.type in _MESSAGE_TYPES

    def disposition(self, notes: Notes) -> tuple[str, dict[str, str]]:
        """The word (`attachment`, `inline`, "" …) and parameters of Content-Disposition."""
        value = self.value("content-disposition")
        return parse_parameters(unfold(value, None, notes), notes) if value else ("", {})


def read_part(source: bytes, start: int, end: int, notes: Notes, default: str = "text/plain") -> Part:
    """Read the headers of the part that is `source[start:end]`."""
    head = split_head(source, start, end, notes)
    fields = head.fields
    raw = _first(fields, "content-type")
    kind, parameters = parse_parameters(unfold(raw, None, notes), notes) if raw.strip() else (default, {})
    kind = _SHORT_TYPES.get(kind, kind)
    if not _TYPE.fullmatch(kind):
        notes.add("Content-Type is none")
        kind = default
    encoding = encoding_of(_first(fields, "content-transfer-encoding").decode("latin-1"))
    return Part(*head, kind, parameters, encoding, typed=bool(raw.strip()))


def _first(fields: list[Field], name: str) -> bytes:
    return next((value for key, value in fields if key.lower() == name), b"")


def leaves(root: Part, notes: Notes, budget: Budget) -> Iterator[Part]:
    """The parts that are no multipart, in the order of the mail."""
    stack = [root]
    while stack:
        part = stack.pop()
        if not budget.take():
            notes.add("more than 500 parts: the rest is left out")
            return
        children = _children(part, budget, notes)
        if children and part.depth >= MAX_DEPTH:
            notes.add("parts nested deeper than 20: the inner ones are left out")
        elif children:
            stack.extend(reversed(children))
        else:
            yield part


def _children(part: Part, budget: Budget, notes: Notes) -> list[Part]:
    is_multipart = part.type.startswith("multipart/")
    if not is_multipart and (part.typed or part.type != "text/plain"):
        return []
    spans = _spans(part, is_multipart, budget, notes)
    if not spans:
        if is_multipart:
            notes.add("multipart without parts: read as text")
            _drop_delimiters(part)
        part.type = "text/html" if _HTML_START.match(part.source, part.start, part.end) else "text/plain"
        return []
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    children = [read_part(part.source, start, end, notes, default) for start, end in spans]
    alternative = part.alternative or (MAX_PARTS - budget.parts if part.type == "multipart/alternative" else 0)
    for child in children:
        child.depth, child.alternative = part.depth + 1, alternative
    return children


def _spans(part: Part, declared: bool, budget: Budget, notes: Notes) -> list[tuple[int, int]]:
    boundary = part.parameters.get("boundary", "") if declared else ""
    for candidate in dict.fromkeys((boundary, boundary.strip(), boundary.strip("\"' "))):
        spans = candidate and _split(part, candidate.encode("utf-8", "replace"), budget)
        if spans:
            return spans
    if declared and part.encoding:  # RFC 2045 §6.4 forbids to encode a multipart; some gateways do
        body = decode_transfer(part.body, part.encoding, notes)
        if b"\n--" in body or body.startswith(b"--"):
            notes.add("encoded multipart")
            part.source, part.start, part.end, part.encoding = body, 0, len(body), ""
            return _spans(part, declared, budget, notes)
    found = _UNDECLARED.search(part.source, part.start, part.end)
    if not found:
        return []
    notes.add("boundary was missing or wrong")
    return _split(part, found[1], budget)


def _drop_delimiters(part: Part) -> None:
    """A body that is nothing but delimiter lines is empty."""
    lines = part.source[part.start : min(part.start + 2_000, part.end)].split()
    if part.end - part.start <= 2_000 and all(line.startswith(b"--") for line in lines):
        part.start = part.end


def _split(part: Part, boundary: bytes, budget: Budget) -> list[tuple[int, int]]:
    """The spans between the delimiter lines of `boundary`; the last one may be unclosed."""
    source, end = part.source, part.end
    delimiter = b"--" + boundary
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    position = source.find(delimiter, part.start, end)
    while position >= 0 and len(spans) <= budget.parts:
        after = position + len(delimiter)
        line_end = _delimiter_end(source, position, after, part)
        if line_end:
            if opened is not None:
                spans.append((opened, _before_line_end(source, opened, position)))
            opened = None if source.startswith(b"--", after) else line_end
            after = line_end
        position = source.find(delimiter, after, end)
    if opened is not None and opened < end:
        spans.append((opened, end))
    return spans


def _delimiter_end(source: bytes, position: int, after: int, part: Part) -> int:
    """Where the line of a delimiter at `position` ends, 0 if it is none: another part's boundary may begin like it."""
    found = _DELIMITER_REST.match(source, after, part.end)
    if not found:
        return 0
    at_line_start = position == part.start or source[position - 1] in b"\r\n"
    # Scripts that forget the line end before the last delimiter glue it to the text.
    last = found[1] == b"--" and source[found.end() : min(found.end() + 400, part.end)].strip() == b""
    return found.end() if at_line_start or last else 0


def _before_line_end(source: bytes, start: int, position: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    if position > start and source[position - 1] == 0x0A:
        position -= 1
    if position > start and source[position - 1] == 0x0D:
        position -= 1
    return position
