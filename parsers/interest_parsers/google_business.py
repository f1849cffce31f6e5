"""Google Business Profile: a new review, alone or several in a digest, after what others' parsers of these mails tell.

The text part is a heading, a button, the reviewer's full name, his words and the next button; a button is its words
with the link below them in angle brackets. The subject shortens the name. Other languages are read by the buttons.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.reviews import Piece, named_words, pieces, stars_in
from interest_ingest.parsing.social import portrait, unquoted

HOSTS: Final = ("google.com", "g.page", "maps.app.goo.gl")
PORTRAITS: Final = re.compile(r"lh\d\.googleusercontent\.com")

_SUBJECTS: Final = (
    re.compile(r"(?i)^(?P<name>.{1,100}?)\s+left a review for\s+(?P<place>.{1,200})$"),
    re.compile(
        r"(?i)^(?P<name>.{1,100}?)\s+оставил(?:а|\(а\))?\s+отзыв\s+(?:о компании|о|для|на)\s+(?P<place>.{1,200})$"
    ),
    re.compile(
        r"(?i)^(?P<name>\S.{0,99}?)\s.{0,40}?(?:rezension|bewertung|reseña|avis|recensione|avaliação|recensie|recension)\s"
        r"(?:zu|für|über|sobre|de|sur|à|su|per|para|em|van|över|om)\s(?P<place>.{1,200}?)"
        r"(?:\s(?:verfasst|hinterlassen|geschrieben|abgegeben|geplaatst))?$"
    ),
    re.compile(r"(?i)^(?P<place>.{1,200}),\s+you(?:'|’ve | )\s?got \d{1,4} new reviews?\b"),
)
_ABOUT: Final = re.compile(
    r"(?i)\breviews?\b|отзыв|відгук|bewertung|rezension|\bavis\b|reseña|opini[oó]n|recensi|avalia[cç]|yorum|opini[ae]|口コミ|评价|리뷰"
)
_REPLY: Final = re.compile(
    r"(?i)\breply\b|respond|ответ|відпов|antwort|répond|respond|rispond|yanıt|odpowied|返信|回复|답글"
)
_SERVICE: Final = re.compile(
    r"(?i)verif|owner|performance|insight|showing|suspend|invit|policy|deleted|removed|reminder to|get more|\btips?\b"
)


@parser(
    "google-business.review",
    version=1,
    match=Match(from_address=("businessprofile-noreply@google.com", "googlemybusiness-noreply@google.com")),
    signed_by="google.com",
    link_hosts=HOSTS,
    photo_hosts="googleusercontent.com",
)
def review(mail: Mail) -> Iterator[Interest]:
    """“Anna left a review for Tea House”, “Tea House, you got 3 new reviews”."""
    subject = next((found for one in _SUBJECTS if (found := one.search(mail.subject))), None)
    if subject is None and (_SERVICE.search(mail.subject) or not _ABOUT.search(mail.subject)):
        raise Ignored("account notice")
    told = list(reviews(pieces(mail, HOSTS), mail.subject))
    if not told:
        raise Changed("the review between its buttons")
    face = portrait(mail, PORTRAITS) if len(told) == 1 else None
    for one in told:
        author = one.author.model_copy(update={"photo_url": face})
        yield one.model_copy(update={"author": author, "account": unquoted(subject["place"]) if subject else None})


def reviews(told: list[Piece], subject: str) -> Iterator[Interest]:
    """The reviews, each between a button above it and the one for the answer below it; some repeat the subject."""
    stars: float | None = None
    place = ""
    for piece in told:
        stars = stars_in(piece.text) or stars
        name, words = named_words("\n".join(line for line in piece.text.split("\n") if line.strip() != subject))
        if not (name and piece.url and _REPLY.search(piece.button)):
            place = piece.url or place
            continue
        yield Interest(
            channel=Channel.REVIEW,
            action=Action.REVIEW,
            author=Author(name=name),
            text=words,
            source_url=place if review_id(place) else piece.url,
            reply_url=piece.url,
            event_key=review_id(piece.url),
            object_kind="page",
            rating=stars,
        )
        stars, place = None, ""


def review_id(url: str) -> str | None:
    """The id of the review, where the link shows one."""
    found = re.search(r"[?&](?:review_?id|rid)=([\w-]{6,200})|/reviews?/([\w-]{12,200})(?:[/?#]|$)", url, re.IGNORECASE)
    return f"review {found[1] or found[2]}" if found else None
