"""The limits of one mail, set by the process that reads it upon itself and enforced by the kernel.

A process that reads mails stays warm, so each limit is counted from what it has used so far. Whoever oversteps is ended
by a signal whose number tells what happened; nothing has to run inside the process for that, so a regular expression
that never comes back ends too.
"""

from __future__ import annotations

import math
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Limits:
    """What the reading of one mail may take."""

    cpu: int = 5
    """Seconds."""
    wall: float = 8.0
    """Seconds."""
    memory: int = 512 * 1024 * 1024
    """Bytes of address space above what the process had before the mail."""


LIMITS: Final = Limits()

OUTPUT_BYTES: Final = 1024 * 1024
"""What the reading of one mail may come to, as JSON."""

RECURSION: Final = 1_000

OUT_OF_MEMORY: Final = 71
"""Exit code of a reader that met a MemoryError: what it holds may be broken, or only too much (EX_OSERR)."""

_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_STATM: Final = Path("/proc/self/statm")


def end_by_default() -> None:
    """Let the signals of the limits end this process at once, whatever a handler would rather do."""
    for number in (signal.SIGALRM, signal.SIGXCPU, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


@contextmanager
def wall(seconds: float) -> Iterator[None]:
    """End this process if the block takes longer; the kernel's clock for it cannot be set."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def confined(limits: Limits = LIMITS) -> Iterator[None]:
    """The block may use so much CPU time and memory more than this process has used so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    sys.setrecursionlimit(RECURSION)
    _soften(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + limits.cpu)
    _soften(resource.RLIMIT_AS, memory()[0] + limits.memory)
    try:
        yield
    finally:
        _soften(resource.RLIMIT_CPU, resource.RLIM_INFINITY)
        _soften(resource.RLIMIT_AS, resource.RLIM_INFINITY)


def memory() -> tuple[int, int]:
    """Address space and resident memory of this process in bytes (proc(5)); without /proc the peak stands for both."""
    try:
        pages = _STATM.read_bytes().split()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return peak, peak
    return int(pages[0]) * _PAGE, int(pages[1]) * _PAGE


def cause(exit_code: int, limits: Limits = LIMITS) -> str:
    """What ended a reader, in words; `exit_code` as Python tells it: negative for a signal."""
    known = {
        -signal.SIGXCPU: f"more than {limits.cpu} s of CPU time",
        -signal.SIGALRM: f"more than {limits.wall:g} s",
        OUT_OF_MEMORY: f"more than {limits.memory // 1024**2} MB of memory",
    }
    return known.get(exit_code) or (_signal(-exit_code) if exit_code < 0 else f"exit code {exit_code}")


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _soften(which: int, value: int) -> None:
    """Set the soft limit, as far as the hard one allows."""
    hard = resource.getrlimit(which)[1]
    top = value if hard == resource.RLIM_INFINITY else hard if value == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (top, hard))
