"""A notification that somebody forwarded: the service's headers are gone, the quoted From and Subject lines remain."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from interest_ingest.mail import Mail
from interest_ingest.parsing.phrases import FORWARDED, KEY_OF

_MAX_ABOVE: Final = 60
"""Lines of own text that may stand over a forwarded mail."""

_HEADERS: Final = {"from": "From", "date": "Date", "to": "To", "cc": "Cc", "subject": "Subject", "reply-to": "Reply-To"}
_MAILTO: Final = re.compile(r"\[mailto:([^\]\s]{1,320})\]")  # Outlook before 2016


def forwarded_inline(mail: Mail) -> Mail | None:
    """The mail that `mail` carries in its text, below `Begin forwarded message:` and the like, or None.

    Its header has what the quoted lines tell; its HTML is that of the outer mail, for links and photos. Its trust is
    unproven: anybody can type such lines.
    """
    lines = mail.visible_text.split("\n")
    announced = next((n for n, line in enumerate(lines[:_MAX_ABOVE]) if _announces(line)), None)
    if announced is None:
        return None
    fields, end = _fields(lines, announced + 1)
    if not {"from", "subject"} <= fields.keys():
        return None
    body = [re.sub(r"^\s?>\s?", "", line) for line in lines[end:]]
    return Mail.from_bytes(_raw(fields, "\n".join(body), mail.html))


def _announces(line: str) -> bool:
    return len(line) < 120 and (
        line.rstrip().endswith((":", "-", "—", "_", "：")) and FORWARDED.search(line) is not None
    )


def _fields(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    """The quoted header lines from `start` on, by what they mean, and the line after them."""
    fields: dict[str, str] = {}
    last = ""
    place = start
    for place in range(start, min(start + 20, len(lines) + 1)):
        line = lines[place].lstrip(" >\t*") if place < len(lines) else ""
        head, colon, value = line[:2_000].replace("：", ":", 1).partition(":")
        key = KEY_OF.get(head.strip(" *\u200e\u200f").lower()) if colon else None
        if key:
            fields.setdefault(key, value.strip(" *\u200e\u200f\t"))
            last = key
        elif not line.strip():
            if fields:
                break
        elif last:
            fields[last] += " " + line.strip()
        else:
            break
    return fields, place


def _raw(fields: dict[str, str], text: str, html: str) -> bytes:
    """A mail of these fields, written by hand: the standard library's header classes blow up on hostile values."""
    plain = {key: _MAILTO.sub(r"<\1>", " ".join(value.split())) for key, value in fields.items()}
    head = [f"{_HEADERS[key]}: {value}" for key, value in plain.items()]
    parts = [("plain", text), ("html", html)] if html else [("plain", text)]
    boundary = "=_" + hashlib.sha256((text + html).encode("utf-8", "replace")).hexdigest()
    lines = [*head, "MIME-Version: 1.0", f'Content-Type: multipart/alternative; boundary="{boundary}"', ""]
    for kind, content in parts:
        lines += [f"--{boundary}", f"Content-Type: text/{kind}; charset=utf-8", "Content-Transfer-Encoding: 8bit", ""]
        lines += [content]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode("utf-8", "replace")
