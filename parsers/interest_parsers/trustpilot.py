"""Trustpilot: a new review of the company, after a described mail; invitations to review others are noise.

`Anna M just left a new 5-star review of site.example:` / the words / `See this review and reply` with the link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.links import unwrap
from interest_ingest.parsing.reviews import pieces, stars_in

_SENTENCE: Final = re.compile(
    r"(?i)\W{0,4}(?P<name>.{1,100}?)\s(?:has |have )?(?:just )?(?:left|wrote|posted|updated|changed)\s.{0,60}?"
    r"\breview\s(?:of|for|about)\s(?P<place>.{1,200}?)\s?[:.]?"
)
_ABOUT: Final = re.compile(
    r"(?i)\breviews?\b|bewertung|\bavis\b|rese[ñn]a|opini[oó]n|recension|avalia[cç]|anmeldelse|отзыв|recensie|opini[ae]|omdöme"
)
_SERVICE: Final = re.compile(
    r"(?i)invitation|report|insight|weekly|monthly|summary|newsletter|webinar|passw|log ?in|sign in|verif|subscription|"
    r"invoice|trial|flagged|tips|get more reviews|how to|trustscore|"
    r"your review\b"
)


@parser(
    "trustpilot.invitation", version=1, match=Match(from_domain=("trustpilotmail.com", "invitations.trustpilot.com"))
)
def invitation(mail: Mail) -> Iterator[Interest]:
    """“How was your experience with …?”, sent for another company to its customer."""
    raise Ignored(f"invitation: {mail.subject[:60]}")


@parser(
    "trustpilot.review",
    version=1,
    match=Match(from_address=("noreply@trustpilot.com", "no-reply@trustpilot.com", "notifications@trustpilot.com")),
    signed_by="trustpilot.com",
    link_hosts="trustpilot.com",
    photo_hosts="trustpilot.net",
)
def review(mail: Mail) -> Iterator[Interest]:
    """“You've got a new 5-star review”."""
    stars = stars_in(mail.subject) or stars_in(mail.visible_text)
    if not _ABOUT.search(mail.subject) or (_SERVICE.search(mail.subject) and not stars):
        raise Ignored("digest or account notice")
    told = sentence(mail.visible_text)
    block = next(
        (one for one in pieces(mail, ("trustpilot.com",)) if one.button and (told is None or told.string in one.text)),
        None,
    )
    if block is None or (told is None and stars is None):
        raise Changed("the review and its button")
    yield Interest(
        channel=Channel.REVIEW,
        action=Action.REVIEW,
        author=Author(name=told["name"].strip() if told else None),
        text=block.text.partition(told.string)[2].strip() if told else last_paragraphs(block.text),
        source_url=unwrap(block.url),
        event_key=review_id(block.url),
        account=told["place"] if told else None,
        object_kind="page",
        rating=stars,
    )


def sentence(text: str) -> re.Match[str] | None:
    """The first line that says who left a review of what."""
    lines = (line.strip() for line in text.split("\n") if len(line) < 500)
    return next((found for line in lines if (found := _SENTENCE.fullmatch(line))), None)


def last_paragraphs(text: str) -> str:
    """The words below the sentence with the colon, in a language whose sentence is not known."""
    above, colon, below = text.partition(":\n")
    return (below if colon else above.rpartition("\n\n")[2]).strip()


def review_id(url: str) -> str | None:
    """Trustpilot's id of a review is 24 hexadecimal digits."""
    found = re.search(r"/reviews?/([0-9a-f]{24})\b", url)
    return f"review {found[1]}" if found else None
