"""T-11: one mail that comes in several ways is one card, and two mails are never taken for one."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from interest_ingest.cards import Reading
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.reading import read
from interest_ingest.store import Landed, Store
from tests.mails import Sample, comment, form, letter, samples
from tests.test_store.making import an_epoch, landing, table
from tests.torture import report, scale

MAILS = scale(30, 1_000)


def as_read(mail: Landed) -> Reading | None:
    return None if mail.known else read(mail.raw, authentication=Authentication(), received_at=mail.received_at)


class Desk:
    """Mailboxes into which mails are delivered, and the ledger behind them."""

    def __init__(self, store: Store, url: str) -> None:
        self.store = store
        self.url = url
        self._last: Counter[str] = Counter()

    def deliver(self, raw: bytes, mailbox: str = "one") -> None:
        self._last[mailbox] += 1
        self.store.land(an_epoch(self.store, mailbox), [landing(self._last[mailbox], raw)])
        while mails := self.store.claim(100, 10**7):
            self.store.record([(mail, as_read(mail)) for mail in mails])

    def texts(self) -> Counter[str]:
        return Counter(one["text"] for one in self.store.cards())

    def suspects(self) -> int:
        return sum(row["suspect_of"] is not None for row in table(self.url, "card"))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    url = f"sqlite:///{tmp_path}/i.db"
    with Store.open(url) as store:
        yield Desk(store, url)


def forwarded(raw: bytes) -> bytes:
    """By a rule of the server (RFC 5321 §3.9.1): trace fields are added, the mail stays."""
    trace = (
        "Received: from mx.example by other.example; Sat, 21 Nov 2026 10:00:00 +0000\r\nDelivered-To: b@other.example"
    )
    return f"{trace}\r\nX-Forwarded-To: b@other.example\r\n".encode() + raw


def rendered_anew(raw: bytes) -> bytes:
    """As Exchange gives a mail that it took apart and put together: other boundary, encoding and order of fields."""
    head, _, body = raw.partition(b"\r\n\r\n")
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"mime-"))]
    text = base64.encodebytes(body).replace(b"\n", b"\r\n")
    part = b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + text
    extra = [b"MIME-Version: 1.0", b'Content-Type: multipart/mixed; boundary="_000_x_"', b"X-MS-Has-Attach:"]
    return b"\r\n".join([*reversed(kept), *extra, b"", b"--_000_x_", part, b"--_000_x_--", b""])


WAYS: dict[str, Callable[[bytes], bytes]] = {
    "same bytes": bytes,
    "forwarded": forwarded,
    "rendered anew": rendered_anew,
}


@pytest.mark.timeout(scale(120, 1_800))
@pytest.mark.parametrize("way", WAYS)
def test_the_same_mail_through_two_mailboxes_is_one_card(desk: Desk, way: str) -> None:
    found = samples(MAILS)
    for sample in found:
        desk.deliver(sample.raw)
        desk.deliver(WAYS[way](sample.raw), "two")
    assert desk.texts() == Counter(sample.text for sample in found)
    assert desk.suspects() == 0
    assert Counter(mail["outcome"] for mail in desk.store.mails()) == {"cards": MAILS, "duplicate": MAILS}
    report("T-11 two mailboxes", way=way.replace(" ", "-"), mails=MAILS, lost=0, doubled=0)


@pytest.mark.parametrize("kind", [letter, form, comment])
def test_the_same_message_id_with_another_body_is_another_card(desk: Desk, kind: Callable[[int], Sample]) -> None:
    """A form that numbers its mails badly: both leads are shown, and one says that it may be a copy."""
    first, second = kind(1), kind(2)
    desk.deliver(first.raw)
    desk.deliver(second.raw.replace(b"Message-ID: <2@", b"Message-ID: <1@"))
    assert desk.texts() == Counter([first.text, second.text])
    assert desk.suspects() == 1


def test_the_same_words_of_another_day_are_another_card(desk: Desk) -> None:
    """A customer asks the same again: never swallowed."""
    raw = letter(1).raw
    desk.deliver(raw)
    desk.deliver(raw.replace(b"21 Nov", b"22 Nov").replace(b"<1@", b"<77@"))
    assert desk.texts() == Counter({letter(1).text: 2})


def test_a_copy_that_comes_before_the_first_was_read(desk: Desk) -> None:
    raw = letter(1).raw
    for mailbox in ("one", "two"):
        desk.store.land(an_epoch(desk.store, mailbox), [landing(1, raw)])
    desk.store.record([(mail, as_read(mail)) for mail in desk.store.claim(10, 10**6)])
    assert desk.texts() == Counter([letter(1).text])
