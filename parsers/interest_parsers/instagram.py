"""Instagram: structure only, for no mail of it is known: senders, link forms, verbs.

What does not fit is quarantined, so that its layout becomes known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Interest, Mail, Match, parser
from interest_ingest.parsing.social import Network, interests, named

HOSTS = ("instagram.com",)

INSTAGRAM = Network(
    HOSTS,
    portraits=re.compile(r"(?:scontent|instagram)[\w.-]*\.(?:cdninstagram\.com|fbcdn\.net)"),
    ids=named(
        (r"/(?:p|reel|tv)/([\w-]+)/c/(\d+)/r/(\d+)", "post {} comment {} reply {}"),
        (r"/(?:p|reel|tv)/([\w-]+)/c/(\d+)", "post {} comment {}"),
        (r"/(?:p|reel|tv)/([\w-]+)", "post {}"),
        (r"/direct/t/(\d+)", "in dialog {}"),
    ),
)


@parser(
    "instagram.notification",
    version=1,
    match=Match(from_domain=("mail.instagram.com", "instagram.com")),
    signed_by=("mail.instagram.com", "instagram.com"),
    link_hosts=HOSTS,
    photo_hosts=("cdninstagram.com", "fbcdn.net"),
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“anna.petrova commented on your photo.”"""
    sender = mail.sender.email.partition("@")[0] if mail.sender else ""
    return interests(mail, INSTAGRAM, "" if sender == "no-reply" else sender)
