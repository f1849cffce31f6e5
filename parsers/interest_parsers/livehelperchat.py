"""Live Helper Chat: requests while nobody is there, new, unread, accepted and closed chats, returning visitors.

Read as the templates of its version 4.90 make them, of which owners translate the labels: their order tells what they
are. `Name / Email / Phone / Department / [Country / City] / IP`, `Message:`, the page; the lines of a transcript are
escaped as for HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interest_ingest.parsing import SITES, Action, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.chats import of_visitor
from interest_ingest.parsing.forms import Form
from interest_ingest.parsing.tokens import resolve
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

_ADDITIONS: Final = re.compile(
    r"(?mi)^(?:additional data|дополнительн\w+ данн|додатков\w+ дан|(?:zusätzliche|weitere) (?:daten|angaben)|"
    r"donn\w+ suppl|datos adicionales|dados adicionais|dati aggiuntivi|ek bilgi|dodatkowe dane)[^\n:：]{0,40}[:：]"
    r"[ \t]*\n(?:[^\n]+\n){0,60}"
)


@parser(
    "livehelperchat.chat",
    version=1,
    match=Match(header=PROGRAM, text=FIELDS),
    signed_by=SITES,
    link_hosts=SITES,
)
def chat(mail: Mail) -> Iterator[Interest]:
    """“Anna Moss, Malta, Sales, Support request from user”, “New chat request”, “Chat was closed”."""
    form = of_visitor(without_additions(required_form(mail), mail))
    if not mail.subject.startswith("Visitor returned"):
        yield interest_of(form, mail, channel=Channel.CHAT, action=Action.MESSAGE, object_kind="chat")
    elif form.name or form.email or form.phone:  # the chat that is shown is his last one
        yield interest_of(form, mail, channel=Channel.CHAT, action=Action.VISIT, text="")


def without_additions(form: Form, mail: Mail) -> Form:
    """`form` without the section `Additional data, if any:` that stands between message and page."""
    sections = [found[0].strip() for found in _ADDITIONS.finditer(mail.visible_text)]
    added = resolve(sections[-1]) if sections else ""  # an earlier one the visitor wrote
    return replace(form, text=form.text.removesuffix(added).rstrip()) if added else form


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
