"""Small things to be found in any text: mail addresses, web addresses, and the escapes that software leaves."""

from __future__ import annotations

import html
import re
from typing import Final
from urllib.parse import urlsplit

EMAIL: Final = re.compile(r"[^\s<>()\[\]{},;:\"'|/\\@]{1,64}@[^\s<>()\[\]{},;:\"'|/\\@]{1,255}")
URL: Final = re.compile(r"https?://[^\s<>\"\]]{1,2000}", re.IGNORECASE)


def hostname(url: str) -> str:
    """The host of a link in lower case; "" if it has none or is malformed."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:  # an IPv6 address that is none
        return ""


def host_of(url: str) -> str:
    """The site of a link: its host without `www.`; "" if it has none."""
    return hostname(url.strip()).removeprefix("www.")


def find_email(text: str) -> str:
    """The first mail address in `text`, else ""."""
    found = EMAIL.search(text)
    return found[0].strip(".") if found and "." in found[0].rpartition("@")[2] else ""


def find_url(text: str) -> str:
    """The first web address in `text` without the punctuation that ends the sentence, else ""."""
    found = URL.search(text)
    if not found:
        return ""
    url = found[0].rstrip(".,;:!?»”'")
    return url if "(" in url else url.rstrip(")")


_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BARE_MARKUP = re.compile(r"&(?!#?\w{1,32};)|<")
_SLASHED = re.compile(r"\\(['\"])")


def resolve(text: str) -> str:
    r"""`text` without the escapes that web software leaves in plain mails: `&amp;`, `&#039;`, `\'`.

    A bare ampersand or angle bracket shows that it was not escaped, so that what looks so was written that way.
    """
    text = _SLASHED.sub(r"\1", text)
    return text if _BARE_MARKUP.search(text) else _ENTITY.sub(lambda found: html.unescape(found[0]), text)
