"""What an access token lacks for IMAP, read off the token itself and off what its server said about it."""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

from interest_ingest.oauth.providers import Registration
from interest_ingest.oauth.tokens import Token

_WHERE = {
    "gmail": "consent to it again with this scope",
    "microsoft": "add it under API permissions of the app (Microsoft Graph, Delegated permissions), and log in again",
    "microsoft app": "add it under API permissions of the app (APIs my organization uses, Office 365 Exchange Online, "
    "Application permissions), and let an administrator grant consent; the next token has it within the hour",
    "yandex": "tick it at the registration of the app, and get a new token",
    "mailru": "tick it at the registration of the app, and get a new token",
    "custom": "grant it to the client",
}


def missing(registration: Registration, token: Token) -> str | None:
    """One sentence about the permission that the token lacks; None if it has one, or does not tell.

    Microsoft's tokens for companies are JWTs with the delegated permissions in `scp` and those of the app in `roles`;
    they are read without verifying, for this sentence only.
    """
    wanted = registration.permissions
    claims = claims_of(token.access_token)
    granted = {*token.scope.split(), *str(claims.get("scp") or "").split(), *_texts(claims.get("roles"))}
    short = {one.rpartition("/")[2] if one.startswith("https://outlook.") else one for one in granted}
    tells = bool(claims) or bool(token.scope)
    if not wanted or not tells or short & set(wanted):
        return None
    has = ", ".join(sorted(short)) or "none"
    return f"the access token lacks the permission {' or '.join(wanted)} (it has: {has}); {_WHERE[_kind(registration)]}"


_REFUSED = {
    "gmail": "check that username is the address of the account that consented, and that IMAP is on for it",
    "microsoft": "check that username is the mailbox's address and that the user who logged in may open it, and that "
    "IMAP is on for it: Set-CASMailbox {username} -ImapEnabled $true",
    "microsoft app": "the app has no right to this mailbox, or IMAP is off for it; as an administrator run: "
    "New-ServicePrincipal -AppId {client_id} -ObjectId (Object ID of the app under Enterprise applications), "
    "Add-MailboxPermission -Identity {username} -User (the same Object ID) -AccessRights FullAccess, "
    "Set-CASMailbox {username} -ImapEnabled $true",
    "yandex": "check username, and that mail programs are allowed in the mailbox's settings",
    "mailru": "check username, and that mail programs are allowed in the mailbox's settings",
    "custom": "check username, and that the mail server accepts tokens of this token server",
}


def advice(registration: Registration, token: Token, said: str) -> str:
    """What is left to check after the mail server refused a token that has its permission; empty for other failures.

    Microsoft takes the log-in of an app without a right to the mailbox, and answers to the next command "User is
    authenticated but not connected".
    """
    if "access token" not in said and "authenticated but not connected" not in said:
        return ""
    whose = owner(token)
    if whose and whose.lower() != registration.username.lower():
        return f"The token is that of {whose}, username is {registration.username}: {_REFUSED['microsoft']}".format(
            username=registration.username
        )
    text = _REFUSED[_kind(registration)].format(username=registration.username, client_id=registration.client_id)
    return f"{text[0].upper()}{text[1:]}"


def owner(token: Token) -> str:
    """Whose token it is, if it says so: the address of the person that logged in."""
    claims = claims_of(token.access_token)
    return str(claims.get("upn") or claims.get("preferred_username") or claims.get("unique_name") or "")


def _kind(registration: Registration) -> str:
    app = registration.provider == "microsoft" and registration.flow == "client_credentials"
    return "microsoft app" if app else registration.provider


def claims_of(access_token: str) -> dict[str, Any]:
    """The payload of a JWT (RFC 7519), not verified; empty if the token is none."""
    parts = access_token.split(".")
    if len(parts) == 3:
        with contextlib.suppress(ValueError, RecursionError):
            payload = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
            if isinstance(payload, dict):
                return payload
    return {}


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []
