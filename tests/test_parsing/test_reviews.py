"""Stars, and the words between the buttons of a mail."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from interest_ingest.mail import Mail
from interest_ingest.parsing.reviews import Piece, named_words, pieces, stars_in


@pytest.mark.parametrize(
    ("text", "stars"),
    [
        ("You got a new 2-star review", 2),
        ("4,5 звезды", 4.5),
        ("Новый отзыв: 5 звёзд", 5),
        ("eine neue 4-Sterne-Bewertung", 4),
        ("un nouvel avis 5 étoiles", 5),
        ("5つ星のクチコミ", 5),
        ("★★★☆☆", 3),
        ("a 10-star hotel", None),
        ("3 cups, no review", None),
    ],
)
def test_stars(text: str, stars: float | None) -> None:
    assert stars_in(text) == stars


def mail(text: str) -> Mail:
    made = EmailMessage()
    made["From"] = "a@b.example"
    made.set_content(text)
    return Mail.from_bytes(made.as_bytes())


def test_a_button_is_its_words_with_the_link_below() -> None:
    text = "Anna\nGood.\n\nSee https://anna.example/p\n\nReply\n<https://svc.example/r>\n\nfooter\n"
    first, last = pieces(mail(text), ("svc.example",))
    assert first == Piece("Anna\nGood.\n\nSee https://anna.example/p\n", "Reply", "https://svc.example/r")
    assert last.text.strip() == "footer"


def test_without_any_link_to_the_service_every_link_is_a_button() -> None:
    """Some services send all their links through the redirector of a mail service."""
    found = pieces(mail("Good.\n\nReply\n[https://click.example/r]\n"), ("svc.example",))
    assert [one.url for one in found] == ["https://click.example/r", ""]


def test_lines_of_stars_are_neither_name_nor_words() -> None:
    assert named_words("\n★★★☆☆\nAnna Moss\n3 stars\nFine.\n\n5 stars for the tea, really.\n") == (
        "Anna Moss",
        "Fine.\n\n5 stars for the tea, really.",
    )
