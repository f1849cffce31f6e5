"""Live Helper Chat: requests while nobody is there, new, unread, accepted and closed chats, returning visitors.

Read as the templates of its version 4.90 make them, of which owners translate the labels: their order tells what they
are. `Name / Email / Phone / Department / [Country / City] / IP`, `Message:`, the page; the lines of a transcript are
escaped as for HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import of_visitor
from interest_parsers.form import interest_of, required_form

PROGRAM: Final = (
    r"(?i)^X-Mailer: PHPMailer",
    r"(?i)^Subject: .{0,300}(?:Support request from user|New chat request|New unread message|Chat was closed)",
    r"(?i)^Subject: (?:Chat was accepted \[|Visitor returned - )",
)
FIELDS: Final = (
    r"(?mi)^[^\n:：]{1,40}[:：][^\n]*\n[^\n:：]{1,40}[:：][^\n]*\n[^\n:：]{1,40}[:：][^\n]*\n"
    r"[^\n:：]{0,20}(?:dep[ae]?r?t|отдел|департ|відділ|abteil|dipart|reparto|bölüm|departman|dział|afdeling|oddělen|"
    r"bereich|service|部|부서|بخش|دپارتمان|قسم|विभाग|מחלקה)[^\n:：]{0,20}[:：][^\n]*\n"
    r"(?:[^\n:：]{1,40}[:：][^\n]*\n[^\n:：]{1,40}[:：][^\n]*\n)?"
    r"[^\n:：]{0,20}IP[^\n:：]{0,20}[:：][ \t]*[0-9a-f.:]{3,45}[ \t]*$"
)
"""`Name: / Email: / Phone: / Department: / [Country: / City:] / IP:` (before version 2 without the two)."""


@parser(
    "livehelperchat.chat",
    version=1,
    match=Match(header=PROGRAM, text=FIELDS),
    signed_by=SITES,
    link_hosts=SITES,
)
def chat(mail: Mail) -> Iterator[Interest]:
    """“Anna Moss, Malta, Sales, Support request from user”, “New chat request”, “Chat was closed”."""
    form = of_visitor(required_form(mail))
    action = Action.VISIT if mail.subject.startswith("Visitor returned") else Action.MESSAGE
    yield interest_of(form, mail, channel=Channel.CHAT, action=action, object_kind="chat")


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
