"""Values and names as a person writes them in the configuration."""

from __future__ import annotations

import difflib
import json
from datetime import date, timedelta
from typing import Any

from pydantic.fields import FieldInfo

from interest_ingest.settings.values import duration_text


def did_you_mean(name: str, known: Any) -> str:
    """The end of a sentence that names the nearest of `known`; empty if none is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f'; did you mean "{near[0]}"?' if near else ""


def lower_first(text: str) -> str:
    """`text` fit for the middle of a sentence."""
    return text[:1].lower() + text[1:]


def shown_value(field: FieldInfo) -> Any:
    """The default if it says something, else the example."""
    example = (field.examples or [None])[0]
    return example if field.is_required() or field.default in (None, ()) else field.default


def is_table(field: FieldInfo) -> bool:
    """Whether it is a table of options and no option itself."""
    return not field.examples


def toml(value: Any) -> str:
    """`value` as TOML writes it: JSON's strings are TOML's basic strings (but for DEL, which no option holds)."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return toml(duration_text(value))
    return str(value) if isinstance(value, int) else json.dumps(str(value), ensure_ascii=False)
