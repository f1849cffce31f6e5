"""Recorded mails as carriers: what the customer wrote in one gives way to a bomb, so that every parser meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
_OF_THE_BODY: Final = ("content-type", "content-transfer-encoding", "mime-version")


@cache
def carriers() -> dict[str, Callable[[str], bytes]]:
    """By parser: one of its recorded mails with a text, as a function of that text."""
    found: dict[str, Callable[[str], bytes]] = {}
    for file in sorted(FIXTURES.glob("*/*.eml")):
        document = json.loads(file.with_name(file.name + ".json").read_text(encoding="utf-8"))
        words = [card["text"] for card in document["cards"] if len(card["text"]) > 3]
        carrier = _carrier(file.read_bytes(), words[0]) if words and document["parser"] not in found else None
        if carrier and read(carrier("How much is it?")).parser == document["parser"]:
            found[document["parser"]] = carrier
    return found


def _carrier(raw: bytes, words: str) -> Callable[[str], bytes] | None:
    """None if the words do not stand in the mail as they do on the card."""
    mail = Mail.from_bytes(raw)
    header = [f"{name}: {value}" for name, value in mail.all_headers() if name.lower() not in _OF_THE_BODY]
    places = {kind: _around(body, words) for kind, body in (("plain", mail.text), ("html", mail.html))}
    parts = {kind: place for kind, place in places.items() if place}
    return (lambda text: _mail(header, parts, text)) if parts else None


def _around(body: str, words: str) -> tuple[str, str] | None:
    """What stands before and after `words`, or after their first line to after their last, where layout parts them."""
    for first, last in ((words, words), (words.split("\n")[0], words.split("\n")[-1])):
        for begin, end in ((first, last), (escape(first), escape(last)), (escape(first, False), escape(last, False))):
            at = body.find(begin)
            if at >= 0 and (stop := body.find(end, at)) >= 0:
                return body[:at], body[stop + len(end) :]
    return None


def _mail(header: list[str], parts: dict[str, tuple[str, str]], text: str) -> bytes:
    lines = [*header, "MIME-Version: 1.0", "Content-Type: multipart/alternative; boundary=b0u1n2d3", ""]
    for kind, (before, after) in parts.items():
        lines += ["--b0u1n2d3", f"Content-Type: text/{kind}; charset=utf-8", "", before + text + after]
    return "\n".join([*lines, "--b0u1n2d3--", ""]).encode("utf-8", "surrogatepass")
