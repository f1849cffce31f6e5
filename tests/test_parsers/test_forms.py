"""Forms and WordPress comments: what is read of them, and what never becomes a card."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.reading import read

SITE = "Green Gate <noreply@garden.example>"
FIELDS = "Name: Amos Larch\nEmail: amos@larch.example\nMessage: Is the trimmer in stock?\n"

WORDS = st.text(st.sampled_from("abcÄéжЖїابگدמישकखगあア漢字글"), min_size=1, max_size=12)
"""Words of no language: labels that no vocabulary knows."""

LINES = st.sampled_from(
    (
        "ok",
        "",
        "Email: nobody@foul.example",
        "URL: http://foul.example/?p=3&q=4",
        "Author: A Passing Stranger (IP address: 10.9.8.7)",
        "Comment: ",
        "Permalink: https://blog.example/other/#comment-7",
        "Trash it: https://blog.example/wp-admin/comment.php?action=trash&c=7#wpbody-content",
        "https://blog.example/other/#comments",
        "> quoted",
        "-- ",
        "5 < 6 & 7 > 2",
    )
)


def mail(
    text: str, *, sender: str = SITE, to: str = "owner@garden.example", subject: str = "Hi", **headers: str
) -> bytes:
    """A mail of one text part; `reply_to="…"` becomes the header Reply-To."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Date"] = "Tue, 03 Mar 2026 10:15:00 +0000"
    for name, value in headers.items():
        made[name.replace("_", "-").title()] = value
    made.set_content(text)
    return made.as_bytes()


def card_text(reading: Reading) -> str:
    assert reading.outcome is Outcome.CARDS, reading
    return reading.cards[0].text


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(mail(FIELDS, to="amos@larch.example"), id="a copy for the customer"),
        pytest.param(mail(FIELDS, sender="Cron Daemon <root@garden.example>"), id="a program's report"),
        pytest.param(mail("Username: amos\nEmail: amos@larch.example\n"), id="a new account"),
        pytest.param(mail("Username: amos\nPassword: x7Rk9q\nPhone: 020 7946 0101\n"), id="a password"),
        pytest.param(mail("Post: Hedge\nURL: https://garden.example/h\nSent by: Ann\n\nHi\n"), id="a follow-up notice"),
        pytest.param(mail("Thank you for your message.\n\nMessage: Is it in stock?\n"), id="a receipt"),
        pytest.param(mail("Status: ok\nJobs: 3\nErrors: 0\n"), id="a report"),
    ],
)
def test_what_is_no_form_gives_no_card(raw: bytes) -> None:
    assert read(raw).cards == ()


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(mail(FIELDS, sender="Ann <ann@hey.example>", user_agent="Mutt/2.2.12"), id="typed into a letter"),
        pytest.param(
            mail(FIELDS, sender="Ann <site@garden.example>", reply_to="Ann <ann@hey.example>"),
            id="another address than Reply-To",
        ),
        pytest.param(
            mail("Ann <ann@hey.example> wrote:\n\n" + FIELDS, sender="Site <site@garden.example>"),
            id="below another address",
        ),
    ],
)
def test_fields_that_a_person_typed_do_not_name_the_author(raw: bytes) -> None:
    assert [card.author.email for card in read(raw).cards if card.author.email == "amos@larch.example"] == []


def test_an_empty_field_for_the_name_is_not_filled_from_the_headers() -> None:
    text = "Name: \nPhone: 020 7946 0101\n"
    reading = read(mail(text, sender="Green Gate <site@garden.example>", subject="Call back on Green Gate"))
    assert reading.cards[0].author.name is None
    assert reading.cards[0].reply.url == "tel:020 7946 0101"


def test_the_text_of_a_form_is_what_the_customer_wrote() -> None:
    assert card_text(read(mail(FIELDS))) == "Is the trimmer in stock?"


def test_a_form_without_any_label_is_read_if_the_site_wrote_to_itself() -> None:
    raw = mail(
        "Do you trim &quot;hedges&quot;?\nName: not a field",
        sender="Amos Larch <owner@garden.example>",
        subject="Enquiry Amos Larch",
        reply_to="amos@larch.example",
    )
    (card,) = read(raw).cards
    assert (card.author.name, card.author.email) == ("Amos Larch", "amos@larch.example")
    assert card.text == 'Do you trim "hedges"?\nName: not a field'


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Is this in stock?\nhttps://garden.example/p/5", id="a link to our own page"),
        pytest.param("Is it this one?\n\nhttps://garden.example/p/5", id="the link as a paragraph"),
        pytest.param("Hello\n\nI sent you the form through your website last week.", id="a word about our form"),
        pytest.param("Book a table\n\nDate: 20 December\nTime: 7 pm", id="a wish with a date"),
        pytest.param("Call me\nPhone: +44 20 7946 0101", id="the phone in the last line"),
        pytest.param("Hello\n--\nAmos\nhttps://larch.example", id="a signature"),
        pytest.param("This message was sent from my website form", id="nothing but a sentence like a footer"),
    ],
)
@pytest.mark.parametrize(
    "footer", ["", "\n-- \nThis e-mail was sent from a contact form on Green Gate (https://garden.example)\n"]
)
def test_what_ends_a_message_is_not_taken_for_a_footer(text: str, footer: str) -> None:
    assert card_text(read(mail(f"Name: Amos\nEmail: amos@larch.example\nMessage:\n{text}\n{footer}"))) == text


def test_an_answer_that_quotes_a_form_is_a_letter() -> None:
    raw = mail(f"Yes, please.\n\n{FIELDS}", sender="Amos <amos@larch.example>", in_reply_to="<1@garden.example>")
    assert read(raw).parser == "mail.letter"


def test_another_template_is_not_credited_to_contact_form_7() -> None:
    raw = mail(FIELDS, x_mailer="PHPMailer 6.8.1", reply_to="amos@larch.example")
    assert read(raw).parser == "form.generic"


def comment_mail(labels: list[str], lines: list[str], *, moderated: bool, reply: bool) -> bytes:
    """A WordPress mail whose labels are any words, as a language unknown to us would have them."""
    author, email, url, answered, comment, below, link, trash = labels
    parent = f"{answered}: https://blog.example/wp-admin/comment.php?action=editcomment&c=3#wpbody-content\n" * reply
    block = f"{author}: Ann Lee ({below} 192.0.2.7, host)\n{email}: ann@hey.example\n{url}: \n{parent}{comment}: \n"
    action = "https://blog.example/wp-admin/comment.php?action={}&c=5#wpbody-content"
    if moderated:
        head, tail = "{} “Roses” {}\nhttps://blog.example/roses/\n\n", f"{link}: {action.format('approve')}\n"
    else:
        head = "{} “Roses” {}\n"
        tail = f"{below}\nhttps://blog.example/roses/#comments\n\n{link}: https://blog.example/roses/#comment-5\n"
    text = head.format(answered, below) + block + "\n".join(lines) + f"\n\n{tail}{trash}: {action.format('trash')}\n"
    return mail(text, sender="Ann Lee <wordpress@blog.example>", subject=f"[{link}] {comment}: “Roses”")


@given(
    labels=st.lists(WORDS, min_size=8, max_size=8),
    lines=st.lists(LINES, min_size=1, max_size=6).filter(lambda lines: bool(lines[0].strip() and lines[-1].strip())),
    moderated=st.booleans(),
    reply=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_a_wordpress_comment_is_read_in_a_language_that_nobody_knows(
    labels: list[str], lines: list[str], moderated: bool, reply: bool
) -> None:
    (card,) = read(comment_mail(labels, lines, moderated=moderated, reply=reply)).cards
    assert card.text.split() == "\n".join(lines).split()
    assert (card.author.name, card.author.email) == ("Ann Lee", "ann@hey.example")
    assert card.source_url == "https://blog.example/roses/#comment-5"
    assert card.product.name == "Roses"
    assert card.action == ("reply" if reply else "comment")
    assert card.event_key == "comment blog.example 5"


def test_the_sites_of_one_network_count_their_comments_apart() -> None:
    one = comment_mail(list("abcdefgh"), ["ok"], moderated=False, reply=False)
    other = one.replace(b"blog.example/", b"blog.example/second/")
    keys = {read(raw).cards[0].event_key for raw in (one, other)}
    assert keys == {"comment blog.example 5", "comment blog.example/second 5"}


def test_no_link_of_a_comment_does_anything_when_it_is_opened() -> None:
    (card,) = read(comment_mail(list("abcdefgh"), ["ok"], moderated=True, reply=False)).cards
    assert "action=" not in card.model_dump_json()
