"""Which domains signed a mail, by the word of the receiving server (RFC 8601), read once, when the mail is landed.

Only `Authentication-Results` fields of the configured servers are believed, and only where the sender cannot have
written them: everything below the receiving servers' own `Received` fields is his. Of the rest the topmost counts. The
reader is linear, bounded, and takes anything it does not understand for no result. A verdict of somebody else's, in
`ARC-Authentication-Results`, is not read: to check a forwarded mail, switch on the local check of DKIM.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Final

from interest_ingest.cards import Trust
from interest_ingest.parsing.contract import SITES, host_in
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.load import builtin_parsers

if TYPE_CHECKING:
    from interest_ingest.parsing import Parser

MAX_HEADER = 256 * 1024
MAX_VALUE = 16 * 1024

MICROSOFT: Final = ("outlook.com",)
"""Exchange Online writes its field without an authserv-id, above the `Received` of `….protection.outlook.com`; it is
believed where a configured id lies in this domain (`protection.outlook.com`)."""

_RESULT = re.compile(r"\s*([a-z0-9-]+)(?:/\d+)?\s*=\s*([a-z]+)(?=\s|$)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<!\S)header\.(d|i|from)\s*=\s*\"?([^\s\"]*)", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)+\.?", re.IGNORECASE)
_BLUNT = str.maketrans(" \t;=", "____")
"""What a quoted string may not do: end a result or begin a property."""
_FIELD = re.compile(rb"(authentication-results|received|from)[ \t]*:", re.IGNORECASE)
_BY = re.compile(r"(?<!\S)by\s+([a-z0-9_.-]{1,255})(?!\S)", re.IGNORECASE)
_UNSURE: Final = ("temperror", "timeout")
"""The key could not be fetched: that says nothing of the sender. `timeout` is Exchange Online's word."""


@dataclass(frozen=True, slots=True)
class Authentication:
    """What the receiving server found: `signed` holds the domains whose DKIM signature passed."""

    checked: bool = False
    """The server looked for DKIM signatures at all."""
    signed: tuple[str, ...] = ()
    dmarc: str | None = None
    unsure: tuple[str, ...] = ()
    """Domains whose signature could not be checked, because their key was not to be had."""

    @property
    def passed(self) -> bool:
        """Whether a domain signed that one of the built-in parsers believes. Such mails are read first, and a flood
        of mails that its sender signs himself must not count among them."""
        return any(host_in(domain, _signers()) for domain in self.signed)

    def joined(self, own: Authentication) -> Authentication:
        """This together with the result of our own check: what either proves is proven."""
        signed = tuple(dict.fromkeys(self.signed + own.signed))
        unsure = tuple(one for one in dict.fromkeys(self.unsure + own.unsure) if one not in signed)
        return Authentication(self.checked or own.checked, signed, self.dmarc, unsure)

    def to_json(self) -> str:
        """One line of JSON, as the ledger keeps it."""
        return json.dumps({name: value for name, value in asdict(self).items() if value})

    @classmethod
    def from_json(cls, text: str) -> Authentication:
        """The inverse of `to_json`."""
        found = json.loads(text or "{}")
        domains = {name: tuple(found.get(name, ())) for name in ("signed", "unsure")}
        return cls(checked=bool(found.get("checked")), dmarc=found.get("dmarc"), **domains)


NOTHING: Final = Authentication()

AuthservIds = str | Sequence[str] | None
"""The names under which the receiving servers write, or `*.mx.example` for all hosts there."""


def authenticate(raw: bytes, authserv_id: AuthservIds) -> Authentication:
    """Read the result of the servers `authserv_id` from the header of `raw`; without one nothing is known.

    `*.mx.example` stands for any host under `mx.example`: the servers of one provider may each write their own name.
    A mail with several From fields or authors is never proven: readers show one of them, the signature may be of
    another.
    """
    ids = tuple(one.lower() for one in ((authserv_id,) if isinstance(authserv_id, str) else authserv_id or ()))
    fields = list(_fields(raw)) if ids else []
    if not fields or not one_author(value for name, value in fields if name == "from"):
        return NOTHING
    texts, above = _believed(fields, ids)
    read = [_read_results(text) for text in texts]
    if not above and len(read) > 1:
        read = _guarded(read, next(value for name, value in fields if name == "from"))
    return _merged(read) if read else NOTHING


def trust(parser: Parser, found: Authentication, sites: Iterable[str]) -> Trust:
    """How far a mail that `parser` reads is proven to come from the service it names."""
    if SITES in parser.signed_by:
        ours = any(registrable(domain) and host_in(site, [domain]) for site in sites for domain in found.signed)
        return Trust.VERIFIED if ours else Trust.UNPROVEN
    if not parser.signed_by:
        return Trust.UNPROVEN
    if any(host_in(domain, parser.signed_by) for domain in found.signed):
        # A good signature of the service under somebody else's From: the two verdicts contradict each other.
        return Trust.UNPROVEN if found.dmarc == "fail" else Trust.VERIFIED
    unsure = not found.checked or any(host_in(domain, parser.signed_by) for domain in found.unsure)
    return Trust.UNPROVEN if unsure else Trust.FAILED


def one_author(from_fields: Iterable[str]) -> bool:
    """Whether the values of all From fields together name one author (RFC 5322 allows several; no service does it)."""
    plain = [_without_comments(value) for value in from_fields]
    if len(plain) != 1:
        return False
    outside = "".join(part for place, part in enumerate(plain[0].split('"')) if place % 2 == 0)
    return outside.count("<") <= 1 and "," not in outside and outside.rpartition("<")[2].count("@") <= 1


@lru_cache(maxsize=1)
def _signers() -> frozenset[str]:
    return frozenset(chain.from_iterable(one.signed_by for one in builtin_parsers()))


def _fields(raw: bytes) -> Iterator[tuple[str, str]]:
    """The fields that matter here, topmost first, unfolded: (lower-case name, value).

    Lines end with LF alone: a CR inside a value begins no field, whatever a server in between takes it for.
    """
    name: str | None = None
    value: list[bytes] = []
    for line in raw[:MAX_HEADER].split(b"\n"):
        if line[:1] in (b" ", b"\t") and line.strip():
            value.append(line)
            continue
        if name:
            yield name, b" ".join(value)[:MAX_VALUE].decode("ascii", "replace")
        if not line.strip():
            return
        found = _FIELD.match(line)
        name, value = (found[1].decode().lower(), [line[found.end() :]]) if found else (None, [])


def _believed(fields: list[tuple[str, str]], ids: tuple[str, ...]) -> tuple[list[list[str]], bool]:
    """The results of the topmost fields of a believed server, without a `Received` between them; and whether nobody
    but the receiving side can have written all of them.

    That is so above all `Received` fields. Right below one they may stand between those of the mail's own header (a
    milter inserts them there), so that only the first is sure. Below a `Received` of somebody else, under one of ours,
    everything is the sender's.
    """
    found: list[list[str]] = []
    above = True
    ours_seen = False
    for place, (name, value) in enumerate(fields):
        if name == "authentication-results":
            results = _results_of(value, ids, fields[place + 1 :])
            if results is not None:
                found.append(results)
        elif name == "received":
            if found:
                break
            ours = _is_ours(value, ids)
            if ours_seen and not ours:
                break
            ours_seen = ours_seen or ours
            above = False
    return found, above


def _results_of(value: str, ids: tuple[str, ...], below: Iterable[tuple[str, str]]) -> list[str] | None:
    """The results of a field that one of `ids` wrote, else None."""
    first, *results = _without_comments(value).split(";")
    identity = _identity(first)
    if identity:
        # Exchange Online names itself nowhere: a field in its name is somebody else's.
        return results if _is_one_of(identity, ids) and not host_in(identity, MICROSOFT) else None
    if "=" in first and any(host_in(one, MICROSOFT) for one in ids):
        next_hop = next((text for name, text in below if name == "received"), "")
        return [first, *results] if host_in(_host_of(next_hop), MICROSOFT) else None
    return None


def _is_one_of(identity: str, ids: tuple[str, ...]) -> bool:
    return any(identity.endswith(one[1:]) if one.startswith("*.") else identity == one for one in ids)


def _is_ours(received: str, ids: tuple[str, ...]) -> bool:
    """Whether a host of the organisation that one of `ids` belongs to wrote this `Received` field."""
    domain = registrable(_host_of(received))
    return bool(domain) and any(registrable(one.removeprefix("*.")) == domain for one in ids)


def _host_of(received: str) -> str:
    by = _BY.search(_without_comments(received))
    return by[1].lower().strip(".") if by else ""


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
            char = " "
        elif quoted:
            char = char.translate(_BLUNT)
        if not depth:
            kept.append(char)
    return "".join(kept)


def _identity(text: str) -> str:
    """The authserv-id before the first result, without its version."""
    words = text.replace('"', " ").split()
    alone = len(words) == 1 or (len(words) == 2 and words[1].isdigit())
    return words[0].lower() if alone and "=" not in words[0] else ""


def _read_results(results: list[str]) -> Authentication:
    checked, dmarc = False, None
    passed: list[str] = []
    unsure: list[str] = []
    for result in results:
        method = _RESULT.match(result)
        if not method:
            continue
        name, verdict = method[1].lower(), method[2].lower()
        if name == "dmarc":
            dmarc = verdict
        elif name == "dkim":
            signer = _signer(result)
            if verdict in _UNSURE:
                unsure += [signer] if signer else []
                checked = checked or bool(signer)
                continue
            checked = True
            if verdict == "pass" and signer:
                passed.append(signer)
    return Authentication(checked, tuple(passed), dmarc, tuple(unsure))


def _signer(result: str) -> str | None:
    """The domain that signed: `header.d`, else what follows the last `@` of `header.i`; its local part is free.

    None if a property is there twice with two values, or if the identity does not lie in the domain (RFC 6376 §3.5).
    """
    told: dict[str, str] = {}
    for found in _PROPERTY.finditer(result):
        name, value = found[1].lower(), found[2].lower().rstrip(".")
        if told.setdefault(name, value) != value:
            return None
    agent = told["i"].rpartition("@")[2] if "i" in told else None
    domain = told.get("d", agent or "")
    if not _DOMAIN.fullmatch(domain) or (agent is not None and not host_in(agent, [domain])):
        return None
    return domain


def _merged(found: list[Authentication]) -> Authentication:
    """What several fields of one server say together: filters write one each. If they disagree nothing is known."""
    looked = [one for one in found if one.checked]
    verdicts = {one.dmarc for one in found} - {None}
    if len(verdicts) > 1 or any(set(one.signed) != set(looked[0].signed) for one in looked):
        return NOTHING
    signed, unsure = (looked[0].signed, looked[0].unsure) if looked else ((), ())
    return Authentication(bool(looked), signed, next(iter(verdicts), None), unsure)


def _guarded(found: list[Authentication], author: str) -> list[Authentication]:
    """What of several fields counts where those below the first may be the sender's.

    They can take proof away. They give it only where the first says that DMARC passed and leaves DKIM to another
    filter's field (OpenDMARC above OpenDKIM), and only for the domain of the author, which DMARC proved.
    """
    first, *rest = found
    if first.checked:
        return found
    if first.dmarc != "pass":
        return [first]
    domain = registrable(_without_comments(author).rpartition("@")[2].strip(" \t\r>"))
    aligned = [replace(one, signed=tuple(d for d in one.signed if registrable(d) == domain != "")) for one in rest]
    return [first, *aligned]
