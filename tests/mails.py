"""Mails made to order, each with the text that its card must have."""

from __future__ import annotations

from typing import NamedTuple


class Sample(NamedTuple):
    """One mail and the source and text of the one card that it gives."""

    raw: bytes
    source: str
    text: str


def letter(number: int) -> Sample:
    """A person's letter."""
    text = f"Guten Tag, wir brauchen {number} Packungen Tee bis Freitag. Was kostet der Versand?"
    return Sample(
        _mail(
            f"From: Ulrike Sandvoss <ulrike{number}@sandvoss.example>",
            "To: desk@shop.example",
            "Subject: Anfrage",
            body=text,
            number=number,
        ),
        "mail",
        text,
    )


def comment(number: int) -> Sample:
    """The notification of a WordPress comment."""
    text = f"Сколько стоит набор номер {number}? Доставка есть?"
    page = f"https://shop.example/tea-{number}/"
    return Sample(
        _mail(
            "From: Маланья Воронцова <wordpress@shop.example>",
            f"Reply-To: malanya{number}@mail.example",
            "To: desk@shop.example",
            f"Subject: [Shop] Комментарий: Чай {number}",
            "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)",
            body=f"""Новый комментарий к записи «Чай {number}»
Автор: Маланья Воронцова (IP-адрес: 192.0.2.7, 192.0.2.7)
E-mail: malanya{number}@mail.example
URL:
Комментарий:
{text}

Здесь вы можете посмотреть все комментарии к данной записи:
{page}#comments

Постоянная ссылка: {page}#comment-{number}
В корзину: https://shop.example/wp-admin/comment.php?action=trash&c={number}#wpbody-content
Спам: https://shop.example/wp-admin/comment.php?action=spam&c={number}#wpbody-content
""",
            number=number,
        ),
        "wordpress",
        text,
    )


def form(number: int) -> Sample:
    """A filled form of a site."""
    text = f"Please call me about order {number}.\n\nMornings are best."
    return Sample(
        _mail(
            "From: Shop <noreply@shop.example>",
            f"Reply-To: jasper{number}@mail.example",
            "To: desk@shop.example",
            "Subject: New submission",
            body=f"""Name: Jasper Brandling
E-mail: jasper{number}@mail.example
Phone: +44 20 7946 0{number % 1000:03}
Message: {text}
""",
            number=number,
        ),
        "form",
        text,
    )


def samples(count: int) -> list[Sample]:
    """`count` mails of the three kinds in turn."""
    kinds = (letter, comment, form)
    return [kinds[number % 3](number) for number in range(1, count + 1)]


def _mail(*header: str, body: str, number: int) -> bytes:
    fields = [
        *header,
        "Date: Sat, 21 Nov 2026 09:15:00 +0000",
        f"Message-ID: <{number}@shop.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
    ]
    return "\n".join(fields).replace("\n", "\r\n").encode()
