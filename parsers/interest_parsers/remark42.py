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
SENTENCE = re.compile(r"New comment from (.{1,200}?) on your site(?:\s+to «(.{1,500})»)?")


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
    told = SENTENCE.search(mail.html_text or mail.visible_text)
    link = next((one for one in reversed(mail.links) if LINK.search(one)), None)
    if told is None or link is None:
        raise Changed("who commented, or the link to the comment")
    text, photo = in_block(mail) if mail.html else (below(mail.visible_text, link), None)
    number = LINK.search(link)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if len({one for one in mail.links if LINK.search(one)}) > 1 else Action.COMMENT,
        author=Author(name=told[1], photo_url=photo),
        text=text,
        event_key=f"comment {host_of(link)} {number[1]}" if number else None,
        source_url=link,
        account=host_of(link),
        object_kind="page",
        product=Product(name=told[2], url=link.partition("#")[0]),
    )


def in_block(mail: Mail) -> tuple[str, str | None]:
    """The text of the lowest block, and the portrait beside its “Reply” link."""
    anchors = mail.soup.select("a[href]")[::-1]
    head = next((a.parent for a in anchors if LINK.search(str(a["href"]))), None)
    box = head.find_next_sibling("div") if head else None
    photo = head.find("img") if head else None
    if not isinstance(box, Tag):
        raise Changed("the comment below its link")
    return as_typed(box), str(photo.get("src") or "") or None if isinstance(photo, Tag) else None


def below(text: str, link: str) -> str:
    """The text where a mail program left only lines of the page: from the link to the footer."""
    rest = text[text.rfind(link) + len(link) :].lstrip(">)")
    return re.split(r"(?m)^\W{0,2}Sent to ", rest, maxsplit=1)[0]


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
