"""The options, each described once, with its default and an example."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from interest_ingest.errors import UsageError
from interest_ingest.oauth.providers import PROVIDERS, Registration
from interest_ingest.settings.secrets import read_secret, secret_from_file
from interest_ingest.settings.values import (
    CountryCode,
    Duration,
    Host,
    Hosts,
    ListenAddress,
    Printable,
    Section,
    Texts,
    TimeZone,
    WebhookKey,
    WebhookUrl,
    loopback,
    option,
)

if TYPE_CHECKING:
    from interest_ingest.ingest.flood import Limits
    from interest_ingest.ingest.intake import PollOptions


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
        "readers and writers. A relative FILE is sought from the working directory. An empty database is set up at "
        "first use.",
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
            if not url.hostname or (url.scheme != "https" and not loopback(url.hostname)):
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
            client_secret=read_secret(self, "client_secret", mailbox),
            refresh_token=read_secret(self, "refresh_token", mailbox),
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
        if self.tls is Tls.NONE and not loopback(self.host):
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
        return read_secret(self, "password", self.name)


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

    country: CountryCode | None = option(
        None, "The country of phone numbers without country code; without it they stay as written.", example="DE"
    )
    timezone: TimeZone = option("UTC", "The time zone of dates that name none.", example="Europe/Berlin")
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


class Products(Section):
    """Which product an interest is about, where the mail names none or names it in many ways."""

    file: Path | None = option(
        None,
        "A CSV file with the columns name, link, pages, aliases; several pages or aliases are parted by |. "
        "Found by the page of a comment or by whole words of a text, Russian ones in any inflection.",
        example="/etc/interest-ingest/products.csv",
    )


class Parsers(Section):
    """Third-party parsers, beside the built-in ones. None is loaded that is not named here."""

    packages: Texts = option(
        (), "Installed packages, or entry points of the group interest_ingest.parsers.", example=("shop_parsers",)
    )
    folder: Path | None = option(
        None,
        "A folder whose parsers are loaded, each by itself: *.py, *.toml, */parser.py, */parser.toml.",
        example="/etc/interest-ingest/parsers",
    )


class Log(Section):
    """What the program tells about itself, on standard error. Never subjects, addresses or texts of mails."""

    format: LogFormat = option(
        LogFormat.AUTO, '"json": one JSON object a line. "console": for people. "auto": console on a terminal.'
    )
    level: LogLevel = option(LogLevel.INFO, "debug, info, warning or error.")


class Status(Section):
    """The local status endpoint: GET /health for probes, GET /metrics for Prometheus. Off unless `listen` is set."""

    listen: ListenAddress | None = option(
        None,
        "Address and port. It has no log-in: another address than this machine's own wants the option hosts too.",
        example="127.0.0.1:9464",
    )
    hosts: Hosts = option(
        (), "Names or addresses, besides localhost, under which it may be asked (Host header).", example=("ingest.lan",)
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.listen and not loopback(self.address[0]) and not self.hosts:
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

    webhook: WebhookUrl | None = option(
        None,
        "A JSON document is posted to this URL. Its field text suits Slack and Mattermost as it is.",
        example="https://hooks.example.org/alerts",
    )
    webhook_secret: WebhookKey | None = option(
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
        if self.tls is Tls.NONE and not loopback(self.host):
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
            return secret_from_file(self.password_file, "password_file of [smtp]")
        raise UsageError("username of [smtp] is set and no password; set password_file too")


NESTED: dict[tuple[str, str], type[Section]] = {("mailboxes", "oauth"): OAuth}
"""Tables within a table of NAMED; in the file they stand after its other options."""
