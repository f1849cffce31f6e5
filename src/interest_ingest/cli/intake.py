"""What `poll` and `import` share: intake with progress bars, then reading, then one report."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import neutral, print_json
from interest_ingest.errors import IngestError, Unreachable

if TYPE_CHECKING:
    from rich.progress import Progress

    from interest_ingest.cards import Reading
    from interest_ingest.ingest.intake import PollResult
    from interest_ingest.settings import Mailbox, Settings
    from interest_ingest.store import Landed, Store


BACKLOG = 1_000
"""From so many waiting mails on all processors read: a reader takes a third of a second to start."""

MAX_READERS = 8

NOTED_AGAIN = timedelta(minutes=15)
"""A completed poll is noted no sooner after the last: a second run with no new mail changes no row."""


@dataclass(slots=True)
class Part:
    """One mailbox or path: what was found and landed, or the error that ended it."""

    name: str
    result: PollResult | None = None
    error: IngestError | None = None

    @property
    def complete(self) -> bool:
        """Whether everything that is there was taken in. Quarantine comes later and is no failure."""
        return self.result is not None and not (self.error or self.result.unfetchable or self.result.problems)

    def as_json(self) -> dict[str, Any]:
        """Its part of the report."""
        result = self.result
        return {
            "name": self.name,
            "seen": result.seen if result else 0,
            "landed": result.landed if result else 0,
            "unfetchable": {str(uid): reason for uid, reason in result.unfetchable.items()} if result else {},
            "problems": [{"where": one.where, "reason": one.reason} for one in result.problems] if result else [],
            "error": str(self.error) if self.error else None,
        }


@dataclass(slots=True)
class Report:
    """One pass: its parts, and the outcomes of the mails that were read after it."""

    kind: str
    parts: list[Part] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)

    def show(self, as_json: bool) -> None:
        """Print the pass and end the program: with 0, 1 if intake was incomplete, 3 if nothing could be reached."""
        if as_json:
            parts = [part.as_json() for part in self.parts]
            print_json({self.kind: parts, "outcomes": dict(sorted(self.outcomes.items()))})
        else:
            for part in self.parts:
                click.echo(neutral(_line(part)))
            click.echo(", ".join(f"{count} {name}" for name, count in self.outcomes.most_common()) or "nothing to read")
        for complaint in (text for part in self.parts for text in _complaints(self.kind, part)):
            click.echo(neutral(complaint), err=True)
        raise SystemExit(self._exit_code())

    def _exit_code(self) -> int:
        if all(part.complete for part in self.parts):
            return 0
        unreachable = all(isinstance(part.error, Unreachable) for part in self.parts)
        return Unreachable.exit_code if unreachable else IngestError.exit_code


def poll_mailboxes(store: Store, settings: Settings, mailboxes: list[Mailbox], bars: Progress) -> Report:
    """Poll all at once, so that none waits for another, then read what landed."""
    from interest_ingest.ingest.intake import PollResult, acknowledge_mailbox, poll_mailbox

    accounts = [settings.account(mailbox) for mailbox in mailboxes]  # a missing password ends all before any log-in
    bar = bars.add_task("mails landed", total=None)
    stop = threading.Event()
    results = [PollResult(mailbox.name) for mailbox in mailboxes]
    polls = [
        partial(poll_mailbox, store, account, mailbox.intake(), stop, lambda count: bars.advance(bar, count), result)
        for account, mailbox, result in zip(accounts, mailboxes, results, strict=True)
    ]
    with ThreadPoolExecutor(len(polls)) as pool:
        try:
            parts = list(pool.map(_part, [mailbox.name for mailbox in mailboxes], polls, results))
        except BaseException:  # Ctrl-C: the pool waits for its threads, so their connections are cut
            stop.set()
            raise
    for part, mailbox in zip(parts, mailboxes, strict=True):
        _note(store, mailbox, part.error)
    report = Report("mailboxes", parts, read_waiting(store, settings, bars))
    for part, account, mailbox in zip(parts, accounts, mailboxes, strict=True):
        if not part.error and mailbox.acknowledge != "none":
            try:
                acknowledge_mailbox(store, account, mailbox.intake())
            except IngestError as error:
                part.error = error
    return report


def _note(store: Store, mailbox: Mailbox, error: IngestError | None) -> None:
    """Tell the ledger, for `status` and `check --polled`; of a mailbox that another process polls that one tells."""
    from interest_ingest.store import Leased

    if not isinstance(error, Leased):
        with suppress(IngestError):  # an absent database is told by whoever needs it
            mailbox_id = store.mailbox(mailbox.name, mailbox.folder)
            store.polled(mailbox_id, str(error) if error else None, unless_within=NOTED_AGAIN)


def import_paths(
    store: Store, settings: Settings, paths: tuple[Path, ...], name: str, authserv_id: tuple[str, ...], bars: Progress
) -> Report:
    """Land the mails of each path, then read them. Raises `UsageError`, before anything, for an unreadable path."""
    from interest_ingest.ingest.intake import import_path
    from interest_ingest.mailbox.files import count_path

    bar = bars.add_task("mails landed", total=sum(count_path(path) for path in paths))
    parts = [
        _part(str(path), partial(import_path, store, path, name, authserv_id, None, lambda n: bars.advance(bar, n)))
        for path in paths
    ]
    return Report("paths", parts, read_waiting(store, settings, bars))


def _part(name: str, poll: Callable[[], PollResult], begun: PollResult | None = None) -> Part:
    """What it came to; after an error what it had come to until then, if it notes that in `begun`."""
    try:
        return Part(name, poll())
    except IngestError as error:
        return Part(name, begun, error)


def read_waiting(store: Store, settings: Settings, bars: Progress) -> Counter[str]:
    """Read all landed mails that wait; gives how many came to which outcome."""
    from interest_ingest.ingest.processing import process

    waiting = store.counts().mails.get("new", 0)
    bar = bars.add_task("mails read", total=waiting)
    processors = len(os.sched_getaffinity(0))
    processes = min(processors, MAX_READERS) if waiting >= BACKLOG else 1
    outcomes = process(
        store,
        settings.rules(),
        progress=lambda count: bars.advance(bar, count),
        processes=processes,
        judge=_judge(store, settings),
    )
    return Counter({outcome.value: count for outcome, count in outcomes.items()})


def _judge(store: Store, settings: Settings) -> Callable[[Landed, Reading], Reading | None]:
    from interest_ingest.ingest.judge import Judge
    from interest_ingest.ingest.unread import with_unread_cards

    judge = Judge.open(store, settings.limits.of_an_hour())
    return with_unread_cards(judge) if settings.quarantine.card else judge


def _line(part: Part) -> str:
    if not part.result or (part.error and not part.result.landed):
        return f"{part.name}: failed"
    return f"{part.name}: {part.result.seen} seen, {part.result.landed} new"


def _complaints(kind: str, part: Part) -> list[str]:
    """One sentence for each thing that was not taken in."""
    if part.error:
        return [f"interest-ingest: {part.error}"]
    if not part.result:
        return []
    if not (part.result.seen or part.result.problems) and kind == "paths":
        return [f"{part.name}: no mail found; a folder is read for .eml and .mbox files and as a Maildir"]
    unfetchable = [f"{part.name}: UID {uid} not fetched: {reason}" for uid, reason in part.result.unfetchable.items()]
    return unfetchable + [f"{one.where}: {one.reason}" for one in part.result.problems]
