"""Forms whose program marks labels and values apart: pairs in, `Labels` out, without looking for a layout."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from bs4 import BeautifulSoup, Tag

from interest_ingest.mail import Mail
from interest_ingest.mail.html import make_soup, render
from interest_ingest.parsing.automatic import is_robot
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import Answer, Labels
from interest_ingest.parsing.phrases import MAIL_CLIENT, SOFTWARE
from interest_ingest.parsing.vocabulary import Role, role_of

HTML: Final = r"(?i)^Content-Type:\s*(?:text/html|multipart/)"
"""The header of a mail that may be a page; what proves a template by its page alone asks for it first."""

_TABLE_END: Final = re.compile(r"(?i)</table")
_AROUND: Final = " \n\t\xa0:：*"


def answered(pairs: Iterable[tuple[str, str]], intro: str = "") -> Labels:
    """The form with these labels and values; its message is the first filled-in field that is called so."""
    told = ((label.strip(_AROUND), value.strip()) for label, value in pairs)
    answers = tuple(Answer(label, value, role_of(label)) for label, value in told)
    message = next((one.value for one in answers if one.role is Role.MESSAGE and one.value), "")
    return Labels(answers, message, intro)


def rows_of(mail: Mail, row: re.Pattern[str]) -> BeautifulSoup:
    """The part of the page from the first place that `row` finds to the end of the table in which it finds the last.

    A tree of the whole page, most of which is frame, would cost several times as much.
    """
    places = [found.start() for found in row.finditer(mail.html)]
    end = _TABLE_END.search(mail.html, places[-1]) if places else None
    return make_soup("<table>" + mail.html[places[0] : end.start() if end else None] if places else "")


def shown(tag: Tag) -> str:
    """What a person reads in this part of a page, with its line ends."""
    return render(tag).strip()


def is_from_site(mail: Mail, visitor: str) -> bool:
    """Whether software sent `mail` for the visitor with this address: for templates that a letter could look like.

    It sends as a robot, or to an address of its own domain, or names him in Reply-To, or tells what it is. Nothing is
    known of who sent a mail that was forwarded.
    """
    mailer = mail.header("X-Mailer") or mail.header("User-Agent")
    if mail.sender is None or MAIL_CLIENT.search(mailer):
        return mail.sender is None
    if SOFTWARE.search(mailer):
        return True
    sender = mail.sender.email.lower()
    if sender == visitor.lower():
        return False
    domain = sender.rpartition("@")[2]
    to_itself = domain in {one.email.lower().rpartition("@")[2] for one in mail.to}
    return to_itself or is_robot(mail.sender) or form_of(Labels(), mail).email.lower() == visitor.lower() != ""


def is_answer(mail: Mail) -> bool:
    """Whether a person answers a mail: what he quotes, the notification of a form say, is not what he writes."""
    return bool(mail.header("In-Reply-To") or mail.header("References")) and not is_robot(mail.sender)
