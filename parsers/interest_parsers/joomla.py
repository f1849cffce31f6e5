"""Joomla's contacts (com_contact), by their template of 1.5 to 5 in any language.

A line with the site's address that ends with a colon, the visitor as `NAME <mail>`, an empty line, his text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_from_site
from interest_ingest.parsing.orders import first_host, goes_to
from interest_ingest.parsing.tokens import find_url, resolve

ENQUIRY: Final = (
    r"\A\s*+([^\n]{10,300}[^\n:：]\n[ \t]*\n)?"
    r"([^\n]{3,100}https?://[^\s]{3,200}[^\n:：]{0,60}[:：]|This is an e?i?nquiry e-?mail via [^\n]{1,100}:)[ \t]*\n"
    r"([^\n<>@]{1,150}) <([^\s<>@]{1,64}@[^\s<>@]{1,255})>[ \t]*\n[ \t]*(?:\n|\Z)"
)
"""`This is an enquiry email via https://shop.example/ from:`; above it, in a copy, that it is one."""


@parser("joomla.contact", version=1, match=Match(text=ENQUIRY), link_hosts=SITES, signed_by=SITES, fallback=0)
def contact(mail: Mail) -> Iterator[Interest]:
    """`Shop: Opening hours`"""
    for found in re.finditer(ENQUIRY, mail.visible_text):
        if not is_from_site(mail, found[4]):
            return
        if found[1] or goes_to(mail, found[4]):
            raise Ignored("receipt for the customer")
        yield Interest(
            channel=Channel.FORM,
            action=Action.REQUEST,
            author=Author(name=resolve(found[3].strip()), email=found[4]),
            text=resolve(mail.visible_text[found.end() :].strip()),
            account=first_host([find_url(found[2])]) or None,
        )
