"""Label and value, in whatever layout a form's mail shows them.

A mail becomes a list of lines (`Line`), each of which may open a field; what is HTML is flattened to such lines first,
with its bold labels marked and its table cells paired. One layout, the one that names most known fields, is then taken
as the form's own; label-like lines of any other layout are what people wrote. The message is the last free text: it
keeps its paragraphs, and label-like lines in it, up to the footer or to the fields that follow it.

Everything is linear in the length of the mail.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bs4 import Tag

from interest_ingest.mail import Mail
from interest_ingest.mail.html import render
from interest_ingest.parsing.vocabulary import Role, is_footer_words, is_label, role_of

MAX_LINES: Final = 5_000
MAX_LABEL: Final = 80

EMAIL: Final = re.compile(r"[^\s<>()\[\]{},;:\"'|/\\@]{1,64}@[^\s<>()\[\]{},;:\"'|/\\@]{1,255}")
URL: Final = re.compile(r"https?://[^\s<>\"\]]{1,2000}", re.IGNORECASE)


class Answer(NamedTuple):
    """One field of a form: its label and value as written, and what the label means."""

    label: str
    value: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Labels:
    """What a form's mail says: `answers` in the order of the mail, and the text that belongs to no label.

    `message` is the labelled message, else the free text below the labels; `intro` is the free text above them.
    `links` are the addresses that the lines below the message show (the form's page, the site).
    """

    answers: tuple[Answer, ...] = ()
    message: str = ""
    intro: str = ""
    links: tuple[str, ...] = ()

    def value(self, *roles: Role) -> str:
        """The first value of the first of these roles that has one, else ""."""
        return next((value for role in roles for value in self.values(role)), "")

    def values(self, role: Role) -> list[str]:
        """All values of a role that are not empty."""
        return [answer.value for answer in self.answers if answer.role is role and answer.value]

    @property
    def roles(self) -> frozenset[Role]:
        """The roles for which the form has a field, filled in or not."""
        return frozenset(answer.role for answer in self.answers if answer.role is not None)

    @property
    def raw(self) -> dict[str, str]:
        """Label to value, the first of equal labels."""
        raw: dict[str, str] = {}
        for answer in self.answers:
            if answer.label and not raw.get(answer.label):
                raw[answer.label] = answer.value
        return raw

    @property
    def weight(self) -> int:
        """How much of a form this is: the number of known fields that are filled in."""
        return len({a.role for a in self.answers if a.role is not None and a.value}) + bool(self.message)


class Site(NamedTuple):
    """What tells the form's own lines from those of a person: the hosts and the names of the site."""

    hosts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def owns(self, url: str) -> bool:
        """Whether `url` lies on one of the site's hosts, or on a subdomain of it or a domain above it."""
        host = host_of(url)
        return any(host == own or host.endswith("." + own) or own.endswith("." + host) for own in self.hosts if host)


class _Layout(IntEnum):
    """How a label is set off from its value; the first of equally frequent ones is the form's."""

    CELL = 1  # two cells of a table
    FENCE = 2  # --- label ---
    BRACKET = 3  # 【label】 value
    BOLD = 4  # a label in bold letters
    MARKED = 5  # a bullet, a number or an emoji before `label: value`
    COLON = 6  # label: value
    BELOW = 7  # label: and the value on the next line
    DASH = 8  # label - value
    BARE = 9  # the label alone, nothing after it


_EXACT = frozenset((_Layout.CELL, _Layout.FENCE, _Layout.BRACKET, _Layout.BOLD, _Layout.MARKED))
"""Layouts that people do not write by hand: a field of such a form ends the message before it."""

BEHIND: Final = frozenset((Role.PAGE_URL, Role.IP, Role.DATE, Role.USER_AGENT, Role.REFERRER, Role.ID, Role.FORM))
"""What forms add by themselves, below the message."""


class _Field(NamedTuple):
    label: str
    value: str
    role: Role | None
    layout: _Layout


class Line(NamedTuple):
    """One line as a person sees it, the field that it opens, and the first link behind its words."""

    text: str
    field: _Field | None = None
    link: str = ""


def read_labels(source: Mail | str | Tag) -> Labels:
    """The label/value pairs of a mail, a text or a part of a page; without any, `Labels` with all its text as intro.

    Of a mail, the text and the page are both read, and the one that says more is taken.
    """
    if isinstance(source, str):
        return _read(_text_lines(source), Site())
    if isinstance(source, Tag):
        return _read(_page_lines(str(source)), Site())
    site = site_of(source)
    readings = [_read(_page_lines(source.html), site)] if source.html.strip() else []
    if source.text.strip():
        readings.append(_read(_text_lines(source.text), site))
    return max(readings, key=lambda labels: labels.weight, default=Labels())


def site_of(mail: Mail) -> Site:
    """The hosts and names of who sent the mail and who received it: the company's own, as a rule."""
    addresses = [a for a in (mail.sender, *mail.to) if a]
    hosts = {a.email.rpartition("@")[2].lower() for a in addresses}
    names = {a.name.strip() for a in addresses if len(a.name.strip()) > 3}
    return Site(frozenset(hosts - {""}), frozenset(names))


def host_of(url: str) -> str:
    """The host of a link in lower case, without `www.`; "" if it has none."""
    try:
        return (urlsplit(url.strip()).hostname or "").removeprefix("www.")
    except ValueError:  # an IPv6 address that is none
        return ""


def find_email(text: str) -> str:
    """The first mail address in `text`, else ""."""
    found = EMAIL.search(text)
    return found[0].strip(".") if found and "." in found[0].rpartition("@")[2] else ""


def find_url(text: str) -> str:
    """The first web address in `text` without the punctuation that ends the sentence, else ""."""
    found = URL.search(text)
    if not found:
        return ""
    url = found[0].rstrip(".,;:!?»”'")
    return url if "(" in url else url.rstrip(")")


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BARE_MARKUP = re.compile(r"&(?!#?\w{1,32};)|<")
_SLASHED = re.compile(r"\\(['\"])")


def resolve(text: str) -> str:
    r"""`text` without the escapes that web software leaves in plain mails: `&amp;`, `&#039;`, `\'`.

    A bare ampersand or angle bracket shows that it was not escaped, so that what looks so was written that way.
    """
    text = _SLASHED.sub(r"\1", text)
    return text if _BARE_MARKUP.search(text) else _ENTITY.sub(lambda found: html.unescape(found[0]), text)


# --- from text to lines ------------------------------------------------------------------------------------------

_ON, _OFF = "\ue000", "\ue001"
"""Marks around bold letters in a flattened page (private use: they cannot be in a cleaned text)."""

_INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad\ue000-\ue007]")
_FENCE = re.compile(r"\s*[-=*#~_]{2,12}\s*([^\s\-=*#~_][^\n]{0,70}?)\s*[:：]?\s*[-=*#~_]{2,12}\s*$")
_BRACKET = re.compile(r"\s*([【〔［\[<＜「《〈])([^】〕］\]>＞」》〉\n]{1,60})[】〕］\]>＞」》〉]\s*[:：]?\s*(.*)$")
_BOLD = re.compile(rf"[^\w{_ON}]*{_ON}([^{_OFF}]{{1,120}}){_OFF}\s*[:：]?(.*)$")
_NUMBER = re.compile(r"\d{1,2}[.)]\s+")
_COLON = re.compile(r"([^:：\n]{1,80}?)\s*[:：]{1,2}(?!//)\s*(.*)$")
_DASH = re.compile(r"([^\t|=\n]{1,60}?)(?:\s+(?:-|–|—|=>|=|\||->|→)\s+|\t+)(.*)$")
_SENTENCE = re.compile(r"[.!?;؟。]\s")
_RULER = re.compile(r"\s*([-=_*~─━—–•·.#]\s?){3,}$|\s*[─━—–]{2,}\s*$")
_MARKS = frozenset("*•·●○■□◆◇▪▫▼▶►▷➤✔✓☑✅※‣»|~#-–—")


def _text_lines(text: str) -> list[Line]:
    return [_line(one) for one in text.replace("\xa0", " ").splitlines()[:MAX_LINES]]


def _line(text: str, link: str = "") -> Line:
    return Line(_INVISIBLE.sub("", text).rstrip(), _field(text), link)


def _field(line: str) -> _Field | None:
    """The field that `line` opens, if it looks like one; quoted lines and rulers open none."""
    if _ON in line and (bold := _bold(line)):
        return bold
    line = _INVISIBLE.sub("", line).strip()
    if not line or line[0] == ">" or _RULER.match(line):
        return None
    return _fence(line) or _bracket(line) or _plain(line)


def _bold(line: str) -> _Field | None:
    found = _BOLD.match(line)
    if not found:
        return None
    label, value = found[1].strip(), _INVISIBLE.sub("", found[2]).strip()
    return _Field(_tidy(label), value, role_of(label), _Layout.BOLD) if _may_be_label(label) else None


def _fence(line: str) -> _Field | None:
    found = _FENCE.match(line)
    return _Field(_tidy(found[1]), "", role_of(found[1]), _Layout.FENCE) if found and _may_be_label(found[1]) else None


def _bracket(line: str) -> _Field | None:
    found = _BRACKET.match(line)
    if not found:
        return None
    mark, label, value = found[1], found[2], found[3]
    role = role_of(label)
    known = mark == "【" or is_label(label)
    return _Field(_tidy(label), value, role, _Layout.BRACKET) if known and _may_be_label(label) else None


def _plain(line: str) -> _Field | None:
    bare = _undecorated(line)
    found = _COLON.match(bare)
    if found and not found[2] and (whole := _label_before(found[1])):
        return whole
    if found and (_may_be_label(found[1])):
        marked = bare != line
        value = found[2].lstrip("*_ ") if line[0] in "*_" else found[2]
        layout = _Layout.MARKED if marked else _Layout.COLON if value else _Layout.BELOW
        return _Field(_tidy(found[1]), value.strip(), role_of(found[1]), layout)
    found = _DASH.match(bare)
    if found and is_label(found[1]):
        return _Field(_tidy(found[1]), found[2].strip(), role_of(found[1]), _Layout.DASH)
    if is_label(bare):
        return _Field(_tidy(bare), "", role_of(bare), _Layout.BARE)
    return None


def _label_before(phrase: str) -> _Field | None:
    """`किसकी ओर से NAME MAIL:` of Contact Form 7 in Hindi: the label comes first and the colon after the value."""
    words = phrase.split()
    if not EMAIL.search(phrase):
        return None
    for size in range(min(len(words) - 1, 4), 0, -1):
        label = " ".join(words[:size])
        if is_label(label):
            return _Field(label, " ".join(words[size:]), role_of(label), _Layout.COLON)
    return None


def _undecorated(line: str) -> str:
    """`line` without the bullets, emoji or number before its first word."""
    start = 0
    while start < min(len(line), 8) and (line[start] in _MARKS or _is_picture(line[start]) or line[start] == " "):
        start += 1
    number = _NUMBER.match(line, start)
    return line[number.end() if number else start :]


def _is_picture(letter: str) -> bool:
    return letter in "\ufe0f\u200d\u20e3" or unicodedata.category(letter) in ("So", "Sk")


def _tidy(label: str) -> str:
    return _INVISIBLE.sub("", label).strip().strip("*_:： ").strip()


def _may_be_label(label: str) -> bool:
    """Whether `label` may name a field: a known one, or a few words that are neither sentence, time nor address."""
    label = label.strip()
    if not any(letter.isalpha() for letter in label) or label.lower() in ("http", "https", "mailto"):
        return False
    if is_label(label):
        return True
    return len(label) <= MAX_LABEL and len(label.split()) <= 10 and not _SENTENCE.search(label) and "@" not in label


# --- from a page to lines ----------------------------------------------------------------------------------------

_TAG = re.compile(r"<(/?)(b|strong|dt|h[1-6]|th|td|tr|a)(?=[\s>/])([^<>]{0,4000})>", re.IGNORECASE)
_HREF = re.compile(r"href\s*=\s*[\"']?\s*(https?://[^\"'\s>]*)", re.IGNORECASE)
_HEAVY = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_CELL, _END, _ROW, _HEAD, _LINK, _LINK_END = "\ue002", "\ue003", "\ue004", "\ue005", "\ue006", "\ue007"
_TARGET = re.compile(f"{_LINK}([^{_LINK_END}]*){_LINK_END}")
_EDGES = re.compile(f"([{_CELL}{_END}{_ROW}])")
_MARKERS = re.compile("[\ue000-\ue007]")


class _Cell(NamedTuple):
    """The text of one table cell, and whether all of it is set off as a heading."""

    lines: list[Line]
    strong: bool

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines).strip()

    @property
    def link(self) -> str:
        return next((line.link for line in self.lines if line.link), "")

    @property
    def is_name(self) -> bool:
        """Whether the cell may hold a label: one short line."""
        return bool(self.text) and "\n" not in self.text and _may_be_label(self.text)


def _page_lines(page: str) -> list[Line]:
    """The lines of a page, row by row where it has tables: two cells are one field, so are a bold row and the next."""
    lines: list[Line] = []
    pending: _Cell | None = None
    for row in _rows(render(_marked(page))):
        cells = [cell for cell in row if cell.text]
        if not cells:
            continue
        heading = len(cells) == 1 and cells[0].strong and cells[0].is_name
        if pending:
            value = cells[0] if len(cells) == 1 and not heading else None
            lines.append(_pair(pending, value) if value or role_of(pending.text) else pending.lines[0])
            pending = None
            if value:
                continue
        if heading and len(row) == 1:
            pending = cells[0]
        elif len(row) > 1 and len(cells) <= 2 and row[-1] is not cells[0] and cells[0].is_name:
            lines.append(_pair(cells[0], cells[1] if len(cells) == 2 else None))
        else:
            lines.extend(line for cell in cells for line in (*cell.lines, Line("")))
    return [*lines, *(pending.lines if pending else ())][:MAX_LINES]


def _pair(name: _Cell, value: _Cell | None) -> Line:
    label, text = _tidy(name.text), value.text if value else ""
    return Line(f"{label}: {text}", _Field(label, text, role_of(label), _Layout.CELL), value.link if value else "")


def _marked(page: str) -> str:
    """`page` with private-use characters where bold letters, cells and rows begin and end, and before each link."""
    in_new_row = False

    def mark(found: re.Match[str]) -> str:
        nonlocal in_new_row
        tag, closing, name = found[0], bool(found[1]), found[2].lower()
        if name == "tr":
            in_new_row = not closing
            return tag
        if name == "a":
            target = None if closing else _HREF.search(found[3])
            return f"{tag}{_LINK}{target[1]}{_LINK_END}" if target else tag
        if name not in ("td", "th"):
            return _OFF + tag if closing else tag + _ON
        if closing:
            return _END + tag
        row, in_new_row = _ROW * in_new_row, False
        return tag + row + _CELL + _HEAD * (name == "th" or bool(_HEAVY.search(found[3])))

    return _TAG.sub(mark, page)


def _rows(marked: str) -> Iterator[list[_Cell]]:
    """The innermost cells, row by row; what lies outside of them comes as a row of one cell."""
    row: list[_Cell] = []
    parts = _EDGES.split(marked)
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        if part == _ROW:
            yield row
            row = []
        elif before == _CELL and after == _END:
            row.append(_cell(part))
        elif part not in (_CELL, _END) and _says_anything(part):
            yield row
            yield [_cell(part)._replace(strong=False)]
            row = []
    yield row


def _says_anything(marked: str) -> bool:
    return bool(_MARKERS.sub("", marked).strip())


def _cell(marked: str) -> _Cell:
    marked = marked.strip("\n\t ")
    plain = _TARGET.sub("", marked)
    outside = re.sub(f"{_ON}[^{_OFF}]*{_OFF}", "", plain)
    strong = plain.startswith(_HEAD) or not any(letter.isalnum() for letter in outside)
    return _Cell([_marked_line(line) for line in marked.split("\n")], strong)


def _marked_line(line: str) -> Line:
    link = _TARGET.search(line)
    return _line(_TARGET.sub("", line).replace("\t", " "), link[1] if link else "")


# --- from lines to a form ----------------------------------------------------------------------------------------


def _read(lines: list[Line], site: Site) -> Labels:
    """The form that `lines` show: its layout, its head of fields, its message, and what follows."""
    layout = _layout(lines)
    start = _start(lines, layout)
    if start is None:
        return Labels(intro=_text(lines))
    lines = _without_repeat(lines, start)
    return _Reader(lines, layout, site).read(start)


def _layout(lines: Sequence[Line]) -> _Layout:
    """The layout of the form: the first one, if people do not write it by hand, else the one with most known fields."""
    kinds: dict[_Layout, set[Role]] = {}
    for line in lines:
        if line.field and line.field.role and line.field.role not in BEHIND:
            kinds.setdefault(line.field.layout, set()).add(line.field.role)
    first = next(iter(kinds), _Layout.COLON)
    if first in _EXACT and len(kinds[first]) > 1:
        return first
    return max(sorted(kinds), key=lambda layout: len(kinds[layout]), default=_Layout.COLON)


def _start(lines: Sequence[Line], layout: _Layout) -> int | None:
    """Where the form begins: the first known field, with the fields directly above it."""
    fields = [(n, line.field) for n, line in enumerate(lines) if line.field and line.field.role]
    known = (n for n, field in fields if _fits(field, layout) and not _is_heading(lines, n))
    start = next(known, None)
    while start and (above := lines[start - 1].field) and above.layout is layout and above.value:
        start -= 1
    return start


def _is_heading(lines: Sequence[Line], at: int) -> bool:
    """`Request details:` above the fields is no message, though a word for it: a field and a message come below."""
    field = lines[at].field
    if field is None or field.role is not Role.MESSAGE or field.layout is not _Layout.BELOW:
        return False
    below = [line.field for line in lines[at + 1 : at + 60] if line.text.strip()]
    first = below[0] if below else None
    return bool(first and first.role and first.value) and any(f and f.role is Role.MESSAGE for f in below)


def _fits(field: _Field, layout: _Layout) -> bool:
    """Whether `field` is written in the form's layout; an empty `label:` belongs to a form of `label: value` lines."""
    return field.layout is layout or {field.layout, layout} == {_Layout.COLON, _Layout.BELOW}


def _without_repeat(lines: list[Line], start: int) -> list[Line]:
    """`lines` up to where the form's first two lines come again: a hidden copy of the form, or a quoted one."""
    head = [line.text for line in lines[start:] if line.text.strip()][:2]
    if len(head) < 2:
        return lines
    for number in range(start + 2, len(lines) - 1):
        if lines[number].text == head[0]:
            below = [line.text for line in lines[number : number + 3] if line.text.strip()][:2]
            if below == head:
                return lines[:number]
    return lines


class _Reader:
    """Reads one form from its lines, once from top to bottom."""

    def __init__(self, lines: list[Line], layout: _Layout, site: Site) -> None:
        self._lines = lines
        self._layout = layout
        self._site = site
        self._answers: list[Answer] = []
        self._message = ""
        self._links: list[str] = []
        self._body: int | None = None

    def _find_message(self, start: int) -> int | None:
        """The line that opens the message: in the form's layout or one that people do not write, else in any."""
        fields = [(n, line.field) for n, line in enumerate(self._lines) if line.field]
        messages = [(n, field) for n, field in fields if field.role is Role.MESSAGE]
        below = [(n, field) for n, field in messages if n >= start]
        fitting = (n for n, field in below if _fits(field, self._layout) or field.layout in _EXACT)
        return next(fitting, (below or messages)[0][0] if messages else None)

    def read(self, start: int) -> Labels:
        intro = self._lines[:start]
        self._body = self._find_message(start)
        if self._body is not None and self._body < start:  # the message stands above the form's other fields
            start = self._body
        at = start
        while at < len(self._lines):
            at = self._step(at)
        message = self._message or ("" if self._body is not None else _spoken(intro))
        return Labels(tuple(self._answers), resolve(message), resolve(_text(intro)), tuple(self._links))

    def _step(self, at: int) -> int:
        """Read what begins at line `at`; the number of the line behind it."""
        line = self._lines[at]
        field = line.field if line.field and (_fits(line.field, self._layout) or at == self._body) else None
        if at == self._body and field:
            return self._read_message(at, field)
        if field:
            return self._read_answer(at, field, line.link)
        if not line.text.strip() or _RULER.match(line.text):
            return at + 1
        if self._body is None and not self._message and not self._is_behind(line):
            return self._read_message(at, None)
        return self._read_other(at, line)

    def _read_answer(self, at: int, field: _Field, link: str) -> int:
        value, after = field.value, at + 1
        if not value and field.layout is not _Layout.CELL:
            value, after = self._value_below(at, field)
        if field.role in (Role.PAGE_URL, Role.WEBSITE, Role.REFERRER) and link and not find_url(value):
            value = f"{value} {link}".strip()
        self._answers.append(Answer(field.label, resolve(value.strip()), field.role))
        return after

    def _value_below(self, at: int, field: _Field) -> tuple[str, int]:
        """The value of a label that stands alone: the lines below it, if they look like its value."""
        below = at + 1
        while below < len(self._lines) and below - at <= 3 and not self._lines[below].text.strip():
            below += 1
        if below == len(self._lines) or self._opens(below):
            return "", at + 1
        text = self._lines[below].text.strip()
        if self._layout is _Layout.COLON and not _looks_like(field.role, text):
            return "", at + 1
        end = below
        while end < len(self._lines) and self._lines[end].text.strip() and not self._opens(end):
            end += 1
        return "\n".join(line.text.strip() for line in self._lines[below:end]), end

    def _opens(self, at: int) -> bool:
        """Whether line `at` opens a field of this form."""
        field = self._lines[at].field
        if field is None:
            return False
        if self._layout is _Layout.BELOW and field.layout is _Layout.COLON:
            return field.role is not None  # a value with a colon in it, unless it names a field
        return at == self._body or _fits(field, self._layout)

    def _read_message(self, at: int, field: _Field | None) -> int:
        """The message from line `at`, with its label or without; the number of the line behind it."""
        first = field.value if field else ""
        begin = at + 1 if field else at
        if field and field.layout is _Layout.CELL:
            self._message = resolve(first)
            self._answers.append(Answer(field.label, self._message, Role.MESSAGE))
            return begin
        end = self._message_limit(begin)
        end = _Tail(self._lines, begin, end, self._layout, self._site, self._roles(), bool(first)).begin()
        text = "\n".join([first, *(line.text for line in self._lines[begin:end])])
        self._message = resolve(_without_rulers(text))
        if field:
            self._answers.append(Answer(field.label, self._message, Role.MESSAGE))
        self._body = at
        return max(end, at + 1)

    def _message_limit(self, begin: int) -> int:
        """Where the next field begins, in a layout that people do not write by hand; else the end."""
        if self._layout not in _EXACT:
            return len(self._lines)
        fields = (n for n in range(begin, len(self._lines)) if (f := self._lines[n].field) and f.layout is self._layout)
        return next(fields, len(self._lines))

    def _roles(self) -> frozenset[Role]:
        return frozenset(answer.role for answer in self._answers if answer.role)

    def _is_behind(self, line: Line) -> bool:
        """Whether this line is one that the form's software adds."""
        return bool(line.field and line.field.role in BEHIND) or _is_footer(line, self._site)

    def _read_other(self, at: int, line: Line) -> int:
        """A line outside of the fields: more of the value above it, a field that software added, or the footer."""
        if line.field and line.field.role in BEHIND:
            return self._read_answer(at, line.field, line.link)
        if url := find_url(line.text) or line.link:
            self._links.append(url)
        attached = at > 0 and self._lines[at - 1].text.strip() and self._answers and self._body and at < self._body
        if attached and not _RULER.match(self._lines[at - 1].text):
            last = self._answers[-1]
            self._answers[-1] = last._replace(value=f"{last.value}\n{line.text.strip()}".strip())
        return at + 1


def _looks_like(role: Role | None, text: str) -> bool:
    """Whether `text`, alone on its line, is what a field of this role holds."""
    if role is Role.EMAIL:
        return bool(find_email(text))
    if role is Role.PHONE:
        return sum(letter.isdigit() for letter in text) >= 5 and len(text) < 40
    if role in (Role.PAGE_URL, Role.WEBSITE, Role.REFERRER):
        return bool(URL.match(text))
    return False


def split_footer(text: str, site: Site) -> tuple[str, tuple[str, ...]]:
    """A text without labels as (what the person wrote, the links of the footer that the site added)."""
    lines = _text_lines(text)
    own = frozenset(Role) - BEHIND
    end = _Tail(lines, 0, len(lines), _Layout.COLON, site, own, inline=False).begin()
    links = tuple(url for line in lines[end:] if (url := find_url(line.text)))
    return resolve(_without_rulers(_text(lines[:end]))), links


# --- where the message ends --------------------------------------------------------------------------------------


class _Tail:
    """Finds the end of the message among the lines `begin` to `end`: before the fields and footer that follow it.

    Read backwards: the footer below the last `--`, rulers, lines that say who sent this, and fields that the form has
    not shown yet. People write label-like lines too, so fields that touch the message are taken for its last lines,
    unless they are what software adds, or the message is one line in a form of `label: value` lines.
    """

    def __init__(
        self, lines: list[Line], begin: int, end: int, layout: _Layout, site: Site, seen: frozenset[Role], inline: bool
    ) -> None:
        self._lines, self._begin, self._end = lines, begin, end
        self._layout, self._site, self._seen, self._inline = layout, site, seen, inline

    def begin(self) -> int:
        """The number of the first line behind the message."""
        self._end = self._above_page_label()
        at = self._below_signature_mark()
        while at > self._begin and (size := self._trailing(at)):
            at -= size
        return self._first_group(at)

    def _above_page_label(self) -> int:
        """The first line that is only a label for the form's page, with the link below it; else the end."""
        for at in range(self._begin, self._end - 1):
            field = self._lines[at].field
            alone = field and field.layout is _Layout.BELOW and field.role in (Role.PAGE_URL, Role.REFERRER)
            if alone and URL.fullmatch(self._lines[at + 1].text.strip()):
                return at
        return self._end

    def _below_signature_mark(self) -> int:
        """The last `--`, if the form's footer is below it and not the signature of a person."""
        marks = (
            n for n in range(self._end - 1, self._begin - 1, -1) if self._lines[n].text.strip() in ("--", "—", "---")
        )
        mark = next(marks, None)
        if mark is None or self._end - mark > 25:
            return self._end
        below = [line for line in self._lines[mark + 1 : self._end] if line.text.strip()]
        return mark if not below or any(self._is_added(line) for line in below) else self._end

    def _is_added(self, line: Line) -> bool:
        return _is_footer(line, self._site) or bool(line.field and line.field.role in BEHIND)

    def _trailing(self, end: int) -> int:
        """How many lines before `end` belong to the tail: 0, 1, or 2 for a label with its value below."""
        line = self._lines[end - 1]
        text = line.text.strip()
        if not text or _RULER.match(text) or _is_footer(line, self._site):
            return 1
        if line.field and self._may_follow(line.field):
            return 1
        above = self._lines[end - 2].field if end - 2 >= self._begin else None
        alone = above is not None and not above.value and self._may_follow(above)
        return 2 if alone and (URL.fullmatch(text) or text == "-") else 0

    def _may_follow(self, field: _Field) -> bool:
        if field.role in BEHIND:
            return True
        if not _fits(field, self._layout) and field.layout is not _Layout.COLON:
            return False
        return field.role is not Role.MESSAGE and field.role not in self._seen

    def _first_group(self, at: int) -> int:
        """Skip the groups (lines without an empty one between) that are rather the end of the message."""
        while at < self._end:
            text = self._lines[at].text.strip()
            if not text or _RULER.match(text) or _is_footer(self._lines[at], self._site):
                if self._is_footer_alone(at):
                    at += 1
                    continue
                return at if text or not self._rest_is_message(at) else self._next_text(at)
            stop = at
            while stop < self._end and self._lines[stop].text.strip() and not _RULER.match(self._lines[stop].text):
                stop += 1
            if self._group_is_fields(at, stop):
                return at
            at = stop
        return at

    def _is_footer_alone(self, at: int) -> bool:
        """A message that consists of nothing but a footer-like line is a message."""
        return at == self._begin and not self._inline and bool(self._lines[at].text.strip()) and at + 1 == self._end

    def _rest_is_message(self, at: int) -> bool:
        after = self._next_text(at)
        if after >= self._end or _RULER.match(self._lines[after].text) or _is_footer(self._lines[after], self._site):
            return False
        stop = after
        while stop < self._end and self._lines[stop].text.strip():
            stop += 1
        return not self._group_is_fields(after, stop)

    def _next_text(self, at: int) -> int:
        while at < self._end and not self._lines[at].text.strip():
            at += 1
        return at

    def _group_is_fields(self, at: int, stop: int) -> bool:
        roles = [line.field.role for line in self._lines[at:stop] if line.field]
        known = [role for role in roles if role]
        if not known:
            return False
        touches = (at > self._begin and bool(self._lines[at - 1].text.strip())) or (at == self._begin and self._inline)
        if not touches or known[0] in BEHIND:
            return True
        return self._inline and (at <= self._begin or len(known) > 1)


def _is_footer(line: Line, site: Site) -> bool:
    """Whether this line says where the mail comes from: `This e-mail was sent from a contact form on …`."""
    text = line.text.strip()
    if not text or len(text) > 300:
        return False
    url = find_url(text) or line.link
    if url and site.owns(url):
        return True
    return is_footer_words(text) or (is_footer_words(text, weak=True) and any(name in text for name in site.names))


def _text(lines: Iterable[Line]) -> str:
    return "\n".join(line.text for line in lines).strip()


def _without_rulers(text: str) -> str:
    """`text` without the rulers and empty labels around it."""
    lines = text.strip().split("\n")
    while lines and (not lines[-1].strip() or _RULER.match(lines[-1]) or _is_empty_label(lines[-1])):
        lines.pop()
    while lines and (not lines[0].strip() or _RULER.match(lines[0])):
        lines.pop(0)
    return "\n".join(lines).strip()


def _is_empty_label(line: str) -> bool:
    field = _field(line)
    return field is not None and field.layout is _Layout.BELOW


def _spoken(intro: Sequence[Line]) -> str:
    """The message of a mail that shows it above the fields, without a label: all but the sentence that announces it."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", _text(intro)) if part.strip()]
    return "\n\n".join(part for part in paragraphs[1:] if not _RULER.match(part))
