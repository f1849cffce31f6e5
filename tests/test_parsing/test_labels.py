"""Reading of labels and values: generated forms in many layouts and languages come back field by field."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.mail.html import make_soup
from interest_ingest.parsing.labels import Labels, read_labels
from interest_ingest.parsing.tokens import find_email, find_url, resolve
from interest_ingest.parsing.vocabulary import Role, fold, role_of

Field = tuple[str, str]
"""A label and its value, as a layout shows it."""

ASKED: Final = (Role.NAME, Role.EMAIL, Role.PHONE, Role.SUBJECT, Role.COMPANY, Role.CITY, Role.MESSAGE)

LABELS: Final[dict[str, tuple[str, ...]]] = {
    "en": ("Your name", "E-mail address", "Phone number", "Subject", "Company", "City", "Your message"),
    "en-keys": ("full_name", "your-email", "phone_number", "subject", "companyName", "city", "message"),
    "ru": ("Ваше имя", "Эл. почта", "Номер телефона", "Тема", "Организация", "Город", "Сообщение"),
    "uk": ("Ім’я", "Електронна пошта", "Телефон", "Тема", "Компанія", "Місто", "Повідомлення"),
    "de": ("Ihr Name", "E-Mail-Adresse", "Rufnummer", "Betreff", "Firma", "Ort", "Ihre Nachricht"),
    "fr": ("Nom et prénom", "Adresse e-mail", "Téléphone", "Objet", "Société", "Ville", "Votre message"),
    "es": ("Nombre y apellidos", "Correo electrónico", "Teléfono", "Asunto", "Empresa", "Ciudad", "Mensaje"),
    "it": ("Nome e cognome", "Indirizzo e-mail", "Cellulare", "Oggetto", "Azienda", "Città", "Messaggio"),
    "pt": ("Nome completo", "E-mail", "Telefone", "Assunto", "Empresa", "Cidade", "Mensagem"),
    "tr": ("Adınız Soyadınız", "E-posta adresi", "Cep telefonu", "Konu", "Şirket", "Şehir", "Mesajınız"),
    "pl": ("Imię i nazwisko", "Adres e-mail", "Numer telefonu", "Temat", "Firma", "Miasto", "Treść wiadomości"),
    "fa": ("نام و نام خانوادگی", "پست الکترونیکی", "شمارهٔ تماس", "موضوع", "شرکت", "شهر", "متن پیام"),
    "ar": ("الاسم الكامل", "البريد الإلكتروني", "رقم الهاتف", "الموضوع", "الشركة", "المدينة", "نص الرسالة"),
    "he": ("שם מלא", "דוא״ל", "טלפון", "נושא", "חברה", "עיר", "תוכן ההודעה"),
    "hi": ("आपका नाम", "ईमेल", "मोबाइल नंबर", "विषय", "कंपनी", "शहर", "आपका संदेश"),
    "ja": ("お名前", "メールアドレス", "電話番号", "件名", "会社名", "市区町村", "お問い合わせ内容"),
    "ko": ("성함", "이메일", "연락처", "제목", "회사명", "도시", "문의 내용"),
    "zh": ("您的姓名", "电子邮箱", "联系电话", "主题", "公司名称", "城市", "留言内容"),
}

NAMES: Final = (
    "Maeve O'Tarrant",
    "Агриппина Вязова",
    "گلناز باغبان‌زاده",
    "庭野 みどり",
    "Jo d’Ocre",
    'Pip "P" Corbin',
)
MAILS: Final = ("hester@inbox.example", "a.b+shop@sub.yamshik.example", "info@gärtner.example")
PHONES: Final = ("+44 20 7946 0101", "8 (900) 555-01-02", "۰۹۱۲۰۰۰۰۰۰۲", "03-0000-0101")
LINES: Final = ("Roses & thorns", "Заказ № 17 / 2", "お茶, 茶器", "a < b")
MESSAGES: Final = (
    "Can you deliver to Malta?",
    "Hello,\n\nthree wishes remain:\n1) which size?\n2) and the price?\n\nThank you",
    "Email: nobody@foul.example\nURL: http://foul.example/?p=3&q=4\nAuthor: A stranger (IP: 10.9.8.7)\nComment:\nmine",
    "Здравствуйте!\n— счёт;\n— забрать сами в среду.\nПозвоните: после шести.",
    "On Tue, 3 Nov 2026, Shop wrote:\n> Thanks: for all\n\nNobody called.\n-- \nRosamund\nSent from my phone",
    "年末の贈答用です。\n・請求書払い\n電話：内線まで",
)
SHORT: Final = MESSAGES[:1]

FOOTERS: Final = (
    "",
    "\n-- \nThis e-mail was sent from a contact form on Roses (https://roses.example)\n",
    "\n---\nСообщение отправлено с сайта «Розы»\nСтраница: https://roses.example/kontakty/\n",
    "\n──────────\n送信日時：2026/03/03 19:14\n送信元URL：https://roses.example/form\n",
    "\n---\n\nDate: March 3, 2026\nPage URL: https://roses.example/contact/\nRemote IP: 192.0.2.5\n",
)


def _lines(pattern: str) -> Callable[[list[Field]], str]:
    """A layout of text lines: `pattern` for each field."""
    return lambda fields: "\n".join(pattern.format(label=label, value=value) for label, value in fields) + "\n"


def _numbered(fields: list[Field]) -> str:
    return "".join(f"{number}. {label}: {value}\n" for number, (label, value) in enumerate(fields, 1))


def _html(value: str) -> str:
    return escape(value, quote=False).replace("\n", "<br>\n")


def _page(before: str, pattern: str, after: str) -> Callable[[list[Field]], str]:
    """A layout of HTML: `pattern` for each field."""
    return lambda fields: (
        f"<html><head><style>b{{}}</style></head><body>{before}"
        + "".join(pattern.format(label=_html(label), value=_html(value)) for label, value in fields)
        + f"{after}</body></html>"
    )


BY_HAND: Final = {
    "colon": _lines("{label}: {value}"),
    "tight": _lines("{label}:{value}"),
    "space before colon": _lines("{label} : {value}"),
    "two colons": _lines("{label}:: {value}"),
    "question": _lines("{label}?: {value}"),
    "required": _lines("{label} *: {value}"),
    "full width": _lines("{label}：{value}"),
    "empty lines": _lines("{label}: {value}\n"),
}
"""Layouts that people write, too: only the last field may be a text that looks like fields."""

MACHINE_MADE: Final = {
    "brackets": _lines("【{label}】 {value}"),
    "fences": _lines("--- {label} ---\n\n{value}\n"),
    "bullets": _lines("• {label}: {value}"),
    "stars": _lines("*{label}:* {value}"),
    "emoji": _lines("📌 {label}: {value}"),
    "numbers": _numbered,
}

PAGES: Final = {
    "two cells": _page("<h2>Hi</h2><table>", "<tr><td>{label}</td><td>{value}</td></tr>", "</table>"),
    "heading cell": _page("<table>", "<tr><th>{label}:</th><td>{value}</td></tr>", "</table>"),
    "nested tables": _page(
        "<table><tr><td><table><tr><td>",
        "<table><tr><td><strong>{label}</strong></td></tr><tr><td>{value}</td></tr></table>",
        "</td></tr></table></td></tr></table>",
    ),
    "label row, value row": _page(
        "<table>",
        '<tr bgcolor="#EAF2FA"><td colspan="2"><b>{label}</b></td></tr><tr><td>&nbsp;</td><td>{value}</td></tr>',
        "</table>",
    ),
    "bold in paragraphs": _page("", "<p><b>{label}:</b> {value}</p>", ""),
    "bold above": _page("", "<p><strong>{label}</strong></p><div>{value}</div>", ""),
    "bold lines": _page("<p>", "<b>{label}</b>: {value}<br>", "</p>"),
    "definition list": _page("<dl>", "<dt>{label}</dt><dd>{value}</dd>", "</dl>"),
}


@st.composite
def forms(draw: st.DrawFn, *, messages: tuple[str, ...] = MESSAGES) -> dict[Role, Field]:
    """A filled-in form: its fields in some order; the name, an address and the message are always there."""
    labels = dict(zip(ASKED, LABELS[draw(st.sampled_from(sorted(LABELS)))], strict=True))
    values = {
        Role.NAME: draw(st.sampled_from(NAMES)),
        Role.EMAIL: draw(st.sampled_from(MAILS)),
        Role.PHONE: draw(st.sampled_from(PHONES)),
        Role.SUBJECT: draw(st.sampled_from(LINES)),
        Role.COMPANY: draw(st.sampled_from(LINES)),
        Role.CITY: draw(st.sampled_from(LINES)),
        Role.MESSAGE: draw(st.sampled_from(messages)),
    }
    optional = draw(st.sets(st.sampled_from((Role.PHONE, Role.SUBJECT, Role.COMPANY, Role.CITY))))
    order = draw(st.permutations([Role.NAME, Role.EMAIL, *sorted(optional), Role.MESSAGE]))
    return {role: (labels[role], values[role]) for role in order}


def _last(form: dict[Role, Field]) -> dict[Role, Field]:
    """The form with its message at the end, after a field for the phone that may be empty."""
    form.setdefault(Role.PHONE, ("Tel.", ""))
    return {
        **{role: field for role, field in form.items() if role is not Role.MESSAGE},
        Role.MESSAGE: form[Role.MESSAGE],
    }


def _assert_read(labels: Labels, form: dict[Role, Field], mail: str) -> None:
    read = {role: labels.message if role is Role.MESSAGE else labels.value(role) for role in form}
    assert {r: _squashed(v) for r, v in read.items()} == {r: _squashed(v) for r, (_, v) in form.items()}, mail


def _squashed(text: str) -> str:
    return " ".join(text.split())


@given(form=forms(), layout=st.sampled_from(sorted(BY_HAND)), footer=st.sampled_from(FOOTERS))
@settings(max_examples=250, deadline=None)
def test_a_message_at_the_end_keeps_lines_that_look_like_fields(
    form: dict[Role, Field], layout: str, footer: str
) -> None:
    form = _last(form)
    mail = BY_HAND[layout](list(form.values())) + footer
    _assert_read(read_labels(mail), form, mail)


@given(form=forms(messages=SHORT), layout=st.sampled_from(sorted(BY_HAND)), footer=st.sampled_from(FOOTERS))
@settings(max_examples=150, deadline=None)
def test_fields_may_stand_in_any_order(form: dict[Role, Field], layout: str, footer: str) -> None:
    mail = "Somebody filled in your form.\n\n" + BY_HAND[layout](list(form.values())) + footer
    _assert_read(read_labels(mail), form, mail)


@given(form=forms(), layout=st.sampled_from(sorted(MACHINE_MADE)), footer=st.sampled_from(FOOTERS))
@settings(max_examples=200, deadline=None)
def test_layouts_that_nobody_writes_bound_their_fields_exactly(
    form: dict[Role, Field], layout: str, footer: str
) -> None:
    mail = "Somebody filled in your form.\n\n" + MACHINE_MADE[layout](list(form.values())) + footer
    _assert_read(read_labels(mail), form, mail)


@given(form=forms(), layout=st.sampled_from(sorted(PAGES)))
@settings(max_examples=200, deadline=None)
def test_pages_bound_their_fields_exactly(form: dict[Role, Field], layout: str) -> None:
    page = PAGES[layout](list(form.values()))
    _assert_read(read_labels(make_soup(page)), form, page)


@given(
    st.lists(
        st.sampled_from(
            ("Name", "メール", ":", "：", " - ", "--", "\n", "\n\n", "【", "】", "*", "x@y.example", " ", "1. ")
        )
    )
)
@settings(max_examples=300, deadline=None)
def test_nothing_makes_it_fail(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert isinstance(read_labels(text), Labels)
    assert isinstance(read_labels(make_soup(text)), Labels)


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("Company name", Role.COMPANY),
        ("E-mail автора", Role.EMAIL),
        ("Тема сообщения", Role.SUBJECT),
        ("Комментарий к заказу", Role.MESSAGE),
        ("Имя_клиента", Role.NAME),
        ("نام‌کاربری", Role.USERNAME),
        ("البريد الالكترونى", Role.EMAIL),
        ("Telefon (optional)", Role.PHONE),
        ("送信元URL", Role.PAGE_URL),
        ("Three wishes remain", None),
        ("Adresse de livraison", Role.ADDRESS),
    ],
)
def test_a_label_is_known_by_its_telling_word(label: str, role: Role | None) -> None:
    assert role_of(label) is role


def test_spelling_and_decoration_do_not_matter() -> None:
    assert {fold(label) for label in ("E-Mail *", "e_mail:", "eMail", "«E–mail»", "E MAIL (required)")} == {"e mail"}
    assert fold("Ім’я") == fold("Ім'я")
    assert fold("شماره تماس") == fold("شماره‌ی تماس".replace("‌ی", ""))


def test_the_footer_names_the_page() -> None:
    labels = read_labels(
        "Name: Ann\nE-mail: ann@hey.example\nMessage:\nHi\n\n-- \nSent from the form at https://roses.example/form\n"
    )
    assert labels.message == "Hi"
    assert labels.links == ("https://roses.example/form",)


def test_a_repeated_form_is_read_once() -> None:
    once = "Name: Ann\nE-mail: ann@hey.example\nMessage: Hi\n"
    assert read_labels(f"{once}\n\n{once}").message == "Hi"


def test_escapes_of_web_software_are_resolved_only_where_there_are_some() -> None:
    assert resolve(r"O\'Hara &amp; Sons &#039;24 &lt;b&gt;") == "O'Hara & Sons '24 <b>"
    assert resolve("a & b, write &amp; for it") == "a & b, write &amp; for it"
    assert resolve("https://x.example/?a=1&copy=2") == "https://x.example/?a=1&copy=2"


def test_addresses_are_found_without_what_surrounds_them() -> None:
    assert find_email("From: Ann <ann@hey.example>, today") == "ann@hey.example"
    assert find_email("ann@localhost or @nobody") == ""
    assert find_url("(see https://roses.example/a?b=1).") == "https://roses.example/a?b=1"
