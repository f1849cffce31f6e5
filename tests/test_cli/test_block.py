"""`block`, and which cards `cards` shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from interest_ingest import cli
from interest_ingest.cards import Trust
from interest_ingest.store import Store
from tests.test_store.making import deliver, interest, reading

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Runs the program on an SQLite database; gives the exit code and what it printed."""
    monkeypatch.setenv("INTEREST_INGEST__DATABASE__URL", f"sqlite:///{tmp_path}/i.db")

    def main(*words: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            cli.main(words)
        assert isinstance(ended.value.code, int)
        said = capfd.readouterr()
        return ended.value.code, said.out or said.err

    return main


def document(given: tuple[int, str]) -> Any:
    assert given[1].count("\n") == 1
    return json.loads(given[1])


def test_the_block_list_from_beginning_to_end(run: Run) -> None:
    added = document(run("block", "add", "Anna@Foul.example", "https://m.vk.com/Foul/", "--json"))
    assert added == {
        "added": [{"kind": "address", "value": "anna@foul.example"}, {"kind": "profile", "value": "vk.com/foul"}]
    }
    assert run("block", "add", "anna@foul.example") == (0, "address anna@foul.example: is blocked already\n")
    listed = document(run("block", "list", "--json"))["blocks"]
    assert [(one["kind"], one["value"]) for one in listed] == [
        ("address", "anna@foul.example"),
        ("profile", "vk.com/foul"),
    ]
    code, said = run("block", "remove", "vk.com/foul", "nobody.example")
    assert (code, said) == (1, "profile vk.com/foul: removed\ndomain nobody.example: is not blocked\n")
    assert run("block", "remove", "anna@foul.example")[0] == 0
    assert run("block", "list") == (0, "nobody is blocked\n")


def test_a_mistake_changes_nothing(run: Run) -> None:
    code, said = run("block", "add", "anna@foul.example", "no address")
    assert code == 2
    assert "'no address' cannot be blocked: write an address" in said
    assert document(run("block", "list", "--json")) == {"blocks": []}


def test_cards_that_may_be_forged_are_shown_when_asked_for(run: Run, tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path}/i.db") as store:
        deliver(store, *(reading(interest(trust.value, trust=trust), canon=trust.value) for trust in Trust))

    def shown(*words: str) -> list[str]:
        return [json.loads(line)["trust"] for line in run("cards", "--json", *words)[1].splitlines()]

    assert shown() == ["verified", "unproven"]
    assert shown("--all") == ["verified", "unproven", "failed"]
    assert shown("--trust", "failed") == ["failed"]
    assert shown("--trust", "failed", "--trust", "verified") == ["verified", "failed"]
