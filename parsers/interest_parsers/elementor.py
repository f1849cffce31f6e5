"""Elementor Pro's form widget, by what it writes below the fields: `Powered by: Elementor`, whatever the language.

Real mails in English and Portuguese are known; the labels of the lines below `---` are translated, their order is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from interest_ingest.parsing import SITES, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_answer, is_from_site
from interest_ingest.parsing.forms import form_of
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.tokens import find_url
from interest_parsers.form import interest_of

CREDIT: Final = r"\n-{3,}[ \t]*\n(?:[^\n]{0,1000}\n){1,24}[^\n:：]{2,40}[:：][ \xa0]?Elementor\s*+\Z"


@parser("elementor.form", version=1, match=Match(text=CREDIT), link_hosts=SITES, signed_by=SITES, fallback=0)
def form(mail: Mail) -> Iterator[Interest]:
    """`Name: … / Email: … / Message: … / --- / Date: / Time: / Page URL: / User Agent: / Remote IP: / Powered by:`"""
    if is_answer(mail):
        return
    fields, _, added = mail.visible_text.rpartition("\n---")
    found = form_of(read_labels(fields), mail)
    if is_from_site(mail, found.email) and (found.name or found.email or found.phone or found.text):
        page = next(filter(None, map(find_url, added.split("\n"))), "")
        yield interest_of(replace(found, page=page), mail)
