"""What the daemon uses, sampled, and how that changes with time."""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

DAY = 86_400.0
PAGE = 4096


@dataclass(frozen=True)
class Sample:
    """One look at a daemon: `life` counts its restarts, `at` and `age` are in seconds, memory in MB."""

    at: float
    life: int
    age: float
    rss: float
    children_rss: float
    children: int
    fds: int
    threads: int


def look(pid: int) -> dict[str, float] | None:
    """The process and its descendants; None if it is gone."""
    try:
        below = descendants(pid)
        return {
            "rss": _rss(pid),
            "children_rss": sum(map(_rss, below)),
            "children": len(below),
            "fds": sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir()),
            "threads": sum(1 for _ in Path(f"/proc/{pid}/task").iterdir()),
        }
    except OSError:
        return None


def descendants(pid: int) -> list[int]:
    """All processes below `pid`."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            below = [int(word) for word in listed.read_text().split()]
        except OSError:
            continue
        found += [each for child in below for each in (child, *descendants(child))]
    return found


def _rss(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE / 1e6
    except OSError:
        return 0.0


class Sampler(threading.Thread):
    """Samples the daemon that `current` names (its pid, its life, when that began), every `every` seconds."""

    def __init__(self, current: Callable[[], tuple[int, int, float] | None], every: float) -> None:
        super().__init__(daemon=True)
        self.samples: list[Sample] = []
        self._current = current
        self._every = every
        self._over = threading.Event()
        self._began = time.monotonic()

    def run(self) -> None:
        while not self._over.wait(self._every):
            current = self._current()
            if current and (seen := look(current[0])):
                now = time.monotonic()
                fields = {
                    key: int(value) if key in ("children", "fds", "threads") else value for key, value in seen.items()
                }
                self.samples.append(Sample(at=now - self._began, life=current[1], age=now - current[2], **fields))  # type: ignore[arg-type]  # as `look` made them

    def stop(self) -> None:
        self._over.set()
        self.join()


def slopes(samples: Iterable[Sample], warm_up: float) -> dict[str, dict[str, float]]:
    """For each figure: its slope per day with its standard error, over all lives, each after its warm-up.

    A life has its own level: the slope is that of the samples around the means of their lives.
    """
    lives: defaultdict[int, list[Sample]] = defaultdict(list)
    for sample in samples:
        if sample.age >= warm_up:
            lives[sample.life].append(sample)
    long_enough = [life for life in lives.values() if len(life) >= 6]
    if not long_enough:
        return {}
    names = ("rss", "children_rss", "fds", "threads", "children")
    return {name: _slope(long_enough, name) for name in names}


def _slope(lives: list[list[Sample]], name: str) -> dict[str, float]:
    xs: list[float] = []
    ys: list[float] = []
    for life in lives:
        ages = [one.age for one in life]
        values = [float(getattr(one, name)) for one in life]
        xs += [age - statistics.fmean(ages) for age in ages]
        ys += [value - statistics.fmean(values) for value in values]
    spread = sum(x * x for x in xs)
    slope = sum(x * y for x, y in zip(xs, ys, strict=True)) / spread
    rest = sum((y - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    error = math.sqrt(rest / max(1, len(xs) - len(lives) - 1) / spread)
    every = [float(getattr(one, name)) for life in lives for one in life]
    return {
        "per_day": slope * DAY,
        "error": error * DAY,
        "lowest": min(every),
        "median": statistics.median(every),
        "highest": max(every),
        "samples": len(every),
        "hours": sum(life[-1].age - life[0].age for life in lives) / 3600,
    }


def as_rows(samples: Iterable[Sample]) -> list[dict[str, float]]:
    """For the JSON file."""
    return [{key: round(value, 3) for key, value in asdict(one).items()} for one in samples]
