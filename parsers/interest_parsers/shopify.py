"""Shopify: the contact form of its themes (real mails of 2026) and new orders told to the merchant (its default text).

The merchant may have the mails sent from his own address, so the subject tells them, in English whatever the shop's
language. Names of fields are the theme's; `Body` is the message.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interest_ingest.parsing import SITES, Author, Changed, Interest, Mail, Match, parser
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.orders import Item, first_host, is_phone, order, site_of_sender
from interest_ingest.parsing.tokens import find_email
from interest_parsers.form import hosted, interest_of

SERVICE: Final = ("shopify.com", "shopifyemail.com", "myshopify.com")
SIGNED: Final = (SITES, *SERVICE)
CONTACT: Final = r"^New customer message on .{6,40}\d"
ORDER: Final = r"^\[[^\]]{1,100}\] Order (\S{1,30}) placed by (.{1,100})$"
_ITEM = re.compile(r"\W{0,3}(\d{1,6})\s?[x×] (.{1,300}?)(?: \(SKU: [^()]{0,80}\))? for (\S.{0,30}?)(?: each)?$")
"""`2x Brass kettle (SKU: BK-2) for £40.00 each`"""
_BODY = re.compile(r"(?m)^Body:[ \t]*")
"""The last field, below questions of the shop's own that may ask for a message, too."""
_ADMIN = re.compile(
    r"https://[^\s/]{1,100}/(?:\S{1,80}/)?admin/orders/\d{1,20}|https://admin\.shopify\.com/\S{1,120}/orders/\d+"
)


@parser(
    "shopify.contact",
    version=1,
    match=Match(subject=CONTACT, text=(r"contact form", r"(?m)^Body:")),
    signed_by=SIGNED,
    link_hosts=SITES,
)
def contact(mail: Mail) -> Iterator[Interest]:
    """`New customer message on March 3, 2026 at 10:14 am`"""
    body = _BODY.search(mail.text)
    if body is None:
        yield hosted(mail, *SERVICE)
        return
    form = form_of(read_labels(mail.text[: body.start()]), mail)
    text = mail.text[body.end() :].strip()
    labels = form.labels.raw | {"Body": text}
    yield interest_of(replace(form, text=text), mail, labels=labels)


@parser("shopify.order", version=1, match=Match(subject=ORDER), signed_by=SIGNED, link_hosts=(SITES, *SERVICE))
def new_order(mail: Mail) -> Iterator[Interest]:
    """`[Green Gate] Order #1001 placed by Amos Larch`"""
    told = re.search(ORDER, mail.subject)
    lines = [line.strip() for line in mail.visible_text.split("\n")]
    items = [Item(found[2], found[1], found[3]) for line in lines if (found := _ITEM.match(line))]
    if told is None or not items:
        raise Changed("the items")
    admin = next((link for link in mail.links if _ADMIN.match(link)), None)
    own = {one.email.lower() for one in (mail.sender, *mail.to) if one}
    emails = (email for line in lines if (email := find_email(line).lower()) and email not in own)
    phone = next((line for line in lines if is_phone(line)), None)
    answer = mail.reply_to.email if mail.reply_to and mail.reply_to.email.lower() not in own else None
    author = Author(name=told[2].strip(), email=answer or next(emails, None), phone=phone)
    site = first_host([admin or ""]) or site_of_sender(mail)
    yield order(told[1].strip("#"), items, site=site, author=author, note=_note(lines), page=admin)


def _note(lines: list[str]) -> str:
    """What stands below `Note:`, up to the next label."""
    if "Note:" not in lines:
        return ""
    below = lines[lines.index("Note:") + 1 :]
    end = next((n for n, line in enumerate(below) if line.endswith(":") or line.startswith("View order")), len(below))
    return "\n".join(below[:end]).strip()
