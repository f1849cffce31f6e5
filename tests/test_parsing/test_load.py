"""Finding parsers in packages."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from interest_ingest.errors import UsageError
from interest_ingest.parsing import Match
from interest_ingest.parsing.load import GROUP, builtin_parsers, load, unique
from tests.test_parsing.making import reader

MODULE = """
from interest_ingest.parsing import Match, parser

@parser({name!r}, version=1, match=Match())
def read(mail):
    return []
"""


def _package(folder: Path, monkeypatch: pytest.MonkeyPatch, package: str, **modules: str) -> EntryPoint:
    (folder / package).mkdir()
    (folder / package / "__init__.py").write_text("")
    for module, name in modules.items():
        (folder / package / f"{module}.py").write_text(MODULE.format(name=name))
    monkeypatch.syspath_prepend(str(folder))
    for loaded in [one for one in sys.modules if one.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, loaded)
    return EntryPoint("mine", package, GROUP)


def test_the_built_in_parsers_are_found_by_name() -> None:
    """Every module of the package that the entry point names, sorted; no name is there twice."""
    names = [one.name for one in builtin_parsers()]
    assert {"facebook.notification", "vkontakte.notification", "mail.letter"} <= set(names)
    assert names == sorted(set(names))


def test_a_new_module_needs_no_registration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropping a module into the package is enough."""
    point = _package(tmp_path, monkeypatch, "parsers_of_a_shop", two="shop.two", one="shop.one")
    assert [one.name for one in load([point])] == ["shop.one", "shop.two"]


def test_two_parsers_of_one_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names both modules."""
    point = _package(tmp_path, monkeypatch, "parsers_with_twins", a="shop.same", b="shop.same")
    with pytest.raises(UsageError, match=r"parsers_with_twins\.a and parsers_with_twins\.b"):
        load([point])


def test_one_parser_seen_from_two_modules_is_one() -> None:
    """A module may import another's parser."""
    one = reader("shop.one", Match())
    assert unique([one, one]) == (one,)


def test_a_package_that_is_not_there_is_a_sentence() -> None:
    """The operator can install it."""
    with pytest.raises(UsageError, match="no_such_parsers"):
        load([EntryPoint("mine", "no_such_parsers", GROUP)])
