"""The header block: splitting it from the bytes, and decoding its values (RFC 5322, 2047, 2231) however damaged."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from interest_ingest.mail.charsets import decode, storable
from interest_ingest.mail.limits import MAX_HEADER, MAX_HEADER_BLOCK, MAX_HEADERS, Notes

Field = tuple[str, bytes]
"""A header's name as written, and its value as it stands in the mail, folded and undecoded."""

# At most two CR before an LF (a mail that went through a Windows text file twice), so that runs of CR stay linear.
_BLANK_LINE: Final = re.compile(rb"\r{0,2}\n\r{0,2}\n|\r\r(?!\n)")
_FIELD: Final = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*\n(?:[ \t][^\n]*\n)*)")
_ENVELOPE: Final = re.compile(rb">?From (?![ \t]*:)")
_KNOWN: Final = re.compile(
    rb"^(?:x-[!-9;-~]{1,70}|(?:resent-)?(?:from|to|cc|bcc|date|sender|message-id)|subject|reply-to|return-path|received"
    rb"|mime-version|content-[a-z-]{2,40}|dkim-signature|delivered-to|list-[a-z-]{2,40}|in-reply-to|references"
    rb"|authentication-results|auto-submitted|precedence|organization|user-agent|importance)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


class Head(NamedTuple):
    """A header block that was read: the body is `source[start:end]`."""

    fields: list[Field]
    source: bytes
    start: int
    end: int


def split_head(source: bytes, start: int, end: int, notes: Notes) -> Head:
    """Split `source[start:end]` into header fields and body, linear in the size of the header block.

    The block ends at the first blank line. A line in it that is no header belongs to the one before it (a fold that
    lost its white space) as long as headers follow; else the body begins there: its blank line was forgotten.
    """
    if source[start : start + 1] in (b"\n", b"\r"):
        return Head([], source, start + (2 if source.startswith(b"\r\n", start) else 1), end)
    blank = _BLANK_LINE.search(source, start, end)
    stop, body = blank.span() if blank else (end, end)
    block = _line_feeds(source[start : min(stop, start + MAX_HEADER_BLOCK)])
    if stop - start > MAX_HEADER_BLOCK:
        notes.add("header block cut at 256 KB")
        return Head(_read_fields(block, notes)[0], source, body, end)
    fields, used = _read_fields(block, notes)
    if used < len(block):
        if fields:
            notes.add("no blank line between headers and body")
        rest = block[used:].rstrip(b"\n") if stop == end else block[used:-1]
        return Head(fields, rest + source[stop:end], 0, len(rest) + end - stop)
    return Head(fields, source, body, end)


def _line_feeds(block: bytes) -> bytes:
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return block + b"\n"


def _read_fields(block: bytes, notes: Notes) -> tuple[list[Field], int]:
    """The fields, and how much of the block they are."""
    fields: list[Field] = []
    position, last_known = 0, -1
    while position < len(block):
        found = _FIELD.match(block, position)
        if found:
            if len(fields) >= MAX_HEADERS:
                notes.add("more than 1,000 headers: the rest is left out")
                return fields, len(block)
            fields.append((found[1].decode("ascii"), _cut(found[2], notes)))
            position = found.end()
            continue
        end = block.index(b"\n", position) + 1
        if last_known < 0:
            dashes = block.find(b"\n--", position)  # what follows a delimiter line belongs to a part
            known = _KNOWN.finditer(block, 0, dashes if dashes >= 0 else len(block))
            last_known = max((m.start() for m in known), default=0)
        if not _ENVELOPE.match(block, position):
            if last_known < end or block.startswith(b"--", position):
                return fields, position
            notes.add("a header line was broken")
            _append(fields, block[position:end])
        position = end
    return fields, len(block)


def _append(fields: list[Field], line: bytes) -> None:
    if fields and len(fields[-1][1]) + len(line) < MAX_HEADER:
        fields[-1] = (fields[-1][0], fields[-1][1] + b" " + line)


def _cut(value: bytes, notes: Notes) -> bytes:
    if len(value) > MAX_HEADER:
        notes.add("header cut at 16 KB")
    return value[:MAX_HEADER]


# --- values ------------------------------------------------------------------------------------------------------

# An encoded word ends at the first `?=`, may hold spaces and single `?` against the rule, and never runs into the next.
# `(?>(?:…)*)`, not `(?:…)*+`: a possessive group matches wrongly in Python 3.11.2, that of Debian 12.
_WORD: Final = re.compile(
    r"=\?(?P<charset>[\w.:+-]{0,60})(?:\*[\w-]{0,20})?\?(?P<encoding>[bBqQ])\?"
    r"(?P<text>(?>(?:[^?=]++|\?(?!=)|=(?!\?[\w.:+*-]{0,60}\?[bBqQ]\?))*))\?="
)


class _Word(NamedTuple):
    charset: str
    encoding: str
    text: str


def decode_value(value: bytes, fallback: str | None, notes: Notes) -> str:
    """A header's value as a person reads it: unfolded, encoded words decoded, raw 8-bit bytes read.

    Raw bytes are UTF-8, else in `fallback` (the body's charset), else guessed.
    """
    text = unfold(value, fallback, notes)
    return storable(replace_words(text, notes) if "=?" in text else text).strip()


def unfold(value: bytes, fallback: str | None, notes: Notes) -> str:
    """The value on one line, its encoded words still encoded."""
    plain = value.isascii() and b"\x1b$" not in value
    text = (value.decode("ascii") if plain else _eight_bit(value, fallback, notes)).strip()
    return " ".join(line.strip(" \t") for line in text.split("\n")) if "\n" in text else text


def _eight_bit(value: bytes, fallback: str | None, notes: Notes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        pass
    decoded = decode(value, fallback)
    notes.add(f"raw 8-bit header read as {decoded.charset}")
    return decoded.text


def replace_words(text: str, notes: Notes, wrap: Callable[[str], str] = lambda decoded: decoded) -> str:
    """`text` with its encoded words decoded; each run of adjacent ones is given to `wrap` as one."""
    out: list[str] = []
    run: list[_Word] = []
    position = 0
    for found in _WORD.finditer(text):
        between = text[position : found.start()]
        if run and between.strip():
            out.append(wrap(_join(run, notes)))
            run = []
        if not run:
            out.append(between)
        run.append(_Word(found["charset"], found["encoding"].lower(), found["text"]))
        position = found.end()
    if run:
        out.append(wrap(_join(run, notes)))
    return "".join((*out, text[position:]))


def _join(run: list[_Word], notes: Notes) -> str:
    """Decode adjacent words: those of one charset as one string of bytes, since a character may be cut between them."""
    texts: list[str] = []
    data = b""
    for i, word in enumerate(run):
        if word.encoding == "b" and i + 1 < len(run) and _runs_on(word, run[i + 1]):
            run[i + 1] = run[i + 1]._replace(text=word.text + run[i + 1].text)
            continue
        data += _word_bytes(word)
        if i + 1 == len(run) or run[i + 1].charset.lower() != word.charset.lower():
            decoded = decode(data, word.charset)
            if decoded.by != "declared":
                notes.add(f"encoded word of {word.charset[:40] or 'no charset'} read as {decoded.charset}")
            texts.append(decoded.text)
            data = b""
    # A word must not hold line ends (RFC 2047 §5); a raw one would start a header of its own where text is shown.
    return "".join(texts).replace("\r", " ").replace("\n", " ")


def _runs_on(word: _Word, following: _Word) -> bool:
    """Base64 that was cut into words at any character instead of every fourth."""
    return (
        following.encoding == "b"
        and following.charset.lower() == word.charset.lower()
        and not word.text.endswith("=")
        and len(word.text.strip()) % 4 != 0
    )


def _word_bytes(word: _Word) -> bytes:
    raw = word.text.encode("utf-8", "surrogateescape")
    if word.encoding == "q":
        return binascii.a2b_qp(raw.replace(b"=\n", b""), header=True)
    digits = re.sub(rb"[^A-Za-z0-9+/]", b"", raw)
    digits = digits[:-1] if len(digits) % 4 == 1 else digits
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


# --- parameters --------------------------------------------------------------------------------------------------

_COMMENT: Final = re.compile(r"\([^()\"]*\)")
_PARAMETER: Final = re.compile(
    r"[;,\s]([!#$&'*+.^_`|~\w%-]+)\s*=\s*(?:\"((?>(?:[^\"\\]++|\\.)*))\"?|([^;]*))", re.DOTALL
)
_SECTION: Final = re.compile(r"([^*]+)\*(\d{1,3})(\*?)|([^*]+)(\*)")
_MAX_PARAMETERS: Final = 100


def parse_parameters(value: str, notes: Notes) -> tuple[str, dict[str, str]]:
    """The first word of a Content-Type or Content-Disposition, lower case, and its parameters (RFC 2231 decoded)."""
    first = value.split(";", 1)[0]
    word = _COMMENT.sub(" ", first).strip().lower()
    if " " in word or "," in word or "=" in word:  # `text/html charset=utf-8`: the semicolon is missing
        word = re.split(r"[\s,]", word, maxsplit=1)[0] if "=" not in re.split(r"[\s,]", word)[0] else ""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for count, found in enumerate(_PARAMETER.finditer(" " + value)):
        if count >= _MAX_PARAMETERS:
            notes.add("more than 100 parameters: the rest is left out")
            break
        name = found[1].lower()
        text = re.sub(r"\\(.)", r"\1", found[2]) if found[2] is not None else found[3].strip()
        section = _SECTION.fullmatch(name) if "*" in name else None
        if section:
            base = section[1] or section[4]
            sections.setdefault(base, {}).setdefault(int(section[2] or 0), (text, bool(section[3] or section[5])))
        else:
            plain.setdefault(name, text)
    for base, pieces in sections.items():
        plain[base] = _extended(pieces, notes)
    return word, {name: storable(replace_words(text, notes) if "=?" in text else text) for name, text in plain.items()}


def _extended(pieces: dict[int, tuple[str, bool]], notes: Notes) -> str:
    """Join the sections of one parameter; the first encoded one begins with `charset'language'`."""
    charset = None
    data = b""
    for number in sorted(pieces):
        text, encoded = pieces[number]
        if encoded and charset is None:
            charset, _, text = text.split("'", 2) if text.count("'") >= 2 else ("", "", text)
        data += unquote_to_bytes(text) if encoded else text.encode("utf-8", "replace")
    decoded = decode(data, charset or None)
    if charset and decoded.by != "declared":
        notes.add(f"parameter of charset {charset[:40]} read as {decoded.charset}")
    return decoded.text
