"""A token server for every test, and one Dovecot that believes the tokens of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from interest_ingest.oauth.credential import Credential
from interest_ingest.oauth.providers import Registration
from interest_ingest.oauth.tokens import TokenFile
from tests.conftest import need
from tests.servers import dovecot as dovecot_server
from tests.servers import oauth as oauth_server


@pytest.fixture
def authority() -> Iterator[oauth_server.Authority]:
    """A token server that knows nobody yet."""
    with oauth_server.running() as server:
        yield server


@pytest.fixture(scope="session")
def house() -> Iterator[tuple[oauth_server.Authority, dovecot_server.Dovecot]]:
    """A token server and a Dovecot that asks it; take a user name of your own in every test."""
    need("Dovecot", dovecot_server.missing())
    with (
        oauth_server.running() as authority,
        dovecot_server.running(authority.url("introspect"), "plain login xoauth2 oauthbearer") as dovecot,
    ):
        yield authority, dovecot


Make = Callable[..., Credential]


@pytest.fixture
def make(authority: oauth_server.Authority, tmp_path: Path) -> Make:
    """Makes the credential of the mailbox "sales": as another process would, if called again."""
    basis = Registration(
        mailbox="sales",
        username="anna@shop.example",
        provider="custom",
        flow="refresh_token",
        client_id=oauth_server.CLIENT,
        token_url=authority.url("token"),
        device_url=authority.url("device"),
        client_secret=oauth_server.SECRET,
    )

    def make(**changed: Any) -> Credential:
        return Credential(replace(basis, **changed), TokenFile(tmp_path / "state" / "tokens" / "sales.json", "sales"))

    return make
