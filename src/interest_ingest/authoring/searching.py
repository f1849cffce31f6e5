"""Where a value of a card stands in its mail, found afterwards by looking for it: no parser has to tell.

A place that is found is no proof that the parser read it there: a name may stand in the subject and in the text. A
value that stands nowhere is said to stand nowhere.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from html import unescape
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from soupsieve import SelectorSyntaxError

from interest_ingest.mail import Mail
from interest_ingest.parsing.links import safe_url, unwrap

if TYPE_CHECKING:
    from bs4.element import NavigableString, Tag

MAX_PLACES: Final = 6
"""Of one value; the most telling come first."""

MAX_STRINGS: Final = 5_000
"""Pieces of text of a page that are looked through."""

MAX_LINES: Final = 200
"""Lines of a text that are looked for one by one."""

MAX_SNIPPET: Final = 100

MAX_LABEL: Final = 60

_SHORT: Final = 3
"""A value of fewer characters is found only as a whole word."""

_DIGITS: Final = 7
"""Fewer digits are no telephone number: they stand in a mail by chance."""

_FIRST: Final = ("from", "reply-to", "subject")
_MACHINES: Final = (
    "received dkim-signature arc-seal arc-message-signature arc-authentication-results authentication-results "
    "x-google-dkim-signature domainkey-signature return-path delivered-to"
)
_LAST: Final = frozenset(_MACHINES.split())
_BLANKS: Final = " \t|-–—"
_LABEL_END: Final = re.compile(r"[:：=|\t]\s*$|\s[-–—]\s*$")


class Place(NamedTuple):
    """`where` in words for a person, and what stands there."""

    where: str
    snippet: str


class Text:
    """A text whose words can be looked for whatever the white space, the case and the form of its letters."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self.lines = text.split("\n")
        self._starts: list[int] = []
        self._line_of: list[int] = []
        words: list[str] = []
        place = 0
        for number, line in enumerate(self.lines):
            for word in line.split():
                folded = fold(word)
                words.append(folded)
                self._starts.append(place)
                self._line_of.append(number)
                place += len(folded) + 1
        self.folded = " ".join(words)

    def find(self, value: str) -> Place | None:
        """The first place of all of `value`, with its label if there is one."""
        wanted = fold(value)
        at = whole_word(self.folded, wanted)
        if at is None:
            return None
        first, last = self.line_at(at), self.line_at(at + len(wanted) - 1)
        label = self._label(at)
        lines = f"line {first + 1}" if first == last else f"lines {first + 1} to {last + 1}"
        where = f"{lines} of {self._name}" + (f", label {label!r}" if label else "")
        return Place(where, shortened(self.lines[first] if first == last else " ".join(self.lines[first : last + 1])))

    def line_at(self, position: int) -> int:
        """The line, from 0, of a position in `folded`."""
        return self._line_of[bisect_right(self._starts, position) - 1]

    def _label(self, at: int) -> str:
        """What stands before the value on its line, or alone on the line above, and ends like a label."""
        index = bisect_right(self._starts, at) - 1
        number = self._line_of[index]
        words = re.finditer(r"\S+", self.lines[number])
        word = next(islice(words, index - bisect_left(self._line_of, number), None))
        before = self.lines[number][: word.start() + at - self._starts[index]]
        if before.strip():
            is_label = len(before) < MAX_LABEL and before.count("\t") <= 1 and _LABEL_END.search(before)
            return before.strip(_BLANKS) if is_label else ""
        above = next((one.strip() for one in reversed(self.lines[max(0, number - 3) : number]) if one.strip()), "")
        return above if above.endswith((":", "：")) and len(above) < MAX_LABEL else ""


class Searched:
    """A mail made ready to be searched."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail

    @cached_property
    def text(self) -> Text:
        """What a person reads."""
        return Text(self.mail.visible_text, "the text")

    @cached_property
    def _others(self) -> list[Text]:
        shown = self.mail.visible_text
        told = {
            "the plain text part": self.mail.text,
            "the HTML as it is shown": self.mail.html_text,
            "the text, its entities decoded": unescape(shown) if "&" in shown else "",
        }
        return [Text(text, name) for name, text in told.items() if text.strip() and text != shown]

    def find(self, value: str) -> list[Place]:
        """Where all of `value` stands: header, text, other forms of the text, HTML, names of attachments."""
        if not fold(value):
            return []
        found = islice(self._find(value), MAX_PLACES)
        return list(dict.fromkeys(found))

    def _find(self, value: str) -> Iterator[Place]:
        yield from self.in_headers(value, _FIRST)
        place = self.text.find(value)
        if place:
            yield place
        yield from filter(None, (text.find(value) for text in self._others))
        yield from self.in_page(value)
        yield from self.in_headers(value, ())
        for one in self.mail.attachments:
            if whole_word(fold(one.name), fold(value)) is not None:
                yield Place("the name of an attachment", shortened(one.name))

    def in_headers(self, value: str, names: tuple[str, ...]) -> Iterator[Place]:
        """Header lines of these names, or all but those, that hold `value`."""
        wanted = fold(value)
        for name, content in self.mail.all_headers():
            key = name.lower()
            chosen = key in names if names else key not in (*_FIRST, *_LAST)
            if chosen and whole_word(fold(content), wanted) is not None:
                yield Place(f"header {name}", shortened(content))

    def in_page(self, value: str) -> Iterator[Place]:
        """The first piece of the HTML that holds `value`, with a CSS selector that finds its tag."""
        wanted = fold(value)
        for string, folded in self._strings:
            if whole_word(folded, wanted) is not None and string.parent is not None:
                yield Place(f"HTML {selector(string.parent)}", shortened(string))
                return

    @cached_property
    def _strings(self) -> list[tuple[NavigableString, str]]:
        if not self.mail.html:
            return []
        strings = islice(self.mail.soup.find_all(string=True), MAX_STRINGS)
        return [(one, folded) for one in strings if (folded := fold(one))]

    def pieces(self, value: str) -> tuple[list[Place], list[str]]:
        """The places of the lines of `value` one by one, and those lines that stand nowhere."""
        places: list[Place] = []
        lacking: list[str] = []
        for line in [one.strip() for one in value.split("\n") if one.strip()][:MAX_LINES]:
            found = next((place for text in (self.text, *self._others) if (place := text.find(line))), None)
            found = found or next(iter(self.find(line)), None)
            if found:
                places.append(found)
            else:
                lacking.append(line)
        return places, lacking

    def find_link(self, url: str) -> list[Place]:
        """Where a link or picture of the mail leads to `url`: as it stands, or out of its redirector."""
        return list(islice(dict.fromkeys(self._find_link(url)), MAX_PLACES))

    def _find_link(self, url: str) -> Iterator[Place]:
        words = {anchor.href: anchor.text for anchor in reversed(self.mail.anchors)}
        pictures = [one.src for one in self.mail.images]
        for told in self.mail.links:
            if how := _leads(told, url):
                said = f" “{shortened(words[told], 40)}”" if words.get(told) else ""
                yield Place(f"{'link' if told in words else 'address in the text'}{said}{how}", shortened(told, 200))
        yield from (Place(f"picture{how}", shortened(src, 200)) for src in pictures if (how := _leads(src, url)))
        yield from self.in_headers(url, _FIRST)
        yield from self.in_headers(url, ())

    def find_longer_link(self, url: str) -> list[Place]:
        """Links that lead to `url` but for a query or fragment that it has not."""
        longer = [
            one for one in self.mail.links if re.match(r"[?#&]|/[?#]|/\Z", unwrap(one).removeprefix(url.rstrip("/")))
        ]
        return [Place("link", shortened(one, 200)) for one in longer if unwrap(one).startswith(url.rstrip("/"))][:1]

    def ids_of(self, text: str) -> tuple[list[Place], list[str]]:
        """Where the ids within `text` stand (links first), and those that stand nowhere."""
        places: list[Place] = []
        lacking: list[str] = []
        for token in dict.fromkeys(re.findall(r"\w{1,200}", text)):
            if not re.search(r"\d", token):
                continue
            link = next((one for one in (*self.mail.links, *map(unwrap, self.mail.links)) if token in one), None)
            place = Place(f"{token} in a link", shortened(link, 200)) if link else next(iter(self.find(token)), None)
            if place:
                places.append(place)
            else:
                lacking.append(token)
        return places[:MAX_PLACES], lacking

    def find_digits(self, number: str) -> tuple[Place, bool] | None:
        """Where a telephone number stands in any grouping, and whether with all of its digits, its country's too."""
        wanted = digits(number)
        for whole, tail in ((True, wanted), *((False, wanted[n:]) for n in (1, 2, 3))):
            if len(tail) < (_DIGITS if not whole else 1):
                continue
            for where, line in self._lines():
                if tail in digits(line):
                    return Place(where, shortened(line)), whole
        return None

    def _lines(self) -> Iterator[tuple[str, str]]:
        yield from ((f"line {number} of the text", line) for number, line in enumerate(self.text.lines, 1))
        yield from ((f"header {name}", value) for name, value in self.mail.all_headers() if name.lower() not in _LAST)
        yield from (("link", link) for link in self.mail.links)


def fold(text: str) -> str:
    """`text` as it is compared: one space for all white space, no case, letters in one form."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def whole_word(text: str, wanted: str) -> int | None:
    """Where `wanted` stands in `text`, as whole words if it does so anywhere; None if nowhere. Both are folded."""
    first = at = text.find(wanted) if wanted else -1
    if first < 0:
        return None
    for _ in range(100):
        if not _joined(text, at, at + len(wanted)):
            return at
        at = text.find(wanted, at + 1)
        if at < 0:
            break
    return first if len(wanted) >= _SHORT else None


def _joined(text: str, start: int, end: int) -> bool:
    """Whether the word goes on at either side."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return (before.isalnum() and text[start].isalnum()) or (after.isalnum() and text[end - 1].isalnum())


def digits(text: str) -> str:
    """The digits of `text` in any script, as ASCII."""
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


def shortened(text: str, width: int = MAX_SNIPPET) -> str:
    """`text` on one line, cut to `width` characters."""
    line = " ".join(text[: 20 * width].split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _leads(told: str, url: str) -> str:
    """How the link `told` leads to `url`: "" if it does not, ":" if it is that very link."""
    if told == url:
        return " as it stands"
    target = unwrap(told)
    if target == url:
        return ", unwrapped"
    if safe_url(told, None, http_ok=True) == url:
        return ", unwrapped and tidied" if target != told else ", tidied"
    return ""


def selector(tag: Tag) -> str:
    """A short CSS selector by which `soup.select_one` finds `tag`; the path from the root where none is short.

    Of a tag whose name is none for CSS (`<anna@shop.example>`, read as HTML) there is only the name.
    """
    soup = next((one for one in (tag, *tag.parents) if one.name == "[document]"), tag)
    steps = [one for one in (tag, *islice(tag.parents, 300)) if one.name not in ("[document]", "html", "body")]
    path = " > ".join(_step(one) for one in reversed(steps)) or tag.name
    return next((one for one in (*_short_selectors(tag), path) if _finds(soup, one, tag)), f"<{tag.name}>")


def _finds(soup: Tag, selector: str, tag: Tag) -> bool:
    try:
        return soup.select_one(selector) is tag
    except (SelectorSyntaxError, NotImplementedError):
        return False


def _short_selectors(tag: Tag) -> Iterator[str]:
    """The likeliest first: by id, by class, by what marks it for machines, below a parent so marked."""
    own = [*_marks(tag), tag.name]
    yield from own
    for parent in islice(tag.parents, 3):
        yield from (f"{mark} > {own[0]}" if parent is tag.parent else f"{mark} {own[0]}" for mark in _marks(parent))


def _marks(tag: Tag) -> list[str]:
    name = tag.name
    marks = [
        f"{name}[{key}={_quoted(value)}]" for key in ("itemprop", "name") if isinstance(value := tag.get(key), str)
    ]
    if isinstance(own := tag.get("id"), str) and own:
        marks.insert(0, f"{name}[id={_quoted(own)}]" if not re.fullmatch(r"[A-Za-z][\w-]*", own) else f"{name}#{own}")
    classes = tag.get("class")
    plain = [one for one in (classes or ()) if re.fullmatch(r"[A-Za-z][\w-]*", one)]
    return marks + [f"{name}.{one}" for one in plain[:3]]


def _quoted(value: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", " ".join(value.split())) + '"'


def _step(tag: Tag) -> str:
    same = tag.parent.find_all(tag.name, recursive=False) if tag.parent is not None else [tag]
    place = next((n for n, one in enumerate(same, 1) if one is tag), 1)
    return tag.name if len(same) == 1 else f"{tag.name}:nth-of-type({place})"
