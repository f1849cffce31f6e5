"""The language of a text, from its script, its letters and its small words."""

from __future__ import annotations

import pytest

from interest_ingest.parsing.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hi there! Have you any of the small jars left, and do you deliver to Malta?", "en"),
        ("Where do I get a good kettle?", "en"),
        ("Hallo, führen Sie die blaue Kanne wieder?", "de"),
        ("Bonjour, avez-vous encore ce thé ?", "fr"),
        ("Hola, ¿hacéis envíos a Menorca y cuánto tardan?", "es"),
        ("Olá, gostaria de saber se entregam em Braga. Obrigado", "pt"),
        ("Buongiorno, vorrei sapere quando arriva il pacco", "it"),
        ("Merhaba, 20 kutu siyah çay için fiyat alabilir miyim?", "tr"),
        ("Dzień dobry, czy jest jeszcze ta herbata?", "pl"),
        ("Goedemorgen, hoe duur is het verzenden van een pakket?", "nl"),
        ("Подскажите, есть ли у вас пуэр?", "ru"),
        ("Цена?", "ru"),
        ("Вітаю! Чи можна замовити чайник?", "uk"),
        ("Добры дзень! Ці ёсць яшчэ гэты чай у наяўнасці?", "be"),
        ("Здравейте, искам да поръчам чая, но не знам дали е наличен", "bg"),
        ("سلام، قوری سفالی هم دارید؟ می‌خواهم یکی بخرم", "fa"),
        ("مرحبا، هل هذا الشاي متوفر؟ أريد شراءه", "ar"),
        ("کیا یہ چائے ابھی دستیاب ہے؟", "ur"),
        ("急須の色は選ぶことができますか？", "ja"),
        ("你们的紫砂壶什么时候能寄出？", "zh"),
        ("안녕하세요, 이 차 아직 있나요?", "ko"),
        ("क्या मिट्टी की केतली मिलेगी?", "hi"),
        ("האם התה הזה עדיין במלאי?", "he"),
        ("Είναι ακόμα διαθέσιμο αυτό το τσάι;", "el"),
        ("Почём Earl Grey Royal Selection Premium Blend?", "ru"),
        ("ok", None),
        ("⭐⭐⭐⭐⭐", None),
        ("", None),
        ("https://shop.example/the/and/you anna@hey.example", None),
    ],
)
def test_a_text_shows_its_language(text: str, language: str | None) -> None:
    """Names of products in Latin letters do not make a Russian question English; a bare word stays undecided."""
    assert detect(text) == language
