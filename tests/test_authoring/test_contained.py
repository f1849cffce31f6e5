"""An author's code that ends, doubles or stops the program, or prints: told as his bug, and never a green test."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from interest_ingest import cli
from interest_ingest.authoring import contained, testing
from interest_ingest.authoring.linting import Bench, lint
from interest_ingest.authoring.workshop import Place, expectation_of, parsers_in, place_of
from interest_ingest.errors import UsageError

PARSER = """\
import os, sys, time
from interest_ingest.parsing import Action, Author, Channel, Interest, Match, parser

@parser("bakery.order", version=1, match=Match(from_domain="bakery.example"), signed_by="bakery.example")
def read(mail):
    {code}
    yield Interest(channel=Channel.FORM, action=Action.REQUEST, author=Author(name=mail.subject))
"""
MAIL = "From: a@bakery.example\nTo: b@shop.example\nSubject: Anna\nDate: Sat, 21 Nov 2026 09:15:00 +0300\n\nHi\n"


def _place(folder: Path, code: str) -> Place:
    (fixtures := folder / "bakery" / "fixtures").mkdir(parents=True)
    (folder / "bakery" / "parser.py").write_text(PARSER.format(code=code))
    (fixtures / "anna.eml").write_text(MAIL)
    return place_of(folder / "bakery" / "parser.py")


def _tested(place: Place, *options: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["parser", "test", str(place.file), *options])
    return ended.value.code


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("sys.exit(0)", "ends the program with exit code 0"),
        ("os._exit(0)", "it calls os._exit"),
        ("os.fork()", "it calls os.fork"),
        ("time.sleep(1000)", "by the clock"),
        ("raise MemoryError", "more memory than there is"),
        ("raise ValueError('a\\x1b[31mb')", "ValueError"),
    ],
)
def test_a_bug_is_told_is_no_expectation_and_is_found_by_lint(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(contained, "SECONDS", 0.3)
    place = _place(tmp_path, code)
    assert _tested(place) == 1
    out = capsys.readouterr().out
    assert said in out
    assert "\x1b" not in out
    ((_, did),) = testing.accept(place)
    assert did.startswith("not written: ")
    assert not expectation_of(place.cases()[0]).exists()
    assert "raises" in [one.kind for one in lint(Bench([place]))]


def test_what_a_parser_prints_is_not_among_the_results(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = _place(tmp_path, "print('hello')")
    assert _tested(place, "--json") == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["cases"][0]["outcome"] == "cards"
    assert "hello" in printed.err


def test_a_file_that_ends_the_program_when_it_is_loaded_is_named(tmp_path: Path) -> None:
    (file := tmp_path / "bakery.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(UsageError, match=r"bakery.py: not loaded .*exit code 0"):
        parsers_in(file)


def test_the_system_is_left_as_it_was(tmp_path: Path) -> None:
    before = os._exit, os.fork
    list(testing.run(_place(tmp_path, "os.fork()")))
    assert (os._exit, os.fork) == before


def test_a_recorded_mail_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    place = _place(tmp_path, "pass")
    (place.fixtures / "folder.eml").mkdir()
    with pytest.raises(UsageError, match=r"folder\.eml: cannot be read: is a directory; remove it"):
        list(testing.run(place))
    with pytest.raises(UsageError, match="cannot be read"):
        Bench([place])
