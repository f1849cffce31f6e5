"""Which patterns explode is measured, on texts made from them."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.ingest.patterns import TooLong, attacks, limited, weakness

CATASTROPHIC = (
    r"(?:x+x+)+y",
    r"(a|aa)+$",
    r"(\w+\s?)*$",
    r"([\w.]+)+@shop",
    r"^(.*?,){11}P",
    r"(.*)(.*)(.*)(.*)order",
    r"New order (from|by|from by|by from| )*?:",
    r"([a-z]{1,20}){1,20}!",
    r"(?i)Заказ ((\d+)-?)+ готов",
)
HARMLESS = (
    r"^New order (\d+) by (.+)$",
    r"/orders/(\d+)(?:\?|$)",
    r"\w+@\w+\.\w+",
    r"(?:one|two|three) loaves",
    r"Name:\s*(.{0,300})",
    r"<([^>]+)>",
    r"(?i)(?<!re: )новый заказ",
    r"(a)?(?(1)b|c)",
    "",
)


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_a_pattern_that_explodes_is_found_by_trying(pattern: str) -> None:
    text = weakness(pattern)
    assert text is not None
    assert len(text) <= 40


@pytest.mark.parametrize("pattern", HARMLESS)
def test_an_ordinary_pattern_is_not_accused(pattern: str) -> None:
    assert weakness(pattern) is None


def test_a_pattern_that_is_none_is_said_to_be_none() -> None:
    with pytest.raises(re.error):
        weakness("(")


def test_a_search_that_does_not_come_back_is_ended() -> None:
    began = time.process_time()
    with pytest.raises(TooLong), limited(0.1):
        re.search(r"(x+x+)+y", "x" * 64)
    assert time.process_time() - began < 2


@settings(max_examples=150, deadline=None)
@given(st.from_regex(r"[a-c.*+?()|\[\]\\wds{}2^$-]{1,12}"))
def test_texts_can_be_made_for_any_pattern(pattern: str) -> None:
    """Whatever the parser of `re` takes, this walks through."""
    try:
        re.compile(pattern)
    except (re.error, OverflowError, FutureWarning):
        return
    assert all(isinstance(text, str) for text in attacks(pattern))
