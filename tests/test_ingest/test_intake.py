"""From a mailbox to the ledger, with servers that keep to no rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.ingest.intake import PollOptions, poll_mailbox
from interest_ingest.mailbox.account import Account
from interest_ingest.store import Store
from tests.servers import lying_imap
from tests.servers.lying_imap import Line, lying

MAILS = (
    b"From: a@b.example\r\nSubject: one\r\n\r\nthe first\r\n",
    b"From: c@d.example\r\nSubject: two\r\n\r\nanother mail under the same number\r\n",
)


def uids_do_not_last(line: Line, tag: bytes, _: bytes) -> None:
    """RFC 4315 §2: UIDNOTSTICKY."""
    line.answer(tag, b"1 EXISTS", b"OK [UIDNOTSTICKY] x", b"OK [UIDVALIDITY 1] x", b"OK [UIDNEXT 8] x")


def test_where_uids_do_not_last_a_mail_is_known_by_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(f"sqlite:///{tmp_path}/i.db") as store:
        landed = []
        for raw in (MAILS[0], MAILS[1], MAILS[1]):
            monkeypatch.setattr(lying_imap, "MAIL", raw)
            with lying({b"EXAMINE": uids_do_not_last}) as server:
                account = Account("x", "127.0.0.1", "u", "p", port=server.port, tls="none")
                landed.append(poll_mailbox(store, account, PollOptions(acknowledge="seen")).landed)
        assert landed == [1, 1, 0]
