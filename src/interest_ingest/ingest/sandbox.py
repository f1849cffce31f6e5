"""The processes of third-party parsers: one for each file or package, with an empty environment and nothing inherited.

They are no part of the readers' pool: a pool hands its environment on, shares pipes between its processes, and believes
what they send, as pickles. Here the child is a fresh program, it has two pipes of its own, and what it answers is JSON
of a bounded length that is checked like any input.
"""

from __future__ import annotations

import json
import os
import pickle
import select
import signal
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from interest_ingest.cards import Reading, Trust
from interest_ingest.errors import IngestError
from interest_ingest.ingest import confine
from interest_ingest.ingest.foreign import Foreign
from interest_ingest.ingest.guest import LENGTH, Declare, Read
from interest_ingest.ingest.normalize import vetted
from interest_ingest.ingest.reading import MAX_CARDS
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.worker import Letter
from interest_ingest.parsing.load import builtin_parsers, source_files

KEPT: Final = 2
"""Sandboxes that are kept warm; each has some 60 MB."""

LOADED_AT_ONCE: Final = 4

START_SECONDS: Final = 10.0
"""What a sandbox may take to start, on a busy machine, beside the limits of what it is asked."""

GRACE_SECONDS: Final = 0.5
"""After its limit a sandbox ends by itself; after so much more it is killed."""

PACE_SECONDS: Final = 0.2

_BOOT: Final = "import sys; sys.path[:] = sys.argv[1:]; from interest_ingest.ingest.guest import main; main()"


@dataclass(frozen=True, slots=True)
class Killed:
    """The reader was ended while it read this mail and no other; `cause` says by what."""

    cause: str


class Interrupted(Exception):
    """A stop was asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """The third-party parsers that can be asked, and one sentence for each that cannot or for what is not barred."""

    parsers: tuple[Foreign, ...] = ()
    problems: tuple[str, ...] = ()


def third_party(rules: Rules) -> Found:
    """The third-party parsers that `rules` name, each loaded once in a sandbox."""
    return Sandboxes(rules).find() if rules.third_party else Found()


class Sandboxes:
    """The sandboxes of the parsers that `rules` name. Used by one thread; `stop` may be set by any."""

    def __init__(self, rules: Rules, stop: threading.Event | None = None) -> None:
        self._rules = replace(rules, foreign=())
        self._stop = stop or threading.Event()
        self._children: OrderedDict[str, _Child] = OrderedDict()

    def close(self) -> None:
        """End them all."""
        while self._children:
            self._children.popitem()[1].kill()

    def find(self) -> Found:
        """Load each file and package in its sandbox and ask what its parsers are."""
        found: list[Foreign] = []
        problems: list[str] = []
        taken = {one.name: "interest-ingest itself" for one in builtin_parsers()}
        sources, unreadable = _sources(self._rules)
        tables = [source for source in sources if source.endswith(".toml")]
        code = [[source] for source in sources if source not in tables]
        with ThreadPoolExecutor(LOADED_AT_ONCE) as pool:  # tables hold no code that would have to be kept apart
            declared = {source: told for one in pool.map(self._all_declared, [tables, *code]) for source, told in one}
        for source in sources:
            parsers, sentences = declared[source]
            problems += sentences
            for one in parsers:
                if one.fallback is None and not any(map(any, dict(one.match).values())):
                    claims = "it would claim every mail; say in match which are its own"
                    problems.append(f"{source}: its parser {one.name!r} is not used, {claims}")
                elif taken.setdefault(one.name, source) is source:
                    found.append(one)
                else:
                    other = taken[one.name]
                    problems.append(f"{source}: its parser {one.name!r} is not used, {other} has one too; rename it")
        return Found(tuple(found), tuple(dict.fromkeys(unreadable + problems)))

    def read(self, foreign: Foreign, letter: Letter, handed: Reading) -> Reading | Killed:
        """Read a mail that was `handed` on. Raises `Interrupted`."""
        question = Read(foreign.source, foreign.name, letter, self._rules)
        answer = self._ask(foreign.source, question)
        if isinstance(answer, Killed):
            return answer
        try:
            reading = Reading.model_validate_json(answer)
        except ValidationError:
            reading = None
        if reading is None or not _honest(reading, handed):
            reading = handed.model_copy(update={"reason": "its parser gave no valid reading"})
        parser = foreign.stand_in()
        cards = tuple(vetted(card, parser, self._rules, letter.received_at) for card in reading.cards)
        known = {key: getattr(handed, key) for key in ("trust", "canon_digest", "message_id_digest", "shape", "sender")}
        return reading.model_copy(update={"cards": cards, **known})

    def _all_declared(self, sources: list[str]) -> list[tuple[str, tuple[list[Foreign], list[str]]]]:
        """What the parsers of `sources` are, from one sandbox after the other as long as each lasts."""
        child: _Child | None = None
        told = []
        try:
            for source in sources:
                child = child or _Child(self._stop)
                answer = _asked(child, Declare(source, self._rules.limits), self._rules.limits)
                if isinstance(answer, Killed) or not child.goes_on:
                    child.kill()
                    child = None
                told.append((source, self._declared(source, answer)))
        finally:
            if child:  # most are not needed again for hours
                child.kill()
        return told

    @staticmethod
    def _declared(source: str, answer: bytes | Killed) -> tuple[list[Foreign], list[str]]:
        if isinstance(answer, Killed):
            return [], [f"{source}: not loaded, it was ended by {answer.cause}; mend or remove it"]
        try:
            told: dict[str, Any] = json.loads(answer)
            if fault := told.get("fault"):
                return [], [f"{source}: not loaded ({' '.join(str(fault).split())}); mend or remove it"]
            parsers = [Foreign.model_validate_json(json.dumps(one)) for one in told["parsers"]]
        except (ValueError, KeyError, TypeError, AttributeError):
            return [], [f"{source}: not loaded, its declaration is not valid; mend or remove it"]
        nothing = [] if parsers else [f"{source}: there is no parser in it; remove it or declare one with @parser"]
        return parsers, [*nothing, *map(str, told.get("warnings", ()))]

    def _ask(self, source: str, question: Read) -> bytes | Killed:
        child = self._children.pop(source, None)
        while child is None and len(self._children) >= KEPT:
            self._children.popitem(last=False)[1].kill()
        child = self._children[source] = child or _Child(self._stop)
        answer = _asked(child, question, self._rules.limits)
        if isinstance(answer, Killed) or not child.goes_on:
            self._children.pop(source).kill()
        return answer


class _Child:
    """One process and the pipes to it. Raises `IngestError` where it cannot be started."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self.goes_on = True
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter, our own module
            [sys.executable, "-I", "-B", "-c", _BOOT, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        try:
            self._receive(b"", time.monotonic() + START_SECONDS)
        except (EOFError, TimeoutError):
            self.kill()
            raise IngestError("the process for third-party parsers does not start (out of memory?)") from None
        except BaseException:  # a stop, Ctrl-C: nobody else knows of it yet
            self.kill()
            raise

    def kill(self) -> int:
        """End it with all that it started; returns how it ended: by itself, if it had or was about to. Repeatable."""
        if self._process.returncode is not None:
            return self._process.returncode
        gone_by = time.monotonic() + GRACE_SECONDS / 2
        with self._process as process:  # closes the pipes and waits
            exited = os.WEXITED | os.WNOHANG | os.WNOWAIT  # unreaped, so that its group cannot be another's
            while not os.waitid(os.P_PID, process.pid, exited) and time.monotonic() < gone_by:
                time.sleep(0.005)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode

    def ask(self, question: bytes, seconds: float) -> bytes:
        """Its answer; `goes_on` tells whether it can be asked more. Raises EOFError, TimeoutError, `Interrupted`."""
        answer = self._receive(LENGTH.pack(len(question)) + question, time.monotonic() + seconds)
        self.goes_on = answer[:1] == b"+"
        return answer[1:]

    def _receive(self, question: bytes, until: float) -> bytes:
        """Send `question` while there is room, and give the next answer; whatever else it sends is an end."""
        left, answer, length = memoryview(question), b"", LENGTH.size
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        poll.register(self._in, select.POLLOUT if left else 0)
        while len(answer) < length:
            self._check(until)
            for descriptor, _ in poll.poll(PACE_SECONDS * 1000):
                if descriptor == self._out:
                    answer += self._read(length - len(answer))
                elif left := left[self._write(left) :]:
                    continue
                else:
                    poll.modify(self._in, 0)
            if len(answer) == LENGTH.size == length:
                length += LENGTH.unpack(answer)[0]
                if length > LENGTH.size + 1 + confine.OUTPUT_BYTES:
                    raise EOFError("garbage in its answer")
        return answer[LENGTH.size :]

    def _check(self, until: float) -> None:
        if self._stop.is_set():
            raise Interrupted
        if time.monotonic() > until:
            raise TimeoutError

    def _read(self, size: int) -> bytes:
        got = os.read(self._out, size)
        if not got:
            raise EOFError
        return got

    def _write(self, question: memoryview) -> int:
        try:
            return os.write(self._in, question)
        except BlockingIOError:
            return 0
        except BrokenPipeError:
            raise EOFError from None


def _asked(child: _Child, question: Declare | Read, limits: confine.Limits) -> bytes | Killed:
    try:
        return child.ask(pickle.dumps(question), limits.wall + GRACE_SECONDS)
    except EOFError as end:
        ended = child.kill()
        return Killed(str(end) or confine.cause(ended, limits))
    except TimeoutError:
        child.kill()
        return Killed(confine.cause(-signal.SIGALRM, limits))


def _honest(reading: Reading, handed: Reading) -> bool:
    """Whether the answer claims no more than the mail was found to be worth."""
    if not reading.cards:
        return reading.parser in (None, handed.parser)
    others = {one.source for one in builtin_parsers()} - {str(handed.parser).partition(".")[0]}
    ours = all(_RANK[card.trust] <= _RANK[handed.trust] and card.source not in others for card in reading.cards)
    named = {reading.parser, *(card.parser for card in reading.cards)} == {handed.parser}
    return ours and named and len(reading.cards) <= MAX_CARDS


_RANK: Final = {Trust.FAILED: 0, Trust.UNPROVEN: 1, Trust.VERIFIED: 2}


def _sources(rules: Rules) -> tuple[list[str], list[str]]:
    """The packages and files that the rules name, and a sentence if the folder cannot be read."""
    try:
        files = source_files(Path(rules.folder)) if rules.folder else []
    except OSError as error:
        return list(rules.packages), [f"{rules.folder}: {error.strerror}; mend folder in [parsers]"]
    return [*rules.packages, *(str(file.absolute()) for file in files)], []
