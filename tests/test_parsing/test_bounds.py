"""What hostile mails once made these readers do, each as one small case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import MAX_TEXT, Action, Channel, Interest, clean_line, clean_text
from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing.automatic import is_automated
from interest_ingest.parsing.forwards import forwarded_inline
from interest_ingest.parsing.lines import field_of
from interest_ingest.parsing.quotes import reply_html, strip_reply
from tests.hostile.measuring import PER_DOUBLING, growth


def test_the_labels_of_a_card_are_bounded_and_clean() -> None:
    """A message of 1 MB stood once more among the labels, unbounded and with NUL."""
    labels = {"Na\0me\n": "An\0na", "Message": "x" * 2 * MAX_TEXT, "Behind": "y"}
    kept = Interest(channel=Channel.FORM, action=Action.REQUEST, labels=labels).labels
    assert kept["Name"] == "Anna"
    assert list(kept) == ["Name", "Message"]
    assert sum(map(len, kept.values())) <= MAX_TEXT


@pytest.mark.parametrize(
    ("line", "label"),
    [("Name" + " " * 12 + ": Anna", "Name"), ("Name" + " " * 50_000 + "x", None), ("-" * 50_000, None)],
)
def test_blanks_do_not_keep_a_label_from_being_found(line: str, label: str | None) -> None:
    field = field_of(line)
    assert (field.label if field else None) == label


def test_what_a_header_tells_of_a_company_is_clean() -> None:
    """A control character came through to the card, where a parser adds to the author that the headers name."""
    raw = b"From: anna@hey.example\nSubject: Tea\nOrganization: Fern  \xc2\x80 Ltd\n\nHow much?\n"
    assert [card.author.company for card in read(raw).cards] == ["Fern Ltd"]


@given(st.text(st.characters(), max_size=12), st.integers(1, 12))
def test_what_is_clean_stays_as_it_is(text: str, room: int) -> None:
    """Else a card would change each time it is made again."""
    for clean in (clean_line, clean_text):
        once = clean(text, room)
        assert clean(once, room) == once
        assert len(once) <= room


def test_quotes_by_the_hundred_are_marked_one_by_one() -> None:
    page = "<p>Own</p>" + "<blockquote>a<br>b</blockquote>" * 300 + "<div>More</div>"
    lines = (reply_html(page) or "").split("\n")
    assert [line for line in lines if line] == ["Own", *["> a", "> b"] * 300, "More"]


def test_a_program_s_quote_hides_what_is_in_it_and_outlook_s_what_follows() -> None:
    page = "<p>Own<div class='x gmail_quote'>a<blockquote>b</blockquote></div><p>c<div id=appendonsend></div><p>d"
    assert (reply_html(page) or "").split() == ["Own", ">", "c"]


def test_an_answer_far_below_is_kept() -> None:
    text = "a line\n" * 20_000 + "the last"
    assert strip_reply(text) == text


def test_a_long_link_is_looked_through_once() -> None:
    """The search for a key in it went back over its digits from each of them: minutes for one link."""

    def page(size: int) -> bytes:
        link = f"<a href='https://hey.example/?token=a{'0' * size}!'>b</a>"
        return b"From: a@hey.example\nSubject: Your password\nContent-Type: text/html\n\n" + link.encode()

    assert growth(lambda raw: is_automated(Mail.from_bytes(raw)), page, 8_000) <= PER_DOUBLING


def test_a_long_line_of_a_forwarded_mail_is_looked_through_once() -> None:
    def forwarding(size: int) -> bytes:
        return b"Subject: Fwd: Tea\n\nBegin forwarded message:\nFrom: a@b.example\n" + b"1,1111" * size

    assert growth(lambda raw: forwarded_inline(Mail.from_bytes(raw)), forwarding, 4_000) <= PER_DOUBLING


def test_blanks_behind_a_colon_in_an_address_header_are_passed_once() -> None:
    assert growth(Mail.from_bytes, lambda size: b"From: :" + b" " * size + b"x\n\n", 3_500) <= PER_DOUBLING
