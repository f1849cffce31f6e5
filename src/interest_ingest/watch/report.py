"""What `parser health` tells: each parser and sender, what is usual, what is now, and what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from interest_ingest.cards import iso_utc
from interest_ingest.store.habits import FAILED, FIELDS, NOTHING, UNKNOWN, Habit, Seen
from interest_ingest.watch.drift import FEWEST_USUAL, WINDOWS, Drift, Past, pasts

NOW = WINDOWS[0]
"""Mails that are "now"."""


def documents(habits: Iterable[Habit], found: Iterable[Drift], fallbacks: frozenset[str]) -> list[dict[str, Any]]:
    """One document for each parser and sender, by name; shares are of mails, None where there are none to tell."""
    all_ = list(habits)
    senders = {one.sender: one for one in all_ if not one.parser}
    drifted = list(found)
    return [
        _document(one, senders.get(one.sender), drifted, fallbacks)
        for one in sorted(all_, key=lambda one: (one.parser, one.sender))
        if one.parser
    ]


def _document(one: Habit, sender: Habit | None, found: list[Drift], fallbacks: frozenset[str]) -> dict[str, Any]:
    timed = sender or one
    mine = [each for each in found if each.sender == one.sender and each.parser in ("", one.parser)]
    return {
        "parser": one.parser,
        "version": one.version,
        "source": one.parser.partition(".")[0],
        "sender": one.sender or None,
        "mails": one.mails,
        "first": iso_utc(one.first_at) if one.first_at else None,
        "last": iso_utc(one.last_at) if one.last_at else None,
        "a_week": _rounded(timed.hours.a_week(), 1),
        "shapes": _shapes(one),
        "fields": _fields(one),
        "not_recognized": _not_recognized(sender, fallbacks) if sender else None,
        "state": ", ".join(each.kind for each in mine) or ("well" if one.mails >= FEWEST_USUAL + NOW else "learning"),
        "wrong": [
            {"kind": each.kind, "text": each.text, "remedy": each.remedy, "mails": list(each.mails)} for each in mine
        ],
    }


def _shapes(one: Habit) -> list[dict[str, Any]]:
    shapes = sorted(one.shapes.values(), key=lambda shape: shape.last_at, reverse=True)
    return [
        {
            "shape": shape.digest,
            "mails": shape.mails,
            "first": iso_utc(shape.first_at),
            "last": iso_utc(shape.last_at),
            "mail_id": shape.mail_id,
        }
        for shape in shapes
    ]


def _fields(one: Habit) -> dict[str, dict[str, float | None]]:
    """Of the mails with a card how many fill each field, now and usually; without fields that never had a value."""
    usual = _added(counts for shape in _past(one).shapes.values() for counts in _read(shape.usual))
    now = [seen for seen in one.recent[-NOW:] if seen.kind not in (FAILED, NOTHING)]
    told = {
        name: {
            "now": _share(sum(seen.fields >> place & 1 for seen in now), len(now)),
            "usual": _share(usual[1 + place], usual[0]),
        }
        for place, name in enumerate(FIELDS)
    }
    return {name: shares for name, shares in told.items() if any(shares.values())}


def _read(kinds: Mapping[str, list[int]]) -> list[list[int]]:
    return [counts for kind, counts in kinds.items() if kind not in (FAILED, NOTHING)]


def _added(listed: Iterable[list[int]]) -> list[int]:
    return [sum(column) for column in zip([0] * (1 + len(FIELDS)), *listed, strict=True)]


def _not_recognized(sender: Habit, fallbacks: frozenset[str]) -> dict[str, float | None]:
    """Of all mails of the sender the share that ended in a fallback parser, unmatched or in quarantine."""
    ends = {FAILED, UNKNOWN, *fallbacks}
    usual = Counter[str]()
    for shape in _past(sender).shapes.values():
        usual.update({kind: counts[0] for kind, counts in shape.usual.items()})
    now = [_ended(seen, ends) for seen in sender.recent[-NOW:]]
    bad = sum(number for kind, number in usual.items() if kind in ends)
    return {"now": _share(sum(now), len(now)), "usual": _share(bad, sum(usual.values()))}


def _past(one: Habit) -> Past:
    """Before the mails that are "now"."""
    *_, (_, past) = pasts(one)
    return past


def _ended(seen: Seen, ends: set[str]) -> bool:
    return seen.kind in ends


def _share(hits: int, of: int) -> float | None:
    return round(hits / of, 3) if of else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
