"""Mango Office: by structure only, for no mail of theirs is known: their domains, words for a call, a number.

What does not fit is quarantined, so that its layout becomes known.
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

_CALLER: Final = re.compile(
    r"(?i)(?:(?:от|с)\s{1,5}(?:абонента|номера|клиента)|номер (?:звонившего|клиента|абонента)|кто звонил|звонил|"
    r"абонент|клиент|от|from|caller)\s{0,5}[:—–-]?\s{1,5}([^\n\d+]{0,60}\+?\(?\d[\d \xa0().–-]{4,24}\d)"
)


@parser(
    "mango.call",
    version=1,
    match=Match(from_domain=("mango-office.ru", "mangotele.com", "mango.ru")),
    signed_by=("mango-office.ru", "mangotele.com", "mango.ru"),
)
def call(mail: Mail) -> Iterator[Interest]:
    """“Пропущенный вызов от +7 900 …”."""
    kind = kind_of(mail.subject)
    if is_notice(mail.subject) and kind is None:
        raise Ignored("digest or account notice")
    kind = kind or kind_of(mail.visible_text)
    told = _CALLER.search(f"{mail.subject}\n{mail.visible_text}")
    if kind is None or told is None:
        raise Ignored("digest or account notice") if is_notice(mail.subject) else Changed("the caller's number")
    who = caller_of(told[1])
    author = Author(name=who.name, phone=russian(who.phone) if who.phone else None)
    ours = own_number(map(russian, numbers_in(mail.visible_text)), author.phone)
    yield reported(kind, author, account=ours, duration=duration_in(mail.visible_text))
