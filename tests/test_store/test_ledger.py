"""Mailboxes, epochs, and the way of a message from landing to the acknowledgement."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import update

from interest_ingest.cards import Outcome
from interest_ingest.errors import UsageError
from interest_ingest.store import Store
from interest_ingest.store.tables import delivery
from tests.test_store.making import (
    PASSED,
    an_epoch,
    claimed,
    deliver,
    digest,
    dump,
    interest,
    landing,
    reading,
    table,
    verified,
    write,
)


def test_a_mailbox_keeps_its_id_and_another_folder_is_another_mailbox(store: Store) -> None:
    first = store.mailbox("notifications", "INBOX")
    assert store.mailbox("notifications", "INBOX") == first
    assert store.mailbox("notifications", "INBOX ") != first


def test_a_folder_name_that_would_be_cut_is_refused(store: Store) -> None:
    """Cut, two long names would be one mailbox, and the UIDs of one would hide the mails of the other."""
    with pytest.raises(UsageError, match="at most 300 characters"):
        store.mailbox("notifications", "x" * 301)


@pytest.mark.parametrize(
    ("uidvalidity", "uidnext", "same"),
    [
        (7, 11, True),
        (7, None, True),
        (8, 11, False),
        (None, 11, False),
        (7, 10, False),  # a restored mailbox: it will give UID 10 to another message than the one we have
    ],
)
def test_an_epoch_lasts_as_long_as_a_uid_names_one_message(
    store: Store, uidvalidity: int | None, uidnext: int | None, same: bool
) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    epoch = store.open_epoch(mailbox_id, 7, 1)
    store.land(epoch.id, [landing(10)])
    again = store.open_epoch(mailbox_id, uidvalidity, uidnext)
    assert (again.id == epoch.id) is same
    assert again.cursor == (10 if same else 0)
    assert (store.unknown(again.id, [10]) == []) is same


def test_a_return_to_an_earlier_uidvalidity_is_a_new_generation(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    ids = [store.open_epoch(mailbox_id, value, None).id for value in (7, 8, 7, None, 7)]
    assert len(set(ids)) == 5
    rows = table(database_url, "epoch")
    assert [(row["uidvalidity"], row["gen"]) for row in rows] == [(7, 0), (8, 0), (7, 1), (-1, 0), (7, 2)]
    assert [row["closed_at"] is None for row in rows] == [False, False, False, False, True]


def test_landing_again_changes_no_row(store: Store, database_url: str) -> None:
    epoch_id = an_epoch(store)
    mails = [landing(uid) for uid in range(1, 6)]
    assert store.land(epoch_id, mails) == 5
    before = dump(database_url)
    assert store.land(epoch_id, mails) == 0
    assert store.land(epoch_id, [*mails, landing(6)]) == 1
    after = dump(database_url)
    assert after["delivery"][:5] == before["delivery"]
    assert after["raw_message"][:5] == before["raw_message"]
    assert after["epoch"][0]["cursor_uid"] == 6


def test_the_same_bytes_are_kept_once(store: Store, database_url: str) -> None:
    store.land(an_epoch(store, "first"), [landing(1, "the mail"), landing(2, "the mail")])
    store.land(an_epoch(store, "second"), [landing(1, "the mail")])
    (raw,) = table(database_url, "raw_message")
    assert (raw["raw_sha256"], raw["size"]) == (digest("the mail"), 8)
    assert [row["raw_id"] for row in table(database_url, "delivery")] == [raw["id"]] * 3
    assert store.raw(raw["id"]) == b"the mail"


def test_one_uid_twice_in_an_answer_is_one_message(store: Store) -> None:
    assert store.land(an_epoch(store), [landing(4, "one"), landing(4, "other")]) == 1


def test_files_are_known_by_their_bytes(store: Store, database_url: str) -> None:
    """An import has no UIDs: the same file is the same message, also under another name and in another order."""
    epoch_id = store.open_epoch(store.mailbox("import:archive", ""), 0, None).id
    assert store.land(epoch_id, [landing(0, "a"), landing(0, "b"), landing(0, "a")]) == 2
    assert store.land(epoch_id, [landing(0, "c"), landing(0, "b"), landing(0, "a")]) == 1
    assert [row["uid"] for row in table(database_url, "delivery")] == [1, 2, 3]


def test_unknown_gives_what_the_ledger_lacks_in_ascending_order(store: Store) -> None:
    epoch_id = an_epoch(store)
    store.land(epoch_id, [landing(uid) for uid in (2, 3, 70_000)])
    assert store.unknown(epoch_id, [70_001, 5, 3, 70_000, 2, 1]) == [1, 5, 70_001]
    assert store.unknown(epoch_id, range(1, 30_001)) == [1, *range(4, 30_001)]
    assert store.unknown(epoch_id, []) == []
    assert store.unknown(an_epoch(store, "other"), [2]) == [2]


def test_a_message_that_was_unfetchable_lands_when_it_comes(store: Store, database_url: str) -> None:
    epoch_id = an_epoch(store)
    store.unfetchable(epoch_id, [1, 2], "the server gives no data")
    store.unfetchable(epoch_id, [2, 3], "the server gives no data")
    store.oversize(epoch_id, [4], "61 MB")
    assert store.unknown(epoch_id, range(1, 6)) == [5]
    assert store.to_fetch_again(epoch_id) == [1, 3, 2]
    assert store.counts().mails == {"unfetchable": 3, "oversize": 1}
    assert store.land(epoch_id, [landing(2)]) == 1
    assert store.counts().mails == {"unfetchable": 2, "oversize": 1, "new": 1}
    store.unfetchable(epoch_id, [2], "gone again")
    assert store.counts().mails["new"] == 1


def test_claims_are_oldest_first_and_bounded(store: Store) -> None:
    store.land(an_epoch(store), [landing(uid, f"{uid}" * 100) for uid in range(1, 8)])
    assert [mail.raw[:1] for mail in store.claim(limit=2, max_bytes=10**6)] == [b"1", b"2"]
    assert [mail.raw[:1] for mail in store.claim(limit=9, max_bytes=250)] == [b"3", b"4"]
    assert [mail.raw[:1] for mail in store.claim(limit=9, max_bytes=1)] == [b"5"]
    assert [mail.raw[:1] for mail in store.claim(limit=9, max_bytes=10**6)] == [b"6", b"7"]
    assert store.claim(limit=9, max_bytes=10**6) == []


def test_what_is_claimed_by_one_is_given_to_no_other(store: Store, database_url: str) -> None:
    store.land(an_epoch(store), [landing(uid) for uid in range(1, 4)])
    mine = store.claim(limit=2, max_bytes=10**6)
    with Store.open(database_url) as other:
        theirs = claimed(other)
    assert len(mine) == 2
    assert len(theirs) == 1
    assert [mail.delivery_id for mail in claimed(store)] == [theirs[0].delivery_id], "a closed store gives back"
    store.release(mine)
    assert claimed(store) == mine


def test_attempts_are_counted_by_the_supervisor_only(store: Store) -> None:
    store.land(an_epoch(store), [landing(1)])
    (mail,) = claimed(store)
    store.release([mail])
    (again,) = claimed(store)
    assert again.attempts == 0
    assert store.attempted(again) == 1
    store.release([again])
    (last,) = claimed(store)
    assert (last.attempts, last.alone) == (1, True)


def test_a_mail_whose_reader_died_is_read_last_and_alone(store: Store) -> None:
    store.land(an_epoch(store), [landing(uid) for uid in range(1, 4)])
    (bad,) = store.claim(limit=1, max_bytes=10**6)
    store.attempted(bad)
    store.release([bad])
    others = claimed(store)
    assert [mail.raw for mail in others] == [landing(2).raw, landing(3).raw]
    assert claimed(store) == [], "not beside others"
    store.release(others[:1])
    store.record([(others[1], reading())])
    assert claimed(store) == others[:1]
    store.record([(others[0], reading())])
    assert [mail.delivery_id for mail in claimed(store)] == [bad.delivery_id]
    store.land(an_epoch(store), [landing(9)])
    assert claimed(store) == [], "no others beside it"


def test_the_same_bytes_with_the_same_trust_are_not_read_again(store: Store, database_url: str) -> None:
    store.land(an_epoch(store, "first"), [landing(1, "the mail", PASSED)])
    (first,) = claimed(store)
    assert first.known is None
    store.record([(first, reading(verified("one"), verified("two")))])
    store.land(an_epoch(store, "second"), [landing(1, "the mail", PASSED), landing(2, "the mail", "{}")])
    same, other_trust = claimed(store)
    assert (same.known, other_trust.known) == (Outcome.CARDS, None)
    (recorded,) = store.record([(same, None)])
    assert (recorded.outcome, recorded.new_cards) == (Outcome.DUPLICATE, ())
    before, now, _ = store.mails()
    assert now["cards"] == before["cards"]
    assert now["reason"] == "the same bytes were cards before"
    assert (now["parser"], now["trust"]) == ("social.comment", "verified")
    assert len(table(database_url, "card")) == 2


def test_recording_again_changes_no_row(store: Store, database_url: str) -> None:
    """Two daemons may have read the same mail: the second finds its outcome and leaves it."""
    store.land(an_epoch(store), [landing(1), landing(2)])
    pairs = [(mail, reading(interest(str(mail.delivery_id)))) for mail in claimed(store)]
    assert len(store.record(pairs)) == 2
    before = dump(database_url)
    assert store.record(pairs) == []
    assert store.record([(pairs[0][0], reading(outcome=Outcome.IGNORED))]) == []
    assert dump(database_url) == before


def test_only_what_is_done_is_acknowledged(store: Store) -> None:
    outcomes = [*Outcome, None]
    outcomes.remove(Outcome.UNFETCHABLE)
    epoch_id = an_epoch(store)
    store.land(epoch_id, [landing(uid) for uid, _ in enumerate(outcomes, 1)])
    for mail, outcome in zip(claimed(store), outcomes, strict=True):
        if outcome:
            store.record([(mail, reading(outcome=outcome))])
    store.unfetchable(epoch_id, [90], "no data")
    done = [uid for uid, one in enumerate(outcomes, 1) if one not in (None, Outcome.QUARANTINED, Outcome.HELD)]
    assert store.to_acknowledge(epoch_id) == done
    assert store.to_acknowledge(epoch_id, limit=2) == done[:2]
    store.acknowledged(epoch_id, done[:2])
    store.acknowledged(epoch_id, done[:2])
    assert store.to_acknowledge(epoch_id) == done[2:]


def test_a_mail_that_the_database_refuses_costs_only_itself(store: Store, database_url: str) -> None:
    poison = interest("poison").model_copy(update={"channel": "smoke signal"})
    good = [reading(interest(f"good {n}"), canon=f"{n}") for n in range(3)]
    recorded = deliver(store, good[0], reading(poison, canon="p"), good[1], good[2])
    assert Counter(one.outcome for one in recorded) == {Outcome.CARDS: 3, Outcome.QUARANTINED: 1}
    (refused,) = store.mails("quarantined")
    assert refused["uid"] == 2
    assert refused["reason"].startswith("could not be recorded: ")
    assert len(table(database_url, "card")) == 3


def test_a_poll_leaves_its_time_or_its_error(store: Store, database_url: str) -> None:
    mailbox_id = store.mailbox("notifications", "INBOX")
    store.polled(mailbox_id, error="the server hung up")
    (row,) = table(database_url, "mailbox")
    assert (row["polled_at"], row["last_error"]) == (None, "the server hung up")
    store.polled(mailbox_id)
    (row,) = table(database_url, "mailbox")
    assert row["polled_at"] is not None
    assert row["last_error"] is None
    store.polled(mailbox_id, unless_within=timedelta(minutes=1))
    assert table(database_url, "mailbox") == [row], "it says nothing new"


def test_a_known_mail_is_settled_even_if_its_twin_is_erased(store: Store, database_url: str) -> None:
    store.land(an_epoch(store), [landing(1, "x"), landing(2, "x")])
    first, second = claimed(store)
    store.record([(first, reading(outcome=Outcome.IGNORED))])
    store.release([second])
    write(database_url, update(delivery).where(delivery.c.uid == 1).values(outcome=Outcome.ERASED))
    (second,) = claimed(store)
    assert second.known is Outcome.ERASED
    assert [one.outcome for one in store.record([(second, None)])] == [Outcome.DUPLICATE]
