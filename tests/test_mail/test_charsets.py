"""Bytes become the text that was meant: declared, by meta, as UTF-8 or by a guess, and it is told which."""

from __future__ import annotations

import pytest

from interest_ingest.mail import Mail
from interest_ingest.mail.charsets import codec_of, decode, storable

GUESSED = {
    "ru": ("Здравствуйте, меня интересует ваш чайник", ("cp1251", "koi8-r", "cp866", "iso8859-5", "mac-cyrillic")),
    "ru short": ("Привет", ("cp1251", "koi8-r", "cp866", "iso8859-5")),
    "ru capitals": ("ЗДРАВСТВУЙТЕ, ПОЗВОНИТЕ МНЕ ПОЖАЛУЙСТА", ("cp1251", "koi8-r", "cp866")),
    "uk": ("Добрий день, цікавить ціна чайника", ("cp1251", "koi8-u")),
    "ja": ("こんにちは、ケトルの在庫はありますか", ("cp932", "euc_jp", "iso2022_jp")),
    "fa": ("سلام لطفا قيمت اين محصول را بفرماييد", ("cp1256",)),
    "ar": ("مرحبا، أريد معرفة سعر هذا المنتج", ("cp1256", "iso8859-6")),
    "zh": ("您好，请问这个产品的价格是多少？", ("gb18030",)),
    "tw": ("您好，請問這個產品的價格是多少？", ("big5",)),
    "ko": ("안녕하세요 상품 가격이 얼마인가요?", ("cp949", "iso2022_kr")),
    "hi": ("नमस्ते, केतली का दाम क्या है?", ("utf-8", "utf-16")),
    "de": ("Grüße aus München, schöne Tage", ("cp1252",)),
    "fr": ("Bonjour, je suis très intéressé", ("cp1252", "utf-16")),
    "pl": ("Dzień dobry, proszę o cenę czajnika", ("cp1250",)),
    "tr": ("Merhaba, fiyatı öğrenmek istiyorum şimdi", ("cp1254",)),
    "el": ("Καλημέρα σας θα ήθελα την τιμή", ("cp1253",)),
    "ja name": ("山田太郎", ("cp932", "euc_jp")),
    "ar with a French letter in the other reading": ("من فضلك اتصل بي غدا", ("cp1256", "iso8859-6")),
    "zh short": ("多少钱", ("gb18030", "hz")),
    "hi without a byte order mark": ("नमस्ते, केतली का दाम क्या है?", ("utf-16-le", "utf-16-be")),
    "ru without a byte order mark": ("Здравствуйте, чайник", ("utf-16-le", "utf-16-be")),
    "fr one letter apart": ("Pouvez-vous me rappeler à midi ?", ("cp1252",)),
    "es": ("¿Cuánto cuesta? Mañana", ("cp1252",)),
    "da": ("Smørrebrød på fløde", ("cp1252",)),
    "cs": ("Dobrý den, jsem Jiří Dvořák", ("cp1250", "iso8859-2")),
    "hu": ("Jó napot, mennyibe kerül a főző?", ("cp1250", "iso8859-2")),
    "signs": ("© 2024 Example, it’s “fine”", ("cp1252",)),
    "ornament": ("·¸¸·´¯·¸¸·´¯ Linux", ("cp1252",)),
    "one sign": ("spam ® spam", ("cp1252",)),
    "one hard space": ("on\xa014 April", ("cp1252",)),
    "euro": ("Preis: 50 € für zwei", ("cp1252", "iso8859-15")),
    "he": ("שלום אני רוצה לדעת את המחיר", ("cp1255",)),
}


@pytest.mark.parametrize(
    ("text", "charset"), [(text, charset) for text, charsets in GUESSED.values() for charset in charsets]
)
@pytest.mark.parametrize("declared", [None, "x-unknown", "us-ascii", "utf-8"])
def test_undeclared_and_wrongly_declared_text_is_guessed(text: str, charset: str, declared: str | None) -> None:
    assert decode(text.encode(charset), declared).text == text


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("ks_c_5601-1987", "cp949"),
        ("x-sjis", "cp932"),
        ("cp-850", "cp850"),
        ("utf8", "utf-8"),
        ("UTF_8", "utf-8"),
        ("unicode-1-1-utf-7", "utf-7"),
        ("Windows-1251", "cp1251"),
        ("x-cp1256", "cp1256"),
        ("win-1251", "cp1251"),
        ("GB2312", "gb18030"),
        ("iso-8859-1", "cp1252"),
        ("ISO8859-2", "iso8859-2"),
        ("ISO-2022-JP", "iso2022_jp_ext"),
        ("'utf-8'", "utf-8"),
        ("unknown-8bit", None),
        ("idna", None),
        ("rot13", None),
        ("a\x00b", None),
        ("", None),
    ],
)
def test_names_of_charsets(name: str, codec: str | None) -> None:
    assert codec_of(name) == codec


@pytest.mark.parametrize(
    ("data", "declared", "by", "text"),
    [
        ("чайник".encode("koi8-r"), "koi8-r", "declared", "чайник"),
        ("é".encode("cp1252"), "iso-8859-1", "declared", "é"),
        ("тест чайник".encode(), "iso-8859-1", "utf-8", "тест чайник"),
        ("тест чайник".encode(), "windows-1251", "utf-8", "тест чайник"),
        ("чайник".encode("cp1251"), None, "guess", "чайник"),
        ("чайник и чашка ".encode() + b"\xff", "utf-8", "damaged", "чайник и чашка \ufffd"),
        ("чайник и чашка ".encode() + b"\xff\xc0" * 20, "utf-8", "damaged", "чайник и чашка " + "\ufffd" * 40),
        (b"plain", "koi8-r", "declared", "plain"),
        (b"\x1b$B-!-jEgED\x1b(B", "iso-2022-jp", "declared", "①㈱島田"),
        (b"+BBIEEA-", "utf-7", "declared", "ВА"),
        (b"~{Dz:C~}", None, "guess", "您好"),
        (b"~{Dz:C~}", "utf-8", "guess", "您好"),
        (b"a\x81\xaa\xdbj\x07", "utf-8", "damaged", "a\ufffd\ufffd\ufffdj\x07"),
        (b"a\tb\t\t\tc\t\t\t\t", None, "declared", "a\tb\t\t\tc\t\t\t\t"),
        (b"a = ~{b}", None, "declared", "a = ~{b}"),
        (b"", None, "declared", ""),
        (b"\x93quoted\x94 \x81", "windows-1252", "declared", "“quoted” "),
    ],
)
def test_which_charset_wins(data: bytes, declared: str | None, by: str, text: str) -> None:
    assert (decode(data, declared).by, decode(data, declared).text) == (by, text)


@pytest.mark.parametrize("declared", [b"", b"; charset=x-unknown"])
def test_a_page_names_its_own_charset(declared: bytes) -> None:
    """The meta of the page counts where the mail declares nothing that is known, and the winner is noted."""
    page = '<html><head><meta http-equiv="Content-Type" content="text/html; charset=koi8-r"></head>ВЮЩЬ'
    mail = Mail.from_bytes(b"Content-Type: text/html" + declared + b"\n\n" + page.encode("koi8-r"))
    assert mail.html == page
    assert any("read as koi8-r (meta)" in note for note in mail.notes)


def test_the_declared_charset_beats_the_meta() -> None:
    page = '<meta charset="utf-8">чай'
    mail = Mail.from_bytes(b"Content-Type: text/html; charset=windows-1251\n\n" + page.encode("cp1251"))
    assert (mail.html, mail.notes) == (page, ("From is absent",))


def test_storable_text_has_no_controls_and_no_lone_surrogates() -> None:
    assert storable("a\x07b\tc\x0bd\x0ce\nf\x1b\x7f") == "ab\tc\nd\ne\nf"
    assert storable("é\x07b\x0bd\r\n") == "éb\nd\r\n"
    assert storable("a\x00b\ud800c\udfff😀") == "ab\ufffdc\ufffd😀"
