"""Mails from files: a single .eml, a folder of them, an mbox, a Maildir.

Nothing is loaded whole but one mail at a time, and of a mail over the size limit only its beginning. What a file is
says its content, not its name: a file that begins with an mbox `From ` line is an mbox (RFC 4155), any other is a mail.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from interest_ingest.errors import UsageError
from interest_ingest.mailbox.message import Message, Problem

MESSAGE_BYTES = 25 * 1024 * 1024
"""Of a larger mail only the first BEGINNING_BYTES are read."""

BEGINNING_BYTES = 512 * 1024
"""A header block of 256 KB and as much text."""

_SUFFIXES = (".eml", ".mbox")
_LINE_BYTES = 64 * 1024
_SAMPLE_BYTES = 1024 * 1024

# `From anna@shop.example Sat Nov 21 09:15:00 2026`, with or without seconds and a zone before or after the year. Mail
# programs differ in all but the month, the time and the year; a sentence that begins with From has none of them.
_SEPARATOR = re.compile(
    rb"From (?:[^\r\n]{0,500} )?(?P<month>Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +(?P<day>\d{1,2}) +"
    rb"(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?: +(?P<before>[+-]\d{4}|[A-Z][A-Za-z]{1,4}))?"
    rb" +(?P<year>\d{4})(?: +(?P<after>[+-]\d{4}|[A-Z][A-Za-z]{1,4}))?[ \t]*\r?\n?\Z"
)
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_ZONE = re.compile(rb"([+-])(\d\d)(\d\d)")
_QUOTED = re.compile(rb">+From ")
_BLANK = (b"\n", b"\r\n")


def read_path(path: Path) -> Iterator[Message | Problem]:
    """The mails of a file or folder, sorted by file name; `uid` is 0.

    `received_at` is the date of the mbox `From ` line (UTC unless it names an offset), else the time of the file's last
    change. A file inside a folder that cannot be read becomes a Problem and the others go on. Raises UsageError for a
    `path` that is not there, may not be read, or is neither a file nor a folder.
    """
    if _is_folder(path):
        return _folder(path)
    return _file(path)


def count_path(path: Path) -> int:
    """About how many mails `read_path` gives, for a progress bar: of an mbox only the first megabyte is looked at."""
    if _is_folder(path):
        return sum(_count(found) for found in _walk(path) if isinstance(found, Path))
    return _count(path)


def _is_folder(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            os.scandir(path).close()
            return True
        if stat.S_ISREG(mode):
            path.open("rb").close()
            return False
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(
            f"{path} cannot be read ({_reason(error)}); give one that is there and that this user may read."
        ) from error
    raise UsageError(f"{path} is neither a file nor a folder; give an .eml file, an mbox, a Maildir or a folder.")


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _folder(path: Path) -> Iterator[Message | Problem]:
    for found in _walk(path):
        if isinstance(found, Problem):
            yield found
        else:
            yield from _file(found)


def _walk(path: Path) -> Iterator[Path | Problem]:
    """The files of mails under a folder; a Maildir in it is read as such."""
    problems: list[Problem] = []

    def note(error: OSError) -> None:
        problems.append(Problem(str(error.filename), _reason(error)))

    for where, folders, files in os.walk(path, onerror=note):
        folders.sort()
        if {"cur", "new"} <= set(folders):
            folders[:] = [name for name in folders if name.startswith(".")]  # Maildir++ keeps subfolders so
            yield from _maildir(Path(where))
        yield from (Path(where, name) for name in sorted(files) if name.lower().endswith(_SUFFIXES))
        yield from problems
        problems.clear()
    yield from problems


def _maildir(path: Path) -> Iterator[Path | Problem]:
    """Files of `cur` and `new` by name, which begins with the time of delivery."""
    found: list[Path] = []
    for part in ("cur", "new"):
        try:
            with os.scandir(path / part) as entries:
                found += (Path(entry) for entry in entries if not entry.name.startswith("."))
        except OSError as error:
            yield Problem(str(path / part), _reason(error))
    yield from sorted(found, key=lambda file: file.name)


def _file(path: Path) -> Iterator[Message | Problem]:
    try:
        with _open(path) as stream:
            status = os.fstat(stream.fileno())
            changed = datetime.fromtimestamp(status.st_mtime, UTC)
            if separator := _SEPARATOR.match(stream.readline(_LINE_BYTES)):
                yield from _mbox(stream, _date(separator, changed), changed)
            else:
                stream.seek(0)
                raw = stream.read(MESSAGE_BYTES + 1)
                yield _message(raw, max(status.st_size, len(raw)), changed)
    except OSError as error:
        yield Problem(str(path), _reason(error))


def _open(path: Path) -> BinaryIO:
    # Not blocking: opening a named pipe would wait for somebody to write into it.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "Not a regular file")
    return os.fdopen(descriptor, "rb")


def _message(raw: bytes, size: int, received_at: datetime) -> Message:
    whole = size <= MESSAGE_BYTES
    return Message(0, raw if whole else raw[:BEGINNING_BYTES], received_at, size, whole)


def _mbox(stream: BinaryIO, received_at: datetime, changed: datetime) -> Iterator[Message]:
    """The mails of an mbox whose first `From ` line is read. `>From ` is unquoted as mboxrd does it."""
    mail = bytearray()
    size = 0
    begins_line = True
    after_blank = False
    while line := stream.readline(_LINE_BYTES):
        if begins_line:
            if after_blank and line.startswith(b"From ") and (separator := _SEPARATOR.match(line)):
                yield _from_mbox(mail, size, received_at)
                mail, size, after_blank = bytearray(), 0, False
                received_at = _date(separator, changed)
                continue
            if line.startswith(b">") and _QUOTED.match(line):
                line = line[1:]
        after_blank = begins_line and line in _BLANK
        begins_line = line.endswith(b"\n")
        size += len(line)
        if size <= MESSAGE_BYTES:
            mail += line
        else:
            del mail[BEGINNING_BYTES:]
    yield _from_mbox(mail, size, received_at)


def _from_mbox(mail: bytearray, size: int, received_at: datetime) -> Message:
    """A mail without the blank line that stands between it and the next."""
    for blank in reversed(_BLANK):
        if size == len(mail) and (mail.endswith(b"\n" + blank) or mail == blank):
            del mail[-len(blank) :]
            return _message(bytes(mail), len(mail), received_at)
    return _message(bytes(mail), size, received_at)


def _date(separator: re.Match[bytes], otherwise: datetime) -> datetime:
    year, day, hour, minute = (int(separator[name]) for name in ("year", "day", "hour", "minute"))
    month = _MONTHS.index(separator["month"]) + 1
    try:
        moment = datetime(year, month, day, hour, minute, int(separator["second"] or 0), tzinfo=UTC)
        return moment - _offset(separator["after"] or separator["before"] or b"")
    except (ValueError, OverflowError):
        return otherwise


def _offset(zone: bytes) -> timedelta:
    if not (found := _ZONE.fullmatch(zone)):
        return timedelta(0)
    offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return -offset if found[1] == b"-" else offset


def _count(path: Path) -> int:
    try:
        with _open(path) as stream:
            if not _SEPARATOR.match(stream.readline(_LINE_BYTES)):
                return 1
            sample = stream.read(_SAMPLE_BYTES)
            size = os.fstat(stream.fileno()).st_size
    except OSError:
        return 1  # a Problem
    found = 1 + sum(1 for line in sample.splitlines(keepends=True) if line[:5] == b"From " and _SEPARATOR.match(line))
    return found if size <= _SAMPLE_BYTES else max(found, round(found * size / _SAMPLE_BYTES))
