"""Mails that look like forms and are none, in words of sixteen languages: none of them may become a form's card.

Letters become cards of the channel `mail`, the rest no card at all.
"""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from random import Random
from typing import Final, NamedTuple

from tests.test_parsers.unseen_forms import PHONES, SITES
from tests.test_parsers.unseen_words import TONGUES, Tongue


class Noise(NamedTuple):
    """A mail that is no form; `letter` if a person wrote it."""

    raw: bytes
    kind: tuple[str, ...]
    letter: bool


CLIENTS: Final = (
    ("User-Agent", "Mozilla Thunderbird"),
    ("X-Mailer", "Apple Mail (2.3774.300.61)"),
    ("X-Mailer", "Microsoft Outlook 16.0"),
    ("X-Mailer", "iPhone Mail (21F90)"),
    ("", ""),
)


def _one(random: Random, alternatives: list[str]) -> str:
    return random.choice(alternatives)


def _letter(random: Random, words: Tongue, *tail: str) -> str:
    return "\n".join((_one(random, words.texts), "", *tail)) + "\n"


def _signature_block(random: Random, words: Tongue, person: str, email: str) -> str:
    """`Phone: …` and `E-mail: …` below the name."""
    tail = ["--", person, _one(random, words.companies)]
    tail.append(f"{_one(random, words.phone)}: {random.choice(PHONES)}")
    tail.append(f"{_one(random, words.email)}: {email}")
    return _letter(random, words, *tail[random.choice((0, 1)) :])


def _short_signature(random: Random, words: Tongue, person: str, email: str) -> str:
    return _letter(random, words, f"{person}", f"Tel. {random.choice(PHONES)} | {email}", "www.larix.example")


def _list_in_the_letter(random: Random, words: Tongue, person: str, email: str) -> str:
    """What somebody needs, as label-like lines."""
    asked = [one.replace("=", ": ") for one in random.sample(words.own, k=3)]
    product = f"{_one(random, words.product)}: {_one(random, words.products)}"
    return _letter(random, words, *asked, product, "", person)


def _details_in_the_letter(random: Random, words: Tongue, person: str, email: str) -> str:
    """The writer's own particulars below his words."""
    return _letter(
        random,
        words,
        f"{_one(random, words.company)}: {_one(random, words.companies)}",
        f"{_one(random, words.city)}: {_one(random, words.places)}",
        f"{_one(random, words.phone)}: {random.choice(PHONES)}",
        "",
        person,
    )


def _quoted_form(random: Random, words: Tongue, person: str, email: str) -> str:
    return _letter(
        random,
        words,
        f"> {_one(random, words.name)}: {person}",
        f"> {_one(random, words.email)}: {email}",
        f"> {_one(random, words.message)}: {_one(random, words.products)}",
    )


LETTERS: Final[dict[str, Callable[[Random, Tongue, str, str], str]]] = {
    "signature block": _signature_block,
    "short signature": _short_signature,
    "list in the letter": _list_in_the_letter,
    "details in the letter": _details_in_the_letter,
    "quoted form": _quoted_form,
}

PROGRAMS: Final[dict[str, tuple[str, str, str]]] = {
    "invoice": (
        "billing",
        "Invoice 2026-0417",
        "Dear {person},\n\nplease find your invoice attached.\n\nInvoice number: 2026-0417\nDate: 3 March 2026\n"
        "Customer: {person}\nAmount: 120.00 EUR\nDue: 17 March 2026\nIBAN: DE00 0000 0000\n\nThank you\n",
    ),
    "Rechnung": (
        "rechnung",
        "Ihre Rechnung R-417",
        "Guten Tag {person},\n\nanbei Ihre Rechnung.\n\nRechnungsnummer: R-417\nKundennummer: 88\nBetrag: 120,00 €\n"
        "Zahlbar bis: 17.03.2026\n",
    ),
    "счёт": (
        "noreply",
        "Счёт на оплату № 417",
        "Здравствуйте, {person}!\n\nСчёт: № 417\nСумма: 12 000 руб.\nПлательщик: {company}\nСрок оплаты: 17.03.2026\n",
    ),
    "shipping": (
        "tracking",
        "Your parcel is on its way",
        "Your order has been shipped.\n\nOrder number: 417\nCarrier: Express\nTracking number: ZX417\n"
        "Recipient: {person}\nPhone: {phone}\nAddress: 1 Larch Lane, Bristol\n",
    ),
    "доставка": (
        "no-reply",
        "Ваш заказ передан в доставку",
        "Номер отправления: ZX417\nПолучатель: {person}\nТелефон: {phone}\nАдрес: Тверь, ул. Вязов, 1\n",
    ),
    "newsletter": (
        "news",
        "March news: six new kettles",
        "Hello!\n\nNew: the brass kettle\nPrice: 40 EUR\nColour: red\n\nQuestions? Email: hello@teehaus-nord.example\n"
        "Phone: +49 40 555 01 02\n\nUnsubscribe: https://teehaus-nord.example/unsubscribe?u=417abc\n",
    ),
    "server report": (
        "monitor",
        "[ALERT] disk full on web1",
        "Host: web1\nService: disk\nState: CRITICAL\nDate: 2026-03-03 10:15:00\nInfo: /var 98 percent\n",
    ),
    "backup": (
        "backup",
        "Backup finished",
        "Name: nightly\nStatus: success\nSize: 12 GB\nStarted: 02:00\nMessage: no errors\n",
    ),
    "new account": (
        "noreply",
        "[Larch] New User Registration",
        "New user registration on your site Larch:\n\nUsername: amos\n\nEmail: {email}\n",
    ),
    "log in": (
        "security",
        "New sign-in to your account",
        "We noticed a new sign-in.\n\nAccount: owner@larch.example\nDevice: Windows\nIP address: 192.0.2.7\n"
        "Location: Bristol\nTime: 3 March 2026, 10:15\n",
    ),
    "вход": (
        "security",
        "Вход в аккаунт с нового устройства",
        "Логин: owner\nУстройство: Windows\nIP-адрес: 192.0.2.7\nГород: Тверь\nВремя: 03.03.2026 10:15\n",
    ),
    "payment": (
        "service",
        "You received a payment",
        "Payment received.\n\nFrom: {person}\nAmount: 40.00 EUR\nTransaction ID: 417ZX\nDate: 3 March 2026\n",
    ),
    "calendar": (
        "calendar-notification",
        "Invitation: call on Tuesday",
        "Title: call\nWhen: Tuesday 10:00\nWhere: office\nOrganizer: {person}\nGuests: 3\n",
    ),
    "ticket": (
        "jira",
        "[JIRA] (SHOP-417) Kettle page broken",
        "Issue Type: Bug\nReporter: {person}\nPriority: High\nProject: Shop\nDescription: the page is broken\n",
    ),
}
"""What programs send to the owner or to anybody: sender's mailbox, subject, text."""

RECEIPTS: Final = {
    "en": "Thank you for your message. We have received it and will answer soon.",
    "ru": "Спасибо за обращение! Мы получили ваше сообщение и скоро ответим.",
    "de": "Vielen Dank für Ihre Nachricht. Wir haben Ihre Anfrage erhalten.",
    "fr": "Merci pour votre message. Nous avons bien reçu votre demande.",
    "es": "Gracias por contactar con nosotros. Hemos recibido su mensaje.",
    "ja": "お問い合わせいただき、ありがとうございます。以下の内容で受け付けました。",
    "fa": "پیام شما دریافت شد و به زودی پاسخ می‌دهیم.",
    "zh": "感谢您的留言，我们会尽快回复。",
}
"""Above the customer's own words, in the mail to him."""


def _mail(headers: dict[str, str], text: str) -> bytes:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name] = value
    mail["Date"] = "Tue, 03 Mar 2026 10:15:00 +0000"
    mail["Message-ID"] = "<417.2@mail.example>"
    mail.set_content(text)
    return mail.as_bytes()


def _a_letter(random: Random) -> Noise:
    tongue = random.choice(sorted(TONGUES))
    words = TONGUES[tongue]
    person = _one(random, words.people)
    email = f"amos.larch@{random.choice(('gmail.com', 'larix.example', 'web.de', 'mail.ru'))}"
    kind = random.choice(sorted(LETTERS))
    header, client = random.choice(CLIENTS)
    headers = {
        "From": f'"{person}" <{email}>',
        "To": random.choice(("owner@larch.example", "info@teehaus-nord.example")),
    }
    headers["Subject"] = _one(random, words.products).replace("\n", " ")
    if kind == "quoted form":
        headers["In-Reply-To"] = "<1.2@larch.example>"
    if header:
        headers[header] = client
    return Noise(_mail(headers, LETTERS[kind](random, words, person, email)), ("letter", tongue, kind), letter=True)


def _a_program(random: Random) -> Noise:
    words = TONGUES[random.choice(sorted(TONGUES))]
    kind = random.choice(sorted(PROGRAMS))
    local, subject, text = PROGRAMS[kind]
    host = random.choice(("billing.example", "larch.example", "service.example"))
    told = {"person": _one(random, words.people), "company": _one(random, words.companies)}
    told |= {"email": "amos@mailbox.example", "phone": random.choice(PHONES)}
    headers = {"From": f'"Service" <{local}@{host}>', "To": "owner@larch.example", "Subject": subject}
    if random.random() < 0.5:
        headers["Auto-Submitted"] = "auto-generated"
    return Noise(_mail(headers, text.format(**told)), ("program", local, kind), letter=False)


def _a_receipt(random: Random) -> Noise:
    tongue = random.choice(sorted(RECEIPTS))
    words = TONGUES[tongue]
    site, host = random.choice(SITES)
    person, email = _one(random, words.people), "amos@mailbox.example"
    told = [f"{_one(random, words.name)}: {person}"]
    if random.random() < 0.5:
        told.append(f"{_one(random, words.email)}: {email}")
    told.append(f"{_one(random, words.message)}: {_one(random, words.texts)}")
    text = "\n\n".join((RECEIPTS[tongue], "\n".join(told), f"{site}\nhttps://{host}"))
    sender = random.choice(("noreply", "info", "wordpress", "office"))
    headers = {"From": f'"{site}" <{sender}@{host}>', "To": f'"{person}" <{email}>', "Subject": f"Re: {site}"}
    return Noise(_mail(headers, text), ("receipt", tongue, sender), letter=False)


def unseen_noise(random: Random) -> Noise:
    """One mail that is no form."""
    return random.choice((_a_letter, _a_letter, _a_program, _a_program, _a_receipt))(random)
