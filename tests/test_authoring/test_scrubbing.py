"""A scrubbed mail has nobody in it any more, and is read as before: proved for every recorded mail of the project."""

from __future__ import annotations

import json
import re
import unicodedata
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.authoring.disguise import Disguise
from interest_ingest.authoring.scrubbing import scrub, scrub_html
from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail

FIXTURES = Path(__file__).parent.parent / "fixtures"
CASES = sorted(FIXTURES.glob("*/*.eml"))

LETTER = (
    "From: =?utf-8?b?0JDQvdC90LAg0J/QtdGC0YDQvtCy0LA=?= <anna.petrova@example-mail.com>\n"  # Анна Петрова
    'To: "Mara Quill" <mara@ladle-and-pot.com>\n'
    "Subject: Заказ Анны Петровой\n"
    "Date: Sat, 21 Nov 2026 09:15:00 +0000\n"
    "Message-ID: <CAF81Xk2pQ7d@mail.example-mail.com>\n"
    "X-Originating-IP: 198.18.7.9\n"
    "Content-Type: text/plain; charset=utf-8\n\n"
    "Здравствуйте, Mara! Это Анна. Позвоните Петровой: 8 (916) 123-45-67 или +7 916 123 45 67.\n"
    "Заказ 88123456 от 20.11.2026, https://ladle-and-pot.com/orders/88123456?email=anna.petrova%40example-mail.com\n"
    "АННА ПЕТРОВА\n"
).encode()


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_recorded_mail_keeps_its_people_and_each_is_read_as_before(path: Path) -> None:
    raw = path.read_bytes()
    scrubbed = scrub(raw)
    assert scrubbed.faults == ()
    told = json.loads(path.with_name(path.name + ".json").read_text("utf-8"))
    left = "\n".join(_everything(scrubbed.raw))
    for secret in _secrets(told, Mail.from_bytes(raw)):
        assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", left), secret


def _secrets(told: dict[str, Any], mail: Mail) -> set[str]:
    """What identifies somebody, taken from the expected cards and the headers, not from the scrubber's own list."""
    authors = [card["author"] for card in told["cards"]]
    found = {value for author in authors for key in ("email", "phone") if (value := author[key])}
    found |= {word for author in authors for word in (author["name"] or "").split() if len(word) > 3 and word.isalpha()}
    return found | {address.email for address in mail.to if "+" not in address.email}


def _everything(raw: bytes) -> list[str]:
    mail = Mail.from_bytes(raw)
    mails = (mail, *mail.inner)
    return [text for one in mails for text in (str(one.all_headers()), one.subject, one.text, one.html, one.html_text)]


@pytest.mark.parametrize("path", CASES[::7], ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_same_mail_gives_the_same_inventions(path: Path) -> None:
    assert scrub(path.read_bytes()) == scrub(path.read_bytes())


def test_one_person_has_one_invented_name_in_header_text_link_and_in_every_case() -> None:
    scrubbed = scrub(LETTER)
    mail = Mail.from_bytes(scrubbed.raw)
    assert mail.sender is not None
    given, family = mail.sender.name.split()
    assert (given[-1], family[-3:]) == ("а", "ова"), "a woman stays a woman"
    assert mail.subject == f"Заказ {given[:-1]}ы {family[:-1]}ой"
    assert f"{given.upper()} {family.upper()}" in mail.text
    assert f"Позвоните {family[:-1]}ой" in mail.text
    (link,) = mail.links
    assert link.endswith(f"email={mail.sender.email.replace('@', '%40')}")
    order = re.search(r"orders/(\d{8})\?", link)
    assert order is not None
    assert f"Заказ {order[1]} от 20.11.2026" in mail.text, "a number is one number, and a date is none"
    first, second = re.findall(r"(?:8|\+7) [\d ()-]{12,}", mail.text)
    assert re.sub(r"\D", "", first)[1:] == re.sub(r"\D", "", second)[1:], "one telephone, written in two ways"
    assert not re.search(
        "Анн|Петров|Mara|Quill|ladle|petrova|88123456|123.?45.?67|CAF81|198.18", str(_everything(scrubbed.raw))
    )


@pytest.mark.parametrize(
    "written", ["０３－１２３４－０１１９", "۰۹۱۲ ۱۲۳ ۴۵ ۶۷", "+٩٦٦ ٥٠ ١٢٣ ٤٥٦٧", "(03) 1234-0119", "९८७६५४३२१०"]
)
def test_a_number_in_the_figures_of_any_script_is_replaced_in_them(written: str) -> None:
    told = Disguise().text(f"tel {written}.")
    assert written not in told
    assert [unicodedata.name(char).split("DIGIT")[0] if char.isdigit() else char for char in told] == [
        unicodedata.name(char).split("DIGIT")[0] if char.isdigit() else char for char in f"tel {written}."
    ]


def test_ids_and_tokens_of_people_go_however_short_they_are() -> None:
    """By their place in a link; the same one is the same one everywhere, in the Message-ID too."""
    page = (
        '<img src="https://cdn.seat.example/u/881.jpg"><a href="https://seat.example/guests/881">A</a>'
        '<a href="https://seat.example/r/55?token=abc123def&uid=7">Reply</a>'
        '<a href="https://seat.example/unsubscribe?u=9">No more</a><a href="https://seat.example/u/x7f2">B</a>'
        '<a href="https://seat.example/blog/2026/11/v2/?page=3&size=48x48">News</a>'
    )
    raw = f"From: noreply@seat.example\nMessage-ID: <55.881@seat.example>\nContent-Type: text/html\n\n{page}".encode()
    told = scrub(raw).raw.decode()
    assert not re.search(r"881|abc123def|x7f2|/55|uid=7\b|[?]u=9\b", told)
    (portrait,), (guest,) = re.findall(r"/u/(\d{3})[.]jpg", told), re.findall(r"guests/(\d{3})", told)
    ((review, token),) = re.findall(r"/r/(\d\d)[?]token=(\w{9})&", told)
    assert portrait == guest
    assert f"<{review}.{guest}@seat.example>" in told
    assert token[:2] == "ab", "what kind of a token it is"
    assert "https://seat.example/blog/2026/11/v2/?page=3&size=48x48" in told.replace("&amp;", "&"), (
        "no numbers of anybody"
    )


def test_different_ids_stay_different() -> None:
    disguise = Disguise()
    told = [disguise.url(f"https://seat.example/guests/{number}") for number in range(300)]
    assert len(set(told)) == 300
    assert not [number for number, one in enumerate(told) if one.endswith(f"/{number}")]
    assert told == [disguise.url(f"https://seat.example/guests/{number}") for number in range(300)]


def test_what_somebody_is_called_in_links_goes_with_his_name() -> None:
    disguise = Disguise()
    disguise.person("Bruno")
    disguise.handle("brunobrews")
    disguise.handle("bruno")
    told = disguise.text("Bruno: https://plume.example/@brunobrews/1 @brunobrews https://plume.example/bruno")
    assert "bruno" not in told.lower()
    assert len(set(re.findall(r"@(\w+)", told))) == 1


def test_mails_of_one_disguise_share_their_people() -> None:
    disguise = Disguise()
    first, second = (Mail.from_bytes(scrub(raw, disguise=disguise).raw) for raw in (LETTER, LETTER + b"\nPS\n"))
    assert first.sender == second.sender


def test_whoever_is_named_by_the_author_is_replaced_too() -> None:
    raw = LETTER + "Привет от Ефима Лаптева\n".encode()
    assert "Лаптев" in Mail.from_bytes(scrub(raw).raw).text
    assert not re.search("Ефим|Лаптев", Mail.from_bytes(scrub(raw, names=["Ефим Лаптев"]).raw).text)


def test_what_is_no_mail_is_said_to_be_none() -> None:
    assert scrub(b"not a mail\n").faults[0].startswith("it has none of the header fields of a mail")


def test_what_cannot_be_proved_is_said() -> None:
    """A name that is a word of the template: without it the mail is not read as before."""
    raw = (FIXTURES / "contact_form_7" / "en-default.eml").read_bytes()
    faults = scrub(raw, names=["Subject", "contact form", "Contact Form", "mail"]).faults
    assert faults


@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("charset", ["utf-8", "koi8-r"])
def test_every_encoding_is_scrubbed_and_kept(encoding: str, charset: str) -> None:
    message = EmailMessage()
    message["From"], message["To"] = "Анна Петрова <anna@pochta-annushki.ru>", "desk@ladle.example"
    message["Subject"], message["Date"] = "Вопрос", "Sat, 21 Nov 2026 09:15:00 +0000"
    message.set_content("Это Анна Петрова, жду ответа.\n", charset=charset, cte=encoding)
    message.add_alternative("<p>Это <b>Анна</b> &#1055;етрова, жду ответа.</p>", "html", charset=charset, cte=encoding)
    scrubbed = scrub(bytes(message))
    mail = Mail.from_bytes(scrubbed.raw)
    assert scrubbed.faults == ()
    assert not re.search("Анна|Петров|annushki", str(_everything(scrubbed.raw)))
    assert "жду ответа" in mail.text
    assert "<b>" in mail.html
    assert scrubbed.raw.lower().count(f"content-transfer-encoding: {encoding}".encode()) == 2


def test_markup_stays_and_only_its_words_change() -> None:
    disguise = Disguise()
    disguise.person("Anna O'Hara")
    page = (
        '<td class="Anna" style="x"><a href="https://x.example/u/anna?id=1">Anna O&#39;Hara</a> &amp; co'
        '<i title="by Anna">!</i><!-- Anna --></td>'
    )
    told = scrub_html(page, disguise)
    tags = re.compile(r"</?\w+")
    assert tags.findall(told) == tags.findall(page)
    assert 'class="Anna" style="x"' in told, "what styles is left alone"
    assert not re.search("Hara|anna\\?|by Anna|-- Anna", told)
    assert "&amp; co" in told


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_can_be_scrubbed(data: bytes) -> None:
    for raw in (data, LETTER + data, LETTER.replace(b"text/plain", b"multipart/mixed; boundary=x") + b"--x\n" + data):
        read(scrub(raw).raw)


@settings(max_examples=80, deadline=None)
@given(st.integers(5, 16), st.randoms(use_true_random=False))
def test_numbers_and_tokens_keep_their_shape_and_are_never_the_same(size: int, random: Any) -> None:
    number = str(random.randrange(10 ** (size - 1), 10**size))
    token = "".join(random.choice("abcXYZ0123456789") for _ in range(20)) + "7a9B3c"
    told = Disguise().text(f"id {number}, https://x.example/t/{token}/")
    match = re.fullmatch(r"id (\d+), https://x\.example/t/(\w+)/", told)
    assert match is not None
    assert (len(match[1]), len(match[2])) == (size, len(token))
    assert match[1] != number
    assert match[2] != token
