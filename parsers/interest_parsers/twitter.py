"""Twitter, now X: structure only. Known are highlights of 2020 (noise) and the sentence of a new follower.

“X Tweeted: …” and “X shared …” are advice on what to read: an act counts if it speaks to us.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote

from interest_ingest.parsing import Interest, Mail, Match, parser
from interest_ingest.parsing.social import Network, interests, named

HOSTS = ("twitter.com", "x.com")

TWITTER = Network(
    HOSTS,
    portraits=re.compile(r"pbs\.twimg\.com"),
    ids=named((r"/status(?:es)?/(\d+)", "status {}"), (r"/messages/([\w-]+)", "in dialog {}")),
    page="https://x.com/{}",
)


@parser(
    "twitter.notification",
    version=1,
    match=Match(from_domain=HOSTS),
    signed_by=HOSTS,
    link_hosts=HOSTS,
    photo_hosts="twimg.com",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova (@anna) is now following you on X!”"""
    return interests(mail, TWITTER, type_key(mail))


def type_key(mail: Mail) -> str:
    """What the redirector's links say in base64: `login_notification` of `cn=bG9naW5fbm90aWZpY2F0aW9u`."""
    found = (re.search(r"[?&]cn=([\w%+/=-]{4,200})", link) for link in mail.links)
    coded = next((unquote(match[1]) for match in found if match), "").rstrip("=")
    try:
        return base64.b64decode(coded + "=" * (-len(coded) % 4), altchars=b"-_").decode("ascii")
    except ValueError:
        return ""
