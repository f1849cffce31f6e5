"""No mail is claimed by two parsers, and each recorded mail is read by the one that its expected document names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from interest_ingest.mail import Mail
from interest_ingest.parsing import Parser
from interest_ingest.parsing.choose import choose, matching
from interest_ingest.parsing.forwards import forwarded_inline
from interest_ingest.parsing.load import builtin_parsers

FIXTURES = Path(__file__).parent.parent / "fixtures"
FOLDERS = sorted(folder for folder in FIXTURES.iterdir() if any(folder.glob("*.eml")))
PARSERS = tuple(builtin_parsers())


def mails_in(file: Path) -> Iterator[Mail]:
    """The mail of a file, and those that it carries."""
    mail = Mail.from_bytes(file.read_bytes())
    inline = forwarded_inline(mail)
    yield from (mail, *mail.inner, *([inline.mail] if inline else ()))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_mail_belongs_to_two_parsers(folder: Path) -> None:
    """After `instead_of`, which settles the overlaps that are meant."""
    claimed = {
        file.name: [one.name for one in matching(PARSERS, mail)]
        for file in folder.glob("*.eml")
        for mail in mails_in(file)
    }
    assert {file: names for file, names in claimed.items() if len(names) > 1} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_parser_of_the_expected_document_is_asked(folder: Path) -> None:
    """The mail reaches it, and where it is a specific parser no other one."""
    for told in folder.glob("*.eml.json"):
        expected = json.loads(told.read_text(encoding="utf-8"))["parser"]
        file = told.with_suffix("")
        asked = choose(PARSERS, Mail.from_bytes(file.read_bytes())).parsers
        if expected:
            assert expected in {one.name for one in asked}, file
        assert _is_fair(asked, expected), f"{file}: {[one.name for one in asked]} asked, {expected} expected"


def _is_fair(asked: tuple[Parser, ...], expected: str | None) -> bool:
    """Whether a specific parser was asked alone and is the expected one, or only fallback parsers were."""
    specific = [one.name for one in asked if one.fallback is None]
    return specific in ([], [expected]) and (not specific or len(asked) == 1)


def test_instead_of_names_parsers_that_exist() -> None:
    """A renamed parser must not leave an overlap open."""
    names = {one.name for one in PARSERS}
    named = {name for one in PARSERS for name in one.instead_of}
    assert named <= names


def test_each_source_has_recorded_mails() -> None:
    """In the folder that is called like its source."""
    folders = {folder.name.replace("_", "-") for folder in FOLDERS}
    assert {one.source for one in PARSERS} - folders == set()
