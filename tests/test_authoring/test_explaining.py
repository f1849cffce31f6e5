"""`explain`: what it says of a mail is so, and what it cannot find it does not make up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest import cli
from interest_ingest.authoring.explaining import Asked, candidate, explain, suggested_name
from interest_ingest.authoring.searching import Text, fold
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.products import Catalogue, Entry
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import Action, Author, Changed, Channel, Interest, Match, Parser, Product, parser

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*/*.eml"))
Capture = pytest.CaptureFixture[str]

MAIL = """\
From: Bakery <news@bakery.example>
To: Desk <desk@shop.example>
Subject: New review by Anna Petrova
Date: Sat, 21 Nov 2026 09:15:00 +0000
Message-ID: <1@bakery.example>
Content-Type: text/html; charset=utf-8

<p>A new review</p><div class="review"><b class="by">Anna  Petrova</b><i>Phone:</i> <tt>8 (900) 000-11-22</tt>
<p class="text">Good bread,<br>4 &amp; 5 loaves a week!</p>
<a href="https://bakery.example/reviews/17?utm_source=mail#r">Read it</a><img src="https://img.example/a.png"></div>
"""


def _review(**told: Any) -> Parser:
    """A parser for MAIL that yields one interest of these fields."""

    @parser(
        "bakery.review",
        version=1,
        match=Match(from_domain="bakery.example", subject="review"),
        signed_by="bakery.example",
        link_hosts="bakery.example",
        photo_hosts="img.example",
    )
    def read_it(_mail: Mail) -> Iterator[Interest]:
        yield Interest(channel=Channel.FORM, action=Action.REVIEW, **told)

    return read_it


def _explained(
    *parsers: Parser, mail: str = MAIL, rules: Rules | None = None, found: Authentication | None = None
) -> dict[str, Any]:
    raw = mail.encode()
    asked = replace(rules or Rules(), chosen=parsers or None)
    authentication = found or Authentication()
    reading = read(raw, asked, authentication=authentication)
    return explain(Asked(Mail.from_bytes(raw), reading, asked, authentication))


def _field(name: str, document: dict[str, Any]) -> dict[str, Any]:
    (found,) = (one for one in document["cards"][0]["fields"] if one["field"] == name)
    return dict(found)


def _of(name: str, rules: Rules | None = None, **told: Any) -> tuple[str, str, list[str]]:
    found = _field(name, _explained(_review(**{"author": Author(name="Anna"), **told}), rules=rules))
    return found["how"], found["said"], [f"{place['where']}: {place['snippet']}" for place in found["places"]]


# Where a value comes from


def test_a_value_is_found_in_the_header_the_text_and_the_page_with_a_selector_that_finds_it() -> None:
    how, _, places = _of("author.name", author=Author(name="Anna Petrova"))
    assert how == "found"
    assert places[0] == "header Subject: New review by Anna Petrova"
    assert "HTML b.by: Anna Petrova" in places


def test_a_value_that_stands_nowhere_is_said_to_stand_nowhere() -> None:
    assert _of("author.name", author=Author(name="Boris"))[::2] == ("nowhere", [])
    assert _of("author.email", author=Author(email="boris@b.example"))[0] == "nowhere"
    assert _of("source_url", source_url="https://bakery.example/reviews/18")[0] == "nowhere"
    assert _of("author.phone", author=Author(phone="+7 901 000-11-22"))[0] == "nowhere"
    assert _of("event_key", event_key="review 18")[0] == "nowhere"


def test_a_part_of_a_word_is_not_taken_for_the_word() -> None:
    assert _of("author.name", author=Author(name="An"))[0] == "nowhere"


def test_a_text_is_found_over_several_lines_and_with_its_entities_decoded() -> None:
    how, _, places = _of("text", text="Good bread,\n4 & 5 loaves a week!")
    assert how == "found"
    assert re.match(r"lines \d+ to \d+ of the text: Good bread, 4 & 5", places[0])


def test_of_a_text_that_stands_there_in_part_the_rest_is_shown() -> None:
    how, said, _ = _of("text", text="Good bread,\nand the best rolls in town")
    assert how == "partly"
    assert "not “and the best rolls in town”" in said


def test_a_label_is_named_with_its_value() -> None:
    mail = "From: a@b.example\nSubject: x\n\nName: Anna\nEmail: anna@c.example\nMessage:\nHello\n"
    document = _explained(mail=mail)
    told = [place["where"] for one in document["cards"][0]["fields"] for place in one["places"]]
    assert "line 1 of the text, label 'Name:'" in told
    assert "line 4 of the text, label 'Message:'" in told


def test_a_telephone_number_tells_the_country_rule_that_completed_it() -> None:
    how, said, places = _of("author.phone", Rules(country="RU"), author=Author(phone="8 (900) 000-11-22"))
    assert how == "derived"
    assert "the country rule RU" in said
    assert "8 (900) 000-11-22" in places[0]


def test_a_link_tells_what_it_was_unwrapped_from_and_its_words() -> None:
    mail = MAIL.replace(
        "https://bakery.example/reviews/17?utm_source=mail#r", "https://www.google.com/url?q=https://bakery.example/r/1"
    )
    document = _explained(_review(author=Author(name="Anna"), source_url="https://bakery.example/r/1"), mail=mail)
    (place,) = _field("source_url", document)["places"]
    assert (place["where"], place["snippet"][:26]) == ("link “Read it”, unwrapped", "https://www.google.com/url")


def test_what_the_link_policy_took_is_said_with_the_hosts_that_it_allows() -> None:
    how, said, _ = _of("source_url", source_url="https://stranger.example/17")
    assert how == "refused"
    assert said.startswith("source link refused: stranger.example: not among")
    assert said.endswith("(link_hosts of bakery.review: bakery.example)")
    _, said, _ = _of("source_url", source_url="https://bakery.example/reviews/17?token=a1b2c3d4")
    assert said == "source link refused: bakery.example: its parameter token is a key to an account"
    _, said, _ = _of("author.photo_url", author=Author(name="Anna", photo_url="https://stranger.example/a.png"))
    assert said.endswith("(photo_hosts of bakery.review: img.example)")


def test_what_is_no_part_of_the_mail_is_derived_or_stated_in_words() -> None:
    document = _explained(_review(author=Author(name="Anna", photo_url="https://img.example/a.png"), text="Good bread"))
    said = {one["field"]: (one["how"], one["said"]) for one in document["cards"][0]["fields"]}
    assert said["source"] == ("stated", "the first word of the parser's name")
    assert said["action"] == ("stated", "the word of bakery.review")
    assert said["occurred_at"] == ("derived", "the Date header")
    assert said["account"] == ("derived", "the recipient")
    assert said["language"] == ("derived", "told by the words of the text")
    assert said["rating"] == ("absent", "")
    assert said["author.photo_url"][0] == "found"


def test_the_product_catalogue_is_named() -> None:
    rules = Rules(products=Catalogue((Entry("Rye loaf", "https://shop.example/rye", aliases=("bread",)),)))
    assert _of("product.url", rules, text="Good bread", product=Product(name="Bread"))[:2] == (
        "derived",
        "the product catalogue",
    )


def test_a_mail_that_may_be_forged_says_where_its_links_went() -> None:
    document = _explained(
        _review(author=Author(name="Anna"), source_url="https://bakery.example/reviews/17"),
        found=Authentication(checked=True, signed=("stranger.example",)),
    )
    assert document["trust"]["level"] == "failed"
    assert _field("source_url", document)["said"] == "a mail that may be forged keeps no link"


@pytest.mark.parametrize("written", ["4/5", "4 / 5", "★★★★", "⭐⭐⭐⭐", "rated 4 by her"])
def test_a_rating_is_found_as_figures_or_stars(written: str) -> None:
    document = _explained(_review(author=Author(name="Anna"), rating=4.0), mail=MAIL.replace("4 &amp; 5", written))
    assert written in _field("rating", document)["places"][0]["snippet"]


def test_a_count_is_the_number_or_the_others_and_one() -> None:
    mail = MAIL.replace("New review by Anna Petrova", "review by Anna and 12 others").replace("Good bread", "at 13:05")
    document = _explained(_review(author=Author(name="Anna"), count=13), mail=mail)
    assert _field("count", document)["said"] == "the one who is named and the others"
    assert _of("count", count=5)[1] == "a number of the mail"
    assert _of("count", count=77)[0] == "stated"


def test_an_element_that_css_cannot_name_is_told_by_its_name() -> None:
    mail = MAIL.replace('<b class="by">Anna  Petrova</b>', "<anna@shop.example>Anna Petrova</anna@shop.example>")
    document = _explained(_review(author=Author(name="Anna Petrova")), mail=mail)
    assert "HTML <anna@shop.example>" in [place["where"] for place in _field("author.name", document)["places"]]


# Who reads it


def test_each_field_of_a_match_tells_whether_it_holds_and_on_what() -> None:
    (one,) = _explained(_review(author=Author(name="Anna")))["candidates"]
    assert [(f["field"], f["holds"], f["on"]) for f in one["fields"]] == [
        ("from_domain", True, "bakery.example"),
        ("subject", True, "New review by Anna Petrova"),
    ]


def test_a_pattern_that_explodes_does_not_hold_and_says_so() -> None:
    one = replace(_review(author=Author(name="Anna")), match=Match(subject=r"(a+)+$"))
    told = candidate(one, Mail.from_bytes(b"Subject: " + b"a" * 50 + b"!\n\n"))
    assert not told["holds"]
    assert "takes too long" in told["fields"][0]["on"]


def test_the_decision_names_who_stands_in_for_whom_and_who_is_in_nobodys_place() -> None:
    mine = _review(author=Author(name="Anna"))
    other = replace(mine, name="shop.review")
    assert any(
        "stands in for that one" in told
        for told in _explained(mine, replace(other, instead_of=(mine.name,)))["decision"]
    )
    ambiguous = _explained(mine, other)
    assert ambiguous["outcome"] == "quarantined"
    assert "none of them names the other in instead_of: nobody reads it" in ambiguous["decision"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Auto-Submitted: auto-replied", "it is an automatic reply: no further parser is asked"),
        ("X-Own: yes", "it is a mail of our own people ([own] addresses)"),
    ],
)
def test_the_decision_names_the_sign_of_a_mail_that_nobody_reads(header: str, sentence: str) -> None:
    mail = f"From: Anna <anna@shop.example>\nSubject: Hello\n{header}\n\nGood day to you all.\n"
    assert sentence in _explained(mail=mail, rules=Rules(own_addresses=frozenset({"anna@shop.example"})))["decision"]


def test_a_quarantined_mail_tells_what_was_missing_and_what_could_be_tried() -> None:
    @parser("bakery.review", version=1, match=Match(from_domain="bakery.example"))
    def changed(_mail: Mail) -> Iterator[Interest]:
        raise Changed("no div.review")
        yield

    document = _explained(changed)
    assert document["decision"][-1] == "bakery.review does not find what it needs: no div.review"
    assert [one["command"] for one in document["advice"]] == [
        "interest-ingest parser test bakery.review",
        "interest-ingest parser new bakery.own --from mail.eml",
    ]


def test_an_unmatched_mail_tells_who_came_near_and_how_to_begin() -> None:
    mail = MAIL.replace("New review by Anna Petrova", "Your invoice").replace("news@", "noreply@")
    document = _explained(_review(author=Author(name="Anna")), mail=mail)
    assert document["outcome"] == "unmatched"
    assert document["advice"] == [
        {"what": "nearest: bakery.review, of which subject does not hold", "command": None},
        {"what": "write a parser for it", "command": "interest-ingest parser new bakery.notification --from mail.eml"},
    ]


def test_a_name_for_the_parser_is_a_name() -> None:
    for sender in ("a@gmail.com", "a@Сад.example", "", "a@b", "x@mail.shop.co.uk"):
        name = suggested_name(Mail.from_bytes(f"From: {sender}\n\n".encode()))
        assert re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", name)


# Over all recorded mails


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_what_is_told_of_a_recorded_mail_is_so(path: Path) -> None:
    """The level of trust is that of the reading, candidates hold as the parsers say, places hold what they show."""
    raw, rules = path.read_bytes(), Rules()
    mail, reading = Mail.from_bytes(raw), read(raw, rules)
    document = explain(Asked(mail, reading, rules))
    assert document["trust"]["level"] == reading.trust
    if document["inside"] is None:
        holding = {one.name for one in rules.parsers if one.match.holds(mail)}
        assert {one["parser"] for one in document["candidates"] if one["holds"]} == holding
        for field in (field for card in document["cards"] for field in card["fields"] if field["how"] == "found"):
            for place in field["places"]:
                if field["field"] != "rating":  # it may stand there as stars
                    assert_holds(mail, place["where"], str(field["value"]), field["said"])


def assert_holds(mail: Mail, where: str, value: str, said: str) -> None:
    """What `where` names holds `value`, or of a text that was found line by line its beginning or end."""
    if line := re.match(r"line (\d+) of the text(?!,)", where):
        shown = fold(mail.visible_text.split("\n")[int(line[1]) - 1])
        wanted = [fold(one) for one in ([value] if not said else value.split("\n"))]
        assert any(one in shown for one in wanted), (where, value)
    if where.startswith("HTML ") and not where.startswith("HTML <"):
        tag = mail.soup.select_one(where.removeprefix("HTML "))
        assert tag is not None, where
        assert said or fold(value) in fold(tag.get_text()), (where, value)


# Whatever the mail


@given(st.sampled_from(FIXTURES), st.data())
@settings(max_examples=60, deadline=None)
def test_no_damage_to_a_mail_makes_it_stumble(path: Path, data: st.DataObject) -> None:
    raw = bytearray(path.read_bytes())
    for at in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=20)):
        raw[at] = data.draw(st.integers(0, 255))
    mail, reading = Mail.from_bytes(bytes(raw)), read(bytes(raw))
    json.dumps(explain(Asked(mail, reading, Rules())))


@given(st.lists(st.text(max_size=30), min_size=1, max_size=12), st.data())
def test_what_stands_in_a_text_is_found_on_its_lines(lines: list[str], data: st.DataObject) -> None:
    text = Text("\n".join(lines), "the text")
    words = [word for line in text.lines for word in line.split()]
    first = data.draw(st.integers(0, len(words)))
    wanted = " ".join(words[first : data.draw(st.integers(first, len(words)))])
    place = text.find(wanted)
    if len(fold(wanted)) > 2:
        assert place
        numbers = [int(number) for number in re.findall(r"\d+", place.where.partition(" of ")[0])]
        shown = fold(" ".join(text.lines[numbers[0] - 1 : numbers[-1]]))
        assert fold(wanted) in shown


# The command


def _run(capfd: Capture, *arguments: str) -> tuple[int, str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(["explain", *arguments])
    return int(ended.value.code or 0), capfd.readouterr().out


def test_json_is_one_document_on_one_line(capfd: Capture) -> None:
    code, out = _run(capfd, str(FIXTURES[0]), "--json")
    assert (code, out.count("\n")) == (0, 1)
    assert {"outcome", "trust", "decision", "cards", "candidates", "advice"} <= set(json.loads(out))


def test_it_reads_standard_input(capfd: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(FIXTURES[0].read_bytes())))
    code, out = _run(capfd, "-")
    assert code == 0
    assert "candidates" in out


@pytest.mark.parametrize(
    "raw", [b"", b"\x00\xff" * 50, b"From: \x1b[2Jx <a@b.example>\nSubject: \xe2\x80\xaegpj\n\n\x1b[31mred"]
)
def test_no_bytes_are_too_strange_and_none_steer_the_terminal(raw: bytes, tmp_path: Path, capfd: Capture) -> None:
    (file := tmp_path / "a.eml").write_bytes(raw)
    code, out = _run(capfd, str(file))
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
