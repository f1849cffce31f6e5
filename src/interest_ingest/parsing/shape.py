"""The shape of a mail: what its template gives it, whatever people wrote into it.

    shape = shape_of(mail)
    shape.digest                     # equal for two mails of one template: groups mails
    str(shape), Shape.parse(text)    # as it travels in `Reading.shape`

One mail does not tell which of its words are the template's. So the digest is of structure only: which bodies there
are, through which elements of the page each text is reached, and the labels of a form. Sentences are kept beside it as
`lines`, one hash for each: those that nearly all mails of a sender share are its fixed ones, which only many mails can
tell (see `watch.drift`). `parts` are what the digest is made of, so that two shapes can be compared: an optional
section adds some, a changed template takes away what all mails had.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, Self
from zlib import crc32

from lxml import etree

from interest_ingest.mail import Mail
from interest_ingest.parsing.vocabulary import Role, role_of

MAX_ELEMENTS: Final = 3_000
MAX_LINES: Final = 60
MAX_PARTS: Final = 48
FIRST_LINES: Final = 6
LAST_LINES: Final = 3
MAX_LINE: Final = 200


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


# What people's own formatting is made of: without a class or a name of its own such an element says nothing.
_PLAIN: Final = _names(
    "html body p div span font a b i u s em strong small big sub sup br wbr img code pre kbd mark del ins q cite abbr"
    " ul ol li blockquote h1 h2 h3 h4 h5 h6 hr tbody details summary"
)
_DROPPED: Final = _names("style script title head template noscript xml object svg math select")
_QUOTE: Final = re.compile(r"gmail_quote|yahoo_quoted|moz-cite|OutlookMessageHeader")
_NUMBER: Final = re.compile(r"\d+")
_PROPERTY: Final = re.compile(r"([a-z-]{2,30})[ \t]{0,3}:")
_LABEL: Final = re.compile(r"\W{0,3}([^\W\d_][^:：\t\n]{0,38}?)[ \xa0]{0,2}(?:[:：](?!//)|\t)")


class Shape(NamedTuple):
    """The shape of one mail; equal shapes have equal templates."""

    digest: str
    """16 hexadecimal digits over `parts` in their order."""
    parts: tuple[str, ...]
    """Hashes of the bodies, the ways to texts and the labels, each once, in the order of the mail."""
    lines: tuple[str, ...] = ()
    """Hashes of the first and last sentences, without names and numbers."""

    def __str__(self) -> str:
        return f"{self.digest} {'.'.join(self.parts)} {'.'.join(self.lines)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The shape that was written as `text`; raises `ValueError` for any other text."""
        if not _WRITTEN.fullmatch(text):
            raise ValueError("this is no shape of a mail")
        digest, parts, lines = text.split(" ")
        return cls(digest, tuple(filter(None, parts.split("."))), tuple(filter(None, lines.split("."))))


_WRITTEN: Final = re.compile(
    rf"[0-9a-f]{{16}} (?:[0-9a-f]{{6}}\.?){{0,{MAX_PARTS}}} (?:[0-9a-f]{{6}}\.?){{0,{FIRST_LINES + LAST_LINES}}}"
)


def shape_of(mail: Mail, contents: Collection[str] = ()) -> Shape:
    """The shape of `mail`. Its cost is linear in the page and bounded; links, tokens and pictures do not matter.

    `contents`: what is known to be no template, such as a product, though all mails of a month may name the same one.
    """
    has_html, has_text = (bool(body) and not body.isspace() for body in (mail.html, mail.text))
    found = dict.fromkeys(("html",) * has_html + ("text",) * has_text)
    if has_html and (root := mail.page.root) is not None:
        found.update(dict.fromkeys(_ways(root)))
    lines = [line for line in mail.visible_text[:16_000].split("\n") if line and not line.isspace()]
    found.update(dict.fromkeys(_labels(lines[:MAX_LINES])))
    parts = tuple(map(_hash, list(found)[:MAX_PARTS]))
    digest = blake2b("\n".join(found).encode("utf-8", "replace"), digest_size=8).hexdigest()
    return Shape(digest, tuple(dict.fromkeys(parts)), tuple(dict.fromkeys(_sentences(lines, contents))))


@lru_cache(maxsize=4096)
def _hash(text: str) -> str:
    return f"{crc32(text.encode('utf-8', 'replace')) & 0xFFFFFF:06x}"


def _ways(root: etree._Element) -> Iterator[str]:
    """For each text of the page the elements that lead to it, outermost first, without people's formatting.

    Only what leads to a text counts: a portrait that one person has and another has not changes nothing.
    """
    waiting = [(root, "")]
    left = MAX_ELEMENTS
    while waiting and left:
        left -= 1
        element, above = waiting.pop()
        if (tail := element.tail) and not tail.isspace() and element is not root:
            yield above
        tag = element.tag
        if tag in _DROPPED or not isinstance(tag, str):
            continue
        if tag in _PLAIN and not element.keys():
            way = above
        elif (name := _name(tag, element)) is None:
            continue
        else:
            way = f"{above}>{name}"[-400:] if name else above
        if (text := element.text) and not text.isspace():
            yield way
        if len(element):
            waiting.extend([(child, way) for child in reversed(element)])


def _name(tag: str, element: etree._Element) -> str | None:
    """What an element is to a template, "" if it is none of its own; None for a quotation of an earlier mail."""
    get = element.get
    if tag == "blockquote" and get("type") == "cite":
        return None
    style = get("style") if tag not in _PLAIN else None
    return _named(tag, get("class"), get("id"), get("itemprop"), get("role"), style)


@lru_cache(maxsize=4096)
def _named(tag: str, classes: str | None, *told: str | None) -> str | None:
    if classes and _QUOTE.search(classes[:200]):
        return None
    *names, style = told
    values = [" ".join(sorted(_NUMBER.sub("0", (one or "")[:200]).split())) for one in (classes, *names)]
    if tag in _PLAIN and not any(values):
        return ""
    properties = ";".join(sorted(set(_PROPERTY.findall(style[:1_000].lower())))) if style else ""
    return f"{tag}.{'.'.join(values)}.{properties}"


def _labels(lines: list[str]) -> Iterator[str]:
    """The labels of a form down to its message; what stands in the message, and behind it, is as people wrote it.

    Labels that no vocabulary has count between ones that it has: else `Anna: hello` of a chat would be one.
    """
    unknown: list[str] = []
    known = False
    for line in lines:
        found = _LABEL.match(line) if ":" in line or "\t" in line or "：" in line else None
        if found is None or line[0] == ">":
            continue
        label = found[1]
        role = role_of(label)
        if role is None:
            unknown += [label] * known
            continue
        yield from (f"label {one.casefold()}" for one in unknown)
        unknown, known = [], True
        yield f"label {label.casefold()}"
        if role is Role.MESSAGE:
            return


def _sentences(lines: list[str], contents: Collection[str]) -> Iterator[str]:
    """One hash for each of the first and last lines that has words: small ones, for names are written large.

    Of scripts without small letters the whole line without its numbers.
    """
    few = lines if len(lines) <= FIRST_LINES + LAST_LINES else lines[:FIRST_LINES] + lines[-LAST_LINES:]
    for line in few:
        line = line[:MAX_LINE]
        for content in contents:
            line = line.replace(content, " ")
        words = [word for word in line.split() if word.islower() and word.isalpha()]
        if len(words) > 1:
            yield f"{crc32(' '.join(words).encode()) & 0xFFFFFF:06x}"
        elif not words and not line.isascii():
            yield f"{crc32(_NUMBER.sub('0', line.strip()).encode('utf-8', 'replace')) & 0xFFFFFF:06x}"
