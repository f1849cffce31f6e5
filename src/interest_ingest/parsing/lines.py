"""From a text to lines, each of which may open a field of a form."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from typing import Final, NamedTuple

from interest_ingest.parsing.tokens import EMAIL
from interest_ingest.parsing.vocabulary import Role, is_label, role_of

MAX_LINES: Final = 5_000
_MAX_UNKNOWN: Final = 80
_MAX_FENCE: Final = 200
"""No fence is longer; its pattern tries every way to share blanks out."""


class Layout(IntEnum):
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


EXACT: Final = frozenset((Layout.CELL, Layout.FENCE, Layout.BRACKET, Layout.BOLD, Layout.MARKED))
"""Layouts that people do not write by hand: a field of such a form ends the message before it."""

BEHIND: Final = frozenset(
    (Role.PAGE_URL, Role.IP, Role.DATE, Role.USER_AGENT, Role.REFERRER, Role.ID, Role.FORM, Role.CONSENT)
)
"""What forms add by themselves, below the message."""


class Field(NamedTuple):
    """A label and what stands beside it: the value, or its beginning."""

    label: str
    value: str
    role: Role | None
    layout: Layout


class Line(NamedTuple):
    """One line as a person sees it, the field that it opens, and the first link behind its words."""

    text: str
    field: Field | None = None
    link: str = ""


def fits(field: Field, layout: Layout) -> bool:
    """Whether `field` is written in the form's layout; an empty `label:` belongs to a form of `label: value` lines."""
    return field.layout is layout or {field.layout, layout} == {Layout.COLON, Layout.BELOW}


BOLD_ON: Final = "\ue000"
BOLD_OFF: Final = "\ue001"
"""Marks around bold letters in a flattened page (private use: they cannot be in a cleaned text)."""

INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad\ue000-\ue007]")
_FENCE = re.compile(r"\s*[-=*#~_]{2,12}\s*([^\s\-=*#~_][^\n]{0,70}?)\s*[:：]?\s*[-=*#~_]{2,12}\s*$")
_BRACKET = re.compile(r"\s*([【〔［\[<＜「《〈])([^】〕］\]>＞」》〉\n]{1,60})[】〕］\]>＞」》〉]\s*[:：]?\s*(.*)$")
_BOLD = re.compile(rf"[^\w{BOLD_ON}]*{BOLD_ON}([^{BOLD_OFF}]{{1,120}}){BOLD_OFF}\s*[:：]?(.*)$")
_NUMBER = re.compile(r"\d{1,2}[.)]\s+")
_COLON = re.compile(r"([^:：\n]{1,80}?)\s{0,20}[:：]{1,2}(?!//)\s*(.*)$")
_DASH = re.compile(r"([^\t|=\n]{1,60}?)(?:\s{1,20}(?:-|–|—|=>|=|\||->|→)\s+|\t+)(.*)$")
_SENTENCE = re.compile(r"[.!?;؟。]\s")
_RULER = re.compile(r"\s*([-=_*~─━—–•·.#]\s?){3,}$|\s*[─━—–]{2,}\s*$")
_MARKS = frozenset("*•·●○■□◆◇▪▫▼▶►▷➤✔✓☑✅※‣»|~#-–—")


def text_lines(text: str) -> list[Line]:
    """The lines of a text, at most `MAX_LINES`."""
    return [line_of(one) for one in text.replace("\xa0", " ").splitlines()[:MAX_LINES]]


def line_of(text: str, link: str = "") -> Line:
    """`text`, in which bold letters may be marked, as a line."""
    return Line(INVISIBLE.sub("", text).rstrip(), field_of(text), link)


def field_of(line: str) -> Field | None:
    """The field that `line` opens, if it looks like one; quoted lines and rulers open none."""
    if BOLD_ON in line and (bold := _bold(line)):
        return bold
    line = INVISIBLE.sub("", line).strip()
    if not line or line[0] == ">" or is_ruler(line):
        return None
    return _fence(line) or _bracket(line) or _plain(line)


def _bold(line: str) -> Field | None:
    found = _BOLD.match(line)
    if not found:
        return None
    label, value = found[1].strip(), INVISIBLE.sub("", found[2]).strip()
    return Field(tidy(label), value, role_of(label), Layout.BOLD) if may_be_label(label) else None


def _fence(line: str) -> Field | None:
    found = _FENCE.match(line) if len(line) <= _MAX_FENCE else None
    return Field(tidy(found[1]), "", role_of(found[1]), Layout.FENCE) if found and may_be_label(found[1]) else None


def _bracket(line: str) -> Field | None:
    found = _BRACKET.match(line)
    if not found:
        return None
    mark, label, value = found[1], found[2], found[3]
    role = role_of(label)
    known = mark == "【" or is_label(label)
    return Field(tidy(label), value, role, Layout.BRACKET) if known and may_be_label(label) else None


def _plain(line: str) -> Field | None:
    bare = _undecorated(line)
    found = _COLON.match(bare)
    if found and not found[2] and (whole := _label_before(found[1])):
        return whole
    if found and (may_be_label(found[1])):
        marked = bare != line
        value = found[2].lstrip("*_ ") if line[0] in "*_" else found[2]
        layout = Layout.MARKED if marked else Layout.COLON if value else Layout.BELOW
        return Field(tidy(found[1]), value.strip(), role_of(found[1]), layout)
    found = _DASH.match(bare)
    if found and is_label(found[1]):
        return Field(tidy(found[1]), found[2].strip(), role_of(found[1]), Layout.DASH)
    if is_label(bare):
        return Field(tidy(bare), "", role_of(bare), Layout.BARE)
    return None


def _label_before(phrase: str) -> Field | None:
    """`किसकी ओर से NAME MAIL:` of Contact Form 7 in Hindi: the label comes first and the colon after the value."""
    words = phrase.split()
    if not EMAIL.search(phrase):
        return None
    for size in range(min(len(words) - 1, 4), 0, -1):
        label = " ".join(words[:size])
        if is_label(label):
            return Field(label, " ".join(words[size:]), role_of(label), Layout.COLON)
    return None


def _undecorated(line: str) -> str:
    """`line` without the bullets, emoji or number before its first word."""
    start = 0
    while start < min(len(line), 8) and (line[start] in _MARKS or _is_picture(line[start]) or line[start] == " "):
        start += 1
    number = _NUMBER.match(line, start)
    return line[number.end() if number else start :]


def is_ruler(line: str) -> bool:
    """Whether `line` is drawn across the page: `-----`, `* * *`, `════`, of at most 1,000 signs."""
    return len(line) <= 1_000 and _RULER.match(line) is not None


def _is_picture(letter: str) -> bool:
    return letter in "\ufe0f\u200d\u20e3" or unicodedata.category(letter) in ("So", "Sk")


def tidy(label: str) -> str:
    """A label as written, without the marks and the colon around it."""
    return INVISIBLE.sub("", label).strip().strip("*_:： ").strip()


def may_be_label(label: str) -> bool:
    """Whether `label` may name a field: a known one, or a few words that are neither sentence, time nor address."""
    label = label.strip()
    if not any(letter.isalpha() for letter in label) or label.lower() in ("http", "https", "mailto"):
        return False
    if is_label(label):
        return True
    return len(label) <= _MAX_UNKNOWN and len(label.split()) <= 10 and not _SENTENCE.search(label) and "@" not in label
