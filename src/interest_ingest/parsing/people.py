"""Who wrote: the person behind a mail, his company and his phone.

From is only the courier where software sends in a visitor's name: then the person is in Reply-To.
"""

from __future__ import annotations

import re

from interest_ingest.cards import Author
from interest_ingest.mail import Address, Mail
from interest_ingest.parsing.automatic import is_robot
from interest_ingest.parsing.domains import is_free_mail, registrable
from interest_ingest.parsing.phrases import COMPANY

_VIA = re.compile(r"(?i)\s+(via|через|über|von|par)\s+\S.*$|\s*\((via|через) [^()]*\)$")
_PHONE_LABEL = re.compile(
    r"(?i)(?<!\w)(phone|tel|telephone|mobile|mob|cell|call|whatsapp|viber|тел|телефон|моб|мобильный|сот|т|тлф|"
    r"fon|telefon|handy|"
    r"mobil|tél|téléphone|portable|teléfono|móvil|cel|telefone|celular|telefono|cellulare|gsm|cep|kom|"
    r"тел\./факс|m|t|p|ph|"
    r"تلفن|موبایل|همراه|تماس|هاتف|جوال|फ़ोन|फोन|मोबाइल|電話|携帯|电话|手机|전화|휴대폰)(?!\w)[.:：\s]{0,4}$"
)
_FAX = re.compile(r"(?i)(fax|факс|télécopie|ファックス|传真|فکس|नंबर फैक्स)[.:：\s]{0,4}$")
_PHONE = re.compile(r"(?<![\w.,/@#№-])(\+|00)?\(?\d[\d\s().\u2010-\u2013/\xa0-]{5,22}\d(?![\w@]|[.,:]\d)")
_DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./-]\d{1,2}[./-]\d{1,2}")


def author_of(mail: Mail) -> Author:
    """The person who wrote `mail`, by its headers: Reply-To if a person stands there, else From."""
    person = mail.sender
    answer = mail.reply_to
    if answer is not None and answer.email and not is_robot(answer):
        same = person is not None and person.email.lower() == answer.email.lower()
        relayed = person is not None and (is_robot(person) or _VIA.search(person.name))
        name = (
            answer.name
            if _is_name(answer)
            else person.name
            if person and (same or relayed or not is_robot(person))
            else ""
        )
        person = Address(name, answer.email)
    if person is None:
        return Author()
    name = _VIA.sub("", person.name).strip(" '\"") if _is_name(person) else ""
    return Author(name=name or None, email=person.email or None)


def company_of(signature: str, mail: Mail, author: Author) -> str | None:
    """The author's company: the line of the signature that names one, else his domain if it is his company's own.

    A provider where anybody has an address is no company, and neither is the domain that the mail was sent to.
    """
    for line in signature.split("\n")[:12]:
        if len(line) <= 80 and "@" not in line and "://" not in line and COMPANY.search(line):
            return line.strip(" *,|")
    for field in (mail.header("Organization"), mail.header("Organisation")):
        if field:
            return field
    domain = registrable((author.email or "").rpartition("@")[2])
    ours = {registrable(address.email.rpartition("@")[2]) for address in mail.to}
    return domain if domain and domain not in ours and not is_free_mail(domain) else None


def phone_of(signature: str, text: str) -> str | None:
    """The author's phone as he writes it: from the signature; from the text only if it names one number."""
    signed = phones(signature, signed=True)
    if signed:
        return signed[0]
    named = phones(text)
    return named[0] if len(named) == 1 else None


def phones(text: str, *, signed: bool = False) -> list[str]:
    """The phone numbers in `text`, as written, without faxes.

    In running text a number must begin with `+` or follow a word for phone: order numbers, dates and prices are digits
    too. In a signature (`signed`) it may also begin with 0 or 8.
    """
    found: dict[str, str] = {}
    for match in _PHONE.finditer(text[:20_000]):
        written = match[0].strip()
        digits = re.sub(r"\D", "", written)
        before = text[max(0, match.start() - 20) : match.start()].rpartition("\n")[2]
        named = match[1] or _PHONE_LABEL.search(before) or (signed and written.lstrip("(")[0] in "08۰٠")
        if named and 7 <= len(digits) <= 15 and not _FAX.search(before) and not _DATE.fullmatch(written):
            found.setdefault(digits, written)
    return list(found.values())


def _is_name(address: Address) -> bool:
    """Whether the display name is one, and not the address once more (some software writes that)."""
    name = address.name.strip(" '\"<>")
    return bool(name) and name.lower() != address.email.lower() and not re.fullmatch(r"\S+@\S+", name)
