"""Asterisk and FreePBX: voicemail, read as Asterisk's own sources write it (app_voicemail, app_minivm).

Owners translate subject and text, or write their own; what never changes are the Message-ID, which names the mailbox,
and the caller's number and name in fields of the header (since version 1.8). The recording is an attachment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Author, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.calls import caller_of, digits, duration_in, numbers_in, reported, transcript_in

BODY: Final = (
    r"(?:\bjust left a \d{1,3}:\d\d long message \(number \d{1,6}\)\s{1,4}|There is a new voicemail )"
    r"in mailbox ([^\s:]{1,60})"
)
"""Of Asterisk's own template, and of FreePBX's."""
_MAILBOX: Final = re.compile(r"<?Asterisk-\d+-(?:\d+-)?([^@>\s]{1,60})-\d+[@-]")
_ORIGINAL: Final = re.compile(r"\(originally sent by (.{1,200}?) on ", re.DOTALL)
_BODY: Final = (
    re.compile(r"\bin (?:mail)?box \S{1,60}\s+from (.{1,200}?),? on\s", re.DOTALL),
    re.compile(r"(\"[^\"\n]{0,80}\" <[^<>\n]{2,40}>)"),
)


@parser(
    "asterisk.voicemail",
    version=1,
    match=Match(header=r"(?i)^(?:Message-ID: <?Asterisk-\d|X-Asterisk-(?:CallerID|VM-))"),
    signed_by=SITES,
    link_hosts=SITES,
    instead_of=("asterisk.forwarded",),
)
def voicemail(mail: Mail) -> Iterator[Interest]:
    """“You were just left a 0:12 long message (number 3) in mailbox 100 from Anna Moss”."""
    yield interest(mail)


@parser(
    "asterisk.forwarded",
    version=1,
    match=Match(subject=r"(?i)\b(?:new message \d+ in mailbox|new voicemail)\b", text=BODY),
    signed_by=SITES,
    link_hosts=SITES,
)
def forwarded(mail: Mail) -> Iterator[Interest]:
    """The same without its header, by the words of the template."""
    yield interest(mail)


def interest(mail: Mail) -> Interest:
    """The voicemail; raises `Ignored` for a greeting and for calls between our own telephones."""
    if mail.header("Message-ID").lstrip("<").startswith("Asterisk-0-"):
        raise Ignored("a greeting was changed")
    mailbox = _MAILBOX.search(mail.header("Message-ID"))
    shown = re.search(BODY, mail.visible_text)
    box = mailbox[1] if mailbox else mail.header("X-Asterisk-VM-Extension") or (shown[1] if shown else "")
    seconds = mail.header("X-Asterisk-VM-Duration")
    length = f"{int(seconds) // 60}:{int(seconds) % 60:02}" if re.fullmatch(r"\d{1,6}", seconds) else ""
    return reported(
        "voicemail",
        author(mail, box),
        text=transcript_in(mail.visible_text),
        account=box or None,
        event_key=mail.header("X-Asterisk-VM-Message-ID") or None,
        mailbox=box,
        duration=length or duration_in(mail.visible_text),
    )


def author(mail: Mail, mailbox: str) -> Author:
    """The caller: of a message that a colleague passed on the first one, else by the header, else by the text."""
    text = mail.visible_text
    if original := _ORIGINAL.search(text):
        return caller_of(original[1])
    number = mail.header("X-Asterisk-CallerID") or mail.header("X-Asterisk-VM-Caller-ID-Num")
    name = mail.header("X-Asterisk-CallerIDName") or mail.header("X-Asterisk-VM-Caller-ID-Name")
    if number or name:
        return caller_of(f'"{name}" <{number}>' if digits(number) else name)
    for pattern in _BODY:
        if found := pattern.search(text):
            return caller_of(found[1])
    return Author(phone=next((one for one in numbers_in(text) if digits(one) != digits(mailbox)), None))
