"""Third-party parsers as an operator meets them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from interest_ingest import cli

Capture = pytest.CaptureFixture[str]

SHOP = """
import os, sys
from interest_ingest.parsing import Action, Author, Channel, Interest, Match, parser

@parser("bakery.review", version=3, match=Match(from_domain="bakery.example"), signed_by="bakery.example")
def review(mail):
    yield Interest(channel=Channel.FORM, action=Action.REVIEW, author=Author(name="Anna"), text=f"{sorted(os.environ)}")
"""

MAIL = b"From: Bakery <news@bakery.example>\nTo: desk@shop.example\nSubject: A review\n\nGood bread.\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (folder := tmp_path / "parsers").mkdir()
    (folder / "bakery.py").write_text(SHOP)
    (folder / "broken.py").write_text("import nothing_of_this_name")
    (folder / "twin.py").write_text(SHOP.replace("bakery.review", "mail.letter"))
    file = tmp_path / "interest_ingest.toml"
    file.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/i.db"\n[parsers]\nfolder = "{folder}"\n')
    return file


def _run(capfd: Capture, config: Path, *arguments: str) -> tuple[int, str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["--config", str(config), *arguments])
    return int(ended.value.code or 0), capfd.readouterr().out


def test_parser_list_shows_them_and_names_what_is_not_loaded(config: Path, capfd: Capture) -> None:
    code, out = _run(capfd, config, "parser", "list", "--json")
    told = json.loads(out)
    (mine,) = (one for one in told["parsers"] if one["name"] == "bakery.review")
    assert (mine["version"], mine["signed_by"], mine["match"]) == (
        3,
        ["bakery.example"],
        {"from_domain": ["bakery.example"]},
    )
    assert [Path(problem.split(": ")[0]).name for problem in told["problems"]] == ["broken.py", "twin.py"]
    assert code == 1


TABLE = """
name = "bakery.order"
version = 1
channel = "form"
action = "order"
match = { from_domain = "bakery.example" }
fields = { author.name = { header = "from.name" } }
"""

BAD = {
    "syntax.py": ("def :\n", "SyntaxError"),
    "import.py": ("import nothing_of_this_name\n", "No module named"),
    "raises.py": ("1 / 0\n", "ZeroDivisionError"),
    "empty.py": ("x = 1\n", "there is no parser in it"),
    "contract.py": (SHOP.replace("version=3", "version=3, contract=9"), "version 9 of the parser contract"),
    "twin.py": (SHOP.replace("bakery.review", "mail.letter"), "interest-ingest itself has one too; rename it"),
    "nobody.py": (SHOP.replace('Match(from_domain="bakery.example")', "Match()"), "it would claim every mail"),
    "field.toml": (TABLE.replace("author.name", "author.nam"), "fields.author.nam is unknown"),
    "slow.toml": (TABLE.replace("match = {", "match = { subject = '(a+)+$',"), "takes more than 0.2 s"),
    "old.toml": (TABLE.replace("version = 1", "version = 1\ncontract = 9"), "version 9 of the contract"),
    "none.toml": ("name =", "it is no TOML"),
}


def test_each_bad_file_is_named_with_its_sentence_and_the_others_work(tmp_path: Path, capfd: Capture) -> None:
    (folder := tmp_path / "parsers").mkdir()
    for name, (text, _) in BAD.items():
        (folder / name).write_text(text)
    for name, text in (("review/parser.py", SHOP), ("order/parser.toml", TABLE), ("draft/notes.py", "1 / 0")):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "zwilling.toml").write_text(TABLE)
    (config := tmp_path / "c.toml").write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/i.db"\n[parsers]\nfolder = "{folder}"\n'
    )
    code, out = _run(capfd, config, "parser", "list", "--json")
    told = json.loads(out)
    assert code == 1
    assert {"bakery.review", "bakery.order"} <= {one["name"] for one in told["parsers"]}
    problems = {Path(problem.split(": ")[0]).name: problem for problem in told["problems"]}
    assert problems.keys() == {*BAD, "zwilling.toml"}
    for name, (_, sentence) in BAD.items():
        assert sentence in problems[name]
    assert "has one too; rename it" in problems["zwilling.toml"]
    checked = [line for line in _run(capfd, config, "check")[1].splitlines() if "third-party" in line]
    assert [line.split()[0] for line in checked] == ["ok", *["FAIL"] * len(problems)]


def test_check_names_them_one_line_each(config: Path, capfd: Capture) -> None:
    lines = [line for line in _run(capfd, config, "check")[1].splitlines() if "third-party" in line]
    assert [line.split()[0] for line in lines] == ["ok", "FAIL", "FAIL"]
    assert "No module named 'nothing_of_this_name'" in lines[1]
    assert "interest-ingest itself has one too; rename it" in lines[2]


def test_they_read_with_an_empty_environment_and_never_in_this_process(
    config: Path, tmp_path: Path, capfd: Capture
) -> None:
    before = {name for name in sys.modules if name.startswith("interest_ingest_folder")}
    (mail := tmp_path / "a.eml").write_bytes(MAIL)
    told = json.loads(_run(capfd, config, "parse", str(mail), "--json")[1])
    assert (told["outcome"], told["parser"]) == ("cards", "bakery.review")
    assert set(json.loads(told["cards"][0]["text"].replace("'", '"'))) <= {"LC_CTYPE"}  # Python sets that one itself
    assert {name for name in sys.modules if name.startswith("interest_ingest_folder")} == before


def test_parser_list_has_one_line_for_each_parser_within_the_width_of_the_terminal(
    config: Path, capfd: Capture
) -> None:
    code, out = _run(capfd, config, "parser", "list")
    documents = json.loads(_run(capfd, config, "parser", "list", "--json")[1])["parsers"]
    title, *lines = out.splitlines()
    assert (code, title.split()[:2]) == (1, ["source", "parser"])
    assert len(lines) == len(documents)
    assert max(map(len, lines)) <= 160
    sources = [line.split()[0] for line in lines if not line.startswith(" ")]
    assert sorted(sources) == sorted({one["source"] for one in documents})


def test_parser_list_shows_all_about_one_parser_or_source(config: Path, capfd: Capture) -> None:
    out = _run(capfd, config, "parser", "list", "bakery.review")[1]
    assert "bakery.review version 3" in out
    assert "from domain   bakery.example" in out
    assert "signed by     bakery.example" in out
    told = json.loads(_run(capfd, config, "parser", "list", "bakery", "--json")[1])
    assert [one["name"] for one in told["parsers"]] == ["bakery.review"]


def test_parser_list_names_the_nearest_for_one_that_is_not_there(capfd: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["parser", "list", "wordpres"])
    assert ended.value.code == 2
    assert 'did you mean "wordpress"?' in capfd.readouterr().err


def test_explain_tells_where_the_values_of_their_cards_come_from(config: Path, tmp_path: Path, capfd: Capture) -> None:
    (mail := tmp_path / "a.eml").write_bytes(MAIL)
    told = json.loads(_run(capfd, config, "explain", str(mail), "--json")[1])
    assert (told["outcome"], told["parser"]) == ("cards", "bakery.review")
    (one,) = (one for one in told["candidates"] if one["parser"] == "bakery.review")
    assert [(field["field"], field["on"]) for field in one["fields"]] == [("from_domain", "bakery.example")]
    fields = {field["field"]: field["how"] for field in told["cards"][0]["fields"]}
    assert (fields["author.name"], fields["occurred_at"]) == ("nowhere", "derived")
