"""vBulletin: replies to watched threads and private messages (real mails of 3.x and 4.x, English and Russian).

A sentence names author, thread and forum; the post stands between two lines of stars. `X-Mailer: vBulletin Mail via
PHP`. What else a forum may send with a framed post (new threads) is read by its structure.
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
    Ignored,
    Interest,
    Mail,
    Match,
    Product,
    parser,
)
from interest_ingest.parsing.forums import Told, fenced, told
from interest_ingest.parsing.tokens import hostname

SENTENCES: Final = (
    (
        Action.REPLY,
        r"^(?P<author>.{1,100}?) has just replied to a thread you have subscribed to entitled - (?P<topic>.{1,300}) -"
        r" in the (?P<forum>.{1,200}?) forum of ",
    ),
    (
        Action.REPLY,
        r"^(?P<author>.{1,100}?) только что ответил(?:а|\(а\))? в теме, на которую Вы подписались, -"
        r" (?P<topic>.{1,300}) - в разделе (?P<forum>.{1,200}?)(?: форума .*)?[.!]?$",
    ),
    (
        Action.MESSAGE,
        r"new private message at .{1,200} from (?P<author>.{1,100}?), entitled [\"“'](?P<topic>.{1,300})[\"”']",
    ),
)
STARS: Final = r"\*{10,}"
PAGE: Final = r"/(?:showthread\.php|private\.php|showpost\.php|member\.php|threads/)"


@parser(
    "vbulletin.post",
    version=1,
    match=Match(link=PAGE, text=rf"(?m)^{STARS}[ \t]*$"),
    link_hosts=SITES,
    signed_by=SITES,
    instead_of="vbulletin.notice",
)
def post(mail: Mail) -> Iterator[Interest]:
    """`Reply to thread 'Which loom?'`."""
    text = mail.visible_text
    page = next((link for link in mail.links if re.search(PAGE, link)), "")
    action = Action.MESSAGE if "/private.php" in page else Action.OTHER
    deed = told(text, SENTENCES) or Told(action, topic=in_quotes(mail.subject), below=text)
    words = fenced(deed.below, STARS)
    if not deed.author and (not words or re.search(rf"(?m)^{STARS}[ \t]*$", words)):
        raise Changed("who wrote what")
    number = re.search(r"[?&]p=(\d+)|#post(\d+)", page)
    yield Interest(
        channel=Channel.SOCIAL,
        action=deed.action,
        author=Author(name=deed.author),
        text=words,
        event_key=f"post {hostname(page)} {number[1] or number[2]}" if number else None,
        source_url=page,
        account=hostname(page),
        object_kind="message" if "/private.php" in page else "topic",
        product=Product(name=deed.topic),
    )


@parser("vbulletin.notice", version=1, match=Match(header=r"(?i)^X-Mailer: ?vBulletin"))
def notice(_: Mail) -> Iterator[Interest]:
    """Accounts, passwords, reports to moderators: no post is framed in them."""
    raise Ignored("account notice")


def in_quotes(subject: str) -> str:
    """`Reply to thread 'Which loom?'` → `Which loom?`."""
    begin, end = subject.find("'"), subject.rfind("'")
    return subject[begin + 1 : end] if 0 <= begin < end else ""
