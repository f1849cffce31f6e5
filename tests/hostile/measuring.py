"""What reading one mail costs, measured in a process that does nothing else."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
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


def least_cpu(act: Callable[[], object], times: int) -> float:
    """CPU seconds of this process for one `act`, the least of so many `times`: other work on the machine only adds."""
    best = float("inf")
    for _ in range(times):
        gc.collect()
        begun = time.process_time()
        act()
        best = min(best, time.process_time() - begun)
    return best
