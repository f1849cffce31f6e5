"""What is usual of a sender's mails, as the store keeps it: each mail counts once, whatever is done with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from interest_ingest.cards import Author, Outcome, Reading
from interest_ingest.store import Landing, Store, drift, engine, habits
from interest_ingest.store.habits import FIELDS, MAX_LINES, MAX_SHAPES, RECENT, Habit
from interest_ingest.store.tables import delivery, habit
from tests.test_store.children import fork
from tests.test_store.making import ARRIVED, an_epoch, claimed, deliver, dump, interest, landing, reading, table, write

SHAPE = "0123456789abcdef aaaaaa.bbbbbb cccccc"
OTHER = "fedcba9876543210 aaaaaa.dddddd cccccc"


def shaped(number: int = 0, shape: str = SHAPE, sender: str = "social.example", **fields: Any) -> Reading:
    """The reading of a mail of a template."""
    cards = () if fields.get("outcome") else (interest(f"text {number}", author=Author(name=f"Anna {number}")),)
    one = reading(*cards, canon=f"mail {number} {shape} {sender}", **fields)
    return one.model_copy(update={"shape": shape, "sender": sender})


def habit_of(store: Store, parser: str = "social.comment", sender: str = "social.example") -> Habit:
    (found,) = (one for one in store.habits(1) if (one.parser, one.sender) == (parser, sender))
    return found


def test_a_mail_is_counted_for_its_parser_and_for_its_sender(store: Store, database_url: str) -> None:
    deliver(store, *(shaped(number) for number in range(3)), shaped(3, OTHER))
    for parser, kind in (("social.comment", "comment"), ("", "social.comment")):
        one = habit_of(store, parser)
        assert (one.mails, [seen.kind for seen in one.recent]) == (4, 4 * [kind])
        assert {shape.digest: shape.mails for shape in one.shapes.values()} == {SHAPE[:16]: 3, OTHER[:16]: 1}
    filled = habit_of(store).recent[0].fields
    assert {name for place, name in enumerate(FIELDS) if filled >> place & 1} == {"author.name", "text"}
    assert habit_of(store, "").readers == ["social.comment"]
    rows = table(database_url, "delivery")
    assert {(row["shape"], row["sender"], row["counted"]) for row in rows} == {
        (SHAPE[:16], "social.example", True),
        (OTHER[:16], "social.example", True),
    }


def test_the_newest_mail_of_each_shape_is_its_sample(store: Store) -> None:
    deliver(store, shaped(1), shaped(2), shaped(3, OTHER))
    ids = [mail["mail_id"] for mail in store.mails()]
    assert {shape.mail_id for shape in habit_of(store).shapes.values()} == {ids[1], ids[2]}


def test_the_same_mail_again_is_not_counted_again(store: Store, database_url: str) -> None:
    """Recorded twice, through a second mailbox, retried from quarantine, and read again."""
    failed = shaped(1, outcome=Outcome.QUARANTINED, reason="template changed: x")
    deliver(store, shaped(0), failed)
    before = {name: dump(database_url)[name] for name in ("habit", "habit_shape")}
    store.land(an_epoch(store, "second"), [landing(1, "notifications 1")])
    (twin,) = claimed(store)
    assert twin.known
    store.record([(twin, None)])
    store.record([(twin, None)])
    store.retry()
    (again,) = claimed(store)
    store.record([(again, shaped(1))])
    for batch in store.stored():
        store.reread([(mail, shaped(number, OTHER)) for number, mail in enumerate(batch)], apply=True)
    assert {name: dump(database_url)[name] for name in before} == before


def test_a_mail_that_is_read_again_gets_its_shape(store: Store, database_url: str) -> None:
    deliver(store, shaped(0))
    write(database_url, update(delivery).values(shape=None, sender=None))
    (batch,) = store.stored()
    assert store.reread([(batch[0], shaped(0))], apply=True) == []
    assert [(row["shape"], row["sender"]) for row in table(database_url, "delivery")] == [
        (SHAPE[:16], "social.example")
    ]


def test_who_never_wrote_anything_that_was_read_has_no_habit(store: Store) -> None:
    unknown = shaped(1, sender="news.example", outcome=Outcome.UNMATCHED).model_copy(update={"parser": None})
    deliver(store, unknown)
    assert store.habits(1) == []
    deliver(store, shaped(2))
    deliver(store, unknown.model_copy(update={"sender": "social.example", "canon_digest": "0" * 64}))
    assert [seen.kind for seen in habit_of(store, "").recent] == ["social.comment", "?"]


def test_letters_have_one_habit_whoever_writes(store: Store) -> None:
    deliver(store, *(reading(interest(f"{n}"), canon=f"{n}") for n in range(3)))
    one = habit_of(store, sender="")
    assert (one.mails, one.shapes, one.recent) == (3, {}, [])


def test_floods_and_old_archives_tell_nothing_of_today(store: Store) -> None:
    deliver(store, shaped(0), shaped(1, outcome=Outcome.HELD))
    old = ARRIVED - timedelta(days=30)
    store.land(an_epoch(store, "archive"), [Landing(9, b"old", old, 3, whole=True, authentication="{}")])
    store.record([(claimed(store)[0], shaped(2))])
    assert habit_of(store).mails == 1


def test_what_is_not_recent_any_more_becomes_usual(store: Store) -> None:
    deliver(store, *(shaped(number) for number in range(RECENT + 7)))
    one = habit_of(store)
    assert (one.mails, len(one.recent), one.number) == (RECENT + 7, RECENT, 7)
    (counts,) = (shape.usual["comment"] for shape in one.shapes.values())
    assert (counts[0], counts[1 + FIELDS.index("text")], counts[1 + FIELDS.index("rating")]) == (7, 7, 0)


def test_a_habit_is_bounded_whatever_comes(store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "MAX_HABITS", 40)
    shapes = [f"{number:06x}{'0' * 10} aaaaaa {number:06x}" for number in range(MAX_SHAPES + 20)]
    deliver(store, *(shaped(number, shape) for number, shape in enumerate(shapes)))
    deliver(store, *(shaped(number, shape) for number, shape in enumerate(shapes[:3], start=1_000)))
    one = habit_of(store)
    assert len(one.shapes) == MAX_SHAPES
    assert len(one.lines) <= MAX_LINES
    assert one.rare >= 20
    senders = [f"s{number}.example" for number in range(60)]
    for some in zip(*5 * [iter(senders)], strict=True):
        deliver(store, *(shaped(sender=sender) for sender in some))
    monkeypatch.setattr(drift, "MAX_HABITS", 1)
    deliver(store, shaped(5_000, sender="s59.example"), shaped(5_001, OTHER, "s59.example"), shaped(5_002, sender="z"))
    rows = table(database_url, "habit")
    assert len(rows) <= 41
    assert {row["sender"] for row in rows} >= {"s59.example", "z"}
    assert {row["habit_id"] for row in table(database_url, "habit_shape")} <= {row["id"] for row in rows}


def test_counts_are_halved_so_that_what_was_long_ago_weighs_less() -> None:
    one = Habit("a", "b")
    for number in range(3 * habits.COUNTED):
        told = shaped(number)
        ((_, _, first), _) = habits.told(told, ARRIVED, 1)
        one.note(first)
    assert one.mails == 3 * habits.COUNTED
    assert one.number <= habits.COUNTED + 1


def test_what_is_no_shape_is_not_taken_for_one(store: Store) -> None:
    deliver(store, shaped(0, shape="no shape of ours \x00"))
    assert habit_of(store, sender="").mails == 1


def test_forgetting_a_parser_lets_it_be_learned_anew(store: Store) -> None:
    deliver(store, shaped(0), shaped(1, sender="other.example"))
    assert store.forget_habits("social.comment", "social.example") == 1
    assert {one.sender for one in store.habits(1)} == {"other.example"}
    assert store.forget_habits("social.comment") == 1
    assert store.habits(1) == []
    assert store.forget_habits("no.such") == 0


def test_unmatched_mails_are_grouped_by_sender_and_shape(store: Store) -> None:
    def unmatched(number: int, shape: str, sender: str) -> Reading:
        return shaped(number, shape, sender, outcome=Outcome.UNMATCHED).model_copy(update={"parser": None})

    deliver(store, *(unmatched(number, SHAPE, "a.example") for number in range(7)))
    deliver(store, unmatched(8, OTHER, "a.example"), unmatched(9, SHAPE, "b.example"), shaped(10))
    first, second, third = store.groups(Outcome.UNMATCHED)
    assert (first.sender, first.shape, first.mails) == ("a.example", SHAPE[:16], 7)
    assert first.newest_at == ARRIVED
    ids = [mail["mail_id"] for mail in store.mails("unmatched")]
    assert first.mail_ids == tuple(reversed(ids[2:7]))
    assert {(one.sender, one.mails) for one in (second, third)} == {("a.example", 1), ("b.example", 1)}


def test_two_processes_count_every_mail(store: Store, database_url: str) -> None:
    """They begin the same habit at the same moment, and then wait for each other."""

    def work(name: str) -> None:
        with Store.open(database_url) as own:
            epoch_id = an_epoch(own, name)
            own.land(epoch_id, [landing(uid, f"{name} {uid}") for uid in range(1, 21)])
            while mails := own.claim(4, 10**6):
                own.record([(mail, shaped(mail.delivery_id)) for mail in mails])

    assert fork(lambda: work("first"), lambda: work("second")) == [0, 0]
    assert habit_of(store).mails == habit_of(store, "").mails == 40


@pytest.mark.parametrize("database_url", ["postgresql", "mariadb"], indirect=True)  # SQLite locks the whole file
def test_a_process_that_was_stopped_while_it_counts_holds_up_nobody(
    store: Store, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All mails of a sender change one row: those that are recorded while it is held, or begun, are not counted."""
    monkeypatch.setattr(engine, "ROW_SECONDS", 0)
    monkeypatch.setattr(engine, "_POSTGRES_SETTINGS", "SET lock_timeout = '10ms'")
    store._engine.dispose()
    deliver(store, shaped(0))
    new = {"parser": "social.comment", "sender": "new.example", "version": 1, "mails": 1, "state": {}}
    with store._engine.connect() as stopped:
        stopped.execute(select(habit).with_for_update())
        stopped.execute(insert(habit).values(new | {"first_at": ARRIVED, "last_at": ARRIVED}))
        recorded = deliver(store, shaped(1), shaped(2), shaped(3, sender="new.example"))
    assert [one.outcome for one in recorded] == 3 * [Outcome.CARDS]
    assert {row["sender"] for row in table(database_url, "habit")} == {"social.example"}
    deliver(store, shaped(4))
    assert habit_of(store).mails == 2
