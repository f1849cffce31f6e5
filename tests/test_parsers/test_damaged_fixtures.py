"""Every recorded mail damaged: whatever is lost, no parser stumbles."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").rglob("*.eml"))

Damage = Callable[[str], str]


def replacing(pattern: str, by: str) -> Damage:
    return lambda text: re.sub(pattern, by, text)


DAMAGES: Final[dict[str, Damage]] = {
    "broken hosts": replacing("//", "//["),
    "links in links": replacing("http", "http://http"),
    "backslashes": replacing("/", r"\\"),
    "broken queries": replacing(r"\?", "?]&%zz=%"),
    "empty labels in hosts": replacing(r"\.", ".."),
    "the first half": lambda text: text[: len(text) // 2],
    "the second half": lambda text: text[len(text) // 2 :],
    "no digits": replacing(r"\d", ""),
    "no colons": replacing("[:：]", " "),
    "no classes": replacing(r"class=.\S*", ""),
    "no rows": replacing("(?i)</?t[rd]", "<i"),
    "no lines": replacing(r"\n", " "),
    "every other line": lambda text: "\n".join(text.split("\n")[::2]),
    "nothing": lambda _text: "",
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_no_parser_stumbles_over_what_is_damaged(damage: Damage) -> None:
    """In the decoded body, so that what is damaged is what parsers see."""
    for file in FIXTURES:
        reading = read(damaged(Mail.from_bytes(file.read_bytes()), damage))
        assert not (reading.reason or "").endswith(" error"), f"{file}: {reading.trace}"


def damaged(mail: Mail, damage: Damage) -> bytes:
    """`mail` with its header, and its text and HTML after the damage."""
    kept = [
        f"{name}: {value}" for name, value in mail.all_headers() if not name.lower().startswith(("content-", "mime-"))
    ]
    parts = [(kind, damage(body)) for kind, body in (("plain", mail.text), ("html", mail.html)) if body]
    lines = [*kept, "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=b0u1n2d3", ""]
    for kind, body in parts:
        lines += ["--b0u1n2d3", f"Content-Type: text/{kind}; charset=utf-8", "", body]
    return "\n".join([*lines, "--b0u1n2d3--", ""]).encode("utf-8", "replace")
