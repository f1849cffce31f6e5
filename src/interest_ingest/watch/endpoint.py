"""The status endpoint: GET /health for probes and GET /metrics for Prometheus, answered from the last snapshot.

It asks the database nothing, so that it answers at once whatever is wrong, and however often it is asked. Requests are
bounded in bytes, time and number: the port of a machine is open to every program on it.
"""

from __future__ import annotations

import io
import json
import socket
import socketserver
import threading
import time
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final

from interest_ingest.cards import iso_utc
from interest_ingest.errors import UsageError
from interest_ingest.watch.metrics import exposition, registry
from interest_ingest.watch.rules import silence

if TYPE_CHECKING:
    from interest_ingest.watch.watching import Watch

REQUEST_BYTES: Final = 8 * 1024
REQUEST_SECONDS: Final = 5.0
REQUESTS_AT_ONCE: Final = 8
STALE_SECONDS: Final = 60.0
"""A watch that has not ticked for so long does not know how things are."""

LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class Endpoint:
    """The server in a thread of its own, from `start` to `stop`. `port` is the one that it got, also for port 0."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port in use."""
        assert self._server
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen. Raises `UsageError` if that is not possible."""
        status = self._watch.settings.status
        try:
            self._server = _Server(status.address, self._watch)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise UsageError(
                f'listen = "{status.listen}" of [status]: {reason}; choose another port or end the program that has it'
            ) from None
        threading.Thread(target=self._server.serve_forever, name="status", daemon=True).start()

    def stop(self) -> None:
        """Close the port."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()


def health_document(watch: Watch) -> dict[str, Any]:
    """What /health says: `status` is "ok" or "failing", `reasons` one sentence each.

    Alive is who completed a poll of each mailbox within three of its intervals; alarms of other kinds are only named.
    """
    snapshot, reasons = watch.snapshot, []
    if watch.age > STALE_SECONDS:
        reasons.append(f"nothing was looked at for {watch.age:.0f} seconds")
    if snapshot.away:
        reasons.append("the database cannot be reached")
    now = snapshot.at + timedelta(seconds=watch.age)
    reasons += [reason for one in snapshot.mailboxes if (reason := silence(one, snapshot.since, now))]
    return {
        "status": "failing" if reasons else "ok",
        "reasons": reasons,
        "alarms": [one.name for one in watch.open_alarms()],
        "looked_at": iso_utc(snapshot.at),
    }


class _Server(socketserver.ThreadingTCPServer):
    """Not `HTTPServer`: that one asks the DNS for our name as it starts, which may hang."""

    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], watch: Watch) -> None:
        self.watch = watch
        self.registry = registry(watch)
        self.names = LOCAL | {address[0], *watch.settings.status.hosts}
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._free = threading.Semaphore(REQUESTS_AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread, if one is free; else the connection is closed."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """One request; its thread is free again whatever came of it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's concern."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version = "interest-ingest"
    sys_version = ""

    def handle_one_request(self) -> None:
        """The head of the request is read as a whole first: a reader of lines would wait for a slow client for ever."""
        self.close_connection = True
        self.rfile = io.BytesIO(self._head())
        super().handle_one_request()
        self.close_connection = True

    def _head(self) -> bytes:
        deadline = time.monotonic() + REQUEST_SECONDS
        head = b""
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            self.connection.settimeout(max(0.001, deadline - time.monotonic()))
            received = self.connection.recv(REQUEST_BYTES)
            head += received
            if not received or len(head) > REQUEST_BYTES:
                return b""
        self.connection.settimeout(REQUEST_SECONDS)
        return head

    def do_GET(self) -> None:
        """Answer the two paths that there are."""
        answer = {"/health": self._health, "/metrics": self._metrics}.get(self.path.partition("?")[0])
        if not self._asked_by_a_known_name():
            self._answer(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"this name is not in hosts of [status]\n")
        elif answer is None:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain", b"there are /health and /metrics\n")
        else:
            answer()

    def _asked_by_a_known_name(self) -> bool:
        """Else a web page of anybody could have a browser on this machine read here (DNS rebinding)."""
        host = self.headers.get("Host", "").lower()
        name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
        return name in self.server.names or "*" in self.server.names

    def _health(self) -> None:
        document = health_document(self.server.watch)
        code = HTTPStatus.OK if document["status"] == "ok" else HTTPStatus.SERVICE_UNAVAILABLE
        self._answer(code, "application/json", json.dumps(document, ensure_ascii=False).encode() + b"\n")

    def _metrics(self) -> None:
        kind, body = exposition(self.server.registry, self.headers.get("Accept", ""))
        self._answer(HTTPStatus.OK, kind, body)

    def _answer(self, code: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self) -> None:
        self._answer(HTTPStatus.METHOD_NOT_ALLOWED, "text/plain", b"only GET\n")

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_TRACE = do_CONNECT = _refuse

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: probes come every few seconds."""
