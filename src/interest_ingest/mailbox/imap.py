"""A folder of an IMAP server, read without altering it (RFC 3501, RFC 9051).

    with connect(account) as box:
        state = box.examine()
        for chunk in box.messages(box.uids(1, None)):
            ...

Every command has a deadline and a bound on its answer, every failure is a MailboxError with one sentence. A mail that
the server cannot give is noted in `box.unfetchable`, and the others are read.
"""

from __future__ import annotations

import contextlib
import imaplib
import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

from interest_ingest.errors import UsageError
from interest_ingest.mailbox import answers, parts, sasl
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import (
    MailboxError,
    Misbehaving,
    NoSuchFolder,
    Refused,
    translated,
)
from interest_ingest.mailbox.message import Message, Size
from interest_ingest.mailbox.watchdog import Cut, Guard
from interest_ingest.mailbox.wire import Client, tls_context

Mode = Literal["none", "keyword", "seen", "move"]

KEYWORD = b"$Carded"

WINDOW = 50_000
"""UIDs of one SEARCH: its answer is one line, and servers and clients have limits on lines."""

_FOUND_BYTES = 1024 * 1024
"""The answer to one SEARCH: WINDOW times a UID of ten digits, and room for what else the server tells meanwhile."""

_GROUP = 500
"""UIDs of one command: some servers refuse command lines over 8,000 octets."""

_COMPACT = 5_000
"""UIDs of one command when most of them follow each other, so that ranges name them; as few octets as `_GROUP`."""

_CHUNK = 200
_ITEMS = 100
_LOGOUT_SECONDS = 2.0
_MAX_UID = 2**32 - 1

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN_USER = re.compile(r"[A-Za-z0-9@._+=-]+")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FolderState:
    """What the server says of the opened folder. None: it does not say, or says that UIDs do not last (RFC 4315)."""

    uidvalidity: int | None
    uidnext: int | None
    exists: int
    permanent_flags: frozenset[bytes]
    read_only: bool
    mailboxid: str | None = None
    """The server's own name of the folder, which stays when it is renamed (RFC 8474)."""


@contextlib.contextmanager
def connect(account: Account, stop: threading.Event | None = None) -> Iterator[Mailbox]:
    """Log in to the account. When `stop` is set the connection is cut, also in the middle of a command.

    Raises UsageError (clear text to another machine, control characters) before any connection, else MailboxError.
    """
    _check(account)
    token = account.token("") if account.token else ""
    guard = Guard(account.limits.command_seconds, account.limits.poll_seconds, stop)
    client: Client | None = None
    try:
        with translated(account, guard), guard.command(account.limits.answer_bytes):
            client = Client(account, guard)
            if account.tls == "starttls":
                client.starttls(tls_context())
        with translated(account, guard, login=True), guard.command(account.limits.answer_bytes):
            _log_in(client, account, token)
        yield Mailbox(account, client, guard)
        with (
            contextlib.suppress(MailboxError),
            translated(account, guard),
            guard.command(account.limits.answer_bytes, _LOGOUT_SECONDS),
        ):
            client.logout()
    finally:
        if client is not None:
            client.shutdown()
        guard.close()


class Mailbox:
    """An open connection; made by `connect`. Not for use by two threads."""

    def __init__(self, account: Account, client: Client, guard: Guard) -> None:
        self.account = account
        self.unfetchable: dict[int, str] = {}
        """UIDs that are in the folder and that the server did not give, with the reason."""
        self.asking: list[int] = []
        """UIDs of the FETCH that has no answer yet: after a broken connection, those that may have broken it."""
        self._twofold: dict[int, bytes] = {}
        self._items: tuple[str, ...] = ()
        self._client = client
        self._guard = guard
        self._folder = account.folder
        self._state: FolderState | None = None

    def examine(self, folder: str | None = None) -> FolderState:
        """Open the folder for reading only (EXAMINE: nothing in it can change). Raises NoSuchFolder."""
        return self._open(folder or self.account.folder, readonly=True)

    def uids(self, low: int, high: int | None = None, since: date | None = None) -> list[int]:
        """The UIDs from `low` to `high` (None: to the last), ascending; only mails received since that day."""
        received = ["SINCE", since] if since else []
        found: set[int] = set()
        for begin, end in self._windows(low, high):
            answer = self._search(["UID", f"{begin}:{end}", *received])
            # Servers give the last message for a range that begins after it (RFC 3501 §6.4.8).
            found.update(uid for uid in answer if begin <= uid <= end)
        return sorted(found)

    def sizes(self, uids: Iterable[int]) -> dict[int, Size]:
        """Size and INTERNALDATE (UTC) of those that the server knows, before their bytes are fetched."""
        known: dict[int, Size] = {}
        for group in _compact(sorted(uids)):
            known |= self._fetch(group, self._size_items(), answers.sizes)
        return known

    def present(self, uids: Iterable[int]) -> list[int]:
        """Those of the UIDs that are in the folder now, ascending."""
        there: list[int] = []
        for group in _compact(sorted(uids)):
            answer = self._search(["UID", ",".join(map(str, _set(group)))])
            there += set(answer).intersection(group)
        return sorted(there)

    def has_folder(self, name: str) -> bool:
        """Whether the account has a folder of this name."""
        _refuse_controls(self.account.name, "folder", name)
        return name in (str(found) for _, _, found in self._ask(self._client.list_folders, "", name))

    def messages(self, uids: Iterable[int]) -> Iterator[list[Message]]:
        """The mails, oldest first, in chunks of at most `chunk_bytes`; a large one is a chunk of its own.

        UIDs that are no longer in the folder are left out; those that are and have no bytes get into `unfetchable`.
        """
        for group in _groups(sorted(uids), _GROUP):
            sizes = self.sizes(group)
            self._still_there([uid for uid in group if uid not in sizes], "the server does not tell its size")
            for chunk in self._chunks(sizes):
                if messages := self._read(chunk, sizes):
                    yield messages

    def acknowledge(self, uids: Iterable[int], mode: Mode, folder: str = "") -> None:
        """Tell the mailbox that these mails are done; doing it twice is harmless.

        `keyword` sets $Carded, `seen` sets \\Seen, `move` moves to `folder`, which is made if it is not there. Raises
        UsageError if the server cannot do that (keywords not kept, no MOVE extension).
        """
        wanted = sorted(uids)
        if mode == "none" or not wanted:
            return
        state = self._writable()
        if mode == "keyword" and not {b"\\*", KEYWORD} & state.permanent_flags:
            raise UsageError(
                f"mailbox {self.account.name}: {self.account.host} keeps no keywords in {self._folder}; use "
                'acknowledge = "seen", "move" or "none".'
            )
        for group in _groups(wanted, _GROUP):
            if mode == "move":
                self._move(group, folder)
            else:
                self._ask(self._client.add_flags, group, [KEYWORD if mode == "keyword" else b"\\Seen"], silent=True)

    def suspects(self) -> list[int]:
        """After an error: the UIDs at which the connection broke, [] if it was cut by us or nothing was asked for."""
        return [] if self._guard.cut in (Cut.STOP, Cut.POLL) else self.asking

    def capabilities(self) -> frozenset[str]:
        """What the server says that it can, in capitals: `IDLE`, `MOVE`, `UIDPLUS`, …"""
        return frozenset(one.decode("ascii", "replace").upper() for one in self._ask(self._client.capabilities))

    def hand_over(self) -> tuple[socket.socket, bytes]:
        """Give the connection out of hand, for IDLE: see `Wire.hand_over`. Nothing else may be asked after that."""
        return self._client.hand_over()

    # Opening

    def _open(self, folder: str, *, readonly: bool) -> FolderState:
        _refuse_controls(self.account.name, "folder", folder)
        try:
            answer = self._ask(self._client.select_folder, folder, readonly=readonly)
        except NoSuchFolder as error:
            raise NoSuchFolder(f"{error} There are: {self._folder_names()}.") from error
        self._folder = folder
        self._state = FolderState(
            uidvalidity=None if b"UIDNOTSTICKY" in answer else answer.get(b"UIDVALIDITY"),
            uidnext=answer.get(b"UIDNEXT"),
            exists=answer.get(b"EXISTS", 0),
            permanent_flags=frozenset(answer.get(b"PERMANENTFLAGS", ())),
            read_only=readonly or b"READ-ONLY" in answer,
            mailboxid=_mailboxid(answer.get(b"MAILBOXID")),
        )
        return self._state

    def _folder_names(self) -> str:
        names = sorted(str(name) for _, _, name in self._ask(self._client.list_folders))
        return ", ".join(names[:8]) + (", …" if len(names) > 8 else "")

    def _writable(self) -> FolderState:
        if self._state is not None and not self._state.read_only:
            return self._state
        before = self._state.uidvalidity if self._state else None
        state = self._open(self._folder, readonly=False)
        if before != state.uidvalidity and before is not None:
            raise Refused(
                f"mailbox {self.account.name}: {self._folder} was made anew on {self.account.host} in the meantime; "
                "the next poll reads it again."
            )
        return state

    def _move(self, uids: list[int], folder: str) -> None:
        _refuse_controls(self.account.name, "move_to", folder)
        if not self._ask(self._client.has_capability, "MOVE"):
            raise UsageError(
                f"mailbox {self.account.name}: {self.account.host} has no MOVE command (RFC 6851); use acknowledge = "
                '"keyword", "seen" or "none".'
            )
        try:
            self._ask(self._client.move, uids, folder)
        except NoSuchFolder:  # [TRYCREATE]
            self._ask(self._client.create_folder, folder)
            self._ask(self._client.move, uids, folder)

    # Enumerating

    def _windows(self, low: int, high: int | None) -> Iterator[tuple[int, int]]:
        """Ranges whose SEARCH answers with at most some 50,000 UIDs."""
        state = self._state or self.examine()
        last = high if high is not None else (state.uidnext or _MAX_UID + 1) - 1
        if state.exists > WINDOW:
            # A server may number from the time of day on: do not walk through millions of UIDs that never were.
            first, final = self._ends(state.exists)
            low = max(low, first)
            last = min(last, final) if high is not None or not state.uidnext else last
        width = WINDOW if state.exists > WINDOW else _MAX_UID
        for begin in range(low, last + 1, width):
            yield begin, min(begin + width - 1, last)

    def _ends(self, exists: int) -> tuple[int, int]:
        """The lowest and the highest UID, or the widest bounds if the server does not tell."""

        def by_number() -> Any:
            self._client.use_uid = False
            try:
                return self._client.fetch([1, exists], ["UID"])
            finally:
                self._client.use_uid = True

        uids = [data[b"UID"] for data in self._ask(by_number).values() if b"UID" in data]
        return (min(uids), max(uids)) if len(uids) == 2 else (1, _MAX_UID)

    def _still_there(self, uids: list[int], reason: str) -> list[int]:
        """Those of the UIDs that were not expunged in the meantime; they are noted as unfetchable."""
        there = self.present(uids) if uids else []
        self.unfetchable.update(dict.fromkeys(there, reason))
        return there

    # Reading

    def _chunks(self, sizes: dict[int, Size]) -> Iterator[list[int]]:
        limits = self.account.limits
        chunk: list[int] = []
        total = 0
        for uid in sorted(sizes):
            size = sizes[uid].size
            if chunk and (total + size > limits.chunk_bytes or size > limits.whole_bytes or len(chunk) == _CHUNK):
                yield chunk
                chunk, total = [], 0
            chunk.append(uid)
            total += size
            if size > limits.whole_bytes:
                yield chunk
                chunk, total = [], 0
        if chunk:
            yield chunk

    def _read(self, uids: list[int], sizes: dict[int, Size]) -> list[Message]:
        size = sizes[uids[0]]
        if size.size > self.account.limits.whole_bytes:
            oversize = size.size > self.account.limits.message_bytes
            if shortened := self._shortened(uids[0], oversize=oversize):
                return [_message(uids[0], shortened, size, whole=False)]
            if oversize:
                self._still_there(uids, "the server gives no part of it")
                return []
        raws = self._whole(uids, sum(sizes[uid].size for uid in uids))
        for uid in self._still_there([uid for uid in uids if uid not in raws], "the server gives no bytes for it"):
            raws |= self._whole([uid], sizes[uid].size)
            if uid in self._twofold:
                raws[uid] = self._twofold[uid]
            if uid in raws:
                del self.unfetchable[uid]
        return [_message(uid, raws[uid], sizes[uid], doubt=self._doubt(uid)) for uid in uids if uid in raws]

    def _doubt(self, uid: int) -> str | None:
        """Not None where the server, asked twice, gave different mails under this UID each time."""
        return "the server gives different mails under one UID" if self._twofold.pop(uid, None) else None

    def _whole(self, uids: list[int], expected: int) -> dict[int, bytes]:
        """The raw bytes of those that the server gives; after a refusal each is asked for alone."""
        for uid in uids:
            self._twofold.pop(uid, None)
        with self._isolated():
            given = self._fetch(uids, answers.BODY_ITEMS, answers.bodies, expected)
            self._twofold |= {uid: raws[0] for uid, raws in given.items() if len(raws) > 1}
            return {uid: raws[0] for uid, raws in given.items() if len(raws) == 1}
        singly = uids if len(uids) > 1 else []
        return {uid: raw for one in singly for uid, raw in self._whole([one], expected).items()}

    def _shortened(self, uid: int, *, oversize: bool) -> bytes | None:
        """The mail without its attachments' bodies; None: nothing to leave out, or the structure is not understood."""
        limits = self.account.limits
        with self._isolated():
            if raw := self._by_parts(uid, limits.text_bytes if oversize else limits.chunk_bytes):
                return raw
        with self._isolated():
            return self._beginning(uid) if oversize else None
        return None

    @contextlib.contextmanager
    def _isolated(self) -> Iterator[None]:
        """What goes wrong here is about one mail, as long as the connection lasts."""
        try:
            yield
        except (parts.NotUnderstood, Refused, Misbehaving):
            if self._guard.cut:
                raise
            self.asking = []

    def _by_parts(self, uid: int, text_bytes: int) -> bytes | None:
        answer = self._fetch([uid], ["BODYSTRUCTURE"], answers.parsed).get(uid, {})
        root = parts.read_structure(answer.get(b"BODYSTRUCTURE") or ())
        takes = parts.plan(root, text_bytes)
        if not parts.leaves_out(root, takes):
            return None
        for group in _groups(parts.items(root, takes), _ITEMS):
            answer |= self._fetch([uid], group, answers.parsed, sum(takes.values())).get(uid, {})
        return parts.rebuild(root, takes, answer)

    def _beginning(self, uid: int) -> bytes | None:
        text_bytes = self.account.limits.text_bytes
        items = [f"BODY.PEEK[HEADER]<0.{parts.MAX_HEADER}>", f"BODY.PEEK[TEXT]<0.{text_bytes}>"]
        answer = self._fetch([uid], items, answers.parsed, text_bytes).get(uid, {})
        return (answer.get(b"BODY[HEADER]<0>") or b"") + (answer.get(b"BODY[TEXT]<0>") or b"") or None

    # Asking

    def _size_items(self) -> tuple[str, ...]:
        """What is asked of every mail; where the server has names of its own for mails (RFC 8474, Gmail), those too."""
        if not self._items:
            can = self.capabilities()
            name = "EMAILID" if "OBJECTID" in can else "X-GM-MSGID" if "X-GM-EXT-1" in can else None
            self._items = (*answers.SIZE_ITEMS, name) if name else answers.SIZE_ITEMS
        return self._items

    def _fetch(
        self,
        uids: Sequence[int],
        items: Sequence[str],
        read: Callable[[list[Any]], dict[int, T]],
        expected: int = 0,
    ) -> dict[int, T]:
        """FETCH for these UIDs, whatever others the server answers for. `expected`: bytes of bodies in the answer."""
        more = expected + expected // 4  # RFC822.SIZE is too small on some servers
        self.asking = list(uids)
        answer = self._ask(lambda: read(self._client.fetch_lines(_set(uids), items)), more=more)
        self.asking = []
        return {uid: answer[uid] for uid in uids if uid in answer}

    def _search(self, criteria: list[Any]) -> list[int]:
        """The UIDs that fit; imapclient needs some 25 times the memory of the answer."""
        with translated(self.account, self._guard), self._guard.command(_FOUND_BYTES):
            return list(self._client.search(criteria))

    def _ask(self, command: Callable[..., T], *given: Any, more: int = 0, **named: Any) -> T:
        with translated(self.account, self._guard), self._guard.command(self.account.limits.answer_bytes + more):
            return command(*given, **named)


def _check(account: Account) -> None:
    for what in ("host", "username", "password", "folder"):
        _refuse_controls(account.name, what, getattr(account, what))
    if account.tls == "none" and not _is_loopback(account.host):
        raise UsageError(
            f'mailbox {account.name}: tls = "none" would send the password to {account.host} in clear text; use '
            '"implicit" or "starttls".'
        )


def _refuse_controls(mailbox: str, what: str, value: str) -> None:
    """imapclient 4.1 puts CR and LF into its commands as they are: a folder name could carry a command."""
    if _CONTROLS.search(value):
        raise UsageError(f"mailbox {mailbox}: {what} has a control character (a line break, perhaps); remove it.")


def _is_loopback(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host.lower().rstrip(".") == "localhost"


def _log_in(client: Client, account: Account, token: str) -> None:
    if account.token:
        _log_in_by_token(client, account, token, account.token)
        return
    # imaplib sends LOGIN in ASCII and the user name unquoted; AUTHENTICATE PLAIN takes any character (RFC 4616).
    if _PLAIN_USER.fullmatch(account.username) and account.password.isascii():
        client.login(account.username, account.password)
    else:
        client.plain_login(account.username, account.password)


def _log_in_by_token(client: Client, account: Account, token: str, renew: Callable[[str], str]) -> None:
    try:
        sasl.log_in(client, account.username, token)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        renewed = renew(token)  # it may have been revoked before its time
        if renewed == token:
            raise
        sasl.log_in(client, account.username, renewed)


def _groups(values: Sequence[T], size: int) -> Iterator[list[T]]:
    for begin in range(0, len(values), size):
        yield list(values[begin : begin + size])


def _compact(uids: Sequence[int]) -> Iterator[list[int]]:
    """The ascending UIDs in groups whose ranges fit into one command."""
    group: list[int] = []
    runs = 0
    for uid in uids:
        runs += not group or uid != group[-1] + 1
        if len(group) == _COMPACT or runs > _GROUP // 2:
            yield group
            group, runs = [], 1
        group.append(uid)
    if group:
        yield group


def _set(uids: Sequence[int]) -> Sequence[int | str]:
    """A sequence set (RFC 3501 §9) of the ascending UIDs; ranges like `1:5000` where one by one they are too many."""
    if len(uids) <= _GROUP:
        return uids
    ranges: list[list[int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return [str(first) if first == last else f"{first}:{last}" for first, last in ranges]


def _message(uid: int, raw: bytes, size: Size, *, whole: bool = True, doubt: str | None = None) -> Message:
    received_at = size.received_at or datetime.now(UTC)
    return Message(uid, raw, received_at, size.size, whole, emailid=size.emailid, doubt=doubt)


def _mailboxid(told: Any) -> str | None:
    """From `MAILBOXID (F2212ea87-6097-4256-9d51-71338625)` in the answer to EXAMINE."""
    if not (isinstance(told, list) and told and isinstance(told[0], bytes)):
        return None
    return told[0].strip(b"() ").decode("ascii", "replace")[:255] or None
