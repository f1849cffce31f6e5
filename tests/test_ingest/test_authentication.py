"""The receiving server's word on who signed a mail (RFC 8601)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import Trust
from interest_ingest.ingest.authentication import Authentication, authenticate, trust
from interest_ingest.parsing import SITES, Interest, Mail, Match, parser

MX = "mx.shop.example"


@parser("facebook.test", version=1, match=Match(), signed_by="facebookmail.com")
def signed(mail: Mail) -> list[Interest]:
    return []


@parser("wordpress.test", version=1, match=Match(), signed_by=SITES)
def on_our_site(mail: Mail) -> list[Interest]:
    return []


@parser("plain.test", version=1, match=Match())
def unsigned(mail: Mail) -> list[Interest]:
    return []


def mail_with(*fields: str) -> bytes:
    return "\r\n".join([*fields, "From: notification@facebookmail.com", "", "hello"]).encode()


def level(raw: bytes) -> Trust:
    return trust(signed, authenticate(raw, MX), [])


TRUE = [
    f"Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX.upper()} 1; spf=pass smtp.mailfrom=x; DKIM=Pass header.i=@facebookmail.com",
    f'authentication-results: "{MX}"; dkim=pass (2048-bit key; unprotected) header.d="facebookmail.com"',
    f"Authentication-Results: {MX};\r\n\tdkim=pass (a (nested; one)) header.d=mail.facebookmail.com;\r\n dmarc=pass",
    "Authentication-Results: other.example; dkim=fail\r\n"
    f"Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX}; dkim=pass header.d=esp.example; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX}; dkim=pass header.i=bounce@facebookmail.com header.s=s1 header.b=abc",
]

NOT_VERIFIED = [
    "X-Nothing: at all",
    "Authentication-Results: foul.example; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX}.foul.example; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com.foul.example",
    f"Authentication-Results: {MX}; dkim=pass header.d=evilfacebookmail.com",
    f"Authentication-Results: {MX}; dkim=none\r\nAuthentication-Results: {MX}; dkim=pass header.d=facebookmail.com",
    f"Authentication-Results: {MX}; dkim=fail (dkim=pass header.d=facebookmail.com)",
    f'Authentication-Results: {MX}; dkim=fail reason="; dkim=pass header.d=facebookmail.com"',
    f'Authentication-Results: {MX}; dkim=fail reason="\\"; dkim=pass header.d=facebookmail.com"',
    f"Authentication-Results: {MX}; spf=pass smtp.mailfrom=facebookmail.com",
    f"Authentication-Results: {MX}; dkim=pass",
    f"Authentication-Results: {MX}; dkim=pass header.i=facebookmail.com@evil.example",
    f"Authentication-Results: {MX}; dkim=pass header.i=@facebookmail.com@evil.example",
    f"Authentication-Results: {MX}; dkim=pass header.d=evil.example header.i=@facebookmail.com",
    f"Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com@evil.example",
    f'Authentication-Results: {MX}; dkim=pass reason="header.d=facebookmail.com" header.d=evil.example',
    f'Authentication-Results: {MX}; dkim=pass header.i="header.d=facebookmail.com"@evil.example',
    f"Authentication-Results: {MX}; dkim=pass x-header.d=facebookmail.com header.d=evil.example",
    f"X-Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com",
    f"Subject: x\r\n\r\nAuthentication-Results: {MX}; dkim=pass header.d=facebookmail.com",
    "Authentication-Results: ;;; dkim=pass header.d=facebookmail.com",
    "Authentication-Results: " + "(" * 5000 + MX + "; dkim=pass header.d=facebookmail.com",
]


@pytest.mark.parametrize("fields", TRUE)
def test_a_true_signature_is_verified(fields: str) -> None:
    assert level(mail_with(fields)) is Trust.VERIFIED


@pytest.mark.parametrize("fields", NOT_VERIFIED)
def test_nothing_else_is_verified(fields: str) -> None:
    assert level(mail_with(fields)) is not Trust.VERIFIED


def test_a_missing_signature_of_a_service_that_always_signs_has_failed() -> None:
    assert level(mail_with(f"Authentication-Results: {MX}; dkim=none; spf=pass")) is Trust.FAILED
    assert level(mail_with(f"Authentication-Results: {MX}; spf=pass")) is Trust.UNPROVEN


def test_without_a_configured_server_nothing_is_believed() -> None:
    raw = mail_with(f"Authentication-Results: {MX}; dkim=pass header.d=facebookmail.com")
    assert authenticate(raw, None) == Authentication()


def test_software_on_our_own_site_is_proven_by_the_sites_domain() -> None:
    shop = Authentication(checked=True, signed=("shop.example",))
    assert trust(on_our_site, shop, ["blog.shop.example"]) is Trust.VERIFIED
    assert trust(on_our_site, shop, ["shop.example.net"]) is Trust.UNPROVEN
    assert trust(on_our_site, Authentication(checked=True), ["shop.example"]) is Trust.UNPROVEN
    assert trust(unsigned, shop, ["shop.example"]) is Trust.UNPROVEN


def test_the_ledger_keeps_the_result() -> None:
    found = Authentication(checked=True, signed=("a.example",), dmarc="pass")
    assert Authentication.from_json(found.to_json()) == found
    assert Authentication.from_json("") == Authentication()


@given(st.text(alphabet=st.sampled_from('();"\\= \tadkimpass.header:1mx'), max_size=200))
def test_no_field_value_raises(value: str) -> None:
    authenticate(mail_with("Authentication-Results: " + value), MX)
