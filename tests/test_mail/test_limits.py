"""Limits hold before anything expensive runs, and what they cut is noted (tests/hostile tells what a mail may cost)."""

from __future__ import annotations

import pytest

from interest_ingest.mail import Mail
from interest_ingest.mail.html import make_soup, render
from interest_ingest.mail.limits import MAX_DEPTH, MAX_HTML, MAX_PARTS, MAX_RAW, MAX_TEXT, OVERSIZE_TEXT
from tests.hostile.bombs import FROM, PAGE, PARTS, nested


def test_an_oversize_mail_gives_its_headers_and_first_text() -> None:
    mail = Mail.from_bytes(FROM + b"\n" + b"x" * MAX_RAW)
    assert (mail.oversize, mail.subject, len(mail.text)) == (True, "Kettle", OVERSIZE_TEXT)
    assert mail.notes == ("mail over 25 MB: headers and first 256 KB read",)


def test_a_mail_of_just_the_size_is_whole() -> None:
    mail = Mail.from_bytes((FROM + b"\nx").ljust(MAX_RAW))
    assert not mail.oversize


CUT = {
    "header": (b"Subject: " + b"x" * 20_000 + b"\n\nend", "header cut at 16 KB"),
    "header block": (b"X-A: " + b"x\n " * 100_000 + b"\n\nend", "header block cut at 256 KB"),
    "headers": (b"X-A: b\n" * 1_001 + b"\nend", "more than 1,000 headers: the rest is left out"),
    "parameters": (
        b"Content-Type: text/plain" + b"; a=b" * 200 + b"\n\nend",
        "more than 100 parameters: the rest is left out",
    ),
    "addresses": (b"To: " + b"a@b.example," * 250 + b"\n\nend", "address list cut at 200"),
    "text": (b"\nend" + b"x" * MAX_TEXT, "text cut at 1 MB"),
    "html": (PAGE + b"end" + b"x" * MAX_HTML, "html cut at 256 KB"),
    "tags": (PAGE + b"end" + b"<b>" * 20_001, "html cut at 20,000 tags"),
    "attributes": (
        PAGE + b"<p>end<a" + b" a=1" * 1_001 + b">",
        "a tag cut at 1,000 attributes",
    ),
    "html depth": (PAGE + b"<div>" * 300 + b"end", "html nested deeper than 256: the inner tags are left out"),
    "parts": (PARTS + b"--b\n\nend\n" * (MAX_PARTS + 1), "more than 500 parts: the rest is left out"),
    "depth": (nested(MAX_DEPTH + 1), "parts nested deeper than 20: the inner ones are read without their order"),
    "attached mails": (
        b"Content-Type: message/rfc822\n\n" * 300 + b"From: a@b.example\n\nend",
        "mails attached to each other deeper than 20: some are left out",
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_cuts_are_noted_and_the_rest_is_read(name: str) -> None:
    raw, note = CUT[name]
    mail = Mail.from_bytes(raw)
    assert any(note in one.notes for one in (mail, *mail.inner))
    assert "end" in mail.visible_text


def test_what_lies_above_the_depth_limit_is_read() -> None:
    assert [f"level {i}" for i in range(MAX_DEPTH)] == Mail.from_bytes(nested(1_000)).text.split("\n")[:MAX_DEPTH]


def test_what_lies_below_the_depth_limit_is_read_without_delimiters() -> None:
    closed = nested(100) + b"".join(b"--b%d--\n" % i for i in range(100, -1, -1))
    assert Mail.from_bytes(closed).text.split("\n") == [*(f"level {i}" for i in range(100)), "end"]


def test_limited_pages_are_shallow_and_keep_their_text() -> None:
    html = Mail.from_bytes(PAGE + b"<div>" * 5_000 + b"deep" + b"</div>" * 5_000 + b"<p>after").html
    soup = make_soup(html)
    depth = max(sum(1 for _ in tag.parents) for tag in soup.find_all(True))
    assert render(soup) == "deep\n\nafter"
    assert depth <= 260


def test_addresses_and_texts_are_bounded() -> None:
    mail = Mail.from_bytes(CUT["addresses"][0] + b"x" * 2 * MAX_TEXT)
    assert len(mail.to) == 200
    assert len(mail.text) == MAX_TEXT


def test_several_texts_share_one_limit() -> None:
    mail = Mail.from_bytes(PARTS + (b"--b\n\n" + b"x" * (MAX_TEXT // 2) + b"\n") * 3)
    assert mail.text.count("x") == MAX_TEXT
    assert "text cut at 1 MB" in mail.notes
