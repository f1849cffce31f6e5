"""The normalized record: what a parser yields (`Interest`) and what the database keeps (`InterestCard`).

Every text that enters one of these models is cleaned by its type (`Line`, `Text`): this is the one place where NUL
characters, lone surrogates and overlong values end, so that every supported database stores the same value.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_LINE = 300
MAX_DOMAIN = 253
MAX_URL = 2_000
MAX_TEXT = 100_000
SHORTENED = "…"

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")
_SLUG = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def clean_text(value: str, max_chars: int = MAX_TEXT) -> str:
    """Make `value` storable everywhere: NFC, no control characters but tab and line feed, no lone surrogates.

    A value longer than `max_chars` characters is cut and ends with `…`. Surrogates become U+FFFD: SQLite would store
    them in JSON, PostgreSQL refuses them.
    """
    if not value.isascii() or not value.isprintable():
        value = value.replace("\r\n", "\n").replace("\r", "\n")
        value = _CONTROLS.sub(lambda m: "\ufffd" if "\ud800" <= m[0] <= "\udfff" else "", value)
        value = unicodedata.normalize("NFC", value)
    value = value.strip()
    return value if len(value) <= max_chars else value[: max_chars - 1].rstrip() + SHORTENED


def clean_line(value: str, max_chars: int = MAX_LINE) -> str:
    """`clean_text` for a value of one line: every run of white space becomes one space."""
    if not value.isascii() or not value.isprintable():  # what is taken out may have stood between two spaces
        value = clean_text(_SPACES.sub(" ", value), len(value) + 1)
    return clean_text(_SPACES.sub(" ", value), max_chars)


def _line(max_chars: int) -> BeforeValidator:
    return BeforeValidator(lambda v: (clean_line(v, max_chars) or None) if isinstance(v, str) else v)


def _slug(value: str) -> str:
    if not _SLUG.fullmatch(value):
        raise ValueError(f"{value!r} is no slug: lower-case letters and digits, joined by '.', '_' or '-'")
    return value


def _labels(value: object) -> object:
    """Clean names and values, together at most `MAX_TEXT` characters; what is over it is cut."""
    if not isinstance(value, dict):
        return value
    room = MAX_TEXT
    kept: dict[object, object] = {}
    for name, told in value.items():
        if room <= 0 or not isinstance(name, str) or not isinstance(told, str):
            break
        name, told = clean_line(name), clean_text(told, max(room, 1))
        kept[name] = told
        room -= len(name) + len(told)
    return kept


Labels = Annotated[dict[str, str], BeforeValidator(_labels)]
Text = Annotated[str, BeforeValidator(lambda v: clean_text(v) if isinstance(v, str) else v)]
Line = Annotated[str | None, _line(MAX_LINE)]
Url = Annotated[str | None, _line(MAX_URL)]
Slug = Annotated[str, AfterValidator(_slug)]


class Channel(StrEnum):
    """The kind of door through which the interest came."""

    SOCIAL = "social"
    FORM = "form"
    COMMENT = "comment"
    REVIEW = "review"
    CHAT = "chat"
    CALL = "call"
    MAIL = "mail"


class Action(StrEnum):
    """What the person did."""

    LIKE = "like"
    SHARE = "share"
    COMMENT = "comment"
    REPLY = "reply"
    MENTION = "mention"
    REVIEW = "review"
    MESSAGE = "message"
    REQUEST = "request"
    ORDER = "order"
    CALL = "call"
    FOLLOW = "follow"
    VISIT = "visit"
    REACTION = "reaction"
    OTHER = "other"


class Trust(StrEnum):
    """Is the mail really from the service that it names?"""

    VERIFIED = "verified"
    UNPROVEN = "unproven"
    FAILED = "failed"


class ReplyKind(StrEnum):
    """How the person can be answered."""

    URL = "url"
    MAILTO = "mailto"
    TEL = "tel"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Author(_Record):
    """Who showed the interest. All fields are optional; `phone` is E.164 on a card, as written on an interest."""

    name: Line = None
    email: Line = None
    phone: Line = None
    profile_url: Url = None
    photo_url: Url = None
    company: Line = None

    def __bool__(self) -> bool:
        return any(getattr(self, field) for field in type(self).model_fields)


class Product(_Record):
    """What the interest is about: the commented page, the form's product field."""

    name: Line = None
    url: Url = None


class Reply(_Record):
    """The way to answer: `url` is an https page, a `mailto:` or a `tel:` address."""

    kind: ReplyKind | None = None
    url: Url = None


class Attachment(_Record):
    """A file that came with the mail; `size` in bytes of the decoded content."""

    name: str
    type: str
    size: int = Field(ge=0)


class Interest(_Record):
    """What a parser yields, as the mail shows it: links still wrapped, phones as written, dates as read.

    Mandatory are `channel`, `action` and one of `author`, `text`; for the channels social, comment and review also an
    `event_key` or a `source_url`. `source` is the first word of the parser's name unless given.
    """

    channel: Channel
    action: Action
    source: Slug | None = None
    author: Author = Author()
    text: Text = ""
    occurred_at: datetime | None = None
    """The instant that the body names, if it names a complete one; a naive value is read in the company's zone."""
    event_key: str | None = None
    """The service's own ids of this event (`post 12 comment 34`); equal keys of one source are one card."""
    source_url: Url = None
    referrer_url: Url = None
    reply_url: Url = None
    """Only when it is not the `source_url`; without both, the author's address or phone is the way to answer."""
    account: Line = None
    """Which of our own pages, groups or sites it was; without it the configured site or the recipient."""
    object_kind: Line = None
    product: Product = Product()
    count: int = Field(default=1, ge=1)
    rating: float | None = None
    labels: Labels = {}
    """The form's raw labels and values, in the order of the mail."""


class InterestCard(_Record):
    """The normalized record: links unwrapped and on allowed hosts, phones E.164, instants in UTC."""

    source: Slug
    channel: Channel
    action: Action
    account: Line = None
    occurred_at: datetime
    occurred_at_offset: int | None = None
    """Minutes east of UTC of the zone in which the mail gave the instant."""
    received_at: datetime
    author: Author = Author()
    text: Text = ""
    attachments: tuple[Attachment, ...] = ()
    count: int = Field(default=1, ge=1)
    object_kind: Line = None
    rating: float | None = None
    product: Product = Product()
    source_url: Url = None
    referrer_url: Url = None
    campaign: Line = None
    reply: Reply = Reply()
    trust: Trust = Trust.UNPROVEN
    language: Line = None
    labels: Labels = {}
    notes: tuple[str, ...] = ()
    """What was refused, repaired or shortened on the way to this card."""
    event_key: str | None = None
    parser: str
    parser_version: int

    def as_json(self) -> dict[str, Any]:
        """The card's public JSON shape (contract version 1) for a card that is not stored yet: `id` is null."""
        return card_json(self, card_id=None)


def iso_utc(moment: datetime) -> str:
    """`2026-11-21T09:15:00Z`: RFC 3339 in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def card_json(
    card: InterestCard,
    *,
    card_id: str | None,
    responsible: str | None = None,
    processed: bool = False,
    proof_url: str | None = None,
) -> dict[str, Any]:
    """The public JSON shape of a card; its keys are a contract with CRMs and scripts."""
    return {
        "id": card_id,
        "source": card.source,
        "channel": card.channel.value,
        "action": card.action.value,
        "occurred_at": iso_utc(card.occurred_at),
        "author": card.author.model_dump(),
        "account": card.account,
        "count": card.count,
        "object_kind": card.object_kind,
        "text": card.text,
        "product": card.product.model_dump(),
        "source_url": card.source_url,
        "referrer_url": card.referrer_url,
        "campaign": card.campaign,
        "reply": card.reply.model_dump(mode="json"),
        "rating": card.rating,
        "trust": card.trust.value,
        "language": card.language,
        "parser": card.parser,
        "parser_version": card.parser_version,
        "responsible": responsible,
        "processed": processed,
        "proof_url": proof_url,
    }


class Outcome(StrEnum):
    """What became of a message; every message has exactly one."""

    CARDS = "cards"
    DUPLICATE = "duplicate"
    IGNORED = "ignored"
    UNMATCHED = "unmatched"
    QUARANTINED = "quarantined"
    OVERSIZE = "oversize"
    UNFETCHABLE = "unfetchable"
    HELD = "held"
    ERASED = "erased"


class Reading(_Record):
    """What reading one mail came to: exactly one outcome, its cards, and what identifies the mail.

    `canon_digest` and `message_id_digest` are SHA-256 hex digests: of From, Date, Subject, Message-ID and the decoded
    text (equal for two deliveries of one mail), and of the Message-ID alone ("" if it has none).
    """

    outcome: Outcome
    reason: str | None = None
    parser: str | None = None
    parser_version: int | None = None
    trust: Trust = Trust.UNPROVEN
    cards: tuple[InterestCard, ...] = ()
    canon_digest: str = ""
    message_id_digest: str = ""
    shape: str = ""
    """The fingerprint of the mail's skeleton, which its contents do not change; "" if none was taken."""
    sender: Annotated[str, BeforeValidator(lambda v: clean_line(v, MAX_DOMAIN) if isinstance(v, str) else v)] = ""
    """The sender's domain in lower case, of mails that have a shape."""
    trace: str | None = None
    """The stack trace of a parser's bug, without the values of its variables."""
