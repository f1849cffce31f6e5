"""T-15: no mail costs more than its size: twice the bomb, at most 2.6 times the CPU time, up to the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from interest_ingest.ingest.reading import read
from interest_ingest.mail.limits import MAX_HTML, MAX_TEXT
from tests.hostile.bombs import PAGE_CARRIERS, PAGES, STRUCTURES, TEXT_CARRIERS, TEXTS, Bomb, Grow, grown
from tests.hostile.measuring import PER_DOUBLING, RULES, growth
from tests.hostile.recorded import carriers
from tests.torture import TORTURE, report, scale

PARSERS = {
    "letter": "mail.letter",
    "form": "form.generic",
    "comment": "wordpress.comment",
    "notice": "wordpress.notice",
    "contact form 7": "contact-form-7.default",
    "facebook": "facebook.notification",
    "vkontakte": "vkontakte.notification",
}
"""Carriers made for the parsers whose patterns are the most; the others are met by recorded mails."""

SHAPES = (
    "blank lines",
    "blanks",
    "one word",
    "On with commas",
    "header blocks apart",
    "quoted and own",
    "labels",
    "form and lines",
    "IP lines",
    "links",
    "encoded redirectors",
    "digit groups",
    "emoji families",
    "dashes",
    "guillemets",
)
"""The bombs of the short run; the long one takes all of them, and all carriers."""


def text_mail(carrier: str, bomb: Bomb) -> Grow:
    return lambda size: TEXT_CARRIERS[carrier](grown(bomb, size))


def page_mail(carrier: str, bomb: Bomb) -> Grow:
    return lambda size: PAGE_CARRIERS[carrier](grown(bomb, size))


def recorded_mail(parser: str, bomb: Bomb) -> Grow:
    return lambda size: carriers()[parser](grown(bomb, size))


def cases() -> Iterator[tuple[str, Grow, int]]:
    """Name, mail by size, and the size from which it is doubled twice."""
    for carrier in TEXT_CARRIERS if TORTURE else PARSERS:
        for shape in TEXTS if TORTURE else SHAPES:
            yield f"{shape} in {carrier}", text_mail(carrier, TEXTS[shape]), scale(4 * 1024, MAX_TEXT // 8)
    for number, parser in enumerate(sorted(carriers())):
        for shape in TEXTS if TORTURE else SHAPES[number % 5 :: 5]:
            grow = recorded_mail(parser, TEXTS[shape])
            yield f"{shape} in a mail of {parser}", grow, scale(4 * 1024, MAX_TEXT // 8)
    for number, carrier in enumerate(PAGE_CARRIERS):
        for shape in PAGES if TORTURE else list(PAGES)[number::12]:
            yield f"{shape} in {carrier}", page_mail(carrier, PAGES[shape]), scale(4 * 1024, MAX_HTML // 5)
    for shape, grow in STRUCTURES.items():
        yield shape, grow, scale(500, 3_000)


def parsed_by(raw: bytes) -> str | None:
    return read(raw, RULES).parser


@pytest.mark.parametrize(("carrier", "parser"), PARSERS.items(), ids=PARSERS)
def test_a_carrier_leads_to_its_parser(carrier: str, parser: str) -> None:
    """Else a bomb would not meet the patterns that it is meant for."""
    assert parsed_by(TEXT_CARRIERS[carrier]("How much is it?")) == parser


def test_twice_the_bomb_costs_at_most_2_6_times_as_much() -> None:
    """T-15: the great parsers at n, 2n and 4n of 15 shapes, the others of 3; all of every bomb in the long run."""
    found = {name: growth(parsed_by, grow, size) for name, grow, size in cases()}
    worst = max(found, key=lambda name: found[name])
    report("T-15 scaling", cases=len(found), worst=found[worst], of=repr(worst))
    assert {name: factor for name, factor in found.items() if factor > PER_DOUBLING} == {}


def test_the_gate_sees_quadratic_work() -> None:
    """A factor of four, as matching each line with all lines costs."""

    def compare(raw: bytes) -> int:
        lines = raw.split(b"\n")
        return sum(one == other for one in lines for other in lines)

    grow: Callable[[int], bytes] = lambda size: b"a\n" * size  # noqa: E731 - a bomb in the shape of the tables
    assert growth(compare, grow, 300) > PER_DOUBLING
