"""The store: the one door to the database. Every transaction begins and ends in one of its methods."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, Engine

from interest_ingest.cards import Outcome, Reading
from interest_ingest.errors import IngestError
from interest_ingest.store import (
    blocks,
    drift,
    epochs,
    health,
    judging,
    ledger,
    quarantine,
    queries,
    recording,
    rereading,
    schema,
)
from interest_ingest.store.blocks import Block
from interest_ingest.store.drift import Group
from interest_ingest.store.engine import TRIES, RowLocked, look, make_engine, transact
from interest_ingest.store.epochs import Kept, Told
from interest_ingest.store.habits import Habit
from interest_ingest.store.health import Alarm, Health, Tally
from interest_ingest.store.judging import PastReading
from interest_ingest.store.ledger import Epoch, Landed, Landing
from interest_ingest.store.queries import Counts, Which
from interest_ingest.store.recording import Pair
from interest_ingest.store.rereading import Reread, Stored
from interest_ingest.store.settling import Recorded
from interest_ingest.store.workers import Leased, Worker, drop_lease, take_lease

T = TypeVar("T")

LOCKED_PAUSE: Final = timedelta(minutes=1)
"""How long a mail waits whose card another program holds."""


class Store:
    """A database with the ledger and the cards; its methods may be called from several threads.

    Every method raises `Unreachable` when the database cannot be reached and `IngestError` when it cannot do what is
    asked (disk full, held by another program); then nothing of that call is in the database.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._me = Worker.new()
        self._checked_in = False
        self._lock = threading.Lock()
        self._leased: set[int] = set()
        self._in_flight: dict[int, bool] = {}
        self.tally = Tally()

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the database `url` (`sqlite:///FILE`, `postgresql://…`, `mariadb://…`); an empty one gets its tables.

        Raises `UsageError` for a wrong address, a missing driver or an older schema (`db upgrade` mends it),
        `Unreachable` for a newer schema or a database that cannot be opened.
        """
        engine = make_engine(url)
        try:
            schema.ensure(engine)
        except BaseException:  # Ctrl-C too: the engine has connections open
            engine.dispose()
            raise
        return cls(engine)

    @classmethod
    def open_to_read(cls, url: str) -> Self:
        """Open the database `url` so that the database itself refuses every write; it may lie where nobody can write.

        Raises as `open` does, and `UsageError` for an empty database.
        """
        engine = make_engine(url, read_only=True)
        try:
            schema.check(engine)
        except BaseException:  # Ctrl-C too: the engine has connections open
            engine.dispose()
            raise
        return cls(engine)

    @staticmethod
    def upgrade(url: str) -> str:
        """Bring the database `url` to today's schema; gives the sentence that tells what was done.

        Raises `Unreachable` for a schema that is newer than this code.
        """
        engine = make_engine(url)
        try:
            before, after = schema.upgrade(engine)
        finally:
            engine.dispose()
        if before == after:
            return f"the database has the schema {after} already"
        return f"the database was upgraded from {f'schema {before}' if before else 'empty'} to schema {after}"

    def close(self) -> None:
        """Give back leases and claims. If the database is gone they are void anyway, as soon as this process ends."""
        if self._checked_in:
            with suppress(IngestError):
                self._write(self._me.check_out)
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, step: Callable[[Connection], T]) -> T:
        return transact(self._engine, step)

    def _read(self, step: Callable[[Connection], T]) -> T:
        return look(self._engine, step)

    # Mailboxes

    def mailbox(self, name: str, folder: str) -> int:
        """The id of a mailbox, made when first asked for. An import is the mailbox `import:NAME` with folder ""."""
        return self._write(lambda c: ledger.find_mailbox(c, name, folder))

    @contextmanager
    def lease(self, mailbox_id: int) -> Iterator[None]:
        """Keep other processes and threads from polling this mailbox. Raises `Leased` if one does."""
        with self._lock:
            if mailbox_id in self._leased:
                raise Leased("this mailbox is being polled by this process already: wait for it to finish")
            self._leased.add(mailbox_id)
        try:
            self._checked_in = True
            self._write(lambda c: take_lease(c, self._me, mailbox_id))
            yield
        finally:
            with suppress(IngestError):  # what cannot be given back is ours, and we take it again next time
                self._write(lambda c: drop_lease(c, self._me, mailbox_id))
            self._leased.discard(mailbox_id)

    def open_epoch(
        self,
        mailbox_id: int,
        uidvalidity: int | None,
        uidnext: int | None,
        mailboxid: str | None = None,
        *,
        anew: bool = False,
    ) -> Epoch:
        """The epoch of what the server says now; see `ledger.open_epoch`. For an import: `(id, 0, None)`."""
        return self._write(lambda c: ledger.open_epoch(c, mailbox_id, uidvalidity, uidnext, mailboxid, anew=anew))

    def current_epoch(
        self, mailbox_id: int, uidvalidity: int | None, uidnext: int | None, mailboxid: str | None = None
    ) -> Epoch | None:
        """The same without opening one: None if what the server says belongs to no open epoch."""
        return self._read(lambda c: ledger.current_epoch(c, mailbox_id, uidvalidity, uidnext, mailboxid))

    def renamed_from(self, mailbox_id: int, mailboxid: str) -> list[str]:
        """Folders of the same account that the server called `mailboxid` before this one, which is new."""
        return self._read(lambda c: epochs.renamed_from(c, mailbox_id, mailboxid))

    def adopt(self, mailbox_id: int, mailboxid: str, folder: str) -> None:
        """The mailbox goes on where the account's `folder` ended: the server renamed it."""
        self._write(lambda c: epochs.adopt(c, mailbox_id, mailboxid, folder))

    def polled(self, mailbox_id: int, error: str | None = None, unless_within: timedelta = timedelta()) -> None:
        """Note a completed poll, or with `error` the sentence why it failed.

        A completed one is not noted again within `unless_within`: a second poll at once changes no row.
        """
        self._write(lambda c: ledger.polled(c, mailbox_id, error, unless_within))

    # Landing

    def unknown(self, epoch_id: int, uids: Iterable[int]) -> list[int]:
        """Those of `uids` that the ledger lacks, ascending."""
        asked = sorted(set(uids))
        return self._read(lambda c: ledger.unknown(c, epoch_id, asked))

    def land(self, epoch_id: int, landings: Sequence[Landing]) -> int:
        """Keep raw bytes, ledger rows and cursor in one transaction; gives the number of new ones. Repeatable.

        Land in ascending order of UID: the cursor is the highest UID landed.
        """
        return self._write(lambda c: ledger.land(c, epoch_id, landings))

    def unfetchable(self, epoch_id: int, uids: Sequence[int], reason: str) -> None:
        """Messages that the server lists and does not give; each time makes the pause until they are due longer."""
        self._write(lambda c: epochs.unfetchable(c, epoch_id, uids, reason))

    def to_fetch_again(self, epoch_id: int, limit: int = ledger.CHUNK) -> list[int]:
        """UIDs of unfetchable messages that are due, those that failed least often first."""
        return self._read(lambda c: epochs.to_fetch_again(c, epoch_id, limit))

    def forget(self, epoch_id: int, uids: Sequence[int]) -> None:
        """These unfetchable messages have left the server."""
        self._write(lambda c: epochs.forget(c, epoch_id, uids))

    def oversize(self, epoch_id: int, uids: Sequence[int], reason: str) -> None:
        """Messages that were not fetched because of their size, not even in part."""
        self._write(lambda c: ledger.enter(c, epoch_id, uids, Outcome.OVERSIZE, reason))

    # Comparing with the server

    def told(self, epoch_id: int, uids: Sequence[int]) -> dict[int, Told]:
        """What the server told of those of the ascending `uids` whose bytes were landed."""
        return self._read(lambda c: epochs.told(c, epoch_id, uids))

    def kept(self, epoch_id: int, uid: int) -> Kept | None:
        """The digests of a message's bytes, None if it has none in the ledger."""
        return self._read(lambda c: epochs.kept(c, epoch_id, uid))

    def correct(self, epoch_id: int, now_told: Mapping[int, Told]) -> None:
        """The server tells this now of messages that are the same as before."""
        self._write(lambda c: epochs.correct(c, epoch_id, now_told))

    def outcomes_of(self, epoch_id: int) -> dict[str, int]:
        """How many messages of an epoch by outcome; `new`: not read yet."""
        return self._read(lambda c: epochs.outcomes(c, epoch_id))

    def lacking(self, epoch_id: int, digests: Iterable[str]) -> list[str]:
        """Those of these SHA-256 digests of raw bytes that no message of the epoch has."""
        asked = list(digests)
        return self._read(lambda c: list(epochs.lacking(c, epoch_id, asked)))

    def compared(self, mailbox_id: int, on_server: int, unaccounted: int) -> None:
        """Note a comparison with the server: messages there, and how many of them the ledger lacks."""
        self._write(lambda c: epochs.compared(c, mailbox_id, on_server, unaccounted))

    # Reading

    def claim(self, limit: int, max_bytes: int) -> list[Landed]:
        """Take landed mails to read, of at most `max_bytes` together but at least one; [] when none wait.

        Those with a good signature come first, and of each kind the oldest.

        Claims end with `record`, with `release`, with `close` and with this process.
        """
        self._checked_in = True
        with self._lock:  # what one thread has claimed must be in flight before another asks
            claimed = self._write(lambda c: ledger.claim(c, self._me, dict(self._in_flight), limit, max_bytes))
            self._in_flight.update((landed.delivery_id, landed.alone) for landed in claimed)
        return claimed

    def release(self, mails: Iterable[Landed]) -> None:
        """These are not being read any more: the next `claim` may give them again. Never fails."""
        for landed in mails:
            self._in_flight.pop(landed.delivery_id, None)

    def postpone(self, delivery_ids: Collection[int], not_before: datetime) -> None:
        """Give claimed mails back unread; `claim` passes them over until that instant."""
        self._write(lambda c: quarantine.postpone(c, self._me, delivery_ids, not_before))
        for delivery_id in delivery_ids:
            self._in_flight.pop(delivery_id, None)

    def attempted(self, landed: Landed) -> int:
        """Count a reading that this mail, alone, did not survive; gives the number of such readings so far."""
        return self._write(lambda c: ledger.count_attempt(c, landed.delivery_id))

    def record(self, pairs: Sequence[Pair]) -> list[Recorded]:
        """Cards, keys, origins and outcomes of read mails in one transaction; mails that have an outcome are skipped.

        A mail that the database refuses is `quarantined` and costs only itself; one that meets a card whose row another
        program holds stays new for a minute. Gives what was recorded.
        """
        try:
            recorded = self._record(pairs)
            self.tally.add(pairs, recorded)
            return recorded
        finally:
            self.release(landed for landed, _ in pairs)

    def _record(self, pairs: Sequence[Pair], tries: int = TRIES) -> list[Recorded]:
        try:
            return transact(self._engine, lambda c: recording.record(c, pairs, count_all=tries > 1), tries)
        except RowLocked:
            if tries > 1:  # perhaps it is but a habit, which a process holds that was stopped or lost its line
                return self._record(pairs, tries=1)
            if len(pairs) > 1:
                return [one for pair in pairs for one in self._record([pair], tries=1)]
            self.postpone([pairs[0][0].delivery_id], datetime.now(UTC) + LOCKED_PAUSE)
            return []
        except IngestError:
            raise
        except Exception as error:  # whatever is wrong with one mail must cost only this mail
            if len(pairs) == 1:
                refused = _refused(pairs[0], error)
                return self._write(lambda c: recording.record(c, [refused]))
            return [one for pair in pairs for one in self._record([pair])]

    # What was not read

    def quarantined(
        self,
        outcome: Outcome = Outcome.QUARANTINED,
        *,
        reason: str | None = None,
        parser: str | None = None,
        mail_id: int | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The mails that could not be read, or with `held` those kept back in a flood: one document for each mail.

        `reason` is the beginning of one. Keys: mail_id, mailbox, uid, uidvalidity, deliveries, received_at, size,
        outcome, reason, parser, parser_version, trust, recorded_at, raw_kept, trace.
        """
        return quarantine.quarantined(self._engine, outcome, reason, parser, mail_id)

    def retry(
        self,
        mail_ids: Collection[int] | None = None,
        outcome: Outcome = Outcome.QUARANTINED,
        *,
        reason: str | None = None,
        parser: str | None = None,
    ) -> int:
        """Let unread mails be read again: those of `mail_ids`, or all of this outcome, reason and parser.

        All deliveries of a mail are new again, with no attempt counted. Gives the number of mails; those whose bytes
        retention has emptied are not among them.
        """
        return self._write(lambda c: quarantine.retry(c, mail_ids, outcome, reason, parser))

    def dismiss(self, mail_ids: Collection[int]) -> int:
        """Nobody needs to read these unread mails: they become `ignored`, reason "dismissed". Gives their number."""
        return self._write(lambda c: quarantine.dismiss(c, mail_ids))

    def empty_raw(self, older_than: datetime, limit: int = 500, stop: threading.Event | None = None) -> int:
        """Empty the raw bytes of mails stored before that instant, `limit` in a transaction; gives their number.

        Rows stay, so the mails stay known. Mails that wait to be read keep their bytes.
        """
        after = total = 0
        while not (stop and stop.is_set()):
            emptied = self._write(partial(quarantine.empty_raw, older_than=older_than, after=after, limit=limit))
            total += len(emptied)
            if len(emptied) < limit:
                break
            after = emptied[-1]
        return total

    # Judging

    def blocks(self) -> list[Block]:
        """The block list, in the order in which it was made."""
        return self._read(blocks.blocks)

    def block(self, kind: str, value: str) -> bool:
        """Enter a normalised value of a kind (`tables.BLOCKED`); False if it is there already."""
        return self._write(lambda c: blocks.add(c, kind, value))

    def unblock(self, kind: str, value: str) -> bool:
        """Take it from the list; False if it is not there."""
        return self._write(lambda c: blocks.remove(c, kind, value))

    def past_cards(self) -> list[Any]:
        """The cards of the newest mails, oldest first; see `judging.past_cards`."""
        return self._read(judging.past_cards)

    def past_readings(self) -> list[PastReading]:
        """What parsers made of the newest mails, oldest first."""
        return self._read(lambda c: list(judging.past_readings(c)))

    def first_opened(self, name: str) -> datetime | None:
        """When the mailbox or import of this name was first looked into."""
        return self._read(lambda c: judging.first_opened(c, name))

    # Reading again

    def stored(
        self, since: datetime | None = None, limit: int = 100, max_bytes: int = 8 * 1024 * 1024
    ) -> Iterator[list[Stored]]:
        """All recorded mails whose bytes are kept, in batches; `since`: received at or after it."""
        after = 0
        page = partial(rereading.stored, since=since, limit=limit, max_bytes=max_bytes)
        while batch := self._read(partial(page, after=after)):
            yield batch
            after = batch[-1].landed.delivery_id

    def emptied(self, since: datetime | None = None) -> Iterator[int]:
        """The mails that cannot be read again, because retention has emptied their bytes."""
        after = 0
        while page := self._read(partial(rereading.emptied, since=since, after=after, limit=ledger.CHUNK)):
            yield from (mail_id for _, mail_id in page)
            after = page[-1][0]

    def reread(self, pairs: Sequence[tuple[Stored, Reading]], *, apply: bool) -> list[Reread]:
        """What these new readings of recorded mails change; without `apply` it is found out and undone.

        Machine columns of the cards that the mail made, cards that it makes now or no more, and its ledger row; never
        people's columns. A second time nothing changes.
        """
        if apply:
            return self._write(lambda c: rereading.reread(c, pairs))
        try:
            self._write(lambda c: rereading.undone(c, pairs))
        except rereading.Undone as undone:
            return undone.changes
        raise AssertionError("unreachable: it always raises")

    # Acknowledging

    def to_acknowledge(self, epoch_id: int, limit: int = ledger.CHUNK) -> list[int]:
        """UIDs of recorded messages of which the mailbox has not been told, at most `limit`, ascending."""
        return self._read(lambda c: ledger.to_acknowledge(c, epoch_id, limit))

    def acknowledged(self, epoch_id: int, uids: Sequence[int]) -> None:
        """Note that the mailbox has been told of these."""
        self._write(lambda c: ledger.acknowledged(c, epoch_id, uids))

    # Questions

    def cards(
        self,
        since: datetime | None = None,
        source: str | None = None,
        *,
        unprocessed: bool = False,
        trust: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The cards in their public JSON shape, in the order of their making.

        `since`: made at or after it. `trust`: of one of these (`cards.Trust`).
        """
        return queries.cards(self._engine, since, source, unprocessed=unprocessed, trust=trust)

    def mails(self, outcome: str | None = None, which: Which | None = None) -> Iterator[dict[str, Any]]:
        """The ledger in the order of landing; `outcome` is one of `Outcome` or `new`."""
        return queries.mails(self._engine, outcome, which or Which())

    def raw(self, mail_id: int) -> bytes | None:
        """The kept bytes of a mail: None if there is no such mail, b"" if retention has emptied it."""
        return self._read(lambda c: queries.raw(c, mail_id))

    def counts(self) -> Counts:
        """How many mails by outcome, and how many cards."""
        return self._read(lambda c: queries.counts(c))

    def last_polls(self) -> dict[tuple[str, str], datetime | None]:
        """When each mailbox, by name and folder, was last polled to the end; None: never."""
        return self._read(lambda c: queries.last_polls(c))

    # Watching

    def health(self, now: datetime) -> Health:
        """How mailboxes, parsers and the quarantine are doing; costs the same whatever the size of the ledger."""
        return self._read(lambda c: health.health(c, now))

    def outcomes_of_mailboxes(self) -> dict[tuple[str, str], dict[str, int]]:
        """How many mails by outcome each mailbox has, by name and folder. Reads the whole ledger."""
        return self._read(health.outcomes)

    def habits(self, fewest: int = drift.FEWEST, limit: int = drift.LOOKED_AT) -> list[Habit]:
        """What is usual of each parser's mails from each sender: of at least `fewest` mails, the newest `limit`."""
        return self._read(lambda c: drift.habits(c, fewest, limit))

    def forget_habits(self, parser: str, sender: str | None = None) -> int:
        """What was usual of this parser's mails is learned anew from now on; gives the number of its senders."""
        return self._write(lambda c: drift.forget(c, parser, sender))

    def groups(self, outcome: Outcome) -> list[Group]:
        """The mails of an outcome by sender and shape, the most frequent first. Reads all mails of that outcome."""
        return self._read(lambda c: drift.groups(c, outcome))

    def alarms(self) -> dict[str, Alarm]:
        """The open alarms by name."""
        return self._read(health.alarms)

    def keep_alarms(self, kept: Sequence[Alarm], over: Iterable[str] = ()) -> None:
        """Write alarms that are new or changed, and close those of the names `over`."""
        names = list(over)
        self._write(lambda c: health.keep_alarms(c, kept, names))


def _refused(pair: Pair, error: Exception) -> Pair:
    """The pair with a reading that can be recorded. Only the place of the error: its message may quote the mail."""
    name = type(getattr(error, "orig", None) or error).__name__
    trace = "".join(traceback.format_tb(error.__traceback__)) + name
    return pair[0], Reading(outcome=Outcome.QUARANTINED, reason=f"could not be recorded: {name}", trace=trace)
