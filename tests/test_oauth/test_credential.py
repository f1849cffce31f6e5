"""Access tokens from a real token server over HTTP: renewed in time, once, and refused in one sentence."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog

from interest_ingest import log
from interest_ingest.mailbox.faults import AuthenticationFailed, MailboxError, Misbehaving, Throttled, Unavailable
from interest_ingest.oauth import device, endpoint
from interest_ingest.oauth.credential import Credential
from interest_ingest.oauth.endpoint import Refused
from interest_ingest.oauth.permissions import advice, missing, owner
from interest_ingest.oauth.providers import MICROSOFT_APP, PROVIDERS
from interest_ingest.oauth.tokens import Token
from tests.servers.dripping import dripping
from tests.servers.oauth import Answer, Authority, jwt
from tests.test_oauth.conftest import Make

ANNA = "anna@shop.example"


def age(credential: Credential, by: timedelta) -> None:
    """Let the stored token be as if it had been issued earlier."""
    path = credential._file.path
    stored = json.loads(path.read_text())
    for key in ("issued_at", "expires_at"):
        stored[key] = (datetime.fromisoformat(stored[key]) - by).isoformat()
    path.write_text(json.dumps(stored))


def test_a_token_is_asked_for_once_and_kept_for_other_processes(authority: Authority, make: Make) -> None:
    refresh = authority.consent(ANNA)
    first = make(refresh_token=refresh)()
    assert make(refresh_token=refresh)() == first
    assert authority.access_tokens[first][0] == ANNA
    (asked,) = authority.asked
    assert asked == {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "client_id": "ingest-client",
        "client_secret": "ingest-secret",
    }


def test_a_token_is_renewed_five_minutes_before_its_end(authority: Authority, make: Make) -> None:
    credential = make(refresh_token=authority.consent(ANNA))
    first = credential()
    age(credential, timedelta(minutes=54))
    assert credential() == first
    age(credential, timedelta(minutes=2))
    assert credential() != first


def test_one_with_a_short_life_is_used_for_half_of_it(authority: Authority, make: Make) -> None:
    authority.lifetime = 300
    credential = make(refresh_token=authority.consent(ANNA))
    first = credential()
    age(credential, timedelta(seconds=140))
    assert credential() == first
    age(credential, timedelta(seconds=20))
    assert credential() != first


def test_a_token_from_the_future_is_renewed_because_the_clock_was_set_back(authority: Authority, make: Make) -> None:
    credential = make(refresh_token=authority.consent(ANNA))
    first = credential()
    age(credential, -timedelta(days=1))
    assert credential() != first


def test_threads_and_processes_that_ask_at_once_make_one_request(authority: Authority, make: Make) -> None:
    refresh = authority.consent(ANNA)
    authority.pause.clear()
    tokens: list[str] = []
    askers = [threading.Thread(target=lambda: tokens.append(make(refresh_token=refresh)())) for _ in range(8)]
    for asker in askers:
        asker.start()
    authority.pause.set()
    for asker in askers:
        asker.join(20)
    assert len(tokens) == 8
    assert len(set(tokens)) == 1
    assert len(authority.asked) == 1


def test_a_refused_token_is_renewed_unless_it_is_new(authority: Authority, make: Make) -> None:
    credential = make(refresh_token=authority.consent(ANNA))
    first = credential()
    assert credential(first) == first
    age(credential, timedelta(minutes=6))
    second = credential(first)
    assert second != first
    assert credential(first) == second  # another thread that was refused with the old one
    assert len(authority.asked) == 2


def test_a_rotated_refresh_token_takes_the_place_of_the_old_one(authority: Authority, make: Make) -> None:
    authority.rotates = True
    credential = make(refresh_token=authority.consent(ANNA))
    seen = set()
    for _ in range(3):
        seen.add(credential())
        age(credential, timedelta(hours=1))
    assert len(seen) == 3
    assert len({form["refresh_token"] for form in authority.asked}) == 3


def test_a_new_refresh_token_in_the_configuration_takes_the_place_of_the_stored_one(
    authority: Authority, make: Make
) -> None:
    make(refresh_token=authority.consent(ANNA))()
    authority.revoke(ANNA)
    again = authority.consent("ben@shop.example")
    assert authority.access_tokens[make(refresh_token=again)()][0] == "ben@shop.example"


def test_client_credentials_send_their_scope_and_need_no_refresh_token(authority: Authority, make: Make) -> None:
    authority.app_user = ANNA
    credential = make(flow="client_credentials", scope=MICROSOFT_APP)
    first = credential()
    age(credential, timedelta(hours=2))
    assert credential() != first
    assert [form["scope"] for form in authority.asked] == [MICROSOFT_APP] * 2
    assert all("refresh_token" not in form for form in authority.asked)


def test_while_the_token_server_is_away_the_last_minutes_of_a_token_are_used(authority: Authority, make: Make) -> None:
    credential = make(refresh_token=authority.consent(ANNA))
    first = credential()
    age(credential, timedelta(minutes=57))
    authority.instead.append((503, b"<html>busy</html>"))
    assert credential() == first
    age(credential, timedelta(minutes=4))
    authority.instead.append((503, b"<html>busy</html>"))
    with pytest.raises(Unavailable, match="cannot serve now"):
        credential()
    assert credential() != first


PASSING: dict[str, tuple[Answer, type[MailboxError], str]] = {
    "HTTP 503": ((503, b"<html>"), Unavailable, "cannot serve now (HTTP 503)"),
    "HTTP 500 with JSON": ((500, {"error": "server_error"}), Unavailable, "cannot serve now"),
    "RFC 6749 temporarily_unavailable": ((400, {"error": "temporarily_unavailable"}), Unavailable, "cannot serve now"),
    "connection dropped": ((0, b""), Unavailable, "cannot be reached"),
    "429": ((429, {"error": "rate_limit"}), Throttled, "asks for a pause"),
    "a web page": ((200, b"<html>log in</html>"), Misbehaving, "no access token in the answer); check token_url"),
    "a redirect": ((302, b"x"), Misbehaving, "HTTP 302"),
    "404": ((404, b"not found"), Misbehaving, "HTTP 404); check token_url"),
    "a list": ((200, b"[]"), Misbehaving, "no access token"),
    "deep JSON": ((200, b"[" * 60_000), Misbehaving, "no access token"),
    "an endless answer": ((200, b" " * 200_000), Unavailable, "the answer is too long"),
    "a token with a line break": ((200, {"access_token": "a\r\nb LOGOUT"}), Misbehaving, "no access token"),
    "a token that is a number": ((200, {"access_token": 5}), Misbehaving, "no access token"),
}


@pytest.mark.parametrize("fault", PASSING)
def test_what_is_no_refusal_is_told_apart_from_one(authority: Authority, make: Make, fault: str) -> None:
    answer, kind, words = PASSING[fault]
    authority.instead.append(answer)
    credential = make(refresh_token=authority.consent(ANNA))
    with pytest.raises(MailboxError) as failed:
        credential()
    assert type(failed.value) is kind
    assert not isinstance(failed.value, AuthenticationFailed)
    assert str(failed.value).startswith("mailbox sales: 127.0.0.1 ")
    assert words in str(failed.value)
    assert credential()  # and nothing of it stays


REFUSALS = {
    "expired or revoked": ("invalid_grant", "Token has been expired or revoked.", "get a new refresh token"),
    "wrong secret": (
        "invalid_client",
        "AADSTS7000215: Invalid client secret provided. Trace ID: 1-2 Correlation ID: 3 Timestamp: 4",
        "give the secret's Value, not its Secret ID",
    ),
    "expired secret": ("invalid_client", "AADSTS7000222: The provided client secret keys are expired.", "has expired"),
    "unknown app": (
        "unauthorized_client",
        "AADSTS700016: Application with identifier 'x' was not found in the directory 'y'.",
        "client_id ingest-client is no app of this tenant",
    ),
    "no consent": (
        "invalid_grant",
        "AADSTS65001: The user or administrator has not consented.",
        "nobody has consented",
    ),
    "no Exchange": ("invalid_resource", "AADSTS500011: The resource principal was not found.", "has Exchange Online"),
    "single tenant": ("invalid_request", "AADSTS50194: Application is not configured as multi-tenant.", "as tenant"),
    "scope": ("invalid_scope", "AADSTS1002012: The provided value for scope is not valid.", "remove scope"),
    "secret wanted": (
        "invalid_client",
        "AADSTS7000218: The request body must contain: client_secret",
        "wants a secret",
    ),
    "second factor": ("interaction_required", "AADSTS50076: Due to a configuration change", "prove itself once more"),
    "Google's client": ("invalid_client", "The OAuth client was not found.", "check client_id and client_secret"),
    "Google's domain": ("admin_policy_enforced", "", "administrator of the domain"),
    "not allowed": ("unauthorized_client", "", "which flows it is allowed"),
    "unknown scope": ("invalid_scope", "", "application's permissions"),
    "unknown flow": ("unsupported_grant_type", "", "use another flow"),
    "something new": ("teapot", "short and stout", "check [mailboxes.oauth]"),
}


@pytest.mark.parametrize("fault", REFUSALS)
def test_a_refusal_stops_the_log_in_and_names_the_remedy(authority: Authority, make: Make, fault: str) -> None:
    code, description, remedy = REFUSALS[fault]
    authority.instead.append((400, {"error": code, "error_description": description}))
    with pytest.raises(AuthenticationFailed) as failed:
        make(refresh_token=authority.consent(ANNA))()
    sentence = str(failed.value)
    assert sentence.startswith("mailbox sales: 127.0.0.1 gives no access token (")
    assert code in sentence
    assert remedy in sentence
    assert "Trace ID" not in sentence
    assert "\n" not in sentence


def test_a_server_that_repeats_our_secrets_is_quoted_without_them(authority: Authority, make: Make) -> None:
    refresh = authority.consent(ANNA)
    authority.instead.append((400, {"error": "invalid_request", "error_description": f"bad {refresh} ingest-secret"}))
    with pytest.raises(Refused) as failed:
        make(refresh_token=refresh)()
    assert "bad … …" in str(failed.value)


def test_the_pause_that_the_server_asks_for_is_known(authority: Authority, make: Make) -> None:
    authority.instead.append((429, b"slow down"))
    authority.retry_after = "120"
    with pytest.raises(Throttled) as failed:
        make(refresh_token=authority.consent(ANNA))()
    assert failed.value.retry_after == 120.0


@pytest.mark.parametrize("asked", ["9" * 12, "9" * 400])
def test_no_server_is_left_alone_for_more_than_a_day(make: Make, asked: str) -> None:
    answer = f"HTTP/1.1 429 Later\r\nRetry-After: {asked}\r\nContent-Length: 0\r\n\r\n"
    with dripping(answer.encode(), b" ") as port, pytest.raises(Throttled) as failed:
        make(token_url=f"http://127.0.0.1:{port}/", refresh_token="x")()
    assert failed.value.retry_after == 86_400


def test_an_address_that_is_none_is_told_in_one_sentence(make: Make) -> None:
    with pytest.raises(Misbehaving, match="check token_url"):
        make(token_url=f"https://{'a' * 70}.example/token", refresh_token="x")()


def test_a_token_server_that_is_not_there_is_told_in_one_sentence(authority: Authority, make: Make) -> None:
    with pytest.raises(Unavailable, match=r"mailbox sales: 127\.0\.0\.1 cannot be reached"):
        make(token_url="http://127.0.0.1:1/token", refresh_token="x")()


@pytest.mark.parametrize(
    ("first", "drop"), [(b"HTTP/1.1 200 OK\r\nX: ", b"x"), (b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n", b" ")]
)
def test_an_answer_that_never_ends_is_left(
    make: Make, monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(endpoint, "TOTAL_SECONDS", 0.5)
    began = time.monotonic()
    with dripping(first, drop) as port, pytest.raises(Unavailable, match="did not answer in time"):
        make(token_url=f"http://127.0.0.1:{port}/", refresh_token="x")()
    assert time.monotonic() - began < 5


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("json", "debug", stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def test_no_log_line_holds_a_token_or_a_secret(authority: Authority, make: Make, logged: io.StringIO) -> None:
    refresh = authority.consent(ANNA)
    credential = make(refresh_token=refresh)
    secrets = [credential(), refresh, "ingest-secret"]
    structlog.get_logger().info("tried", note=" ".join(secrets))
    assert "tried" in logged.getvalue()
    assert not [secret for secret in secrets if secret in logged.getvalue() + repr(credential.registration)]


# The device flow


def test_the_device_flow_waits_for_the_person_and_keeps_what_it_gets(authority: Authority, make: Make) -> None:
    credential = make(flow="device")
    with pytest.raises(AuthenticationFailed, match="run: interest-ingest auth login sales"):
        credential()
    prompt = device.begin(credential.registration)
    assert prompt.url == authority.url("enter")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            authority.instead.append((400, {"error": "slow_down"}))
        if len(pauses) == 4:
            authority.consents[prompt.code] = ANNA

    token = device.finish(credential, prompt, pause)
    assert authority.access_tokens[token.access_token][0] == ANNA
    assert pauses == [0.05, 0.05, 5.05, 5.05]  # RFC 8628 §3.5
    assert make(flow="device")() == token.access_token
    age(credential, timedelta(hours=1))
    assert make(flow="device")() != token.access_token


@pytest.mark.parametrize(
    ("consent", "words"), [("", "consent was refused"), (None, "not entered in time: run: interest-ingest auth login")]
)
def test_a_refused_or_forgotten_code_is_told(authority: Authority, make: Make, consent: str | None, words: str) -> None:
    authority.code_seconds = 1
    credential = make(flow="device")
    prompt = device.begin(credential.registration)
    if consent is not None:
        authority.consents[prompt.code] = consent
    with pytest.raises(Refused, match=words):
        device.finish(credential, prompt, lambda _: None)
    assert credential.stored() is None


def test_yandex_has_the_names_of_an_older_draft(authority: Authority, make: Make) -> None:
    credential = make(flow="device", provider="yandex")
    prompt = device.begin(credential.registration)
    authority.instead.append((200, {"access_token": "y0_x", "refresh_token": "1:x", "expires_in": 31536000}))
    device.finish(credential, prompt, lambda _: None)
    assert (authority.asked[-1]["grant_type"], authority.asked[-1]["code"]) == ("device_code", prompt.device_code)


# What a token lacks


def microsoft(make: Make, claims: dict[str, Any], **changed: str) -> tuple[Credential, Token]:
    credential = make(**{"provider": "microsoft", "flow": "client_credentials", "scope": MICROSOFT_APP, **changed})
    now = datetime.now(UTC)
    return credential, Token(jwt(claims), "", now, now + timedelta(hours=1), "", "")


def test_the_missing_permission_of_microsoft_is_named(make: Make) -> None:
    lacking: tuple[dict[str, Any], ...] = ({"roles": ["POP.AccessAsApp"]}, {"aud": "https://outlook.office365.com"})
    for claims in lacking:
        credential, token = microsoft(make, claims)
        assert "lacks the permission IMAP.AccessAsApp" in str(missing(credential.registration, token))
    credential, token = microsoft(make, {"roles": ["IMAP.AccessAsApp"]})
    assert missing(credential.registration, token) is None
    credential, token = microsoft(make, {"scp": "SMTP.Send openid"}, flow="device", scope="")
    sentence = str(missing(credential.registration, token))
    assert "lacks the permission IMAP.AccessAsUser.All (it has: SMTP.Send, openid)" in sentence
    credential, token = microsoft(make, {"scp": "IMAP.AccessAsUser.All", "upn": "Ben@shop.example"}, flow="device")
    assert missing(credential.registration, token) is None
    assert owner(token) == "Ben@shop.example"
    assert "The token is that of Ben@shop.example, username is anna@shop.example" in advice(
        credential.registration, token, "refuses the access token"
    )


def test_the_granted_scope_in_the_answer_counts_too(authority: Authority, make: Make) -> None:
    credential = make(provider="gmail", refresh_token=authority.consent(ANNA))
    for scope, lacks in (
        ("openid https://www.googleapis.com/auth/gmail.readonly", True),
        ("https://mail.google.com/", False),
    ):
        authority.instead.append((200, {"access_token": "ya29.x", "expires_in": 3599, "scope": scope}))
        credential()
        token = credential.stored()
        assert token
        assert (missing(credential.registration, token) is not None) == lacks
        age(credential, timedelta(hours=1))


def test_a_token_that_tells_nothing_lacks_nothing(authority: Authority, make: Make) -> None:
    credential = make(provider="gmail", refresh_token=authority.consent(ANNA))
    credential()
    token = credential.stored()
    assert token
    assert missing(credential.registration, token) is None
    now = datetime.now(UTC)
    for odd in ("a.b.c", "a.W10.c", "..", "a.eyJ4Ijo.c"):
        assert missing(credential.registration, Token(odd, "", now, now, "", "")) is None


def test_every_known_service_has_what_its_flows_need() -> None:
    for name, provider in PROVIDERS.items():
        if name != "custom":
            assert provider.token_url.startswith("https://")
            assert ("device" in provider.scopes) == bool(provider.device_url)
            assert set(provider.permissions) == set(provider.scopes)
