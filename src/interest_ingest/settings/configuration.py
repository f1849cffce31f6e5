"""The whole configuration as one immutable object, and where its values come from."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NestedSecretsSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from interest_ingest.errors import UsageError
from interest_ingest.settings.options import (
    Alerts,
    Company,
    Daemon,
    Database,
    Floods,
    Log,
    Mailbox,
    Own,
    Parsers,
    Polling,
    Products,
    Quarantine,
    Retention,
    Site,
    Smtp,
    Status,
)
from interest_ingest.settings.words import did_you_mean

if TYPE_CHECKING:
    from interest_ingest.ingest.rules import Rules
    from interest_ingest.mailbox.account import Account
    from interest_ingest.oauth.credential import Credential
    from interest_ingest.oauth.tokens import TokenFile

PREFIX = "INTEREST_INGEST__"


CONFIG_VARIABLE = "INTEREST_INGEST_CONFIG"


DOCKER_SECRETS = "/run/secrets"


class Settings(BaseSettings):
    """The whole configuration; made by `load`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    outside: ClassVar[bool] = True
    """Whether variables and secret files are looked at."""

    database: Database = Database()
    mailboxes: dict[str, Mailbox] = Field({}, description="One table for each mailbox that is polled.")
    polling: Polling = Polling()
    sites: dict[str, Site] = Field({}, description="One table for each of the company's own sites.")
    own: Own = Own()
    company: Company = Company()
    limits: Floods = Floods()
    quarantine: Quarantine = Quarantine()
    retention: Retention = Retention()
    daemon: Daemon = Daemon()
    parsers: Parsers = Parsers()
    products: Products = Products()
    log: Log = Log()
    status: Status = Status()
    alerts: Alerts = Alerts()
    smtp: Smtp = Smtp()

    @field_validator("mailboxes", "sites", mode="before")
    @classmethod
    def _named(cls, tables: object) -> object:
        """A mailbox that only variables or secret files describe is called as they call it."""
        if not isinstance(tables, dict):
            return tables
        return {key: {"name": key, **table} if isinstance(table, dict) else table for key, table in tables.items()}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The file comes as init values, lowest of all, because its lists of tables are keyed by name first."""
        del settings_cls, dotenv_settings
        if not cls.outside:
            return (init_settings,)
        # A plain secrets source would want the environment's prefix in file names and silently ignore the others.
        secrets = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=[str(one) for one in secret_folders()],
            secrets_dir_missing="ok",
            secrets_prefix="",
            secrets_nested_delimiter="__",
        )
        return env_settings, secrets, init_settings

    def database_url(self) -> str:
        """The database's URL, password included; `UsageError` if none is configured."""
        if not self.database.url:
            raise UsageError(
                "no database is configured; set url in [database] of the file given by --config "
                f"(or {CONFIG_VARIABLE}), or the environment variable {PREFIX}DATABASE__URL"
            )
        return self.database.url.get_secret_value()

    def account(self, mailbox: Mailbox) -> Account:
        """How to log in to this mailbox, secrets included; `UsageError` if one is not to be had."""
        from interest_ingest.mailbox.account import Account

        return Account(
            name=mailbox.name,
            host=mailbox.host,
            port=mailbox.effective_port,
            tls=mailbox.tls.value,
            username=mailbox.username,
            password="" if mailbox.oauth else mailbox.read_password(),
            token=self.credential(mailbox) if mailbox.oauth else None,
            folder=mailbox.folder,
        )

    def credential(self, mailbox: Mailbox) -> Credential:
        """What gives the access tokens of a mailbox that logs in by OAuth; `UsageError` for another one."""
        from interest_ingest.oauth.credential import Credential

        if mailbox.oauth is None:
            raise UsageError(f'mailbox "{mailbox.name}" logs in by password; put [mailboxes.oauth] in place of it')
        return Credential(mailbox.oauth.registration(mailbox.name, mailbox.username), self.token_file(mailbox))

    def token_file(self, mailbox: Mailbox) -> TokenFile:
        """Where the mailbox's tokens are kept; `UsageError` if there is no folder for them."""
        from interest_ingest.oauth.tokens import TokenFile

        return TokenFile(self._state_folder() / "tokens" / f"{slug(mailbox.name)}.json", mailbox.name)

    def token_status(self, mailbox: Mailbox) -> tuple[datetime, datetime] | None:
        """When its access token was issued and when it ends, both UTC; None without OAuth or before the first one."""
        from interest_ingest.oauth.tokens import status

        return status(self.token_file(mailbox)) if mailbox.oauth else None

    def _state_folder(self) -> Path:
        """That of the database before systemd's: `auth login` in a shell must find the same one as the service."""
        if self.daemon.state:
            return self.daemon.state
        _, sqlite, file = (self.database.url.get_secret_value() if self.database.url else "").partition("sqlite:///")
        if sqlite:
            return Path(file).parent
        if given := os.environ.get("STATE_DIRECTORY"):
            return Path(given.split(":")[0])
        raise UsageError(
            'there is no folder for the tokens of OAuth; set state = "/var/lib/interest-ingest" in [daemon]'
        )

    def rules(self) -> Rules:
        """What the reading of mails depends on, without any secret."""
        from interest_ingest.ingest.products import NO_PRODUCTS, read_catalogue
        from interest_ingest.ingest.rules import Rules

        return Rules(
            sites=tuple(site.hosts for site in self.sites.values()),
            own_addresses=frozenset(address.lower() for address in self.own.addresses),
            own_profiles=frozenset(profile.rstrip("/") for profile in self.own.profiles),
            country=self.company.country,
            timezone=self.company.timezone,
            packages=self.parsers.packages,
            folder=str(self.parsers.folder.absolute()) if self.parsers.folder else None,
            products=read_catalogue(self.products.file) if self.products.file else NO_PRODUCTS,
        )

    def chosen(self, names: tuple[str, ...] = ()) -> list[Mailbox]:
        """The mailboxes of these names, or all; `UsageError` for an unknown name or if there is none at all."""
        known = {mailbox.name: mailbox for mailbox in self.mailboxes.values()}
        for name in names:
            if name not in known:
                raise UsageError(f'there is no mailbox "{name}" in the configuration{did_you_mean(name, known)}')
        if not known:
            raise UsageError("no mailbox is configured; add a [[mailboxes]] table (see: interest-ingest config sample)")
        return [known[name] for name in dict.fromkeys(names or known)]


def secret_folders() -> Iterator[Path]:
    """Where secret files are sought: Docker's folder, then systemd's (`LoadCredential=`), which wins."""
    for folder in (DOCKER_SECRETS, os.environ.get("CREDENTIALS_DIRECTORY")):
        if folder and Path(folder).is_dir():
            yield Path(folder)


def slug(name: str) -> str:
    """How a mailbox or site is called in a variable or a secret file: `Sales EU` is `sales_eu`."""
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def place_of(keys: tuple[str, ...], path: Path | None) -> str:
    """Where the value of the option `keys` comes from: a variable, a secret file or the configuration file."""
    wanted = "__".join(keys).lower()
    for variable in os.environ:
        if variable.lower() == (PREFIX + wanted).lower() and os.environ[variable]:
            return f"environment variable {variable}"
    for folder in reversed(list(secret_folders())):
        for file in folder.iterdir():
            if file.name.lower() == wanted:
                return f"secret file {file}"
    return str(path) if path else "environment"


NAMED = ("mailboxes", "sites")
