"""A large mail without the bodies of its attachments: what to ask for, and how to put the answer together.

BODYSTRUCTURE (RFC 3501 §7.4.2) tells where the text is. The headers of the mail and of every part are fetched as they
are, and the bodies of text parts; the bodies of all other parts stay on the server. The result is a valid MIME message
with the boundaries of the original, in which the left-out parts are empty and carry the size they had.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_PARTS = 500
MAX_DEPTH = 20
MAX_HEADER = 256 * 1024
"""Octets of the mail's own header that are fetched; of a part's header SMALL, so that no mail has an endless answer."""

SMALL = 64 * 1024
"""Attached texts, delivery reports and forwarded mails up to this many octets are fetched as they are."""

CRLF = b"\r\n"

_BASE64_LINE = 78
"""Octets of a line of base64 with its CRLF (RFC 2045 §6.8); they hold 57 octets of content."""


class NotUnderstood(Exception):
    """BODYSTRUCTURE or the answer is not what RFC 3501 says: the mail has to be fetched in another way."""


@dataclass(frozen=True, slots=True)
class Part:
    """One node of the tree.

    `header` and `section` are what BODY[…] is asked for: the part's own header and its body. A multipart has `parts`
    and a `boundary`, a forwarded mail has its one body in `parts` and no boundary, a leaf has neither. `octets` is the
    size of the encoded body.
    """

    header: str
    section: str
    kind: str
    octets: int = 0
    encoding: str = ""
    attached: bool = False
    boundary: bytes = b""
    parts: tuple[Part, ...] = ()

    @property
    def wanted(self) -> bool:
        """Is the body text that a person may have written, or small enough to be fetched without asking?"""
        if self.kind.startswith("text/") and not self.attached:
            return True
        return self.kind.startswith(("text/", "message/")) and self.octets <= SMALL

    @property
    def decoded_octets(self) -> int:
        """About the size of the decoded body."""
        return self.octets * 57 // _BASE64_LINE if self.encoding == "base64" else self.octets


def read_structure(body: Sequence[Any]) -> Part:
    """The tree of a BODYSTRUCTURE as imapclient gives it. Raises NotUnderstood."""
    try:
        root = _part(body, "HEADER", "", 0)
    except (IndexError, TypeError, ValueError, AttributeError) as error:
        raise NotUnderstood(f"BODYSTRUCTURE: {error}") from error
    if sum(1 for _ in leaves(root)) > MAX_PARTS:
        raise NotUnderstood(f"more than {MAX_PARTS} parts")
    return root


def leaves(part: Part) -> Iterator[Part]:
    """All parts without children, in the order of the mail."""
    if not part.parts:
        yield part
    for child in part.parts:
        yield from leaves(child)


def plan(root: Part, text_bytes: int) -> dict[str, int]:
    """How many octets of which section to fetch: all wanted bodies, in the order of the mail, `text_bytes` in all."""
    takes = {}
    for leaf in leaves(root):
        if leaf.wanted and (take := min(leaf.octets, text_bytes)):
            whole_lines = leaf.encoding == "base64" and take < leaf.octets
            takes[leaf.section] = take - take % _BASE64_LINE if whole_lines else take
            text_bytes -= take
    return takes


def leaves_out(root: Part, takes: Mapping[str, int]) -> bool:
    """Is the mail fetched by this plan shorter than the whole one?"""
    return any(takes.get(leaf.section, 0) < leaf.octets for leaf in leaves(root))


def items(root: Part, takes: Mapping[str, int]) -> list[str]:
    """The FETCH items for `rebuild`; the mail's own header is the first."""
    wanted = [f"BODY.PEEK[{part.header}]<0.{_header_bytes(part)}>" for part in _all(root)]
    for leaf in leaves(root):
        if take := takes.get(leaf.section, 0):
            partial = f"<0.{take}>" if take < leaf.octets else ""
            wanted.append(f"BODY.PEEK[{leaf.section}]{partial}")
    return wanted


def rebuild(root: Part, takes: Mapping[str, int], answer: Mapping[bytes, Any]) -> bytes:
    """The message from the answer to `items`. Raises NotUnderstood if something of it is missing."""
    out: list[bytes] = []
    _write(root, takes, answer, out)
    return b"".join(out)


def _header_bytes(part: Part) -> int:
    return MAX_HEADER if part.header == "HEADER" else SMALL


def _all(part: Part) -> Iterator[Part]:
    yield part
    for child in part.parts:
        yield from _all(child)


def _part(body: Sequence[Any], header: str, section: str, depth: int) -> Part:
    if depth > MAX_DEPTH:
        raise NotUnderstood("nested too deeply")
    if isinstance(body[0], list | tuple):
        return _multipart(body, header, section, depth)
    if header.endswith("HEADER"):  # the only body of a mail is its part 1, that of a forwarded one part s.1
        section = f"{section}.1".lstrip(".")
    kind = f"{_text(body[0])}/{_text(body[1])}"
    octets = int(body[6])
    if kind == "message/rfc822" and octets > SMALL and isinstance(body[8], list | tuple):
        inner = _part(body[8], f"{section}.HEADER", section, depth + 1)
        return Part(header, section, kind, octets, parts=(inner,))
    return Part(header, section, kind, octets, _text(body[5]), _attached(body))


def _multipart(body: Sequence[Any], header: str, section: str, depth: int) -> Part:
    children, rest = _children(body)
    prefix = f"{section}." if section else ""
    parts = tuple(
        _part(child, f"{prefix}{number}.MIME", f"{prefix}{number}", depth + 1)
        for number, child in enumerate(children, 1)
    )
    boundary = _parameters(rest[1]).get("boundary", b"")
    if not parts or not boundary:
        raise NotUnderstood("a multipart without parts or without boundary")
    return Part(header, section, f"multipart/{_text(rest[0])}", boundary=boundary, parts=parts)


def _children(body: Sequence[Any]) -> tuple[list[Any], Sequence[Any]]:
    """The parts of a multipart and what follows them: imapclient gathers the parts, except inside a forwarded mail."""
    if isinstance(body[0], list):
        return body[0], body[1:]
    children = list(itertools.takewhile(lambda child: isinstance(child, tuple), body))
    return children, body[len(children) :]


def _text(value: object) -> str:
    return value.decode("ascii", "replace").lower() if isinstance(value, bytes) else ""


def _parameters(value: object) -> dict[str, bytes]:
    pairs = value if isinstance(value, tuple) else ()
    return {_text(name): _octets(given) for name, given in zip(pairs[::2], pairs[1::2], strict=False)}


def _octets(value: object) -> bytes:
    # imapclient makes a number of an atom of digits, which a server may send for a boundary like 123.
    return value if isinstance(value, bytes) else b"%d" % value if isinstance(value, int) else b""


_DISPOSITION_PLACE = {"text": 9, "message/rfc822": 11}
"""Where Content-Disposition stands: a text has its number of lines before it, a forwarded mail two fields more."""


def _attached(body: Sequence[Any]) -> bool:
    major, minor = _text(body[0]), _text(body[1])
    place = _DISPOSITION_PLACE.get(f"{major}/{minor}", _DISPOSITION_PLACE.get(major, 8))
    disposition = body[place] if len(body) > place else None
    return isinstance(disposition, tuple) and _text(disposition[0]) == "attachment"


def _write(part: Part, takes: Mapping[str, int], answer: Mapping[bytes, Any], out: list[bytes]) -> None:
    header = _fetched(answer, part.header, "<0>").rstrip(CRLF) + CRLF
    if not part.parts:
        out += _leaf(part, header.lstrip(CRLF), takes.get(part.section, 0), answer)
        return
    out += (header, CRLF)
    if part.boundary and part.boundary not in header:
        raise NotUnderstood("the boundary does not stand in the header")  # no reader would find the parts
    for child in part.parts:
        if part.boundary:
            out += (b"--", part.boundary, CRLF)
        _write(child, takes, answer, out)
    if part.boundary:
        out += (b"--", part.boundary, b"--", CRLF)


def _leaf(part: Part, header: bytes, take: int, answer: Mapping[bytes, Any]) -> tuple[bytes, ...]:
    if not take:
        if part.octets:
            header = _with_size(header, part.decoded_octets)
        return header, CRLF, CRLF
    body = _fetched(answer, part.section, "<0>" if take < part.octets else "")
    return header, CRLF, body, CRLF


def _fetched(answer: Mapping[bytes, Any], item: str, origin: str = "") -> bytes:
    value = answer.get(f"BODY[{item}]{origin}".encode())
    if not isinstance(value, bytes):
        raise NotUnderstood(f"no {item} in the answer")
    return value


_DISPOSITION = re.compile(rb"^content-disposition:[^\r\n]*(?:\r\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)


def _with_size(header: bytes, size: int) -> bytes:
    """Note the size of a left-out body where RFC 2183 §2.7 has a place for it, unless the sender did so already."""
    note = b";\r\n size=%d" % size
    field = _DISPOSITION.search(header)
    if field is None:
        # A part with a Content-ID is a picture in the text, not a file for the reader (RFC 2392).
        kind = b"inline" if b"\ncontent-id:" in b"\n" + header.lower() else b"attachment"
        return header + b"Content-Disposition: " + kind + note + CRLF
    if re.search(rb";\s*size\s*=", field[0], re.IGNORECASE):
        return header
    return header[: field.end()].rstrip(b" \t;") + note + header[field.end() :]
