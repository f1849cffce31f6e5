"""RingCentral: voice messages, missed calls, faxes and text messages, after descriptions of their mails.

Known are the subjects (`New Voice Message from Anna Moss (555) 010-0142 on 11/21/2026 3:05 PM`) and that the text
repeats them in rows; all else is read by structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.calls import (
    caller_of,
    duration_in,
    is_notice,
    kind_of,
    numbers_in,
    own_number,
    reported,
    said,
    transcript_in,
)

_FROM: Final = re.compile(
    r"(?i)\b(?:from|von|de|da|от)\s*:?\s+(.{1,160}?)(?:\s+(?:on|am|le|el|il|в)\s+\d{1,4}[./-]\d.{0,40})?$"
)
_ROW: Final = re.compile(r"(?im)^[ \t*]*(?:from|caller|von|de|da|от)[ \t]*[:\t][ \t]*(\S.{0,160})$")
_OURS: Final = re.compile(r"(?im)^[ \t*]*(?:to|called|an|à|para|a|кому)[ \t]*[:\t][ \t]*(\S.{0,160})$")
_ANSWERED: Final = re.compile(r"(?im)\bstatus\b[\s:|]{1,8}(?:accepted|answered|connected|received and answered)\b")
_TEXT: Final = re.compile(r"(?i)(?:text|sms|fax) message|textnachricht|message texte|mensaje de texto")
_FOOTER: Final = re.compile(
    r"(?i)^\W{0,4}(?:thank you for using|to reply|reply to this|by subscribing|"
    r"view (?:the )?message|©|ringcentral,? inc)"
)


@parser(
    "ringcentral.notice",
    version=1,
    match=Match(from_domain=("ringcentral.com", "ringcentral.co.uk", "ringcentral.ca", "ringcentral.eu")),
    signed_by=("ringcentral.com", "ringcentral.co.uk", "ringcentral.ca", "ringcentral.eu"),
)
def notice(mail: Mail) -> Iterator[Interest]:
    """“New Voice Message from …”, “New Call from …” with the status Missed, “New Fax Message from …”."""
    kind = kind_of(mail.subject)
    if kind is None:
        raise Ignored("account notice") if is_notice(mail.subject) else Changed("what was received")
    text = mail.visible_text
    if kind == "call" and _ANSWERED.search(text):
        raise Ignored("answered call")
    who = author(mail)
    ours = own_number(numbers_in("\n".join(_OURS.findall(text)[:3])), who.phone)
    words = {"message": lambda: said(text, _TEXT, _FOOTER), "voicemail": lambda: transcript_in(text)}.get(kind, str)()
    yield reported(kind, who, text=words, account=ours, duration=duration_in(text))


def author(mail: Mail) -> Author:
    """The caller as the subject shows him, else as the row `From:` of the text does."""
    told = _FROM.search(mail.subject)
    shown = caller_of(told[1]) if told else Author()
    row = _ROW.search(mail.visible_text)
    return shown if shown.phone or not row else caller_of(row[1]) or shown
