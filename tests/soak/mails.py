"""The mails of a soak: an endless stream of mixed kinds, and what must become of each."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import count

from tests import mails as good
from tests.hostile.mails import hostile_mails

HOSTILE_SIZE = 20_000
"""Characters of a hostile text: enough for every limit to be met, little enough for one mail a second."""


@dataclass(frozen=True)
class Given:
    """One mail: `source` and `text` of its only card; None where another outcome or any card will do."""

    kind: str
    raw: bytes
    source: str | None = None
    text: str | None = None
    outcome: str | None = None

    @property
    def digest(self) -> str:
        """As the ledger knows these bytes."""
        return hashlib.sha256(self.raw).hexdigest()


PLUGIN = '''
"""A third party's parser that mostly works."""
import os
from interest_ingest.parsing import Interest, Match, parser

@parser("soak.plugin", version=1, match=Match(header=r"(?m)^X-Soak: "), signed_by="soak.example")
def plugin(mail):
    act = mail.header("X-Soak")
    if act == "exit":
        os._exit(3)
    while act == "hang":
        pass
    if act == "memory":
        bytearray(8 * 1024**3)
    if act == "raise":
        raise ValueError("a bug of the plugin")
    yield Interest(source="soak", channel="mail", action="message", text=mail.text.strip())
'''

BAD_ACTS = ("exit", "hang", "memory", "raise")


def stream(seed: int) -> Iterator[Given]:
    """Mails without end; the same for the same seed."""
    dice = random.Random(seed)
    numbers = count(1)
    makers: dict[str, Callable[[int], Given]] = {
        "letter": lambda n: _good("letter", good.letter(n)),
        "comment": lambda n: _good("comment", good.comment(n)),
        "form": lambda n: _good("form", good.form(n)),
        "plugin": lambda n: plugin(n, "work"),
        "bad plugin": lambda n: plugin(n, dice.choice(BAD_ACTS)),
        "auto-reply": auto_reply,
        "bounce": bounce,
        "hostile": lambda n: _hostile()[n % len(_hostile())],
    }
    weights = {"letter": 24, "comment": 22, "form": 22, "plugin": 16, "bad plugin": 1, "auto-reply": 4, "bounce": 3}
    kinds = dice.choices(list(makers), [weights.get(kind, 8) for kind in makers], k=100_000)
    while True:
        for kind in kinds:
            yield makers[kind](next(numbers))


def _good(kind: str, sample: good.Sample) -> Given:
    return Given(kind, sample.raw, sample.source, sample.text, "cards")


def _mail(number: int, *header: str, body: str) -> bytes:
    fields = [
        *header,
        "To: desk@shop.example",
        "Date: Sat, 21 Nov 2026 09:15:00 +0000",
        f"Message-ID: <soak.{number}@soak.example>",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "",
        body,
        "",
    ]
    return "\r\n".join(fields).encode()


def plugin(number: int, act: str) -> Given:
    """A mail of the plugin, which then does `act`."""
    text = f"Order {number} through the plugin."
    raw = _mail(number, "From: Soak <robot@soak.example>", "Subject: plugin", f"X-Soak: {act}", body=text)
    if act == "work":
        return Given("plugin", raw, "soak", text, "cards")
    return Given("bad plugin", raw, outcome="quarantined")


def auto_reply(number: int) -> Given:
    """Out of office."""
    header = ("From: Wiebke Harmsen <wiebke@harmsen.example>", "Subject: Abwesend", "Auto-Submitted: auto-replied")
    return Given(
        "auto-reply", _mail(number, *header, body=f"Ich bin bis Montag nicht da. ({number})"), outcome="ignored"
    )


def bounce(number: int) -> Given:
    """A mail that came back."""
    header = ("From: Mail Delivery System <MAILER-DAEMON@mx.example>", "Subject: Undelivered Mail Returned to Sender")
    return Given(
        "bounce", _mail(number, *header, body=f"<nobody{number}@shop.example>: unknown user"), outcome="ignored"
    )


@lru_cache(maxsize=1)
def _hostile() -> list[Given]:
    return [Given("hostile", raw) for _, raw in hostile_mails(HOSTILE_SIZE)]
