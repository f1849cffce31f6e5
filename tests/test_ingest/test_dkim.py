"""Our own check of DKIM signatures (RFC 6376), on signatures that dkimpy made with keys of our own."""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.errors import UsageError
from interest_ingest.ingest import dkim as own
from interest_ingest.ingest import intake
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.intake import PollOptions
from interest_ingest.mailbox import Message

dkim = pytest.importorskip("dkim")

RAW = (
    b"From: Facebook <notification@facebookmail.com>\r\nTo: owner@ladle.example\r\nSubject: Anna commented\r\n"
    b"Date: Sat, 21 Nov 2026 09:15:00 +0000\r\nMessage-ID: <1@facebookmail.com>\r\n\r\nIs it in stock?\r\n"
)


# Keys: PKCS #1 for the signer, SubjectPublicKeyInfo for the DNS; small, invented, and of no use elsewhere.


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8 or 1, "big")
    return bytes([tag]) + (bytes([len(body)]) if len(body) < 128 else bytes([128 + len(size)]) + size) + body


def _integer(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _prime(bits: int, chance: random.Random) -> int:
    while True:
        number = chance.getrandbits(bits) | 3 << (bits - 2) | 1
        if number % 65_537 != 1 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7, 11)):
            return number


@lru_cache(maxsize=8)
def key(bits: int = 1_024, seed: int = 1) -> tuple[bytes, bytes]:
    """A private key in PEM and the record that publishes it."""
    chance = random.Random(seed)  # a test key must be the same each time
    p, q = (_prime(bits // 2, chance) for _ in range(2))
    n, e = p * q, 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = (0, n, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
    private = base64.encodebytes(_der(0x30, *map(_integer, numbers)))
    public = _der(3, b"\0" + _der(0x30, _integer(n), _integer(e)))
    algorithm = _der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(_der(0x30, algorithm, public))
    return b"-----BEGIN RSA PRIVATE KEY-----\n" + private + b"-----END RSA PRIVATE KEY-----\n", record


def signed(raw: bytes = RAW, domain: str = "facebookmail.com", bits: int = 1_024, **options: Any) -> bytes:
    signature: bytes = dkim.sign(raw, b"s1", domain.encode(), key(bits)[0], **options)
    return signature + raw


class Dns:
    """A resolver that knows the keys of two domains; others have none, `away.example` never answers."""

    def __init__(self, record: bytes | None = None) -> None:
        self.asked: list[str] = []
        self.record = record or key()[1]

    def __call__(self, name: str, seconds: float) -> bytes | None:
        self.asked.append(name)
        assert 0 < seconds <= own.DNS_SECONDS
        if "away.example" in name:
            raise TimeoutError
        return self.record if name in ("s1._domainkey.facebookmail.com.", "s1._domainkey.esp.example.") else None


def check(raw: bytes, record: bytes | None = None) -> Authentication:
    return own.check(raw, Dns(record))


def test_a_signature_that_holds_proves_its_domain() -> None:
    assert check(signed()) == Authentication(checked=True, signed=("facebookmail.com",))


@pytest.mark.parametrize("way", [(b"simple", b"simple"), (b"relaxed", b"relaxed"), (b"simple", b"relaxed")])
def test_each_canonicalization(way: tuple[bytes, bytes]) -> None:
    assert check(signed(canonicalize=way)).signed == ("facebookmail.com",)


def test_a_mail_may_be_signed_by_a_relay_too() -> None:
    assert check(signed(signed(), "esp.example")).signed == ("esp.example", "facebookmail.com")


def test_lines_that_end_with_lf_alone() -> None:
    """Some servers and all mbox files give them so."""
    assert check(signed().replace(b"\r\n", b"\n")).signed == ("facebookmail.com",)


def _expired(raw: bytes) -> bytes:
    """The signer's own way: dkimpy itself never writes x=."""
    signer = dkim.DKIM(raw)
    before = dkim.DKIM.gen_header

    def with_expiry(self: Any, fields: list[Any], *rest: Any) -> Any:
        fields[-1:-1] = [(b"x", b"%d" % (time.time() - 100_000))]
        return before(self, fields, *rest)

    signer.gen_header = with_expiry.__get__(signer)
    signature: bytes = signer.sign(b"s1", b"facebookmail.com", key()[0])
    assert b" x=" in signature
    return signature + raw


NOT_PROVEN: dict[str, Callable[[], bytes]] = {
    "unsigned": lambda: RAW,
    "another text": lambda: signed().replace(b"stock", b"shock"),
    "another subject": lambda: signed().replace(b"Anna", b"Vera"),
    "another author": lambda: signed().replace(b"notification@", b"security@"),
    "a second author above": lambda: b"From: x@foul.example\r\n" + signed(),
    "a second author below": lambda: signed().replace(b"Subject:", b"From: x@foul.example\r\nSubject:"),
    "of a part of the text (l=)": lambda: signed(length=True),
    "with text added to such a part": lambda: signed(length=True) + b"Buy here.\r\n",
    "expired (x=)": lambda: _expired(RAW),
    "a short key": lambda: signed(bits=768),
    "no key in the DNS": lambda: signed(domain="unknown.example"),
    "in another's name": lambda: signed(domain="esp.example").replace(b"d=esp.example", b"d=facebookmail.com"),
    "an empty signature": lambda: b"DKIM-Signature: \r\n" + RAW,
    "no base64": lambda: b"DKIM-Signature: v=1; a=rsa-sha256; d=facebookmail.com; s=s1; h=From; bh=*; b=*\r\n" + RAW,
    "signed with rsa-sha1": lambda: signed().replace(b"a=rsa-sha256", b"a=rsa-sha1"),
}


@pytest.mark.parametrize("name", NOT_PROVEN)
def test_what_proves_nothing(name: str) -> None:
    found = check(NOT_PROVEN[name](), key(768)[1] if name == "a short key" else None)
    assert "facebookmail.com" not in found.signed


def test_a_signature_that_leaves_the_author_out_proves_nothing() -> None:
    """dkimpy refuses to sign so; a forger would not."""
    raw = signed(include_headers=[b"from", b"to", b"subject"])
    assert check(raw).signed
    assert not check(raw.replace(b"h=from :", b"h=").replace(b"h=from:", b"h=")).signed


@pytest.mark.parametrize(
    "record", [b"", b"v=DKIM1; p=", b"v=DKIM1; k=rsa; p=AAAA", b"\xff", b"v=spf1 -all", b"p=" * 9_999]
)
def test_records_that_are_no_key(record: bytes) -> None:
    """Revoked, cut off, another one's."""
    assert not own.check(signed(), lambda _name, _seconds: record).signed


def test_a_key_that_is_not_to_be_had_is_no_failure() -> None:
    assert check(signed(domain="away.example")) == Authentication(checked=True, unsure=("away.example",))


def test_all_look_ups_of_a_mail_end_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five seconds in all, however many signatures it has."""
    now = [0.0]
    monkeypatch.setattr("interest_ingest.ingest.dkim.monotonic", lambda: now[0])
    waits: list[float] = []

    def slow(_name: str, seconds: float) -> bytes | None:
        waits.append(seconds)
        now[0] += min(seconds, 3.0)
        return None

    raw = RAW
    for number in range(own.MAX_SIGNATURES + 3):
        raw = signed(raw, f"d{number}.example")
    found = own.check(raw, slow)
    assert waits == [5.0, 2.0]
    assert len(found.unsure) == own.MAX_SIGNATURES - 2


def test_answers_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog of one service asks once; while the DNS is away it does not wait for each mail."""
    now = [0.0]
    monkeypatch.setattr("interest_ingest.ingest.dkim.monotonic", lambda: now[0])
    dns = Dns()
    remembered = own.Remembered(dns)
    for domain in ("facebookmail.com", "away.example", "unknown.example"):
        for _ in range(20):
            own.check(signed(domain=domain), remembered)
    assert len(dns.asked) == 3
    now[0] += own.FORGOTTEN_SECONDS + 1
    for domain in ("facebookmail.com", "away.example"):
        own.check(signed(domain=domain), remembered)
    assert [name.split(".")[2] for name in dns.asked[3:]] == ["away"]


def test_it_is_checked_when_a_whole_mail_lands(monkeypatch: pytest.MonkeyPatch) -> None:
    """And it joins what the server told."""
    monkeypatch.setattr(own, "_REMEMBERED", Dns())
    message = Message(1, signed(), datetime.now(UTC), len(RAW), whole=True)
    landing = intake._landing(message, PollOptions(dkim=True))
    assert Authentication.from_json(landing.authentication).signed == ("facebookmail.com",)
    assert landing.signed
    assert not intake._landing(message, PollOptions()).signed
    assert not intake._landing(replace(message, whole=False), PollOptions(dkim=True)).signed
    told = Authentication(checked=True, signed=("esp.example",), dmarc="pass", unsure=("facebookmail.com",))
    both = told.joined(check(signed()))
    assert both == Authentication(True, ("esp.example", "facebookmail.com"), "pass")


@pytest.mark.parametrize(("days", "checked"), [(1, True), (30, False)])
def test_an_old_mail_whose_key_is_gone_has_not_failed(
    monkeypatch: pytest.MonkeyPatch, days: int, checked: bool
) -> None:
    """A mailbox is full when it is first polled, and an archive is old when it is imported."""
    monkeypatch.setattr(own, "_REMEMBERED", Dns())
    received_at = datetime.now(UTC) - timedelta(days=days)
    for raw, signers in ((signed(domain="unknown.example"), ()), (signed(), ("facebookmail.com",))):
        landing = intake._landing(Message(1, raw, received_at, len(raw), whole=True), PollOptions(dkim=True))
        assert Authentication.from_json(landing.authentication) == Authentication(checked, signers)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    own.require()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "dkim" else name)
    with pytest.raises(UsageError, match=r"interest-ingest\[dkim\]"):
        own.require()


TAGS = st.sampled_from(
    [b"v=1", b"a=rsa-sha256", b"d=facebookmail.com", b"s=s1", b"h=From", b"l=0", b"x=0", b"t=9", b"b=AA=="]
)
HEADS = st.lists(TAGS | st.binary(max_size=20), max_size=12).map(b"; ".join)


@given(head=HEADS, rest=st.binary(max_size=60))
def test_nothing_that_is_signed_badly_raises(head: bytes, rest: bytes) -> None:
    found = own.check(b"DKIM-Signature: " + head + b"\r\n" + rest + RAW, Dns())
    assert "facebookmail.com" not in found.signed
