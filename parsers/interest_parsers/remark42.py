"""Remark42, comments for own sites: the mail to the administrator (its template, 1.6-1.14; English in any language).

One block for the comment (portrait, name, time, “Reply” link, HTML of the text), above it one for the comment that it
answers. Newer versions leave links and pictures of the text out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bs4 import Tag

from interest_ingest.parsing import (
    SITES,
    Action,
    Author,
    Changed,
    Channel,
    Ignored,
    Interest,
    Mail,
    Match,
    Product,
    parser,
)
from interest_ingest.parsing.markdown import as_typed
from interest_ingest.parsing.social import host_of

LINK = re.compile(r"#remark42__comment-([\w-]{1,64})$")
TITLE = re.compile(r"(?s)New comment from .{0,200} on your site\s+to «(.{1,500})»")


@parser(
    "remark42.comment",
    version=1,
    match=Match(subject=r"^New comment to your site(?: for \"|$)", link=LINK.pattern),
    link_hosts=SITES,
    photo_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“New comment to your site for "How to brew tea"”."""
    reply = next((a for a in mail.soup.select("a[href]")[::-1] if LINK.search(str(a["href"]))), None)
    head = reply.parent if reply else None
    if reply is None or not isinstance(head, Tag) or not isinstance(box := head.find_next_sibling("div"), Tag):
        raise Changed("the comment and its link")
    link = str(reply["href"])
    name, photo = head.find("span"), head.find("img")
    number = LINK.search(link)
    title = TITLE.search(mail.html_text)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if len({u for u in mail.links if LINK.search(u)}) > 1 else Action.COMMENT,
        author=Author(
            name=name.get_text() if isinstance(name, Tag) else None,
            photo_url=str(photo.get("src") or "") or None if isinstance(photo, Tag) else None,
        ),
        text=as_typed(box),
        event_key=f"comment {host_of(link)} {number[1]}" if number else None,
        source_url=link,
        account=host_of(link),
        object_kind="page",
        product=Product(name=title[1] if title else None, url=link.partition("#")[0]),
    )


@parser(
    "remark42.notice",
    version=1,
    match=Match(
        subject=(r"^New reply to your comment(?: for \"|$)", r"(?i)^(?:email|login) (?:verification|confirmation)"),
        text=r"(?m)^Remark42$",
    ),
)
def notice(_: Mail) -> Iterator[Interest]:
    """To whoever commented before, or a token to log in or to subscribe."""
    raise Ignored("reply to another commenter or account notice")
