"""One event is one card, however many mails tell of it; two events are two, however much alike they are.

Real parsers read, the real store records: two admins of a page, a reminder, a digest, moderation and then notice.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from interest_ingest.cards import Channel, Reading
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from interest_ingest.store import Landing, Store
from tests.test_store.making import ARRIVED, an_epoch, claimed, table

FIXTURES = Path(__file__).parents[1] / "fixtures"
RULES = Rules()
PUBLIC = (Channel.SOCIAL, Channel.COMMENT, Channel.REVIEW)


def take_in(store: Store, *raws: bytes, mailbox: str = "notifications") -> list[Reading]:
    """Land these mails, read and record them, one after the other."""
    readings = []
    for raw in raws:
        epoch = store.open_epoch(store.mailbox(mailbox, "INBOX"), 7, None)
        store.land(an_epoch(store, mailbox), [Landing(epoch.cursor + 1, raw, ARRIVED, len(raw), True, "{}")])
        (landed,) = claimed(store)
        readings.append(read(raw, RULES, received_at=ARRIVED))
        store.record([(landed, readings[-1])])
    return readings


def origins(url: str) -> Counter[str]:
    """How many mails tell of each card, by its text."""
    texts = {row["id"]: row["text"] for row in table(url, "card")}
    return Counter(texts[row["card_id"]] for row in table(url, "card_origin"))


def suspects(url: str) -> list[str | None]:
    return [row["suspect_of"] for row in table(url, "card") if row["suspect_of"]]


def fixture(name: str) -> bytes:
    return (FIXTURES / f"{name}.eml").read_bytes()


def to_another_admin(raw: bytes) -> bytes:
    """The same notification as a second person of ours gets it: another recipient, Message-ID and token.

    GitHub's Message-ID is the event itself, and the same for all.
    """
    other = re.sub(rb"(?im)^(To|Delivered-To):[^\r\n]*", rb"\1: second@fern.example", raw, count=2)
    if b"@github.com>" not in other:
        other = re.sub(rb"(?im)^(Message-ID:\s*<)", rb"\1second.", other, count=1)
    return re.sub(rb"([?&](?:mid|n_m|aref|notif_id)=(?:3D)?)\w+", rb"\g<1>5ec0nd", other)


def test_facebook_two_admins_a_reminder_and_a_digest_are_one_card(store: Store, database_url: str) -> None:
    comment = fixture("facebook/en-comment")
    (first, *_) = take_in(store, comment)
    take_in(store, to_another_admin(comment), mailbox="second")
    for name in ("en-reminder", "en-digest-of-our-posts"):
        take_in(store, fixture(f"facebook/{name}").replace(b"Message-ID: <", f"Message-ID: <{name}.".encode()))
    found = origins(database_url)
    (text,) = (card.text for card in first.cards)
    assert found[text] == 4
    assert suspects(database_url) == []
    assert len([mail for mail in store.mails() if mail["outcome"] == "duplicate"]) == 2, (
        "the digest has other cards too"
    )


def test_facebook_two_comments_with_the_same_words_are_two_cards(store: Store, database_url: str) -> None:
    comment = fixture("facebook/en-comment")
    (reading,) = take_in(store, comment)
    (text,) = (card.text for card in reading.cards)
    take_in(store, comment.replace(b"7890", b"7895").replace(b"Message-ID: <", b"Message-ID: <other."))
    assert origins(database_url) == {text: 2}
    assert len(table(database_url, "card")) == 2
    assert suspects(database_url) == []


def wordpress(number: int, *, moderation: bool, name: str = "Hester Quill", text: str = "Is it in stock?") -> bytes:
    """A mail of WordPress 6 about a comment on one page: that it waits for approval, or that it is there."""
    page = "https://garden.example/2026/03/pruning-roses/"
    admin = "https://garden.example/wp-admin/comment.php?action="
    head = f'A new comment on the post "Pruning roses" is waiting for your approval\n{page}\n'
    tail = f"Approve it: {admin}approve&c={number}#wpbody-content\n"
    if not moderation:
        head = 'New comment on your post "Pruning roses"'
        tail = f"You can see all comments on this post here:\n{page}#comments\n\nPermalink: {page}#comment-{number}\n"
    kind = "Please moderate" if moderation else "Comment"
    return f"""From: WordPress <wordpress@garden.example>
To: owner@garden.example
Subject: [Green Gate] {kind}: "Pruning roses"
Date: Tue, 03 Mar 2026 10:15:00 +0000
Message-ID: <{number}.{kind[:3]}@garden.example>
X-Mailer: PHPMailer 6.8.1 (https://github.com/PHPMailer/PHPMailer)
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8

{head}
Author: {name} (IP address: 198.51.100.7, 198.51.100.7)
Email: hester@quill.example
URL:
Comment:
{text}

{tail}Trash it: {admin}trash&c={number}#wpbody-content
Spam it: {admin}spam&c={number}#wpbody-content
""".encode()


def test_wordpress_moderation_and_notice_to_two_admins_are_one_card(store: Store, database_url: str) -> None:
    for moderation in (True, False):
        raw = wordpress(43, moderation=moderation)
        take_in(store, raw)
        take_in(store, to_another_admin(raw), mailbox="second")
    assert origins(database_url) == {"Is it in stock?": 4}
    assert len(table(database_url, "card")) == 1
    assert suspects(database_url) == []


def test_wordpress_two_comments_with_the_same_words_are_two_cards(store: Store, database_url: str) -> None:
    take_in(store, wordpress(43, moderation=False), wordpress(44, moderation=False))
    assert len(table(database_url, "card")) == 2
    assert suspects(database_url) == []


def keyed() -> list[str]:
    """The recorded mails of one public interest whose service names it by ids."""
    found = []
    for file in sorted(FIXTURES.glob("*/*.eml")):
        name = f"{file.parent.name}/{file.stem}"
        cards = reading_of(name).cards
        if len(cards) == 1 and cards[0].event_key and cards[0].channel in PUBLIC:
            found.append(name)
    return found


@cache
def reading_of(name: str) -> Reading:
    return read(fixture(name), RULES)


def new_cards(store: Store, mailbox: str, raws: list[bytes]) -> list[int]:
    """How many cards each of these mails makes, which come one after the other."""
    landings = [Landing(uid, raw, ARRIVED, len(raw), True, "{}") for uid, raw in enumerate(raws, start=1)]
    store.land(an_epoch(store, mailbox), landings)
    pairs = [(landed, read(landed.raw, RULES, received_at=ARRIVED)) for landed in claimed(store)]
    made = {one.delivery_id: len(one.new_cards) for one in store.record(pairs)}
    return [made[delivery_id] for delivery_id in sorted(made)]


def test_every_source_one_event_to_two_admins_is_one_card(quick_folder: Path) -> None:
    """Of all recorded mails whose events have ids. Some have none for the first admin: another mail told of it."""
    names = keyed()
    assert {"facebook", "wordpress", "discourse", "google_business"} <= {name.partition("/")[0] for name in names}
    raws = [fixture(name) for name in names]
    with Store.open(f"sqlite:///{quick_folder}/i.db") as store:
        first = new_cards(store, "notifications", [to_another_admin(raw) for raw in raws])
        second = new_cards(store, "second", raws)
    assert set(first) == {0, 1}
    assert sum(first) > 0.8 * len(names)
    assert {name: made for name, made in zip(names, second, strict=True) if made} == {}


def numbered() -> list[str]:
    """Those of them that are not encoded, and whose event is known by a number of its own."""
    acts = re.compile("like|reaction|share")  # known by their object and their author
    return [
        name
        for name in keyed()
        if not re.search(rb"(?i)base64|quoted-printable", fixture(name)) and not acts.search(key_of(name))
        if key_of(name)[-2:].isdigit() and key_of(name).split()[-1].encode() in fixture(name)
    ]


def key_of(name: str) -> str:
    return reading_of(name).cards[0].event_key or ""


@pytest.mark.parametrize("name", numbered())
def test_every_source_two_events_with_the_same_words_have_two_keys(name: str) -> None:
    raw, key = fixture(name), key_of(name)
    number = re.search(r"\d+\Z", key)
    assert number
    other = str(int(number[0][-1]) + 5)[-1]
    changed = re.sub(rb"(?<!\d)" + number[0].encode() + rb"(?!\d)", (number[0][:-1] + other).encode(), raw)
    (card,), (second,) = reading_of(name).cards, read(changed, RULES).cards
    assert second.text == card.text
    assert second.event_key
    assert second.event_key != key
