"""Intercom: a visitor's message, by structure only: a link to the conversation in the inbox, a sentence, quoted words.

The same domain carries the letters that other companies send with Intercom; without the link to our inbox a mail is not
taken for ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Action, Author, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import first_link, is_nameless
from interest_ingest.parsing.social import deed_of, quotation

INBOX: Final = r"^https://app\.(?:eu\.|au\.)?intercom\.(?:com|io)/[\w/#-]{1,200}/conversations?/\d{4,20}"


@parser(
    "intercom.message",
    version=1,
    match=Match(from_domain=("intercom-mail.com", "intercom.io", "intercom.com"), link=INBOX),
    signed_by=("intercom-mail.com", "intercom.io", "intercom.com"),
    link_hosts=("intercom.com", "intercom.io"),
)
def message(mail: Mail) -> Iterator[Interest]:
    """“Anna Moss sent you a message”, with the words in a quote."""
    link = first_link(mail.links, INBOX)
    deed = deed_of(mail)
    name = deed.author if deed and not is_nameless(deed.author) else None
    yield Interest(
        channel=Channel.CHAT,
        action=Action.MESSAGE,
        author=Author(name=name),
        text=quotation(mail),
        source_url=link,
        reply_url=link,
        object_kind="message",
        labels={"Subject": mail.subject, "Conversation": re.findall(r"\d+", link or "")[-1] if link else ""},
    )
