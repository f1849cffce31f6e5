"""From a mailbox to the ledger: every message that is not in it yet, oldest first, with its raw bytes.

Nothing on the IMAP side says how far we are: a message is new if the ledger does not know its (mailbox, UIDVALIDITY,
UID). The cursor only tells where new messages usually are; a sweep asks for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import chain
from pathlib import Path

import structlog

from interest_ingest.ingest import dkim
from interest_ingest.ingest.authentication import AuthservIds, authenticate
from interest_ingest.ingest.header import header_of
from interest_ingest.ingest.reading import NEVER, arrival
from interest_ingest.ingest.verify import differs, reused
from interest_ingest.mailbox import Message, Problem
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import MailboxError
from interest_ingest.mailbox.files import read_path
from interest_ingest.mailbox.imap import FolderState, Mailbox, Mode, connect
from interest_ingest.store import Epoch, Landing, Store

BATCH = 100
BATCH_BYTES = 4 * 1024 * 1024
"""What is landed in one transaction."""

ACKNOWLEDGE_BATCH = 500

logger = structlog.get_logger(__name__)

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
    """What one pass over a mailbox or a path came to, also one that ended early."""

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
    result: PollResult | None = None,
) -> PollResult:
    """Land the new messages of one mailbox, batch by batch; each is committed before much more is fetched.

    Raises `MailboxError` if the mailbox cannot be read, `Leased` if another living process is polling it. What was
    landed before stays landed and is told in the given `result`; the next poll goes on from there.
    """
    result = result or PollResult(account.name)
    mailbox_id = store.mailbox(account.name, account.folder)
    with store.lease(mailbox_id), connect(account, stop) as box:
        state = box.examine()
        epoch = _epoch(store, box, mailbox_id, state)
        one = _Pass(store, box, mailbox_id, epoch, state, options, result, landed)
        if state.uidvalidity is None:
            one.read_all()
        elif options.sweep:
            one.sweep()
            one.acknowledge()
        else:
            one.read_new()
            one.acknowledge()
    return result


def _epoch(store: Store, box: Mailbox, mailbox_id: int, state: FolderState, *, anew: bool = False) -> Epoch:
    if state.mailboxid:
        for folder in store.renamed_from(mailbox_id, state.mailboxid):
            if not box.has_folder(folder):
                store.adopt(mailbox_id, state.mailboxid, folder)
    # Where UIDs do not last (see `_Pass.read_all`), our own numbers stand in their place and UIDNEXT says nothing.
    uidnext = state.uidnext if state.uidvalidity is not None else None
    return store.open_epoch(mailbox_id, state.uidvalidity, uidnext, state.mailboxid, anew=anew)


@dataclass(slots=True)
class _Pass:
    """One poll of an opened mailbox."""

    store: Store
    box: Mailbox
    mailbox_id: int
    epoch: Epoch
    state: FolderState
    options: PollOptions
    result: PollResult
    landed: Landed | None

    def read_new(self) -> None:
        """The messages above the cursor."""
        uids = self.box.uids(self.epoch.cursor + 1, since=self.options.since)
        self.result.seen = len(uids)
        self._fetch(self.store.unknown(self.epoch.id, uids))

    def sweep(self) -> None:
        """All messages: new ones, then those that were not given before, then whether the known ones are the same.

        One after the other those that were not given: one of them may be what breaks the connection every time. They
        come after all others, and each failure makes the pause until the next try longer, so it holds up nothing.
        """
        uids = self.box.uids(1, since=self.options.since)
        self.result.seen = len(uids)
        again = self.store.to_fetch_again(self.epoch.id)
        self._fetch(self.store.unknown(self.epoch.id, uids))
        gone = set(again).difference(uids)
        self.store.forget(self.epoch.id, sorted(gone.difference(self.box.present(gone))))
        for uid in (uid for uid in again if uid not in gone):
            self._fetch([uid])
        if reused(self.store, self.box, self.epoch.id, uids):
            logger.warning("UIDs name other messages than before, all are read again", mailbox=self.result.mailbox)
            self.epoch = _epoch(self.store, self.box, self.mailbox_id, self.state, anew=True)
            self._fetch(uids)
        self._compared(uids, self.store.unknown(self.epoch.id, uids))

    def read_all(self) -> None:
        """Without UIDVALIDITY, or with UIDNOTSTICKY (RFC 4315), a UID names another message tomorrow.

        Each poll reads all messages and knows them by their bytes, and none can be acknowledged.
        """
        if not self.epoch.cursor:
            logger.warning("UIDs do not last here: every poll reads all messages", mailbox=self.result.mailbox)
        uids = self.box.uids(1, since=self.options.since)
        self.result.seen = len(uids)
        lacking = set(uids)
        try:
            for batch in _batches(chain.from_iterable(self.box.messages(uids))):
                lacking.difference_update(message.uid for message in batch)
                self._land(replace(message, uid=0) for message in batch)
        finally:
            self.result.unfetchable |= self.box.unfetchable
        self._compared(uids, sorted(lacking))

    def acknowledge(self) -> None:
        _acknowledge(self.store, self.epoch, self.box, self.options)

    def _fetch(self, uids: list[int]) -> None:
        """Land these; what the server does not give is noted, and so are those at which the connection broke."""
        try:
            for batch in _batches(chain.from_iterable(self.box.messages(uids))):
                self._land(batch)
        except MailboxError:
            if suspects := self.box.suspects():
                self.store.unfetchable(self.epoch.id, suspects, "the connection ended while it was fetched")
            raise
        finally:
            for uid, reason in self.box.unfetchable.items():
                self.store.unfetchable(self.epoch.id, [uid], reason)
            self.result.unfetchable |= self.box.unfetchable
            self.box.unfetchable.clear()

    def _land(self, messages: Iterable[Message]) -> None:
        landings = [_landing(message, self.options) for message in messages]
        _land(self.store, self.epoch, landings, self.result, self.landed)

    def _compared(self, uids: list[int], lacking: list[int]) -> None:
        """Note how server and ledger agree; what was deleted meanwhile is on neither side."""
        there = self.box.present(lacking)
        self.store.compared(self.mailbox_id, len(uids) - len(lacking) + len(there), len(there))


def acknowledge_mailbox(store: Store, account: Account, options: PollOptions) -> None:
    """Tell the mailbox what was recorded since it was polled; the daemon leaves that to its next poll."""
    mailbox_id = store.mailbox(account.name, account.folder)
    with store.lease(mailbox_id), connect(account) as box:
        state = box.examine()
        if state.uidvalidity is not None:
            _acknowledge(store, _epoch(store, box, mailbox_id, state), box, options)


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
        own = dkim.check(message.raw)
        if datetime.now(UTC) - message.received_at > dkim.KEYS_LAST:
            own = replace(own, checked=False)
        found = found.joined(own)
    return Landing(
        uid=message.uid,
        raw=message.raw,
        received_at=message.received_at,
        rfc822_size=message.size,
        whole=message.whole,
        authentication=found.to_json(),
        signed=found.passed,
        emailid=message.emailid,
        doubt=message.doubt,
    )


def _acknowledge(store: Store, epoch: Epoch, box: Mailbox, options: PollOptions) -> None:
    """Tell the mailbox of messages whose outcome is committed; repeating it after a crash is harmless.

    Not of those that look like other messages than we read: a mail that nobody read could be moved away. The next
    sweep finds out what they are.
    """
    if options.acknowledge == "none":
        return
    while uids := store.to_acknowledge(epoch.id, ACKNOWLEDGE_BATCH):
        known, now = store.told(epoch.id, uids), box.sizes(uids)
        sure = [uid for uid in uids if uid not in now or uid not in known or not differs(known[uid], now[uid])]
        box.acknowledge(sure, options.acknowledge, options.move_to)
        store.acknowledged(epoch.id, sure)
        if len(sure) < len(uids):
            return


def _readable(found: Iterable[Message | Problem], result: PollResult) -> Iterator[Message]:
    for one in found:
        if isinstance(one, Problem):
            result.problems.append(one)
        else:
            yield one


def _dated(message: Message) -> Message:
    """A file's time tells when it was copied; the mail's own header tells better when it arrived."""
    arrived = arrival(header_of(message.raw))
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
