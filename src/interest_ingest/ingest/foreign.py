"""Third-party parsers as data: what they say of themselves, checked, and stand-ins that recognize and do not read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from interest_ingest.cards import Interest
from interest_ingest.ingest.patterns import MATCH_SECONDS as MATCH_SECONDS
from interest_ingest.ingest.patterns import TooLong, limited
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Match, Parser
from interest_ingest.parsing.declared import Declared

MATCH_STRIKES: Final = 3
"""Mails on which they may take longer before a reader does not ask that parser any more."""

READ_SECONDS: Final = 0.5
"""CPU time that a parser without code may take to read one mail."""

MAX_READ: Final = 1_000
"""Interests that are taken from one mail."""

Word = Annotated[str, Field(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=100)]
Pattern = Annotated[str, Field(max_length=2_000)]
Some = Annotated[tuple[Pattern, ...], Field(max_length=200)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Patterns(_Data):
    """A `Match` as data."""

    from_domain: Some = ()
    from_address: Some = ()
    subject: Some = ()
    header: Some = ()
    text: Some = ()
    link: Some = ()


class Foreign(_Data):
    """The declaration of one third-party parser. `source` names the file or package that it comes from.

    `declared` is a parser without code: data, which a reader may apply itself. Nothing of it runs but patterns and
    selectors, and those within a limit; a process of its own would cost 60 MB and the way there and back for nothing.
    """

    source: str = Field(max_length=4_000)
    name: Word
    version: int = Field(ge=0, le=2**31 - 1)
    match: Patterns
    signed_by: Some = ()
    link_hosts: Some = ()
    photo_hosts: Some = ()
    instead_of: Some = ()
    fallback: int | None = None
    origin: str = Field(default="", max_length=1_000)
    declared: Declared | None = None

    def stand_in(self) -> Parser:
        """A parser that recognizes the same mails, within limits; only one without code may be asked to read them."""
        return Parser(
            name=self.name,
            version=self.version,
            match=_Guarded(**dict(self.match)),
            read=_Reader(self.declared) if self.declared else not_here,
            signed_by=self.signed_by,
            link_hosts=self.link_hosts,
            photo_hosts=self.photo_hosts,
            instead_of=self.instead_of,
            fallback=self.fallback,
            origin=self.origin,
        )


def not_here(_mail: Mail) -> list[Interest]:
    """Stands where a third-party parser's function would be: the mail is read elsewhere."""
    raise NotImplementedError


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads as a table says, within a limit."""

    declared: Declared

    def __call__(self, mail: Mail) -> list[Interest]:
        for ready in (*_READY.values(), _soup):
            ready(mail)
        try:
            with limited(READ_SECONDS):
                return list(islice(self.declared.read(mail), MAX_READ))
        except TooLong:
            raise Changed(f"its patterns and selectors take more than {READ_SECONDS} s on this mail") from None


def _soup(mail: Mail) -> object:
    return mail.soup


@dataclass(frozen=True, slots=True)
class _Guarded(Match):
    """Patterns of a stranger: one that explodes on a mail, or is none, does not hold."""

    strikes: list[str] = field(default_factory=list, compare=False)

    def holds(self, mail: Mail) -> bool:
        if len(self.strikes) >= MATCH_STRIKES:
            return False
        try:
            return all(_within_limits(name, test, mail) for name, test in self.tests())
        except (TooLong, re.error, RecursionError, OverflowError):
            self.strikes.append(mail.canon_digest)
            mail.notes = (*mail.notes, "a third-party parser's pattern takes too long on this mail")
            return False


def tried(field: str, test: Callable[[Mail], bool], mail: Mail) -> bool | None:
    """Whether one field of a `Match` holds; None if its pattern takes too long on this mail or is none."""
    try:
        return _within_limits(field, test, mail)
    except (TooLong, re.error, RecursionError, OverflowError):
        return None


def _within_limits(field: str, test: Callable[[Mail], bool], mail: Mail) -> bool:
    """What it looks at is made ready before: a mail that takes long to decode is not the fault of a pattern."""
    if field in _READY:
        _READY[field](mail)
    with limited(MATCH_SECONDS):
        return test(mail)


_READY: Final[dict[str, Callable[[Mail], object]]] = {
    "header": Mail.all_headers,
    "link": lambda mail: mail.links,
    "text": lambda mail: mail.visible_text,
}


def compile_patterns(match: Match) -> None:
    """Raises `re.error` for one that is no regular expression."""
    for key in ("subject", "header", "text", "link"):
        for pattern in _listed(getattr(match, key)):
            re.compile(pattern)


def declaration(one: Parser, source: str) -> dict[str, Any]:
    """What `one` says of itself, as `Foreign` takes it."""
    match = {key: _listed(getattr(one.match, key)) for key in Patterns.model_fields}
    listed = {key: list(getattr(one, key)) for key in ("signed_by", "link_hosts", "photo_hosts", "instead_of")}
    rest = {key: getattr(one, key) for key in ("name", "version", "fallback", "origin")}
    table = declared_by(one)
    told = table.model_dump(mode="json", by_alias=True) if table else None
    return {"source": source, "match": match, **listed, **rest, "declared": told}


def declared_by(one: Parser) -> Declared | None:
    """The table of a parser without code."""
    table = getattr(one.read, "__self__", None)
    return table if isinstance(table, Declared) else None


def _listed(patterns: str | tuple[str, ...]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else list(patterns)
