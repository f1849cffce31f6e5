"""From what a parser saw to the card: unwrapped links on allowed hosts, E.164 phones, UTC instants."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import phonenumbers

from interest_ingest.cards import (
    MAX_URL,
    SHORTENED,
    Author,
    Channel,
    Interest,
    InterestCard,
    Product,
    Reply,
    ReplyKind,
    Trust,
)
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Parser
from interest_ingest.parsing.contract import ANYWHERE, SITES, host_in
from interest_ingest.parsing.language import detect
from interest_ingest.parsing.links import campaign, objection, safe_url, unwrap
from interest_ingest.parsing.tokens import hostname

_ADDRESS = re.compile(r"[^\s@,;:<>\"()\[\]\\?&%/]+@[^\s@,;:<>\"()\[\]\\?&%/]+")
"""One plain address (RFC 5322 addr-spec without quoting): `a@b.example?bcc=c@d.example` would copy a stranger in."""

_CODE = re.compile(r"[*#%;]")
"""What no number has, but a code that tells the manager's own telephone to divert its calls (`*21*…#`)."""

EARLIEST, LATEST = timedelta(days=-30), timedelta(days=1)
"""How far before and after its arrival a mail may say that something happened."""

PUBLIC = (Channel.SOCIAL, Channel.COMMENT, Channel.REVIEW)
"""Channels whose interest stands at a place that others see: it needs a link or an event key, and is answered there."""


def normalize(
    interest: Interest, parser: Parser, mail: Mail, rules: Rules, trust: Trust, received_at: datetime
) -> InterestCard:
    """The card of `interest`; raises `Changed` if a mandatory field is missing."""
    _check_mandatory(interest)
    links = _Links(parser, rules, trust)
    author = _author(interest.author, links, rules)
    source_url = links.allowed("source", interest.source_url)
    occurred_at, offset = occurred(interest.occurred_at, mail.date, received_at, rules)
    return InterestCard(
        source=interest.source or parser.source,
        channel=interest.channel,
        action=interest.action,
        account=_account(interest, source_url, parser, mail, rules),
        occurred_at=occurred_at,
        occurred_at_offset=offset,
        received_at=received_at,
        author=author,
        text=interest.text,
        attachments=mail.attachments[:50],
        count=interest.count,
        object_kind=interest.object_kind,
        rating=interest.rating,
        product=_product(interest, source_url, links, rules),
        source_url=source_url,
        referrer_url=links.anywhere(interest.referrer_url),
        campaign=campaign(interest.referrer_url or interest.source_url or ""),
        reply=_reply(interest.channel, links.allowed("reply", interest.reply_url), source_url, author, trust),
        trust=links.trust,
        language=detect(interest.text),
        labels=interest.labels,
        notes=(*mail.notes, *links.refused),
        event_key=interest.event_key,
        parser=parser.name,
        parser_version=parser.version,
    )


def vetted(card: InterestCard, parser: Parser, rules: Rules, received_at: datetime) -> InterestCard:
    """`card`, which came from a process that may write anything: only with what `normalize` lets through."""
    links = _Links(parser, rules, card.trust)
    author = _author(card.author, links, rules)
    source_url = links.allowed("source", card.source_url)
    page = links.allowed("reply", card.reply.url) if card.reply.kind is ReplyKind.URL else None
    return card.model_copy(
        update={
            "author": author,
            "occurred_at": occurred(card.occurred_at, None, received_at, rules)[0],
            "received_at": received_at,
            "product": _product(card, source_url, links, rules),
            "source_url": source_url,
            "referrer_url": links.anywhere(card.referrer_url),
            "reply": _reply(card.channel, page, source_url, author, card.trust),
            "trust": links.trust,
            "notes": (*card.notes, *links.refused),
        }
    )


def occurred(
    in_body: datetime | None, in_header: datetime | None, received_at: datetime, rules: Rules
) -> tuple[datetime, int | None]:
    """When it happened, in UTC, and the offset in minutes of the zone in which the mail said so.

    The instant in the body, else the Date field, else the arrival: the first that lies near the arrival. The clock is
    never asked, so reading a mail again next year gives the same card.
    """
    for moment in (in_body, in_header):
        if moment is None:
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=rules.zone)
        if EARLIEST <= aware - received_at <= LATEST:
            offset = aware.utcoffset()
            return aware.astimezone(UTC), None if offset is None else int(offset.total_seconds() // 60)
    return received_at.astimezone(UTC), None


def phone_number(written: str | None, country: str | None) -> str | None:
    """E.164 (`+79000001122`) if `written` is a whole number of `country` or has a country code, else as written."""
    if not written:
        return None
    try:
        number = phonenumbers.parse(written, country)
    except phonenumbers.NumberParseException:
        return written
    if not phonenumbers.is_possible_number(number):
        return written
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mailto_url(address: str) -> str:
    """The `mailto:` link (RFC 6068) for one address."""
    return "mailto:" + quote(address, safe="@+'!#$*=^_`{|}~.-")


@dataclass
class _Links:
    """The link policy for the cards of one mail; remembers what it refused."""

    parser: Parser
    rules: Rules
    trust: Trust
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self._open:
            self.trust = Trust.FAILED if self.trust is Trust.FAILED else Trust.UNPROVEN

    @property
    def _open(self) -> bool:
        """Software of the company's own sites, but no site is configured: any host may be ours."""
        return SITES in self.parser.link_hosts and not self.rules.sites

    def allowed(self, name: str, url: str | None, hosts: Iterable[str] | None = None) -> str | None:
        """`url` unwrapped and rebuilt if it lies on the parser's hosts and is no one-click link."""
        if not url or self.trust is Trust.FAILED:
            return None
        target = unwrap(url)
        places = self.parser.link_hosts if hosts is None else tuple(hosts)
        own_site = SITES in places and (self._open or host_in(hostname(target), self.rules.site_hosts))
        anywhere = ANYWHERE in places or (SITES in places and self._open)
        hosts = None if anywhere else self._hosts(places)
        kept = safe_url(target, hosts, http_ok=own_site)
        if kept is None or len(kept) > MAX_URL or url.endswith(SHORTENED):  # cut off, it would lead elsewhere
            why = objection(target, hosts, http_ok=own_site) or "too long"
            self.refused.append(f"{name} link refused: {hostname(target) or 'not a link'}: {why}")
            return None
        return kept

    def _hosts(self, places: tuple[str, ...]) -> tuple[str, ...]:
        return (*places, *self.rules.site_hosts) if SITES in places else places

    def anywhere(self, url: str | None) -> str | None:
        """`url` rebuilt, whatever its host: where a visitor came from is not for us to choose."""
        return safe_url(unwrap(url), None, http_ok=True) if url and self.trust is not Trust.FAILED else None


def _check_mandatory(interest: Interest) -> None:
    if not interest.author and not interest.text and not interest.labels:
        raise Changed("neither an author nor a text")
    if interest.channel in PUBLIC and not interest.event_key and not interest.source_url:
        raise Changed("neither a link nor the ids of the event")


def _author(author: Author, links: _Links, rules: Rules) -> Author:
    """Made anew, not copied: a parser's own `model_copy` may have put in what no type has cleaned."""
    return Author(
        name=author.name,
        email=author.email.lower() if author.email and _ADDRESS.fullmatch(author.email) else None,
        phone=phone_number(author.phone, rules.country),
        profile_url=links.allowed("profile", author.profile_url),
        photo_url=links.allowed("photo", author.photo_url, links.parser.photo_hosts),
        company=author.company,
    )


def _product(told: Interest | InterestCard, source_url: str | None, links: _Links, rules: Rules) -> Product:
    """As the mail names it, or the catalogue; a link of the operator's own catalogue needs no permission."""
    product = Product(name=told.product.name, url=links.allowed("product", told.product.url))
    return rules.products.product(product, (source_url, told.referrer_url), (told.text, *told.labels.values()))


def _account(interest: Interest, source_url: str | None, parser: Parser, mail: Mail, rules: Rules) -> str | None:
    """Which of our doors it was: the page that the mail names, our site, else the mailbox that it was sent to."""
    host = hostname(source_url or "")
    recipient = mail.to[0].email.lower() if mail.to else None
    if interest.account:
        return interest.account
    if host and SITES in parser.link_hosts and not host_in(host, parser.link_hosts):
        return rules.site_of(host) or host
    return recipient


def _reply(channel: Channel, reply_url: str | None, source_url: str | None, author: Author, trust: Trust) -> Reply:
    """Where the person is answered: at the public place of the interest, else by mail, else by phone."""
    if trust is Trust.FAILED:
        return Reply()
    page = Reply(kind=ReplyKind.URL, url=reply_url or source_url) if reply_url or source_url else None
    mailto = Reply(kind=ReplyKind.MAILTO, url=mailto_url(author.email)) if author.email else None
    callable_ = author.phone and not _CODE.search(author.phone)
    tel = Reply(kind=ReplyKind.TEL, url=f"tel:{author.phone}") if callable_ else None
    at_the_place = reply_url is not None or channel in PUBLIC
    order = (page, mailto, tel) if at_the_place else (mailto, tel, page)
    return next((way for way in order if way), Reply())
