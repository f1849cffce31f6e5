"""Finding the parsers: `Parser` objects in the modules of the packages that the entry points name."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Final

from interest_ingest.errors import UsageError
from interest_ingest.parsing.contract import Parser
from interest_ingest.parsing.declared import load_declared

GROUP: Final = "interest_ingest.parsers"
BUILTIN: Final = "builtin"


@lru_cache(maxsize=1)
def builtin_parsers() -> tuple[Parser, ...]:
    """The parsers that come with the product, by name."""
    return load(point for point in entry_points(group=GROUP) if point.name == BUILTIN)


def load(points: Iterable[EntryPoint]) -> tuple[Parser, ...]:
    """The parsers of the packages or modules that `points` name, sorted by name.

    Raises `UsageError` if one cannot be imported or two parsers have one name.
    """
    found: list[Parser] = []
    for point in points:
        try:
            found += parsers_of(importlib.import_module(point.value.partition(":")[0]))
        except ImportError as fault:
            raise UsageError(f"the parsers of {point.value!r} cannot be loaded ({fault}): is it installed?") from fault
    return unique(found)


def load_source(source: str) -> tuple[Parser, ...]:
    """The parsers that one file (`….py`, `….toml`), package, or entry point of our group declares, sorted by name.

    A file is a module of a name that no other has. Raises whatever that code raises when it is imported, and
    `UsageError` for a table that declares none.
    """
    if source.endswith(".toml"):
        return (load_declared(Path(source)).parser(source),)
    if source.endswith(".py"):
        module = _module_of_file(Path(source))
    else:
        named = [point.value for point in entry_points(group=GROUP) if point.name == source]
        module = importlib.import_module((named or [source])[0].partition(":")[0])
    # What it imports from elsewhere is not its own.
    own = [one for one in parsers_of(module) if f"{one.origin}.".startswith(f"{module.__name__}.")]
    return unique(own)


def source_files(folder: Path) -> list[Path]:
    """The files of a drop-in folder that declare parsers: its modules and tables, and `parser.*` one folder deeper.

    Raises `OSError` for a folder that is none.
    """
    if not folder.is_dir():
        raise NotADirectoryError(20, "it is no folder")
    patterns = ("[!_.]*.py", "[!_.]*.toml", "[!_.]*/parser.py", "[!_.]*/parser.toml")
    return sorted(file for pattern in patterns for file in folder.glob(pattern) if file.is_file())


def _module_of_file(file: Path) -> ModuleType:
    name = f"interest_ingest_folder.{file.stem}_{hashlib.sha256(bytes(file)).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def parsers_of(module: ModuleType) -> list[Parser]:
    """The `Parser` objects of `module`; of a package those of all its modules too."""
    names = (info.name for info in pkgutil.iter_modules(getattr(module, "__path__", ())))
    modules = [module, *(importlib.import_module(f"{module.__name__}.{name}") for name in names)]
    # A parser imported into another module is still one parser.
    found = {id(one): one for part in modules for one in vars(part).values() if isinstance(one, Parser)}
    return list(found.values())


def unique(parsers: Iterable[Parser]) -> tuple[Parser, ...]:
    """`parsers` sorted by name; raises `UsageError` if a name is there twice."""
    by_name: dict[str, Parser] = {}
    for one in parsers:
        other = by_name.setdefault(one.name, one)
        if other is not one:
            raise UsageError(
                f"two parsers are named {one.name!r} ({other.origin} and {one.origin}): rename one of them"
            )
    return tuple(by_name[name] for name in sorted(by_name))
