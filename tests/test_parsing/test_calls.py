"""Who called: name and number out of what telephone services show, and what is no call of a customer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import Action, Author
from interest_ingest.parsing import Changed, Ignored
from interest_ingest.parsing.calls import (
    caller_of,
    digits,
    duration_in,
    kind_of,
    numbers_in,
    own_number,
    reported,
    russian,
    transcript_in,
)


@pytest.mark.parametrize(
    ("written", "name", "phone"),
    [
        ('"Anna Moss" <+441632960111>', "Anna Moss", "+441632960111"),
        ("Anna Moss (555) 010-0142", "Anna Moss", "(555) 010-0142"),
        ("Moss, Anna 5550100142", "Moss, Anna", "5550100142"),
        ('"5550100142" <5550100142>', None, "5550100142"),
        ("Anna Moss on 11/21/2026 3:05 PM", "Anna Moss", None),
        ("Tea & Co. Ltd. +44 1632 960142 at 7:40 PM", "Tea & Co. Ltd", "+44 1632 960142"),
        ("(555) 010-0142 x12", None, "(555) 010-0142"),
        ("тел. +380 67 000 11 22", None, "+380 67 000 11 22"),
        ("Анна, +7 (900) 000-01-42", "Анна", "+7 (900) 000-01-42"),
        ('"Front Desk" <101>', "Front Desk", "101"),
        ('"Anonymous" <anonymous>', None, None),
        ("Unknown Caller", None, None),
        ("номер не определён", None, None),
        ("WIRELESS CALLER 5550100142", None, "5550100142"),
        ("", None, None),
    ],
)
def test_name_and_number_of_a_caller(written: str, name: str | None, phone: str | None) -> None:
    assert caller_of(written) == Author(name=name, phone=phone)


@given(st.text(max_size=300))
def test_a_number_is_made_of_digits_that_stand_there(written: str) -> None:
    """Whatever is written: no digit of a number is invented, and no number is longer than E.164 allows."""
    phone = caller_of(written).phone or ""
    assert digits(phone) in digits(written)
    assert len(digits(phone)) <= 15


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("New Voice Message from Fax Center", "voicemail"),
        ("New Call from Voicemail Ltd", "call"),
        ("Облачная АТС - У вас новое сообщение голосовой почты", "voicemail"),
        ("Пропущенный вызов", "call"),
        ("Verpasster Anruf", "call"),
        ("Nouveau SMS de +33 6 00 00 01 42", "message"),
        ("Получен факс", "fax"),
        ("Your invoice", None),
    ],
)
def test_kind_is_told_by_the_first_word_that_tells(text: str, kind: str | None) -> None:
    assert kind_of(text) == kind


def test_dates_times_and_addresses_are_no_numbers() -> None:
    text = "On 20.11.2026 15:12:44 and 11/21/2026, 2026-11-21, from 192.0.2.10: call +1 555 010 0142, order 4711"
    assert numbers_in(text) == ["+1 555 010 0142"]


def test_our_own_number_is_the_one_that_did_not_call() -> None:
    numbers = ["(555) 010-0142", "(555) 010-0199"]
    assert own_number(numbers, "+15550100142") == "(555) 010-0199"
    assert own_number(numbers[:1], "+15550100142") is None


@pytest.mark.parametrize(
    ("kind", "author"),
    [
        pytest.param("call", Author(), id="nobody to call back"),
        pytest.param("voicemail", Author(name="Desk", phone="101"), id="between our own telephones"),
        pytest.param("message", Author(phone="22395"), id="a program's code"),
    ],
)
def test_what_is_no_call_of_a_customer(kind: str, author: Author) -> None:
    with pytest.raises(Ignored):
        reported(kind, author, text="" if kind == "call" else "Your code is 1234")


def test_a_recording_of_nobody_known_is_still_heard() -> None:
    card = reported("voicemail", Author(), account="100", mailbox="100", duration="0:12")
    assert (card.action, card.labels) == (Action.CALL, {"Mailbox": "100", "Duration": "0:12"})
    with pytest.raises(Changed):
        reported("voicemail", Author())


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("a 0:42 long message", "0:42"),
        ("Length: 1:02:45", "1:02:45"),
        ("Длительность: 12 сек", "12 сек"),
        ("3:12 PM", ""),
    ],
)
def test_duration(text: str, length: str) -> None:
    assert duration_in(text) == length


def test_transcript_is_the_paragraph_at_its_label() -> None:
    assert transcript_in('Voicemail Preview: "Call me\nplease."\n\nThank you') == "Call me\nplease."
    assert transcript_in("no such line") == ""


@pytest.mark.parametrize("written", ["9030000142", "89030000142", "+7 903 000-01-42"])
def test_russian_numbers_have_their_country(written: str) -> None:
    assert russian(written) == "+79030000142"
    assert russian("+441632960142") == "+441632960142"
