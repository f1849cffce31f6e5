"""What is packed: the wheel by itself is the whole product, and the lock pins all that it needs."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[2]
LOCK = (TOP / "requirements.lock").read_text(encoding="utf-8")
PROJECT = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=TOP, check=True)
    return folder


def files(folder: str, pattern: str = "*") -> set[str]:
    """The files of this folder of the checkout, relative to it."""
    found = (file for file in (TOP / folder).rglob(pattern) if file.is_file() and "__pycache__" not in file.parts)
    return {file.relative_to(TOP / folder).as_posix() for file in found}


def test_the_wheel_is_the_whole_product(built: Path) -> None:
    """Every module, every parser, every migration, sample mail and configuration file is in the wheel."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        packed = set(wheel.namelist())
    assert {f"interest_ingest/{name}" for name in files("src/interest_ingest")} <= packed
    assert {f"interest_parsers/{name}" for name in files("parsers/interest_parsers")} <= packed
    assert {f"interest_ingest/migrations/{name}" for name in files("migrations")} <= packed
    assert {f"interest_ingest/config/{name}" for name in files("config")} <= packed
    assert any(name.endswith("licenses/LICENSE") for name in packed)


def test_the_wheel_holds_nothing_else(built: Path) -> None:
    """No tests, no bench, no documents under a top-level name of their own."""
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"interest_ingest", "interest_parsers"}


def test_the_sdist_can_be_built_and_tested_from(built: Path) -> None:
    """The source archive has what the wheel is made of, and the tests."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        packed = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for folder in ("src", "parsers", "migrations", "config", "tests", "docs", "bench"):
        assert {f"{folder}/{name}" for name in files(folder)} <= packed
    assert {"pyproject.toml", "requirements.lock", "Makefile", "LICENSE", "README.md"} <= packed


def locked() -> dict[str, list[str]]:
    """Versions in the lock by name; several where they differ between Pythons."""
    found: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([\w.-]+)==([\w.!+-]+)", LOCK, re.MULTILINE):
        found.setdefault(canonicalize_name(name), []).append(version)
    return found


def test_the_lock_satisfies_the_project() -> None:
    """Every dependency, of every extra and group and of the build, is pinned at a version that the project allows."""
    project = PROJECT["project"]
    extras = [one for extra in project["optional-dependencies"].values() for one in extra]
    wanted = [
        *project["dependencies"],
        *extras,
        *PROJECT["dependency-groups"]["dev"],
        *PROJECT["build-system"]["requires"],
    ]
    pinned = locked()
    for requirement in map(Requirement, wanted):
        versions = pinned[canonicalize_name(requirement.name)]
        assert any(requirement.specifier.contains(version) for version in versions), (
            f"{requirement} is locked at {versions}"
        )


def test_every_pin_has_hashes_and_no_address() -> None:
    """The lock works with any index, and only with the files that were locked."""
    entries = re.split(r"^(?=[\w.-]+==)", LOCK, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?:|file:|--(?:extra-)?index|--find-links", LOCK)
