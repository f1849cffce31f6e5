"""Odnoklassniki: gifts and digests of real mails of 2020, all else by structure.

The digest “Пока вас не было” tells what friends did: an entry counts only if it speaks of our own things. No mail of a
comment, a class or a message is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Interest, Mail, Match, parser
from interest_ingest.parsing.social import Network, interests, named

HOSTS = ("ok.ru", "odnoklassniki.ru")

ODNOKLASSNIKI = Network(
    HOSTS,
    portraits=re.compile(r"i\.(?:mycdn\.me|okcdn\.ru)"),
    ids=named(
        (r"/pphoto/(\d+)", "photo {}"),
        (r"/(?:statuses|topic)/(\d+)", "topic {}"),
        (r"/video/(\d+)", "video {}"),
        (r"/album/(\d+)", "album {}"),
        (r"/messages/(\d+)", "in dialog {}"),
    ),
)


@parser(
    "odnoklassniki.notification",
    version=1,
    match=Match(from_domain=HOSTS),
    signed_by=HOSTS,
    link_hosts=HOSTS,
    photo_hosts=("mycdn.me", "okcdn.ru"),
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Анна Петрова сделала вам подарок.”"""
    return interests(mail, ODNOKLASSNIKI, type_key(mail))


def type_key(mail: Mail) -> str:
    """`FeedDigest` of a link's `landref=m.FeedDigest.feedOwner`."""
    found = (re.search(r"[?&]landref=m\.(\w+)", link) for link in mail.links)
    return next((match[1] for match in found if match), "")
