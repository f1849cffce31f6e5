"""The parser contract, version 1: all that a parser is made of.

Recognizing is data (`Match`): cheap, printable, checked for overlaps. Reading is a pure function of the mail: no clock,
network, database or settings, so that tests are exact and reading a stored mail again is safe.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from interest_ingest.cards import Interest
    from interest_ingest.mail import Mail

CONTRACT_VERSION: Final = 1

Patterns = str | tuple[str, ...]


LETTER: Final = 2
"""The place of a letter among the fallback parsers; a mail of our own people is asked of those before it only."""

SITES: Final = "<sites>"
"""Among host names: the hosts configured under `[[sites]]`."""

ANYWHERE: Final = "<anywhere>"
"""Among `link_hosts`: any host, for services that report on pages of others. https only, like all but own sites."""


class Changed(Exception):
    """Mine, but not a shape that I know: the mail is quarantined and the operator told. Say what is missing."""


class Ignored(Exception):
    """Mine, and there is no interest in it. Say what it is: `digest`, `account notice`, `receipt`."""


@dataclass(frozen=True, slots=True)
class Match:
    """Which mails a parser reads. All given fields must hold; a tuple means any of its patterns.

    `from_domain` holds for the domain and its subdomains, `from_address` for the whole address, both compared without
    regard to case. The others are regular expressions, searched in the subject, in any `Name: value` header line, in
    the visible text, and in any link of the mail as it stands there (not unwrapped).
    """

    from_domain: Patterns = ()
    from_address: Patterns = ()
    subject: Patterns = ()
    header: Patterns = ()
    text: Patterns = ()
    link: Patterns = ()

    def holds(self, mail: Mail) -> bool:
        """Whether `mail` is one of these; the cheap fields are tried first."""
        for field_name, test in _TESTS:
            given = getattr(self, field_name)
            if given and not test(given, mail):
                return False
        return True

    def tests(self) -> Iterator[tuple[str, Callable[[Mail], bool]]]:
        """The given fields, each with its test, cheapest first."""
        for field_name, test in _TESTS:
            if given := getattr(self, field_name):
                yield field_name, partial(test, given)


ReadFunction = Callable[["Mail"], Iterable["Interest"]]


@dataclass(frozen=True, slots=True)
class Parser:
    """One parser: what it recognizes, what it may link to, and the function that reads. Made by `@parser`."""

    name: str
    version: int
    match: Match
    read: ReadFunction
    signed_by: tuple[str, ...] = ()
    link_hosts: tuple[str, ...] = ()
    photo_hosts: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()
    fallback: int | None = None
    origin: str = field(default="", compare=False)

    def __call__(self, mail: Mail) -> Iterable[Interest]:
        return self.read(mail)

    @property
    def source(self) -> str:
        """The source whose mails this parser reads: the first word of its name."""
        return self.name.split(".")[0]


def parser(
    name: str,
    *,
    version: int,
    match: Match,
    signed_by: Patterns = (),
    link_hosts: Patterns = (),
    photo_hosts: Patterns = (),
    instead_of: Patterns = (),
    fallback: int | None = None,
    contract: int = CONTRACT_VERSION,
) -> Callable[[ReadFunction], Parser]:
    """Declare the decorated function as the parser `name` (`source.kind`), written for the version `contract`.

    `signed_by`: the DKIM domains of which one must have signed for the mail to be `verified`. `link_hosts`: the only
    hosts that a source, profile or reply link may have; `photo_hosts` likewise for the author's photo. Both hold for
    subdomains too; `SITES` among them means the company's configured sites, `ANYWHERE` any host. `instead_of`: parsers
    that this one replaces where both match. `fallback`: its place among those that are asked, in this order, only when
    no other parser matches; a fallback parser that yields nothing passes the mail on.

    Raises `ValueError` for a name that is none and for a version of the contract that is not this one.
    """
    if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name):
        raise ValueError(f"{name!r} is no parser name: use lower-case words joined by dots, like 'shop.review'")
    if contract != CONTRACT_VERSION:
        raise ValueError(
            f"{name} is written for version {contract} of the parser contract, this program has {CONTRACT_VERSION}"
        )

    def declare(read: ReadFunction) -> Parser:
        return Parser(
            name=name,
            version=version,
            match=match,
            read=read,
            signed_by=_hosts(signed_by),
            link_hosts=_hosts(link_hosts),
            photo_hosts=_hosts(photo_hosts),
            instead_of=_tuple(instead_of),
            fallback=fallback,
            origin=getattr(read, "__module__", ""),
        )

    return declare


def host_in(host: str, allowed: Iterable[str]) -> bool:
    """Whether `host` is one of `allowed` or a subdomain of one: whole labels, so `evilvk.com` is not `vk.com`."""
    host = host.lower().rstrip(".")
    return any(host == one or host.endswith("." + one) for one in allowed)


def _tuple(value: Patterns) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _hosts(value: Patterns) -> tuple[str, ...]:
    return tuple(one.lower() for one in _tuple(value))


@lru_cache(maxsize=1024)
def _compiled(patterns: Patterns) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in _tuple(patterns))


@lru_cache(maxsize=1024)
def _lower(names: Patterns) -> frozenset[str]:
    return frozenset(name.lower() for name in _tuple(names))


def _found(patterns: Patterns, texts: Iterable[str]) -> bool:
    compiled = _compiled(patterns)
    return any(pattern.search(text) for text in texts for pattern in compiled)


_TESTS: Final[tuple[tuple[str, Callable[[Patterns, Mail], bool]], ...]] = (
    ("from_domain", lambda given, mail: not mail.sender_domains.isdisjoint(_lower(given))),
    ("from_address", lambda given, mail: mail.sender is not None and mail.sender.email.lower() in _lower(given)),
    ("subject", lambda given, mail: _found(given, (mail.subject,))),
    ("header", lambda given, mail: _found(given, mail.header_lines)),
    ("link", lambda given, mail: _found(given, mail.links)),
    ("text", lambda given, mail: _found(given, (mail.visible_text,))),
)
"""The fields of a `Match`, cheapest first: every mail is tried against every parser."""
