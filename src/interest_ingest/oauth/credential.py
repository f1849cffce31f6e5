"""An access token whenever one is wanted, renewed before it ends and by one asker at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interest_ingest import log
from interest_ingest.mailbox.faults import AuthenticationFailed, Throttled, Unavailable
from interest_ingest.oauth.endpoint import Grant, grant
from interest_ingest.oauth.providers import Registration
from interest_ingest.oauth.tokens import Token, TokenFile

EARLY = timedelta(minutes=5)
"""A token is renewed so long before its end, or at half its life if it has a short one."""

NEW = timedelta(minutes=5)
"""A token that is refused so soon after it was issued is refused for what it is, not for its age."""


class Credential:
    """Gives access tokens for one mailbox. Threads and processes may ask at once: the first renews, the others wait."""

    def __init__(self, registration: Registration, file: TokenFile) -> None:
        self.registration = registration
        self._file = file
        log.keep_secret([registration.client_secret, registration.refresh_token])

    def __call__(self, refused: str = "") -> str:
        """An access token that lasts; another than `refused`, which the mail server did not take, unless that is new.

        Raises AuthenticationFailed if the token server says no, Unavailable, Throttled and Misbehaving as `endpoint`
        does, UsageError if the token file is of no use.
        """
        token = self.stored()
        if token is None or not _usable(token, refused):
            with self._file.locked():
                token = self.stored()
                if token is None or not _usable(token, refused):
                    token = self._renewed(token, refused)
        log.keep_secret([token.access_token, token.refresh_token])
        return token.access_token

    def stored(self) -> Token | None:
        """What is in the token file and belongs to this registration."""
        token = self._file.read()
        return token if token and token.registration == self.registration.digest else None

    def keep(self, granted: Grant) -> Token:
        """Store what a person's log-in gave."""
        with self._file.locked(), self._file.replacing() as store:
            token = self._token(granted, None)
            store(token)
        return token

    def _renewed(self, old: Token | None, refused: str) -> Token:
        form = self._form(old)
        try:
            with self._file.replacing() as store:
                token = self._token(grant(self.registration, form), old)
                store(token)
        except (Unavailable, Throttled):
            if old is not None and old.access_token != refused and datetime.now(UTC) < old.expires_at:
                return old  # the few minutes that it still has
            raise
        if old is not None:
            log.forget_secret({old.access_token, old.refresh_token} - {token.access_token, token.refresh_token})
        return token

    def _form(self, old: Token | None) -> dict[str, str]:
        flow, scope = self.registration.flow, self.registration.scope
        if flow == "client_credentials":
            return {"grant_type": "client_credentials", "scope": scope}
        refresh_token = (old.refresh_token if old else "") or self.registration.refresh_token
        if not refresh_token:
            name = self.registration.mailbox
            raise AuthenticationFailed(
                f"mailbox {name}: nobody has logged in for it yet; run: interest-ingest auth login {name}"
            )
        return {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": scope}

    def _token(self, granted: Grant, old: Token | None) -> Token:
        now = datetime.now(UTC)
        return Token(
            access_token=granted.access_token,
            # A server that gives no other means the old one to be used on (RFC 6749 §6).
            refresh_token=granted.refresh_token or (old.refresh_token if old else ""),
            issued_at=now,
            expires_at=now + timedelta(seconds=granted.lifetime),
            scope=granted.scope or (old.scope if old else ""),
            registration=self.registration.digest,
        )


def _usable(token: Token, refused: str) -> bool:
    now = datetime.now(UTC)
    if token.access_token == refused:
        return timedelta(0) <= now - token.issued_at < NEW
    early = min(EARLY, (token.expires_at - token.issued_at) / 2)
    # One that is issued in the future: the clock was set back, and nobody knows how long it lasts.
    return token.issued_at - EARLY <= now < token.expires_at - early
