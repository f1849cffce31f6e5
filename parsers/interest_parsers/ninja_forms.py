"""Ninja Forms, by the mail of the contact form that it comes with: the message, then `-NAME ( MAIL )`.

Its other mails are a bare table of labels and values, which nothing tells from the forms of any site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_answer, is_from_site
from interest_ingest.parsing.orders import goes_to
from interest_ingest.parsing.tokens import resolve

SIGNATURE: Final = r"(?:\A|\n)-[ \xa0]?([^\n@()]{1,100}?) \( ([^\s()@]{1,64}@[^\s()@]{1,255}) \)\s*+\Z"


@parser("ninja-forms.contact", version=1, match=Match(text=SIGNATURE), link_hosts=SITES, signed_by=SITES, fallback=0)
def contact(mail: Mail) -> Iterator[Interest]:
    """`New message from Anna Petrova`"""
    for found in re.finditer(SIGNATURE, mail.visible_text):
        if is_answer(mail) or not (is_from_site(mail, found[2]) or goes_to(mail, found[2])):
            return
        if goes_to(mail, found[2]):
            raise Ignored("receipt for the customer")
        yield Interest(
            channel=Channel.FORM,
            action=Action.REQUEST,
            author=Author(name=resolve(found[1]), email=found[2]),
            text=resolve(mail.visible_text[: found.start()].strip()),
        )
