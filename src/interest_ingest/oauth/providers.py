"""The services whose token servers are known, and what a mailbox is registered as there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Flow = Literal["refresh_token", "client_credentials", "device"]

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

MICROSOFT_USER = "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
MICROSOFT_APP = "https://outlook.office365.com/.default"


@dataclass(frozen=True, slots=True)
class Provider:
    """A service. The keys of `scopes` are the flows that it has for mail; an empty scope is not sent."""

    token_url: str
    device_url: str
    scopes: Mapping[Flow, str]
    permissions: Mapping[Flow, tuple[str, ...]] = field(default_factory=dict)
    """Of these one must be granted, or IMAP refuses the token."""
    device_grant: tuple[str, str] = (DEVICE_GRANT, "device_code")
    """Grant type of the device flow, and under which name the device code is sent."""


# Addresses as in the services' own pages: developers.google.com/identity/protocols/oauth2, learn.microsoft.com
# "Authenticate an IMAP, POP or SMTP connection using OAuth", yandex.com/dev/id/doc. Google's device flow gives no mail
# scope. Yandex's device flow is older than RFC 8628; what a token may do is set at the registration of the app there.
PROVIDERS: Mapping[str, Provider] = {
    "gmail": Provider(
        "https://oauth2.googleapis.com/token",
        "",
        scopes={"refresh_token": ""},
        permissions={"refresh_token": ("https://mail.google.com/",)},
    ),
    "microsoft": Provider(
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token",
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/devicecode",
        scopes={"refresh_token": MICROSOFT_USER, "device": MICROSOFT_USER, "client_credentials": MICROSOFT_APP},
        permissions={
            "refresh_token": ("IMAP.AccessAsUser.All",),
            "device": ("IMAP.AccessAsUser.All",),
            "client_credentials": ("IMAP.AccessAsApp",),
        },
    ),
    "yandex": Provider(
        "https://oauth.yandex.com/token",
        "https://oauth.yandex.com/device/code",
        scopes={"refresh_token": "", "device": ""},
        permissions=dict.fromkeys(("refresh_token", "device"), ("mail:imap_full", "mail:imap_ro")),
        device_grant=("device_code", "code"),
    ),
    "mailru": Provider(
        "https://o2.mail.ru/token",
        "",
        scopes={"refresh_token": ""},
        permissions={"refresh_token": ("mail.imap",)},
    ),
    "custom": Provider("", "", scopes={"refresh_token": "", "client_credentials": "", "device": ""}),
}


@dataclass(frozen=True, slots=True)
class Registration:
    """What one mailbox is to its token server; made from [mailboxes.oauth]."""

    mailbox: str
    username: str
    provider: str
    flow: Flow
    client_id: str
    token_url: str
    device_url: str = ""
    scope: str = ""
    client_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    """The first one, as the operator got it; the server may give others in its place."""

    @property
    def digest(self) -> str:
        """Which registration a stored token belongs to: after a change of one of these it is of no use any more."""
        parts = (self.token_url, self.client_id, self.flow, self.scope, self.username, self.refresh_token)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    @property
    def permissions(self) -> tuple[str, ...]:
        """The permissions of which a token must have one; empty if the service names none."""
        return PROVIDERS[self.provider].permissions.get(self.flow, ())

    @property
    def device_grant(self) -> tuple[str, str]:
        """Grant type of the device flow, and under which name the device code is sent."""
        return PROVIDERS[self.provider].device_grant
