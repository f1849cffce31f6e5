"""Formspree. Known from what its users show: sender, Reply-To, `name: value` lines, `Sent via Formspree` below them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "formspree.io"
_ACCOUNT = re.compile(
    r"(?i)\b(confirm|verify|activate|linked email|monthly limit|submissions? limit|upgrade|invoice)\b"
)


@parser("formspree.form", version=1, match=Match(from_domain=DOMAIN), signed_by=DOMAIN, link_hosts=SITES)
def form(mail: Mail) -> Iterator[Interest]:
    """`New submission from …`, or a subject that the site's form sets"""
    if _ACCOUNT.search(mail.subject) and mail.reply_to is None:
        raise Ignored("account notice")
    yield hosted(mail, DOMAIN)
