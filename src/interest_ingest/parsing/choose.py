"""Who reads a mail: the order of docs/architecture.md, from the parsers' own statements to the fallbacks.

specific parsers → (the mail inside) → bounce → automatic reply → own people → fallback parsers in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from interest_ingest.cards import Outcome
from interest_ingest.mail import Mail
from interest_ingest.parsing.automatic import is_auto_reply, is_bounce, is_digest, is_loop, report
from interest_ingest.parsing.contract import LETTER, Parser
from interest_ingest.parsing.forwards import forwarded_inline


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


def choose(parsers: Iterable[Parser], mail: Mail, *, own: Collection[str] = ()) -> Choice:
    """Pick the parsers for `mail`; `own` are our people's addresses in lower case, whose letters are no interests."""
    parsers = tuple(parsers)
    specific = _specific(parsers, mail)
    if specific is not None:
        return specific
    if reason := report(mail):  # before the mails inside: a returned mail is not a forwarded one
        return Choice((), mail, Outcome.IGNORED, reason)
    carried = list(_carried(mail))
    for inside in carried:
        specific = _specific(parsers, inside)
        if specific is not None:
            return specific
    for test, reason in ((is_loop, "loop"), (is_digest, "digest"), (is_auto_reply, "auto-reply")):
        if test(mail):
            return Choice((), mail, Outcome.IGNORED, reason)
    return _fallback(parsers, mail, carried, own)


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


def _carried(mail: Mail) -> Iterator[Mail]:
    """The mails that `mail` forwards, attached or in its text."""
    yield from mail.inner
    inline = forwarded_inline(mail)
    if inline is not None:
        yield inline


def _fallback(parsers: tuple[Parser, ...], mail: Mail, carried: list[Mail], own: Collection[str]) -> Choice:
    """A letter or an unknown form; what our own people forward, or a mail without words of its own, is read inside."""
    ours = _is_own(mail, own)
    if ours or not _says_something(mail):
        inside = next((one for one in carried if not _is_own(one, own) and not is_bounce(one)), None)
        if inside is not None:
            mail, ours = inside, False
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
    text = mail.visible_text.strip()
    return bool(text) and not any(text in one.visible_text for one in mail.inner)
