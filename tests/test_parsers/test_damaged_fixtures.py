"""Every recorded mail with its links damaged: whatever is lost, no parser stumbles."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.ingest.reading import read

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").rglob("*.eml"))
DAMAGES = {b"//": b"//[", b"http": b"http://http", b"/": b"\\", b"?": b"?]&%zz=%", b".": b".."}


@pytest.mark.parametrize("damage", DAMAGES.items(), ids=lambda damage: damage[0].decode())
def test_no_parser_stumbles_over_damaged_links(damage: tuple[bytes, bytes]) -> None:
    for file in FIXTURES:
        header, _, body = file.read_bytes().partition(b"\n\n")
        reading = read(header + b"\n\n" + body.replace(*damage))
        assert not (reading.reason or "").endswith(" error"), f"{file}: {reading.trace}"
