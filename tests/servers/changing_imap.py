"""An IMAP mailbox whose state a test changes between two polls, and which fails at single mails as real servers do."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.servers.lying_imap import Lie, Line, Server, lying

_DATE = b"21-Nov-2026 09:15:%02d +0000"


@dataclass
class Box:
    """Mails by UID, and what the server says of the folder; None: nothing."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uidvalidity: int | None = 1
    uidnext: int | None = None
    """Unless told, one above the highest UID."""
    sticky: bool = True
    mailboxid: str | None = None
    folder: str = "INBOX"
    emailids: dict[int, str] = field(default_factory=dict)
    grown: int = 0
    """By so many bytes each size is told too large."""
    no_body: set[int] = field(default_factory=set)
    """UIDs whose body is NIL."""
    other_body: dict[int, bytes] = field(default_factory=dict)
    """UIDs that are answered twice, each time or with `twice_once` only at first."""
    twice_once: bool = False
    fatal: set[int] = field(default_factory=set)
    """UIDs at which the server drops the connection."""
    expunge_at_fetch: set[int] = field(default_factory=set)
    fetched: list[int] = field(default_factory=list)
    """UIDs whose bytes were asked for."""

    @contextmanager
    def serve(self) -> Iterator[Server]:
        """Serve the mailbox on a loopback port."""
        lies: dict[bytes, Lie] = {
            b"CAPABILITY": self._capability,
            b"EXAMINE": self._examine,
            b"SELECT": self._examine,
            b"SEARCH": self._search,
            b"FETCH": self._fetch,
            b"LIST": self._list,
        }
        with lying(lies) as server:
            yield server

    def _capability(self, line: Line, tag: bytes, _: bytes) -> None:
        objectid = b" OBJECTID" if self.mailboxid else b""
        line.answer(tag, b"CAPABILITY IMAP4rev1 AUTH=PLAIN" + objectid)

    def _list(self, line: Line, tag: bytes, rest: bytes) -> None:
        here = rest.split()[-1].strip(b'"') in (b"*", self.folder.encode())
        line.answer(tag, *[b'LIST () "/" "%b"' % self.folder.encode()] * here)

    def _examine(self, line: Line, tag: bytes, rest: bytes) -> None:
        if rest.strip().strip(b'"') != self.folder.encode():
            line.answer(tag, status=b"NO [NONEXISTENT] no such mailbox")
            return
        uidnext = self.uidnext or max(self.mails, default=0) + 1
        told = [b"%d EXISTS" % len(self.mails), b"OK [UIDNEXT %d] x" % uidnext]
        told += [b"OK [UIDVALIDITY %d] x" % self.uidvalidity] if self.uidvalidity is not None else []
        told += [] if self.sticky else [b"OK [UIDNOTSTICKY] x"]
        told += [b"OK [MAILBOXID (%b)] x" % self.mailboxid.encode()] if self.mailboxid else []
        line.answer(tag, *told)

    def _search(self, line: Line, tag: bytes, rest: bytes) -> None:
        found = self._chosen(rest.split()[1])
        line.answer(tag, b" ".join([b"SEARCH", *(b"%d" % uid for uid in found)]))

    def _chosen(self, numbers: bytes) -> list[int]:
        ranges = [(int(low), int(high or low)) for low, high in re.findall(rb"(\d+)(?::(\d+))?", numbers)]
        found: set[int] = set()
        for low, high in ranges:
            near = range(low, high + 1) if high - low < len(self.mails) else self.mails
            found.update(uid for uid in near if low <= uid <= high and uid in self.mails)
        return sorted(found)

    def _fetch(self, line: Line, tag: bytes, rest: bytes) -> None:
        numbers, _, items = rest.partition(b" ")
        for uid in self._chosen(numbers):
            if b"BODY.PEEK" in items:
                self._send_body(line, uid)
            else:
                self._send_size(line, uid, items)
        line.answer(tag)

    def _send_size(self, line: Line, uid: int, items: bytes) -> None:
        date = b'"%b"' % (_DATE % (len(self.mails[uid]) % 60))
        told = b"UID %d RFC822.SIZE %d INTERNALDATE %b" % (uid, len(self.mails[uid]) + self.grown, date)
        if b"EMAILID" in items:
            told += b" EMAILID (%b)" % self.emailids.get(uid, f"M{uid}").encode()
        line.send(b"* %d FETCH (%b)\r\n" % (uid, told))

    def _send_body(self, line: Line, uid: int) -> None:
        self.fetched.append(uid)
        if uid in self.fatal:
            line.socket.shutdown(socket.SHUT_RDWR)
            raise OSError("the server dropped the connection")
        if uid in self.expunge_at_fetch:
            del self.mails[uid]
        elif uid in self.no_body:
            line.send(b"* %d FETCH (UID %d BODY[] NIL)\r\n" % (uid, uid))
        else:
            for raw in filter(None, (self.mails[uid], self.other_body.get(uid))):
                line.send(b"* %d FETCH (UID %d BODY[] {%d}\r\n%b)\r\n" % (uid, uid, len(raw), raw))
            if self.twice_once:
                self.other_body.pop(uid, None)
