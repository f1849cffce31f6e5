"""Content-Transfer-Encoding (RFC 2045 §6), tolerant of what gateways, scanners and careless scripts do to it."""

from __future__ import annotations

import binascii
import itertools
import re
from typing import Final

from interest_ingest.mail.limits import MAX_TEXT, Notes

_NAMES: Final = (
    (re.compile(r"base-?64|^b64"), "base64"),
    (re.compile(r"quoted|^q-?p$"), "quoted-printable"),
    (re.compile(r"uu"), "uuencode"),
)
_NOT_BASE64: Final = bytes(set(range(256)) - set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="))
_SPACES: Final = b" \t\r\n"
_SENTENCE: Final = re.compile(rb"^[^\n]*\S[ \t]+\S+[ \t]+\S", re.MULTILINE)
_SOFT_BREAK: Final = re.compile(rb"=[ \t]+(?=\r?\n)")
_PADDING: Final = re.compile(rb"=+")
_WHOLE: Final = re.compile(rb"\s*(?:(?:[A-Za-z0-9+/]\s*){4})*(?:[A-Za-z0-9+/]{2,3}={1,2})?\s*")
_MAX_PIECES: Final = 1_000


def encoding_of(header: str) -> str:
    """`base64`, `quoted-printable`, `uuencode` or `` for everything that leaves the bytes as they are."""
    value = header.strip().strip("\"';").lower()
    return next((name for pattern, name in _NAMES if pattern.search(value)), "")


def decode_transfer(data: bytes, encoding: str, notes: Notes) -> bytes:
    """The bytes that `data` stands for under `encoding` (as `encoding_of` names it); never raises."""
    if encoding == "base64":
        return _base64(data, notes)
    if encoding == "quoted-printable":
        return _quoted_printable(data)
    return _uuencoded(data, notes) if encoding == "uuencode" else data


def encoded_limit(size: int, encoding: str) -> int:
    """How many encoded bytes can hold `size` decoded ones."""
    return {"base64": size * 3 // 2, "quoted-printable": size * 3, "uuencode": size * 3 // 2}.get(encoding, size)


def decoded_size(source: bytes, start: int, end: int, encoding: str) -> int:
    """Bytes of the decoded content of `source[start:end]`, without decoding base64: four characters are three bytes."""
    if encoding == "base64":
        white = sum(source.count(white, start, end) for white in (b"\n", b"\r", b" "))
        tail = source[max(start, end - 8) : end]
        return max(0, (end - start - white) * 3 // 4 - min(tail.count(b"="), 2))
    if encoding == "quoted-printable":
        return len(binascii.a2b_qp(source[start:end]))
    return end - start


def _base64(data: bytes, notes: Notes) -> bytes:
    compact = data.translate(None, _SPACES)
    try:
        return binascii.a2b_base64(compact, strict_mode=True)
    except binascii.Error:
        pass
    if _is_plain(data):
        notes.add("declared base64, but it is plain text")
        return data
    notes.add("damaged base64")
    return _pieces(data)


def _is_plain(data: bytes) -> bool:
    """Whether text was sent as it is under a base64 label: words with spaces between them, from the beginning on."""
    head = data.lstrip()[:400]
    foreign = len(head.translate(None, _SPACES).translate(None, bytes(set(range(256)) - set(_NOT_BASE64))))
    return bool(head) and (bool(_SENTENCE.match(head)) or foreign > len(head) // 4)


def _pieces(data: bytes) -> bytes:
    """Decode each run up to its padding (joined encodings have it in the middle); text that follows stays text."""
    decoded: list[bytes] = []
    position = 0
    for found in itertools.islice(_PADDING.finditer(data), _MAX_PIECES):
        decoded.append(_lenient(data[position : found.end()]))
        position = found.end()
        footer = data[position : position + 400]
        if b" " in footer and _SENTENCE.search(footer):  # of a mailing list or a virus scanner
            return b"".join((*decoded, data[position:]))
        if len(data) - position < 100 and not _WHOLE.fullmatch(data, position):
            return b"".join(decoded)  # line noise at the end
    return b"".join((*decoded, _lenient(data[position:])))


def _lenient(data: bytes) -> bytes:
    digits = data.translate(None, _NOT_BASE64 + b"=")
    digits = digits[: len(digits) - 1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _quoted_printable(data: bytes) -> bytes:
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"= " in data or b"=\t" in data:
        data = _SOFT_BREAK.sub(b"=", data)  # white space that a gateway added after a soft line break
    return binascii.a2b_qp(data)


def _uuencoded(data: bytes, notes: Notes) -> bytes:
    lines = data.replace(b"\r\n", b"\n").split(b"\n")
    begin = next((i + 1 for i, line in enumerate(lines) if line.startswith(b"begin ")), 0)
    decoded: list[bytes] = []
    for line in lines[begin : begin + MAX_TEXT // 45]:  # a line holds 45 bytes, however short it was cut
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            decoded.append(binascii.a2b_uu(line))
        except binascii.Error:
            notes.add("damaged uuencoding")
            return data
    return b"".join(decoded) or data
