"""WordPress: what its templates do in languages that nobody knows here, and which of its mails are no comments."""

from __future__ import annotations

from email.message import EmailMessage

import pytest

from interest_ingest.cards import Outcome
from interest_ingest.ingest.reading import read
from interest_parsers import wordpress

FIELDS = "Name: Amos Larch\nEmail: amos@larch.example\nMessage: Is the trimmer in stock?\n"
ACTION = "https://blog.example/wp-admin/comment.php?action={}&c=5#wpbody-content"
COMMENT = f"""a “Roses” f

a: Ann Lee (f 192.0.2.7, host)
b: ann@hey.example
c:
e:
ok

f
https://blog.example/roses/#comments

g: https://blog.example/roses/#comment-5
h: {ACTION.format("trash")}
"""


def mail(text: str, *, sender: str, subject: str) -> bytes:
    """What PHPMailer sends for a site, without Reply-To."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "owner@garden.example", subject
    made["Date"], made["X-Mailer"] = "Tue, 03 Mar 2026 10:15:00 +0000", "PHPMailer 6.8.1"
    made.set_content(text)
    return made.as_bytes()


def comment_mail(text: str) -> bytes:
    return mail(text, sender="Ann Lee <wordpress@blog.example>", subject="[g] e: “Roses”")


def test_a_page_of_comments_is_not_the_page_that_was_commented() -> None:
    """Where the comments fill several pages, the permalink names one of them; the post stays the product."""
    text = COMMENT.replace("roses/#comment-5", "roses/comment-page-2/#comment-5")
    (card,) = read(comment_mail(text)).cards
    assert card.text == "ok"
    assert card.source_url == "https://blog.example/roses/comment-page-2/#comment-5"
    assert card.product.url == "https://blog.example/roses/"


def test_a_wordpress_comment_is_read_without_an_address_of_its_sender() -> None:
    """Privacy plugins empty the IP and its host; the word for it is not always Latin."""
    (card,) = read(comment_mail(COMMENT.replace("(f 192.0.2.7, host)", "(f:  , )"))).cards
    assert card.author.name == "Ann Lee"


def test_an_email_on_the_line_below_its_label_and_marks_of_direction_are_read() -> None:
    turned = COMMENT.replace("b: ann@hey.example", "b:\nann@hey.example").replace("Ann Lee (f", "Ann Lee\u200f (f")
    (card,) = read(comment_mail(turned)).cards
    assert (card.author.name, card.author.email, card.text) == ("Ann Lee", "ann@hey.example", "ok")


@pytest.mark.parametrize(
    ("head", "subject", "title"),
    [
        ('x "Don&#8217;t prune &amp; wait" y', '[Ash & Elm] c: "Don&#8217;t prune & wait"', "Don’t prune & wait"),
        ('x “Best” roses"', '[Ash] c: "“Best” roses"', "“Best” roses"),
        ("x <i>Roses: why?</i>", "[Ash] c: <i>Roses: why?</i>", "Roses: why?"),
        ("〈Roses〉 x", "[Ash]〈Roses〉y", "Roses"),
        ("x 'Old' «Roses» y", "[“Ash”] c: «Roses»", "Roses"),
    ],
)
def test_the_title_is_what_text_and_subject_both_quote(head: str, subject: str, title: str) -> None:
    """Escapes differ between the two, and so do the quotation marks of careless translations."""
    assert wordpress.page_title(head, subject) == title


SHOP = "Green Gate <info@garden.example>"
KEY = "https://garden.example/wp-login.php?action=rp&key=Qw8eRt5y&login=amos"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("[Green Gate] Xyz", f"Xyz: amos\n\nXyz xyz:\n\n{KEY}\n"),
        ("[Green Gate] Xyz", "Xyz xyz: amos\n"),
        ("[Green Gate] Xyz", "Xyz Green Gate:\n\nXyz: amos\n\nZyx: amos@larch.example\n"),
        ("[Green Gate] Xyz", "Xyz amos,\n\nXyz zyx xyz.\n\nXyz,\nXyz Green Gate\nhttps://garden.example\n"),
        ("Xyz: amos", "Xyz: amos\nIP: 192.0.2.7\n\nXyz: https://garden.example/wp-admin/network/settings.php\n"),
        ("[Green Gate] Xyz", "Xyz.\n- Hedge (1.2 - 1.3)\n\nXyz\nhttps://wordpress.org/support/forums/\n"),
    ],
)
@pytest.mark.parametrize("sender", [SHOP, "WordPress <wordpress@garden.example>"])
def test_a_wordpress_notice_gives_no_card_in_any_language(subject: str, text: str, sender: str) -> None:
    """A plugin may have set the site's own name and address as the sender."""
    reading = read(mail(text, sender=sender, subject=subject))
    assert (reading.outcome, reading.parser) == (Outcome.IGNORED, "wordpress.notice")


@pytest.mark.parametrize(
    ("sender", "text"),
    [
        pytest.param(SHOP, "Email: amos@larch.example\n", id="a newsletter's only field"),
        pytest.param(SHOP, "Phone: 555-01-23\n", id="a call back"),
        pytest.param(SHOP, "Green Gate:\n\nName: Amos\n\nEmail: amos@larch.example\n", id="name and address"),
        pytest.param(SHOP, f"{FIELDS}\nBest,\nGreen Gate\nhttps://garden.example\n", id="the site's signature"),
        pytest.param(
            "WordPress <wordpress@garden.example>",
            "Xyz: Amos\nZyx: amos@larch.example\nYxz: Hi!\n\nhttps://garden.example/wp-admin/admin.php?page=entries\n",
            id="a plugin's entry",
        ),
    ],
)
def test_a_form_of_a_wordpress_site_is_not_taken_for_its_notice(sender: str, text: str) -> None:
    """Form plugins send by WordPress, too, and not all of them name the visitor in Reply-To."""
    reading = read(mail(text, sender=sender, subject="[Green Gate] Enquiry"))
    assert reading.parser != "wordpress.notice"
