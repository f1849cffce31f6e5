"""What the notifications of forums have in common: a sentence tells who did what in which topic, a fence frames a post.

A forum's own table holds its sentences as patterns with the groups `author`, `topic` and `forum`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from interest_ingest.cards import Action

Sentences = Iterable[tuple[Action, str]]

_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n")
MAX_PARAGRAPH: Final = 2_000


@dataclass(frozen=True, slots=True)
class Told:
    """What the sentence tells, and what stands below it."""

    action: Action
    author: str = ""
    topic: str = ""
    forum: str = ""
    below: str = ""


def told(text: str, sentences: Sentences) -> Told | None:
    """The first paragraph of `text` that fits one of `sentences`, read; None if none does."""
    patterns = [(action, re.compile(pattern)) for action, pattern in sentences]
    end = 0
    for paragraph in _PARAGRAPH.split(text):
        end = text.index(paragraph, end) + len(paragraph)
        folded = " ".join(paragraph[:MAX_PARAGRAPH].split())
        for action, pattern in patterns:
            if found := pattern.search(folded):
                groups = {name: (value or "").strip() for name, value in found.groupdict().items()}
                return Told(action, below=text[end:], **groups)
    return None


def fenced(text: str, fence: str) -> str:
    """What stands between the first and the last line of `text` that is a fence; "" without two."""
    lines = text.split("\n")
    at = [n for n, line in enumerate(lines) if re.fullmatch(fence, line.strip())]
    return "\n".join(lines[at[0] + 1 : at[-1]]).strip("\n") if len(at) > 1 else ""
