"""`parser try`: what a parser would make of stored mails; nothing is written."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from interest_ingest.cli.common import Given, json_option, one_line, print_json
from interest_ingest.cli.drafting import folder_option
from interest_ingest.cli.kit import VALUE_WIDTH, place_named
from interest_ingest.cli.ledger import Since
from interest_ingest.errors import UsageError

if TYPE_CHECKING:
    from interest_ingest.authoring.trying import Kept, Total, Trial
    from interest_ingest.cards import Outcome, Reading
    from interest_ingest.store import Stored


@click.command("try", short_help="Show what a parser would make of stored mails.")
@click.argument("name", metavar="NAME")
@click.option("--quarantine", is_flag=True, help="Mails in quarantine.")
@click.option("--unmatched", is_flag=True, help="Mails that no parser knew.")
@click.option("--parser", "other", metavar="OTHER", help="Mails that this parser read.")
@click.option("--since", type=Since(), metavar="WHEN", help="Only mails received since: a day, an instant, 36h or 7d.")
@folder_option
@json_option
@click.pass_obj
def try_(
    given: Given,
    name: str,
    quarantine: bool,
    unmatched: bool,
    other: str | None,
    since: datetime | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Run a parser over stored mails and show for each what it would gain and lose; nothing is written.

    The database is opened so that it refuses every write. What the mails gave before is compared with what they would
    give; of mails that gave cards, with the cards that the other parsers make of them today. Exit code 1 if any mail
    would lose a card.
    """
    from interest_ingest.authoring.trying import Total, attempt
    from interest_ingest.authoring.workshop import parsers_in, rules_with

    if not (quarantine or unmatched or other):
        raise UsageError("say on which mails: --quarantine, --unmatched or --parser OTHER")
    mine = parsers_in(place_named(given, name, folder).file)
    total, trials = Total(), []
    with given.store(read_only=True) as (settings, store):
        wanted = _wanted(quarantine, unmatched)
        after = rules_with(mine, settings.rules())
        before = replace(after, chosen=tuple(one for one in after.parsers if one not in mine))
        batches = (mail for batch in store.stored(since) for mail in batch)
        mails = (mail for mail in batches if mail.outcome in wanted or (other and mail.parser == other))
        for trial in attempt(map(_kept, mails), before, after):
            total.add(trial)
            if as_json:
                trials.append(_trial(trial))
            else:
                _show_trial(trial)
    summary = {"mails": total.mails, "counts": total.kinds, "outcomes": total.outcomes, "fields": total.fields}
    if as_json:
        print_json({**summary, "trials": trials})
    else:
        _show_total(total)
    sys.exit(1 if total.kinds["lost"] else 0)


def _wanted(quarantine: bool, unmatched: bool) -> list[Outcome]:
    from interest_ingest.cards import Outcome

    return [Outcome.QUARANTINED] * quarantine + [Outcome.UNMATCHED] * unmatched


def _kept(mail: Stored) -> Kept:
    from interest_ingest.authoring.trying import Kept

    landed = mail.landed
    return Kept(
        mail.mail_id, landed.raw, landed.authentication, landed.received_at, landed.size, mail.outcome, mail.parser
    )


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "mail_id": trial.kept.mail_id,
        "kind": trial.kind,
        "before": _reading(trial.before),
        "after": {**_reading(trial.after), "cards": [card.as_json() for card in trial.after.cards]},
        "changes": [{**one._asdict(), "kind": one.kind} for one in trial.changes],
    }


def _reading(reading: Reading) -> dict[str, Any]:
    return {"outcome": reading.outcome.value, "reason": reading.reason, "parser": reading.parser}


def _show_trial(trial: Trial) -> None:
    if trial.kind == "same":
        return
    before, after = (
        f"{one.outcome}{f' ({one.reason})' if one.reason else ''}{f' by {one.parser}' if one.parser else ''}"
        for one in (trial.before, trial.after)
    )
    click.echo(one_line(f"mail {trial.kept.mail_id} {trial.kind}: {before} → {after}"))
    for one in trial.changes:
        sign = {"gained": "+", "lost": "-", "changed": "~"}[one.kind]
        told = " → ".join(str(value) for value in (one.before, one.after) if value is not None)
        click.echo(f"  {sign} card {one.card} {one_line(one.field)}: {one_line(told, VALUE_WIDTH)}")


def _show_total(total: Total) -> None:
    counts = (
        ", ".join(f"{count} {kind}" for kind, count in sorted(total.kinds.items())) or "none of that kind is stored"
    )
    click.echo(f"{total.mails} mails: {counts}; nothing was written")
    for kind, fields in total.fields.items():
        if fields:
            click.echo(one_line(f"{kind}: {', '.join(f'{name} {count}' for name, count in fields.most_common())}"))
