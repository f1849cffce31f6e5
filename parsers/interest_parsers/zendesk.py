"""Zendesk: new and updated tickets as its agents are told of them, after its default triggers and real mails' layout.

Genuine Zendesk mail carries spam too: whoever opens a ticket in a stranger's name makes that company's Zendesk write to
us as the *requester*. Only what an agent gets is an interest: its sentence names the ticket as `(#123)`, a requester's
as `(123)`, or its link leads to `/agent/tickets/123`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import first_link

HEADERS: Final = (r"(?i)^X-Mailer: Zendesk Mailer", r"(?i)^X-Zendesk-(?:From-Account|Email)-Id:")
AGENT_LINK: Final = r"^https://[\w.-]{1,100}/agent/(?:#/)?tickets/(\d{1,12})(?:[/?#]|$)"
_NUMBER: Final = re.compile(r"\((#?)(\d{1,12})\)")
_BY: Final = re.compile(
    r"\(#\d{1,12}\)\s{1,5}(?:by|от|від|von|de|da|van|di)\s{1,5}(\S.{0,99}?)\s{1,5}"
    r"(?:has been|hat|ist|a été|ha sido|foi|è)\b"
)
_RULER: Final = re.compile(r"(?m)^[ \t]*-{10,}[ \t]*$")
_CLOCK: Final = re.compile(r"\d{1,2}[:.]\d\d")
_FOOTER: Final = re.compile(
    r"(?im)^(?:this email is a service from|delivered by zendesk|you are an agent\b|ticket\s*#|"
    r"\[[A-Z0-9]{4,12}-[A-Z0-9]{3,6}\]$)"
)


@parser(
    "zendesk.ticket",
    version=1,
    match=Match(from_domain="zendesk.com"),
    signed_by="zendesk.com",
    link_hosts=("zendesk.com", SITES),
    instead_of=("zendesk.branded",),
)
def ticket(mail: Mail) -> Iterator[Interest]:
    """“A ticket (#35436) by Anna Moss has been received. It is unassigned.”"""
    yield interest(mail)


@parser(
    "zendesk.branded",
    version=1,
    match=Match(header=HEADERS),
    signed_by=SITES,
    link_hosts=("zendesk.com", SITES),
)
def branded(mail: Mail) -> Iterator[Interest]:
    """The same from an address of the company's own, for which Zendesk sends."""
    yield interest(mail)


def interest(mail: Mail) -> Interest:
    """The newest comment of the ticket; raises `Ignored` for a mail to a requester or copied reader."""
    text = mail.visible_text
    opening = (text.partition("-##")[2] if "-##" in text[:300] else text).strip()
    link = first_link(mail.links, AGENT_LINK)
    number = ticket_number(opening, link)
    if not number:
        raise Ignored("mail to a requester, not to an agent")
    asked = _BY.search(opening[:1_000])
    name, words = newest(opening)
    new = not re.search(r"(?i)\bre: ", mail.subject)
    site = mail.sender.email.rpartition("@")[2] if mail.sender else ""
    return Interest(
        channel=Channel.CHAT,
        action=Action.REQUEST if new else Action.MESSAGE,
        author=Author(name=name or (asked[1] if asked else None)),
        text=words or mail.subject.partition("] ")[2] or mail.subject,
        source_url=link,
        reply_url=link,
        event_key=f"{site} ticket {number}" if new else None,
        account=mail.sender.name if mail.sender else None,
        object_kind="ticket",
        labels={"Ticket": number},
    )


def ticket_number(opening: str, link: str | None) -> str:
    """`123` of `(#123)` in the first paragraph, or of the agent's link; "" in a mail that speaks to a requester."""
    told = _NUMBER.search(opening.partition("\n\n")[0])
    if told:
        return told[2] if told[1] else ""
    found = re.match(AGENT_LINK, link or "")
    return found[1] if found else ""


def newest(opening: str) -> tuple[str, str]:
    """Who wrote the first comment, and what: `Anna Moss, Nov 21, 2026, 11:05 UTC` below a ruler, then the words."""
    blocks = _RULER.split(opening)
    comment = blocks[1] if len(blocks) > 1 else opening.partition("\n\n")[2]
    lines = _FOOTER.split(comment)[0].strip().split("\n")
    clock = next((n for n, line in enumerate(lines[:4]) if len(line) < 150 and _CLOCK.search(line)), None)
    if clock is None:
        return "", "\n".join(lines).strip()
    name = lines[0].partition(", ")[0] if clock == 0 else lines[0]
    return name.partition(" (")[0].strip(), "\n".join(lines[clock + 1 :]).strip()
