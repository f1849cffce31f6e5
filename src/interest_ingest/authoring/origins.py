"""Where each field of a card comes from: a place in the mail, something that was made of one, or nowhere.

What normalizing does to a field (docs/architecture.md) is known and named; everything else is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from interest_ingest.authoring.searching import Place, Searched, shortened
from interest_ingest.cards import SHORTENED, InterestCard, ReplyKind, Trust, iso_utc
from interest_ingest.ingest.normalize import mailto_url
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import Parser
from interest_ingest.parsing.links import NOT_ALLOWED
from interest_ingest.parsing.tokens import hostname

MAX_LABELS: Final = 40
MAX_WORDS: Final = 60
"""Words of a value that are looked for one by one."""

FOUND: Final = "found"
"""It stands in the mail."""
DERIVED: Final = "derived"
"""It was made of what stands in the mail, or of the configuration, in a way that is known."""
STATED: Final = "stated"
"""The parser says so; such a value is a word of ours and stands in no mail."""
PARTLY: Final = "partly"
"""A part of it stands in the mail."""
NOWHERE: Final = "nowhere"
"""It should stand in the mail, and does not."""
REFUSED: Final = "refused"
"""The parser gave a link, and the link policy took it."""
ABSENT: Final = "absent"
"""The card has no such value."""


def hosts_for(field: str) -> str:
    """By what name a parser lists the hosts of a link that the policy calls `field`."""
    return "photo_hosts" if field == "photo" else "link_hosts"


class Origin(NamedTuple):
    """Of one field: how its value came about, in a sentence, and the places where it stands."""

    field: str
    value: Any
    how: str
    said: str = ""
    places: tuple[Place, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As `explain --json` prints it."""
        places = [place._asdict() for place in self.places]
        return {"field": self.field, "value": self.value, "how": self.how, "said": self.said, "places": places}


@dataclass(frozen=True)
class Traced:
    """A card with all that it was made of. `outer` is the mail around the one that was read, if that is another."""

    card: InterestCard
    parser: Parser
    rules: Rules
    searched: Searched
    outer: Searched | None = None
    why_trust: str = ""

    @property
    def mail(self) -> Mail:
        """The mail that the parser was given."""
        return self.searched.mail

    @cached_property
    def refused(self) -> dict[str, str]:
        """What the link policy took: the field's first word, and the note."""
        notes = ((note.partition(" link refused: ")[0], note) for note in self.card.notes)
        return {name: note for name, note in notes if name != note}

    def origins(self) -> Iterator[Origin]:
        """Of each field of the card, in the order of its JSON."""
        for field, (value, how) in FIELDS.items():
            told = value(self.card)
            yield self._absent(field) if told in (None, "") else how(self, field, told)
        for name, told in list(self.card.labels.items())[:MAX_LABELS]:
            yield _words(self, f"labels.{name}", told) if told else self._absent(f"labels.{name}")

    def _absent(self, field: str) -> Origin:
        if note := self.refused.get(name := _POLICED.get(field, "")):
            key = hosts_for(name)
            hosts = f" ({key} of {self.parser.name}: {', '.join(getattr(self.parser, key)) or 'none'})"
            return Origin(field, None, REFUSED, note + (hosts if note.endswith(NOT_ALLOWED) else ""))
        if self.card.trust is Trust.FAILED and field in _LINKS:
            return Origin(field, None, REFUSED, "a mail that may be forged keeps no link")
        return Origin(field, None, ABSENT)

    def find(self, value: str) -> tuple[Place, ...]:
        """Where `value` stands in the mail that was read, else in the one around it."""
        return tuple(self.searched.find(value)) or self._around(lambda outer: outer.find(value))

    def find_link(self, url: str) -> tuple[Place, ...]:
        """Likewise a link that leads to `url`."""
        return tuple(self.searched.find_link(url)) or self._around(lambda outer: outer.find_link(url))

    def _around(self, find: Callable[[Searched], list[Place]]) -> tuple[Place, ...]:
        found = find(self.outer) if self.outer else []
        return tuple(Place(f"the mail around it: {where}", snippet) for where, snippet in found)


def _words(of: Traced, field: str, value: Any) -> Origin:
    """A value that the mail should hold word by word: as a whole, line by line, or put together of its words."""
    text = str(value).removesuffix(SHORTENED)
    if places := of.find(text):
        return Origin(field, value, FOUND, places=places)
    found, lacking = of.searched.pieces(text)
    if found and not lacking:
        return Origin(field, value, FOUND, "line by line", _ends(found))
    words = [word for line in lacking for word in line.split() if any(map(str.isalnum, word))][:MAX_WORDS]
    single = [places[0] for word in words if (places := of.find(word))]
    if words and len(single) == len(words):
        return Origin(field, value, DERIVED, "put together of words that stand in the mail", _ends([*found, *single]))
    if found:
        said = f"{len(found)} lines of {len(found) + len(lacking)} stand in the mail, not “{shortened(lacking[0], 60)}”"
        return Origin(field, value, PARTLY, said, _ends(found))
    return Origin(field, value, NOWHERE, _NOWHERE)


def _ends(places: list[Place]) -> tuple[Place, ...]:
    return tuple(dict.fromkeys((places[0], places[-1])))


def _address(of: Traced, field: str, value: Any) -> Origin:
    """As it stands there, in a `mailto:` link, or read out of From or Reply-To, which may write it with comments."""
    found = of.find(str(value))
    links = tuple(Place("mailto: link", one) for one in of.mail.links if one.lower().startswith(f"mailto:{value}"))
    senders = (("From", of.mail.sender), ("Reply-To", of.mail.reply_to))
    named = [name for name, one in senders if one and one.email.lower() == value]
    places = found + links or tuple(place for name in named for place in _header(of.mail, name))
    return Origin(field, value, FOUND if places else NOWHERE, "" if places else _NOWHERE, places)


def _phone(of: Traced, field: str, value: Any) -> Origin:
    if found := of.find(str(value)):
        return Origin(field, value, FOUND, places=found)
    number = of.searched.find_digits(str(value))
    if number is None:
        return Origin(field, value, NOWHERE, _NOWHERE)
    place, whole = number
    country = f"the country rule {of.rules.country}" if of.rules.country else "a rule of its source"
    said = "written with its country code" if whole else f"written without a country code, which is of {country}"
    return Origin(field, value, DERIVED, f"E.164; {said}", (place,))


def _link(of: Traced, field: str, value: Any) -> Origin:
    if found := of.find_link(str(value)):
        return Origin(field, value, FOUND, places=found)
    if longer := of.searched.find_longer_link(str(value)):
        return Origin(field, value, DERIVED, "a link of the mail, without its query or fragment", tuple(longer))
    path = re.findall(r"[^/?#&=]{2,200}", re.sub(r"^https?://[^/]*", "", unquote(str(value))))
    parts = [places[0] for one in path if (places := of.searched.ids_of(one)[0] or of.find(one))]
    if path and len(parts) == len(path):
        return Origin(field, value, DERIVED, "no link of the mail leads there: put together of its words", tuple(parts))
    return Origin(field, value, NOWHERE, "no link of the mail leads there: the parser put it together")


def _own_word(of: Traced, field: str, value: Any) -> Origin:
    return Origin(field, value, STATED, f"the word of {of.parser.name}")


def _source(of: Traced, field: str, value: Any) -> Origin:
    if value == of.parser.source:
        return Origin(field, value, STATED, "the first word of the parser's name")
    return _own_word(of, field, value)


def _moment(of: Traced, field: str, value: Any) -> Origin:
    card, mail = of.card, of.mail
    if mail.date is not None and mail.date.astimezone(UTC) == card.occurred_at:
        return Origin(field, value, DERIVED, "the Date header", _header(mail, "Date"))
    local = card.occurred_at + timedelta(minutes=card.occurred_at_offset or 0)
    for written in _clocks(local, card.occurred_at):
        if found := of.find(written):
            return Origin(field, value, DERIVED, f"an instant of the mail: {written}", found)
    if card.occurred_at == card.received_at:
        said = "when the mail arrived: neither its text nor its Date names a moment near that"
        return Origin(field, value, DERIVED, said, _header(mail, "Received"))
    return Origin(field, value, NOWHERE, _NOWHERE)


def _header(mail: Mail, name: str) -> tuple[Place, ...]:
    return tuple(Place(f"header {name}", shortened(value)) for value in mail.headers(name)[:1])


def _clocks(local: datetime, utc: datetime) -> Iterator[str]:
    """How mails write the time of day of an instant, or all of it for machines."""
    for moment in dict.fromkeys((local.replace(tzinfo=None), utc.replace(tzinfo=None))):
        yield moment.strftime("%Y-%m-%dT%H:%M:%S")
        yield moment.strftime("%Y-%m-%d %H:%M:%S")
    yield str(int(utc.timestamp()))
    yield f"{local:%H:%M}"
    yield f"{local.hour}:{local:%M}"
    yield f"{local.hour % 12 or 12}:{local:%M}"


def _account(of: Traced, field: str, value: Any) -> Origin:
    host = hostname(of.card.source_url or "")
    if host and value in (host, of.rules.site_of(host)):
        said = (
            "the host of the source link" if value == host else "the site of [[sites]] to which the source link belongs"
        )
        return Origin(field, value, DERIVED, said)
    if of.mail.to and value == of.mail.to[0].email.lower():
        return Origin(field, value, DERIVED, "the recipient", _header(of.mail, "To"))
    return _words(of, field, value)


def _count(of: Traced, field: str, value: Any) -> Origin:
    """`13 people`, or `Anna and 12 others`; a number in the subject is likelier meant than one somewhere else."""
    if value == 1:
        return Origin(field, value, STATED, "one, unless a parser counts more")
    told = [(value, "a number of the mail"), (value - 1, "the one who is named and the others")]
    told.sort(key=lambda one: not list(of.searched.in_headers(str(one[0]), ("subject",))))
    for number, said in told:
        if found := of.find(str(number)):
            return Origin(field, value, DERIVED, said, found)
    return Origin(field, value, STATED, f"counted by {of.parser.name}; the number itself stands nowhere")


def _rating(of: Traced, field: str, value: Any) -> Origin:
    signs = [sign * int(value) for sign in "★⭐"] if value == int(value) and 0 < value <= 10 else []
    for written in (f"{value:g}/", f"{value:g} /", *signs, f"{value:g}", f"{value:g}".replace(".", ",")):
        if found := of.find(written):
            return Origin(field, value, FOUND, places=found)
    return Origin(field, value, STATED, f"counted by {of.parser.name}; the number itself stands nowhere")


def _product(of: Traced, field: str, value: Any) -> Origin:
    entries = of.rules.products.entries
    if value in {entry.name for entry in entries} | {entry.link for entry in entries}:
        return Origin(field, value, DERIVED, "the product catalogue", of.find(str(value)))
    return _link(of, field, value) if field.endswith("url") else _words(of, field, value)


def _campaign(of: Traced, field: str, value: Any) -> Origin:
    links = tuple(Place("link", shortened(one, 200)) for one in of.mail.links if "utm_" in one)[:1]
    return Origin(field, value, DERIVED, "the utm parameters of the page it came from", links)


def _reply(of: Traced, field: str, value: Any) -> Origin:
    card = of.card
    known = {
        card.source_url: "the source link",
        mailto_url(card.author.email or ""): "the author's address",
        f"tel:{card.author.phone}": "the author's phone",
    }
    if card.reply.kind is not ReplyKind.URL or card.reply.url == card.source_url:
        return Origin(field, value, DERIVED, known.get(card.reply.url, f"of {card.reply.kind}"))
    return _link(of, field, card.reply.url)


def _trust(of: Traced, field: str, value: Any) -> Origin:
    return Origin(field, value, DERIVED, of.why_trust)


def _language(_of: Traced, field: str, value: Any) -> Origin:
    return Origin(field, value, DERIVED, "told by the words of the text")


def _key(of: Traced, field: str, value: Any) -> Origin:
    """Each word of the key: a link, an id, or a digest that only the parser can make."""
    places: list[Place] = []
    lacking: list[str] = []
    for word in str(value).split():
        found = of.find_link(word) if "://" in word else tuple(of.searched.ids_of(word)[0])
        places += found
        if not found and re.search(r"\d|://", word):
            lacking.append(word)
    said = "made of ids of the mail" if not lacking else f"nowhere in the mail: {', '.join(map(shortened, lacking))}"
    if lacking and all(_DIGEST.fullmatch(word) for word in lacking):
        return Origin(field, value, STATED, f"a digest that {of.parser.name} makes", tuple(places))
    if not places and not lacking:
        return _words(of, field, value)
    return Origin(field, value, (PARTLY if places else NOWHERE) if lacking else DERIVED, said, tuple(places))


_DIGEST: Final = re.compile(r"[0-9a-f]{16,128}")

_NOWHERE: Final = "it stands nowhere in the mail: the parser put it together"

_POLICED: Final = {
    "source_url": "source",
    "product.url": "product",
    "author.profile_url": "profile",
    "author.photo_url": "photo",
    "reply": "reply",
}
"""By what name the link policy calls a field."""

_LINKS: Final = (*_POLICED, "referrer_url")

_How = Callable[[Traced, str, Any], Origin]
FIELDS: Final[dict[str, tuple[Callable[[InterestCard], Any], _How]]] = {
    "source": (lambda card: card.source, _source),
    "channel": (lambda card: card.channel.value, _own_word),
    "action": (lambda card: card.action.value, _own_word),
    "occurred_at": (lambda card: iso_utc(card.occurred_at), _moment),
    "author.name": (lambda card: card.author.name, _words),
    "author.email": (lambda card: card.author.email, _address),
    "author.phone": (lambda card: card.author.phone, _phone),
    "author.profile_url": (lambda card: card.author.profile_url, _link),
    "author.photo_url": (lambda card: card.author.photo_url, _link),
    "author.company": (lambda card: card.author.company, _words),
    "account": (lambda card: card.account, _account),
    "count": (lambda card: card.count, _count),
    "object_kind": (lambda card: card.object_kind, _own_word),
    "text": (lambda card: card.text, _words),
    "product.name": (lambda card: card.product.name, _product),
    "product.url": (lambda card: card.product.url, _product),
    "source_url": (lambda card: card.source_url, _link),
    "referrer_url": (lambda card: card.referrer_url, _link),
    "campaign": (lambda card: card.campaign, _campaign),
    "reply": (lambda card: card.reply.url, _reply),
    "rating": (lambda card: card.rating, _rating),
    "trust": (lambda card: card.trust.value, _trust),
    "language": (lambda card: card.language, _language),
    "event_key": (lambda card: card.event_key, _key),
}
