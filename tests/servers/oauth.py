"""A token server over real HTTP: RFC 6749 refresh tokens and client credentials, RFC 8628, introspection (RFC 7662)."""

from __future__ import annotations

import base64
import contextlib
import json
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from interest_ingest.oauth.providers import DEVICE_GRANT

CLIENT = "ingest-client"
SECRET = "ingest-secret"

Answer = tuple[int, dict[str, Any] | bytes]


@dataclass
class Authority:
    """The server's memory. Tests alter it while it serves."""

    port: int = 0
    lifetime: int = 3600
    rotates: bool = False
    """Whether each refresh voids the refresh token and gives another."""
    claims: dict[str, Any] | None = None
    """Access tokens are JWTs with these claims."""
    code_seconds: float = 60
    """How long the device flow's codes last."""
    scope: str = ""
    app_user: str = ""
    """Whose mailbox client credentials open."""
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    access_tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)
    """User code -> the user that consented; `""` for one that refused."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The forms that came to the token address."""
    instead: deque[Answer] = field(default_factory=deque)
    """Answers of the token address that come before all others; an empty body drops the connection."""
    retry_after: str = ""
    """The header of that name in the answers of `instead`."""
    pause: threading.Event = field(default_factory=threading.Event)
    """Cleared: the token address waits."""

    _codes: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str) -> str:
        """`token`, `device` or `introspect` as an address."""
        return f"http://127.0.0.1:{self.port}/{path}"

    def consent(self, user: str) -> str:
        """A refresh token for this user, as a provider's console gives it."""
        token = f"refresh-{secrets.token_urlsafe(24)}"
        self.refresh_tokens[token] = user
        return token

    def revoke(self, user: str) -> None:
        """Void all that this user's consent gave."""
        self.refresh_tokens = {token: whose for token, whose in self.refresh_tokens.items() if whose != user}
        self.expire(user)

    def expire(self, user: str) -> None:
        """Void this user's access tokens before their time."""
        with self._lock:
            self.access_tokens = {token: one for token, one in self.access_tokens.items() if one[0] != user}

    # Addresses

    def token(self, form: dict[str, str]) -> Answer:
        """POST /token."""
        self.pause.wait(30)
        with self._lock:
            self.asked.append(form)
            if self.instead:
                return self.instead.popleft()
            if form.get("client_id") != CLIENT or form.get("client_secret", SECRET) != SECRET:
                return _error("invalid_client", "The OAuth client was not found.")
            kind = form.get("grant_type", "")
            if kind == "client_credentials":
                return self._issue(self.app_user)
            if kind == "refresh_token":
                return self._refreshed(form["refresh_token"])
            if kind == DEVICE_GRANT:
                return self._device_token(form["device_code"])
            return _error("unsupported_grant_type")

    def device(self, form: dict[str, str]) -> Answer:
        """POST /device."""
        if form.get("client_id") != CLIENT:
            return _error("unauthorized_client")
        user_code, device_code = secrets.token_hex(3).upper(), secrets.token_urlsafe(16)
        self._codes[device_code] = user_code
        return 200, {
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": self.url("enter"),
            "expires_in": self.code_seconds,
            "interval": 0.05,
        }

    def introspect(self, form: dict[str, str]) -> Answer:
        """POST /introspect, as Dovecot asks it."""
        user, until = self.access_tokens.get(form.get("token", ""), ("", 0.0))
        return 200, {"active": until > time.time(), "user": user}

    def _device_token(self, device_code: str) -> Answer:
        user_code = self._codes.get(device_code)
        if user_code is None:
            return _error("expired_token")
        if user_code not in self.consents:
            return _error("authorization_pending")
        user = self.consents[user_code]
        del self._codes[device_code]
        return self._issue(user, self.consent(user)) if user else _error("access_denied")

    def _refreshed(self, refresh_token: str) -> Answer:
        user = self.refresh_tokens.get(refresh_token)
        if user is None:
            return _error("invalid_grant", "Token has been expired or revoked.")
        if not self.rotates:
            return self._issue(user)
        del self.refresh_tokens[refresh_token]
        return self._issue(user, self.consent(user))

    def _issue(self, user: str, refresh_token: str = "") -> Answer:
        token = f"access-{secrets.token_urlsafe(24)}"
        if self.claims is not None:
            token = jwt({**self.claims, "jti": token})
        self.access_tokens[token] = (user, time.time() + self.lifetime)
        more = {"refresh_token": refresh_token, "scope": self.scope}
        given = {"access_token": token, "token_type": "Bearer", "expires_in": self.lifetime}
        return 200, given | {key: value for key, value in more.items() if value}


def jwt(claims: dict[str, Any]) -> str:
    """A JWT with these claims and no signature that means anything."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + ["x"]
    )


@contextlib.contextmanager
def running() -> Iterator[Authority]:
    """Serve on a loopback port of its own until the end."""
    authority = Authority()
    authority.pause.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"authority": authority}))
    server.daemon_threads = True
    authority.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="token server")
    thread.start()
    try:
        yield authority
    finally:
        authority.pause.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    authority: Authority

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()))
        addresses = {"/token": self.authority.token, "/device": self.authority.device}
        addresses["/introspect"] = self.authority.introspect
        status, answer = addresses[self.path](form)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        if not body:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        if status != 200 and self.authority.retry_after:
            self.send_header("Retry-After", self.authority.retry_after)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quietly."""


def _error(code: str, description: str = "") -> Answer:
    return 400, {"error": code} | ({"error_description": description} if description else {})
