"""Squarespace's form block: real text parts of 2020 (`(Sent via Site)`) and later (`Sent via form submission from …`).

The later HTML holds every answer twice, the first time hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAINS: Final = ("squarespace.info", "squarespace.com")
_SITE = re.compile(r"(?m)^\(?Sent via (?:form submission from )?\s?\*?([^\n*]{1,100}?)\*?\)?\s*$")


@parser(
    "squarespace.form",
    version=1,
    match=Match(from_domain=DOMAINS, subject=r"(?i)\bForm Submission - "),
    signed_by=DOMAINS,
    link_hosts=SITES,
)
def form(mail: Mail) -> Iterator[Interest]:
    """`Form Submission - Contact - Tea`"""
    site = _SITE.search(mail.visible_text)
    yield hosted(mail, *DOMAINS, account=site[1] if site else None)
