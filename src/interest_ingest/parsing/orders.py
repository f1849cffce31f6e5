"""What shops tell their owners of a new order, whatever the shop's program: items, customer, note."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from interest_ingest.cards import Action, Author, Channel, Interest, Product
from interest_ingest.mail import Mail
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.tokens import find_email, host_of

_TIMES = re.compile(r"\s{0,3}(\d{1,6})\s{0,2}[x×X]\s+(.{1,400})$")
"""`2x Assam 200 g`"""

_FOR = re.compile(r"\bfor <([^\s<>]{3,300})>")


class Item(NamedTuple):
    """One line of an order; quantity and price as written, "" where the mail has none."""

    name: str
    quantity: str = ""
    price: str = ""
    link: str = ""

    def __str__(self) -> str:
        counted = f"{self.quantity} × {self.name}" if self.quantity else self.name
        return f"{counted} — {self.price}" if self.price else counted


def item_of(line: str) -> Item | None:
    """The item in `2x Assam 200 g`, None for any other line."""
    found = _TIMES.match(line)
    return Item(found[2].strip(), found[1]) if found else None


def order(
    number: str,
    items: Iterable[Item],
    *,
    site: str,
    author: Author | None = None,
    note: str = "",
    labels: Mapping[str, str] | None = None,
    page: str | None = None,
) -> Interest:
    """The interest of one order: what was ordered and the customer's note are its text, the first item its product.

    `site` is the shop's host, of which `number` is an order: mails to two people about it, and a later one about its
    payment, are one card. `page` is the order in the shop's own administration.
    """
    items = list(items)
    first = items[0] if items else Item("")
    told = "\n".join(map(str, items))
    return Interest(
        channel=Channel.FORM,
        action=Action.ORDER,
        author=author or Author(),
        text="\n\n".join(part for part in (told, note.strip()) if part),
        event_key=f"order {site} {number}" if number else None,
        source_url=page,
        account=site.partition("/")[0] or None,
        product=Product(name=first.name or None, url=first.link or None),
        labels=dict(labels or {}),
    )


def site_of_sender(mail: Mail) -> str:
    """The host of the shop, where the mail names it in no link: the domain that it is sent from."""
    return mail.sender.email.rpartition("@")[2].lower() if mail.sender else ""


def first_host(urls: Iterable[str]) -> str:
    """The host of the first of `urls` that has one, without `www.`."""
    return next(filter(None, map(host_of, urls)), "")


def goes_to(mail: Mail, email: str) -> bool:
    """Whether `mail` went to nobody but the customer himself: a receipt."""
    return bool(email) and {one.email.lower() for one in mail.to} == {email.lower()}


def is_shops_copy(mail: Mail) -> bool:
    """Whether the shop itself got this mail to a customer: it bears an address of its own domain, or is a blind copy.

    Else it is what one of us bought somewhere, and no order from us.
    """
    to = {one.email.lower() for one in mail.to}
    shop = registrable(site_of_sender(mail))
    if shop and shop in {registrable(one.rpartition("@")[2]) for one in to}:
        return True
    delivered = [mail.header(name) for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To")]
    delivered += [found[1] for value in mail.headers("Received")[:3] if (found := _FOR.search(value[:1_000]))]
    reached = {find_email(value).lower() for value in delivered} - {""}
    return bool(reached) and not reached & to


def address_block(lines: Iterable[str]) -> tuple[str, str, str]:
    """Name, e-mail and phone in the lines of an address: the name is the first line, the phone all digits."""
    kept = [line.strip() for line in lines if line.strip()]
    email = next(filter(None, map(find_email, kept)), "")
    phone = next((line for line in kept[1:] if is_phone(line)), "")
    name = kept[0] if kept and kept[0] not in (email, phone) else ""
    return name, email, phone


def is_phone(line: str) -> bool:
    """Whether `line` is a telephone number and nothing else; a postal code is shorter."""
    return bool(re.fullmatch(r"\+?[\d\s().\u2010-\u2013/-]{7,25}", line)) and sum(map(str.isdigit, line)) >= 7


def host_and_folder(link: str, end: str) -> str:
    """The shop's host with the folder that it lives in: what stands before `end` in a link to its administration."""
    _, slash, folder = link.partition("://")[2].partition(end)[0].partition("/")
    return f"{host_of(link)}{slash}{folder}"
