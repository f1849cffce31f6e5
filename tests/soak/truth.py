"""What is in the database at the end, compared with what was given."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from tests.soak.mails import Given
from tests.soak.world import World


@dataclass
class Verdict:
    """Numbers that must all be 0, with some examples of what was wrong."""

    lost: int = 0
    """Mails without a row in the ledger, or without the card that they must give."""
    duplicated: int = 0
    """Cards beyond the one that a mail gives."""
    wrong: int = 0
    """Cards with another text than the mail's, mails with another outcome than theirs."""
    undecided: int = 0
    """Ledger rows without an outcome."""
    people: int = 0
    """People's columns that are not as people left them."""
    unaccounted: int = 0
    """As `verify` says."""
    examples: list[str] = field(default_factory=list)

    def numbers(self) -> dict[str, int]:
        return {key: value for key, value in vars(self).items() if isinstance(value, int)}

    def note(self, what: str, example: str) -> None:
        setattr(self, what, getattr(self, what) + 1)
        if len(self.examples) < 20:
            self.examples.append(f"{what}: {example}")


def judge(world: World, wrote: dict[str, tuple[str, str]], verified: Any) -> Verdict:
    """Compare everything. `verified` is the document of `verify --json`."""
    verdict = Verdict()
    engine = world.engine()
    with engine.connect() as connection:
        _ledger(connection, world, verdict)
        _cards(connection, world, verdict)
        _people(connection, wrote, verdict)
    engine.dispose()
    unaccounted = verified.get("unaccounted") if isinstance(verified, dict) else None
    if unaccounted != 0:
        verdict.unaccounted = unaccounted if isinstance(unaccounted, int) else -1
        verdict.examples.append(f"verify: {str(verified)[:500]}")
    return verdict


def _ledger(connection: Connection, world: World, verdict: Verdict) -> None:
    verdict.undecided = connection.scalar(text("SELECT count(*) FROM delivery WHERE outcome IS NULL")) or 0
    rows = connection.execute(
        text(
            "SELECT mailbox.name, raw_message.raw_sha256, delivery.outcome FROM delivery "
            "JOIN epoch ON epoch.id = delivery.epoch_id JOIN mailbox ON mailbox.id = epoch.mailbox_id "
            "LEFT JOIN raw_message ON raw_message.id = delivery.raw_id WHERE epoch.closed_at IS NULL"
        )
    )
    landed: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for name, digest, _ in rows:
        landed[name, digest] += 1
        totals[name] += 1
    for box, given in world.given.items():
        if totals[box] != len(given):
            verdict.note("lost" if totals[box] < len(given) else "duplicated", f"{box}: {totals[box]} of {len(given)}")
        for digest, number in Counter(one.digest for one in given if one.kind != "hostile").items():
            if landed[box, digest] != number:
                verdict.note("lost" if landed[box, digest] < number else "duplicated", f"{box} {digest[:12]}")


def _cards(connection: Connection, world: World, verdict: Verdict) -> None:
    """By the bytes of the mail; what the server changed in hostile ones cannot be found that way, and need not be."""
    cards: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for digest, source, body in connection.execute(
        text(
            "SELECT raw_message.raw_sha256, card.source, card.text FROM card "
            "JOIN raw_message ON raw_message.id = card.mail_id WHERE card.superseded_at IS NULL"
        )
    ):
        cards[digest].append((source, body))
    outcomes = _outcomes(connection)
    known = {one.digest: one for given in world.given.values() for one in given if one.kind != "hostile"}
    for digest, one in known.items():
        _one(one, cards[digest], outcomes[digest], verdict)


def _outcomes(connection: Connection) -> defaultdict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for digest, outcome in connection.execute(
        text(
            "SELECT raw_message.raw_sha256, delivery.outcome FROM delivery "
            "JOIN raw_message ON raw_message.id = delivery.raw_id"
        )
    ):
        found[digest].add(outcome)
    return found


def _one(one: Given, cards: list[tuple[str, str]], outcomes: set[str], verdict: Verdict) -> None:
    wanted = [(one.source, one.text)] if one.source else []
    if len(cards) > len(wanted):
        verdict.note("duplicated", f"{one.kind} {one.digest[:12]}: {cards}")
    elif len(cards) < len(wanted):
        verdict.note("lost", f"{one.kind} {one.digest[:12]}: {outcomes}")
    elif cards != wanted:
        verdict.note("wrong", f"{one.kind} {one.digest[:12]}: {cards} for {wanted}")
    if not outcomes <= {one.outcome, "duplicate"}:
        verdict.note("wrong", f"{one.kind} {one.digest[:12]}: {outcomes}")


def _people(connection: Connection, wrote: dict[str, tuple[str, str]], verdict: Verdict) -> None:
    rows = connection.execute(text("SELECT id, responsible, proof_url, processed FROM card"))
    kept = {row.id: (row.responsible, row.proof_url, bool(row.processed)) for row in rows}
    for card, (who, proof) in wrote.items():
        if kept.pop(card, None) != (who, proof, True):
            verdict.note("people", f"{card}: {who}")
    for card, columns in kept.items():
        if columns != (None, None, False):
            verdict.note("people", f"{card}: {columns} by nobody")
