"""What is wrong: pure rules over a `Snapshot` of everything that is watched."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from interest_ingest.cards import Outcome
from interest_ingest.disk import room
from interest_ingest.store.health import Health, MailboxHealth, Rate
from interest_ingest.watch.drift import Drift

if TYPE_CHECKING:
    from interest_ingest.settings import Settings

SILENT_INTERVALS: Final = 3
SILENT_SHORTEST: Final = timedelta(minutes=5)
"""A mailbox is silent when it completed no poll for so many of its intervals, and for so long at least."""

DATABASE_AWAY: Final = timedelta(minutes=1)
"""A database that restarts is no alarm."""

LAG: Final = timedelta(minutes=30)
"""Mails are read within seconds after they land; of a backlog of an import some 100,000 in so long."""

GROWTH: Final = 5
GROWTH_FEWEST: Final = 10
"""Something grows when there are more than GROWTH times the usual number, and GROWTH_FEWEST at least."""

TOKEN_EARLY: Final = timedelta(minutes=2)
"""An access token is renewed five minutes before its end; one that has less left was not."""

READ: Final = (Outcome.CARDS, Outcome.OVERSIZE)
"""Outcomes of a mail whose parser could read it and found interests."""

_REFUSED = re.compile(r"refuses the log-in|gives no access token|nobody has logged in")


@dataclass(frozen=True, slots=True)
class Watched:
    """One configured mailbox. `health`: None as long as the database does not know it.

    `refused`: its last poll ended because the server did not let us in.
    """

    name: str
    interval: timedelta
    health: MailboxHealth | None = None
    refused: bool = False
    folder: str = "INBOX"

    @property
    def login_fails(self) -> bool:
        """From outside the daemon only the sentence in the database tells."""
        return self.refused or bool(self.health and _REFUSED.search(self.health.last_error or ""))

    def life(self) -> datetime | None:
        """When it last showed life: completed a poll, or landed a mail of a poll that takes long."""
        if self.health is None:
            return None
        signs = (self.health.polled_at, self.health.newest_landed_at)
        return max((one for one in signs if one), default=None)


@dataclass(frozen=True, slots=True)
class Token:
    """The stored OAuth access token of a mailbox, its instants in UTC."""

    mailbox: str
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the rules look at, taken at one moment.

    `since`: from when on silence counts (the start of the daemon, its waking up); None: from ever. `away`: why the
    database cannot be asked, and `away_for` how long by now; `health` is then the last that was known, or None.
    """

    at: datetime
    mailboxes: tuple[Watched, ...] = ()
    health: Health | None = None
    since: datetime | None = None
    away: str | None = None
    away_for: timedelta = timedelta(0)
    breakers: tuple[str, ...] = ()
    disk: str | None = None
    tokens: tuple[Token, ...] = ()
    tally: Mapping[tuple[str, str], int] = field(default_factory=dict)
    fallbacks: frozenset[str] = frozenset()
    """Names of the parsers that are asked only when no other matches."""
    drift: tuple[Drift, ...] = ()

    def fallback_share(self) -> float | None:
        """Of the mails that were read in the last week, the share that only a fallback parser knew; None: no mails."""
        read = {key: number for key, number in self.parsers().items() if key[1] in READ}
        every = sum(read.values())
        return (
            sum(number for (parser, _), number in read.items() if parser in self.fallbacks) / every if every else None
        )

    def parsers(self) -> dict[tuple[str, str], int]:
        """Mails of the last week by (parser, outcome)."""
        return self.health.parsers if self.health else {}


Alarms = Iterator[tuple[str, str]]
"""Names of alarms, each with its sentence. A name stays the same as long as the trouble does."""


def alarms(snapshot: Snapshot) -> dict[str, str]:
    """What is wrong. While the database is away nothing is said of what only it can tell."""
    rules = ALWAYS if snapshot.away else (*ALWAYS, *BY_LEDGER)
    return {name: text for rule in rules for name, text in rule(snapshot)}


def _database(snapshot: Snapshot) -> Alarms:
    if snapshot.away and snapshot.away_for >= DATABASE_AWAY:
        yield "database away", f"{snapshot.away} (for {_span(snapshot.away_for)}; nothing is lost, mails wait)"


def _disk(snapshot: Snapshot) -> Alarms:
    if snapshot.disk:
        yield "disk low", snapshot.disk


def _breakers(snapshot: Snapshot) -> Alarms:
    for source in snapshot.breakers:
        yield (
            f"breaker open: {source}",
            f"mails of {source} suddenly cannot be read, so they wait instead of going to the quarantine; has the "
            f"template changed, or the parser? interest-ingest quarantine list --parser {source} shows the first ones, "
            f"interest-ingest parser try {source} --quarantine what a repair makes of them; all are read again as soon "
            "as it works",
        )


def _tokens(snapshot: Snapshot) -> Alarms:
    for token in snapshot.tokens:
        if token.expires_at - snapshot.at < TOKEN_EARLY and _polled_lately(snapshot, token.mailbox):
            yield (
                f"token not renewed: {token.mailbox}",
                f"the access token of mailbox {token.mailbox} ends at {token.expires_at:%Y-%m-%d %H:%M} UTC and was "
                "not renewed; interest-ingest check tells why",
            )


def _polled_lately(snapshot: Snapshot, name: str) -> bool:
    """A token is renewed when a poll needs it; a mailbox that is not polled has another alarm."""
    boxes = (one for one in snapshot.mailboxes if one.name == name)
    return any(not silence(one, snapshot.since, snapshot.at) for one in boxes)


def _logins(snapshot: Snapshot) -> Alarms:
    for one in snapshot.mailboxes:
        if one.login_fails:
            yield f"log-in fails: {one.name}", f"mailbox {one.name}: {_error(one) or 'the log-in is refused'}"


def _silent(snapshot: Snapshot) -> Alarms:
    for one in snapshot.mailboxes:
        known = one.login_fails or snapshot.disk  # why it is silent is told already
        reason = None if known else silence(one, snapshot.since, snapshot.at, SILENT_SHORTEST)
        if reason:
            yield f"mailbox silent: {one.name}", f"{reason}; {_error(one) or 'its log lines tell more'}"


def silence(one: Watched, since: datetime | None, at: datetime, shortest: timedelta = timedelta(0)) -> str | None:
    """One sentence if by `at` it completed no poll for SILENT_INTERVALS of its intervals, and `shortest` at least."""
    last = one.life()
    begin = max((moment for moment in (last, since) if moment), default=None)
    if begin is not None and at - begin <= max(SILENT_INTERVALS * one.interval, shortest):
        return None
    when = f"last polled at {last:%Y-%m-%d %H:%M:%S} UTC" if last else "never polled yet"
    return f"mailbox {one.name}: {when}"


def _error(one: Watched) -> str:
    return (one.health.last_error if one.health else None) or ""


def _lagging(snapshot: Snapshot) -> Alarms:
    """Also a reader that does nothing any more shows here, and nowhere else."""
    for one in snapshot.mailboxes:
        health = one.health
        if not (health and health.due_since):
            continue
        if snapshot.at - max(health.due_since, snapshot.since or health.due_since) > LAG:
            yield (
                f"mails wait: {one.name}",
                f"mailbox {one.name}: {health.waiting - health.postponed} mails wait to be read since "
                f"{health.due_since:%Y-%m-%d %H:%M} UTC; the log tells why, if it is no large import",
            )


def _unaccounted(snapshot: Snapshot) -> Alarms:
    for one in snapshot.mailboxes:
        number = one.health.unaccounted if one.health else None
        if number:
            yield (
                f"unaccounted: {one.name}",
                f"mailbox {one.name}: of the mails on the server {number} are not in the ledger; the next polls take "
                "them in, interest-ingest verify shows them",
            )


def _quarantine(snapshot: Snapshot) -> Alarms:
    if snapshot.health and grows(snapshot.health.new_quarantined):
        number = snapshot.health.new_quarantined.hour
        yield (
            "quarantine grows",
            f"{number} mails of the last hour could not be read; see interest-ingest quarantine list",
        )


def _forged(snapshot: Snapshot) -> Alarms:
    if snapshot.health and grows(snapshot.health.failed_trust):
        number = snapshot.health.failed_trust.hour
        yield (
            "signatures fail",
            f"{number} mails of the last hour failed the check of who sent them: somebody forges, or a forwarding "
            "breaks the signatures; their cards are marked and have no links",
        )


def grows(rate: Rate) -> bool:
    """Whether the last hour had far more than the usual hour of the week before; the first day nothing is usual yet."""
    hours = max(rate.days * 24 - 1, 1.0)
    usual = (rate.week - rate.hour) / hours
    return rate.hour >= GROWTH_FEWEST and rate.hour > GROWTH * usual


def _drift(snapshot: Snapshot) -> Alarms:
    for one in snapshot.drift:
        yield one.name, one.sentence


ALWAYS: tuple[Callable[[Snapshot], Alarms], ...] = (_database, _disk, _breakers, _tokens)
BY_LEDGER: tuple[Callable[[Snapshot], Alarms], ...] = (
    _logins,
    _silent,
    _lagging,
    _unaccounted,
    _quarantine,
    _forged,
    _drift,
)


def disk_low(settings: Settings) -> str | None:
    """One sentence if the disk of the SQLite file is nearly full, so that intake pauses; else None."""
    found = room(settings.database_url())
    if found is None or not found.low:
        return None
    return (
        f"the disk of the database has only {found.free // 2**20} MB free, so no mail is taken in; make room, then it "
        "goes on by itself"
    )


def _span(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
