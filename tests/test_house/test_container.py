"""The container's description, as far as it can be checked without an engine."""

from __future__ import annotations

import re
from pathlib import Path

TOP = Path(__file__).parents[2]
DOCKERFILE = (TOP / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (TOP / "compose.yaml").read_text(encoding="utf-8")


def test_what_the_image_copies_is_there_and_let_through() -> None:
    """Every source of a COPY exists, and .dockerignore, which starts by refusing everything, lets it in."""
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in lines for source in line.split()[:-1]}
    let_in = set(re.findall(r"^!(.+)$", (TOP / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert sources == let_in
    assert all((TOP / source).exists() for source in sources)


def test_the_daemon_is_not_root() -> None:
    """The last stage ends as a numbered user, which Kubernetes can check, and owns its state folder."""
    last = DOCKERFILE.split("\nFROM ")[-1]
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user
    assert int(user[1]) >= 10_000
    assert f"-o {user[1]} -g {user[2]}" in last


def test_every_service_runs_with_the_least() -> None:
    """Read-only root, no capability, no new privileges, secrets as files; nothing secret in the environment."""
    services = COMPOSE.split("\nservices:\n")[1].split("\nsecrets:\n")[0]
    for name, service in re.findall(r"^  (\w+):\n((?:    .*\n|\n)+)", services, re.MULTILINE):
        assert "read_only: true" in service, name
        assert "cap_drop: [ALL]" in service, name
        assert 'security_opt: ["no-new-privileges:true"]' in service, name
        assert "secrets: [" in service, name
        assert not re.search(r"PASSWORD: |://\w+:\w+@", service), name


def test_every_secret_that_a_service_takes_is_declared() -> None:
    """No name is misspelt between a service and the list of secrets."""
    taken = {name for line in re.findall(r"secrets: \[(.+)\]", COMPOSE) for name in line.split(", ")}
    assert taken == set(re.findall(r"^  (\w+): \{file: \./secrets/\1\}$", COMPOSE, re.MULTILINE))
