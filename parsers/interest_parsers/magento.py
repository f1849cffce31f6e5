"""Magento 2 (Adobe Commerce), by its templates: the contact form, and new orders of which the shop gets a copy.

The classes of the templates are the same in every language. What tells of invoices, shipments and the like names two
numbers in its heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from interest_ingest.parsing import SITES, Author, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import HTML, answered, is_answer, shown
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.orders import Item, address_block, first_host, is_shops_copy, order, site_of_sender
from interest_parsers.form import interest_of


@parser("magento.mail", version=1, match=Match(header=HTML), link_hosts=SITES, signed_by=SITES, fallback=0)
def mail_of_shop(mail: Mail) -> Iterator[Interest]:
    """`Contact Form`, and `Shop: New Order # 000000012`"""
    if is_answer(mail):
        return
    if 'class="message-details"' in mail.html:
        yield _contact(mail)
    elif 'class="email-summary"' in mail.html:
        heading = mail.soup.select_one(".email-summary h1")
        numbers = re.findall(r"#\s?([\w-]{1,30})", shown(heading)) if heading else []
        if len(numbers) != 1 or not mail.soup.select_one(".email-items"):
            raise Ignored("order notice")
        if not is_shops_copy(mail):
            raise Ignored("receipt for the customer")
        yield _order(mail, numbers[0])


def _contact(mail: Mail) -> Interest:
    """A table of name, address and phone; the message is the paragraph below the one that is bold."""
    rows = mail.soup.select("table.message-details tr")
    cells = [(row.find("th"), row.find("td")) for row in rows]
    pairs = [(shown(head), shown(cell)) for head, cell in cells if isinstance(head, Tag) and isinstance(cell, Tag)]
    table = mail.soup.select_one("table.message-details")
    below = [p for p in table.find_next_siblings("p") if isinstance(p, Tag)] if table else []
    label = shown(below[0]) if below else ""
    text = "\n\n".join(map(shown, below[1:]))
    labels = answered([*pairs, (label, text)])
    form = form_of(labels, mail)
    return interest_of(form, mail, text=text or form.text)


def _order(mail: Mail, number: str) -> Interest:
    soup = mail.soup
    greeting = soup.select_one("p.greeting")
    billing = soup.select_one(".address-details p")
    name, _, phone = address_block(shown(billing).split("\n")) if billing else ("", "", "")
    called = billing.select_one("a[href^=tel]") if billing else None
    ours = registrable(site_of_sender(mail))
    email = next((to.email for to in mail.to if registrable(to.email.rpartition("@")[2]) != ours), None)
    note = soup.select_one("table.message-info")
    return order(
        number,
        [_item(row) for row in soup.select(".email-items tbody tr") if row.select_one(".product-name")],
        site=first_host(mail.links) or site_of_sender(mail),
        author=Author(
            name=name or (shown(greeting).rstrip(",") if greeting else None),
            email=email,
            phone=shown(called) if called else phone,
        ),
        note=shown(note) if note else "",
    )


def _item(row: Tag) -> Item:
    name, quantity, price = (row.select_one(one) for one in (".product-name", ".item-qty", ".item-price"))
    return Item(*(" ".join(shown(one).split()) if one else "" for one in (name, quantity, price)))
