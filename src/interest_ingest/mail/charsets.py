"""Bytes to text: the declared charset, then the page's own meta, then UTF-8, then a guess; and which of them won."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from interest_ingest.mail.guess import guess, looks_wide

# Names that mails carry and Python does not know, or knows as something narrower than what senders mean by it: the
# WHATWG Encoding Standard reads them so too (its table "labels"), because Windows programs named their code page by
# the ISO or national standard that it extends.
ALIASES: Final = {
    "iso88591": "cp1252", "latin1": "cp1252", "l1": "cp1252", "ansi": "cp1252", "iso885911": "cp874",
    "iso88599": "cp1254", "latin5": "cp1254", "iso88598i": "iso8859-8", "iso88598e": "iso8859-8",
    "iso88596i": "iso8859-6", "iso88596e": "iso8859-6", "tis620": "cp874", "xcp874": "cp874",
    "windows874": "cp874", "dos874": "cp874", "macintosh": "mac-roman", "xmacroman": "mac-roman",
    "xmaccyrillic": "mac-cyrillic", "xmacukrainian": "mac-cyrillic", "koi8": "koi8-r", "koi": "koi8-r",
    "koi8ru": "koi8-u", "cskoi8r": "koi8-r", "win1251": "cp1251", "win": "cp1251", "xcp1251": "cp1251",
    "ansi1251": "cp1251", "dos866": "cp866", "ibm866": "cp866", "alt": "cp866",
    "gb2312": "gb18030", "gb231280": "gb18030", "csgb2312": "gb18030", "gbk": "gb18030", "xgbk": "gb18030",
    "cp936": "gb18030", "windows936": "gb18030", "ms936": "gb18030", "euccn": "gb18030", "chinese": "gb18030",
    "hzgb2312": "hz", "big5": "big5hkscs", "cnbig5": "big5hkscs", "xxbig5": "big5hkscs",
    "csbig5": "big5hkscs", "windows950": "cp950", "big5eten": "cp950",
    "shiftjis": "cp932", "sjis": "cp932", "xsjis": "cp932", "csshiftjis": "cp932", "mskanji": "cp932",
    "windows31j": "cp932", "cswindows31j": "cp932", "xmscp932": "cp932", "windows932": "cp932",
    "iso2022jp": "iso2022_jp_ext", "csiso2022jp": "iso2022_jp_ext", "iso2022jpms": "iso2022_jp_ext",
    "cp50220": "iso2022_jp_ext", "cp50221": "iso2022_jp_ext", "xeucjp": "euc_jp", "eucjpms": "euc_jp",
    "euckr": "cp949", "ksc5601": "cp949", "ksc56011987": "cp949", "ksc56011989": "cp949", "ksx1001": "cp949",
    "windows949": "cp949", "xwindows949": "cp949", "uhc": "cp949", "korean": "cp949",
    "utf8mb4": "utf-8", "xutf8": "utf-8", "utf8n": "utf-8", "unicode11utf8": "utf-8", "unicode20utf8": "utf-8",
    "unicode11utf7": "utf-7", "xunicode20utf7": "utf-7", "csunicode11utf7": "utf-7", "unicode": "utf-16",
    "ucs2": "utf-16", "iso10646ucs2": "utf-16", "csunicode": "utf-16", "utf16le": "utf-16-le",
    "utf16be": "utf-16-be", "ansix341968": "ascii", "ansix341986": "ascii", "iso646us": "ascii",
    "7bit": "ascii", "xascii": "ascii", "usasciiascii": "ascii",
}  # fmt: skip
# Codecs of Python that are no character sets of mail: they run for long, read escapes, or always fail.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "mbcs"})
# Wide or escape-coded charsets: a valid UTF-8 reading proves nothing against them, and ASCII bytes are not ASCII text.
_STATEFUL: Final = re.compile(r"utf-?(?:7|16|32)|iso2022|hz")
_ESCAPED: Final = {b"\x1b$)C": "iso2022_kr", b"\x1b$": "iso2022_jp_ext"}
_HZ: Final = re.compile(rb"~\{(?:[!-w][!-~])+~\}")
_META: Final = re.compile(rb"<meta\s[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.+-]{2,40})", re.IGNORECASE)
_XML: Final = re.compile(rb"^\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w:.+-]{2,40})", re.IGNORECASE)
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROL_BYTES: Final = bytes((*range(9), 11, 12, *range(14, 32), 127))


class Decoded(NamedTuple):
    """Text, and how it was found: `declared`, `meta`, `utf-8`, `guess`, or `damaged` (declared, some bytes lost)."""

    text: str
    charset: str
    by: str


@lru_cache(maxsize=512)
def codec_of(name: str) -> str | None:
    """The Python codec for a charset name as mails write it, None if nobody knows it."""
    squeezed = re.sub(r"[^a-z0-9]", "", name.lower())
    for candidate in (ALIASES.get(squeezed), name.strip().strip("\"'"), squeezed, _numbered(squeezed)):
        if not candidate:
            continue
        try:
            info = codecs.lookup(candidate)
        except (LookupError, ValueError):  # ValueError: a NUL in the name
            continue
        if info.name not in _NO_CHARSETS and getattr(info, "_is_text_encoding", True):
            return ALIASES.get(re.sub(r"[^a-z0-9]", "", info.name), info.name)
    return None


def _numbered(squeezed: str) -> str | None:
    """`xcp1251`, `windows1251http`, `cp850`: the code page is in the number; `iso8859x` likewise."""
    found = re.search(r"8859(\d{1,2})", squeezed)
    if found:
        return f"iso8859-{found[1]}"
    found = re.search(r"(?:win|windows|cp|ibm|ms|dos)(\d{3,4})", squeezed)
    return f"cp{found[1]}" if found else None


def decode(data: bytes, declared: str | None = None, *, html: bool = False) -> Decoded:
    """Decode `data`; never raises. `declared` is the name that the mail gives, `html` allows a meta of its own."""
    codec = codec_of(declared) if declared else None
    if data.isascii() and not (codec and _STATEFUL.search(codec)) and not _escaped(data) and not looks_wide(data):
        return Decoded(data.decode("ascii"), "ascii", "declared")
    for by, candidate in _candidates(data, codec, html):
        text = _strict(data, candidate)
        if text is not None:
            return Decoded(text, candidate, by)
    return _damaged(data, codec) or _guessed(data, codec)


def _candidates(data: bytes, codec: str | None, html: bool) -> Iterator[tuple[str, str]]:
    marked = _byte_order_mark(data)
    if marked:
        yield "declared" if codec == marked else "utf-8", marked
    escaped = _escaped(data)
    if escaped and data.isascii() and not (codec and _STATEFUL.search(codec)):
        yield "guess", escaped
    wide = looks_wide(data)
    if wide and not (codec and _STATEFUL.search(codec)):
        yield "guess", wide
    if codec and not _is_really_utf8(data, codec):
        yield "declared", codec
    meta = _meta(data) if html else None
    if meta and meta != codec and not _is_really_utf8(data, meta):
        yield "meta", meta
    if escaped:
        yield "guess", escaped
    if not wide:
        yield "declared" if codec == "utf-8" else "utf-8", "utf-8"


def _escaped(data: bytes) -> str | None:
    if b"\x1b" in data:
        return next((codec for mark, codec in _ESCAPED.items() if mark in data), None)
    return "hz" if b"~{" in data and _HZ.search(data) else None


def _byte_order_mark(data: bytes) -> str | None:
    if data.startswith(codecs.BOM_UTF8):
        return "utf-8"
    return "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


def _is_really_utf8(data: bytes, codec: str) -> bool:
    """Scripts often declare ISO-8859-1 or a national charset and send UTF-8; the reverse is next to impossible.

    A byte above 0x7F of any older charset is hardly ever followed by the continuation bytes that UTF-8 demands, so
    text that is valid UTF-8 is UTF-8. Short double-byte text can be both: there the declaration wins.
    """
    if codec == "utf-8" or _STATEFUL.search(codec):
        return False
    few = 12 if codec in {"gb18030", "big5hkscs", "cp950", "cp949", "cp932", "euc_jp"} else 2
    return _strict(data, "utf-8") is not None and len(_HIGH.findall(data[:20_000])) >= few


def _meta(data: bytes) -> str | None:
    found = _META.search(data, 0, 8_192) or _XML.search(data, 0, 256)
    name = codec_of(found[1].decode("ascii")) if found else None
    # A page that reached us with readable tags is no UTF-16, whatever it says.
    return None if name and name.startswith("utf-16") else name


def _strict(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        if codec == "iso2022_jp_ext" and b"\x1b$B" in data:  # circled digits and `㈱`: Windows adds them to JIS X 0208
            return _strict(data.replace(b"\x1b$B", b"\x1b$(Q"), "iso2022_jp_2004")
        # cp1252 has five undefined bytes; the web reads them as C1 controls, so one does not lose the whole text.
        return _western(data) if codec == "cp1252" else None
    return None if "\x1b$" in text or (codec == "hz" and "~{" in text) else text


def _western(data: bytes) -> str:
    return data.decode("cp1252", "replace").replace("\ufffd", "")


def _damaged(data: bytes, codec: str | None) -> Decoded | None:
    """The declared charset (else UTF-8) with some bytes replaced, if more speaks for it than against it.

    For it speak few replaced bytes beside the fitting ones, or a long stretch before the first misfit: then the bytes
    were damaged on their way. Text of another charset hardly ever forms the sequences of UTF-8, so less is enough.
    """
    for candidate in dict.fromkeys((codec or "utf-8", "utf-8")):
        strong = candidate == "utf-8" or candidate in _ESCAPED.values()
        text = data.decode(candidate, "replace")
        lost = text.count("\ufffd")
        fitting = _high(text) - lost
        sound = _high(text[: text.find("\ufffd")])
        if fitting >= (2 if strong else 10) * lost or sound >= (8 if strong else 30):
            return Decoded(text, candidate, "damaged")
    return None


def _high(text: str) -> int:
    """The number of characters that are no ASCII."""
    return len(text) - len(text.encode("ascii", "ignore"))


def storable(text: str) -> str:
    """Without control characters but tab and line ends, and with U+FFFD for lone surrogates (UTF-7 can carry them).

    A form feed or vertical tab (Word's line break) is a line feed. No database takes NUL or a lone surrogate.
    """
    if text.isascii():
        data = text.encode("ascii")
        if len(data.translate(None, _CONTROL_BYTES)) == len(data):
            return text
    return _CONTROLS.sub(_storable_control, text)


def _storable_control(found: re.Match[str]) -> str:
    char = found[0]
    return "\ufffd" if char > "\x7f" else "\n" if char in "\x0b\x0c" else ""


def _guessed(data: bytes, codec: str | None) -> Decoded:
    charset = guess(data)
    text = data.decode(charset, "replace") if charset != "cp1252" else _western(data)
    if codec == "utf-8" and _CONTROLS.search(text):  # no text in any charset, so the declaration is as good as any
        return Decoded(data.decode("utf-8", "replace"), "utf-8", "damaged")
    return Decoded(text, charset, "guess")
