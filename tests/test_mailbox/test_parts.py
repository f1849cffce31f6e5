"""What is fetched of a large mail, and how the answer is put together."""

from __future__ import annotations

import email
from typing import Any

import pytest
from imapclient.response_parser import (
    parse_fetch_response,
)

from interest_ingest.mailbox.parts import NotUnderstood, items, leaves_out, plan, read_structure, rebuild

TEXT = b'("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 10 1 NIL NIL NIL NIL)'
FILE = b'("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 780000 NIL NIL NIL NIL)'


def structure(text: bytes) -> Any:
    return parse_fetch_response([b"1 (UID 7 BODYSTRUCTURE " + text + b")"])[7][b"BODYSTRUCTURE"]


def multipart(*children: bytes, boundary: bytes = b'"b"') -> bytes:
    return b"(" + b"".join(children) + b' "mixed" ("boundary" ' + boundary + b") NIL NIL NIL)"


def forwarded(body: bytes, octets: int = 900_000) -> bytes:
    envelope = b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    return b'("message" "rfc822" NIL NIL NIL "7bit" %d %b %b 9 NIL ("attachment" NIL) NIL NIL)' % (
        octets,
        envelope,
        body,
    )


def asked(text: bytes, text_bytes: int = 100_000) -> list[str]:
    root = read_structure(structure(text))
    return [item.replace("BODY.PEEK", "") for item in items(root, plan(root, text_bytes))]


@pytest.mark.parametrize(
    ("text", "sections"),
    [
        (TEXT, ["1"]),
        (multipart(TEXT, FILE), ["1"]),
        (multipart(FILE, multipart(TEXT, TEXT)), ["2.1", "2.2"]),
        (multipart(TEXT, forwarded(TEXT)), ["1", "2.1"]),
        (multipart(TEXT, forwarded(multipart(TEXT, FILE))), ["1", "2.1"]),
        (multipart(TEXT, forwarded(multipart(multipart(TEXT, TEXT), FILE))), ["1", "2.1.1", "2.1.2"]),
        (multipart(TEXT, forwarded(multipart(TEXT, FILE), octets=5_000)), ["1", "2"]),
        (forwarded(TEXT), ["1.1"]),
    ],
)
def test_the_bodies_of_texts_are_asked_for_by_their_part_numbers(text: bytes, sections: list[str]) -> None:
    """Part numbers as in the example of RFC 3501 §6.4.5."""
    bodies = [item for item in asked(text) if "MIME" not in item and "HEADER" not in item]
    assert bodies == [f"[{section}]" for section in sections]


def test_headers_are_asked_for_in_bounded_length() -> None:
    headers = asked(multipart(TEXT, forwarded(multipart(TEXT, FILE))))[:6]
    assert headers == [
        "[HEADER]<0.262144>",
        "[1.MIME]<0.65536>",
        "[2.MIME]<0.65536>",
        "[2.HEADER]<0.65536>",
        "[2.1.MIME]<0.65536>",
        "[2.2.MIME]<0.65536>",
    ]


def test_texts_share_their_allowance() -> None:
    long = b'("text" "plain" NIL NIL NIL "base64" 78000 1000 NIL NIL NIL NIL)'
    assert asked(multipart(long, long, long), 100_000)[-2:] == ["[1]", "[2]<0.21996>"]  # whole lines of 78 octets


def test_an_attached_text_that_is_large_is_an_attachment() -> None:
    table = b'("text" "csv" NIL NIL NIL "7bit" 900000 99 NIL ("attachment" ("filename" "a.csv")) NIL NIL)'
    assert asked(multipart(TEXT, table))[-1] == "[1]"


def test_a_mail_of_text_alone_leaves_nothing_out() -> None:
    root = read_structure(structure(multipart(TEXT, TEXT)))
    assert not leaves_out(root, plan(root, 100_000))
    assert leaves_out(root, plan(root, 15))


@pytest.mark.parametrize(
    "text",
    [
        b"NIL",
        b"()",
        b'("text" "plain")',
        b'("text" "plain" NIL NIL NIL "7bit" "many" 1)',
        multipart(TEXT, boundary=b"NIL"),
        b"(" + TEXT + b' "mixed")',
        multipart(*[TEXT] * 501),
        b"(" * 25 + TEXT + b' "mixed" ("boundary" "b"))' * 25,
        multipart(TEXT, b'("message" "rfc822" NIL NIL NIL "7bit" 900000)'),
    ],
)
def test_a_structure_that_is_none_is_not_understood(text: bytes) -> None:
    with pytest.raises(NotUnderstood):
        read_structure(structure(text) if text not in (b"NIL", b"()") else ())


ANSWER: dict[bytes, Any] = {
    b"BODY[HEADER]<0>": b'Subject: Hi\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n',
    b"BODY[1.MIME]<0>": b"\r\n",
    b"BODY[1]": b"some text\n",
    b"BODY[2.MIME]<0>": b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n",
}


def rebuilt(answer: dict[bytes, Any], text: bytes = multipart(TEXT, FILE)) -> bytes:  # a constant
    root = read_structure(structure(text))
    return rebuild(root, plan(root, 100_000), answer)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (b"", "attachment;\r\n size=570000"),
        (b"Content-ID: <logo@shop.example>\r\n", "inline;\r\n size=570000"),
        (b"Content-Disposition: attachment\r\n", "attachment;\r\n size=570000"),
        (b"Content-Disposition: inline;\r\n filename=a.pdf;\r\n", "inline;\r\n filename=a.pdf;\r\n size=570000"),
        (b"content-disposition: attachment; Size=12\r\nX-A: b\r\n", "attachment; Size=12"),
    ],
)
def test_the_decoded_size_of_a_left_out_body_is_noted(field: bytes, expected: str) -> None:
    header = ANSWER[b"BODY[2.MIME]<0>"].removesuffix(b"\r\n") + field + b"\r\n"
    mail = email.message_from_bytes(rebuilt(ANSWER | {b"BODY[2.MIME]<0>": header}))
    _, text, file = mail.walk()
    assert text.get_payload() == "some text\n"
    assert file["Content-Disposition"] == expected
    assert file.get_payload() == ""


@pytest.mark.parametrize("missing", [b"BODY[HEADER]<0>", b"BODY[1.MIME]<0>", b"BODY[1]", b"BODY[2.MIME]<0>"])
@pytest.mark.parametrize("nil", [True, False])
def test_an_answer_with_a_hole_is_not_understood(missing: bytes, nil: bool) -> None:
    answer = ANSWER | {missing: None}
    if not nil:
        del answer[missing]
    with pytest.raises(NotUnderstood):
        rebuilt(answer)


def test_a_boundary_that_the_header_does_not_have_is_not_understood() -> None:
    with pytest.raises(NotUnderstood, match="boundary"):
        rebuilt(ANSWER | {b"BODY[HEADER]<0>": b"Content-Type: multipart/mixed\r\n\r\n"})


def test_a_boundary_of_digits_is_a_boundary() -> None:
    answer = ANSWER | {b"BODY[HEADER]<0>": b"Content-Type: multipart/mixed; boundary=0042\r\n\r\n"}
    assert b"\r\n--0042--\r\n" in rebuilt(answer, multipart(TEXT, FILE, boundary=b"0042"))
    answer[b"BODY[HEADER]<0>"] = b"Content-Type: multipart/mixed; boundary=42\r\n\r\n"
    assert b"\r\n--42--\r\n" in rebuilt(answer, multipart(TEXT, FILE, boundary=b"42"))
