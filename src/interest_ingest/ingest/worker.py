"""What a reading process does: some mails after another, each within its limits, each to one line of JSON.

Only bytes go back: a reading is made again from them in the parent, so what is no valid reading ends there.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import threading
from datetime import datetime
from multiprocessing import parent_process
from typing import Final, NamedTuple

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest import confine
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.reading import bug, read
from interest_ingest.ingest.rules import Rules

AGAIN: Final = 75
"""Exit code of a reader that has grown: nothing was done yet, ask another one (EX_TEMPFAIL)."""

GROWTH_BYTES: Final = 128 * 1024 * 1024
"""Resident memory that a reader may gain before it makes room for a fresh one."""


class Letter(NamedTuple):
    """What a reader is given of a landed mail."""

    raw: bytes
    authentication: str
    received_at: datetime
    size: int
    without: frozenset[str] = frozenset()
    """Parsers that have been asked already and yielded nothing."""


_rules = Rules()
_started_with = 0


def prepare(rules: Rules) -> None:
    """In a new reader: know the rules, do not outlive the parent, and load what every mail needs."""
    global _rules, _started_with
    _rules = rules
    _forget_environment()
    confine.end_by_default()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    read(b"From: a@b.example\n\n", rules)
    _started_with = confine.memory()[1]


def _forget_environment() -> None:
    """A reader needs none of it, and passwords may be there: it is overwritten, so that no core file has it either."""
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    for name in list(os.environ):
        if place := libc.getenv(os.fsencode(name)):
            ctypes.memset(place, 0, len(os.fsencode(os.environ[name])))
        del os.environ[name]


def read_chunk(letters: list[Letter], seconds: float) -> list[bytes]:
    """The readings of `letters` as JSON; all together within `seconds`, or this process ends."""
    if confine.memory()[1] > _started_with + GROWTH_BYTES:
        os._exit(AGAIN)
    with confine.wall(seconds):
        return [read_confined(letter, _rules) for letter in letters]


def read_confined(letter: Letter, rules: Rules) -> bytes:
    """One reading as JSON. A MemoryError ends the process: an earlier mail may have left it without any."""
    try:
        with confine.confined(rules.limits):
            reading = read_letter(letter, rules)
            document = to_json(reading)
    except MemoryError:
        os._exit(confine.OUT_OF_MEMORY)
    except Exception:  # a mail that not even decodes; `read` sees to all that comes after
        return to_json(bug("reading error"))
    if len(document) <= confine.OUTPUT_BYTES:
        return document
    named = {"parser": reading.parser, "parser_version": reading.parser_version, "trust": reading.trust}
    return to_json(Reading(outcome=Outcome.QUARANTINED, reason="its cards are larger than 1 MB", **named))


def read_letter(letter: Letter, rules: Rules) -> Reading:
    """Read in this very process."""
    found = Authentication.from_json(letter.authentication)
    return read(
        letter.raw,
        rules,
        authentication=found,
        received_at=letter.received_at,
        size=letter.size,
        without=letter.without,
    )


def to_json(reading: Reading) -> bytes:
    """UTF-8; a lone surrogate, which UTF-8 and databases do not have, becomes U+FFFD."""
    try:
        return reading.model_dump_json().encode()
    except ValueError:  # pydantic's error for text that is no Unicode
        text = json.dumps(reading.model_dump(mode="json"), ensure_ascii=False)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGKILL)
