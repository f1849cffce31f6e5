"""A desk's mails of some weeks, as they might have come: several sources, nights, weekends, seasons, bursts of one
person, contents of every length; and what the store and the rules of drift make of them."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.utils import formataddr, parseaddr
from math import pi, sin
from typing import NamedTuple

from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from interest_ingest.parsing import Action, Author, Changed, Channel, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.load import builtin_parsers
from interest_ingest.store import Landing, Store
from interest_ingest.watch.drift import Drift, drifts

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""

FALLBACKS = frozenset(one.name for one in builtin_parsers() if one.fallback is not None)
HOUR = timedelta(hours=1)


@parser("stars.review", version=1, match=Match(from_domain="stars.example"), link_hosts="stars.example")
def stars(mail: Mail) -> Iterator[Interest]:
    """A service that nobody else has: a page with a name, stars, a text, perhaps a portrait and a product."""
    rows = mail.soup.select("tr.review")
    if not rows:
        raise Changed("the review")
    for row in rows:
        told = {name: " ".join(one.get_text(" ").split()) for name in _CELLS if (one := row.select_one(f".{name}"))}
        link = row.select_one("a.open")
        yield Interest(
            channel=Channel.REVIEW,
            action=Action.REVIEW if "stars" in told else Action.COMMENT,
            author=Author(name=told.get("author")),
            text=told.get("text", ""),
            rating=float(told["stars"].count("★")) if "stars" in told else None,
            product=Product(name=told.get("product")),
            source_url=str(link["href"]) if link else None,
        )


_CELLS = ("author", "stars", "text", "product")
RULES = Rules(chosen=(*builtin_parsers(), stars), sites=(("shop.example",),))


def _listed(words: str) -> list[str]:
    return words.split()


WORDS = _listed(
    "tea kettle price order when again blue small delivery please thank water warm green cup shop today call bag "
    "чай чайник цена заказ когда доставка спасибо вода зелёный магазин сегодня сколько можно купить "
    "お茶 急須 値段 注文 چای قیمت سفارش Tee Kanne Preis Lieferung danke"
)
FIRST = _listed("Anna Boris Clara Dmitri Elif Farid Greta Hanako Iván Jasper Kira Lars Малика Нина Олег Павел")
LAST = _listed("Sandvoss Petrov Brandling Kästner Aydın Nakamura Okafor Lindqvist Воронцова Ким Ferreira")


class Person(NamedTuple):
    name: str
    email: str
    portrait: bool
    phone: str


def person(chance: random.Random) -> Person:
    number = chance.randrange(10**6)
    phone = f"+49 30 {number:07}" if chance.random() < 0.6 else ""
    return Person(
        f"{chance.choice(FIRST)} {chance.choice(LAST)}", f"p{number}@mail.example", chance.random() < 0.5, phone
    )


def words(chance: random.Random, most: int) -> str:
    return " ".join(chance.choices(WORDS, k=chance.randint(1, most)))


def paragraphs(chance: random.Random) -> list[str]:
    return [words(chance, 30) for _ in range(chance.choice((1, 1, 1, 2, 3, 6)))]


# Sources


def review(chance: random.Random, who: Person, number: int, template: Callable[[str], str] = str) -> bytes:
    """HTML of the invented service; `template` changes it as the service might."""
    parts = paragraphs(chance)
    text = "".join(f"<p>{html.escape(one)}</p>" for one in parts)
    if chance.random() < 0.1:
        text += "<ul>" + "".join(f"<li>{words(chance, 4)}</li>" for _ in range(chance.randint(1, 9))) + "</ul>"
    if chance.random() < 0.1:
        text += f'<blockquote><p>{words(chance, 12)}</p></blockquote><p>see <a href="https://x.example/{number}">it</a>'
    portrait = f'<img class="face" src="https://i.stars.example/{number}.jpg" width="40">' if who.portrait else ""
    is_review = chance.random() < 0.7
    stars_ = f'<td class="stars">{"★" * chance.randint(1, 5)}</td>' if is_review else ""
    product = f'<td class="product">{words(chance, 3)}</td>' if is_review or chance.random() < 0.3 else ""
    page = template(
        f'<html><head><style>.a{{}}</style></head><body><div class="preheader">{parts[0][:40]}</div>'
        f'<table class="frame"><tr><td class="logo"><img src="https://i.stars.example/logo.png"></td></tr>'
        f'<tr class="review"><td class="face-cell">{portrait}</td><td class="author"><a href="https://stars.example/u/'
        f'{number}?t={chance.randrange(10**9)}">{html.escape(who.name)}</a></td>{stars_}{product}'
        f'<td><div class="text">{text}</div></td><td><a class="open" href="https://stars.example/r/{number}?t='
        f'{chance.randrange(10**9)}">Open and answer</a></td></tr>'
        f'<tr><td class="foot">You are told of every review that is written about your shop.</td></tr></table></body>'
    )
    return mail("Stars <reviews@stars.example>", f"{who.name} wrote about your shop", page, number, "text/html")


def comment(chance: random.Random, who: Person, number: int) -> bytes:
    """A WordPress comment, of which some are answers and some wait for approval."""
    page = f"https://shop.example/tea-{chance.randrange(40)}/"
    answer = f"In reply to: {page}#comment-{number - 1}\n" if chance.random() < 0.15 else ""
    body = "\n\n".join(paragraphs(chance))
    text = f"""New comment on your post "{words(chance, 4)}"
Author: {who.name} (IP address: 192.0.2.7, 192.0.2.7)
Email: {who.email}
URL: {"https://x.example/" if chance.random() < 0.2 else ""}
{answer}Comment:
{body}

You can see all comments on this post here:
{page}#comments

Permalink: {page}#comment-{number}
Trash it: https://shop.example/wp-admin/comment.php?action=trash&c={number}#wpbody-content
Spam it: https://shop.example/wp-admin/comment.php?action=spam&c={number}#wpbody-content
"""
    sender = "Shop <wordpress@shop.example>"
    mailer = "X-Mailer: PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)"
    return mail(sender, f"[Shop] Comment: {words(chance, 3)}", text, number, "text/plain", mailer)


def form(chance: random.Random, who: Person, number: int) -> bytes:
    """One of two forms of the shop; who has no telephone leaves its line empty."""
    body = "\n\n".join(paragraphs(chance))
    short = chance.random() < 0.3
    text = f"Name: {who.name}\nE-mail: {who.email}\n"
    text += "" if short else f"Phone: {who.phone}\nTopic: {words(chance, 3)}\n"
    sender = "Shop <noreply@shop.example>"
    return mail(sender, f"Request {number}", f"{text}Message: {body}\n", number, "text/plain", f"Reply-To: {who.email}")


def letter(chance: random.Random, who: Person, number: int) -> bytes:
    body = "\n\n".join(["Hello,", *paragraphs(chance), who.name])
    return mail(f"{who.name} <{who.email}>", words(chance, 5), body, number, "text/plain")


def news(chance: random.Random, who: Person, number: int) -> bytes:
    """Automated mail that no parser knows."""
    body = f"<html><body><table><tr><td class='x{number % 7}'>{words(chance, 40)}</td></tr></table></body></html>"
    more = "List-Unsubscribe: <https://news.example/u>\r\nPrecedence: bulk"
    return mail(f"News <news@n{number % 90}.example>", words(chance, 5), body, number, "text/html", more)


def mail(sender: str, subject: str, body: str, number: int, kind: str, more: str = "") -> bytes:
    name, address = parseaddr(sender)
    fields = [
        f"From: {formataddr((str(Header(name, 'utf-8')) if not name.isascii() else name, address))}",
        "To: desk@shop.example",
        f"Subject: {Header(subject, 'utf-8').encode()}",
        f"Message-ID: <{number}.{len(sender)}@mails.example>",
        *([more] if more else []),
        "MIME-Version: 1.0",
        f"Content-Type: {kind}; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        "",
        body,
    ]
    return "\n".join(fields).replace("\r\n", "\n").replace("\n", "\r\n").encode()


# The world


@dataclass
class Source:
    """`a_week` mails come of it in an ordinary week; a person may write several in a row."""

    make: Callable[[random.Random, Person, int], bytes]
    a_week: float
    burst: float = 0.15


SOURCES = {
    "stars": Source(review, 120),
    "comments": Source(comment, 90, 0.4),
    "forms": Source(form, 70),
    "letters": Source(letter, 60),
    "news": Source(news, 30),
}


class Sent(NamedTuple):
    at: datetime
    source: str
    raw: bytes


def sent(sources: dict[str, Source], weeks: float, seed: int = 1, begin: datetime = BEGIN) -> list[Sent]:
    """The mails of so many weeks, in the order of their coming: few at night, some at weekends, more in spring."""
    chance = random.Random(seed)
    found: list[Sent] = []
    number = seed * 1_000_000
    for name, source in sources.items():
        at, end = begin, begin + timedelta(weeks=weeks)
        while (at := at + timedelta(weeks=chance.expovariate(_PEAK * source.a_week))) < end:
            if chance.random() > _share(at):
                continue
            who = person(chance)
            for again in range(1 + (chance.random() < source.burst) * chance.randint(1, 6)):
                number += 1
                found.append(Sent(at + timedelta(minutes=3 * again), name, source.make(chance, who, number)))
    return sorted(found)


_PEAK = 2.6


def _share(at: datetime) -> float:
    """Of the peak."""
    by_day = 0.05 if at.hour < 6 else 1.0 if 8 <= at.hour < 20 else 0.35
    season = 1 + 0.4 * sin(2 * pi * at.timetuple().tm_yday / 365)
    return by_day * (0.3 if at.weekday() >= 5 else 1.0) * season / 1.4


@dataclass
class Replay:
    """Mails through a store, and what the rules say after each `step` of them."""

    store: Store
    step: int = 5
    rules: Rules = RULES
    recorded: int = 0
    found: list[tuple[int, Drift]] = field(default_factory=list)
    """Each drift when it was found first, with the number of mails until then."""

    def take(self, mails: Iterable[Sent]) -> None:
        batch: list[Sent] = []
        for one in mails:
            batch.append(one)
            if len(batch) == self.step:
                self._record(batch)
                batch = []
        if batch:
            self._record(batch)

    def _record(self, batch: list[Sent]) -> None:
        self.look(batch[0].at)
        epoch = self.store.open_epoch(self.store.mailbox("import:replay", ""), 0, None)
        self.store.land(epoch.id, [Landing(0, one.raw, one.at, len(one.raw), True, "{}") for one in batch])
        landed = self.store.claim(1_000, 10**9)
        self.store.record([(mail, read(mail.raw, self.rules, received_at=mail.received_at)) for mail in landed])
        self.recorded += len(batch)
        self.look(batch[-1].at)

    def look(self, now: datetime) -> list[Drift]:
        """What has drifted by now."""
        known = {one.name for _, one in self.found}
        all_ = drifts(self.store.habits(), FALLBACKS, now)
        self.found += [(self.recorded, one) for one in all_ if one.name not in known]
        return all_
