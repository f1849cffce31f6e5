"""What a token server is asked and what it answers: an access token, or why not, as one sentence with the remedy."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx2

from interest_ingest.mailbox.faults import (
    LONGEST_RETRY,
    AuthenticationFailed,
    MailboxError,
    Misbehaving,
    Throttled,
    Unavailable,
)
from interest_ingest.mailbox.watchdog import Guard, following
from interest_ingest.mailbox.wire import tls_context
from interest_ingest.oauth.providers import Registration

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 30.0
MAX_BYTES = 64 * 1024

DEFAULT_LIFETIME = 3600
"""Seconds that an access token lasts if the server does not tell (RFC 6749 §5.1 only recommends it)."""

_QUOTED_CHARS = 200
_TOKEN = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Grant:
    """A token server's consent. `lifetime` in seconds; `refresh_token` and `scope` are empty if it names none."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    lifetime: int
    scope: str


class Refused(AuthenticationFailed):
    """The token server says no; `code` is its error (RFC 6749 §5.2, RFC 8628 §3.5)."""

    code: str = ""


def grant(registration: Registration, form: Mapping[str, str]) -> Grant:
    """Ask for an access token (RFC 6749 §4.4.2, §6; RFC 8628 §3.4).

    Raises Refused for a "no", Throttled and Unavailable for what passes, Misbehaving for what is no token server.
    """
    answer = post(registration, registration.token_url, form)
    access, refresh = answer.get("access_token"), str(answer.get("refresh_token") or "")
    # They go into a line of IMAP: a control character in one would end it (RFC 6749 appendix A.12, A.17).
    if not isinstance(access, str) or not _TOKEN.fullmatch(access) or not _TOKEN.fullmatch(refresh or access):
        raise _strange(registration, registration.token_url, "no access token in the answer")
    return Grant(access, refresh, _lifetime(answer), scope=str(answer.get("scope") or ""))


def post(registration: Registration, url: str, form: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object that the server answers to this form, the client's own credentials added."""
    own = {"client_id": registration.client_id, "client_secret": registration.client_secret}
    fields = {key: value for key, value in {**own, **form}.items() if value}
    try:
        response, body = _exchange(url, fields)
    except httpx2.HTTPError as error:
        raise _unreachable(registration, url, error) from error
    except (httpx2.InvalidURL, UnicodeError) as error:  # the latter for a label of a host that no DNS has
        raise _strange(registration, url, "its address is none") from error
    answer = _document(body)
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS:
        raise _throttled(registration, url, response)
    if response.is_server_error or answer.get("error") in ("server_error", "temporarily_unavailable"):
        raise Unavailable(
            _begin(registration, url, f"cannot serve now (HTTP {response.status_code}); it is tried again")
        )
    if "error" in answer:
        raise refusal(registration, url, str(answer["error"]), str(answer.get("error_description") or ""))
    if response.status_code != httpx2.codes.OK:
        raise _strange(registration, url, f"HTTP {response.status_code}")
    return answer


def refusal(registration: Registration, url: str, code: str, description: str) -> Refused:
    """The error for RFC 6749's `error` and `error_description`."""
    said = f"{code}: {description}" if description else code
    remedy = next(remedy for pattern, remedy in _REMEDIES if pattern.search(said))
    again = _AGAIN[registration.flow].format(name=registration.mailbox)
    text = remedy.format(again=again, scope=registration.scope, client_id=registration.client_id)
    error = Refused(_begin(registration, url, f"gives no access token ({_quotable(registration, said)}); {text}"))
    error.code = code
    return error


_AGAIN = {
    "device": "run: interest-ingest auth login {name}",
    "refresh_token": "get a new refresh token and put it in the place of the old one",
    "client_credentials": "check the rights of the registered application",
}

# The first that fits wins. AADSTS: learn.microsoft.com/entra/identity-platform/reference-error-codes
_REMEDIES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), remedy)
    for pattern, remedy in (
        (r"AADSTS7000222\b", "the client secret has expired: make a new one under Certificates & secrets of the app"),
        (r"AADSTS7000215\b", "client_secret is wrong: give the secret's Value, not its Secret ID"),
        (
            r"AADSTS7000218\b",
            "the app wants a secret: set client_secret, or switch on Allow public client flows under Authentication",
        ),
        (
            r"AADSTS700016\b",
            "client_id {client_id} is no app of this tenant: compare client_id and tenant with the app's Overview",
        ),
        (r"AADSTS(?:90002|900023|50059)\b", "there is no such tenant: give the Directory (tenant) ID as tenant"),
        (
            r"AADSTS(?:50194|9002346|700005)\b",
            "the app is for one directory only: give its Directory (tenant) ID as tenant",
        ),
        (
            r"AADSTS(?:65001|65004|90094|90095)\b",
            "nobody has consented: an administrator grants consent under API permissions of the app",
        ),
        (
            r"AADSTS(?:500011|650052)\b",
            "the tenant does not know the service in scope ({scope}): check scope, and that it has Exchange Online",
        ),
        (
            r"AADSTS(?:70011|1002012|28003)\b",
            "scope ({scope}) does not fit this flow: remove scope to use the usual one",
        ),
        (r"AADSTS(?:50105|501051)\b", "this user is not assigned to the app: assign it under Enterprise applications"),
        (
            r"AADSTS(?:53003|530\d\d)\b",
            "Conditional Access forbids it: an administrator makes an exception for the app",
        ),
        (r"AADSTS(?:50057|50034)\b", "the account is unknown or disabled: check username"),
        (r"AADSTS5007[69]\b", "the account must prove itself once more: {again}"),
        (r"^invalid_grant", "it has expired, was revoked or its password was changed: {again}"),
        (r"^(?:invalid_client|unauthorized\b)", "check client_id and client_secret"),
        (r"^unauthorized_client", "this application may not do that: check client_id and which flows it is allowed"),
        (
            r"^invalid_scope",
            "scope ({scope}) is not known or not allowed: check scope and the application's permissions",
        ),
        (r"^unsupported_grant_type", "it does not offer this flow: use another flow"),
        (r"^(?:access_denied|consent_required|interaction_required)", "consent was refused or is missing: {again}"),
        (r"^(?:expired_token|code_expired)", "the code was not entered in time: {again}"),
        (
            r"^(?:admin_policy_enforced|org_internal)",
            "the administrator of the domain forbids this application: ask for it",
        ),
        (r"", "check [mailboxes.oauth] of this mailbox"),
    )
)


def _exchange(url: str, fields: Mapping[str, str]) -> tuple[httpx2.Response, bytes]:
    """POST, and at most MAX_BYTES of the answer within TOTAL_SECONDS, however slowly it comes."""
    guard = Guard(TOTAL_SECONDS, TOTAL_SECONDS)
    try:
        with contextlib.closing(guard), guard.command(MAX_BYTES):
            return _answer(url, fields, guard)
    except httpx2.HTTPError as error:
        if guard.cut:
            raise httpx2.ReadTimeout("the answer takes too long") from error
        raise


def _answer(url: str, fields: Mapping[str, str], guard: Guard) -> tuple[httpx2.Response, bytes]:
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    headers = {"Accept": "application/json"}
    body = b""
    with (
        httpx2.Client(timeout=timeout, verify=tls_context()) as client,
        client.stream("POST", url, data=dict(fields), headers=headers, extensions=following(guard)) as response,
    ):
        for chunk in response.iter_bytes(4096):
            body += chunk
            if len(body) > MAX_BYTES:
                raise httpx2.RemoteProtocolError("the answer is too long")
    return response, body


def _document(body: bytes) -> dict[str, Any]:
    with contextlib.suppress(ValueError, RecursionError):
        answer = json.loads(body)
        if isinstance(answer, dict):
            return answer
    return {}


def _lifetime(answer: Mapping[str, Any]) -> int:
    with contextlib.suppress(KeyError, TypeError, ValueError, OverflowError):
        lifetime = int(answer["expires_in"])  # Microsoft's older server writes a text
        if 0 < lifetime < 10**9:
            return lifetime
    return DEFAULT_LIFETIME


def _unreachable(registration: Registration, url: str, error: httpx2.HTTPError) -> MailboxError:
    if isinstance(error, httpx2.TimeoutException):
        return Unavailable(_begin(registration, url, "did not answer in time; it is tried again"))
    reason = _quotable(registration, str(error)) or type(error).__name__
    return Unavailable(_begin(registration, url, f"cannot be reached ({reason}); check the network, it is tried again"))


def _throttled(registration: Registration, url: str, response: httpx2.Response) -> MailboxError:
    error = Throttled(_begin(registration, url, "asks for a pause; it is tried again later"))
    with contextlib.suppress(ValueError):
        error.retry_after = float(min(max(0, int(response.headers.get("Retry-After", ""))), LONGEST_RETRY))
    return error


def _strange(registration: Registration, url: str, what: str) -> MailboxError:
    return Misbehaving(
        _begin(
            registration, url, f"does not answer as a token server does ({what}); check {_address_option(registration)}"
        )
    )


def _address_option(registration: Registration) -> str:
    return "tenant" if registration.provider == "microsoft" else "token_url and device_url"


def _begin(registration: Registration, url: str, phrase: str) -> str:
    return f"mailbox {registration.mailbox}: {urlsplit(url).hostname} {phrase}."


def _quotable(registration: Registration, text: str) -> str:
    """The server's words on one line, without what only its staff can use, and without our secrets."""
    text = re.split(r"\s*(?:Trace ID|Correlation ID):", text)[0]
    for secret in (registration.client_secret, registration.refresh_token):
        text = text.replace(secret, "…") if secret else text
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split()).rstrip(".")
    return line if len(line) <= _QUOTED_CHARS else line[: _QUOTED_CHARS - 1] + "…"
