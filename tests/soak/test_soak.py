"""T-20, the short form: two minutes in which something goes wrong every ten seconds, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import need
from tests.servers import dovecot, postgres
from tests.soak.samples import Sample, slopes


@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_nothing_is_lost_or_doubled_whatever_goes_wrong(database: str, tmp_path: Path) -> None:
    """T-20."""
    need("Dovecot", dovecot.missing())
    if database == "postgresql":
        need("PostgreSQL", postgres.missing())
    options = (
        "--minutes",
        "2",
        "--rate",
        "2",
        "--fault-seconds",
        "10",
        "--database",
        database,
        "--folder",
        str(tmp_path),
    )
    done = subprocess.run([sys.executable, "-m", "tests.soak", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads((tmp_path / "soak.json").read_text())
    assert result["mails"] > 150
    assert sum(result["faults"].values()) >= 5
    assert result["edits"] > 20


def test_the_slope_is_that_of_each_life_around_its_own_level() -> None:
    """Three lives that grow by 2.4 MB a day, at levels far apart; what warms up is left out."""
    samples = [
        Sample(at=0, life=life, age=age, rss=100 * life + age * 2.4 / 86_400 + (50 if age < 300 else 0),
               children_rss=60, children=2, fds=20, threads=9)
        for life in (1, 2, 3)
        for age in range(0, 3600, 10)
    ]  # fmt: skip
    found = slopes(samples, warm_up=300)
    assert found["rss"]["per_day"] == pytest.approx(2.4)
    assert found["threads"]["per_day"] == pytest.approx(0)
    assert found["rss"]["hours"] == pytest.approx(3 * 3290 / 3600)
