"""The person behind a mail: name, address, company and phone."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.people import author_of, company_of, phone_of, phones
from tests.test_parsing.making import mail


@pytest.mark.parametrize(
    ("headers", "name", "email"),
    [
        ({"From": "Anna Petrova <anna@hey.example>"}, "Anna Petrova", "anna@hey.example"),
        ({"From": "anna@hey.example"}, None, "anna@hey.example"),
        ({"From": '"anna@hey.example" <anna@hey.example>'}, None, "anna@hey.example"),
        (
            {"From": "Shop <noreply@ladle.example>", "Reply_To": "Anna <anna@hey.example>"},
            "Anna",
            "anna@hey.example",
        ),
        ({"From": "Anna <wordpress@ladle.example>", "Reply_To": "anna@hey.example"}, "Anna", "anna@hey.example"),
        ({"From": "Anna <anna@hey.example>", "Reply_To": "anna@hey.example"}, "Anna", "anna@hey.example"),
        ({"From": "Anna <anna@hey.example>", "Reply_To": "noreply@hey.example"}, "Anna", "anna@hey.example"),
        (
            {"From": "Anna via Sales <sales@ladle.example>", "Reply_To": "anna@hey.example"},
            "Anna",
            "anna@hey.example",
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
        ("-- \nПорфирий Кологривов\nООО «Кузня»", "v@kuznya.example", "ООО «Кузня»"),
        ("Jasper Pike\nDunmore & Daughters Ltd.\nTel. 1", "j@pike.example", "Dunmore & Daughters Ltd."),
        ("Roswitha\nBöhme & Söhne OHG", "r@gmail.com", "Böhme & Söhne OHG"),
        ("白瀬\n株式会社若葉茶房", "k@yahoo.co.jp", "株式会社若葉茶房"),
        ("سیاوش\nشرکت پرند", "a@parand.example", "شرکت پرند"),
        ("", "info@mail.kuznya.example", "kuznya.example"),
        ("", "anna@gmail.com", None),
        ("", "anna@yandex.ru", None),
        ("", "anna@mail.ru", None),
        ("", "anna@yahoo.co.jp", None),
        ("", "anna@ladle.example", None),
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
        ("Позвоните: +7 (900) 555-01-47, Порфирий.", ["+7 (900) 555-01-47"]),
        ("Tel. 030 0000000", ["030 0000000"]),
        ("Tél. : 06 00 00 00 00", ["06 00 00 00 00"]),
        ("تلفن: ۰۹۱۲۰۰۰۰۰۰۰", ["۰۹۱۲۰۰۰۰۰۰۰"]),
        ("電話：03-0000-0000", ["03-0000-0000"]),
        ("Fax: +49 30 0000001\nTel: +49 30 0000000", ["+49 30 0000000"]),
        ("Order 30917 of 12.11.2026, 88213 pieces for 1 000 000", []),
        ("https://shop.example/p/79000001122 and id79000001122", []),
        ("Card 4276 0000 0000 0000 0000", []),
    ],
)
def test_phones_as_written(text: str, found: list[str]) -> None:
    """Only what begins with + or follows a word for phone; orders, dates and addresses are digits too."""
    assert phones(text) == found


def test_a_list_of_phones_names_nobody() -> None:
    """Two numbers in the text may be anybody's; the signature's first is the writer's."""
    both = "Anna: +44 20 7946 0001\nLeo: +44 20 7946 0002"
    assert phone_of("", both) is None
    assert phone_of("Jasper\n020 7946 0000", both) == "020 7946 0000"
