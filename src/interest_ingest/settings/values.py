"""Types of values, each of which says in its error what to write instead, and what an option is made of."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
import json
import re
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, SecretStr
from pydantic.config import JsonDict
from pydantic_settings import NoDecode

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)")


_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


_HOST = re.compile(r"(?=.{1,253}$)[^\s./:@]+(\.[^\s./:@]+)*")


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


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


def duration_text(value: timedelta) -> str:
    """The inverse of reading a duration."""
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


def loopback(host: str) -> bool:
    """Whether `host` is this machine."""
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
    if url.hostname and (url.scheme == "https" or (url.scheme == "http" and loopback(url.hostname))):
        return value
    raise ValueError('write a URL that begins with "https://" (http:// only to this machine)')


def _webhook_key(value: SecretStr) -> SecretStr:
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


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(duration_text)]
Printable = Annotated[str, AfterValidator(_printable)]
Host = Annotated[str, AfterValidator(_host)]
Hosts = Annotated[tuple[Host, ...], NoDecode, BeforeValidator(_listed)]
Texts = Annotated[tuple[Printable, ...], NoDecode, BeforeValidator(_listed)]
CountryCode = Annotated[str, AfterValidator(_country)]
TimeZone = Annotated[str, AfterValidator(_zone)]
ListenAddress = Annotated[str, AfterValidator(_listen)]
WebhookUrl = Annotated[SecretStr, AfterValidator(_webhook)]
WebhookKey = Annotated[SecretStr, AfterValidator(_webhook_key)]


def option(default: Any, sentence: str, *, example: Any = None, sampled: bool = False, **rest: Any) -> Any:
    """One option: its default (`...`: it must be set), its one description, and a value to show.

    `sampled`: the sample file sets it to its example instead of leaving it at its default.
    """
    shown: JsonDict = {"sampled": sampled or default is ...}
    return Field(default, description=sentence, examples=[example], json_schema_extra=shown, **rest)


class Section(BaseModel):
    """A table of the file. Unknown options are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
