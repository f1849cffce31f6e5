"""Beeline's cloud telephone: voicemail after a real mail; missed calls by structure only.

“В Ваш почтовый ящик 9627600113 поступило новое голосовое сообщение от абонента 9033756597.” Numbers stand without the
country's 7.
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
    russian,
)

CALLS: Final = r"\bАТС\b|голосов|пропущ|звон(?:ок|к)|вызов"
NOTICE: Final = "digest or account notice"
_CALLER: Final = re.compile(
    r"(?i)(?:от|с)\s+(?:абонента|номера|клиента)\s+([^\n]{1,80}?)(?=[.,;]\s|[.,;]?\n|[.,;]?$|\s+(?:на|в)\s)"
)


@parser(
    "beeline.notice",
    version=1,
    match=Match(from_address="do_not_reply@beeline.ru", subject=rf"(?i)^(?!.{{0,300}}?(?:{CALLS}))"),
)
def notice(mail: Mail) -> Iterator[Interest]:
    """“Счёт за услуги связи”: whatever the same robot sends that is about no call."""
    raise Ignored(f"{NOTICE}: {mail.subject[:60]}")


@parser(
    "beeline.call",
    version=1,
    match=Match(from_domain="beeline.ru", subject=rf"(?i){CALLS}"),
    signed_by="beeline.ru",
)
def call(mail: Mail) -> Iterator[Interest]:
    """“Облачная АТС - У вас новое сообщение голосовой почты”."""
    text = mail.visible_text
    kind = kind_of(mail.subject, text)
    if kind is None:
        raise Changed("what was received")
    found = _CALLER.search(text)
    who = caller_of(found[1]) if found else Author()
    if not found:
        raise Ignored(NOTICE) if is_notice(mail.subject) else Changed("the caller's number")
    ours = own_number((russian(one) for one in numbers_in(text)), who.phone)
    author = Author(name=who.name, phone=russian(who.phone) if who.phone else None)
    yield reported(kind, author, account=ours, mailbox=ours or "", duration=duration_in(text))
