"""What runs in a sandbox: it loads third-party parsers from one file or package and reads the mails given to it.

It is told what to do in pickles and answers in JSON, each preceded by its length. The answer begins with `+` where
this process can go on, with `-` where it ends itself because the parser left something behind.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO, Final

from interest_ingest.errors import UsageError
from interest_ingest.ingest import confine
from interest_ingest.ingest.foreign import compile_patterns, declaration, declared_by
from interest_ingest.ingest.isolate import isolate
from interest_ingest.ingest.patterns import refuse_slow
from interest_ingest.ingest.products import NO_PRODUCTS
from interest_ingest.ingest.reading import bug
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.worker import GROWTH_BYTES, Letter, read_confined, to_json
from interest_ingest.parsing import Parser
from interest_ingest.parsing.load import load_source

MAILS_A_LIFE: Final = 500
LENGTH: Final = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Declare:
    """Load the file or package, tell what its parsers say of themselves and what the system did not bar."""

    source: str
    limits: confine.Limits


@dataclass(frozen=True, slots=True)
class Read:
    """Read a mail with the parser of this name."""

    source: str
    parser: str
    letter: Letter
    rules: Rules


def main() -> None:
    """Answer until standard input ends."""
    asked, answers = _take_pipes()
    confine.end_by_default()
    warnings = isolate()
    _tell(answers, b"+")
    started = _resources()
    for number in range(1, MAILS_A_LIFE + 1):
        question = _question(asked)
        document = _declare(question, warnings) if isinstance(question, Declare) else _read(question)
        last = number == MAILS_A_LIFE or _left_behind(started)
        _tell(answers, (b"-" if last else b"+") + document)
        if last:
            os._exit(0)


def _tell(answers: BinaryIO, answer: bytes) -> None:
    answers.write(LENGTH.pack(len(answer)) + answer)
    answers.flush()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The pipes to the parent; whoever prints here prints to nowhere."""
    asked, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)
    return asked, answers


def _question(asked: BinaryIO) -> Declare | Read:
    head = asked.read(LENGTH.size)
    if len(head) < LENGTH.size:
        os._exit(0)
    question: Declare | Read = pickle.loads(asked.read(*LENGTH.unpack(head)))  # noqa: S301  it comes from our parent
    return question


def _declare(question: Declare, warnings: list[str]) -> bytes:
    """Loading is limited like a mail: a module may do anything when it is imported."""
    try:
        with confine.wall(question.limits.wall), confine.confined(question.limits):
            parsers = _parsers(question.source)
            for one in parsers:
                compile_patterns(one.match)
                if table := declared_by(one):
                    refuse_slow(table.patterns())
            return json.dumps(
                {"parsers": [declaration(one, question.source) for one in parsers], "warnings": warnings}
            ).encode()
    except UsageError as fault:
        return json.dumps({"fault": str(fault)[:500]}).encode()
    except BaseException as fault:  # whatever a stranger's module raises is told about that module
        return json.dumps({"fault": f"{type(fault).__name__}: {str(fault)[:200]}"}).encode()


def _read(question: Read) -> bytes:
    limits = question.rules.limits
    try:
        with confine.wall(limits.wall):
            with confine.confined(limits):  # loads it, if it was not yet
                chosen = tuple(one for one in _parsers(question.source) if one.name == question.parser)
            # The catalogue is asked by our own process, which trusts its links and not those from here.
            rules = replace(question.rules, foreign=(), products=NO_PRODUCTS, chosen=chosen)
            return read_confined(question.letter, rules)
    except BaseException:  # sys.exit and KeyboardInterrupt too: nobody but the parser can raise them here
        return to_json(bug("parser error", parser=question.parser))


@cache
def _parsers(source: str) -> tuple[Parser, ...]:
    return load_source(source)


def _resources() -> tuple[int, int, int]:
    """Threads, open files, resident memory."""
    return len(os.listdir("/proc/self/task")), len(os.listdir("/proc/self/fd")), confine.memory()[1]  # noqa: PTH208


def _left_behind(started: tuple[int, int, int]) -> bool:
    threads, files, memory = _resources()
    return threads > started[0] or files > started[1] + 8 or memory > started[2] + GROWTH_BYTES
