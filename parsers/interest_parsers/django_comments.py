"""Django's comments: the mail of django-contrib-comments to the managers, in the text of django-comments-xtd 2.8-2.10.

`address or path of the page` / `Sent by: NAME` / `Email address: …` / `--- Comment: ---` / text, in any language: the
labels are read by their place. Subject and text are of two catalogues, so their languages mix. The program escapes the
body as HTML but not the subject, and names neither the comment nor, mostly, the host: the author is answered by mail.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

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
from interest_ingest.parsing.tokens import hostname
from interest_parsers.wordpress import page_title

BLOCK = (
    r"(?:\A|\n)(/[^\s]{0,500}|https?://\S{1,500})\n\n"
    r"[^\n:：]{1,60}[:：][ \xa0]?([^\n]{0,300})\n"
    r"[^\n:：]{1,60}[:：][ \xa0]?(\S{0,300})\n\n"
    r"--- [^\n]{1,60} ?---\n"
)
REMOVAL = r"(?m)^--- [^\n]{1,60}': ---$"
"""The template has this apostrophe, as that of the confirmation."""

NOTICE = r"(?m)^--- [^\n]{1,60} ?---$"


@parser(
    "django-comments.comment",
    version=1,
    match=Match(subject=r"^\[[^\]]{1,200}\] ", text=BLOCK),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """`[Tea House] New comment posted on "Assam 200 g"`."""
    found = re.search(BLOCK, mail.visible_text)
    if found is None:
        raise Changed("the lines above the comment")
    page, name, email = found.groups()
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.COMMENT,
        author=Author(name=html.unescape(name), email=html.unescape(email) or None),
        text=html.unescape(mail.visible_text[found.end() :]),
        source_url=page,
        account=hostname(page) or re.sub(r"^\[([^\]]*)\].*", r"\1", mail.subject, flags=re.DOTALL),
        object_kind="page",
        product=Product(name=page_title("", mail.subject), url=page if hostname(page) else None),
    )


@parser("django-comments.removal", version=1, match=Match(subject=r"^\[[^\]]{1,200}\] ", text=REMOVAL))
def removal(_: Mail) -> Iterator[Interest]:
    """A visitor suggests to remove somebody's comment."""
    raise Ignored("report of a comment")


@parser("django-comments.notice", version=1, match=Match(link=r"/(?:mute|confirm)/[\w.:-]{40}", text=NOTICE))
def notice(_: Mail) -> Iterator[Interest]:
    """A request to confirm one's own comment, or a comment that follows it: both go to the commenter."""
    raise Ignored("confirmation or follow-up for a commenter")
