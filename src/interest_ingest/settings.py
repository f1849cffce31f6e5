"""The configuration: a TOML file, secret files and the environment, checked as one.

Every option is described here once; `sample` writes config/interest_ingest.toml from these descriptions. Precedence:
environment, then secret files, then the file. A mistake is one sentence with the option, its place and the remedy.
"""

from __future__ import annotations

import base64
import contextlib
import difflib
import ipaddress
import json
import os
import re
import shlex
import stat
import subprocess
import textwrap
import tomllib
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from interest_ingest.errors import UsageError
from interest_ingest.oauth.providers import PROVIDERS, Registration

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from interest_ingest.ingest.flood import Limits
    from interest_ingest.ingest.intake import PollOptions
    from interest_ingest.ingest.rules import Rules
    from interest_ingest.mailbox.account import Account
    from interest_ingest.oauth.credential import Credential
    from interest_ingest.oauth.tokens import TokenFile

PREFIX = "INTEREST_INGEST__"
CONFIG_VARIABLE = "INTEREST_INGEST_CONFIG"
DOCKER_SECRETS = "/run/secrets"
COMMAND_SECONDS = 30.0

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_HOST = re.compile(r"(?=.{1,253}$)[^\s./:@]+(\.[^\s./:@]+)*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


# Types of values. Each says in its error what to write instead.


def _duration(value: object) -> object:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _seconds(value)
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('write a number with its unit, like "60s", "5m" or "2h"')
    return _seconds(float(found[1]) * timedelta(**{_UNITS[found[2]]: 1}).total_seconds())


def _seconds(value: float) -> timedelta:
    try:
        return timedelta(seconds=value)
    except (OverflowError, ValueError):  # inf, nan, more than timedelta holds
        raise ValueError('write a number with its unit, like "60s", "5m" or "2h"') from None


def _duration_text(value: timedelta) -> str:
    days = value / timedelta(days=1)
    return f"{days:g}d" if days >= 1 and days.is_integer() else f"{value.total_seconds():g}s"


def _listed(value: object) -> object:
    """One value stands for a list of one; in the environment commas part a list."""
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.startswith("[") else [one.strip() for one in value.split(",") if one.strip()]


def _printable(value: str) -> str:
    if not value.strip() or _CONTROL.search(value):
        raise ValueError("it must not be empty or hold control characters")
    return value


def _host(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not _HOST.fullmatch(value):
            raise ValueError('write the bare host name, like "www.shop.example", without https:// or a path') from None
    return value.lower()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    with contextlib.suppress(ValueError):
        if host != "localhost":
            ipaddress.ip_address(host[1:-1] if host[:1] + host[-1:] == "[]" else host)
        if 0 <= int(port) <= 65535 and (":" not in host or host.startswith("[")):
            return value
    raise ValueError('write an address of this machine and a port, like "127.0.0.1:9464" or "[::1]:9464"')


def _webhook(value: SecretStr) -> SecretStr:
    url = urlsplit(value.get_secret_value())
    if url.hostname and (url.scheme == "https" or (url.scheme == "http" and _loopback(url.hostname))):
        return value
    raise ValueError('write a URL that begins with "https://" (http:// only to this machine)')


def _webhook_secret(value: SecretStr) -> SecretStr:
    try:
        if base64.b64decode(value.get_secret_value().removeprefix("whsec_"), validate=True):
            return value
    except ValueError:
        pass
    raise ValueError("write the secret as its receiver shows it: whsec_ and Base64")


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):  # unknown, a folder of the list, no relative path
        raise ValueError('it is no time zone; write a name of the IANA list, like "Europe/Berlin"') from None
    return value


def _country(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}", value):
        raise ValueError('write the two letters of ISO 3166, like "DE"')
    return value.upper()


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text)]
Printable = Annotated[str, AfterValidator(_printable)]
Host = Annotated[str, AfterValidator(_host)]
Hosts = Annotated[tuple[Host, ...], NoDecode, BeforeValidator(_listed)]
Texts = Annotated[tuple[Printable, ...], NoDecode, BeforeValidator(_listed)]


def option(default: Any, sentence: str, *, example: Any = None, sampled: bool = False, **rest: Any) -> Any:
    """One option: its default (`...`: it must be set), its one description, and a value to show.

    `sampled`: the sample file sets it to its example instead of leaving it at its default.
    """
    shown: JsonDict = {"sampled": sampled or default is ...}
    return Field(default, description=sentence, examples=[example], json_schema_extra=shown, **rest)


class Section(BaseModel):
    """A table of the file. Unknown options are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


# The options.


class Tls(StrEnum):
    """How the connection to a mailbox is protected."""

    IMPLICIT = "implicit"
    STARTTLS = "starttls"
    NONE = "none"


class Acknowledge(StrEnum):
    """What is done with a mail in its mailbox once it is in the database."""

    NONE = "none"
    KEYWORD = "keyword"
    SEEN = "seen"
    MOVE = "move"


class LogFormat(StrEnum):
    """How log lines are written."""

    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least important log lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Weekday(StrEnum):
    """The first day of the company's week."""

    MONDAY = "monday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class Database(Section):
    """Where the cards are kept."""

    url: SecretStr | None = option(
        None,
        "The database: sqlite:///FILE for one machine, postgresql://USER:PASSWORD@HOST/NAME or mariadb://… for several "
        "readers and writers. A relative FILE is sought from the working directory. An empty database is set up at first use.",
        example="sqlite:///interest.db",
        sampled=True,
    )


class Provider(StrEnum):
    """The service whose token server gives the access tokens."""

    GMAIL = "gmail"
    MICROSOFT = "microsoft"
    YANDEX = "yandex"
    MAILRU = "mailru"
    CUSTOM = "custom"


class Flow(StrEnum):
    """How the first access token is come by."""

    REFRESH_TOKEN = "refresh_token"  # noqa: S105  the name of a flow, no secret
    CLIENT_CREDENTIALS = "client_credentials"
    DEVICE = "device"


class OAuth(Section):
    """Log-in by OAuth 2.0 in place of a password. Step by step: docs/operating.md."""

    provider: Provider = option(..., "gmail, microsoft, yandex, mailru, or custom with token_url.", example="microsoft")
    client_id: Printable = option(
        ..., "The application's id at the provider.", example="11111111-2222-3333-4444-555555555555"
    )
    flow: Flow = option(
        ...,
        '"client_credentials": the application itself may read the mailbox (Microsoft 365). "device": a person logs in '
        'once, by interest-ingest auth login NAME (Microsoft 365, Yandex). "refresh_token": you have one already '
        "(Gmail and all others).",
        example="client_credentials",
    )
    tenant: Printable | None = option(
        None, "Microsoft's Directory (tenant) ID.", example="66666666-7777-8888-9999-000000000000", sampled=True
    )
    client_secret: SecretStr | None = option(None, "The application's secret, if it has one.", example="secret")
    client_secret_file: Path | None = option(
        None, "A file that holds it and nothing else.", example="/run/secrets/oauth", sampled=True
    )
    client_secret_command: Printable | None = option(
        None, "A command (run without a shell) that prints it.", example="pass show mail/oauth"
    )
    refresh_token: SecretStr | None = option(
        None, 'The refresh token, for flow = "refresh_token". Better is the next one.', example="secret"
    )
    refresh_token_file: Path | None = option(
        None, "A file that holds it and nothing else.", example="/run/secrets/refresh_token"
    )
    token_url: Printable | None = option(
        None, "The address that gives tokens, if not the provider's usual one.", example="https://id.example.org/token"
    )
    device_url: Printable | None = option(
        None, 'The address that gives codes for flow = "device".', example="https://id.example.org/device"
    )
    scope: Printable | None = option(None, "What to ask for, if not the provider's usual scope.", example="imap")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for rule in (self._check_flow, self._check_secrets, self._check_addresses):
            rule()
        return self

    def _check_flow(self) -> None:
        able = PROVIDERS[self.provider].scopes
        if self.flow.value not in able:
            use = " or ".join(f'"{flow}"' for flow in able)
            raise ValueError(f'{self.provider} has no flow = "{self.flow}" for mail; use {use}')
        if self.provider is Provider.MICROSOFT and self.flow is Flow.CLIENT_CREDENTIALS and not self.tenant:
            raise ValueError('flow = "client_credentials" needs the Directory (tenant) ID; set tenant')

    def _check_secrets(self) -> None:
        secret, refresh = ([key for key in keys if getattr(self, key)] for keys in (CLIENT_SECRETS, REFRESH_TOKENS))
        for given in (secret, refresh):
            if len(given) > 1:
                raise ValueError(f"give only one of {' and '.join(given)}")
        if (self.flow is Flow.REFRESH_TOKEN) != bool(refresh):
            raise ValueError('flow = "refresh_token" and refresh_token_file (or refresh_token) belong together')
        if self.flow is Flow.CLIENT_CREDENTIALS and not secret:
            raise ValueError('flow = "client_credentials" needs a secret; set client_secret_file')

    def _check_addresses(self) -> None:
        for key in ("token_url", *(["device_url"] if self.flow is Flow.DEVICE else [])):
            url = urlsplit(self.address(key))
            if not url.hostname or (url.scheme != "https" and not _loopback(url.hostname)):
                raise ValueError(f"{key} must be an address that begins with https://, secrets go there; set {key}")

    def address(self, key: str) -> str:
        """The `token_url` or `device_url` in force; empty if there is none."""
        usual: str = getattr(PROVIDERS[self.provider], key)
        return getattr(self, key) or usual.format(tenant=self.tenant or "common")

    def registration(self, mailbox: str, username: str) -> Registration:
        """What the token server knows, secrets included; `UsageError` if one is not to be had."""
        return Registration(
            mailbox=mailbox,
            username=username,
            provider=self.provider.value,
            flow=self.flow.value,
            client_id=self.client_id,
            token_url=self.address("token_url"),
            device_url=self.address("device_url"),
            scope=self.scope or PROVIDERS[self.provider].scopes[self.flow.value],
            client_secret=_read_secret(self, "client_secret", mailbox),
            refresh_token=_read_secret(self, "refresh_token", mailbox),
        )


CLIENT_SECRETS = ("client_secret", "client_secret_file", "client_secret_command")
REFRESH_TOKENS = ("refresh_token", "refresh_token_file")


class Mailbox(Section):
    """One folder of one account that is polled."""

    name: Printable = option(
        ...,
        "What this mailbox is called in the database, in logs and on the command line. Each mailbox has its own name; "
        "under a new name all its mails are looked at again (known ones give no second card).",
        example="notifications",
    )
    host: Host = option(..., "The IMAP server.", example="imap.example.org")
    port: int | None = option(
        None, "Its port; unless told 993 for implicit TLS and 143 for others.", example=993, ge=1, le=65535
    )
    tls: Tls = option(
        Tls.IMPLICIT,
        '"implicit": TLS from the first byte. "starttls": TLS before the log-in, or no log-in. "none": no TLS, for a '
        "server on this machine only.",
    )
    username: Printable = option(..., "The user name of the log-in.", example="interest@example.org")
    password: SecretStr | None = option(
        None, "The password itself. Better is one of the next two: this file is easily copied.", example="secret"
    )
    password_file: Path | None = option(
        None, "A file that holds the password and nothing else.", example="/run/secrets/imap", sampled=True
    )
    password_command: Printable | None = option(
        None, "A command (run without a shell) that prints the password.", example="pass show mail/interest"
    )
    folder: Printable = option("INBOX", "The folder that is read.")
    poll_interval: Duration = option(
        timedelta(seconds=60), "The time from one poll to the next.", gt=timedelta(0), le=timedelta(days=1)
    )
    idle: bool = option(
        False,
        "Be told of new mail at once (IMAP IDLE), by one more connection that stays open. Polls go on as well.",
    )
    acknowledge: Acknowledge = option(
        Acknowledge.NONE,
        'What is done with a mail in the mailbox once it is in the database: "none" leaves the mailbox untouched, '
        '"keyword" sets $Carded, "seen" marks it as read, "move" moves it to the folder move_to.',
    )
    move_to: Printable | None = option(None, 'The folder for acknowledge = "move".', example="Done")
    authserv_id: Texts = option(
        (),
        "The name under which the receiving server writes Authentication-Results, or several; *.example.org stands for "
        "any host there, protection.outlook.com for Exchange Online, which writes none. Only its word makes a card "
        '"verified"; without it every card is "unproven".',
        example="mx.example.org",
    )
    dkim: bool = option(
        False,
        "Check DKIM signatures here too, for servers that tell no result; asks the DNS for each new signer. Needs the "
        "extra dkim: pip install 'interest-ingest[dkim]'.",
    )
    since: date | None = option(None, "Mails that arrived before this day are not read.", example=date(2026, 1, 1))
    oauth: OAuth | None = Field(None, description="Log-in by OAuth 2.0.")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        given = [key for key in (*PASSWORDS, "oauth") if getattr(self, key)]
        if len(given) != 1:
            have = "it has none" if not given else f"it has {' and '.join(given)}"
            raise ValueError(
                f"give exactly one of password, password_file, password_command and [mailboxes.oauth]; {have}"
            )
        if self.tls is Tls.NONE and not _loopback(self.host):
            raise ValueError(
                f'tls = "none" would send the password in clear text to {self.host}; use "implicit" or "starttls" '
                "(only localhost may go without)"
            )
        if (self.acknowledge is Acknowledge.MOVE) != bool(self.move_to):
            raise ValueError('acknowledge = "move" and move_to = "FOLDER" belong together; give both or none')
        return self

    @property
    def effective_port(self) -> int:
        """The configured port, or the usual one for the kind of TLS (RFC 8314, RFC 9051)."""
        return self.port or (993 if self.tls is Tls.IMPLICIT else 143)

    def intake(self, *, sweep: bool = True) -> PollOptions:
        """How it is polled; `sweep`: all messages are asked for, not only those above the cursor.

        Raises `UsageError` where the check of DKIM is wanted and not installed.
        """
        from interest_ingest.ingest import dkim
        from interest_ingest.ingest.intake import PollOptions

        if self.dkim:
            dkim.require()
        return PollOptions(
            authserv_id=self.authserv_id,
            dkim=self.dkim,
            acknowledge=self.acknowledge.value,
            move_to=self.move_to or "",
            since=self.since,
            sweep=sweep,
        )

    def read_password(self) -> str:
        """The password, from where the configuration says; `UsageError` if it is not to be had there."""
        return _read_secret(self, "password", self.name)


PASSWORDS = ("password", "password_file", "password_command")


class Polling(Section):
    """How all mailboxes are polled together."""

    connections_per_host: int = option(
        10,
        "Connections to one server at once, for all its mailboxes; polls wait for their turn. IDLE takes at most half.",
        ge=1,
        le=1000,
        example=10,
    )


class Site(Section):
    """One of the company's own sites: comments and forms of its hosts are ours."""

    name: Printable = option(..., "What the site is called.", example="shop")
    hosts: Hosts = option(
        ...,
        "Its host names, the main one first. Links of comments and forms may lead to these hosts only; with no site "
        "configured such links are kept as they are and the card stays unproven.",
        example=("shop.example", "blog.shop.example"),
        min_length=1,
    )


class Own(Section):
    """Our own people: what they do is no interest in us."""

    addresses: Texts = option((), "Mail addresses of our own people.", example=("anna@shop.example",))
    profiles: Texts = option((), "Their profiles in social networks.", example=("https://vk.com/our_manager",))


class Company(Section):
    """How numbers and dates of this company are read."""

    country: Annotated[str, AfterValidator(_country)] | None = option(
        None, "The country of phone numbers without country code; without it they stay as written.", example="DE"
    )
    timezone: Annotated[str, AfterValidator(_zone)] = option(
        "UTC", "The time zone of dates that name none.", example="Europe/Berlin"
    )
    week_start: Weekday = option(Weekday.MONDAY, "The first day of the week in reports (for a later version).")


class Floods(Section):
    """How many cards are made within one hour, by when the mails were received. Further mails are held back, and one
    card tells of it: see `quarantine`. 0: no limit. What lay in a mailbox before it was first polled has none."""

    sender_per_hour: int = option(200, "Cards of one author in one source.", ge=0)
    mailbox_per_hour: int = option(2_000, "Cards of one mailbox that are not verified.", ge=0)
    source_per_hour: int = option(2_000, "Verified cards of one source, like facebook.", ge=0)

    def of_an_hour(self) -> Limits:
        """As the judge of readings wants them."""
        from interest_ingest.ingest.flood import Limits

        return Limits(self.sender_per_hour, self.mailbox_per_hour, self.source_per_hour)


class Quarantine(Section):
    """Mails that a parser recognized and could not read: see `interest-ingest quarantine`."""

    card: bool = option(False, 'Make a minimal card, "unread mail from …", until the mail can be read.')


class Retention(Section):
    """How long is kept what can be missed."""

    raw: Duration = option(
        timedelta(days=90),
        "Raw bytes of mails that were read or quarantined; mails that wait to be read keep theirs.",
        ge=timedelta(days=1),
    )


class Daemon(Section):
    """What the daemon needs for itself."""

    state: Path | None = option(
        None,
        "The folder for what must outlast a restart and is in no database: the tokens of OAuth, in tokens/. Unless "
        "told it is that of the SQLite database, else the one that systemd gives (StateDirectory=).",
        example="/var/lib/interest-ingest",
    )


class Parsers(Section):
    """Third-party parsers, beside the built-in ones. None is loaded that is not named here."""

    packages: Texts = option(
        (), "Installed packages, or entry points of the group interest_ingest.parsers.", example=("shop_parsers",)
    )
    folder: Path | None = option(
        None, "A folder whose files *.py are loaded, each by itself.", example="/etc/interest-ingest/parsers"
    )


class Log(Section):
    """What the program tells about itself, on standard error. Never subjects, addresses or texts of mails."""

    format: LogFormat = option(
        LogFormat.AUTO, '"json": one JSON object a line. "console": for people. "auto": console on a terminal.'
    )
    level: LogLevel = option(LogLevel.INFO, "debug, info, warning or error.")


class Status(Section):
    """The local status endpoint: GET /health for probes, GET /metrics for Prometheus. Off unless `listen` is set."""

    listen: Annotated[str, AfterValidator(_listen)] | None = option(
        None,
        "Address and port. It has no log-in: another address than this machine's own wants the option hosts too.",
        example="127.0.0.1:9464",
    )
    hosts: Hosts = option(
        (), "Names or addresses, besides localhost, under which it may be asked (Host header).", example=("ingest.lan",)
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.listen and not _loopback(self.address[0]) and not self.hosts:
            raise ValueError(
                f'listen = "{self.listen}" lets other machines ask, without a log-in; use 127.0.0.1, or name in hosts '
                "under which names it may be asked"
            )
        return self

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of `listen`."""
        host, _, port = (self.listen or "").rpartition(":")
        return host.strip("[]"), int(port)


class Alerts(Section):
    """Who is told when something is wrong, and when it is over. The log always is."""

    webhook: Annotated[SecretStr, AfterValidator(_webhook)] | None = option(
        None,
        "A JSON document is posted to this URL. Its field text suits Slack and Mattermost as it is.",
        example="https://hooks.example.org/alerts",
    )
    webhook_secret: Annotated[SecretStr, AfterValidator(_webhook_secret)] | None = option(
        None,
        "Signs what is posted, by the headers of Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature).",
        example="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    mail_to: Texts = option((), "Mail addresses, through the server of [smtp].", example=("ops@shop.example",))


class Smtp(Section):
    """The mail server that alerts are sent through."""

    host: Host = option("localhost", "The server.")
    port: int | None = option(
        None,
        "Its port; unless told 465 for implicit TLS, 587 for starttls and 25 for none.",
        example=587,
        ge=1,
        le=65535,
    )
    tls: Tls = option(Tls.NONE, '"implicit", "starttls", or "none" for a server on this machine only.')
    username: Printable | None = option(None, "The user name, if it wants a log-in.", example="alerts@shop.example")
    password: SecretStr | None = option(
        None, "The password itself. Better is password_file: this file is easily copied.", example="secret"
    )
    password_file: Path | None = option(
        None, "A file that holds the password and nothing else.", example="/run/secrets/smtp"
    )
    sender: Printable | None = option(
        None, "The address that alerts come from; unless told the first of mail_to.", example="alerts@shop.example"
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tls is Tls.NONE and not _loopback(self.host):
            raise ValueError(f'without TLS alerts go to this machine only; write tls = "starttls" for {self.host}')
        return self

    @property
    def effective_port(self) -> int:
        """The configured port, or the usual one for the kind of TLS (RFC 8314, RFC 6409, RFC 5321)."""
        return self.port or {Tls.IMPLICIT: 465, Tls.STARTTLS: 587, Tls.NONE: 25}[self.tls]

    def read_password(self) -> str:
        """The password; `UsageError` if it is not to be had where the configuration says."""
        if self.password:
            return self.password.get_secret_value()
        if self.password_file:
            return _secret_from_file(self.password_file, "password_file of [smtp]")
        raise UsageError("username of [smtp] is set and no password; set password_file too")


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
        from interest_ingest.ingest.rules import Rules

        return Rules(
            sites=tuple(site.hosts for site in self.sites.values()),
            own_addresses=frozenset(address.lower() for address in self.own.addresses),
            own_profiles=frozenset(profile.rstrip("/") for profile in self.own.profiles),
            country=self.company.country,
            timezone=self.company.timezone,
            packages=self.parsers.packages,
            folder=str(self.parsers.folder.absolute()) if self.parsers.folder else None,
        )

    def chosen(self, names: tuple[str, ...] = ()) -> list[Mailbox]:
        """The mailboxes of these names, or all; `UsageError` for an unknown name or if there is none at all."""
        known = {mailbox.name: mailbox for mailbox in self.mailboxes.values()}
        for name in names:
            if name not in known:
                raise UsageError(f'there is no mailbox "{name}" in the configuration{_did_you_mean(name, known)}')
        if not known:
            raise UsageError("no mailbox is configured; add a [[mailboxes]] table (see: interest-ingest config sample)")
        return [known[name] for name in dict.fromkeys(names or known)]


# Loading.


def load(path: Path | None = None) -> Settings:
    """Read and check the configuration: the file `path` if given, secret files, environment.

    Raises `UsageError` with one sentence for the first mistake.
    """
    tables = _read_file(path) if path else {}
    try:
        _refuse_unknown_variables()
        keyed: dict[str, Any] = {key: _by_name(value, key, path) for key, value in tables.items()}
        return Settings(**keyed)
    except ValidationError as error:
        raise UsageError(_sentence(error, path)) from None
    except SettingsError as error:
        raise UsageError(f"{error}; see: interest-ingest config sample") from None
    except OSError as error:
        raise UsageError(f"secret file {error.filename}: {error.strerror}; make it readable or remove it") from None


def from_tables(tables: dict[str, Any]) -> Settings:
    """The configuration that these tables alone make: no environment, no secret files (the demo has its own world)."""
    keyed: dict[str, Any] = {key: _by_name(value, key, None) for key, value in tables.items()}
    return _Alone(**keyed)


class _Alone(Settings):
    outside: ClassVar[bool] = False


def secret_folders() -> Iterator[Path]:
    """Where secret files are sought: Docker's folder, then systemd's (`LoadCredential=`), which wins."""
    for folder in (DOCKER_SECRETS, os.environ.get("CREDENTIALS_DIRECTORY")):
        if folder and Path(folder).is_dir():
            yield Path(folder)


def warnings(settings: Settings, path: Path | None) -> list[str]:
    """What is allowed and yet unwise, one sentence each."""
    found = [
        f'mailbox "{mailbox.name}": the password stands in the configuration; put it into a file of mode 0600 and '
        "name it in password_file"
        for mailbox in settings.mailboxes.values()
        if mailbox.password and place_of(("mailboxes", slug(mailbox.name), "password"), path) == str(path)
    ]
    if found and path and stat.S_IMODE(path.stat().st_mode) & 0o077:
        found.append(f"{path} holds a password and others may read it; run: chmod 600 {shlex.quote(str(path))}")
    return found


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


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {_lower_first(str(error))}; mend it there") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such configuration file; make one with: interest-ingest config sample > {path}"
        ) from None
    except OSError as error:
        reason = _lower_first(error.strerror or "")
        raise UsageError(f"{path}: the configuration file cannot be read: {reason}; name a readable file") from None


def _by_name(tables: object, section: str, path: Path | None) -> object:
    """A list of named tables, keyed by name, so that a variable or secret file can complete one of them."""
    if section not in NAMED:
        return tables
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise UsageError(
            f"{path}: {section} must be a list of tables; write [[{section}]], in two brackets, above each"
        )
    keyed: dict[str, Any] = {}
    for number, table in enumerate(tables, 1):
        name = table.get("name")
        if not isinstance(name, str) or not slug(name):
            raise UsageError(f'{path}: the {number}. [[{section}]] has no name; add a line like name = "example"')
        if slug(name) in keyed:
            raise UsageError(f'{path}: two [[{section}]] are named "{name}"; give each a name of its own')
        keyed[slug(name)] = table
    return keyed


NAMED = ("mailboxes", "sites")
NESTED: dict[tuple[str, str], type[Section]] = {("mailboxes", "oauth"): OAuth}
"""Tables within a table of NAMED; in the file they stand after its other options."""


def _refuse_unknown_variables() -> None:
    """pydantic-settings passes over a variable whose section it does not know."""
    for variable in os.environ:
        section = variable[len(PREFIX) :].split("__")[0].lower()
        if variable.upper().startswith(PREFIX) and section not in Settings.model_fields:
            near = _did_you_mean(section, Settings.model_fields)
            raise UsageError(f'environment variable {variable}: there is no section "{section}"{near or "; unset it"}')


# Sentences about mistakes.


def _sentence(error: ValidationError, path: Path | None) -> str:
    """The first mistake of `error` in words, and how many more there are."""
    # A misspelt option makes the right one missing: name the misspelling.
    first, *more = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    keys = tuple(str(key) for key in first["loc"])
    text = f"{place_of(keys, path)}: {_problem(first, keys)}"
    return f"{text} ({len(more)} more after this one)" if more else text


def _problem(error: ErrorDetails, keys: tuple[str, ...]) -> str:
    section, name = _option_of(keys)
    if error["type"] == "extra_forbidden":
        near = _did_you_mean(name, _siblings(keys)) or "; remove it (all options: interest-ingest config sample)"
        return f'there is no option "{name}" in {section}{near}'
    what = f"{name} of {section}" if name else section
    if error["type"] == "missing":
        return f"{what} is missing; add a line like {_example(keys)}"
    message = _WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{what}: {_lower_first(message)}{_hint(error, keys)}"


_WORDS = {"model_type": "it must be a table", "too_short": "it is empty"}


def _hint(error: ErrorDetails, keys: tuple[str, ...]) -> str:
    """Our own errors say what to write; pydantic's say only what is wrong."""
    return "" if error["type"] in ("value_error", "enum") else f"; write for example {_example(keys)}"


def _option_of(keys: tuple[str, ...]) -> tuple[str, str]:
    """(`[[mailboxes]] "sales"`, `port`) for the path of an option; the name is empty for a whole table."""
    if len(keys) == 1:
        return "the configuration", keys[0]
    if _nested(keys):
        return f'[{keys[0]}.{keys[2]}] of "{keys[1]}"', keys[3] if len(keys) > 3 else ""
    if keys[0] in NAMED:
        return f'[[{keys[0]}]] "{keys[1]}"', keys[2] if len(keys) > 2 else ""
    return f"[{keys[0]}]", keys[1]


def _model_of(keys: tuple[str, ...]) -> type[BaseModel]:
    if len(keys) == 1 or keys[0] not in Settings.model_fields:
        return Settings
    if nested := _nested(keys):
        return nested
    annotation = Settings.model_fields[keys[0]].annotation
    model = get_args(annotation)[1] if keys[0] in NAMED else annotation
    assert isinstance(model, type)
    return model


def _nested(keys: tuple[str, ...]) -> type[Section] | None:
    return NESTED.get((keys[0], keys[2])) if len(keys) > 2 else None


def _siblings(keys: tuple[str, ...]) -> dict[str, FieldInfo]:
    return _model_of(keys).model_fields


def _example(keys: tuple[str, ...]) -> str:
    name = _option_of(keys)[1]
    field = _siblings(keys).get(name)
    return f"{name} = {_toml(_shown(field))}" if field and not _is_table(field) else f"[{name}]"


def _did_you_mean(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f'; did you mean "{near[0]}"?' if near else ""


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]


# Passwords and other secrets.


def _read_secret(section: Section, key: str, mailbox: str) -> str:
    """The secret that the option `key`, `key`_file or `key`_command gives; empty if none of them is set."""
    if secret := getattr(section, key):
        assert isinstance(secret, SecretStr)
        return secret.get_secret_value()
    if file := getattr(section, f"{key}_file"):
        return _secret_from_file(file, f'{key}_file of mailbox "{mailbox}"')
    command = getattr(section, f"{key}_command", None)
    return _secret_from_command(command, f'{key}_command of mailbox "{mailbox}"') if command else ""


def _secret_from_file(file: Path, what: str) -> str:
    noun = what.partition("_file")[0].replace("_", " ")
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = _lower_first(getattr(error, "strerror", None) or "it is not UTF-8 text")
        raise UsageError(f"{what}: {file} cannot be read: {reason}; write the {noun} into it") from None
    if not password:
        raise UsageError(f"{what}: {file} is empty; write the {noun} into it")
    return password


def _secret_from_command(command: str, what: str) -> str:
    noun = what.partition("_command")[0].replace("_", " ")
    complain = partial("{} {}; run it by hand to see why".format, what)
    try:
        done = subprocess.run(  # noqa: S603  the operator's own command, from the operator's own file
            shlex.split(command), capture_output=True, timeout=COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        raise UsageError(complain(f"took more than {COMMAND_SECONDS:g} seconds")) from None
    except (OSError, ValueError) as error:
        raise UsageError(complain(f"cannot be run: {getattr(error, 'strerror', None) or error}")) from None
    password = done.stdout.decode("utf-8", "replace").rstrip("\r\n")
    if done.returncode or not password:
        raise UsageError(complain(f"printed no {noun} (exit code {done.returncode})"))
    return password


# Writing the configuration: the sample and what is in force.

HEAD = """\
# The configuration of interest-ingest: every option with its meaning and its default.
# A line like "#port = 993" shows the default, or an example if there is none; remove the # and change the value.
# Each option can also be set by an environment variable, INTEREST_INGEST__SECTION__OPTION, which wins, or by a file
# of the name section__option in /run/secrets or systemd's credentials folder. For a mailbox or site its name stands
# between: INTEREST_INGEST__MAILBOXES__NOTIFICATIONS__PASSWORD, mailboxes__notifications__password.
"""


def sample() -> str:
    """The commented sample configuration, made from the options above."""
    return HEAD + "".join(_sample_section(name) for name in Settings.model_fields)


def show(settings: Settings) -> str:
    """The configuration in force as TOML, without secrets."""
    return "\n".join(filter(None, (_show_section(name, settings) for name in Settings.model_fields)))


def _sample_section(name: str) -> str:
    model = _model_of((name, ""))
    title = f"[[{name}]]" if name in NAMED else f"[{name}]"
    lines = ["", *_comment(model.__doc__ or ""), title]
    for key, field in model.model_fields.items():
        if not _is_table(field):
            lines += [*_comment(_sentence_of(field)), f"{'' if _sampled(field) else '#'}{key} = {_toml(_shown(field))}"]
    nested = [_sample_nested(*path, table) for path, table in NESTED.items() if path[0] == name]
    return "\n".join(lines) + "\n" + "".join(nested)


def _sample_nested(section: str, key: str, model: type[Section]) -> str:
    """A table that stands in the place of other options: all of it is a comment, with one # where it is complete."""
    lines = ["", *_comment(model.__doc__ or ""), f"#[{section}.{key}]"]
    for name, field in model.model_fields.items():
        lines += [*_comment(_sentence_of(field)), f"{'#' if _sampled(field) else '##'}{name} = {_toml(_shown(field))}"]
    return "\n".join(lines) + "\n"


def _sampled(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra["sampled"])


def _sentence_of(field: FieldInfo) -> str:
    no_default = not field.is_required() and field.default in (None, ())
    return f"{field.description}{' No default.' if no_default else ''}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 116, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _shown(field: FieldInfo) -> Any:
    """The default if it says something, else the example."""
    example = (field.examples or [None])[0]
    return example if field.is_required() or field.default in (None, ()) else field.default


def _is_table(field: FieldInfo) -> bool:
    return not field.examples


def _show_section(name: str, settings: Settings) -> str:
    value = getattr(settings, name)
    if name in NAMED:
        return "\n".join(f"[[{name}]]\n{_show_table(table, name)}" for table in value.values())
    return f"[{name}]\n{_show_table(value, name)}"


def _show_table(table: Section, name: str) -> str:
    values = {key: value for key in type(table).model_fields if (value := getattr(table, key)) is not None}
    nested = {key: value for key, value in values.items() if isinstance(value, Section)}
    lines = [f"{key} = {_toml(_without_secret(values[key]))}\n" for key in values if key not in nested]
    lines += [f"[{name}.{key}]\n{_show_table(value, f'{name}.{key}')}" for key, value in nested.items()]
    return "".join(lines)


def _without_secret(value: Any) -> Any:
    """A URL keeps all but its password; any other secret is hidden whole."""
    if not isinstance(value, SecretStr):
        return value
    secret = value.get_secret_value()
    if "://" not in secret:
        return "***"
    if url := re.match(r"https?://[^/@]+(?=/)", secret):  # the path of a webhook is its key
        return f"{url[0]}/***"
    shown = re.sub(r"(://[^:@/]*):[^/]*@", r"\1:***@", secret)
    return re.sub(r"(?i)([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", shown)


def _toml(value: Any) -> str:
    """`value` as TOML writes it: JSON's strings are TOML's basic strings (but for DEL, which no option holds)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return _toml(_duration_text(value))
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
