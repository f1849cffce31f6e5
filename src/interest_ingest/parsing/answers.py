"""Forms whose program marks labels and values apart: pairs in, `Labels` out, without looking for a layout."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bs4 import Tag

from interest_ingest.mail.html import render
from interest_ingest.parsing.labels import Answer, Labels
from interest_ingest.parsing.vocabulary import Role, role_of

_AROUND: Final = " \n\t\xa0:：*"


def answered(pairs: Iterable[tuple[str, str]], intro: str = "") -> Labels:
    """The form with these labels and values; its message is the first filled-in field that is called so."""
    told = ((label.strip(_AROUND), value.strip()) for label, value in pairs)
    answers = tuple(Answer(label, value, role_of(label)) for label, value in told)
    message = next((one.value for one in answers if one.role is Role.MESSAGE and one.value), "")
    return Labels(answers, message, intro)


def shown(tag: Tag) -> str:
    """What a person reads in this part of a page, with its line ends."""
    return render(tag).strip()
