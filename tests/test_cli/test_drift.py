"""`parser health`, and from mails that no parser knows to a parser by the command that is printed."""

from __future__ import annotations

import random
import re
import shlex
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from interest_ingest.cli import shapes
from interest_ingest.store import Store
from tests.test_cli.test_commands import Run
from tests.test_cli.test_commands import run as run
from tests.test_watch import replay

ASKED = (
    ("Anna Petrova", "Is the blue kettle there?"),
    ("Boris Weld", "Do you deliver to Malta? Two."),
    ("Clara", "Hm"),
)


def unknown(folder: Path) -> None:
    """Mails of a service that nobody knows."""
    for number, (who, what) in enumerate(ASKED):
        page = (
            f'<table><tr><td class="who">{who}</td><td class="what">{what}</td>'
            f'<td><a class="open" href="https://ask.example/q/{number}99">Answer</a></td></tr></table>'
        )
        more = "Precedence: bulk\r\nList-Unsubscribe: <https://ask.example/u>"
        raw = replay.mail("Ask <tell@ask.example>", f"{who} asks 12", page, number, "text/html", more)
        (folder / f"{number}.eml").write_bytes(raw)


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "c.toml"
    file.write_text('[database]\nurl = "sqlite:///i.db"\n')
    file.chmod(0o600)
    return "c.toml"


def test_unmatched_mails_become_a_parser_by_the_command_that_is_printed(run: Run, config: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    unknown(tmp_path / "in")
    assert run("--config", config, "import", "in").code == 0
    (group,) = run("--config", config, "mails", "--outcome", "unmatched", "--by-shape", "--json").document["groups"]
    assert (group["sender"], group["mails"], sorted(group["mail_ids"])) == ("ask.example", 3, [1, 2, 3])
    assert group["subject"].endswith(" asks #")
    assert group["command"] in run("--config", config, "mails", "--outcome", "unmatched", "--by-shape").out
    export, new = (shlex.split(one)[1:] for one in group["command"].split(" && "))
    files = run(*export).out.split()
    assert sorted(Path(file).read_bytes() for file in files) == sorted(one.read_bytes() for one in Path("in").iterdir())
    assert {stat.S_IMODE(Path(file).stat().st_mode) for file in files} == {0o600}
    assert new[-1].endswith("/*.eml")
    written = run(*new[:-1], *files)  # as a shell gives it
    assert (written.code, "reads all samples" in written.out) == (0, True), written


def test_of_many_groups_the_largest_are_shown(
    run: Run, config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sender in a thousand is worth a parser; to find him no mail of the others has to be read."""
    (tmp_path / "in").mkdir()
    unknown(tmp_path / "in")
    for number in range(6):
        raw = (tmp_path / "in" / "0.eml").read_bytes().replace(b"ask.example", f"s{number}.example".encode())
        (tmp_path / "in" / f"s{number}.eml").write_bytes(raw)
    run("--config", config, "import", "in")
    words = ("--config", config, "mails", "--outcome", "unmatched", "--by-shape")
    assert len(run(*words, "--json").document["groups"]) == 7
    monkeypatch.setattr(shapes, "SHOWN", 2)
    shown = run(*words).out
    assert "ask.example" in shown
    assert shown.count(" && ") == 2
    assert "5 smaller groups with 5 mails are not shown; --json has all" in shown


def test_a_raw_mail_is_printed_or_written(run: Run, config: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    unknown(tmp_path / "in")
    run("--config", config, "import", "in")
    raw = Path("in/0.eml").read_bytes().decode()
    ids = [mail["mail_id"] for mail in run("--config", config, "mails", "--json").documents]
    assert raw in {run("--config", config, "mails", str(one), "--raw").out for one in ids}
    assert run("--config", config, "mails", str(ids[0]), "--raw", "-o", "one.eml").out == "one.eml\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--by-shape",), "--by-shape wants an outcome: --outcome unmatched"),
        (("--raw",), "--raw wants the numbers of mails"),
        (("1", "-o", "x"), "-o is for the mails themselves"),
        (("1", "2", "--raw"), "give -o FOLDER"),
        (("77", "--raw"), "the ledger has no mail 77"),
        (("<1@shop.example>", "--raw"), "--raw wants the numbers of mails"),
    ],
)
def test_mistakes_are_one_sentence(run: Run, config: str, words: tuple[str, ...], sentence: str) -> None:
    ended = run("--config", config, "mails", *words)
    assert ended.code == 2
    assert sentence in ended.sentence


def test_health_tells_what_is_usual_and_what_has_changed(run: Run, config: str, tmp_path: Path) -> None:
    assert run("--config", config, "parser", "health", "--json").document == {"parsers": [], "samples": []}
    chance, begin = random.Random(1), datetime.now(UTC) - timedelta(days=5)
    with Store.open("sqlite:///i.db") as store:
        course = replay.Replay(store, step=20)
        people = [replay.person(chance) for _ in range(90)]
        mails = [
            replay.Sent(begin + number * replay.HOUR, "", replay.comment(chance, who, number))
            for number, who in enumerate(people)
        ]
        course.take(mails[:60])
        well = run("--config", config, "parser", "health", "--json")
        course.take(one._replace(raw=one.raw.replace(b"Comment:\r\n", b"Words:\r\n")) for one in mails[60:])
    assert well.code == 0
    (told,) = well.document["parsers"]
    assert (told["parser"], told["sender"], told["mails"], told["state"]) == (
        "wordpress.comment",
        "shop.example",
        60,
        "well",
    )
    assert told["fields"]["text"] == {"now": 1.0, "usual": 1.0}
    assert told["not_recognized"] == {"now": 0.0, "usual": 0.0}
    changed = run("--config", config, "parser", "health", "--json", "--samples", "shown")
    assert changed.code == 1
    (told,) = changed.document["parsers"]
    assert told["state"] == "new layout"
    (wrong,) = told["wrong"]
    assert "mails of shop.example that wordpress.comment reads have a new layout" in wrong["text"]
    commands = re.findall(
        r"interest-ingest ((?:mails|explain|reparse|parser health) .*?)(?= and| what| shows|$)", wrong["remedy"]
    )
    assert len(commands) == 4
    assert [run("--config", config, *shlex.split(one)).code for one in commands[:3]] == [0, 0, 0]
    assert wrong["remedy"].endswith("parser health --usual wordpress.comment")
    samples = [Path(file).read_text() for file in changed.document["samples"]]
    assert samples
    assert not any(who.email in sample for sample in samples for who in people)
    assert "CHANGED  mails of shop.example" in run("--config", config, "parser", "health").out
    assert run("--config", config, "parser", "health", "--usual", "wordpress.comment").code == 0
    assert run("--config", config, "parser", "health", "--usual", "no.such").code == 2
