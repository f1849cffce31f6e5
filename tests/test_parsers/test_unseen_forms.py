"""Forms and other mails that nobody has seen: what share of them is read right, and that a letter stays a letter."""

from __future__ import annotations

from random import Random
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.cards import Outcome
from interest_ingest.ingest.reading import read
from tests.test_parsers.unseen_forms import unseen_form, wrong_fields
from tests.test_parsers.unseen_noise import unseen_noise

FORMS: Final = 500
NOISE: Final = 400
RIGHT: Final = 0.99


def test_of_the_fields_of_unseen_forms_99_percent_are_read_right() -> None:
    """The same forms each time: `python -m tests.test_parsers.unseen_forms 10000 1` tries others."""
    fields, wrong = 0, []
    for number in range(FORMS):
        form = unseen_form(Random(f"suite {number}"))
        told = [field for field, value in form.truth.items() if value != "*"]
        found = wrong_fields(form, read(form.raw))
        fields += len(told)
        wrong += [(number, form.kind, found)] * (len(told) if "outcome" in found else len(found))
    assert len(wrong) <= fields * (1 - RIGHT), wrong


@given(st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None, derandomize=True)
def test_an_unseen_form_gives_one_card_with_the_customers_address(random: Random) -> None:
    """Whatever becomes of other fields, no lead is lost, and none is answered to somebody else."""
    form = unseen_form(random)
    reading = read(form.raw)
    assert reading.outcome is Outcome.CARDS, form.raw.decode()
    (card,) = reading.cards
    assert card.author.email == (form.truth["email"].lower() or None), form.raw.decode()


def test_nothing_else_becomes_a_form() -> None:
    """Letters with signatures and lists, invoices, parcels, reports, notices, receipts, in sixteen languages."""
    taken = []
    for number in range(NOISE):
        noise = unseen_noise(Random(f"suite {number}"))
        cards = read(noise.raw).cards
        if [card.channel for card in cards if card.channel == "form"] or (noise.letter and len(cards) != 1):
            taken.append((number, noise.kind))
    assert taken == []
