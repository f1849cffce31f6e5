"""Instants in words (`28 февраля в 18:21`, `vor 2 Stunden`, `۲۵ آبان ۱۴۰۵ ساعت ۱۰:۰۱`), never asking the clock.

What dateparser reads it reads with the source's languages and date order: `12/11/2026` is two days. Own are the
Jalali calendar (its extra needs a package that is LGPL and comes without wheel) and `yesterday at 15:40`, whose time
of day dateparser loses in Persian and whose day it takes for tomorrow in Hindi.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Final

MAX_LENGTH: Final = 120

_ORDERS: Final = {
    "en": "MDY",
    "ja": "YMD",
    "zh": "YMD",
    "ko": "YMD",
    "hu": "YMD",
    "fa": "YMD",
    "lt": "YMD",
    "mn": "YMD",
}
"""In which order figures stand; all other languages write the day first."""

_TODAY = (
    r"today|сегодня|сьогодні|heute|aujourd'hui|hoy|hoje|oggi|bugün|dziś|dzisiaj|vandaag|idag|"
    r"امروز|اليوم|今日|今天|오늘|आज"
)
# कल is the day before and the day after; a notification tells what has happened.
_YESTERDAY = (
    r"yesterday|вчера|вчора|gestern|hier|ayer|ontem|ieri|dün|wczoraj|gisteren|igår|"
    r"دیروز|أمس|امس|昨日|昨天|어제|कल"
)
_DAY_WORD: Final = re.compile(rf"(?i)(?:^|\W)(?:(?P<today>{_TODAY})|(?P<yesterday>{_YESTERDAY}))")
_CLOCK: Final = re.compile(
    r"(?i)(?P<before>午前|午後|上午|下午|오전|오후)?\s?(?<!\d)(?P<hour>[01]?\d|"
    r"2[0-3])\s?(?:[:.時点點시hч]\s?)(?P<minute>[0-5]\d)"
    r"(?::[0-5]\d)?\s?(?:分|분)?\s?(?P<after>[ap]\.?\s?m\b|ق\.?ظ|ب\.?ظ|ص\b|م\b)?"
)
_HOUR: Final = re.compile(r"(?i)(?<!\d)\d{1,2}\s?(?:[ap]\.?m\b|uhr|час|год|時|点|點|시|बजे)|ساعت|الساعة")
_AGO: Final = re.compile(
    r"(?i)\b(?:ago|назад|тому|vor|il y a|hace|há|fa|önce|temu|geleden|sedan|siden)\b|前|전|پیش|قبل|पहले|منذ"
)
_LATE: Final = re.compile(r"(?i)p|午後|下午|오후|ب|م\b")

_MONTH_NAMES = "فروردین اردیبهشت خرداد تیر مرداد شهریور مهر آبان آذر دی بهمن اسفند"
_JALALI_MONTHS: Final = _MONTH_NAMES.split()
_JALALI: Final = re.compile(
    rf"(?P<day>\d{{1,2}})\s?[‌ ]?(?P<month>{'|'.join(_JALALI_MONTHS)})(?:\s?ماه)?(?:\s(?P<year>1[34]\d\d))?"
    r"|(?<!\d)(?P<y>1[34]\d\d)[/.-](?P<m>\d{1,2})[/.-](?P<d>\d{1,2})"
)


def parse_moment(
    text: str, languages: Iterable[str], reference: datetime | None = None, *, order: str | None = None
) -> datetime | None:
    """The instant that `text` names, or None if it names none that is complete.

    `languages` are ISO 639-1 codes, the likeliest first. `reference` is the mail's own date: from it come the missing
    year (the last one in which the day is not later), and what `yesterday` and `2 hours ago` mean; without it only a
    full date is read. The result is aware if the text has a zone or is counted back from an aware reference; else it is
    naive, the wall clock of whoever wrote the mail. `order` is `DMY`, `MDY` or `YMD` if the source is known.
    """
    text = _plain(text)
    languages = [*languages]
    if not 0 < len(text) <= MAX_LENGTH or not languages:
        return None
    if "fa" in languages and (match := _JALALI.search(text)):
        return _jalali_moment(match, text, reference)
    if (match := _DAY_WORD.search(text)) and (clock := _clock(text)):
        day = reference - timedelta(days=bool(match["yesterday"])) if reference else None
        return datetime.combine(day.date(), clock) if day else None
    relative = reference is not None and _AGO.search(text) is not None and _clock(text) is None
    if not relative and not _clock(text) and not _HOUR.search(text):
        return None
    return _in_words(text, languages, reference, order or _ORDERS.get(languages[0], "DMY"), relative)


def from_jalali(year: int, month: int, day: int) -> date:
    """The Gregorian date of a Jalali one (years 1178 to 1633); the 33-year arithmetic of the civil calendar."""
    year += 1595
    days = 365 * year + (year // 33) * 8 + (year % 33 + 3) // 4 + day
    days += (month - 1) * 31 if month < 7 else (month - 7) * 30 + 186
    return date.fromordinal(days - 356_033)


def to_jalali_year(moment: datetime) -> int:
    """The Jalali year in which `moment` lies (it begins on 20 or 21 March)."""
    year = moment.year - 621
    return year if moment.date() >= from_jalali(year, 1, 1) else year - 1


def _plain(text: str) -> str:
    """`text` with ASCII digits and without marks of direction."""
    text = unicodedata.normalize("NFKC", text[: MAX_LENGTH * 2])
    chars = (str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(chars).split())


def _clock(text: str) -> time | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour, sign = int(match["hour"]), match["before"] or match["after"] or ""
    if sign and hour <= 12:
        hour = hour % 12 + (12 if _LATE.match(sign) else 0)
    return time(hour, int(match["minute"]))


def _jalali_moment(match: re.Match[str], text: str, reference: datetime | None) -> datetime | None:
    clock = _clock(text[: match.start()] + " " + text[match.end() :])
    if clock is None:
        return None
    if match["y"]:
        year, month, day = int(match["y"]), int(match["m"]), int(match["d"])
    else:
        month, day = _JALALI_MONTHS.index(match["month"]) + 1, int(match["day"])
        year = int(match["year"] or 0) or (to_jalali_year(reference) if reference else 0)
    if not year or not 1 <= month <= 12 or not 1 <= day <= 31:
        return None
    moment = datetime.combine(from_jalali(year, month, day), clock)
    if (
        reference
        and not match["year"]
        and not match["y"]
        and moment > reference.replace(tzinfo=None) + timedelta(days=2)
    ):
        moment = datetime.combine(from_jalali(year - 1, month, day), clock)
    return moment


def _in_words(
    text: str, languages: list[str], reference: datetime | None, order: str, relative: bool
) -> datetime | None:
    # Imported here: it takes a tenth of a second, and few mails have a date in words.
    from dateparser import parse

    settings: dict[str, object] = {
        "DATE_ORDER": order,
        "PREFER_DATES_FROM": "past",
        "TIMEZONE": "UTC",
        "PARSERS": ["relative-time"] if relative else ["absolute-time"],
        "REQUIRE_PARTS": [] if relative else ["day", "month"] if reference else ["day", "month", "year"],
    }
    if reference:
        settings["RELATIVE_BASE"] = reference.replace(tzinfo=None)
    try:
        moment: datetime | None = parse(text, languages=languages, settings=settings)
    except (ValueError, OverflowError, RecursionError):  # 31 February, year 0, absurd offsets
        return None
    if moment is not None and relative and reference is not None:
        return moment.replace(tzinfo=reference.tzinfo)
    return moment
