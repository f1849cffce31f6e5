"""Which charset undeclared bytes are in: each candidate reads a sample, and the most speech-like reading wins.

Letters of each language are listed the most frequent first (frequencies of common news text); a wrong reading of a text
consists of letters too, but of rare ones, of capitals inside words, or of signs.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_RUSSIAN: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґў"
_ARABIC: Final = "اليمونرتبهدسعفقكحجشخطصةىأذضغزثظءإئآؤ"
_PERSIAN: Final = "اینرمدهوتبسشکگلزخقفعپجحچصطغضژآثظئذكيىء"
_HEBREW: Final = "יוהלאתרשמבנדקעפחכםטןגסצזךףץ"
_GREEK: Final = "αοιετσνηυρπκμλςάόίέγδήύωώθχφβξζψ"
_THAI: Final = "านรอกเงมยลวดทสตะปบคหแจพชขใไโผถศซธณฉ่้ีิัาืุู็์ำ"
_KANA: Final = (
    "のいにたとるしてなはがをでれりらまかすあっこきくもさどよけそんえみせつわおうちやめろだじばねへふほゆひ、。「」ー・"
    "ンスルトアイリラクシドレジタフロカメムサマコニデプグオチテッパキィバウナブセハミソノヒペヤユエモツワネホケゼ"
)
_JAPANESE: Final = (
    _KANA + "日本様件会社人年月大中一二三十時分御願致注文商品問合名前電話番号東京都区市町確認送信返事内容"
    "山田中村小林佐藤鈴木高橋伊渡辺加井上吉太郎子美見積書請求資料予約希望質問価格購入住所株式担当者"
)
_HAN: Final = (
    "，。！？：；、“”（）的一是不了人我在有他中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学"
    "对可里后小么心多天而能好都然没日于起还发成事只作当想看文无开手用主行方又如前所本见经头面公同三已老从动两长知样"
    "现分将外但身些与高意进把法此实回二理请问您谢电话邮件产品价格订单联系留言客户公司需求购买商品"
    "您好请张王李刘陈杨赵黄周吴北京市上海广州深区路号货咨询报价希望尽快收复订"
)
_HAN_OLD: Final = (
    "，。！？：；、「」的一是不了人我在有他中大來上國個到說們為子和你地出道也時年得就那要下以生會自著去之過家學對可"
    "裡後小麼心多天而能好都然沒日於起還發成事只作當想看文無開手用主行方又如前所本見經頭面公同三已老從動兩長知樣現分"
    "將外但身些與高意進把法此實回二理請問您謝電話郵件產品價格訂單聯繫留言客戶公司需求購買商品"
)
_HANGUL: Final = (
    "이다는에의가을를고하지한도로은서기사자나리인있어시대과니들해일수전아라정게보그구면부상안제주만여성스장동문세오"
    "우어원신요입습합세드것까와용경연된공소교로계조유화식물말니당거때위생습했던국되무든회선방감저관내품격락처"
)


def _level(codec: str, leads: range, trails: range) -> frozenset[str]:
    """The characters of the first level of a national set, where the everyday ones are."""
    return frozenset("".join(bytes((a, b)).decode(codec, "ignore") for a in leads for b in trails))


_HIGH_TRAILS: Final = range(0xA1, 0xFF)
_LEVELS: Final = {
    "cp932": _level("euc_jp", range(0xB0, 0xD0), _HIGH_TRAILS),
    "euc_jp": _level("euc_jp", range(0xB0, 0xD0), _HIGH_TRAILS),
    "gb18030": _level("gb2312", range(0xB0, 0xD8), _HIGH_TRAILS),
    "big5hkscs": _level("big5", range(0xA4, 0xC7), range(0x40, 0xFF)),
    "cp949": _level("euc_kr", range(0xB0, 0xC9), _HIGH_TRAILS),
}

# Only on single-byte readings: typographic signs that every Windows code page holds.
_SIGNS: Final = frozenset("“”‘’„«»–—…•©®№€°\xa0·™")
# Beside Latin letters only; people draw ornaments of the last four.
_LATIN_SIGNS: Final = {"¤": 0.2} | dict.fromkeys("¦±¬¨", 0.4) | dict.fromkeys("·¸´¯", 0.5)
_LATIN: Final = "éèàáäöüåøíóúñçãõêâîôûëïæßìòùÉÈÀÁÄÖÜÍÓÚÑÇÃÕÊÂÎÔÛËÏÅÆØ¿¡ºª§£"
_LATIN_EAST: Final = "ęłąśżćńźóčřšžěýáíéůúťďňľőűăâîţşđĺŕŁŚŻČŘŠŽĆÁÉÓÚÖÜöüä"
_TURKISH: Final = "ışğüçöİŞĞÜÇÖâî"


class _Profile(NamedTuple):
    codec: str
    weights: dict[str, float]
    latin: bool
    level: frozenset[str]
    handicap: float


def _ranked(codec: str, alphabet: str, *, latin: bool = False, handicap: float = 0.0) -> _Profile:
    """Letters weigh less the rarer they are, capitals almost as much as their small letters."""
    weights = dict.fromkeys(_SIGNS, 0.4) | {char: weight if latin else -1.0 for char, weight in _LATIN_SIGNS.items()}
    for rank, char in enumerate(alphabet):
        weight = 1 - 0.9 * rank / len(alphabet)
        weights[char] = weight
        weights.setdefault(char.upper(), 0.95 * weight)
    return _Profile(codec, weights, latin, frozenset(), handicap)


def _frequent(codec: str, characters: str) -> _Profile:
    return _Profile(codec, dict.fromkeys(characters, 1.0), latin=False, level=_LEVELS[codec], handicap=0.0)


_PROFILES: Final = (
    _ranked("cp1252", _LATIN, latin=True),
    _ranked("iso8859-15", _LATIN, latin=True),
    _ranked("cp1251", _RUSSIAN),
    _ranked("koi8-u", _RUSSIAN),
    _ranked("cp866", _RUSSIAN),
    _ranked("iso8859-5", _RUSSIAN),
    _ranked("mac-cyrillic", _RUSSIAN),
    _ranked("cp1256", _ARABIC + "پچگکژ"),
    _ranked("cp1256", _PERSIAN),
    _ranked("iso8859-6", _ARABIC),
    _frequent("cp932", _JAPANESE),
    _frequent("euc_jp", _JAPANESE),
    _frequent("gb18030", _HAN),
    _frequent("big5hkscs", _HAN_OLD),
    _frequent("cp949", _HANGUL),
    _ranked("cp1250", _LATIN_EAST, latin=True, handicap=0.08),
    _ranked("iso8859-2", _LATIN_EAST, latin=True, handicap=0.09),
    _ranked("cp1254", _TURKISH, latin=True, handicap=0.02),
    _ranked("cp1253", _GREEK),
    _ranked("cp1255", _HEBREW, handicap=0.06),
    _ranked("cp874", _THAI, handicap=0.1),
)
# A small letter before a capital: KOI8 and Windows-1251 read as each other turn the case of every letter around.
# A sign glued to the word behind it: the capitals of Mac Cyrillic are signs of Windows-1251.
_TURNED: Final = re.compile(r"[а-џґά-ώ](?=[Ѐ-ЯҐΑ-Ω])|[–—•®©‡†‰°™№](?=[а-џ])")
# Letters where no language has them: Hungarian ő and Czech ř read as õ and ø, Spanish ¿ and ñ as Polish ż and ń.
_MISFIT: Final = re.compile(
    r"õ(?![eE])|ø(?=[^\n]{0,40}[íáýìù])|[íáýìù](?=[^\n]{0,40}ø)|[żřĄ](?=[A-ZÀ-Ý])|ń(?=[aeiouy])"
)
# Words of Cyrillic letters without a vowel: another alphabet was read as Cyrillic.
_NO_VOWEL: Final = re.compile(r"(?<![Ѐ-ґ])[бвгджзйклмнпрстфхцчшщъьђѓѕјљњћќўџґБ-ДЖЗЙ-НП-ТФ-ЪЬ]{3,}(?![Ѐ-ґ])")
_MIXED: Final = re.compile(r"[A-Za-z](?=[^\x00-\x7f])|(?<=[^\x00-\x7f])[A-Za-z]")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_ALONE: Final = re.compile(r"(?<= )[àèéóÀÈÉ](?= )")
_HIGH: Final = re.compile(rb"[\x80-\xff]")
_HIGH_LINE: Final = re.compile(rb"[^\n]{0,400}[\x80-\xff][^\n]{0,400}")


def guess(data: bytes) -> str:
    """The codec under which `data` reads most like a language; linear in a sample of a few KB, never raises."""
    wide = looks_wide(data)
    if wide:
        return wide
    sample = _sample(data)
    if not sample:
        return "cp1252"
    return max(_PROFILES, key=lambda profile: _likeness(sample, profile)).codec


def looks_wide(data: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of spaces and line ends is NUL, or all are of one or two rows."""
    head = data[: min(2_000, len(data) & ~1)]
    for codec, space, rows, cells in (
        ("utf-16-le", b" \x00", head[1::2], head[::2]),
        ("utf-16-be", b"\x00 ", head[::2], head[1::2]),
    ):
        if head.count(b"\x00") > len(head) // 20 and space in head:
            return codec
        # A table of single letters between tabs is no Devanagari: that has spaces, so NULs, or letters below 0x20.
        if len(rows) > 2 and _of_few_rows(rows) > 0.95 and _of_few_rows(cells) < 0.5 and _CONTROL.search(head):
            return codec
    return None


def _of_few_rows(plane: bytes) -> float:
    """The share of bytes that are high halves of ASCII, Cyrillic, Arabic or Devanagari, controls in any other text."""
    return sum(map(plane.count, (b"\x00", b"\x04", b"\x06", b"\x09"))) / len(plane)


def _sample(data: bytes, size: int = 1_500) -> bytes:
    """The first lines of `data` that hold bytes above 0x7F."""
    lines: list[bytes] = []
    position = 0
    while size >= 0 and (high := _HIGH.search(data, position, 500_000)):
        start = max(data.rfind(b"\n", position, high.start()) + 1, high.start() - 400, position)
        line = _HIGH_LINE.match(data, start, 500_000)
        if line is None:
            break
        lines.append(line[0])
        size -= len(line[0])
        position = line.end()
    return b"\n".join(lines)


def _likeness(sample: bytes, profile: _Profile) -> float:
    text = sample.decode(profile.codec, "replace")
    high = [char for char in text if char > "\x7f"]
    score = sum(_weight(char, profile) for char in high) / max(len(high), 1)
    # Accented letters stand between plain ones; letters of other alphabets do not.
    mixed = len(_MIXED.findall(text))
    if profile.latin:
        letters = sum(1 for char in high if char.isalpha())
        apart = max(letters - mixed - len(_ALONE.findall(text)), 0) / max(letters, 1)
        return score - apart - len(_MISFIT.findall(text)) / max(len(high), 1) - profile.handicap
    against = min(mixed, len(high)) + len(_TURNED.findall(text)) + 2 * len(_NO_VOWEL.findall(text))
    if profile.level and len(high) > 4 and profile.weights.keys().isdisjoint(high):
        score -= 0.5  # not one of the everyday characters: ornaments of signs look so
    # A few bytes among ASCII are typographic signs rather than letters of another alphabet.
    return score - against / max(len(high), 1) - 1.5 / (sum(byte > 0x7F for byte in sample) + 1) - profile.handicap


def _weight(char: str, profile: _Profile) -> float:
    if char in profile.weights:
        return profile.weights[char]
    if char == "\ufffd":
        return -3.0
    if profile.level:
        if char in profile.level:
            return 0.7
        return 0.1 if "\u3000" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7a3" or char >= "\uff00" else -0.5
    if not char.isalpha():
        return -1.0
    return -0.5 if char < "\u0370" and not profile.latin else 0.0
