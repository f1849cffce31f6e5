"""Parsers without code: what a TOML table may say, what it reads, and how its mistakes are told."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from interest_ingest.cards import Action, Channel, Interest
from interest_ingest.errors import UsageError
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Ignored
from interest_ingest.parsing.declared import read_declared

TABLE = r"""
name = "bakery.order"
version = 1
contract = 1
channel = "form"
action = "order"
signed_by = "Bakery.example"
link_hosts = ["bakery.example"]
ignore = "(?i)weekly digest"
languages = ["en"]

[actions]
"(?i)review" = "review"

[match]
from_domain = "bakery.example"

[fields]
author.name = [{ label = "Customer", required = true }]
author.email = { header = "reply_to.email" }
text = { label = ["Remarks", "Wishes"] }
event_key = { link = "/orders/([0-9]+)" }
source_url = { link = "/orders/" }
occurred_at = { label = "Ordered" }
object_kind = { value = "product" }
product.name = { label = "Kind of bread" }
count = { in = "subject", pattern = '(\d+) loaves' }
"""

MAIL = """From: Bakery <shop@bakery.example>
To: desk@shop.example
Reply-To: "Marta Holm" <marta@mail.example>
Subject: {subject}
Date: Sat, 21 Nov 2026 09:15:00 +0000
Content-Type: text/plain; charset=utf-8

A customer ordered something.

{customer}: Marta Holm
Kind of bread: Rye
Ordered: 20 November 2026 18:10
Wishes: Please slice it.

https://bakery.example/orders/55432
https://bakery.example/orders/55432/cancel?action=delete
"""

CARDS = """
name = "bakery.reviews"
version = 2
channel = "review"
action = "review"
cards = "div.review"
match = { from_domain = "bakery.example" }

[fields]
author.name = { css = ".by" }
author.photo_url = { css = "img", attribute = "src" }
text = { css = ".words", required = true }
rating = { css = ".stars", pattern = "([0-9.,]+) of 5" }
source_url = { link = "/reviews/" }
event_key = { link = "/reviews/([0-9]+)" }
"""

PAGE = """From: shop@bakery.example
Subject: New reviews
Content-Type: text/html; charset=utf-8

<div class=review><img src="https://bakery.example/1.jpg"><b class=by>Анна</b><p class=stars>4,5 of 5</p>
<p class=words>Вкусно!<br>Ещё!</p><a href="https://bakery.example/reviews/71">read</a></div>
<div class=review><b class=by>Bo</b><p class=words>Burnt.</p><a href="https://bakery.example/reviews/72">read</a></div>
"""


def _mail(subject: str = "New order: 12 loaves", customer: str = "Customer") -> Mail:
    return Mail.from_bytes(MAIL.format(subject=subject, customer=customer).encode())


def _one(mail: Mail) -> Interest:
    (interest,) = read_declared(TABLE).read(mail)
    return interest


def test_a_table_reads_labels_headers_links_subject_and_constants() -> None:
    interest = _one(_mail())
    assert (interest.channel, interest.action) == (Channel.FORM, Action.ORDER)
    assert (interest.author.name, interest.author.email) == ("Marta Holm", "marta@mail.example")
    assert (interest.text, interest.product.name, interest.object_kind) == ("Please slice it.", "Rye", "product")
    assert (interest.event_key, interest.source_url) == ("55432", "https://bakery.example/orders/55432")
    assert interest.occurred_at is not None
    assert interest.occurred_at.replace(tzinfo=UTC) == datetime(2026, 11, 20, 18, 10, tzinfo=UTC)
    assert interest.count == 12
    assert list(interest.labels) == ["Customer", "Kind of bread", "Ordered", "Wishes"]


def test_the_subject_may_tell_the_action() -> None:
    assert _one(_mail("Review of 3 loaves")).action is Action.REVIEW


def test_noise_is_ignored_and_a_missing_mandatory_field_is_a_change() -> None:
    with pytest.raises(Ignored):
        _one(_mail("Your weekly digest"))
    with pytest.raises(Changed, match=r"author\.name"):
        _one(_mail(customer="Buyer"))


def test_each_block_is_a_card_and_is_read_by_itself() -> None:
    table = read_declared(CARDS)
    first, second = table.read(Mail.from_bytes(PAGE.encode()))
    assert (first.author.name, first.text, first.rating, first.event_key) == ("Анна", "Вкусно!\nЕщё!", 4.5, "71")
    assert first.author.photo_url == "https://bakery.example/1.jpg"
    assert (second.author.name, second.text, second.rating, second.event_key) == ("Bo", "Burnt.", None, "72")
    with pytest.raises(Changed, match=r"no div\.review"):
        list(table.read(_mail()))


def test_it_is_a_parser_like_any_other_and_travels_to_other_processes() -> None:
    parser = pickle.loads(pickle.dumps(read_declared(TABLE))).parser("bakery.toml")
    assert (parser.name, parser.source, parser.signed_by) == ("bakery.order", "bakery", ("bakery.example",))
    assert parser.match.holds(_mail())
    assert len(list(parser(_mail()))) == 1


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("version = 1", "", "version is missing"),
        ("contract = 1", "contract = 2", "contract: it is written for version 2 of the contract, this program has 1"),
        ("text =", "txet =", "fields.txet is unknown; known there: author, text, occurred_at"),
        ("author.name", "author.nam", "fields.author.nam is unknown; known there: name, email"),
        ("required", "requird", "fields.author.name.requird is unknown; known there: label, css"),
        ("from_domain", "from_domains", "match.from_domains is unknown; known there: from_domain"),
        ("ignore", "ignores", "ignores is unknown; known there: name, version"),
        ("(?i)weekly digest", "(", "ignore: '(' is no regular expression"),
        ('"(?i)review"', '"["', "actions.[: '[' is no regular expression"),
        ('link = "/orders/"', 'css = "div[["', "fields.source_url.css: 'div[[' is no CSS selector"),
        ('link = "/orders/"', 'css = "p", link = "x"', "fields.source_url: say one of label, css, link"),
        ('{ value = "product" }', "5", 'fields.object_kind: it should be a table like { label = "Name" }'),
        ('channel = "form"', 'channel = "forms"', "channel: input should be 'social', 'form'"),
        ("version = 1", 'version = "1"', "version: input should be a valid integer"),
        ("[match]", "[match", "it is no TOML: "),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_its_place(written: str, instead: str, told: str) -> None:
    assert written in TABLE
    with pytest.raises(UsageError) as raised:
        read_declared(TABLE.replace(written, instead, 1))
    assert str(raised.value).startswith(told)
    assert "\n" not in str(raised.value)
