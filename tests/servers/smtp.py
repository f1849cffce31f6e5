"""A small real SMTP server (RFC 5321) with STARTTLS and AUTH PLAIN, which keeps what it is given."""

from __future__ import annotations

import base64
import contextlib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


@dataclass
class Smtp:
    """A running server. `fail` makes it refuse this many mails before it takes one."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    fail: int = 0
    arrived: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def running(tls: Path | None = None) -> Iterator[Smtp]:
    """Start it on a free port; `tls` is a folder with server.pem and server.key, then it offers STARTTLS and AUTH."""
    state = Smtp()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "server.pem", tls / "server.key")

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):  # a client that goes away without QUIT
                _Session(self, state, context).serve()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()


class _Session:
    def __init__(self, handler: socketserver.StreamRequestHandler, state: Smtp, context: ssl.SSLContext | None) -> None:
        self.socket = handler.connection
        self.file = self.socket.makefile("rb")
        self.state, self.context = state, context
        self.sender, self.recipients = "", list[str]()
        self.encrypted = False

    def say(self, text: str) -> None:
        self.socket.sendall(text.encode() + b"\r\n")

    def serve(self) -> None:
        self.say("220 test ESMTP")
        while line := self.file.readline().decode().rstrip("\r\n"):
            verb = line.partition(" ")[0].upper()
            if verb == "QUIT":
                self.say("221 bye")
                break
            answer = getattr(self, f"on_{verb.lower()}", None)
            if answer is None:
                self.say("502 unknown")
            else:
                answer(line)
        self.file.close()
        self.socket.close()

    def on_ehlo(self, _line: str) -> None:
        offers = ["test"]
        if self.context:
            offers.append("AUTH PLAIN" if self.encrypted else "STARTTLS")
        self.say("\r\n".join(f"250{' ' if n == len(offers) else '-'}{offer}" for n, offer in enumerate(offers, 1)))

    def on_starttls(self, _line: str) -> None:
        assert self.context
        self.say("220 go ahead")
        self.file.close()
        self.socket = self.context.wrap_socket(self.socket, server_side=True)
        self.file = self.socket.makefile("rb")
        self.encrypted = True

    def on_auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
        self.state.logins.append((user, password))
        self.say("235 welcome")

    def on_mail(self, line: str) -> None:
        self.sender, self.recipients = line.partition("<")[2].partition(">")[0], []
        self.say("250 ok")

    def on_rcpt(self, line: str) -> None:
        self.recipients.append(line.partition("<")[2].partition(">")[0])
        self.say("250 ok")

    def on_data(self, _line: str) -> None:
        self.say("354 go on")
        lines = list(iter(self.file.readline, b".\r\n"))
        if self.state.fail:
            self.state.fail -= 1
            self.say("451 later")
            return
        raw = b"".join(line[1:] if line.startswith(b".") else line for line in lines)
        self.state.mails.append(message_from_bytes(raw, policy=policy.default))
        self.state.envelopes.append((self.sender, self.recipients))
        self.state.encrypted.append(self.encrypted)
        self.say("250 kept")
        self.state.arrived.set()

    def on_rset(self, _line: str) -> None:
        self.say("250 ok")
