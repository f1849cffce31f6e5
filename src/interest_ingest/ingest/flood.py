"""Floods: what comes above the limits is held back, so that it neither buries what else comes nor is lost.

Judged by when the mailbox got the mails, never by the clock: read again they are judged as they were the first time.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Self

from interest_ingest.cards import Action, Author, InterestCard, Outcome, Reading, Trust
from interest_ingest.store import Landed, Store

MAX_BUCKETS: Final = 20_000
"""So many senders and mailboxes are counted at a time; of more the longest unseen are forgotten."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many cards are made within one hour; 0 is no limit. An hour is one by the clock of `received_at`."""

    sender: int = 200
    """Of one author in one source."""
    mailbox: int = 2_000
    """In one mailbox, of cards that are not verified."""
    source: int = 2_000
    """Of one source, of verified cards."""


class _Made(NamedTuple):
    """A card that was or is to be made, as far as it is counted. `author`: what tells one from another, if anything."""

    mailbox: str
    received_at: datetime
    source: str
    account: str | None
    trust: str
    author: str | None

    @classmethod
    def now(cls, landed: Landed, card: InterestCard) -> Self:
        author = card.author.email or card.author.profile_url or card.author.phone or card.author.name
        return cls(landed.mailbox, landed.received_at, card.source, card.account, card.trust.value, author)

    @classmethod
    def then(cls, row: Any) -> Self:
        author = row.author_email or row.author_profile_url or row.author_phone or row.author_name
        return cls(row.mailbox, row.received_at, row.source, row.account, row.trust, author)


class Bucket(NamedTuple):
    """Cards that are counted together: of one sender, mailbox or source, received within the hour that begins then."""

    kind: str
    of: tuple[str, ...]
    hour: datetime

    def told(self) -> str:
        """Whose cards they are, for people."""
        names = {"sender": "of one sender", "mailbox": f"in the mailbox {self.of[0]}", "source": "of this service"}
        return names[self.kind]


@dataclass(slots=True)
class _Count:
    """The mails that were let through, by their deliveries, and the first that was held."""

    cards: dict[int, int] = field(default_factory=dict)
    total: int = 0
    first_held: int | None = None

    def add(self, delivery_id: int, cards: int) -> None:
        self.total += cards - self.cards.get(delivery_id, 0)
        self.cards[delivery_id] = cards


class Flood:
    """Holds back what comes above the limits, so that it neither buries what else comes nor is lost.

    What lay in a mailbox before it was first looked into is its past and no flood, however dense: an archive, a mailbox
    that was copied, a file that is imported. Verified cards have limits of their own, so that no flood of unproven ones
    can hold them back.
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = {"sender": limits.sender, "mailbox": limits.mailbox, "source": limits.source}
        self._counts: OrderedDict[Bucket, _Count] = OrderedDict()
        self._opened: dict[str, datetime | None] = {}
        self._seeded = False

    def held(self, landed: Landed, reading: Reading) -> Reading:
        """The reading, or where one of its buckets is full that it is held. The first one held there tells of it."""
        if landed.released or self._is_past(landed.mailbox, landed.received_at):
            return reading
        self._seed()
        wanted = self._wanted(landed, reading.cards)
        full = next((bucket for bucket in wanted if self._is_full(bucket, landed.delivery_id)), None)
        if full is None:
            for bucket, number in wanted.items():
                self._count(bucket).add(landed.delivery_id, number)
            return reading
        count = self._count(full)
        if count.first_held is None:
            count.first_held = landed.delivery_id
        limit = self._limits[full.kind]
        cards = (_summary(full, limit, reading.cards[0]),) if count.first_held == landed.delivery_id else ()
        reason = f"flood: more than {limit} cards an hour {full.told()}"
        return reading.model_copy(update={"outcome": Outcome.HELD, "reason": reason, "cards": cards})

    def _wanted(self, landed: Landed, cards: Sequence[InterestCard]) -> Counter[Bucket]:
        return Counter(bucket for card in cards for bucket in self._buckets(_Made.now(landed, card)))

    def _buckets(self, card: _Made) -> Iterator[Bucket]:
        """The wide ones first: a flood of many senders must not fill the memory with them.

        The sender is the author, not the site that sends his words; where nobody is named it is the door he came
        through. A service that is proven and names nobody has only its own limit.
        """
        hour = card.received_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        verified = card.trust == Trust.VERIFIED
        if verified and self._limits["source"]:
            yield Bucket("source", (card.source,), hour)
        if not verified and self._limits["mailbox"]:
            yield Bucket("mailbox", (card.mailbox,), hour)
        sender = card.author or (None if verified else card.account or card.mailbox)
        if sender and self._limits["sender"]:
            yield Bucket("sender", (card.source, card.trust, sender), hour)

    def _is_full(self, bucket: Bucket, delivery_id: int) -> bool:
        """Whether it was full before this mail, which may have been judged already."""
        count = self._counts.get(bucket)
        if count is None or delivery_id in count.cards:
            return False
        return count.total >= self._limits[bucket.kind]

    def _count(self, bucket: Bucket) -> _Count:
        count = self._counts.setdefault(bucket, _Count())
        self._counts.move_to_end(bucket)
        if len(self._counts) > MAX_BUCKETS:
            self._counts.popitem(last=False)
        return count

    def _is_past(self, name: str, received_at: datetime) -> bool:
        if name not in self._opened:
            self._opened[name] = self._store.first_opened(name)
        opened = self._opened[name]
        return name.startswith("import:") or (opened is not None and received_at < opened)

    def _seed(self) -> None:
        if self._seeded:
            return
        for row in self._store.past_cards():
            past = self._is_past(row.mailbox, row.received_at)
            for bucket in () if past else self._buckets(_Made.then(row)):
                count = self._count(bucket)
                count.add(row.delivery_id, count.cards.get(row.delivery_id, 0) + 1)
        self._seeded = True


def _summary(bucket: Bucket, limit: int, first: InterestCard) -> InterestCard:
    """The one card that tells of a flood, made of the first interest above the limit."""
    who = next(filter(None, (first.author.name, first.author.email, first.author.phone)), "nobody named")
    text = (
        f"Flood: more than {limit} interests {bucket.told()} were received from {bucket.hour:%Y-%m-%d %H:%M} UTC "
        f"within one hour. All further ones are held back unread; the quarantine lists them and lets them through.\n\n"
        f"The first one held back: {who}, {first.action.value} ({first.source}).\n{first.text[:500]}"
    )
    return InterestCard(
        source=first.source,
        channel=first.channel,
        action=Action.OTHER,
        account=first.account,
        occurred_at=first.received_at,
        received_at=first.received_at,
        author=first.author if bucket.kind == "sender" else Author(),
        text=text,
        trust=first.trust,
        language="en",
        notes=("flood",),
        event_key=f"flood {bucket.kind} {' '.join(bucket.of)} {bucket.hour:%Y-%m-%dT%H}",
        parser=first.parser,
        parser_version=first.parser_version,
    )
