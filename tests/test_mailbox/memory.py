"""The most memory that this process ever had."""

from __future__ import annotations

import re
from pathlib import Path


def peak() -> int:
    """Kilobytes. Not ru_maxrss: a child process begins with that of its parent."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found
    return int(found[1])
