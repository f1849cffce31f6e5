"""Whose interests are dropped: what an entry of the block list means, and which cards it concerns."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from interest_ingest.cards import InterestCard
from interest_ingest.errors import UsageError
from interest_ingest.parsing.profiles import profile_key
from interest_ingest.store import Block

_DOMAIN = re.compile(r"[^\s@/:?#]+(\.[^\s@/:?#]+)+")


def entry(written: str) -> tuple[str, str]:
    """The kind and the normalised value of what a person wrote: an address, a domain or the link of a profile.

    A domain stands for the addresses under it and its subdomains. Raises `UsageError` for anything else.
    """
    text = written.strip().lower()
    if "@" in text and "/" not in text and not text.split()[1:]:
        local, _, domain = text.removeprefix("mailto:").rpartition("@")
        domain = domain.rstrip(".")
        if local and _DOMAIN.fullmatch(domain):
            return "address", f"{local}@{domain}"
        if not local and _DOMAIN.fullmatch(domain):
            return "domain", domain
    elif "/" in text and (key := profile_key(written)):
        return "profile", key
    elif _DOMAIN.fullmatch(text.strip(".")):
        return "domain", text.strip(".")
    raise UsageError(
        f"{written!r} cannot be blocked: write an address (anna@shop.example), a domain (shop.example) "
        "or the link of a profile (https://vk.com/anna)"
    )


@dataclass(frozen=True, slots=True)
class BlockList:
    """The entries, ready to be asked."""

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    profiles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, entries: Iterable[Block]) -> Self:
        """The list that these entries make."""
        values: dict[str, set[str]] = {"address": set(), "domain": set(), "profile": set()}
        for one in entries:
            values[one.kind].add(one.value)
        return cls(*(frozenset(values[kind]) for kind in ("address", "domain", "profile")))

    def has(self, card: InterestCard) -> bool:
        """Whether the author of `card` is blocked."""
        author = card.author
        email = (author.email or "").lower()
        domain = email.rpartition("@")[2]
        if email and (email in self.addresses or self._has_domain(domain)):
            return True
        return bool(self.profiles) and profile_key(author.profile_url or "") in self.profiles

    def _has_domain(self, domain: str) -> bool:
        """Label by label: a list of thousands costs no more than one of two."""
        labels = domain.split(".")
        return any(".".join(labels[place:]) in self.domains for place in range(len(labels)))
