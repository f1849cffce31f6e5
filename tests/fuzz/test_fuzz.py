"""T-14: each built-in parser under a fuzzer that is guided by the branches it reaches, in the long run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.targets import FIXTURES, PARSERS, read_by
from tests.torture import report, scale

SECONDS = scale(2, 120)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_recorded_mails_are_seeds_that_reach_the_parser(name: str) -> None:
    """A fuzzer that starts outside of a parser would hardly find its way in."""
    expected = [json.loads(path.read_text(encoding="utf-8")) for path in FIXTURES.glob("*/*.eml.json")]
    notices = not any(one["cards"] for one in expected if one["parser"] == name)  # it knows what is not for managers
    assert notices or any(read_by(name, path.read_bytes()) for path in FIXTURES.glob("*/*.eml"))


@pytest.mark.torture
@pytest.mark.parametrize("name", sorted(PARSERS))
def test_no_input_makes_a_parser_raise(name: str) -> None:
    """T-14: libFuzzer with the recorded mails as seeds."""
    pytest.importorskip("atheris", reason="atheris is not installed (no wheel for this Python)")
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, f"-max_total_time={SECONDS}"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=SECONDS + 300,
        check=False,
    )
    told = re.search(r"Done (\d+) runs", done.stderr)
    assert done.returncode == 0, done.stderr[-4_000:]
    assert told is not None
    report(f"T-14 fuzz {name}", runs=told[1], seconds=SECONDS)
