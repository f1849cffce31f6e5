"""Gravity Forms, by the table that its `{all_fields}` has made since version 1: a blue row for each label.

The notification's subject, sender and the text around the table are the site owner's; the table is the program's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bs4 import Tag

from interest_ingest.parsing import SITES, Action, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.answers import HTML, answered, is_answer, rows_of, shown
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import Labels
from interest_ingest.parsing.orders import goes_to
from interest_parsers.form import interest_of

LABEL: Final = re.compile(r"(?i)<tr [^<>]{0,60}bgcolor=.?#EAF2FA")


@parser(
    "gravity-forms.notification", version=1, match=Match(header=HTML), link_hosts=SITES, signed_by=SITES, fallback=0
)
def notification(mail: Mail) -> Iterator[Interest]:
    """`New submission from Contact us`"""
    if not LABEL.search(mail.html) or is_answer(mail):
        return
    rows = [row for row in rows_of(mail, LABEL).select('tr[bgcolor="#EAF2FA" i]') if isinstance(row, Tag)]
    labels = _read(rows)
    if not labels.roles:
        return  # a newsletter in the same blue
    form = form_of(labels, mail)
    if goes_to(mail, form.email):
        raise Ignored("receipt for the customer")
    product = _ordered(rows)
    known = {"action": Action.ORDER, "product": Product(name=product)} if product else {}
    yield interest_of(form, mail, **known)


def _read(rows: list[Tag]) -> Labels:
    pairs = []
    for row in rows:
        below = row.find_next_sibling("tr")
        if isinstance(below, Tag) and below not in rows:
            cells = below.find_all("td", recursive=False)
            pairs.append((shown(row), shown(cells[-1]) if cells else ""))
    return answered(pairs)


def _ordered(rows: list[Tag]) -> str:
    """The first product of the table that a form with prices ends with; "" for other forms."""
    for row in rows:
        below = row.find_next_sibling("tr")
        table = below.find("table") if isinstance(below, Tag) else None
        name = table.select_one("tbody tr td, tr:nth-of-type(2) td") if isinstance(table, Tag) else None
        if name is not None:
            return shown(name).partition("\n")[0]
    return ""
