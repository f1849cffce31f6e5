"""docs/sources.md says of every source what it was tested on; what can be counted of that is counted here."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from interest_ingest.parsing.load import builtin_parsers

TOP = Path(__file__).parents[2]
FIXTURES = TOP / "tests" / "fixtures"
KNOWN = {"real", "template", "described", "structure only"}
LANGUAGES = {
    "wordpress": dict.fromkeys(("en", "ru", "fa", "ja", "de"), 5),
    "form": dict.fromkeys(("en", "ru", "fa", "ja", "de"), 5),
    "facebook": {"en": 5, "ru": 5},
}
"""Fixtures that there are at least: `<language>-<case>.eml`."""


def rows() -> dict[str, list[str]]:
    """The cells of each row of the table, by source."""
    page = (TOP / "docs" / "sources.md").read_text(encoding="utf-8")
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line[:1] == "|")
    return {one[0]: one for one in cells if one[0] != "source" and not set(one[0]) <= set("-: ")}


ROWS = rows()
SOURCES = sorted({one.source for one in builtin_parsers()})


def fixtures(source: str) -> list[Path]:
    return sorted((FIXTURES / source.replace("-", "_")).glob("*.eml"))


def test_every_source_has_its_row_and_every_row_its_source() -> None:
    assert sorted(ROWS) == SOURCES


@pytest.mark.parametrize("source", SOURCES)
def test_the_row_says_what_there_is(source: str) -> None:
    """Three recorded mails of a layout that is known, one of a source known by structure only."""
    cells = ROWS[source]
    told = {one.strip() for one in re.split(r"[,;]", cells[3])}
    assert len(cells) == 5
    assert told <= KNOWN
    assert told
    assert int(cells[4]) == len(fixtures(source))
    assert len(fixtures(source)) >= (1 if told == {"structure only"} else 3)


@pytest.mark.parametrize(("source", "wanted"), LANGUAGES.items())
def test_the_great_doors_are_tried_in_several_languages(source: str, wanted: dict[str, int]) -> None:
    found = Counter(file.name.partition("-")[0] for file in fixtures(source))
    assert {language: found[language] for language in wanted if found[language] < wanted[language]} == {}


def test_a_recorded_mail_lies_with_its_source() -> None:
    """Cards of a folder name its source, so that the folder's number means what it says."""
    elsewhere = []
    for file in FIXTURES.glob("*/*.eml.json"):
        cards = json.loads(file.read_text(encoding="utf-8"))["cards"]
        if {card["source"] for card in cards} - {file.parent.name.replace("_", "-"), file.parent.name}:
            elsewhere.append(str(file.relative_to(FIXTURES)))
    assert elsewhere == []
