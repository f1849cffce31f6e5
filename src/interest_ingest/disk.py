"""Whether the disk under the database has room for more mails."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import NamedTuple

LEAST_BYTES = 500 * 1024 * 1024
LEAST_PART = 0.05
"""A disk with less free than both is nearly full: 5 % of a large disk are plenty, on a small one 500 MB are."""


class Room(NamedTuple):
    """Bytes that an ordinary user may still write, of all."""

    free: int
    total: int

    @property
    def low(self) -> bool:
        """Nearly full: what is left is for the database itself, which must be able to finish its work."""
        return self.free < min(LEAST_BYTES, LEAST_PART * self.total)


def room(database_url: str) -> Room | None:
    """The room on the disk of an SQLite database; None for a server, whose disk is not ours to see."""
    scheme, _, file = database_url.partition(":///")
    if scheme != "sqlite":
        return None
    with contextlib.suppress(OSError):
        usage = shutil.disk_usage(Path(file.partition("?")[0]).absolute().parent)
        return Room(usage.free, usage.total)
    return None
