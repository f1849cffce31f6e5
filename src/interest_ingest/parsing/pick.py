"""One value out of a mail: by its label, by a CSS selector, by a pattern, or out of a link; "" where it is not there.

What the parser author's kit writes is made of these, and so are the parsers without code (`declared`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from bs4 import Tag

from interest_ingest.mail import Mail
from interest_ingest.mail.html import render
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.links import is_action_link, keyless, unwrap
from interest_ingest.parsing.tokens import host_of

Where = Mail | Tag
"""A mail, or a part of its page."""

_SENDERS: Final = ("from.name", "from.email", "reply_to.name", "reply_to.email")
_DECORATION: Final = r"[^\w\n]{0,6}"
_SET_OFF: Final = r"[ ]{0,3}(?:[:：=]|\t)[ \t]{0,20}"


def labelled(where: Where, *labels: str) -> str:
    """The value beside the first of `labels` that has one, in whatever layout the mail shows its fields.

    Case, and marks around a label, do not count. Only the head of fields is looked at: what looks like a label in the
    text that somebody wrote is his text.
    """
    raw = {_plain(label): value for label, value in _labels(where).items()}
    wanted = [_plain(label) for label in labels]
    value = next((raw[label] for label in wanted if raw.get(label)), "") or _beside(where, labels)
    return _without_links(value, where) if "\n" in value and isinstance(where, Mail) else value


def labels_of(where: Where) -> dict[str, str]:
    """All labels and values, as written, in the order of the mail."""
    return dict(_labels(where))


def text_at(where: Where, selector: str) -> str:
    """What a person sees of the first element that the CSS `selector` finds."""
    found = _root(where).select_one(selector)
    return render(found).strip() if found else ""


def attribute(where: Where, selector: str, name: str) -> str:
    """The attribute `name` of the first element that the CSS `selector` finds, as in `attribute(mail, "a", "href")`."""
    found = _root(where).select_one(selector)
    value = found.get(name) if found else None
    return " ".join(value) if isinstance(value, list) else str(value or "").strip()


def link(where: Where, pattern: str) -> str:
    """The first link in which `pattern` is found; its groups, joined by a space, if it has any.

    Links are looked at as they stand and unwrapped; those that act on one click are not. Parameters that are keys to
    the recipient's account (`?token=…`) are left out, for a link with one is kept on no card.
    """
    for one in _links(where):
        if not is_action_link(one):
            for url in dict.fromkeys((unwrap(one), one)):
                if match := re.search(pattern, url):
                    return _groups(match) if match.re.groups else keyless(one)
    return ""


def header(mail: Mail, name: str) -> str:
    """The header `name`, decoded; `from.name`, `from.email`, `reply_to.name` and `reply_to.email` are parts of one."""
    if name not in _SENDERS:
        return mail.header(name)
    whose, _, part = name.partition(".")
    address = mail.sender if whose == "from" else mail.reply_to
    return str(getattr(address, part)) if address else ""


def number(text: str) -> float | None:
    """The first number in `text`: `4,5 of 5` is 4.5; of a text without any how many stars are drawn: `★★★☆☆` is 3."""
    if match := re.search(r"\d{1,9}(?:[.,]\d{1,3})?", text):
        return float(match[0].replace(",", "."))
    stars = re.search(r"[★⭐]{1,10}", text)
    return float(len(stars[0])) if stars else None


def found(pattern: str, text: str) -> str:
    """What the groups of `pattern` match in `text`, joined by a space; without groups all that it matches."""
    match = re.search(pattern, text)
    return _groups(match) if match else ""


def between(where: Where, opening: str, closing: str) -> str:
    """The visible text between the first line in which `opening` is found and the next in which `closing` is.

    Without `opening` from the beginning, without `closing` to the end; "" if one of them is given and not found. The
    marks of a quote are left out: `> ` before every line, or “ ” around all of it.
    """
    lines = visible(where).split("\n")
    start = _line(lines, opening, 0) if opening else -1
    end = len(lines) if start is None or not closing else _line(lines, closing, start + 1)
    return "" if start is None or end is None else _unquoted("\n".join(lines[start + 1 : end]).strip())


def _unquoted(text: str) -> str:
    lines = text.split("\n")
    if all(line.startswith(">") for line in lines if line.strip()):
        return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)
    within = re.fullmatch(r"[\"“«„]([^\"“”«»„]+)[\"”»“]", text)
    return within[1].strip() if within else text


def _line(lines: list[str], pattern: str, start: int) -> int | None:
    return next((n for n in range(start, len(lines)) if re.search(pattern, lines[n].strip())), None)


def visible(where: Where) -> str:
    """What a person reads there."""
    return where.visible_text if isinstance(where, Mail) else render(where)


def _without_links(value: str, mail: Mail) -> str:
    """`value` without the lines at its end that are nothing but links to the sender's own pages."""
    own = registrable(mail.sender.email.rpartition("@")[2]) if mail.sender else ""
    lines = value.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or _leads_to(lines[-1], own)):
        lines.pop()
    return "\n".join(lines)


def _leads_to(line: str, domain: str) -> bool:
    only = re.fullmatch(r"\s*<?(https?://[^\s<>]{1,2000})>?\s*", line)
    return bool(only and domain) and host_in(host_of(only[1] if only else ""), (domain,))


def _groups(match: re.Match[str]) -> str:
    return " ".join(one.strip() for one in match.groups() if one) if match.re.groups else match[0].strip()


def _root(where: Where) -> Tag:
    return where.soup if isinstance(where, Mail) else where


def _links(where: Where) -> list[str]:
    if isinstance(where, Mail):
        return list(where.links)
    return [str(one["href"]).strip() for one in where.select("a[href]")]


def _labels(where: Where) -> dict[str, str]:
    return _labels_of_mail(where) if isinstance(where, Mail) else read_labels(where).raw


@lru_cache(maxsize=1)
def _labels_of_mail(mail: Mail) -> dict[str, str]:
    return read_labels(mail).raw


def _plain(label: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", label).split()).casefold()


def _beside(where: Where, labels: tuple[str, ...]) -> str:
    """For labels that only their author knows: the rest of the first line that begins with one, or the line below."""
    text = visible(where)
    for label in labels:
        opening = rf"(?im)^{_DECORATION}{re.escape(label)}{_SET_OFF}(?P<beside>[^\n]{{0,2000}})$"
        match = re.search(opening, text)
        if match and match["beside"].strip():
            return match["beside"].strip()
        below = re.search(rf"(?im)^{_DECORATION}{re.escape(label)}[ :：]{{0,3}}\n{{1,2}}([^\n]{{1,2000}})$", text)
        if below:
            return below[1].strip()
    return ""
