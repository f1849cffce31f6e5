"""From what a parser saw to the card: links, phones, instants, the way to answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.cards import Action, Author, Channel, Interest, InterestCard, Product, Trust
from interest_ingest.ingest.normalize import normalize, occurred, phone_number
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import SITES, Changed, Match, Parser

RECEIVED = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)
SHOP = Rules(sites=(("shop.example", "blog.shop.example"),), country="RU", timezone="Europe/Moscow")
MAIL = Mail.from_bytes(
    b"From: a@b.example\r\nTo: Desk <desk@shop.example>\r\nDate: Sat, 21 Nov 2026 12:00:00 +0300\r\n\r\nhi"
)


def nothing(mail: Mail) -> list[Interest]:
    return []


FACEBOOK = Parser("facebook.x", 1, Match(), nothing, link_hosts=("facebook.com",), photo_hosts=("fbcdn.net",))
ON_SITE = Parser("wordpress.x", 1, Match(), nothing, link_hosts=(SITES,))


def card(
    interest: Interest, parser: Parser = FACEBOOK, rules: Rules = SHOP, trust: Trust = Trust.UNPROVEN
) -> InterestCard:
    return normalize(interest, parser, MAIL, rules, trust, RECEIVED)


def comment(**fields: object) -> Interest:
    given_fields = {"text": "How much?", "event_key": "1", **fields}
    return Interest.model_validate({"channel": Channel.COMMENT, "action": Action.COMMENT, **given_fields})


def test_a_wrapped_link_is_unwrapped_and_kept_on_the_parsers_hosts() -> None:
    seen = comment(source_url="https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.facebook.com%2Fshop%2Fposts%2F1")
    assert card(seen).source_url == "https://www.facebook.com/shop/posts/1"


@pytest.mark.parametrize(
    "url",
    [
        "https://l.facebook.com/l.php?u=https%3A%2F%2Ffoul.example%2F",
        "https://facebook.com.foul.example/",
        "https://evilfacebook.com/",
        "http://facebook.com/post",
        "https://user@facebook.com/",
        "https://facebook.com:8443/",
        "https://new.facebook.com/x/../l.php?u=https://evil.example/",
        "https://www.facebook.com/%6c.php/?u=https://evil.example/",
        "https://www.facebook.com//L.PHP?u=https://evil.example/",
        "https://www.facebook.com/login.php?next=https%3A%2F%2Fevil.example%2F",
        "https://www.facebook.com/flx/warn/?u=//evil.example/",
        "javascript:alert(1)",
    ],
)
def test_a_link_to_any_other_place_is_refused_and_the_card_says_so(url: str) -> None:
    made = card(comment(source_url=url))
    assert made.source_url is None
    assert made.reply.url is None
    assert any(note.startswith("source link refused") for note in made.notes)


def test_our_own_software_may_link_to_our_sites_only_also_without_tls() -> None:
    assert card(comment(source_url="http://blog.shop.example/p"), ON_SITE).source_url == "http://blog.shop.example/p"
    assert card(comment(source_url="https://elsewhere.example/p"), ON_SITE).source_url is None


def test_without_configured_sites_links_stay_and_the_card_is_unproven() -> None:
    made = card(comment(source_url="https://any.example/p"), ON_SITE, Rules(), Trust.VERIFIED)
    assert (made.source_url, made.trust) == ("https://any.example/p", Trust.UNPROVEN)


def test_a_failed_mail_gives_a_marked_card_without_any_link() -> None:
    seen = comment(
        source_url="https://facebook.com/p",
        author=Author(name="Mallory", email="m@x.example", profile_url="https://facebook.com/m"),
        product=Product(name="Tea", url="https://facebook.com/tea"),
    )
    made = card(seen, trust=Trust.FAILED)
    links = [made.source_url, made.reply.url, made.author.profile_url, made.product.url]
    assert (made.trust, links) == (Trust.FAILED, [None] * 4)


def test_a_public_interest_is_answered_at_its_place_a_private_one_by_mail_or_phone() -> None:
    author = Author(email="Ann@X.example", phone="8 (900) 000-11-22")
    public = card(comment(source_url="https://facebook.com/p", author=author))
    assert public.reply.url == "https://facebook.com/p"
    form = Interest(channel=Channel.FORM, action=Action.REQUEST, author=author, text="hi")
    assert card(form).reply.url == "mailto:ann@x.example"
    caller = Interest(channel=Channel.CALL, action=Action.CALL, author=Author(phone="8 (900) 000-11-22"))
    assert card(caller).reply.url == "tel:+79000001122"


@pytest.mark.parametrize("phone", ["*21*89000001122#", "%2A21%2A89000001122%23", "89000001122;phone-context=x"])
def test_a_code_for_the_managers_own_telephone_is_no_way_to_answer(phone: str) -> None:
    caller = Interest(channel=Channel.CALL, action=Action.CALL, author=Author(phone=phone))
    assert card(caller).reply.url in (None, "tel:89000001122", "tel:+79000001122")


@pytest.mark.parametrize("address", ["a@x.example?bcc=e@y.example", "a@x.example,e@y.example", "a%0abcc:e@x.example"])
def test_an_address_that_would_copy_a_stranger_in_is_none(address: str) -> None:
    made = card(
        Interest(channel=Channel.FORM, action=Action.REQUEST, author=Author(name="A", email=address), text="hi")
    )
    assert (made.author.email, made.reply.url) == (None, None)


def test_a_mailto_keeps_the_address_readable() -> None:
    form = Interest(channel=Channel.FORM, action=Action.REQUEST, author=Author(email="o'hara+tea@x.example"), text="hi")
    assert card(form).reply.url == "mailto:o'hara+tea@x.example"


def test_a_photo_from_elsewhere_than_the_photo_hosts_is_refused() -> None:
    good = "https://scontent.xx.fbcdn.net/v/1.jpg"
    assert card(comment(author=Author(name="A", photo_url=good))).author.photo_url == good
    assert card(comment(author=Author(name="A", photo_url="https://facebook.com/pixel.gif"))).author.photo_url is None
    assert card(comment(author=Author(name="A", photo_url=good)), ON_SITE, Rules()).author.photo_url is None


def test_a_comment_without_link_and_ids_is_a_changed_template() -> None:
    with pytest.raises(Changed, match="ids of the event"):
        card(comment(event_key=None))
    with pytest.raises(Changed, match="author"):
        card(comment(text=""))


def test_the_instant_in_the_body_wins_then_the_date_field_then_the_arrival() -> None:
    in_body = datetime(2026, 11, 20, 23, 30)  # noqa: DTZ001 - mails name instants without a zone
    moscow = timezone(timedelta(hours=3))
    header = datetime(2026, 11, 21, 12, 0, tzinfo=moscow)
    assert occurred(in_body, header, RECEIVED, SHOP) == (datetime(2026, 11, 20, 20, 30, tzinfo=UTC), 180)
    assert occurred(None, header, RECEIVED, SHOP) == (datetime(2026, 11, 21, 9, 0, tzinfo=UTC), 180)
    assert occurred(None, header.replace(year=2024), RECEIVED, SHOP) == (RECEIVED, None)
    assert occurred(None, header.replace(year=2027), RECEIVED, SHOP) == (RECEIVED, None)


@given(st.datetimes(), st.datetimes())
def test_no_instant_is_far_from_the_arrival(in_body: datetime, in_header: datetime) -> None:
    moment, _ = occurred(in_body, in_header, RECEIVED, SHOP)
    assert timedelta(days=-30) <= moment - RECEIVED <= timedelta(days=1)


@pytest.mark.parametrize(
    ("written", "country", "stored"),
    [
        ("+7 (900) 000-11-22", None, "+79000001122"),
        ("8 900 000 11 22", "RU", "+79000001122"),
        ("۰۹۱۲ ۰۰۰ ۰۰۰۰", "IR", "+989120000000"),
        ("020 7946 0000", None, "020 7946 0000"),
        ("call me", "RU", "call me"),
        (None, "RU", None),
    ],
)
def test_phones_become_e164_where_the_country_is_known(
    written: str | None, country: str | None, stored: str | None
) -> None:
    assert phone_number(written, country) == stored


def test_the_account_is_the_site_or_the_recipient() -> None:
    assert card(comment(source_url="https://blog.shop.example/p"), ON_SITE).account == "shop.example"
    assert card(comment()).account == "desk@shop.example"
    assert card(comment(account="facebook.com/ourpage")).account == "facebook.com/ourpage"
