"""The status endpoint, asked over a real socket: what it says, and what it does not let anybody do."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from interest_ingest import settings
from interest_ingest.cards import Outcome, Reading
from interest_ingest.errors import UsageError
from interest_ingest.mailbox.faults import Unavailable
from interest_ingest.store import Landing, Store
from interest_ingest.watch import Watch, endpoint
from tests.mails import letter


@contextlib.contextmanager
def serving(folder: Path, **status: Any) -> Iterator[tuple[Watch, int]]:
    """A watch with an endpoint, and the port of that."""
    shop = {
        "name": "shop",
        "host": "localhost",
        "tls": "none",
        "username": "me",
        "password": "x",
        "poll_interval": "20s",
    }
    status = {"listen": "127.0.0.1:0", **status}
    given = settings.from_tables(
        {"database": {"url": f"sqlite:///{folder}/i.db"}, "mailboxes": [shop], "status": status}
    )
    with Store.open(given.database_url()) as store:
        watch = Watch(given, store)
        watch.start()
        try:
            assert watch._endpoint
            yield watch, watch._endpoint.port
        finally:
            watch.stop()


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of an endpoint where all is well."""
    with serving(tmp_path_factory.mktemp("healthy"), hosts=["ingest.lan"]) as (watch, port):
        polled(watch)
        watch.tick()
        yield port


def ask(port: int, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def polled(watch: Watch) -> None:
    assert watch.store
    watch.store.polled(watch.store.mailbox("shop", "INBOX"))


def test_health_is_200_while_polls_complete_and_503_three_intervals_after(tmp_path: Path) -> None:
    with serving(tmp_path) as (watch, port):
        polled(watch)
        watch.tick()
        code, body = ask(port, "/health")
        assert (code, json.loads(body)["status"]) == (200, "ok")
        # Both the start of the daemon and the last poll lie further back than three intervals.
        watch._since -= timedelta(hours=1)
        known = watch.snapshot.mailboxes[0].health
        assert known
        old = replace(known, polled_at=watch.snapshot.at - timedelta(seconds=61))
        watch.snapshot = replace(
            watch.snapshot, since=watch._since, mailboxes=(replace(watch.snapshot.mailboxes[0], health=old),)
        )
        code, body = ask(port, "/health")
        assert code == 503
        assert "mailbox shop: last polled at" in json.loads(body)["reasons"][0]


def test_health_is_503_as_long_as_the_database_is_away(tmp_path: Path) -> None:
    with serving(tmp_path) as (watch, port):
        watch.store = None
        watch.tick()
        code, body = ask(port, "/health")
    assert code == 503
    assert json.loads(body)["reasons"] == ["the database cannot be reached"]


def test_health_is_503_when_nothing_is_looked_at_any_more(tmp_path: Path) -> None:
    with serving(tmp_path) as (watch, port):
        polled(watch)
        watch.tick()
        watch._ticked -= 2 * endpoint.STALE_SECONDS
        code, body = ask(port, "/health")
    assert code == 503
    assert "nothing was looked at" in json.loads(body)["reasons"][0]


def test_the_metrics_are_those_that_the_manual_names(tmp_path: Path) -> None:
    with serving(tmp_path) as (watch, port):
        store = watch.store
        assert store
        epoch = store.open_epoch(store.mailbox("shop", "INBOX"), 1, 3)
        for uid in (1, 2):
            raw = letter(uid).raw
            store.land(epoch.id, [Landing(uid, raw, watch.snapshot.at, len(raw), True, "{}")])
        landed = store.claim(1, 10**6)
        store.record(
            [
                (
                    landed[0],
                    Reading(outcome=Outcome.QUARANTINED, reason="template changed: no author", parser="vk.comment"),
                )
            ]
        )
        watch.polled("shop")
        watch.polled("shop", Unavailable("gone"))
        watch.skipped("shop")
        polled(watch)
        watch.tick()
        code, body = ask(port, "/metrics")
    assert code == 200
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    shown = {
        name.removeprefix("interest_ingest_"): value for (name, *labels), value in samples.items() if labels == ["shop"]
    }
    assert shown["mailbox_last_success_timestamp_seconds"] == pytest.approx(time.time(), abs=60)
    assert shown["mailbox_waiting"] == 1
    assert shown["mailbox_lag_seconds"] >= 0
    assert shown["polls_skipped_total"] == 1
    expected = {
        ("interest_ingest_polls_total", "completed", "shop"): 1,
        ("interest_ingest_polls_total", "failed", "shop"): 1,
        ("interest_ingest_mails_total", "quarantined"): 1,
        ("interest_ingest_parser_mails_total", "quarantined", "vk.comment"): 1,
        ("interest_ingest_quarantined", "template changed"): 1,
        ("interest_ingest_database_up",): 1,
    }
    assert {key: samples.get(key) for key in expected} == expected
    assert samples["process_resident_memory_bytes",] > 10**6
    assert samples["process_open_fds",] > 3
    manual = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    unnamed = {key[0] for key in samples if key[0].startswith("interest_ingest_") and key[0] not in manual}
    assert not unnamed, "docs/operating.md names each"


@pytest.mark.parametrize(
    ("method", "path", "host", "code"),
    [
        ("GET", "/", "localhost", 404),
        ("GET", "/../etc/passwd", "localhost", 404),
        ("POST", "/health", "localhost", 405),
        ("HEAD", "/health", "localhost", 405),
        ("BREW", "/health", "localhost", 501),
        ("GET", "/health", "evil.example", 421),
        ("GET", "/health", "localhost.evil.example:80", 421),
        ("GET", "/metrics", "evil.example", 421),
        ("GET", "/metrics", "[::1]:9464", 200),
        ("GET", "/metrics?x=y", "LOCALHOST:9464", 200),
        ("GET", "/metrics", "ingest.lan", 200),
    ],
)
def test_there_are_two_paths_for_one_method_and_known_names(
    healthy: int, method: str, path: str, host: str, code: int
) -> None:
    assert ask(healthy, path, method, Host=host)[0] == code


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01" * 40,
        b"GET /health\r\n\r\n",
        b"GET " + b"/" * 20_000,
        b"A: b\r\n" * 4_000,
    ],
    ids=["nothing", "blank", "TLS", "HTTP 0.9", "long line", "many fields"],
)
def test_whatever_is_sent_the_endpoint_ends_it_and_goes_on(healthy: int, request_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", healthy), 10) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(request_)
            connection.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(65_536):
                pass
    assert ask(healthy, "/health")[0] == 200


def test_slow_clients_take_no_more_than_their_places_and_their_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice as many as there are places send a byte now and then; all are cut off, and then others are answered."""
    monkeypatch.setattr(endpoint, "REQUEST_SECONDS", 0.5)
    with serving(tmp_path) as (watch, port), contextlib.ExitStack() as stack:
        polled(watch)
        watch.tick()
        slow = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            for _ in range(2 * endpoint.REQUESTS_AT_ONCE)
        ]
        for _ in range(4):
            for one in slow:
                with contextlib.suppress(OSError):
                    one.sendall(b"G")
            time.sleep(0.05)  # a drip is made of time
        for one in slow:
            with contextlib.suppress(ConnectionResetError):
                assert not one.recv(1000).startswith(b"HTTP/1.0 200")
        assert ask(port, "/health")[0] == 200


def test_requests_for_which_there_was_no_thread_keep_no_place(healthy: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as short:
        short.setattr(threading.Thread, "start", refuse)
        for _ in range(endpoint.REQUESTS_AT_ONCE):
            with socket.create_connection(("127.0.0.1", healthy), 10) as connection:
                assert connection.recv(1) == b""
    assert ask(healthy, "/health")[0] == 200


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with (
        serving(tmp_path) as (_, port),
        pytest.raises(UsageError, match=r"of \[status\]: address already in use; choose another port"),
        serving(tmp_path, listen=f"127.0.0.1:{port}"),
    ):
        pass


@pytest.mark.parametrize(
    ("listen", "words"),
    [("0.0.0.0:9464", "lets other machines ask"), ("9464", "write an address"), ("localhost:x", "write an address")],
)
def test_an_address_that_is_open_to_others_is_refused_unless_names_are_given(listen: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        settings.from_tables({"status": {"listen": listen}})


def test_an_address_that_is_open_to_others_is_taken_with_names() -> None:
    assert settings.from_tables({"status": {"listen": "0.0.0.0:9464", "hosts": ["ingest.lan"]}}).status.address == (
        "0.0.0.0",
        9464,
    )
