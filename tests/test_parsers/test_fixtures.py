"""Every recorded mail is read as its expected document says: `<case>.eml` beside `<case>.eml.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from interest_ingest.ingest.reading import read, reading_json

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = sorted(FIXTURES.glob("*/*.eml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_mail_gives_its_expected_document(path: Path) -> None:
    """Field by field, so that a failure names what differs."""
    expected = json.loads(path.with_name(path.name + ".json").read_text(encoding="utf-8"))
    document = json.loads(json.dumps(reading_json(read(path.read_bytes()))))
    assert list(differences(expected, document)) == []


def test_every_expected_document_has_its_mail() -> None:
    """A renamed mail must not leave its expectation behind unread."""
    assert CASES
    assert {path.with_suffix("") for path in FIXTURES.glob("*/*.eml.json")} == set(CASES)


def differences(expected: Any, found: Any, field: str = "") -> Iterator[str]:
    """`cards.0.author.name: expected 'Anna', found None` for every leaf that is not equal."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in {**expected, **found}:
            yield from differences(
                expected.get(key, "(absent)"), found.get(key, "(absent)"), f"{field}.{key}".strip(".")
            )
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for number, (one, other) in enumerate(zip(expected, found, strict=True)):
            yield from differences(one, other, f"{field}.{number}")
    elif expected != found:
        yield f"{field}: expected {expected!r}, found {found!r}"
