"""The operator's catalogue of products."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.bundled import bundled
from interest_ingest.cards import Action, Author, Channel, Interest, InterestCard, Product, Trust
from interest_ingest.errors import UsageError
from interest_ingest.ingest.normalize import normalize, vetted
from interest_ingest.ingest.products import Catalogue, Entry, read_catalogue, stems
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import SITES, Match, Parser

KETTLE = Entry(
    "Kestrel kettle",
    "https://shop.example/kestrel",
    ("https://vk.com/album-1000_7", "https://shop.example/index.php?route=product&product_id=40"),
    ("чайник кестрел", "чайник", "ケトル"),
)
CUP = Entry("Cup", "https://shop.example/cups/wren", (), ("чашка", "кружка", "Becher"))
BAG = Entry("Bag", None, (), ("сумка", "сумка для ноутбука"))
CATALOGUE = Catalogue((KETTLE, CUP, BAG))


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("Есть ли чайники?", KETTLE),
        ("Хочу два ЧАЙНИКА «Кестрел»", KETTLE),
        ("сколько стоит чашечка?", None),
        ("Остались ли шесть чашек?", CUP),
        ("а кружки?", CUP),
        ("нужно десять сумок для ноутбуков", BAG),
        ("Haben Sie den Becher noch?", CUP),
        ("Bechern wir?", None),
        ("the KESTREL kettle, please", KETTLE),
        ("kestrels", None),
        ("このケトルはありますか", KETTLE),
        ("чайная", None),
        ("", None),
    ],
)
def test_names_and_aliases_are_whole_words_in_any_inflection(text: str, entry: Entry | None) -> None:
    assert CATALOGUE.by_words(text) == entry


@pytest.mark.parametrize(
    "forms",
    [
        "чай чая чаю чаем чаи чаёв чаям чаями чаях",
        "чашка чашки чашке чашку чашкой чашек чашкам чашками чашках",
        "ковёр ковра ковру ковром ковре ковры ковров коврам коврами коврах",
        "кресло кресла креслу креслом кресле кресел креслам креслами креслах",
        "платье платья платью платьем платьев платьям платьями платьях",
        "красная красной красную красное красного красному красным красные красных красными",
        "велосипед велосипеда велосипеду велосипедом велосипеды велосипедов велосипедами",
    ],
)
def test_the_forms_of_a_russian_word_have_one_stem(forms: str) -> None:
    assert len(set(stems(forms))) == 1


@given(st.text(max_size=300), st.sampled_from(["чайниками", "Kestrel kettle", "ケトル"]), st.text(max_size=300))
def test_a_word_between_other_words_is_found_whatever_they_are(before: str, word: str, after: str) -> None:
    assert CATALOGUE.by_words(f"{before} {word} {after}") is not None


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        ("https://shop.example/kestrel", KETTLE),
        ("http://www.shop.example/Kestrel/?utm_source=x#comment-7", KETTLE),
        ("https://shop.example/kestrel/reviews", KETTLE),
        ("https://shop.example/kestrel-mini", None),
        ("https://m.vk.com/album-1000_7?rev=1", KETTLE),
        ("https://shop.example/index.php?product_id=40&route=product&path=2", KETTLE),
        ("https://shop.example/index.php?route=product&product_id=41", None),
        ("https://shop.example/cups", None),
        ("https://shop.example/cups/wren", CUP),
        ("https://elsewhere.example/kestrel", None),
        ("http://[", None),
    ],
)
def test_a_page_stands_for_itself_and_all_below_it(url: str, entry: Entry | None) -> None:
    assert CATALOGUE.by_page([url]) == entry


def test_the_longest_page_decides() -> None:
    shelf = Entry("All cups", "https://shop.example/cups")
    assert Catalogue((shelf, CUP)).by_page(["https://shop.example/cups/wren/2"]) == CUP


NOBODY = Product()


def test_what_is_surest_decides() -> None:
    """Page before told name before words; what the catalogue does not have stays as the mail names it."""
    assert CATALOGUE.product(NOBODY, ["https://shop.example/kestrel"], ["чашка"]).name == "Kestrel kettle"
    assert CATALOGUE.product(Product(name="Чашка, 2 шт."), [], ["чайник"]).name == "Cup"
    assert CATALOGUE.product(Product(name="Socks"), [], ["чайник"]) == Product(name="Socks")
    assert CATALOGUE.product(NOBODY, [None], ["no", "чайник"]).url == "https://shop.example/kestrel"
    assert CATALOGUE.product(Product(url="https://shop.example/bag"), [], ["сумка"]) == Product(
        name="Bag", url="https://shop.example/bag"
    )
    assert Catalogue().product(Product(name="Socks"), ["https://shop.example/kestrel"], ["чайник"]).name == "Socks"


RULES = Rules(sites=(("blog.example",),), products=CATALOGUE)
MAIL = Mail.from_bytes(b"From: a@b.example\r\nTo: desk@shop.example\r\nSubject: x\r\n\r\nhi")


def nothing(mail: Mail) -> list[Interest]:
    return []


def card(parser: Parser, trust: Trust = Trust.UNPROVEN) -> InterestCard:
    interest = Interest(channel=Channel.MAIL, action=Action.MESSAGE, author=Author(name="Anna"), text="два чайника")
    return normalize(interest, parser, MAIL, RULES, trust, datetime(2026, 11, 21, tzinfo=UTC))


def test_the_link_of_the_catalogue_needs_no_permission() -> None:
    """It is the operator's own, on whatever host; also where the mail's links are refused, or came from a sandbox."""
    parser = Parser("letters.x", 1, Match(), nothing, link_hosts=(SITES,))
    made = card(parser, Trust.FAILED)
    assert made.product == Product(name="Kestrel kettle", url="https://shop.example/kestrel")
    again = vetted(made, parser, RULES, datetime(2026, 11, 21, tzinfo=UTC))
    assert again.product == made.product


def test_the_example_is_a_catalogue_and_goes_to_other_processes() -> None:
    catalogue = read_catalogue(bundled("config") / "products.csv")
    found = pickle.loads(pickle.dumps(catalogue)).by_words("две подарочные упаковки")
    assert found is not None
    assert found.name == "Gift wrapping"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"name,price\nTea,4\n", "line 1: the columns are name, link, pages, aliases; it has 'price'"),
        (b"link\nhttps://a.example\n", "line 1: the columns are name, link, pages, aliases; there is no name"),
        (b"", "there is no name"),
        (b"name,link\n,https://a.example\n", "line 2: the product has no name"),
        (b"name,link\nTea,shop.example/tea\n", "line 2: 'shop.example/tea' is no address; write it with https://"),
        (b"name,link\nTea, green,https://a.example\n", "line 2: more values than columns"),
        (b"name\n\xff\n", "is no CSV file in UTF-8"),
        (b'name\n"Tea\n', "is no CSV file in UTF-8"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    file = tmp_path / "products.csv"
    file.write_bytes(content)
    with pytest.raises(UsageError) as mistake:
        read_catalogue(file)
    assert sentence in str(mistake.value)
    assert "\n" not in str(mistake.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_catalogue(tmp_path / "none.csv")
