"""The document of `status`: everything that is watched, as the database and the configuration tell it from outside."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from interest_ingest.cards import Outcome, iso_utc
from interest_ingest.store.health import Alarm, Health, MailboxHealth, Rate
from interest_ingest.watch.rules import Snapshot, Token, Watched, alarms, disk_low
from interest_ingest.watch.watching import drift_of, fallbacks, tokens, watched

if TYPE_CHECKING:
    from interest_ingest.settings import Settings
    from interest_ingest.store import Store


@dataclass(frozen=True, slots=True)
class Status:
    """What was found. `open_alarms`: by the daemon; `wrong`: these and what the rules find now, name and sentence."""

    snapshot: Snapshot
    health: Health
    outcomes: dict[tuple[str, str], dict[str, int]]
    open_alarms: tuple[Alarm, ...]
    wrong: dict[str, str]


def look(settings: Settings, store: Store) -> Status:
    """Ask the database once. Raises `Unreachable` if it cannot be reached."""
    now = datetime.now(UTC)
    health = store.health(now)
    snapshot = Snapshot(
        at=now,
        mailboxes=watched(settings, health),
        health=health,
        disk=disk_low(settings),
        tokens=tokens(settings),
        fallbacks=fallbacks(),
        drift=drift_of(settings, (), store, health),
    )
    known = tuple(store.alarms().values())
    wrong = {one.name: one.text for one in known} | alarms(snapshot)
    return Status(snapshot, health, store.outcomes_of_mailboxes(), known, wrong)


def document(status: Status) -> dict[str, Any]:
    """The JSON document that `status --json` prints; shares are of the last week, None without any mail."""
    return {
        "healthy": not status.wrong,
        "reasons": list(status.wrong.values()),
        "at": iso_utc(status.snapshot.at),
        "database": {"reachable": True},
        "processes": [{"host": one.host, "pid": one.pid} for one in status.health.processes],
        "mailboxes": [_mailbox(one, status) for one in status.snapshot.mailboxes],
        "quarantine": status.health.quarantined,
        "new_quarantined": _rate(status.health.new_quarantined),
        "failed_trust": _rate(status.health.failed_trust),
        "parsers": parsers(status),
        "fallback_share": _rounded(status.snapshot.fallback_share()),
        "alarms": [_alarm(one) for one in status.open_alarms],
    }


def unreachable(reason: str) -> dict[str, Any]:
    """The document when the database cannot be asked."""
    return {"healthy": False, "reasons": [reason], "database": {"reachable": False}}


def parsers(status: Status) -> list[dict[str, Any]]:
    """By parser the mails of the last week: all, by outcome, and the share that it could read."""
    by_parser: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (name, outcome), number in sorted(status.snapshot.parsers().items()):
        by_parser[name][outcome] = number
    return [
        {
            "name": name,
            "mails": (every := sum(outcomes.values())),
            "outcomes": outcomes,
            "success_share": _rounded(1 - outcomes.get(Outcome.QUARANTINED, 0) / every),
            "fallback": name in status.snapshot.fallbacks,
        }
        for name, outcomes in by_parser.items()
    ]


def _mailbox(one: Watched, status: Status) -> dict[str, Any]:
    token = next((token for token in status.snapshot.tokens if token.mailbox == one.name), None)
    health = one.health or MailboxHealth(one.name, one.folder)
    return {
        "name": one.name,
        "folder": one.folder,
        "last_success": _iso(health.polled_at),
        "last_error": health.last_error,
        "lag_seconds": _seconds_since(health.waiting_since, status.snapshot.at) or 0,
        "waiting": health.waiting,
        "postponed": health.postponed,
        "newest_received_at": _iso(health.newest_received_at),
        "on_server": health.server_mails,
        "unaccounted": health.unaccounted,
        "compared_at": _iso(health.compared_at),
        "token": _token(token, status.snapshot.at) if token else None,
        "outcomes": status.outcomes.get((one.name, one.folder), {}),
    }


def _token(token: Token, now: datetime) -> dict[str, Any]:
    return {
        "issued_at": iso_utc(token.issued_at),
        "expires_at": iso_utc(token.expires_at),
        "age_seconds": _seconds_since(token.issued_at, now),
    }


def _alarm(one: Alarm) -> dict[str, Any]:
    return {"name": one.name, "text": one.text, "since": iso_utc(one.since), "told_at": _iso(one.told_at)}


def _rate(rate: Rate) -> dict[str, int]:
    return {"hour": rate.hour, "day": rate.day, "week": rate.week}


def _iso(moment: datetime | None) -> str | None:
    return iso_utc(moment) if moment else None


def _seconds_since(moment: datetime | None, now: datetime) -> int | None:
    return int((now - moment).total_seconds()) if moment else None


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
