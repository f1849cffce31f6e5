"""Jetpack Forms (Contact Form, Grunion), by its template of three generations, in any language.

Up to 5.x lines `Name: …` with `Time:`, `IP Address:` and the form's page below; since then bold labels over their
values with the same lines below; since 2026 a row with an icon for each field, who it was above and the page below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bs4 import Tag

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import answered, is_answer, is_from_site, shown
from interest_ingest.parsing.forms import Form, form_of, known_form
from interest_ingest.parsing.tokens import find_url
from interest_parsers.form import interest_of, required_form

_NEW: Final = r"^https://jetpack\.com/forms/\?utm_source=jetpack-forms&(?:amp;)?utm_medium=email"
_SERVER_LINES: Final = (
    # Time: March 3, 2026 at 10:14 am
    # IP Address: 192.0.2.60                       (since 13.x with a browser below)
    # Contact Form URL: https://shop.example/contact/
    r"(?m)^[^\n:：]{2,40}[:：][ \xa0][^\n]{0,60}\d[^\n]{0,60}\n"
    r"[^\n:：]{2,40}[:：][ \xa0][^\n]{0,12}"
    r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7})[ \t]*\n"
    r"(?:[^\n:：]{2,40}[:：][ \xa0][^\n]{2,100}\n)?[^\n:：]{2,60}[:：][ \xa0](https?://[^\s]{1,500})[ \t]*$"
)


@parser("jetpack.response", version=1, match=Match(link=_NEW), link_hosts=SITES, signed_by=SITES, fallback=0)
def response(mail: Mail) -> Iterator[Interest]:
    """Since 2026, with the line `Powered by Jetpack Forms`."""
    if is_answer(mail):
        return
    _refuse(mail)
    fields = list(_icon_rows(mail))
    if not fields:
        yield interest_of(required_form(mail), mail)
        return
    page = next((find_url(str(a["href"])) for a in mail.soup.select("td.metadata-value a[href^=http]")), "")
    form = form_of(answered(fields), mail)
    name, email = (_line(mail, f".respondent-{what}") for what in ("name", "email"))
    known = Form(form.labels, name or form.name, email or form.email, form.phone, form.text, page or form.page)
    yield interest_of(known, mail)


@parser("jetpack.contact", version=1, match=Match(text=_SERVER_LINES), link_hosts=SITES, signed_by=SITES, fallback=0)
def contact(mail: Mail) -> Iterator[Interest]:
    """`Time: …` / `IP Address: …` / `Contact Form URL: …` below the fields."""
    form = known_form(mail)
    if form is None or is_answer(mail) or not is_from_site(mail, form.email):
        return
    _refuse(mail)
    for found in re.finditer(_SERVER_LINES, mail.visible_text):
        text = form.text.rpartition(found[0])[0] or form.text
        page = found[1] if found[1] != form.referrer else form.page
        form = replace(form, page=page, text=text.strip())
    yield interest_of(form, mail)


def _refuse(mail: Mail) -> None:
    if mail.subject.startswith("***SPAM***"):
        raise Ignored("spam, says the site")
    if "test-submission-banner" in mail.html:
        raise Ignored("test of the form")


def _icon_rows(mail: Mail) -> Iterator[tuple[str, str]]:
    for icon in mail.soup.select("td.field-icon-cell"):
        cell = icon.find_next_sibling("td")
        parts = cell.find_all("div", recursive=False) if isinstance(cell, Tag) else []
        if len(parts) > 1:
            yield shown(parts[0]), "\n".join(shown(part) for part in parts[1:])


def _line(mail: Mail, selector: str) -> str:
    found = mail.soup.select_one(selector)
    return re.sub(r"\s+", " ", found.get_text()).strip() if found else ""
