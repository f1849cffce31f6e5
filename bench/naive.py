"""The reference: how such a reader is commonly written, for the product to be measured against.

imapclient as it comes, one message at a time; mail-parser; beautifulsoup4 on html.parser; one pydantic model; one ORM
object and one commit for each message. It keeps no ledger and no raw mail, isolates nothing and survives nothing. Its
SQLite is set as durable as the product's (WAL, synchronous=FULL), which is faster than SQLite's own default.

Run as a process: python -m bench.naive HOST PORT USER PASSWORD DATABASE LIMIT. It prints one JSON line; its clock
starts after all imports.
"""

from __future__ import annotations

import json
import re
import sys
import time
from urllib.parse import parse_qs, urlsplit

import mailparser
from bs4 import BeautifulSoup
from imapclient import IMAPClient
from pydantic import BaseModel
from sqlalchemy import create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

# The reader of one company's mails: what it needs to know of labels, and no more.
LABELLED = re.compile(r"^(?:Author|Autor|Автор|Auteur|投稿者|From|Von|От|De|差出人): *(.+?)(?: \(.*)?$", re.MULTILINE)


class Card(BaseModel):
    """What is read of one mail."""

    message_id: str
    author_name: str
    author_email: str
    text: str
    source_url: str


class Base(DeclarativeBase):
    """The tables."""


class CardRow(Base):
    """One card."""

    __tablename__ = "cards"
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    author_name: Mapped[str]
    author_email: Mapped[str]
    text: Mapped[str]
    source_url: Mapped[str]


def main(host: str, port: str, user: str, password: str, database: str, limit: str) -> None:
    started, cpu = time.perf_counter(), time.process_time()
    engine = create_engine(f"sqlite:///{database}")
    event.listen(engine, "connect", lambda connection, _: _durable(connection))
    Base.metadata.create_all(engine)
    client = IMAPClient(host, port=int(port), ssl=False)
    client.login(user, password)
    client.select_folder("INBOX", readonly=True)
    uids = client.search("ALL")[: int(limit)]
    for uid in uids:
        raw = client.fetch([uid], ["BODY.PEEK[]"])[uid][b"BODY[]"]
        with Session(engine) as session:
            session.add(CardRow(**read(raw).model_dump()))
            session.commit()
    client.logout()
    figures = {"mails": len(uids), "seconds": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps(figures))


def read(raw: bytes) -> Card:
    mail = mailparser.parse_from_bytes(raw)
    name, address = (mail.reply_to or mail.from_)[0]
    html = "".join(mail.text_html)
    author, text, link = _from_html(html) if html else _from_text("\n".join(mail.text_plain))
    return Card(
        message_id=mail.message_id,
        author_name=author or name,
        author_email=address,
        text=text,
        source_url=_unwrapped(link),
    )


def _from_html(html: str) -> tuple[str, str, str]:
    soup = BeautifulSoup(html, "html.parser")
    blocks = [one.get_text(" ", strip=True) for one in soup.find_all("span", class_="mb_text")]
    cells = [one.get_text(" ", strip=True) for one in soup.find_all("font")]
    author = soup.select_one("span.mb_text a")
    links = [str(one["href"]) for one in soup.find_all("a", href=True)]
    photo = soup.find("img", width="50")
    text = blocks[-1] if blocks else cells[-1] if cells else soup.get_text(" ", strip=True)
    return author.get_text() if author and photo else "", text, links[-1] if links else ""


def _from_text(text: str) -> tuple[str, str, str]:
    author = LABELLED.search(text)
    link = re.search(r"https?://\S+#comment-\d+", text)
    return author[1] if author else "", text, link[0] if link else ""


def _unwrapped(link: str) -> str:
    parts = urlsplit(link)
    kept = {key: value[0] for key, value in parse_qs(parts.query).items() if key in ("story_fbid", "id", "comment_id")}
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{kept}" if kept else link


def _durable(connection: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]  # sqlalchemy's listener gives no type
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
