"""The minimal card of a mail that nobody could read, so that a person looks at it: who wrote, and the subject."""

from __future__ import annotations

from collections.abc import Callable

from interest_ingest.cards import Action, Author, Channel, InterestCard, Outcome, Reading
from interest_ingest.ingest.header import header_of
from interest_ingest.ingest.reading import NEVER
from interest_ingest.store import Landed

NOTE = "unread mail"
"""The first note of such a card."""

Judge = Callable[[Landed, Reading], Reading | None]


def with_unread_cards(judge: Judge) -> Judge:
    """The same judge, whose quarantined readings have a minimal card (option `card` of `[quarantine]`)."""

    def judged(landed: Landed, reading: Reading) -> Reading | None:
        result = judge(landed, reading)
        if result is None or result.outcome is not Outcome.QUARANTINED or result.cards:
            return result
        return result.model_copy(update={"cards": (unread_card(landed, result),)})

    return judged


def unread_card(landed: Landed, reading: Reading) -> InterestCard:
    """What the header alone tells. Once the mail can be read, its card takes this one's place."""
    mail = header_of(landed.raw)
    sender = mail.sender
    who = (sender.name or sender.email) if sender else None
    return InterestCard(
        source=reading.parser.split(".")[0] if reading.parser else "mail",
        channel=Channel.MAIL,
        action=Action.MESSAGE,
        occurred_at=mail.date if mail.date and mail.date > NEVER else landed.received_at,
        received_at=landed.received_at,
        author=Author(name=sender.name, email=sender.email) if sender else Author(),
        text=f"unread mail from {who or 'nobody'}: {mail.subject}",
        trust=reading.trust,
        parser=reading.parser or "quarantine",
        parser_version=reading.parser_version or 0,
        notes=(NOTE, reading.reason or ""),
    )
