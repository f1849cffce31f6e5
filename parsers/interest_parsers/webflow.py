"""Webflow's forms: in the text part all answers run on in one line. As others read it; the HTML is not known.

`Form F Site S Submitted content first-name: Anna email: anna@… Field 5: yes`: names of fields are identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Changed, Interest, Mail, Match, parser
from interest_ingest.parsing.forms import form_of, known_form
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.vocabulary import Role, is_label, role_of
from interest_parsers.form import interest_of

DOMAIN: Final = "webflow.com"
_CONTENT = re.compile(r"Submitted content:?\s{0,5}")
_SITE = re.compile(r"\bSite:?\s{1,3}(.{1,100}?)\s{1,5}Submitted content")
_NAME = re.compile(r"(?<!\S)(\S{1,40}):(?=\s)")


@parser(
    "webflow.form",
    version=1,
    match=Match(from_domain=DOMAIN, subject=r"(?i)form submission"),
    signed_by=DOMAIN,
    link_hosts=SITES,
)
def form(mail: Mail) -> Iterator[Interest]:
    """`New form submission on Webflow for Green Gate`"""
    text = mail.visible_text
    content = _CONTENT.search(text)
    answers = text[content.end() :].strip() if content else ""
    lines = answers if "\n" in answers else _in_lines(answers)
    found = form_of(read_labels(lines), mail) if answers else known_form(mail)
    if found is None or not (found.name or found.email or found.phone or found.text):
        raise Changed("the form's fields")
    site = _SITE.search(" ".join(text.split()))
    yield interest_of(found, mail, account=site[1] if site else None)


def _in_lines(answers: str) -> str:
    """`answers` with each field on a line of its own; what looks like a field within the message is left there."""
    starts: list[int] = []
    ends: list[int] = []
    seen: set[Role | None] = set()
    for found in _NAME.finditer(answers):
        start = _first_word(answers, found)
        label = answers[start : found.end(1)]
        role = role_of(label)
        if re.search(r"\w[-_]\w|[^\W\d].{0,9}\d", label) or (role and not (Role.MESSAGE in seen and role in seen)):
            starts.append(start)
            ends.append(found.end())
            seen.add(role)
    values = zip(ends, [*starts[1:], len(answers)][: len(ends)], strict=True)
    labels = (answers[one : two - 1] for one, two in zip(starts, ends, strict=True))
    return "\n".join(f"【{label}】{answers[one:two].strip()}" for label, (one, two) in zip(labels, values, strict=True))


def _first_word(answers: str, found: re.Match[str]) -> int:
    """Where the label of which `found` is the last word begins: `Full Name`, `Field 5`, `Email 2`."""
    words = [word.start() for word in re.finditer(r"\S+", answers[max(0, found.start() - 60) : found.start()])]
    offset = max(0, found.start() - 60)
    for begin in (offset + word for word in words[-3:]):
        label = answers[begin : found.end(1)]
        if is_label(label) or re.fullmatch(r"[A-Z]\w{1,20} \d{1,2}", label):
            return begin
    return found.start()
