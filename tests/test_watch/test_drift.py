"""Drift: seen within twenty mails of a change, never without one; by replaying the mails of weeks through a store."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from interest_ingest.ingest.reading import read
from interest_ingest.store import Store, habits
from interest_ingest.store.habits import FIELDS, Habit, Hours, Seen, Told
from interest_ingest.watch import drift
from interest_ingest.watch.drift import Drift, chance_of_so_few, chance_of_so_many, drifts
from tests.test_watch.replay import (
    BEGIN,
    FALLBACKS,
    RULES,
    SOURCES,
    Replay,
    Sent,
    Source,
    comment,
    form,
    person,
    review,
    sent,
)
from tests.torture import report, scale

WITHIN = 20

CHANGES: dict[str, tuple[tuple[str, str], str, str]] = {
    "the class of a field": (('class="author"', 'class="by-line"'), "fields empty: stars.review", "author.name ("),
    "the class of the text": (('class="text"', 'class="body"'), "fields empty: stars.review", "text ("),
    "hard": (('class="review"', 'class="item"'), "not recognized: stars.example", "are in quarantine"),
    "the frame": (
        ('<table class="frame">', '<div class="w"><table class="new">'),
        "new layout: stars.review",
        "layout",
    ),
    "a fixed sentence": (
        ("You are told of every review that is", "Mails like this come for all"),
        "new layout",
        "sent",
    ),
}


@pytest.fixture
def store(quick_folder: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{quick_folder}/i.db") as opened:
        yield opened


def changed(number: int, old: str, new: str, seed: int) -> list[Sent]:
    """A month of one source, whose template changes after so many mails."""
    before = sent({"stars": Source(review, 120)}, 4.5, seed)
    after = sent(
        {"stars": Source(lambda c, w, n: review(c, w, n, lambda page: page.replace(old, new)), 120)}, 4.5, seed
    )
    return [*before[:number], *(one._replace(at=b.at) for one, b in zip(after[number:], before[number:], strict=True))]


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_the_middle_of_a_month_is_an_alarm_within_twenty_mails(store: Store, name: str) -> None:
    """Of the fields only the author and the text are always filled; a subtle change still gives cards."""
    edit, alarm, words = CHANGES[name]
    number = 120
    mails = changed(number, *edit, seed=3)[: number + WITHIN + 5]
    replay = Replay(store, step=20)
    replay.take(mails[:number])
    replay.step = 1
    replay.take(mails[number:])
    at = {one.name: (found - number, one) for found, one in replay.found}
    assert all(after > 0 for after, _ in at.values()), "before the change nothing is told"
    found = next(value for key, value in at.items() if key.startswith(alarm))
    assert found[0] <= WITHIN
    assert words in found[1].text
    assert "stars.example" in found[1].text
    assert "interest-ingest " in found[1].remedy
    assert found[1].mails
    assert all(store.raw(mail_id) for mail_id in found[1].mails)


@pytest.mark.timeout(scale(120, 1_800))
def test_a_month_without_a_change_is_no_alarm(store: Store) -> None:
    """Five sources, nights, weekends, a season, bursts of single persons; 10,000 mails in the long form."""
    weeks = scale(1.6, 13.0)
    mails = sent(SOURCES, weeks, seed=scale(5, 1))
    replay = Replay(store, step=scale(40, 10))
    replay.take(mails)
    report("drift without a change", mails=replay.recorded, alarms=len(replay.found))
    assert replay.found == []
    assert replay.recorded > scale(1_000, 9_900)


@pytest.mark.parametrize("make", [form, comment])
def test_another_product_is_no_lost_sentence(make: Callable[..., bytes]) -> None:
    """A shop with one page has all mails of a month about it; and then it has another page."""

    def mail(number: int, page: bytes) -> bytes:
        raw = make(chance, person(chance), number).replace(b"Message:", b"Page: %b\r\nMessage:" % page)
        return re.sub(rb'(comment on your post) "[^"]*"', rb'\1 "%b"' % page, raw)

    chance, habit = random.Random(1), Habit("form.generic", "shop.example")
    for number in range(100):
        raw = mail(number, b"spring offer for tea" if number < 70 else b"garden chairs and tables")
        reading = read(raw, RULES, received_at=BEGIN)
        ((_, _, told), *_) = habits.told(reading, BEGIN + timedelta(hours=number), 1)
        habit.note(told)
    assert kinds(habit) == set()


def test_an_alarm_lasts_without_a_gap() -> None:
    """An alarm that came and went with the windows would be told again and again."""
    habit = of(times(150))
    for number in range(1, 101):
        note(habit, ("s2", "comment", ALL - TEXT), who=0)
        assert (number < WITHIN) or kinds(habit) == {"new layout", "fields empty"}, number


def test_a_change_that_lasts_becomes_usual(store: Store) -> None:
    mails = changed(100, 'class="author"', 'class="by-line"', seed=2)[:400]
    replay = Replay(store, step=20)
    replay.take(mails[:140])
    assert replay.look(mails[139].at)
    replay.take(mails[140:])
    assert replay.look(mails[-1].at) == []


def test_another_version_of_the_parser_begins_anew() -> None:
    habit = of(100 * [("s1", "comment", ALL)] + 30 * [("s2", "comment", 0)])
    assert kinds(habit) == {"new layout", "fields empty"}
    note(habit, ("s2", "comment", ALL), version=2)
    assert kinds(habit) == set()


# Rules, mail by mail

ALL = (1 << len(FIELDS)) - 1
TEXT = 1 << FIELDS.index("text")
Mails = list[tuple[str, str, int]]


def of(mails: Mails, parser: str = "shop.review", who: Callable[[int], int] = lambda number: number + 1) -> Habit:
    habit = Habit(parser, "shop.example")
    for number, mail in enumerate(mails):
        note(habit, mail, who(number))
    if not parser:
        habit.note_reader("shop.review")
    return habit


def note(habit: Habit, mail: tuple[str, str, int], who: int = 0, version: int = 1) -> None:
    shape, kind, fields = mail
    parts = {"s1": ("a", "b", "c"), "s2": ("a", "x", "c"), "s3": ("a", "b", "c", "d")}[shape]
    seen = Seen(shape, kind, fields, who)
    at = BEGIN + timedelta(hours=habit.mails)
    habit.note(Told(seen, shape * 8, parts, ("1", "2"), version, at, 1))


def kinds(habit: Habit) -> set[str]:
    return {one.kind for one in drifts([habit], FALLBACKS)}


def times(number: int, shape: str = "s1", kind: str = "comment", fields: int = ALL) -> Mails:
    return number * [(shape, kind, fields)]


TABLE: dict[str, tuple[Mails, set[str]]] = {
    "nothing has changed": (times(300), set()),
    "too few mails are known": (times(20) + times(20, "s2", fields=0), set()),
    "a new shape that lacks a part": (times(100) + times(20, "s2"), {"new layout"}),
    "a handful of a new shape": (times(100) + times(5, "s2"), set()),
    "a new shape with a section more, among others": (times(100) + 10 * (times(1) + times(1, "s3")), set()),
    "nothing but a new section any more": (times(100) + times(20, "s3"), {"new layout"}),
    "two shapes, then one of them only": (60 * (times(1) + times(1, "s2")) + times(30, "s2"), set()),
    "a new shape that is over": (times(100) + times(20, "s2") + times(6), set()),
    "a field is lost in a known shape": (times(100) + times(20, fields=ALL - TEXT), {"fields empty"}),
    "a field is lost now and then": (times(100) + 30 * (times(1) + times(1, fields=ALL - TEXT)), {"fields empty"}),
    "likes follow comments": (
        60 * (times(1) + times(1, kind="like", fields=0)) + times(60, kind="like", fields=0),
        set(),
    ),
    "likes begin beside the comments": (times(100) + 30 * (times(1) + times(1, "s2", kind="like", fields=0)), set()),
    "nothing but another action in another layout any more": (
        times(100) + times(30, "s2", kind="like", fields=0),
        {"new layout"},
    ),
    "mails in quarantine are told of by the sender's habit": (times(100) + times(20, kind="!", fields=0), set()),
}


@pytest.mark.parametrize(("mails", "expected"), TABLE.values(), ids=TABLE)
def test_each_course_of_mails_makes_its_alarms(mails: Mails, expected: set[str]) -> None:
    assert kinds(of(mails)) == expected


def test_many_mails_of_one_person_are_one_proof() -> None:
    course = times(100) + times(30, "s2", fields=0)
    assert kinds(of(course, who=lambda number: number + 1 if number < 100 else 7)) == set()


SENDERS: dict[str, tuple[Mails, set[str]]] = {
    "read as ever": (times(200, kind="shop.review"), set()),
    "in quarantine": (times(100, kind="shop.review") + times(20, kind="!"), {"not recognized"}),
    "unmatched": (times(100, kind="shop.review") + times(20, "s2", kind="?"), {"not recognized"}),
    "only a fallback knows them": (
        times(100, kind="shop.review") + times(20, "s2", kind="form.generic"),
        {"not recognized"},
    ),
    "forms as ever, many in a row": (
        20 * (times(4, kind="shop.review") + times(1, "s2", kind="form.generic")) + times(30, "s2", "form.generic"),
        set(),
    ),
    "repaired": (times(100, kind="shop.review") + times(20, kind="!") + times(5, kind="shop.review"), set()),
}


@pytest.mark.parametrize(("mails", "expected"), SENDERS.values(), ids=SENDERS)
def test_what_becomes_of_a_senders_mails_makes_its_alarms(mails: Mails, expected: set[str]) -> None:
    assert kinds(of(mails, parser="")) == expected


def test_a_new_parser_is_begun_by_the_command_of_the_alarm() -> None:
    habit = of(times(100, kind="shop.review") + times(20, "s2", kind="?"), parser="")
    (found,) = drifts([habit])
    assert "20 no parser recognizes" in found.text
    assert found.remedy == (
        "interest-ingest mails 1 --raw -o samples/shop-example-s2s2s2 && "
        "interest-ingest parser new shop-example.notification --from samples/shop-example-s2s2s2/*.eml"
    )


# Silence

WEEKDAY_HOURS = [hour for day in range(5) for hour in range(24 * day + 8, 24 * day + 18)]


def working(weeks: int, a_day: int = 20, seed: int = 1) -> Habit:
    """A sender who writes on working days from 8 to 18 UTC."""
    chance = random.Random(seed)
    moments = sorted(
        BEGIN + timedelta(weeks=week, hours=chance.choice(WEEKDAY_HOURS) + chance.random())
        for week in range(weeks)
        for _ in range(5 * a_day)
    )
    habit = Habit("", "shop.example")
    for at in moments:
        habit.hours.note(at, habit.last_at)
        habit.last_at = at
    return habit


def silent(habit: Habit, days: float) -> bool:
    """Whether it is silent so many days after the Friday evening of its last week."""
    assert habit.last_at
    return bool(list(drift.silence(habit, habit.last_at + timedelta(days=days))))


def test_nights_and_weekends_are_no_silence_and_working_days_are() -> None:
    habit = working(6)
    assert not silent(habit, 0.5)
    assert not silent(habit, 2.6), "until Monday morning"
    assert silent(habit, 5), "since Friday, and it is Wednesday"
    (found,) = drift.silence(habit, BEGIN + timedelta(weeks=7))
    assert "no mail of shop.example" in found.text
    assert "100 a week" in found.text


def test_in_the_first_weeks_nothing_is_usual() -> None:
    assert not silent(working(2), 30)


def test_who_writes_seldom_is_silent_late() -> None:
    habit = working(10, a_day=1)
    assert not silent(habit, 14)
    assert silent(habit, 45)


def test_who_writes_in_bursts_may_pause() -> None:
    habit = working(6)
    habit.hours.pause = 60.0
    assert not silent(habit, 5)


def test_silence_is_not_told_while_mail_may_wait_somewhere() -> None:
    habit = working(6)
    late = BEGIN + timedelta(weeks=9)
    assert [one.kind for one in drifts([habit], until=late)] == ["source silent"]
    assert drifts([habit], until=None) == []
    habit.readers = ["shop.review"]
    assert drifts([habit], until=late, quiet=frozenset({"shop.review"})) == []


def test_an_archive_of_long_ago_tells_nothing_of_today() -> None:
    """Its template changed in its middle, and its last mail is of that year."""
    habit, changed_ = working(6), of(times(100) + times(30, "s2", fields=0))
    late = BEGIN + timedelta(days=365)
    soon = BEGIN + timedelta(weeks=8)
    assert {one.kind for one in drifts([habit, changed_], until=soon, now=soon)} == {
        "source silent",
        "new layout",
        "fields empty",
    }
    assert drifts([habit, changed_], until=late, now=late) == []


def test_hours_are_kept_as_json() -> None:
    hours = working(4).hours
    assert Hours.from_json(hours.as_json()).as_json() == hours.as_json()
    assert hours.a_week() == pytest.approx(100, rel=0.05)


# The numbers behind it


def test_the_chances_are_those_of_the_binomial_distribution() -> None:
    assert chance_of_so_few(0, 20, 0.5) == pytest.approx(0.5**20)
    assert chance_of_so_few(1, 2, 0.75) == pytest.approx(0.4375)
    assert chance_of_so_many(2, 2, 0.25) == pytest.approx(0.0625)
    assert chance_of_so_many(1, 20, 0.9) == 1.0
    assert drift.at_least(30, 30) == pytest.approx(30 / 39)
    assert (drift.at_least(0, 0), drift.at_most(0, 0)) == (0.0, 1.0)


def test_the_name_of_an_alarm_stays_while_its_text_changes() -> None:
    courses = (times(100) + times(20, "s2"), times(100) + times(24, "s2"))
    (one,), (other,) = (drifts([of(course)]) for course in courses)
    assert isinstance(one, Drift)
    assert one.name == other.name == "new layout: shop.review shop.example"
    assert one.text != other.text
