"""From a text to lines, each of which may open a field of a form."""

from __future__ import annotations

import re
import unicodedata
from enum import IntEnum
from functools import lru_cache
from typing import Final, NamedTuple

from interest_ingest.parsing.tokens import EMAIL
from interest_ingest.parsing.vocabulary import MAX_LABEL, Role, is_label, role_of

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
    PARTED = 8  # label - value, label = value, label | value
    BARE = 9  # the label alone, nothing after it


class Style(NamedTuple):
    """A layout and the sign that sets its labels off, "" where it has none: `-` or `=`, `【` or `[`, `•` or `1`."""

    layout: Layout
    sign: str = ""


EXACT: Final = frozenset((Layout.CELL, Layout.FENCE, Layout.BRACKET, Layout.BOLD, Layout.MARKED))
BLOCK: Final = Style(Layout.COLON, "¶")
"""`label: value` that begins a block of a page: the lines of one value are parted by <br>."""
_EXACT_SIGNS: Final = frozenset((BLOCK.sign, "=>", "= ", "=", "|", "->", "→", "»", "\t", "...", "--"))


def is_exact(style: Style) -> bool:
    """Whether people do not write so by hand: a field of such a form ends the message before it."""
    return style.layout in EXACT or style.sign in _EXACT_SIGNS


BEHIND: Final = frozenset(
    (Role.PAGE_URL, Role.IP, Role.DATE, Role.USER_AGENT, Role.REFERRER, Role.ID, Role.FORM, Role.CONSENT, Role.FILE)
)
"""What forms add by themselves, below the message."""


class Field(NamedTuple):
    """A label and what stands beside it: the value, or its beginning."""

    label: str
    value: str
    role: Role | None
    style: Style

    @property
    def layout(self) -> Layout:
        return self.style.layout


class Line(NamedTuple):
    """One line as a person sees it, the field that it opens, and the first link behind its words."""

    text: str
    field: Field | None = None
    link: str = ""


def fits(field: Field, style: Style) -> bool:
    """Whether `field` is written in the form's style; an empty `label:` belongs to a form of `label: value` lines."""
    return field.style == style or {field.layout, style.layout} == {Layout.COLON, Layout.BELOW}


BOLD_ON: Final = "\ue000"
BOLD_OFF: Final = "\ue001"
"""Marks around bold letters in a flattened page (private use: they cannot be in a cleaned text)."""

INVISIBLE = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00ad\ue000-\ue008]")
_FENCE = re.compile(r"\s*([-=*#~_])\1{1,11}\s*([^\s\-=*#~_][^\n]{0,70}?)\s*[:：]?\s*\1{2,12}\s*$")
_HEADING = re.compile(r"\s*(#{1,6})\s+([^\s#][^\n]{0,80}?)\s*[:：]?\s*#{0,6}$")
_BRACKET = re.compile(
    r"\s*([【〔［\[<＜「《〈])([^】〕］\]>＞」》〉\n]{1,60})[】〕］\]>＞」》〉]\s*(?:=>|[:：=])?\s*(.*)$"
)
_QUOTED = re.compile(r"\s*\"([^\"\n]{1,60})\"\s*(?::|=>?)\s*(.*?),?$")
_BOLD = re.compile(rf"[^\w{BOLD_ON}]*{BOLD_ON}([^{BOLD_OFF}]{{1,120}}){BOLD_OFF}\s*[:：]?(.*)$")
_DIGITS: Final = frozenset("0123456789")
_NUMBER = re.compile(r"\d{1,2}[.)]\s+")
_COLON = re.compile(r"([^:：\n]{1,80}?)\s{0,20}[:：]{1,2}(?!//)\s*(.*)$")
_PARTED = re.compile(
    r"([^\t|=:：\n]{1,80}?)(?:\s{1,20}(--?|–|—|=>|=|\||->|→|»|\.{3,40})(?:\s+|$)|(\t)\s*|(=)(?![>=]))(.*)$"
)
_PARTING = re.compile(r"[=|\t–—→»]|\s-|\s\.\.\.")
_STARRED = re.compile(r"\*{1,2}([^*\s][^*\n]{0,78}[^*\s:：])\*{1,2}\s{1,5}(\S.*)$")
_NUMBER_ALONE = re.compile(r"[+(]?(?:[0\d][\d ().\u2010-\u2013/-]{6,24})")
_DAY = re.compile(r"\d{1,4}([./-])\d{1,2}\1\d{1,4}")
_IN_URL = re.compile(r"\?\w|\w\.\w|//")
_ENDING = re.compile(r"[\s*?？؟:：()]{1,20}$")
_SENTENCE = re.compile(r"[.!?;؟。]\s")
_SHORTENED = re.compile(r"[^\W\d_]{1,5}\. [^\W\d_A-ZА-Я]")
"""`Reg. number`"""
_RULER = re.compile(r"\s*([-=_*~─━—–•·.#+|]\s?){3,}$|\s*[─━—–]{2,}\s*$")
_MARKS = frozenset("*•·●○■□◆◇▪▫▼▶►▷➤➢✔✓☑✅※‣»>›|~#-–—+→⇒")
_PICTURE: Final = "☺"
"""The sign of any emoji: each field may have its own."""
_COUNT: Final = "1"
"""The sign of a number before a label."""


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
    return (
        _fence(line) or _bracket(line) or _quoted(line) or (_starred(line) if line[0] == "*" else None) or _plain(line)
    )


def field_in(line: str, style: Style) -> Field | None:
    """The field that `line` opens in a form of this style: there, a label that nobody knows is one, too."""
    line = INVISIBLE.sub("", line).strip()
    if not line or line[0] == ">" or is_ruler(line):
        return None
    if style.layout is Layout.PARTED:
        bare = _undecorated(line)[0]
        return _parted(bare, style.sign) or (_field(bare, "", Layout.PARTED, style.sign) if is_label(bare) else None)
    if style.layout is Layout.BRACKET:
        return _bracket(line, style.sign)
    if style.layout is Layout.FENCE:
        return _fence(line) or _marked_alone(line, style.sign)
    return _colon(line, *_undecorated(line))


def _field(label: str, value: str, layout: Layout, sign: str = "") -> Field | None:
    if label[:1] in _DIGITS and (counted := _NUMBER.match(label)):
        label = label[counted.end() :]
    if not may_be_label(label):
        return None
    value = value.strip()
    return Field(tidy(label), value, role_beside(label, value), Style(layout, sign))


def role_beside(label: str, value: str) -> Role | None:
    """What the field `label` means if `value` is in it: `Contact` may hold a name, a number or an address."""
    role = role_of(label)
    if not value or role in _SURE or not ("@" in value or value[0] in _FIGURES):
        return role
    shape = _role_by(value)
    unsure = role in (None, Role.NAME, Role.EMAIL)
    return shape if shape is Role.EMAIL or (shape and unsure) else role


_FIGURES: Final = frozenset("+(0۰٠8")
"""What telephone numbers begin with, where nothing else says that they are some."""
_SURE: Final = frozenset((Role.MESSAGE, Role.SUBJECT, Role.PAPER, Role.USERNAME, Role.PASSWORD, Role.FORM))
"""What a field that is called so holds, whatever it looks like."""


def _role_by(value: str) -> Role | None:
    """What a field with this value is, by its shape: an address, or a number as telephones have them."""
    if "@" in value:
        found = EMAIL.search(value[:200])
        alone = found is not None and not any(map(str.isalpha, value[: found.start()] + value[found.end() :]))
        return Role.EMAIL if alone else None  # a number may stand beside it
    number = value[0] in _FIGURES and _NUMBER_ALONE.fullmatch(value) and not _DAY.fullmatch(value)
    return Role.PHONE if number and 7 <= sum(map(str.isdigit, value)) <= 15 else None


def _bold(line: str) -> Field | None:
    found = _BOLD.match(line)
    return _field(found[1].strip(), INVISIBLE.sub("", found[2]), Layout.BOLD) if found else None


def _fence(line: str) -> Field | None:
    if line[0] not in "-=*#~_" or len(line) > _MAX_FENCE:
        return None
    if found := _FENCE.match(line):
        return _field(found[2], "", Layout.FENCE, found[1])
    found = _HEADING.match(line)
    return _field(found[2], "", Layout.FENCE, "##") if found and is_label(found[2]) else None


def _marked_alone(line: str, sign: str) -> Field | None:
    """`■ label` with the value below; `## label`."""
    if sign == "##":
        found = _HEADING.match(line)
        return _field(found[2], "", Layout.FENCE, sign) if found else None
    bare, mark = _undecorated(line)
    return _field(bare, "", Layout.FENCE, sign) if mark == sign else None


def _bracket(line: str, sign: str = "") -> Field | None:
    found = _BRACKET.match(line)
    if not found or (sign and found[1] != sign):
        return None
    known = sign or found[1] == "【" or is_label(found[2])
    return _field(found[2], found[3], Layout.BRACKET, found[1]) if known else None


def _quoted(line: str) -> Field | None:
    """`"label": "value"`, as JSON has it."""
    found = _QUOTED.match(line) if line[0] == '"' else None
    if not found:
        return None
    value = found[2]
    if value[:1] == '"' == value[-1:] and len(value) > 1:
        value = value[1:-1].replace("\\n", "\n").replace('\\"', '"')
    return _field(found[1], value, Layout.MARKED, '"')


def _starred(line: str) -> Field | None:
    """`*label* value`, as chats write bold letters."""
    found = _STARRED.match(line)
    return _field(found[1], found[2], Layout.MARKED, "**") if found else None


def _plain(line: str) -> Field | None:
    bare, mark = _undecorated(line)
    if (parted := _parted(bare)) or (parted := _colon(line, bare, mark)):
        return parted
    if not is_label(bare):
        return None
    return _field(bare, "", Layout.FENCE, mark) if mark else _field(bare, "", Layout.BARE)


def _parted(bare: str, sign: str = "") -> Field | None:
    """`label - value`; of the given sign, or with a label that is certainly one."""
    found = _PARTED.match(bare) if _PARTING.search(bare) else None
    if not found:
        return None
    given = found[2] or found[3] or found[4]
    given = "= " if found[2] == "=" else "..." if given[0] == "." else given
    if found[4] and _IN_URL.search(found[1]):
        return None
    if given != sign if sign else not (is_label(found[1]) or role_of(found[1])):
        return None
    value = found[5].rstrip().removesuffix("|") if given == "|" else found[5]
    return _field(found[1], value, Layout.PARTED, given)


def _colon(line: str, bare: str, mark: str) -> Field | None:
    found = _COLON.match(bare)
    if not found:
        return None
    if not found[2] and (whole := _label_before(found[1])):
        return whole
    value = found[2].lstrip("*_ ") if line[0] in "*_" else found[2]
    layout = Layout.MARKED if mark else Layout.COLON if value else Layout.BELOW
    return _field(found[1], value, layout, mark)


def _label_before(phrase: str) -> Field | None:
    """`किसकी ओर से NAME MAIL:` of Contact Form 7 in Hindi: the label comes first and the colon after the value."""
    words = phrase.split()
    if not EMAIL.search(phrase):
        return None
    for size in range(min(len(words) - 1, 4), 0, -1):
        label = " ".join(words[:size])
        if is_label(label):
            return _field(label, " ".join(words[size:]), Layout.COLON)
    return None


def _undecorated(line: str) -> tuple[str, str]:
    """`line` without the bullets, emoji or number before its first word, and what kind of sign they were."""
    start, sign = 0, ""
    while start < min(len(line), 8) and (line[start] in _MARKS or _is_picture(line[start]) or line[start] == " "):
        sign = sign or (line[start] if line[start] in _MARKS else _PICTURE)
        start += 1
    number = _NUMBER.match(line, start)
    return (line[number.end() :], _COUNT) if number else (line[start:], sign)


def as_block(field: Field) -> Field:
    """`field`, if it is `label: value`, as one that begins a block of a page."""
    return field._replace(style=BLOCK) if field.style == Style(Layout.COLON) else field


def is_ruler(line: str) -> bool:
    """Whether `line` is drawn across the page: `-----`, `* * *`, `════`, of at most 1,000 signs."""
    return len(line) <= 1_000 and _RULER.match(line) is not None


def _is_picture(letter: str) -> bool:
    return letter > "\x7f" and (letter in "\ufe0f\u200d\u20e3" or unicodedata.category(letter) in ("So", "Sk"))


def tidy(label: str) -> str:
    """A label as written, without the marks and the colon around it."""
    bare = INVISIBLE.sub("", label).strip().strip("*_:： ")
    return bare.rstrip("*. ") if bare.endswith("..") else bare  # dots that lead to the value


def may_be_label(label: str) -> bool:
    """Whether `label` may name a field: a known one, or a few words that are neither sentence, time nor address."""
    return len(label) <= 2 * MAX_LABEL and _may_be_label(label.strip())


@lru_cache(maxsize=4096)
def _may_be_label(label: str) -> bool:
    label = _ENDING.sub("", label.rstrip("*. ") if label.endswith("..") else label)
    if not any(letter.isalpha() for letter in label) or label.lower() in ("http", "https", "mailto"):
        return False
    if is_label(label):
        return True
    words = len(label.split())
    sentence = bool(_SENTENCE.search(label)) or (words > 2 and label[-1] in ".。!！…")
    if sentence and words < 5 and (role_of(label) or _SHORTENED.match(label)):  # `Tel. mobile`
        sentence = False
    return len(label) <= _MAX_UNKNOWN and words <= 10 and not sentence and "@" not in label
