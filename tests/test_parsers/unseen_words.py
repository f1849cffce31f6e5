"""The words of forms and people in sixteen languages, from `unseen_words.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final, NamedTuple


class Tongue(NamedTuple):
    """The words of one language: labels by what they ask, answers, and what a form's mail says around them."""

    name: list[str]
    first_last: list[str]
    email: list[str]
    phone: list[str]
    message: list[str]
    company: list[str]
    product: list[str]
    page: list[str]
    subject: list[str]
    city: list[str]
    own: list[str]
    consent: list[str]
    date: list[str]
    intro: list[str]
    footer: list[str]
    mail_subject: list[str]
    people: list[str]
    companies: list[str]
    products: list[str]
    places: list[str]
    texts: list[str]


def tongues(file: str = "unseen_words.toml") -> dict[str, Tongue]:
    """The languages of a file beside this one."""
    told = tomllib.loads(Path(__file__).with_name(file).read_text(encoding="utf-8"))
    return {name: Tongue(**words) for name, words in told.items()}


TONGUES: Final = tongues()
