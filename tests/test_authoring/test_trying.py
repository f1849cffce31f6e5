"""`parser try`: gains and losses over stored mails, and a database that was only read."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interest_ingest import cli
from interest_ingest.authoring.trying import Kept, Total, attempt
from interest_ingest.authoring.workshop import parsers_in
from interest_ingest.cards import Outcome
from interest_ingest.errors import IngestError
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Store

Capture = pytest.CaptureFixture[str]
ARRIVED = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)

PARSER = """\
from interest_ingest.parsing import Action, Author, Changed, Channel, Interest, Match, parser

@parser("bakery.review", version=1, match=Match(from_domain="bakery.example", subject="review"))
def review(mail):
    if "Stars" not in mail.text:
        raise Changed("the stars")
    for line in mail.text.splitlines():
        if ": " in line:
            name, _, text = line.partition(": ")
            yield Interest(channel=Channel.FORM, action=Action.REVIEW, author=Author(name=name), text=text)
"""
TOLERANT = PARSER.replace('if "Stars" not in mail.text', 'if "Notes" in mail.text')
MAIL = (
    "From: Bakery <noreply@bakery.example>\nTo: desk@shop.example\nSubject: {}\nMessage-ID: <{}@bakery.example>\n\n{}\n"
)


def _mail(number: int, subject: str = "A review", text: str = "Anna: Good bread") -> bytes:
    return MAIL.format(subject, number, text).encode()


def _write(folder: Path, code: str) -> Path:
    folder.mkdir(exist_ok=True)
    (file := folder / "bakery.py").write_text(code)
    return file


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that took in two reviews while the parser was a strict one, and a mail that nobody knew."""
    top = tmp_path_factory.mktemp("taken_in")
    _write(top / "parsers", PARSER)
    for folder in ("db", "mails"):
        (top / folder).mkdir()
    (top / "mails" / "1.eml").write_bytes(_mail(1))
    (top / "mails" / "2.eml").write_bytes(_mail(2, text="Stars\nBoris: Good rolls"))
    (top / "mails" / "3.eml").write_bytes(_mail(3, subject="Your invoice", text="Please pay: now"))
    with pytest.raises(SystemExit):
        cli.main(["--config", str(_configured(top)), "import", str(top / "mails")])
    return top


def _configured(top: Path) -> Path:
    file = top / "interest_ingest.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{top}/db/i.db"\n[parsers]\nfolder = "{top}/parsers"\n')
    return file


@pytest.fixture
def config(taken_in: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    shutil.copytree(taken_in, tmp_path, dirs_exist_ok=True)
    return _configured(tmp_path)


def _try(capfd: Capture, config: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["--config", str(config), "parser", "try", "bakery", "--json", *arguments])
    return int(ended.value.code or 0), json.loads(capfd.readouterr().out)


def _rows(config: Path) -> list[str]:
    """Everything in the database, as SQL."""
    with closing(sqlite3.connect(config.parent / "db" / "i.db")) as connection:
        return list(connection.iterdump())


def test_what_a_mended_parser_would_make_of_quarantined_mails_is_a_gain(config: Path, capfd: Capture) -> None:
    _write(config.parent / "parsers", TOLERANT)
    code, told = _try(capfd, config, "--quarantine")
    assert (code, told["mails"], told["counts"]) == (0, 1, {"gained": 1})
    (trial,) = told["trials"]
    assert trial["before"]["outcome"] == "quarantined"
    assert {"card": 1, "field": "author.name", "before": None, "after": "Anna", "kind": "gained"} in trial["changes"]
    assert told["fields"]["gained"]["text"] == 1


def test_no_row_changes_and_no_byte_of_the_database_either(config: Path, capfd: Capture) -> None:
    _write(config.parent / "parsers", TOLERANT)
    rows, file = _rows(config), config.parent / "db" / "i.db"
    bytes_before = file.read_bytes()
    assert _try(capfd, config, "--quarantine", "--unmatched", "--parser", "bakery.review")[1]["mails"] == 3
    assert file.read_bytes() == bytes_before
    assert not Path(f"{file}-wal").exists() or not Path(f"{file}-wal").stat().st_size
    assert _rows(config) == rows
    assert len(rows) > 20


def test_unmatched_mails_are_tried_if_asked_for(config: Path, capfd: Capture) -> None:
    _write(config.parent / "parsers", PARSER.replace(', subject="review"', "").replace('"Stars" not in', '"Notes" in'))
    code, told = _try(capfd, config, "--unmatched")
    assert (code, told["mails"], told["counts"]) == (0, 1, {"gained": 1})
    assert told["trials"][0]["before"] == {"outcome": "unmatched", "reason": None, "parser": None}


def test_a_card_that_would_be_lost_is_a_loss(tmp_path: Path) -> None:
    """`mail.letter` reads such mails; a specific parser claims them and does not find what it needs."""
    mail = b"From: Anna <anna@customer.example>\nTo: desk@shop.example\nSubject: Hello\n\nHave you any bread left?\n"
    mine = parsers_in(
        _write(
            tmp_path / "other",
            PARSER.replace("bakery.example", "customer.example").replace('subject="review"', 'subject="Hello"'),
        )
    )
    (trial,) = attempt([_kept(mail, Outcome.CARDS)], Rules(), Rules(chosen=(*Rules().parsers, *mine)))
    assert (trial.kind, trial.after.reason) == ("lost", "template changed: the stars")
    assert {change.kind for change in trial.changes} == {"lost"}
    total = Total()
    total.add(trial)
    assert total.fields["lost"]["author.email"] == 1


def test_cards_are_paired_by_their_author_before_their_order(tmp_path: Path) -> None:
    """A parser that finds one more at the top changes none of the others."""
    first = parsers_in(_write(tmp_path / "a", TOLERANT.replace("splitlines()", "splitlines()[1:]")))
    second = parsers_in(_write(tmp_path / "b", TOLERANT))
    mail = _mail(1, text="Anna: Good bread\nBoris: Good rolls\nVera: Good cake")
    (trial,) = attempt([_kept(mail, Outcome.CARDS)], Rules(chosen=first), Rules(chosen=second))
    assert trial.kind == "gained"
    assert {(change.card, change.kind) for change in trial.changes} == {(3, "gained")}
    assert {change.after for change in trial.changes if change.field == "author.name"} == {"Anna"}


def _kept(raw: bytes, outcome: Outcome) -> Kept:
    return Kept(1, raw, "{}", ARRIVED, len(raw), outcome, None)


def test_since_leaves_older_mails_out(config: Path, capfd: Capture) -> None:
    assert _try(capfd, config, "--quarantine", "--since", "2099-01-01")[1]["mails"] == 0


def test_people_are_shown_gains_and_a_count(config: Path, capfd: Capture) -> None:
    _write(config.parent / "parsers", TOLERANT)
    capfd.readouterr()
    with pytest.raises(SystemExit):
        cli.main(["--config", str(config), "parser", "try", "bakery", "--quarantine"])
    out = capfd.readouterr().out
    assert "  + card 1 author.name: Anna\n" in out
    assert "1 mails: 1 gained; nothing was written\n" in out


def test_it_must_be_said_which_mails(config: Path, capfd: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["--config", str(config), "parser", "try", "bakery"])
    assert ended.value.code == 2
    assert "--quarantine, --unmatched or --parser" in capfd.readouterr().err


# A database that is only read


def _sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/i.db"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "mariadb"])
def test_a_database_opened_to_read_refuses_every_write(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The database itself does: what writes all the same fails, whatever the code above it thinks."""
    urls: dict[str, Callable[[], str]] = {
        "sqlite": lambda: _sqlite(tmp_path),
        "postgresql": lambda: request.getfixturevalue("new_postgres_url")(),
        "mariadb": lambda: request.getfixturevalue("mariadb").new_database(),
    }
    url = urls[kind]()
    with pytest.raises(IngestError):
        Store.open_to_read(url)
    with Store.open(url) as store:
        store.mailbox("desk", "INBOX")
    with Store.open_to_read(url) as store:
        assert list(store.stored()) == []
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            store.mailbox("other", "INBOX")


def test_a_database_in_a_folder_that_nobody_may_write_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root every folder may be written: what the system says of it is given."""
    with Store.open(_sqlite(tmp_path)) as store:
        store.mailbox("desk", "INBOX")
    monkeypatch.setattr("os.access", lambda _path, mode: mode == 4)
    with Store.open_to_read(_sqlite(tmp_path)) as store:
        assert [name for name, _ in store.last_polls()] == ["desk"]
    assert [file.name for file in tmp_path.iterdir()] == ["i.db"]
