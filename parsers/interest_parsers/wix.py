"""Wix forms, as real mails forwarded between 2023 and 2026 show them: each label on a line, its answer on the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "wix-forms.com"
_SITE = re.compile(r"submitted your form [^\n]{1,200} on ([^\n]{1,100})")


@parser("wix.form", version=1, match=Match(from_domain=DOMAIN), signed_by=DOMAIN, link_hosts=SITES)
def form(mail: Mail) -> Iterator[Interest]:
    """`Contact got a new submission`"""
    site = _SITE.search(mail.visible_text)
    sender = mail.sender.name if mail.sender else ""
    yield hosted(mail, DOMAIN, "wix.com", account=sender or (site[1].strip(" .") if site else None))
