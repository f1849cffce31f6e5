"""Limits hold before anything expensive runs, what they cut is noted, and no shape of mail costs more than its size."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

import pytest

from interest_ingest.mail import Mail
from interest_ingest.mail.html import make_soup, render
from interest_ingest.mail.limits import MAX_DEPTH, MAX_HTML, MAX_PARTS, MAX_RAW, MAX_TEXT, OVERSIZE_TEXT

FROM = b"From: anna@letter.example\nSubject: Kettle\n"
PARTS = FROM + b"Content-Type: multipart/mixed; boundary=b\n\n"
PAGE = FROM + b"Content-Type: text/html\n\n"


def nested(depth: int) -> bytes:
    """Multiparts in each other, each with a text of its own before the next."""
    levels = (
        b"--b%d\n\nlevel %d\n--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (i, i, i, i + 1)
        for i in range(depth)
    )
    return FROM + b"Content-Type: multipart/mixed; boundary=b0\n\n" + b"".join(levels) + b"--b%d\n\nend\n" % depth


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


BOMBS: dict[str, Callable[[int], bytes]] = {
    "encoded words": lambda n: b"Subject: " + b"=?utf-8?q?a?= " * n,
    "words never closed": lambda n: b"Subject: " + b"=?utf-8?q?a" * n,
    "words in From": lambda n: b"From: " + b"=?utf-8?q?a?= " * n + b"<a@b.example>",
    "semicolons": lambda n: b"Content-Type: text/plain" + b";" * n,
    "parameters": lambda n: b"Content-Type: text/plain" + b"".join(b"; a%d=b" % i for i in range(n)),
    "sections": lambda n: b"Content-Type: text/plain" + b"".join(b"; name*%d*=b" % i for i in range(n)),
    "blanks in a header": lambda n: b"Content-Type: a" + b" " * n + b"b",
    "quotes in From": lambda n: b"From: " + b'"' * n,
    "parentheses in From": lambda n: b"From: " + b"(" * n,
    "angles in From": lambda n: b"From: " + b"<a@ " * n,
    "recipients": lambda n: b"To: " + b"a@b.example, " * n,
    "headers": lambda n: b"X-A: b\n" * n,
    "header names": lambda n: b"".join(b"X-A%d: b\n" % i for i in range(n)),
    "broken headers": lambda n: b"Subject: x\n" + b"broken\n" * n + b"To: a@b.example\n",
    "folds": lambda n: b"Subject: a\n" + b" \n" * n,
    "carriage returns": lambda n: b"Subject: a\n" + b"\r" * n,
    "leading blanks": lambda n: b" \n" * n + FROM,
    "date": lambda n: b"Date: " + b"(" * n,
    "nesting": nested,
    "multiparts never closed": lambda n: PARTS + b"--b\nContent-Type: multipart/mixed; boundary=b\n\n" * n,
    "mails in mails": lambda n: (FROM + b"Content-Type: message/rfc822\n\n") * n,
    "attachments": lambda n: PARTS + b"--b\nContent-Type: image/png\n\nx\n" * n,
    "attached mails": lambda n: PARTS + (b"--b\nContent-Type: message/rfc822\n\n" + FROM + b"\nx\n") * n,
    "boundaries in a line": lambda n: PARTS + b"--b" * n,
    "dashes": lambda n: FROM + b"Content-Type: multipart/mixed\n\n" + b"--a\n" * n,
    "padding": lambda n: FROM + b"Content-Transfer-Encoding: base64\n\n" + b"Q= " * n,
    "soft breaks": lambda n: FROM + b"Content-Transfer-Encoding: quoted-printable\n\n" + b"= " * n,
    "uuencoding": lambda n: FROM + b"Content-Transfer-Encoding: uuencode\n\nbegin 644 a\n" + b"M!\n" * n,
    "unknown bytes": lambda n: FROM + b"\n" + b"\xff\xfe\xc0" * n,
    "flowed": lambda n: FROM + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * n,
    "links": lambda n: FROM + b"\nhttp://a.example/" + b")" * n,
    "page: attributes never closed": lambda n: PAGE + b'<a a="' * n,
    "page: comments never closed": lambda n: PAGE + b"<!--" * n,
    "page: end tags": lambda n: PAGE + b"</" * n,
    "page: blocks": lambda n: PAGE + b"<div>" * (n // 3),
    "page: formatting": lambda n: PAGE + b"<b>x<p>" * (n // 3),
    "page: cells": lambda n: PAGE + b"<table><tr><td>x" * (n // 3),
    "page: attributes": lambda n: PAGE + b"<a" + b"".join(b" a%d=1" % i for i in range(n)) + b">",
    "page: images": lambda n: PAGE + "<img alt='⭐'>".encode() * n,
    "page: declarations": lambda n: PAGE + b"<?xml " * n,
}


def cost(raw: bytes) -> float:
    """CPU seconds of all that is ever asked of a mail, the better of two."""
    best = float("inf")
    for _ in range(2):
        gc.collect()
        start = time.process_time()
        mail = Mail.from_bytes(raw)
        assert not any(note.startswith("could not be read") for note in mail.notes)
        _ = mail.visible_text, mail.links, mail.canon_digest, mail.all_headers(), mail.soup
        best = min(best, time.process_time() - start)
    return best


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_four_times_the_bomb_costs_no_more_than_linear(bomb: Callable[[int], bytes]) -> None:
    """Quadratic work would cost sixteen times as much; the bound is loose, and a floor hides the clock's noise."""
    floor = 0.004
    assert cost(bomb(12_000) + b"\n\nx") < 8 * max(cost(bomb(3_000) + b"\n\nx"), floor)
