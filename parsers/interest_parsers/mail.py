"""Direct letters: a person writes to us, in whatever mail program and language."""

from __future__ import annotations

from collections.abc import Iterator

from interest_ingest.parsing import Action, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.automatic import is_automated
from interest_ingest.parsing.people import author_of, company_of, phone_of
from interest_ingest.parsing.quotes import answer, split_signature


@parser("mail.letter", version=1, match=Match(), fallback=2)
def letter(mail: Mail) -> Iterator[Interest]:
    """“Hello! Do you ship to Iceland? -- Martha, Quill Ltd., tel. +44 20 7946 0000”"""
    if is_automated(mail):
        return
    text, signature = split_signature(answer(mail))
    author = author_of(mail)
    if not text and not author and not mail.attachments:
        return
    contact = {"company": company_of(signature, mail, author), "phone": phone_of(signature, text)}
    yield Interest(
        channel=Channel.MAIL,
        action=Action.MESSAGE,
        author=author.model_copy(update=contact),
        text=text or mail.subject,
    )
