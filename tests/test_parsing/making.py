"""Mails and parsers for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

from interest_ingest.mail import Mail
from interest_ingest.parsing import Action, Channel, Interest, Match, Parser, parser


def mail(text: str = "Hello", **headers: str) -> Mail:
    """A text mail from a customer; keywords are headers, `_` for `-`, and replace the usual ones."""
    usual = {"From": "Anna <anna@hey.example>", "To": "shop@ladle.example", "Subject": "Tea"}
    fields = usual | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\n" for name, value in fields.items() if value)
    return Mail.from_bytes(f"{head}Content-Type: text/plain; charset=utf-8\n\n{text}\n".encode())


def forwarding(*inner: str, text: str = "", **headers: str) -> Mail:
    """A mail that carries the raw mails `inner` as attachments, below `text`."""
    usual = {"From": "Marfa <marfa@ladle.example>", "To": "interest@ladle.example", "Subject": "Fwd: Tea"}
    fields = (
        usual | {"Content-Type": "multipart/mixed; boundary=out"} | {n.replace("_", "-"): v for n, v in headers.items()}
    )
    head = "".join(f"{name}: {value}\n" for name, value in fields.items())
    parts = [f"Content-Type: text/plain; charset=utf-8\n\n{text}"] if text else []
    parts += [f"Content-Type: message/rfc822\n\n{raw}" for raw in inner]
    body = "".join(f"--out\n{part}\n" for part in parts)
    return Mail.from_bytes(f"{head}\n{body}--out--\n".encode())


def reader(name: str, match: Match, *, instead_of: str | tuple[str, ...] = (), fallback: int | None = None) -> Parser:
    """A parser that yields the visible text."""

    @parser(name, version=1, match=match, instead_of=instead_of, fallback=fallback)
    def read(mail: Mail) -> Iterator[Interest]:
        yield Interest(channel=Channel.MAIL, action=Action.MESSAGE, text=mail.visible_text)

    return read
