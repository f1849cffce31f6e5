"""Label and value, in whatever layout a form's mail shows them.

A mail becomes a list of lines (`lines`), each of which may open a field; what is HTML is flattened to such lines first
(`pages`). One layout, the one that names most known fields, is then taken as the form's own; label-like lines of any
other layout are what people wrote. The message is the last free text: it keeps its paragraphs, and label-like lines
in it, up to the footer or to the fields that follow it (`tail`).

Everything is linear in the length of the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from bs4 import Tag

from interest_ingest.mail import Mail
from interest_ingest.mail.html import read_page
from interest_ingest.parsing.lines import (
    BEHIND,
    Field,
    Layout,
    Line,
    Style,
    field_in,
    field_of,
    fits,
    is_exact,
    is_ruler,
    may_be_label,
    role_beside,
    text_lines,
    tidy,
)
from interest_ingest.parsing.pages import page_lines
from interest_ingest.parsing.tail import Site, Tail, is_footer, site_of
from interest_ingest.parsing.tokens import EMAIL, URL, find_email, find_url, resolve
from interest_ingest.parsing.vocabulary import Role, role_of, says_form, says_site

_SENTENCE_END = re.compile(r"[.!?…。！？؟।]\s*$")
_INITIAL = re.compile(r"^\S+(?: [^\W\d_]\.){1,2}$")
_UNSPACED_SCRIPT = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class Answer(NamedTuple):
    """One field of a form: its label and value as written, and what the label means."""

    label: str
    value: str
    role: Role | None


@dataclass(frozen=True, slots=True)
class Labels:
    """What a form's mail says: `answers` in the order of the mail, and the text that belongs to no label.

    `message` is the labelled message, else the free text below the labels; `intro` is the free text above them.
    `links` are the addresses that the lines below the message show (the form's page, the site). `by_hand`: people may
    write such lines, too.
    """

    answers: tuple[Answer, ...] = ()
    message: str = ""
    intro: str = ""
    links: tuple[str, ...] = ()
    by_hand: bool = True

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


def read_labels(source: Mail | str | Tag) -> Labels:
    """The label/value pairs of a mail, a text or a part of a page; without any, `Labels` with all its text as intro.

    Of a mail, the text and the page are both read, and the one that says more is taken.
    """
    if isinstance(source, str):
        return _read(text_lines(source), Site())
    if isinstance(source, Tag):
        return _read(page_lines(read_page(str(source))), Site())
    site = site_of(source)
    readings = [_read(page_lines(source.page), site)] if source.html.strip() else []
    if source.text.strip():
        readings.append(_read(text_lines(source.text), site))
    return max(readings, key=lambda labels: labels.weight, default=Labels())


def split_footer(text: str, site: Site) -> tuple[str, tuple[str, ...]]:
    """A text without labels as (what the person wrote, the links of the footer that the site added)."""
    lines = text_lines(text)
    own = frozenset(Role) - BEHIND
    end = Tail(lines, 0, len(lines), Style(Layout.COLON), site, own, inline=False).begin()
    links = tuple(url for line in lines[end:] if (url := find_url(line.text)))
    return resolve(_without_rulers(text_of(lines[:end]))), links


def _read(lines: list[Line], site: Site) -> Labels:
    """The form that `lines` show: its layout, its head of fields, its message, and what follows."""
    lines = _with_bare_labels(lines)
    style = _style(lines)
    lines = _settled(lines, style)
    start = _start(lines, style)
    if start is None:
        return Labels(intro=text_of(lines))
    lines = _without_repeat(lines, start)
    return _Reader(lines, style, site).read(start)


def _style(lines: Sequence[Line]) -> Style:
    """The style of the form: the first one, if people do not write it by hand, else the one with most known fields."""
    kinds: dict[Style, set[Role]] = {}
    for at, line in enumerate(lines):
        if line.field and line.field.role and line.field.role not in BEHIND and not _is_above_cells(lines, at):
            kinds.setdefault(line.field.style, set()).add(line.field.role)
    first = next(iter(kinds), Style(Layout.COLON))
    if is_exact(first) and len(kinds[first]) > 1:
        return first
    return max(sorted(kinds), key=lambda style: len(kinds[style]), default=Style(Layout.COLON))


def _is_above_cells(lines: Sequence[Line], at: int) -> bool:
    """Whether the bold words at `at` are the heading of a table: `Contact details`."""
    field, below = lines[at].field, at + 1
    if field is None or field.value or field.layout is not Layout.BOLD:
        return False
    while below < len(lines) and not lines[below].text.strip():
        below += 1
    after = lines[below].field if below < len(lines) else None
    return after is not None and after.layout is Layout.CELL


def _with_bare_labels(lines: list[Line]) -> list[Line]:
    """`lines` where paragraphs have words for a field above and the value below, if an address stands so alone."""
    alone = (n for n, line in enumerate(lines) if "@" in line.text and EMAIL.fullmatch(line.text.strip()))
    if not any(n > 0 and role_of(lines[n - 1].text.strip(" :：")) is Role.EMAIL for n in alone):
        return lines
    marked = list(lines)
    for at in range(len(lines) - 1):
        text = lines[at].text.strip()
        begins = text and (at == 0 or not lines[at - 1].text.strip()) and bool(lines[at + 1].text.strip())
        if begins and not lines[at].field and len(text.split()) < 7 and role_of(text):
            marked[at] = _as_label(lines[at])
    return marked


def _settled(lines: list[Line], style: Style) -> list[Line]:
    """`lines` read once more now that the form's style is known: in that style, labels that nobody knows are labels."""
    if style.layout is Layout.BARE:
        return _alternating(lines)
    if style.layout in (Layout.PARTED, Layout.BRACKET, Layout.FENCE):
        return [line._replace(field=field_in(line.text, style) or line.field) for line in lines]
    if style.layout is Layout.CELL:
        return lines
    return [_unparted(line, style) for line in lines]


def _unparted(line: Line, style: Style) -> Line:
    parted = line.field is not None and line.field.layout is Layout.PARTED
    return line._replace(field=field_in(line.text, style)) if parted else line


def _alternating(lines: list[Line]) -> list[Line]:
    """The labels that nobody knows among lines that are label and value in turns.

    Each begins a paragraph or is underlined; where there are no paragraphs, it is two lines from the next.
    """
    known = [n for n, line in enumerate(lines) if line.field and line.field.layout is Layout.BARE]
    if not known:
        return lines
    settled = _without_values(lines, known)
    known = [n for n in known if settled[n].field]
    _name_above(settled, known[0])
    _name_in_turns(settled, known[0])
    if all(line.field is None or line.field.role is not Role.MESSAGE for line in settled[known[0] :]):
        known += _unknown_below(settled, known)
    for at in range(known[0], len(lines) - 1):
        begins = at > 0 and not lines[at - 1].text.strip() and bool(lines[at + 1].text.strip())
        if begins and (at < known[-1] or _is_above_its_value(lines[at].text.strip(), lines[at + 1].text.strip())):
            settled[at] = _as_label(lines[at])
    for one, two in pairwise(known):
        if (two - one) % 2 == 0 and all(line.text.strip() for line in lines[one:two]):
            settled[one + 2 : two : 2] = map(_as_label, lines[one + 2 : two : 2])
    return settled


def _unknown_below(lines: list[Line], known: list[int]) -> list[int]:
    """Mark the labels below the last that is known, in turns with one paragraph each, and say where they are.

    Only a form without a label for the message has such: its question is one of them.
    """
    text = [n for n, line in enumerate(lines) if line.text.strip()]
    turn = {n: at for at, n in enumerate(text)}
    spaced = all(n == 0 or not lines[n - 1].text.strip() for n in known)
    alone = all(n + 1 < len(lines) and not lines[n + 1].text.strip() for n in known)
    if not spaced or len(known) < 2:
        return []
    if alone:
        if any((turn[two] - turn[one]) % 2 for one, two in pairwise(known)):
            return []
        labels = text[turn[known[0]] : -1 : 2]
    else:
        labels = [n for n in text if n > known[-1] and not lines[n - 1].text.strip()]
    marked = []
    for n in labels:
        label = lines[n].text.strip()
        above_value = alone or (n + 1 < len(lines) and bool(lines[n + 1].text.strip()))
        if n > known[-1] and (label[-1] in ".,!" or len(label.split()) > 8 or not above_value):
            break
        lines[n] = _as_label(lines[n])
        if n > known[-1] and lines[n].field is None:
            break
        marked.append(n)
    return [n for n in marked if n > known[-1]]


def _is_above_its_value(label: str, below: str) -> bool:
    """Whether `label` is underlined, called like a message, or above what a field of its name holds."""
    role = role_of(label)
    return is_ruler(below) or role is Role.MESSAGE or _looks_like(role, below)


def _without_values(lines: list[Line], known: list[int]) -> list[Line]:
    """A copy of `lines` where values that are also words for fields (`Subject / Enquiry`) are no labels.

    Where most labels begin a paragraph, one that touches a label is its value.
    """
    settled = list(lines)
    first = [n for n in known if n == 0 or not lines[n - 1].text.strip()]
    if len(first) * 2 > len(known):
        for n in set(known) - set(first):
            settled[n] = lines[n]._replace(field=None)
    return settled


def _name_above(lines: list[Line], first: int) -> None:
    """Mark the labels above the first one that is surely one: they have a word for a field in them."""
    at = first - 1
    while at > 0:
        while at > 0 and (not lines[at].text.strip() or is_ruler(lines[at].text)):
            at -= 1
        label = at - 1
        while label > 0 and is_ruler(lines[label].text):
            label -= 1
        if label < 0 or not role_of(lines[label].text) or not (named := _as_label(lines[label])).field:
            return
        lines[label] = named
        at = label - 1


def _name_in_turns(lines: list[Line], first: int) -> None:
    """Mark every other line above the first label, up to the highest with a word for a field, if none is empty."""
    at, highest = first - 2, first
    while at >= 0 and lines[at].text.strip() and lines[at + 1].text.strip():
        highest = at if role_of(lines[at].text) else highest
        at -= 2
    for label in range(highest, first, 2):
        lines[label] = _as_label(lines[label])


def _as_label(line: Line) -> Line:
    label = line.text.strip()
    if line.field or not may_be_label(label):
        return line
    return line._replace(field=Field(tidy(label), "", role_of(label), Style(Layout.BARE)))


def _start(lines: Sequence[Line], style: Style) -> int | None:
    """Where the form begins: the first known field, with the fields directly above it."""
    fields = [(n, line.field) for n, line in enumerate(lines) if line.field and line.field.role]
    known = (n for n, field in fields if fits(field, style) and not _is_heading(lines, n))
    start = next(known, None)
    while start and (above := lines[start - 1].field) and above.style == style and above.value:
        start -= 1
    while start and is_exact(style) and (above_at := _field_above(lines, start, style)) is not None:
        start = above_at
    return start


def _field_above(lines: Sequence[Line], start: int, style: Style) -> int | None:
    """The field above line `start`, the label of which nobody knows: in the form's style, with a value of one line."""
    text = [n for n in range(max(0, start - 6), start) if lines[n].text.strip() and not is_ruler(lines[n].text)]
    for at in reversed(text[-2:]):
        field = lines[at].field
        if field and field.style == style:
            told = bool(field.value) is (at == text[-1])
            return at if told and not (says_form(field.label) or says_site(field.label)) else None
    return None


def _is_heading(lines: Sequence[Line], at: int) -> bool:
    """`Request details:` above the fields is no message, though a word for it: fields, or one and a message, follow."""
    field = lines[at].field
    if field is None or field.layout is not Layout.BELOW:
        return False
    if field.role is not Role.MESSAGE:
        apart = at + 1 < len(lines) and not lines[at + 1].text.strip()
        return apart and len(field.label.split()) > 2 and (says_form(field.label) or says_site(field.label))
    below = [line.field for line in lines[at + 1 : at + 60] if line.text.strip()]
    if below and _is_filled(below[0]) and any(f and f.role is Role.MESSAGE for f in below):
        return True
    first = [f for f in below[:2] if f and f.value and f.role is not Role.MESSAGE]
    return len(first) > 1 and any(map(_is_filled, first))


def _is_filled(field: Field | None) -> bool:
    return bool(field and field.role and field.role is not Role.MESSAGE and field.value)


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

    def __init__(self, lines: list[Line], style: Style, site: Site) -> None:
        self._lines = lines
        self._style = style
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
        if len(below) > 1 and below[0][0] == start and self._is_title(start):
            del below[0]
        fitting = (n for n, field in below if fits(field, self._style) or is_exact(field.style))
        named = next(fitting, (below or messages)[0][0] if messages else None)
        return self._unnamed(start) if named is None else named

    def _is_title(self, at: int) -> bool:
        """Whether the first field, a word for the message, has no value: the next field follows at once."""
        field, below = self._lines[at].field, at + 1
        while below < len(self._lines) and self._is_gap(below):
            below += 1
        after = self._lines[below].field if below < len(self._lines) else None
        if field is None or field.value or after is None or after.role is Role.MESSAGE:
            return False
        return fits(after, self._style) and (after.style == self._style or self._style.layout is not Layout.BELOW)

    def _unnamed(self, start: int) -> int | None:
        """The field of a form without a label for the message that holds it nevertheless: the longest prose.

        Free text below all fields is the message, unless the last of them begins it.
        """
        numbers = [n for n in range(start, len(self._lines)) if self._fits(n)]
        best, most = None, 0
        for at, after in zip(numbers, [*numbers[1:], len(self._lines)], strict=True):
            field = self._lines[at].field
            text = self._told(at, after) if field and field.role in (None, Role.TOPIC) else ""
            if len(text) > most and is_prose(text):
                best, most = at, len(text)
            elif _is_greeting(field) and any(line.text.strip() for line in self._lines[at + 1 : after]):
                return at
        if (
            best is None
            or (best == numbers[-1] and not self._is_told(best))
            or (best != numbers[-1] and is_exact(self._style))
        ):
            return best
        below = numbers[-1] + 1
        while below < len(self._lines) and self._lines[below].text.strip():
            below += 1
        end = self._tail(below, len(self._lines), inline=False)
        return None if any(line.text.strip() for line in self._lines[below:end]) else best

    def _is_told(self, at: int) -> bool:
        """Whether the last field has a few words beside its label and a paragraph below it."""
        field = self._lines[at].field
        if field is None or not field.value or is_prose(field.value) or field.layout is Layout.CELL:
            return False
        return len(self._lines) > at + 2 and not self._lines[at + 1].text.strip()

    def _tail(self, begin: int, end: int, *, inline: bool) -> int:
        told = (email for answer in self._answers if (email := find_email(answer.value)))
        site = self._site if self._site.customer else self._site._replace(customer=next(told, "").lower())
        return Tail(self._lines, begin, end, self._style, site, self._roles(), inline).begin()

    def _fits(self, at: int) -> bool:
        field = self._lines[at].field
        return field is not None and fits(field, self._style)

    def _told(self, at: int, after: int) -> str:
        """The value of the field at line `at` with the lines below it, up to an empty one."""
        field, below = self._lines[at].field, at + 1
        lines = [field.value if field else ""]
        while below < after and self._is_gap(below) and not lines[0]:
            below += 1
        bounded = is_exact(self._style)
        while below < after and (bounded or self._lines[below].text.strip()):
            lines.append(self._lines[below].text)
            below += 1
        return "\n".join(lines).strip()

    def read(self, start: int) -> Labels:
        intro = self._lines[:start]
        self._body = self._find_message(start)
        if self._body is not None and self._body < start:  # the message stands above the form's other fields
            start = self._body
        at = start
        while at < len(self._lines):
            at = self._step(at)
        told = (answer.value for answer in self._answers if answer.role is Role.MESSAGE and answer.value)
        message = self._message or next(told, "") or ("" if self._body is not None else _spoken(intro))
        by_hand = not is_exact(self._style)
        return Labels(tuple(self._answers), resolve(message), resolve(text_of(intro)), tuple(self._links), by_hand)

    def _step(self, at: int) -> int:
        """Read what begins at line `at`; the number of the line behind it."""
        line = self._lines[at]
        field = line.field if line.field and (fits(line.field, self._style) or at == self._body) else None
        if at == self._body and field:
            return self._read_message(at, field)
        if field:
            return self._read_answer(at, field, line.link)
        if not line.text.strip() or is_ruler(line.text):
            return at + 1
        if self._is_section(at):
            return at + 1
        if self._body is None and not self._message and not self._is_behind(line):
            return self._read_message(at, None)
        return self._read_other(at, line)

    def _is_section(self, at: int) -> bool:
        """Whether a few words, apart, are the heading of the fields right below: `About your dog`."""
        text = self._lines[at].text.strip()
        if at == 0 or self._lines[at - 1].text.strip() or len(text.split()) > 5 or _SENTENCE_END.search(text):
            return False
        below = [line.field for line in self._lines[at + 1 : at + 3]]
        return len(below) == 2 and all(one is not None and one.value and fits(one, self._style) for one in below)

    def _read_answer(self, at: int, field: Field, link: str) -> int:
        value, after = field.value, at + 1
        if not value and field.layout is not Layout.CELL:
            value, after = self._value_below(at, field)
        if field.role in (Role.PAGE_URL, Role.WEBSITE, Role.REFERRER) and link and not find_url(value):
            value = f"{value} {link}".strip()
        value = resolve(value.strip())
        self._answers.append(Answer(field.label, value, field.role or role_beside(field.label, value)))
        return after

    def _value_below(self, at: int, field: Field) -> tuple[str, int]:
        """The value of a label that stands alone: the lines below it, if they look like its value."""
        below = at + 1
        while below < len(self._lines) and below - at <= 3 and self._is_gap(below):
            below += 1
        if below == len(self._lines) or self._opens(below) or is_footer(self._lines[below], self._site):
            return "", at + 1
        text = self._lines[below].text.strip()
        if self._style.layout is Layout.COLON and not _looks_like(field.role, text):
            return "", at + 1
        end = below
        while end < len(self._lines) and self._lines[end].text.strip() and not self._opens(end):
            end += 1
        return "\n".join(line.text.strip() for line in self._lines[below:end]), end

    def _is_gap(self, at: int) -> bool:
        text = self._lines[at].text
        return not text.strip() or is_ruler(text)  # some underline their labels

    def _opens(self, at: int) -> bool:
        """Whether line `at` opens a field of this form."""
        field = self._lines[at].field
        if field is None:
            return False
        if self._style.layout is Layout.BELOW and field.layout is Layout.COLON:
            return field.role is not None  # a value with a colon in it, unless it names a field
        return at == self._body or fits(field, self._style)

    def _read_message(self, at: int, field: Field | None) -> int:
        """The message from line `at`, with its label or without; the number of the line behind it."""
        first = field.value if field else ""
        begin = at + 1 if field else at
        if field and field.layout is Layout.CELL:
            self._message = resolve(first)
            self._answers.append(Answer(field.label, self._message, Role.MESSAGE))
            return begin
        end = self._message_limit(begin)
        end = self._tail(begin, end, inline=bool(first))
        text = "\n".join([first, *(line.text for line in self._lines[begin:end])])
        self._message = resolve(_without_rulers(text))
        if field:
            self._answers.append(Answer(field.label, self._message, Role.MESSAGE))
        self._body = at
        return max(end, at + 1)

    def _message_limit(self, begin: int) -> int:
        """Where the next field begins, in a layout that people do not write by hand; else the end."""
        if not is_exact(self._style):
            return len(self._lines)
        fields = (n for n in range(begin, len(self._lines)) if (f := self._lines[n].field) and f.style == self._style)
        return next(fields, len(self._lines))

    def _roles(self) -> frozenset[Role]:
        roles = frozenset(answer.role for answer in self._answers if answer.role)
        return roles | {Role.NAME} if {Role.FIRST_NAME, Role.LAST_NAME} <= roles else roles

    def _is_behind(self, line: Line) -> bool:
        """Whether this line is one that the form's software adds."""
        return bool(line.field and line.field.role in BEHIND) or is_footer(line, self._site)

    def _read_other(self, at: int, line: Line) -> int:
        """A line outside of the fields: more of the value above it, a field that software added, or the footer."""
        if line.field and line.field.role in BEHIND:
            return self._read_answer(at, line.field, line.link)
        panel = line.field and line.field.role is None and URL.fullmatch(line.field.value)  # Reply here: https://…
        if not panel and (url := find_url(line.text) or line.link):
            self._links.append(url)
        attached = at > 0 and self._lines[at - 1].text.strip() and self._answers and self._body and at < self._body
        if attached and not is_ruler(self._lines[at - 1].text):
            last = self._answers[-1]
            self._answers[-1] = last._replace(value=f"{last.value}\n{line.text.strip()}".strip())
        return at + 1


def _is_greeting(field: Field | None) -> bool:
    """Whether the value of a field that nobody knows only begins a text: `Good day,`."""
    return field is not None and field.role in (None, Role.TOPIC) and field.value[-1:] in tuple("!,:！，：،")


def is_prose(text: str) -> bool:
    """Whether `text` is what people write into a large field: lines, sentences, or many words."""
    if _INITIAL.search(text) and "\n" not in text:  # `Koval O. P.`
        return False
    many = len(_UNSPACED_SCRIPT.findall(text)) > 7
    return "\n" in text or len(text.split()) > 5 or (bool(_SENTENCE_END.search(text)) and (many or " " in text.strip()))


def _looks_like(role: Role | None, text: str) -> bool:
    """Whether `text`, alone on its line, is what a field of this role holds."""
    if role is Role.EMAIL:
        return bool(find_email(text))
    if role is Role.PHONE:
        return sum(letter.isdigit() for letter in text) >= 5 and len(text) < 40
    if role in (Role.PAGE_URL, Role.WEBSITE, Role.REFERRER):
        return bool(URL.match(text))
    return False


def text_of(lines: Iterable[Line]) -> str:
    """The text of `lines`, without the empty ones around it."""
    return "\n".join(line.text for line in lines).strip()


def _without_rulers(text: str) -> str:
    """`text` without the rulers and empty labels around it."""
    lines = text.strip().split("\n")
    while lines and (not lines[-1].strip() or is_ruler(lines[-1]) or _is_empty_label(lines[-1])):
        lines.pop()
    while lines and (not lines[0].strip() or is_ruler(lines[0])):
        lines.pop(0)
    return "\n".join(lines).strip()


def _is_empty_label(line: str) -> bool:
    field = field_of(line)
    return field is not None and field.layout is Layout.BELOW


def _spoken(intro: Sequence[Line]) -> str:
    """The message of a mail that shows it above the fields, without a label: all but the sentence that announces it."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text_of(intro)) if part.strip(" \n-")]
    greets = bool(paragraphs) and len(paragraphs[0].split()) < 7 and paragraphs[0][-1] in ",!，！،"
    told = paragraphs if greets and len(paragraphs) > 1 else paragraphs[1:]
    if greets and len(told) > 1 and says_form(told[1]):  # a program greets too
        told = told[2:]
    return "\n\n".join(part for part in told if not is_ruler(part)).removesuffix("--").rstrip()
