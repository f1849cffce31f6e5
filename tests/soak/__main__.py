"""The daemon for hours under random faults; at the end every mail must be accounted for.

    python -m tests.soak --hours 1            or --minutes 2

Real servers, the real daemon, about one mail a second of mixed kinds, a fault every minute, people at work. Prints what
was given, what went wrong, what the daemon used, and whether anything was lost; writes it to a JSON file too. Exit code
1 if anything was.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from tests.servers import postgres as postgres_server
from tests.soak.faults import Misfortune, People
from tests.soak.mails import stream
from tests.soak.samples import Sampler, as_rows, slopes
from tests.soak.truth import judge
from tests.soak.world import BOXES, World, world
from tests.torture import report

DUPLICATES = 0.06
"""Share of mails that are given once more, to any mailbox."""

QUIET_SECONDS = (180.0, 1_500.0)
"""How long the rest may take at the end of a short and a long run: a mail may have been put off for 15 minutes."""


def main() -> int:
    options = _options()
    folder = Path(options.folder or tempfile.mkdtemp(prefix="soak-"))
    folder.mkdir(parents=True, exist_ok=True)
    seconds = options.minutes * 60 if options.minutes else options.hours * 3600
    dice = random.Random(options.seed)
    with world(folder, options.database) as made:
        result = soak(made, dice, seconds, options)
    text = json.dumps(result, indent=1, ensure_ascii=False)
    (folder / "soak.json").write_text(text, encoding="utf-8")
    _tell(result)
    print(f"\nThe whole of it: {folder}/soak.json, the daemon's log: {folder}/daemon.log")
    return 1 if any(result["verdict"].values()) or result["broken"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="The daemon under random faults.")
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--minutes", type=float, default=0.0, help="in place of hours")
    parser.add_argument("--rate", type=float, default=1.0, help="mails a second")
    parser.add_argument("--fault-seconds", type=float, default=60.0)
    default = "sqlite" if postgres_server.missing() else "postgresql"
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default=default)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--folder", help="for the log and the results; a new one in /tmp unless told")
    return parser.parse_args()


def soak(made: World, dice: random.Random, seconds: float, options: argparse.Namespace) -> dict[str, Any]:
    """Give mails for so long, wait until all is quiet, and compare."""
    for box in BOXES:
        made.deliver(box, next(stream(options.seed + len(box))))
    made.start()
    sampler = Sampler(made.current, min(10.0, seconds / 30))
    misfortune = Misfortune(made, dice, min(options.fault_seconds, seconds / 6), deadly_for=seconds * 0.4)
    people = People(made, dice)
    for thread in (sampler, misfortune, people):
        thread.start()
    _give(made, dice, seconds, options)
    misfortune.stop()
    quiet_after = _await_quiet(made, QUIET_SECONDS[seconds > 1_000])
    people.stop()
    sampler.stop()
    status = _asked(made, "status")
    stopped_with = made.stop()
    verify = _asked(made, "verify")
    verdict = judge(made, people.wrote, verify[1])
    warm_up = min(300.0, seconds / 5)
    broken = _broken(made, misfortune, stopped_with, quiet_after)
    return {
        "seed": options.seed,
        "hours": round(seconds / 3600, 3),
        "database": options.database,
        "mails": sum(made.counts.values()),
        "kinds": dict(made.counts),
        "faults": dict(misfortune.happened),
        "lives": made.life,
        "edits": len(people.wrote),
        "quiet_after_seconds": quiet_after,
        "slowest_stop_seconds": round(made.slowest_stop, 1),
        "verdict": verdict.numbers(),
        "examples": verdict.examples,
        "broken": broken,
        "use": slopes(sampler.samples, warm_up),
        "status": status,
        "verify": verify,
        "samples": as_rows(sampler.samples),
    }


def _give(made: World, dice: random.Random, seconds: float, options: argparse.Namespace) -> None:
    mails = stream(options.seed)
    begin = time.monotonic()
    number = 0
    while (now := time.monotonic() - begin) < seconds:
        time.sleep(max(0.0, number / options.rate - now))
        number += 1
        if number > 10 and dice.random() < DUPLICATES:
            mail = dice.choice(made.given[dice.choice(list(BOXES))][-200:])
        else:
            mail = next(mails)
        made.deliver(dice.choice(list(BOXES)), mail)


def _await_quiet(made: World, patience: float) -> float | None:
    """Seconds until every mail had its outcome; None if that did not come about."""
    begin = time.monotonic()
    while (waited := time.monotonic() - begin) < patience:
        try:
            if made.waiting() == 0:
                return round(waited, 1)
        except DBAPIError:
            pass  # the database is starting
        time.sleep(1)
    return None


def _asked(made: World, *words: str) -> tuple[int, Any]:
    """A command's exit code and document; a command that fails is a result too."""
    try:
        return made.ask(*words)
    except (OSError, ValueError) as error:
        return -1, repr(error)


def _broken(made: World, misfortune: Misfortune, stopped_with: int, quiet_after: float | None) -> list[str]:
    """What else must not be."""
    rules: tuple[tuple[Callable[[], bool], str], ...] = (
        (lambda: misfortune.error is not None, f"the faults ended by one of their own: {misfortune.error!r}"),
        (lambda: quiet_after is None, "mails still wait"),
        (lambda: stopped_with != 0, f"the daemon ended with {stopped_with}"),
        (lambda: made.slowest_stop > 10, f"a stop took {made.slowest_stop:.1f} s"),
        (lambda: made.orphans > 0, f"{made.orphans} readers outlived their killed daemon"),
    )
    return [sentence for broken, sentence in rules if broken()]


def _tell(result: dict[str, Any]) -> None:
    for key in ("seed", "hours", "database", "mails", "kinds", "faults", "lives", "edits", "quiet_after_seconds"):
        print(f"{key}: {result[key]}")
    for name, figure in result["use"].items():
        unit = " MB" if name.endswith("rss") else ""
        print(
            f"{name}: {figure['lowest']:.1f} … {figure['median']:.1f} … {figure['highest']:.1f}{unit}, "
            f"slope {figure['per_day']:+.1f} ± {figure['error']:.1f}{unit} a day, "
            f"from {figure['samples']:.0f} samples over {figure['hours']:.2f} h"
        )
    print(f"verdict: {result['verdict']}")
    for line in (*result["broken"], *result["examples"]):
        print(f"BROKEN {line}")
    use = {f"{name}_per_day": figure["per_day"] for name, figure in result["use"].items()}
    report(
        "T-20 soak",
        hours=result["hours"],
        mails=result["mails"],
        faults=sum(result["faults"].values()),
        **result["verdict"],
        **use,
    )


if __name__ == "__main__":
    sys.exit(main())
