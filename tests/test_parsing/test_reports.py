"""Reports, automatic replies, digests and loops in the shapes of real servers (RFC 3464, 3834, 8098, 5965)."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules

FIXTURES = Path(__file__).parents[1] / "fixtures"
DSN = """--b
Content-Type: text/plain

I could not deliver your message.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.fern.example

Final-Recipient: rfc822; anna@fern.example
Action: failed
Status: 5.1.1

--b
Content-Type: message/rfc822

From: Desk <desk@shop.example>
To: anna@fern.example
Subject: Your order

Thank you!
--b--"""


def mail(*head: str, text: str = "Back on Monday.", content: str = "text/plain; charset=utf-8") -> bytes:
    fields = [*head, "To: desk@shop.example", "Date: Sat, 21 Nov 2026 09:15:00 +0000", "MIME-Version: 1.0"]
    return "\n".join([*fields, f"Content-Type: {content}", "", text, ""]).encode()


def reading(raw: bytes, **rules: frozenset[str]) -> Reading:
    return read(raw, Rules(**rules))  # type: ignore[arg-type]  # only the sets of own people are given


def dsn(*head: str) -> bytes:
    return mail(*head, text=DSN, content='multipart/report; report-type="delivery-status"; boundary=b')


BOUNCES: dict[str, bytes] = {
    "Exim": dsn(
        "Return-path: <>",
        "Auto-Submitted: auto-replied",
        "From: Mail Delivery System <Mailer-Daemon@mx.shop.example>",
        "Subject: Mail delivery failed: returning message to sender",
        "X-Failed-Recipients: anna@fern.example",
    ),
    "Exim 4.7, plain": mail(
        "From: Mail Delivery System <Mailer-Daemon@mx.shop.example>",
        "Subject: Mail delivery failed: returning message to sender",
        "X-Failed-Recipients: anna@fern.example",
        text="This message was created automatically by mail delivery software.",
    ),
    "Postfix": dsn(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
    ),
    "Postfix, delayed": dsn(
        "From: MAILER-DAEMON@mx.shop.example (Mail Delivery System)",
        "Subject: Delayed Mail (still being retried)",
        "Auto-Submitted: auto-replied",
    ),
    "sendmail": dsn(
        "From: Mail Delivery Subsystem <MAILER-DAEMON@mx.shop.example>",
        "Subject: Returned mail: see transcript for details",
        "Auto-Submitted: auto-generated (failure)",
    ),
    "Gmail": dsn(
        "Return-Path: <>",
        "From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
        "Subject: Delivery Status Notification (Failure)",
        "Auto-Submitted: auto-replied",
        "X-Failed-Recipients: anna@fern.example",
    ),
    "Exchange": dsn(
        "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shop.example>",
        "Subject: Undeliverable: Your order",
    ),
    "Exchange, its own form": mail(
        "From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@shop.example>",
        "Subject: Undeliverable: Your order",
        "Auto-Submitted: auto-replied",
        text="Delivery has failed to these recipients or groups:",
    ),
    "Exchange, journaled": mail(
        "From: Post <post@fern.example>", "Subject: x", "X-MS-Exchange-Message-Is-Ndr:", text="Delivery has failed"
    ),
    "Exchange 2003": mail(
        "Return-Path: <>",
        "From: System Administrator <postmaster@fern.example>",
        "Subject: Undeliverable: Your order",
        text="Your message did not reach some or all of the intended recipients.",
    ),
    "qmail": mail(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.fern.example",
        "Subject: failure notice",
        text="Hi. This is the qmail-send program at mx.fern.example.",
    ),
    "Yandex": dsn("From: mailer-daemon@yandex.ru", "Subject: Недоставленное сообщение"),
    "Mail.ru": mail(
        "Return-Path: <>",
        "From: Mail.Ru <mailer-daemon@corp.mail.ru>",
        "Subject: Mail failure.",
        text="Message to anna",
    ),
    "Domino": dsn("From: Postmaster@fern.example", "Subject: DELIVERY FAILURE: User anna not listed in directory"),
    "a gateway in English": mail(
        "Return-Path: <>", "From: Mail Service <service@fern.example>", "Subject: Undelivered Mail Returned to Sender"
    ),
    "a gateway in Russian": mail(
        "Return-Path: <>", "From: Почта <service@fern.example>", "Subject: Сообщение не может быть доставлено"
    ),
    "a gateway in German": mail(
        "Return-Path: <>", "From: Post <service@fern.example>", "Subject: Unzustellbar: Ihre Bestellung"
    ),
    "a gateway in Japanese": mail("Return-Path: <>", "From: <service@fern.example>", "Subject: 配信不能: ご注文"),
}
RECEIPTS = {
    "Outlook": mail(
        "From: Hester Fern <hester@fern.example>",
        "Subject: Read: Your order",
        text="--b\n\nYour message was read.\n--b\nContent-Type: message/disposition-notification\n\n"
        "Final-Recipient: rfc822;hester@fern.example\nDisposition: automatic-action/MDN-sent-automatically; displayed\n"
        "--b--",
        content="multipart/report; boundary=b; report-type=disposition-notification",
    ),
}
COMPLAINTS = {
    "a provider": mail(
        "From: Feedback <feedback@isp.example>",
        "Subject: FW: Your order",
        text="--b\n\nThis is an email abuse report.\n--b\nContent-Type: message/feedback-report\n\n"
        "Feedback-Type: abuse\n--b--",
        content="multipart/report; report-type=feedback-report; boundary=b",
    ),
}
OOF = ["Return-Path: <>", "From: Hester Fern <hester@fern.example>", "In-Reply-To: <1@shop.example>"]
EXCHANGE = [*OOF, "X-Auto-Response-Suppress: All", "Auto-Submitted: auto-generated"]
OUTLOOK = [
    "Automatic reply: Tea",
    "Automatische Antwort: Tee",
    "Réponse automatique : Thé",
    "Автоматический ответ: Чай",
    "Respuesta automática: Té",
    "Risposta automatica: Tè",
    "Automatisch antwoord: Thee",
    "Automatyczna odpowiedź: Herbata",
    "Resposta automática: Chá",
    "Otomatik yanıt: Çay",
    "Automatiskt svar: Te",
    "Automatisk svar: Te",
    "Autosvar: Te",
    "Automaattinen vastaus: Tee",
    "Automatická odpověď: Čaj",
    "Automatikus válasz: Tea",
    "Автоматична відповідь: Чай",
    "自動応答: お茶",
    "自动答复: 茶",
    "自動回覆: 茶",
    "자동 회신: 차",
    "תשובה אוטומטית: תה",
    "رد تلقائي: شاي",
    "پاسخ خودکار: چای",
    "Răspuns automat: Ceai",
    "Αυτόματη απάντηση: Τσάι",
    "Автоматичен отговор: Чай",
    "स्वचालित उत्तर: चाय",
    "Samodejni odgovor: čaj",
    "Out of Office: Tea",
    "Abwesenheitsnotiz: Tee",
]
AUTO_REPLIES: dict[str, bytes] = {
    **{f"Outlook, {subject}": mail(*EXCHANGE, f"Subject: {subject}") for subject in OUTLOOK},
    "Sieve (Pigeonhole)": mail(
        "From: Hester Fern <hester@fern.example>",
        "Subject: Auto: Tea",
        "Auto-Submitted: auto-replied (vacation)",
        "Precedence: bulk",
    ),
    "vacation(1)": mail(*OOF, "Subject: away from my mail", "Precedence: bulk", text="I am on vacation until May."),
    "vacation(1), in German": mail(*OOF, "Subject: Re: Tee", text="Ich bin bis Mai im Urlaub und nicht erreichbar."),
    "Gmail": mail(
        "From: Hester <hester@fern.example>",
        "Subject: Away Re: Tea",
        "Precedence: bulk",
        "X-Autoreply: yes",
        "Auto-Submitted: auto-replied",
    ),
    "a comment before the keyword": mail(
        "From: Hester <hester@fern.example>", "Subject: Tea", "Auto-Submitted: (RFC 3834) auto-replied"
    ),
    "cPanel": mail("From: <hester@fern.example>", "Subject: Gone fishing", "X-Autorespond: hester"),
    "Lotus": mail("From: <hester@fern.example>", "Subject: Hester is out", "Precedence: auto_reply"),
}
DIGESTS: dict[str, bytes] = {
    "Mailman": mail(
        "From: tea-request@lists.example",
        "Reply-To: tea@lists.example",
        "Subject: Tea Digest, Vol 12, Issue 3",
        "Precedence: list",
        "List-Id: Tea lovers <tea.lists.example>",
        text="--b\n\nToday's Topics:\n\n1. Kettles (Anna)\n--b\nContent-Type: multipart/digest; boundary=c\n\n--c\n\n"
        "From: anna@fern.example\nSubject: Kettles\n\nWhich kettle?\n--c--\n--b--",
        content="multipart/mixed; boundary=b",
    ),
    "Mailman, in Russian": mail(
        "From: tea-request@lists.example", "Subject: Дайджест Tea, том 12, выпуск 3", "List-Id: <tea.lists.example>"
    ),
    "Google Groups": mail(
        "From: noreply@groups.example", "Subject: Digest for tea@groups.example - 5 updates", "Precedence: list"
    ),
    "multipart/digest": mail(
        "From: tea-request@lists.example",
        "Subject: Tea",
        text="--c\n\nFrom: anna@fern.example\nSubject: Kettles\n\nWhich kettle?\n--c--",
        content="multipart/digest; boundary=c",
    ),
}
ANSWERED = mail(
    "From: anna@fern.example",
    "Subject: Accepted: Tea",
    text="BEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR",
    content='text/calendar; charset="utf-8"; method="REPLY"',
)
LOOPS: dict[str, bytes] = {
    "X-Loop": mail("From: alerts@shop.example", "Subject: mailbox silent", "X-Loop: interest-ingest"),
    "Message-ID": mail("From: alerts@shop.example", "Subject: Fw", "Message-ID: <interest-ingest.ab12@shop.example>"),
}
NO_INTEREST = [
    (reason, name, raw)
    for reason, mails in (
        ("bounce", BOUNCES),
        ("receipt", RECEIPTS),
        ("complaint", COMPLAINTS),
        ("auto-reply", AUTO_REPLIES),
        ("digest", DIGESTS),
        ("loop", LOOPS),
        ("calendar answer", {"accepted": ANSWERED}),
    )
    for name, raw in mails.items()
]


@pytest.mark.parametrize(("reason", "name", "raw"), NO_INTEREST, ids=[f"{one[0]} {one[1]}" for one in NO_INTEREST])
def test_what_programs_tell_each_other_is_ignored_with_its_reason(reason: str, name: str, raw: bytes) -> None:
    found = reading(raw)
    assert (found.outcome, found.reason) == (Outcome.IGNORED, reason)


QUESTION = "How much are 40 boxes of your green tea, and do you deliver to Malta?"
ANNA = "From: Anna Petrova <anna@fern.example>"
LETTERS: dict[str, bytes] = {
    "null return path": mail("Return-Path: <>", ANNA, "Subject: Tea", text=QUESTION),
    "auto-generated": mail(ANNA, "Subject: Tea", "Auto-Submitted: auto-generated", text=QUESTION),
    "auto-generated, in answer to ours": mail(
        ANNA,
        "Subject: Re: Your order",
        "Auto-Submitted: auto-generated",
        "In-Reply-To: <1@shop.example>",
        text=QUESTION,
    ),
    "no": mail(ANNA, "Subject: Tea", "Auto-Submitted: no", text=QUESTION),
    "another's loop": mail(ANNA, "Subject: Tea", "X-Loop: anna@fern.example", text=QUESTION),
    "an answer to our alert": mail(
        ANNA, "Subject: Re: tea", "In-Reply-To: <interest-ingest.ab12@shop.example>", text=QUESTION
    ),
    "about a delivery": mail(ANNA, "Subject: My parcel could not be delivered", text=QUESTION),
    "about an automatic reply": mail(ANNA, "Subject: Automatic reply: what is it?", text=QUESTION),
    "about automata": mail(ANNA, "Subject: Автоматические чайники", "Auto-Submitted: auto-generated", text=QUESTION),
    "about a holiday": mail(ANNA, "Subject: Urlop w lipcu", "Auto-Submitted: auto-generated", text=QUESTION),
    "in answer to a digest": mail(
        ANNA,
        "Subject: Re: Tea Digest, Vol 12, Issue 3",
        "List-Id: <sales.shop.example>",
        "In-Reply-To: <2@lists.example>",
        text=QUESTION,
    ),
    "a bounce that is forwarded": mail(
        ANNA,
        "Subject: Fwd: Undelivered Mail Returned to Sender",
        text=f"--o\n\n{QUESTION}\n--o\nContent-Type: message/rfc822\n\nFrom: MAILER-DAEMON@mx.shop.example\n"
        "Subject: Undelivered Mail\n\nSorry.\n--o--",
        content="multipart/mixed; boundary=o",
    ),
}


@pytest.mark.parametrize("name", LETTERS)
def test_a_persons_letter_stays_one(name: str) -> None:
    """One sign proves nothing: a lead that is lost is worse than a card too many."""
    found = reading(LETTERS[name])
    assert (found.outcome, found.parser) == (Outcome.CARDS, "mail.letter")


FORM = "Name: Jasper Brandling\nE-mail: jasper@mail.example\nPhone: +44 20 7946 0111\nMessage: On vacation. Call me?\n"


@pytest.mark.parametrize("subject", ["Fwd: Kettle", "WG: Kettle"])
def test_a_customer_who_forwards_with_words_of_his_own_has_filled_in_no_form(subject: str) -> None:
    """The copied header has a name, an address and a recipient, as a form's receipt has."""
    block = (
        "-------- Forwarded Message --------\nSubject: \tKettle\nDate: \tTue, 03 Mar 2026 10:15:00 +0000\n"
        "From: \tAda Wren <ada@wren.example>\nTo: \tdesk@shop.example\n\nDear shop,\n\nDo you ship?\n\nAda"
    )
    text = f"Do you have this one?\n\n{block}"
    (card,) = reading(mail("From: Jasper <jasper@mail.example>", f"Subject: {subject}", text=text)).cards
    assert (card.author.email, card.parser) == ("jasper@mail.example", "mail.letter")
    assert (card.text or "").startswith("Do you have this one?")


def test_what_a_customer_was_sent_and_forwards_is_not_his_form() -> None:
    text = (
        "Where is it?\n\n---------- Forwarded message ---------\nFrom: Shop <noreply@shop.example>\nSubject: Order\n"
        "To: <jasper@mail.example>\n\nName: Jasper\nEmail: jasper@mail.example\nMessage: Two kettles, please.\n"
    )
    (card,) = reading(mail("From: Jasper <jasper@mail.example>", "Subject: Fwd: Order", text=text)).cards
    assert (card.author.email, (card.text or "")[:12]) == ("jasper@mail.example", "Where is it?")


def test_who_invites_us_says_what_his_subject_says() -> None:
    """A calendar's data are no words."""
    raw = ANSWERED.replace(b"REPLY", b"REQUEST").replace(b"Accepted: Tea", b"A visit to your workshop?")
    assert [card.text for card in reading(raw).cards] == ["A visit to your workshop?"]


def test_a_form_stays_one_whatever_its_software_writes() -> None:
    """Null return path, bulk, automatic, and the visitor's words about his absence."""
    raw = mail(
        "Return-Path: <>",
        "From: Shop <noreply@shop.example>",
        "Reply-To: jasper@mail.example",
        "Subject: Delivery failed? New submission",
        "Auto-Submitted: auto-generated",
        "Precedence: bulk",
        text=FORM,
    )
    assert [card.author.email for card in reading(raw).cards] == ["jasper@mail.example"]


SIGNS = (
    b"Auto-Submitted: auto-replied\r\nPrecedence: auto_reply\r\nX-Auto-Response-Suppress: All\r\n"
    b"X-Failed-Recipients: anna@fern.example\r\nX-Loop: interest-ingest\r\nX-Autoreply: yes\r\n"
)


@pytest.mark.parametrize("path", ["facebook/en-comment.eml", "vkontakte/ru-comment.eml", "wordpress/ru-comment.eml"])
def test_specific_parsers_have_their_turn_first(path: str) -> None:
    """Notifications carry the signs of automatic mail: they are."""
    raw = (FIXTURES / path).read_bytes()
    if raw.startswith(b"Return-Path"):
        raw = b"Return-Path: <>\r\n" + raw.partition(b"\n")[2]
    assert reading(SIGNS + raw).outcome is Outcome.CARDS


OWN = {"own_addresses": frozenset({"anna@fern.example"}), "own_profiles": frozenset({"https://m.vk.com/Anna_Example/"})}


def test_our_own_people_are_no_interest() -> None:
    """By address and by profile, whatever its link; with the true reason."""
    assert reading(mail(ANNA, "Subject: Tea", text=QUESTION), **OWN).reason == "own mail"
    form = mail("From: Shop <noreply@shop.example>", "Subject: Form", text=FORM.replace("jasper@mail", "anna@fern"))
    assert reading(form).outcome is Outcome.CARDS
    assert reading(form, **OWN).reason == "own people"
    comment = (FIXTURES / "facebook/en-comment.eml").read_bytes()
    profile = {"own_profiles": frozenset({"facebook.com/anna.example"})}
    found = reading(comment, **profile)
    assert (found.outcome, found.reason, found.parser) == (Outcome.IGNORED, "own people", "facebook.notification")
    assert reading(comment, **OWN).outcome is Outcome.CARDS
