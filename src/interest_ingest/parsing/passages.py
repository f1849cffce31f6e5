"""A mail as lines, each with the links and pictures that stand in it: what belongs to one entry of a digest."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from interest_ingest.mail import Mail
from interest_ingest.mail.html import Anchor, Image, Page, Painter
from interest_ingest.parsing.tokens import URL

MAX_LINES: Final = 5_000

_LINK, _PICTURE, _END = "\ue010", "\ue011", "\ue012"
_SIGN = re.compile(f"([{_LINK}{_PICTURE}])([0-9]{{1,6}}){_END}")
_NO_SIGNS = str.maketrans("", "", _LINK + _PICTURE + _END)


class Picture(NamedTuple):
    """A picture, and where the link around it leads ("" without one)."""

    image: Image
    href: str


class Line(NamedTuple):
    """A line as it is shown, with the links and pictures that begin in it, not unwrapped."""

    text: str
    anchors: tuple[Anchor, ...] = ()
    pictures: tuple[Picture, ...] = ()


def lines_of(mail: Mail) -> list[Line]:
    """The lines of the page if there is one that says anything, else of the text (links without words)."""
    lines = page_lines(mail.page) if mail.html.strip() else []
    if any(line.text for line in lines):
        return lines
    return [_text_line(line) for line in mail.text.split("\n")[:MAX_LINES]]


def page_lines(page: Page) -> list[Line]:
    """The lines of a page, without hidden ones."""
    tracer = _Tracer()
    return [_line(marked, tracer) for marked in page.painted(tracer).split("\n")[:MAX_LINES]]


def source_text(mail: Mail) -> str:
    """The text of the page with the line breaks of its source: a text that was sent as HTML without any tags."""
    return Page(f'<div style="white-space:pre-line">{mail.html}</div>').text


def is_button(line: Line) -> bool:
    """Whether `line` is nothing but the words of links, which are no names (`@ladle`, `#tea`) and no addresses."""
    words = [one.text for one in line.anchors if one.text and not re.match(r"[@#]|https?://|www\.", one.text)]
    return bool(words) and " ".join(words) == line.text


def _text_line(text: str) -> Line:
    return Line(text.strip(), tuple(Anchor(found[0].rstrip(".,;:!?)"), "") for found in URL.finditer(text)))


class _Tracer(Painter):
    """Writes a sign where a link or picture begins; the signs are numbers in its lists."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.words: list[list[str]] = []
        self.pictures: list[Picture] = []
        self._inside = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        super().start(tag, attributes)
        if tag == "a" and (href := (attributes.get("href") or "").strip()):
            self._inside = True
            self._sign(_LINK, len(self.hrefs))
            self.hrefs.append(href)
            self.words.append([])
        elif tag == "img" and (src := (attributes.get("src") or "").strip()):
            told = (attributes.get(name) or "" for name in ("alt", "width", "height"))
            self._sign(_PICTURE, len(self.pictures))
            self.pictures.append(Picture(Image(src, *told), self.hrefs[-1] if self._inside else ""))

    def end(self, tag: str) -> None:
        if tag == "a":
            self._inside = False
        super().end(tag)

    def data(self, text: str) -> None:
        text = text.translate(_NO_SIGNS)
        if self._inside:
            self.words[-1].append(text)
        super().data(text)

    def _sign(self, sign: str, number: int) -> None:
        super().data(f"{sign}{number}{_END}")

    def anchor(self, number: int) -> Anchor:
        return Anchor(self.hrefs[number], " ".join("".join(self.words[number]).split()))


def _line(marked: str, tracer: _Tracer) -> Line:
    signs = _SIGN.findall(marked)
    return Line(
        " ".join(_SIGN.sub("", marked).split()),
        tuple(tracer.anchor(int(number)) for sign, number in signs if sign == _LINK),
        tuple(tracer.pictures[int(number)] for sign, number in signs if sign == _PICTURE),
    )
