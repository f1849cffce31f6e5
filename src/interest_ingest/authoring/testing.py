"""One parser on its recorded mails: a result for every field, and the lines to paste where the parser is right.

Only the parser's own file is loaded, and what its fixtures name beside it. So two parsers that claim one mail are not
seen here: `parser lint` looks for those.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from interest_ingest.authoring import contained
from interest_ingest.authoring.workshop import (
    Place,
    bytes_of,
    document,
    expectation_of,
    parsers_in,
    rules_with,
    write_expectation,
)
from interest_ingest.errors import UsageError
from interest_ingest.ingest.patterns import TooLong, limited
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Ignored
from interest_ingest.parsing.choose import choose

SECONDS: Final = 5.0
"""CPU time that one mail may take, as in a sandbox."""

LACKING: Final = "(absent)"
"""Stands for a field, or a card, that one side does not have."""


class Result(NamedTuple):
    """One field of one mail; `paste`: the corrected lines of the expected document, "" where it is right."""

    field: str
    expected: Any
    found: Any
    paste: str = ""
    line: int | None = None
    """The first of the lines of the expected document that `paste` replaces, if it has them."""

    @property
    def ok(self) -> bool:
        """Whether the field is as it should be."""
        return not self.paste


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded mail and how its fields came out. `expected` is None if there is no expected document yet."""

    file: Path
    expected: dict[str, Any] | None
    found: dict[str, Any]
    results: tuple[Result, ...]
    trace: str = ""

    @property
    def name(self) -> str:
        """As `parser accept` takes it."""
        return self.file.stem

    @property
    def differing(self) -> list[Result]:
        """The fields that are not as expected."""
        return [one for one in self.results if not one.ok]

    @property
    def ok(self) -> bool:
        """Whether all fields are as expected."""
        return self.expected is not None and not self.differing


def run(place: Place) -> Iterator[Case]:
    """Each recorded mail of a parser's file, read with it.

    Raises `UsageError` if the file cannot be loaded, or for an expected document that is no JSON.
    """
    cases = place.cases()
    expectations = {case: expected(case) for case in cases}
    rules = _rules(place, expectations.values())
    for case in cases:
        yield tried(case, expectations[case], rules)


def tried(case: Path, wanted: dict[str, Any] | None, rules: Rules) -> Case:
    """One recorded mail read under `rules` and compared with its expected document."""
    raw = bytes_of(case)
    with limited(SECONDS):
        found = document(raw, rules)
    results = () if wanted is None else tuple(_results(wanted, found))
    trace = _trace(raw, rules) if is_bug(found["reason"]) else ""
    return Case(case, wanted, found, results, trace)


def accept(place: Place, names: Iterable[str] = ()) -> Iterator[tuple[Case, str]]:
    """Write what today's parser finds into the expected documents of the named cases, or of all that differ.

    Gives each with what was done: "written", "as it was", or a sentence why not. All parsers are asked, so a mail that
    two of them claim is noticed.
    """
    rules = rules_with(parsers_in(place.file))
    for case in _named(place, names):
        result = tried(case, expected(case), rules)
        if str(result.found["reason"]).startswith("ambiguous"):
            yield result, f"not written: {result.found['reason']}; let one of them name the other in instead_of"
        elif is_bug(result.found["reason"]):
            yield result, f"not written: {_last(result.trace)}; parser test shows where"
        elif result.ok:
            yield result, "as it was"
        else:
            write_expectation(case, result.found)
            yield result, "written"


def is_bug(reason: str | None) -> bool:
    """Whether a reading ended with an exception that no parser may raise."""
    return reason in ("parser error", "reading error")


def _last(trace: str) -> str:
    return trace.strip().rpartition("\n")[2] or "an exception"


def expected(case: Path) -> dict[str, Any] | None:
    """The expected document of a recorded mail, None if there is none; `UsageError` if it is no JSON document."""
    file = expectation_of(case)
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as fault:
        raise UsageError(f"{file}: it is no JSON document ({fault}); mend it, or delete it and accept anew") from None
    if not isinstance(told, dict):
        raise UsageError(f"{file}: it is no expected document; delete it and accept anew")
    return told


def _rules(place: Place, expectations: Iterable[dict[str, Any] | None]) -> Rules:
    """The parsers of the file; of others only those that its expected documents name."""
    mine = parsers_in(place.file)
    named = {one.get("parser") for one in expectations if one} - {one.name for one in mine} - {None}
    if not named:
        return Rules(chosen=mine)
    everyone = rules_with(mine)
    return replace(everyone, chosen=tuple(one for one in everyone.parsers if one in mine or one.name in named))


def _named(place: Place, names: Iterable[str]) -> list[Path]:
    cases = {case.stem: case for case in place.cases()}
    wanted = [name.removesuffix(".eml") for name in names]
    for name in wanted:
        if name not in cases:
            raise UsageError(
                f"there is no recorded mail {name!r} in {place.fixtures}; there are {', '.join(cases) or 'none'}"
            )
    return [cases[name] for name in wanted or cases]


def _results(wanted: Any, found: Any) -> Iterator[Result]:
    """A result for each leaf of both documents; a card too many or too few is one result."""
    lines, old = list(_written(found, "", 0, "", "")), list(_written(wanted, "", 0, "", ""))
    for path, expected_leaf, found_leaf in _leaves(wanted, found, ""):
        if expected_leaf == found_leaf:
            yield Result(path, expected_leaf, found_leaf)
        else:
            paste = "\n".join(line for _, line in _own(lines, path)) or f"(delete {path})"
            yield Result(path, expected_leaf, found_leaf, paste, next((n for n, _ in _own(old, path)), None))


def _leaves(wanted: Any, found: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in {**found, **wanted}:
            yield from _leaves(wanted.get(key, LACKING), found.get(key, LACKING), f"{path}.{key}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(found, list):
        for number in range(max(len(wanted), len(found))):
            one = wanted[number] if number < len(wanted) else LACKING
            other = found[number] if number < len(found) else LACKING
            yield from _leaves(one, other, f"{path}.{number}")
    else:
        yield path, wanted, found


def _own(lines: list[tuple[str, str]], path: str) -> Iterator[tuple[int, str]]:
    """The lines of the value at `path`, each with its number in the file, from 1."""
    for number, (other, line) in enumerate(lines, 1):
        if other == path or other.startswith(f"{path}."):
            yield number, line


def _written(value: Any, path: str, depth: int, lead: str, tail: str) -> Iterator[tuple[str, str]]:
    """The lines of `json.dumps(value, indent=1)`, each with the path of the value that it belongs to."""
    inner: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        inner = [(json.dumps(key, ensure_ascii=False) + ": ", value[key]) for key in value]
    elif isinstance(value, list):
        inner = [("", one) for one in value]
    if not inner:
        yield path, " " * depth + lead + json.dumps(value, ensure_ascii=False) + tail
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    names = list(value) if isinstance(value, dict) else range(len(value))
    yield path, " " * depth + lead + opening
    for number, (name, (label, one)) in enumerate(zip(names, inner, strict=True)):
        comma = "," if number < len(inner) - 1 else ""
        yield from _written(one, f"{path}.{name}".lstrip("."), depth + 1, label, comma)
    yield path, " " * depth + closing + tail


def _trace(raw: bytes, rules: Rules) -> str:
    """The end of the trace of the bug, its message too: here the author reads his own samples."""
    choice = choose(rules.parsers, Mail.from_bytes(raw))
    for one in choice.parsers:
        try:
            with limited(SECONDS):
                list(one(choice.mail))
        except TooLong:
            return f"{one.name} takes more than {SECONDS:g} s of CPU time, or {contained.SECONDS:g} s by the clock"
        except (Changed, Ignored):
            return ""
        except Exception:  # it is what we are after
            return traceback.format_exc(limit=-3)
    return ""


def stamps(place: Place) -> dict[Path, tuple[int, int]]:
    """What `--watch` looks at: when the parser's file and its fixtures were written, and their sizes."""
    files = [place.file, *place.file.parent.glob("*.py"), *place.fixtures.glob("*.eml"), *place.fixtures.glob("*.json")]
    told: dict[Path, tuple[int, int]] = {}
    for file in files:
        try:
            found = file.stat()
        except OSError:  # deleted at this moment
            continue
        told[file] = (found.st_mtime_ns, found.st_size)
    return told


def changed(place: Place, before: dict[Path, tuple[int, int]], pause: float = 0.2) -> dict[Path, tuple[int, int]]:
    """Wait until one of those files is another; gives the new stamps."""
    while (now := stamps(place)) == before:
        time.sleep(pause)
    return now
