"""F12: an IMAP connection without a timeout hangs for ever when a server is silent, so none is made."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = {"IMAPClient": 6, "IMAP4": 2, "IMAP4_SSL": 99, "create_connection": 1}
"""At which place of its arguments each takes the timeout."""


def without_timeout(source: str) -> list[str]:
    """The calls in `source` that make a connection and name no timeout, or None."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [ast.unparse(call) for call in calls if _name(call.func) in PLACES and not _timed(call)]


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _timed(call: ast.Call) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "timeout"]
    given += call.args[PLACES[_name(call.func)] :][:1]
    return any(not (isinstance(value, ast.Constant) and value.value is None) for value in given)


@pytest.mark.parametrize("folder", ["src", "parsers"])
def test_no_connection_is_made_without_a_timeout(folder: str) -> None:
    found = {
        str(file.relative_to(ROOT)): calls
        for file in (ROOT / folder).rglob("*.py")
        if (calls := without_timeout(file.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_this_test_can_fail() -> None:
    assert without_timeout("IMAPClient(host)")
    assert without_timeout("imaplib.IMAP4(host, 143)")
    assert without_timeout("imapclient.IMAPClient(host, timeout=None)")
    assert not without_timeout("imaplib.IMAP4(host, 143, 60)")
    assert not without_timeout("IMAPClient(host, timeout=60)")
