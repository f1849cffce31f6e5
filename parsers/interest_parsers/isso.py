"""Isso, comments for static sites: the mail to the owner, also of a comment that waits for him (template of 0.9-0.14).

`NAME <mail> wrote:` / text / `User's URL:` / `IP address:` / `Link to comment: …#isso-7` / links that act. It is in
English whatever the site's language. It escapes name and website, but not the text.
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

LINK = re.compile(r"Link to comment: (https?://[^\n]{1,1000}#isso-(\d{1,12}))[ \t]*$")
WROTE = re.compile(r"([^\n]{0,300}?)(?: <([^\s<>]{1,200})>)? wrote:")
FOOTER = re.compile(r"(?:User's URL|IP address): ")


@parser(
    "isso.comment",
    version=1,
    match=Match(subject=r"New comment posted(?: on\b|$)", text=r"(?m)^Link to comment: https?://[^\n]{1,1000}#isso-\d"),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“New comment posted on How to brew tea”; “Re: New comment…” goes to whoever commented before."""
    lines = mail.visible_text.strip("\n").split("\n")
    wrote = WROTE.fullmatch(lines[0].strip())
    end = next((n for n in range(len(lines) - 1, 0, -1) if LINK.match(lines[n])), None)
    if wrote is None or end is None or not (link := LINK.match(lines[end])):
        raise Changed("the author's line or the link to the comment")
    if any(line.startswith("Unsubscribe from this conversation: ") for line in lines[end:]):
        raise Ignored("reply to another commenter")
    while end > 1 and FOOTER.match(lines[end - 1]):
        end -= 1
    name = html.unescape(wrote[1])
    host = hostname(link[1])
    title = re.sub(r"^(?:Re: )?New comment posted(?: on\b)?", "", mail.subject)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.COMMENT,
        author=Author(name=None if name == "Anonymous" else name, email=wrote[2]),
        text="\n".join(lines[1:end]),
        event_key=f"comment {host} {link[2]}",
        source_url=link[1],
        account=host,
        object_kind="page",
        product=Product(name=title, url=link[1].partition("#")[0]),
    )
