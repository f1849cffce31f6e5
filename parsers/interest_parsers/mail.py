"""Direct letters: a person writes to us, in whatever mail program and language."""

from __future__ import annotations

from collections.abc import Iterator

from interest_ingest.parsing import LETTER, Action, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.automatic import is_automated
from interest_ingest.parsing.people import author_of, company_of, phone_of
from interest_ingest.parsing.quotes import answer, split_signature


@parser("mail.letter", version=1, match=Match(), fallback=LETTER)
def letter(mail: Mail) -> Iterator[Interest]:
    """“Hello! Can you deliver to Malta? -- Hester, Fern Ltd., tel. +44 20 7946 0853”"""
    if is_automated(mail):
        return
    text, signature = split_signature(answer(mail))
    text = text or mail.subject or ", ".join(one.name for one in mail.attachments)
    author = author_of(mail)
    if not text and not author:
        return
    contact = {"company": company_of(signature, mail, author), "phone": phone_of(signature, text)}
    author = author.model_copy(update=contact)
    yield Interest(channel=Channel.MAIL, action=Action.MESSAGE, author=author, text=text)
