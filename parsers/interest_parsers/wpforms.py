"""WPForms, by the page of its HTML mails up to version 1.8.4 (real mails of 1.4): a small table for each field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bs4 import Tag

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import HTML, answered, is_answer, shown
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.orders import goes_to
from interest_parsers.form import interest_of

LABEL: Final = 'padding-top: 20px;padding-bottom: 3px;"><strong>'
VALUE: Final = 'padding-top: 3px;padding-bottom: 20px;">'


@parser("wpforms.notification", version=1, match=Match(header=HTML), link_hosts=SITES, signed_by=SITES, fallback=0)
def notification(mail: Mail) -> Iterator[Interest]:
    """`New Entry: Simple Contact Form`"""
    if LABEL not in mail.html or VALUE not in mail.html or is_answer(mail):
        return
    form = form_of(answered(_pairs(mail)), mail)
    if goes_to(mail, form.email):
        raise Ignored("receipt for the customer")
    yield interest_of(form, mail)


def _pairs(mail: Mail) -> Iterator[tuple[str, str]]:
    for label in mail.soup.select('td[style*="padding-bottom: 3px"]'):
        row = label.parent.find_next_sibling("tr") if label.parent else None
        value = row.find("td") if isinstance(row, Tag) else None
        if isinstance(value, Tag):
            yield shown(label), shown(value)
