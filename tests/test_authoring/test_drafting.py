"""`parser new` and `parser scrub`: from samples of services that nobody has seen to parsers that read them."""

from __future__ import annotations

import json
import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from interest_ingest import cli
from interest_ingest.authoring.drafting import Draft, Sample, draft
from interest_ingest.authoring.samples import template
from interest_ingest.authoring.workshop import document, expectation_of, parsers_in, rules_with
from interest_ingest.errors import UsageError
from interest_ingest.ingest.reading import read

Capture = pytest.CaptureFixture[str]
FIXTURES = Path(__file__).parent.parent / "fixtures"


def _review(who: str, product: str, stars: int, text: str, number: int) -> bytes:
    """A hosted review service's mail: HTML, signed."""
    message = EmailMessage()
    message["DKIM-Signature"] = "v=1; a=rsa-sha256; d=teahub.test; s=s1; h=from:to; bh=abc123DEF=; b=Zm9vYmFyMTIz"
    message["From"], message["To"] = "TeaHub <notify@mail.teahub.test>", "Mara Quill <mara@ladle-and-pot.test>"
    message["Subject"], message["Date"] = f"{who} reviewed your {product}", "Sat, 21 Nov 2026 09:15:00 +0000"
    message["Message-ID"] = f"<{number}.a8Kd92lPq7@mail.teahub.test>"
    message.set_content("View this mail as HTML.")
    page = f"https://www.teahub.test/products/77/reviews/{number}"
    message.add_alternative(
        f"""<html><body><div class="wrap"><p>Hi Mara,</p>
<img class="avatar" width="48" src="https://cdn.teahub.test/u/{number}.jpg">
<b class="who">{who}</b> left a review<div class="stars">{stars} of 5</div><p class="review-text">{text}</p>
<p class="when">20 November 2026, 18:20</p><a class="button" href="{page}?utm_source=mail">Reply to {who.split()[0]}</a>
<a href="https://www.teahub.test/unsubscribe?u=mara%40ladle-and-pot.test&t=9ad8f7a6b5c4">Unsubscribe</a>
</div></body></html>""",
        "html",
    )
    return bytes(message)


def _request(name: str, address: str, phone: str, text: str) -> bytes:
    """A hosted form's mail: nothing but labels and values."""
    return (
        f"From: Breadforms <forms@breadforms.test>\nTo: desk@ladle-and-pot.test\nReply-To: {name} <{address}>\n"
        f"Subject: Quote request\nDate: Sat, 21 Nov 2026 09:15:00 +0000\nMessage-ID: <77@breadforms.test>\n"
        f"Content-Type: text/plain; charset=utf-8\n\nName: {name}\nE-mail: {address}\nPhone: {phone}\n"
        f"Kind of bread: Rye\nMessage: {text}\n"
    ).encode()


def _reply(who: str, topic: str, text: str, number: int) -> bytes:
    """A forum's mail: plain text, a machine's header."""
    return (
        f"From: Potluck Forum <no-reply@potluck.test>\nTo: desk@ladle-and-pot.test\n"
        f'Subject: [Potluck] {who} replied to "{topic}"\nX-Potluck-Event: reply\n'
        f"Date: Sat, 21 Nov 2026 09:15:00 +0000\n"
        f"Message-ID: <{number}@potluck.test>\nContent-Type: text/plain; charset=utf-8\n\nHello Mara,\n\n"
        f'{who} has replied to your topic "{topic}":\n\n{text}\n\nRead the reply here:\n'
        f"https://potluck.test/t/{topic.lower().replace(' ', '-')}/{number}#post-4\n\nYou watch this topic.\n"
    ).encode()


REVIEWS = (
    _review("Anna Petrova", "Oolong Spring 2026", 5, "Wonderful tea, my family loves it!", 88213771),
    _review("Joost van der Berg", "Smoked Lapsang", 3, "Too smoky for me.<br>Fast, though.", 88213999),
)
REQUESTS = (
    _request("Marta Holm", "marta@holm-family.test", "+46 70 123 45 67", "Do you deliver to Lund?"),
    _request("Piet Janssen", "piet.janssen@gmail.com", "+31 6 12345678", "I need 20 loaves\nby Friday."),
)
REPLIES = (
    _reply("Anna Petrova", "Whistling kettles", "I would boil it twice.\n\nAnd then descale it.", 44120),
    _reply("Joost Berg", "Ladle handles", "Use oak.", 45330),
)


def _draft(name: str, raws: tuple[bytes, ...], folder: Path, *, toml: bool = False) -> Draft:
    samples = [Sample(f"{number}.eml", raw) for number, raw in enumerate(raws)]
    return draft(name, samples, folder, toml=toml)


@pytest.mark.parametrize("toml", [False, True])
@pytest.mark.parametrize(
    ("name", "raws"), [("tea.review", REVIEWS), ("bread.request", REQUESTS), ("pot.reply", REPLIES)]
)
def test_a_draft_is_short_passes_its_own_fixtures_and_keeps_nobody(
    name: str, raws: tuple[bytes, ...], toml: bool, tmp_path: Path
) -> None:
    made = _draft(name, raws, tmp_path, toml=toml)
    assert made.lines < 25
    (parser,) = parsers_in(made.place.file)
    cases = made.place.cases()
    assert len(cases) == len(raws)
    for case in cases:
        found = document(case.read_bytes(), rules_with([parser]))
        assert found == json.loads(expectation_of(case).read_text("utf-8"))
        assert (found["outcome"], found["parser"]) == ("cards", name)
    everything = "".join(file.read_text("utf-8") for file in tmp_path.rglob("*.*") if file.is_file())
    people = "Anna|Petrova|Joost|Berg\\b|Marta|Holm|Piet|Janssen|Mara\\b|ladle-and-pot|88213|12345678|gmail|9ad8f7a6"
    assert not re.search(people, everything)


@pytest.mark.parametrize("count", [1, 2])
def test_what_was_learned_from_samples_reads_the_next_mail(count: int, tmp_path: Path) -> None:
    """Of one sample alone, too: what differs is guessed then."""
    (parser,) = parsers_in(_draft("tea.review", REVIEWS[:count], tmp_path).place.file)
    (card,) = read(_review("Мария Лебедева", "Green Sencha", 4, "Очень вкусно!", 9900123), rules_with([parser])).cards
    assert (card.author.name, card.text, card.rating) == ("Мария Лебедева", "Очень вкусно!", 4.0)
    assert (card.product.name, card.event_key) == ("Green Sencha", "77 9900123")
    assert card.source_url == "https://www.teahub.test/products/77/reviews/9900123?utm_source=mail"
    assert card.author.photo_url == "https://cdn.teahub.test/u/9900123.jpg"
    assert f"{card.occurred_at:%Y-%m-%d %H:%M}" == "2026-11-20 18:20"
    (parser,) = parsers_in(_draft("pot.reply", REPLIES[:count], tmp_path).place.file)
    (card,) = read(_reply("Ines Roth", "Old spoons", "Soak it.\n\nDry it.", 47), rules_with([parser])).cards
    assert (card.author.name, card.text, card.event_key) == ("Ines Roth", "Soak it.\n\nDry it.", "47 4")
    assert card.product.name == "Old spoons"


def test_a_mail_of_labels_needs_no_code_and_its_parser_reads_the_next_one(tmp_path: Path) -> None:
    made = _draft("bread.request", REQUESTS, tmp_path)
    assert made.place.file.name == "parser.toml"
    (parser,) = parsers_in(made.place.file)
    (card,) = read(_request("Ines Roth", "ines@roth.test", "+49 30 901820", "Hi!\nBye."), rules_with([parser])).cards
    assert (card.author.name, card.author.email, card.author.phone) == ("Ines Roth", "ines@roth.test", "+4930901820")
    assert (card.text, card.labels["Kind of bread"]) == ("Hi!\nBye.", "Rye")


@pytest.mark.parametrize(
    ("raws", "told"),
    [
        (
            (REVIEWS[0], REQUESTS[0]),
            "the samples do not belong together: they are from breadforms.test and mail.teahub.test",
        ),
        (
            (REVIEWS[0], REQUESTS[0].replace(b"forms@breadforms", b"notify@mail.teahub")),
            "the samples do not belong together: sample 2 is laid out otherwise",
        ),
        (
            ((FIXTURES / "wordpress" / "en-comment.eml").read_bytes(),),
            "wordpress.comment reads this mail already: cards",
        ),
        ((b"Subject: no mail\n\nHello\n",), "a sample has no sender"),
        ((), "give 1 to 50 samples"),
    ],
)
def test_samples_of_which_no_parser_can_be_made_are_told_apart(
    raws: tuple[bytes, ...], told: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError) as raised:
        _draft("tea.review", raws, tmp_path)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_name_is_said_to_be_taken(tmp_path: Path) -> None:
    _draft("tea.review", REVIEWS, tmp_path)
    for name, told in (("tea.review", "is there already"), ("wordpress.comment", "already"), ("Tea", "no parser name")):
        with pytest.raises(UsageError, match=told):
            _draft(name, REVIEWS, tmp_path)


def test_sentences_are_compared_word_by_word() -> None:
    one = template(["Anna P. reviewed “Tea” (#12)", "Bo reviewed “Old oolong” (#9)"])
    assert [gap.values for gap in one.gaps] == [("Anna P.", "Bo"), ("Tea", "Old oolong"), ("12", "9")]
    match = re.search(one.pattern(one.gaps[1]), "Clara d'Arc reviewed “Green” (#1)")
    assert match is not None
    assert match[1] == "Green"


def _run(capfd: Capture, *arguments: str) -> tuple[int, str, str]:
    capfd.readouterr()
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    return int(ended.value.code or 0), *capfd.readouterr()


def test_without_configuration_it_works_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    for number, raw in enumerate(REVIEWS):
        (tmp_path / f"{number}.eml").write_bytes(raw)
    code, out, _ = _run(capfd, "parser", "new", "tea.review", "--from", "0.eml", "1.eml")
    assert code == 0
    assert (tmp_path / "parsers" / "tea.review" / "parser.py").exists()
    assert "interest-ingest parser test tea.review" in out
    code, out, _ = _run(capfd, "parser", "test", "tea.review", "--json")
    assert code == 0
    code, _, err = _run(capfd, "parser", "new", "tea.review", "--from", "0.eml")
    assert (code, err.count("\n")) == (2, 1)


def test_scrub_writes_beside_and_says_what_it_replaced(tmp_path: Path, capfd: Capture) -> None:
    (tmp_path / "a.eml").write_bytes(REQUESTS[0])
    code, out, _ = _run(capfd, "parser", "scrub", str(tmp_path / "a.eml"), "-o", str(tmp_path / "out"), "--json")
    (told,) = json.loads(out)["mails"]
    assert (code, told["faults"]) == (0, [])
    assert told["mapping"]["Marta"] not in ("", "Marta")
    assert b"Marta" not in (tmp_path / "out" / "a.eml").read_bytes()
    code, out, _ = _run(capfd, "parser", "scrub", str(tmp_path / "a.eml"))
    assert "From: Breadforms <forms@breadforms.test>" in out
    code, _, err = _run(capfd, "parser", "scrub", str(tmp_path / "a.eml"), "-o", str(tmp_path))
    assert (code, "is the mail itself" in err) == (2, True)


def test_a_mail_that_its_parser_cannot_read_gets_one_that_stands_in_for_it(tmp_path: Path) -> None:
    """The beginning of a repair: it believes whom the other believes, and the other reads all that it could."""
    fixtures = Path(__file__).parent.parent / "fixtures" / "facebook"
    made = draft("facebook.own", [Sample("a.eml", (fixtures / "en-unknown.eml").read_bytes())], tmp_path, toml=True)
    (mine,) = parsers_in(made.place.file)
    assert mine.instead_of == ("facebook.notification",)
    assert "facebookmail.com" in mine.signed_by
    assert "facebook.com" in mine.link_hosts
    comment = (fixtures / "en-comment.eml").read_bytes()
    assert read(comment, rules_with([mine])).parser == "facebook.notification"
