"""Google Forms. Its own mails are receipts for who filled a form in; owners are told by add-ons, from any address.

Of the add-ons' mails only the links to the form and to the answer are known: they are read by structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.forms import read_form
from interest_parsers.form import interest_of

RECEIPTS: Final = "forms-receipts-noreply@google.com"
FORM: Final = r"^https://docs\.google\.com/forms/"
_RESPONSE = re.compile(r"^https://docs\.google\.com/forms/\S{1,200}[#?&](?:response|edit2)=([\w-]{10,200})")


@parser("google-forms.receipt", version=1, match=Match(from_address=RECEIPTS), signed_by="google.com")
def receipt(_: Mail) -> Iterator[Interest]:
    """`Thanks for filling out Wholesale`"""
    raise Ignored("receipt for the respondent")


@parser("google-forms.notice", version=1, match=Match(link=FORM), link_hosts="docs.google.com", fallback=0)
def notice(mail: Mail) -> Iterator[Interest]:
    """What an add-on tells of an answer, with labels and values; a letter with such a link is none."""
    if (form := read_form(mail)) is not None:
        answer = next((found for link in mail.links if (found := _RESPONSE.match(link))), None)
        yield interest_of(form, mail, event_key=f"response {answer[1]}" if answer else None, source_url=None)
