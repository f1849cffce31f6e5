"""More than 500 hostile mails, made of the bombs and their carriers; always the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Final

from tests.hostile.bombs import (
    CHARSETS,
    DATES,
    PAGE_CARRIERS,
    PAGES,
    STRUCTURES,
    TEXT_CARRIERS,
    TEXTS,
    charset_mail,
    encoded,
    grown,
)

MIB: Final = 1024 * 1024


def hostile_mails(size: int) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each mail; a text has about `size` bytes, a page a quarter of it, as their limits."""
    carriers = cycle(TEXT_CARRIERS)
    for name, bomb in TEXTS.items():
        text = grown(bomb, size)
        for carrier in (next(carriers), next(carriers)):
            yield f"{name} in {carrier}", TEXT_CARRIERS[carrier](text)
    pages = cycle(PAGE_CARRIERS)
    for name, bomb in PAGES.items():
        page = grown(bomb, size // 4)
        carrier = next(pages)
        yield f"{name} in {carrier}", PAGE_CARRIERS[carrier](page)
    for name, grow in STRUCTURES.items():
        yield name, grow(size // 20) + b"\n\nx"
    for charset in CHARSETS:
        yield f"charset {charset}", charset_mail(charset, size // 100)
    for date in DATES:
        yield f"date {date[:30]!r}", f"From: a@b.example\nReceived: x; {date}\nDate: {date}\n\nHello".encode()
    for number, (name, bomb) in enumerate(list(TEXTS.items())[::5]):
        encoding = ("base64", "quoted-printable")[number % 2]
        yield f"{name} in damaged {encoding}", encoded(TEXT_CARRIERS["letter"](grown(bomb, size // 2)), encoding)
