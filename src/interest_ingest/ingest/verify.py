"""Whether every message on the server is in the ledger, and is still the one that the ledger means by its UID."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from interest_ingest.ingest.header import header_of
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.imap import FolderState, Mailbox, connect
from interest_ingest.mailbox.message import Size
from interest_ingest.store import Epoch, Store, Told

AT_ONCE: Final = 5_000
"""Messages whose sizes are compared together: some 0.5 MB of answer."""

MAX_LOOKED_AT: Final = 20
"""Messages that are fetched again in one comparison because their size or date is not what it was."""


@dataclass(slots=True)
class Verified:
    """How one mailbox and the ledger agree; the numbers are None where the mailbox could not be asked."""

    name: str
    on_server: int | None = None
    in_ledger: int | None = None
    outcomes: dict[str, int] = field(default_factory=dict)
    unaccounted: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Its part of `verify --json`."""
        return {
            "name": self.name,
            "on_server": self.on_server,
            "in_ledger": self.in_ledger,
            "outcomes": dict(sorted(self.outcomes.items())),
            "unaccounted": self.unaccounted,
        }


def verify_mailbox(
    store: Store, account: Account, since: date | None = None, stop: threading.Event | None = None
) -> Verified:
    """Compare the mailbox with the ledger; nothing is fetched into it, nor noted there.

    A message that was landed and not read yet is accounted for; one whose UID the ledger knows for another message is
    not. Raises `MailboxError` if the mailbox cannot be read.
    """
    mailbox_id = store.mailbox(account.name, account.folder)
    with connect(account, stop) as box:
        state, epoch = _opened(store, box, mailbox_id)
        uids = box.uids(1, since=since)
        lacking = _lacking(store, box, epoch, uids, lasting=state.uidvalidity is not None)
        there = box.present(lacking)
    outcomes = store.outcomes_of(epoch.id) if epoch else {}
    on_server = len(uids) - (len(lacking) - len(there))
    return Verified(account.name, on_server, sum(outcomes.values()), outcomes, len(there))


def _opened(store: Store, box: Mailbox, mailbox_id: int) -> tuple[FolderState, Epoch | None]:
    """What the server says of the folder, and the epoch that it belongs to.

    Asked twice: a poll may just have landed mails that came after the first answer, whose UIDNEXT then says that the
    folder was restored from a backup.
    """
    for _ in range(2):
        state = box.examine()
        uidnext = state.uidnext if state.uidvalidity is not None else None
        if epoch := store.current_epoch(mailbox_id, state.uidvalidity, uidnext, state.mailboxid):
            break
    return state, epoch


def _lacking(store: Store, box: Mailbox, epoch: Epoch | None, uids: list[int], *, lasting: bool) -> list[int]:
    if epoch is None:
        return uids
    if not lasting:
        return lacking_bytes(store, box, epoch.id, uids)
    unknown = store.unknown(epoch.id, uids)
    return sorted({*unknown, *reused(store, box, epoch.id, uids)})


def lacking_bytes(store: Store, box: Mailbox, epoch_id: int, uids: Sequence[int]) -> list[int]:
    """The UIDs whose bytes the ledger lacks: where UIDs do not last, all must be fetched to know."""
    lacking = set(uids)
    for chunk in box.messages(uids):
        digests = {message.uid: hashlib.sha256(message.raw).hexdigest() for message in chunk}
        absent = set(store.lacking(epoch_id, digests.values()))
        lacking -= {uid for uid, digest in digests.items() if digest not in absent}
    return sorted(lacking)


def reused(store: Store, box: Mailbox, epoch_id: int, uids: Sequence[int]) -> list[int]:
    """Known UIDs that name another message now, though UIDVALIDITY is the same; [] is the rule.

    Size, date and name of all are compared, which is cheap; only where they differ the message is fetched again. If it
    is the same after all (servers estimate sizes and render mails anew), the ledger learns the new values, so that
    one of them does not cost that again. One that is not given now may be either and is looked at again. Newest first:
    servers that reuse UIDs give away those of deleted last mails.
    """
    others: list[int] = []
    left = MAX_LOOKED_AT
    for end in range(len(uids), 0, -AT_ONCE):
        some = uids[max(0, end - AT_ONCE) : end]
        known = store.told(epoch_id, some)
        changed = {uid: size for uid, size in box.sizes(known).items() if differs(known[uid], size)}
        suspects = sorted((uid for uid in changed if not _same_name(known[uid], changed[uid])), reverse=True)
        looked_at, left = suspects[:left], left - len(suspects[:left])
        seen = {uid: _same_message(store, box, epoch_id, uid) for uid in looked_at}
        others += [uid for uid, same in seen.items() if same is False]
        same = changed.keys() - set(suspects) | {uid for uid, same in seen.items() if same}
        store.correct(epoch_id, {uid: Told(*changed[uid]) for uid in same})
    return others


def differs(told: Told, now: Size) -> bool:
    """Whether the server tells something else of a message than before; what it does not tell says nothing."""
    pairs = ((told.received_at, now.received_at), (told.emailid, now.emailid))
    return told.size != now.size or any(old != new for old, new in pairs if old and new)


def _same_name(told: Told, now: Size) -> bool:
    return bool(told.emailid) and told.emailid == now.emailid


def _same_message(store: Store, box: Mailbox, epoch_id: int, uid: int) -> bool | None:
    """Whether the UID still gives the bytes, or at least the Message-ID, that the ledger has of it; None: no bytes.

    A server that renders mails anew gives other bytes at every request.
    """
    kept = store.kept(epoch_id, uid)
    for message in (message for chunk in box.messages([uid]) for message in chunk):
        if kept is None or kept.are(message.raw):
            return True
        named = header_of(message.raw).message_id_digest
        return bool(named) and named == kept.message_id_digest
    return None
