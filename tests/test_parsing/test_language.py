"""The language of a text, from its script, its letters and its small words."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hello! Is the tin still available, and do you ship to Iceland?", "en"),
        ("Where do I get a good kettle?", "en"),
        ("Guten Tag, ist der Darjeeling noch lieferbar?", "de"),
        ("Bonjour, avez-vous encore ce thé ?", "fr"),
        ("Hola, ¿cuánto cuesta el envío a Cádiz?", "es"),
        ("Olá, quanto custa o envio para o Porto? Obrigado", "pt"),
        ("Buongiorno, quanto costa la spedizione?", "it"),
        ("Merhaba, 20 kutu siyah çay için fiyat alabilir miyim?", "tr"),
        ("Dzień dobry, czy jest jeszcze ta herbata?", "pl"),
        ("Goedemorgen, hoe duur is het verzenden van een pakket?", "nl"),
        ("Подскажите, есть ли в наличии улун?", "ru"),
        ("Цена?", "ru"),
        ("Доброго дня! Чи є ще цей чай?", "uk"),
        ("Добры дзень! Ці ёсць яшчэ гэты чай у наяўнасці?", "be"),
        ("Здравейте, искам да поръчам чая, но не знам дали е наличен", "bg"),
        ("سلام، این چای هنوز موجود است؟ می‌خواهم بخرم", "fa"),
        ("مرحبا، هل هذا الشاي متوفر؟ أريد شراءه", "ar"),
        ("کیا یہ چائے ابھی دستیاب ہے؟", "ur"),
        ("こちらの煎茶は海外発送できますか？", "ja"),
        ("您好，请问这款茶还有货吗？", "zh"),
        ("안녕하세요, 이 차 아직 있나요?", "ko"),
        ("क्या यह चाय अभी उपलब्ध है?", "hi"),
        ("האם התה הזה עדיין במלאי?", "he"),
        ("Είναι ακόμα διαθέσιμο αυτό το τσάι;", "el"),
        ("Почём Earl Grey Royal Selection Premium Blend?", "ru"),
        ("ok", None),
        ("⭐⭐⭐⭐⭐", None),
        ("", None),
        ("https://shop.example/the/and/you anna@post.example", None),
    ],
)
def test_a_text_shows_its_language(text: str, language: str | None) -> None:
    """Names of products in Latin letters do not make a Russian question English; a bare word stays undecided."""
    assert detect(text) == language
