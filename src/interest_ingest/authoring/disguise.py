"""What is replaced in the texts and links of a mail, and by what: people, addresses, numbers, tokens, own domains."""

from __future__ import annotations

import binascii
import re
import unicodedata
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from interest_ingest.authoring.inventing import ENDING, Names, digits, script_of, shaped, words_of
from interest_ingest.parsing.domains import is_free_mail, registrable

_URL: Final = re.compile(r"(?i)https?://[^\s<>\"“”«»]{1,4000}(?<![)\].,;:!?'])")
_HOST: Final = re.compile(r"[\w-]+(?:\.[\w-]+)+")
_EMAIL: Final = re.compile(r"[\w.+-]{1,128}(?:@|%40)[\w-]+(?:\.[\w-]+)+|[\w.+-]{1,64}@xn--[\w.-]+")
_IP: Final = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}"
)
_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./](?:19|20)?\d\d)"
    r"(?:[T ,]{1,2}\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?)?(?![\d-])|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)"
    r"|(?<!\d)\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6},? \d{4}"
)
_PHONE: Final = (
    r"(?<![\w.,/=-])(?:[+\uff0b]|00)?[(\uff08]?\d"
    r"[\d \u00a0\u3000()\uff08\uff09.\uff0e\u2010-\u2015\u30fc\uff0d\u2212/-]{5,22}\d(?![\w%])"
)
_COUNTED: Final = re.compile(rf"(?P<phone>{_PHONE})|(?P<token>[A-Za-z0-9]{{8,}})|\d{{5,}}")
_RUN: Final = re.compile(r"\d{5,}")
_SHORT: Final = re.compile(r"(?<![A-Za-z0-9])[0-9]{1,4}(?![A-Za-z0-9])")
_PIECE: Final = re.compile(r"[^/?#&=;:@!$'()*,+]+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d/\d{1,2}(?!\d)")
_MIXED: Final = re.compile(r"(?![vV]\d+\Z|\d+[xp]\d*\Z)(?=\d*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z0-9]{3,40}")
"""A word of letters and figures that is neither a version nor a size."""
_WHO: Final = re.compile(
    r"(?i:(?:\w*[_.-])?(?:id|uid|u|usr|user|member|guest|customer|client|contact|lead|person|author|profile|account"
    r"|recipient|subscriber|visitor|buyer|seller|sender|owner|key|code|hash|sig|token)|[ucmr]id)|\w*[a-z]I[dD]"
)
"""A parameter of a link that says who, or which."""
_ROBOT: Final = re.compile(
    r"(?i)(?:.*[._+-])?(?:no-?_?reply|do-?not-?reply|notif\w*|notice|info|support|mail|mailer|mailer-daemon|postmaster"
    r"|wordpress|news\w*|robot|admin\w*|service|alerts?|updates?|messages?|comments?|forum|contact|hello|bounces?|www-data"
    r"|root|reply|system|orders?|sales|shop|office|team|help|feedback|webmaster|apache|nobody)(?:[._+-].*)?"
)
_OUR_HOSTS: Final = "shop.example", "tea.example", "house.example"
_THEIR_HOSTS: Final = "alder.example", "finch.example", "mossbank.example"
_FREE_HOSTS: Final = "mail.example", "post.example", "inbox.example"
_NEAR: Final = timedelta(days=400)

_LEGAL_BEFORE: Final = re.compile(r"(?:ООО|ОАО|ЗАО|АО|ПАО|ИП|ТОВ|ФОП|株式会社|PT|شرکت)\s+[«\"“]?")
_LEGAL_AFTER: Final = re.compile(
    r"(?i)(?:[»\"”]|,?\s+(?:gmbh(?: & co\. kg)?|ag|kg|ohg|ug|e\.? ?k\.?|ltd\.?|limited|llc|inc\.?|corp\.?|co\.?|plc"
    r"|s\.?a\.?|s\.?r\.?l\.?|s\.?p\.?a\.?|sp\. z o\. ?o\.?|sas|sarl|b\.?v\.?|nv|ab|as|oy|a/s|a\.ş\.|ltd\. şti\."
    r"|株式会社|有限公司))\.?$"
)
_COMPANIES: Final = "Alder & Finch", "Kestrel Works", "Mossbank Trading", "Ostrum Partners"
_STREETS: Final = "12 Linden Lane", "7 Mill Row", "3 Harbour Steps"


class Disguise:
    """Replaces consistently in all mails that it is given, and remembers what by what.

    `mapping` holds each name, address, number and token that was met, with what stands for it.
    """

    def __init__(self) -> None:
        self.mapping: dict[str, str] = {}
        self.date: datetime | None = None
        self._names = Names()
        self._words: dict[str, str] = {}
        self._ids: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        self._hosts: dict[str, str] = {}
        self._service: set[str] = set()
        self._robots: set[str] = set()
        self._keys: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def taken(self, text: str) -> None:
        """Invent nothing that stands in `text` already."""
        self._names.taken += text.lower() + "\n"

    def person(self, name: str) -> None:
        """Replace this name wherever it stands: as a whole, word by word, and where it is declined."""
        if "@" in name:
            return
        if script_of(name) in _UNSPACED:
            self._unspaced(name)
        for place, word in enumerate(words := words_of(name)):
            last = place == len(words) - 1
            self._word(word, family=place > 0 and (last or script_of(word) != "CYRILLIC"))

    def _unspaced(self, name: str) -> None:
        """A name whose parts may be a single character each: it is known by the whole of it."""
        parts = name.split()
        invented = [self._names.name(one, family=place > 0).invented for place, one in enumerate(parts)]
        if len(name) > 1:
            self._add(name, " ".join(invented))
        if len(parts) > 1:
            for blank in ("", "\u3000"):
                self._add(blank.join(parts), blank.join(invented))

    def phrase(self, text: str, kind: str = "company") -> None:
        """Replace a company's name or a street address as a whole."""
        if len(text.strip()) > 2 and text not in self._words and not _HOST.fullmatch(text):
            pool = _STREETS if kind == "street" else _COMPANIES
            number = self._number(kind, text)
            invented = pool[number % len(pool)] + (f" {number}" if number >= len(pool) else "")
            before, after = (
                (_LEGAL_BEFORE.match(text), _LEGAL_AFTER.search(text)) if kind == "company" else (None, None)
            )
            self._add(text, f"{before[0] if before else ''}{invented}{after[0] if after else ''}")

    def handle(self, handle: str) -> None:
        """Replace what somebody is called in links, unless it is made of the words of his name, or of figures."""
        told = self._words_in(handle)
        if (told == handle or self._unknown(handle)) and not _RUN.search(handle) and not self._names.is_host(handle):
            self._add(handle, self._names.name(f"{handle.lower()}/", family=False).invented.lower())

    def own_domain(self, domain: str) -> None:
        """Replace this domain of the company that got the mail, wherever it stands."""
        self._host(domain, _OUR_HOSTS)

    def their_domain(self, domain: str) -> None:
        """Replace this domain of somebody who wrote."""
        self._host(domain, _THEIR_HOSTS)

    def service(self, domain: str) -> None:
        """Keep this domain of a service."""
        root = registrable(domain)
        if root and root not in self._hosts:
            self._service.add(root)

    def robot(self, address: str) -> None:
        """Keep the local part of this address: software sends from it."""
        self._robots.add(address.lower())

    def text(self, text: str) -> str:
        """`text` with everything replaced that is known or looks like an address, a number or a token."""
        return self._each(text, (_URL, lambda m: self.url(m[0])), self._plain)

    def identity(self, text: str) -> str:
        """A Message-ID up to its `@`, in which the short numbers are ids that the links of the mail may have too."""
        return _SHORT.sub(lambda m: self._ids.get(m[0], m[0]), self.text(text))

    def url(self, url: str) -> str:
        """A link with the same structure."""
        scheme, mark, rest = url.partition("://")
        end = next((n for n, char in enumerate(rest) if char in "/?#"), len(rest))
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        place = rest[:end].lower().replace(host, self.host(host)) if host else rest[:end]
        return f"{scheme}{mark}{place}{self._tail(rest[end:])}"

    def _tail(self, text: str) -> str:
        """What stands behind the host of a link."""
        return self._each(text, (_EMAIL, lambda m: self._in_url(m[0])), lambda one: _PIECE.sub(self._piece, one))

    def host(self, host: str) -> str:
        """What stands for `host`: another one where its domain is the company's or a person's."""
        root = registrable(host)
        return host.removesuffix(root) + self._hosts[root] if root in self._hosts else host

    def email(self, address: str) -> str:
        """What stands for an address."""
        local, _, domain = address.replace("%40", "@").rpartition("@")
        root = registrable(domain)
        robot = address.lower() in self._robots
        if robot or (root in self._service and (_ROBOT.fullmatch(local) or not self._is_name(local))):
            kept = f"{self._plain(local)}@{self.host(domain.lower()) if robot else domain}"
        else:
            if root not in self._hosts and root not in self._service:
                self._host(domain, _FREE_HOSTS if is_free_mail(domain) else _THEIR_HOSTS)
            kept = f"{self._local(local, address)}@{self.host(domain.lower())}"
            if len(local) > 4 and not _ROBOT.fullmatch(local) and not self._names.is_host(local):  # also in links
                self._add(local, kept.partition("@")[0])
        if kept != address:
            self.mapping[address] = kept
        return kept

    def left_in(self, text: str) -> list[str]:
        """What of the originals is still found in `text`."""
        text = _DATE.sub(" ", text)  # Mar is a month there
        numbers = {_ascii(one) for one in (*re.findall(_PHONE, text), *_RUN.findall(text))}
        return [one for one in self.mapping if self._is_left(one, text, numbers)]

    def _is_left(self, original: str, text: str, numbers: set[str]) -> bool:
        if original in self.mapping.values():
            return False
        bare = re.sub(r"\D", "", original)
        if not any(map(str.isalpha, original)):
            return bare in numbers
        return re.search(_bounded(re.escape(original), original), text) is not None

    def _host(self, domain: str, pool: tuple[str, ...]) -> None:
        root = registrable(domain)
        if not root or root in self._service or root in self._hosts:
            return
        free = (name for n in count() for name in (f"{one.partition('.')[0]}{n or ''}.example" for one in pool))
        new = next(one for one in free if one not in self._hosts.values() and one not in self._names.taken)
        self.mapping[root] = self._hosts[root] = new

    def _local(self, local: str, address: str) -> str:
        """The local part of somebody's address: by the names that are known, else a new one."""
        if local.lower() in _COMMON or (_ROBOT.fullmatch(local) and not self._is_name(local)):
            number = self._number("desk", address.lower())
            return _DESKS[number % len(_DESKS)] + (str(number) if number >= len(_DESKS) else "")
        renamed = self._words_in(local)
        if renamed != local and not self._unknown(local):
            return self._plain(renamed)
        return self._names.name(f"{address.lower()}@", family=False).invented.lower()

    def _unknown(self, local: str) -> bool:
        """Whether a part of it is no known name: it might be one."""
        parts = [one for one in re.split(r"[\W\d_]+", local) if len(one) > 2]
        return any(self._words_in(one) == one for one in parts)

    def _is_name(self, local: str) -> bool:
        return self._words_in(local) != local or bool(
            re.fullmatch(r"[a-z]+\.[a-z]+", local) and not _ROBOT.fullmatch(local)
        )

    def _word(self, word: str, *, family: bool) -> None:
        if word in self._words:
            return
        stem = self._names.name(word, family=family)
        self._add(word, stem.invented + word[len(stem.stem) :])
        for escaped in ("&#039;", "&#39;", "&#x27;", "\\'", "’") if "'" in word else ():  # as web software writes it
            self._words[word.replace("'", escaped)] = self._words[word]
        if stem.declined:
            self._stems[stem.stem] = stem.invented
            self._stems[stem.stem.upper()] = stem.invented.upper()
        if len(word) > 2 and script_of(word) in ("LATIN", "CYRILLIC", "GREEK"):
            self._add(word.upper(), (stem.invented + word[len(stem.stem) :]).upper())
            if len(word) > 3:
                self._words.setdefault(word.lower(), (stem.invented + word[len(stem.stem) :]).lower())

    def _add(self, original: str, invented: str) -> None:
        self._words.setdefault(original, invented)
        self.mapping.setdefault(original, invented)
        self._pattern = None

    def _words_in(self, text: str) -> str:
        if self._pattern is None:
            known = sorted(self._words, key=len, reverse=True)
            whole = "|".join(_bounded(re.escape(one), one) for one in known)
            bent = "|".join(
                rf"(?<!\w)(?:{re.escape(one)})(?={ENDING}(?!\w))" for one in sorted(self._stems, key=len, reverse=True)
            )
            self._pattern = re.compile("|".join(filter(None, (bent, whole))) or r"(?!)")
        return self._pattern.sub(lambda m: self._stems.get(m[0]) or self._words.get(m[0]) or m[0], text)

    def _plain(self, text: str) -> str:
        """Text without links."""
        return self._each(text, (_EMAIL, lambda m: self.email(m[0])), self._without_addresses)

    def _without_addresses(self, text: str) -> str:
        return self._each(text, (_IP, lambda m: self._ip(m[0])), self._without_hosts)

    def _without_hosts(self, text: str) -> str:
        roots = sorted(self._hosts, key=len, reverse=True)
        if not roots:
            return self._dated(text)
        pattern = re.compile("(?i)" + "|".join(rf"(?<![\w-]){re.escape(one)}(?![\w-])" for one in roots))
        return self._each(text, (pattern, lambda m: self._hosts[m[0].lower()]), self._dated)

    def _dated(self, text: str) -> str:
        return self._each(text, (_DATE, lambda m: m[0]), self._counted)

    def _counted(self, text: str) -> str:
        return self._words_in(_COUNTED.sub(self._count, text))

    def _count(self, match: re.Match[str]) -> str:
        """A phone number, a token or a run of figures; a part of none of them has figures of its own at most."""
        written = match[0]
        bare = _ascii(written)
        if match["phone"]:
            told = 8 < len(bare) < 16 or (6 < len(bare) < 9 and written[0] in "+(0")
            if told and "  " not in written:
                return _as_figures(self._digits(bare), written)
        elif match["token"] and _is_random(written):
            return self._token(written)
        return _RUN.sub(lambda m: _as_figures(self._digits(_ascii(m[0])), m[0]), written)

    def _digits(self, bare: str) -> str:
        """Of a phone number the last six figures change, so that both ways to write its beginning stay one number."""
        if self._is_time(bare) or len(bare) < 5:
            return bare
        if bare in self.mapping.values():
            return bare
        tail = min(6, len(bare) - 1) if len(bare) <= 13 else len(bare) - 1
        new = digits(self._number("digits", bare[-7:] if len(bare) <= 13 else bare), tail)
        if new == bare[-tail:]:
            new = digits(self._number("digits", f"again {bare}"), tail)
        self.mapping[bare] = bare[:-tail] + new
        return bare[:-tail] + new

    def _is_time(self, bare: str) -> bool:
        """Whether it is a Unix time or a compact date near the mail's own."""
        if self.date is None:
            return False
        if len(bare) in (8, 12, 14):
            return abs(int(bare[:4]) - self.date.year) < 2 and 1 <= int(bare[4:6]) <= 12 and 1 <= int(bare[6:8]) <= 31
        seconds = int(bare[:10]) if len(bare) in (10, 13) else 0
        return abs(seconds - self.date.timestamp()) < _NEAR.total_seconds()

    def _token(self, token: str) -> str:
        if token in self.mapping.values():
            return token
        known = self._words_in(token)
        if known != token:
            return known
        if inside := _inside(token):
            told = self._plain(inside)
            return token if told == inside else urlsafe_b64encode(told.encode()).decode().rstrip("=")
        return self.mapping.setdefault(token, shaped(token, self._number("token", token)))

    def _ip(self, address: str) -> str:
        if address in self.mapping.values() or any(int(one) > 255 for one in address.split(".") if one.isdigit()):
            return address
        number = self._number("ip", address) + 11
        net = "198.51.100" if address.startswith("203.0.113.") else "203.0.113"
        return self.mapping.setdefault(address, f"2001:db8::{number}" if ":" in address else f"{net}.{number % 256}")

    def _piece(self, match: re.Match[str]) -> str:
        piece, around = match[0], match.string
        if short := self._short(piece, around[: match.start()], around[match.start() :]):
            return short
        plain = unquote(piece)
        is_path = "/" in plain and "://" not in plain
        told = self._tail(plain) if is_path else self.text(plain)
        return piece if told == plain else quote(told, safe="") if "%" in piece else quote(told, safe="@:/")

    def _short(self, piece: str, before: str, after: str) -> str:
        """What stands for an id or a token that only its place in a link tells: `/guests/881`, `/u/881.jpg`, `?u=9`."""
        word, dot, ending = piece.partition(".")
        asked = re.search(r"([\w.-]{1,40})=\Z", before)
        in_path = re.search(r"[A-Za-z]/\Z|/@\Z", before) and not _YEAR.match(after)
        if re.fullmatch(r"[0-9]{1,4}", word):
            is_id = in_path if not asked else _WHO.fullmatch(asked[1])
            return self._ident(word) + dot + ending if is_id else ""
        if (in_path or asked) and _is_short_token(word) and self._words_in(word) == word:
            self._add(word, self._fresh(word))
            return self._words[word] + dot + ending
        return ""

    def _ident(self, written: str) -> str:
        """Another number of so many figures for each, no two of them the same."""
        if written not in self._ids:
            first = 1_000 * self._number("id", written)
            told = (digits(first + n, len(written) + n // 50) for n in count())
            used = {*self._ids.values(), written}
            self._ids[written] = next(one for one in told if one not in used and one[0] != "0")
        return self._ids[written]

    def _fresh(self, token: str) -> str:
        """A token of this shape that stands for no other."""
        told = (shaped(token, self._number("token", f"{token} {n}")) for n in count())
        return next(one for one in told if one != token and one not in self.mapping.values())

    def _in_url(self, written: str) -> str:
        told = self.email(unquote(written))
        return told.replace("@", "%40") if "%40" in written else told

    def _number(self, kind: str, key: str) -> int:
        """The ordinal of `key` among those of its kind."""
        name = f"{kind} {key}"
        if name not in self._keys:
            self._keys[name] = sum(one.startswith(f"{kind} ") for one in self._keys)
        return self._keys[name]

    @staticmethod
    def _each(
        text: str, known: tuple[re.Pattern[str], Callable[[re.Match[str]], str]], other: Callable[[str], str]
    ) -> str:
        """`text` with what the pattern finds replaced by its function, and all between by `other`."""
        pattern, replace = known
        out, position = [], 0
        for match in pattern.finditer(text):
            out += [other(text[position : match.start()]) if match.start() > position else "", replace(match)]
            position = match.end()
        return "".join([*out, other(text[position:]) if position < len(text) else ""])


_UNSPACED: Final = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI")
_DESKS: Final = "team", "office-desk", "front", "house"
_COMMON: Final = frozenset({"desk", "me", "we", "all"})


def _bounded(pattern: str, word: str) -> str:
    """`pattern` for `word` as a whole; scripts that are written without spaces, or whose vowel signs are no letters to
    `re`, have no such bounds."""
    bounded = script_of(word) in ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "ARMENIAN", "GEORGIAN", "")
    return rf"(?<![^\W_]){pattern}(?![^\W_])" if bounded else pattern


def _ascii(written: str) -> str:
    """The figures in `written`, Arabic, Indian and wide ones too, as ASCII digits."""
    return "".join(str(unicodedata.decimal(char)) for char in written if char.isdecimal())


def _as_figures(digits: str, written: str) -> str:
    """`written` with these digits in place of its own, each of the same script."""
    new = iter(digits)
    return re.sub(r"\d", lambda m: chr(ord(m[0]) - unicodedata.decimal(m[0]) + int(next(new))), written)


def _changes(text: str) -> int:
    """How often letters and figures take turns in `text`."""
    return len(re.findall(r"(?<=[0-9])(?=[A-Za-z])|(?<=[A-Za-z])(?=[0-9])", text))


def _is_short_token(word: str) -> bool:
    """Whether letters and figures may be an id, although too few to be known for one by their looks alone."""
    if not _MIXED.fullmatch(word) or _RUN.search(word) or (len(word) > 7 and _is_random(word)):
        return False
    return _changes(word) > 1 or sum(map(str.isdigit, word)) > 2


def _is_random(text: str) -> bool:
    """Whether a run of letters and figures is no word, and no word with a number behind it."""
    if text.isdigit() or not text.strip("0123456789"):
        return False
    changes = _changes(text)
    cases = len(re.findall(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z]{2})(?=[a-z])", text))
    return changes > 2 or (len(text) > 15 and (changes > 0 or cases > 3)) or (len(text) > 31 and changes > 0)


def _inside(token: str) -> str:
    """The text that `token` carries in base64, "" if it is none: a link's own words, or somebody's address."""
    try:
        text = b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return text if text.isprintable() else ""


def own_domains(addresses: Iterable[str]) -> list[str]:
    """The domains of these addresses that somebody owns."""
    found = (address.rpartition("@")[2].lower() for address in addresses if "@" in address)
    return [one for one in dict.fromkeys(found) if registrable(one) and not is_free_mail(one)]
