"""The header of a mail, read where the whole mail must not be: in the process that talks to the mailbox."""

from __future__ import annotations

import re

from interest_ingest.ingest.authentication import MAX_HEADER
from interest_ingest.mail import Mail

_END = re.compile(rb"\r?\n\r?\n")


def header_of(raw: bytes) -> Mail:
    """The mail without its body; a longer header than `MAX_HEADER` bytes is cut."""
    return Mail.from_bytes(_END.split(raw[:MAX_HEADER], maxsplit=1)[0] + b"\r\n\r\n")


def message_id_digest(message_id: str) -> str:
    """What the ledger keeps of a Message-ID, written with its brackets or without."""
    name = message_id.strip().strip("<>")
    return header_of(f"Message-ID: <{name}>\r\n\r\n".encode("utf-8", "replace")).message_id_digest
