"""The watch at work: alarms in a real database, told to a real web server and a real mail server, once."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest

from interest_ingest import daemon, settings
from interest_ingest.ingest.reading import read
from interest_ingest.mailbox.faults import AuthenticationFailed
from interest_ingest.store import Store
from interest_ingest.store.health import Alarm
from interest_ingest.watch import Watch, telling, watching
from tests.servers import dovecot as dovecot_server
from tests.servers import smtp as smtp_server
from tests.servers.dripping import dripping

T = TypeVar("T")

SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()


def await_true(look: Callable[[], T], tick: Callable[[], object] = lambda: None) -> T:
    """The first true answer of `look`; `tick` is done before each."""
    deadline = time.monotonic() + 20
    while True:
        tick()
        if answer := look():
            return answer
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


@dataclass
class Receiver:
    """A web server that keeps what is posted to it, and answers `code`."""

    url: str = ""
    code: int = 204
    posted: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.posted]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.posted.append((dict(self.headers), body))
            self.send_response(state.code)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        state.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield state
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pauses between notices, and what is not found any more is over at once."""
    monkeypatch.setattr(watching, "OVER_SECONDS", -1.0)
    monkeypatch.setattr(watching, "NOTICE_SECONDS", 0.0)
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(telling, "PAUSES", (0.0,))


def configured(folder: Path, **sections: Any) -> settings.Settings:
    shop = {"name": "shop", "host": "localhost", "tls": "none", "username": "me", "password": "correct-horse"}
    return settings.from_tables({"database": {"url": f"sqlite:///{folder}/i.db"}, "mailboxes": [shop], **sections})


@contextlib.contextmanager
def watching_over(given: settings.Settings, **more: Any) -> Iterator[Watch]:
    with Store.open(given.database_url()) as store:
        watch = Watch(given, store, **more)
        try:
            yield watch
        finally:
            watch.stop()


REFUSED = AuthenticationFailed("mailbox shop: localhost refuses the log-in of me; check username and password")


def test_an_alarm_is_told_once_whatever_restarts_and_told_when_it_is_over(tmp_path: Path, receiver: Receiver) -> None:
    given = configured(tmp_path, alerts={"webhook": receiver.url, "webhook_secret": SECRET})
    with watching_over(given) as watch:
        watch.polled("shop", REFUSED)
        await_true(lambda: receiver.posted, watch.tick)
        await_true(lambda: watch.store and all(one.told_at for one in watch.store.alarms().values()), watch.tick)
    with watching_over(given) as watch:
        watch.polled("shop", REFUSED)
        for _ in range(5):
            watch.tick()
        assert len(receiver.posted) == 1, "a restart repeated it"
        watch.polled("shop")
        await_true(lambda: len(receiver.posted) == 2, watch.tick)
        await_true(lambda: watch.store and not watch.store.alarms(), watch.tick)
    opened, over = receiver.documents()
    assert [one["name"] for one in opened["opened"]] == ["log-in fails: shop"]
    assert [one["name"] for one in over["over"]] == ["log-in fails: shop"]
    assert "correct-horse" not in str(receiver.posted)


def test_the_post_is_signed_as_standard_webhooks_says(tmp_path: Path, receiver: Receiver) -> None:
    given = configured(tmp_path, alerts={"webhook": receiver.url, "webhook_secret": SECRET})
    with watching_over(given, breakers=lambda: ["vk"]) as watch:
        await_true(lambda: receiver.posted, watch.tick)
    headers, body = receiver.posted[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(b"a secret of the receiver", signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_published_example() -> None:
    """The example of the Standard Webhooks libraries."""
    body = b'{"test": 2432232314}'
    made = telling.signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330)
    assert made["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_receiver_that_fails_is_told_again_and_holds_up_nothing(tmp_path: Path, receiver: Receiver) -> None:
    receiver.code = 500
    given = configured(tmp_path, alerts={"webhook": receiver.url})
    with watching_over(given, breakers=lambda: ["vk"]) as watch:
        await_true(lambda: len(receiver.posted) >= 2, watch.tick)
        assert [one.told_at for one in watch.open_alarms()] == [None]
        receiver.code = 204
        await_true(lambda: watch.open_alarms()[0].told_at, watch.tick)


HEAD = b"HTTP/1.1 200 OK\r\nX: "


@pytest.mark.parametrize(("first", "drop"), [(HEAD, b"x"), (b"220", b" "), (b"", b"220-wait\r\n")])
def test_a_receiver_that_never_ends_its_answer_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes
) -> None:
    """Else nobody would be told of anything any more."""
    monkeypatch.setattr(telling, "TOTAL_SECONDS", 0.5)
    with dripping(first, drop) as port:
        webhook = {"webhook": f"http://127.0.0.1:{port}/"}
        given = configured(tmp_path, alerts=webhook if first == HEAD else {"mail_to": ["ops@shop.example"]})
        given = given.model_copy(update={"smtp": given.smtp.model_copy(update={"port": port})})
        notice = telling.Notice(opened=(Alarm("disk low", "there is no room", datetime.now(UTC)),))
        began = time.monotonic()
        assert not telling.tell(given, notice, lambda _: False)
    assert time.monotonic() - began < 5


def test_many_alarms_at_once_are_one_notice(tmp_path: Path, receiver: Receiver) -> None:
    given = configured(tmp_path, alerts={"webhook": receiver.url})
    with watching_over(given, breakers=lambda: [f"source{number}" for number in range(100)]) as watch:
        await_true(lambda: receiver.posted, watch.tick)
        await_true(lambda: all(one.told_at for one in watch.open_alarms()), watch.tick)
    assert len(receiver.posted) == 1
    assert len(receiver.documents()[0]["opened"]) == 100


def test_a_mail_goes_out_encrypted_and_says_that_a_program_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot_server.self_signed(tmp_path / "tls", "DNS:localhost,IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "server.pem"))
    with smtp_server.running(tmp_path / "tls") as server:
        smtp = {
            "port": server.port,
            "tls": "starttls",
            "username": "me",
            "password": "sesame",
            "sender": "i@shop.example",
        }
        given = configured(tmp_path, alerts={"mail_to": ["ops@shop.example"]}, smtp=smtp)
        with watching_over(given, breakers=lambda: ["vk"]) as watch:
            await_true(lambda: server.mails, watch.tick)
    assert server.encrypted == [True]
    assert server.logins == [("me", "sesame")]
    assert server.envelopes == [("i@shop.example", ["ops@shop.example"])]
    mail = server.mails[0]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Loop"] == "interest-ingest"
    assert mail["Message-ID"].endswith("@shop.example>")
    assert "mails of vk suddenly cannot be read" in mail.get_content().replace("\n", " ")


def test_a_database_that_is_away_is_told_of_and_its_return_too(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interest_ingest.watch.rules.DATABASE_AWAY", timedelta(0))
    given = configured(tmp_path, alerts={"webhook": receiver.url})
    watch = Watch(given)
    await_true(lambda: receiver.posted, watch.tick)
    with Store.open(given.database_url()) as store:
        watch.store = store
        await_true(lambda: len(receiver.posted) == 2, watch.tick)
        await_true(lambda: not store.alarms(), watch.tick)
        watch.stop()
    assert [one["name"] for one in receiver.documents()[1]["over"]] == ["database away"]


class _Silent:
    """A store whose database never answers."""

    def __init__(self, store: Store) -> None:
        self.tally = store.tally
        self.answer = threading.Event()
        self.asked = 0

    def alarms(self) -> dict[str, Any]:
        self.asked += 1
        self.answer.wait()
        return {}


def test_a_database_that_never_answers_does_not_stop_the_watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "ANSWER_SECONDS", 0.01)
    given = configured(tmp_path)
    with watching_over(given) as watch:
        assert watch.store
        silent = _Silent(watch.store)
        watch.store = silent  # type: ignore[assignment]  # as much of a store as is asked here
        for _ in range(5):
            watch.tick()
        assert watch.snapshot.away
        assert "gives no answer" in watch.snapshot.away
        assert silent.asked == 1, "the question was asked again while it stood"
        silent.answer.set()


def test_a_bug_of_the_watch_does_not_end_it(tmp_path: Path) -> None:
    def stumble() -> list[str]:
        raise RuntimeError("a bug")

    with watching_over(configured(tmp_path), breakers=stumble) as watch:
        watch.tick()
        assert watch.age < 5


def test_our_own_alert_in_a_polled_mailbox_is_no_interest(tmp_path: Path) -> None:
    given = configured(tmp_path, alerts={"mail_to": ["ops@shop.example"]})
    assert read(telling.mail(given, telling.Notice()).as_bytes()).outcome == "ignored"


def test_check_logs_in_to_the_mail_server_and_says_what_is_wrong(tmp_path: Path) -> None:
    with smtp_server.running() as server:
        given = configured(tmp_path, alerts={"mail_to": ["ops@shop.example"]}, smtp={"port": server.port})
        assert telling.tried(given) == f"told to the log, mail through localhost:{server.port}"
        assert server.mails == []
    with pytest.raises(telling.NotTold, match="Connection refused; check host"):
        telling.tried(given)


def test_check_tells_of_a_password_that_smtp_cannot_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dovecot_server.self_signed(tmp_path / "tls", "DNS:localhost,IP:127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "tls" / "server.pem"))
    with smtp_server.running(tmp_path / "tls") as server:
        smtp = {"port": server.port, "tls": "starttls", "username": "me", "password": "schlüssel"}
        given = configured(tmp_path, alerts={"mail_to": ["ops@shop.example"]}, smtp=smtp)
        with pytest.raises(telling.NotTold, match="must be ASCII"):
            telling.tried(given)


def test_the_daemon_tells_of_a_refused_login(
    tmp_path: Path, dovecot: dovecot_server.Dovecot, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "TICK_SECONDS", 0.1)
    shop = {"name": "shop", "host": dovecot.host, "port": dovecot.imap_port, "tls": "none", "username": "me"}
    tables = {
        "database": {"url": f"sqlite:///{tmp_path}/i.db"},
        "mailboxes": [{**shop, "password": "wrong"}],
        "alerts": {"webhook": receiver.url},
    }
    given = settings.from_tables(tables)
    worker = daemon.Daemon(given)
    worker.start(Store.open(given.database_url()))
    try:
        await_true(lambda: receiver.posted)
    finally:
        worker.stop()
    assert [one["name"] for one in receiver.documents()[0]["opened"]] == ["log-in fails: shop"]
