"""From raw bytes to exactly one outcome."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import Action, Author, Channel, Outcome
from interest_ingest.ingest.reading import MAX_CARDS, NEVER, arrival, read
from interest_ingest.ingest.rules import Rules
from interest_ingest.parsing import Changed, Ignored, Interest, Mail, Match, Parser
from interest_ingest.parsing.contract import ReadFunction
from tests.mails import Sample, comment, form, letter

ANY = Match(from_domain="shop.example")


def rules_with(*parsers: Parser, **values: Any) -> Rules:
    """Rules that know no parsers but these."""
    rules = Rules(**values)
    vars(rules)["parsers"] = parsers  # where cached_property keeps it
    return rules


def parser_of(read_mail: ReadFunction, name: str = "shop.test", **options: Any) -> Parser:
    return Parser(name, 1, ANY, read_mail, **options)


def yielding(*interests: Interest) -> ReadFunction:
    def read_mail(_: Mail) -> tuple[Interest, ...]:
        return interests

    return read_mail


RAW = b"From: a@shop.example\r\nTo: desk@shop.example\r\nDate: Sat, 21 Nov 2026 09:15:00 +0000\r\n\r\nhello"


def request(text: str = "hello", **author: str) -> Interest:
    return Interest(channel=Channel.FORM, action=Action.REQUEST, text=text, author=Author(**author))


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n \r\n", b"\x89PNG\r\n\x1a\n\x00\x00IHDR", b"%PDF-1.7\n1 0 obj\n", b"just words"]
)
def test_what_is_no_mail_is_ignored(raw: bytes) -> None:
    assert (read(raw).outcome, read(raw).reason) == (Outcome.IGNORED, "no mail")


@pytest.mark.parametrize("sample", [letter(1), comment(2), form(3)], ids=["letter", "comment", "form"])
def test_the_built_in_parsers_read_the_samples(sample: Sample) -> None:
    reading = read(sample.raw)
    assert [(card.source, card.text) for card in reading.cards] == [(sample.source, sample.text)]


def test_yielding_nothing_is_no_interest_and_ignored_names_its_reason() -> None:
    def digest(mail: Mail) -> Iterator[Interest]:
        raise Ignored("digest")
        yield

    assert read(RAW, rules_with(parser_of(yielding()))).reason == "no interest"
    assert read(RAW, rules_with(parser_of(digest))).reason == "digest"


def test_a_changed_template_and_a_bug_are_quarantined_the_bug_with_its_trace() -> None:
    def changed(mail: Mail) -> list[Interest]:
        raise Changed("no author link")

    def bug(mail: Mail) -> list[Interest]:
        raise KeyError("secret words of a customer")

    reading = read(RAW, rules_with(parser_of(changed)))
    assert (reading.outcome, reading.reason) == (Outcome.QUARANTINED, "template changed: no author link")
    broken = read(RAW, rules_with(parser_of(bug)))
    assert (broken.outcome, broken.reason) == (Outcome.QUARANTINED, "parser error")
    assert "in bug" in (broken.trace or "")


def test_two_parsers_without_precedence_are_ambiguous() -> None:
    one, two = parser_of(yielding(request()), "shop.one"), parser_of(yielding(request()), "shop.two")
    assert (read(RAW, rules_with(one, two)).reason or "").startswith("ambiguous")
    own_repair = parser_of(yielding(request("mended")), "shop.two", instead_of=("shop.one",))
    assert [card.text for card in read(RAW, rules_with(one, own_repair)).cards] == ["mended"]


def test_a_fallback_that_yields_nothing_passes_the_mail_on() -> None:
    first = parser_of(yielding(), "form.x", fallback=1)
    second = parser_of(yielding(request("by the second")), "mail.x", fallback=2)
    assert [card.text for card in read(RAW, rules_with(second, first)).cards] == ["by the second"]
    assert read(RAW, rules_with(first)).outcome is Outcome.UNMATCHED


def test_a_mail_of_our_own_people_and_their_profile_are_no_interest() -> None:
    fallback = parser_of(yielding(request()), "mail.x", fallback=2)
    assert read(RAW, rules_with(fallback, own_addresses=frozenset({"a@shop.example"}))).reason == "own mail"
    ours = parser_of(yielding(request(profile_url="https://vk.com/us/")), link_hosts=("vk.com",))
    assert read(RAW, rules_with(ours, own_profiles=frozenset({"https://vk.com/us"}))).outcome is Outcome.IGNORED


def test_a_form_that_the_site_sends_from_our_own_address_is_no_mail_of_ours() -> None:
    ours = rules_with(*Rules().parsers, own_addresses=frozenset({"noreply@shop.example"}))
    assert [card.text for card in read(form(3).raw, ours).cards] == [form(3).text]


def test_a_digest_gives_several_cards_and_not_more_than_the_limit() -> None:
    many = parser_of(yielding(*[request(f"number {n}") for n in range(MAX_CARDS + 7)]))
    assert len(read(RAW, rules_with(many)).cards) == MAX_CARDS


def test_the_arrival_is_in_the_topmost_received_field() -> None:
    received = (
        b"Received: from a by b; Sat, 21 Nov 2026 10:00:00 +0100\r\nReceived: x; Mon, 1 Jan 2001 00:00:00 +0000\r\n"
    )
    assert arrival(Mail.from_bytes(received + RAW)) == datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert arrival(Mail.from_bytes(b"Received: by someone, some day\r\n" + RAW)) == datetime(
        2026, 11, 21, 9, 15, tzinfo=UTC
    )
    assert arrival(Mail.from_bytes(b"Subject: undated\r\n\r\nhello")) == NEVER


def test_a_mail_over_the_limit_gives_a_shortened_card() -> None:
    reading = read(RAW + b"\r\nmore words " * 2_200_000)
    assert (reading.outcome, len(reading.cards)) == (Outcome.OVERSIZE, 1)
    cut_by_the_mailbox = read(RAW, size=30_000_000)
    assert (cut_by_the_mailbox.outcome, cut_by_the_mailbox.cards[0].text) == (Outcome.OVERSIZE, "hello")


@given(st.binary(max_size=400), st.sampled_from([b"", RAW, comment(1).raw, b"Subject: x\r\n"]))
def test_any_bytes_come_to_exactly_one_outcome_twice_the_same(tail: bytes, head: bytes) -> None:
    reading = read(head + tail)
    assert reading.outcome in Outcome
    assert reading == read(head + tail)
