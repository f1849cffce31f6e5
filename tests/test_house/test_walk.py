"""The walk of docs/writing-a-parser.md: its files are written, its commands run, and what it shows is what comes."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from interest_ingest.parsing.declared import Place

PAGE = Path(__file__).parents[2] / "docs" / "writing-a-parser.md"
WALK = "## From an unseen sample to a green parser"
BLOCK = re.compile(r"```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"`([\w./-]+\.\w+)`[^`]*:\s*\Z")
"""The last words before a block, where they name its file."""
WALKED = "eml eml console console python console diff console console eml eml console toml console"
WRITTEN = ("eml",)
"""Languages of files that the reader writes; those of the kit are compared with what it wrote."""


def steps() -> Iterator[tuple[str, str, str]]:
    """(file that is named right before it, language, text) of each block of the walk."""
    text = PAGE.read_text(encoding="utf-8")
    walk = re.split(r"^## ", text[text.index(WALK) + len(WALK) :], maxsplit=1, flags=re.MULTILINE)[0]
    after = 0
    for block in BLOCK.finditer(walk):
        named = FILE.search(walk[after : block.start()])
        yield named[1] if named else "", block[1], block[2]
        after = block.end()


def test_the_walk_of_the_page_can_be_walked(tmp_path: Path) -> None:
    """Files, commands and changes in the order of the page; output as it is shown, where `…` stands for anything."""
    kinds = []
    for name, language, text in steps():
        kinds.append(language)
        if language in WRITTEN:
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif language == "diff":
            change(tmp_path / name, text)
        elif language == "console":
            session(tmp_path, text)
        else:
            assert (tmp_path / name).read_text(encoding="utf-8") == text, name
    assert " ".join(kinds) == WALKED


def session(folder: Path, text: str) -> None:
    """Run each `$ …` line and compare what it prints."""
    for command, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        program, *arguments = shlex.split(command)
        assert program == "interest-ingest"
        done = subprocess.run(
            [sys.executable, "-m", "interest_ingest", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        pattern = re.escape(shown).replace("…\\\n", "(?s:.*)").replace("…", ".*")
        assert re.fullmatch(pattern, done.stdout), f"{command} prints\n{done.stdout}{done.stderr}"
        assert done.returncode == int(any(word in done.stdout for word in (" not\n", "findings:"))), command


def change(file: Path, diff: str) -> None:
    """Put the lines with `+` where those with `-` are."""
    old, new = ("".join(f"{line[1:]}\n" for line in diff.splitlines() if line[0] == sign) for sign in "-+")
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", ["parser.py", "parser.toml"])
def test_the_parsers_of_the_walk_have_fewer_than_25_lines(name: str) -> None:
    (text,) = (block for file, language, block in steps() if file.endswith(name) and language != "diff")
    assert 10 < text.count("\n") < 25


def test_every_place_of_a_table_that_is_shown_is_one() -> None:
    shown = re.findall(r"^\| `(\{ .+? \})` \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(shown) > 5
    for place in shown:
        Place.model_validate(tomllib.loads(f"place = {place}")["place"], strict=False)


def test_every_helper_that_is_named_is_there() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"`(interest_ingest\.parsing\.\w+)`(?:: ((?:`\w+`(?:, )?)+))?", text)
    assert len(rows) > 8
    for module, names in rows:
        for name in re.findall(r"\w+", names):
            assert hasattr(importlib.import_module(module), name), f"{module}.{name}"
