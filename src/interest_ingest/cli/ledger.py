"""`cards` and `mails`: what is in the database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import NUMBER, Columns, Given, json_option, neutral, one_line, print_json, print_table
from interest_ingest.cli.shapes import by_shape, export
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.cards import Outcome
    from interest_ingest.store import Which

_AGE = re.compile(r"(\d+)\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """A day, an instant, or an age like 36h; as an aware datetime."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """An age counts back from now; what names no zone is UTC."""
        if isinstance(value, datetime):
            return value
        try:
            if age := _AGE.fullmatch(value):
                return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no time; write 2026-11-21, 2026-11-21T09:00:00Z, 36h or 7d", param, ctx)


class OutcomeName(click.ParamType[str]):
    """One of the outcomes; a type of its own so that `--help` need not load the card's model."""

    name = "outcome"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name itself, if it is one."""
        from interest_ingest.cards import Outcome

        names = ["new", *Outcome]  # new: landed and not read yet
        if value not in names:
            self.fail(f"{value!r} is none; there are {', '.join(names)}", param, ctx)
        return str(value)


MANY_DIGITS = 19
"""No database counts mails so far: such a number is no mail's, and may be a Message-ID."""

TRUSTS = ("verified", "unproven", "failed")
"""As `cards.Trust` has them; `--help` need not load the card's model."""

CARD_COLUMNS: Columns = {
    "when (UTC), what": {"width": 20},
    "who, trust": {"width": 20},
    "text": {"ratio": 1},
}


@click.command(short_help="Show the interest cards.")
@json_option
@click.option("--since", type=Since(), metavar="WHEN", help="Only cards made since: a day, an instant, 36h or 7d.")
@click.option("--source", metavar="NAME", help="Only cards of this source, like facebook.")
@click.option("--unprocessed", is_flag=True, help="Only cards that nobody has processed.")
@click.option("--trust", type=click.Choice(TRUSTS), multiple=True, help="Only cards of this trust.")
@click.option("--all", "everything", is_flag=True, help="Also cards of mails that may be forged (trust failed).")
@click.pass_obj
def cards(
    given: Given,
    as_json: bool,
    since: datetime | None,
    source: str | None,
    unprocessed: bool,
    trust: tuple[str, ...],
    everything: bool,
) -> None:
    """Show the interest cards, oldest first; with --json as JSON Lines.

    Cards whose trust is "failed" are shown only if asked for: the mail may be forged.
    """
    wanted = None if everything else trust or TRUSTS[:2]
    with given.store() as (_, store):
        found = store.cards(since=since, source=source, unprocessed=unprocessed, trust=wanted)
        if as_json:
            for card in found:
                print_json(card)
        else:
            show_cards(found)


@click.command(short_help="Show every mail, or why a given one has no card.")
@click.argument("mail", metavar="[MAIL_ID|MESSAGE_ID]...", nargs=-1)
@json_option
@click.option("--outcome", type=OutcomeName(), metavar="OUTCOME", help="Only mails of this outcome.")
@click.option("--uid", type=NUMBER, metavar="UID", help="Only the mail of this number on the server.")
@click.option("--mailbox", metavar="NAME", help="Only mails of this mailbox.")
@click.option("--by-shape", "shapes", is_flag=True, help="With --outcome: by sender and layout.")
@click.option("--raw", is_flag=True, help="The raw mails of these numbers, nothing else.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="PATH", help="With --raw: a file, or a folder."
)
@click.pass_obj
def mails(
    given: Given,
    mail: tuple[str, ...],
    as_json: bool,
    outcome: str | None,
    uid: int | None,
    mailbox: str | None,
    shapes: bool,
    raw: bool,
    output: Path | None,
) -> None:
    """Show the ledger: every mail and what became of it; with --json as JSON Lines.

    A given mail (its number in the ledger, its Message-ID, or --uid) is shown with all that tells why it has no card:
    reason, parser, trust, and the trace of a bug. Exit code 1 if the ledger has no such mail.

    --outcome unmatched --by-shape shows the mails that no parser knows in groups, each with the command that writes a
    parser for it. --raw gives the mails themselves, several to the folder of -o.
    """
    with given.store() as (_, store):
        if raw or output:
            export(store, _numbers(mail, raw=raw), output)
            return
        if shapes:
            by_shape(given, store, _shaped_outcome(outcome), as_json=as_json)
            return
        names = sorted({name for name, _ in store.last_polls()})
        if mailbox is not None and mailbox not in names:
            raise UsageError(f"the ledger has no mailbox {mailbox!r}; it has {', '.join(names) or 'none yet'}")
        whiches = [_which(one, uid, mailbox) for one in mail or (None,)]
        if not mail and uid is None and not as_json:
            show_mails(store.mails(outcome, whiches[0]))
            return
        show_one = _print_all if as_json else show_fully
        counts = [show_one(store.mails(outcome, which)) for which in whiches]
    if not all(counts) and (mail or uid is not None):
        click.echo("the ledger has no such mail; interest-ingest verify tells whether the server has more", err=True)
        raise SystemExit(1)


def _numbers(mail: tuple[str, ...], *, raw: bool) -> list[int]:
    if not raw:
        raise UsageError("-o is for the mails themselves: give --raw too")
    if not mail or not all(one.isdecimal() and len(one) < MANY_DIGITS for one in mail):
        raise UsageError("--raw wants the numbers of mails, as interest-ingest mails shows them")
    return [int(one) for one in mail]


def _shaped_outcome(outcome: str | None) -> Outcome:
    from interest_ingest.cards import Outcome

    if outcome is None or outcome == "new":
        raise UsageError("--by-shape wants an outcome: --outcome unmatched")
    return Outcome(outcome)


def _print_all(found: Iterable[dict[str, Any]]) -> int:
    """As JSON Lines; gives their number."""
    number = 0
    for one in found:
        print_json(one)
        number += 1
    return number


def _which(mail: str | None, uid: int | None, mailbox: str | None) -> Which:
    from interest_ingest.ingest.header import message_id_digest
    from interest_ingest.store import Which

    if mail is None:
        return Which(uid=uid, mailbox=mailbox)
    if mail.isdecimal() and len(mail) < MANY_DIGITS:
        return Which(mail_id=int(mail), uid=uid, mailbox=mailbox)
    return Which(message_id_digest=message_id_digest(mail), uid=uid, mailbox=mailbox)


def show_cards(found: Iterable[dict[str, Any]]) -> None:
    """Cards as a table, printed row by row: a long one needs no memory and a slow one is seen growing."""
    for number, card in enumerate(found):
        show_card(card, header=number == 0)


def show_card(card: dict[str, Any], *, header: bool = False) -> None:
    """One row of that table."""
    print_table(CARD_COLUMNS, [card_row(card)], expand=True, show_header=header, show_edge=False)


def card_row(card: dict[str, Any]) -> list[str]:
    """A card as the cells of CARD_COLUMNS, neutral and short, of two lines each."""
    author = card["author"]
    who = author["name"] or author["email"] or author["phone"] or "-"
    when = card["occurred_at"][:16].replace("T", " ")
    about = f"\n[{one_line(card['product']['name'], 80)}]" if card["product"]["name"] else ""
    return [
        f"{when}\n{card['source']} {card['action']}",
        f"{one_line(who, 40)}\n{card['trust']}",
        one_line(card["text"], 200) + about,
    ]


def show_mails(found: Iterable[dict[str, Any]]) -> None:
    """Ledger rows as a table, whatever their fields are."""
    rows = list(found)
    if rows:
        columns: Columns = {name.replace("_", " "): {} for name in rows[0]}
        print_table(columns, ([one_line(_cell(value)) for value in mail.values()] for mail in rows))


WHY = {
    "new": "it was landed and not read yet",
    "cards": "it has cards",
    "duplicate": "its interests have their cards already, from another mail or the same bytes",
    "ignored": "there is no interest in it",
    "unmatched": "it is automated mail that no parser knows",
    "quarantined": "it could not be read; after a parser is mended: interest-ingest quarantine retry",
    "oversize": "it is over the size limit",
    "unfetchable": "the server lists it and does not give it; it is asked for again",
    "held": "it was held back in a flood; to let it through: interest-ingest quarantine retry --held",
    "erased": "it was erased at a person's request",
}


def show_fully(found: Iterable[dict[str, Any]]) -> int:
    """Each ledger row with all its fields below each other, and why it has cards or none; gives their number."""
    number = 0
    for mail in found:
        number += 1
        click.echo(f"{'outcome:':<16} {mail['outcome']}: {WHY[mail['outcome']]}")
        for name, value in mail.items():
            if name not in ("outcome", "trace") and value not in (None, [], 0):
                told = ", ".join(value) if isinstance(value, list) else str(value)
                click.echo(f"{name.replace('_', ' ') + ':':<16} {one_line(told)}")
        if mail["trace"]:
            click.echo(f"{'trace:':<16}\n{neutral(mail['trace'])}")
        click.echo()
    return number


def _cell(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else "" if value is None else str(value)
