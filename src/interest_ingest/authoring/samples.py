"""What sample mails have in common, and what differs between them: words, elements of the page, links."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import reduce
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from bs4 import Tag
from soupsieve import escape as css_escape

from interest_ingest.authoring.looks import is_id
from interest_ingest.mail import Mail
from interest_ingest.mail.html import render
from interest_ingest.parsing.links import is_action_link, unwrap

_TOKEN: Final = re.compile(r"https?://[^\s<>()\"]{1,2000}(?<![.,;:!?])|(?:\+(?=\d))?\w+(?:[-'’.@]\w+)*|[^\w\s]")
_LAYOUT: Final = frozenset(
    (
        *("html", "body", "head", "style", "script", "title", "meta", "link", "br", "hr"),
        *("table", "tbody", "tr", "center", "col", "colgroup"),
    )
)
_NOUN: Final = re.compile(
    r"(?i)(?:my|your|our|new|all)?[_-]?(?:reviews?|comments?|messages?|posts?|topics?|threads?|orders?|tickets?|items?|products?"
    r"|repl(?:y|ies)|discussions?|questions?|answers?|leads?|requests?|users?|entr(?:y|ies)|forms?|chats?|calls?|[a-z]{1,2})"
)
"""A word of an address that names what the id behind it is of."""

MAX_ELEMENTS: Final = 400


class Word(NamedTuple):
    """A word or a sign, and whether there is a blank before it."""

    text: str
    spaced: bool


class Gap(NamedTuple):
    """What differs: its value in every text, and whether there is a blank before it."""

    values: tuple[str, ...]
    spaced: bool

    @property
    def pattern(self) -> str:
        """Takes as little as it can; it may be empty if it was so in some text."""
        if any("://" in one for one in self.values):
            return r"\S{1,2000}?" if all(self.values) else r"\S{0,2000}?"
        return f".{{{int(all(self.values))},200}}?"


@dataclass(frozen=True, slots=True)
class Template:
    """A sentence with gaps."""

    parts: tuple[Word | Gap, ...]

    @property
    def gaps(self) -> list[Gap]:
        """The gaps, in their order."""
        return [part for part in self.parts if isinstance(part, Gap)]

    @property
    def fixed(self) -> list[str]:
        """The words that are no gaps, without signs."""
        return [part.text for part in self.parts if isinstance(part, Word) and part.text[0].isalnum()]

    def quotes(self, gap: Gap) -> bool:
        """Whether `gap` stands in quotes: then it is rather a thing than a person."""
        before = self.parts[self.parts.index(gap) - 1]
        return isinstance(before, Word) and before.text in '"“«„' and gap is not self.parts[0]

    def pattern(self, group: Gap | None = None) -> str:
        """A regular expression for such sentences, in which the gap `group` is a group."""
        out = ""
        before: Word | Gap | None = None
        for part in self.parts:
            loose = any(isinstance(one, Gap) and not all(one.values) for one in (before, part))
            blank = " ?" if loose else " "
            told = escaped(part.text) if isinstance(part, Word) else part.pattern
            out += (blank if before and part.spaced else "") + (f"({told})" if part is group else told)
            before = part
        return f"^{out}$"


def template(texts: Sequence[str], varying: Collection[str] = ()) -> Template:
    """The words that all `texts` share, in their order; never numbers, links, and the words of `varying`."""
    lists = [_words(text, varying) for text in texts]
    loose = {word.casefold() for value in varying for word in (value, *_TOKEN.findall(value))}
    common: list[str] = reduce(_shared, ([word.text for word in one] for one in lists))
    common = [one for one in common if one.casefold() not in loose and not re.search(r"\d|://", one)]
    while (aligned := [_gaps(one, common) for one in lists]) and None in aligned:
        common.pop()  # a word that was left out may have stood for another of the same letters
    parts: list[Word | Gap] = []
    for number in range(len(common) + 1):
        gaps = [one[number] for one in aligned if one is not None]
        if any(gaps):
            spaced = next(gap[0].spaced for gap in gaps if gap)
            parts.append(Gap(tuple(map(_joined, gaps)), spaced))
        if number < len(common):
            parts.append(Word(common[number], _follows(lists[0], common, number)))
    return Template(tuple(parts))


def _joined(words: list[Word]) -> str:
    """The words as they were written, with one blank where there was white space."""
    return "".join(f"{' ' if word.spaced else ''}{word.text}" for word in words).strip()


def _words(text: str, varying: Collection[str]) -> list[Word]:
    """Words and signs; one of `varying` is one word, also where a script leaves no blanks around it."""
    known = sorted(filter(None, varying), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, known))) if known else None
    spans = [match.span() for match in pattern.finditer(text)] if pattern else []
    found, position = [], 0
    for start, end in [*spans, (len(text), len(text))]:
        found += [(one.start() + position, one[0]) for one in _TOKEN.finditer(text[position:start])]
        found += [(start, text[start:end])] if end > start else []
        position = end
    return [Word(word, start > 0 and text[start - 1].isspace()) for start, word in found]


def _shared(one: list[str], other: list[str]) -> list[str]:
    blocks = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [word for block in blocks for word in one[block.a : block.a + block.size]]


def _gaps(words: list[Word], common: list[str]) -> list[list[Word]] | None:
    """What stands before, between and behind the `common` words; None if they are not all there."""
    gaps: list[list[Word]] = [[]]
    wanted = list(common)
    for word in words:
        if wanted and word.text == wanted[0]:
            wanted.pop(0)
            gaps.append([])
        else:
            gaps[-1].append(word)
    return None if wanted else gaps


def _follows(words: list[Word], common: list[str], number: int) -> bool:
    """Whether the common word with this number has a blank before it."""
    places = iter(words)
    for wanted in common[:number]:
        next(word for word in places if word.text == wanted)
    return next((word.spaced for word in places if word.text == common[number]), True)


def escaped(text: str) -> str:
    """`text` as a pattern, with no more backslashes than it needs."""
    return re.sub(r"([\\.^$*+?{}\[\]|()])", r"\\\1", text)


class Element(NamedTuple):
    """An element that all samples have: its selector, its tag in the first one, and what it says in each."""

    selector: str
    tag: Tag
    texts: tuple[str, ...]

    @property
    def differs(self) -> bool:
        """Whether it says something else in other samples; one sample alone proves nothing."""
        return len(self.texts) == 1 or len(set(self.texts)) > 1


def elements(mails: Sequence[Mail]) -> list[Element]:
    """The elements with text of their own that a CSS selector finds in every sample, in the order of the page."""
    found: dict[str, Element] = {}
    for tag in mails[0].soup.find_all(True, limit=MAX_ELEMENTS):
        if tag.name in _LAYOUT:
            continue
        selector = next((one for one in _selectors(tag) if mails[0].soup.select_one(one) is tag), None)
        if selector is None or selector in found:
            continue
        same = [mail.soup.select_one(selector) for mail in mails]
        if all(same):
            texts = tuple(render(one).strip() for one in same if one)
            found[selector] = Element(selector, tag, texts)
    return list(found.values())


def _selectors(tag: Tag) -> Iterator[str]:
    """By what a template names it, then by its place in what has a name."""
    yield from _named(tag)
    path = [_nth(tag)]
    for above in list(tag.parents)[:6]:
        for named in _named(above):
            yield f"{named} > {' > '.join(path)}"
        if above.name in ("body", "html", "[document]"):
            yield " > ".join(["body", *path])
            return
        path.insert(0, _nth(above))


def _named(tag: Tag) -> Iterator[str]:
    """Ids and class names with figures are made for one mail, or say nothing."""
    own = tag.get("id")
    if isinstance(own, str) and re.fullmatch(r"[A-Za-z][A-Za-z_-]*", own):
        yield f"{tag.name}#{css_escape(own)}"
    for name in ("itemprop", "data-field", "role"):
        if isinstance(value := tag.get(name), str) and re.fullmatch(r"[A-Za-z_-]+", value):
            yield f'{tag.name}[{name}="{value}"]'
    classes = [one for one in (tag.get("class") or []) if re.fullmatch(r"[A-Za-z][A-Za-z_-]*", one)]
    yield from (f"{tag.name}.{css_escape(one)}" for one in classes)


def _nth(tag: Tag) -> str:
    before = sum(1 for one in tag.previous_siblings if isinstance(one, Tag) and one.name == tag.name)
    return f"{tag.name}:nth-of-type({before + 1})"


class Page(NamedTuple):
    """A kind of link that all samples have: a pattern with its ids as groups, and the link in each of them."""

    pattern: str
    links: tuple[str, ...]
    words: str
    """What a person clicks on, in the first sample."""

    @property
    def plain(self) -> str:
        """The pattern without groups."""
        return re.sub(r"\((\[0-9\]\+|\[\\w-\]\+)\)", r"\1", self.pattern)

    @property
    def differs(self) -> bool:
        """Whether it leads elsewhere in other samples."""
        return len(self.links) == 1 or len(set(self.links)) > 1

    @property
    def has_ids(self) -> bool:
        """Whether an id stands in it."""
        return "(" in self.pattern


def pages(mails: Sequence[Mail]) -> list[Page]:
    """The links that all samples have, without those that act on one click; of one pattern only the first."""
    found: dict[str, Page] = {}
    words = _words_of_links(mails[0])
    for link in _places(mails[0]):
        pattern = _generalized(link)
        if pattern in found:
            continue
        same = [next((one for one in _places(mail) if re.search(pattern, one)), "") for mail in mails]
        if all(same):
            found[pattern] = Page(pattern, tuple(same), words.get(link, ""))
    return list(found.values())


def _words_of_links(mail: Mail) -> dict[str, str]:
    """What stands on each link; in plain text what stands beside it or above."""
    words: dict[str, str] = {}
    above = ""
    for line in mail.text.split("\n"):
        for link in re.findall(r"https?://[^\s<>\"]{1,2000}", line):
            words.setdefault(unwrap(link), re.sub(r"https?://\S+", "", line).strip() or above)
        above = line.strip() or above
    return words | {unwrap(anchor.href): anchor.text for anchor in reversed(mail.anchors)}


def _places(mail: Mail) -> Iterable[str]:
    return dict.fromkeys(unwrap(one) for one in mail.links if one.startswith("http") and not is_action_link(one))


def _generalized(link: str) -> str:
    """The last words of the path with the ids in them as groups, and the ids of the query."""
    parts = urlsplit(link)
    segments = [one for one in parts.path.split("/") if one]
    ids = [number for number, one in enumerate(segments) if is_id(one)]
    start = max(0, ids[0] - 1) if ids else max(0, len(segments) - 2)
    while ids and start > 0 and not _NOUN.fullmatch(segments[start]):  # a page's own words in the address
        start -= 1
    told = [
        _segment(one, fixed=not _names_somebody(segments[:n]) and (not ids or n == start or bool(_NOUN.fullmatch(one))))
        for n, one in enumerate(segments)
    ]
    path = "".join(f"/{one}" for one in told[start : (ids[-1] + 1) if ids else None])
    query = [pair.partition("=") for pair in parts.query.split("&")]
    keys = [key for key, _, value in query if value.isdigit() and re.fullmatch(r"[\w-]{1,30}", key)]
    asked = "".join(f"{'[^#]{0,200}&' if n else '[?&]'}{escaped(key)}=([0-9]+)" for n, key in enumerate(keys))
    between = "[^#?]{0,200}" if asked and path and not ids else ""
    fragment = re.fullmatch(r"([A-Za-z_-]+)([0-9]+)", parts.fragment)
    anchor = f"{'' if asked else '[^#]{0,300}'}#{escaped(fragment[1])}([0-9]+)" if fragment else ""
    return f"{path or escaped(parts.hostname or '') + '/'}{between}{asked}{anchor}"


def _names_somebody(before: list[str]) -> bool:
    """Whether the next word of an address is what somebody is called there: `/u/anna`."""
    return (
        bool(before)
        and re.fullmatch(r"(?i)(?:u|user|profile|people|member|author|guest|customer)s?", before[-1]) is not None
    )


def _segment(segment: str, *, fixed: bool) -> str:
    if segment.isdigit():
        return "([0-9]+)"
    if is_id(segment):
        return r"([\w-]+)"
    return escaped(segment) if fixed and re.fullmatch(r"[A-Za-z_.-]{1,30}", segment) else "[^/?#]+"
