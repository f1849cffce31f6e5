"""Passwords and other secrets: from the option itself, from a file, or from a command."""

from __future__ import annotations

import shlex
import subprocess
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from interest_ingest.errors import UsageError
from interest_ingest.settings.values import Section
from interest_ingest.settings.words import lower_first

COMMAND_SECONDS = 30.0


def read_secret(section: Section, key: str, mailbox: str) -> str:
    """The secret that the option `key`, `key`_file or `key`_command gives; empty if none of them is set."""
    if secret := getattr(section, key):
        assert isinstance(secret, SecretStr)
        return secret.get_secret_value()
    if file := getattr(section, f"{key}_file"):
        return secret_from_file(file, f'{key}_file of mailbox "{mailbox}"')
    command = getattr(section, f"{key}_command", None)
    return _secret_from_command(command, f'{key}_command of mailbox "{mailbox}"') if command else ""


def secret_from_file(file: Path, what: str) -> str:
    """What `file` holds, without its line end; `UsageError` if that is nothing. `what` names the option."""
    noun = what.partition("_file")[0].replace("_", " ")
    try:
        password = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = lower_first(getattr(error, "strerror", None) or "it is not UTF-8 text")
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
