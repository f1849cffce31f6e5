"""`run`, `poll` and `check`: what has to do with mailboxes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import click

from interest_ingest.cli.common import Given, json_option, neutral, progress
from interest_ingest.errors import IngestError, Unreachable, UsageError

if TYPE_CHECKING:
    from interest_ingest.settings import Mailbox, Settings

POLLED_INTERVALS = 3
"""A mailbox is healthy when its last completed poll is not longer ago than so many of its intervals."""

USEFUL = frozenset({"IDLE", "MOVE", "UIDPLUS", "ESEARCH", "CONDSTORE"})
"""Extensions of IMAP that an operator may want to know of."""


@click.command(short_help="The daemon: polls all mailboxes until it is told to stop.")
@click.pass_obj
def run(given: Given) -> None:
    """The daemon: polls all mailboxes until it is told to stop.

    SIGTERM or Ctrl-C stops it within 10 seconds, a second one at once; SIGHUP reloads the configuration.
    """
    settings = given.settings(quiet=False)
    from interest_ingest.daemon import Daemon

    Daemon(settings, reload=partial(given.settings, quiet=False)).run()


@click.command(short_help="Poll the mailboxes once, then exit.")
@click.argument("names", metavar="[MAILBOX]...", nargs=-1)
@json_option
@click.pass_obj
def poll(given: Given, names: tuple[str, ...], as_json: bool) -> None:
    """One pass over the mailboxes (all, or those named), then exit.

    Exit code 1 if a mailbox could not be taken in wholly, 3 if none could be reached.
    """
    from interest_ingest.cli.intake import poll_mailboxes

    with given.store() as (settings, store), progress() as bars:
        report = poll_mailboxes(store, settings, settings.chosen(names), bars)
    report.show(as_json)


@click.command(short_help="Try everything that the daemon needs.")
@click.option(
    "--polled",
    is_flag=True,
    help="Only whether the daemon has polled each mailbox within three intervals; for health checks.",
)
@click.pass_obj
def check(given: Given, polled: bool) -> None:
    """Try everything that the daemon needs, one line each with the remedy; exit code 1 if something failed."""
    settings = given.settings()
    failed = False
    for line in _polled_lines(settings) if polled else _lines(given, settings):
        failed = failed or line.state == "FAIL"
        click.echo(neutral(f"{line.state:<4}  {line.what:<24} {line.text}"))
    sys.exit(1 if failed else 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was tried: `ok`, `warn` or `FAIL`, and what came of it."""

    state: str
    what: str
    text: str


def _lines(given: Given, settings: Settings) -> Iterator[Line]:
    from interest_ingest.settings import warnings

    count = len(settings.mailboxes)
    yield Line("ok", "configuration", f"{given.path or 'environment'}, {count} mailbox{'es' * (count != 1)}")
    for warning in warnings(settings, given.path):
        yield Line("warn", "configuration", warning)
    yield _tried("database", partial(_database, settings))
    yield _tried("alerts", partial(_alerts, settings))
    yield from _parsers(settings)
    if not settings.mailboxes:
        yield _tried("mailboxes", lambda: str(settings.chosen()))
        return
    mailboxes = [partial(_tried, f"mailbox {box.name}", partial(_mailbox, settings, box)) for box in settings.chosen()]
    with ThreadPoolExecutor(len(mailboxes)) as pool:  # all at once: one that is silent takes a minute
        yield from pool.map(lambda look: look(), mailboxes)


def _polled_lines(settings: Settings) -> Iterator[Line]:
    from interest_ingest.store import Store

    with Store.open(settings.database_url()) as store:
        last_polls = store.last_polls()
    now = datetime.now(UTC)
    for mailbox in settings.chosen():
        last = last_polls.get((mailbox.name, mailbox.folder))
        fresh = last is not None and now - last < POLLED_INTERVALS * mailbox.poll_interval
        text = f"last polled {last:%Y-%m-%d %H:%M:%S} UTC" if last else "never polled"
        remedy = "" if fresh else "; is the daemon running? its log tells why a poll failed"
        yield Line("ok" if fresh else "FAIL", f"mailbox {mailbox.name}", text + remedy)


def _tried(what: str, look: Callable[[], str]) -> Line:
    try:
        return Line("ok", what, look())
    except IngestError as error:
        return Line("FAIL", what, str(error).removeprefix(f"{what}: "))


def _alerts(settings: Settings) -> str:
    from interest_ingest.watch.telling import tried

    return tried(settings)


def _database(settings: Settings) -> str:
    from interest_ingest.store import Store

    with Store.open(settings.database_url()) as store:
        counts = store.counts()
    return f"reached, schema current, {sum(counts.mails.values())} mails, {counts.cards} cards"


def _parsers(settings: Settings) -> Iterator[Line]:
    from interest_ingest.ingest.sandbox import third_party
    from interest_ingest.parsing.load import builtin_parsers

    yield _tried("parsers", lambda: f"{len(builtin_parsers())} parsers")
    if settings.products.file:
        yield _tried("products", lambda: f"{len(settings.rules().products.entries)} in {settings.products.file}")
    if settings.rules().third_party:
        found = third_party(settings.rules())
        yield Line("ok", "third-party parsers", ", ".join(one.name for one in found.parsers) or "none")
        for problem in found.problems:
            yield Line("FAIL", "third-party parsers", problem)


def _mailbox(settings: Settings, mailbox: Mailbox) -> str:
    from interest_ingest.mailbox.faults import MailboxError
    from interest_ingest.mailbox.imap import connect

    logged_in = _token(settings, mailbox) if mailbox.oauth else "logged in"
    try:
        with connect(settings.account(mailbox)) as box:
            state = box.examine()
            able = box.capabilities()
    except MailboxError as error:
        raise type(error)(f"{error}{_advice(settings, mailbox, str(error))}") from error
    if mailbox.acknowledge == "move" and "MOVE" not in able:
        raise UsageError(f'{mailbox.host} has no MOVE; use acknowledge = "keyword", "seen" or "none"')
    secured = {"implicit": "TLS", "starttls": "STARTTLS", "none": "no TLS (loopback)"}[mailbox.tls]
    lasting = f"UIDVALIDITY {state.uidvalidity}" if state.uidvalidity else "UIDs do not last"
    known = ", ".join(sorted(able & USEFUL)) or "only the basics"
    return f"{secured}, {logged_in}, {mailbox.folder}: {state.exists} mails, {lasting}, can {known}"


def _token(settings: Settings, mailbox: Mailbox) -> str:
    """Get an access token and look at what it permits, before the mail server refuses it without a reason."""
    from interest_ingest.oauth.permissions import missing

    credential = settings.credential(mailbox)
    credential()
    token = credential.stored()
    assert token is not None
    if lacking := missing(credential.registration, token):
        raise Unreachable(f"mailbox {mailbox.name}: {lacking}")
    return f"logged in by a token that lasts until {token.expires_at:%Y-%m-%d %H:%M} UTC and is renewed"


def _advice(settings: Settings, mailbox: Mailbox, said: str) -> str:
    """What is left to check when the token is good and the mail server does not take it."""
    if not mailbox.oauth:
        return ""
    from interest_ingest.oauth.permissions import advice

    credential = settings.credential(mailbox)
    token = credential.stored()
    return f" {advice(credential.registration, token, said)}" if token else ""
