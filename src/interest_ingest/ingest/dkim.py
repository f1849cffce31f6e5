"""Our own check of DKIM signatures (RFC 6376), for mailboxes whose server tells no result. Needs the extra `dkim`.

It is made once, when a mail is landed, on the bytes as they came: keys are rotated, so a later check would fail.
"""

from __future__ import annotations

import importlib.util
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any, Final

from interest_ingest.errors import UsageError
from interest_ingest.ingest.authentication import NOTHING, Authentication, one_author

KEYS_LAST: Final = timedelta(days=7)
"""Keys are taken from the DNS, and signatures expire, some time after the mail was sent: an older one whose signature
does not hold is no forgery for that."""

DNS_SECONDS: Final = 5.0
"""All look-ups of one mail together."""

MAX_SIGNATURES: Final = 5
"""A mail with more is checked no further; services set one or two, each with its own look-up."""

MIN_RSA_BITS: Final = 1024
"""RFC 8301 §3.2: shorter keys are no proof."""

REMEMBERED_SECONDS: Final = 600.0
FORGOTTEN_SECONDS: Final = 60.0
"""How long a key, or that it was not to be had, is remembered: while DNS is away a backlog must not wait for each."""
MAX_REMEMBERED: Final = 1_000

MAX_BYTES: Final = 25 * 1024 * 1024

Lookup = Callable[[str, float], bytes | None]
"""The TXT record of a name within so many seconds; None if there is none. Raises `TimeoutError`."""


def require() -> None:
    """Raise `UsageError` if what the check needs is not installed."""
    if not all(importlib.util.find_spec(name) for name in ("dkim", "dns")):
        raise UsageError("dkim = true needs two more packages; install them: pip install 'interest-ingest[dkim]'")


def check(raw: bytes, lookup: Lookup | None = None) -> Authentication:
    """Which domains signed the whole mail `raw` so that it holds.

    Not counted: a signature with `l=` (text could be added), over no From field, by an RSA key under 1024 bits, or one
    that expired. A key that is not to be had leaves its domain unsure.
    """
    import dkim  # type: ignore[import-untyped]  # dkimpy ships no types

    if len(raw) > MAX_BYTES:
        return NOTHING
    try:
        mail = dkim.DKIM(raw, logger=_SILENT, minkey=MIN_RSA_BITS)
    except (dkim.DKIMException, ValueError, IndexError):  # its reader of headers gives up on some broken mails
        return NOTHING
    fields = [name.lower() for name, _ in mail.headers]
    if not one_author(value.decode("ascii", "replace") for name, value in mail.headers if name.lower() == b"from"):
        return NOTHING
    asked = _Deadline(lookup or _REMEMBERED)
    numbers = range(min(fields.count(b"dkim-signature"), MAX_SIGNATURES))
    signed = tuple(filter(None, (_holds(mail, number, asked) for number in numbers)))
    return Authentication(checked=True, signed=signed, unsure=tuple(asked.unsure))


def _holds(mail: Any, number: int, asked: _Deadline) -> str | None:
    """The domain whose signature of this number holds."""
    try:
        prepared = mail.verify_headerprep(number)
        if not prepared or b"l" in mail.signature_fields or b"from" not in mail.include_headers:
            return None
        domain = mail.domain.decode("ascii").lower()
        asked.domain = domain
        return domain if mail.verify(number, dnsfunc=asked) else None
    except TimeoutError:
        return None
    except Exception:  # dkimpy raises whatever a forged signature or key makes Python raise: it does not hold
        return None


@dataclass
class _Deadline:
    """Look-ups of one mail; they end together, and the domains that got no answer are kept."""

    lookup: Lookup
    until: float = field(default_factory=lambda: monotonic() + DNS_SECONDS)
    domain: str = ""
    unsure: list[str] = field(default_factory=list)

    def __call__(self, name: bytes | str, timeout: float = DNS_SECONDS) -> bytes | None:
        del timeout
        left = self.until - monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            return self.lookup(name.decode("ascii") if isinstance(name, bytes) else name, left)
        except TimeoutError:
            self.unsure.append(self.domain)
            raise


class Remembered:
    """Keys by name, for a while; polls of several mailboxes share them."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._known: dict[str, tuple[float, bytes | TimeoutError | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, name: str, seconds: float) -> bytes | None:
        now = monotonic()
        until, answer = self._known.get(name, (0.0, None))
        if until <= now:
            answer = self._asked(name, seconds)
            with self._lock:
                if len(self._known) >= MAX_REMEMBERED:
                    self._known.clear()
                kept = FORGOTTEN_SECONDS if isinstance(answer, TimeoutError) else REMEMBERED_SECONDS
                self._known[name] = (monotonic() + kept, answer)
        if isinstance(answer, TimeoutError):
            raise answer
        return answer

    def _asked(self, name: str, seconds: float) -> bytes | TimeoutError | None:
        try:
            return self._lookup(name, seconds)
        except TimeoutError as error:
            return error


def _dns(name: str, seconds: float) -> bytes | None:
    import dns.exception
    import dns.resolver

    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=seconds)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.exception.SyntaxError, dns.name.LabelTooLong):
        return None
    except (dns.exception.DNSException, OSError) as error:
        raise TimeoutError(type(error).__name__) from None
    return next((b"".join(record.strings) for record in answer), None)


_REMEMBERED = Remembered(_dns)
_SILENT = logging.getLogger("interest_ingest.dkim.silent")
_SILENT.disabled = True  # dkimpy logs the header fields of mails
