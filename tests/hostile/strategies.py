"""Hypothesis strategies for mails: MIME trees of hostile parts, what the built-in parsers read, and hurt fixtures."""

from __future__ import annotations

import base64
import quopri
from pathlib import Path
from typing import Final

from hypothesis import strategies as st

from tests.hostile.bombs import CHARSETS, DATES, PAGE_CARRIERS, PAGES, TEXT_CARRIERS, TEXTS

FIXTURES: Final = tuple(
    path.read_bytes() for path in sorted((Path(__file__).parent.parent / "fixtures").glob("*/*.eml"))
)

units = st.sampled_from([unit for _, unit, _ in TEXTS.values()] + [before for before, _, _ in TEXTS.values() if before])
tags = st.sampled_from([before + unit + after for before, unit, after in PAGES.values()])
texts = st.one_of(
    st.lists(st.one_of(units, st.text(max_size=12)), max_size=12).map("".join),
    st.builds(lambda unit, times, end: unit * times + end, units, st.integers(2, 60), st.text(max_size=5)),
)
pages = st.lists(st.one_of(tags, texts.map(lambda text: text[:80])), max_size=12).map("".join)
"""Text and HTML that somebody wrote with a bad intent, or a program without care."""

words = st.sampled_from(
    [
        "=?utf-8?b?0KfQsNC5?=",
        "=?utf-8?q?=FF?=",
        "=?koi8-r?Q?=FE",
        "=?x?b?!?=",
        "=?iso-2022-jp?B?GyRCJDM=?=",
        "=?=",
        "?=",
    ]
)
values = st.lists(st.one_of(words, st.text(max_size=20), units), max_size=4).map(" ".join)
_ADDRESSES = """
Anna <a@b.example>
a@b.example
<>
@
,,
"x" <
a@b@c.example
Anna <notification@facebookmail.com>
admin@notify.vk.com
wordpress@shop.example
noreply@shop.example
Facebook <a@facebookmail.com>, b@c.example
undisclosed-recipients:;
(a) b <c@[::1]>
"facebookmail.com" <x@evil.example>
<a@facebookmail.com.evil.example>
MAILER-DAEMON@shop.example
root
Ева <ева@пример.рф>
"""
addresses = st.one_of(st.sampled_from(_ADDRESSES.split("\n")), values)
dates = st.one_of(
    st.sampled_from(["Sat, 21 Nov 2026 09:15:00 +0300", "", *DATES]), st.datetimes().map(str), st.text(max_size=30)
)
headers = st.one_of(
    st.tuples(st.sampled_from(["From", "To", "Reply-To", "Sender", "Return-Path", "Cc"]), addresses),
    st.tuples(st.sampled_from(["Date", "Received", "Resent-Date"]), dates),
    st.tuples(st.sampled_from(["Subject", "X-Mailer", "X-Facebook-Notify", "Feedback-ID", "Message-ID"]), values),
    st.tuples(st.sampled_from(["List-Id", "Auto-Submitted", "Precedence", "In-Reply-To", "Organization"]), values),
    st.tuples(
        st.just("Subject"), st.sampled_from(["Fwd: a", "Re: b", "Anna commented on your post", "[Shop] Comment: T"])
    ),
    st.tuples(st.text(max_size=12), values),
)

_TYPES = """
    text/plain text/html text/html text/plain text/calendar text/enriched application/ms-tnef image/png message/rfc822
    message/delivery-status application/octet-stream text multipart/mixed ; x/y;;;= text/html;charset= message/partial
"""
_types = st.sampled_from(_TYPES.split())
_encodings = st.sampled_from(["", "", "8bit", "base64", "quoted-printable", "uuencode", "x-unknown", "base64 base64"])
_charsets = st.sampled_from(["utf-8", "utf-8", "windows-1251", "iso-8859-1", *CHARSETS])
_boundaries = st.sampled_from(["b", "bb", "b b", "", "b--", "--", "=_1", "a" * 80])
_line_ends = st.sampled_from(["\n", "\n", "\r\n", "\r\n", "\r", "\r\r\n"])


def _encoded(text: str, charset: str, encoding: str) -> bytes:
    try:
        data = text.encode(charset, "replace")
    except (LookupError, UnicodeError, TypeError, ValueError):  # names that no codec or no text codec has
        data = text.encode("utf-8", "surrogatepass")
    if encoding.startswith("base64"):
        return base64.encodebytes(data)
    return quopri.encodestring(data) if encoding == "quoted-printable" else data


@st.composite
def leaves(draw: st.DrawFn) -> bytes:
    """One part: its head, which may lie, and its body."""
    kind, charset, encoding = draw(_types), draw(_charsets), draw(_encodings)
    text = draw(pages if "html" in kind else texts)
    name = draw(st.sampled_from(["", "; name=a.txt", "; format=flowed", "; name*0*=x'y'%zz", '; name="', "; charset"]))
    place = draw(
        st.sampled_from(["", "", "attachment", "inline; filename=..\\a", 'attachment; filename="=?utf-8?q?a?="'])
    )
    head = f"Content-Type: {kind}; charset={charset}{name}\nContent-Transfer-Encoding: {encoding}\n"
    head += f"Content-Disposition: {place}\n" if place else ""
    return head.encode() + b"\n" + _encoded(text, charset, encoding) + b"\n"


@st.composite
def multiparts(draw: st.DrawFn, children: st.SearchStrategy[bytes]) -> bytes:
    """A multipart whose boundary may be missing, wrong or never closed, or an attached mail."""
    inner = draw(st.lists(children, max_size=3))
    if draw(st.integers(0, 4)) == 0:
        return b"Content-Type: message/rfc822\n\n" + draw(heads()) + b"".join(inner)
    boundary = draw(_boundaries)
    kind = draw(st.sampled_from(["mixed", "alternative", "related", "report", "digest", "signed", "x"]))
    used = boundary if draw(st.integers(0, 5)) else draw(_boundaries)
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{draw(units)}\n'.encode("utf-8", "surrogatepass")
    end = f"--{used}--\n" if draw(st.booleans()) else ""
    return head + b"".join(b"--" + used.encode() + b"\n" + part for part in inner) + end.encode()


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    """Header fields, some of them twice, without the blank line that ends them."""
    lines = [f"{name}: {value}" for name, value in draw(st.lists(headers, max_size=6))]
    return "".join(line.replace("\n", "\n ") + "\n" for line in lines).encode("utf-8", "surrogatepass")


trees = st.recursive(leaves(), multiparts, max_leaves=6)
grown_mails = st.builds(lambda head, tree, end: (head + tree).replace(b"\n", end.encode()), heads(), trees, _line_ends)
carried_mails = st.one_of(
    st.builds(lambda carrier, text: TEXT_CARRIERS[carrier](text), st.sampled_from(sorted(TEXT_CARRIERS)), texts),
    st.builds(lambda carrier, page: PAGE_CARRIERS[carrier](page), st.sampled_from(sorted(PAGE_CARRIERS)), pages),
)


@st.composite
def hurt_mails(draw: st.DrawFn) -> bytes:
    """A recorded mail of a parser after some damage: bytes changed, cut, doubled, or another mail put in."""
    raw = bytearray(draw(st.sampled_from(FIXTURES)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(raw)))
        end = min(len(raw), start + draw(st.sampled_from([0, 1, 1, 4, 40, 400])))
        raw[start:end] = draw(
            st.one_of(
                st.binary(max_size=6),
                st.just(bytes(raw[start:end]) * 3),
                units.map(lambda unit: (unit * 5).encode("utf-8", "surrogatepass")),
                tags.map(lambda tag: tag[:300].encode("utf-8", "surrogatepass")),
                st.sampled_from(FIXTURES).map(lambda other: other[:600]),
            )
        )
    return bytes(raw)


mails = st.one_of(grown_mails, carried_mails, hurt_mails())
