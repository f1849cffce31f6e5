"""`make bench`: measures, prints, and rewrites the marked block of docs/performance.md.

The last lines are of the form `ratio NAME VALUE`. Rounds of the naive reference and of the product take turns, so that
other load on the machine meets both; each figure is the median of its rounds.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench.measure import Measured, fill, naive, product
from bench.memory import daemon_memory
from tests.servers import dovecot
from tests.servers.dovecot import Dovecot

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BLOCK = re.compile(r"(?<=<!-- bench:begin -->\n).*(?=<!-- bench:end -->)", re.DOTALL)
MEMORY_STEPS = (2_000, 20_000)


def main() -> None:
    """Measure what the arguments say."""
    options = _arguments()
    if lacking := dovecot.missing():
        raise SystemExit(f"the bench needs a mail server: {lacking}; run: apt-get install dovecot-imapd")
    with tempfile.TemporaryDirectory(prefix="interest-bench-") as name:
        folder = Path(name)
        lines, ratios = _end_to_end(folder, options.mails, options.naive, options.rounds)
        if options.memory:
            more_lines, more_ratios = _memory(folder)
            lines, ratios = lines + more_lines, ratios | more_ratios
    block = "\n".join([_machine(), "", *lines]) + "\n"
    print(f"\n{block}")
    if options.write:
        PAGE.write_text(BLOCK.sub(lambda _: block, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    for key, value in ratios.items():
        print(f"ratio {key} {value:.2f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the product against a naive reference.")
    parser.add_argument("--mails", type=int, default=5000, help="mails that the product reads in a round")
    parser.add_argument("--naive", type=int, default=1000, help="how many of them the naive reference reads")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-memory", dest="memory", action="store_false", help="leave out the daemon's memory")
    parser.add_argument("--no-write", dest="write", action="store_false", help="leave docs/performance.md as it is")
    return parser.parse_args()


def _end_to_end(folder: Path, mails: int, sample: int, rounds: int) -> tuple[list[str], dict[str, float]]:
    readers: dict[str, tuple[Callable[[Path, Dovecot, int], Measured], int]] = {
        "naive reference": (naive, min(sample, mails)),
        "interest-ingest poll": (product, mails),
    }
    found: dict[str, list[Measured]] = {name: [] for name in readers}
    with dovecot.running() as server:
        _say(f"{mails} mails for the mail server …")
        fill(server, range(mails))
        for turn in range(1, rounds + 1):
            for name, (reader, count) in readers.items():
                fresh = Path(tempfile.mkdtemp(dir=folder))
                found[name].append(reader(fresh, server, count))
                shutil.rmtree(fresh)
                _say(f"round {turn}: {name}, {count} mails: {found[name][-1].rate:.0f} mails/s")
    first, second = (_median(runs) for runs in found.values())
    lines = [
        f"From Dovecot over IMAP (loopback, no TLS) into SQLite, {rounds} rounds in turns, medians:",
        "",
        "| reader | mails a round | mails/s | CPU s per 1,000 mails | peak RSS MB |",
        "|---|--:|--:|--:|--:|",
        *(_row(name, one) for name, one in zip(readers, (first, second), strict=True)),
        "",
        f"The product reads {second.rate / first.rate:.1f} times as many mails a second, with "
        f"{first.cpu_per_1000 / second.cpu_per_1000:.1f} times less CPU.",
    ]
    ratios = {
        "end_to_end_vs_naive": second.rate / first.rate,
        "cpu_vs_naive": first.cpu_per_1000 / second.cpu_per_1000,
    }
    return lines, ratios


def _memory(folder: Path) -> tuple[list[str], dict[str, float]]:
    few, many = MEMORY_STEPS
    _say(f"the daemon's memory after {few:,} and after {many:,} mails …")
    with dovecot.running() as server:
        fresh = Path(tempfile.mkdtemp(dir=folder))
        after_few, after_many = daemon_memory(fresh, server, list(MEMORY_STEPS))
    line = (
        f"The daemon's resident memory, its child processes included: {after_few:.0f} MB after {few:,} mails, "
        f"{after_many:.0f} MB after {many:,}."
    )
    return ["", line], {f"rss_{many}_vs_{few}": after_many / after_few, f"rss_mb_{many}": after_many}


def _median(runs: list[Measured]) -> Measured:
    def middle(value: Callable[[Measured], float]) -> float:
        return statistics.median(value(run) for run in runs)

    mails = runs[0].mails
    return Measured(mails, middle(lambda r: r.seconds), middle(lambda r: r.cpu), middle(lambda r: r.rss_mb))


def _row(name: str, one: Measured) -> str:
    return f"| {name} | {one.mails:,} | {one.rate:.0f} | {one.cpu_per_1000:.2f} | {one.rss_mb:.0f} |"


def _machine() -> str:
    info = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.+)", info.read_text(encoding="utf-8")) if info.exists() else []
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({models[0] if models else platform.machine()}), "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}."
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
