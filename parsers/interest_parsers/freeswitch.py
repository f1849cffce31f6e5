"""FreeSWITCH: voicemail, read as the templates of its mod_voicemail write it; owners write their own too.

`At … you were left a 42 second message from Anna Moss 5550100142 to your account 1000@pbx.example`, or in rows,
`From:`, `Duration:`, `Account:`. The subject names the caller in both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Author, Interest, Mail, Match, parser
from interest_ingest.parsing.calls import caller_of, digits, duration_in, numbers_in, reported, transcript_in

_CALLERS: Final = (
    re.compile(r"(?i)\bmessage from (.{1,160}?)\s+to your account\b", re.DOTALL),
    re.compile(r"(?im)^[ \t]*(?:from|fra|von|de|от|от кого)[ \t]*:[ \t]*(\S.{0,160})$"),
    re.compile(r"(?i)\bvoicemail from (.{1,160}?)(?:>\s*[\d:]{1,8})?$"),
)
_ACCOUNT: Final = re.compile(r"(?i)\baccount:?\s+([\w.+-]{1,60})\s?@")
_SECONDS: Final = re.compile(r"(?i)(?:^|\bleft a )(\d{1,5}) sec")


@parser(
    "freeswitch.voicemail",
    version=1,
    match=Match(header=r"(?i)^X-Mailer: FreeSWITCH"),
    signed_by=SITES,
)
def voicemail(mail: Mail) -> Iterator[Interest]:
    """“42 sec Voicemail from Anna Moss 5550100142”."""
    text = mail.visible_text
    account = _ACCOUNT.search(text)
    seconds = _SECONDS.search(mail.subject) or _SECONDS.search(text)
    yield reported(
        "voicemail",
        author(mail, account[1] if account else ""),
        text=transcript_in(text),
        account=account[1] if account else None,
        mailbox=account[1] if account else "",
        duration=f"{seconds[1]} s" if seconds else duration_in(text),
    )


def author(mail: Mail, account: str) -> Author:
    """The caller by sentence, row or subject, of which the last word is his number, else the first number shown."""
    for pattern, text in zip(_CALLERS, (mail.visible_text, mail.visible_text, mail.subject), strict=True):
        if found := pattern.search(text):
            name, _, number = found[1].strip().rpartition(" ")
            return caller_of(f'"{name}" <{number.strip("<>")}>' if digits(number) else found[1])
    return Author(phone=next((one for one in numbers_in(mail.visible_text) if digits(one) != digits(account)), None))
