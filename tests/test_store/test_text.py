"""Whatever a mail says is stored, and all databases keep the same value."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from interest_ingest.cards import MAX_LINE, MAX_TEXT, MAX_URL, Attachment, Author, Outcome
from interest_ingest.store import Store
from interest_ingest.store.tables import (
    MAX_INTEGER,
    CleanJson,
    CleanText,
    alarm,
    block,
    card,
    card_key,
    habit,
    habit_shape,
    metadata,
)
from tests.test_store.making import ARRIVED, deliver, interest, reading, table, write

# What goes in, and what comes back from all databases.
MATRIX = {
    "plain": ("Grüße", "Grüße"),
    "NUL": ("a\x00b", "ab"),
    "controls": ("a\x01\x1f\x7f\x85b", "ab"),
    "tab and line feed": ("a\tb\nc", "a\tb\nc"),
    "carriage return": ("a\r\nb\rc", "a\nb\nc"),
    "high surrogate": ("a\ud800b", "a\ufffdb"),
    "low surrogate": ("a\udfffb", "a\ufffdb"),
    "surrogateescape byte": (b"a\xff".decode("utf-8", "surrogateescape"), "a\ufffd"),
    "noncharacters": ("a\ufffe\uffffb", "ab"),
    "decomposed": ("e\u0301", "é"),
    "astral": ("😀" * 10, "😀" * 10),
    "bidi": ("a\u202eb\u2066c", "a\u202eb\u2066c"),
    "blanks around": ("  a  ", "a"),
    "nothing": ("", ""),
    "blanks only": (" \u3000\n ", ""),
    "letter case": ("Straße ПРИВЕТ İstanbul", "Straße ПРИВЕТ İstanbul"),
    "marks and joiners": ("a\u0307\u200d\u0301\ufeffb", "ȧ\u200d\u0301\ufeffb"),
    "private use and last plane": ("\ue000\U0010fffd", "\ue000\U0010fffd"),
    "line separators": ("a\u2028b\u2029c\x0bd\x0ce", "a\u2028b\u2029cde"),
    "quotes": ("'; DROP TABLE card; --", "'; DROP TABLE card; --"),
    "patterns": ("100%_[a]^$.*\\", "100%_[a]^$.*\\"),
    "backslashes": ("\\x41 \\u0000 %s :a ?", "\\x41 \\u0000 %s :a ?"),
}
TEXTS = {one.name: [c.name for c in one.columns if isinstance(c.type, CleanText)] for one in metadata.sorted_tables}
JSONS = [column.name for column in card.columns if isinstance(column.type, CleanJson)]


def a_row_in_every_table(store: Store) -> None:
    deliver(store, reading(interest()))
    with store._engine.begin() as connection:
        connection.execute(insert(block).values(kind="domain", value="spam.example", created_at=ARRIVED))
        connection.execute(insert(alarm).values(name="disk", text="full", since=ARRIVED))
        its = {
            "habit_id": select(habit.c.id).scalar_subquery(),
            "digest": "0" * 16,
            "parts": "",
            "mail_id": 1,
            "usual": {},
        }
        counted = {"mails": 1, "first_at": ARRIVED, "last_at": ARRIVED}
        connection.execute(insert(habit_shape).values(its | counted))


@pytest.mark.parametrize("name", [name for name, columns in TEXTS.items() if columns])
def test_every_text_column_keeps_the_same_value(store: Store, name: str) -> None:
    """T-16: the same whatever the database, in every column of every table that takes text of others."""
    a_row_in_every_table(store)
    one, columns = metadata.tables[name], TEXTS[name]
    jsons = JSONS if one is card else []
    for case, (given, kept) in MATRIX.items():
        values: dict[str, Any] = dict.fromkeys(columns, given) | {json_: {given: [given, 1]} for json_ in jsons}
        with store._engine.begin() as connection:
            connection.execute(one.update().values(values))
            (row,) = connection.execute(select(*(one.c[column] for column in [*columns, *jsons]))).mappings()
        assert dict(row) == dict.fromkeys(columns, kept) | {json_: {kept: [kept, 1]} for json_ in jsons}, case


@pytest.mark.parametrize("character", ["x", "😀"])
def test_every_text_column_is_cut_at_its_width(store: Store, character: str) -> None:
    a_row_in_every_table(store)
    with store._engine.begin() as connection:
        for one in metadata.sorted_tables:
            widths = {c.name: c.type.width for c in one.columns if isinstance(c.type, CleanText)}
            assert set(widths.values()) <= {255, MAX_LINE, MAX_URL, MAX_TEXT}
            if widths:
                connection.execute(one.update().values(dict.fromkeys(widths, character * (MAX_TEXT + 1))))
                (row,) = connection.execute(select(*(one.c[name] for name in widths))).mappings()
                assert {name: len(row[name]) for name in widths} == widths


@pytest.mark.parametrize("other", ["notifications ", "Notifications", "notificatiöns", "notifications\t"])
def test_names_that_differ_are_different_mailboxes(store: Store, other: str) -> None:
    assert store.mailbox("notifications", "INBOX") != store.mailbox(other, "INBOX")
    assert store.mailbox("a", "notifications") != store.mailbox("a", other)


def test_what_a_parser_says_about_a_mail_is_cleaned_too(store: Store, database_url: str) -> None:
    bad, good = "a\x00\ud800b", "a\ufffdb"
    one = interest(labels={bad: bad}, notes=(bad,), attachments=(Attachment(name=bad, type=bad, size=1),), parser=bad)
    (recorded,) = deliver(store, reading(one, reason=bad * 300, trace=bad))
    assert recorded.outcome is Outcome.CARDS
    (row,) = table(database_url, "card")
    assert (row["labels"], row["notes"], row["parser"]) == ({good: good}, [good], good)
    assert row["attachments"] == [{"name": good, "type": good, "size": 1}]
    (mail,) = table(database_url, "delivery")
    assert (mail["trace"], len(mail["reason"])) == (good, MAX_LINE)


def test_a_key_of_any_length_is_a_key(store: Store) -> None:
    """A Message-ID of 3,000 characters breaks PostgreSQL's index if it is the key itself."""
    long = reading(interest("a", event_key="random \ud800\x00" * 1_000), message_id="x" * 3_000)
    assert [one.outcome for one in deliver(store, long, long)] == [Outcome.CARDS, Outcome.DUPLICATE]


def test_a_count_beyond_the_column_is_the_greatest(store: Store) -> None:
    deliver(store, reading(interest(count=2**63)))
    assert [one["count"] for one in store.cards()] == [MAX_INTEGER]


REFUSED = (
    "channel = 'smoke'",
    "action = 'shrug'",
    "trust = 'maybe'",
    "reply_kind = 'fax'",
    f"author_name = '{'x' * (MAX_LINE + 1)}'",
    f"source_url = '{'x' * (MAX_URL + 1)}'",
    f"text = '{'x' * (MAX_TEXT + 1)}'",
    f"responsible = '{'x' * (MAX_LINE + 1)}'",
    "count = 2147483648",
    "count = 0",
    "parser_version = 2147483648",
    "suspect_of = 'no such card'",
    "mail_id = 12345",
    "text = NULL",
)


def test_all_databases_refuse_the_same(store: Store, database_url: str) -> None:
    """Also from a CRM's own SQL."""
    deliver(store, reading(interest()))
    before = table(database_url, "card")
    for change in REFUSED:
        with pytest.raises(DBAPIError), store._engine.begin() as connection:
            connection.execute(text(f"UPDATE card SET {change}"))
    assert table(database_url, "card") == before


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1990, 1, 1, tzinfo=UTC),
        datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_an_instant_comes_back_the_same_and_in_utc(store: Store, database_url: str, moment: datetime) -> None:
    deliver(store, reading(interest(occurred_at=moment)))
    (row,) = table(database_url, "card")
    assert row["occurred_at"] == moment
    assert row["occurred_at"].tzinfo is UTC


def test_a_datetime_without_a_zone_is_refused(store: Store, database_url: str) -> None:
    with pytest.raises(StatementError, match="without a zone"):
        write(database_url, card.update().values(claimed_at=ARRIVED.replace(tzinfo=None)))


def test_an_error_does_not_quote_the_mail(database_url: str, store: Store) -> None:
    """The parameters of a statement are somebody's mail."""
    with pytest.raises(DBAPIError) as caught, store._engine.begin() as connection:
        connection.execute(insert(card_key), [{"key": "canary" * 10, "kind": "event", "card_id": "none"}])
    assert "canary" not in str(caught.value).partition("[SQL")[2]
    deliver(store, reading(interest("canary", author=Author(name="canary")).model_copy(update={"channel": "canary"})))
    assert "canary" not in json.dumps(table(database_url, "delivery"), default=str)


def test_sqlite_keeps_letters_as_letters(tmp_path: Path) -> None:
    """A CRM that reads the file with its own SQL finds the labels by LIKE."""
    url = f"sqlite:///{tmp_path}/interest.db"
    with Store.open(url) as store:
        deliver(store, reading(interest(labels={"Имя": "Вера"})))
        with store._engine.connect() as connection:
            found: Any = connection.exec_driver_sql("SELECT labels FROM card WHERE labels LIKE '%Вера%'").scalar()
    assert found == '{"Имя":"Вера"}'
