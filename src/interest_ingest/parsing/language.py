"""In which language a text is written: by its script, then by letters and small words that tell neighbours apart.

No model and no dependency: the figure needed is a hint for managers and for reading dates. Short texts stay undecided
where the script alone does not tell.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

MAX_CHARS: Final = 4_000
_LEAST_LETTERS: Final = 2

_SCRIPTS: Final[dict[str, str]] = {
    "DEVANAGARI": "hi",
    "HEBREW": "he",
    "GREEK": "el",
    "HANGUL": "ko",
    "THAI": "th",
    "GEORGIAN": "ka",
    "ARMENIAN": "hy",
    "BENGALI": "bn",
    "TAMIL": "ta",
}
"""Scripts with one language of weight."""

_LETTERS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    # Letters that the first of these languages has and the later ones lack; the last one has none of its own.
    "CYRILLIC": (("be", "ў"), ("uk", "іїєґ"), ("kk", "әғқңөұүһ"), ("sr", "ђјљњћџ"), ("ru", "ыэё"), ("bg", "ъ")),
    "ARABIC": (("ur", "ٹڈڑںےھہ"), ("fa", "پچژگیک"), ("ar", "ةىيكأإؤئ")),
}
_DEFAULT: Final = {"CYRILLIC": "ru", "ARABIC": "ar"}

_BULGARIAN_WORDS = "е не да се от за на и че съм ще със към също поръчка здравейте благодаря искам мога това"
_BULGARIAN = frozenset(_BULGARIAN_WORDS.split())

_WORDS: Final[dict[str, str]] = {
    "en": "the and you for is are to of in it that this with have can your we do would please not what how from hello "
    "i a my me be an at on by as or if was has had will could get good want need there any some thanks thank about "
    "they when where which who it's no so one two more still",
    "de": "der die das und ich ist nicht ein eine zu mit für auf wir sie bitte noch haben den dem wie auch guten danke",
    "fr": "le la les des est vous je pour une un et dans avec pas nous que bonjour merci votre sur au du ce qui avez",
    "es": "el los las una por para con está que usted gracias hola cómo pero muy tienen puede quiero es del y su en",
    "pt": "os uma não para com você está que obrigado obrigada olá como mais tem pode quero é do da em seu no na eu",
    "it": "quanto costa il gli una per con non che sono è della grazie buongiorno come di più avete vorrei del le",
    "tr": "bir ve için bu ne mi mı merhaba var çok nasıl teşekkürler ile olarak istiyorum değil kadar ben siz daha",
    "pl": "i nie się jest na do że jak czy dzień dobry dziękuję proszę mam dla oraz ale po są to w z mogę będzie",
    "nl": "de het een en van ik is niet voor met u op dat zijn kunt heeft bedankt graag hoe deze ook nog wij aan",
    "sv": "och det att jag är inte för med en ett på hej tack kan ni vi som har till om den av",
    "da": "og det at jeg er ikke for med en et på hej tak kan vi som har til om den af hvad også",
    "nb": "og det å jeg er ikke for med en et på hei takk kan vi som har til om den av hva også",
    "fi": "ja on ei että se hei kiitos voi olen mutta kun niin tämä ovat onko minä te teidän",
    "cs": "a je se na že to v jak dobrý den děkuji prosím mám pro ale jsem není si máte za by",
    "ro": "și este nu la cu pentru un o de să bună ziua mulțumesc cum dar aveți mai sunt în pe din",
    "hu": "a az és hogy nem egy van jó napot köszönöm kérem mennyi de is ez meg szeretnék lehet",
    "vi": "và của có không tôi cho là được một các xin chào cảm ơn với bạn này",
    "id": "dan yang di untuk dengan saya ini apakah tidak ada bisa terima kasih halo berapa dari ke",
}
_TABLE: Final = {language: frozenset(words.split()) for language, words in _WORDS.items()}
_SPELLED: Final[dict[str, str]] = {
    "de": "äöüß", "fr": "éèêçàùœ", "es": "ñ¿¡áíóú", "pt": "ãõçáéêâ", "it": "èàòùì", "tr": "ğışçöüİ", "pl": "ąćęłńśźż",
    "sv": "åäö", "da": "åæø", "nb": "åæø", "fi": "äö", "cs": "ěščřžýáíéůť", "ro": "șțăâî", "hu": "őűáéíóöü",
    "vi": "ơưđạả",
}  # fmt: skip


def detect(text: str) -> str | None:
    """The BCP 47 code of the language of `text`, or None if it does not show (`ok`, `5*`, an emoji)."""
    words = re.sub(r"https?://\S+", " ", text[:MAX_CHARS]).lower().split()
    text = " ".join(word for word in words if "@" not in word[1:-1])
    scripts: Counter[str] = Counter()
    for char, times in Counter(text).items():
        if char.isalpha():
            scripts[_script(char)] += times
    del scripts[""]
    if sum(scripts.values()) < _LEAST_LETTERS:
        return None
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > (scripts["CJK"] + scripts["LATIN"]) // 20:
        return "ja"
    # Names of products in Latin letters do not make a Russian question English.
    script = max(scripts, key=lambda one: scripts[one] * (1 if one == "LATIN" else 7))
    if script in _SCRIPTS:
        return _SCRIPTS[script]
    if script == "CJK":
        return "zh"
    if script in _LETTERS:
        return _by_letters(script, text)
    return _by_words(text) if script == "LATIN" else None


def _script(char: str) -> str:
    return "LATIN" if char.isascii() else unicodedata.name(char, "").partition(" ")[0].partition("-")[0]


def _by_letters(script: str, text: str) -> str:
    if script == "CYRILLIC" and not re.search("[ыэёіїєў]", text):
        words = re.findall(r"\w+", text)
        bulgarian = sum(word in _BULGARIAN for word in words) + 2 * ("ъ" in re.sub(r"[бвдзкмнпрст]ъ[еюяё]", "", text))
        return "bg" if bulgarian * 4 > len(words) + 3 else _DEFAULT[script]
    counts = {language: sum(map(text.count, letters)) for language, letters in _LETTERS[script]}
    if script == "ARABIC" and not counts["ur"] and counts["fa"] and counts["ar"]:
        return "fa" if counts["fa"] >= counts["ar"] else "ar"
    return next((language for language, count in counts.items() if count), _DEFAULT[script])


def _by_words(text: str) -> str | None:
    words = Counter(re.findall(r"[^\W\d_]+", text))
    scores = {
        language: sum(words[word] for word in table & words.keys())
        + 0.7 * sum(map(text.count, _SPELLED.get(language, "")))
        for language, table in _TABLE.items()
    }
    best = max(scores, key=lambda language: scores[language])
    return best if scores[best] >= 1 and scores[best] * 8 >= sum(words.values()) else None
