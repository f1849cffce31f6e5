"""Whose domain an address has: somebody's own, or that of a provider where anybody gets one."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_PROVIDERS = (
    "aol bk btinternet bluewin comcast duck email fastmail free freenet gmail gmx googlemail hey hotmail "
    "hushmail icloud inbox interia internet laposte libero list live mac mail mailfence mailbox me msn naver "
    "o2 onet orange outlook posteo proton protonmail pm qq rambler rediffmail sapo seznam sfr sina t-online "
    "terra tiscali tuta tutanota tut ukr uol verizon virgilio wanadoo web wp ya yahoo yandex yeah ymail zoho "
    "126 163 21cn chmail daum hanmail post pochta"
)
_FREE_MAIL: Final = frozenset(_PROVIDERS.split())
"""Names of providers under which anybody has an address, without their endings (`yahoo.co.jp`, `mail.ru`)."""


def registrable(domain: str) -> str:
    """The part of `domain` that somebody registered (`mail.shop.co.uk` → `shop.co.uk`); "" if there is none."""
    return _suffixes().privatesuffix(domain.lower().strip(".")) or ""


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have an address at `domain` (`gmail.com`, `yandex.ru`, `yahoo.co.jp`)."""
    return registrable(domain).partition(".")[0] in _FREE_MAIL


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=True)
