"""Form and shop programs of one's own sites: whose mail it is, what is an order, and when two mails are one event."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing.orders import Item, address_block, is_shops_copy, item_of

FIXTURES = Path(__file__).parent.parent / "fixtures"

LETTERS = {
    "ninja-forms": "Please ask my colleague, she knows.\n\n- Jo Bloggs ( jo@hey.example )\n",
    "elementor": "Hi\n\n---\nOur site:\nShop: WooCommerce\nBuilder: Elementor\n",
    "drupal": "Ann Lee (ann@hey.example) told me of https://garden.example/roses\n\nIs it true?\n",
    "joomla": "I have this link https://garden.example/ from:\nAnn Lee <ann@hey.example>\n\nIs it yours?\n",
    "contact-form-7": "Dear all:\nplease send the list\n\n-- \nKim Lee, Fern Ltd (https://fern.example)\n",
    "bitrix": "Meine Liste für den Garten\n------------------------------------------\n\nRosen, Eiben, Buchs\n",
    "jetpack": "My notes\n\nTime: May 2 2026\nIP: 192.0.2.7\nPage: https://garden.example/roses\n\nDoes it help?\n",
}
"""What a person may write that has the shape of a program's template."""


def letter(text: str, **headers: str) -> bytes:
    made = EmailMessage()
    made["From"], made["To"] = "Kim Lee <kim@fern.example>", "owner@garden.example"
    made["Subject"] = '[question] about "roses"'
    made["Date"] = "Tue, 03 Mar 2026 10:15:00 +0000"
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return bytes(made)


@pytest.mark.parametrize("program", LETTERS)
def test_a_letter_in_the_shape_of_a_template_is_a_letter(program: str) -> None:
    """Its author is who sent it, not whom it names."""
    card = read(letter(LETTERS[program], User_Agent="Mozilla Thunderbird")).cards[0]
    assert (card.source, card.author.email) == ("mail", "kim@fern.example")


@pytest.mark.parametrize("program", ["ninja-forms", "drupal", "joomla"])
def test_the_same_lines_from_the_site_itself_are_the_program_s(program: str) -> None:
    card = read(letter(LETTERS[program], From="Garden <site@garden.example>")).cards[0]
    assert card.source == program


@pytest.mark.parametrize(
    ("to", "headers", "copy"),
    [
        ("orders@lamp.example", {}, True),
        ("orders@mail.lamp.example", {}, True),
        ("ann@hey.example", {"Delivered_To": "orders@lamp.example"}, True),
        (
            "ann@hey.example",
            {"Received": "from a by b for <orders@lamp.example>; Tue, 3 Mar 2026 10:15:00 +0000"},
            True,
        ),
        ("ann@hey.example", {"Delivered_To": "ann@hey.example"}, False),
        ("ann@hey.example", {}, False),
    ],
)
def test_a_shop_has_a_copy_of_what_its_customer_gets(to: str, headers: dict[str, str], copy: bool) -> None:
    """Else one of us has bought something, and that is no order from us."""
    raw = letter("Thank you for your order.", From="Lamps <sales@lamp.example>", To=to, **headers)
    assert is_shops_copy(Mail.from_bytes(raw)) is copy


def test_an_order_whose_payment_failed_and_then_did_not_is_one_card() -> None:
    raw = (FIXTURES / "woocommerce" / "en-failed-order.eml").read_bytes()
    paid = raw.replace(b"has failed", b"was placed").replace(b"Order Failed", b"New Order")
    first, second = read(raw).cards[0], read(paid).cards[0]
    assert first.event_key == second.event_key == "order loom.example 5121"
    assert (first.labels.get("status"), second.labels.get("status")) == ("failed", None)


def test_an_event_of_bitrix_told_to_two_people_is_one_card() -> None:
    """`X-MID` has the event's number, then that of the template that was made for each of them."""
    raw = (FIXTURES / "bitrix" / "ru-feedback.eml").read_bytes()
    keys = {read(raw.replace(b"1234.33", one)).cards[0].event_key for one in (b"1234.33", b"1234.60", b"1235.33")}
    assert keys == {"event izba.example 1234", "event izba.example 1235"}


def test_two_reviews_of_one_product_are_two_cards() -> None:
    """OpenCart's mail has no id: the review itself is its key."""
    raw = (FIXTURES / "opencart" / "en-review.eml").read_bytes()
    keys = {card.event_key for mail in (raw, raw, _other_review(raw)) for card in read(mail).cards}
    assert len(keys) == 2


def _other_review(raw: bytes) -> bytes:
    made = Mail.from_bytes(raw).text.replace("Pours like a dream", "Pours like a nightmare")
    head = raw.partition(b"\n\n")[0]
    return head + b"\n\n------=_NextPart_0f6c1b2a3d4e5f60718293a4b5c6d7e8\nContent-Type: text/plain\n\n" + made.encode()


@settings(max_examples=60)
@given(st.integers(1, 10**5), st.text("abcжあ 1x().-", min_size=1, max_size=40).map(str.strip).filter(bool))
def test_an_item_is_counted_and_named(quantity: int, name: str) -> None:
    assert item_of(f"{quantity}x {name}") == Item(name, str(quantity))


def test_a_phone_in_an_address_is_no_postal_code() -> None:
    lines = ["Ann Lee", "Fern Ltd", "12 Lane", "88662 Fern", "ann@hey.example", "+44 (20) 7946-0853"]
    assert address_block(lines) == ("Ann Lee", "ann@hey.example", "+44 (20) 7946-0853")


SOURCES = (
    "bitrix contact_form_7 drupal elementor gravity_forms jetpack joomla magento ninja_forms opencart prestashop "
    "woocommerce wpforms"
)
NOTIFICATIONS = sorted(
    file for source in SOURCES.split() for file in (FIXTURES / source).glob("*.eml") if not file.name.startswith("no-")
)


@pytest.mark.parametrize("file", NOTIFICATIONS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_customer_s_answer_that_quotes_the_notification_is_his_letter(file: Path) -> None:
    """We answer the notification, its Reply-To is the customer, and he answers us: nothing of it may be lost."""
    told = Mail.from_bytes(file.read_bytes())
    made = EmailMessage()
    made["From"], made["To"] = "Zoe Quote <zoe@quote.example>", "owner@our.example"
    made["Subject"], made["In-Reply-To"] = f"Re: {' '.join(told.subject.split())}", "<1@our.example>"
    made["Date"], made["User-Agent"] = "Tue, 03 Mar 2026 10:15:00 +0000", "Mozilla Thunderbird"
    quoted = "\n".join(f"> {line}" for line in told.visible_text.split("\n"))
    made.set_content(f"Yes, at seven.\n\nOn Tue, 3 Mar 2026 Owner <owner@our.example> wrote:\n{quoted}\n")
    if told.html:
        page = f'<p>Yes, at seven.</p><p>On 3 Mar 2026 Owner wrote:</p><blockquote type="cite">{told.html}</blockquote>'
        made.add_alternative(page, subtype="html")
    card = read(bytes(made)).cards[0]
    assert (card.source, card.author.email, card.text) == ("mail", "zoe@quote.example", "Yes, at seven.")
