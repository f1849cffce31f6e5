"""Jotform's notice to the owner of a form. Structure only: known are the sender and the links with a submission's id.

The answer that goes to who filled the form in has the same sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "jotform.com"
SENDER: Final = "noreply@jotform.com"
_SUBMISSION = re.compile(r"https://(?:[\w-]{1,30}\.)?jotform\.com/(?:edit|submission|inbox/\d{5,20})/(\d{10,25})")
_ACCOUNT = re.compile(r"(?i)\b(verify|confirm your|password|limit|upgrade|invoice|newsletter)\b")


@parser("jotform.form", version=1, match=Match(from_address=SENDER), signed_by=DOMAIN, link_hosts=SITES)
def form(mail: Mail) -> Iterator[Interest]:
    """`New submission: Wholesale`"""
    if _ACCOUNT.search(mail.subject) and mail.reply_to is None:
        raise Ignored("account notice")
    found = next((one for link in mail.links if (one := _SUBMISSION.match(link))), None)
    yield hosted(mail, DOMAIN, event_key=f"submission {found[1]}" if found else None)
