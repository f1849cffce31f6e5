"""Disqus: comments and replies on the company's pages.

Known are the sender, the answering address and the form of its redirecting links (of a real mail), not the layout: read
by structure, the link to the comment, the author's page at disqus.com, and what is quoted or stands below the sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs

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
from interest_ingest.parsing.deeds import read_sentence
from interest_ingest.parsing.links import unwrap
from interest_ingest.parsing.markdown import as_typed
from interest_ingest.parsing.social import deed_of, written
from interest_ingest.parsing.tokens import hostname

COMMENT: Final = re.compile(r"#comment-(\d{1,20})$")
PERSON: Final = re.compile(r"https?://(?:www\.)?disqus\.com/(?:by/)?[\w-]{1,100}/?$")


@parser(
    "disqus.comment",
    version=1,
    match=Match(from_domain=("disqus.net", "disqus.com")),
    signed_by=("disqus.net", "disqus.com"),
    link_hosts=(SITES, "disqus.com"),
    photo_hosts=("disquscdn.com", "disqus.com"),
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova commented on How to brew tea”."""
    kind = type_key(mail)
    links = [(COMMENT.search(target), target) for target in map(unwrap, mail.links)]
    page = next(((found, target) for found, target in links if found), None)
    if kind.startswith("digest") or (page is None and read_sentence([mail.subject]) is None):
        raise Ignored("digest or account notice")
    if page is None:
        raise Changed("the link to the comment")
    deed = deed_of(mail)
    person = next((a for a in mail.anchors if a.text and PERSON.match(unwrap(a.href))), None)
    if deed is None and person is None:
        raise Changed("who commented")
    quote = mail.soup.find("blockquote") if mail.html else None
    is_reply = "reply" in kind or (deed is not None and deed.action is Action.REPLY)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if is_reply else Action.COMMENT,
        author=Author(
            name=person.text if person else deed and deed.author, profile_url=unwrap(person.href) if person else None
        ),
        text=as_typed(quote.decode_contents()) if isinstance(quote, Tag) else written(mail),
        event_key=f"comment {page[0][1]}",
        source_url=page[1],
        account=hostname(page[1]),
        object_kind="page",
        product=Product(url=page[1].partition("#")[0]),
    )


def type_key(mail: Mail) -> str:
    """`notification.post.moderator` of the redirecting links' `type=`."""
    told = (parse_qs(link.partition("?")[2]).get("type", [""])[0] for link in mail.links if "type=" in link)
    return next(told, "")
