"""Runs the command line in forks of one warm process, which can be killed at any step of what they do.

A step is a statement or a commit that is about to be sent to the database, a line that is about to be sent to the IMAP
server, and mails handed to the readers or taken back from them. A fork starts in milliseconds, where a new process
takes most of a second to import the product. Its mails are read in the fork itself: the processes that read mails have
tests of their own.

The server speaks JSON lines on stdin and stdout: `{"do": "start", …}` gives `{"pid": …}`, `{"do": "wait", "pid": …}`
gives `{"status": …, "steps": …, "last": …}`.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

TOP = Path(__file__).parents[2]
_ROOM = 256


class Ended(NamedTuple):
    """How a fork ended: its exit code or minus the signal, the steps that it had begun, and the last of them."""

    status: int
    steps: int
    last: str
    log: str

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


@dataclass(frozen=True)
class Forks:
    """The test's side of the server."""

    process: subprocess.Popen[str]
    folder: Path

    def start(
        self, config: Path, *words: str, kill_at: int | str = 0, mutant: str = "", number: int = signal.SIGKILL
    ) -> int:
        """Begin `interest-ingest --config CONFIG WORDS…` in a fork; gives its process id."""
        told = self._ask(do="start", config=str(config), words=words, kill_at=kill_at, mutant=mutant, number=number)
        return int(told["pid"])

    def wait(self, pid: int) -> Ended:
        """Wait for the end of a fork."""
        told = self._ask(do="wait", pid=pid)
        log = self.folder / f"{pid}.log"
        said = log.read_text(errors="replace") if log.exists() else ""  # it may be killed before it opens its log
        ended = Ended(told["status"], told["steps"], told["last"], said)
        log.unlink(missing_ok=True)
        return ended

    def run(self, config: Path, *words: str, kill_at: int | str = 0, mutant: str = "") -> Ended:
        """Run a command to its end: a SIGKILL at step `kill_at`, or at the first whose name has that text."""
        return self.wait(self.start(config, *words, kill_at=kill_at, mutant=mutant))

    def _ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def forking(folder: Path) -> Iterator[Forks]:
    """A fork server that keeps the forks' output in `folder`."""
    command = [sys.executable, "-m", "tests.integration.forks", str(folder)]
    with subprocess.Popen(command, cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forks(process, folder)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)


# The server's side


class _Server:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._boards: dict[int, mmap.mmap] = {}

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        board = mmap.mmap(-1, _ROOM)  # shared with the fork: what it writes there outlives a SIGKILL
        pid = os.fork()
        if not pid:
            self._become(request, board)
        self._boards[pid] = board
        return {"pid": pid}

    def wait(self, request: dict[str, Any]) -> dict[str, Any]:
        pid = request["pid"]
        _, status = os.waitpid(pid, 0)
        with self._boards.pop(pid) as board:
            steps, _, last = bytes(board).rstrip(b"\0").decode("utf-8", "replace").partition(" ")
        return {"status": os.waitstatus_to_exitcode(status), "steps": int(steps or 0), "last": last}

    def _become(self, request: dict[str, Any], board: mmap.mmap) -> None:
        """The fork: it never returns."""
        from tests.integration import steps

        log = os.open(self._folder / f"{os.getpid()}.log", os.O_CREAT | os.O_WRONLY)
        null = os.open(os.devnull, os.O_RDONLY)
        for old, new in ((null, 0), (log, 1), (log, 2)):
            os.dup2(old, new)
        code: object = 70
        try:
            steps.watch(board, request["kill_at"], request["mutant"], request["number"])
            steps.main(["--config", request["config"], *request["words"]])
        except SystemExit as end:
            code = end.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def _serve(folder: Path) -> None:
    from tests.integration import steps

    steps.warm()
    server = _Server(folder)
    for line in sys.stdin:
        request = json.loads(line)
        answer = (server.start if request["do"] == "start" else server.wait)(request)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
