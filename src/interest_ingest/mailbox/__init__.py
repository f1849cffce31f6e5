"""The mailbox room: bytes in, nothing else. `imap` reads a folder of a server, `files` reads files and directories."""

from interest_ingest.mailbox.message import Message, Problem, Size

__all__ = ["Message", "Problem", "Size"]
