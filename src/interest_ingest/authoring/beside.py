"""Which labels of sample mails hold which field of the card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from interest_ingest.authoring.looks import is_full_name, is_number
from interest_ingest.authoring.proposal import Proposal
from interest_ingest.authoring.samples import escaped, template
from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import SITES, host_in
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.pick import labelled
from interest_ingest.parsing.tokens import host_of
from interest_ingest.parsing.vocabulary import Role

_ROLES: Final[dict[Role, str]] = {
    Role.NAME: "author.name",
    Role.KANA: "author.name",
    Role.USERNAME: "author.name",
    Role.EMAIL: "author.email",
    Role.PHONE: "author.phone",
    Role.COMPANY: "author.company",
    Role.MESSAGE: "text",
    Role.PRODUCT: "product.name",
    Role.RATING: "rating",
    Role.DATE: "occurred_at",
    Role.ID: "event_key",
}

_OURS: Final = re.compile(r"(?i)\b(?:called|dial\w*|to|line|extension|your)\b|ваш|ihre?\b|angerufen|на номер")
"""A label of the number that was called, which is no customer's."""

FOOTER: Final = re.compile(
    r"(?i)unsubscribe|you (?:get|got|receive|are receiving)|this (?:e-?mail|message) (?:was|is)|sent by|©|all rights"
    r"|--$|https?://|отпис|вы получили|это письмо|diese e-?mail|sie erhalten|vous recevez|este (?:correo|e-?mail)"
)


def common_labels(mails: Sequence[Mail]) -> dict[str, Role | None]:
    """The labels that all samples have, with what they mean."""
    told = [{answer.label: answer.role for answer in read_labels(mail).answers if answer.label} for mail in mails]
    return {label: role for label, role in told[0].items() if all(label in one for one in told)}


def from_labels(labels: dict[str, Role | None], mails: Sequence[Mail], proposal: Proposal) -> None:
    """The fields whose labels are known, and an author whose label is known by his name only."""
    named = {role for role in labels.values() if role}
    if not named & {Role.NAME, Role.EMAIL, Role.PHONE, Role.MESSAGE, Role.FIRST_NAME}:
        return
    parts = [label for role in (Role.FIRST_NAME, Role.LAST_NAME) for label, one in labels.items() if one is role]
    if parts and Role.NAME not in named:
        proposal.place("author.name", f"the labels {' and '.join(map(repr, parts))}", label=parts, join=len(parts) > 1)
    for label, role in labels.items():
        _from_label(label, _ROLES.get(role) if role else None, mails, proposal)
    _unknown_name(labels, mails, proposal)
    told = {one for place in proposal.fields.values() for one in place.get("label", ())}
    rest = [label for label in labels if label not in told]
    if rest:
        proposal.decisions.append(f"labels kept as they are: {', '.join(rest[:8])}")


def _from_label(label: str, name: str | None, mails: Sequence[Mail], proposal: Proposal) -> None:
    values = [labelled(mail, label) for mail in mails]
    if name == "author.name" and all(map(is_number, values)):
        name = "author.phone"  # a call: who it was is his number
    ours = name == "author.phone" and (_OURS.search(label) or (len(values) > 1 and len(set(values)) == 1))
    if name is None or ours:
        return
    told = proposal.fields.get(name)
    if told is None:
        end = {"pattern": pattern} if name == "text" and (pattern := _end_of(values, mails)) else {}
        proposal.place(name, f"the label {label!r}", label=[label], **end)
    elif "label" in told and not told.get("join") and not all(labelled(mail, *told["label"]) for mail in mails):
        told["label"].append(label)  # where the first is empty


def _unknown_name(labels: dict[str, Role | None], mails: Sequence[Mail], proposal: Proposal) -> None:
    """Where no label says that it is one: the first full name, above what else is known of the author."""
    for label, role in labels.items():
        if "author.name" in proposal.fields or role in _ROLES:
            return
        if role is None and all(is_full_name(labelled(mail, label)) for mail in mails):
            proposal.place("author.name", f"the label {label!r}, beside which there is a name", label=[label])


def link_beside(labels: dict[str, Role | None], mails: Sequence[Mail], proposal: Proposal) -> None:
    """A page that only its label tells, where no link was found by its looks."""
    for label in labels if "source_url" not in proposal.fields else ():
        hosts = [host_of(labelled(mail, label)) for mail in mails]
        if all(hosts) and not any(" " in labelled(mail, label) for mail in mails):
            ours = {registrable(to.email.rpartition("@")[2]) for mail in mails for to in mail.to}
            roots = {registrable(host) or host for host in hosts}
            proposal.place("source_url", f"the label {label!r}", label=[label])
            proposal.table["link_hosts"] = [SITES] if roots <= ours else sorted(roots)
            return


def _end_of(values: Sequence[str], mails: Sequence[Mail]) -> str:
    """A pattern for a labelled text without the lines below it that are the service's, "" if there are none."""
    lines = [value.split("\n") for value in values]
    line = _first_below(lines[0], mails[0]) if len(mails) == 1 else _first_shared(lines)
    return rf"(?s)^(.*?)(?:\n{line}|\Z)" if line else ""


def _first_below(lines: list[str], mail: Mail) -> str:
    """Of one sample it is only known that a line with a link to the service, or of a footer, is none of the text."""
    own = (registrable(mail.sender.email.rpartition("@")[2]),) if mail.sender else ()
    for line in lines[1:]:
        beside = re.match(r"([^\W\d][^:：\n]{0,39}[:：])\s*(https?://\S+)$", line)
        if beside and host_in(host_of(beside[2]), own):
            return escaped(beside[1])
        if FOOTER.search(line) and not re.search(r"https?://|\d", line):
            return escaped(line[:60])
    return ""


def _first_shared(lines: list[list[str]]) -> str:
    """The first of the last lines that all samples share, up to its first gap."""
    shared = ""
    for below in zip(*(reversed([line for line in one[1:] if line.strip()]) for one in lines), strict=False):
        same = template([*below])
        fixed = below[0] if len(set(below)) == 1 else str(same.parts[0][0]) if same.fixed else ""
        if not fixed or not below[0].startswith(fixed):
            break
        beside = re.match(r"[^:：]{1,40}[:：]", below[0])
        shared = escaped(beside[0] if beside and beside[0].startswith(fixed) else fixed)
    return shared
