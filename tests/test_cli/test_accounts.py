"""`verify`, `quarantine`, `reparse` and `mails` of one mail: where every message is, and why one has no card."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.ingest.header import message_id_digest
from tests.mails import letter
from tests.servers.changing_imap import Box
from tests.test_cli.test_commands import Run, run  # noqa: F401  a fixture

FIXTURES = Path(__file__).parents[1] / "fixtures"
UNREADABLE = FIXTURES / "facebook" / "en-unknown.eml"


def configure(port: int, monkeypatch: pytest.MonkeyPatch, more: str = "") -> None:
    text = f"""
[database]
url = "sqlite:///interest.db"

[[mailboxes]]
name = "notifications"
host = "127.0.0.1"
port = {port}
tls = "none"
username = "u"
password = "p"
{more}"""
    Path("interest.toml").write_text(text)
    Path("interest.toml").chmod(0o600)
    monkeypatch.setenv("INTEREST_INGEST_CONFIG", "interest.toml")


@pytest.fixture
def box() -> Box:
    return Box({1: letter(1).raw, 2: UNREADABLE.read_bytes()})


def test_verify_succeeds_only_with_nothing_unaccounted(run: Run, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with box.serve() as server:
        configure(server.port, monkeypatch)
        before = run("verify", "--json")
        assert (before.code, before.document["unaccounted"]) == (1, 2)
        assert run("poll").code == 0
        after = run("verify", "--json")
    outcomes = {"cards": 1, "quarantined": 1}
    one = {"name": "notifications", "on_server": 2, "in_ledger": 2, "outcomes": outcomes, "unaccounted": 0}
    assert (after.code, after.document) == (0, {"mailboxes": [one], "unaccounted": 0})
    gone = run("verify", "--json")
    assert (gone.code, gone.document["mailboxes"][0]["on_server"]) == (3, None)
    assert "notifications" in gone.err


def test_a_poll_that_breaks_tells_what_it_landed(run: Run, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    box.mails = {uid: letter(uid).raw for uid in (1, 2, 3)}
    box.fatal = {3}
    with box.serve() as server:
        configure(server.port, monkeypatch)
        run("poll")
        second = run("poll", "--json")
    (part,) = second.document["mailboxes"]
    assert (second.code, part["landed"], part["error"] is None) == (3, 2, False)
    assert second.document["outcomes"] == {"cards": 2}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("mails 99999999999999999999", 1),
        ("mails --uid 99999999999999999999", 2),
        ("mails --uid -1", 2),
        ("quarantine show 99999999999999999999", 2),
        ("quarantine retry 99999999999999999999", 2),
        ("quarantine dismiss 0", 2),
    ],
)
def test_a_number_that_no_mail_can_have(run: Run, monkeypatch: pytest.MonkeyPatch, words: str, code: int) -> None:  # noqa: F811
    """A sentence and its code, no trace of a driver that cannot count so far."""
    configure(1, monkeypatch)
    ended = run(*words.split())
    assert (ended.code, "Traceback" in ended.err, bool(ended.err)) == (code, False, True)


def test_poll_is_noted_for_who_has_no_daemon(run: Run, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Polled by cron: `check --polled` and `status` know it, and why a poll failed."""
    with box.serve() as server:
        configure(server.port, monkeypatch)
        assert run("check", "--polled").code == 1
        run("poll")
        assert run("check", "--polled").code == 0
    run("poll")
    (one,) = run("status", "--json").document["mailboxes"]
    assert one["last_success"]
    assert "notifications" in one["last_error"]


def test_a_mail_in_quarantine_from_its_reason_to_its_dismissal(
    run: Run,  # noqa: F811
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with box.serve() as server:
        configure(server.port, monkeypatch, "[quarantine]\ncard = true\n")
        run("poll")
    (mail,) = run("quarantine", "list", "--json").document["mails"]
    number = str(mail["mail_id"])
    assert (mail["parser"], mail["raw_kept"]) == ("facebook.notification", True)
    shown = run("quarantine", "show", number, "--json").document
    assert shown["reason"].startswith("template changed")
    assert run("quarantine", "show", number, "--raw").out.replace("\r", "") == UNREADABLE.read_text().replace("\r", "")
    told = [card["text"] for card in run("cards", "--json").documents]
    assert [text.split(" from ")[0] for text in told if text.startswith("unread")] == ["unread mail"]
    assert run("quarantine", "retry", number, "--json").document == {"retried": 1, "outcomes": {"quarantined": 1}}
    assert [card["text"] for card in run("cards", "--json").documents] == told
    assert run("quarantine", "dismiss", number).code == 0
    assert run("quarantine", "list", "--json").document == {"mails": []}
    assert run("quarantine", "dismiss", number).code == 2
    (why,) = run("mails", number, "--json").documents
    assert (why["outcome"], why["reason"]) == ("ignored", "dismissed")


def test_a_mail_is_found_by_its_number_its_uid_and_its_message_id(
    run: Run,  # noqa: F811
    box: Box,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with box.serve() as server:
        configure(server.port, monkeypatch)
        run("poll")
    (by_uid,) = run("mails", "--uid", "1", "--json").documents
    assert by_uid["outcome"] == "cards"
    for name in (str(by_uid["mail_id"]), "<1@shop.example>", "1@shop.example"):
        assert run("mails", name, "--json").documents == [by_uid]
    assert "it has cards" in run("mails", "1@shop.example").out
    assert run("mails", "99").code == 1
    assert message_id_digest("<1@shop.example>") == message_id_digest("1@shop.example") != ""


def test_reparse_shows_by_default_and_writes_when_told(run: Run, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    with box.serve() as server:
        configure(server.port, monkeypatch)
        run("poll")
    shown = run("reparse", "--json")
    expected = {"applied": False, "read": 2, "changed": 0, "failed": {}, "emptied": [], "changes": []}
    assert (shown.code, shown.document) == (0, expected)
    assert run("reparse", "--apply", "--json").document == expected | {"applied": True}
