"""Each thing that is repaired, as a small mail in bytes: what the mail says comes through, and the repair is noted."""

from __future__ import annotations

import base64

import pytest

from interest_ingest.cards import Attachment, Trust
from interest_ingest.mail import Address, Mail

ANNA = b"From: Anna <anna@letter.example>\nSubject: Kettle\nTo: shop@shop.example\n"


def part(content: bytes, *headers: bytes) -> bytes:
    return b"\n".join((b"--b", *headers, b"", content, b""))


def mixed(*parts: bytes, kind: bytes = b"mixed", close: bytes = b"--b--\n") -> bytes:
    return ANNA + b"Content-Type: multipart/" + kind + b"; boundary=b\n\n" + b"".join(parts) + close


HELLO = part(b"Hello", b"Content-Type: text/plain")
PAGE = part(b"<p>Hello <b>page</b>", b"Content-Type: text/html")
INNER = b"From: Boris <boris@letter.example>\nSubject: Inner\n\nInner text\n"

TEXTS = {
    "plain": (ANNA + b"\nHello\n", "Hello\n"),
    "no header at all": (b"Hello there\n\nSecond paragraph\n", "Hello there\n\nSecond paragraph\n"),
    "no blank line before the body": (ANNA + b"Hello there\n\nmore\n", "Hello there\n\nmore\n"),
    "multipart right below its headers": (
        ANNA + b"Content-Type: multipart/mixed; boundary=b\nThis is MIME.\n" + HELLO + b"--b--\n",
        "Hello",
    ),
    "headers only": (ANNA, ""),
    "empty": (b"", ""),
    "leading blank lines": (b"\r\n \r\n" + ANNA + b"\nHello\n", "Hello\n"),
    "first line begins with a space": (b" " + ANNA + b"\nHello\n", "Hello\n"),
    "mbox From line": (b"From anna@letter.example Fri Nov 21 10:00:00 2025\n" + ANNA + b"\nHello\n", "Hello\n"),
    "quoted mbox From line among the headers": (ANNA + b">From x Fri Nov 21 2025\nX-A: b\n\nHello\n", "Hello\n"),
    "byte order mark": (b"\xef\xbb\xbf" + ANNA + b"\nHello\n", "Hello\n"),
    "bare CR": (ANNA.replace(b"\n", b"\r") + b"\rHello\r", "Hello\n"),
    "mixed line ends": (ANNA.replace(b"\n", b"\r\n") + b"X-A: b\n\r\nHello\r\nthere\n", "Hello\nthere\n"),
    "doubled CR": ((ANNA + b"\nHello\n").replace(b"\n", b"\r\r\n"), "Hello\n\n"),
    "broken header line": (ANNA.replace(b"To:", b"lost fold\nTo:") + b"\nHello\n", "Hello\n"),
    "whole mail in UTF-16": ((ANNA + b"\nHello\n").decode().encode("utf-16"), "Hello\n"),
    "NUL and lone surrogate": (
        ANNA + b"Content-Type: text/plain; charset=utf-7\n\na\x00b +2AA- c\n",
        "ab \ufffd c\n",
    ),
    "base64": (ANNA + b"Content-Transfer-Encoding: base64\n\nSGVsbG8=\n", "Hello"),
    "base64 under a long name": (ANNA + b'Content-Transfer-Encoding: "Base-64";\n\nSGVsbG8=\n', "Hello"),
    "base64 without padding": (ANNA + b"Content-Transfer-Encoding: base64\n\nSGVsbG8\n", "Hello"),
    "base64 with stray characters": (ANNA + b"Content-Transfer-Encoding: base64\n\nSG!Vs*\n bG8=\n", "Hello"),
    "base64 with noise at its end": (ANNA + b"Content-Transfer-Encoding: base64\n\nSGVsbG8=\n!zz\n", "Hello"),
    "base64 one character too long": (ANNA + b"Content-Transfer-Encoding: base64\n\nSGVsbG8hA\n", "Hello!"),
    "base64 of joined pieces": (ANNA + b"Content-Transfer-Encoding: base64\n\nSGVs\nbG8=IHRoZXJl\n", "Hello there"),
    "base64 with a plain footer": (
        ANNA + b"Content-Transfer-Encoding: base64\n\nSGVsbG8=\n___\nThis list is example.org\n",
        "Hello\n___\nThis list is example.org\n",
    ),
    "plain text declared base64": (
        ANNA + b"Content-Transfer-Encoding: base64\n\nHello, this is plain.\n",
        "Hello, this is plain.\n",
    ),
    "quoted-printable": (
        ANNA
        + b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: Quoted_Printable\n\n=c3=A9t=\n=C3=A9\n",
        "été\n",
    ),
    "quoted-printable cut at its end": (ANNA + b"Content-Transfer-Encoding: quoted-printable\n\nHello=", "Hello"),
    "quoted-printable with wrong escapes": (
        ANNA + b"Content-Transfer-Encoding: quoted-printable\n\na=ZZ b=3D= \n c\n",
        "a=ZZ b= c\n",
    ),
    "uuencoded": (ANNA + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n%2&5L;&\\\n`\nend\n", "Hello"),
    "multipart": (mixed(HELLO), "Hello"),
    "multipart never closed": (mixed(HELLO, close=b""), "Hello\n"),
    "multipart closed on the line of the text": (
        mixed(b"--b\nContent-Type: text/plain\n\nHello", close=b"--b--\n"),
        "Hello",
    ),
    "multipart without boundary": (
        ANNA + b"Content-Type: multipart/mixed\n\n--x\nContent-Type: text/plain\n\nHello\n--x--\n",
        "Hello",
    ),
    "multipart with another boundary": (
        ANNA + b"Content-Type: multipart/mixed; boundary=wrong\n\n--x\nContent-Type: text/plain\n\nHello\n--x--\n",
        "Hello",
    ),
    "multipart without any parts": (ANNA + b"Content-Type: multipart/mixed; boundary=b\n\nHello\n", "Hello\n"),
    "multipart whose type was lost": (ANNA + b"\n--x\nContent-Type: text/plain\n\nHello\n--x--\n", "Hello"),
    "boundary with spaces, quoted": (
        ANNA + b'Content-Type: multipart/mixed; boundary="a  b "\n\n--a  b\nX-A: b\n\nHello\n--a  b--\n',
        "Hello",
    ),
    "boundary that begins another": (
        mixed(
            b"--b\nContent-Type: multipart/alternative; boundary=bb\n\n--bb\nX-A: b\n\nHello\n--bb--\n",
            part(b"there"),
        ),
        "Hello\nthere",
    ),
    "inner multipart never closed": (
        mixed(b"--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\nX-A: b\n\nHello\n", part(b"there")),
        "Hello\nthere",
    ),
    "closing delimiter is the boundary of an inner multipart": (
        mixed(
            b"--b\nContent-Type: multipart/mixed; boundary=b--\n\n--b--\nX-A: b\n\nHello\n--b----\n",
            close=b"--b--\n\nepilogue\n",
        ),
        "Hello",
    ),
    "parts that go on below the multipart that was cut off": (
        mixed(
            b"--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\nX-A: b\n\nHello\n",
            b"--b\nX-A: b\n\nthere\n--i\nX-A: b\n\nAnna\n--i--\n",
        ),
        "Hello\nthere\nAnna",
    ),
    "delimiter of a multipart without parts": (
        mixed(b"--b\nContent-Type: multipart/mixed; boundary=i\n\n", b"--b\n\nHello\n--i\n\nthere\n"),
        "\nHello\nthere",
    ),
    "delimiter lost between two heads": (
        mixed(
            b"--b\nContent-Type: multipart/mixed; boundary=i\nContent-Type: text/plain\n"
            b"Content-Transfer-Encoding: base64\n\nSGVsbG8=\n--i\nX-A: b\n\nthere\n--i--\n"
        ),
        "Hello\nthere",
    ),
    "empty boundary": (
        ANNA + b'Content-Type: multipart/mixed; boundary=""\n\n--\nContent-Type: text/plain\n\nHello\n',
        "Hello\n",
    ),
    "boundary folded in both places": (
        ANNA + b'Content-Type: multipart/mixed; boundary="=_ _=\n  12(3)"\n\n'
        b"--=_ _=\n  12(3)\nContent-Type: text/plain\n\nHello\n--=_ _=\n  12(3)\nContent-Type: text/plain\n\nthere\n",
        "Hello\nthere\n",
    ),
    "multipart that is just one part": (
        ANNA + b"Content-Type: multipart/mixed; boundary=b\n\nContent-Type: text/plain\n\nHello\n",
        "Hello\n",
    ),
    "multipart that is closed and never opened": (
        ANNA + b"Content-Type: multipart/mixed; boundary=b\n\nHello\n--b--\nepilogue\n",
        "Hello",
    ),
    "multipart that is closed before its text": (
        ANNA + b"Content-Type: multipart/mixed; boundary=b\n\n--b--\nHello\n",
        "Hello\n",
    ),
    "words behind an opening delimiter": (mixed(HELLO.replace(b"--b", b"--b first part")), "Hello"),
    "closing delimiter that was cut": (mixed(HELLO, close=b"--b-\n"), "Hello"),
    "base64 multipart": (
        ANNA
        + b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(HELLO + b"--b--\n"),
        "Hello",
    ),
    "part without headers": (mixed(b"--b\n\nHello\n"), "Hello"),
    "several text parts": (mixed(HELLO, part(b"there", b"Content-Type: text/plain")), "Hello\nthere"),
    "inline named text": (mixed(part(b"Hello", b"Content-Type: text/plain; name=body.txt")), "Hello"),
    "unknown subtype of text": (mixed(part(b"Hello", b"Content-Type: plain")), "Hello"),
    "parameter without semicolon": (ANNA + b"Content-Type: text/plain charset=koi8-r\n\n\xf0\xd2\xc9\n", "При\n"),
    "flowed": (
        ANNA + b"Content-Type: text/plain; format=flowed\n\nHello \nthere \nAnna\n> quoted \n> line\n From\n-- \nA\n",
        "Hello there Anna\n> quoted line\nFrom\n-- \nA\n",
    ),
    "flowed, DelSp": (
        ANNA + "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\nこんに \nちは\n".encode(),
        "こんにちは\n",
    ),
    "unknown kind of text": (mixed(part(b"Hello", b"Content-Type: text/x-new")), "Hello"),
    "enriched": (ANNA + b"Content-Type: text/enriched\n\n<bold>Hello</bold>\n", "Hello\n"),
    "only another mail": (ANNA + b"Content-Type: message/rfc822\n\n" + INNER, "Inner text\n"),
    "bounce without words": (
        mixed(part(b"Status: 5.1.1", b"Content-Type: message/delivery-status"), kind=b"report"),
        "Status: 5.1.1",
    ),
}


@pytest.mark.parametrize(("raw", "text"), TEXTS.values(), ids=TEXTS)
def test_no_body_is_lost(raw: bytes, text: str) -> None:
    mail = Mail.from_bytes(raw)
    assert mail.text == text
    assert mail.html == ""


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in {"no header at all", "empty"}])
def test_no_header_is_lost(name: str) -> None:
    """Whatever is wrong with the body or the line ends, From, To and Subject are read."""
    mail = Mail.from_bytes(TEXTS[name][0])
    assert mail.sender == Address("Anna", "anna@letter.example")
    assert mail.subject.startswith("Kettle")
    assert mail.to == [Address("", "shop@shop.example")]


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("bare CR", "line ends were bare CR"),
        ("base64 without padding", "damaged base64"),
        ("plain text declared base64", "declared base64, but it is plain text"),
        ("multipart with another boundary", "boundary was missing or wrong"),
        ("multipart without any parts", "multipart without parts: read as text"),
        ("base64 multipart", "encoded multipart"),
        ("no blank line before the body", "no blank line between headers and body"),
        ("only another mail", "the text is that of the attached mail"),
    ],
)
def test_repairs_are_noted(name: str, note: str) -> None:
    assert note in Mail.from_bytes(TEXTS[name][0]).notes


@pytest.mark.parametrize("name", ["plain", "multipart", "quoted-printable", "base64", "flowed", "several text parts"])
def test_sound_mails_have_no_notes(name: str) -> None:
    assert Mail.from_bytes(TEXTS[name][0]).notes == ()


@pytest.mark.parametrize("encoding", ["7bit", "base64"])
def test_attached_mails_are_read_also_when_encoded(encoding: str) -> None:
    body = base64.encodebytes(INNER) if encoding == "base64" else INNER
    headers = (b"Content-Type: message/rfc822", b"Content-Transfer-Encoding: " + encoding.encode())
    mail = Mail.from_bytes(mixed(HELLO, part(body, *headers)), trust=Trust.VERIFIED)
    (inner,) = mail.inner
    assert (inner.subject, inner.sender, inner.text.strip()) == (
        "Inner",
        Address("Boris", "boris@letter.example"),
        "Inner text",
    )
    assert (mail.text, mail.trust, inner.trust) == ("Hello", Trust.VERIFIED, Trust.UNPROVEN)


def test_mails_in_mails_come_outermost_first() -> None:
    raw = ANNA + b"Content-Type: message/rfc822\n\nSubject: one\nContent-Type: message/rfc822\n\nSubject: two\n\nend\n"
    mail = Mail.from_bytes(raw)
    assert [inner.subject for inner in mail.inner] == ["one", "two"]
    assert [inner.subject for inner in mail.inner[0].inner] == ["two"]
    assert mail.text == "end\n"


def test_the_parts_of_a_digest_are_mails() -> None:
    mail = Mail.from_bytes(mixed(b"--b\n\n" + INNER, b"--b\n\n" + INNER.replace(b"Inner", b"Other"), kind=b"digest"))
    assert [inner.subject for inner in mail.inner] == ["Inner", "Other"]
    assert mail.text == "Inner text\n\nOther text"


def test_a_bounce_is_never_read_as_the_mail_it_returns() -> None:
    report = part(b"Status: 5.1.1", b"Content-Type: message/delivery-status")
    mail = Mail.from_bytes(mixed(report, part(INNER, b"Content-Type: message/rfc822"), kind=b"report"))
    assert mail.text == "Status: 5.1.1"
    assert mail.inner[0].text.strip() == "Inner text"


def test_attachments_are_described_and_not_decoded() -> None:
    encoded = base64.encodebytes(bytes(1000))
    mail = Mail.from_bytes(
        mixed(
            HELLO,
            part(
                encoded,
                b"Content-Type: image/png; name=a.png",
                b"Content-Transfer-Encoding: base64",
                b"Content-Disposition: attachment; filename*0*=utf-8''%D0%BF; filename*1*=%D1%80; filename*2=.png",
            ),
            part(b"a=\n=3D", b"Content-Type: text/csv", b"Content-Transfer-Encoding: quoted-printable"),
        )
    )
    assert mail.attachments == (
        Attachment(name="пр.png", type="image/png", size=1000),
        Attachment(name="", type="text/csv", size=2),
    )


def test_a_file_inside_the_text_is_an_attachment() -> None:
    mail = Mail.from_bytes(ANNA + b"\nHello\nbegin 644 a.bin\n%2&5L;&\\\n`\nend\nthere\nbegin 12 lines later\n")
    assert mail.text == "Hello\nthere\nbegin 12 lines later\n"
    assert mail.attachments == (Attachment(name="a.bin", type="application/octet-stream", size=5),)


def test_text_attachments_are_no_body() -> None:
    attached = part(b"log", b"Content-Type: text/plain", b"Content-Disposition: attachment; filename=log.txt")
    mail = Mail.from_bytes(mixed(HELLO, attached))
    assert mail.text == "Hello"
    assert [one.name for one in mail.attachments] == ["log.txt"]


VISIBLE = {
    "text stands for the page": (mixed(HELLO, PAGE, kind=b"alternative"), "Hello"),
    "page only": (mixed(PAGE), "Hello page"),
    "page without type": (ANNA + b"\n<html><body>Hello<br>page</body></html>\n", "Hello\npage"),
    "text says nothing": (mixed(part(b" \n-- \n"), PAGE, kind=b"alternative"), "Hello page"),
    "text is a stub": (
        mixed(
            part(b"Please use an HTML reader."),
            part(b"<p>" + b"long page " * 60, b"Content-Type: text/html"),
            kind=b"alternative",
        ),
        ("long page " * 60).strip(),
    ),
    "footer below a page": (mixed(PAGE, part(b"Your list")), "Hello page\nYour list"),
    "text above a page": (mixed(HELLO, PAGE), "Hello\nHello page"),
    "alternative and footer": (
        mixed(
            b"--b\nContent-Type: multipart/alternative; boundary=i\n\n--i\nX-A: b\n\nHi\n"
            b"--i\nContent-Type: text/html\n\n<p>Hi\n--i--\n",
            part(b"Your list"),
        ),
        "Hi\nYour list",
    ),
}


@pytest.mark.parametrize(("raw", "seen"), VISIBLE.values(), ids=VISIBLE)
def test_visible_text_is_what_a_person_reads(raw: bytes, seen: str) -> None:
    assert Mail.from_bytes(raw).visible_text == seen


def test_links_are_those_of_the_page_then_of_the_text_each_once() -> None:
    text = part(b"See (https://text.example/a), https://page.example/?a=1&b=2. https://text.example/w_(x)!")
    page = part(
        b'<a href="https://page.example/?a=1&amp;b=2">x</a><a href="#top">y</a><a href="mailto:a@b.example">z</a>',
        b"Content-Type: text/html",
    )
    assert Mail.from_bytes(mixed(text, page)).links == (
        "https://page.example/?a=1&b=2",
        "mailto:a@b.example",
        "https://text.example/a",
        "https://text.example/w_(x)",
    )


def test_digests_ignore_what_forwarding_changes() -> None:
    one = Mail.from_bytes(b"Received: by a\n" + ANNA + b"Message-ID: <1@a.example>\n\nHello\n")
    two = Mail.from_bytes(b"X-Seen: 1\n" + (ANNA + b"Message-Id: <1@a.example>\n\nHello\n").replace(b"\n", b"\r\n"))
    other = Mail.from_bytes(ANNA + b"Message-ID: <1@a.example>\n\nHello!\n")
    assert one.canon_digest == two.canon_digest != other.canon_digest
    assert one.message_id_digest == other.message_id_digest != ""
    assert Mail.from_bytes(ANNA).message_id_digest == ""


def test_soup_is_made_by_lxml_and_kept() -> None:
    mail = Mail.from_bytes(mixed(PAGE))
    assert mail.soup is mail.soup
    assert mail.soup.b is not None
    assert mail.soup.b.text == "page"
    assert Mail.from_bytes(ANNA).soup.text.strip() == ""
