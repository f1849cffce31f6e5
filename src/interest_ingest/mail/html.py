"""HTML of mails: bounded before it is parsed, read by lxml only, and rendered to what a person sees."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, NavigableString, PreformattedString
from lxml import etree

from interest_ingest.mail.limits import MAX_HTML, MAX_HTML_ATTRIBUTES, MAX_HTML_DEPTH, MAX_HTML_TAGS, Notes


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)")
_LONG_TAG: Final = re.compile(r"<[a-zA-Z][^<>]{2000,}")
VOID: Final = _names("area base br col embed hr img input link meta param source track wbr")
"""Elements without an end."""
# HTML closes these by itself where the next one begins, so pages leave them open by the hundred.
_SELF_CLOSING: Final = _names("p li td th tr dd dt option thead tbody tfoot colgroup")
_SELF_CLOSING_TAG: Final = re.compile(rf"</?(?:{'|'.join(sorted(_SELF_CLOSING))})(?![\w:-])[^<>]*>", re.IGNORECASE)
_TREE_DEPTH: Final = 2_048
_XML_DECLARATION: Final = re.compile(r"<\?(?=xml)", re.IGNORECASE)


def limit(html: str, notes: Notes) -> str:
    """Cut what would cost more to parse than a mail may: length, tags, attributes of one tag, depth."""
    if len(html) > MAX_HTML:
        notes.add("html cut at 256 KB")
        html = html[:MAX_HTML]
    tags = html.count("<")
    if tags > MAX_HTML_TAGS:
        notes.add("html cut at 20,000 tags")
        html = html[: _nth(html, "<", MAX_HTML_TAGS)]
    if _LONG_TAG.search(html):
        html = _LONG_TAG.sub(lambda m: _fewer_attributes(m[0], notes), html)
    return _shallower(html, notes) if tags > MAX_HTML_DEPTH and _depth(html) > MAX_HTML_DEPTH else html


def _nth(text: str, char: str, number: int) -> int:
    position = -1
    for _ in range(number):
        position = text.index(char, position + 1)
    return position


def _fewer_attributes(tag: str, notes: Notes) -> str:
    if tag.count("=") <= MAX_HTML_ATTRIBUTES and len(tag.split()) <= MAX_HTML_ATTRIBUTES:
        return tag
    notes.add("a tag cut at 1,000 attributes")
    return " ".join(tag[:MAX_HTML].split()[: MAX_HTML_ATTRIBUTES // 2])


def _depth(html: str) -> int:
    depth = deepest = 0
    for closing, name in _TAG.findall(html):
        if closing:
            depth -= depth > 0
        elif name not in VOID:
            depth += 1
            if depth > deepest:
                deepest = depth
    return deepest


def _shallower(html: str, notes: Notes) -> str:
    """Drop the opening and closing tags that nest deeper than 256; their text stays."""
    depth = 0

    def keep(found: re.Match[str]) -> str:
        nonlocal depth
        name = found[2].lower()
        if name in VOID or name in _SELF_CLOSING:
            return found[0]
        depth += -1 if found[1] else 1
        depth = max(depth, 0)
        if depth + bool(found[1]) > MAX_HTML_DEPTH:
            notes.add("html nested deeper than 256: the inner tags are left out")
            return f"<!{found[2]}"
        return found[0]

    return _TAG.sub(keep, html)


def make_soup(html: str) -> BeautifulSoup:
    """`html` as BeautifulSoup on lxml, whose time is linear also on hostile pages (html.parser and html5lib are not).

    `html` is expected to be within the limits of a `Mail`, as `Mail.html` is.
    """
    # A text of one line without any tag would make bs4 warn that it was given a file's name.
    return BeautifulSoup(_without_xml(html) + "\n", "lxml")


def _without_xml(html: str) -> str:
    """XHTML mails and Outlook's islands declare `<?xml …>`: as a comment it is harmless, else bs4 warns of XML."""
    return _XML_DECLARATION.sub("<!", html) if "<?" in html else html


def render(page: str | Tag) -> str:
    """The text that a person sees: lines for blocks and `<br>`, table cells joined by tabs, no hidden or style text.

    An emoji drawn as an image (`<img alt="⭐">`) stays as its character. Takes HTML, a soup or any tag of one.
    """
    if isinstance(page, str):
        return read_page(limit(page, Notes())).text
    painter = Painter()
    _play(page, painter)
    return painter.close()


class Anchor(NamedTuple):
    """A link as it stands in the page, with the words that a person clicks on (white space folded)."""

    href: str
    text: str


class Image(NamedTuple):
    """A picture as it stands in the page."""

    src: str
    alt: str
    told_width: str
    told_height: str

    @property
    def width(self) -> int | None:
        """In pixels, None where the tag does not tell."""
        return _pixels(self.told_width)

    @property
    def height(self) -> int | None:
        """In pixels, None where the tag does not tell."""
        return _pixels(self.told_height)


class Page:
    """A page read once by lxml; its text, links and pictures are made when they are asked for."""

    def __init__(self, html: str) -> None:
        self._root = _tree(html)

    @cached_property
    def text(self) -> str:
        """What a person sees (see `render`)."""
        return paint(self._root, Painter()) if self._root is not None else ""

    @cached_property
    def anchors(self) -> tuple[Anchor, ...]:
        """The links, in order, hidden ones too; without those that only jump within the page."""
        found = [] if self._root is None else self._root.iter("a", "area")
        told = ((_href(one), one) for one in found)
        return tuple(
            Anchor(href, " ".join("".join(map(str, one.itertext())).split()))
            for href, one in told
            if href and href[0] != "#"
        )

    @cached_property
    def images(self) -> tuple[Image, ...]:
        """The pictures, in order, those that only lay out the page too."""
        found = [] if self._root is None else self._root.iter("img")
        return tuple(
            Image(src.strip(), one.get("alt") or "", one.get("width") or "", one.get("height") or "")
            for one in found
            if (src := one.get("src"))
        )

    @property
    def links(self) -> tuple[str, ...]:
        """The hrefs, each once."""
        return tuple(dict.fromkeys(anchor.href for anchor in self.anchors))

    @property
    def root(self) -> etree._Element | None:
        """The tree of the page, not to be changed; None without any element."""
        return self._root

    def painted(self, painter: Painter) -> str:
        """The page's text as `painter` writes it."""
        return paint(self._root, painter) if self._root is not None else ""


def read_page(html: str) -> Page:
    """The page of a mail's HTML, which is within the limits; of text that is none an empty one."""
    return Page(html)


def _tree(html: str) -> etree._Element | None:
    if not html.strip():
        return None
    html = _without_xml(html)
    parser = _lxml_parser()
    try:
        root = etree.fromstring(html, parser)
    except etree.ParserError:  # nothing but comments
        return None
    if html.count("<") > _TREE_DEPTH and "depth" in str(parser.error_log.last_error):
        # libxml2 stops at this depth, and tags that pages leave open are not among those that `limit` counts.
        root = etree.fromstring(_SELF_CLOSING_TAG.sub("\n", html), _lxml_parser())
    return root


def _lxml_parser() -> etree.HTMLParser:
    return etree.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)


def _href(anchor: etree._Element) -> str:
    return "".join((anchor.get("href") or "").split("\n")).strip()


def paint(root: etree._Element, painter: Painter) -> str:
    """The text of the tree below `root`, without recursion: mails nest deeper than Python's stack."""
    start, end, data = painter.start, painter.end, painter.data
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            start(element.tag, element.attrib)
            if element.text:
                data(element.text)
        else:
            end(element.tag)
            if element.tail:
                data(element.tail)
    return painter.close()


def _play(root: Tag, painter: Painter) -> None:
    """Feed the events of a soup to `painter`, iteratively: mails nest deeper than Python's stack."""
    stack: list[Iterator[object]] = [iter((root,))]
    names: list[str] = [""]
    while stack:
        node = next(stack[-1], None)
        if node is None:
            stack.pop()
            name = names.pop()
            if name and name != "[document]":
                painter.end(name)
        elif isinstance(node, Tag):
            if node.name != "[document]":
                painter.start(node.name, {k: v if isinstance(v, str) else " ".join(v) for k, v in node.attrs.items()})
            stack.append(iter(node.contents))
            names.append(node.name)
        elif isinstance(node, NavigableString) and (
            isinstance(node, CData) or not isinstance(node, PreformattedString)
        ):
            painter.data(node)


_DROPPED: Final = _names("style script title head template noscript xml object svg math select")
_BLOCKS: Final = _names(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu nav ol option p pre section summary table"
    " tbody tfoot thead tr ul"
)
_SPACED: Final = _names("p h1 h2 h3 h4 h5 h6 blockquote ul ol dl pre")
_HIDDEN: Final = re.compile(r"display\s*:\s*none|max-height\s*:\s*0(?:px|em|%)?\s*(?:;|!|$)", re.IGNORECASE)
_TELLING: Final = ("none", "max-height", "white-space")
_PRE_LINES: Final = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)", re.IGNORECASE)
_BLANKS: Final = re.compile(r"[ \t\n\r\f\v\xa0]+")
_MANY_LINES: Final = re.compile(r"\n{3,}")
_LINE_ENDS: Final = re.compile(r"(?<![ \t])[ \t]+\n")
_FILLED: Final = re.compile("^[\u034f\u00ad\u2007\u200b\u200c\u200d\u2060\ufeff \t]+$", re.MULTILINE)
_ZERO_SPACES: Final = str.maketrans("", "", "\u200b\ufeff\u2060\u00ad\u034f")
_PIXELS: Final = re.compile(r"\d{1,4}(?![\d%])", re.ASCII)
_KEYCAP: Final = "\u20e3"


class Painter:
    """Takes the elements of a page as they begin and end, and writes its text line by line."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._open: list[str] = []
        self._hidden_at = 0  # depth of the outermost hidden element, 0 when visible
        self._pre_at = 0
        self._break = 0  # line breaks that are due before the next text
        self._gap = ""  # the blank or tab that is due
        self._line_number = 0
        self._rows: list[int | None] = []  # per open table row: the line on which its text began
        self._cell_is_empty = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        void = tag in VOID
        if not void:
            self._open.append(tag)
        if self._hidden_at:
            return
        if not void and (tag in _DROPPED or (attributes and self._styled(attributes))):
            self._hidden_at = len(self._open)
        elif tag in ("td", "th"):
            self._begin_cell()
        elif tag in _BLOCKS:
            self._begin_block(tag)
        elif tag == "br":
            self._end_line(1)
        elif tag == "img" and is_emoji(attributes.get("alt") or ""):
            self.data(attributes["alt"])

    def _hide(self, depth: int) -> None:
        """Write nothing more until the element at `depth` ends."""
        self._hidden_at = depth

    def _styled(self, attributes: Mapping[str, str]) -> bool:
        """Heed the style of an element that begins; whether it hides the element."""
        style = attributes.get("style")
        if not style or not any(word in style.lower() for word in _TELLING):
            return "hidden" in attributes
        if not self._pre_at and _PRE_LINES.search(style):
            self._pre_at = len(self._open)
        return "hidden" in attributes or _HIDDEN.search(style) is not None

    def _begin_block(self, tag: str) -> None:
        if tag == "tr":
            self._rows.append(None)
            self._cell_is_empty = False
        elif tag == "pre" and not self._pre_at:
            self._pre_at = len(self._open)
        self._due(2 if tag in _SPACED else 1)

    def _begin_cell(self) -> None:
        """A cell stands beside the one before it as long as the row is one line; else it begins a line."""
        if self._rows and self._rows[-1] is not None:
            beside = self._rows[-1] == self._line_number
            self._break, self._gap = (0, "\t") if beside else (max(self._break, 1), "")
        elif not self._rows and self._out and not self._break:
            self._gap = "\t"
        self._cell_is_empty = True

    def _due(self, breaks: int) -> None:
        if not self._cell_is_empty:
            if self._break < breaks:
                self._break = breaks
            self._gap = ""

    def _end_line(self, breaks: int) -> None:
        if self._break:
            self._out.append("\n" * self._break)
            self._line_number += self._break
        self._out.append("\n" * breaks)
        self._line_number += breaks
        self._break, self._gap = 0, ""

    def end(self, tag: str) -> None:
        if tag in VOID or tag not in self._open[-1:]:
            return
        depth = len(self._open)
        self._open.pop()
        if depth == self._pre_at:
            self._pre_at = 0
        if self._hidden_at:
            self._hidden_at = 0 if depth == self._hidden_at else self._hidden_at
        elif tag in _BLOCKS:
            if tag == "tr" and self._rows:
                self._rows.pop()
                self._cell_is_empty = False
            self._due(2 if tag in _SPACED else 1)

    def data(self, text: str) -> None:
        if self._hidden_at:
            return
        if self._pre_at:
            self._write(text)
            self._line_number += text.count("\n")
            return
        words = _BLANKS.sub(" ", text)
        if words == " " or words[:1] == " ":
            self._gap = self._gap or " "
        if words and words != " ":
            self._write(words.strip(" "))
            self._gap = " " if words[-1] == " " else ""

    def _write(self, text: str) -> None:
        if self._break:
            self._out.append("\n" * self._break)
            self._line_number += self._break
        elif self._gap and self._out and self._out[-1][-1:] != "\n":
            self._out.append(self._gap)
        self._break, self._gap = 0, ""
        self._cell_is_empty = False
        for row in range(len(self._rows) - 1, -1, -1):
            if self._rows[row] is not None:
                break
            self._rows[row] = self._line_number
        self._out.append(text)

    def close(self) -> str:
        """The text."""
        return _tidy("".join(self._out))


def _pixels(told: str) -> int | None:
    number = _PIXELS.match(told)
    return int(number[0]) if number else None


def _tidy(text: str) -> str:
    """Lines without trailing blanks, at most one empty line together, none made of invisible fillers only."""
    if not text.isascii():
        text = _FILLED.sub("", text).translate(_ZERO_SPACES)
    joined = _LINE_ENDS.sub("\n", text) if " \n" in text or "\t\n" in text else text
    return _MANY_LINES.sub("\n\n", joined).strip("\n").rstrip()


def is_emoji(text: str) -> bool:
    """Whether an image's alt is a sign drawn as a picture, not a word about it."""
    if not text or len(text) > 16 or text.isascii():
        return False
    return _KEYCAP in text or all(unicodedata.category(char) in {"So", "Mn", "Cf", "Sk", "Zs", "Cn"} for char in text)
