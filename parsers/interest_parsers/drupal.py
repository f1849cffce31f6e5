"""Drupal 6 to 11, by its templates: the contact form, a member's personal form, and forms of the Webform module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_from_site
from interest_ingest.parsing.forms import form_of, read_form
from interest_ingest.parsing.labels import Labels
from interest_ingest.parsing.orders import goes_to
from interest_ingest.parsing.tokens import find_email, find_url, resolve
from interest_parsers.form import interest_of

_WHO: Final = (
    r"([^\n()]{1,100}?)(?: \([^\n()@/]{3,40}\))?[ \n]\(((?:https?://[^\s()]{3,300}|[^\s()@]{1,64}@[^\s()@]{3,255}))\)"
)
CONTACT: Final = (
    rf"\A\s*+{_WHO}[ \n](?:[^\n]{{5,160}}\n)?[^\n]{{0,160}}?(https?://[^\s]{{4,300}})[^\n]{{0,60}}\n[ \t]*(?:\n|\Z)"
)
"""`Anna Petrova (anna@post.example) sent a message using the contact form at https://shop.example/contact.`"""

PERSONAL: Final = (
    rf"\A\s*+[^\n]{{2,80}}[,，:!]\n\s*+{_WHO}[ \n][^()]{{10,120}}\((https?://[^\s()]{{4,300}})\)[^\n]{{2,200}}\n"
)
"""`Hello Boris,` … `Anna Petrova (https://…) has sent you a message via your contact form (https://…) at Shop.`"""

_LOGIN = re.compile(r"/user/(?:reset|registrationpassword|\d{1,9}/cancel/confirm)/")


@parser(
    "drupal.contact",
    version=1,
    match=Match(subject=r"^\[[^\n]{1,200}\] ", text=CONTACT),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def contact(mail: Mail) -> Iterator[Interest]:
    """`[Website feedback] Opening hours`"""
    for found in re.finditer(CONTACT, mail.visible_text):
        yield from _message(mail, found, mail.visible_text[found.end() :])


@parser("drupal.personal", version=1, match=Match(text=PERSONAL), link_hosts=SITES, signed_by=SITES, fallback=0)
def personal(mail: Mail) -> Iterator[Interest]:
    """A registered visitor writes to one of the team; below stands how to be spared such mails, then his text."""
    for found in re.finditer(PERSONAL, mail.visible_text):
        below = mail.visible_text[found.end() :]
        parts = re.split(r"\n[^\n:：]{3,40}[:：][ \t]*\n", below, maxsplit=1)
        yield from _message(mail, found, parts[-1])


@parser(
    "drupal.webform",
    version=1,
    match=Match(header=r"(?i)^X-Mailer: Drupal\b"),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def webform(mail: Mail) -> Iterator[Interest]:
    """`Submitted on …` / `Submitted by: Anonymous` / `Submitted values are:` over the fields; notices of accounts."""
    if any(_LOGIN.search(link) for link in mail.links):
        raise Ignored("account notice")
    form = read_form(mail)
    if form is not None:
        yield interest_of(form, mail)


def _message(mail: Mail, found: re.Match[str], text: str) -> Iterator[Interest]:
    """The sender's name, beside it his address or the page of his account; then his address is in Reply-To."""
    name, beside, page = resolve(found[1].strip()), found[2], find_url(found[3])
    email = find_email(beside) or form_of(Labels(), mail).email
    if goes_to(mail, email):
        raise Ignored("receipt for the customer")
    if not is_from_site(mail, email):
        return
    yield Interest(
        channel=Channel.FORM,
        action=Action.REQUEST,
        author=Author(name=name, email=email, profile_url=beside if beside.startswith("http") else None),
        text=resolve(text.strip()),
        source_url=page or None,
    )
