"""HubSpot's notice of a filled-in form. Structure only: sender and subject are described, and that the mail names first
and last name, e-mail and date with a link to the submission.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Interest, Mail, Match, parser
from interest_parsers.form import hosted

DOMAIN: Final = "hubspot.com"
SENDER: Final = "noreply@notifications.hubspot.com"
SUBJECT: Final = r"(?i)\bHubSpot form\b|\bform submission\b|\bsubmi(?:tt(?:ed|ing)|ssion)\b.{0,40}\bform\b"


@parser(
    "hubspot.form",
    version=1,
    match=Match(from_address=SENDER, subject=SUBJECT),
    signed_by=DOMAIN,
    link_hosts=SITES,
)
def form(mail: Mail) -> Iterator[Interest]:
    """`Contact reconversion by submitting on the HubSpot Form "Wholesale"`"""
    yield hosted(mail, DOMAIN)
