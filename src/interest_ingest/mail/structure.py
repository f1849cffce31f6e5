"""The tree of a mail's parts, walked without recursion over one buffer: parts are spans of it, nothing is copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from interest_ingest.mail.headers import Field, parse_parameters, split_head, unfold
from interest_ingest.mail.limits import MAX_DEPTH, MAX_PARTS, Budget, Notes
from interest_ingest.mail.transfer import decode_transfer, encoding_of

# A boundary that nobody declared: a line of dashes and text, with a Content- header on the next line. A boundary that
# was folded in its declaration is folded here too (Netscape Mail Server 2).
_UNDECLARED: Final = re.compile(
    rb"^--([^\r\n]{0,200}?)[ \t]*\r?\n(?=(?:[ \t]+[^\s][^\r\n]{0,80}\r?\n)?Content-[A-Za-z-]+[ \t]*:)",
    re.MULTILINE | re.IGNORECASE,
)
_PART_HEAD: Final = re.compile(rb"\s{0,20}(?=Content-[A-Za-z-]+[ \t]*:)", re.IGNORECASE)
_HTML_START: Final = re.compile(rb"\s*<(?:!doctype html|html|head|body)\b", re.IGNORECASE)
# White space after a boundary is gateways' padding; words after the closing `--` are not uncommon either. Words after
# an opening delimiter (RFC 2046 §5.1.1: comparing the beginning of the line is enough) are taken where a head follows.
_DELIMITER_REST: Final = re.compile(
    rb"(--)?(?:[ \t]{0,200}|(?<=--)[ \t][^\r\n]{0,200}|[ \t][^\r\n]{0,200}(?=\r?\nContent-))(?:\r\n|\n|\r|\Z)",
    re.IGNORECASE,
)
_DASHED: Final = re.compile(rb"^--([^\r\n]{1,200})(?:\r\n|\n|\r|\Z)", re.MULTILINE)
_BOUNDARY: Final = re.compile(rb"boundary[ \t]*=[ \t]*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE)
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


def innermost(raw: bytes) -> bytes:
    """The last mail of a chain in which each mail is nothing but an envelope of the next (at most 10,000 of them)."""
    notes = Notes()
    start = 0
    for _ in range(10_000):
        part = read_part(raw, start, len(raw), notes)
        if not part.is_message or part.encoding or part.source is not raw or part.start == part.end:
            break
        start = part.start
    return raw[start:]


def _first(fields: list[Field], name: str) -> bytes:
    return next((value for key, value in fields if key.lower() == name), b"")


def leaves(root: Part, notes: Notes, budget: Budget) -> Iterator[Part]:
    """The parts that are no multipart, in the order of the mail."""
    walk = _Walk(notes, budget)
    stack = [root]
    while stack:
        part = stack.pop()
        if not budget.take():
            notes.add("more than 500 parts: the rest is left out")
            return
        children = _children(part, walk)
        if children:
            stack.extend(reversed(children))
        else:
            yield part


@dataclass(slots=True)
class _Walk:
    """What is known while one mail is walked."""

    notes: Notes
    budget: Budget
    unclosed: dict[bytes, None] = field(default_factory=dict)
    """Boundaries of multiparts that ended without their closing delimiter: the rest of their parts may come later."""

    def leave_open(self, boundary: bytes) -> None:
        if boundary:
            self.unclosed[boundary] = None


def _children(part: Part, walk: _Walk) -> list[Part]:
    is_multipart = part.type.startswith("multipart/")
    if is_multipart and part.depth >= MAX_DEPTH:
        return _flat_children(part, walk)
    if not is_multipart:
        stray = _stray_children(part, walk) if walk.unclosed and part.type.startswith("text/") else []
        if stray or part.typed or part.type != "text/plain":
            return stray
    spans = _spans(part, is_multipart, walk)
    if not spans and is_multipart and (head := _PART_HEAD.match(part.source, part.start, part.end)):
        walk.notes.add("multipart without delimiters: read as one part")
        spans = [(head.end(), part.end)]
    if not spans:
        if is_multipart:
            walk.leave_open(part.parameters.get("boundary", "").encode("utf-8", "replace"))
            walk.notes.add("multipart without parts: read as text")
            _drop_delimiters(part)
        part.type = "text/html" if _HTML_START.match(part.source, part.start, part.end) else "text/plain"
        return []
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    children = [read_part(part.source, start, end, walk.notes, default) for start, end in spans]
    first = _first_without_delimiter(part, spans[0][0], walk.notes)
    return _placed([first, *children] if first else children, part, walk)


def _placed(children: list[Part], parent: Part, walk: _Walk) -> list[Part]:
    alternative = parent.alternative or (MAX_PARTS - walk.budget.parts if parent.type == "multipart/alternative" else 0)
    for child in children:
        child.depth, child.alternative = parent.depth + 1, alternative
    return children


def _first_without_delimiter(part: Part, first_body: int, notes: Notes) -> Part | None:
    """A multipart inside a mail whose first delimiter was lost: two heads run together, and the text is a preamble."""
    types = [i for i, (name, _) in enumerate(part.fields) if name.lower() == "content-type"]
    end = _before_delimiter(part.source, part.start, first_body)
    if not part.depth or len(types) < 2 or not part.source[part.start : end].strip():
        return None
    head = part.fields[types[1] :]
    kind, parameters = parse_parameters(unfold(head[0][1], None, notes), notes)
    if not _TYPE.fullmatch(kind) or kind.startswith("multipart/"):
        return None
    notes.add("the delimiter before a part was missing")
    encoding = encoding_of(_first(head, "content-transfer-encoding").decode("latin-1"))
    return Part(head, part.source, part.start, end, kind, parameters, encoding)


def _stray_children(part: Part, walk: _Walk) -> list[Part]:
    """The parts that a text runs into when an outer delimiter cut a multipart off and its parts go on below."""
    for boundary in list(walk.unclosed)[-MAX_DEPTH:]:
        spans = _split(part, boundary, walk)
        if spans:
            walk.notes.add("parts outside of their multipart")
            end = _before_delimiter(part.source, part.start, spans[0][0])
            children = [read_part(part.source, start, stop, walk.notes) for start, stop in spans]
            return _placed([replace(part, end=end), *children], part, walk)
    return []


def _flat_children(part: Part, walk: _Walk) -> list[Part]:
    """The leaves of a multipart that is too deep to walk, found in one pass over its delimiter lines."""
    walk.notes.add("parts nested deeper than 20: the inner ones are read without their order")
    source, opened = part.source, None
    declared = {found[1] or found[2] for found in _BOUNDARY.finditer(source, part.start, part.end)}
    declared.add(part.parameters.get("boundary", "").encode("utf-8", "replace"))
    children: list[Part] = []
    for found in _DASHED.finditer(source, part.start, part.end):
        line = found[1].rstrip()
        closing = line not in declared and line.endswith(b"--") and line[:-2] in declared
        if line not in declared and not closing:
            continue
        if opened is not None and len(children) <= walk.budget.parts:
            end = _before_line_end(source, opened, found.start())
            children.append(read_part(source, opened, end, walk.notes))
        opened = None if closing else found.end()
    if opened is not None:
        children.append(read_part(source, opened, part.end, walk.notes))
    return _placed([child for child in children if not child.type.startswith("multipart/")], part, walk)


def _spans(part: Part, declared: bool, walk: _Walk) -> list[tuple[int, int]]:
    boundary = part.parameters.get("boundary", "") if declared else ""
    for candidate in dict.fromkeys((boundary, boundary.strip(), boundary.strip("\"' "))):
        spans = candidate and _split(part, candidate.encode("utf-8", "replace"), walk)
        if spans:
            return spans
    if declared and part.encoding:  # RFC 2045 §6.4 forbids to encode a multipart; some gateways do
        body = decode_transfer(part.body, part.encoding, walk.notes)
        if b"\n--" in body or body.startswith(b"--"):
            walk.notes.add("encoded multipart")
            part.source, part.start, part.end, part.encoding = body, 0, len(body), ""
            return _spans(part, declared, walk)
    found = _UNDECLARED.search(part.source, part.start, part.end)
    if not found:
        return []
    walk.notes.add("boundary was missing or wrong")
    return _split(part, found[1], walk)


def _drop_delimiters(part: Part) -> None:
    """Leave of a multipart without parts the text before its closing delimiter, else the text behind it."""
    delimiter = b"--" + part.parameters.get("boundary", "").encode("utf-8", "replace")
    position = part.source.find(delimiter, part.start, part.end) if len(delimiter) > 2 else -1
    line_end = position >= 0 and _delimiter_end(part.source, position, position + len(delimiter), part)
    if line_end and part.source[part.start : position].strip():
        part.end = _before_line_end(part.source, part.start, position)
    elif line_end:
        part.start = line_end


def _split(part: Part, boundary: bytes, walk: _Walk) -> list[tuple[int, int]]:
    """The spans between the delimiter lines of `boundary`; the last one may be unclosed."""
    source, end = part.source, part.end
    delimiter = b"--" + boundary
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    inner = _Inner(part, boundary)
    position = source.find(delimiter, part.start, end)
    while position >= 0 and len(spans) <= walk.budget.parts:
        after = position + len(delimiter)
        line_end = _delimiter_end(source, position, after, part)
        closing = source.startswith(b"--", after)
        if line_end and not (opened is not None and closing and inner.owns(opened, position)):
            if opened is not None:
                spans.append((opened, _before_line_end(source, opened, position)))
            opened = None if closing else line_end
        elif source.startswith(b"----", after):
            inner.close()
        after = line_end or after
        position = source.find(delimiter, after, end)
    if opened is not None and opened < end:
        spans.append((opened, end))
        walk.leave_open(boundary)
    return spans


class _Inner:
    """A multipart inside whose boundary is the closing delimiter of the outer one (`a` and `a--`).

    RFC 2046 §5.1.1 forbids it, yet the longer boundary is the one that is meant, until it is closed.
    """

    def __init__(self, part: Part, boundary: bytes) -> None:
        self._part = part
        self._declarations = (b'="' + boundary + b'--"', b"=" + boundary + b"--")
        self._at = 0

    def owns(self, opened: int, position: int) -> bool:
        """Whether such a multipart is declared between `opened` and `position` and not closed yet."""
        if 0 <= self._at < opened:
            found = (self._part.source.find(one, opened, self._part.end) for one in self._declarations)
            self._at = max(found)
        return opened <= self._at < position

    def close(self) -> None:
        self._at = -1


def _delimiter_end(source: bytes, position: int, after: int, part: Part) -> int:
    """Where the line of a delimiter at `position` ends, 0 if it is none: another part's boundary may begin like it."""
    found = _DELIMITER_REST.match(source, after, part.end)
    if not found:  # a closing delimiter that was cut
        return part.end if part.end - after < 10 and source[after : part.end].strip() == b"-" else 0
    at_line_start = position == part.start or source[position - 1] in b"\r\n"
    # Scripts that forget the line end before the last delimiter glue it to the text.
    last = found[1] == b"--" and source[found.end() : min(found.end() + 400, part.end)].strip() == b""
    return found.end() if at_line_start or last else 0


def _before_delimiter(source: bytes, start: int, after: int) -> int:
    """Where the text before a delimiter line ends, given the position after that line."""
    return _before_line_end(source, start, max(start, source.rfind(b"\n", start, after - 1) + 1))


def _before_line_end(source: bytes, start: int, position: int) -> int:
    """The line end before a delimiter belongs to the delimiter (RFC 2046 §5.1.1)."""
    if position > start and source[position - 1] == 0x0A:
        position -= 1
    if position > start and source[position - 1] == 0x0D:
        position -= 1
    return position
