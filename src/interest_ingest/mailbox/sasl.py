"""Log-in by access token: XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol) and OAUTHBEARER (RFC 7628)."""

from __future__ import annotations

import contextlib
import imaplib
import json
from dataclasses import dataclass, field

from interest_ingest.mailbox.wire import Client


@dataclass(slots=True)
class _Try:
    """One exchange: the token, and then an answer to the challenge in which a server tells why it refuses it.

    Without that answer the server waits: Gmail sends its NO only after an empty line, RFC 7628 §3.2.3 wants a %x01.
    """

    response: bytes = field(repr=False)
    dismissal: bytes
    told: str = ""
    asked: bool = False

    def __call__(self, challenge: bytes) -> bytes:
        if not self.asked:
            self.asked = True
            return self.response
        self.told = _told(challenge)
        return self.dismissal


def log_in(client: Client, username: str, token: str) -> None:
    """Log in by this token. Raises imaplib's error with the server's words; the token is not among them."""
    if not client.has_capability("AUTH=XOAUTH2") and client.has_capability("AUTH=OAUTHBEARER"):
        name = username.replace("=", "=3D").replace(",", "=2C")
        exchange = _Try(f"n,a={name},\1auth=Bearer {token}\1\1".encode(), b"\1")
        mechanism = "OAUTHBEARER"
    else:
        exchange = _Try(f"user={username}\1auth=Bearer {token}\1\1".encode(), b"")
        mechanism = "XOAUTH2"
    try:
        client._imap.authenticate(mechanism, exchange)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        said = str(error).replace(token, "…") + (f" ({exchange.told})" if exchange.told else "")
        raise imaplib.IMAP4.error(said) from None


def _told(challenge: bytes) -> str:
    """What the challenge says: {"status": "401", "schemes": "bearer", "scope": "https://mail.google.com/"}."""
    with contextlib.suppress(ValueError, RecursionError):
        answer = json.loads(challenge)
        if isinstance(answer, dict):
            return ", ".join(f"{key} {answer[key]}" for key in ("status", "scope") if answer.get(key))
    return ""
