"""Reddit: real digests of 2020 and later (noise); replies, mentions and messages by structure only.

The subject of a digest is the title of a post, which may say anything: only a sentence that begins with `u/name`,
speaks to us and has the link of a comment or a message beside it tells of an interest. Where a forward has lost all
links, the mail is quarantined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.deeds import read_sentence
from interest_ingest.parsing.social import NOISE, Network, interests, named, places

HOSTS = ("reddit.com",)
OURS = re.compile(r"(?:comment|message|dialog) ")

REDDIT = Network(
    HOSTS,
    portraits=re.compile(r"styles\.redditmedia\.com"),
    ids=named(
        (r"/comments/(\w+)/[^/?]*/(\w+)", "post {} comment {}"),
        (r"/comments/(\w+)", "post {}"),
        (r"/message/messages/(\w+)", "message {}"),
        (r"/chat/[^?]*?([\w%!:-]+)/?(?:[?#]|$)", "in dialog {}"),
    ),
    page="https://www.reddit.com/user/{}",
)


@parser(
    "reddit.notification",
    version=1,
    match=Match(from_domain=("redditmail.com", "reddit.com")),
    signed_by=("redditmail.com", "reddit.com"),
    link_hosts=HOSTS,
    photo_hosts="redditmedia.com",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“u/anna_tea replied to your comment in r/tea”"""
    deed = read_sentence([mail.subject])
    ids = [REDDIT.ids(link) for link in places(mail, HOSTS)]
    elsewhere = bool(ids) and not any(map(OURS.search, ids))
    if not deed or not deed.ours or not deed.author.startswith("u/") or elsewhere:
        raise Ignored(NOISE)
    return interests(mail, REDDIT)
