"""Log-in by a person at any browser: the device authorization grant (RFC 8628)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from interest_ingest.errors import UsageError
from interest_ingest.mailbox.faults import Misbehaving, Throttled, Unavailable
from interest_ingest.oauth.credential import Credential
from interest_ingest.oauth.endpoint import Refused, grant, post, refusal
from interest_ingest.oauth.providers import Registration
from interest_ingest.oauth.tokens import Token

SLOWER = 5.0
"""Seconds by which `slow_down` lengthens the pause (RFC 8628 §3.5)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the person is told: open `url` and enter `code` within `seconds`. `direct` has the code in it already."""

    url: str
    code: str
    seconds: float
    direct: str
    device_code: str = field(repr=False)
    interval: float


def begin(registration: Registration) -> Prompt:
    """Ask for a code. Raises UsageError if this mailbox has no device flow, else as `endpoint.grant`."""
    if registration.flow != "device":
        raise UsageError(
            f'mailbox {registration.mailbox}: it logs in with flow = "{registration.flow}", which needs nobody; set '
            'flow = "device" in [mailboxes.oauth] to log in by hand'
        )
    answer = post(registration, registration.device_url, {"scope": registration.scope})
    url = answer.get("verification_uri") or answer.get("verification_url")  # Yandex and Google: the draft's name
    texts = (url, answer.get("user_code"), answer.get("device_code"))
    if not all(isinstance(one, str) and one for one in texts):
        raise Misbehaving(f"mailbox {registration.mailbox}: {registration.device_url} gives no code; check device_url")
    return Prompt(
        url=str(url),
        code=str(answer["user_code"]),
        seconds=_number(answer, "expires_in", 600.0),
        direct=str(answer.get("verification_uri_complete") or ""),
        device_code=str(answer["device_code"]),
        interval=_number(answer, "interval", 5.0),
    )


def finish(credential: Credential, prompt: Prompt, pause: Callable[[float], None] = time.sleep) -> Token:
    """Wait until the person has consented and store the token. Raises as `endpoint.grant`."""
    registration = credential.registration
    grant_type, code_field = registration.device_grant
    form = {"grant_type": grant_type, code_field: prompt.device_code}
    interval, waited = prompt.interval, 0.0
    while waited < prompt.seconds:
        pause(interval)
        waited += interval
        try:
            return credential.keep(grant(registration, form))
        except Refused as error:
            if error.code not in ("authorization_pending", "slow_down"):
                raise
            interval += SLOWER if error.code == "slow_down" else 0.0
        except (Unavailable, Throttled):
            interval *= 2  # RFC 8628 §3.5: exponentially, after a time-out
    raise refusal(registration, registration.token_url, "expired_token", "")


def _number(answer: dict[str, Any], key: str, default: float) -> float:
    value = answer.get(key)
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 10**6
    return float(value) if usable and value is not None else default
