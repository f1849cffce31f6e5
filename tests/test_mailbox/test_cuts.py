"""T-04: wherever a connection is cut, nothing is lost or doubled, and the next poll has what was missing."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from interest_ingest.ingest.intake import PollOptions, poll_mailbox
from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import MailboxError
from interest_ingest.mailbox.wire import tls_context
from interest_ingest.store import Store
from tests.mails import samples
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Direction, Fault, Kind, Proxy, between
from tests.torture import report, scale

MAILS = samples(8)
STEP = 16
OFFSETS = scale(12, 600)
"""Cuts of each connection, clear and TLS."""

KINDS: tuple[Kind, ...] = ("rst", "fin", "stall")
LIMITS = Limits(read_seconds=0.3, command_seconds=1.0, poll_seconds=5.0, chunk_bytes=1000)


@dataclass
class Bench:
    """One mailbox behind the proxy, and an empty database to copy."""

    proxy: Proxy
    account: Account
    empty: Path

    def poll(self, store: Store) -> None:
        poll_mailbox(store, self.account, PollOptions())


@pytest.fixture(params=["clear", "TLS"])
def desk(
    request: pytest.FixtureRequest, dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bench]:
    user = f"cuts{request.param}".lower()
    for sample in MAILS:
        dovecot.deliver(user, sample.raw)
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate))
    tls_context.cache_clear()
    Store.open(f"sqlite:///{tmp_path}/empty.db").close()
    with between(dovecot.imaps_port if request.param == "TLS" else dovecot.imap_port) as proxy:
        account = Account(user, dovecot.host, user, dovecot.password, proxy.port, "none", limits=LIMITS)
        secure = replace(account, tls="implicit")
        yield Bench(proxy, secure if request.param == "TLS" else account, tmp_path / "empty.db")
    tls_context.cache_clear()


def faults(passed: dict[Direction, int], number: int) -> list[Fault]:
    """So many of the cuts at every STEP bytes of a whole conversation, in both directions."""
    every = [
        Fault(kind, direction, at)
        for direction, kind in product(get_args(Direction), KINDS)
        for at in range(0, passed[direction], STEP)
    ]
    return random.Random(4).sample(every, min(number, len(every)))


def test_a_cut_at_any_byte_loses_nothing_and_doubles_nothing(desk: Bench, request: pytest.FixtureRequest) -> None:
    """T-04. One flipped bit, which only TLS can notice, is not among the cuts."""
    whole = _fresh(desk, "whole")
    with whole:
        desk.poll(whole)
        assert _raws(whole) == _truth()
    broken = struck = 0
    cuts = faults(dict(desk.proxy.passed), OFFSETS)
    for number, fault in enumerate(cuts):
        desk.proxy.fault, before = fault, desk.proxy.struck
        with _fresh(desk, "cut") as store:
            try:
                desk.poll(store)
            except MailboxError:
                broken += 1
            struck += desk.proxy.struck > before
            desk.proxy.fault = None
            desk.poll(store)
            assert _raws(store) == _truth(), f"cut {number}: {fault}"
    assert broken > len(cuts) / 2, "the proxy hurts too little for this test to tell anything"
    report(f"T-04 {request.node.callspec.id}", offsets=len(cuts), struck=struck, broken=broken, lost=0, doubled=0)


def _fresh(desk: Bench, name: str) -> Store:
    for left in desk.empty.parent.glob(f"{name}.db*"):
        left.unlink()
    file = desk.empty.with_name(f"{name}.db")
    shutil.copyfile(desk.empty, file)
    return Store.open(f"sqlite:///{file}")


def _raws(store: Store) -> Counter[bytes]:
    """What has landed, one for each row of the ledger: a mail in two rows counts twice, one without bytes is empty."""
    return Counter((store.raw(mail["mail_id"]) or b"") if mail["mail_id"] else b"" for mail in store.mails())


def _truth() -> Counter[bytes]:
    return Counter(sample.raw for sample in MAILS)


@pytest.mark.parametrize("desk", ["TLS"], indirect=True)
def test_a_flipped_bit_is_noticed_by_tls(desk: Bench) -> None:
    """In clear text nobody can."""
    with _fresh(desk, "flip") as store:
        desk.poll(store)
        sizes = dict(desk.proxy.passed)
    for at in random.Random(5).sample(range(sizes["down"] // 4, sizes["down"] - 200), scale(5, 200)):
        desk.proxy.fault = Fault("corrupt", "down", at)
        with _fresh(desk, "flip") as store:
            with pytest.raises(MailboxError):
                desk.poll(store)
            assert {raw for raw in _raws(store) if raw} <= set(_truth())
