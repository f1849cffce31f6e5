"""Who reads a mail: the order of docs/architecture.md, from the parsers' own statements to the fallbacks.

specific parsers → (the mail inside) → bounce → automatic reply → own people → fallback parsers in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

from interest_ingest.cards import Outcome
from interest_ingest.mail import Mail
from interest_ingest.parsing.automatic import (
    is_auto_reply,
    is_bounce,
    is_calendar_answer,
    is_digest,
    is_loop,
    is_robot,
    report,
)
from interest_ingest.parsing.contract import LETTER, Parser
from interest_ingest.parsing.domains import is_free_mail, registrable
from interest_ingest.parsing.forwards import Forwarded, forwarded_inline, passed_on, words_above

FORM: Final = 1
"""The place of the reader of any form among the fallback parsers: before it are those who know a program's page."""

MAX_HANDS: Final = 5
"""Forwards of forwards are followed so deep."""

NO_LETTERS: Final = (
    (is_loop, "loop"),
    (is_digest, "digest"),
    (is_calendar_answer, "calendar answer"),
    (is_auto_reply, "auto-reply"),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which parsers are to read which mail, in this order until one yields something.

    `mail` is the given mail or one that it carries. `outcome` and `reason` hold if there is no parser, or if none of
    the (fallback) parsers yields anything.
    """

    parsers: tuple[Parser, ...]
    mail: Mail
    outcome: Outcome = Outcome.UNMATCHED
    reason: str | None = None
    otherwise: Choice | None = None
    """What is to be done if none of them yields anything."""


def choose(parsers: Iterable[Parser], mail: Mail, *, own: Collection[str] = ()) -> Choice:
    """Pick the parsers for `mail`; `own` are our people's addresses in lower case, whose letters are no interests."""
    parsers = tuple(parsers)
    specific = _specific(parsers, mail)
    if specific is not None:
        return _unwrapped(specific)
    if reason := report(mail):  # before the mails inside: a returned mail is not a forwarded one
        return Choice((), mail, Outcome.IGNORED, reason)
    carried = _carried(mail)
    for one in carried:
        specific = _specific(parsers, one.mail)
        if specific is not None:
            return specific
    for test, reason in NO_LETTERS:
        if test(mail):
            return Choice((), mail, Outcome.IGNORED, reason)
    inside = next((one for one in carried if not _is_own(one.mail, own) and not is_bounce(one.mail)), None)
    outer = _fallback(parsers, mail, own)
    ours = _is_own(mail, own)
    if inside is None or not (ours or _is_only_handed_on(mail)):
        return outer
    return _handed_on(parsers, _innermost(inside), own, otherwise=None if ours or _is_to_own_house(mail) else outer)


def matching(parsers: Iterable[Parser], mail: Mail) -> tuple[Parser, ...]:
    """The specific parsers that recognize `mail`, without those that another of them replaces."""
    found = [one for one in parsers if one.fallback is None and one.match.holds(mail)]
    replaced = {name for one in found for name in one.instead_of if one.name != name}
    return tuple(one for one in found if one.name not in replaced)


def _specific(parsers: tuple[Parser, ...], mail: Mail) -> Choice | None:
    found = matching(parsers, mail)
    if len(found) > 1:
        names = ", ".join(one.name for one in found)
        return Choice((), mail, Outcome.QUARANTINED, f"ambiguous: {names}")
    return Choice(found, mail) if found else None


def _unwrapped(choice: Choice) -> Choice:
    """A notification that is known by its text looks like one in somebody's forward of it too: it is the one inside."""
    inline = forwarded_inline(choice.mail) if len(choice.parsers) == 1 and not is_robot(choice.mail.sender) else None
    if inline is None or not choice.parsers[0].match.holds(inline.mail):
        return choice
    return replace(choice, mail=inline.mail)


def _handed_on(
    parsers: tuple[Parser, ...], inside: Forwarded, own: Collection[str], otherwise: Choice | None
) -> Choice:
    """What may know the page is asked with it; who reads any form or letter, without."""
    last = replace(_fallback(parsers, inside.plain, own), otherwise=otherwise)
    if inside.plain is inside.mail:
        return last
    asked = tuple(one for one in _fallback(parsers, inside.mail, own).parsers if (one.fallback or 0) < FORM)
    return Choice(asked, inside.mail, otherwise=last) if asked else last


def _carried(mail: Mail) -> list[Forwarded]:
    """The mails that `mail` carries: attached or in its text, and those in the text of these."""
    found = [Forwarded(one, one) for one in mail.inner]
    for one in (mail, *mail.inner[:MAX_HANDS]):
        inline = forwarded_inline(one)
        for _ in range(MAX_HANDS):
            if inline is None:
                break
            found.append(inline)
            inline = forwarded_inline(inline.plain)
    return found


def _is_only_handed_on(mail: Mail) -> bool:
    """Whether a person only passes on what he got: without a word of his own, or to his own house."""
    inline = passed_on(mail)
    return not _says_something(mail) or (inline is not None and (not inline.above or _is_to_own_house(mail)))


def _innermost(outer: Forwarded) -> Forwarded:
    """What is handed on in `outer` in its turn, as deep as that goes."""
    for _ in range(MAX_HANDS):
        within = _carried(outer.plain)[:1]
        if not within or is_bounce(within[0].mail) or not _is_only_handed_on(outer.plain):
            break
        outer = within[0]
    return outer


def _is_to_own_house(mail: Mail) -> bool:
    """Whether sender and recipient have one domain, and it is no provider's: a colleague."""
    domains = {registrable(one.email.rpartition("@")[2]) for one in (mail.sender, *mail.to) if one}
    return len(domains) == 1 and bool(mail.to) and not any(is_free_mail(domain) for domain in domains)


def _fallback(parsers: tuple[Parser, ...], mail: Mail, own: Collection[str]) -> Choice:
    """A letter or an unknown form."""
    ours = _is_own(mail, own)
    asked = [one for one in parsers if one.fallback is not None and one.match.holds(mail)]
    asked.sort(key=lambda one: (one.fallback or 0, one.name))
    if ours:  # only their letters: a site may send its forms from the owner's address
        forms = tuple(one for one in asked if (one.fallback or 0) < LETTER)
        return Choice(forms, mail, Outcome.IGNORED, "own mail")
    return Choice(tuple(asked), mail)


def _is_own(mail: Mail, own: Collection[str]) -> bool:
    return mail.sender is not None and mail.sender.email.lower() in own


def _says_something(mail: Mail) -> bool:
    """Whether `mail` has words of its own; the text of a mail that only carries others is theirs."""
    text = words_above(mail.visible_text) if mail.inner else mail.visible_text.strip()
    return bool(text) and not any(text in one.visible_text for one in mail.inner)
