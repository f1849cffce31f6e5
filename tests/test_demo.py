"""The demo as somebody sees it who has just installed the program; nothing of it may outlive it."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest

from interest_ingest import cli, demo

pymap = pytest.mark.skipif(importlib.util.find_spec("pymap") is None, reason="the extra `demo` is not installed")

EXPECTED = {
    "Maren Kolbeck": ("facebook", "comment", "verified"),
    "Лидия Вершинская": ("facebook", "comment", "verified"),
    "Tomas Ekelund": ("facebook", "like", "verified"),
    "Артём Лозовский": ("vkontakte", "comment", "verified"),
    "Глеб Тарханов": ("wordpress", "comment", "unproven"),
    "Imogen Garrick": ("wordpress", "comment", "unproven"),
    "پریسا نیک\u200cروش": ("wordpress", "comment", "unproven"),
    "Jörg Weißhaupt": ("form", "request", "unproven"),
    "森川 はるか": ("form", "request", "unproven"),
    "Simon Adeyemi": ("mail", "message", "unproven"),
    "Инна Солодова": ("mail", "message", "unproven"),
    "کاوه رستگار": ("mail", "message", "unproven"),
    "Delphine Okafor-Wray": ("google-business", "review", "verified"),
    "Пелагея": ("asterisk", "call", "unproven"),
    "Аксинья Полевая": ("tilda", "request", "verified"),
}
"""Who stands on which card. The sixteenth is that of the form plugin, whose source is its parser's affair."""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "interest_ingest", "demo", *arguments]


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the demo puts its files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def looking_on(temporary: Path) -> Iterator[subprocess.Popen[str]]:
    """A demo that goes on until it is ended."""
    with subprocess.Popen(command(), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def port_of(process: subprocess.Popen[str]) -> int:
    """The port of the mail server, from the first line."""
    assert process.stdout
    line = process.stdout.readline()
    return int(line.partition("127.0.0.1:")[2].partition(",")[0])


def nothing_is_left(port: int, folder: Path) -> bool:
    """Whether the mail server and all files go away, within some seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            time.sleep(0.05)
            continue
        if not list(folder.iterdir()):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("sample", demo.samples(), ids=lambda sample: sample.name)
def test_a_sample_is_a_mail_as_it_goes_over_the_wire(sample: demo.Sample) -> None:
    """RFC 5322: lines end with CRLF and have at most 998 octets; no header is lost to a blank line."""
    assert b"\n" not in sample.raw.replace(b"\r\n", b"")
    assert max(map(len, sample.raw.split(b"\r\n"))) <= 998
    assert {"From", "To", "Date", "Subject", "Message-ID"} <= set(BytesParser().parsebytes(sample.raw).keys())


@pymap
def test_once_prints_the_cards_as_json_lines_and_nothing_else(temporary: Path) -> None:
    """Also beside a configuration of the machine, which it does not look at."""
    environment = os.environ | {"INTEREST_INGEST__DATABASE__URL": "sqlite:////production.db"}
    done = subprocess.run(command("--once", "--json"), capture_output=True, env=environment, check=True, timeout=60)
    cards = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
    seen = {card["author"]["name"]: (card["source"], card["action"], card["trust"]) for card in cards}
    assert seen.items() >= EXPECTED.items()
    assert seen.keys() - EXPECTED.keys() == {"Ruth Okonedo"}
    assert done.stderr == b""
    assert list(temporary.iterdir()) == []


@pymap
def test_once_shows_a_table_and_a_summary(temporary: Path) -> None:
    done = subprocess.run(command("--once"), capture_output=True, check=True, timeout=60)
    shown = done.stdout.decode("utf-8")
    for name in EXPECTED:
        assert name in shown
    assert "19 mails: 16 cards, 3 ignored" in shown.splitlines()[-1]


@pymap
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 143), (signal.SIGKILL, -9)], ids=lambda one: str(one)
)
def test_whatever_ends_it_no_process_and_no_file_is_left(
    looking_on: subprocess.Popen[str], temporary: Path, number: signal.Signals, code: int
) -> None:
    port = port_of(looking_on)
    socket.create_connection(("127.0.0.1", port), 5).close()
    looking_on.send_signal(number)
    assert looking_on.wait(15) == code
    assert nothing_is_left(port, temporary)


def test_without_pymap_it_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", "--once"])
    assert ended.value.code == 2
    assert "pip install 'interest-ingest[demo]'" in capsys.readouterr().err
