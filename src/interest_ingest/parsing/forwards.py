"""A notification that somebody forwarded: the service's headers are gone, the quoted From and Subject lines remain."""

from __future__ import annotations

import hashlib
import re
from email.utils import format_datetime
from typing import Final, NamedTuple

from interest_ingest.mail import Mail
from interest_ingest.parsing.automatic import is_robot
from interest_ingest.parsing.dates import parse_moment
from interest_ingest.parsing.language import detect
from interest_ingest.parsing.phrases import FORWARD_PREFIX, FORWARDED, KEY_OF
from interest_ingest.parsing.quotes import split_signature

_MAX_ABOVE: Final = 60
"""Lines of own text that may stand over a forwarded mail."""

_MAX_LINES: Final = 5_000
_MAX_SENDER: Final = 500
_BLANKS: Final = " \t\r\xa0\u200e\u200f"
_SENDER: Final = re.compile(
    r"(?P<date>\d[^<>\"]{4,60}),\s*(?P<sender>\"?[^\",<]{0,120}\"?[^\",<]{0,80}<[^\s<>@]{1,64}@[^\s<>@]{1,255}>)\s*:$"
)

_END: Final = re.compile(r"(?i)-{4,}\s?(?:конец пересылаемого|кінець пересланого|end of forwarded)\b.{0,40}")
"""Yandex closes what it forwards."""

_HEADERS: Final = {"from": "From", "date": "Date", "to": "To", "cc": "Cc", "subject": "Subject", "reply-to": "Reply-To"}
_MARK: Final = re.compile(r"^\s?>\s?")
_MAILTO: Final = re.compile(r"\[mailto:([^\]\s]{1,320})\]")  # Outlook before 2016


class Forwarded(NamedTuple):
    """A mail in the text of another one, or attached to it."""

    mail: Mail
    """With the HTML of the outer mail, if it is in the text, for who knows where in a page to look."""
    plain: Mail
    """The same without that HTML, in which the outer mail's words and the copied header stand, too."""
    above: str = ""
    """What the one who forwards it says himself, without his signature."""


def passed_on(mail: Mail) -> Forwarded | None:
    """What a person forwards in the text of his mail; None of what a site sends, whatever its visitor pasted there."""
    answered_elsewhere = mail.reply_to is not None and mail.reply_to != mail.sender
    if answered_elsewhere or is_robot(mail.sender) or not FORWARD_PREFIX.match(mail.subject):
        return None
    return forwarded_inline(mail)


def forwarded_inline(mail: Mail) -> Forwarded | None:
    """The mail that `mail` carries in its text, below `Begin forwarded message:` and the like, or None.

    Its header has what the quoted lines tell; its HTML is that of the outer mail, for links and photos. Its trust is
    unproven: anybody can type such lines.
    """
    lines = [line.strip(_BLANKS) for line in mail.visible_text.split("\n")[:_MAX_LINES]]
    # Outlook writes no line of its own over the copied header, only `FW:` into the subject.
    start = next((n + 1 for n, line in enumerate(lines[:_MAX_ABOVE]) if _announces(line)), None)
    if start and next(filter(None, lines[start:]), "").startswith(">"):  # Apple Mail quotes the header, too
        lines[start:] = [_MARK.sub("", line) for line in lines[start:]]
    if start is None and not FORWARD_PREFIX.match(mail.subject):
        return None
    fields, end = _fields(lines, start or 0, folds=bool(mail.text.strip()))
    if "from" not in fields or (start is None and "subject" not in fields):
        return None
    fields.setdefault("subject", FORWARD_PREFIX.sub("", mail.subject))
    fields["date"] = _date(fields.get("date", ""), mail)
    body = lines[end:]
    if all(line.startswith(">") for line in body if line):  # Proton Mail marks the text and not the header
        body = [_MARK.sub("", line) for line in body]
    body = body[: next((n for n, line in enumerate(body) if _END.fullmatch(line)), None)]
    own = lines[: start - 1] if start else lines[: next(n for n, line in enumerate(lines) if _field(line)[0])]
    plain = Mail.from_bytes(_raw(fields, "\n".join(body), ""))
    paged = Mail.from_bytes(_raw(fields, "\n".join(body), mail.html)) if mail.html else plain
    return Forwarded(paged, plain, words_above("\n".join(own)))


def words_above(text: str) -> str:
    """What somebody says of a mail that he hands on: `text` without his signature, which may be all there is."""
    return split_signature(f"…\n\n{text.strip()}")[0].removeprefix("…").strip()


def _date(told: str, mail: Mail) -> str:
    """The quoted date, in words of some mail program, as a Date field; the outer mail's if it cannot be read."""
    moment = parse_moment(told, [*filter(None, (detect(mail.visible_text),)), "en"], mail.date) or mail.date
    if moment is None:
        return ""
    return format_datetime(moment if moment.tzinfo or not mail.date else moment.replace(tzinfo=mail.date.tzinfo))


def _announces(line: str) -> bool:
    return len(line) < 120 and line.endswith((":", "-", "—", "_", "：")) and FORWARDED.search(line) is not None


def _fields(lines: list[str], start: int, *, folds: bool) -> tuple[dict[str, str], int]:
    """The first block of quoted header lines from `start` on, by what they mean, and the line after it.

    Yandex writes `21.11.2026, 20:15, "Anna" <a@b>:` above or in place of a block: the name and address are From.
    With `folds` a field may go on in the next line, which it does not where a page is shown.
    """
    fields: dict[str, str] = {}
    end = start
    last = ""
    for place in range(start, min(start + _MAX_ABOVE, len(lines))):
        key, value = _field(lines[place])
        if key:
            fields.setdefault(key, value)
        elif "from" not in fields and (sender := _sender(lines[place])):
            fields |= {"date": sender["date"], "from": sender["sender"]}
        elif lines[place] and last and folds:
            fields[last] += " " + lines[place]
        elif (len(fields) >= 2 and not _goes_on(lines, place, fields)) or (lines[place] and fields):
            break
        last = key or ""
        end = place + 1
    return fields, end


def _goes_on(lines: list[str], blank: int, fields: dict[str, str]) -> bool:
    """Whether another field follows the line `blank`: Apple Mail's page has a blank line below each field."""
    around = (lines[blank - 2], *lines[blank + 1 : blank + 3]) if blank > 1 else ()
    if len(around) < 3 or around[0] or not lines[blank - 1]:
        return False
    return (_field(around[1])[0] or "from") not in fields and not around[2]


def _sender(line: str) -> re.Match[str] | None:
    return _SENDER.search(line) if len(line) <= _MAX_SENDER and line.endswith(":") and "<" in line else None


def _field(line: str) -> tuple[str | None, str]:
    head, colon, value = line[:2_000].lstrip("> *").replace("：", ":", 1).partition(":")
    return KEY_OF.get(head.strip(" *").lower()) if colon else None, value.strip(" *\t")


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
