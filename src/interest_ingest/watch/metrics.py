"""The numbers of a snapshot in Prometheus' words. Labels name mailboxes, parsers and reasons, never persons."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from interest_ingest.cards import Outcome
from interest_ingest.watch.rules import Snapshot

if TYPE_CHECKING:
    from interest_ingest.watch.watching import Watch

PREFIX: Final = "interest_ingest_"

REASONS: Final = 20
"""Label values for reasons at most; the rest is `other`."""

Values = Mapping[Any, float]
"""Keyed by tuples of the labels' values."""


def registry(watch: Watch) -> CollectorRegistry:
    """A registry of its own, with the numbers of the watch and of this process."""
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    made.register(_Collector(watch))
    return made


def exposition(registry: CollectorRegistry, accept: str) -> tuple[str, bytes]:
    """Content type and body in the newest format that the scraper takes."""
    encode, kind = choose_encoder(accept)
    return kind, encode(registry)


class _Collector(Collector):
    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def collect(self) -> Iterator[Metric]:
        watch, snapshot = self._watch, self._watch.snapshot
        yield from of_snapshot(snapshot)
        kinds = Counter(one.name.partition(":")[0] for one in watch.open_alarms())
        yield _gauge("alarms", "Open alarms by kind.", ("kind",), {(kind,): n for kind, n in kinds.items()})
        yield _gauge("watch_age_seconds", "Seconds since everything was last looked at.", (), {(): watch.age})
        yield _counter("polls", "Polls that ended.", ("mailbox", "result"), _polls(watch))
        skipped = {(name,): float(number) for name, number in watch.polls.skipped.copy().items()}
        yield _counter("polls_skipped", "Polls skipped, the last one not having ended.", ("mailbox",), skipped)
        yield from of_process()


def of_snapshot(snapshot: Snapshot) -> Iterator[Metric]:
    """What the database and the mailboxes tell."""
    yield _gauge("database_up", "Whether the database answers.", (), {(): float(not snapshot.away)})
    yield _gauge("disk_low", "Whether intake pauses for want of disk space.", (), {(): float(bool(snapshot.disk))})
    yield from _mailboxes(snapshot)
    yield from _mails(snapshot)
    yield from _ledger(snapshot)
    expiries = {(token.mailbox,): token.expires_at.timestamp() for token in snapshot.tokens}
    yield _gauge("token_expires_timestamp_seconds", "End of the stored access token.", ("mailbox",), expiries)
    issues = {(token.mailbox,): token.issued_at.timestamp() for token in snapshot.tokens}
    yield _gauge("token_issued_timestamp_seconds", "When the stored access token was got.", ("mailbox",), issues)


def _mailboxes(snapshot: Snapshot) -> Iterator[Metric]:
    known = [(one.name, one.health) for one in snapshot.mailboxes if one.health]

    def gauge(name: str, told: str, values: Iterable[tuple[str, float | None]]) -> Metric:
        return _gauge(name, told, ("mailbox",), {(key,): value for key, value in values if value is not None})

    yield gauge(
        "mailbox_last_success_timestamp_seconds",
        "The last completed poll.",
        ((name, _seconds(one.polled_at)) for name, one in known),
    )
    yield gauge(
        "mailbox_failing", "Whether the last poll failed.", ((n, float(bool(one.last_error))) for n, one in known)
    )
    yield gauge(
        "mailbox_server_mails",
        "Mails on the server at the last comparison.",
        ((n, one.server_mails) for n, one in known),
    )
    yield gauge("mailbox_unaccounted", "Of these, not in the ledger.", ((n, one.unaccounted) for n, one in known))
    yield gauge("mailbox_waiting", "Mails landed and not yet read.", ((n, one.waiting) for n, one in known))
    yield gauge("mailbox_postponed", "Of these, not to be read yet.", ((n, one.postponed) for n, one in known))
    yield gauge(
        "mailbox_lag_seconds",
        "Since when the oldest mail waits to be read.",
        ((n, max(0.0, (snapshot.at - (one.waiting_since or snapshot.at)).total_seconds())) for n, one in known),
    )
    yield gauge(
        "mailbox_newest_received_timestamp_seconds",
        "When the server received the newest mail.",
        ((name, _seconds(one.newest_received_at)) for name, one in known),
    )


def _mails(snapshot: Snapshot) -> Iterator[Metric]:
    """Counted since the start of this process, as Prometheus counts; what is in the ledger may also become less."""
    by_outcome: Counter[str] = Counter()
    by_parser: dict[tuple[str, ...], float] = {}
    for (parser, outcome), number in snapshot.tally.items():
        by_outcome[outcome] += number
        if parser:
            by_parser[parser, outcome] = number
    outcomes = {(outcome.value,): float(by_outcome[outcome]) for outcome in Outcome}
    yield _counter("mails", "Mails recorded since the start.", ("outcome",), outcomes)
    yield _counter("parser_mails", "Mails recorded since the start.", ("parser", "result"), by_parser)


def _ledger(snapshot: Snapshot) -> Iterator[Metric]:
    if snapshot.health is None:
        return
    yield _gauge("quarantined", "Mails in quarantine.", ("reason",), _few(snapshot.health.quarantined))
    yield _gauge(
        "failed_trust_mails",
        "Mails of the last day whose sender is not proven as it should be.",
        (),
        {(): snapshot.health.failed_trust.day},
    )
    share = snapshot.fallback_share()
    if share is not None:
        yield _gauge("fallback_ratio", "Share of fallback parsers in the mails read in the last week.", (), {(): share})


def of_process() -> Iterator[Metric]:
    """Threads of this process, and the processes that it has read mails in."""
    children = _children()
    yield _gauge("threads", "Threads of the daemon.", (), {(): threading.active_count()})
    yield _gauge("children", "Processes started by the daemon.", (), {(): len(children)})
    yield _gauge("children_resident_memory_bytes", "Memory of these together.", (), {(): sum(map(_resident, children))})


def _children() -> list[int]:
    """Children of all threads of this process (proc(5)); none where there is no /proc."""
    found: list[int] = []
    for listed in Path("/proc/self/task").glob("*/children"):
        try:
            found += map(int, listed.read_text().split())
        except OSError:
            continue  # the thread has ended
    return found


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0
    return pages * _PAGE


def _page_size() -> int:
    import resource

    return resource.getpagesize()


_PAGE: Final = _page_size()


def _polls(watch: Watch) -> Values:
    results = (("completed", watch.polls.completed), ("failed", watch.polls.failed))
    return {(name, result): number for result, counts in results for name, number in counts.copy().items()}


def _few(counts: Mapping[str, int]) -> Values:
    """The commonest REASONS, the rest together as `other`."""
    ordered = Counter(counts).most_common()
    few = {(name,): float(number) for name, number in ordered[:REASONS]}
    rest = sum(number for _, number in ordered[REASONS:])
    return few | ({("other",): float(rest)} if rest else {})


def _seconds(moment: datetime | None) -> float | None:
    return moment.timestamp() if moment else None


def _gauge(name: str, told: str, labels: tuple[str, ...], values: Values) -> Metric:
    return _filled(GaugeMetricFamily(PREFIX + name, told, labels=labels), values)


def _counter(name: str, told: str, labels: tuple[str, ...], values: Values) -> Metric:
    return _filled(CounterMetricFamily(PREFIX + name, told, labels=labels), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Values) -> Metric:
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
