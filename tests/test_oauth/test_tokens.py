"""The file of the tokens: whole at every moment, for its owner alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interest_ingest.errors import UsageError
from interest_ingest.oauth.tokens import Token, TokenFile, status

ISSUED = datetime(2026, 11, 22, 9, 15, tzinfo=UTC)


def token(name: str) -> Token:
    return Token(f"access-{name}", f"refresh-{name}", ISSUED, ISSUED + timedelta(hours=1), "imap", "digest")


def store(file: TokenFile, name: str) -> None:
    with file.locked(), file.replacing() as replace:
        replace(token(name))


@pytest.fixture
def file(tmp_path: Path) -> TokenFile:
    return TokenFile(tmp_path / "tokens" / "sales.json", "sales")


def test_what_is_stored_is_read_again_and_only_its_owner_may_read_it(file: TokenFile) -> None:
    assert file.read() is None
    store(file, "one")
    store(file, "two")
    assert file.read() == token("two")
    assert status(file) == (ISSUED, ISSUED + timedelta(hours=1))
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700
    assert sorted(one.name for one in file.path.parent.iterdir()) == ["sales.json", "sales.lock"]


def test_no_representation_of_a_token_shows_it() -> None:
    assert "one" not in repr(token("one")).replace("timezone", "")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2}', '{"version": 1, "access_token": "x"}', "null"])
def test_a_damaged_file_is_one_sentence_with_the_remedy(file: TokenFile, content: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(content)
    with pytest.raises(UsageError, match=r"sales\.json is damaged; remove it .*auth login sales$"):
        file.read()
    assert status(file) is None


def test_a_token_of_a_wrong_type_is_damage(file: TokenFile) -> None:
    store(file, "one")
    stored = json.loads(file.path.read_text())
    for key in stored:
        file.path.write_text(json.dumps({**stored, key: 5}))
        with pytest.raises(UsageError, match="is damaged"):
            file.read()


def test_a_folder_that_cannot_be_written_is_told_before_the_server_is_asked(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the place of the folder")
    file = TokenFile(tmp_path / "state" / "tokens" / "sales.json", "sales")
    with pytest.raises(UsageError, match=r"sales\.json cannot be (locked|read): .*state in \[daemon\]"), file.locked():
        pytest.fail("it was locked")


CHILD = """
import os, signal, sys
from pathlib import Path
from interest_ingest.oauth import tokens
from tests.test_oauth.test_tokens import store

file, deadly = tokens.TokenFile(Path(sys.argv[1]), "sales"), int(sys.argv[2])
steps = 0

def counted(function):
    def call(*given, **named):
        global steps
        steps += 1
        if steps == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)
    return call

for name in ("open", "posix_fallocate", "pwrite", "ftruncate", "fsync", "chown", "fdopen"):
    setattr(os, name, counted(getattr(os, name)))
Path.replace, Path.unlink = counted(Path.replace), counted(Path.unlink)
tokens.fcntl.flock = counted(tokens.fcntl.flock)
store(file, "two")
print(steps)
"""


def _child(file: TokenFile, deadly: int) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", CHILD, str(file.path), str(deadly)]
    return subprocess.run(words, capture_output=True, text=True, timeout=20)


def test_a_kill_at_any_step_leaves_the_old_token_or_the_new_one(file: TokenFile) -> None:
    """SIGKILL before each call that touches the disk; the lock is free again, and no draft stays for good."""
    store(file, "one")
    whole = _child(file, 0)
    assert whole.returncode == 0, whole.stderr
    found = []
    for deadly in range(1, int(whole.stdout) + 1):
        store(file, "one")
        assert _child(file, deadly).returncode == -signal.SIGKILL
        found.append(file.read())
    assert found == sorted(found, key=lambda one: one == token("two"))  # once it is new it stays new
    assert {one and one.access_token for one in found} == {"access-one", "access-two"}
    store(file, "three")
    assert sorted(one.name for one in file.path.parent.iterdir()) == ["sales.json", "sales.lock"]
