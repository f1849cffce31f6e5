"""From a page to lines: bold labels are marked, the cells of a table paired."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from interest_ingest.mail.html import Page, Painter
from interest_ingest.parsing.lines import (
    BLOCK,
    BOLD_OFF,
    BOLD_ON,
    MAX_LINES,
    Field,
    Layout,
    Line,
    Style,
    as_block,
    line_of,
    may_be_label,
    role_beside,
    tidy,
)
from interest_ingest.parsing.vocabulary import fold, role_of

_CELLS = frozenset(("td", "th"))
_STRONG = frozenset(("b", "strong", "dt", "h1", "h2", "h3", "h4", "h5", "h6"))
_HTTP = re.compile(r"\s*(https?://[^\"'\s>]*)", re.IGNORECASE)
_HEAVY = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_CELL, _END, _ROW, _HEAD, _LINK, _LINK_END = "\ue002", "\ue003", "\ue004", "\ue005", "\ue006", "\ue007"
_BLOCK = "\ue008"
_BLOCKS = frozenset(("p", "div", "li", "h5", "h6"))
_NAMES = re.compile(r"(?i)(?:^|[\s_-])label")
"""The class of an element that holds the name of a field."""
_TARGET = re.compile(f"{_LINK}([^{_LINK}{_LINK_END}]*){_LINK_END}")
_BOLD = re.compile(f"{BOLD_ON}[^{BOLD_ON}{BOLD_OFF}]*{BOLD_OFF}")
_POINTS = " :：-–—=|>»\n"
"""All that a cell between label and value may hold."""
_HEADINGS = frozenset(
    fold(word)
    for words in (
        "field|value|question|answer|response|name|label|entry|поле|значение|вопрос|ответ|питання|відповідь|feld|wert",
        "frage|antwort|champ|valeur|question|réponse|campo|valor|pregunta|respuesta|valore|domanda|risposta|pergunta",
        "resposta|pole|wartość|pytanie|odpowiedź|alan|değer|soru|cevap|yanıt|فیلد|مقدار|الحقل|القيمة|項目|内容|字段|항목|내용",
    )
    for word in words.split("|")
)
"""Both cells of a table's first row: `Question` and `Answer`."""
_EDGES = re.compile(f"([{_CELL}{_END}{_ROW}])")
_MARKERS = re.compile("[\ue000-\ue008]")


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
    def opens_field(self) -> bool:
        """Whether a bold label stands in it with its value below."""
        field = self.lines[0].field if len(self.lines) > 1 else None
        return field is not None and field.layout is Layout.BOLD

    @property
    def is_name(self) -> bool:
        """Whether the cell may hold a label: one short line."""
        return bool(self.text) and "\n" not in self.text and may_be_label(self.text)


_SPACER = _Cell([], strong=False)


def page_lines(page: Page) -> list[Line]:
    """The lines of a page, row by row where it has tables: two cells are one field, so are a bold row and the next."""
    lines: list[Line] = []
    pending: _Cell | None = None
    for row in _rows(page.painted(_Marker())):
        cells = [cell for cell in row if cell.text.strip(_POINTS)]
        if not cells:
            continue
        heading = len(cells) == 1 and cells[0].strong and cells[0].is_name
        if pending:
            value = cells[0] if len(cells) == 1 and not heading and not cells[0].opens_field else None
            lines.append(_pair(pending, value) if value or role_of(pending.text) else pending.lines[0])
            pending = None
            if value:
                continue
        if heading and len(row) == 1:
            pending = cells[0]
        elif len(cells) == 2 and fold(cells[1].text) in _HEADINGS and fold(cells[0].text) in _HEADINGS:
            continue
        elif len(row) > 1 and len(cells) <= 2 and row[-1] is not cells[0] and cells[0].is_name:
            lines.append(_pair(cells[0], cells[1] if len(cells) == 2 else None))
        else:
            lines.extend(line for cell in cells for line in (*cell.lines, Line("")))
    return _one_way([*lines, *(pending.lines if pending else ())][:MAX_LINES])


def _one_way(lines: list[Line]) -> list[Line]:
    """`lines`, the fields of which are told by the blocks that they begin, or, if <br> parts them, by their colons."""
    known = [line.field for line in lines if line.field and line.field.role and line.field.layout is Layout.COLON]
    blocks = sum(field.style == BLOCK for field in known)
    if not blocks or blocks * 2 > len(known):
        return lines
    plain = Style(Layout.COLON)
    told = ((line, line.field) for line in lines)
    return [line._replace(field=f._replace(style=plain)) if f and f.style == BLOCK else line for line, f in told]


def _pair(name: _Cell, value: _Cell | None) -> Line:
    label, text = tidy(name.text), value.text if value else ""
    field = Field(label, text, role_beside(label, text), Style(Layout.CELL))
    return Line(f"{label}: {text}", field, value.link if value else "")


class _Marker(Painter):
    """Writes private-use characters where bold letters, cells and rows begin and end, and before each link's words."""

    def __init__(self) -> None:
        super().__init__()
        self._in_new_row = False
        self._in_block = False
        self._names: list[int] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        super().start(tag, attributes)
        if tag == "tr":
            self._in_new_row = True
        elif tag in _CELLS:
            row, self._in_new_row = _ROW * self._in_new_row, False
            heavy = tag == "th" or _HEAVY.search(attributes.get("style") or "")
            self.data(row + _CELL + (_HEAD if heavy else ""))
        elif tag in _STRONG:
            self.data(BOLD_ON)
        elif _NAMES.search(attributes.get("class") or ""):
            self.data(BOLD_ON)
            self._names.append(len(self._open))
        elif tag in _BLOCKS:
            self._in_block = True
        elif tag == "a" and (target := _HTTP.match(attributes.get("href") or "")):
            self.data(f"{_LINK}{target[1]}{_LINK_END}")

    def data(self, text: str) -> None:
        if self._in_block and not text.isspace():
            self._in_block = False
            text = _BLOCK + text.lstrip()
        super().data(text)

    def end(self, tag: str) -> None:
        if self._names and self._names[-1] == len(self._open) and tag in self._open[-1:]:
            self._names.pop()
            super().data(BOLD_OFF)
        elif tag in _CELLS:
            self.data(_END)
        elif tag in _STRONG:
            self.data(BOLD_OFF)
        elif tag == "tr":
            self._in_new_row = False
        super().end(tag)


def _rows(marked: str) -> Iterator[list[_Cell]]:
    """The innermost cells, row by row; what lies outside of them comes as a row of one cell."""
    row: list[_Cell] = []
    parts = _EDGES.split(marked)
    for before, part, after in zip(["", *parts], parts, [*parts[1:], ""], strict=False):
        if part == _ROW:
            yield row
            row = []
        elif before == _CELL and after == _END:
            row.append(_cell(part) if _says_anything(part) else _SPACER)
        elif part not in (_CELL, _END) and _says_anything(part):
            yield row
            yield [_cell(part)._replace(strong=False)]
            row = []
    yield row


def _says_anything(marked: str) -> bool:
    return bool(marked) and not marked.isspace() and bool(_MARKERS.sub("", marked).strip())


def _cell(marked: str) -> _Cell:
    marked = marked.strip("\n\t ")
    plain = _TARGET.sub("", marked)
    outside = _BOLD.sub("", plain)
    strong = plain.startswith(_HEAD) or not any(letter.isalnum() for letter in outside)
    return _Cell([_marked_line(line) for line in marked.split("\n")], strong)


def _marked_line(line: str) -> Line:
    begins = _BLOCK in line
    line = line.replace(_BLOCK, "") if begins else line
    link = _TARGET.search(line) if _LINK in line else None
    plain = (_TARGET.sub("", line) if link else line).replace("\t", " ")
    told = line_of(plain, link[1] if link else "")
    return told._replace(field=as_block(told.field)) if begins and told.field else told
