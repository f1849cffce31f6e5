"""Ghost: comments of members, and new members, as its staff is told (its templates, 5.x and 6.x, English).

The text part names only the page; author and comment stand in the HTML, in a grey box: initials, name, “expertise •
date”, and below them the comment. Links end in `#ghost-comments`, since 6.x with the comment's id. Replies and links to
log in go to members.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

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
from interest_ingest.parsing.tokens import find_email, hostname

LINK: Final = re.compile(r"#ghost-comments(?:-([0-9a-f]{24}))?$")
MEMBER: Final = re.compile(r"/ghost/#/members/([0-9a-f]{24})$")


@parser(
    "ghost.comment",
    version=1,
    match=Match(subject=r"^(?:💬 ?)?New comment on your post(?:: |$)", link=LINK.pattern),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """`💬 New comment on your post: Warping a small loom`."""
    found = box(mail)
    link = next(one for one in mail.links if LINK.search(one))
    number = LINK.search(link)
    if found is None:
        raise Changed("the box with the comment")
    name, rows = found
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.COMMENT,
        author=Author(name=None if name == "Anonymous" else name),
        text=as_typed(rows[-1]) if len(rows) > 1 else "",
        event_key=f"comment {hostname(link)} {number[1]}" if number and number[1] else None,
        source_url=link,
        account=hostname(link),
        object_kind="page",
        product=Product(name=mail.subject.partition(": ")[2], url=link.partition("#")[0]),
    )


@parser(
    "ghost.member",
    version=1,
    match=Match(subject=r"^(?:🥳|💸)? ?(?:Free member signup|Paid subscription started): ", link=MEMBER.pattern),
    link_hosts=SITES,
    signed_by=SITES,
)
def member(mail: Mail) -> Iterator[Interest]:
    """`🥳 Free member signup: Ottilie Vance`: somebody wants to read more; paying, he orders."""
    name = mail.subject.partition(": ")[2]
    link, number = next((one, found[1]) for one in mail.links if (found := MEMBER.search(one)))
    paid = "Paid" in mail.subject
    yield Interest(
        channel=Channel.FORM,
        action=Action.ORDER if paid else Action.FOLLOW,
        author=Author(name=None if find_email(name) else name, email=find_email(name) or in_box(box(mail))),
        event_key=f"member {number}{' paid' if paid else ''}",
        source_url=link,
        object_kind="newsletter",
        account=hostname(link),
    )


@parser(
    "ghost.notice",
    version=1,
    match=Match(
        subject=(r"^↪️ ?", r"^🚩 ", r"^⚠️ Cancellation: ", r"^🔑 ", r"^🙌 ", r"^📫 "),
        link=(LINK.pattern, MEMBER.pattern, r"/members/\?token=", r"/ghost/#/"),
    ),
)
def notice(_: Mail) -> Iterator[Interest]:
    """To a member whose comment was answered, reports, cancellations, links to log in."""
    raise Ignored("reply to another commenter or account notice")


def box(mail: Mail) -> tuple[str, list[Tag]] | None:
    """The name in the grey box, and the rows of the box; None if the mail has no HTML or another layout."""
    table = mail.soup.select_one("table.btn-primary") if mail.html else None
    name = table.find("p") if isinstance(table, Tag) else None
    if not isinstance(table, Tag) or not isinstance(name, Tag):
        return None
    body = table.find("tbody") or table
    rows = body.find_all("tr", recursive=False) if isinstance(body, Tag) else []
    return name.get_text(" ", strip=True), [row for row in rows if isinstance(row, Tag)]


def in_box(found: tuple[str, list[Tag]] | None) -> str | None:
    """The member's address, where the box shows it below his name."""
    return (find_email(found[1][0].get_text(" ")) or None) if found and found[1] else None
