"""Google Voice: text messages, voicemail with its transcript and missed calls, after described mails and their tests.

A text message comes from `<our number>.<the other's>.<key>@txt.voice.google.com`: both numbers whole, in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.calls import LONGEST_CODE, caller_of, digits, kind_of, reported, said

_NUMBERS: Final = re.compile(
    r"(?P<ours>\d{8,15})\.(?P<theirs>\d{3,15})\.[\w-]{1,80}@txt\.voice\.google\.com", re.IGNORECASE
)
_FROM: Final = re.compile(
    r"(?i)\b(?:from|von|de la part de|de|da|van|från|fra|от)\s+(.{1,120}?)"
    r"(?:\s+(?:at|um|à|a las|alle|om|kl\.?|в)\s+\d{1,2}[:.h]\d\d.{0,12})?\.?$"
)
_FOOTER: Final = re.compile(
    r"(?i)^\W{0,4}(?:to respond to this text|your account\b|play message|help cent|google llc|this email was sent)|"
    r"https?://(?:www\.)?(?:voice\.google\.com|google\.com/voice|support\.google\.com/voice)"
)
_SERVICE: Final = re.compile(
    r"(?i)your google voice|expir|account|verif|welcome|port(?:ed|ing)|credit|purchase|terms|policy|linked|"
    r"konto|compte|cuenta"
)
_NOTICE: Final = re.compile(
    r"(?i)^(?:voicemail|missed call|text message|mailbox|sprachnachricht|message vocal)\b.{0,20}\b(?:from|von|de)\b"
)


@parser(
    "google-voice.notice",
    version=1,
    match=Match(header=r"(?i)^From: .*(?:\bvoice-noreply@google\.com|@txt\.voice\.google\.com)>?\s*$"),
    signed_by=("google.com", "txt.voice.google.com"),
)
def notice(mail: Mail) -> Iterator[Interest]:
    """“New text message from Anna Moss (555) 010-0142”, “New voicemail from …”, “New missed call from …”."""
    numbers = _NUMBERS.search(mail.sender.email if mail.sender else "")
    kind = "message" if numbers else kind_of(mail.subject)
    if "group message" in mail.subject.lower():
        kind = "message"
    if kind is None:
        raise Ignored("account notice") if _SERVICE.search(mail.subject) else Changed("what was received")
    text = "" if kind == "call" else said(mail.visible_text, _NOTICE, _FOOTER)
    who, ours = people(mail, numbers)
    yield reported(kind, who, text=text, account=ours)


def people(mail: Mail, numbers: re.Match[str] | None) -> tuple[Author, str | None]:
    """The other, by the name of the subject and the whole number of the sender's address, and our own number."""
    told = _FROM.search(mail.subject)
    shown = caller_of(told[1]) if told else Author()
    if numbers is None:
        return shown, None
    theirs, ours = numbers["theirs"], numbers["ours"]
    if shown.phone and ours.endswith(digits(shown.phone)):
        theirs, ours = ours, theirs
    return Author(name=shown.name, phone=f"+{theirs}" if len(theirs) > LONGEST_CODE else theirs), f"+{ours}"
