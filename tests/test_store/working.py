"""The main line without its mailbox and its parsers, in small steps, and what has to be true of its database."""

from __future__ import annotations

from collections import Counter
from typing import Any

from interest_ingest.cards import Reading
from interest_ingest.store import Landed, Store
from tests.test_store.making import an_epoch, dump, interest, landing, reading, verified

MAILS = 6
TRUTH = sorted(
    [(f"mail {n} a", "unproven") for n in range(1, MAILS + 1)]
    + [(f"mail {n} b", "verified") for n in range(1, MAILS + 1)]
)
"""Text and trust of every card that `work` makes."""


def read(mail: Landed) -> Reading | None:
    """Two interests of each mail; the mails of one subject are one mail, in whatever mailbox."""
    if mail.known:
        return None
    subject = mail.raw.decode()
    return reading(interest(f"{subject} a"), verified(f"{subject} b", event_key=subject), canon=subject)


def work(store: Store, mailbox: str = "notifications") -> None:
    """Land MAILS mails and record them, to the end; repeatable."""
    epoch_id = an_epoch(store, mailbox)
    for first in range(1, MAILS + 1, 3):
        missing = store.unknown(epoch_id, range(first, first + 3))
        store.land(epoch_id, [landing(uid, f"mail {uid}") for uid in missing])
    while mails := store.claim(limit=4, max_bytes=10**6):
        store.record([(mail, read(mail)) for mail in mails])


def facts(url: str) -> dict[str, Any]:
    """What has to be true of a database at any moment, and how far the work has come."""
    rows = dump(url)
    raws = {row["id"] for row in rows["raw_message"]}
    origins = Counter(row["delivery_id"] for row in rows["card_origin"])
    done = [row for row in rows["delivery"] if row["outcome"]]
    assert all(row["raw_id"] in raws for row in rows["delivery"])
    assert all(epoch["cursor_uid"] in {0, *(row["uid"] for row in rows["delivery"])} for epoch in rows["epoch"])
    assert {row["id"]: origins[row["id"]] for row in rows["delivery"]} == {
        row["id"]: 2 if row["outcome"] else 0 for row in rows["delivery"]
    }
    assert {row["card_id"] for row in rows["card_origin"]} == {row["id"] for row in rows["card"]}
    assert len(rows["card_key"]) == 3 * len(rows["card"]) / 2
    counted = sum(row["mails"] for row in rows["habit"])
    # The same bytes in two mailboxes that two processes read at the same moment may count for each.
    assert len({row["raw_id"] for row in done}) <= counted <= len(done), "with its outcome each mail is counted once"
    return {
        "landed": len(rows["delivery"]),
        "done": len(done),
        "cards": sorted((row["text"], row["trust"]) for row in rows["card"]),
    }
