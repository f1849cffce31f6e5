"""Instants in words: read with the source's languages and order, never by the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.parsing.dates import from_jalali, parse_moment, to_jalali_year

MOSCOW = timezone(timedelta(hours=3))
MAIL = datetime(2026, 11, 21, 20, 0, tzinfo=MOSCOW)


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("February 28, 2018 at 11:59", ["en"], "2018-02-28T11:59:00"),
        ("October 2, 2026 at 3:14 pm", ["en"], "2026-10-02T15:14:00"),
        ("11/12/2026 3:14 pm", ["en"], "2026-11-12T15:14:00"),
        ("11/12/2026 15:14", ["fr"], "2026-12-11T15:14:00"),
        ("12.11.2026 15:14", ["ru"], "2026-11-12T15:14:00"),
        ("3. November 2026 um 10:12", ["de"], "2026-11-03T10:12:00"),
        ("3 novembre 2026 à 10:12", ["fr"], "2026-11-03T10:12:00"),
        ("3 листопада 2026 10:12", ["uk"], "2026-11-03T10:12:00"),
        ("3 Kasım 2026 10:12", ["tr"], "2026-11-03T10:12:00"),
        ("3 नवंबर 2026 को 10:12", ["hi"], "2026-11-03T10:12:00"),
        ("2026年11月3日 10:12", ["ja"], "2026-11-03T10:12:00"),
        ("جمعه ۲۵ آبان ۱۴۰۵ ساعت ۱۰:۰۱", ["fa"], "2026-11-16T10:01:00"),
        ("۱۴۰۵/۰۸/۲۵ ۱۰:۰۱", ["fa"], "2026-11-16T10:01:00"),
        ("Nov 3, 2026, 10:12 PM +0300", ["en"], "2026-11-03T22:12:00+03:00"),
    ],
)
def test_a_full_date_needs_no_reference(text: str, languages: list[str], expected: str) -> None:
    """Digits of any script, two calendars; a zone only if the text has one."""
    assert parse_moment(text, languages) == datetime.fromisoformat(expected)
    assert parse_moment(text, languages, MAIL) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("text", "languages", "expected"),
    [
        ("28 февраля в 18:21", ["ru"], "2026-02-28T18:21:00"),
        ("December 14 at 12:35 PM", ["en"], "2025-12-14T12:35:00"),
        ("۲۵ آبان ساعت ۱۰:۰۱", ["fa"], "2026-11-16T10:01:00"),
        ("۱۰ اسفند ساعت ۱۰:۰۱", ["fa"], "2026-03-01T10:01:00"),
        ("вчера в 15:40", ["ru"], "2026-11-20T15:40:00"),
        ("دیروز ساعت ۱۵:۴۰", ["fa"], "2026-11-20T15:40:00"),
        ("कल 15:40 बजे", ["hi"], "2026-11-20T15:40:00"),
        ("昨日 午後3:12", ["ja"], "2026-11-20T15:12:00"),
        ("Today at 9:05 am", ["en"], "2026-11-21T09:05:00"),
        ("2 часа назад", ["ru"], "2026-11-21T18:00:00+03:00"),
        ("vor 2 Stunden", ["de"], "2026-11-21T18:00:00+03:00"),
        ("5 minutes ago", ["en"], "2026-11-21T19:55:00+03:00"),
    ],
)
def test_what_is_missing_comes_from_the_mail(text: str, languages: list[str], expected: str) -> None:
    """The year, and what yesterday was; without the mail's date nothing is guessed."""
    assert parse_moment(text, languages, MAIL) == datetime.fromisoformat(expected)
    assert parse_moment(text, languages) is None


@pytest.mark.parametrize(
    "text", ["", "hello", "yesterday", "3 November 2026", "31 February 2026 10:00", "99:99", "x" * 500, "10:12"]
)
def test_what_is_no_complete_instant_is_none(text: str) -> None:
    """A day without a time of day is no instant, and nonsense does not raise."""
    assert parse_moment(text, ["en"], MAIL) is None


@pytest.mark.parametrize(
    ("jalali", "gregorian"),
    [
        ((1357, 11, 22), date(1979, 2, 11)),
        ((1399, 12, 30), date(2021, 3, 20)),
        ((1400, 1, 1), date(2021, 3, 21)),
        ((1403, 12, 30), date(2025, 3, 20)),
        ((1404, 1, 1), date(2025, 3, 21)),
        ((1405, 8, 25), date(2026, 11, 16)),
    ],
)
def test_known_jalali_dates(jalali: tuple[int, int, int], gregorian: date) -> None:
    """Around leap years of both calendars."""
    assert from_jalali(*jalali) == gregorian


@given(st.integers(1300, 1470), st.integers(1, 11))
def test_jalali_months_follow_each_other(year: int, month: int) -> None:
    """31 days in the first six months, 30 in the next five, 29 or 30 in the last, which ends at the new year."""
    length = (from_jalali(year, month + 1, 1) - from_jalali(year, month, 1)).days
    assert length == (31 if month <= 6 else 30)
    assert (from_jalali(year + 1, 1, 1) - from_jalali(year, 12, 1)).days in (29, 30)
    first = from_jalali(year, 1, 1)
    assert to_jalali_year(datetime(first.year, first.month, first.day, tzinfo=UTC)) == year


@given(st.text(max_size=60), st.sampled_from(["en", "ru", "fa", "ja", "hi"]))
def test_no_text_raises(text: str, language: str) -> None:
    """Mails hold anything; an instant is read or it is not."""
    moment = parse_moment(text, [language], MAIL)
    assert moment is None or isinstance(moment, datetime)
