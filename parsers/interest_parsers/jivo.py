"""Jivo: chats and messages left while nobody was there, by structure only.

No mail of theirs is known beyond its sender: their domains, labels and values in any layout, a transcript's moments and
names. What does not fit is quarantined, so that its layout becomes known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import chat_form
from interest_parsers.form import action_of, interest_of

DOMAINS: Final = ("jivosite.com", "jivo.ru", "jivochat.com", "jivo.chat")


@parser("jivo.chat", version=1, match=Match(from_domain=DOMAINS), signed_by=DOMAINS, link_hosts=(SITES, *DOMAINS))
def chat(mail: Mail) -> Iterator[Interest]:
    """`Name: / Email: / Message:` or a transcript, and the visitor's page; a call back may be all that is asked."""
    form = chat_form(mail)
    action = Action.CALL if action_of(form, mail) is Action.CALL else Action.MESSAGE
    yield interest_of(form, mail, channel=Channel.CHAT, action=action, object_kind="chat")
