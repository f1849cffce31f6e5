"""PrestaShop 1.4 to 8, by its templates: the contact form, and new orders as the module “Mail alerts” tells them.

Subjects carry machine keys in every language: `[no_sync]`, `#ct12 #tcABC…` of a thread, `#12 - ABCDEFGHI` of an order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from bs4 import Tag

from interest_ingest.parsing import SITES, Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import shown
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import Labels
from interest_ingest.parsing.orders import Item, first_host, is_phone, order, site_of_sender
from interest_ingest.parsing.tokens import find_email, resolve
from interest_parsers.form import interest_of, required_form

_NEW: Final = r"\A(?!\s{0,3}[^\W\d_]{1,5}(?:\[\d\])?\s?[:：])[^\n]{0,300}"
"""No answer: those keep the machine keys of the subject."""
CONTACT: Final = rf"{_NEW}\[no_sync\]\s*$"
ORDER: Final = _NEW + r"(?:#(\d{1,9}) - [A-Z]{9}|- #(\d{6}))\s*$"
"""Up to 1.4 `New order - #000031`."""
_CUSTOMER: Final = r"[:：]\s{0,3}([^\n:：()]{1,150}) \(([^\s()@]{1,64}@[^\s()@]{1,255})\)"
_END = re.compile(r"[^\n:：]{3,40}[:：] ?(?:-|[A-Z]{9})[ \t]*$|[^\n]{0,300}PrestaShop")
"""`ORDER ID: ABCDEFGHI`, or `-` where he named none, and the footer."""
_THREAD: Final = r"#ct\d{1,9} #tc\w{4,40}"


@parser("prestashop.contact", version=1, match=Match(subject=CONTACT), link_hosts=SITES, signed_by=SITES)
def contact(mail: Mail) -> Iterator[Interest]:
    """`[Shop] Message from contact form [no_sync]`"""
    box = mail.soup.select_one("td.box")
    cell = mail.soup.select_one('td[style*="background-color:#f3f3f3"]')
    text = shown(cell) if cell else _below(box) if box else _paragraph(mail.visible_text)
    form = form_of(Labels(message=resolve(text or required_form(mail).text)), mail)
    email = form.email or find_email(mail.visible_text)
    yield interest_of(replace(form, email=email), mail, labels=dict(_labels(mail)))


@parser("prestashop.order", version=1, match=Match(subject=ORDER, text=_CUSTOMER), link_hosts=SITES, signed_by=SITES)
def new_order(mail: Mail) -> Iterator[Interest]:
    """`[Shop] New order : #12 - ABCDEFGHI`"""
    number = re.search(ORDER, mail.subject)
    customer = re.search(_CUSTOMER, mail.visible_text)
    if number is None or customer is None:
        raise Changed("the customer")
    site = first_host(mail.links) or site_of_sender(mail)
    author = Author(name=customer[1].strip(), email=customer[2], phone=_phone(mail))
    yield order(number[1] or number[2].lstrip("0"), _items(mail), site=site, author=author, note=_note(mail))


@parser("prestashop.receipt", version=1, match=Match(subject=_THREAD), fallback=0)
def receipt(mail: Mail) -> Iterator[Interest]:
    """`Your message has been correctly sent #ct12 #tcABC…`; the customer's answer to it is a letter."""
    if not mail.header("In-Reply-To") and not re.match(r"(?i)\s*\w{2,3}:", mail.subject):
        raise Ignored("receipt for the customer")
    yield from ()


def _items(mail: Mail) -> Iterator[Item]:
    """Rows of reference, name, price, quantity and sum."""
    for row in mail.soup.find_all("tr"):
        cells = row.find_all("td", recursive=False) if isinstance(row, Tag) else []
        if len(cells) >= 5 and (quantity := _text(cells[3])).isdigit():
            named = cells[1].find(["strong", "a"])
            anchor = cells[1].find("a", href=True)
            name = _text(named if isinstance(named, Tag) else cells[1])
            yield Item(name, quantity, _text(cells[4]), str(anchor["href"]) if isinstance(anchor, Tag) else "")


def _phone(mail: Mail) -> str | None:
    lines = (line.strip() for box in mail.soup.select(".address") for line in box.get_text("\n").split("\n"))
    return next(filter(is_phone, lines), None)


def _note(mail: Mail) -> str:
    """The customer's message, if he wrote one."""
    boxes = mail.soup.select("td.box:not(.address)")[1:]  # the first has number and payment, the last the message
    heading = boxes[-1].find("p") if boxes else None
    below = heading.find_next_sibling("span") if isinstance(heading, Tag) else None
    return shown(below) if isinstance(below, Tag) else ""


def _below(box: Tag) -> str:
    """Behind the second bold label, up to the third: address, message, order, file."""
    labels = [label.get_text().strip() for label in box.find_all("strong")]
    if len(labels) < 2:
        return ""
    text = shown(box).partition(labels[1])[2]
    return (text.partition(f"\n{labels[2]}")[0] if len(labels) > 2 else text).strip()


def _paragraph(text: str) -> str:
    """The paragraph below the one with the customer's address: `CUSTOMER MESSAGE: …`, up to `ORDER ID: …`."""
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if find_email(line)), len(lines))
    ends = [n for n in range(start, len(lines)) if _END.match(lines[n])]
    told = "\n".join(lines[start + 1 : ends[0] if ends else len(lines)]).strip()
    return told.partition(":")[2].strip()


def _labels(mail: Mail) -> Iterator[tuple[str, str]]:
    """`Order ID #: ABCDEFGHI`, of the templates since 1.7.6."""
    for label in mail.soup.select("span.label"):
        value = label.find_next_sibling("span")
        if isinstance(value, Tag) and _text(value) not in ("", "-"):
            yield _text(label).strip(" :"), _text(value)


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())
