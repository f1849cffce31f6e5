"""Strangers' regular expressions: run within a limit of time, and measured on texts that are made to hurt them.

Whether an expression explodes is not guessed from its looks: each of its repeats gets texts that match it many times
over and then fail, and is timed on them.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from re import _constants as codes  # type: ignore[attr-defined]  # typeshed has it under its older name only
from re import _parser as parser  # type: ignore[attr-defined]  # the same
from types import FrameType
from typing import Any, Final

from interest_ingest.errors import UsageError

MATCH_SECONDS: Final = 0.2
"""CPU time that the patterns of one field of a parser may take for one mail."""

LENGTHS: Final = (40, 2_000)
"""Characters of the texts that hurt: the first shows exponents, the second powers above the square."""

MAX_ATTACKS: Final = 200

_MANY: Final = 8
"""A repeat that may come so often is worth an attack."""

_PUMPS: Final = ("x", "0", " ", "x ", "-", "<a")
_ENDS: Final = ("\x00", "\n!")


class TooLong(Exception):
    """The block took more CPU time than it may."""


_SIGNALS: Final = {signal.ITIMER_VIRTUAL: signal.SIGVTALRM, signal.ITIMER_REAL: signal.SIGALRM}


@contextmanager
def limited(seconds: float, timer: int = signal.ITIMER_VIRTUAL) -> Iterator[None]:
    """Raise `TooLong` after so much CPU time, or with `ITIMER_REAL` so much time by the clock; in the main thread only.

    Python's `re` looks for signals while it searches.
    """

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise TooLong(f"it takes longer than {seconds:g} seconds")

    before = signal.signal(_SIGNALS[timer], give_up)
    signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        signal.setitimer(timer, 0)
        signal.signal(_SIGNALS[timer], before)


def weakness(pattern: str, seconds: float = MATCH_SECONDS) -> str | None:
    """The beginning of a text of 2,000 characters that `pattern` takes longer than `seconds` to search, or None.

    Raises `re.error` for what is no regular expression.
    """
    compiled = re.compile(pattern)
    for text in attacks(pattern):
        try:
            with limited(seconds):
                compiled.search(text)
        except (TooLong, RecursionError):
            return text[:40]
    return None


def refuse_slow(patterns: Iterable[str]) -> None:
    """Raises `UsageError` for the first of `patterns` that explodes."""
    for pattern in patterns:
        if text := weakness(pattern):
            raise UsageError(
                f"the pattern {pattern!r} takes more than {MATCH_SECONDS} s on a text like {text!r}: "
                "repeat no group that repeats something itself"
            )


def attacks(pattern: str) -> Iterator[str]:
    """Texts made from `pattern`: what leads to each of its repeats, that repeat many times over, then a misfit."""
    places = list(dict.fromkeys(_places(parser.parse(pattern), "")))
    pumps = list(dict.fromkeys((prefix, pump) for prefix, own in places for pump in (own, *_PUMPS) if pump))
    for prefix, pump in pumps[:MAX_ATTACKS]:
        for length in LENGTHS:
            for end in _ENDS:
                yield prefix + pump * (length // len(pump)) + end


def _places(nodes: Any, prefix: str) -> Iterator[tuple[str, str]]:
    """Each repeat in `nodes`: a text that leads to it, and a text that it matches once."""
    for code, value in nodes:
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            _least, most, body = value
            if most >= _MANY:
                yield from ((prefix, sample) for sample in _samples(body))
            yield from _places(body, prefix)
        else:
            for inner in _inner(code, value):
                yield from _places(inner, prefix)
        prefix += _sample([(code, value)])


def _inner(code: Any, value: Any) -> list[Any]:
    """The sequences inside of one node."""
    if code is codes.SUBPATTERN:
        return [value[-1]]
    if code is codes.BRANCH:
        return list(value[1])
    if code in (codes.ASSERT, codes.ASSERT_NOT):
        return [value[1]]
    if code is codes.ATOMIC_GROUP:
        return [value]
    if code is codes.POSSESSIVE_REPEAT:
        return [value[2]]
    return [one for one in value[1:] if one] if code is codes.GROUPREF_EXISTS else []


def _samples(body: Any) -> list[str]:
    """Texts that `body` matches: one for each of its alternatives."""
    nodes = list(body)
    inner = _inner(*nodes[0]) if len(nodes) == 1 else []
    return [_sample(nodes), *(text for one in inner for text in _samples(one))]


def _sample(nodes: Any) -> str:
    """A text that `nodes` match, as far as a text by itself can."""
    return "".join(_one(code, value) for code, value in nodes)


def _one(code: Any, value: Any) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code in (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT):
        least, most, body = value
        return _sample(body) * int(min(max(least, 1), most, 100))
    if code is codes.NOT_LITERAL:
        return "y" if value == ord("x") else "x"
    if code is codes.ANY:
        return "x"
    if code is codes.IN:
        return _member(value)
    inner = _inner(code, value) if code not in (codes.ASSERT, codes.ASSERT_NOT) else []
    return _sample(inner[0]) if inner else ""


_CATEGORIES: Final = {
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_DIGIT: "0",
    codes.CATEGORY_WORD: "x",
    codes.CATEGORY_NOT_SPACE: "x",
    codes.CATEGORY_NOT_DIGIT: "x",
    codes.CATEGORY_NOT_WORD: "-",
}


def _member(members: Any) -> str:
    """A character of a class."""
    negated = members[0][0] is codes.NEGATE
    told = [_first(code, value) for code, value in members if code is not codes.NEGATE]
    return next((one for one in "x0 -\n" if one not in told), "é") if negated else str(told[0])


def _first(code: Any, value: Any) -> str:
    if code is codes.RANGE:
        return chr(value[0])
    return _CATEGORIES.get(value, "x") if code is codes.CATEGORY else chr(value)
