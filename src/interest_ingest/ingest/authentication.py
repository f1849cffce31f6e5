"""Which domains signed a mail, by the word of the receiving server (RFC 8601), read once, when the mail is landed.

Only the topmost `Authentication-Results` field of the configured authserv-id is believed: everything below it may have
been written by the sender. The reader is linear, bounded, and takes anything it does not understand for no result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from interest_ingest.cards import Trust
from interest_ingest.parsing.contract import SITES, host_in

if TYPE_CHECKING:
    from interest_ingest.parsing import Parser

MAX_HEADER = 256 * 1024
MAX_VALUE = 16 * 1024

_RESULT = re.compile(r"\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![\w.-])header\.([di])\s*=\s*\"?([^\s\"]*)", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\.?", re.IGNORECASE)
_BLUNT = str.maketrans(" \t;=", "____")
"""What a quoted string may not do: end a result or begin a property."""
_FIELD = re.compile(rb"authentication-results\s*:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the receiving server found: `signed` holds the domains whose DKIM signature passed."""

    checked: bool = False
    """The server looked for DKIM signatures at all."""
    signed: tuple[str, ...] = ()
    dmarc: str | None = None

    def to_json(self) -> str:
        """One line of JSON, as the ledger keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Authentication:
        """The inverse of `to_json`."""
        found = json.loads(text or "{}")
        return cls(bool(found.get("checked")), tuple(found.get("signed", ())), found.get("dmarc"))


def authenticate(raw: bytes, authserv_id: str | None) -> Authentication:
    """Read the result of the server `authserv_id` from the header of `raw`; without one nothing is known."""
    if not authserv_id:
        return Authentication()
    for value in _fields(raw):
        identity, *results = _without_comments(value).split(";")
        if _identity(identity) == authserv_id.lower():
            return _read_results(results)
    return Authentication()


def trust(parser: Parser, found: Authentication, sites: Iterable[str]) -> Trust:
    """How far a mail that `parser` reads is proven to come from the service it names."""
    if not parser.signed_by and parser.signed_by is not SITES:
        return Trust.UNPROVEN
    if parser.signed_by is SITES:
        ours = any(host_in(site, [domain]) for site in sites for domain in found.signed)
        return Trust.VERIFIED if ours else Trust.UNPROVEN
    if any(host_in(domain, parser.signed_by) for domain in found.signed):
        return Trust.VERIFIED
    return Trust.FAILED if found.checked else Trust.UNPROVEN


def _fields(raw: bytes) -> Iterator[str]:
    """The values of the Authentication-Results fields, topmost first, unfolded."""
    current: list[bytes] | None = None
    for line in raw[:MAX_HEADER].splitlines():
        if line[:1] in (b" ", b"\t") and line.strip():
            if current is not None:
                current.append(line)
            continue
        if current is not None:
            yield b" ".join(current)[:MAX_VALUE].decode("ascii", "replace")
        if not line.strip():
            return
        name = _FIELD.match(line)
        current = [line[name.end() :]] if name else None


def _without_comments(value: str) -> str:
    """Drop RFC 5322 comments; they nest, and a quoted string may hold brackets and semicolons of its own."""
    kept: list[str] = []
    depth, quoted, escaped = 0, False, False
    for char in value:
        if escaped:
            escaped = False
            char = char.translate(_BLUNT) if quoted else char
        elif char == "\\":
            escaped = True
            continue
        elif char == '"' and not depth:
            quoted = not quoted
        elif not quoted and char in "()":
            depth = max(0, depth + (1 if char == "(" else -1))
            continue
        elif quoted:
            char = char.translate(_BLUNT)
        if not depth:
            kept.append(char)
    return "".join(kept)


def _identity(text: str) -> str:
    words = text.replace('"', " ").split()
    return words[0].lower() if words and "=" not in words[0] else ""


def _read_results(results: list[str]) -> Authentication:
    checked, signed, dmarc = False, [], None
    for result in results:
        method = _RESULT.match(result)
        if not method:
            continue
        name, verdict = method[1].lower(), method[2].lower()
        if name == "dmarc":
            dmarc = verdict
        elif name == "dkim":
            checked = True
            if verdict == "pass" and (domain := _signer(result)):
                signed.append(domain)
    return Authentication(checked, tuple(signed), dmarc)


def _signer(result: str) -> str | None:
    """The domain that signed: `header.d`, else what follows the last `@` of `header.i`; its local part is free."""
    told = {found[1].lower(): found[2] for found in reversed(list(_PROPERTY.finditer(result)))}
    domain = told["d"] if "d" in told else told.get("i", "").rpartition("@")[2]
    return domain.lower().rstrip(".") if _DOMAIN.fullmatch(domain) else None
