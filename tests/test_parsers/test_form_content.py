"""Forms that only their content tells from letters, and letters that only look like forms."""

from __future__ import annotations

import pytest

from interest_ingest.ingest.reading import read
from tests.test_parsers.test_forms import mail

FROM_OWN_DOMAIN = {
    "text": (
        "Mill <web@mill.example>",
        "Web",
        "Full name: Ada Moss\nEmail: ada@moss.example\nMessage: Open on Monday?\n",
    ),
    "dashes": (
        "Mühle <info@mill.example>",
        "Web",
        "Name - Ada Moss\nE-Mail - ada@moss.example\nNachricht - Open on Monday?\n",
    ),
    "address beside the name": (
        "Moulin <w@mill.example>",
        "Web",
        "De : Ada Moss <ada@moss.example>\n\nMessage :\nOpen on Monday?\n",
    ),
    "announced above": (
        "Mill <web@mill.example>",
        "Web",
        "A new submission has arrived.\n\nSee below.\n\n"
        "Name: Ada Moss\nEmail: ada@moss.example\nMessage: Open on Monday?\n",
    ),
    "a question of the site's own": (
        "Moinho <notifications@mill.example>",
        "Contato",
        "You have a new entry.\n\nSummary\n\nNome:\nAda Moss\n\n"
        "E-mail:\nada@moss.example\n\nComo podemos ajudar?:\nOpen on Monday?\n",
    ),
    "a broken address line first": (
        "Mill <web@mill.example>",
        "Web",
        "Name: Ada Moss\nEmail: none\nEmail: ada@moss.example\nMessage: Open on Monday?\n",
    ),
    "Drupal": (
        "Mill <web@mill.example>",
        "[Contact] Hours",
        "Ada Moss (https://mill.example/user/7) sent a message using the contact form at "
        "https://mill.example/contact.\n\nOpen on Monday?\n",
    ),
    "time below": (
        "Mill <noreply@mill.example>",
        "Web",
        "Name: Ada Moss\nEmail: ada@moss.example\nMessage:\nOpen on Monday?\n\nSubmitted 10:14 AM - 17 November 2026\n",
    ),
    "host below": (
        "Mill <web@mill.example>",
        "Web",
        "Name: Ada Moss\nEmail: ada@moss.example\nMessage:\nOpen on Monday?\n\n-- \nmill.example\n",
    ),
    "machine's group below": (
        "Mill <noreply@mill.example>",
        "Web",
        "Name: Ada Moss\nEmail: ada@moss.example\nMessage: Open on Monday?\n\n"
        "Submitted at: Nov 17, 2026 10:14 AM\nView submissions: https://forms.example/7\n",
    ),
}


@pytest.mark.parametrize("name", FROM_OWN_DOMAIN)
def test_form_from_the_sites_own_domain_is_read(name: str) -> None:
    """The site sends from its domain to the owner's mailbox at a provider: only the content says that it is a form."""
    sender, subject, text = FROM_OWN_DOMAIN[name]
    answer = {"reply_to": "ada@moss.example"} if name == "Drupal" else {}
    reading = read(mail(text, sender=sender, to="owner@gmail.com", subject=subject, **answer))
    card = reading.cards[0]
    assert (card.channel, card.text) == ("form", "Open on Monday?")
    assert (card.author.name, card.author.email) == ("Ada Moss", "ada@moss.example")


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Call back", "Please ring.\n\nName: Ada Moss\nPhone: 01632 960111\n"),
        ("Обратный звонок", "Ваше имя - Ада\nВаш телефон - +7 900 111-22-33\n"),
        ("Заказ звонка", "Номер: +7 900 111-22-33\n"),
    ],
)
def test_call_back_without_any_address(subject: str, text: str) -> None:
    card = read(mail(text, subject=subject)).cards[0]
    assert (card.channel, bool(card.author.phone), card.author.email) == ("form", True, None)


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nplease quote:\n\nProduct: red tiles\nPhone: 01632 960222\nQuestion: can I fetch them?\n\nKit\n",
        "Please send your offer.\n\nProduct: steel hooks\nName: Kit\nPhone: 01632 960222\nMessage: 400, by air\n",
        "Please write to our buyer.\n\nName: Tom Reed\nEmail: tom@kiln.example\nPhone: 01632 960222\n\nKit\n",
    ],
)
def test_labels_in_a_letter_leave_it_a_letter(text: str) -> None:
    card = read(mail(text, sender="Kit Kiln <kit@kiln.example>", subject="Inquiry")).cards[0]
    assert (card.channel, card.author.email) == ("mail", "kit@kiln.example")


def test_words_above_ones_own_address_are_the_message() -> None:
    text = "We need forty red tiles soon.\n\nName: Kit Kiln\nPhone: 01632 960222\nEmail: kit@kiln.example\n"
    card = read(mail(text, sender="Kit Kiln <kit@kiln.example>", subject="Tiles")).cards[0]
    assert card.text.startswith("We need forty red tiles soon.")


def test_reading_of_a_japanese_name_is_no_part_of_it() -> None:
    text = "■お名前\n架空 一葉\n\n■フリガナ\nカクウ カズハ\n\n"
    text += "■メールアドレス\nkazuha@kaku.example\n\n■お問い合わせ内容\n在庫は？\n"
    assert read(mail(text)).cards[0].author.name == "架空 一葉"


def test_what_software_adds_makes_a_form_of_name_and_phone() -> None:
    text = "name: Ada Moss\nphone: 01632 960222\ncomment: \nutm_source: search\n"
    card = read(mail(text, sender="Landing <lead@landing.example>", to="owner@gmail.com")).cards[0]
    assert (card.channel, card.author.name, card.author.email) == ("form", "Ada Moss", None)
