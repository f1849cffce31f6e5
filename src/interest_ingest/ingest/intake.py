"""From a mailbox to the ledger: every message that is not in it yet, oldest first, with its raw bytes.

Nothing on the IMAP side says how far we are: a message is new if the ledger does not know its (mailbox, UIDVALIDITY,
UID). The cursor only tells where new messages usually are; a sweep asks for all of them.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from pathlib import Path

from interest_ingest.ingest import dkim
from interest_ingest.ingest.authentication import MAX_HEADER, AuthservIds, authenticate
from interest_ingest.ingest.reading import NEVER, arrival
from interest_ingest.mail import Mail
from interest_ingest.mailbox import Message, Problem
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import MailboxError
from interest_ingest.mailbox.files import read_path
from interest_ingest.mailbox.imap import Mailbox, Mode, connect
from interest_ingest.store import Epoch, Landing, Store

BATCH = 100
BATCH_BYTES = 4 * 1024 * 1024
"""What is landed in one transaction."""

ACKNOWLEDGE_BATCH = 500

_HEADER_END = re.compile(rb"\r?\n\r?\n")

Landed = Callable[[int], None]
"""Is told how many messages were just landed."""


@dataclass(frozen=True, slots=True)
class PollOptions:
    """How one mailbox is polled, beside where it is."""

    authserv_id: AuthservIds = None
    dkim: bool = False
    """Check signatures ourselves too."""
    acknowledge: Mode = "none"
    move_to: str = ""
    since: date | None = None
    sweep: bool = True
    """Ask for all messages, not only for those above the cursor: a server may show a lower UID later."""


@dataclass(slots=True)
class PollResult:
    """What one pass over a mailbox or a path came to."""

    mailbox: str
    seen: int = 0
    landed: int = 0
    unfetchable: dict[int, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def poll_mailbox(
    store: Store,
    account: Account,
    options: PollOptions,
    stop: threading.Event | None = None,
    landed: Landed | None = None,
) -> PollResult:
    """Land the new messages of one mailbox, batch by batch; each is committed before much more is fetched.

    Raises `MailboxError` if the mailbox cannot be read, `Leased` if another living process is polling it. What was
    landed before stays landed, and the next poll goes on from there.
    """
    result = PollResult(account.name)
    mailbox_id = store.mailbox(account.name, account.folder)
    with store.lease(mailbox_id), connect(account, stop) as box:
        state = box.examine()
        # Without UIDVALIDITY, or with UIDNOTSTICKY (RFC 4315), a UID names another message tomorrow: each poll reads
        # all messages and knows them by their bytes, and none can be acknowledged.
        lasting = state.uidvalidity is not None
        epoch = store.open_epoch(mailbox_id, state.uidvalidity, state.uidnext if lasting else None)
        known_up_to = 0 if options.sweep or not lasting else epoch.cursor
        uids = box.uids(known_up_to + 1, since=options.since)
        result.seen = len(uids)
        new = store.unknown(epoch.id, uids, unfetchable=options.sweep) if lasting else uids
        fetched = chain.from_iterable(box.messages(new))
        messages = fetched if lasting else (replace(message, uid=0) for message in fetched)
        for batch in _batches(messages):
            _land(store, epoch, [_landing(message, options) for message in batch], result, landed)
        result.unfetchable = box.unfetchable
        if lasting:
            for uid, reason in box.unfetchable.items():
                store.unfetchable(epoch.id, [uid], reason)
            _acknowledge(store, epoch, box, options)
    return result


def acknowledge_mailbox(store: Store, account: Account, options: PollOptions) -> None:
    """Tell the mailbox what was recorded since it was polled; the daemon leaves that to its next poll."""
    mailbox_id = store.mailbox(account.name, account.folder)
    with store.lease(mailbox_id), connect(account) as box:
        state = box.examine()
        if state.uidvalidity is not None:
            _acknowledge(store, store.open_epoch(mailbox_id, state.uidvalidity, state.uidnext), box, options)


def import_path(
    store: Store,
    path: Path,
    name: str,
    authserv_id: AuthservIds = None,
    stop: threading.Event | None = None,
    landed: Landed | None = None,
) -> PollResult:
    """Land the mails of a file or folder under the import `name`; importing them again changes nothing.

    Raises `UsageError` if the path cannot be read at all; a bad file inside a folder is told in the result.
    """
    result = PollResult(name)
    options = PollOptions(authserv_id)  # old mails: the keys of their signatures are long gone
    epoch = store.open_epoch(store.mailbox(f"import:{name}", ""), 0, None)
    for batch in _batches(_readable(read_path(path), result)):
        if stop and stop.is_set():
            break
        result.seen += len(batch)
        _land(store, epoch, [_landing(_dated(message), options) for message in batch], result, landed)
    return result


def _land(store: Store, epoch: Epoch, landings: Sequence[Landing], result: PollResult, landed: Landed | None) -> None:
    count = store.land(epoch.id, landings)
    result.landed += count
    if landed:
        landed(count)


def _landing(message: Message, options: PollOptions) -> Landing:
    found = authenticate(message.raw, options.authserv_id)
    if options.dkim and message.whole:
        found = found.joined(dkim.check(message.raw))
    return Landing(
        uid=message.uid,
        raw=message.raw,
        received_at=message.received_at,
        rfc822_size=message.size,
        whole=message.whole,
        authentication=found.to_json(),
        signed=found.passed,
    )


def _acknowledge(store: Store, epoch: Epoch, box: Mailbox, options: PollOptions) -> None:
    """Tell the mailbox of messages whose outcome is committed; repeating it after a crash is harmless."""
    if options.acknowledge == "none":
        return
    while uids := store.to_acknowledge(epoch.id, ACKNOWLEDGE_BATCH):
        box.acknowledge(uids, options.acknowledge, options.move_to)
        store.acknowledged(epoch.id, uids)


def _readable(found: Iterable[Message | Problem], result: PollResult) -> Iterator[Message]:
    for one in found:
        if isinstance(one, Problem):
            result.problems.append(one)
        else:
            yield one


def _dated(message: Message) -> Message:
    """A file's time tells when it was copied; the mail's own header tells better when it arrived."""
    header = _HEADER_END.split(message.raw[:MAX_HEADER], maxsplit=1)[0]
    arrived = arrival(Mail.from_bytes(header + b"\r\n\r\n"))
    return message if arrived == NEVER else replace(message, received_at=arrived)


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Up to BATCH messages and about BATCH_BYTES: a commit waits for the disk, so one for each message would cost most.

    Where reading ends with an error, what was read before it comes first.
    """
    batch: list[Message] = []
    total = 0
    try:
        for message in messages:
            batch.append(message)
            total += len(message.raw)
            if len(batch) == BATCH or total >= BATCH_BYTES:
                yield batch
                batch, total = [], 0
    except MailboxError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
