"""The Makefile hands over to the program and keeps stdout for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make as from a shell, though these tests are themselves run by make."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "PYTHON", "VENV"))
    }
    return subprocess.run(["make", *arguments], cwd=TOP, env=clean, capture_output=True, text=True, check=False)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment that is ready, whose program prints how it was called."""
    program = tmp_path / "bin" / "interest-ingest"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    (tmp_path / ".ready").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ([], "demo\n"),
        (["ONCE=1"], "demo --once\n"),
        (["ONCE=1", "JSON=1"], "demo --once --json\n"),
        (["ONCE=0", "JSON="], "demo\n"),
    ],
)
def test_demo_prints_what_the_program_prints_and_nothing_else(environment: Path, given: list[str], called: str) -> None:
    """Nothing of make's own is on stdout, so that `make demo ONCE=1 JSON=1 | jq` works."""
    assert make("demo", f"VENV={environment}", *given).stdout == called


def test_an_environment_is_made_again_when_the_lock_is_newer(environment: Path) -> None:
    """The stamp depends on requirements.lock and pyproject.toml."""
    (environment / ".ready").unlink()
    planned = make("--dry-run", "test", f"VENV={environment}").stdout
    assert "-m venv --clear" in planned
    assert "--require-hashes -r requirements.lock" in planned


def test_a_missing_python_is_one_sentence(tmp_path: Path) -> None:
    """Without a fitting interpreter the reader learns what to do."""
    done = make("test", "PYTHON=", f"VENV={tmp_path}/none")
    assert done.returncode == 2
    assert done.stderr.startswith("Python 3.11 or newer with venv is needed")
