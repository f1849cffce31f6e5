"""Log-in by OAuth end to end: configuration, token server, Dovecot's oauth2 passdb, cards."""

from __future__ import annotations

import json
import logging
import re
import signal
import subprocess
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interest_ingest import cli
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import AuthenticationFailed
from interest_ingest.mailbox.imap import connect
from tests.mails import letter
from tests.servers import dovecot as dovecot_server
from tests.servers.dovecot import Dovecot
from tests.servers.lying_imap import Line, lying
from tests.servers.oauth import CLIENT, SECRET, Authority

House = tuple[Authority, Dovecot]
SECONDS = 30.0


@dataclass
class Desk:
    """One mailbox of the house in a configuration of its own."""

    config: Path
    authority: Authority
    captured: pytest.CaptureFixture[str]

    @property
    def token(self) -> dict[str, Any]:
        """What is in the token file."""
        stored: dict[str, Any] = json.loads(self._file.read_text())
        return stored

    @property
    def _file(self) -> Path:
        return self.config.parent / "tokens" / "sales.json"

    def age(self, by: timedelta) -> None:
        """Let the stored token be as if it had been issued earlier."""
        stored = self.token
        for key in ("issued_at", "expires_at"):
            stored[key] = (datetime.fromisoformat(stored[key]) - by).isoformat()
        self._file.write_text(json.dumps(stored))

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "interest_ingest", "--config", str(self.config), *words]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The command line in this process; no token and no secret may be in what it prints."""
        with pytest.raises(SystemExit) as ended:
            cli.main(["--config", str(self.config), *words])
        out, err = self.captured.readouterr()
        assert not re.search(f"access-|refresh-|{SECRET}", out + err)
        assert isinstance(ended.value.code, int)
        return subprocess.CompletedProcess(words, ended.value.code, out, err)

    @contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


@pytest.fixture
def make_desk(house: House, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Desk]]:
    """Writes the configuration of the mailbox "sales" of a user, with the options of [mailboxes.oauth] given."""
    authority, dovecot = house
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def make(user: str, flow: str, **more: str) -> Desk:
        options = {"provider": "custom", "client_id": CLIENT, "flow": flow, "client_secret": SECRET, **more}
        options |= {"token_url": authority.url("token"), "device_url": authority.url("device")}
        config = tmp_path / "ingest.toml"
        config.write_text(
            f'[database]\nurl = "sqlite:///{tmp_path}/i.db"\n[log]\nformat = "json"\n'
            f'[[mailboxes]]\nname = "sales"\nhost = "127.0.0.1"\nport = {dovecot.imap_port}\ntls = "none"\n'
            f'username = "{user}"\npoll_interval = "0.05s"\n[mailboxes.oauth]\n'
            + "".join(f'{key} = "{value}"\n' for key, value in options.items())
        )
        config.chmod(0o600)
        authority.asked.clear()
        authority.instead.clear()
        authority.app_user, authority.claims = user, None
        return Desk(config, authority, capfd)

    yield make
    root.handlers[:], root.level = before


def test_a_poll_by_refresh_token_reads_the_mailbox(make_desk: Callable[..., Desk], house: House) -> None:
    authority, dovecot = house
    dovecot.deliver("olga", letter(1).raw)
    desk = make_desk("olga", "refresh_token", refresh_token=authority.consent("olga"))
    first, second = desk.run("poll", "--json"), desk.run("poll", "--json")
    assert json.loads(first.stdout)["mailboxes"][0]["landed"] == 1, first
    assert second.returncode == 0, second
    assert len(authority.asked) == 1


def test_a_poll_by_client_credentials_reads_the_mailbox(make_desk: Callable[..., Desk], house: House) -> None:
    house[1].deliver("ivan", letter(1).raw)
    done = make_desk("ivan", "client_credentials", scope="imap/.default").run("poll", "--json")
    assert json.loads(done.stdout)["mailboxes"][0]["landed"] == 1, done


def test_a_person_logs_in_once_and_then_the_mailbox_is_polled(make_desk: Callable[..., Desk], house: House) -> None:
    authority, dovecot = house
    dovecot.deliver("anna", letter(1).raw)
    desk = make_desk("anna", "device")
    before = desk.run("poll")
    assert before.returncode == 3
    assert "nobody has logged in for it yet; run: interest-ingest auth login sales" in before.stderr
    with desk.started("auth", "login", "sales", "--json") as login:
        assert login.stdout
        prompt = json.loads(login.stdout.readline())
        assert prompt["url"] == authority.url("enter")
        authority.consents[prompt["code"]] = "anna"
        out, err = login.communicate(timeout=SECONDS)
    assert (login.returncode, err) == (0, "")
    assert json.loads(out)["mailbox"] == "sales"
    assert desk.run("poll").returncode == 0


def test_giving_up_a_log_in_leaves_nothing(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    with make_desk("pavel", "device").started("auth", "login", "sales") as login:
        assert login.stdout
        told = [login.stdout.readline() for _ in range(2)]
        assert re.match(r"Open http://127\.0\.0\.1:\d+/enter at any browser and enter the code [0-9A-F]{6}\n", told[0])
        login.send_signal(signal.SIGINT)
        _, err = login.communicate(timeout=SECONDS)
    assert (login.returncode, "Traceback" in err) == (130, False)
    assert not (tmp_path / "tokens").exists()


def test_a_log_in_by_hand_is_for_the_device_flow_only(make_desk: Callable[..., Desk]) -> None:
    done = make_desk("maria", "client_credentials").run("auth", "login", "sales")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'it logs in with flow = "client_credentials", which needs nobody' in done.stderr


def test_a_token_that_ends_before_its_time_is_renewed_within_the_poll(
    make_desk: Callable[..., Desk], house: House
) -> None:
    authority, _ = house
    desk = make_desk("vera", "refresh_token", refresh_token=authority.consent("vera"))
    assert desk.run("poll").returncode == 0
    authority.expire("vera")
    desk.age(timedelta(minutes=10))
    done = desk.run("poll")
    assert done.returncode == 0, done
    assert len(authority.asked) == 2


def test_a_revoked_consent_is_tried_three_times_and_then_once_an_hour(
    make_desk: Callable[..., Desk], house: House
) -> None:
    """F15, with a poll interval of 50 ms."""
    authority, _ = house
    desk = make_desk("nina", "refresh_token", refresh_token=authority.consent("nina"))
    authority.revoke("nina")
    reasons = []
    with desk.started("run") as daemon:
        assert daemon.stderr
        for line in daemon.stderr:
            told = json.loads(line)
            if "gives no access token" in str(told):
                reasons.append(told)
            if len(reasons) == 3:
                break
        assert len(reasons) == 3
        time.sleep(1.0)  # that nothing comes is only seen by waiting
    assert all("invalid_grant" in str(told) for told in reasons)
    assert len(authority.asked) == 3


def test_a_daemon_that_is_killed_does_not_lose_a_rotated_refresh_token(
    make_desk: Callable[..., Desk], house: House
) -> None:
    """Each refresh voids the token before it; SIGKILL as soon as the new one is known to be stored, and polls go on."""
    authority, _ = house
    desk = make_desk("yana", "refresh_token", refresh_token=authority.consent("yana"))
    authority.rotates = True
    try:
        assert desk.run("poll").returncode == 0
        for _ in range(3):
            before = desk.token["access_token"]
            desk.age(timedelta(hours=1))
            with desk.started("run"):
                deadline = time.monotonic() + SECONDS
                while desk.token["access_token"] == before:
                    assert time.monotonic() < deadline
                    threading.Event().wait(0.002)
        assert desk.run("poll").returncode == 0
        assert len(authority.asked) == 4
    finally:
        authority.rotates = False


def test_check_names_the_missing_permission(make_desk: Callable[..., Desk], house: House) -> None:
    desk = make_desk("boris", "client_credentials", provider="microsoft", tenant="66666666-7777-8888-9999-000000000000")
    desk.authority.claims = {"roles": ["POP.AccessAsApp"]}
    done = desk.run("check")
    assert done.returncode == 1
    assert re.search(r"FAIL +mailbox sales +the access token lacks the permission IMAP\.AccessAsApp", done.stdout), done


def test_check_tells_until_when_the_token_lasts(make_desk: Callable[..., Desk], house: House) -> None:
    done = make_desk("galina", "client_credentials").run("check")
    assert done.returncode == 0, done
    assert re.search(r"logged in by a token that lasts until \d{4}-\d\d-\d\d \d\d:\d\d UTC and is renewed", done.stdout)


def test_check_tells_what_to_do_when_the_mail_server_refuses_a_good_token(
    make_desk: Callable[..., Desk], house: House
) -> None:
    """A token of another user than username."""
    desk = make_desk(
        "kirill", "client_credentials", provider="microsoft", tenant="66666666-7777-8888-9999-000000000000"
    )
    desk.authority.claims, desk.authority.app_user = {"roles": ["IMAP.AccessAsApp"]}, "somebody"
    done = desk.run("check")
    assert "refuses the access token of kirill ([AUTHENTICATIONFAILED]" in done.stdout
    assert "Add-MailboxPermission -Identity kirill" in done.stdout


def test_a_server_that_has_only_oauthbearer_is_logged_in_to(house: House) -> None:
    authority, _ = house
    with dovecot_server.running(authority.url("introspect"), "plain oauthbearer") as dovecot:
        authority.access_tokens["bearer-only"] = ("zoya=,", time.time() + 60)
        account = Account(
            "sales", "127.0.0.1", "zoya=,", port=dovecot.imap_port, tls="none", token=lambda _: "bearer-only"
        )
        with connect(account) as box:
            assert box.examine().exists == 0
        account = Account("sales", "127.0.0.1", "zoya", port=dovecot.imap_port, tls="none", token=lambda _: "wrong")
        with pytest.raises(AuthenticationFailed, match="status invalid_token"), connect(account):
            pytest.fail("it logged in")


def _said(line: Line) -> bytes:
    """One line of the client, which may come in pieces."""
    said = b""
    while not said.endswith(b"\r\n"):
        said += line.socket.recv(4096)
    return said


def _challenge(line: Line, tag: bytes, _: bytes) -> None:
    """Gmail: NO comes only after the challenge was answered."""
    line.send(b"+ \r\n")
    assert b64decode(_said(line)).startswith(b"user=anna\1auth=Bearer ")
    line.send(b"+ eyJzdGF0dXMiOiI0MDAiLCJzY2hlbWVzIjoiQmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==\r\n")
    assert _said(line) == b"\r\n"
    line.answer(tag, status=b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)")


def test_the_reason_of_a_refusal_is_read_from_its_challenge_and_a_new_token_tried() -> None:
    given = iter(["first", "second"])
    refused = []

    def token(before: str) -> str:
        refused.append(before)
        return next(given)

    with lying({b"AUTHENTICATE": _challenge}) as server:
        account = Account("sales", "127.0.0.1", "anna", port=server.port, tls="none", token=token)
        with pytest.raises(AuthenticationFailed) as failed, connect(account):
            pytest.fail("it logged in")
    assert refused == ["", "first"]
    assert "(status 400, scope https://mail.google.com/)" in str(failed.value)
    assert "app password" not in str(failed.value)
