"""Writing the configuration: the sample with every option, and what is in force, without secrets."""

from __future__ import annotations

import re
import textwrap
from typing import Any

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from interest_ingest.settings.configuration import NAMED, Settings
from interest_ingest.settings.mistakes import model_of
from interest_ingest.settings.options import NESTED
from interest_ingest.settings.values import Section
from interest_ingest.settings.words import is_table, shown_value, toml

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
    model = model_of((name, ""))
    title = f"[[{name}]]" if name in NAMED else f"[{name}]"
    lines = ["", *_comment(model.__doc__ or ""), title]
    for key, field in model.model_fields.items():
        if not is_table(field):
            mark = "" if _sampled(field) else "#"
            lines += [*_comment(_sentence_of(field)), f"{mark}{key} = {toml(shown_value(field))}"]
    nested = [_sample_nested(*path, table) for path, table in NESTED.items() if path[0] == name]
    return "\n".join(lines) + "\n" + "".join(nested)


def _sample_nested(section: str, key: str, model: type[Section]) -> str:
    """A table that stands in the place of other options: all of it is a comment, with one # where it is complete."""
    lines = ["", *_comment(model.__doc__ or ""), f"#[{section}.{key}]"]
    for name, field in model.model_fields.items():
        mark = "#" if _sampled(field) else "##"
        lines += [*_comment(_sentence_of(field)), f"{mark}{name} = {toml(shown_value(field))}"]
    return "\n".join(lines) + "\n"


def _sampled(field: FieldInfo) -> bool:
    return isinstance(field.json_schema_extra, dict) and bool(field.json_schema_extra["sampled"])


def _sentence_of(field: FieldInfo) -> str:
    no_default = not field.is_required() and field.default in (None, ())
    return f"{field.description}{' No default.' if no_default else ''}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(text, 116, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _show_section(name: str, settings: Settings) -> str:
    value = getattr(settings, name)
    if name in NAMED:
        return "\n".join(f"[[{name}]]\n{_show_table(table, name)}" for table in value.values())
    return f"[{name}]\n{_show_table(value, name)}"


def _show_table(table: Section, name: str) -> str:
    values = {key: value for key in type(table).model_fields if (value := getattr(table, key)) is not None}
    nested = {key: value for key, value in values.items() if isinstance(value, Section)}
    lines = [f"{key} = {toml(_without_secret(values[key]))}\n" for key in values if key not in nested]
    lines += [f"[{name}.{key}]\n{_show_table(value, f'{name}.{key}')}" for key, value in nested.items()]
    return "".join(lines)


def _without_secret(value: Any) -> Any:
    """A URL keeps all but its password; any other secret is hidden whole."""
    if not isinstance(value, SecretStr):
        return value
    secret = value.get_secret_value()
    if url := re.match(r"(https?://)(?:[^/?#]*@)?([^/?#@]+)", secret):  # the rest of a webhook is its key
        return f"{url[1]}{url[2]}/***"
    if not re.match(r"(?:sqlite|postgresql|mariadb|mysql)\b[^:]*://", secret):
        return "***"
    # As SQLAlchemy reads it: up to an @ the password may hold anything.
    shown = re.sub(r"(://[^:@/]*):[^@]*@(?:[^/@]*@)*", r"\1:***@", secret)
    return re.sub(r"(?i)([?&][^=&]*pass[^=&]*=)[^&]*", r"\1***", shown)
