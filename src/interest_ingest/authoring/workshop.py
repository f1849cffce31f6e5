"""Where an author's parsers and their fixtures lie, and how they are loaded for his own eyes.

    <folder>/<name>/parser.py or parser.toml      with <folder>/<name>/fixtures/<case>.eml and <case>.eml.json
    <folder>/<name>.py or <name>.toml             with <folder>/fixtures/<name>/…

A built-in parser of a checkout has its fixtures in tests/fixtures/<module>. Here a parser is loaded into this very
process, unlike in the daemon: it is the author who runs his own code.
"""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Final

from interest_ingest.authoring.contained import contained, containing
from interest_ingest.errors import UsageError
from interest_ingest.ingest.foreign import declared_by
from interest_ingest.ingest.patterns import refuse_slow
from interest_ingest.ingest.reading import read, reading_json
from interest_ingest.ingest.rules import Rules
from interest_ingest.parsing import Parser
from interest_ingest.parsing.load import BUILTIN, GROUP, builtin_parsers, load_source, source_files, unique

KINDS: Final = (".py", ".toml")

DEFAULT: Final = Path("parsers")
"""The folder of an author who named none and has no configuration."""


@dataclass(frozen=True, slots=True)
class Place:
    """One file with parsers and the folder of its recorded mails, which need not exist yet."""

    name: str
    file: Path
    fixtures: Path

    def cases(self) -> list[Path]:
        """The recorded mails, by name."""
        return sorted(self.fixtures.glob("*.eml"))


def folder_for(given: Path | None, rules: Rules) -> Path:
    """The folder of the author's parsers: the given one, else the configured one, else `parsers` here.

    Raises `UsageError` in a checkout of this program, whose own parsers are in a folder of that name.
    """
    if given or rules.folder:
        return given or Path(rules.folder or "")
    if (DEFAULT / "interest_parsers").is_dir():
        raise UsageError("./parsers holds the built-in parsers here: name another folder with --folder")
    return DEFAULT


def place_of(file: Path) -> Place:
    """The place of a parser's file."""
    if file.stem == "parser":
        return Place(file.parent.name, file, file.parent / "fixtures")
    return Place(file.stem, file, file.parent / "fixtures" / file.stem)


def find(name: str, folder: Path | None) -> Place:
    """The place of the parser `name`: a path, a name in `folder`, a parser declared there, or a built-in one.

    Raises `UsageError` if there is none of this name.
    """
    place = _given(Path(name)) or (_dropped_in(name, folder) if folder else None) or _built_in(name)
    if place is None:
        where = f"in {folder} and " if folder else ""
        raise UsageError(f"no parser {name!r} {where}among the built-in ones: `interest-ingest parser list` shows them")
    return place


def built_in() -> list[Place]:
    """The places of all built-in parsers, by module."""
    modules = sorted({one.origin.rpartition(".")[2] for one in builtin_parsers()})
    return [place for place in map(_built_in, modules) if place]


def parsers_in(file: Path) -> tuple[Parser, ...]:
    """The parsers that `file` declares, sorted by name; loaded anew each time.

    Raises `UsageError` with one sentence if it cannot be loaded or declares none.
    """
    try:
        with contained():
            found = load_source(str(file.absolute()))
        for table in filter(None, map(declared_by, found)):
            refuse_slow(table.patterns())
    except UsageError as fault:
        raise UsageError(f"{file}: {fault}") from fault
    except Exception as fault:  # an author's module may raise anything when it is imported
        raise UsageError(f"{file}: not loaded ({_told(fault)}); mend it") from fault
    if not found:
        raise UsageError(f"{file}: there is no parser in it; declare one with @parser")
    return tuple(map(containing, found))


def rules_with(parsers: Iterable[Parser], rules: Rules | None = None) -> Rules:
    """`rules` under which `parsers` are asked beside the built-in ones; they replace those of the same name."""
    mine = tuple(parsers)
    taken = {one.name for one in mine}
    return replace(rules or Rules(), chosen=unique([*(o for o in builtin_parsers() if o.name not in taken), *mine]))


def document(raw: bytes, rules: Rules) -> dict[str, Any]:
    """What `parse --json` prints for `raw`: the shape of an expected document."""
    told: dict[str, Any] = json.loads(json.dumps(reading_json(read(raw, rules))))
    return told


def bytes_of(case: Path) -> bytes:
    """A recorded mail; `UsageError` if it cannot be read."""
    try:
        return case.read_bytes()
    except OSError as fault:
        raise UsageError(f"{case}: cannot be read: {(fault.strerror or str(fault)).lower()}; remove it") from fault


def expectation_of(case: Path) -> Path:
    """Where the expected document of a recorded mail is."""
    return case.with_name(f"{case.name}.json")


def write_expectation(case: Path, told: dict[str, Any]) -> None:
    """Record `told` as the expected document of `case`."""
    expectation_of(case).write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def differences(expected: Any, found: Any, field: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Each leaf that differs: its place as in `cards.0.author.name`, what was expected there and what was found."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in {**expected, **found}:
            inner = f"{field}.{key}".strip(".")
            yield from differences(expected.get(key, "(absent)"), found.get(key, "(absent)"), inner)
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{field}.{number}")
    elif expected != found:
        yield field, expected, found


def _given(path: Path) -> Place | None:
    """The place that a path names: a parser's file, or the folder in which it is `parser.py` or `parser.toml`."""
    if path.suffix in KINDS and path.is_file():
        return place_of(path)
    return _first(path / f"parser{kind}" for kind in KINDS)


def _dropped_in(name: str, folder: Path) -> Place | None:
    named = _first(place for kind in KINDS for place in (folder / name / f"parser{kind}", folder / f"{name}{kind}"))
    return named or _first(file for file in source_files(folder) if _declares(file, name))


def _declares(file: Path, name: str) -> bool:
    """Whether the text of `file` has the name in quotes; nothing is loaded to look for it."""
    try:
        text = file.read_text("utf-8", errors="replace")
    except OSError:  # whoever names it as a file is told why
        return False
    return f'"{name}"' in text or f"'{name}'" in text


def _built_in(name: str) -> Place | None:
    """By a parser's name, its source, or its module; its fixtures are beside the checkout's tests."""
    guess = _built_in_module(name.partition(".")[0].replace("-", "_"))
    if guess and (name in (guess.name, guess.name.replace("_", "-")) or _declares(guess.file, name)):
        return guess  # the others need not be loaded to find it
    for one in builtin_parsers():
        module = one.origin.rpartition(".")[2]
        if name in (one.name, one.source, module):
            return _built_in_module(module)
    return None


def _built_in_module(module: str) -> Place | None:
    for point in entry_points(group=GROUP, name=BUILTIN):
        package = importlib.util.find_spec(point.value)
        folder = Path(package.origin).parent if package and package.origin else Path()
        if package and re.fullmatch(r"[a-z]\w*", module) and (file := folder / f"{module}.py").is_file():
            return Place(module, file, _fixtures_of(module, folder.parents[1] / "tests" / "fixtures"))
    return None


def _fixtures_of(module: str, folder: Path) -> Path:
    """That of the module, or of the source whose parsers are in several: `woocommerce_orders` has `woocommerce`."""
    words = module.split("_")
    named = (folder / "_".join(words[:count]) for count in range(len(words), 0, -1))
    return next((one for one in named if one.is_dir()), folder / module)


def _first(files: Iterable[Path]) -> Place | None:
    return next((place_of(file) for file in files if file.is_file()), None)


def _told(fault: Exception) -> str:
    """One sentence; of a syntax error with its line, which the message alone does not name."""
    line = f", line {fault.lineno}" if isinstance(fault, SyntaxError) and fault.lineno else ""
    said = fault.msg if isinstance(fault, SyntaxError) else str(fault)
    return " ".join(f"{type(fault).__name__}: {said}{line}".split())[:300]
