"""Header values as a person reads them: encoded words, raw bytes, addresses, dates, identities."""

from __future__ import annotations

from datetime import datetime

import pytest

from interest_ingest.mail import Address, Mail


def encoded(text: str, charset: str = "utf-8", cut: int | None = None) -> bytes:
    """Encoded words (Q) of `text`; with `cut`, two words that part its bytes there."""
    data = text.encode(charset)
    pieces = [data] if cut is None else [data[:cut], data[cut:]]
    escaped = ("".join(f"={byte:02X}" for byte in piece) for piece in pieces)
    return "\n ".join(f"=?{charset}?Q?{piece}?=" for piece in escaped).encode()


SUBJECTS = {
    "plain": (b"Kettle", "Kettle"),
    "folded": (b"a kettle\n and\n\ta cup", "a kettle and a cup"),
    "encoded": (b"=?UTF-8?B?0KfQsNC50L3QuNC6?=", "Чайник"),
    "words cut in a character": (encoded("Чайник", cut=3), "Чайник"),
    "words cut in a Japanese character": (encoded("問い合わせ", "shift_jis", cut=3), "問い合わせ"),
    "base64 cut anywhere": (b"=?utf-8?B?0KfQsNC?=\n =?utf-8?B?50L3QuNC6?=", "Чайник"),
    "base64 without padding": (b"=?utf-8?B?0Kc?=", "Ч"),
    "language in the word": (b"=?utf-8*ru?Q?=D0=A7?=", "Ч"),
    "words of two charsets": (encoded("Ч", "koi8-r") + b" " + encoded("Ч"), "ЧЧ"),
    "words touching text": (b"Re:=?utf-8?Q?=D0=A7?=!", "Re:Ч!"),
    "words without a space between": (b"=?utf-8?Q?=D0=A7?==?utf-8?Q?=D0=B0?=", "Ча"),
    "spaces and question marks inside": (b"=?utf-8?Q?who is =D0=A7?_yes?=", "who is Ч? yes"),
    "unknown charset": (b"=?x-nobody?Q?=D0=A7=D0=B0=D0=B9?=", "Чай"),
    "no charset": (b"=??Q?=D0=A7=D0=B0=D0=B9?=", "Чай"),
    "word never closed": (b"=?utf-8?Q?=D0=A7", "=?utf-8?Q?=D0=A7"),
    "line end inside a word": (b"=?utf-8?Q?a=0D=0ABcc:_b?=", "a  Bcc: b"),
    "raw UTF-8": ("Чайник".encode(), "Чайник"),
    "raw UTF-8 and a word": ("Чай ".encode() + encoded("чай"), "Чай чай"),
    "raw in the body's charset": ("ЗАКАЗ".encode("koi8-r"), "ЗАКАЗ"),
    "NUL": (b"a\x00b", "ab"),
    "lone surrogate": (b"=?utf-7?Q?+2AA-?=", "\ufffd"),
    "empty": (b"", ""),
}


@pytest.mark.parametrize(("value", "subject"), SUBJECTS.values(), ids=SUBJECTS)
def test_subjects(value: bytes, subject: str) -> None:
    mail = Mail.from_bytes(b"Subject: " + value + b"\nContent-Type: text/plain; charset=koi8-r\n\nx")
    assert mail.subject == mail.header("subject") == subject


def test_raw_bytes_without_any_hint_are_guessed_and_noted() -> None:
    mail = Mail.from_bytes(b"Subject: " + "Вопрос о чайнике".encode("cp1251") + b"\n\nx")
    assert mail.subject == "Вопрос о чайнике"
    assert "raw 8-bit header read as cp1251" in mail.notes


FROM = {
    "address": (b"anna@letter.example", Address("", "anna@letter.example")),
    "name": (b"Anna Petrova <anna@letter.example>", Address("Anna Petrova", "anna@letter.example")),
    "quoted": (b'"Petrova, Anna" <anna@letter.example>', Address("Petrova, Anna", "anna@letter.example")),
    "escaped quotes": (b'"Anna \\"Ann\\" P" <a@b.example>', Address('Anna "Ann" P', "a@b.example")),
    "the address as its own name": (b'"a@b.example" <a@b.example>', Address("", "a@b.example")),
    "the same in escaped quotes": (b'"\\"a@b.example\\"" <a@b.example>', Address("", "a@b.example")),
    "the same in apostrophes": (b"\"'a@b.example'\" <A@b.example>", Address("", "A@b.example")),
    "another address as name": (b"info@c.example <a@b.example>", Address("info@c.example", "a@b.example")),
    "encoded": (encoded("Анна") + b" <a@b.example>", Address("Анна", "a@b.example")),
    "encoded and quoted": (b'"' + encoded("Анна") + b'" <a@b.example>', Address("Анна", "a@b.example")),
    "encoded with a comma": (encoded("Петрова, Анна") + b" <a@b.example>", Address("Петрова, Анна", "a@b.example")),
    "encoded, cut in a character": (encoded("Анна", cut=3) + b" <a@b.example>", Address("Анна", "a@b.example")),
    "all of it encoded": (encoded("Анна <a@b.example>"), Address("Анна", "a@b.example")),
    "raw UTF-8": ("Анна <a@b.example>".encode(), Address("Анна", "a@b.example")),
    "comment": (b"a@b.example (Anna)", Address("Anna", "a@b.example")),
    "comma in an unquoted name": (b"Petrova, Anna <a@b.example>", Address("Anna", "a@b.example")),
    "mailto": (b"<mailto:a@b.example>", Address("", "a@b.example")),
    "angle never closed": (b"Anna <a@b.example", Address("", "a@b.example")),
    "quote never closed": (b'"Anna <a@b.example>', Address("Anna", "a@b.example")),
    "brackets in the name": (b"Anna [shop] <a@b.example>", Address("Anna [shop]", "a@b.example")),
    "folded": (b"Anna\n Petrova\n <a@b.example>", Address("Anna Petrova", "a@b.example")),
    "group": (b"Shop: a@b.example, c@d.example;", Address("", "a@b.example")),
    "name only": (b"Anna Petrova", Address("Anna Petrova", "")),
    "Japanese domain": ("<a@例え.example>".encode(), Address("", "a@例え.example")),
    "nobody": (b"undisclosed-recipients:;", None),
    "empty": (b"", None),
    "empty angle": (b"<>", None),
}


@pytest.mark.parametrize(("value", "address"), FROM.values(), ids=FROM)
@pytest.mark.parametrize("header", ["From", "Reply-To"])
def test_addresses(header: str, value: bytes, address: Address | None) -> None:
    mail = Mail.from_bytes(header.encode() + b": " + value + b"\n\nx")
    assert (mail.sender if header == "From" else mail.reply_to) == address


def test_sender_stands_in_for_an_absent_from() -> None:
    mail = Mail.from_bytes(b"Sender: anna@letter.example\n\nx")
    assert (mail.sender, mail.notes) == (Address("", "anna@letter.example"), ("From is absent",))


def test_all_recipients_of_all_to_headers() -> None:
    mail = Mail.from_bytes(b"To: a@b.example, C <c@d.example>\nX: y\nTo: e@f.example\n\nx")
    assert mail.to == [Address("", "a@b.example"), Address("C", "c@d.example"), Address("", "e@f.example")]


DATES = {
    "usual": ("Fri, 21 Nov 2025 12:15:00 +0300", "2025-11-21T12:15:00+03:00"),
    "wrong weekday": ("Mon, 21 Nov 2025 12:15:00 +0300", "2025-11-21T12:15:00+03:00"),
    "comment": ("Fri, 21 Nov 2025 12:15:00 +0300 (MSK)", "2025-11-21T12:15:00+03:00"),
    "unknown zone": ("Fri, 21 Nov 2025 12:15:00 -0000", "2025-11-21T12:15:00+00:00"),
    "no zone": ("Fri, 21 Nov 2025 12:15:00", "2025-11-21T12:15:00+00:00"),
    "zone in letters": ("21 Nov 2025 12:15:00 EST", "2025-11-21T12:15:00-05:00"),
    "half an hour": ("Fri, 21 Nov 2025 12:15:00 +0530", "2025-11-21T12:15:00+05:30"),
    "two-digit year": ("Fri, 21 Nov 25 12:15 GMT", "2025-11-21T12:15:00+00:00"),
    "ISO 8601": ("2025-11-21T12:15:00Z", "2025-11-21T12:15:00+00:00"),
    "C's asctime": ("Fri Nov 21 12:15:00 2025", "2025-11-21T12:15:00+00:00"),
    "no such day": ("Fri, 31 Feb 2025 12:15:00 +0300", None),
    "year 10000": ("Fri, 21 Nov 10000 12:15:00 +0300", None),
    "year of twenty digits": ("1 Jan 99999999999999999999 00:00 +0000", None),
    "year 1": ("Fri, 21 Nov 0001 12:15:00 +0300", None),
    "absurd zone": ("Fri, 21 Nov 2025 12:15:00 +9999", None),
    "zone of two days": ("Fri, 21 Nov 2025 12:15:00 +5100", None),
    "words": ("yesterday", None),
}


@pytest.mark.parametrize(("value", "moment"), DATES.values(), ids=DATES)
def test_dates_keep_their_zone_and_absurd_ones_are_none(value: str, moment: str | None) -> None:
    mail = Mail.from_bytes(f"From: a@b.example\nDate: {value}\n\nx".encode())
    assert mail.date == (datetime.fromisoformat(moment) if moment else None)
    assert mail.date is None or mail.date.isoformat() == moment
    assert ("Date is no date" in mail.notes) == (moment is None)


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        ("<1@a.example>", "1@a.example"),
        (" <1@a.example> (comment)", "1@a.example"),
        ("1@a.example", "1@a.example"),
        ("<1@\n a.example>", "1@a.example"),
        ("<>", ""),
        ("<" + "x" * 1000 + "@a.example>", ""),
    ],
)
def test_message_ids(value: str, identity: str) -> None:
    assert Mail.from_bytes(f"Message-ID: {value}\n\nx".encode()).message_id == identity


def test_headers_by_name_and_all() -> None:
    mail = Mail.from_bytes(b"X-A: 1\nx-a: =?utf-8?Q?=D0=A7?=\nSubject : b\n\nx")
    assert (mail.header("X-a"), mail.headers("X-A"), mail.header("none"), mail.headers("none")) == (
        "1",
        ["1", "Ч"],
        "",
        [],
    )
    assert mail.all_headers() == [("X-A", "1"), ("x-a", "Ч"), ("Subject", "b")]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("name=a.txt", "a.txt"),
        ('name="a b; c.txt"', "a b; c.txt"),
        ("name=a b.txt", "a b.txt"),
        ('name="=?utf-8?B?0KcucG5n?="', "Ч.png"),
        ("name*=utf-8'ru'%D0%A7.png", "Ч.png"),
        ("name*=koi8-r''%FE.png", "Ч.png"),
        ("name*0*=utf-8''%D0; name*1*=%A7; name*2=.png", "Ч.png"),
        ("name*1=b.png; name*0=a", "ab.png"),
        ("name=Ч.png", "Ч.png"),
        ("name*=broken%D0%A7", "brokenЧ"),
        ('name="never closed', "never closed"),
        ("name=first; name=second", "first"),
    ],
)
def test_names_of_files(value: str, name: str) -> None:
    raw = f"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png; {value}\n\nx\n--b--\n"
    assert [one.name for one in Mail.from_bytes(raw.encode()).attachments] == [name]
