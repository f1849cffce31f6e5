"""A comment as its author typed it, from the HTML that Markdown or an editor made of it.

Forums and comment widgets keep comments as HTML. `render` shows what a person sees; here the signs that the page draws
(numbers and dots of lists, the bar beside a quotation, pictures of emoji) are written again, and a link tells where it
leads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from bs4 import Tag

from interest_ingest.mail.html import Painter, is_emoji, read_page

_EMOJI_CLASS: Final = re.compile(r"(?i)emoji|emotion|emoticon|smil")
_WORD: Final = re.compile(r"\w[\w -]*")
_NUMBER: Final = re.compile(r"\d{1,6}", re.ASCII)
_MAX_DEPTH: Final = 20
"""Lists and quotations nested deeper are written as deep as this."""


def as_typed(html: str | Tag) -> str:
    """The text of `html`, within the limits of a mail: `- item`, `1. item`, `> quoted`, `words (link)`, `:smile:`."""
    return read_page(str(html)).painted(MarkdownPainter())


class MarkdownPainter(Painter):
    """Writes the signs of lists, quotations, links and pictures as text."""

    def __init__(self) -> None:
        super().__init__()
        self._quotes = 0
        self._lists: list[int] = []  # the next number of each open list, 0 where it has dots
        self._mark = ""
        self._links: list[tuple[str, int]] = []  # of each open link: where it leads, and where its words begin

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        super().start(tag, attributes)
        if self._hidden_at:
            return
        if tag == "blockquote":
            self._quotes += 1
        elif tag in ("ul", "ol"):
            number = _NUMBER.fullmatch(attributes.get("start") or "1")
            self._lists.append(int(number[0]) if number and tag == "ol" else int(tag == "ol"))
        elif tag == "li":
            self._mark = self._next_mark()
        elif tag == "a":
            self._links.append((attributes.get("href") or "", len(self._out)))
        elif tag == "img":
            self._picture(attributes.get("alt") or "", attributes.get("class") or "")

    def end(self, tag: str) -> None:
        if not self._hidden_at and tag in self._open[-1:]:
            if tag == "blockquote":
                self._quotes -= 1
            elif tag in ("ul", "ol"):
                self._lists.pop()
            elif tag == "li":
                self._mark = ""
            elif tag == "a":
                self._tell_target(*self._links.pop())
        super().end(tag)

    def _next_mark(self) -> str:
        indent = "  " * min(max(len(self._lists) - 1, 0), _MAX_DEPTH)
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        return f"{indent}{number}. " if number else f"{indent}- "

    def _picture(self, alt: str, classes: str) -> None:
        """`:smile:` of an emoji that has a name, `[chart]` of another picture; signs are written by the base."""
        alt = " ".join(alt.split())
        if not alt or is_emoji(alt):
            return
        if not _WORD.fullmatch(alt):
            self.data(alt)
        else:
            self.data(f":{alt}:" if _EMOJI_CLASS.search(classes) else f"[{alt}]")

    def _tell_target(self, href: str, begun: int) -> None:
        words = "".join(self._out[begun:])
        plain = re.sub(r"^(?:https?://|mailto:)", "", href.strip())
        if href.lower().startswith(("http://", "https://")) and words.strip() and not _shows(words, plain):
            self.data(f" ({href.strip()})")

    def _write(self, text: str) -> None:
        begins = bool(self._break) or not self._out or self._out[-1].endswith("\n")
        quote = "> " * min(self._quotes, _MAX_DEPTH)
        if begins:
            text = f"{quote}{self._mark}{text}"
            self._mark = ""
        super()._write(text.replace("\n", "\n" + quote) if quote else text)


def _shows(words: str, target: str) -> bool:
    """Whether the words of a link are its address, whole or shortened as forums do (`example.com/tea/…`)."""
    shown = re.sub(r"^https?://", "", words.strip()).rstrip("….").strip()
    return not target or words.strip().startswith("@") or (shown != "" and unquote(target).startswith(unquote(shown)))
