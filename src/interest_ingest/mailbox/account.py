"""Where a mailbox is, how its account logs in, and what its server may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Tls = Literal["implicit", "starttls", "none"]


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much a server may take. Seconds and bytes."""

    read_seconds: float = 60.0
    """Silence of the server, also while connecting."""
    command_seconds: float = 120.0
    poll_seconds: float = 600.0
    """All commands of one connection together."""
    message_bytes: int = 25 * 1024 * 1024
    """Of a larger mail only headers and the first `text_bytes` of text are fetched."""
    text_bytes: int = 256 * 1024
    whole_bytes: int = 256 * 1024
    """A larger mail is fetched without the bodies of its attachments."""
    chunk_bytes: int = 2 * 1024 * 1024
    """Messages that are fetched together; also the text of one large mail."""
    answer_bytes: int = 16 * 1024 * 1024
    """Answer to one command, besides the mails that it asks for."""


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox: an account on a server and a folder in it. `name` is what the operator calls it."""

    name: str
    host: str
    username: str
    password: str = field(default="", repr=False)
    port: int = 993
    tls: Tls = "implicit"
    folder: str = "INBOX"
    limits: Limits = Limits()
    token: Callable[[str], str] | None = field(default=None, repr=False)
    """In place of the password: gives an access token, another than the one that the server has just refused."""
