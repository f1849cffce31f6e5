"""What comes out of every reader of this room."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Message:
    """The raw bytes of one mail and what the mailbox says of it.

    `uid` is 0 for a mail from a file. `size` is the server's RFC822.SIZE or the size in the file, in bytes; servers may
    be wrong about it. `received_at` is aware. With `whole` false the bytes are a valid message in which the bodies of
    attachments are left out (their MIME headers stay, the decoded size stands in `Content-Disposition: …; size=`), or
    in which the text is cut because the message is over the size limit. `emailid` is the server's own name of the
    message (RFC 8474, or Gmail's number), if it has one. `doubt` says why these bytes may not be this message's.
    """

    uid: int
    raw: bytes
    received_at: datetime
    size: int
    whole: bool
    emailid: str | None = None
    doubt: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One mail or file that could not be read while the others could: `where` is a UID or a path, `reason` a phrase."""

    where: str
    reason: str


class Size(NamedTuple):
    """What is known of a message before its bytes are fetched; None is what the server does not tell."""

    size: int
    received_at: datetime | None
    emailid: str | None = None
