"""An IMAP server on a real socket that is honest about one mail (UID 7) until it tells the lie that it was started for.

A lie is a function of the line to the client and the command's tag; `LIES` of a test says at which command it is told.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

MAIL = b"From: Anna <anna@shop.example>\r\nSubject: Question\r\n\r\nIs it in stock?\r\n"

_COMMAND = re.compile(rb"(\S+) (?:UID )?(\S+) ?(.*)\r\n")


@dataclass
class Line:
    """The connection to one client; `closed` is set when the test is over."""

    socket: socket.socket
    closed: threading.Event
    said: list[bytes]
    """What the client said, as it came."""
    uids: Sequence[int] = (7,)
    size: int = len(MAIL)
    idle_tag: bytes = b""
    """Of the IDLE that is under way."""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, tag: bytes, *untagged: bytes, status: bytes = b"OK done") -> None:
        self.send(b"".join(b"* " + line + b"\r\n" for line in untagged) + tag + b" " + status + b"\r\n")


Lie = Callable[[Line, bytes, bytes], None]
"""Line, tag, the rest of the command."""


def _capability(line: Line, tag: bytes, _: bytes) -> None:
    line.answer(tag, b"CAPABILITY IMAP4rev1 AUTH=PLAIN")


def _examine(line: Line, tag: bytes, _: bytes) -> None:
    line.answer(tag, b"%d EXISTS" % len(line.uids), b"OK [UIDVALIDITY 1] x", b"OK [UIDNEXT %d] x" % (line.uids[-1] + 1))


def _search(line: Line, tag: bytes, rest: bytes) -> None:
    first, _, last = rest.removeprefix(b"UID ").partition(b":")
    low, high = int(first), int(last or first)
    line.answer(tag, b"SEARCH " + b" ".join(b"%d" % uid for uid in line.uids if low <= uid <= high))


def _fetch(line: Line, tag: bytes, rest: bytes) -> None:
    if b"BODY.PEEK" in rest:
        line.answer(tag, b"1 FETCH (UID 7 BODY[] {%d}\r\n%b)" % (len(MAIL), MAIL))
    elif rest.endswith(b"(UID)"):
        line.answer(tag, *(b"%d FETCH (UID %d)" % (at, line.uids[at - 1]) for at in (1, len(line.uids))))
    else:
        date = b'INTERNALDATE "21-Nov-2026 09:15:00 +0300"'
        line.answer(tag, b"1 FETCH (UID 7 RFC822.SIZE %d %b)" % (line.size, date))


def _logout(line: Line, tag: bytes, _: bytes) -> None:
    line.answer(tag, b"BYE bye")


def _done(line: Line, tag: bytes, _: bytes) -> None:
    line.answer(tag)


def idle(line: Line, tag: bytes, _: bytes) -> None:
    """Begins IDLE."""
    line.idle_tag = tag
    line.send(b"+ idling\r\n")


def can_idle(line: Line, tag: bytes, _: bytes) -> None:
    """Says that it has IDLE."""
    line.answer(tag, b"CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE")


_HONEST: dict[bytes, Lie] = {
    b"CAPABILITY": _capability,
    b"LOGIN": _done,
    b"EXAMINE": _examine,
    b"SELECT": _examine,
    b"SEARCH": _search,
    b"FETCH": _fetch,
    b"LOGOUT": _logout,
    b"IDLE": idle,
    b"DONE": _done,
}


def silence(line: Line, tag: bytes, rest: bytes) -> None:
    """Says nothing any more and keeps the connection."""
    line.closed.wait()


def drip(line: Line, tag: bytes, rest: bytes) -> None:
    """Sends one byte now and then: no silence is ever long enough for a socket's timeout."""
    line.send(b"* OK ")
    while not line.closed.wait(0.05):
        line.send(b".")


def endless(line: Line, tag: bytes, rest: bytes) -> None:
    """Sends untagged answers for ever."""
    while not line.closed.is_set():
        line.send(b"* 1 EXISTS\r\n" * 5_000)


def endless_line(line: Line, tag: bytes, rest: bytes) -> None:
    """Sends one line for ever."""
    while not line.closed.is_set():
        line.send(b"* OK " + b"." * 60_000)


def giant_literal(line: Line, tag: bytes, rest: bytes) -> None:
    """Announces 3.9 GB."""
    line.send(b"* 1 FETCH (UID 7 BODY[] {3900000000}\r\n")
    line.closed.wait()


def empty_fetch(line: Line, tag: bytes, rest: bytes) -> None:
    """Has the mail and gives no bytes of it."""
    _done(line, tag, rest) if b"BODY.PEEK" in rest else _fetch(line, tag, rest)


def nil_body(line: Line, tag: bytes, rest: bytes) -> None:
    """Gives NIL for the mail's bytes."""
    line.answer(tag, b"1 FETCH (UID 7 BODY[] NIL)") if b"BODY.PEEK" in rest else _fetch(line, tag, rest)


def other_uid(line: Line, tag: bytes, rest: bytes) -> None:
    """Answers for a mail that was not asked for."""
    line.answer(tag, b"2 FETCH (UID 1007 BODY[] {2}\r\nhi)") if b"BODY.PEEK" in rest else _fetch(line, tag, rest)


def deep_parentheses(line: Line, tag: bytes, rest: bytes) -> None:
    """Nests a hundred thousand lists."""
    line.answer(tag, b"1 FETCH (UID 7 BODYSTRUCTURE " + b"(" * 100_000 + b")" * 100_000 + b")")


def garbage(line: Line, tag: bytes, rest: bytes) -> None:
    """Answers as a web server does."""
    line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def says(status: str) -> Lie:
    """Ends the command with this."""
    return lambda line, tag, _: line.answer(tag, status=status.encode())


def bye(line: Line, tag: bytes, rest: bytes) -> None:
    """Takes leave in the middle."""
    line.send(b"* BYE Server shutting down\r\n")
    line.socket.shutdown(socket.SHUT_RDWR)


@dataclass
class Server:
    port: int
    said: list[bytes] = field(default_factory=list)


def converse(line: Line, commands: Iterable[bytes], lies: Mapping[bytes, Lie]) -> None:
    """Answer until the client goes."""
    replies = {**_HONEST, **lies}
    for command in commands:
        line.said.append(command)
        if command.upper() == b"DONE\r\n":  # ends IDLE, without a tag of its own
            replies[b"DONE"](line, line.idle_tag, b"")
        elif found := _COMMAND.fullmatch(command):
            replies[found[2].upper()](line, found[1], found[3])


@contextlib.contextmanager
def lying(
    lies: Mapping[bytes, Lie], *, uids: Sequence[int] = (7,), size: int = len(MAIL), greeting: bytes = b"* OK hello\r\n"
) -> Iterator[Server]:
    """Serve on a loopback port; `lies` maps commands (`b"FETCH"`) to what is done instead of the honest answer."""
    closed = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(listener.getsockname()[1])

        def accept() -> None:
            with contextlib.suppress(OSError):  # the listener was shut down
                while True:
                    client, _ = listener.accept()
                    threads.append(threading.Thread(target=talk, args=(client,)))
                    threads[-1].start()

        def talk(client: socket.socket) -> None:
            with contextlib.suppress(OSError), client, client.makefile("rb") as file:  # the client has enough
                line = Line(client, closed, server.said, uids, size)
                line.send(greeting)
                converse(line, file, lies)

        threads = [threading.Thread(target=accept)]
        threads[0].start()
        try:
            yield server
        finally:
            closed.set()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(10)
