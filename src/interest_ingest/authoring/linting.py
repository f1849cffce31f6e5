"""What is wrong with a parser although its tests pass: each finding with the place and what to do.

Everything is measured on the parser and its recorded mails; nothing is found by the looks of the code alone but what
no pure function of a mail does.
"""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from interest_ingest.authoring.origins import hosts_for
from interest_ingest.authoring.testing import SECONDS, Case, expected, is_bug, tried
from interest_ingest.authoring.workshop import Place, built_in, bytes_of, parsers_in, rules_with
from interest_ingest.cards import Interest, Reading
from interest_ingest.errors import UsageError
from interest_ingest.ingest.patterns import TooLong, attacks, limited
from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing import ANYWHERE, SITES, Match, Parser
from interest_ingest.parsing.choose import Choice, choose
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.links import KEY, NOT_ALLOWED, is_action_link
from interest_ingest.parsing.load import builtin_parsers

PATTERN_SECONDS: Final = 0.2
"""CPU time that a pattern may take on a text of 2,000 characters."""

PATIENCE_SECONDS: Final = 0.5
"""So long texts that hurt are tried on one pattern."""

GROWN: Final = 20_000
"""Characters that are added to a mail to see what a parser makes of a long one, and half of it again to see it grow."""

SQUARE: Final = 3.0
"""Twice the text takes twice the time where it is linear, four times where it grows with the square."""

SUSPICIOUS_SECONDS: Final = 0.3
ENOUGH_SECONDS: Final = 3.0
"""After so long it does not matter any more whether it grows."""

PUMPS: Final = (" ", "\n", "x ", "0", "a@", "Name: x\n")

MAX_NESTING: Final = 4
"""Of tables in which a module's patterns are looked for."""

NEAR: Final = timedelta(minutes=15)

RESERVED: Final = ("example", "test", "invalid", "localhost", "example.com", "example.org", "example.net")
"""Domains that nobody has (RFC 2606, RFC 6761)."""

_ADDRESS: Final = re.compile(r"[\w.+-]{1,64}@([\w-]{1,63}(?:\.[\w-]{1,63}){1,6})")
_ADDRESSED: Final = ("from", "to", "cc", "reply-to", "sender")
_BODY_FIELD: Final = re.compile(r"(?i)content-|mime-version")
_REFUSED: Final = re.compile(r"(?P<field>\w+) link refused: (?P<host>[^\s:]+\.[^\s:]+): (?P<why>.+)")
_MANDATORY: Final = "template changed: neither "

_IMPURE: Final = {
    "datetime.now": "the clock",
    "datetime.utcnow": "the clock",
    "datetime.today": "the clock",
    "date.today": "the clock",
    "time.time": "the clock",
    "os.environ": "the environment",
    "os.getenv": "the environment",
    "socket": "the network",
    "requests": "the network",
    "urllib.request": "the network",
    "http.client": "the network",
    "random": "chance",
    "subprocess": "other programs",
    "sqlite3": "a database",
}
"""What a parser must not ask, by its name in the code: it is a pure function of the mail."""


class Finding(NamedTuple):
    """One thing to mend. `case`: the recorded mail that shows it, "" if it is in the parser itself."""

    parser: str
    kind: str
    case: str
    said: str


@dataclass(frozen=True)
class Seen:
    """A recorded mail, and what all parsers together make of it."""

    file: Path
    mail: Mail
    reading: Reading
    choice: Choice

    @property
    def name(self) -> str:
        """Folder and case, as a person finds it."""
        return f"{self.file.parent.name}/{self.file.stem}"

    @cached_property
    def interests(self) -> tuple[Interest, ...]:
        """What the parser yields before normalizing; () if it raises."""
        reader = next((one for one in self.choice.parsers if one.name == self.reading.parser), None)
        try:
            with limited(SECONDS):
                return tuple(reader(self.choice.mail)) if reader else ()
        except Exception:  # it is told as the outcome of the reading
            return ()


class Bench:
    """Some places with their parsers and recorded mails; each mail is read once, by all parsers together.

    `places` are to be linted, `others` only lend their mails. A place whose file cannot be loaded is a finding.
    """

    def __init__(self, places: Iterable[Place], others: Iterable[Place] = ()) -> None:
        self.places = list(places)
        self.broken: list[Finding] = []
        self.parsers: dict[str, tuple[Parser, ...]] = {}
        of_the_house = {place.file for place in built_in()}
        taken = {one.name: "a built-in parser" for one in builtin_parsers()}
        for place in self.places:
            try:
                found = parsers_in(place.file)
            except UsageError as fault:
                self.broken.append(Finding(place.name, "not-loaded", "", str(fault)))
                continue
            if place.file not in of_the_house:
                found = tuple(self._without_twins(place, found, taken))
            self.parsers[place.name] = found
        self.rules = rules_with(one for found in self.parsers.values() for one in found)
        known = {place.fixtures for place in self.places}
        self.foreign = [self._seen(case) for place in others if place.fixtures not in known for case in place.cases()]
        folders = {place.fixtures: place for place in reversed(self.places)}  # parsers of one source may share theirs
        self.seen = {place.name: [self._seen(case) for case in place.cases()] for place in folders.values()}

    def _without_twins(self, place: Place, found: tuple[Parser, ...], taken: dict[str, str]) -> Iterator[Parser]:
        """Those whose name is free: the daemon leaves the others out."""
        for one in found:
            if one.name in taken:
                said = f"{taken[one.name]} has this name: take another, and instead_of to stand in for that one"
                self.broken.append(Finding(one.name, "name-taken", "", said))
            else:
                taken[one.name] = str(place.file)
                yield one

    def _seen(self, case: Path) -> Seen:
        raw = bytes_of(case)
        mail = Mail.from_bytes(raw)
        with limited(SECONDS):
            return Seen(case, mail, read(raw, self.rules), choose(self.rules.parsers, mail))

    def everything(self) -> Iterator[Seen]:
        """All recorded mails."""
        for found in self.seen.values():
            yield from found
        yield from self.foreign

    @cached_property
    def services(self) -> frozenset[str]:
        """The domains that some parser names: those of services, and nobody's address."""
        return frozenset(domain for one in self.rules.parsers for domain in _domains(one)) - {SITES, ANYWHERE}

    def read_by(self, one: Parser) -> list[Seen]:
        """The mails that a parser reads, wherever they lie."""
        return [seen for seen in self.everything() if seen.reading.parser == one.name]


def lint(bench: Bench) -> Iterator[Finding]:
    """All findings, parser by parser."""
    yield from bench.broken
    for place in bench.places:
        parsers = bench.parsers.get(place.name, ())
        for one in parsers:
            for check in CHECKS:
                yield from check(one, bench)
        if parsers:
            yield from _of_fixtures(place, bench)
            yield from _impure(place)


def _recognizing(one: Parser, bench: Bench) -> Iterator[Finding]:
    """Two parsers that claim one mail, as recorded mails show it or as their data say it."""
    for seen in bench.everything():
        reason = seen.reading.reason or ""
        if reason.startswith("ambiguous: ") and one.name in reason.removeprefix("ambiguous: ").split(", "):
            yield Finding(one.name, "overlap", seen.name, f"{reason}: let one name the other in instead_of")
    if one.fallback is None and one.match == Match():
        yield Finding(one.name, "overlap", "", "its Match has no field: it would claim every mail")
        return
    for other in bench.rules.parsers:
        if _same_mails(one, other):
            yield Finding(one.name, "overlap", "", f"it claims every mail that {other.name} claims: use instead_of")


def _same_mails(one: Parser, other: Parser) -> bool:
    """Whether `one` by its data recognizes all mails of `other`, and neither says who stands in for whom."""
    if one.name == other.name or (one.fallback is None) is not (other.fallback is None) or one.fallback is not None:
        return False
    if one.name in other.instead_of or other.name in one.instead_of:
        return False
    return all(_within(name, getattr(one.match, name), other.match) for name, _ in one.match.tests())


def _within(name: str, wide: str | tuple[str, ...], match: Match) -> bool:
    """Whether every mail for which the field of `match` holds is one for which `wide` holds."""
    patterns, narrow = _listed(wide), _listed(getattr(match, name))
    if name == "from_domain":
        narrow = narrow or [address.rpartition("@")[2] for address in _listed(match.from_address)]
        return bool(narrow) and all(host_in(domain, patterns) for domain in narrow)
    return bool(narrow) and set(narrow) <= set(patterns)


def _tested(one: Parser, bench: Bench) -> Iterator[Finding]:
    """A parser that no recorded mail reaches, or whose mails are never proven."""
    mails = bench.read_by(one)
    if not mails:
        yield Finding(one.name, "no-fixture", "", "no recorded mail is read by it: add one, then parser accept")
    # What is read inside of another mail is never proven: whoever forwarded it could have written it.
    provable = any(seen.reading.cards and seen.choice.mail is seen.mail for seen in mails)
    if one.fallback is None and not one.signed_by and provable:
        said = "name the domain that signs its mails in signed_by, or SITES for software of the company's own sites"
        yield Finding(one.name, "no-signer", "", said)


def _yielding(one: Parser, bench: Bench) -> Iterator[Finding]:
    """What it yields for its recorded mails and should not."""
    for seen in bench.read_by(one):
        if is_bug(seen.reading.reason):
            yield Finding(
                one.name, "raises", seen.name, "it ends with an exception, or takes too long: see parser test"
            )
            return
        if (seen.reading.reason or "").startswith(_MANDATORY):
            missing = (seen.reading.reason or "").removeprefix("template changed: ")
            yield Finding(one.name, "mandatory", seen.name, f"it yields {missing}: raise Changed with what is missing")
        for interest in seen.interests:
            yield from _of_interest(one, seen, interest)
        for card in seen.reading.cards:
            for found in filter(None, map(_REFUSED.match, card.notes)):
                if not _acts(seen, found["host"]):
                    yield Finding(one.name, "link-refused", seen.name, _refused(one, **found.groupdict()))


def _refused(one: Parser, field: str, host: str, why: str) -> str:
    """Why the link policy took a link, and what to do."""
    if why == NOT_ALLOWED:
        key = hosts_for(field)
        return f"its {field} link is refused: {host} is not in {key} ({', '.join(getattr(one, key)) or 'none'})"
    remedy = "; hand it over without that (pick.link does, or links.keyless)" if why.endswith(KEY) else ""
    return f"its {field} link to {host} is refused: {why}{remedy}"


def _of_interest(one: Parser, seen: Seen, interest: Interest) -> Iterator[Finding]:
    for field, url in _links_of(interest):
        if is_action_link(url):
            yield Finding(one.name, "one-click", seen.name, f"it yields a link that acts as {field}: {url[:200]}")
    moment, date = interest.occurred_at, seen.choice.mail.date
    if moment is None or moment.tzinfo is not None or date is None:
        return
    if abs(moment - date.replace(tzinfo=None)) <= NEAR:
        said = f"its occurred_at {moment} has no zone, and the Date field beside it has: {date.isoformat()}"
        yield Finding(one.name, "naive-date", seen.name, said)


def _links_of(interest: Interest) -> Iterator[tuple[str, str]]:
    author, product = interest.author, interest.product
    told = {
        "source_url": interest.source_url,
        "reply_url": interest.reply_url,
        "author.profile_url": author.profile_url,
        "author.photo_url": author.photo_url,
        "product.url": product.url,
    }
    yield from ((field, url) for field, url in told.items() if url)


def _acts(seen: Seen, host: str) -> bool:
    """Whether what was refused is a one-click link, which is a finding of its own."""
    return any(is_action_link(url) and host in url for one in seen.interests for _, url in _links_of(one))


def _patterns(one: Parser, _bench: Bench) -> Iterator[Finding]:
    """Regular expressions that explode."""
    for where, pattern in _patterns_of(one):
        if text := weakness(pattern):
            said = f"{where} takes over {PATTERN_SECONDS:g} s on 2,000 characters like {text[:30]!r}: {pattern[:80]!r}"
            yield Finding(one.name, "slow-pattern", "", said)


def _patterns_of(one: Parser) -> list[tuple[str, str]]:
    """All that can be seen: those of its `Match`, and the compiled ones of its module."""
    told = [
        (f"{field} of its Match", pattern)
        for field in ("subject", "header", "text", "link")
        for pattern in _listed(getattr(one.match, field))
    ]
    names = vars(sys.modules[one.origin]) if one.origin in sys.modules else {}
    return told + [(name, pattern) for name, value in names.items() for pattern in _compiled(value)]


def _compiled(value: Any, depth: int = 0) -> Iterator[str]:
    """The regular expressions in a value of a module, tables of them too."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value.pattern
    elif isinstance(value, dict) and depth < MAX_NESTING:
        yield from _compiled((*value, *value.values()), depth)
    elif isinstance(value, tuple | list | set | frozenset) and depth < MAX_NESTING:
        for one in value:
            yield from _compiled(one, depth + 1)


@lru_cache(maxsize=4096)
def weakness(pattern: str) -> str | None:
    """A text that `pattern` takes too long on, of those that are made to hurt it and can be tried in half a second."""
    compiled = re.compile(pattern)
    until = time.process_time() + PATIENCE_SECONDS
    for text in attacks(pattern):
        try:
            with limited(PATTERN_SECONDS):
                compiled.search(text)
        except (TooLong, RecursionError):
            return text
        if time.process_time() > until:
            break
    return None


def _growing(one: Parser, bench: Bench) -> Iterator[Finding]:
    """A parser whose time grows with the square of its mail, shown on its first recorded mail made longer."""
    for seen in [seen for seen in bench.read_by(one) if not is_bug(seen.reading.reason)][:1]:
        for pump in PUMPS:
            seconds = _seconds(one, _longer(seen.mail, pump, GROWN))
            if seconds < SUSPICIOUS_SECONDS:
                continue
            half = max(_seconds(one, _longer(seen.mail, pump, GROWN // 2)), 1e-4)
            if seconds / half >= SQUARE or seconds > 0.9 * ENOUGH_SECONDS:
                said = f"{seconds:.1f} s on this mail with {GROWN:,} characters of {pump!r}, {half:.1f} s with half"
                yield Finding(one.name, "slow-pattern", seen.name, said)
                break


def _longer(mail: Mail, pump: str, size: int) -> Mail:
    """The mail as plain text, with so much of `pump` in the middle of its text."""
    kept = "".join(f"{name}: {value}\n" for name, value in mail.all_headers() if not _BODY_FIELD.match(name))
    text = mail.visible_text
    middle = text.find("\n", len(text) // 2) + 1
    body = text[:middle] + pump * (size // len(pump)) + text[middle:] + "\n" + "\n".join(mail.links)
    return Mail.from_bytes(f"{kept}Content-Type: text/plain; charset=utf-8\n\n{body}".encode("utf-8", "replace"))


def _seconds(one: Parser, mail: Mail) -> float:
    """CPU time for recognizing and reading, as far as it matters."""
    mail.visible_text, mail.links  # noqa: B018  made ready: decoding is not the parser's
    started = time.process_time()
    # What it finds in such a mail, or stumbles over, does not matter here, only how long it takes.
    with suppress(Exception), limited(ENOUGH_SECONDS):
        if one.match.holds(mail):
            list(one(mail))
    return time.process_time() - started


def _of_fixtures(place: Place, bench: Bench) -> Iterator[Finding]:
    """Expected documents that are not so or not there, and addresses that may be somebody's."""
    for seen in bench.seen.get(place.name, ()):
        try:
            case = tried(seen.file, expected(seen.file), bench.rules)
        except UsageError as fault:
            yield Finding(place.name, "differs", seen.name, str(fault))
            continue
        yield from _of_case(place, seen, case)
        for domain in sorted(_real_domains(seen.mail, bench)):
            said = (
                f"{domain} may be somebody's: `interest-ingest parser scrub` replaces it, or write a domain in .example"
            )
            yield Finding(place.name, "real-address", seen.name, said)


def _of_case(place: Place, seen: Seen, case: Case) -> Iterator[Finding]:
    if case.expected is None:
        yield Finding(place.name, "differs", seen.name, "it has no expected document: read it, then parser accept")
    elif case.differing:
        fields = ", ".join(one.field for one in case.differing[:3])
        yield Finding(
            place.name, "differs", seen.name, f"{len(case.differing)} fields differ from its document: {fields}"
        )


def _real_domains(mail: Mail, bench: Bench) -> set[str]:
    """Domains of addresses that are neither reserved nor those of a service that some parser names."""
    headers = (value for name, value in mail.all_headers() if name.lower() in _ADDRESSED)
    found = {domain.lower() for text in (*headers, mail.visible_text) for domain in _ADDRESS.findall(text)}
    return {domain for domain in found if not host_in(domain, RESERVED) and not host_in(domain, bench.services)}


def _impure(place: Place) -> Iterator[Finding]:
    """What no pure function of a mail asks."""
    if place.file.suffix != ".py":
        return
    for node in ast.walk(ast.parse(place.file.read_text(encoding="utf-8"))):
        for name in _named(node):
            if asked := next((_IMPURE[one] for one in _endings(name) if one in _IMPURE), ""):
                said = f"line {getattr(node, 'lineno', 0)}: {name} asks {asked}; a parser is told the mail alone"
                yield Finding(place.name, "impure", "", said)


def _endings(name: str) -> tuple[str, ...]:
    """`datetime.now` of `datetime.datetime.now` too."""
    return name, ".".join(name.split(".")[-2:])


def _domains(one: Parser) -> Iterator[str]:
    yield from (*_listed(one.match.from_domain), *one.signed_by, *one.link_hosts, *one.photo_hosts)
    yield from (address.rpartition("@")[2] for address in _listed(one.match.from_address))


def _named(node: ast.AST) -> list[str]:
    """What a piece of code names: imported modules, and attributes as they are written."""
    if isinstance(node, ast.Import):
        return [one.name for one in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [ast.unparse(node)] if isinstance(node, ast.Attribute) else []


def _listed(patterns: str | tuple[str, ...]) -> list[str]:
    return [patterns] if isinstance(patterns, str) else list(patterns)


CHECKS: Final[tuple[Callable[[Parser, Bench], Iterator[Finding]], ...]] = (
    _recognizing,
    _tested,
    _yielding,
    _patterns,
    _growing,
)
