"""What the writer of a letter says himself: without the letter that he answers and without his signature.

Mail programs announce a quote in dozens of languages, but all in the same shape: a line that ends with a colon and has
an address or a date before quoted lines (`On 3 Nov 2026, at 10:12, Anna <a@b> wrote:`), or a block of header lines
(`From: … Sent: … To: … Subject: …`). So the shape decides, and words only help where it is weak. When in doubt a line
stays: a quote too much is a blemish, a customer's word too little is a loss.

Every pass goes over the lines once, with patterns that cannot backtrack far on them: linear in the length of the text
(talon, mail-parser-reply and email_reply_parser are quadratic or cubic on a mail of blank lines or of `On `).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from interest_ingest.mail import Mail
from interest_ingest.mail.html import VOID, Painter, read_page
from interest_ingest.parsing.phrases import (
    CLOSINGS,
    DEVICE,
    FORWARD_PREFIX,
    FORWARDED,
    KEY_OF,
    POSTSCRIPT,
    SENT_FROM,
    WROTE,
    YOU,
)

MAX_LINE: Final = 400
"""No attribution, header or signature line is longer; longer lines are somebody's words."""

MARKS: Final = (">", "|", "＞")
"""What quoted lines begin with; `|` is s-nail's."""

MAX_LINES: Final = 10_000
"""Nobody writes more above the mail that he answers."""

SIGNATURE_LINES: Final = 12
NAME_WORDS: Final = 5

_OUTLOOK = frozenset({"divRplyFwdMsg", "appendonsend"})
_CITED = frozenset({"gmail_quote", "yahoo_quoted", "protonmail_quote"})
_INVISIBLE = dict.fromkeys([*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_RULE = frozenset("-_—–=")
_ADDRESS = re.compile(r"[^\s<>@:]{1,64}@[^\s<>@]{1,255}")
_ANGLED = re.compile(r"<(?:mailto:)?[^\s<>@]{1,64}@[^\s<>@]{1,255}>")
_NUMBERS = re.compile(r"\d{1,9}")
_CLOCK = re.compile(r"(?<!\d)\d{1,2} ?[:.時h시點点] ?\d{2}(?!\d)")
_DAY = re.compile(r"(?<!\d)(?:\d{4}|\d{1,2}[./-]\d{1,2}[./-]\d{2})(?!\d)")
_CONTACT = re.compile(
    r"@|https?://|www\.|(?:\+|\b(?:tel|phone|тел|тлф|моб|mob|fon|tél|تلفن|هاتف)\b)[^\n]{0,8}\d{2}", re.I
)


def own_text(mail: Mail) -> str:
    """What the writer of `mail` says himself: `answer` without the signature."""
    return split_signature(answer(mail))[0]


def answer(mail: Mail) -> str:
    """The visible text of `mail` without the quoted mail, signature included; the full text if nothing else is left.

    Mail programs mark the quote in their HTML also where the text part does not show it: a text part without any sign
    of a quote gives way to a HTML part that has one.
    """
    full = mail.visible_text.strip()
    if FORWARD_PREFIX.match(mail.subject):
        return full  # what is forwarded is news to us
    bare = strip_reply(full)
    if not mail.html or bare != full:
        return bare
    marked = strip_reply(reply_html(mail.html) or "")
    return marked if any(char.isalnum() for char in marked) else full


def reply_html(html: str) -> str | None:
    """The visible text of `html` with quotes as `>` lines; None if it holds no mark of a mail program's quote.

    Marks: Gmail `.gmail_quote`, Thunderbird and Apple `blockquote[type=cite]`, Outlook `#divRplyFwdMsg` and
    `#appendonsend` (the quote is all that follows), Yahoo `.yahoo_quoted`, Proton `.protonmail_quote`.
    """
    painter = _QuotePainter()
    text = read_page(html).painted(painter)
    return text if painter.found else None


def strip_reply(text: str) -> str:
    """`text` without the mail that it answers, whether the answer stands above, below or between the quoted lines.

    If nothing would be left the full text comes back: a quote alone is better than an empty card. A forwarded mail is
    no quote.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shapes = [_shape(line) for line in lines]
    start, end = _announced(shapes[:MAX_LINES])
    if end is None or (FORWARDED.search(shapes[start]) and _is_rule(shapes[start])):
        return text.strip()
    own = lines[:start]
    if _marked(next((shape for shape in shapes[end:] if shape), "")):
        own += [line for line, shape in zip(lines[end:], shapes[end:], strict=True) if not _marked(shape)]
    return "\n".join(own).strip() or text.strip()


def split_signature(text: str) -> tuple[str, str]:
    """`text` as (body, signature): the block after `-- `, after a closing (`Best regards,`), a `Sent from my …` line.

    Only what stands at the end and looks like a signature is split off; a text that would be left empty is all body.
    """
    lines = text.strip("\n").split("\n")
    signed: list[str] = []
    for find in (_sent_from, _dashes, _sent_from, _closing):
        while lines and not lines[-1].strip():
            lines.pop()
        place = find(lines)
        if place is not None and any(line.strip() for line in lines[:place]):
            signed = lines[place:] + signed
            lines = lines[:place]
    while signed and len(lines) > 1 and set(lines[-1].strip()) <= _RULE:  # the rule or blank line over it
        lines.pop()
    return "\n".join(lines).strip(), "\n".join(signed).strip()


# Where the quote begins. A "shape" is a line as it looks: without invisible characters and outer white space.


def _shape(line: str) -> str:
    return line.translate(_INVISIBLE).strip() if len(line) <= MAX_LINE else "…"


def _marked(shape: str) -> bool:
    return shape.startswith(MARKS)


def _announced(shapes: list[str]) -> tuple[int, int | None]:
    """The lines that announce the quote, as (first of them, first line of the quote); (0, None) if there is none."""
    for place, shape in enumerate(shapes):
        if _marked(shape):
            if place and _marked(shapes[place - 1]):
                continue
            first = _before_block(shapes, place)
            if first is not None:
                return first, place
        elif shape.endswith((":", "：")) and (first := _unmarked_quote(shapes, place)) is not None:
            return first, place + 1
        elif (end := _header_block(shapes, place)) is not None:
            return _with_rule(shapes, place), end
    return 0, None


def _before_block(shapes: list[str], block: int) -> int | None:
    """Where the announcement of the marked block at `block` begins; None if nobody announces it."""
    last = block - 1
    while last >= 0 and not shapes[last] and block - last <= 3:
        last -= 1
    first = _attribution(shapes, last)
    if first is not None:
        return _with_rule(shapes, first)
    # Apple Mail quotes its own announcement; a bare `>` stands where HTML marks a quote.
    first_words = _first_words(shapes, block)
    return block if not first_words or _is_attribution(first_words) else None


def _attribution(shapes: list[str], last: int) -> int | None:
    """Where the attribution that ends at `last` begins; the shortest that is one, and the date above it if wrapped."""
    begun: int | None = None
    for first in _paragraph_starts(shapes, last):
        if begun is None and _is_attribution(" ".join(shapes[first : last + 1])):
            begun = first
        elif begun is not None and _begins(shapes[first], " ".join(shapes[begun : last + 1])):
            return first
    return begun


def _begins(above: str, rest: str) -> bool:
    """Whether `above` has what an attribution begins with and `rest` lacks: date, name, `Anna wrote in` (s-nail)."""
    return rest.startswith("<") or any(sign.search(above) and not sign.search(rest) for sign in (_CLOCK, _DAY, WROTE))


def _paragraph_starts(shapes: list[str], last: int) -> list[int]:
    """Where an announcement that ends at `last` may begin: there, or one or two lines above at a paragraph's start."""
    starts = [last] if last >= 0 else []
    for first in (last - 1, last - 2):
        if first < 0 or not shapes[first]:
            break
        if first == 0 or not shapes[first - 1] or _key(shapes[first - 1]) or _is_rule(shapes[first - 1]):
            starts.append(first)
    return starts


def _first_words(shapes: list[str], block: int) -> str:
    """The first lines of the marked block up to a colon, without the marks."""
    inner: list[str] = []
    for shape in shapes[block : block + 6]:
        if not _marked(shape):
            break
        inner.append(shape.lstrip(">|＞ "))
        if inner[-1].endswith((":", "：")):
            break
    return " ".join(filter(None, inner))


def _is_attribution(line: str) -> bool:
    """Whether `line`, which stands before marked lines, tells whose they are: an address, a date or `Anna wrote`."""
    if not line.endswith((":", "：")) or len(line) > MAX_LINE:
        return False
    dated = len(_NUMBERS.findall(line)) >= 4 and (_CLOCK.search(line) or _DAY.search(line))
    wrote = WROTE.search(line)
    return bool(_ADDRESS.search(line) or dated or (wrote and wrote.start() > 1 and not YOU.match(line)))


def _unmarked_quote(shapes: list[str], place: int) -> int | None:
    """Where an attribution that ends at `place` begins if unmarked lines follow: then it must have everything."""
    following = next((shape for shape in shapes[place + 1 : place + 5] if shape), "")
    if not following or _marked(following):
        return None
    for first in _paragraph_starts(shapes, place):
        line = " ".join(shapes[first : place + 1])
        if _ANGLED.search(line) and _CLOCK.search(line) and len(_NUMBERS.findall(line)) >= 4:
            return _with_rule(shapes, first)
    return None


def _header_block(shapes: list[str], place: int) -> int | None:
    """The line after the block of copied header lines that begins at `place`, or None.

    A trip (`From: Berlin`, `To: Paris`, `Date: …`) has such keys too: a mail's block has three of them and, together,
    an address or a time of day.
    """
    if _key(shapes[place]) is None or (place and _key(shapes[place - 1])):
        return None
    keys: set[str] = set()
    end = place
    while end < min(place + 12, len(shapes)) and shapes[end]:
        keys.add(_key(shapes[end]) or "")  # a folded line
        end += 1
    keys.discard("")
    block = " ".join(shapes[place:end])
    needed = 2 if _rule_above(shapes, place) is not None else 3
    sure = len(keys) >= needed and "from" in keys and not keys.isdisjoint(("subject", "date"))
    return end if sure and (_ADDRESS.search(block) or _CLOCK.search(block)) else None


def _key(shape: str) -> str | None:
    head, colon, _ = shape[:40].replace("：", ":").partition(":")
    return KEY_OF.get(head.strip(" *_>\t").lower()) if colon else None


def _is_rule(shape: str) -> bool:
    """`-----Original Message-----` or `________`."""
    return len(shape) <= 120 and len(shape) >= 4 and {*shape[:2], *shape[-2:]} <= _RULE


def _rule_above(shapes: list[str], place: int) -> int | None:
    for above in range(place - 1, max(place - 4, -1), -1):
        if shapes[above]:
            return above if _is_rule(shapes[above]) else None
    return None


def _with_rule(shapes: list[str], first: int) -> int:
    """`first` moved up to a ruled line over the announcement; Yandex puts `Кому:` and `Тема:` between them."""
    top = first
    while top > 0 and _key(shapes[top - 1]):
        top -= 1
    ruled = _rule_above(shapes, top)
    return first if ruled is None else ruled


# HTML


class _QuotePainter(Painter):
    """Writes the text of a plain `blockquote` as `>` lines, and a bare `>` in place of a program's own quote.

    One pass over the page: taking the quotes out of a tree, one by one, is quadratic in their number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found = False
        self._inner: Painter | None = None
        self._depth = 0  # of the elements that are open inside the blockquote that `_inner` paints

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if self._inner is not None:
            self._inner.start(tag, attributes)
            self._depth += tag not in VOID
            return
        super().start(tag, attributes)
        if self._hidden_at or tag in VOID:
            return
        if attributes.get("id") in _OUTLOOK:
            self.found = True
            self._hide(len(self._open) - 1)
        elif _is_cited(tag, attributes):
            self.found = True
            self._rows_of("")
            self._hide(len(self._open))
        elif tag == "blockquote":
            self.found = True
            self._inner, self._depth = Painter(), 0

    def end(self, tag: str) -> None:
        if self._inner is not None and (self._depth or tag in VOID):
            self._depth -= tag not in VOID
            self._inner.end(tag)
            return
        if self._inner is not None:
            quote, self._inner = self._inner.close(), None
            self._rows_of(quote)
        super().end(tag)

    def data(self, text: str) -> None:
        if self._inner is not None:
            self._inner.data(text)
        else:
            super().data(text)

    def _rows_of(self, text: str) -> None:
        for line in text.split("\n"):
            super().start("div", {})
            super().data(f"> {line}")
            super().end("div")


def _is_cited(tag: str, attributes: Mapping[str, str]) -> bool:
    if tag == "blockquote" and attributes.get("type") == "cite":
        return True
    return not _CITED.isdisjoint((attributes.get("class") or "").split())


# Signatures


def _dashes(lines: list[str]) -> int | None:
    """`-- ` (RFC 3676 §4.3), `--` where white space was lost and a name follows, or a rule over contacts."""
    for place in range(max(0, len(lines) - SIGNATURE_LINES - 8), len(lines)):
        line = lines[place].translate(_INVISIBLE)
        if line == "-- ":
            return place
        if line and set(line.strip()) <= _RULE and _is_signature(lines[place + 1 :]):
            short = len(line.strip()) <= 2
            if short or any(map(_CONTACT.search, lines[place + 1 :])):
                return place
    return None


def _sent_from(lines: list[str]) -> int | None:
    last = lines[-1].strip() if lines else ""
    is_one = 0 < len(last) <= 100 and SENT_FROM.search(last) and DEVICE.search(last) and not last.endswith("?")
    return len(lines) - 1 if is_one else None


def _closing(lines: list[str]) -> int | None:
    """A line of closing words and, on it or under it, a name; closing words alone are what the writer said."""
    for place in range(max(0, len(lines) - SIGNATURE_LINES), len(lines)):
        phrase, _, name = lines[place].translate(_INVISIBLE).strip().partition(",")
        if phrase.strip(" !.。،—-").lower().replace("ё", "е") not in CLOSINGS:
            continue
        if len(name.split()) > NAME_WORDS:  # `Thanks, please send the blue one.`
            continue
        signed = [name, *lines[place + 1 :]] if name.strip() else lines[place + 1 :]
        if _is_signature(signed):
            return place
    return None


def _is_signature(lines: list[str]) -> bool:
    """Whether these are a name and what belongs to it: few short lines, no sentence and no postscript among them."""
    said = [line.strip() for line in lines if line.strip()]
    if not 0 < len(said) <= SIGNATURE_LINES or any(map(_is_sentence, said)):
        return False
    if said[0].strip(" !.,").lower() in CLOSINGS or said[0].partition(",")[0].lower() in CLOSINGS:
        return True
    rows = len(said) + said[0].count("|")  # `Ada Wren | Buyer | Wren Ltd | +44 20 7946 0123`
    return _is_name(said[0]) or (rows > 1 and any(map(_CONTACT.search, said)) and not said[0].endswith(":"))


def _is_sentence(line: str) -> bool:
    return len(line) > 90 or line.endswith(("?", "？", "؟", "!", "！", "。", "।")) or bool(POSTSCRIPT.match(line))


def _is_name(line: str) -> bool:
    """A few words, the first and the last without a small initial, and no figures (`Option B: 10 kg` is none)."""
    words = line.strip(" ,.—–-*").split()
    plain = not any(char.isdigit() or char in ":;=%" for char in line)
    return plain and 0 < len(words) <= NAME_WORDS and not words[0][0].islower() and not words[-1][0].islower()
