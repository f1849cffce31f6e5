"""Loading: the file, secret files and the environment, checked as one."""

from __future__ import annotations

import os
import shlex
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import ValidationError
from pydantic_settings import SettingsError

from interest_ingest.errors import UsageError
from interest_ingest.settings.configuration import NAMED, PREFIX, Settings, place_of, slug
from interest_ingest.settings.mistakes import sentence
from interest_ingest.settings.options import Mailbox
from interest_ingest.settings.words import did_you_mean, lower_first


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
        raise UsageError(sentence(error, path)) from None
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


def warnings(settings: Settings, path: Path | None) -> list[str]:
    """What is allowed and yet unwise, one sentence each."""
    found = [
        f'mailbox "{mailbox.name}": the {keys[-1].replace("_", " ")} stands in the configuration; put it into a '
        f"file of mode 0600 and name it in {keys[-1]}_file"
        for mailbox in settings.mailboxes.values()
        for keys in _secrets_of(mailbox)
        if place_of(("mailboxes", slug(mailbox.name), *keys), path) == str(path)
    ]
    if found and path and stat.S_IMODE(path.stat().st_mode) & 0o077:
        found.append(f"{path} holds a secret and others may read it; run: chmod 600 {shlex.quote(str(path))}")
    return found


def _secrets_of(mailbox: Mailbox) -> Iterator[tuple[str, ...]]:
    """The options of the mailbox that hold a secret themselves."""
    if mailbox.password:
        yield ("password",)
    for key in ("client_secret", "refresh_token"):
        if mailbox.oauth and getattr(mailbox.oauth, key):
            yield ("oauth", key)


def _read_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {lower_first(str(error))}; mend it there") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}: line {line} is not UTF-8 text; save the file as UTF-8") from None
    except FileNotFoundError:
        raise UsageError(
            f"{path}: there is no such configuration file; make one with: interest-ingest config sample > {path}"
        ) from None
    except OSError as error:
        reason = lower_first(error.strerror or "")
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


def _refuse_unknown_variables() -> None:
    """pydantic-settings passes over a variable whose section it does not know."""
    for variable in os.environ:
        section = variable[len(PREFIX) :].split("__")[0].lower()
        if variable.upper().startswith(PREFIX) and section not in Settings.model_fields:
            near = did_you_mean(section, Settings.model_fields)
            raise UsageError(f'environment variable {variable}: there is no section "{section}"{near or "; unset it"}')
