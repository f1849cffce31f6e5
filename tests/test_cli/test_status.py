"""`status`: what it says in each situation, with which exit code, with and without a daemon."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from interest_ingest.cards import Outcome, Reading
from interest_ingest.store import Landing, Store
from interest_ingest.store.health import Alarm
from tests.mails import letter
from tests.servers.dovecot import Dovecot


def configured(folder: Path, *, port: int = 1, database: str = "", more: str = "") -> Path:
    config = folder / "i.toml"
    config.write_text(
        f'[database]\nurl = "{database or f"sqlite:///{folder}/i.db"}"\n[log]\nformat = "json"\n{more}\n'
        f'[[mailboxes]]\nname = "shop"\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\nusername = "shop"\n'
        'password = "correct-horse"\npoll_interval = "1s"\n'
    )
    config.chmod(0o600)
    return config


def status(config: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "interest_ingest", "--config", str(config), "status", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def document(config: Path, code: int) -> dict[str, Any]:
    done = status(config, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stdout.count("\n") == 1
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def at_work(folder: Path) -> None:
    """A mailbox that was polled a moment ago, with mails of several outcomes."""
    now = datetime.now(UTC)
    with Store.open(f"sqlite:///{folder}/i.db") as store:
        mailbox = store.mailbox("shop", "INBOX")
        epoch = store.open_epoch(mailbox, 1, 9)
        store.land(epoch.id, [Landing(uid, letter(uid).raw, now, 300, True, "{}") for uid in (1, 2, 3)])
        first, second = store.claim(2, 10**6)
        store.record(
            [
                (
                    first,
                    Reading(outcome=Outcome.QUARANTINED, reason="template changed: no author", parser="vk.comment"),
                ),
                (second, Reading(outcome=Outcome.IGNORED, reason="receipt", parser="form.any")),
            ]
        )
        store.polled(mailbox)


def test_all_is_well(tmp_path: Path) -> None:
    at_work(tmp_path)
    config = configured(tmp_path)
    found = document(config, 0)
    assert found["healthy"]
    assert found["reasons"] == []
    (shop,) = found["mailboxes"]
    assert shop["outcomes"] == {"quarantined": 1, "ignored": 1, "new": 1}
    assert shop["waiting"] == 1
    assert found["quarantine"] == {"template changed": 1}
    assert {one["name"]: one["success_share"] for one in found["parsers"]} == {"form.any": 1.0, "vk.comment": 0.0}
    assert found["processes"] == [], "the store above is closed, and nothing else is at work"
    said = status(config)
    assert said.returncode == 0
    assert "All is well." in said.stdout
    assert "template changed 1" in said.stdout


def test_a_mailbox_that_was_never_polled_is_wrong(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/i.db").close()
    config = configured(tmp_path)
    found = document(config, 1)
    assert not found["healthy"]
    assert "mailbox shop: never polled yet" in found["reasons"][0]
    assert set(found["mailboxes"][0]) > {"last_success", "lag_seconds", "unaccounted", "token", "outcomes"}
    assert "WRONG  mailbox silent: shop" in status(config).stdout


def test_an_open_alarm_of_the_daemon_is_wrong(tmp_path: Path) -> None:
    at_work(tmp_path)
    with Store.open(f"sqlite:///{tmp_path}/i.db") as store:
        store.keep_alarms([Alarm("breaker open: vk", "mails of vk cannot be read", datetime.now(UTC))])
    found = document(configured(tmp_path), 1)
    assert found["reasons"] == ["mails of vk cannot be read"]
    assert found["alarms"][0]["told_at"] is None


def test_a_database_that_cannot_be_reached_is_exit_code_3_and_still_a_document(tmp_path: Path) -> None:
    config = configured(tmp_path, database=f"sqlite:///{tmp_path}/none/i.db")
    done = status(config, "--json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["database"] == {"reachable": False}
    assert "does not exist; create it" in done.stderr


def test_a_running_daemon_is_seen(tmp_path: Path, dovecot: Dovecot) -> None:
    dovecot.deliver("shop", letter(1).raw)
    config = configured(tmp_path, port=dovecot.imap_port)
    with (tmp_path / "log").open("w") as log:
        daemon = subprocess.Popen([sys.executable, "-m", "interest_ingest", "--config", str(config), "run"], stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not ((found := status(config, "--json")).returncode == 0 and '"cards": 1' in found.stdout):
            assert time.monotonic() < deadline, found.stdout + found.stderr + (tmp_path / "log").read_text()
            time.sleep(0.2)
        assert daemon.pid in [one["pid"] for one in json.loads(found.stdout)["processes"]]
    finally:
        daemon.terminate()
        assert daemon.wait(15) == 0
    assert document(config, 0)["processes"] == []
