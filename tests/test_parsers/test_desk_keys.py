"""Reviews and conversations are known by the service's own ids, whichever mail tells of them."""

from __future__ import annotations

from email.message import EmailMessage

from interest_ingest.cards import InterestCard
from interest_ingest.ingest.reading import read

REVIEWS = "https://business.google.com/n/4711/customers/reviews"
RULER = "-" * 46


def cards(sender: str, subject: str, text: str) -> tuple[InterestCard, ...]:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "owner@ladle.example", subject
    made["Date"] = "Sat, 21 Nov 2026 10:14:05 +0000"
    made.set_content(text)
    return read(made.as_bytes()).cards


def review(name: str, words: str, number: str) -> str:
    return f"{name}\n\n{words}\n\nReply to review\n<{REVIEWS}/{number}?reply=1>\n\n"


def test_a_review_alone_and_in_a_digest_is_one() -> None:
    google = "Google Business Profile <businessprofile-noreply@google.com>"
    anna, basil = review("Anna Moss", "Fine.", "AbFvOqk7R2xYtW_9"), review("Basil Fenn", "Fine.", "CdHxQsm9R2xYtW_9")
    top = f"You got a new 5-star review\n\nRead review\n<{REVIEWS}>\n\n"
    alone = cards(google, "Anna left a review for Tea House", top + anna)
    digest = cards(google, "Tea House, you got 2 new reviews", top + basil + anna)
    assert len(digest) == 2
    assert alone[0].event_key == digest[1].event_key != digest[0].event_key


def ticket(sentence: str, subject: str) -> str | None:
    comment = f"{RULER}\n\nAnna Moss, Nov 21, 2026, 10:14 UTC\n\nHi\n"
    text = f"##- Please type your reply above this line -##\n\n{sentence}\n\n{comment}"
    return cards("Tea House <support@tea.zendesk.com>", subject, text)[0].event_key


def test_a_ticket_that_is_received_and_assigned_is_one_and_its_comments_are_others() -> None:
    received = ticket("A ticket (#77) by Anna Moss has been received. It is unassigned.", "[Tea House] Kettle")
    assigned = ticket("You have been assigned to this ticket (#77).", "[Tea House] Assignment: Kettle")
    assert received == assigned is not None
    assert ticket("This ticket (#77) has been updated.", "[Tea House] Re: Kettle") is None


def conversation(subject: str, number: int) -> str | None:
    text = f"Hi Olga,\n\nAnna wrote:\nHello\n\nClick https://app.chatwoot.com/app/accounts/1/conversations/{number}\n"
    return cards("Chatwoot <accounts@chatwoot.com>", f"Olga, {subject}", text)[0].event_key


def test_a_conversation_that_is_created_and_assigned_is_one_and_its_messages_are_others() -> None:
    created = conversation("A new conversation [ID - 7] has been created in Shop.", 7)
    assert created == conversation("A new conversation [ID - 7] has been assigned to you.", 7) is not None
    assert created != conversation("A new conversation [ID - 8] has been assigned to you.", 8)
    assert conversation("New message in your assigned conversation [ID - 7].", 7) is None
