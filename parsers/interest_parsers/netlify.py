"""Netlify Forms. Known from descriptions: the sender, whose name is the site's domain, the subject, and that Reply-To
is there only if a field is called `email`; the answers are read in whatever layout they come.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "netlify.com"
SENDER: Final = "formresponses@netlify.com"


@parser("netlify.form", version=1, match=Match(from_address=SENDER), signed_by=DOMAIN, link_hosts=SITES)
def form(mail: Mail) -> Iterator[Interest]:
    """`Form submission from contact form:`"""
    yield hosted(mail, DOMAIN, account=mail.sender.name if mail.sender else None)
