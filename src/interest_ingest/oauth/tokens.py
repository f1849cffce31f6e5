"""Tokens at rest: one file for each mailbox, for its owner alone, replaced as a whole or not at all."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from interest_ingest.errors import UsageError

_VERSION = 1

_ROOM = 64 * 1024
"""Bytes taken on the disk before a new token is asked for; more than an answer of a token server may have."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token server gave. `registration` is the digest of the registration that it was given to."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    """Empty if there is none: client credentials get a new access token by their secret."""
    issued_at: datetime
    expires_at: datetime
    scope: str
    """The granted permissions, parted by spaces; empty if the server does not name them."""
    registration: str


@dataclass(frozen=True, slots=True)
class TokenFile:
    """The token of `mailbox` in the file `path`. Raises UsageError with a remedy if the file is of no use."""

    path: Path
    mailbox: str

    def read(self) -> Token | None:
        """The stored token; None if there is none."""
        try:
            stored = json.loads(self.path.read_bytes())
            if stored.pop("version") != _VERSION:
                raise ValueError("another version")
            issued_at, expires_at = (datetime.fromisoformat(stored.pop(key)) for key in ("issued_at", "expires_at"))
            return Token(issued_at=issued_at, expires_at=expires_at, **_texts(stored))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._complaint("cannot be read", error) from None
        except (ValueError, TypeError, LookupError, AttributeError):
            raise UsageError(
                f"mailbox {self.mailbox}: its token file {self.path} is damaged; remove it and, if a person logs in "
                f"for this mailbox, run: interest-ingest auth login {self.mailbox}"
            ) from None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep the other threads and processes that would renew this token waiting."""
        try:
            self._make_folder()
            lock = os.open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._complaint("cannot be locked", error) from None
        try:
            self._give(lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def replacing(self) -> Iterator[Callable[[Token], None]]:
        """Gives the function that stores a new token in place of the old one; for the holder of the lock.

        A token server may void the old refresh token as it gives the new one. So what can fail here is done before
        the server is asked: the file is made and its room on the disk is taken.
        """
        try:
            self._make_folder()
            for left in self.path.parent.glob(f".{self.path.name}.*"):  # by a process that was killed
                left.unlink()
            handle, draft = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}.")  # of mode 0600
        except OSError as error:
            raise self._complaint("cannot be written", error) from None
        try:
            with os.fdopen(handle, "wb") as file:
                try:
                    os.posix_fallocate(handle, 0, _ROOM)
                except OSError as error:
                    raise self._complaint("cannot be written", error) from None
                yield lambda token: self._store(file.fileno(), draft, token)
        finally:
            with contextlib.suppress(FileNotFoundError):  # renamed
                Path(draft).unlink()

    def _store(self, handle: int, draft: str, token: Token) -> None:
        try:
            content = json.dumps({"version": _VERSION, **asdict(token)}, default=datetime.isoformat).encode()
            os.pwrite(handle, content, 0)
            os.ftruncate(handle, len(content))
            self._give(handle)
            os.fsync(handle)
            Path(draft).replace(self.path)
            _sync(self.path.parent)
        except OSError as error:
            raise self._complaint("cannot be written", error) from None

    def _make_folder(self) -> None:
        folder = self.path.parent
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _give(folder, folder.parent)

    def _give(self, handle: int) -> None:
        _give(handle, self.path.parent)

    def _complaint(self, what: str, error: OSError) -> UsageError:
        reason = (error.strerror or str(error)).lower()
        return UsageError(
            f"mailbox {self.mailbox}: its token file {self.path} {what}: {reason}; let the user of the daemon own its "
            "folder, with room on the disk, or name another by state in [daemon]"
        )


def status(file: TokenFile) -> tuple[datetime, datetime] | None:
    """When the stored access token was issued and when it ends, both UTC; None if there is none."""
    with contextlib.suppress(UsageError):
        if token := file.read():
            return token.issued_at, token.expires_at
    return None


def _give(path: Path | int, like: Path) -> None:
    """What root makes (by `auth login`, say) belongs to whom the folder belongs: the daemon must read it."""
    if os.geteuid() == 0:
        owner = like.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _texts(stored: dict[str, Any]) -> dict[str, Any]:
    if not all(isinstance(value, str) for value in stored.values()):
        raise TypeError("not a text")
    return stored
