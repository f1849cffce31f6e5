"""The connection under imapclient: dialled, encrypted and read under a Guard."""

from __future__ import annotations

import contextlib
import functools
import imaplib
import io
import socket
import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from imapclient import IMAPClient

from interest_ingest.mailbox.names import addresses
from interest_ingest.mailbox.watchdog import Guard

if TYPE_CHECKING:
    from interest_ingest.mailbox.account import Account

_BUFFER = 64 * 1024

# A peer that went without a word, or a middlebox that forgot the connection, is noticed after two minutes of silence:
# asked after 60 s, then every 20 s, given up after three times. Other systems than Linux name only the first.
_KEEPALIVE = [(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)] + [
    (socket.IPPROTO_TCP, getattr(socket, name), value)
    for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 20), ("TCP_KEEPCNT", 3))
    if hasattr(socket, name)
]


@functools.cache
def tls_context() -> ssl.SSLContext:
    """The one TLS context of this process: TLS 1.2 or newer, certificate and host name are checked.

    Loading the system's authorities takes some 0.8 MB a context, hence one for all mailboxes. A private authority is
    trusted through the environment variable SSL_CERT_FILE, as OpenSSL does it everywhere.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class Wire(imaplib.IMAP4):
    """imaplib's protocol over a socket that the watchdog can cut and whose answers are bounded."""

    def __init__(self, account: Account, guard: Guard) -> None:
        self._account = account
        self._guard = guard
        self._file_of: socket.socket | None = None
        self._buffered: io.BufferedReader
        super().__init__(account.host, account.port, account.limits.read_seconds)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:  # noqa: ARG002  # imaplib's signature
        sock = _dial(self._account, self._guard)
        if self._account.tls != "implicit":
            return sock
        try:
            return tls_context().wrap_socket(sock, server_hostname=self._account.host)
        finally:
            sock.close()  # wrap_socket took the descriptor over, or failed

    def read(self, size: int) -> bytes:
        """Read a literal, once it is clear that it may be so long (RFC 3501 allows four gigabytes)."""
        self._guard.spend(size)
        return self._stream().read(size)

    def readline(self) -> bytes:
        """Read a line. imaplib's own bound of 1,000,000 octets is too tight: a mail of many parts has a longer one."""
        line = self._stream().readline(max(self._guard.left, 0) + 1)
        self._guard.spend_line(line)
        return line

    def shutdown(self) -> None:
        """Close the connection without a word."""
        with contextlib.suppress(OSError):
            super().shutdown()
        if self._file_of is not None:
            self._buffered.close()
        self.sock.close()

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """The socket, made not to block, and what was read from it already: whoever takes them speaks IMAP himself."""
        self.sock.setblocking(False)
        try:
            return self.sock, self._stream().peek()
        except ssl.SSLWantReadError:  # nothing; of a plain socket that would be an empty string
            return self.sock, b""

    def _stream(self) -> io.BufferedReader:
        # STARTTLS puts another socket in place: what came before it in clear text is never read (CVE-2011-0411).
        if self._file_of is not self.sock:
            self._buffered = io.BufferedReader(self.sock.makefile("rb", buffering=0), _BUFFER)
            self._file_of = self.sock
        return self._buffered


class Client(IMAPClient):  # type: ignore[misc]  # imapclient ships no py.typed, so its classes are Any
    """imapclient over a Wire."""

    def __init__(self, account: Account, guard: Guard) -> None:
        self._account = account
        self._guard = guard
        super().__init__(account.host, account.port, ssl=account.tls == "implicit", timeout=account.limits.read_seconds)
        # imapclient 4.1 sets 5, so that imaplib formats every literal twice for a log line that nobody reads: 6 times
        # the processor time. It also keeps log-ins out of any log.
        self._imap.debug = 0
        self.normalise_times = False

    def _create_IMAP4(self) -> Wire:
        return Wire(self._account, self._guard)

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """See `Wire.hand_over`."""
        taken: tuple[socket.socket, bytes] = self._imap.hand_over()
        return taken

    def fetch_lines(self, uids: Sequence[int | str], items: Sequence[str]) -> list[Any]:
        """UID FETCH; the answer as imaplib gives it, lines and (line, literal) pairs, for `answers` to read."""
        status, lines = self._imap.uid("FETCH", ",".join(map(str, uids)), f"({' '.join(items)})")
        self._checkok("fetch", status, lines)
        return [] if lines == [None] else list(lines)


def _dial(account: Account, guard: Guard) -> socket.socket:
    """Connect to the first address that answers. Not socket.create_connection: the watchdog must know the socket."""
    failure: OSError = OSError(f"no address for {account.host}")
    for family, kind, protocol, _, address in addresses(account.host, account.port, guard):
        sock = socket.socket(family, kind, protocol)
        try:
            guard.watch(sock)
            for level, option, value in _KEEPALIVE:
                sock.setsockopt(level, option, value)
            sock.settimeout(account.limits.read_seconds)
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            if guard.cut:
                break
        else:
            return sock
    raise failure
