"""The person behind a mail: name, address, company and phone."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.people import author_of, company_of, phone_of, phones
from tests.test_parsing.making import mail


@pytest.mark.parametrize(
    ("headers", "name", "email"),
    [
        ({"From": "Anna Petrova <anna@post.example>"}, "Anna Petrova", "anna@post.example"),
        ({"From": "anna@post.example"}, None, "anna@post.example"),
        ({"From": '"anna@post.example" <anna@post.example>'}, None, "anna@post.example"),
        (
            {"From": "Shop <noreply@teahouse.example>", "Reply_To": "Anna <anna@post.example>"},
            "Anna",
            "anna@post.example",
        ),
        ({"From": "Anna <wordpress@teahouse.example>", "Reply_To": "anna@post.example"}, "Anna", "anna@post.example"),
        ({"From": "Anna <anna@post.example>", "Reply_To": "anna@post.example"}, "Anna", "anna@post.example"),
        ({"From": "Anna <anna@post.example>", "Reply_To": "noreply@post.example"}, "Anna", "anna@post.example"),
        (
            {"From": "Anna via Sales <sales@teahouse.example>", "Reply_To": "anna@post.example"},
            "Anna",
            "anna@post.example",
        ),
        ({"From": ""}, None, None),
    ],
)
def test_from_is_only_the_courier(headers: dict[str, str], name: str | None, email: str | None) -> None:
    """A visitor whom a website names in Reply-To is the author."""
    author = author_of(mail(**headers))
    assert (author.name, author.email) == (name, email)


@pytest.mark.parametrize(
    ("signature", "sender", "company"),
    [
        ("-- \nАристарх Ветлугин\nООО «Завод»", "v@zavod.example", "ООО «Завод»"),
        ("Tobias Wren\nHarrow & Daughters Ltd.\nTel. 1", "t@wren.example", "Harrow & Daughters Ltd."),
        ("Gundula\nMüller & Söhne GbR", "g@gmail.com", "Müller & Söhne GbR"),
        ("霧島\n株式会社空想茶屋", "k@yahoo.co.jp", "株式会社空想茶屋"),
        ("آرش\nشرکت کمان", "a@kaman.example", "شرکت کمان"),
        ("", "info@mail.zavod.example", "zavod.example"),
        ("", "anna@gmail.com", None),
        ("", "anna@yandex.ru", None),
        ("", "anna@mail.ru", None),
        ("", "anna@yahoo.co.jp", None),
        ("", "anna@teahouse.example", None),
        ("Anna\ninformation technology fan", "anna@gmail.com", None),
    ],
)
def test_the_company_where_it_is_plain(signature: str, sender: str, company: str | None) -> None:
    """A legal form in the signature, else a domain of his own; never a provider, never ourselves."""
    letter = mail(From=sender)
    assert company_of(signature, letter, author_of(letter)) == company


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Позвоните: +7 (900) 000-11-22, Аристарх.", ["+7 (900) 000-11-22"]),
        ("Tel. 030 0000000", ["030 0000000"]),
        ("Tél. : 06 00 00 00 00", ["06 00 00 00 00"]),
        ("تلفن: ۰۹۱۲۰۰۰۰۰۰۰", ["۰۹۱۲۰۰۰۰۰۰۰"]),
        ("電話：03-0000-0000", ["03-0000-0000"]),
        ("Fax: +49 30 0000001\nTel: +49 30 0000000", ["+49 30 0000000"]),
        ("Order 10442 of 12.11.2026, 88213 pieces for 1 000 000", []),
        ("https://shop.example/p/79000001122 and id79000001122", []),
        ("Card 4276 0000 0000 0000 0000", []),
    ],
)
def test_phones_as_written(text: str, found: list[str]) -> None:
    """Only what begins with + or follows a word for phone; orders, dates and addresses are digits too."""
    assert phones(text) == found


def test_a_list_of_phones_names_nobody() -> None:
    """Two numbers in the text may be anybody's; the signature's first is the writer's."""
    both = "Anna: +44 20 7946 0001\nBen: +44 20 7946 0002"
    assert phone_of("", both) is None
    assert phone_of("Tobias\n020 7946 0000", both) == "020 7946 0000"
