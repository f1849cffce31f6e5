"""T-08: bad third-party parsers cost their own mails and nothing else."""

from __future__ import annotations

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest import processing
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.confine import LIMITS, Limits
from interest_ingest.ingest.foreign import MATCH_SECONDS, MATCH_STRIKES, Foreign, Patterns
from interest_ingest.ingest.processing import process
from interest_ingest.ingest.readers import Letter, Readers
from interest_ingest.ingest.rules import Rules
from interest_ingest.ingest.sandbox import third_party
from interest_ingest.mail import Mail
from interest_ingest.store import Landing, Store
from tests.mails import samples
from tests.plugins import bad
from tests.torture import report, scale

NOW = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
SHORT = (
    "hang", "allocation", "segfault", "base-exception", "surrogates", "fork-bomb", "signals-ignored", "network",
    "environment", "pipes-closed", "import-crash", "redos-match",
)  # fmt: skip
NAMES = scale(SHORT, bad.NAMES)
LIMITS_HERE = scale(Limits(cpu=1, wall=1.0), LIMITS)
ATTEMPTS = scale(1, 3)
LATER_SECONDS = 10.0
"""How much later than without any plugin the others' mails may be read."""

OTHERS = samples(30)
SECRET = "c4nary-of-the-environment"


@dataclass
class World:
    """A ledger with everybody's mails, and what bad plugins would like to get at."""

    store: Store
    database: Path
    folder: Path
    file: Path
    given: dict[str, object] = field(default_factory=dict)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    (folder := tmp_path / "parsers").mkdir()
    file = tmp_path / "mine"
    file.write_text("mine")
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX) as local,
        Store.open(f"sqlite:///{tmp_path}/i.db") as store,
    ):
        local.bind(f"{file}.socket")
        local.listen()
        given = {"port": listener.getsockname()[1], "file": file, "secret": SECRET}
        yield World(store, tmp_path / "i.db", folder, file, given)


def _mail(name: str) -> bytes:
    return (
        f"From: Shop <news@{name}.example>\nTo: desk@shop.example\nSubject: about {name}\n"
        f"Message-ID: <{name}@x.example>\nDate: Sat, 21 Nov 2026 09:00:00 +0000\n\nHello {'x' * 64}\n"
    ).encode()


def _land(store: Store, name: str, raws: list[bytes]) -> None:
    epoch = store.open_epoch(store.mailbox(name, "INBOX"), 1, None)
    store.land(epoch.id, [Landing(n, raw, NOW, len(raw), True, "") for n, raw in enumerate(raws, 1)])


def _rows(database: Path) -> list[tuple[object, ...]]:
    """What a person has done, and the cards that were there before."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT * FROM card WHERE responsible = 'Marta' ORDER BY id").fetchall()


def test_bad_plugins_cost_their_own_mails_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-08."""
    monkeypatch.setattr(processing, "MAX_ATTEMPTS", ATTEMPTS)
    known = samples(40)[30:]
    _land(world.store, "known", [mail.raw for mail in known])
    process(world.store, Rules())
    with closing(sqlite3.connect(world.database)) as connection, connection:
        connection.execute("UPDATE card SET responsible = 'Marta'")
    before = _rows(world.database)
    for name in NAMES:
        (world.folder / f"{name}.py").write_text(bad.module(name, **world.given))
    _land(world.store, "plugins", [_mail(name) for name in NAMES])
    _land(world.store, "others", [mail.raw for mail in OTHERS])

    rules = Rules(folder=str(world.folder), limits=LIMITS_HERE)
    done_at: list[float] = []

    def look(_count: int) -> None:
        waiting = [mail for mail in world.store.mails("new") if mail["mailbox"] == "others"]
        if not waiting:
            done_at.append(time.monotonic())

    with Readers(rules, 1) as pool:
        assert {Path(problem.split(": ")[0]).stem for problem in pool.found.problems} == {
            name for name in NAMES if name.startswith("import")
        }
        pool.start()
        began = time.monotonic()
        process(world.store, rules, progress=look, readers=pool)
        took = time.monotonic() - began

    outcomes: dict[str, list[dict[str, Any]]] = {mail["mailbox"]: [] for mail in world.store.mails()}
    for mail in world.store.mails():
        outcomes[mail["mailbox"]].append(mail)
    by_name = dict(zip(NAMES, outcomes["plugins"], strict=True))
    right = [name for name in NAMES if _as_expected(name, by_name[name])]
    report("T-08 bad plugins", plugins=len(NAMES), right=len(right), others_after=done_at[0] - began, all_after=took)
    assert right == list(NAMES), [by_name[name] for name in NAMES if name not in right]
    texts = {card["id"]: card["text"] for card in world.store.cards()}
    for name in {"network", "environment"} & set(NAMES):
        assert [texts[card_id] for card_id in by_name[name]["cards"]] == ["read"], "it reached or found nothing"
    assert {mail["outcome"] for mail in outcomes["others"]} == {"cards"}
    assert done_at[0] - began < LATER_SECONDS + 1
    assert before == _rows(world.database)
    assert len(before) == len(known)
    assert world.file.read_text() == "mine"


def _as_expected(name: str, mail: dict[str, Any]) -> bool:
    expected = {"cards", "unmatched", "ignored"}
    if name in bad.BODIES:
        expected = {"cards"} if name in bad.READ else {"quarantined"}
    return mail["outcome"] in expected


LIAR = """
import json, os, struct
from interest_ingest.cards import Action, Author, Channel, Interest
from interest_ingest.parsing import Match, parser

SITE = "liar.example"

@parser("liar.x", version=1, match=Match(from_domain=SITE), signed_by=SITE, link_hosts=SITE)
def read(mail):
    if mail.subject == "source":
        author = Author(name="Anna")
        yield Interest(channel=Channel.SOCIAL, action=Action.COMMENT, source="facebook", author=author, event_key="1")
        return
    at, bad = "2026-11-21T09:00:00Z", "javascript:alert(1)"
    card = {
        "source": "liar", "channel": "social", "action": "comment", "text": "x",
        "parser": "liar.x", "parser_version": 1,
        "author": {"name": "Anna", "profile_url": bad, "photo_url": bad}, "source_url": bad, "product": {"url": bad},
        "referrer_url": bad, "reply": {"kind": "url", "url": "https://foul.example/"}, "trust": "verified",
        "received_at": "2001-01-01T00:00:00Z", "occurred_at": "9999-12-31T00:00:00Z", "event_key": "1",
    }
    known = {"outcome": "cards", "parser": "liar.x", "parser_version": 1, "trust": "verified"}
    document = json.dumps(known | {"cards": [card]}).encode()
    for pipe in range(3, 20):
        try:
            os.write(pipe, struct.pack(">I", len(document) + 1) + b"+" + document)
        except OSError:
            pass
    os._exit(0)
"""


def test_a_plugin_that_writes_its_own_answer_gains_nothing(tmp_path: Path) -> None:
    """Neither a card of somebody else's source, nor a link that the policy refuses, nor another time."""
    (tmp_path / "liar.py").write_text(LIAR)
    proof = Authentication(checked=True, signed=("liar.example",)).to_json()
    letters = [
        Letter(f"From: a@liar.example\nSubject: {subject}\n\n.".encode(), proof, NOW, 9)
        for subject in ("source", "pipe")
    ]
    with Readers(Rules(folder=str(tmp_path))) as pool:
        stranger, forged = pool.begin(letters)()
    assert isinstance(stranger, Reading)
    assert (stranger.outcome, stranger.reason) == (Outcome.QUARANTINED, "its parser gave no valid reading")
    assert isinstance(forged, Reading)
    (card,) = forged.cards
    links = (card.source_url, card.referrer_url, card.product.url, card.author.profile_url, card.author.photo_url)
    assert (*links, card.reply.url) == (None,) * 6
    assert (card.occurred_at, card.received_at) == (NOW, NOW)


def test_a_mail_that_takes_long_to_decode_is_held_against_no_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three such mails would keep its parser from all others."""

    def slow(_mail: Mail) -> str:
        until = time.process_time() + 2 * MATCH_SECONDS
        while time.process_time() < until:
            pass
        return "hello"

    text = cached_property(slow)
    text.__set_name__(Mail, "visible_text")
    monkeypatch.setattr(Mail, "visible_text", text)
    match = Foreign(source="x.py", name="x.y", version=1, match=Patterns(text=("hello",))).stand_in().match
    assert all(match.holds(Mail.from_bytes(b"From: a@b.example\n\nhello")) for _ in range(MATCH_STRIKES + 1))


def test_a_plugin_that_would_claim_every_mail_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "all.py").write_text(
        "from interest_ingest.parsing import Match, parser\n"
        "@parser('all.x', version=1, match=Match(subject=''))\ndef read(mail):\n    return []\n"
    )
    found = third_party(Rules(folder=str(tmp_path)))
    assert found.parsers == ()
    assert "'all.x' is not used, it would claim every mail" in found.problems[0]


SLOW_TABLE = """
name = "slow.x"
version = 1
channel = "form"
action = "request"
match = { from_domain = "slow.example" }
fields = { text = { pattern = "x+y" } }
"""


def test_a_table_is_read_within_its_time_and_by_the_reader_itself(tmp_path: Path) -> None:
    """Its pattern does not explode, but takes the square of a mail's length."""
    (tmp_path / "slow.toml").write_text(SLOW_TABLE)
    head = b"From: a@slow.example\nSubject: x\n\n"
    texts = (b"one xxy two", b"x" * 100_000)
    with Readers(Rules(folder=str(tmp_path))) as pool:
        assert pool.found.problems == ()
        quick, slow = pool.begin([Letter(head + text, "", NOW, 9) for text in texts])()
        assert not pool._sandboxes._children, "no process of its own was started to read"
    assert isinstance(quick, Reading)
    assert [card.text for card in quick.cards] == ["xxy"]
    assert isinstance(slow, Reading)
    assert (slow.outcome, slow.parser) == (Outcome.QUARANTINED, "slow.x")
    assert "take more than 0.5 s on this mail" in str(slow.reason)


LEAVER = """
import ctypes, os
from interest_ingest.cards import Action, Author, Channel, Interest
from interest_ingest.parsing import Match, parser

@parser("leaver.x", version=1, match=Match(from_domain="leaver.example"))
def read(mail):
    left = [ctypes.CDLL(None).shmget(0, 4096, 0o1600)]
    try:
        left.append(os.fchmod(os.open(__file__, os.O_RDONLY), 0o777))
    except PermissionError:
        pass
    yield Interest(channel=Channel.MAIL, action=Action.MESSAGE, author=Author(name="Anna"), text=str(left))
"""


def test_a_plugin_leaves_no_shared_memory_and_no_changed_mode_behind(tmp_path: Path) -> None:
    (tmp_path / "leaver.py").write_text(LEAVER)
    letter = Letter(b"From: a@leaver.example\nSubject: x\n\n.", "", NOW, 9)
    with Readers(Rules(folder=str(tmp_path))) as pool:
        (result,) = pool.begin([letter])()
    assert isinstance(result, Reading)
    assert result.cards[0].text == "[-1]"
