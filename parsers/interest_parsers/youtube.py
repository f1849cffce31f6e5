"""YouTube: real mails of uploads and streams (noise); comments by structure only, for only their links are known."""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.social import NOISE, Network, interests

HOSTS = ("youtube.com", "youtu.be")
NEWS = re.compile(r"(?i)upload|lbcast|live|premiere|recs")


@parser(
    "youtube.notification",
    version=1,
    match=Match(from_domain="youtube.com"),
    signed_by="youtube.com",
    link_hosts=HOSTS,
    photo_hosts=("ggpht.com", "googleusercontent.com"),
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova commented on your video.”"""
    key = type_key(mail)
    if NEWS.search(key):
        raise Ignored(NOISE)
    yield from interests(mail, YOUTUBE, key)


def type_key(mail: Mail) -> str:
    """`comments` of a link's `feature=em-comments`."""
    found = (re.search(r"[?&]feature=em-(\w+)", link) for link in mail.links)
    return next((match[1] for match in found if match), "")


def ids(url: str) -> str:
    """`video ID comment ID`; the id of a reply is that of its comment, a dot, and its own."""
    told = dict(re.findall(r"[?&](v|lc)=([\w.-]+)", url))
    if "v" not in told:
        return ""
    comment, _, reply = told.get("lc", "").partition(".")
    return f"video {told['v']}" + (f" comment {comment}" if comment else "") + (f" reply {reply}" if reply else "")


YOUTUBE = Network(HOSTS, re.compile(r"(?:yt\d\.ggpht|(?:yt\d|lh\d)\.googleusercontent)\.com"), ids)
