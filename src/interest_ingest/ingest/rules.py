"""All that the reading of a mail depends on beside the mail itself: the operator's rules, without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

from interest_ingest.cards import Author
from interest_ingest.ingest.confine import LIMITS, Limits
from interest_ingest.ingest.foreign import Foreign
from interest_ingest.ingest.products import NO_PRODUCTS, Catalogue
from interest_ingest.parsing import Parser
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.load import builtin_parsers, unique
from interest_ingest.parsing.profiles import profile_key


@dataclass(frozen=True)
class Rules:
    """Immutable and made of plain values, so that a worker process can be given a copy.

    `sites` holds for each of the company's sites its hosts, the main one first. `country` is an ISO 3166 code for
    phone numbers written without one; `timezone` is where an instant without zone is read. `packages` and `folder` are
    where third-party parsers are; `foreign` is what they said of themselves when they were asked. `chosen`: ask these
    parsers and no others.
    """

    sites: tuple[tuple[str, ...], ...] = ()
    own_addresses: frozenset[str] = frozenset()
    own_profiles: frozenset[str] = frozenset()
    country: str | None = None
    timezone: str = "UTC"
    packages: tuple[str, ...] = ()
    folder: str | None = None
    foreign: tuple[Foreign, ...] = ()
    products: Catalogue = NO_PRODUCTS
    chosen: tuple[Parser, ...] | None = None
    limits: Limits = LIMITS

    @cached_property
    def parsers(self) -> tuple[Parser, ...]:
        """The parsers that are asked, by name; third-party ones by their stand-ins."""
        if self.chosen is not None:
            return self.chosen
        return unique([*builtin_parsers(), *(one.stand_in() for one in self.foreign)])

    def is_own(self, author: Author) -> bool:
        """Whether it is one of our own people."""
        if (author.email or "").lower() in self.own_addresses:
            return True
        return bool(self._own_keys) and profile_key(author.profile_url or "") in self._own_keys

    @cached_property
    def _own_keys(self) -> frozenset[str]:
        return frozenset(map(profile_key, self.own_profiles)) - {""}

    @property
    def third_party(self) -> bool:
        """Whether any third-party parsers are named."""
        return bool(self.packages or self.folder)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The company's time zone."""
        return ZoneInfo(self.timezone)

    @cached_property
    def site_hosts(self) -> tuple[str, ...]:
        """The hosts of all sites."""
        return tuple(host for site in self.sites for host in site)

    def site_of(self, host: str) -> str | None:
        """The main host of the site that `host` belongs to."""
        return next((site[0] for site in self.sites if host_in(host, site)), None)
