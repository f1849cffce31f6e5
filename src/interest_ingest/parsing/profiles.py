"""Profiles in social networks: which links lead to the same person's page."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from interest_ingest.parsing.links import unwrap

_PREFIX: Final = re.compile(r"(?:www|m|mobile|new|[a-z]{2}-[a-z]{2})\.(?=[^.]+\.)")
"""Doors to the same site: `m.vk.com`, `de-de.facebook.com`."""

_SAME: Final = {"vk.ru": "vk.com", "x.com": "twitter.com", "fb.com": "facebook.com", "odnoklassniki.ru": "ok.ru"}


def profile_key(url: str) -> str:
    """What is equal for all links to one profile: `vk.com/anna` for `https://m.vk.com/Anna/?from=feed`; "" for no link.

    Of the query only `id` is kept, where the path has no name of its own (`facebook.com/profile.php?id=1`).
    """
    url = url.strip()
    try:
        parts = urlsplit(unwrap(url if "://" in url else f"https://{url}"))
    except ValueError:
        return ""
    host = _PREFIX.sub("", (parts.hostname or "").rstrip("."), count=1)
    path = parts.path.rstrip("/").lower()
    if "." not in host or not path or " " in url:
        return ""
    number = re.search(r"(?:^|&)id=(\d+)", parts.query) if path.endswith(".php") else None
    return f"{_SAME.get(host, host)}{path}{f'?id={number[1]}' if number else ''}"
