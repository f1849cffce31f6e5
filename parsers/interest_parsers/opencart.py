"""OpenCart 1.5 to 4: review, order and enquiry, in any language pack, by the layout of its templates.

Its own mailer writes `X-Mailer: PHP/…` and a boundary that nothing else writes. Modules of other makers (a call back,
a purchase in one click) send with the same mailer: what is none of its own mails is left to the reader of forms.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.orders import Item, first_host, item_of, order, site_of_sender
from interest_ingest.parsing.tokens import find_email, find_url, resolve

MAILER: Final = r'(?i)^Content-Type: multipart/\w+;\s*boundary="?----=_NextPart_[0-9a-f]{32}"?'

_FIELD: Final = r"[^\n:：]{1,60}[:：][ \t]?"
_REVIEW = re.compile(
    # You have a new product review waiting.
    # Product: NAME
    # Reviewer: NAME
    # Rating: 5
    # Review Text:
    rf"\s*+[^\n]{{3,200}}\n\s*+{_FIELD}([^\n]{{1,400}})\n\s*+{_FIELD}([^\n]{{1,200}})\n"
    rf"\s*+{_FIELD}([1-5])[ \t]*\n\s*+[^\n:：]{{1,60}}[:：][ \t]*\n"
)
_ORDER = re.compile(
    # You have received an order.
    #
    # Order ID: 12
    # Date Added: 03/03/2026
    # Order Status: Pending
    #
    # Products
    rf"\s*+[^\n]{{3,200}}\n\s*+({_FIELD})(\d{{1,10}})[ \t]*\n\s*+({_FIELD})([^\n]{{0,60}}\d[^\n]{{0,60}})\n"
    rf"\s*+({_FIELD})([^\n]{{0,100}})\n\s*+[^\n]{{2,60}}\n"
)
_TOTAL = re.compile(r"([^\n:：]{1,60})[:：][ \t]?([^\n]{0,20}\d[^\n]{0,40})$")
_MODEL = re.compile(r"([^\n]{1,300}?) \(([^()\n]{0,100})\)\s(\S[^\n]{0,60})$")
"""`Assam 200 g (AS-200) $18.00`"""
_SIGNED_UP = re.compile(
    # A new customer has signed up:
    #
    # First Name: … / Last Name: … / [Customer Group: …] / E-Mail: … / [Telephone: …]
    r"\s*+[^\n]{3,200}[:：][ \t]*\n\s*+(?:[^\n:：]{1,60}[:：][^\n@]*\n){3,5}[^\n:：]{1,60}[:：] ?[^\s@]{1,64}@\S{1,255}"
    r"(?:\s*\n[^\n:：]{1,60}[:：][ \d()+-]*)?\s*+(?:[^\n]{0,200}\s*+https?://\S*)?\s*+\Z"
)


@parser("opencart.mail", version=1, match=Match(header=MAILER), link_hosts=SITES, signed_by=SITES, fallback=0)
def shop(mail: Mail) -> Iterator[Interest]:
    """“You have a new product review waiting.”, “You have received an order.”, “Enquiry Anna”"""
    text = mail.text if mail.text.strip() else mail.visible_text
    if not _is_from_shop(mail):
        return
    if author := _enquirer(mail):
        yield Interest(channel=Channel.FORM, action=Action.REQUEST, author=author, text=resolve(text.strip()))
    elif found := _REVIEW.match(text):
        yield _review(found, mail, text[found.end() :])
    elif found := _ORDER.match(text):
        yield _order(found, mail, text[found.end() :])
    elif _SIGNED_UP.match(text):
        raise Ignored("account notice")


def _is_from_shop(mail: Mail) -> bool:
    return not mail.header("X-Mailer") or mail.header("X-Mailer").startswith("PHP/")


def _review(found: re.Match[str], mail: Mail, below: str) -> Interest:
    product, name, rating = resolve(found[1].strip()), resolve(found[2].strip()), found[3]
    text = resolve(_without_signature(below, mail))
    digest = hashlib.sha256(f"{product}\0{name}\0{text}".encode()).hexdigest()[:16]
    return Interest(
        channel=Channel.REVIEW,
        action=Action.REVIEW,
        author=Author(name=name),
        text=text,
        event_key=f"review {site_of_sender(mail)} {digest}",  # the mail has no id: the review itself is one
        product=Product(name=product),
        object_kind="product",
        rating=float(rating),
        account=site_of_sender(mail) or None,
    )


def _order(found: re.Match[str], mail: Mail, below: str) -> Interest:
    """Items `2x NAME (MODEL) 18.00`, totals, then the comment; the shop's own mail does not name the customer."""
    paragraphs = re.split(r"\n\s*\n", _without_signature(below, mail))
    items = [item for line in resolve(below).split("\n") if (item := _item(line))]
    labels = {found[n].strip(" :："): resolve(found[n + 1].strip()) for n in (1, 3, 5)}
    rest: list[str] = []
    for at, paragraph in enumerate(paragraphs):
        totals = [_TOTAL.match(line.strip()) for line in resolve(paragraph).strip().split("\n")]
        if all(totals):
            labels |= {total[1].strip(): total[2] for total in totals if total}
            rest = paragraphs[at + 1 :]
            break
    note = "\n\n".join(rest).strip().partition("\n")[2]  # below “The comments for your order are:”
    site = first_host([find_url(below.rpartition("\n")[2])]) or site_of_sender(mail)
    return order(found[2], items, site=site, note=resolve(note), labels=labels)


def _item(line: str) -> Item | None:
    item = item_of(line)
    found = _MODEL.match(item.name) if item else None
    return item._replace(name=found[1], price=found[3]) if item and found else item


def _without_signature(text: str, mail: Mail) -> str:
    """`text` without the shop's name and address, which OpenCart 4 puts below its mails."""
    lines = text.strip().split("\n")
    name = mail.sender.name if mail.sender else ""
    if len(lines) > 1 and lines[-1].startswith("http") and resolve(lines[-2].strip()) == name:
        lines = lines[:-2]
    return "\n".join(lines).strip()


def _enquirer(mail: Mail) -> Author | None:
    """Who wrote: his name beside the shop's address and at the end of the subject, his address in Reply-To.

    Up to 2.0 the mail came from the customer's own address.
    """
    sender, answer = mail.sender, mail.reply_to
    if sender is None or not sender.name or not mail.subject.endswith(sender.name):
        return None
    person = answer if answer and answer.email else sender
    if person.email.lower() in {one.email.lower() for one in mail.to}:
        return None
    return Author(name=sender.name, email=find_email(person.email) or None)
