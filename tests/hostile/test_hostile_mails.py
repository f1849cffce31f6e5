"""T-13: more than 500 hostile mails through everything that reads them: no crash, no bug, no mail that costs much."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles

import pytest

from interest_ingest.cards import Outcome
from interest_ingest.ingest.processing import process
from interest_ingest.store import Landing, Store
from tests.hostile.mails import MIB, hostile_mails
from tests.hostile.measuring import RULES, Cost, costs
from tests.torture import TORTURE, report, scale

SIZE = scale(8 * 1024, MIB)
"""Bytes of a text bomb; the long run takes what the limits let through."""

EACH = scale(5, 1)
"""Every so many goes through the workers and the store."""

BUGS = ("reading error", "parser error", "poison")
WITHOUT_REASON = (Outcome.CARDS, Outcome.OVERSIZE, Outcome.UNMATCHED, Outcome.DUPLICATE)
NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def measured() -> list[Cost]:
    return costs(SIZE)


def test_each_hostile_mail_has_one_outcome_and_cards_or_a_reason(measured: list[Cost]) -> None:
    """T-13: none of them meets a bug of ours, and nothing ends without a word on why."""
    assert len(measured) >= 500
    assert len({one.name for one in measured}) == len(measured)
    bugs = {one.name: one.reading.trace for one in measured if (one.reading.reason or "").startswith(BUGS)}
    assert bugs == {}
    for one in measured:
        assert bool(one.reading.cards) == (one.reading.outcome in (Outcome.CARDS, Outcome.OVERSIZE)), one.name
        assert one.reading.reason or one.reading.outcome in WITHOUT_REASON, one.name


def test_no_hostile_mail_costs_much(measured: list[Cost]) -> None:
    """T-13: CPU p99 of 0.5 s and p100 of 10 s, and 512 MB of memory for the process that reads them."""
    cpu = sorted(one.cpu for one in measured)
    p99 = quantiles(cpu, n=100)[98]
    peak = max(one.peak for one in measured)
    dearest = max(measured, key=lambda one: one.cpu)
    report("T-13 hostile mails", mails=len(cpu), kb=SIZE // 1024, p99_s=p99, p100_s=cpu[-1], peak_mb=peak)
    assert p99 <= 0.5, sorted(((one.cpu, one.name) for one in measured), reverse=True)[:10]
    assert cpu[-1] <= 10, dearest.name
    assert peak <= 512, max(measured, key=lambda one: one.peak).name


def test_no_hostile_mail_is_lost_between_the_ledger_and_the_cards(tmp_path: Path, measured: list[Cost]) -> None:
    """T-13: landed, read by the workers and recorded, each has the outcome that reading alone gives it."""
    mails = [raw for _, raw in hostile_mails(SIZE)][::EACH]
    with Store.open(f"sqlite:///{tmp_path}/hostile.db") as store:
        epoch = store.open_epoch(store.mailbox("hostile", "INBOX"), 1, None)
        landings = [Landing(uid, raw, NOW, len(raw), True, "") for uid, raw in enumerate(mails, start=1)]
        for start in range(0, len(landings), 50):
            store.land(epoch.id, landings[start : start + 50])
        outcomes = process(store, RULES, processes=2)
        ledger = list(store.mails())
    assert outcomes.total() == len(mails) == len(ledger)
    assert Counter(Outcome(mail["outcome"]) for mail in ledger) == outcomes
    alone = Counter(one.reading.outcome for one in measured[::EACH])
    known = outcomes.pop(Outcome.DUPLICATE)  # carriers of one event, with different bombs
    assert outcomes + Counter({Outcome.CARDS: known}) == alone
    if TORTURE:
        report("T-13 workers and store", mails=len(mails), **{str(key): count for key, count in outcomes.items()})
