"""Form services: the ids that make an event, and what only looks like the site that a form stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.cards import Outcome
from interest_ingest.ingest.reading import read
from tests.test_parsers.test_forms import mail

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("tilda/ru-br-underscores", "request 1234567:89012345"),
        ("tilda/ru-order", "order samovar.example 1905550417"),
        ("shopify/en-order", "order garden.myshopify.example 1042"),
        ("jotform/en-structure-only", "submission 5504170417041704170"),
        ("google_forms/de-notice-of-an-add-on", "response ACYDBNi4170417"),
        ("wix/en-question-is-the-message", None),
    ],
)
def test_the_services_own_number_is_the_key_of_the_event(file: str, key: str | None) -> None:
    """Without one there is none: two submissions to one form are two cards."""
    (card,) = read((FIXTURES / f"{file}.eml").read_bytes()).cards
    assert card.event_key == key


def test_a_link_to_the_service_is_not_the_page_of_the_form() -> None:
    text = (
        "Name: Ada Moss\nEmail: ada@moss.example\nMessage: Flour?\n\nView: https://app.netlify.com/sites/mill/forms/1\n"
    )
    (card,) = read(mail(text, sender="mill.example <formresponses@netlify.com>", subject="Form submission")).cards
    assert (card.source, card.source_url, card.text) == ("netlify", None, "Flour?")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("Name: Ada Moss Email: ada@moss.example Message: Open at 7: or later?", "Open at 7: or later?"),
        pytest.param("name: Ada Moss email: ada@moss.example message: Email: is mine", "Email: is mine"),
        pytest.param("Full Name: Ada Moss email-2: ada@moss.example Field 3: Is it open?", "Is it open?"),
    ],
)
def test_webflows_one_line_is_parted_at_its_names(text: str, told: str) -> None:
    raw = mail(
        f"Form Contact Site Mill Submitted content {text}",
        sender="Webflow forms <no-reply-forms@webflow.com>",
        subject="New form submission on Webflow for Mill",
    )
    (card,) = read(raw).cards
    assert (card.author.name, card.author.email, card.text) == ("Ada Moss", "ada@moss.example", told)


def test_a_submission_without_any_known_field_is_told_to_the_operator() -> None:
    raw = mail("View it.\n", sender="Wix <notifications@wix-forms.com>", subject="Contact got a new submission")
    assert read(raw).outcome is Outcome.QUARANTINED
