"""Who reads a mail: the order of choosing, overlaps, and mails inside mails."""

from __future__ import annotations

import pytest

from interest_ingest.cards import Outcome
from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing import Match
from interest_ingest.parsing.choose import choose
from interest_ingest.parsing.forwards import forwarded_inline
from tests.test_parsing.making import forwarding, mail, reader

SOCIAL = reader("social.note", Match(from_domain="social.example"))
FORM = reader("form.any", Match(text="(?i)phone:"), fallback=1)
LETTER = reader("mail.letter", Match(), fallback=2)
PARSERS = (LETTER, SOCIAL, FORM)

NOTE = "From: Social <note@social.example>\nSubject: Anna likes it\n\nshe does\n"


def names(given: Mail, *, own: frozenset[str] = frozenset()) -> list[str]:
    return [one.name for one in choose(PARSERS, given, own=own).parsers]


def test_a_specific_parser_comes_before_everything_else() -> None:
    """Social notifications carry the headers of automatic mails and no-reply senders."""
    note = mail(From="note@social.example", Auto_Submitted="auto-replied", Precedence="bulk", Return_Path="<>")
    assert names(note) == ["social.note"]


def test_fallbacks_are_asked_in_their_order() -> None:
    """Form before letter, and only those whose match holds."""
    assert names(mail("Phone: 1")) == ["form.any", "mail.letter"]
    assert names(mail("Hello")) == ["mail.letter"]


def test_two_specific_parsers_are_ambiguous() -> None:
    """An overlap is an error to be settled, not a race."""
    other = reader("social.other", Match(subject="likes"))
    choice = choose((SOCIAL, other), mail(From="note@social.example", Subject="Anna likes it"))
    assert (choice.outcome, choice.reason) == (Outcome.QUARANTINED, "ambiguous: social.note, social.other")


def test_instead_of_settles_an_overlap() -> None:
    """A shop's repair of a built-in parser replaces it where both match, and nowhere else."""
    repair = reader("social.repair", Match(subject="likes"), instead_of="social.note")
    parsers = (SOCIAL, repair)
    both = choose(parsers, mail(From="note@social.example", Subject="Anna likes it"))
    assert both.parsers == (repair,)
    assert choose(parsers, mail(From="note@social.example", Subject="Other")).parsers == (SOCIAL,)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content_Type": "multipart/report; report-type=delivery-status; boundary=b"}, "bounce"),
        ({"From": "MAILER-DAEMON@mx.example"}, "bounce"),
        ({"Auto_Submitted": "auto-replied (vacation)"}, "auto-reply"),
        ({"From": "marfa@LADLE.example"}, "own mail"),
    ],
)
def test_what_is_no_interest_is_ignored_with_its_reason(headers: dict[str, str], reason: str) -> None:
    """Bounce, automatic reply, own people: after the specific parsers, before the fallbacks."""
    choice = choose(PARSERS, mail(**headers), own=frozenset({"marfa@ladle.example"}))
    assert (choice.parsers, choice.outcome, choice.reason) == ((), Outcome.IGNORED, reason)


def test_a_forwarded_notification_is_read_as_the_inner_mail() -> None:
    """As attachment; the words of the one who forwards do not matter then."""
    choice = choose(PARSERS, forwarding(NOTE, text="look"))
    assert choice.parsers == (SOCIAL,)
    assert choice.mail.subject == "Anna likes it"


def test_a_bounce_with_a_notification_inside_is_a_bounce() -> None:
    """A returned mail is not a forwarded one."""
    bounce = forwarding(NOTE, Content_Type="multipart/report; report-type=delivery-status; boundary=out")
    assert choose(PARSERS, bounce).reason == "bounce"


@pytest.mark.parametrize(
    "block",
    [
        "---------- Forwarded message ---------\nFrom: Social <note@social.example>\nDate: Tue, Nov 3\n"
        "Subject: Anna likes it\nTo: <marfa@ladle.example>\n\nshe does",
        "Begin forwarded message:\n\nFrom: Social <note@social.example>\nSubject: Anna likes it\n\nshe does",
        '---- Пересылаемое сообщение ----\n03.11.2026, 10:12, "Social" <note@social.example>:\n\nshe does',
        "---- Пересылаемое сообщение ----\nОт кого: Social <note@social.example>\nТема: Anna likes it\n\nshe does",
        "-------- Weitergeleitete Nachricht --------\nBetreff: \tAnna likes it\nDatum: \tTue, 3 Nov 2026\n"
        "Von: \tSocial <note@social.example>\nAn: \tmarfa@ladle.example\n\nshe does",
        "---------- Message transféré ---------\nDe : Social <note@social.example>\nObjet : Anna likes it\n\nshe does",
        "From: Social <note@social.example>\nSent: Tue 3 Nov\nTo: Marfa\nSubject: Anna likes it\n\nshe does",
        "---------- 転送メッセージ ----------\n差出人: Social <note@social.example>\n件名: Anna likes it\n\nshe does",
        "---------- پیام ارسال شده ----------\nاز: Social <note@social.example>\nموضوع: Anna likes it\n\nshe does",
    ],
)
def test_a_notification_forwarded_in_the_text_is_read(block: str) -> None:
    """The service's headers are gone; the quoted From line is enough for the parser to know its mail."""
    choice = choose(PARSERS, mail(f"Look!\n\n{block}", Subject="Fwd: Anna likes it"))
    assert choice.parsers == (SOCIAL,)
    assert choice.mail.subject == "Anna likes it"
    assert choice.mail.visible_text.strip() == "she does"
    assert choice.mail.trust.value == "unproven"


def test_a_form_that_apple_mail_forwards_begins_below_the_quoted_header() -> None:
    """Between them stands only `>`, and the form's first labels are those of a header, too."""
    block = "> From: Shop <site@shop.example>\n> Subject: Cups\n>\n> From: Boris\n> Subject: Blue cups\n> \n> Any left?"
    for announced in ("Begin forwarded message:\n\n", "> Begin forwarded message:\n> \n"):
        forwarded = forwarded_inline(mail(announced + block, Subject="Fwd: Cups"))
        assert forwarded is not None
        assert forwarded.mail.visible_text.strip() == "From: Boris\nSubject: Blue cups\n\nAny left?"


def test_what_was_quoted_in_a_forwarded_letter_stays_quoted() -> None:
    text = "---------- Forwarded message ---------\nFrom: Boris <boris@hey.example>\n\nYes.\n\nShop wrote:\n> Cups?"
    forwarded = forwarded_inline(mail(text, Subject="Fwd: Cups"))
    assert forwarded is not None
    assert forwarded.mail.visible_text.strip().endswith("> Cups?")


def test_a_letter_that_quotes_a_header_is_no_forward() -> None:
    """Only a specific parser takes the inner mail; a customer's letter stays his."""
    text = "Begin forwarded message:\n\nFrom: Boris <boris@hey.example>\nSubject: x\n\nhello"
    assert choose(PARSERS, mail(text)).mail.sender == ("Anna", "anna@hey.example")


def test_what_our_own_people_forward_is_read_inside() -> None:
    """A colleague's forward is a customer's letter; without one in it, it is our own mail."""
    own = frozenset({"marfa@ladle.example"})
    letter = "From: Boris <boris@hey.example>\nTo: marfa@ladle.example\nSubject: Cups\n\nDo you have cups?\n"
    choice = choose(PARSERS, forwarding(letter, text="for you"), own=own)
    assert choice.parsers == (LETTER,)
    assert choice.mail.sender == ("Boris", "boris@hey.example")
    inline = f"for you\n\n---------- Forwarded message ---------\n{letter}"
    assert choose(PARSERS, mail(inline, From="marfa@ladle.example"), own=own).mail.sender == choice.mail.sender


def test_a_letter_with_an_attached_mail_keeps_its_own_author() -> None:
    """A customer who attaches an old mail is the author; a mail without own words is what it carries."""
    old = "From: Boris <boris@hey.example>\nSubject: Old\n\nold words\n"
    assert choose(PARSERS, forwarding(old, text="see what I wrote")).mail.visible_text.strip() == "see what I wrote"
    assert choose(PARSERS, forwarding(old)).mail.subject == "Old"


def test_what_went_through_several_hands_is_its_writers() -> None:
    """Forwarded twice in the text, as an attachment of an attachment, and below nothing but a signature."""
    letter = "From: Boris <boris@hey.example>\nSubject: Cups\n\nDo you have cups?\n"
    once = "Begin forwarded message:\n\n" + letter
    twice = f"Begin forwarded message:\n\nFrom: Carla <carla@ladle.example>\nSubject: Fwd: Cups\n\n{once}"
    attached = f"From: Carla <carla@ladle.example>\nSubject: Fwd: Cups\n\n{once}"
    for one in (mail(twice, Subject="Fwd: Fwd: Cups"), forwarding(attached), forwarding(letter, text="-- \nMarfa")):
        assert choose(PARSERS, one).mail.sender == ("Boris", "boris@hey.example")
    social = "Begin forwarded message:\n\nFrom: Social <note@social.example>\nSubject: Anna likes it\n\nshe does\n"
    inside = f"Begin forwarded message:\n\nFrom: Carla <carla@ladle.example>\nSubject: Fwd: Anna\n\n{social}"
    assert choose(PARSERS, mail(inside, Subject="Fwd: Fwd: Anna")).parsers == (SOCIAL,)


HEADER = (
    "From: <b>Boris</b> &lt;boris@hey.example&gt;|Subject: Cups|Date: Tue, 3 Mar 2026 10:15:00 +0000|To: a@b.example"
)
PAGES = {
    "Gmail": f"{{}}<div class=gmail_quote><div>---------- Forwarded message ---------|{HEADER}|</div>|{{}}</div>",
    "Outlook": f"<div>{{}}</div><hr><div id=divRplyFwdMsg>{HEADER}</div><div>{{}}</div>",
    "Apple Mail": "<div>{}</div><blockquote type=cite><div>Begin forwarded message:</div>|"
    + "".join(f"<div><span>{field}|</span></div>" for field in HEADER.split("|"))
    + "|<div>{}</div></blockquote>",
    "Mail.ru": f"{{}}||-------- Пересылаемое сообщение --------|{HEADER}||{{}}",
}


@pytest.mark.parametrize("own", ["", "Please call him."])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_a_letter_that_is_forwarded_as_a_page_is_what_stands_below_the_header(page: str, own: str) -> None:
    """Neither the words above it, nor the copied header, nor the mark of a quote around it."""
    html = page.format(own, "Do you have cups?").replace("|", "<br>")
    fields = "From: Marfa <marfa@ladle.example>\nTo: interest@ladle.example\nSubject: Fwd: Cups\n"
    (card,) = read(f"{fields}Content-Type: text/html; charset=utf-8\n\n{html}".encode()).cards
    assert (card.author.name, card.author.email, card.text) == ("Boris", "boris@hey.example", "Do you have cups?")


INLINE = "---------- Forwarded message ---------\nFrom: Boris <boris@hey.example>\nSubject: Cups\n\nDo you have cups?"


@pytest.mark.parametrize(
    ("text", "headers", "author"),
    [
        (INLINE, {}, "boris@hey.example"),
        (f"-- \nAnna\n+1 234\n\n{INLINE}", {}, "boris@hey.example"),
        (f"Is that yours?\n\n{INLINE}", {}, "anna@hey.example"),
        (f"Please call him.\n\n{INLINE}", {"From": "marfa@ladle.example"}, "boris@hey.example"),
        (f"Please call him.\n\n{INLINE}", {"From": "marfa@gmail.com", "To": "ladle@gmail.com"}, "marfa@gmail.com"),
        (INLINE, {"Subject": "Tea"}, "anna@hey.example"),
        (INLINE, {"Reply_To": "visitor@hey.example"}, "anna@hey.example"),
        (INLINE, {"From": "noreply@ladle.example"}, "noreply@ladle.example"),
    ],
)
def test_who_only_hands_on_is_not_the_author(text: str, headers: dict[str, str], author: str) -> None:
    """Without a word of his own, or to his own house. What a site sends is its visitor's, whatever he pasted there."""
    read = choose(PARSERS, mail(text, **{"Subject": "Fwd: Cups"} | headers)).mail
    assert read.sender is not None
    assert read.sender.email == author


def test_a_forward_in_which_nothing_is_found_is_still_a_letter() -> None:
    """A customer who hands on a receipt without a word is a customer."""
    choice = choose(PARSERS, mail(INLINE, Subject="Fwd: Cups"))
    assert choice.otherwise is not None
    assert choice.otherwise.parsers == (LETTER,)
    assert choice.otherwise.mail.sender == ("Anna", "anna@hey.example")


def test_what_a_colleague_forwards_is_not_his_letter_when_nothing_is_found_in_it() -> None:
    """A newsletter that he got."""
    choice = choose(PARSERS, mail(INLINE, From="marfa@ladle.example", Subject="Fwd: Cups"))
    assert (choice.mail.sender, choice.otherwise) == (("Boris", "boris@hey.example"), None)


def test_a_notification_that_is_known_by_its_text_is_read_inside_its_forward() -> None:
    """The forward has that text too, quoted (Apple Mail) and below other lines."""
    comment = reader("blog.comment", Match(text=r"(?m)^(> )?Comment number \d"))
    quoted = "Begin forwarded message:\n\n> From: Blog <a@blog.example>\n> Subject: New\n> \n> Comment number 7\n> Hi"
    choice = choose((comment,), mail(quoted, Subject="Fwd: New"))
    assert choice.mail.visible_text.strip() == "Comment number 7\nHi"
    assert choose((comment,), mail(quoted, From="noreply@blog.example")).mail.subject == "Tea"
