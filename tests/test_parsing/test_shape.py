"""The shape of a mail: contents may be what they like, the template may not."""

from __future__ import annotations

import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from interest_ingest.mail import Mail
from interest_ingest.parsing.shape import MAX_PARTS, Shape, shape_of
from interest_ingest.parsing.vocabulary import role_of
from tests.test_watch import replay

PERSON = replay.Person("Anna Petrova", "anna@mail.example", portrait=True, phone="+49 30 123")
HEAD = b"From: a@shop.example\r\nSubject: s\r\nContent-Type: text/%s; charset=utf-8\r\n\r\n"

WORD = st.text(st.characters(categories=("L", "N", "P", "S"), exclude_characters="<>&:：\t\0"), min_size=1, max_size=12)
TEXT = st.lists(WORD, min_size=1, max_size=30).map(" ".join)


def shape(body: str, kind: str = "plain") -> Shape:
    return shape_of(Mail.from_bytes(HEAD % kind.encode() + body.encode("utf-8", "replace")))


def page(author: str = "Anna", text: str = "<p>Is it in stock?</p>", portrait: str = "", link: str = "?t=1") -> str:
    return (
        f'<html><body><table class="frame"><tr><td class="face">{portrait}</td><td class="author"><b>{author}</b></td>'
        f'<td style="color:red"><div class="text">{text}</div></td></tr>'
        f'<tr><td class="foot"><a href="https://s.example/{link}">Answer at the page of this service</a></td></tr>'
    )


def form(name: str = "Anna", text: str = "Hello") -> str:
    return f"A new request came in\n\nName: {name}\nE-mail: a@mail.example\nPhone: 12\nMessage: {text}\n"


@settings(max_examples=60, deadline=None)
@given(WORD, st.lists(TEXT, min_size=1, max_size=5), st.lists(TEXT, max_size=4), st.booleans(), WORD)
def test_whatever_people_write_the_shape_of_a_page_stays(
    author: str, paragraphs: list[str], items: list[str], portrait: bool, token: str
) -> None:
    assume(role_of(author) is None)  # nobody is called Phone; in a cell it would be a label
    text = "".join(f"<p>{one}</p>" for one in paragraphs) + "<ul>" + "".join(f"<li>{one}</li>" for one in items)
    text += (
        f'</ul><blockquote><p>{author}</p></blockquote><a href="https://x.example/{token}">see</a><br><i>{token}</i>'
    )
    picture = '<img src="https://s.example/1.jpg" class="portrait" width="40">' * portrait
    varied = shape(page(author, text, picture, token), "html")
    assert varied.digest == shape(page(), "html").digest


@settings(max_examples=60, deadline=None)
@given(WORD, st.lists(TEXT, min_size=1, max_size=8))
def test_whatever_people_write_the_shape_of_a_form_stays(name: str, lines: list[str]) -> None:
    """Also lines of the message that look like fields, and quoted ones."""
    text = "\n".join([*lines, "Phone: 123", "Budget: none", "> Name: Boris", *lines])
    assert shape(form(name, text)).digest == shape(form()).digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('class="author"', 'class="by-line"'),
        ('class="author"', 'id="author"'),
        ('class="text"', 'class="text wide"'),
        ('<div class="text">', '<section class="text">'),
        ("color:red", "color:red;padding:0"),
        ('<table class="frame">', '<div class="outer"><table class="frame">'),
        ("<b>Anna</b>", '<span class="name">Anna</span>'),
    ],
)
def test_another_way_to_a_field_is_another_shape(old: str, new: str) -> None:
    assert old in page()
    assert shape(page().replace(old, new), "html").digest != shape(page(), "html").digest


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Phone:", "Telephone:"),
        ("Phone: 12\n", ""),
        ("E-mail:", "Mail address:"),
        ("Name: Anna\nE-mail: a@mail.example\n", "E-mail: a@mail.example\nName: Anna\n"),
    ],
)
def test_another_label_or_order_is_another_shape(old: str, new: str) -> None:
    assert shape(form().replace(old, new)).digest != shape(form()).digest


def test_another_order_of_cells_is_another_shape() -> None:
    cells = ('<td class="a">x</td>', '<td class="b">y</td>')
    one, other = (shape(f"<table><tr>{''.join(order)}</tr></table>", "html") for order in (cells, cells[::-1]))
    assert one.digest != other.digest
    assert set(one.parts) == set(other.parts)


def test_a_changed_sentence_is_another_shape_of_the_same_digest() -> None:
    """One mail does not tell which of its sentences are fixed: they are compared over many."""
    old = shape(page(), "html")
    new = shape(page().replace("at the page of this service", "where everybody can see it"), "html")
    assert new != old
    assert (new.digest, new.parts) == (old.digest, old.parts)
    assert set(new.lines) != set(old.lines)


def test_an_optional_section_only_adds_parts() -> None:
    more = page().replace('<td style="color:red">', '<td class="product">Kettle</td><td style="color:red">')
    assert set(shape(more, "html").parts) > set(shape(page(), "html").parts)


def test_a_quoted_mail_is_no_part_of_the_template() -> None:
    quoted = '<div class="gmail_quote"><table class="x"><tr><td class="y">before</td></tr></table></div>'
    assert shape(page() + quoted, "html").digest == shape(page(), "html").digest


def test_names_in_a_chat_are_no_labels() -> None:
    assert shape("Anna: hello\nBoris: good day\nAnna: is it in stock?\n") == shape("Carla: hello\n")._replace(
        lines=shape("Anna: hello\nBoris: good day\nAnna: is it in stock?\n").lines
    )


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_every_mail_has_a_shape_that_can_be_written_and_read(raw: bytes) -> None:
    for head in (b"", HEAD % b"html", HEAD % b"plain"):
        found = shape_of(Mail.from_bytes(head + raw))
        assert Shape.parse(str(found)) == found
        assert len(found.parts) <= MAX_PARTS


@pytest.mark.parametrize("text", ["", "abc", "0" * 16, "0" * 16 + " x ", "0" * 16 + "  " + "a" * 7])
def test_what_is_no_shape_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no shape"):
        Shape.parse(text)


def test_a_source_has_few_shapes_whatever_comes() -> None:
    chance = random.Random(1)
    mails = [replay.review(chance, replay.person(chance), number) for number in range(400)]
    assert (
        len({shape_of(Mail.from_bytes(raw)).digest for raw in mails}) == 3
    )  # a review, a comment with a product, without
