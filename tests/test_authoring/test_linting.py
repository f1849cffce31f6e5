"""`parser lint`: each thing that is wrong is found, and a parser with which nothing is wrong is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from interest_ingest import cli
from interest_ingest.authoring import testing, workshop
from interest_ingest.authoring.linting import Bench, lint, weakness
from interest_ingest.parsing.load import builtin_parsers

Capture = pytest.CaptureFixture[str]

PARSER = """\
import re
from interest_ingest.parsing import Action, Author, Changed, Channel, Interest, Match, parser

WORDS = re.compile("said: (.*)")

@parser("bakery.review", version=1, match=Match(from_domain="bakery.example"),
        signed_by="bakery.example", link_hosts="bakery.example")
def review(mail):
    yield Interest(channel=Channel.REVIEW, action=Action.REVIEW, author=Author(name=mail.subject),
                   text=WORDS.search(mail.text)[1], source_url=mail.links[0], event_key="1")
"""
MAIL = """\
From: news@bakery.example
To: desk@shop.example
Subject: Anna
Date: Sat, 21 Nov 2026 09:15:00 +0300

said: Good bread
https://bakery.example/reviews/17
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one parser that is right and its one recorded mail."""
    (fixtures := tmp_path / "parsers" / "bakery" / "fixtures").mkdir(parents=True)
    (tmp_path / "parsers" / "bakery" / "parser.py").write_text(PARSER)
    (fixtures / "anna.eml").write_text(MAIL)
    list(testing.accept(workshop.find("bakery", tmp_path / "parsers")))
    return tmp_path / "parsers"


def _found(folder: Path, *, code: str = PARSER, mail: str = MAIL) -> list[tuple[str, str]]:
    """Kind and sentence of the findings after these changes, their new results accepted."""
    place = workshop.find("bakery", folder)
    place.file.write_text(code)
    (place.fixtures / "anna.eml").write_text(mail)
    list(testing.accept(place))
    return [(one.kind, one.said) for one in lint(Bench([place]))]


def _kinds(folder: Path, *, code: str = PARSER, mail: str = MAIL) -> list[str]:
    return [kind for kind, _ in _found(folder, code=code, mail=mail)]


def test_with_a_parser_that_is_right_nothing_is_wrong(folder: Path) -> None:
    assert _found(folder) == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            "https://bakery.example/r/1?token=a1b2c3d4",
            "its parameter token is a key to an account; hand it over without",
        ),
        ("https://bakery.example/login?next=1", "a door to an account"),
        ("http://bakery.example/r/1", "not https"),
        ("https://other.example/r/1", "other.example is not in link_hosts (bakery.example)"),
    ],
)
def test_the_true_reason_of_a_refused_link_is_told(link: str, said: str, folder: Path) -> None:
    ((kind, told),) = _found(folder, mail=MAIL.replace("https://bakery.example/reviews/17", link))
    assert kind == "link-refused"
    assert said in told


def test_two_parsers_that_claim_one_mail_are_found_by_that_mail(folder: Path) -> None:
    second = (
        PARSER[PARSER.index("@parser") :].replace("bakery.review", "bakery.other").replace("def review", "def other")
    )
    other = second.replace('from_domain="bakery.example"', 'subject="Anna"')
    assert _kinds(folder, code=PARSER + other).count("overlap") == 2
    settled = other.replace("version=1", 'version=1, instead_of="bakery.review"')
    assert "overlap" not in _kinds(folder, code=PARSER + settled)


def test_two_parsers_that_must_claim_the_same_mails_are_found_without_any(folder: Path) -> None:
    second = (
        PARSER[PARSER.index("@parser") :].replace("bakery.review", "bakery.other").replace("def review", "def other")
    )
    narrower = second.replace('from_domain="bakery.example"', 'from_domain="mail.bakery.example", subject="x"')
    found = _found(folder, code=PARSER + narrower)
    assert ("overlap", "it claims every mail that bakery.other claims: use instead_of") in found
    assert [kind for kind, _ in found if kind == "overlap"] == ["overlap"]
    elsewhere = second.replace('from_domain="bakery.example"', 'from_domain="butcher.example"')
    assert "overlap" not in _kinds(folder, code=PARSER + elsewhere)


def test_a_match_without_any_field_claims_every_mail(folder: Path) -> None:
    assert "overlap" in _kinds(folder, code=PARSER.replace('from_domain="bakery.example"', ""))


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("mandatory", ', event_key="1"', ""),
        ("link-refused", 'link_hosts="bakery.example"', 'link_hosts="www.bakery.example"'),
        ("no-signer", 'signed_by="bakery.example", ', ""),
        ("slow-pattern", '"said: (.*)"', '"said: (.*)|(a+)+$"'),
        ("slow-pattern", "Match(", 'Match(text=r"(\\w+\\s?)*!|said", '),
        ("naive-date", ', event_key="1"', ', event_key="1", occurred_at=mail.date.replace(tzinfo=None)'),
        ("impure", "import re\n", "import re, datetime\nNOW = datetime.datetime.now\n"),
        ("impure", "import re\n", "import re, random\n"),
        ("impure", "import re\n", "import re\nfrom urllib.request import urlopen\n"),
        ("differs", "version=1", "version=2"),
        ("not-loaded", "import re\n", "import re, nothing_of_this_name\n"),
        ("no-fixture", "bakery.example", "butcher.example"),
    ],
)
def test_each_fault_of_the_code_is_found(kind: str, old: str, new: str, folder: Path) -> None:
    place = workshop.find("bakery", folder)
    code = PARSER.replace(old, new)
    if kind == "mandatory":
        code = code.replace("source_url=mail.links[0]", "")
    place.file.write_text(code)
    kinds = {one.kind for one in lint(Bench([place]))}
    assert kind in kinds
    assert kinds <= {kind, "differs"}  # what changes a card also differs from its document


@pytest.mark.parametrize(
    ("kind", "old", "new"),
    [
        ("one-click", "https://bakery.example/reviews/17", "https://bakery.example/reviews/17/delete?token=abc"),
        ("real-address", "desk@shop.example", "anna.smith@shop-of-hers.com"),
        ("real-address", "Good bread", "Write to anna@gmail.com"),
        ("differs", "Good bread", "Bad bread"),
    ],
)
def test_each_fault_that_a_mail_shows_is_found(kind: str, old: str, new: str, folder: Path) -> None:
    place = workshop.find("bakery", folder)
    (place.fixtures / "anna.eml").write_text(MAIL.replace(old, new))
    kinds = {one.kind for one in lint(Bench([place]))}
    assert kind in kinds
    assert kinds <= {kind, "differs"}


@pytest.mark.parametrize(
    ("name", "whose"), [("facebook.notification", "a built-in parser"), ("bakery.review", "bakery/parser.py")]
)
def test_a_name_that_is_taken_is_found(name: str, whose: str, folder: Path) -> None:
    """The daemon would leave out the second one."""
    (folder / "twin.py").write_text(PARSER.replace("bakery.review", name))
    places = [workshop.find("bakery", folder), workshop.place_of(folder / "twin.py")]
    (found,) = lint(Bench(places))
    assert (found.parser, found.kind) == (name, "name-taken")
    assert whose in found.said


def test_a_mail_without_expected_document_is_found(folder: Path) -> None:
    (folder / "bakery" / "fixtures" / "anna.eml.json").unlink()
    assert [one.kind for one in lint(Bench([workshop.find("bakery", folder)]))] == ["differs"]


def test_time_that_grows_with_the_square_is_found_without_any_pattern(folder: Path) -> None:
    """Python's own loops are measured too."""
    slow = "    for start in range(len(mail.text)):\n        mail.text[start:].count('said')\n"
    code = PARSER.replace("def review(mail):\n", "def review(mail):\n" + slow * 8)
    assert _kinds(folder, code=code) == ["slow-pattern"]


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)+$", r"(x*)*y", r"\s*\s*\s*\s*;", r"(.*,){12}P"])
def test_patterns_that_explode_are_measured_to_do_so(pattern: str) -> None:
    assert weakness(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(?i)comment|комментари", r"^[^\n]{0,300}: ", r"\A\s*+x", r"(?:a|b){1,5}c", r"id=(\d+)"]
)
def test_patterns_that_do_not_are_left_alone(pattern: str) -> None:
    assert weakness(pattern) is None


# The command


def _run(capfd: Capture, *arguments: str) -> tuple[int, str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["parser", "lint", *arguments])
    return int(ended.value.code or 0), capfd.readouterr().out


def test_the_command_tells_findings_with_its_exit_code(folder: Path, capfd: Capture) -> None:
    assert _run(capfd, "bakery", "--folder", str(folder)) == (0, "1 files with parsers, 0 findings\n")
    place = workshop.find("bakery", folder)
    place.file.write_text(PARSER.replace('signed_by="bakery.example", ', ""))
    code, out = _run(capfd, "bakery", "--folder", str(folder), "--json")
    document = json.loads(out)
    assert (code, document["parsers"]) == (1, ["bakery"])
    assert [(one["parser"], one["kind"]) for one in document["findings"]] == [("bakery.review", "no-signer")]


def test_an_overlap_with_a_built_in_parser_is_found(folder: Path) -> None:
    """An author's own parser is tried on the recorded mails of the built-in ones."""
    place = workshop.find("bakery", folder)
    place.file.write_text(PARSER.replace('from_domain="bakery.example"', 'subject="commented on your post"'))
    found = {one.case for one in lint(Bench([place], workshop.built_in())) if one.kind == "overlap"}
    assert "facebook/en-comment" in found


def test_all_built_in_parsers_pass() -> None:
    places = workshop.built_in()
    assert len(places) == len({one.origin for one in builtin_parsers()})
    assert [" ".join(one) for one in lint(Bench(places))] == []
