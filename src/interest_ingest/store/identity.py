"""Which card an interest is: the keys of a card, and what follows from meeting them.

A card has an event key (the service's own ids) and a content key (the mail, the author, the text). Keys are digests and
the trust is part of each: keys of verified cards are a space of their own. An interest is the card that owns one of
its keys among the cards that are at least as trusted; of less trusted cards it is never a copy, they become suspects.
So a forged mail that comes first can neither suppress nor replace the true one.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from interest_ingest.cards import InterestCard, Trust

RANKS: Final = (Trust.VERIFIED, Trust.UNPROVEN, Trust.FAILED)
"""Most trusted first."""


class Keys(NamedTuple):
    """The keys of one interest in one trust's space; `event` is None where the mail shows no id."""

    event: str | None
    content: str

    def rows(self) -> Iterator[tuple[str, str]]:
        """The keys that there are, each as (kind, key)."""
        if self.event:
            yield "event", self.event
        yield "content", self.content


def keys_of(card: InterestCard, canon_digest: str) -> tuple[Keys, ...]:
    """The keys of a card in every space, in the order of `RANKS`.

    Of the author only what no rule of trust takes away: the links of a failed mail are refused.
    """
    author = card.author
    content = (card.source, canon_digest, author.name, author.email, author.phone, card.text)
    return tuple(
        Keys(
            event=_digest("event", trust, card.source, card.event_key) if card.event_key else None,
            content=_digest("content", trust, *content),
        )
        for trust in RANKS
    )


def _digest(*parts: str | None) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class Namesake(NamedTuple):
    """A card whose mail has the Message-ID of another mail."""

    card_id: str
    canon_digest: str
    rank: int
    source: str


class Suspicion(NamedTuple):
    """`card_id` may be a copy of `of`; `supersede`: and gives way to it unless a person touched it."""

    card_id: str
    of: str
    supersede: bool


@dataclass(slots=True)
class Known:
    """The cards that the interests of one recording can meet: those of the database, then those that it makes."""

    owners: dict[str, str] = field(default_factory=dict)
    events: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    namesakes: defaultdict[str, list[Namesake]] = field(default_factory=lambda: defaultdict(list))

    def own(self, card_id: str, kind: str, key: str) -> None:
        """`card_id` is the card of `key`."""
        self.owners[key] = card_id
        if kind == "event":
            self.events[card_id].add(key)

    def missing(self, keys: Keys) -> list[tuple[str, str]]:
        """Those of `keys` that no card owns, each as (kind, key)."""
        return [(kind, key) for kind, key in keys.rows() if key not in self.owners]

    def hits(self, keys: Keys) -> list[str]:
        """The cards that own one of `keys`, the event's first.

        A content hit does not count where both sides have an event and it is not the same: two people may write the
        same text, and one digest may show two comments of one person.
        """
        by_event = self.owners.get(keys.event) if keys.event else None
        by_content = self.owners.get(keys.content)
        if by_content and keys.event and self.events.get(by_content, {keys.event}) != {keys.event}:
            by_content = None
        return list(dict.fromkeys(one for one in (by_event, by_content) if one))


def same_card(known: Known, keys: tuple[Keys, ...], rank: int) -> tuple[str | None, bool]:
    """The card that the interest is, or None; and whether that card is more trusted than the interest."""
    for place in range(rank + 1):
        if hits := known.hits(keys[place]):
            return hits[0], place < rank
    return None, False


def suspicions(known: Known, keys: tuple[Keys, ...], rank: int, card_id: str) -> Iterator[Suspicion]:
    """What meeting other cards says of them, for an interest that is the card `card_id` of its own trust."""
    for other in known.hits(keys[rank]):
        yield Suspicion(other, card_id, supersede=False)
    for place in range(rank + 1, len(RANKS)):
        for other in known.hits(keys[place]):
            yield Suspicion(other, card_id, supersede=True)


def by_message_id(namesakes: Iterable[Namesake], new: Namesake) -> Iterator[Suspicion]:
    """A Message-ID alone proves nothing: another mail under the same one makes a card, and one of both a suspect."""
    others = [one for one in namesakes if one.canon_digest != new.canon_digest and one.source == new.source]
    peers = [one for one in others if one.rank <= new.rank]
    if peers:
        yield Suspicion(new.card_id, peers[0].card_id, supersede=False)
    else:
        for other in others:
            yield Suspicion(other.card_id, new.card_id, supersede=False)
