"""Chatwoot: conversations and messages as its agents are told of them, after the templates of its source.

The mails are HTML only; a subject names the conversation (`[ID - 873]`), the link the account. The subjects are English
in every language. What colleagues write to each other, with a mention, is no interest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.calls import said
from interest_ingest.parsing.chats import first_link, is_nameless
from interest_ingest.parsing.social import shown

SUBJECT: Final = r"\[ID - \d{1,12}\]"
PLACE: Final = r"^https?://[^/]{1,200}/app/accounts/\d{1,10}/conversations/\d{1,12}"
_INBOX: Final = re.compile(r"has been created in (.{1,200}?)\.?$")
_BUTTON: Final = re.compile(r"^\s*Click\b|/app/accounts/\d")
_WROTE: Final = re.compile(r"(.{1,100}?)\s(?:wrote|escreveu|escribió|написал\w*|schrieb|a écrit|ha scritto)\s?:")


@parser(
    "chatwoot.cloud",
    version=1,
    match=Match(from_domain="chatwoot.com", subject=SUBJECT),
    signed_by="chatwoot.com",
    link_hosts=("chatwoot.com", SITES),
    instead_of=("chatwoot.own",),
)
def cloud(mail: Mail) -> Iterator[Interest]:
    """“Olga, New message in your assigned conversation [ID - 873].”"""
    yield interest(mail)


@parser(
    "chatwoot.account",
    version=1,
    match=Match(
        from_domain="chatwoot.com",
        subject=r"(?i)instructions|has invited you|passw|confirm|export|import|unlock|invoice|trial|weekly|monthly",
    ),
    signed_by="chatwoot.com",
    instead_of=("chatwoot.cloud",),
)
def account(mail: Mail) -> Iterator[Interest]:
    """“Reset password instructions”."""
    raise Ignored(f"account notice: {mail.subject[:60]}")


@parser(
    "chatwoot.own",
    version=1,
    match=Match(subject=SUBJECT, link=PLACE),
    signed_by=SITES,
    link_hosts=("chatwoot.com", SITES),
)
def own(mail: Mail) -> Iterator[Interest]:
    """The same of a Chatwoot on the company's own server."""
    yield interest(mail)


def interest(mail: Mail) -> Interest:
    """A new conversation, known by its id, or a message in one, which has none."""
    if "been mentioned" in mail.subject:
        raise Ignored("a colleague's note")
    if re.search(r"\bSLA\b|missed (?:first|next) response|resolution", mail.subject):
        raise Ignored("reminder of a deadline")
    link = first_link(mail.links, PLACE)
    place = re.match(PLACE, link or "")
    if place is None:
        raise Changed("the link to the conversation")
    inbox = _INBOX.search(mail.subject)
    author, text = message(mail)
    new = "New message" not in mail.subject
    return Interest(
        channel=Channel.CHAT,
        action=Action.MESSAGE,
        author=Author(name=None if is_nameless(author) else author),
        text=text,
        source_url=link,
        reply_url=link,
        event_key=place[0].partition("://")[2] if new else None,
        account=inbox[1] if inbox else None,
        object_kind="conversation" if new else "message",
        labels={"Conversation": place[0].rpartition("/")[2]},
    )


def message(mail: Mail) -> tuple[str, str]:
    """`Anna Moss wrote:` and the quote below it; both "" in the mails that only name the conversation."""
    lines = (line.strip() for line in mail.visible_text.split("\n") if len(line) < 300)
    wrote = next((found for line in lines if (found := _WROTE.fullmatch(line))), None)
    if wrote is None:
        return "", ""
    quote = mail.soup.select_one("blockquote") if mail.html else None
    words = shown(quote).strip() if quote else said(mail.visible_text, _WROTE, _BUTTON)
    return wrote[1].strip(), "" if words == "Message content not available" else words
