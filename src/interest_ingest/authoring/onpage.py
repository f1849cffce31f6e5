"""Which elements of the pages of sample mails hold which field of the card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bs4 import Tag

from interest_ingest.authoring.looks import is_name, is_value
from interest_ingest.authoring.proposal import Proposal
from interest_ingest.authoring.samples import Element
from interest_ingest.mail import Mail
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.pick import attribute
from interest_ingest.parsing.tokens import host_of

_WORDS: Final = {
    "author.name": r"author|name|\bby\b|user|customer|client|person|from|who|sender|reviewer",
    "text": r"text|message|comment|body|content|quote|words|description|review|excerpt|note",
    "product.name": r"product|item|goods|title|subject|thing",
    "occurred_at": r"date|time|when|posted",
    "rating": r"rating|stars?|score|grade",
}
_PHOTO: Final = re.compile(r"(?i)avatar|photo|userpic|portrait|profile|face|gravatar")
_NO_PHOTO: Final = re.compile(r"(?i)logo|icon|pixel|banner|button|spacer|/static/|/assets/")
PROFILE: Final = (
    r"(?i)/(?:u|users?|people|profile|member|author|id|guest|customer|client|buyer|seller|visitor|reviewer|candidate|host"
    r")s?[/=]|/@"
)
_BY: Final = r"(?:\b(?:by|from|von|de|par|di|от|від|av|door|przez)|من)[ :]{1,2}[\"“«„]?"
_RATING: Final = (
    r"([0-9](?:[.,][0-9])?) ?(?:/|of|out of|из|із|з|von|sur|de|su|na|z|av|af|van|من|از|מתוך|में से|／|점 ?/) ?(?:5|10)\b"
)
_STARS: Final = r"[★⭐]{1,5}[☆✩]{0,4}"
_PORTRAIT: Final = range(16, 257)
"""Pixels of the sides of a square picture of a person; less is an icon or counts who opens the mail."""


def from_page(found: list[Element], mails: Sequence[Mail], proposal: Proposal) -> None:
    """Author, text, product and rating by the elements that differ, those first whose names say what they are."""
    differing = [one for one in found if one.differs and all(one.texts)]
    names = [one for one in differing if all(map(is_name, one.texts)) and not has_block(one)]
    if author := _author(names, mails):
        proposal.place("author.name", f"the element {author.selector}", css=author.selector)
    author_texts = author.texts if author else ()
    text = _text(differing, author_texts, mails, proposal)
    if text:
        proposal.place("text", f"the element {text.selector}", css=text.selector)
    others = [one for one in differing if one not in (author, text) and one.texts != author_texts]
    named = re.compile(rf"(?i){_WORDS['product.name']}")
    others = [one for one in others if not has_block(one) and not any(map(is_value, one.texts))]
    told = [one for one in others if named.search(one.selector)]
    if told:
        proposal.place("product.name", f"the element {told[0].selector}", css=told[0].selector)
    _from_ratings(found, proposal)
    _from_pictures(found, mails, proposal)


def _author(names: list[Element], mails: Sequence[Mail]) -> Element | None:
    """Whose element says that it is the author; else that of a profile link, then one that the subjects repeat, there
    behind a word like “by” or first; else, of several samples, the shortest that differs."""
    told = _hinted(names, "author.name") or [one for one in names if _in_profile_link(one.tag)]
    told = told or [one for one in names if _repeated(one, mails)]
    if told:
        return min(told, key=lambda one: _rank(one.texts[0], mails[0].subject))
    return min(names, key=_size, default=None) if len(mails) > 1 else None


def _repeated(one: Element, mails: Sequence[Mail]) -> bool:
    """Whether each mail repeats it in its subject."""
    return all(text in mail.subject for text, mail in zip(one.texts, mails, strict=True))


def repeated(found: list[Element], names: list[str], mails: Sequence[Mail]) -> list[str]:
    """What the subjects repeat of elements that differ, but for sentences about the author."""
    several = found if len(mails) > 1 else []  # a heading of one sample is likelier the template's
    told = [one for one in several if one.differs and all(one.texts) and _repeated(one, mails)]
    return [text for one in told if one.texts == tuple(names) or not _names(one, names) for text in one.texts]


def _rank(name: str, subject: str) -> tuple[bool, int]:
    """First who is named behind “by”, then who is named first, last who is not."""
    by = re.search(rf"(?i){_BY}{re.escape(name)}", subject)
    place = subject.find(name)
    return by is None, place if place >= 0 else len(subject)


def _in_profile_link(tag: Tag) -> bool:
    return any(one.name == "a" and re.search(PROFILE, str(one.get("href") or "")) for one in (tag, *tag.parents))


def _text(
    differing: list[Element], author: tuple[str, ...], mails: Sequence[Mail], proposal: Proposal
) -> Element | None:
    """The longest that differs and is no box around others, sentence about the author or labelled value."""
    names = [proposal.author(mail) for mail in mails]
    found = [one for one in differing if one.texts != author and not _holds_others(one, differing, author)]
    found = [one for one in found if not _names(one, names) and not _labelled(one)]
    found = [one for one in found if not all(map(is_name, one.texts)) or _hinted([one], "text")]
    return max(_hinted(found, "text") or found, key=_size, default=None)


def _from_ratings(found: list[Element], proposal: Proposal) -> None:
    for one in found:
        if has_block(one):
            continue
        if all(re.search(_RATING, text) for text in one.texts):
            first = all(re.match(rf"\D*{_RATING}", text) for text in one.texts)  # then the first number is it
            narrowed = {} if first else {"pattern": _RATING}
            proposal.place("rating", f"the element {one.selector}", css=one.selector, **narrowed)
            return
        if all(re.fullmatch(rf"\D{{0,20}}{_STARS}\D{{0,20}}", text) for text in one.texts):
            proposal.place("rating", f"the stars of {one.selector}", css=one.selector)
            return


def _from_pictures(found: list[Element], mails: Sequence[Mail], proposal: Proposal) -> None:
    """The author's portrait: it says so, or is a square picture beside his name that is another in other mails."""
    names = [proposal.author(mail) for mail in mails]
    for one in found:
        sources = [attribute(mail, one.selector, "src") for mail in mails]
        hosts = {registrable(host) or host for source in sources if (host := host_of(source))}
        if one.tag.name == "img" and hosts and _is_portrait(one.tag, sources, names[0]):
            proposal.table["photo_hosts"] = sorted(hosts)
            proposal.place("author.photo_url", f"the picture {one.selector}", css=one.selector, attribute="src")
            return


def _is_portrait(tag: Tag, sources: list[str], name: str) -> bool:
    told = " ".join(str(tag.get(key) or "") for key in ("class", "src", "alt", "id"))
    if _NO_PHOTO.search(told) or (len(sources) > 1 and len(set(sources)) == 1):
        return False
    around = next((one for one in tag.parents if one.get_text(strip=True)), tag).get_text(" ")
    sides = [int(side) if (side := str(tag.get(key) or "")).isdigit() else 0 for key in ("width", "height")]
    beside = bool(name) and " ".join(name.split()) in " ".join(around.split())
    return _PHOTO.search(told) is not None or (sides[0] == sides[1] and sides[0] in _PORTRAIT and beside)


def has_block(one: Element) -> bool:
    """Whether there are paragraphs, boxes or tables in it."""
    return one.tag.find(["div", "p", "table", "td"]) is not None


def _holds_others(one: Element, differing: list[Element], author: tuple[str, ...]) -> bool:
    """Whether it is only the box around elements that differ themselves."""
    inner = [other for other in differing if one.tag in other.tag.parents]
    if author and any(other.texts == author for other in inner):
        return True
    return has_block(one) and any(not has_block(other) and other.texts != one.texts for other in inner)


def _names(one: Element, names: list[str]) -> bool:
    """Whether it is the sentence that says who it was."""
    return all(name and name in text for name, text in zip(names, one.texts, strict=True))


def _labelled(one: Element) -> bool:
    """Whether all samples have the same label in it, on the line of its value."""
    labels = [re.match(r"[^\n:：]{1,40}[:：] ?(?=\S)", text) for text in one.texts]
    return len(labels) > 1 and all(labels) and len({label[0] for label in labels if label}) == 1


def _hinted(found: list[Element], name: str) -> list[Element]:
    """Those whose selectors say that they are `name`: their own words before those of the boxes around them."""
    hints = re.compile(rf"(?i){_WORDS[name]}")
    own = [one for one in found if hints.search(one.selector.rpartition(" > ")[2])]
    return own or [one for one in found if hints.search(one.selector.removeprefix("body > "))]


def _size(one: Element) -> int:
    return sum(map(len, one.texts))
