"""`cards` and `mails`: what is in the database."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from interest_ingest.cli.common import Columns, Given, json_option, one_line, print_json, print_table

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


@click.command(short_help="Show every mail and what became of it.")
@json_option
@click.option("--outcome", type=OutcomeName(), metavar="OUTCOME", help="Only mails of this outcome.")
@click.pass_obj
def mails(given: Given, as_json: bool, outcome: str | None) -> None:
    """Show the ledger: every mail and what became of it; with --json as JSON Lines."""
    with given.store() as (_, store):
        found = store.mails(outcome=outcome)
        if as_json:
            for mail in found:
                print_json(mail)
        else:
            show_mails(found)


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


def _cell(value: Any) -> str:
    return str(len(value)) if isinstance(value, list) else "" if value is None else str(value)
