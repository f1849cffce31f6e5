"""Services that nobody has seen: what `parser new` makes of their samples reads their further mails, field by field."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from interest_ingest.authoring.drafting import Sample, as_python, as_toml, draft
from interest_ingest.authoring.samples import pages, template
from interest_ingest.authoring.workshop import parsers_in, rules_with
from interest_ingest.cards import InterestCard
from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing.declared import Declared

Values = dict[str, Any]


def _mail(host: str, subject: str, body: str, *, html: bool = False, name: str = "Service") -> bytes:
    message = EmailMessage()
    message["DKIM-Signature"] = f"v=1; a=rsa-sha256; d={host}; s=m; h=From:Subject; bh=dGVh; b=dGVh"
    message["From"], message["To"] = f"{name} <noreply@{host}>", "Lena Ostrova <lena@shop.example>"
    message["Subject"], message["Date"] = subject, "Sat, 21 Nov 2026 09:15:00 +0100"
    message.set_content(body, "html" if html else "plain", cte="base64")
    return bytes(message)


def _bookings(v: Values) -> bytes:
    """Boxes without classes, a square portrait, short ids, a key in the link, two products with one first word."""
    portrait = f'<img src="https://cdn.seat.example/u/{v["id"]}.jpg" width="48" height="48">' if v["id"] else ""
    page = (
        '<div><img src="https://seat.example/static/i.png" width="40" height="40"><p>Hello Lena,</p>'
        f'<div>{portrait}<a href="https://seat.example/guests/{v["id"]}"><b>{v["name"]}</b></a> left a review of '
        f"<b>{v['product']}</b></div><div>{v['text']}</div><div>{v['rating']} / 5</div>"
        f'<a href="https://seat.example/reviews/{v["n"]}?token=a{v["n"]}b1c">Reply</a>'
        '<p><a href="https://seat.example/unsubscribe?u=9">No more</a></p></div>'
    )
    return _mail("seat.example", f"{v['name']} reviewed {v['product']}", page, html=True)


def _reservations(v: Values) -> bytes:
    """German labels of which no list knows that they are a name and a page; the text ends where the service goes on."""
    phone, text = f"Handy: {v['phone']}\n", f"Anmerkung: {v['text']}\n" if v["text"] else ""
    page = f"Seite: https://tisch.example/r/{v['n']}\n\nViele Grüße\nIhr Tisch-Team\n"
    body = f"Neue Reservierung\n\nGastgeber: {v['name']}\n{phone}Personen: 4\nDatum: 24.12.2026, 19:30\n{text}{page}"
    return _mail("tisch.example", f"Neue Reservierung von {v['name']}", body)


def _comments(v: Values) -> bytes:
    """Plain text, in whose lines there are links that differ; the comment is quoted."""
    body = (
        f"{v['name']} commented on {v['product']} (https://blog.shop.example/{v['n']}/brew):\n\n> {v['text']}\n\n"
        f"View: https://remarkly.example/t/12#c{v['n']}\nDelete: https://remarkly.example/delete/{v['n']}?key=k{v['n']}\n"
    )
    return _mail("remarkly.example", f"New comment on “{v['product']}”", body)


def _questions(v: Values) -> bytes:
    """Who wrote is in From; the subject quotes the product, whose name looks like a person's; a line repeats it."""
    page = (
        f"<div><div>Neue Anfrage</div><div>Anzeige: {v['product']} (Nr. {v['n']})</div>"
        f"<div><b>{v['name']}</b> schreibt:</div><div>{v['text']}</div>"
        f'<div><a href="https://kiste.example/nachrichten/{v["n"]}c1e">Antworten</a></div></div>'
    )
    return _mail("kiste.example", f"Anfrage zu „{v['product']}“", page, html=True, name=f"{v['name']} über Kiste")


def _calls(v: Values) -> bytes:
    body = (
        f"You missed a call.\n\nCalled number: +49 30 555010\nCaller: {v['phone']}\nRang for: 5 seconds\n\n"
        f"Call back: https://ring.example/calls/{v['n']}\n"
    )
    return _mail("ring.example", f"Missed call from {v['phone']}", body)


def _quotes(v: Values) -> bytes:
    """The subject tells the stars; what was written stands in quotes."""
    body = (
        f'Hi Lena,\n\n{v["name"]} rated you:\n\n"{v["text"]}"\n\n'
        f"Reply: https://chew.example/r/{v['n']}?auth=k{v['n']}\n\nChew Inc., 5 Road\n"
    )
    return _mail("chew.example", f"{v['name']} left you a {v['rating']}-star review", body)


def _stars(v: Values) -> bytes:
    """The rating is drawn, and the subject tells it; the day in the page is that of a visit to come."""
    stars = "★" * v["rating"] + "☆" * (5 - v["rating"])
    page = (
        f'<p class="reviewer">{v["name"]}</p><p>{stars}</p><p class="words">{v["text"]}</p>'
        f'<p class="date">Visit on 3 March 2027</p><a href="https://rate.example/b/reviews/{v["n"]}">Respond</a>'
    )
    return _mail("rate.example", f"You got a {v['rating']}-star review", page, html=True)


def _inquiries(v: Values) -> bytes:
    body = (
        f"お問い合わせがありました。\n\nお名前：{v['name']}\nメールアドレス：a{v['n']}@post.example\n"
        f"お問い合わせ内容：\n{v['text']}\n\n管理画面：https://kanri.chaya.example/inquiry/{v['n']}\n----\n茶屋システム\n"
    )
    return _mail("chaya.example", "【茶屋】お問い合わせ", body)


def _tours(v: Values) -> bytes:
    """A list of terms; the reference has letters, and the last term, the text, is optional."""
    text = f"<dt>Special requests</dt><dd>{v['text']}</dd>" if v["text"] else ""
    page = (
        f"<h1>Booking TB{v['n']}</h1><dl><dt>Guest</dt><dd>{v['name']}</dd><dt>Telephone</dt><dd>{v['phone']}</dd>"
        f"<dt>Tour</dt><dd>{v['product']}</dd>{text}</dl>"
        f'<p><a href="https://partners.tours.example/bookings/TB{v["n"]}">Manage booking</a></p>'
    )
    return _mail("tours.example", f"New booking TB{v['n']} for {v['product']}", page, html=True)


def _v(name: str, product: str, text: str, n: int, rating: int = 4, **more: Any) -> Values:
    return {"name": name, "product": product, "text": text, "n": n, "rating": rating, "id": n // 10} | more


EN = (_v("Marta Ilves", "Cafe Tamm", "Lovely evening, hot soup.", 5521), _v("Jonas Pihl", "Cafe Kask", "Loud.", 92, 2))
DE = (
    _v("Katrin Wollner", "Teekanne Gusseisen", "Ist die Kanne noch da?", 331, phone="0171 5550123"),
    _v("Uwe Brandt", "Samowar Alt", "Was wäre der letzte Preis?", 4020, phone="+49 30 1234567"),
)
FURTHER = _v(
    "Ana-Lúcia Prado", "Bistro Am Eck", "We waited for an hour.\n\nThe bread was good.", 70013, 3, phone="030 9018"
)
JA = (
    _v("田中 美咲", "", "玉露の在庫はありますか。", 501),
    _v("高橋 健", "", "包装をお願いできますか。\n十個です。", 533),
)


class Service(NamedTuple):
    """Its template, its samples, a further mail, and the fields of the card of that one."""

    template: Callable[[Values], bytes]
    samples: tuple[Values, ...]
    further: Values
    fields: tuple[str, ...]
    source: str


SERVICES = {
    "seat.review": Service(
        _bookings,
        EN,
        FURTHER | {"text": "An hour."},
        ("name", "product", "text", "rating"),
        "https://seat.example/reviews/70013",
    ),
    "tisch.anfrage": Service(
        _reservations, DE[:1], FURTHER, ("name", "phone", "text"), "https://tisch.example/r/70013"
    ),
    "remarkly.comment": Service(
        _comments, EN, FURTHER | {"text": "Where?"}, ("name", "product", "text"), "https://remarkly.example/t/12#c70013"
    ),
    "kiste.anfrage": Service(
        _questions,
        DE,
        FURTHER | {"text": "Auch Versand?"},
        ("name", "product", "text"),
        "https://kiste.example/nachrichten/70013c1e",
    ),
    "ring.call": Service(_calls, DE[:1], FURTHER, ("phone",), "https://ring.example/calls/70013"),
    "rate.review": Service(
        _stars,
        EN[:1],
        FURTHER | {"text": "Old tea."},
        ("name", "text", "rating"),
        "https://rate.example/b/reviews/70013",
    ),
    "chew.review": Service(
        _quotes, EN, FURTHER | {"text": "No."}, ("name", "text", "rating"), "https://chew.example/r/70013"
    ),
    "chaya.inquiry": Service(_inquiries, JA, FURTHER, ("name", "text"), "https://kanri.chaya.example/inquiry/70013"),
    "tours.booking": Service(
        _tours,
        DE,
        FURTHER | {"text": ""},
        ("name", "phone", "product", "text"),
        "https://partners.tours.example/bookings/TB70013",
    ),
}


@pytest.mark.parametrize("toml", [False, True])
@pytest.mark.parametrize("name", SERVICES)
def test_a_further_mail_of_a_service_is_read_by_what_its_samples_taught(name: str, toml: bool, tmp_path: Path) -> None:
    service = SERVICES[name]
    raws = [service.template(values) for values in service.samples]
    made = draft(name, [Sample(f"{n}.eml", raw) for n, raw in enumerate(raws)], tmp_path, toml=toml)
    assert made.lines < 25
    rules = rules_with(parsers_in(made.place.file))
    for values in (*service.samples, service.further):
        (card,) = read(service.template(values), rules).cards
        assert _told(card, service.fields) == {field: _wanted(values, field) for field in service.fields}
        assert card.source_url is not None
    assert card.source_url == service.source
    assert (card.author.photo_url is not None) is (name == "seat.review")
    assert f"{card.occurred_at:%Y-%m-%d}" == "2026-11-21"


def _told(card: InterestCard, fields: tuple[str, ...]) -> Values:
    phone = "".join(filter(str.isdigit, card.author.phone or ""))[-4:]
    told = {"name": card.author.name, "product": card.product.name, "text": card.text, "rating": card.rating}
    return {field: (told | {"phone": phone})[field] for field in fields}


def _wanted(values: Values, field: str) -> Any:
    return values[field].replace(" ", "")[-4:] if field == "phone" else values[field]


def test_a_gap_is_where_it_stands_and_a_link_is_never_a_word_of_the_template() -> None:
    made = template(["Al on a b (https://x.example/b):", "Bo on c d (https://x.example/d1):"])
    assert made.pattern() == r"^.{1,200}? on .{1,200}? \(\S{1,2000}?\):$"


def test_whoever_is_named_in_an_address_is_no_word_of_its_pattern() -> None:
    mails = [_mail("loop.example", "x", f'<a href="https://loop.example/u/{who}">See</a>', html=True) for who in "kz"]
    assert [one.pattern for one in pages(list(map(Mail.from_bytes, mails)))] == ["/u/[^/?#]+"]


@pytest.mark.parametrize(
    "hostile", ["\u202eevil", "\x1b[31m", "\x7f", "\u2028", "\U000e0041", '"""', "'''", "\\", "{0}"]
)
def test_what_stands_in_a_mail_is_written_so_that_it_runs_nothing_and_hides_nothing(hostile: str) -> None:
    fields = {"text": {"css": "td.who", "pattern": f"{re.escape(hostile)}.+"}}
    table = {"name": "a.b", "version": 1, "channel": "form", "action": "request", "match": {}, "fields": fields}
    declared = Declared.model_validate({**table, "match": {"subject": (re.escape(hostile),)}}, strict=False)
    assert tomllib.loads(as_toml(declared))["match"]["subject"] == declared.match.subject[0]
    code = as_python(declared)
    literals = [one.value for one in ast.walk(ast.parse(code)) if isinstance(one, ast.Constant)]
    assert declared.match.subject[0] in literals
    assert all(one.isprintable() or one == "\n" for one in code + as_toml(declared))
