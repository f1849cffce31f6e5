"""The errors that a person sees: the message is one sentence that names what is wrong and the remedy.

Anything else that reaches the command line is a bug and prints a trace.
"""

from __future__ import annotations


class IngestError(Exception):
    """Base of all errors of this product; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(IngestError):
    """Wrong use or configuration: the operator can mend it."""

    exit_code = 2


class Unreachable(IngestError):
    """The database or a mailbox cannot be reached or refuses us."""

    exit_code = 3
