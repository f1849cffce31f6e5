"""How much of a mail is read: bounds that hold before anything expensive sees it, and the notes on what they cut.

The figures come from measured bombs: a parser that is linear on good mail may be quadratic on a hostile one, so every
bound is enforced by a linear scan over the bytes first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

KIB: Final = 1024
MAX_RAW: Final = 25 * KIB * KIB
"""Bytes of a whole mail; of a larger one the headers and the first `OVERSIZE_TEXT` bytes are read."""
OVERSIZE_TEXT: Final = 256 * KIB
MAX_HEADER_BLOCK: Final = 256 * KIB
MAX_HEADER: Final = 16 * KIB
MAX_HEADERS: Final = 1_000
MAX_DEPTH: Final = 20
MAX_PARTS: Final = 500
MAX_ADDRESSES: Final = 200
MAX_MESSAGE_ID: Final = 998
"""Octets of one line (RFC 5322 §2.1.1): a longer Message-ID is no identity."""
MAX_TEXT: Final = KIB * KIB
"""Characters of all text parts together, and bytes of one decoded part."""
MAX_HTML: Final = 256 * KIB
MAX_HTML_TAGS: Final = 20_000
MAX_HTML_ATTRIBUTES: Final = 1_000
MAX_HTML_DEPTH: Final = 256


class Notes:
    """What was repaired or cut while one mail was read, each thing once, in the order found."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def add(self, note: str) -> None:
        if len(self._found) < 50:  # a damaged mail may repeat one damage with ever new values
            self._found.setdefault(note)

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)


class Budget:
    """Counts the parts of a mail and of all mails inside it, so that nesting does not multiply the work."""

    def __init__(self) -> None:
        self.parts = MAX_PARTS

    def take(self) -> bool:
        """Whether one more part may be read."""
        self.parts -= 1
        return self.parts >= 0
