"""What reading one mail costs, measured in a process that does nothing else."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from interest_ingest.cards import Reading
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from tests.hostile.mails import hostile_mails

RULES: Final = Rules(
    sites=(("shop.example", "www.shop.example"),),
    own_addresses=frozenset({"desk@shop.example"}),
    country="RU",
    timezone="Europe/Moscow",
)
"""Everything that a configuration can switch on is on."""


class Cost(NamedTuple):
    """One mail that was read: `cpu` in seconds, `peak` the process's resident memory in MiB while it was read."""

    name: str
    reading: Reading
    cpu: float
    peak: float


def costs(size: int) -> list[Cost]:
    """Read every hostile mail of `size` in a fresh process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_costs, size).result()


def _costs(size: int) -> list[Cost]:
    warm = read(b"From: anna@letter.example\n\nHello", RULES)
    assert warm.cards
    gc.freeze()  # what was imported is not looked through again before each mail
    return list(_measured(size))


def _measured(size: int) -> Iterator[Cost]:
    for name, raw in hostile_mails(size):
        gc.collect()
        _forget_peak()
        begun = time.process_time()
        reading = read(raw, RULES)
        yield Cost(name, reading, time.process_time() - begun, _peak())


def _forget_peak() -> None:
    """Let the kernel begin a new high-water mark (proc(5), clear_refs: 5)."""
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


PER_DOUBLING: Final = 2.6
"""What twice the size may cost: linear is 2, quadratic 4."""

ROUNDS: Final = 8
FLOOR: Final = 0.001
"""Seconds below which a figure is the clock's noise."""


def growth(act: Callable[[bytes], object], grow: Callable[[int], bytes], size: int) -> float:
    """The factor by which `act` costs more for twice the size: the worse one of `size` to twice and to four times.

    CPU seconds of this process, of several rounds the least: other work on the machine only adds. It ends as soon as
    the factor is at most `PER_DOUBLING`, so what is linear costs one round.
    """
    inputs = [grow(size * factor) for factor in (1, 2, 4)]
    least = [float("inf")] * 3
    factor = float("inf")
    gc.collect()
    gc.disable()  # its passes over all objects come at any time
    try:
        for _ in range(ROUNDS):
            least = [min(before, _cpu(act, one)) for before, one in zip(least, inputs, strict=True)]
            factor = max(more / max(less, FLOOR) for less, more in pairwise(least))
            if factor <= PER_DOUBLING:
                break
    finally:
        gc.enable()
    return factor


def _cpu(act: Callable[[bytes], object], given: bytes) -> float:
    begun = time.process_time()
    act(given)
    return time.process_time() - begun
