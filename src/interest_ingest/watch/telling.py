"""Telling people: one JSON document by webhook, one mail by SMTP, for everything that changed since the last time."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import smtplib
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog

from interest_ingest.cards import iso_utc
from interest_ingest.errors import IngestError
from interest_ingest.mailbox.watchdog import Guard, following
from interest_ingest.parsing.automatic import OUR_LOOP
from interest_ingest.store.health import Alarm

if TYPE_CHECKING:
    from interest_ingest.settings import Settings

SECONDS = 15.0
"""For each step of a conversation with a webhook's or mail server."""

TOTAL_SECONDS = 60.0
"""For the whole of it: a server that sends a byte now and then would keep us for ever, and nobody be told any more."""

PAUSES = (0.0, 2.0, 10.0)
"""Seconds to wait before each try."""

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told at once: alarms that are new, that still last, and that are over."""

    opened: tuple[Alarm, ...] = ()
    lasting: tuple[Alarm, ...] = ()
    over: tuple[Alarm, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.opened or self.lasting or self.over)

    def title(self) -> str:
        """One line without any detail."""
        counts = ((len(self.opened), "new"), (len(self.lasting), "lasting"), (len(self.over), "over"))
        told = ", ".join(f"{number} {word}" for number, word in counts if number)
        return f"interest-ingest on {socket.gethostname()}: alarms: {told}"

    def text(self) -> str:
        """Everything, for people."""
        lines = [self.title()]
        for word, listed in (("NEW", self.opened), ("LASTING", self.lasting), ("OVER", self.over)):
            lines += [f"{word} since {one.since:%Y-%m-%d %H:%M} UTC: {one.text}" for one in listed]
        return "\n\n".join(lines)

    def document(self) -> dict[str, Any]:
        """Everything, for programs."""
        groups = {"opened": self.opened, "lasting": self.lasting, "over": self.over}
        return {
            "type": "interest_ingest.alarms",
            "timestamp": iso_utc(datetime.now(UTC)),
            "host": socket.gethostname(),
            "text": self.text(),
            **{
                key: [{"name": one.name, "text": one.text, "since": iso_utc(one.since)} for one in listed]
                for key, listed in groups.items()
            },
        }


def channels(settings: Settings) -> list[Callable[[Notice], None]]:
    """The ways to people that are configured; each raises OSError, IngestError or a library's error if it fails."""
    found: list[Callable[[Notice], None]] = []
    if settings.alerts.webhook:
        found.append(lambda notice: post(settings, notice))
    if settings.alerts.mail_to:
        found.append(lambda notice: send_mail(settings, notice))
    return found


def tell(settings: Settings, notice: Notice, stopped: Callable[[float], bool]) -> bool:
    """Tell by every configured way; whether one of them worked, or there is none. `stopped` waits so many seconds."""
    worked = [_tried(way, notice, stopped) for way in channels(settings)]
    return not worked or any(worked)


def _tried(way: Callable[[Notice], None], notice: Notice, stopped: Callable[[float], bool]) -> bool:
    reason = ""
    for pause in PAUSES:
        if stopped(pause):
            return False
        try:
            way(notice)
        except Exception as error:  # whatever a server of somebody else does must not stop the watch
            reason = str(error) if isinstance(error, IngestError) else type(error).__name__
        else:
            return True
    logger.error("nobody was told of the alarms", reason=reason)
    return False


class NotTold(IngestError):
    """The receiver answered, and did not take it."""


def post(settings: Settings, notice: Notice) -> None:
    """POST the notice's document; signed as https://www.standardwebhooks.com says if there is a secret."""
    import httpx2

    assert settings.alerts.webhook
    body = json.dumps(notice.document(), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    if settings.alerts.webhook_secret:
        headers |= signature(settings.alerts.webhook_secret.get_secret_value(), body)
    guard = Guard(TOTAL_SECONDS, TOTAL_SECONDS)
    with (
        contextlib.closing(guard),
        guard.command(0),
        httpx2.Client(timeout=SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream(  # the body of the answer is not read
            "POST",
            settings.alerts.webhook.get_secret_value(),
            content=body,
            headers=headers,
            extensions=following(guard),
        ) as response,
    ):
        if not response.is_success:
            raise NotTold(f"the webhook answers with HTTP {response.status_code}")


def signature(secret: str, body: bytes, message_id: str = "", at: int | None = None) -> dict[str, str]:
    """The three headers of Standard Webhooks 1.0: HMAC-SHA256 over id, time and body."""
    message_id = message_id or f"msg_{uuid.uuid4().hex}"
    stamp = str(int(time.time()) if at is None else at)
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.digest(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def mail(settings: Settings, notice: Notice) -> EmailMessage:
    """The notice as a mail that no automatic answers and that our own polls ignore (RFC 3834 §5)."""
    sender = settings.smtp.sender or settings.alerts.mail_to[0]
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(settings.alerts.mail_to)
    message["Subject"] = notice.title()
    message["Date"] = datetime.now(UTC)
    message["Message-ID"] = f"<{OUR_LOOP}.{uuid.uuid4().hex}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message["X-Loop"] = OUR_LOOP
    message.set_content(notice.text() + "\n")
    return message


def send_mail(settings: Settings, notice: Notice) -> None:
    """Hand the notice to the server of [smtp]."""
    with _server(settings) as server:
        server.send_message(mail(settings, notice))


@contextlib.contextmanager
def _server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """The mail server, logged in, for TOTAL_SECONDS."""
    smtp, tls = settings.smtp, settings.smtp.tls.value
    context = ssl.create_default_context()
    implicit = tls == "implicit"
    server = smtplib.SMTP_SSL(timeout=SECONDS, context=context) if implicit else smtplib.SMTP(timeout=SECONDS)
    server._host = smtp.host  # type: ignore[attr-defined]  # else only who connects at once has it for TLS
    end = threading.Timer(TOTAL_SECONDS, _cut, (server,))
    end.daemon = True
    end.start()
    try:
        server.connect(smtp.host, smtp.effective_port)
        with server:
            if tls == "starttls":
                server.starttls(context=context)
            if smtp.username:
                server.login(smtp.username, smtp.read_password())
            yield server
    finally:
        end.cancel()
        server.close()


def _cut(server: smtplib.SMTP) -> None:
    if sock := server.sock:
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # below TLS, which its own thread is busy with


def tried(settings: Settings) -> str:
    """Who is told of alarms, for `check`: the mail server is logged in to, nothing is posted.

    Raises `IngestError` if the mail server does not let us in.
    """
    ways = ["the log"]
    if settings.alerts.webhook:
        ways.append(f"a webhook at {urlsplit(settings.alerts.webhook.get_secret_value()).hostname}")
    if settings.alerts.mail_to:
        server = f"{settings.smtp.host}:{settings.smtp.effective_port}"
        try:
            with _server(settings) as connection:
                connection.noop()
        except UnicodeError:  # of smtplib's making: it would quote a letter of the password
            raise NotTold(f"{server}: username and password in [smtp] must be ASCII; give the user another") from None
        except (OSError, smtplib.SMTPException) as error:
            raise NotTold(f"{server}: {error}; check host, port, tls and the log-in in [smtp]") from None
        ways.append(f"mail through {server}")
    return "told to " + ", ".join(ways)
