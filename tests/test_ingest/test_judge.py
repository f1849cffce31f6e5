"""The last word on readings: blocked authors, floods, parsers that suddenly fail; on a real store, without a clock."""

from __future__ import annotations

import gc
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interest_ingest.cards import Author, InterestCard, Outcome, Reading, Trust
from interest_ingest.errors import UsageError
from interest_ingest.ingest import judge as judge_module
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.blocking import BlockList, entry
from interest_ingest.ingest.judge import Judge, Limits
from interest_ingest.ingest.processing import process
from interest_ingest.ingest.rules import Rules
from interest_ingest.parsing.profiles import profile_key
from interest_ingest.store import Block, Landed, Landing, Store
from tests.mails import letter
from tests.test_store.making import digest, interest, verified
from tests.torture import report, scale

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOUR = timedelta(hours=1)
SOON = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + 2 * HOUR
"""The beginning of an hour after the mailboxes of these tests were first opened."""


@pytest.fixture
def url(tmp_path: Path) -> str:
    folder = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else tmp_path
    return f"sqlite:///{folder}/judge-{os.getpid()}-{time.monotonic_ns()}.db"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    try:
        with Store.open(url) as opened:
            yield opened
    finally:
        for left in Path(url.removeprefix("sqlite:///")).parent.glob(Path(url).name + "*"):
            left.unlink()


def land(store: Store, count: int, *, mailbox: str = "desk", received_at: datetime = SOON, name: str = "") -> None:
    """So many mails, each of its own bytes."""
    epoch = store.open_epoch(store.mailbox(mailbox, "INBOX"), 7, None)
    store.land(
        epoch.id,
        [
            Landing(epoch.cursor + n, f"{mailbox} {name} {epoch.cursor + n}".encode(), received_at, 9, True, "{}")
            for n in range(1, count + 1)
        ],
    )


def reading(*cards: InterestCard, landed: Landed, **fields: object) -> Reading:
    plain = {"outcome": Outcome.CARDS, "parser": "social.comment", "parser_version": 1}
    return Reading(**plain | {"cards": cards, "canon_digest": digest(landed.raw.decode())} | fields)


def settle(store: Store, judge: Judge, read: Callable[[Landed], Reading]) -> Counter[str]:
    """Claim, read, judge and record all that waits; mails about which there is no judgement stay."""
    outcomes: Counter[str] = Counter()
    while claimed := store.claim(100, 10**9):
        judged = [(landed, judge(landed, read(landed))) for landed in claimed]
        late = [landed.delivery_id for landed, verdict in judged if verdict is None]
        store.postpone(late, datetime.now(UTC) + HOUR)
        outcomes["postponed"] += len(late)
        outcomes.update(one.outcome.value for one in store.record([pair for pair in judged if pair[1]]))
    return +outcomes


def by(author: str, trust: Trust = Trust.UNPROVEN) -> Callable[[Landed], Reading]:
    """Every mail is an interest of this author."""

    def read(landed: Landed) -> Reading:
        named = Author(name="Anna", email=author)
        return reading(interest(f"text of {landed.raw.decode()}", author=named, trust=trust), landed=landed)

    return read


def by_many(landed: Landed) -> Reading:
    """Every mail is an interest of somebody else."""
    return by(f"{landed.delivery_id}@flood.example")(landed)


# Floods.


def test_a_sender_above_the_limit_is_held_and_one_card_tells_of_it(store: Store) -> None:
    """F35: nothing is lost, and a manager sees one card instead of a hundred."""
    land(store, 30)
    judge = Judge.open(store, Limits(sender=10))
    assert settle(store, judge, by("anna@flood.example")) == {"cards": 10, "held": 20}
    *made, told = store.cards()
    assert len(made) == 10
    assert told["action"] == "other"
    assert "more than 10 interests of one sender" in told["text"]
    assert {mail["reason"] for mail in store.mails("held")} == {"flood: more than 10 cards an hour of one sender"}


def test_others_pass_while_one_sender_floods(store: Store) -> None:
    land(store, 40)
    judge = Judge.open(store, Limits(sender=10))
    many = [by("anna@flood.example"), by("boris@calm.example")]
    outcomes = settle(store, judge, lambda landed: many[landed.delivery_id % 4 == 0](landed))
    assert outcomes == {"cards": 20, "held": 20}


def test_a_site_that_sends_its_visitors_words_is_no_sender(store: Store) -> None:
    """Hundreds of comments and forms come from `wordpress@shop.example`; each is of its author."""
    land(store, 50)
    assert settle(store, Judge.open(store, Limits(sender=5)), by_many) == {"cards": 50}


def test_a_mailbox_above_the_limit_is_held_however_many_send(store: Store) -> None:
    land(store, 50)
    land(store, 10, mailbox="other")
    assert settle(store, Judge.open(store, Limits(mailbox=20)), by_many) == {"cards": 30, "held": 30}


def test_verified_cards_have_a_limit_of_their_own(store: Store) -> None:
    """A flood of unproven mails in Anna's name cannot hold back what the service itself tells of her."""
    land(store, 30)
    judge = Judge.open(store, Limits(sender=10, mailbox=10, source=15))
    assert settle(store, judge, by("anna@flood.example"))["held"] == 20
    land(store, 10)
    assert settle(store, judge, by("anna@flood.example", Trust.VERIFIED)) == {"cards": 10}
    land(store, 10)
    assert settle(store, judge, lambda landed: reading(verified(str(landed.delivery_id)), landed=landed)) == {
        "cards": 5,
        "held": 5,
    }


@pytest.mark.parametrize("limits", [Limits(0, 0, 0), Limits(sender=0, mailbox=40)])
def test_nought_is_no_limit(store: Store, limits: Limits) -> None:
    land(store, 40)
    assert settle(store, Judge.open(store, limits), by("anna@flood.example")) == {"cards": 40}


def test_a_years_backlog_passes(store: Store) -> None:
    """Judged by when the mailbox got each mail: read within a second they are still a year's."""
    for day in range(20):
        land(store, 5, received_at=SOON + day * timedelta(days=18), name=str(day))
    assert settle(store, Judge.open(store, Limits(sender=5, mailbox=5)), by("anna@flood.example")) == {"cards": 100}


def test_what_lay_in_a_mailbox_before_it_was_opened_is_no_flood(store: Store) -> None:
    """An archive that was copied with today's dates, and what is imported from files."""
    land(store, 30, received_at=datetime.now(UTC) - timedelta(minutes=5))
    land(store, 30, mailbox="import:old", name="old")
    assert settle(store, Judge.open(store, Limits(sender=5, mailbox=5)), by("anna@flood.example")) == {"cards": 60}


def test_what_is_past_fills_no_hour_of_a_new_judge(store: Store) -> None:
    """A mailbox that was copied lately: its mails seem to have come within the hour in which it was first polled."""
    copied = datetime.now(UTC) - timedelta(seconds=1)
    land(store, 50, received_at=copied)
    assert settle(store, Judge.open(store, Limits(sender=10)), by("anna@calm.example")) == {"cards": 50}
    land(store, 5, received_at=copied + timedelta(seconds=2), name="new")
    assert settle(store, Judge.open(store, Limits(sender=10)), by("anna@calm.example")) == {"cards": 5}


def test_a_new_judge_goes_on_counting(store: Store) -> None:
    """`poll` is a process of its own each time."""
    outcomes: Counter[str] = Counter()
    for _ in range(5):
        land(store, 6)
        outcomes += settle(store, Judge.open(store, Limits(sender=10)), by("anna@flood.example"))
    assert outcomes == {"cards": 10, "held": 20}
    assert sum(card["action"] == "other" for card in store.cards()) == 1


def test_a_mail_that_is_judged_twice_is_judged_the_same(store: Store) -> None:
    """A batch that could not be recorded is read and judged again: it must not count twice."""
    land(store, 20)
    judge = Judge.open(store, Limits(sender=10))
    claimed = store.claim(100, 10**9)
    first, again = ([judge(landed, by("a@flood.example")(landed)) for landed in claimed] for _ in range(2))
    assert first == again
    assert Counter(one.outcome for one in first if one) == {Outcome.CARDS: 10, Outcome.HELD: 10}
    store.release(claimed)
    wide = Judge.open(store, Limits(sender=25))
    for landed in store.claim(100, 10**9):
        wide(landed, by("a@flood.example")(landed))
    store.release(claimed)
    land(store, 20)
    assert settle(store, wide, by("a@flood.example")) == {"cards": 25, "held": 15}


def test_held_mails_that_are_let_through_pass(store: Store) -> None:
    """And the card that told of the flood stays what it is: none of them turns into it."""
    land(store, 30)
    judge = Judge.open(store, Limits(sender=10))
    settle(store, judge, by("anna@flood.example"))
    held = [mail["mail_id"] for mail in store.mails("held")]
    assert store.retry(held) == 20
    assert settle(store, judge, by("anna@flood.example")) == {"cards": 20}
    texts = Counter(card["text"][:5] for card in store.cards())
    assert texts == {"text ": 30, "Flood": 1}
    assert list(store.mails("held")) == []


# T-19.

GROWN = 128 * 1024 * 1024
"""By how much: the process of the tests has read many other mails before."""


def test_a_flood_does_not_delay_what_is_verified(store: Store) -> None:
    """T-19: ten comments from Facebook among a flood of letters are cards with the first mails that are read; the flood
    costs little memory; none of its mails is lost."""
    flood, good = scale(600, 100_000), 10
    limits = Limits(sender=50, mailbox=scale(200, 2_000))
    epoch = store.open_epoch(store.mailbox("desk", "INBOX"), 7, None)
    for start in range(0, flood, 500):
        some = range(start + 1, min(start + 500, flood) + 1)
        raws = [letter(n).raw.replace(b"ulrike", b"ulrike" if n % 2 else b"one-and-only") for n in some]
        raws = [raw.replace(f"one-and-only{n}@".encode(), b"only@") for n, raw in zip(some, raws, strict=True)]
        store.land(epoch.id, [Landing(n, raw, SOON, len(raw), True, "{}") for n, raw in zip(some, raws, strict=True)])
    comment = (FIXTURES / "facebook" / "en-comment.eml").read_bytes()
    proof = Authentication(checked=True, signed=("facebookmail.com",))
    assert proof.passed
    landings = []
    for number in range(good):
        raw = comment.replace(b"7890", str(7000 + number).encode()).replace(b"0f3a5f2c@", b"%d@" % number)
        landings.append(Landing(flood + 1 + number, raw, SOON, len(raw), True, proof.to_json(), signed=True))
    store.land(epoch.id, landings)

    began, seen_after = time.monotonic(), 0.0
    recorded = 0

    def progress(count: int) -> None:
        nonlocal recorded, seen_after
        recorded += count
        if not seen_after and sum(1 for _ in store.cards(trust=("verified",))) == good:
            seen_after = time.monotonic() - began

    before = _rss()
    outcomes = process(store, Rules(), progress=progress, judge=Judge.open(store, limits))
    gc.collect()
    report(
        "T-19 flood",
        mails=flood,
        seconds=time.monotonic() - began,
        good_after_seconds=seen_after,
        rss_mb=_rss() / 2**20,
        grown_mb=(_rss() - before) / 2**20,
        **{outcome.value: count for outcome, count in outcomes.items()},
    )
    assert 0 < seen_after < 120, "two poll intervals"
    assert outcomes.total() == flood + good
    assert set(outcomes) == {Outcome.CARDS, Outcome.HELD}
    assert outcomes[Outcome.CARDS] == limits.mailbox + good
    assert store.counts().mails == {"cards": outcomes[Outcome.CARDS], "held": outcomes[Outcome.HELD]}
    assert _rss() - before < GROWN


def _rss() -> int:
    if sys.platform != "linux":
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


# Parsers that suddenly fail (F30).


def course(
    broken: Callable[[Landed], bool], version: int = 1, cause: str = "template changed: no author"
) -> Callable[[Landed], Reading]:
    """A parser that reads every mail but the broken ones."""

    def read(landed: Landed) -> Reading:
        if broken(landed):
            return reading(landed=landed, outcome=Outcome.QUARANTINED, reason=cause, parser_version=version)
        card = interest(landed.raw.decode(), author=Author(name=str(landed.delivery_id)))
        return reading(card, landed=landed, parser_version=version)

    return read


def due(store: Store, url: str) -> None:
    """The pause of postponed mails is over."""
    from sqlalchemy import update

    from interest_ingest.store.tables import delivery
    from tests.test_store.making import write

    write(url, update(delivery).values(not_before=None))


@pytest.mark.parametrize("cause", ["template changed: no author", "parser error"])
def test_a_parser_that_breaks_puts_no_more_mails_away(store: Store, url: str, cause: str) -> None:
    """F30: after a library or a template changed every mail of a source fails. What fails after the fifth stays
    unread, is not acknowledged, and becomes a card once the parser is mended."""
    judge = Judge.open(store)
    land(store, 60)
    assert settle(store, judge, course(lambda _: False)) == {"cards": 60}
    assert judge.open_breakers() == []
    land(store, 40)
    assert settle(store, judge, course(lambda _: True, cause=cause)) == {"quarantined": 10, "postponed": 30}
    assert judge.open_breakers() == ["social.comment"]
    epoch = store.open_epoch(store.mailbox("desk", "INBOX"), 7, None)
    assert len(store.to_acknowledge(epoch.id)) == 60
    for _ in range(3):  # tried again, to no avail
        due(store, url)
        assert settle(store, judge, course(lambda _: True, cause=cause)) == {"postponed": 30}
    due(store, url)
    assert settle(store, judge, course(lambda _: False)) == {"cards": 30}
    assert judge.open_breakers() == []
    store.retry([mail["mail_id"] for mail in store.mails("quarantined")])
    assert settle(store, judge, course(lambda _: False)) == {"cards": 10}
    assert store.counts() == type(store.counts())(mails={"cards": 100}, cards=100)


def test_a_judge_that_starts_anew_knows_that_a_parser_fails(store: Store, url: str) -> None:
    """`poll` by cron: each run would else put five more mails away."""
    land(store, 60)
    settle(store, Judge.open(store), course(lambda _: False))
    land(store, 20)
    assert settle(store, Judge.open(store), course(lambda _: True)) == {"quarantined": 10, "postponed": 10}
    due(store, url)
    again = Judge.open(store)
    assert settle(store, again, course(lambda _: True)) == {"postponed": 10}
    assert again.open_breakers() == ["social.comment"]


def test_a_new_version_of_the_parser_begins_anew(store: Store, url: str) -> None:
    judge = Judge.open(store)
    land(store, 60)
    settle(store, judge, course(lambda _: False))
    land(store, 20)
    settle(store, judge, course(lambda _: True))
    assert judge.open_breakers() == ["social.comment"]
    land(store, 1)
    assert settle(store, judge, course(lambda _: False, version=2)) == {"cards": 1}
    assert judge.open_breakers() == []
    land(store, 30)
    assert settle(store, judge, course(lambda _: True, version=2))["postponed"] > 20, "that one is broken too"


def test_a_service_that_changes_a_part_of_its_mails(store: Store, url: str) -> None:
    """A third of them fails: those wait, the others are read all the time, and reading those mends nothing."""
    judge = Judge.open(store)
    land(store, 60)
    settle(store, judge, course(lambda _: False))
    land(store, 90)
    outcomes = settle(store, judge, course(lambda landed: landed.delivery_id % 3 == 0))
    assert outcomes["cards"] == 60
    assert outcomes["quarantined"] <= 10
    assert judge.open_breakers() == ["social.comment"]
    for _ in range(8):  # each failing mail is tried again and again, and counts once
        land(store, 10, name="later")
        due(store, url)
        outcomes += settle(
            store, judge, course(lambda landed: landed.delivery_id <= 150 and landed.delivery_id % 3 == 0)
        )
    assert judge.open_breakers() == [], "failing has become rare"
    assert outcomes["cards"] == 60 + 80
    assert outcomes["quarantined"] == 30, "these few are what they seem"


@pytest.mark.parametrize(
    ("before", "failing"),
    [
        ("c" * 9, "x" * 20),
        ("cx" * 40, "x" * 20),
        ("c" * 60, "xcccc" * 20),
        ("c" * 60, "xxxx" + "c" * 46),
    ],
    ids=["hardly any past", "it never did well", "one in five", "four in all"],
)
def test_what_is_no_sudden_failure_is_quarantined_as_ever(store: Store, before: str, failing: str) -> None:
    """c: a card, x: a failure. More than a fifth and at least five of fifty, after less than one in fifty."""
    shape = before + failing
    land(store, len(shape))
    judge = Judge.open(store)
    outcomes = settle(store, judge, course(lambda landed: shape[landed.delivery_id - 1] == "x"))
    assert outcomes == Counter({"cards": shape.count("c"), "quarantined": shape.count("x")})
    assert judge.open_breakers() == []


def test_one_parser_fails_and_others_go_on(store: Store) -> None:
    judge = Judge.open(store)
    land(store, 60)
    settle(store, judge, course(lambda _: False))
    land(store, 60)

    def read(landed: Landed) -> Reading:
        one = course(lambda landed: landed.delivery_id % 2 == 0)(landed)
        return one if one.cards else one.model_copy(update={"parser": "other.kind"})

    assert settle(store, judge, read) == {"cards": 30, "quarantined": 30}, "the other one never worked"
    assert judge.open_breakers() == []


# The block list.


def blocking(*whom: str) -> BlockList:
    return BlockList.of(Block(*entry(one), SOON) for one in whom)


@pytest.mark.parametrize(
    ("whom", "kind", "value"),
    [
        (" Anna@Foul.Example ", "address", "anna@foul.example"),
        ("mailto:anna@foul.example", "address", "anna@foul.example"),
        ("Foul.example.", "domain", "foul.example"),
        ("@foul.example", "domain", "foul.example"),
        ("https://m.vk.com/Foul/", "profile", "vk.com/foul"),
        ("vk.ru/foul?from=feed", "profile", "vk.com/foul"),
        ("https://www.facebook.com/profile.php?id=17&ref=x", "profile", "facebook.com/profile.php?id=17"),
        ("https://www.facebook.com/n/?anna.example&medium=email", "profile", "facebook.com/anna.example"),
    ],
)
def test_what_can_be_blocked(whom: str, kind: str, value: str) -> None:
    assert entry(whom) == (kind, value)


@pytest.mark.parametrize(
    "whom", ["", "anna", "a b@foul.example", "anna@foul", "https://vk.com/", "@", "*.foul.example x"]
)
def test_what_cannot_be_blocked_is_told(whom: str) -> None:
    with pytest.raises(UsageError, match="cannot be blocked"):
        entry(whom)


BLOCKED = [
    ("anna@foul.example", Author(email="Anna@foul.example")),
    ("foul.example", Author(email="anna@mail.foul.example")),
    ("vk.com/foul", Author(name="Anna", profile_url="https://vk.com/foul")),
]
FREE = [
    ("anna@foul.example", Author(email="joanna@foul.example")),
    ("foul.example", Author(email="anna@notfoul.example")),
    ("foul.example", Author(email="foul.example@good.example")),
    ("vk.com/foul", Author(profile_url="https://vk.com/foul2")),
    ("vk.com/foul", Author(profile_url="https://ok.ru/foul")),
    ("vk.com/foul", Author(name="Anna")),
]


@pytest.mark.parametrize(("whom", "author"), BLOCKED)
def test_blocked_authors(whom: str, author: Author) -> None:
    assert blocking(whom).has(interest(author=author))


@pytest.mark.parametrize(("whom", "author"), FREE)
def test_others_are_not_blocked(whom: str, author: Author) -> None:
    assert not blocking(whom).has(interest(author=author))


def test_a_profile_is_one_page_whatever_its_link() -> None:
    same = ["https://vk.com/anna", "http://www.vk.com/anna/", "https://m.vk.ru/Anna?from=feed", "vk.com/anna#top"]
    assert len({profile_key(link) for link in same}) == 1
    other = [
        "https://vk.com/anna2",
        "https://ok.ru/anna",
        "https://vk.com.foul.example/anna",
        "https://evilvk.com/anna",
    ]
    assert len({profile_key(link) for link in [same[0], *other]}) == 5
    assert {profile_key(link) for link in ("", "vk.com", "https://[x/anna", "anna", "a b.example/c")} == {""}


def test_a_blocked_authors_interests_are_dropped(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, in a judge that was at work before; a mail with nothing else in it is ignored, with the reason."""
    monkeypatch.setattr(judge_module, "BLOCKS_SECONDS", 0.0)
    judge = Judge.open(store)
    land(store, 1)
    assert settle(store, judge, by("anna@foul.example")) == {"cards": 1}
    assert store.block("domain", "foul.example")
    assert not store.block("domain", "foul.example")
    land(store, 1)
    assert settle(store, judge, by("anna@foul.example")) == {"ignored": 1}
    assert [mail["reason"] for mail in store.mails("ignored")] == ["blocked"]
    land(store, 1)
    two = (interest("Boris asks"), interest("Anna asks", author=Author(email="anna@foul.example")))
    assert settle(store, judge, lambda landed: reading(*two, landed=landed)) == {"cards": 1}
    assert [card["text"] for card in store.cards()][1:] == ["Boris asks"]
    assert store.unblock("domain", "foul.example")
    assert not store.unblock("domain", "foul.example")
    land(store, 1)
    assert settle(store, judge, by("anna@foul.example")) == {"cards": 1}


def test_the_block_list_is_read_again_after_some_seconds(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("interest_ingest.ingest.judge.monotonic", lambda: now[0])
    judge = Judge.open(store)
    land(store, 1)
    settle(store, judge, by("anna@foul.example"))
    store.block("address", "anna@foul.example")
    for seconds, outcome in ((4.0, "cards"), (2.0, "ignored")):
        now[0] += seconds
        land(store, 1)
        assert settle(store, judge, by("anna@foul.example")) == {outcome: 1}
