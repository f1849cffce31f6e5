"""The operator's catalogue: which product an interest is about, by the page it was shown on or by its words.

A catalogue is a CSV file with a header line: `name` (required), `link`, `pages` and `aliases`; several pages or aliases
are parted by `|`. A page stands for itself and all below it. Names and aliases are found as whole words in any case,
Russian and Ukrainian ones in any inflection.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from interest_ingest.cards import Product
from interest_ingest.errors import UsageError

MAX_WORDS: Final = 20_000
"""So many words of a text are looked through: that of a card is seldom over a thousand."""

_COLUMNS: Final = ("name", "link", "pages", "aliases")
_WORD: Final = re.compile(r"[^\W_]+")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]")
_FLEETING: Final = re.compile("(?<=[^аеёиоуыэюя])[ео](?=[^аеёиоуыэюяй]$)")
"""The vowel that comes and goes before the last consonant: чашка, чашек; ковёр, ковра."""
_UNSPACED: Final = re.compile("([\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff])")
"""Thai, Lao, Khmer, Japanese and Chinese write words without spaces between them: each letter counts as one."""


class Entry(NamedTuple):
    """One product of the catalogue."""

    name: str
    link: str | None = None
    pages: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


class _Page(NamedTuple):
    path: tuple[str, ...]
    query: frozenset[tuple[str, str]]
    entry: Entry

    def holds(self, path: Sequence[str], query: frozenset[tuple[str, str]]) -> bool:
        return tuple(path[: len(self.path)]) == self.path and self.query <= query


class _Alias(NamedTuple):
    words: tuple[str, ...]
    entry: Entry


@dataclass(frozen=True)
class Catalogue:
    """The products of the company; an empty one finds nothing."""

    entries: tuple[Entry, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.entries)

    def product(self, told: Product, pages: Iterable[str | None], texts: Iterable[str]) -> Product:
        """The product under the catalogue's name and link; `told`, as the mail names it, where it has none.

        What is surest comes first: the `pages`, then the told name, then, if none was told, the words of the `texts`.
        """
        if not self:
            return told
        entry = self.by_page(page for page in (told.url, *pages) if page)
        if entry is None:
            names = [told.name] if told.name else texts
            entry = next(filter(None, map(self.by_words, names)), None)
        return Product(name=entry.name, url=entry.link or told.url) if entry else told

    def by_page(self, urls: Iterable[str]) -> Entry | None:
        """The product to whose page, or below it, the first of `urls` leads that leads to any."""
        for url in urls:
            parts = _split(url)
            found = [one for one in self._pages.get(_host(parts), ()) if one.holds(*_place(parts))]
            if found:
                return max(found, key=lambda one: (len(one.query), len(one.path))).entry
        return None

    def by_words(self, text: str) -> Entry | None:
        """The product that `text` names with the most words; of several with as many the first."""
        words = list(stems(text, MAX_WORDS))
        found = (
            (len(alias.words), -at, alias.entry)
            for at, word in enumerate(words)
            for alias in self._aliases.get(word, ())
            if tuple(words[at : at + len(alias.words)]) == alias.words
        )
        best = max(found, key=lambda one: one[:2], default=None)
        return best[2] if best else None

    @cached_property
    def _pages(self) -> dict[str, list[_Page]]:
        pages = defaultdict(list)
        for entry in self.entries:
            for url in filter(None, (entry.link, *entry.pages)):
                parts = _split(url)
                path, query = _place(parts)
                pages[_host(parts)].append(_Page(path, query, entry))
        return dict(pages)

    @cached_property
    def _aliases(self) -> dict[str, list[_Alias]]:
        aliases = defaultdict(list)
        for entry in self.entries:
            for alias in dict.fromkeys((entry.name, *entry.aliases)):
                if words := tuple(stems(alias)):
                    aliases[words[0]].append(_Alias(words, entry))
        return dict(aliases)


NO_PRODUCTS: Final = Catalogue()


def stems(text: str, limit: int | None = None) -> Iterator[str]:
    """The words of `text`, at most `limit`, so that those of one word in any case and inflection are equal."""
    spaced = _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFKC", text))
    for number, word in enumerate(_WORD.finditer(spaced)):
        if number == limit:
            return
        yield _stem(word[0].casefold())


@lru_cache(maxsize=8192)
def _stem(word: str) -> str:
    if not _CYRILLIC.search(word):
        return word
    stem: str = _russian().stemWord(word)
    return _FLEETING.sub("", stem)


@cache
def _russian() -> Any:
    """Imported when a catalogue is first asked: most installations have none."""
    from snowballstemmer import stemmer

    return stemmer("russian")


def read_catalogue(file: Path) -> Catalogue:
    """The catalogue in the CSV `file` (UTF-8); `UsageError` names the line that is wrong."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return Catalogue(tuple(_entries(file, lines)))
    except OSError as fault:
        raise UsageError(f"the product catalogue {file} cannot be read ({fault.strerror}); check [products]") from None
    except (UnicodeDecodeError, csv.Error) as fault:
        raise UsageError(f"the product catalogue {file} is no CSV file in UTF-8 ({fault}); save it as such") from None


def _entries(file: Path, lines: Iterable[str]) -> Iterator[Entry]:
    rows = csv.DictReader(lines, restkey="", restval="", strict=True)
    unknown = [name for name in rows.fieldnames or () if name not in _COLUMNS]
    if unknown or "name" not in (rows.fieldnames or ()):
        had = f"it has {', '.join(map(repr, unknown))}" if unknown else "there is no name"
        raise UsageError(f"{file}, line 1: the columns are {', '.join(_COLUMNS)}; {had}")
    for row in rows:
        if any(row.values()):
            yield _entry(row, f"{file}, line {rows.line_num}")


def _entry(row: dict[str, str], place: str) -> Entry:
    if row.get(""):
        raise UsageError(f'{place}: more values than columns; a value that holds a comma is written in quotes, "a, b"')
    if not row["name"].strip():
        raise UsageError(f"{place}: the product has no name; write one in the column name")
    pages, aliases = (_several(row.get(column)) for column in ("pages", "aliases"))
    entry = Entry(row["name"].strip(), (row.get("link") or "").strip() or None, pages, aliases)
    for url in filter(None, (entry.link, *entry.pages)):
        if not _host(_split(url)):
            raise UsageError(f"{place}: {url!r} is no address; write it with https://")
    return entry


def _several(value: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (value or "").split("|") if one.strip())


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url.strip())
    except ValueError:
        return urlsplit("")


def _host(parts: SplitResult) -> str:
    """Without what differs between two ways to one page: `www.` and the `m.` of pages for telephones."""
    if parts.scheme not in ("http", "https"):
        return ""
    return re.sub(r"^(?:www|m)\.", "", parts.hostname or "")


def _place(parts: SplitResult) -> tuple[tuple[str, ...], frozenset[tuple[str, str]]]:
    path = tuple(part for part in parts.path.lower().split("/") if part)
    return path, frozenset(parse_qsl(parts.query))
