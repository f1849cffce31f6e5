"""Live Helper Chat: requests while nobody is there, new, unread, accepted and closed chats, returning visitors.

Read as the templates of its version 4.90 make them, of which owners translate the labels: the order of the lines tells
what they are. `Name / Email / Phone / Department / [Country / City] / IP`, `Message:`, `Additional data`, the page. A
chat has a few more lines above its message, which then is the whole transcript, escaped as for HTML unless the chat is
closed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from interest_ingest.parsing import SITES, Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import is_nameless, visitor_words

PROGRAM: Final = (
    r"(?i)^(?:X-Mailer: PHPMailer|Subject: (?:Chat was accepted \[|Visitor returned - |"
    r".{0,300}(?:Support request from user|New chat request|New unread message|Chat was closed)))"
)
FIELDS: Final = (
    r"(?m)^[^\n:：]{1,40}[:：](?P<name>[^\n]*)\n[^\n:：]{1,40}[:：](?P<email>[^\n]*)\n[^\n:：]{1,40}[:：](?P<phone>[^\n]*)\n"
    r"[^\n:：]{0,20}(?i:dep[ae]?r?t|отдел|департ|відділ|abteil|dipart|reparto|bölüm|departman|dział|afdeling|avdelning|"
    r"odděl|oddel|odjel|osasto|osztály|τμήμα|skyrius|nodaļa|osakond|phòng|bộ phận|bagian|แผนก|"
    r"bereich|service|部|부서|بخش|دپارتمان|قسم|विभाग|מחלקה)[^\n:：]{0,20}[:：][^\n]*\n"
    r"(?:[^\n:：]{1,40}[:：][^\n]*\n[^\n:：]{1,40}[:：][^\n]*\n)?"
    r"[^\n:：]{0,20}(?i:IP)[^\n:：]{0,20}[:：][ \t]*[0-9a-fA-F.:]{3,45}[ \t]*$"
)
"""`Name: / Email: / Phone: / Department: / [Country: / City:] / IP:` (before version 2 without the two)."""

_HEAD: Final = re.compile(FIELDS)
_CHAT: Final = re.compile(r"(?P<more>(?:\n[^\n:：]{1,40}[:：]\t[^\n]*){0,8})\n[ \t]*\n(?:[^\n]{1,60}[:：][ \t]*\n)?")
_PAGE: Final = re.compile(
    r"(?i)\burl\b|page|страниц|сторінк|seite|página|pagina|sayfa|stron|ページ|页面|頁面|페이지|صفحه|صفحة|עמוד|पृष्ठ"
)
_ADDED: Final = re.compile(
    r"(?i)additional|дополнит|додатк|zusätz|weitere|suppl|adicional|aggiunt|\bek\b|dodatk|追加|附加|추가"
)
_DOORS: Final = re.compile(r"/chat/accept/|/user/login")
"""Whoever opens these takes the chat over or is asked to log in."""


class Told(NamedTuple):
    """What stands below `Message:`: the message, the additional data with its label, and the visitor's page."""

    message: str
    added: str
    page: str


@parser(
    "livehelperchat.chat",
    version=1,
    match=Match(header=PROGRAM, text=FIELDS),
    signed_by=SITES,
    link_hosts=SITES,
)
def chat(mail: Mail) -> Iterator[Interest]:
    """“Anna Moss, Malta, Sales, Support request from user”, “New chat request”, “Chat was closed”."""
    text = mail.visible_text
    head = _HEAD.search(text)
    below = _CHAT.match(text, head.end()) if head else None
    if head is None or below is None:
        raise Changed("the message below the visitor's address")
    told = sections(text[below.end() :])
    name, email, phone = (head[field].strip() for field in ("name", "email", "phone"))
    words = spoken(told.message, name) if below["more"] else told.message
    author = Author(name=None if is_nameless(name) else name, email=email if "@" in email else None, phone=phone)
    visit = mail.subject.startswith("Visitor returned")
    if visit and not author:
        raise Ignored("return of a visitor without a name")
    yield Interest(
        channel=Channel.CHAT,
        action=Action.VISIT if visit else Action.MESSAGE,
        author=author,
        text="" if visit else words,  # the chat that is shown is his last one
        source_url=told.page or None,
        object_kind=None if visit else "chat",
        labels=dict(pairs(f"{head[0]}{below['more']}\n{told.added}")),
    )


@parser(
    "livehelperchat.question",
    version=1,
    match=Match(header=r"(?i)^X-Mailer: PHPMailer", subject=r"^New FAQ question$", text=r"(?m)^Question:[ \t]*$"),
    signed_by=SITES,
    link_hosts=SITES,
)
def question(mail: Mail) -> Iterator[Interest]:
    """“New FAQ question”, left on a page of the help; of the two links the first is that page."""
    above, _, below = mail.visible_text.partition("\nQuestion:")
    asked, heading, links = below.rpartition("\nQuestion URL:")
    email = re.search(r"(?m)^Email:[ \t]*(\S{1,300}@\S{1,300})", above)
    if not heading or not asked.strip():
        raise Changed("the question")
    page = re.match(r"\s*(https?://\S+)", links)
    yield Interest(
        channel=Channel.CHAT,
        action=Action.MESSAGE,
        author=Author(email=email[1] if email else None),
        text=asked.strip(),
        source_url=page[1] if page else None,
        object_kind="question",
    )


@parser(
    "livehelperchat.internal",
    version=1,
    match=Match(
        header=r"(?i)^X-Mailer: PHPMailer",
        subject=(r"^Permission request from ", r"^Report prepared - ", r"^LHC Test mail$"),
    ),
)
def internal(mail: Mail) -> Iterator[Interest]:
    """“Permission request from Olga”: between operators."""
    raise Ignored(f"operators' own mail: {mail.subject[:60]}")


def sections(below: str) -> Told:
    """Read from the end: the visitor may write what looks like any section, but the program's own come after him.

    A mail with a link to accept the chat has no additional data.
    """
    blocks, at = [], 0
    for part in re.split(r"(\n\s*\n)", below):
        if part.strip():
            blocks.append((at, part.strip("\n")))
        at += len(part)
    page = next((n for n in range(len(blocks) - 1, -1, -1) if is_page(blocks[n][1])), None)
    if page is None:
        return Told(below.strip(), "", "")
    end, added = blocks[page][0], ""
    if page and "/chat/accept/" not in below and is_addition(blocks[page - 1][1]):
        end, added = blocks[page - 1]
    return Told(below[:end].strip(), added, "".join(blocks[page][1].split("\n")[1:]).strip())


def is_page(block: str) -> bool:
    """Whether `block` is `URL of page from which user has send request:` with the address below, or without one."""
    label, _, value = block.partition("\n")
    if not label.rstrip().endswith((":", "：")) or len(label) > 120 or _DOORS.search(value):
        return False
    return bool(re.fullmatch(r"https?://\S+\s*", value) if value else _PAGE.search(label))


def is_addition(block: str) -> bool:
    """Whether `block` is `Additional data, if any:` with `key - value` lines below, or with none."""
    label, _, value = block.partition("\n")
    return len(label) < 80 and label.rstrip().endswith((":", "：")) and bool(not value or _ADDED.search(label))


def spoken(transcript: str, name: str) -> str:
    """The visitor's own words; only the transcript of a closed chat, with its moments in brackets, is not escaped."""
    closed = transcript.lstrip().startswith("[")
    return visitor_words(transcript if closed else html.unescape(transcript), name)


def pairs(lines: str) -> Iterator[tuple[str, str]]:
    """`Country: Malta` and, of the additional data, `Cart - 2 ladles`, as label and value."""
    for line in lines.split("\n"):
        found = re.match(r"([^:：\n]{1,40})[:：]\s*(\S.*)|(.{1,80}?) - (.+)", line)
        if found and (found[2] or found[4]):
            yield (found[1] or found[3]).strip(), (found[2] or found[4]).strip()
