"""Tilda: filled-in forms and orders of its shops. Layouts as others describe them from real mails of 2020 to 2025.

The labels are the owner's own with underscores for blanks (`Номер_телефона`); `Request ID` names the event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bs4 import Tag

from interest_ingest.parsing import SITES, Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import shown
from interest_ingest.parsing.forms import Form, form_of
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.orders import Item, first_host, order
from interest_ingest.parsing.tokens import find_url
from interest_parsers.form import interest_of, required_form

_CODE = re.compile(r"(?i)код активации|activation code|confirm your e-?mail|подтвер\w+ (?:e-?mail|почт|адрес)")
_REQUEST = re.compile(r"(?:Request|Transaction) ID:\s?(\d{1,15}:\d{1,20})")
_ORDER = re.compile(r"\bOrder #(\d{1,15})\b")
_ITEM = re.compile(r"\s{0,4}\d{1,3}[.)] ([^\n]{1,300}?): (\d[\d .,]{0,15}) ?\(?(?:(\d{1,6}) [x×])?")
"""`1. Oolong: 1200 (2 x 600)`"""
_CUSTOMER, _ADDED = "Purchaser information:", "Additional information:"


@parser("tilda.form", version=1, match=Match(from_domain="tilda.ws"), signed_by="tilda.ws", link_hosts=SITES)
def form(mail: Mail) -> Iterator[Interest]:
    """`Request details: / Ваше_имя: … / Request ID: 1:2`, or `Order #12 / … / Purchaser information: / …`"""
    if _CODE.search(mail.subject) or _CODE.search(mail.visible_text[:400]):
        raise Ignored("account notice")
    if number := _ORDER.search(mail.subject + "\n" + mail.visible_text):
        yield _order(number[1], mail)
        return
    request = _REQUEST.search(mail.visible_text)
    key = f"request {request[1]}" if request else None
    yield interest_of(_readable(required_form(mail), mail), mail, event_key=key)


def _order(number: str, mail: Mail) -> Interest:
    head, _, below = mail.visible_text.partition(_CUSTOMER)
    items = [*_rows(mail)] or [item for line in head.split("\n") if (item := _item(line))]
    if not (below and items):
        raise Changed("the items and the purchaser")
    customer, _, added = below.partition(_ADDED)
    known = form_of(read_labels(customer), mail)
    author = Author(name=known.name, email=known.email, phone=known.phone, company=known.company)
    page = _page(added)
    note = known.labels.message
    return order(number, items, site=first_host([page]), author=author, note=note, labels=known.labels.raw, page=page)


def _rows(mail: Mail) -> Iterator[Item]:
    """Rows of number, picture, title, price, quantity and sum, below their headings; the title is the longest."""
    for row in mail.soup.find_all("tr"):
        cells = [shown(cell) for cell in row.find_all("td", recursive=False)] if isinstance(row, Tag) else []
        numbers = [cell for cell in cells if cell.isdigit()]
        title = max(cells, key=len, default="")
        if len(cells) >= 4 and numbers and any(letter.isalpha() for letter in title):
            at = cells.index(title)
            counted = next((cell for cell in cells[at + 1 :][1:] if cell.isdigit()), "")
            yield Item(title.partition("\n")[0], counted, cells[-1])


def _item(line: str) -> Item | None:
    found = _ITEM.match(line)
    return Item(found[1], found[3] or "", found[2].strip()) if found else None


def _readable(form: Form, mail: Mail) -> Form:
    """The form with the page that stands without a label below the answers."""
    return replace(form, page=form.page or _page(mail.visible_text.rpartition(_ADDED)[2]))


def _page(text: str) -> str:
    links: Final = (find_url(line) for line in text.split("\n") if line.strip().startswith("http"))
    return next(filter(None, links), "")
