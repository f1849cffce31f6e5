"""phpBB: replies, new topics, quotations, mentions and private messages (its templates, 3.0-4.0, English and Russian).

The mail names author, topic and forum, but never quotes the post: the card leads there. What happened is told by the
links, which no language pack changes. Headers: `X-Mailer: phpBB3`, `X-MimeOLE`, `X-phpBB-Origin: phpbb://host`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import (
    SITES,
    Action,
    Author,
    Channel,
    Ignored,
    Interest,
    Mail,
    Match,
    Product,
    parser,
)
from interest_ingest.parsing.forums import Told, told
from interest_ingest.parsing.tokens import hostname
from interest_parsers.wordpress import page_title

_NAME: Final = r"[\"“«]?(?P<author>.{1,100}?)[\"”»]?"
SENTENCES: Final = (
    (Action.MENTION, r"[\"“](?P<author>[^\"“”]{1,100})[\"”] mentioned you\b"),
    (Action.MENTION, rf"\bпользователь {_NAME} упомянул"),
    (Action.REPLY, r"[\"“](?P<author>[^\"“”]{1,100})[\"”] quoted you\b"),
    (Action.REPLY, rf"\bпользователь {_NAME} процитировал"),
    (Action.MESSAGE, rf"\bprivate message from {_NAME} to your account\b"),
    (Action.MESSAGE, rf"\bличное сообщение от {_NAME} на (?:форуме|конференции)\b"),
    (Action.REPLY, rf"\breply\b.{{0,330}}? by {_NAME} since your last visit"),
    (Action.OTHER, rf"\bnew topic\b.{{0,330}}? by {_NAME} since your last visit"),
    (Action.REPLY, rf"новое сообщени[ея].{{0,330}}, оставленное пользователем {_NAME}\. "),
    (Action.OTHER, rf"новая тема.{{0,330}}, созданная пользователем {_NAME}\. "),
)
PAGE: Final = re.compile(r"/(?:viewtopic|viewforum)\.php\?(?!\S*unwatch=)|/ucp\.php\?i=pm\b|/viewtopic\.php\?\S*\bp=\d")
TOPIC: Final = re.compile(r"/viewtopic\.php\?(?:f=\d+&)?t=\d+$")
_TOPIC: Final = re.compile(r"(?:topic|visit|тем[аеу]|темой),? ?[\"«“](.{1,300}?)[\"»”](?=[ ,.!]|$)")
_WAVES: Final = r"\n~{5,}[ \t]*\n"
_LINKS: Final = r"/view(?:topic|forum)\.php\?\S*unwatch=(?:topic|forum)|/ucp\.php\?i=(?:pm&|ucp_notifications)"


@parser(
    "phpbb.notification",
    version=1,
    match=Match(header=r"(?i)^X-(?:Mailer|MimeOLE|phpBB-Origin): ?phpBB"),
    link_hosts=SITES,
    signed_by=SITES,
    instead_of="phpbb.forwarded",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """`Reply in "Which clay?"`."""
    if re.search(_WAVES, mail.visible_text):
        yield letter(mail)
    elif any("/mcp.php" in link for link in mail.links) or not any(re.search(_LINKS, link) for link in mail.links):
        raise Ignored("account or moderation notice")
    else:
        yield read(mail)


@parser("phpbb.forwarded", version=1, match=Match(link=_LINKS), link_hosts=SITES, signed_by=SITES)
def forwarded(mail: Mail) -> Iterator[Interest]:
    """The same, without the headers of the program."""
    yield read(mail)


def read(mail: Mail) -> Interest:
    """Who did what, by the sentence; in other languages what happened, by the links."""
    deed = told(mail.visible_text, SENTENCES) or Told(kind(mail))
    pages = [link for link in mail.links if PAGE.search(link)]
    page = next((link for link in pages if "/viewforum.php" not in link), pages[0] if pages else "")
    topic = title(mail)
    post = re.search(r"[?&]t=(\d+)" if deed.action is Action.OTHER else r"[?&]p=(\d+)", page)
    place = "message" if deed.action is Action.MESSAGE else "topic" if deed.action is Action.OTHER else "post"
    return Interest(
        channel=Channel.SOCIAL,
        action=deed.action,
        author=Author(name=deed.author),
        event_key=f"{place} {hostname(page)} {post[1]}" if post else None,
        source_url=page,
        account=hostname(page),
        object_kind=place,
        product=Product(name=topic, url=next((link for link in pages if TOPIC.search(link)), None)),
        labels={} if deed.author or not topic else {"topic": topic},
    )


def kind(mail: Mail) -> Action:
    """What happened, where no sentence tells it: a forum's mail without a link to a post is about a new topic."""
    links = " ".join(mail.links)
    if "ucp.php?i=pm" in links:
        return Action.MESSAGE
    is_new = "unwatch=forum" in links and not re.search(r"viewtopic\.php\?\S*(?:[?&]p=|view=unread)", links)
    return Action.OTHER if is_new else Action.REPLY


def title(mail: Mail) -> str | None:
    """The topic: named in the subject, but in mails to who watches a forum in the sentence."""
    in_text = _TOPIC.search(" ".join(mail.visible_text.split())[:2_000])
    if any("unwatch=forum" in link for link in mail.links) and in_text:
        return in_text[1]
    if any("ucp.php?i=pm" in link for link in mail.links):
        below = told(mail.visible_text, SENTENCES)
        return next(iter(below.below.strip().split("\n")), None) if below else None
    in_subject = page_title("", mail.subject) or (in_text[1] if in_text else None)
    return in_subject or re.sub(r"^.* [-—] ", "", mail.subject)


def letter(mail: Mail) -> Interest:
    """What a member or a visitor wrote through the forum: the answer goes to him (`Reply-To`)."""
    sender = mail.reply_to or mail.sender
    by = re.search(r"(?:by|пользовател[а-я]*) (.{1,100}?) (?:via|через)\b", " ".join(mail.visible_text.split())[:2_000])
    return Interest(
        channel=Channel.FORM,
        action=Action.MESSAGE,
        author=Author(name=by[1] if by else sender and sender.name, email=sender and sender.email),
        text=re.split(_WAVES, mail.visible_text, maxsplit=1)[-1],
    )
