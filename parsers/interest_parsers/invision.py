"""Invision Community and its forerunners (IPB): replies, new topics and messages.

Known are the templates of 1.x and 2.x (English: the post between two dashed lines) and a real Russian mail of 4.x: “X
опубликовал комментарий в тему, T”, the post, and the link “Перейти к сообщению”. Other languages of 4.x: by structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import (
    SITES,
    Action,
    Author,
    Changed,
    Channel,
    Interest,
    Mail,
    Match,
    Product,
    parser,
)
from interest_ingest.parsing.forums import Told, fenced, told
from interest_ingest.parsing.tokens import hostname

_WHO: Final = r"^(?P<author>.{1,100}?) "
SENTENCES: Final = (
    (
        Action.REPLY,
        _WHO + r"has just posted a reply to a topic that you have subscribed to titled \"(?P<topic>.{1,300})\"",
    ),
    (
        Action.OTHER,
        _WHO + r"has just posted a new topic entitled \"(?P<topic>.{1,300})\" in forum \"(?P<forum>.{1,200})\"",
    ),
    (Action.MESSAGE, _WHO + r"has sent you a new personal message entitled \"(?P<topic>.{1,300})\""),
)
"""Of 1.x and 2.x."""

SUBJECTS: Final = (
    (
        Action.REPLY,
        _WHO + r"(?:опубликовал|оставил)(?:а|\(а\))? (?:комментарий|ответ) (?:в тем[уе]|к теме),? (?P<topic>.{1,300})$",
    ),
    (
        Action.REPLY,
        _WHO + r"(?:has )?(?:posted|left|replied|commented)\b(?: a (?:comment|reply))?(?: in| on| to)? a topic,?"
        r" (?P<topic>.{1,300})$",
    ),
)
"""Of 4.x: the subject is the sentence; the English one is inferred."""

DASHES: Final = r"-{20,}"
PAGE: Final = (
    r"[?&](?:do=findComment&comment=|do=getNewComment|view=(?:getnewpost|findpost)|showtopic=)|#findComment-\d"
    r"|act=(?:ST|Msg)&|/messenger/\d"
)


@parser(
    "invision.post",
    version=1,
    match=Match(
        subject=(
            r"^Topic Subscription Reply Notification$|^Forum Subscription New Topic Notification$",
            r"^You have a new personal message$",
            r" (?:posted|left|replied|commented)\b| (?:опубликовал|оставил|ответил)",
        ),
        link=PAGE,
    ),
    link_hosts=SITES,
    signed_by=SITES,
)
def post(mail: Mail) -> Iterator[Interest]:
    """“Анна опубликовала комментарий в тему, Какой станок?”."""
    page = next((link for link in mail.links if re.search(PAGE, link)), "")
    if deed := told(mail.visible_text, SENTENCES):
        words = fenced(deed.below, DASHES)
    elif deed := told(mail.subject, SUBJECTS):
        words = above_button(mail, deed)
    else:
        raise Changed("who did what")
    number = re.search(r"(?:comment=|findComment-|[?&#]p=?|pid=|entry)(\d+)", page)
    yield Interest(
        channel=Channel.SOCIAL,
        action=deed.action,
        author=Author(name=deed.author),
        text=words,
        event_key=f"post {hostname(page)} {number[1]}" if number else None,
        source_url=page,
        account=hostname(page),
        object_kind="message" if deed.action is Action.MESSAGE else "topic",
        product=Product(name=deed.topic),
    )


def above_button(mail: Mail, deed: Told) -> str:
    """The post: the lines between the sentence and the button that leads to it."""
    buttons = {anchor.text for anchor in mail.anchors if re.search(PAGE, anchor.href)} - {""}
    names = {deed.author, deed.topic, mail.subject}
    lines = mail.visible_text.split("\n")
    first = next((n + 1 for n, line in enumerate(lines) if told(line.strip(), SUBJECTS)), 0)
    is_end = (n for n in range(first, len(lines)) if lines[n].strip() in buttons - names or re.search(PAGE, lines[n]))
    end = next(is_end, first)
    return "\n".join(line for line in lines[first:end] if line.strip() not in names)
