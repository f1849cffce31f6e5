"""Invented people, numbers and tokens in place of real ones: of the same script and shape, and always the same ones.

What is invented depends on the place at which the real one was met (the third person, the fifth number), never on the
real one itself: nothing can be computed back, and the same mails give the same inventions.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from itertools import count
from typing import Final, NamedTuple

_POOLS: Final[dict[str, tuple[str, str]]] = {
    "LATIN": (
        "Fenna Odile Jorun Maren Tilda Corin Edda Bram Lioba Henning Ines Rurik Solveig Wanda Piet Alva Ruben Nela",
        "Brandling Oldacre Kestrel Vosberg Marlowe Tannhof Quillan Aldermoor Reedham Sorrel Lindqvist Haverford Ostrum",
    ),
    "CYRILLIC": (
        "Тихон Прохор Демьян Лукьян Архип Потап Богдан Святозар",
        "Брусник Ковыл Тумал Ветлуж Калин Рябов Орех",
    ),
    "GREEK": ("Λυγία Φοίβη Άλκης Θάλεια Ορέστης", "Καστανιώτης Ελατίδης Μυρτίδης Κυδωνιάτης"),
    "ARABIC": ("روشنک کاوه مهتاب آرش نازنین بهرام", "سروستانی کوهپایه بادامی نیلوفری رودبار"),
    "HEBREW": ("תמר יובל נועם שקד אורן", "אלמוג ברוש סחלב צאלון"),
    "DEVANAGARI": ("चित्रा नीरज तारा मोहित", "कदम्ब पलाश शिरीष चंपक"),
    "CJK": ("楓花 蒼太 美月 陽翔", "鷹野 柳川 桐島 萩原"),
    "HIRAGANA": ("かえで そうた みつき はると", "たかの やながわ きりしま はぎわら"),
    "KATAKANA": ("カエデ ソウタ ミツキ ハルト", "タカノ ヤナガワ キリシマ ハギワラ"),
    "HANGUL": ("다온 가람 새봄 한결", "남궁솔 황보민 선우진 독고윤"),
    "THAI": ("มะลิ ธาร ตะวัน", "ดอกแก้ว ลำธาร ทองกวาว"),
}
"""Per script given names and family names; Cyrillic family names are roots, to which an ending is put."""

# Given names by the class of their declension, so that whatever case the mail has them in fits: stem and ending.
_GIVEN: Final = {
    "а": "Фаин Римм Нонн Марф Злат Лукерь Ульян Агат",
    "я": "Таиси Лили Евдоки Клавди Глафири Пелаге",
    "й": "Горде Савели Фаде Арсени Елисе",
    "": "Тихон Прохор Демьян Лукьян Архип Потап Богдан Святозар",
}
_SUFFIXES: Final = (
    *("овна", "евна", "ович", "евич", "ская", "цкая", "ский", "цкий", "ская", "ова", "ева", "ёва", "ина", "ына"),
    *("ов", "ев", "ёв", "ин", "ын", "енко", "чук", "щук", "юк", "ук", "як", "ко", "дзе", "швили", "ян"),
)
_FAMILY: Final = ["Брусник", "Ковыл", "Тумал", "Ветлуж", "Калин", "Орех", "Снегир", "Журавл", "Мятл", "Ракит"]
_FATHERS: Final = ["Тихон", "Прохор", "Демьян", "Лукьян", "Архип", "Потап"]

_ENDINGS: Final = (
    "а я о ы и е у ю й ь ой ей ою ею ии ия ию ием ией ом ем ём ам ям ами ями ах ях ого ому им ым ую ая ий ый ые их ых"
)
ENDING: Final = f"(?:{'|'.join(sorted(_ENDINGS.split(), key=len, reverse=True))})?"
"""What a Russian or Ukrainian name may end with in any case."""


_DENSE: Final = ("CJK", "HANGUL")
"""Scripts of which two characters are a whole name."""


class Stem(NamedTuple):
    """A name, its unchanging beginning if it is one that is declined, and the same of the invented one."""

    name: str
    stem: str
    invented: str

    @property
    def declined(self) -> bool:
        """Whether it stands in a language that declines names, and is long enough to be known by its beginning."""
        return len(self.stem) > 2 and script_of(self.stem) == "CYRILLIC"


class Names:
    """Invents names, one for each that is met, none that `text_taken` has."""

    def __init__(self) -> None:
        self.taken = ""
        self._stems: dict[str, str] = {}
        self._met: list[str] = []
        self._next: dict[str, Iterator[int]] = {}

    def name(self, word: str, *, family: bool) -> Stem:
        """What stands for `word`, a part of somebody's name."""
        script = script_of(word)
        if len(word) > (1 if script in _DENSE else 2):
            self._met.append(word.casefold())
        if script == "CYRILLIC":
            return self._declined(word, family)
        pool = _POOLS.get(script, _POOLS["LATIN"])[family].split()
        invented = self._chosen(word.casefold(), f"{script}{family}", pool)
        return Stem(word, word, _as_written(invented, word))

    def is_host(self, word: str) -> bool:
        """Whether `word` is a part of some server's name in the mails."""
        return re.search(rf"(?:://|@)(?:[\w-]+\.)?{re.escape(word.lower())}\.", self.taken) is not None

    def _declined(self, word: str, family: bool) -> Stem:
        plain = word.capitalize()
        suffixes = _SUFFIXES if family else ()
        suffix = next((one for one in suffixes if plain.endswith(one) and len(plain) > len(one) + 1), "")
        if suffix:
            root = plain.removesuffix(suffix)
            pool = _FATHERS if suffix in _SUFFIXES[:4] else _FAMILY
            ending = next((one for one in ("ий", "ая", "а", "я") if suffix.endswith(one)), "")
            kept = suffix.removesuffix(ending)
            invented = self._chosen(f"root {root}", "family", pool) + kept
            return Stem(word, _as_written(root + kept, word), _as_written(invented, word))
        ending = plain[-1] if plain[-1] in "аяй" else ""
        pool = _GIVEN[ending].split() if not family or ending else _FAMILY
        stem = plain.removesuffix(ending)
        invented = self._chosen(f"stem {stem} {ending}", f"given {ending} {family}", pool)
        return Stem(word, _as_written(stem, word), _as_written(invented, word))

    def _chosen(self, key: str, kind: str, pool: list[str]) -> str:
        if key not in self._stems:
            used = set(self._stems.values())
            numbers = self._next.setdefault(kind, count())
            words = (_of_pool(next(numbers), pool) for _ in range(3 * len(pool)))
            fresh = (
                one for one in words if one not in used and one.lower() not in self.taken and not self._resembles(one)
            )
            # With a person called An in the mail every invented name may be taken.
            self._stems[key] = next(fresh, None) or _of_pool(next(numbers), pool)
        return self._stems[key]

    def _resembles(self, invented: str) -> bool:
        """Whether a real name stands in an invented one."""
        return any(one in invented.casefold() for one in self._met)


def _of_pool(number: int, pool: list[str]) -> str:
    """The words of the pool, then two of them in one, and so on: another one for every number."""
    word = pool[number % len(pool)]
    return word if number < len(pool) else _of_pool(number // len(pool) - 1, pool) + word.lower()


def script_of(word: str) -> str:
    """The script of the first letter of `word` as Unicode names it: `LATIN`, `CYRILLIC`, `CJK`; "" without a letter."""
    letter = next((one for one in word if one.isalpha()), "")
    return unicodedata.name(letter, "").split(" ")[0].split("-")[0] if letter else ""


def _as_written(invented: str, word: str) -> str:
    """`invented` in the case of `word`."""
    if word.isupper() and len(word) > 1:
        return invented.upper()
    return invented.lower() if word.islower() else invented


def digits(number: int, size: int) -> str:
    """The `size` digits of the invented number with this ordinal."""
    return str(int(hashlib.sha256(f"number {number}".encode()).hexdigest(), 16))[-size:]


def shaped(token: str, number: int) -> str:
    """A token with this ordinal that has letters where `token` has letters, and digits where it has digits.

    The first two characters of a long one stay: many services tell the kind of a token by them.
    """
    kept = 2 if len(token) > 7 else 0
    stream = hashlib.shake_256(f"token {number}".encode()).digest(len(token))
    return token[:kept] + "".join(_like(*one) for one in zip(token[kept:], stream[kept:], strict=True))


def _like(char: str, value: int) -> str:
    if char.isdigit() and char.isascii():
        return str(value % 9 + 1)
    hexadecimal = "abcdef" if char.lower() in "abcdef" else "abcdefghijklmnopqrstuvwxyz"
    letter = hexadecimal[value % len(hexadecimal)]
    if char.isascii() and char.isalpha():
        return letter.upper() if char.isupper() else letter
    return char


_PARTICLES: Final = frozenset(
    (
        *("van", "von", "der", "den", "de", "da", "do", "dos", "di", "du", "del", "la", "le", "el", "al", "bin", "ibn"),
        *("and", "und", "и", "of", "the", "mr", "mrs", "ms", "dr", "via", "через", "herr", "frau"),
        *("gmbh", "ag", "kg", "ohg", "ug", "ltd", "llc", "inc", "corp", "co", "plc", "sarl", "sas", "ооо", "зао", "ип"),
    )
)
"""Words in names that say nothing of who somebody is, and legal forms."""


def words_of(name: str) -> list[str]:
    """The words of a name that say who somebody is: neither initials nor `van`, `de`, `al`."""
    words = re.split(r"[\s,;()<>\"“”«»/|&+]+", name)
    found = [word.strip(".'’-_:") for word in words]
    return [one for one in found if len(one) > 1 and one.casefold() not in _PARTICLES and any(map(str.isalpha, one))]
