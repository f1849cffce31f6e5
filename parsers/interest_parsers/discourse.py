"""Discourse: new posts, replies, mentions and personal messages (its templates of 2013 to 2024, in any language).

The mails of all kinds have one layout: the post as HTML below its author's name and portrait, below it what it answers,
then links. The text part holds the same as typed. Ids stand in `X-Discourse-Post-Id`, the Message-ID and the link.
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
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.markdown import as_typed
from interest_ingest.parsing.tokens import hostname

TOPIC: Final = re.compile(
    r"(https?://[^\s?#]{1,300}/t/(?:(?!\d+/)[^/\s?#]{1,300}/)?(\d{1,12}))(?:/(\d{1,9}))?(?=[?#]|$)"
)
AUTHOR: Final = re.compile(r"https?://[^\s?#]{1,300}/u(?:sers)?/[^/\s?#]{1,100}$")
_IDS: Final = re.compile(r"<(?:topic|discourse/post)/(\d+)(?:[/.@])")
MAX_TOPICS: Final = 4
"""A mail about one post may link to some topics more, in the post and in what it answers."""

_PRIVATE: Final = re.compile(r"\[(?:PM|ЛС|PN|MP|私信)\]")
"""Before the topic in the subject of a personal message: en ru de fr (and es it pt) zh."""


@parser(
    "discourse.notification",
    version=1,
    match=Match(
        header=r"(?i)^(?:X-Discourse-(?:Post|Topic|Reply)|Message-ID: ?<(?:topic|discourse/post)/\d"
        r"|List-Unsubscribe: ?<https?://[^>\s]{1,300}/email/unsubscribe/[0-9a-f]{64}>)"
    ),
    link_hosts=SITES,
    photo_hosts=(SITES, "discourse-cdn.com"),
    signed_by=SITES,
    instead_of="discourse.forwarded",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """`[Looms] [Yarn] Which linen for warps?`."""
    ids = topics(mail)
    if not ids:
        raise Ignored("digest or account notice")
    yield read(mail, ids)


@parser(
    "discourse.forwarded",
    version=1,
    match=Match(subject=r"^(?:Re: )?\[", link=r"/email/unsubscribe/[0-9a-f]{64}$"),
    signed_by=SITES,
    link_hosts=SITES,
    photo_hosts=(SITES, "discourse-cdn.com"),
)
def forwarded(mail: Mail) -> Iterator[Interest]:
    """The same without its headers; a summary links to many topics, and to each once or twice."""
    ids = [found[2] for one in mail.links if (found := TOPIC.match(one))]
    if not ids or len(set(ids)) > MAX_TOPICS:
        raise Ignored("digest or account notice")
    yield read(mail, set(ids))


def read(mail: Mail, ids: set[str]) -> Interest:
    """The post of one of the topics `ids`; raises `Changed` if the mail has none."""
    page = link(mail, ids)
    if page is None:
        raise Changed("the link to the post")
    head = author_link(mail)
    text = body(head) if head else typed(mail.text)
    if not text:
        raise Changed("the post")
    found = TOPIC.match(page)
    topic, number = (found[2], found[3] or "1") if found else ("", "")
    title, is_private = titled(mail)
    return Interest(
        channel=Channel.SOCIAL,
        action=Action.MESSAGE if is_private else Action.OTHER if number == "1" else Action.REPLY,
        author=Author(
            name=display_name(mail) or (head.get_text() if head else None),
            profile_url=str(head["href"]) if head else None,
            photo_url=portrait(head) if head else None,
        ),
        text=text,
        event_key=f"topic {hostname(page)} {topic} post {number}",
        source_url=page,
        account=hostname(page),
        object_kind="message" if is_private else "topic",
        product=Product() if is_private else Product(name=title, url=found[1] if found else None),
    )


def topics(mail: Mail) -> set[str]:
    """The ids of topic and post that the headers name; of a summary none."""
    named = {one for name in ("Message-ID", "In-Reply-To", "References") for one in _IDS.findall(mail.header(name))}
    return (named | {mail.header("X-Discourse-Topic-Id").strip()}) - {""}


def link(mail: Mail, ids: set[str]) -> str | None:
    """The link to the post: of the topics `ids`, the one that leads deepest; else the last to any topic."""
    found = [(match, one) for one in mail.links if (match := TOPIC.match(one))]
    named = [(match, one) for match, one in found if match[2] in ids] or found
    deep = [one for match, one in named if match[3]]
    last = (deep or [one for _, one in named])[-1:]
    return re.sub(r"[?#].*", "", last[0]) if last else None


def author_link(mail: Mail) -> Tag | None:
    """The first link to a user that has words: the author's name above his post."""
    anchors = mail.soup.select("a[href]") if mail.html else []
    return next((one for one in anchors if AUTHOR.match(str(one["href"])) and one.get_text(strip=True)), None)


def body(head: Tag) -> str:
    """The post: the row below the author's, in the older layout of his table, in the newer of the one around it."""
    for row in head.find_parents("tr"):
        below = row.find_next_sibling("tr")
        if isinstance(below, Tag):
            return as_typed(below)
    return ""


def typed(text: str) -> str:
    """The post in a text part: what stands above the first rule, below which are the earlier posts and the links."""
    return re.split(r"(?m)^-{3,}[ \t]*$", text, maxsplit=1)[0].strip()


def portrait(head: Tag) -> str | None:
    """The picture beside the name, if it lies where the forum or its service keeps portraits: no stranger's pixel."""
    row = head.find_parent("tr")
    image = row.find("img") if isinstance(row, Tag) else None
    src = str(image.get("src") or "") if isinstance(image, Tag) else ""
    return src if host_in(hostname(src), (hostname(str(head["href"])), "discourse-cdn.com")) else None


def titled(mail: Mail) -> tuple[str, bool]:
    """The topic and whether it is a personal message: `[Site] [PM] [Category] Title`, in any of these orders."""
    subject = re.sub(r"(?i)^re: ", "", mail.subject)
    marks = re.match(r"(?:\[[^\]]{0,200}\] ?)*", subject)
    return subject[marks.end() if marks else 0 :], bool(_PRIVATE.search(marks[0] if marks else ""))


def display_name(mail: Mail) -> str | None:
    """`Ottilie Vance via Looms` → `Ottilie Vance`; None if the sender is the forum itself."""
    name = (mail.sender.name if mail.sender else None) or ""
    site = re.match(r"(?:[Rr]e: )?\[([^\]]{1,200})\]", mail.subject)
    place = re.sub(r"\s*[|<].*", "", mail.header("List-ID")).strip('" ')
    for one in filter(None, (site and site[1], place)):
        if name == one:
            return None
        if name.endswith(f" {one}"):
            return name.removesuffix(one).rstrip().rpartition(" ")[0] or None
    return re.sub(r" (?:via|через) .*", "", name) or None
