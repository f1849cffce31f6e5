"""What a visitor said, out of the transcript of his chat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.parsing.chats import is_nameless, turns, visitor_words

WORDS = st.text(st.sampled_from("abc éж語 :-[]<&"), min_size=1, max_size=30).map(str.strip).filter(bool)


def line(moment: int, who: str, what: str, brackets: bool) -> str:
    clock = f"2026-11-21 10:{moment % 60:02}:00"
    return f"[{clock}] [{who}] {what}" if brackets else f"{clock} {who}: {what}"


@given(st.lists(st.tuples(st.booleans(), WORDS), min_size=1, max_size=12), st.booleans())
def test_exactly_the_visitors_turns_are_his_words(spoken: list[tuple[bool, str]], brackets: bool) -> None:
    said = [(("Anna Moss" if visitor else "Olga"), what) for visitor, what in spoken]
    text = "\n".join(line(n, who, what, brackets) for n, (who, what) in enumerate(said))
    own = [what for who, what in said if who == "Anna Moss"]
    assert visitor_words(text, "Anna Moss") == ("\n".join(own) if own else text)


def test_a_turn_may_have_several_paragraphs() -> None:
    text = "10:01 Anna: One\n\nEmail: two\n10:02 Olga: Three"
    assert visitor_words(text, "Anna") == "One\n\nEmail: two"


@pytest.mark.parametrize("call", ["Hi, is anyone still here?", "Алло? Есть кто?", "Hallo? Ist jemand da?"])
def test_asking_whether_anybody_is_there_says_nothing(call: str) -> None:
    assert visitor_words(f"10:01 Anna: One ladle\n10:05 Anna: {call}", "Anna") == "One ladle"
    assert visitor_words(f"10:01 Anna: {call}", "Anna") == call  # unless it is all


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("10:01 Visitor 4711: One\n10:02 Olga: Two", "One"),
        ("10:01 Support: Can I help?\n10:02 Anna: One", "One"),
        ("10:01 Olga: Can I help?\n10:02 Anna: One", "10:01 Olga: Can I help?\n10:02 Anna: One"),
        ("No transcript: only words", "No transcript: only words"),
    ],
)
def test_visitor_without_a_known_name(text: str, words: str) -> None:
    """He is named as visitors are, or is the only one who is not of ours; else nobody can tell."""
    assert visitor_words(text, "") == words


@pytest.mark.parametrize("name", ["Visitor", "Посетитель #4711", "guest_12", "Besucher 7"])
def test_names_that_chats_give(name: str) -> None:
    assert is_nameless(name)


@pytest.mark.parametrize("name", ["Gasthaus Linde", "Clientele", "Anna", "Kunde-Meyer"])
def test_names_that_people_have(name: str) -> None:
    assert not is_nameless(name)


def test_a_moment_alone_is_no_turn() -> None:
    assert list(turns("Arrives 10:30 or so: maybe\nURL: https://x.example:8080/")) == []
