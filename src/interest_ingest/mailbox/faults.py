"""Every way in which a mailbox can fail, as one sentence with its remedy.

This is the one place where errors of sockets, TLS, imaplib and imapclient are translated. The password never gets into
a message: a server that repeats it is quoted without it.
"""

from __future__ import annotations

import base64
import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from imapclient.exceptions import (
    CapabilityError,
    ProtocolError,
)

from interest_ingest.errors import Unreachable
from interest_ingest.mailbox.watchdog import Cut, CutOff, Guard

if TYPE_CHECKING:
    from interest_ingest.mailbox.account import Account

_QUOTED_CHARS = 200

LONGEST_RETRY = 24 * 3600.0
"""Seconds: whatever a server names, it is asked again after a day."""


class MailboxError(Unreachable):
    """A mailbox cannot be read now. `retry_after` is the pause in seconds that the server asked for, if it did."""

    retry_after: float | None = None


class AuthenticationFailed(MailboxError):
    """The server refuses the log-in: repeating it soon can lock the account."""


class Throttled(MailboxError):
    """The server wants fewer commands or connections."""


class Unavailable(MailboxError):
    """The server cannot be reached or says that it cannot serve now."""


class NoSuchFolder(MailboxError):
    """The configured folder is not there."""


class InsecureConnection(MailboxError):
    """No encrypted connection to whom the configuration names: nothing was sent."""


class TooSlow(MailboxError):
    """A deadline passed."""


class Misbehaving(MailboxError):
    """What the server sends is no IMAP, or more than was asked for."""


class Refused(MailboxError):
    """The server said NO or BAD for a reason that has no class of its own."""


class Stopped(MailboxError):
    """This program is about to end."""


# The texts of real servers (Gmail, Microsoft 365, Yandex, Mail.ru, Dovecot, Cyrus, Courier) and the response codes of
# RFC 3501, RFC 5530 and RFC 9051; the first line that fits wins. SERVERBUG is not among them: Dovecot answers so for
# one damaged mail, which must not stop the others.
_ANSWERS: tuple[tuple[type[MailboxError], re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (
            Throttled,
            r"throttl|backoff|back off|\[(?:LIMIT|OVERQUOTA|INUSE)\]|too many (?:simultaneous |concurrent |open )?"
            r"(?:connections|login|command|request)|bandwidth limit|rate limit|maximum number of connections",
        ),
        (
            Unavailable,
            r"\[(?:UNAVAILABLE|CONTACTADMIN)\]|temporar|try (?:again|later)|server (?:is )?(?:busy|unavailable)"
            r"|not connected|shutting down|system error",
        ),
        (
            AuthenticationFailed,
            r"\[(?:AUTHENTICATIONFAILED|AUTHORIZATIONFAILED|EXPIRED|PRIVACYREQUIRED|WEBALERT)\b|authentication fail"
            r"|invalid (?:credentials|login|user|password)|password|log-?in fail|IMAP (?:access )?is disabled"
            r"|log in (?:via|with) your (?:web )?browser",  # Gmail, when it suspects a thief
        ),
        # RFC 3501 wants its text shown to people and says nothing of its meaning: it may be over soon.
        (Unavailable, r"\[ALERT\]"),
        (
            NoSuchFolder,
            r"\[(?:NONEXISTENT|TRYCREATE)\]|unknown (?:mailbox|folder)|no such (?:mailbox|folder)"
            r"|(?:doesn't|does not|not) exist|(?:mailbox|folder) not found",
        ),
    )
)

_BACKOFF = re.compile(r"back-?off(?: time)?:? *(\d{1,9}) *(milliseconds|ms|seconds|s)?", re.IGNORECASE)

_REMEDIES: dict[type[MailboxError], str] = {
    Throttled: "asks for a pause ({text}); it is polled again later, a longer poll_interval avoids this",
    Unavailable: "cannot serve now ({text}); it is tried again at the next poll",
    AuthenticationFailed: "refuses the log-in of {user} ({text}); check username and password"
    " (Gmail, Yandex and Mail.ru want an app password) and that IMAP is switched on for the account",
    NoSuchFolder: "has no folder {folder!r} ({text}); give the folder's full name on the server",
    Refused: "refuses a command ({text}); check the account's rights on the folder",
    Misbehaving: "does not answer as an IMAP server does ({text}); check host and port",
}

_BEARER_REFUSED = "refuses the access token of {user} ({text}); interest-ingest check tells what it lacks"

_NO_STARTTLS = 'offers no STARTTLS, so nothing was sent; use tls = "implicit" and its port, mostly 993'

_CUTS: dict[Cut, tuple[type[MailboxError], str]] = {
    Cut.STOP: (Stopped, "was left because this program is ending"),
    Cut.COMMAND: (
        TooSlow,
        "did not finish a command within {limits.command_seconds:g} s; it is tried at the next poll",
    ),
    Cut.POLL: (
        TooSlow,
        "kept a poll busy for {limits.poll_seconds:g} s; what was read is kept and the next poll goes on from there",
    ),
    Cut.ANSWER: (Misbehaving, "sends more than was asked for; check that host and port are those of an IMAP server"),
}

# What imapclient and imaplib raise on an answer that is no IMAP, found by a lying server: their own errors, and what
# falls out of their parsers (unpacking, int(), deep parentheses).
_PARSER_ERRORS = (ValueError, TypeError, LookupError, AttributeError, AssertionError, RecursionError)


@contextlib.contextmanager
def translated(account: Account, guard: Guard, *, login: bool = False) -> Iterator[None]:
    """Turn everything that a connection can raise into a MailboxError with its sentence."""
    try:
        yield
    except (imaplib.IMAP4.error, OSError, *_PARSER_ERRORS) as error:
        raise _translate(account, guard, error, login) from error


def refusal(account: Account, text: str, *, login: bool = False) -> MailboxError:
    """The error for a NO or BAD with this text."""
    kind = next(
        (kind for kind, pattern in _ANSWERS if pattern.search(text)), AuthenticationFailed if login else Refused
    )
    if kind is AuthenticationFailed and not login:  # "password" in the name of a folder, say
        kind = Refused
    phrase = _BEARER_REFUSED if kind is AuthenticationFailed and account.token else _REMEDIES[kind]
    error = kind(_sentence(account, phrase, text))
    if backoff := _BACKOFF.search(text):
        seconds = int(backoff[1]) / (1 if (backoff[2] or "").startswith("s") else 1000)
        error.retry_after = min(seconds, LONGEST_RETRY)
    return error


def _translate(account: Account, guard: Guard, error: BaseException, login: bool) -> MailboxError:
    if guard.cut:
        kind, phrase = _CUTS[guard.cut]
        return kind(_sentence(account, phrase))
    if isinstance(error, OSError):
        return _network(account, error)
    text = _text(error)
    if isinstance(error, CapabilityError):  # of the commands in use only STARTTLS is not asked for before
        return InsecureConnection(_sentence(account, _NO_STARTTLS))
    if isinstance(error, imaplib.IMAP4.readonly):
        return Refused(
            _sentence(account, "gives the folder {folder!r} for reading only; acknowledge needs more rights")
        )
    # imapclient makes a refused log-in of a connection that ended during it: that is no reason to wait for an hour.
    if isinstance(error, imaplib.IMAP4.abort) or text.startswith("socket error"):
        return _broken(account, text)
    if isinstance(error, (ProtocolError, *_PARSER_ERRORS)):
        return Misbehaving(_sentence(account, _REMEDIES[Misbehaving], type(error).__name__))
    return refusal(account, text, login=login)


def _broken(account: Account, text: str) -> MailboxError:
    """The connection ended: by a BYE, which may say why, without a word, or because what came is no IMAP."""
    if text.startswith("unexpected"):
        return Misbehaving(_sentence(account, _REMEDIES[Misbehaving], text))
    known = refusal(account, text)
    if not isinstance(known, Refused):
        return known
    return Unavailable(_sentence(account, "closed the connection ({text}); it is tried again at the next poll", text))


_NETWORK: tuple[tuple[type[OSError], type[MailboxError], str], ...] = (
    (
        ssl.SSLCertVerificationError,
        InsecureConnection,
        "shows a certificate that is not trusted ({text}); check the host name, or have the certificate renewed"
        " (a private authority is trusted through SSL_CERT_FILE)",
    ),
    (
        ssl.SSLEOFError,
        Unavailable,
        "closed the connection; it is tried again at the next poll",
    ),
    (
        ssl.SSLError,
        InsecureConnection,
        'does not speak TLS 1.2 or newer there ({text}); check the port and whether tls should be "starttls"',
    ),
    (socket.gaierror, Unavailable, "is not known by that host name ({text}); check host and the name server"),
    (TimeoutError, TooSlow, "did not answer within {limits.read_seconds:g} s; check host, port and firewall"),
    (ConnectionRefusedError, Unavailable, "does not listen on that port; check host, port and whether it is running"),
    (OSError, Unavailable, "cannot be reached ({text}); it is tried again at the next poll"),
)


def _network(account: Account, error: OSError) -> MailboxError:
    kind, phrase = next((kind, phrase) for cause, kind, phrase in _NETWORK if isinstance(error, cause))
    text = getattr(error, "verify_message", None) or getattr(error, "reason", None) or error.strerror or str(error)
    return kind(_sentence(account, phrase, str(text)))


def _sentence(account: Account, phrase: str, text: str = "") -> str:
    said = phrase.format(
        text=_quotable(account, text), user=account.username, folder=account.folder, limits=account.limits
    )
    return f"mailbox {account.name}: {account.host}:{account.port} {said}."


def _quotable(account: Account, text: str) -> str:
    for spelling in _spellings(account):
        text = text.replace(spelling, "…")
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _QUOTED_CHARS else line[: _QUOTED_CHARS - 1] + "…"


def _spellings(account: Account) -> list[str]:
    """How a server may repeat the password: as it is, quoted as in LOGIN, in AUTHENTICATE PLAIN, and each as a repr."""
    if not account.password:
        return []
    quoted = account.password.replace("\\", "\\\\").replace('"', '\\"')
    plain = base64.b64encode(f"\0{account.username}\0{account.password}".encode()).decode()
    raw = [quoted, account.password, plain]
    escaped = [spelling.encode("unicode_escape").decode() for spelling in raw]
    return [*(form.replace("'", "\\'") for form in escaped), *escaped, *raw]


_BYTES = re.compile(r"""\[?b(['"])(.*)\1\]?""", re.DOTALL)

_PREFIX = re.compile(r"(?:command: )?\w+ (?:=>|failed:|command error: BAD) ")
"""What imaplib and imapclient put before the words of the server."""


def _text(error: BaseException) -> str:
    """The server's words in an error of imaplib, which gives them as bytes or as the repr of bytes."""
    first = error.args[0] if error.args else ""
    text = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(first)
    # To the words of the server about a SEARCH imapclient adds a paragraph on how criteria are written.
    text, advice, _ = text.partition("\n\n")
    text = text.removesuffix("'") if advice else text
    return _PREFIX.sub("", _BYTES.sub(lambda found: found[2], text), count=1)


__all__ = [
    "AuthenticationFailed",
    "CutOff",
    "InsecureConnection",
    "MailboxError",
    "Misbehaving",
    "NoSuchFolder",
    "Refused",
    "Stopped",
    "Throttled",
    "TooSlow",
    "Unavailable",
    "refusal",
    "translated",
]
