"""A proposal as files: `parser.py` or `parser.toml`, scrubbed recorded mails beside it, what is expected of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from interest_ingest.authoring.disguise import Disguise
from interest_ingest.authoring.proposal import Proposal
from interest_ingest.authoring.proposing import propose
from interest_ingest.authoring.scrubbing import scrub
from interest_ingest.authoring.workshop import (
    KINDS,
    Place,
    document,
    expectation_of,
    parsers_in,
    place_of,
    rules_with,
    write_expectation,
)
from interest_ingest.cards import Outcome
from interest_ingest.errors import UsageError
from interest_ingest.ingest.foreign import not_here
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import Parser
from interest_ingest.parsing.choose import choose
from interest_ingest.parsing.declared import Declared
from interest_ingest.parsing.language import detect

MAX_PYTHON: Final = 25
MAX_SAMPLES: Final = 50

_NAME: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")


class Sample(NamedTuple):
    """One given mail and the file that it is from."""

    file: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written: where, what was decided on the way, and the lines of the parser's file."""

    place: Place
    decisions: tuple[str, ...]
    lines: int


def draft(name: str, samples: Sequence[Sample], folder: Path, *, toml: bool, rules: Rules | None = None) -> Draft:
    """Write a parser `name` that reads `samples`, with its fixtures; it passes them, or nothing is written.

    `rules` are those under which the mails are read today, third-party parsers included. Raises `UsageError` if the
    name is taken or none, the samples do not belong together, or a parser reads them already.
    """
    rules = rules or Rules()
    _check_name(name, folder, rules)
    if not samples or len(samples) > MAX_SAMPLES:
        raise UsageError(f"give 1 to {MAX_SAMPLES} samples; 2 or 3 that differ in everything personal are best")
    mails = [Mail.from_bytes(one.raw) for one in samples]
    claiming = [_unread_by(sample, mail, rules) for sample, mail in zip(samples, mails, strict=True)]
    proposal = propose(name, mails)
    for other in dict.fromkeys(filter(None, claiming)):
        _stand_in_for(other, proposal)
    declared = proposal.declared()
    without_code = toml or _is_pure(declared)
    disguise, scrubbed = _scrubbed(declared, samples, proposal)
    if left := disguise.left_in(declared.model_dump_json()):
        raise UsageError(
            f"{left[0]!r} would be a word of the pattern, for nothing shows that it differs from mail to mail: "
            "give a second sample of the same kind from somebody else"
        )
    text = as_toml(declared) if without_code else as_python(declared)
    place = place_of(folder / name / f"parser{KINDS[without_code]}")
    _check_reading(declared, [one.raw for one in samples] + scrubbed, rules)
    _write(place, text, mails, scrubbed)
    parsers_in(place.file)
    return Draft(place, tuple(proposal.decisions), len(text.splitlines()))


def _check_name(name: str, folder: Path, rules: Rules) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no parser name: use lower-case words joined by dots, like shop.review")
    if any(one.name == name for one in rules.parsers):
        raise UsageError(f"there is a parser {name!r} already: choose another name")
    for taken in (folder / name, *(folder / f"{name}{kind}" for kind in KINDS)):
        if taken.exists():
            raise UsageError(f"{taken} is there already: choose another name, or remove it")


def _stand_in_for(other: Parser, proposal: Proposal) -> None:
    """The proposal replaces a parser that claims the mails and cannot read them, and believes whom that one does."""
    proposal.table.setdefault("instead_of", []).append(other.name)
    for key in _HOSTS[:3]:
        proposal.table[key] = list(dict.fromkeys((*getattr(other, key), *proposal.table.get(key, ()))))
    proposal.decisions.append(f"stands in for {other.name}, which recognizes such mails and cannot read them")


def _unread_by(sample: Sample, mail: Mail, rules: Rules) -> Parser | None:
    """The parser that claims the mail and cannot read it, if any; what is read already needs no other.

    The form and letter readers only try.
    """
    told = choose(rules.parsers, mail)
    claimed = next((one for one in told.parsers if one.fallback is None), None)
    if claimed:
        reading = read(sample.raw, rules)
        if reading.outcome is Outcome.QUARANTINED and claimed.read is not not_here:
            return claimed
        why = f" ({reading.reason})" if reading.reason else ""
        raise UsageError(
            f"{sample.file}: the parser {claimed.name} reads this mail already: {reading.outcome.value}{why}; "
            f"`interest-ingest explain {sample.file}` shows how"
        )
    if told.outcome is Outcome.QUARANTINED:
        raise UsageError(f"{sample.file}: {told.reason}")
    return None


def _is_pure(declared: Declared) -> bool:
    """Whether every field stands beside a label: then code says no more than a table."""
    told = declared.model_dump(mode="json", exclude_defaults=True, by_alias=True)["fields"]
    places = [place for _, places in _flat(told) for place in places]
    beside = (
        place.keys() & {"label", "link"} or str(place.get("header", "")).startswith("reply_to") for place in places
    )
    return all(beside) and any("label" in place for place in places)


def _scrubbed(declared: Declared, samples: Sequence[Sample], proposal: Proposal) -> tuple[Disguise, list[bytes]]:
    rules = Rules(chosen=(declared.parser(),))
    disguise = Disguise()
    for domain in (*declared.match.from_domain, *declared.signed_by, *declared.link_hosts, *declared.photo_hosts):
        disguise.service(domain)
    for address in declared.match.from_address:
        disguise.service(address.rpartition("@")[2])
        disguise.robot(address)
    scrubbed = []
    for sample in samples:
        found = scrub(sample.raw, rules=rules, disguise=disguise)
        if found.faults:
            proposal.decisions.append(f"{sample.file}: scrubbed, but {found.faults[0]}")
        scrubbed.append(found.raw)
    return disguise, scrubbed


def _check_reading(declared: Declared, raws: Sequence[bytes], rules: Rules) -> None:
    """The draft reads the samples and the scrubbed ones, and no other parser claims them then."""
    parser = declared.parser()
    for raw in raws:
        reading = read(raw, rules_with([*_foreign(rules), parser]))
        if reading.outcome is not Outcome.CARDS or reading.parser != parser.name:
            raise UsageError(
                f"no parser can be proposed that reads all samples ({reading.reason or reading.outcome.value}): "
                "give fewer samples that are more alike, or more of them"
            )


def _foreign(rules: Rules) -> Iterator[Parser]:
    yield from (one.stand_in() for one in rules.foreign)


def _write(place: Place, text: str, mails: Sequence[Mail], scrubbed: Sequence[bytes]) -> None:
    try:
        place.fixtures.mkdir(parents=True)
        place.file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{place.file}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    rules = replace(Rules(), chosen=parsers_in(place.file))
    for number, (mail, raw) in enumerate(zip(mails, scrubbed, strict=True), 1):
        case = place.fixtures / f"{detect(mail.visible_text) or 'xx'}-{number}.eml"
        case.write_bytes(raw)
        write_expectation(case, document(raw, rules))
        assert expectation_of(case).exists()


def as_toml(declared: Declared) -> str:
    """The table as a file."""
    told = declared.model_dump(mode="json", exclude_defaults=True, by_alias=True)
    match, fields = told.pop("match"), told.pop("fields")
    out = [f"{key} = {_toml(_single(value))}" for key, value in told.items()]
    out += ["", "[match]", *(f"{key} = {_toml(_single(value))}" for key, value in match.items())]
    out += ["", "[fields]"]
    for name, places in _flat(fields):
        tables = [{key: _single(value) for key, value in place.items()} for place in places]
        out.append(f"{name} = {_toml(tables[0] if len(tables) == 1 else tables)}")
    return "\n".join(out) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, str) and "\\" in value and "'" not in value and value.isprintable():
        return f"'{value}'"
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    """A literal of TOML and Python alike: what nobody sees, or what turns the direction of a line, is escaped in it."""
    told = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08x}" for one in told)


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _flat(fields: dict[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for key, value in fields.items():
        if isinstance(value, dict):
            yield from ((f"{key}.{inner}", places) for inner, places in value.items())
        else:
            yield key, value


def as_python(declared: Declared) -> str:
    """The table as the module that somebody would write by hand, of less than 25 lines."""
    loose = _python(declared, packed=False)
    return loose if loose.count("\n") < MAX_PYTHON else _python(declared, packed=True)


def _python(declared: Declared, *, packed: bool) -> str:
    told = declared.model_dump(mode="json", exclude_defaults=True, by_alias=True)["fields"]
    fields = {name: places[0] for name, places in _flat(told)}
    calls = {name: _call(name, place, declared) for name, place in fields.items()}
    needed = next((name for name, place in fields.items() if place.get("required")), None)
    body = []
    if needed:
        variable = needed.rpartition(".")[2]
        body += [f"    {variable} = {calls[needed]}", f"    if not {variable}:", f'        raise Changed("{needed}")']
        calls[needed] = variable
    arguments = [f"channel=Channel.{declared.channel.name}", f"action=Action.{declared.action.name}"]
    for group, made in (("author", "Author"), ("product", "Product")):
        inner = [f"{name.partition('.')[2]}={call}" for name, call in calls.items() if name.startswith(f"{group}.")]
        arguments += [f"{group}={made}({', '.join(inner)})"] if inner else []
    for name, call in calls.items():
        if "." not in name:
            arguments.append(f"{name}={call}{'' if name in _EMPTY_OK else ' or None'}")
    body += ["    yield Interest(", *_lined(arguments, "        ", packed=packed), "    )"]
    text = "\n".join(body)
    return f"{_head(declared, text, packed=packed)}{text}\n"


def _lined(arguments: list[str], indent: str, *, packed: bool) -> list[str]:
    """Each on a line of its own, or packed: as many on a line as there is room for."""
    lines: list[str] = []
    for argument in arguments:
        if packed and lines and len(lines[-1]) + len(argument) + 2 <= _WIDTH:
            lines[-1] += f" {argument},"
        else:
            lines.append(f"{indent}{argument},")
    return lines


_HOSTS: Final = ("signed_by", "link_hosts", "photo_hosts", "instead_of")
_EMPTY_OK: Final = frozenset({"text", "rating", "occurred_at"})
_WIDTH: Final = 110


def _head(declared: Declared, body: str, *, packed: bool) -> str:
    contract = ["Action", "Author", "Changed", "Channel", "Interest", "Mail", "Match", "Product", "parser"]
    used = [one for one in contract if one in ("Mail", "Match", "parser") or re.search(rf"\b{one}\b", body)]
    helpers = ["attribute", "between", "found", "header", "labelled", "link", "number", "text_at"]
    picked = [one for one in helpers if re.search(rf"\b{one}\(", body)]
    given = declared.match.model_dump(exclude_defaults=True)
    match = ", ".join(f"{key}={_literal(value)}" for key, value in given.items())
    hosts = [f"{key}={_literal(value)}" for key in _HOSTS if (value := getattr(declared, key))]
    told = [f'"{declared.name}"', f"version={declared.version}", f"match=Match({match})", *hosts]
    dates = "from interest_ingest.parsing.dates import parse_moment\n" if "parse_moment(" in body else ""
    pick = f"from interest_ingest.parsing.pick import {', '.join(picked)}\n" if picked else ""
    lines = [
        f"from interest_ingest.parsing import {', '.join(used)}\n{dates}{pick}\n",
        "@parser(",
        *_lined(told, "    ", packed=packed),
        ")",
        "def read(mail: Mail):",
    ]
    return "\n".join(lines) + "\n"


def _literal(value: Any) -> str:
    values = [_string(one) for one in value]
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _string(text: str) -> str:
    """A Python literal, raw where that spares backslashes."""
    quotes = '"' if '"' not in text else "'" if "'" not in text else ""
    if quotes and "\\" in text and not text.endswith("\\") and text.isprintable():
        return f"r{quotes}{text}{quotes}"
    return repr(text) if quotes == "'" else _quoted(text)


def _call(name: str, place: dict[str, Any], declared: Declared) -> str:
    """The expression that reads one place."""
    inner = "mail.subject" if place.get("in") == "subject" else "mail.visible_text"
    if "label" in place and place.get("join"):
        inner = '" ".join((' + ", ".join(f"labelled(mail, {_string(one)})" for one in place["label"]) + "))"
    elif "label" in place:
        inner = f"labelled(mail, {', '.join(map(_string, place['label']))})"
    elif "attribute" in place:
        inner = f"attribute(mail, {_string(place['css'])}, {_string(place['attribute'])})"
    elif "css" in place:
        inner = f"text_at(mail, {_string(place['css'])})"
    elif "link" in place:
        inner = f"link(mail, {_string(place['link'])})"
    elif "between" in place:
        inner = f"between(mail, {', '.join(map(_string, place['between']))})"
    elif "header" in place:
        inner = f"header(mail, {_string(place['header'])})"
    if "pattern" in place:
        inner = f"found({_string(place['pattern'])}, {inner})"
    if name == "rating":
        return f"number({inner})"
    if name == "occurred_at":
        return f"parse_moment({inner}, {tuple(declared.languages)!r}, mail.date)".replace("'", '"')
    return inner
