"""Forms that nobody has seen: any choice and order of fields, layout, decoration, language and sender.

`unseen_form(random)` makes one mail with the card that it must give. With hypothesis' random it shrinks; with that of
the standard library it makes as many as one likes (`python -m tests.test_parsers.unseen_forms 5000` prints the share
that is read right, per field and per layout).
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from html import escape
from random import Random
from typing import Final, NamedTuple

from interest_ingest.cards import Outcome, Reading
from interest_ingest.ingest.reading import read
from tests.test_parsers.unseen_words import TONGUES, Tongue


class Field(NamedTuple):
    """A label and a value; `role` is what a card shows of it, or "" (a question of the site's own, a city)."""

    label: str
    value: str
    role: str = ""


class Unseen(NamedTuple):
    """A mail, what it is made of (for the report), and what its card must say: field to value."""

    raw: bytes
    kind: tuple[str, ...]
    truth: dict[str, str]


Layout = Callable[[list[Field]], str]

SITES: Final = (
    ("Larch Garden", "larch.example"),
    ("Чайный двор", "chai-dvor.example"),
    ("Teehaus Nord", "teehaus-nord.example"),
    ("緑茶堂", "ryokucha.example"),
    ("Dükkan", "dukkan.example"),
)
PHONES: Final = (
    "+44 20 7946 0101",
    "8 (900) 555-01-02",
    "+7 900 555 01 02",
    "0221/555 01 02",
    "03-0000-0101",
    "۰۹۱۲۰۰۰۰۰۰۲",
    "+81 90-0000-0102",
    "5550102",
    "(512) 555-0102",
    "010-0000-0102",
)
MAILBOXES: Final = ("amos@{}", "a.b+shop@{}", "info@{}", "x_1989@{}", "Kontakt.Mail@{}")
HOSTS: Final = ("mailbox.example", "gmail.com", "post.larix.example", "yandex.ru", "web.de")
PATHS: Final = (
    "/contact/",
    "/products/kettle-2l?color=red&size=2",
    "/kontakty/",
    "/de/kontakt.html",
    "/#form",
    "/p/12",
)
AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Safari/537.36"
)

HOSTILE: Final = (
    "Email: nobody@foul.example\nPhone: none\nmine",
    "Hello\n\nName: not a field\nURL: http://foul.example/?p=3&q=4\n\nBye",
    "Time: any\nplace: here",
    "> quoted: yes\nI do not agree.",
)
"""Messages with lines that look like fields: only where nothing can stand behind them, or fields are bounded."""


# --- layouts -------------------------------------------------------------------------------------------------------


def _lines(pattern: str, between: str = "\n") -> Layout:
    return lambda fields: between.join(pattern.format(one.label, one.value) for one in fields) + "\n"


def _numbered(pattern: str) -> Layout:
    return lambda fields: "".join(pattern.format(n, one.label, one.value) for n, one in enumerate(fields, 1))


def _aligned(fields: list[Field]) -> str:
    width = max(len(one.label) for one in fields)
    return "".join(f"{one.label.ljust(width)} : {one.value}\n" for one in fields)


def _dotted(fields: list[Field]) -> str:
    width = max(len(one.label) for one in fields) + 3
    return "".join(f"{one.label.ljust(width, '.')}: {one.value}\n" for one in fields)


def _emoji(fields: list[Field]) -> str:
    signs = {"name": "👤", "email": "📧", "phone": "☎️", "text": "💬", "company": "🏢", "product": "🛒", "page": "🔗"}
    return "".join(f"{signs.get(one.role, '📌')} {one.label}: {one.value}\n" for one in fields)


BY_HAND: Final[dict[str, Layout]] = {
    "colon": _lines("{}: {}"),
    "spaced colon": _lines("{} : {}"),
    "tight colon": _lines("{}:{}"),
    "full-width colon": _lines("{}：{}"),
    "hyphen": _lines("{} - {}"),
    "dash": _lines("{} – {}"),
    "equals": _lines("{} = {}"),
    "arrow": _lines("{} => {}"),
    "tab": _lines("{}\t{}"),
    "pipe": _lines("{} | {}"),
    "double spaced": _lines("{}: {}", "\n\n"),
    "aligned": _aligned,
    "dotted": _dotted,
    "required": _lines("{} *: {}"),
    "question colon": _lines("{}?: {}"),
    "below": _lines("{}:\n{}", "\n\n"),
    "below tight": _lines("{}:\n{}"),
    "indented below": _lines("{}:\n    {}", "\n\n"),
    "bare above": _lines("{}\n{}", "\n\n"),
    "tight equals": _lines("{}={}"),
}
"""Layouts that people write too."""

MACHINE: Final[dict[str, Layout]] = {
    "brackets": _lines("【{}】{}"),
    "brackets below": _lines("【{}】\n{}", "\n\n"),
    "square brackets": _lines("[{}] {}"),
    "square brackets colon": _lines("[{}]: {}"),
    "black square": _lines("■{}：{}"),
    "black square below": _lines("■ {}\n{}", "\n\n"),
    "diamond": _lines("◆{}: {}"),
    "bullet": _lines("• {}: {}"),
    "star bullet": _lines("* {}: {}"),
    "hyphen bullet": _lines("- {}: {}"),
    "number dot": _numbered("{}. {}: {}\n"),
    "number paren": _numbered("{}) {}: {}\n"),
    "emoji": _emoji,
    "markdown": _lines("*{}:* {}"),
    "markdown bold": _lines("**{}:** {}"),
    "markdown bold outside": _lines("**{}**: {}"),
    "stars around": _lines("*** {} ***\n{}", "\n\n"),
    "equals around": _lines("=== {} ===\n{}", "\n\n"),
    "dashes around": _lines("--- {} ---\n{}", "\n\n"),
    "underlined": _lines("{}\n-----\n{}", "\n\n"),
    "ruler between": _lines("{}: {}", "\n--------------------\n"),
    "heading": _lines("## {}\n{}", "\n\n"),
    "angle": _lines("<{}> {}"),
    "quoted key": lambda fields: "".join(
        f"{json.dumps(one.label, ensure_ascii=False)}: {json.dumps(one.value, ensure_ascii=False)},\n" for one in fields
    ),
    "arrow bullet": _lines("→ {}: {}"),
    "plain table": lambda fields: "".join(f"| {one.label} | {' '.join(one.value.split())} |\n" for one in fields),
}
"""Layouts of software only."""


def _page(before: str, pattern: str, after: str) -> Layout:
    def make(fields: list[Field]) -> str:
        rows = (pattern.format(escape(one.label), _html(one.value)) for one in fields)
        return f"{before}{''.join(rows)}{after}"

    return make


def _html(value: str) -> str:
    return escape(value, quote=False).replace("\n", "<br>\n")


PAGES: Final[dict[str, Layout]] = {
    "td td": _page("<table>", "<tr><td>{}</td><td>{}</td></tr>\n", "</table>"),
    "td colon td": _page("<table border=1>", "<tr><td><b>{}:</b></td><td>{}</td></tr>\n", "</table>"),
    "th td": _page("<table><tbody>", "<tr><th align=left>{}</th><td>{}</td></tr>\n", "</tbody></table>"),
    "head row": _page(
        "<table><thead><tr><th>Field</th><th>Value</th></tr></thead>", "<tr><td>{}</td><td>{}</td></tr>", "</table>"
    ),
    "label row value row": _page(
        "<table>", '<tr bgcolor="#eef"><td><strong>{}</strong></td></tr><tr><td>{}</td></tr>\n', "</table>"
    ),
    "plain label row": _page(
        "<table>", '<tr><td class="label" style="font-weight:bold">{}</td></tr><tr><td>{}</td></tr>', "</table>"
    ),
    "three cells": _page("<table>", "<tr><td>{}</td><td>&nbsp;:&nbsp;</td><td>{}</td></tr>", "</table>"),
    "nested tables": _page(
        "<table><tr><td><table width=600>",
        '<tr><td style="padding:4px"><span>{}</span></td><td><p>{}</p></td></tr>',
        "</table></td></tr></table>",
    ),
    "dl": _page("<dl>", "<dt>{}</dt><dd>{}</dd>\n", "</dl>"),
    "bold colon": _page("", "<p><b>{}:</b> {}</p>\n", ""),
    "colon outside bold": _page("<p>", "<strong>{}</strong>: {}<br>\n", "</p>"),
    "bold above": _page("", "<p><strong>{}</strong><br>{}</p>\n", ""),
    "heading above": _page("", "<h4>{}</h4><p>{}</p>\n", ""),
    "divs": _page("<div>", '<div class="form-label">{}</div><div class="value">{}</div>', "</div>"),
    "plain divs": _page("<div>", "<div><div>{}</div><div>{}</div></div>", "</div>"),
    "div colon": _page("", "<div>{}: {}</div>\n", ""),
    "spans": _page("", '<p><span style="color:#888">{}:</span> <span>{}</span></p>', ""),
    "list": _page("<ul>", "<li><b>{}</b>: {}</li>\n", "</ul>"),
    "plain list": _page("<ol>", "<li>{}: {}</li>\n", "</ol>"),
    "breaks": _page("", "{}: {}<br/>\n", ""),
    "em": _page("", "<em>{}:</em> {}<br>", ""),
}


# --- fields ----------------------------------------------------------------------------------------------------------


def _one(random: Random, alternatives: list[str]) -> str:
    return random.choice(alternatives)


def _customer(random: Random, words: Tongue) -> list[Field]:
    """Who asks: name or first and last name, e-mail and phone or one of them, company."""
    person = _one(random, words.people)
    first, _, last = person.replace("\u3000", " ").partition(" ")
    if last and random.random() < 0.15:
        one, two = _one(random, words.first_last).split("/")
        fields = [Field(one, first, "first"), Field(two, last, "last")]
    else:
        fields = [Field(_one(random, words.name), person, "name")]
    mailbox = random.choice(MAILBOXES).format(random.choice(HOSTS))
    ways = random.choice(("email", "email", "phone", "both", "both", "both"))
    if ways != "phone":
        fields.append(Field(_one(random, words.email), mailbox, "email"))
    if ways != "email":
        fields.append(Field(_one(random, words.phone), random.choice(PHONES), "phone"))
    if random.random() < 0.3:
        fields.append(Field(_one(random, words.company), _one(random, words.companies), "company"))
    return fields


def _asked(random: Random, words: Tongue) -> list[Field]:
    """What else the form asks, but the message."""
    fields = []
    if random.random() < 0.25:
        fields.append(Field(_one(random, words.product), _one(random, words.products), "product"))
    if random.random() < 0.2:
        fields.append(Field(_one(random, words.subject), _one(random, words.mail_subject).format(site="X")))
    if random.random() < 0.2:
        fields.append(Field(_one(random, words.city), _one(random, words.places)))
    own = random.sample(words.own, k=random.choice((0, 0, 0, 1, 1, 2)))
    fields.extend(Field(*one.split("=")) for one in own)
    if random.random() < 0.1:  # not filled in
        fields.append(
            Field(_one(random, words.company if all(f.role != "company" for f in fields) else words.city), "")
        )
    return fields


def _added(random: Random, words: Tongue, home: str) -> list[Field]:
    """What the software adds below."""
    page = home + random.choice(PATHS)
    titled = f"{_one(random, words.products)} ({page})"
    added = [
        Field(*_one(random, words.consent).split("=")),
        Field(_one(random, words.page), random.choice((page, page, titled)), "page"),
        Field(
            _one(random, words.date), random.choice(("2026-03-03 10:15:00", "03.03.2026 10:15", "March 3, 2026 10:15"))
        ),
        Field(random.choice(("IP", "Remote IP", "IP address", "IP-адрес")), "192.0.2.7"),
        Field(random.choice(("User Agent", "Browser", "User-Agent")), AGENT),
        Field(random.choice(("Referrer", "Referer", "HTTP Referer")), "https://search.example/?q=kettle"),
        Field("utm_source", "newsletter"),
        Field("utm_campaign", "spring_2026"),
        Field(random.choice(("ID", "Entry ID", "Form ID", "Request ID")), "4711"),
    ]
    return [one for one in added if random.random() < 0.2]


def _fields(random: Random, words: Tongue, home: str, *, bounded: bool) -> list[Field]:
    """All fields in the order of the mail."""
    text = _one(random, words.texts)
    asked = [*_customer(random, words), *_asked(random, words)]
    asked = [one for n, one in enumerate(asked) if one.label not in {other.label for other in asked[:n]}]
    added = _added(random, words, home)
    if random.random() < 0.8:
        random.shuffle(asked)
    if random.random() < 0.08:  # a call-back
        return [*asked, *added]
    label = _one(random, words.message)
    if bounded and random.random() < 0.15:
        return [*asked, Field(label, random.choice(HOSTILE), "text"), *added]
    if random.random() < 0.12:
        return [*asked, Field(label, random.choice(HOSTILE), "text")]
    at = len(asked) if random.random() < 0.6 else random.randrange(len(asked) + 1)
    return [*asked[:at], Field(label, text, "text"), *asked[at:], *added]


# --- mails -----------------------------------------------------------------------------------------------------------


def _headers(random: Random, words: Tongue, site: tuple[str, str], truth: dict[str, str]) -> dict[str, str]:
    """From, To, Reply-To of one of the ways in which sites send."""
    name, host = site
    owner = random.choice((f"owner@{host}", f"info@{host}", "larch.owner@gmail.com"))
    customer, email = truth.get("name", ""), truth.get("email", "")
    robot = random.choice(("noreply", "no-reply", "wordpress", "robot", "www-data", "webmaster"))
    senders = [
        ("robot", f'"{name}" <{robot}@{host}>'),
        ("site", f'"{name}" <{random.choice(("info", "site", "web", "forms", "mail", "sales"))}@{host}>'),
        ("owner", f"owner@{host}"),
        ("form service", '"Forms" <notifications@formhost.example>'),
        ("customer's name", f'"{customer}" <{robot}@{host}>' if customer else f"{robot}@{host}"),
    ]
    if email:
        senders.append(("customer", email))
    kind, sender = random.choice(senders)
    headers = {"From": sender, "To": sender if kind == "owner" else owner, "_kind": kind}
    if email and kind != "customer" and random.random() < 0.5:
        headers["Reply-To"] = f'"{customer}" <{email}>' if customer and random.random() < 0.5 else email
        headers["_kind"] += " with Reply-To"
    if random.random() < 0.4:
        headers["X-Mailer"] = "PHPMailer 6.9.1 (https://github.com/PHPMailer/PHPMailer)"
    headers["Subject"] = _one(random, words.mail_subject).format(site=name)
    return headers


def _mail(headers: dict[str, str], text: str | None, html: str | None) -> bytes:
    mail = EmailMessage()
    for name, value in headers.items():
        if name[0] != "_":
            mail[name] = value.replace("\n", " ")
    mail["Date"] = "Tue, 03 Mar 2026 10:15:00 +0000"
    mail["Message-ID"] = "<4711.1@mail.example>"
    if text is not None:
        mail.set_content(text)
        if html is not None:
            mail.add_alternative(html, subtype="html")
    elif html is not None:
        mail.set_content(html, subtype="html")
    return mail.as_bytes()


def _styled(random: Random, fields: list[Field]) -> list[Field]:
    """The labels in one of the ways in which templates show them."""
    change = random.choice((str, str, str, str, str.upper, str.capitalize, lambda label: f"{label} *"))
    return [one._replace(label=change(one.label)) for one in fields]


def _truth(fields: list[Field]) -> dict[str, str]:
    told = {one.role: one.value for one in fields if one.role}
    if "first" in told:
        pair = (told.pop("first"), told.pop("last"))
        if re.search("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]", "".join(pair)):
            pair = pair[::-1]
        told["name"] = " ".join(pair)
    if "page" in told:
        found = re.search(r"https?://[^\s()]+", told["page"])
        told["page"] = found[0] if found else ""
    return {role: told.get(role, "") for role in ("name", "email", "phone", "text", "company", "product", "page")} | (
        {"text": "*"} if "text" not in told else {}
    )


def unseen_form(random: Random) -> Unseen:
    """One mail of a form, and the card that it must give."""
    tongue = random.choice(sorted(TONGUES))
    words = TONGUES[tongue]
    group = random.choice((BY_HAND, BY_HAND, MACHINE, PAGES))
    name = random.choice(sorted(group))
    site = random.choice(SITES)
    home = f"https://{site[1]}"
    fields = _fields(random, words, home, bounded=group is PAGES)
    truth = _truth(fields)
    headers = _headers(random, words, site, truth)
    intro = _one(random, words.intro).format(site=site[0]) if random.random() < 0.6 else ""
    footer = _one(random, words.footer).format(site=site[0], home=home) if random.random() < 0.5 else ""
    shown = _styled(random, fields)
    text = html = None
    if group is PAGES:
        title = f"<h2>{_html(intro)}</h2>" if intro else ""
        body = f"{title}{group[name](shown)}<p>{_html(footer)}</p>"
        html = f"<html><head><style>td{{padding:2px}}</style></head><body>{body}</body></html>"
        if random.random() < 0.3:
            text = f"{intro}\n\n{BY_HAND['colon'](shown)}\n\n{footer}\n"
    else:
        text = f"{intro}\n\n{group[name](shown)}\n\n{footer}\n" if intro else f"{group[name](shown)}\n\n{footer}\n"
    return Unseen(_mail(headers, text, html), (tongue, name, headers["_kind"]), truth)


# --- judging ---------------------------------------------------------------------------------------------------------


def _plain(value: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", value)).strip()


def _digits(value: str) -> str:
    return "".join(str(unicodedata.digit(one)) for one in value if one.isdigit())


def wrong_fields(unseen: Unseen, reading: Reading) -> dict[str, tuple[str, str]]:
    """The fields that differ: (must be, is); `outcome` if there is no card."""
    if reading.outcome is not Outcome.CARDS:
        return {"outcome": ("cards", f"{reading.outcome} {reading.reason}")}
    card = reading.cards[0]
    found = {
        "name": card.author.name,
        "email": card.author.email,
        "phone": card.author.phone,
        "text": card.text,
        "company": card.author.company,
        "product": card.product.name,
        "page": card.source_url,
    }
    wrong = {} if card.channel == "form" else {"outcome": ("form", f"{card.channel}")}
    for field, must in unseen.truth.items():
        got = found[field] or ""
        same = _digits(must) == _digits(got) if field == "phone" else _plain(must).lower() == _plain(got).lower()
        if not same and must != "*":
            wrong[field] = (must, got)
    return wrong


def main(count: int, seed: int = 0, show: int = 0) -> None:
    """Print how many of `count` forms, and of their fields, are read right, and the first `show` that are not."""
    all_of: Counter[tuple[str, str]] = Counter()
    bad: Counter[tuple[str, str]] = Counter()
    fields = wrong = forms = 0
    for number in range(count):
        form = unseen_form(Random(f"{seed}.{number}"))
        found = wrong_fields(form, read(form.raw))
        told = [field for field in form.truth if form.truth[field] != "*"]
        fields, forms = fields + len(told), forms + bool(found)
        wrong += len(told) if "outcome" in found else len(found)
        for what in zip(("language", "layout", "sender"), form.kind, strict=True):
            all_of[what] += 1
            bad[what] += bool(found)
        bad.update(("field", field) for field in found)
        if found and forms <= show:
            print(f"\n##### {number} {form.kind} {found}\n{form.raw.decode()[:3000]}")
    share = 100 * (fields - wrong) / fields
    print(f"\n{fields - wrong}/{fields} fields right ({share:.2f} %), {forms} forms of {count} wrong")
    for what, n in sorted(bad.items(), key=lambda item: (item[0][0], -item[1] / max(1, all_of[item[0]]))):
        if n:
            print(f"  {what[0]:9} {what[1]:28} {n:5} of {all_of[what] or count}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
