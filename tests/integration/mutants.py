"""Bad orders of the protocol, such as other programs have or had, put into a fork: the harness must catch each.

They stand in for mistakes that somebody may make in our code one day. What is patched here are the product's own seams.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, delete, select, update

from interest_ingest.ingest import intake
from interest_ingest.mailbox import answers
from interest_ingest.mailbox.imap import Mailbox
from interest_ingest.mailbox.message import Message
from interest_ingest.store import Landing, Recorded, Store, ledger, recording
from interest_ingest.store.ledger import Landed
from interest_ingest.store.tables import card, card_key, card_origin, delivery, epoch

Pairs = Sequence[Any]


class Mutant(NamedTuple):
    """A bad order, the way of acknowledging under which it harms, what it harms, and a step at which a kill does it."""

    apply: Callable[[], None]
    acknowledge: str
    harm: str
    kill_at: str


def _cursor_first() -> None:
    """The cursor is the only guide, and it is committed before the mails are: getmail's and offlineimap's old order."""
    land = Store.land

    def advance_then_land(self: Store, epoch_id: int, landings: Sequence[Landing]) -> int:
        last = max(landing.uid for landing in landings)
        self._write(lambda c: c.execute(update(epoch).where(epoch.c.id == epoch_id).values(cursor_uid=last)))
        return land(self, epoch_id, landings)

    def above_cursor(self: Store, epoch_id: int, uids: Iterable[int], **_: Any) -> list[int]:
        cursor = self._read(lambda c: c.scalar(select(epoch.c.cursor_uid).where(epoch.c.id == epoch_id))) or 0
        return [uid for uid in uids if uid > cursor]

    Store.land = advance_then_land  # type: ignore[method-assign]
    Store.unknown = above_cursor  # type: ignore[method-assign]


def _tell_before_landing(mode: Any, folder: str) -> None:
    land = intake._Pass._land

    def tell_then_land(self: intake._Pass, messages: Iterable[Message]) -> None:
        told = list(messages)
        self.box.acknowledge([message.uid for message in told], mode, folder)
        land(self, told)

    intake._Pass._land = tell_then_land  # type: ignore[method-assign]


def _only_unseen() -> None:
    """What has been read is not new: fetchmail's guide."""

    def unseen(self: Mailbox, *_: Any, **__: Any) -> list[int]:
        return sorted(self._ask(self._client.search, ["UNSEEN"]))

    Mailbox.uids = unseen  # type: ignore[method-assign]


def _move_first() -> None:
    """The message is moved before it is kept: parsedmarc's order (its issues 242 and 367)."""
    _tell_before_landing("move", "Done")


def _seen_first() -> None:
    r"""\Seen is set before the commit, and only what is not \Seen is asked for."""
    _only_unseen()
    _tell_before_landing("seen", "")


def _fetch_sets_seen() -> None:
    r"""The fetch itself sets \Seen, and only what is not \Seen is asked for: many a script's way."""
    _only_unseen()
    setattr(answers, "BODY_ITEMS", ("BODY[]",))  # noqa: B010 - it is a constant, to the type checker too
    Mailbox.examine = lambda self, folder=None: self._open(folder or self.account.folder, readonly=False)  # type: ignore[method-assign]


def _record_in_two(first: Callable[[Connection, list[int], Pairs], list[Recorded]], second: Any) -> None:
    """Let `Store.record` be two transactions."""

    def record(self: Store, pairs: Pairs) -> list[Recorded]:
        ids = [landed.delivery_id for landed, _ in pairs]
        done = self._write(lambda c: first(c, ids, pairs))
        done = self._write(lambda c: second(c, ids, pairs)) or done
        self.release(landed for landed, _ in pairs)
        return done

    Store.record = record  # type: ignore[method-assign]


def _no_keys() -> None:
    """Cards without unique keys, committed before the mail's outcome is."""

    def cards(c: Connection, ids: list[int], pairs: Pairs) -> list[Recorded]:
        done = recording.record(c, pairs)
        c.execute(delete(card_key))
        c.execute(delete(card_origin))
        c.execute(update(delivery).where(delivery.c.id.in_(ids)).values(outcome=None))
        return done

    def outcomes(c: Connection, ids: list[int], _pairs: Pairs) -> None:
        c.execute(update(delivery).where(delivery.c.id.in_(ids)).values(outcome="cards", trace=None))

    _record_in_two(cards, outcomes)


def _outcome_first() -> None:
    """The mail's outcome is committed before its cards are."""

    def outcomes(c: Connection, ids: list[int], _pairs: Pairs) -> list[Recorded]:
        c.execute(update(delivery).where(delivery.c.id.in_(ids)).values(outcome="cards"))
        return []

    def cards(c: Connection, ids: list[int], pairs: Pairs) -> list[Recorded]:
        c.execute(update(delivery).where(delivery.c.id.in_(ids)).values(outcome=None, reason=None))
        return recording.record(c, pairs)

    _record_in_two(outcomes, cards)


def _overwrite_people() -> None:
    """Whoever reads again writes all columns of a card, those of people too."""
    claim = ledger.claim

    def anew(connection: Connection, *given: Any) -> list[Landed]:
        connection.execute(update(card).values(responsible=None))
        return claim(connection, *given)

    setattr(ledger, "claim", anew)  # noqa: B010 - its parameters are none of ours


_KEEPS = "INSERT INTO raw_message"
_SETTLES = "UPDATE delivery SET outcome=?, reason=?"

MUTANTS: Final[dict[str, Mutant]] = {
    "cursor first": Mutant(_cursor_first, "none", "lost", _KEEPS),
    "moved before it is kept": Mutant(_move_first, "move", "lost", _KEEPS),
    "seen before it is kept": Mutant(_seen_first, "seen", "lost", _KEEPS),
    "seen by the fetch": Mutant(_fetch_sets_seen, "none", "lost", _KEEPS),
    "no unique keys": Mutant(_no_keys, "none", "doubled", "UPDATE delivery SET outcome=?, trace=?"),
    "outcome before cards": Mutant(_outcome_first, "none", "lost", _SETTLES),
    "people's columns written": Mutant(_overwrite_people, "none", "people's work", "DELETE FROM worker"),
}
