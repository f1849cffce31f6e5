"""Mails that no person wrote are told from letters, and letters with odd headers stay letters."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.automatic import is_auto_reply, is_automated, is_bounce, is_robot
from tests.test_parsing.making import mail

LETTERS: list[tuple[str, dict[str, str]]] = [
    ("Can you deliver to Malta?", {}),
    ("Can you deliver to Malta?", {"Auto_Submitted": "auto-generated"}),
    ("Can you deliver to Malta?", {"Precedence": "bulk", "Auto_Submitted": "auto-generated"}),
    ("Can you deliver to Malta?", {"X_Auto_Response_Suppress": "All", "Precedence": "bulk"}),
    (
        "Thank you for your message. The invoice lacks our VAT number.",
        {"Subject": "Your invoice 77", "From": "a@wren.example"},
    ),
    ("It lacks our VAT number.", {"Subject": "Your invoice 77", "From": "anna@hey.example"}),
    (
        "Do you ship?",
        {"List_Id": "<sales.ladle.example>", "List_Unsubscribe": "<mailto:x@ladle.example>", "Precedence": "list"}
        | {"To": "sales@ladle.example", "Delivered_To": "anna.the.owner@gmail.com"},
    ),
    (
        "Do you ship?",
        {
            "List_Id": "<sales.ladle.example>",
            "List_Unsubscribe": "<mailto:x@ladle.example>",
            "Precedence": "list",
        },
    ),
    ("Do you ship?", {"List_Unsubscribe": "<https://crm.example/u/1>", "In_Reply_To": "<order@ladle.example>"}),
    ("Do you ship?", {"From": "Shop <noreply@ladle.example>", "Reply_To": "Anna <anna@hey.example>"}),
    (
        "40 boxes please.\n-- \nSent by Anna through the wiki. To unsubscribe see the preferences.",
        {"From": "wiki@tea.example", "Reply_To": "anna@hey.example", "X_Mailer": "MediaWiki mailer"}
        | {"List_Unsubscribe": "<https://tea.example/prefs>"},
    ),
    (
        "Your mail said “this is an automatically generated message, do not reply to this”. So whom do I ask?",
        {"Precedence": "bulk"},
    ),
    ("I cannot reset my password, https://ladle.example/reset/9f2c7714d0aa4bb1 does not open.", {}),
    ("Please unsubscribe me: https://ladle.example/unsubscribe/ab12", {}),
    ("Thank you for your order! When will it come?", {"X_Mailer": "PHPMailer 6.9"}),
    ("Мы получили ваш чай, он чудесный. Можно ещё?", {"Subject": "Re: Заказ"}),
    ("Ich plane meinen Urlaub bei Ihnen, ist im Juli etwas frei?", {"Subject": "Urlaub im Juli"}),
    ("Planujemy urlop nad morzem, ile kosztuje pokój?", {"Subject": "Urlop w lipcu"}),
    ("We are on a trip and would like to visit you.", {"Subject": "On vacation in your town"}),
    ("Нужны чайники для офиса.", {"Subject": "Автоматические чайники"}),
    ("Hello", {"From": "info@mueller.example"}),
    ("Hello", {"From": "support@customer.example"}),
]


@pytest.mark.parametrize(("text", "headers"), LETTERS)
def test_a_letter_is_a_letter(text: str, headers: dict[str, str]) -> None:
    """A lead lost is worse than a noise card: no weak sign decides alone."""
    letter = mail(text, **headers)
    assert not is_bounce(letter)
    assert not is_auto_reply(letter)
    assert not is_automated(letter)


AUTOMATED: list[tuple[str, dict[str, str]]] = [
    ("Your parcel is on its way.", {"From": "no-reply@parcel.example"}),
    ("Votre colis", {"From": "ne-pas-repondre@colis.example"}),
    ("copy of photos: disk full\nName: store4\nEmail: root@store4.example", {"From": "Anacron <root>"}),
    ("run-parts: failed", {"From": "Cron Daemon <root@hub.example>", "Subject": "Cron <root@vm> test"}),
    ("disk", {"From": "admin@hub.example", "X_Cron_Env": "<SHELL=/bin/sh>"}),
    ("Ten teas for winter", {"From": "hello@news.example", "List_Unsubscribe": "<https://news.example/u/1>"}),
    (
        "A password was requested.\nhttps://shop.example/index.php?route=account/reset&code=mUlOnTnwaRiCG2sdKdOI",
        {"From": "owner@shop.example", "Subject": "Password reset"},
    ),
    (
        "Подтвердите аккаунт: https://shop.example/confirm/a1b2c3d4e5",
        {"From": "info@shop.example", "Subject": "Регистрация"},
    ),
    (
        "次のとおり承りました。\n\n送料は？\n\n※このメールは自動送信です。",
        {"From": "owner@chakan.example", "X_Mailer": "PHPMailer 6.6"},
    ),
    ("Thank you for contacting us. This is an automated message.\n> Do you ship?", {"From": "info@shop.example"}),
    (
        "Спасибо за обращение! Письмо сформировано автоматически, не отвечайте на это письмо.",
        {"From": "info@izba.example"},
    ),
    ("Amount paid 12.00.", {"From": "receipts+acct_7@pay.example", "Subject": "Receipt from Wren"}),
    ("You sent 12.00.", {"From": "service@pay.example", "Subject": "Receipt for your payment", "Feedback_ID": "1:2"}),
    (
        "Patch attached.",
        {"List_Id": "<users.looms.example>", "List_Unsubscribe": "<mailto:x@looms.example>", "Precedence": "list"}
        | {"To": "users@looms.example", "Delivered_To": "owner@ladle.example"},
    ),
]


@pytest.mark.parametrize(("text", "headers"), AUTOMATED)
def test_what_programs_send_is_no_letter(text: str, headers: dict[str, str]) -> None:
    """System users, newsletters, account notices, receipts that repeat the customer's words."""
    assert is_automated(mail(text, **headers))


AWAY = [
    ("Out of office: The parcel", "I am away until Monday week."),
    ("Automatic reply: Your order", "I am currently out of the office."),
    ("Я в отпуске: Ваш заказ", "Добрый день! Я в отпуске, вернусь в мае."),
    ("Автоответ: Заказ", "Буду отсутствовать до понедельника."),
    ("Abwesenheitsnotiz: Bestellung", "Diese Woche bin ich nicht im Büro."),
    ("Réponse automatique : Commande", "Je suis actuellement en congés."),
    ("Respuesta automática: Pedido", "Estoy fuera de la oficina."),
    ("پاسخ خودکار: سفارش", "من در مرخصی هستم."),
    ("自動応答: ご注文", "ただいま不在にしております。"),
    ("छुट्टी पर: ऑर्डर", "मैं छुट्टी पर हूँ।"),
]


@pytest.mark.parametrize(("subject", "text"), AWAY)
def test_an_absence_note_is_known_by_subject_and_text(subject: str, text: str) -> None:
    """vacation(1) of old sets no header at all; the subject alone would not do."""
    assert is_auto_reply(mail(text, Subject=subject))
    assert not is_auto_reply(mail("Do you have green tea?", Subject=subject))


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "Auto-Replied; owner-email=x"},
        {"X_Autoreply": "yes"},
        {"Precedence": "auto_reply"},
    ],
)
def test_headers_of_automatic_replies(headers: dict[str, str]) -> None:
    """RFC 3834 and what came before it."""
    assert is_auto_reply(mail("See you on Monday", **headers))


@pytest.mark.parametrize(
    "address", ["noreply@a.example", "no-reply+77@a.example", "do_not_reply@a.example", "notify@a.example"]
)
def test_robots_are_known_by_their_name(address: str) -> None:
    """Nobody reads what is sent there."""
    assert is_robot(mail(From=address).sender)


@pytest.mark.parametrize(
    "address", ["noelle@a.example", "rootstock@a.example", "botanik@a.example", "info@a.example", "replyn@a.example"]
)
def test_people_are_no_robots(address: str) -> None:
    """A robot's word inside a name does not make one."""
    assert not is_robot(mail(From=address).sender)


def test_two_sayings_of_a_program_make_it_one() -> None:
    """One of them stands in letters too: somebody tells of the mail that he got."""
    both = "Your parcel is on its way.\nThis is an automated message. Please do not reply to this e-mail."
    told = "Your automatically generated e-mail says: do not reply to this. So whom do I ask?"
    assert is_automated(mail(both, From="Parcels <info@parcels.example>"))
    assert not is_automated(mail(told))
    assert not is_automated(mail(both, From="Parcels <info@parcels.example>", Subject="Fwd: parcel"))


def test_a_person_may_write_from_a_noreply_address() -> None:
    sender = {"From": "Basil <noreply@thorn.example>"}
    assert is_automated(mail("Which glaze is it?", **sender))
    assert not is_automated(mail("Which glaze is it?", **sender, User_Agent="Mozilla Thunderbird"))


@pytest.mark.parametrize("subject", ["Backup completed", "[ladle] Backup failed on db2"])
def test_backup_reports(subject: str) -> None:
    assert is_automated(mail("Status: OK", Subject=subject))


def test_receipt_with_a_number() -> None:
    assert is_automated(
        mail("Your request (8812) has been received.", From="info@vend.example", Auto_Submitted="auto-generated")
    )
