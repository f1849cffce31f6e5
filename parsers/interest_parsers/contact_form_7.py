"""Contact Form 7, where the mail proves it: other templates of its owners are forms like any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Changed, Interest, Mail, Match, parser
from interest_ingest.parsing.forms import read_form
from interest_parsers.form import interest_of

DEFAULT_TEMPLATE: Final = (
    # From: NAME MAIL                  (in Hindi the colon stands behind the value)
    # Subject: S
    #
    # Message Body:
    # TEXT
    # --
    # This e-mail was sent from a contact form on SITE (URL)
    r"\A\s*+(?=[^\n]{0,300}[:：])[^\n@]{1,200}@[^\n]{1,200}\n"
    r"[^\n:：]{1,60}[:：][^\n]*\n[ \t]*\n"
    r"[^\n:：]{1,60}[:：][ \t]*\n"
    r"(?s:.*)\n-- ?\n[^\n]{1,400}[(（]https?://[^\s()（）]{1,200}[)）][^\n]{0,100}\s*+\Z"
)
"""The mail that Contact Form 7 up to 5.7 proposes in each of its 63 languages: the same lines in other words."""


@parser(
    "contact-form-7.default",
    version=1,
    match=Match(header=r"(?i)^X-Mailer: PHPMailer", text=DEFAULT_TEMPLATE),
    link_hosts=SITES,
    signed_by=SITES,
)
def default_template(mail: Mail) -> Iterator[Interest]:
    """`From: Anna anna@… / Subject: Tea / Message Body: …`, as the plugin proposes it."""
    form = read_form(mail)
    if form is None:
        raise Changed("the customer's address")
    yield interest_of(form, mail)
