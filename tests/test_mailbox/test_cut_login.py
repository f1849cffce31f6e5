"""A connection that ends during the log-in is no refusal: after three of those an account is left alone for an hour."""

from __future__ import annotations

import socket
import struct

import pytest

from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import Unavailable
from interest_ingest.mailbox.imap import connect
from tests.servers.lying_imap import Lie, Line, lying


def reset(line: Line, _tag: bytes, _rest: bytes) -> None:
    """RST in place of an answer."""
    line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.socket.shutdown(socket.SHUT_RD)
    line.socket.close()


def finish(line: Line, _tag: bytes, _rest: bytes) -> None:
    """FIN in place of an answer."""
    line.socket.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("end", [reset, finish])
@pytest.mark.parametrize(("command", "user"), [(b"LOGIN", "anna"), (b"AUTHENTICATE", "анна")])
def test_a_connection_that_ends_during_the_login_is_tried_again_soon(end: Lie, command: bytes, user: str) -> None:
    with lying({command: end}) as server:
        account = Account("notifications", "127.0.0.1", user, "secret-word", server.port, "none")
        with pytest.raises(Unavailable), connect(account):
            pass
