"""What holds for every mail: no bytes make the reader fail, and no sound text gets lost on its way."""

from __future__ import annotations

import base64
import quopri
import unicodedata
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr

import mailparser
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.cards import Trust
from interest_ingest.mail import Address, Mail
from interest_ingest.mail.limits import Budget

SAMPLES = {
    "utf-8": "Здравствуйте नमस्ते こんにちは سلام 👍",
    "koi8-r": "Здравствуйте, сколько стоит чайник?",
    "windows-1251": "Здравствуйте, сколько стоит чайник?",
    "iso-8859-5": "Здравствуйте, сколько стоит чайник?",
    "shift_jis": "こんにちは、在庫はありますか。",
    "euc-jp": "こんにちは、在庫はありますか。",
    "iso-2022-jp": "こんにちは、在庫はありますか。",
    "gb2312": "您好，请问价格是多少？",
    "gb18030": "您好，请问价格是多少？",
    "big5": "您好，請問價格是多少？",
    "euc-kr": "안녕하세요 가격이 얼마인가요?",
    "windows-1256": "سلام قيمت اين محصول",
    "iso-8859-1": "très intéressé",
    "utf-7": "Привет",
}
# Sound and broken lines of mails, to be put together in any order; `|` stands for a line end.
LINES = [
    *rb"""From: Anna <anna@letter.example>|Subject: =?utf-8?B?0KfQsNC5?=|Subject: =?koi8-r?Q?=FE|To: ,,<>,a@
Date: 1 Jan 99999999999999999999 00:00|Date: Fri, 21 Nov 2025 10:00:00 +0300|Message-ID: <1@a.example>
Content-Type: multipart/mixed; boundary=b|Content-Type: multipart/alternative; boundary="|Content-Type: text/html
Content-Type: text/plain; charset=koi8-r; format=flowed|Content-Type: text/plain; charset=utf-16
Content-Type: message/rfc822|Content-Type: multipart/digest; boundary=b|Content-Type: ;;=;name*0*=''
Content-Transfer-Encoding: base64|Content-Transfer-Encoding: quoted-printable|Content-Transfer-Encoding: uu
Content-Disposition: attachment; filename*1*=x'y'%zz||--b|--b--|--bb| folded|>From x|SGVsbG8=|=D0=A7=|begin 644 x
%2&5L;&\|<html><body><table><td>a|<p style=display:none>x</b>|~{Dz:C~}|+2AA-|text https://a.example/(x
""".replace(b"\n", b"|").split(b"|"),
    b"\xd0\xa7\xff\xfe\x00",
    b"\x1b$B$3$s",
    b"\xe3\x81",
]


def read(raw: bytes) -> Mail:
    """All that can be asked of a mail, without the net that `from_bytes` spreads under it."""
    mail = Mail._read(raw, Trust.UNPROVEN, Budget())
    mail._read_inner()
    for one in (mail, *mail.inner):
        assert_storable(one)
    return mail


def assert_storable(mail: Mail) -> None:
    people = [address for address in (mail.sender, mail.reply_to, *mail.to) if address]
    texts = [mail.subject, mail.text, mail.html, mail.message_id, mail.visible_text, mail.html_text, *mail.links]
    texts += [part for address in people for part in address] + [one.name for one in mail.attachments] + [*mail.notes]
    texts += [part for header in mail.all_headers() for part in header]
    for text in texts:
        text.encode("utf-8")
        assert "\x00" not in text
    assert mail.date is None or mail.date.utcoffset() is not None
    assert mail.soup is not None
    assert len(mail.canon_digest) == 64


@given(st.binary(max_size=400))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    read(raw)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(LINES), max_size=30), st.sampled_from([b"\n", b"\r\n", b"\r", b"\r\r\n"]))
def test_any_damaged_mail_is_a_mail(lines: list[bytes], line_end: bytes) -> None:
    read(line_end.join(lines))


@given(st.data())
def test_a_mail_cut_or_hurt_anywhere_is_a_mail(data: st.DataObject) -> None:
    raw = bytearray(sample("utf-8", "base64", "alternative"))
    for _ in range(data.draw(st.integers(0, 5))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    read(bytes(raw[: data.draw(st.integers(0, len(raw)))]))


def sample(charset: str, encoding: str, kind: str) -> bytes:
    data = (SAMPLES[charset] + "\n").encode(charset)
    encoded: dict[str, bytes] = {
        "base64": base64.encodebytes(data),
        "quoted-printable": quopri.encodestring(data),
        "8bit": data,
    }
    head = f"Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    if kind == "single":
        return b"From: anna@letter.example\n" + head + encoded[encoding]
    top = f"From: anna@letter.example\nContent-Type: multipart/{kind}; boundary=b\n\n--b\n".encode()
    page = b"--b\nContent-Type: text/html\n\n<p>page\n--b--\n"
    return top + head + encoded[encoding] + b"\n" + page


@settings(max_examples=150)
@given(
    st.sampled_from(sorted(SAMPLES)),
    st.sampled_from(["base64", "quoted-printable", "8bit"]),
    st.sampled_from(["single", "mixed", "alternative", "related"]),
    st.booleans(),
)
def test_a_body_comes_back_from_every_charset_and_encoding(charset: str, encoding: str, kind: str, crlf: bool) -> None:
    raw = sample(charset, encoding, kind)
    mail = read(raw.replace(b"\n", b"\r\n") if crlf and encoding != "8bit" else raw)
    assert mail.text.strip() == SAMPLES[charset]
    assert mail.sender == Address("", "anna@letter.example")


words = st.text(st.characters(exclude_categories=["C", "Z"], max_codepoint=0x1FAFF), min_size=1, max_size=12)
phrases = st.lists(words, min_size=1, max_size=12).map(" ".join).filter(lambda text: "=?" not in text)


@given(phrases)
def test_subjects_round_trip_through_encoded_words(text: str) -> None:
    value = Header(text, "utf-8", header_name="Subject").encode()
    assert Mail.from_bytes(f"Subject: {value}\n\nx".encode()).subject == text
    assert Mail.from_bytes(f"Subject: {text}\n\nx".encode()).subject == text


@given(phrases.filter(lambda text: not set(text) & set("\"'\\")))
def test_names_round_trip_however_they_are_written(name: str) -> None:
    """Quoted, encoded by the standard library, or encoded with commas inside."""
    for value in (
        f'"{name}" <a@b.example>',
        formataddr((name, "a@b.example")),
        f"{Header(name, 'utf-8').encode()} <a@b.example>",
    ):
        assert Mail.from_bytes(f"From: {value}\n\nx".encode()).sender == Address(name, "a@b.example")


@settings(max_examples=50)
@given(phrases, phrases, phrases)
def test_sound_mails_are_read_as_mail_parser_reads_them(subject: str, text: str, page: str) -> None:
    message = MIMEMultipart("alternative")
    message["Subject"] = Header(subject, "utf-8").encode()
    message["From"] = "Anna Petrova <anna@letter.example>"
    message["To"] = "a@b.example, C D <c@d.example>"
    message["Date"] = "Fri, 21 Nov 2025 12:15:00 +0300"
    message["Message-ID"] = "<1@letter.example>"
    # mail-parser normalizes what it decodes; here that is left to the card.
    subject, text, page = (unicodedata.normalize("NFC", value) for value in (subject, text, page))
    message.attach(MIMEText(text, "plain", "utf-8"))
    message.attach(MIMEText(f"<p>{page}</p>", "html", "utf-8"))
    mail, theirs = read(message.as_bytes()), mailparser.parse_from_bytes(message.as_bytes())
    assert [tuple(address) for address in mail.to] == theirs.to
    assert [mail.sender and tuple(mail.sender)] == theirs.from_
    assert (mail.text, mail.html, mail.date) == (theirs.text_plain[0], theirs.text_html[0], theirs.date)
    assert unicodedata.normalize("NFC", mail.subject) == theirs.subject
    assert mail.message_id == theirs.message_id.strip("<>")
    assert mail.notes == ()
