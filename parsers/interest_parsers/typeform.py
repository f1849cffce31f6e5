"""Typeform. Real mails are known only of what goes to respondents on behalf of a form's maker, and often is spam.

The notice to the owner is read by structure only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "typeform.com"
SENDER: Final = "notifications@typeform.com"
FOLLOW_UPS: Final = "followups.typeform.io"
_TOLD = re.compile(r"(?i)\b(?:new|got a|received a|has a)\b.{0,30}\b(?:response|submission|answer|typeform)\b")


@parser("typeform.follow-up", version=1, match=Match(from_domain=FOLLOW_UPS), signed_by=DOMAIN)
def follow_up(_: Mail) -> Iterator[Interest]:
    """Typeform's mail to a respondent."""
    raise Ignored("follow-up to a respondent")


@parser("typeform.response", version=1, match=Match(from_address=SENDER), signed_by=DOMAIN, link_hosts=SITES)
def response(mail: Mail) -> Iterator[Interest]:
    """`New response to Wholesale`"""
    if re.search(r"(?i)on behalf of a typeform creator", mail.visible_text):
        raise Ignored("follow-up to a respondent")
    if not _TOLD.search(mail.subject):
        raise Ignored("account notice")
    yield hosted(mail, DOMAIN)
