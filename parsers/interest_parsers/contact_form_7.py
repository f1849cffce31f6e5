"""Contact Form 7, where the mail proves it: other templates of its owners are forms like any other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interest_ingest.parsing import SITES, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_from_site
from interest_ingest.parsing.automatic import is_robot
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import Labels, read_labels
from interest_ingest.parsing.orders import goes_to
from interest_ingest.parsing.tokens import resolve
from interest_parsers.form import interest_of

_FOOTER: Final = r"\n-- ?\n[^\n]{1,400}[(（][^\n()（）]{0,200}https?://[^\s()（）]{1,200}[)）][^\n]{0,200}\s*+\Z"
"""`This e-mail was sent from a contact form on SITE (URL)`, since 5.8 `This is a notification that … (SITE URL).`"""
_MESSAGE: Final = r"[^\n:：]{1,60}[:：][ \t]*\n(?s:.*)"

DEFAULT_TEMPLATE: Final = (
    # From: NAME MAIL                  (in Hindi the colon stands behind the value)
    # Subject: S
    #
    # Message Body:
    # TEXT
    # --
    # This e-mail was sent from a contact form on SITE (URL)
    r"\A\s*+(?=[^\n]{0,300}[:：])[^\n@]{1,200}@[^\n]{1,200}\n"
    rf"[^\n:：]{{1,60}}[:：][^\n]*\n[ \t]*\n{_MESSAGE}{_FOOTER}"
)
"""The mail that Contact Form 7 proposes in each of its 63 languages: the same lines in other words."""

MESSAGE_ONLY: Final = rf"\A\s*+(?![^\n]*@){_MESSAGE}{_FOOTER}"
"""Without the lines about the sender: its second mail, to the customer, and what owners leave of the first."""

SUBJECT: Final = r"[\"“”„«»「」『』]\s{0,3}\Z"
"""`SITE "[your-subject]"`"""


@parser(
    "contact-form-7.default",
    version=2,
    match=Match(header=r"(?i)^(?:X-Mailer: PHPMailer|From: .{0,200}\bwordpress@)", text=DEFAULT_TEMPLATE),
    link_hosts=SITES,
    signed_by=SITES,
    instead_of=("contact-form-7.default-by-subject",),
)
def default_template(mail: Mail) -> Iterator[Interest]:
    """`From: Anna anna@… / Subject: Tea / Message Body: …`, as the plugin proposes it."""
    yield _read(mail)


@parser(
    "contact-form-7.default-by-subject",
    version=1,
    match=Match(subject=SUBJECT, text=DEFAULT_TEMPLATE),
    link_hosts=SITES,
    signed_by=SITES,
)
def default_template_by_subject(mail: Mail) -> Iterator[Interest]:
    """The same lines, where a relay has changed the mailer's header and the owner the sender's address."""
    yield _read(mail)


@parser(
    "contact-form-7.message",
    version=1,
    match=Match(subject=SUBJECT, text=MESSAGE_ONLY),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def message_only(mail: Mail) -> Iterator[Interest]:
    """`Message Body: …` and the footer: a mail to the owner if a visitor is to be answered, else a receipt."""
    visitor = form_of(Labels(), mail).email
    if not visitor and is_robot(mail.sender):
        raise Ignored("receipt for the customer")
    if visitor and is_from_site(mail, visitor):
        yield _read(mail)


def _read(mail: Mail) -> Interest:
    """The lines up to the message's label are the form, those from there to the last `-- ` what the visitor wrote."""
    lines = mail.visible_text.strip().split("\n")
    labels = (n for n, line in enumerate(lines) if re.fullmatch(r"[^\n:：@]{1,60}[:：][ \t]*", line))
    label = next((n for n in labels if not n or not lines[n - 1].strip()), None)
    footer = max((n for n, line in enumerate(lines) if line.strip() == "--"), default=len(lines))
    if label is None:
        raise Changed("the label of the message")
    text = resolve("\n".join(lines[label + 1 : footer]).strip("\n"))
    form = form_of(replace(read_labels("\n".join(lines[:label])), message=text), mail)
    if goes_to(mail, form.email):
        raise Ignored("receipt for the customer")
    return interest_of(form, mail)
