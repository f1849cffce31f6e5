"""Mistakes in the configuration in one sentence: the option, its place and the remedy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from interest_ingest.settings.configuration import NAMED, Settings, place_of
from interest_ingest.settings.options import NESTED
from interest_ingest.settings.values import Section
from interest_ingest.settings.words import did_you_mean, is_table, lower_first, shown_value, toml

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def sentence(error: ValidationError, path: Path | None) -> str:
    """The first mistake of `error` in words, and how many more there are."""
    # A misspelt option makes the right one missing: name the misspelling.
    first, *more = sorted(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    keys = tuple(str(key) for key in first["loc"])
    text = f"{place_of(keys, path)}: {_problem(first, keys)}"
    return f"{text} ({len(more)} more after this one)" if more else text


def _problem(error: ErrorDetails, keys: tuple[str, ...]) -> str:
    section, name = _option_of(keys)
    if error["type"] == "extra_forbidden":
        near = did_you_mean(name, _siblings(keys)) or "; remove it (all options: interest-ingest config sample)"
        return f'there is no option "{name}" in {section}{near}'
    what = f"{name} of {section}" if name else section
    if error["type"] == "missing":
        return f"{what} is missing; add a line like {_example(keys)}"
    message = _WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{what}: {lower_first(message)}{_hint(error, keys)}"


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


def model_of(keys: tuple[str, ...]) -> type[BaseModel]:
    """The table that the option `keys` is in."""
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
    return model_of(keys).model_fields


def _example(keys: tuple[str, ...]) -> str:
    name = _option_of(keys)[1]
    field = _siblings(keys).get(name)
    return f"{name} = {toml(shown_value(field))}" if field and not is_table(field) else f"[{name}]"
