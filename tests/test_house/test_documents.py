"""What the documents say is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from interest_ingest import settings
from interest_ingest.cli import program

TOP = Path(__file__).parents[2]
PAGES = sorted([*TOP.glob("*.md"), *TOP.glob("docs/*.md")])
NAMING_COMMANDS = [*PAGES, TOP / "docs" / "interest-ingest.service", TOP / "Dockerfile", TOP / "compose.yaml"]
COMMAND = re.compile(r"^(?:ExecStart=|HEALTHCHECK .*CMD )?(?:[\w./-]*/)?interest-ingest (.+?)(?:\s+[#>].*)?$")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of `page` in this language."""
    return [text for found, text in BLOCK.findall(page.read_text(encoding="utf-8")) if found == language]


def command_lines(page: Path) -> Iterator[str]:
    """What `page` shows as our command line, without the program's name."""
    text = page.read_text(encoding="utf-8")
    if page.suffix == ".md":
        lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
        lines += re.findall(r"`(interest-ingest [^`\n]+)`", BLOCK.sub("", text))
    else:
        lines = re.sub(r'\["(.*?)"\]', lambda found: found[1].replace('", "', " "), text).splitlines()
    yield from (found[1] for line in lines if (found := COMMAND.search(line)))


def test_the_first_configuration_of_the_readme_is_valid(tmp_path: Path) -> None:
    """README's configuration loads as it stands, and names the mailbox and the site."""
    file = tmp_path / "interest_ingest.toml"
    file.write_text(blocks(TOP / "README.md", "toml")[0], encoding="utf-8")
    loaded = settings.load(file)
    assert [mailbox.host for mailbox in loaded.chosen()] == ["imap.example.org"]
    assert [site.name for site in loaded.sites.values()] == ["shop"]


@pytest.mark.parametrize("example", blocks(TOP / "docs" / "operating.md", "toml"))
def test_every_configuration_that_operating_shows_is_valid(example: str, tmp_path: Path) -> None:
    """It loads as it stands; what a block shows of a mailbox is a whole mailbox."""
    file = tmp_path / "interest_ingest.toml"
    file.write_text(example, encoding="utf-8")
    settings.load(file)


@pytest.mark.parametrize("page", NAMING_COMMANDS, ids=lambda page: page.name)
def test_every_command_that_is_shown_exists(page: Path) -> None:
    """Each word and each option of a shown command line is one that the program knows."""
    for line in command_lines(page):
        assert_known(line)


def assert_known(line: str) -> None:
    """Walk from the program to the command, word by word."""
    command: click.Command = program
    words = shlex.split(line)
    while words:
        word = words.pop(0)
        if word.startswith("-"):
            options = {name: option for option in command.params for name in option.opts}
            assert word in options, f"interest-ingest {line}: no option {word}"
            if not getattr(options[word], "is_flag", False):
                words = words[1:]
        elif isinstance(command, click.Group):
            assert word in command.commands, f"interest-ingest {line}: no command {word}"
            command = command.commands[word]


def test_the_readme_shows_commands_at_all() -> None:
    """The search above finds what it is meant to find."""
    assert [line.split()[2] for line in command_lines(TOP / "README.md") if line.startswith("--config")] == [
        "check",
        "run",
        "cards",
        "status",
        "verify",
    ]
    assert list(command_lines(TOP / "Dockerfile")) == ["check --polled"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_that_is_shown_exists(page: Path) -> None:
    """`make something` in a document is a target of the Makefile."""
    targets = set(re.findall(r"^(\w+):", (TOP / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)make (\w+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name files of the checkout, and headings where they name one."""
    for target, _, heading in re.findall(r"\]\((?!https?:)([^)#]*)(#([^)]*))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles]
