"""Why a mail became what it became: which parsers were candidates, who decided, and where each field comes from.

All of it is found out afterwards, from the mail, the parsers' declarations and the reading; no parser has to help.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from interest_ingest.authoring.origins import Traced
from interest_ingest.authoring.searching import Searched, fold, shortened
from interest_ingest.cards import Outcome, Reading, Trust
from interest_ingest.ingest.authentication import Authentication, trust
from interest_ingest.ingest.foreign import tried
from interest_ingest.ingest.reading import added_to
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import SITES, Match, Parser
from interest_ingest.parsing.choose import Choice, choose
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.domains import is_free_mail, registrable

TOO_LONG: Final = "its pattern takes too long on this mail, or is none"

CHANGED: Final = "template changed: "


@dataclass(frozen=True)
class Asked:
    """What is explained: a mail, what became of it, and under which rules. `file`: how the operator calls it."""

    mail: Mail
    reading: Reading
    rules: Rules
    found: Authentication = field(default_factory=Authentication)
    file: str = "mail.eml"


def explain(asked: Asked) -> dict[str, Any]:
    """All that can be told of a mail, as a document that `explain --json` prints."""
    mail, reading, rules = asked.mail, asked.reading, asked.rules
    choice = choose(rules.parsers, mail, own=rules.own_addresses)
    winner = next((one for one in rules.parsers if one.name == reading.parser), None)
    level, why = _trust(asked, choice, winner)
    return {
        "outcome": reading.outcome.value,
        "reason": reading.reason,
        "parser": reading.parser,
        "trust": {"level": level.value, "why": why, "signed": list(asked.found.signed), "dmarc": asked.found.dmarc},
        "mail": describe(mail),
        "inside": describe(choice.mail) if choice.mail is not mail else None,
        "decision": list(_decision(asked, choice)),
        "cards": _cards(asked, choice, winner, why),
        "candidates": [candidate(one, choice.mail) for one in rules.parsers],
        "trace": reading.trace,
        "advice": [{"what": what, "command": command} for what, command in _advice(asked, choice)],
    }


def describe(mail: Mail) -> dict[str, Any]:
    """What parsers are matched on, and what was repaired to read it."""
    sender, answer = mail.sender, mail.reply_to
    return {
        "from": f"{sender.name or ''} <{sender.email}>".strip() if sender else None,
        "reply_to": f"{answer.name or ''} <{answer.email}>".strip() if answer else None,
        "to": [one.email for one in mail.to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "parts": [name for name, text in (("plain text", mail.text), ("HTML", mail.html)) if text.strip()],
        "links": len(mail.links),
        "attachments": [one.name for one in mail.attachments],
        "notes": list(mail.notes),
    }


def candidate(one: Parser, mail: Mail) -> dict[str, Any]:
    """Each field of a parser's `Match`: whether it holds, and on what."""
    fields = [_field(name, getattr(one.match, name), mail) for name, _ in one.match.tests()]
    return {
        "parser": one.name,
        "holds": all(told["holds"] for told in fields),
        "fallback": one.fallback,
        "instead_of": list(one.instead_of),
        "fields": fields,
    }


def _field(name: str, patterns: str | tuple[str, ...], mail: Mail) -> dict[str, Any]:
    for pattern in (patterns,) if isinstance(patterns, str) else patterns:
        held = tried(name, Match(**{name: pattern}).holds, mail)
        if held is None:
            return {"field": name, "holds": False, "pattern": pattern, "on": TOO_LONG}
        if held:
            return {"field": name, "holds": True, "pattern": pattern, "on": _on(name, pattern, mail)}
    return {"field": name, "holds": False, "pattern": None, "on": _looked_at(name, mail)}


def _on(name: str, pattern: str, mail: Mail) -> str:
    """The header line, link or words on which a field holds."""
    if name in ("from_domain", "from_address"):
        return _looked_at(name, mail)
    for text in _texts(name, mail):
        if found := re.search(pattern, text):
            if name != "text":
                return shortened(text, 160)
            number = text.count("\n", 0, found.start()) + 1
            return f"line {number}: {shortened(found[0])}" if found[0].strip() else f"line {number}"
    return ""


def _texts(name: str, mail: Mail) -> Iterable[str]:
    if name == "header":
        return (f"{key}: {value}" for key, value in mail.all_headers())
    return {"subject": (mail.subject,), "link": mail.links, "text": (mail.visible_text,)}[name]


def _looked_at(name: str, mail: Mail) -> str:
    """What a field was compared with."""
    address = mail.sender.email if mail.sender else ""
    told = {
        "from_domain": address.rpartition("@")[2] or "no address",
        "from_address": address or "no address",
        "subject": shortened(mail.subject) or "no subject",
        "header": f"{len(mail.all_headers())} header lines",
        "link": f"{len(mail.links)} links",
        "text": f"{len(mail.visible_text)} characters",
    }
    return told[name]


def _decision(asked: Asked, choice: Choice) -> Iterator[str]:
    """How the choice fell, step by step, in sentences."""
    reading, mail = asked.reading, choice.mail
    if reading.reason == "no mail":
        yield "these bytes have none of the header fields of a mail"
        return
    if mail is not asked.mail:
        whose = shortened(f"{mail.sender.name or mail.sender.email if mail.sender else 'nobody'}: {mail.subject}")
        yield f"the mail inside it is read, as it is forwarded: {whose}"
    yield from _specific(asked.rules.parsers, choice)
    if not choice.parsers and choice.reason and not choice.reason.startswith("ambiguous"):
        yield f"it is {_SIGNS.get(choice.reason, choice.reason)}: no further parser is asked"
    fallback = [one.name for one in choice.parsers if one.fallback is not None]
    if fallback:
        yield f"the parsers for unknown mails are asked in this order: {', '.join(fallback)}"
        passed = fallback[: fallback.index(reading.parser)] if reading.parser in fallback else fallback
        yield from (f"{name} finds nothing of its own in it and passes it on" for name in passed)
        if reading.parser not in fallback and choice.reason:
            yield f"it is {_SIGNS.get(choice.reason, choice.reason)}"
    yield _outcome(reading)


def _specific(parsers: Iterable[Parser], choice: Choice) -> Iterator[str]:
    holding = [one for one in parsers if one.fallback is None and one.match.holds(choice.mail)]
    replacing = {name: one.name for one in holding for name in one.instead_of if name != one.name}
    for one in holding:
        if one.name in replacing:
            yield f"{one.name} recognizes it, and {replacing[one.name]} stands in for that one (instead_of)"
        else:
            yield f"{one.name} recognizes it"
    if choice.reason and choice.reason.startswith("ambiguous"):
        yield "none of them names the other in instead_of: nobody reads it"
    elif not holding:
        yield "no parser of a certain kind of mail recognizes it"


_SIGNS: Final = {
    "auto-reply": "an automatic reply",
    "digest": "a digest of a mailing list",
    "loop": "a mail of this program itself",
    "own mail": "a mail of our own people ([own] addresses)",
    "bounce": "a report of a mail that could not be delivered",
}
"""Reasons for which no parser is asked, as a sentence goes on."""


def _outcome(reading: Reading) -> str:
    name, reason = reading.parser or "nobody", reading.reason or ""
    if reading.outcome in (Outcome.CARDS, Outcome.OVERSIZE):
        return f"{name} reads it: {len(reading.cards)} card{'s' if len(reading.cards) != 1 else ''}"
    if reason.startswith(CHANGED):
        return f"{name} does not find what it needs: {reason.removeprefix(CHANGED)}"
    if reason == "own people":
        return f"{name} reads it; all of it was done by our own people ([own] addresses and profiles)"
    if reading.outcome is Outcome.IGNORED:
        return f"{name} says that there is no interest in it: {reason}" if reading.parser else f"ignored: {reason}"
    return f"{reading.outcome.value}: {reason}" if reason else f"{reading.outcome.value}: nobody reads it"


def _trust(asked: Asked, choice: Choice, winner: Parser | None) -> tuple[Trust, str]:
    """The level of trust, and the one reason for it."""
    found = asked.found
    if winner is None:
        return asked.reading.trust, "no parser read it, and only a parser knows who must have signed"
    if choice.mail is not asked.mail:
        return asked.reading.trust, "the receiving server vouches for the mail that it received, not for one inside it"
    if added_to(asked.mail):
        return asked.reading.trust, "it has a header field twice that a mail has once: somebody may have added one"
    level = trust(winner, found, asked.rules.site_hosts)
    return level, _why(winner, found, asked.rules, level)


def _why(winner: Parser, found: Authentication, rules: Rules, level: Trust) -> str:
    signers = ", ".join(rules.site_hosts if SITES in winner.signed_by else winner.signed_by)
    signed = ", ".join(found.signed) or "nobody"
    if not winner.signed_by:
        return f"{winner.name} names no signed_by: its mails are never proven"
    if SITES in winner.signed_by and not rules.sites:
        return "it is software of the company's own sites, and no [[sites]] are configured"
    if level is Trust.VERIFIED:
        return f"{signed} signed, the receiving server says; {winner.name} believes {signers}"
    if any(host_in(domain, winner.signed_by) for domain in found.signed):
        return f"{signed} signed, but DMARC failed: the author is somebody else"
    if not found.checked:
        return (
            f"no result of a receiving server is believed (authserv_id, or --authserv-id); {signers} should have signed"
        )
    if level is Trust.UNPROVEN and SITES not in winner.signed_by:
        return f"the key of {', '.join(found.unsure)} could not be fetched"
    return f"{signers} should have signed; signed has {signed}, the receiving server says"


def _cards(asked: Asked, choice: Choice, winner: Parser | None, why: str) -> list[dict[str, Any]]:
    if winner is None:
        return []
    searched = Searched(choice.mail)
    outer = Searched(asked.mail) if choice.mail is not asked.mail else None
    traced = [Traced(card, winner, asked.rules, searched, outer, why) for card in asked.reading.cards]
    return [{"fields": [origin.as_json() for origin in one.origins()], "notes": list(one.card.notes)} for one in traced]


def _advice(asked: Asked, choice: Choice) -> Iterator[tuple[str, str | None]]:
    """What could be tried, with the command for it."""
    reading, file = asked.reading, shlex.quote(asked.file)
    if reading.outcome is Outcome.UNMATCHED:
        if near := _nearest(asked.rules.parsers, choice.mail):
            yield f"nearest: {near}", None
        yield "write a parser for it", f"interest-ingest parser new {suggested_name(choice.mail)} --from {file}"
    elif reading.outcome is Outcome.QUARANTINED and reading.parser:
        yield (
            f"mend {reading.parser}, with this mail among its fixtures",
            f"interest-ingest parser test {reading.parser}",
        )
        source = reading.parser.partition(".")[0]
        own = f"interest-ingest parser new {source}.own --from {file}"
        yield f"or let a parser of your own stand in for it (instead_of={reading.parser!r})", own
    elif reading.outcome is Outcome.QUARANTINED and (reading.reason or "").startswith("ambiguous"):
        yield (
            "let one of the parsers name the other in instead_of, or make its match narrower",
            "interest-ingest parser lint",
        )


def _nearest(parsers: Iterable[Parser], mail: Mail) -> str:
    """The parser of whose `Match` the most fields hold, and those that do not."""
    best = (0, "")
    for one in parsers:
        fields = candidate(one, mail)["fields"]
        held = [told for told in fields if told["holds"]]
        if one.fallback is None and len(held) > best[0]:
            lacking = ", ".join(told["field"] for told in fields if not told["holds"])
            best = (len(held), f"{one.name}, of which {lacking} does not hold")
    return best[1]


def suggested_name(mail: Mail) -> str:
    """A name for the parser of such mails, by the sender's domain: `shop.notification`."""
    domain = mail.sender.email.rpartition("@")[2] if mail.sender else ""
    word = "" if is_free_mail(domain) else registrable(domain).partition(".")[0]
    return f"{re.sub(r'[^a-z0-9_-]', '', fold(word)) or 'my'}.notification"
