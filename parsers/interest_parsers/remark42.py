"""Remark42, comments for own sites: the mail to the administrator (its template, 1.6-1.14; English in any language).

One block for the comment (portrait, name, time, “Reply” link, HTML of the text), above it one for the comment that it
answers. Newer versions leave links and pictures of the text out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

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
from interest_ingest.parsing.tokens import hostname

LINK = re.compile(r"#remark42__comment-([\w-]{1,64})$")
SENTENCE = re.compile(r"(?m)New comment from (.{1,200}?) on your site(?:\s+to «(.{1,500})»)?\s*$")


class Comment(NamedTuple):
    """A comment, the address of its place, whether it answers another one, and its author's portrait."""

    text: str
    link: str
    is_reply: bool
    photo: str | None = None


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
    if told is None:
        raise Changed("who commented")
    found = in_block(mail) if mail.html else below(mail)
    number = LINK.search(found.link)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if found.is_reply else Action.COMMENT,
        author=Author(name=told[1], photo_url=found.photo),
        text=found.text,
        event_key=f"comment {hostname(found.link)} {number[1]}" if number else None,
        source_url=found.link,
        account=hostname(found.link),
        object_kind="page",
        product=Product(name=told[2], url=found.link.partition("#")[0]),
    )


def in_block(mail: Mail) -> Comment:
    """The lowest block: links in the text of a comment may resemble those above the texts."""
    heads = [a.parent for a in mail.soup.select("a[href]") if LINK.search(str(a["href"]))]
    blocks = [(head, box) for head in heads if head and isinstance(box := head.find_next_sibling("div"), Tag)]
    if not blocks:
        raise Changed("the comment below its link")
    head, box = blocks[-1]
    photo = head.find("img")
    src = str(photo.get("src") or "") if isinstance(photo, Tag) else ""
    link = next(str(a["href"]) for a in head.select("a[href]") if LINK.search(str(a["href"])))
    return Comment(as_typed(box), link, len(blocks) > 1, src or None)


def below(mail: Mail) -> Comment:
    """What a mail program left of the page as lines: the text goes from the link to the footer."""
    links = [one for one in mail.links if LINK.search(one)]
    text = mail.visible_text
    rest = text[text.rfind(links[-1]) + len(links[-1]) :].lstrip(">)")
    return Comment(re.split(r"(?m)^\W{0,2}Sent to ", rest, maxsplit=1)[0], links[-1], len(links) > 1)


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
