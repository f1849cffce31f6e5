"""T-14: whatever a mail is made of, reading it is total, pure and repeatable, and what it gives is valid."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from interest_ingest.cards import InterestCard, Outcome, Reading
from interest_ingest.ingest.reading import read, reading_json
from tests.hostile.measuring import RULES
from tests.hostile.strategies import mails
from tests.hostile.test_hostile_mails import BUGS
from tests.torture import TORTURE, report, scale

EXAMPLES = scale(200, 200_000)
SHARDS = scale(1, 20)
"""The long run is cut, so that processes share it and each tells how far it came."""


def check(raw: bytes) -> Reading:
    """Read `raw` and hold the reading to everything that is promised of each."""
    reading = read(raw, RULES)
    assert not (reading.reason or "").startswith(BUGS), reading.trace
    assert bool(reading.cards) == (reading.outcome in (Outcome.CARDS, Outcome.OVERSIZE))
    assert reading.trace is None
    for card in reading.cards:
        assert InterestCard.model_validate(card.model_dump()) == card
        for text in _texts(card.model_dump(mode="json")):
            text.encode("utf-8")
            assert "\0" not in text
    json.dumps(reading_json(reading))
    assert len(reading.canon_digest) == 64 or reading.reason == "no mail"
    return reading


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for key, one in value.items() for text in (str(key), *_texts(one))]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize("shard", range(SHARDS))
def test_reading_is_total_pure_and_repeatable(shard: int) -> None:
    """T-14: no exception, one outcome, valid cards, and the same again after another mail was read."""
    last: list[tuple[bytes, Reading]] = []
    outcomes: dict[str, int] = {}

    @seed(shard)
    @settings(
        max_examples=EXAMPLES // SHARDS,
        deadline=None,
        database=None,
        derandomize=not TORTURE,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(mails)
    def total(raw: bytes) -> None:
        reading = check(raw)
        for before, told in last:
            assert read(before, RULES) == told
        last[:] = [(raw, reading)]
        outcomes[reading.outcome.value] = outcomes.get(reading.outcome.value, 0) + 1

    total()
    assert sum(outcomes.values()) >= EXAMPLES // SHARDS
    assert {"cards", "ignored", "unmatched"} <= outcomes.keys()
    report(f"T-14 structured mails {shard + 1}/{SHARDS}", examples=sum(outcomes.values()), **outcomes)
