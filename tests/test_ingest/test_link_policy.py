"""T-18: of all links that a mail can show, a card keeps only those that lead where they say."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from interest_ingest.cards import Action, Author, Channel, Interest, InterestCard, Product, Trust
from interest_ingest.ingest.normalize import normalize
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.parsing import ANYWHERE, SITES, Match, Parser
from tests.torture import report

MAIL = Mail.from_bytes(b"From: a@b.example\r\nTo: desk@shop.example\r\nSubject: x\r\n\r\nhi")
RULES = Rules(sites=(("shop.example",),))


def nothing(mail: Mail) -> list[Interest]:
    return []


SOCIAL = Parser("vkontakte.x", 1, Match(), nothing, link_hosts=("vk.com", "facebook.com"), photo_hosts=("fbcdn.net",))
ON_SITE = Parser("wordpress.x", 1, Match(), nothing, link_hosts=(SITES,))


def card(url: str, parser: Parser = SOCIAL, trust: Trust = Trust.UNPROVEN) -> InterestCard:
    """A comment with this link in every place where there may be one."""
    interest = Interest(
        channel=Channel.COMMENT,
        action=Action.COMMENT,
        text="How much?",
        event_key="1",
        author=Author(name="Anna", profile_url=url, photo_url=url),
        product=Product(name="Tea", url=url),
        source_url=url,
        reply_url=url,
    )
    return normalize(interest, parser, MAIL, RULES, trust, datetime(2026, 11, 21, tzinfo=UTC))


def links(one: InterestCard) -> set[str | None]:
    return {one.source_url, one.reply.url, one.author.profile_url, one.product.url}


KEPT = {
    "https://vk.com/wall-1_2?reply=3": "https://vk.com/wall-1_2?reply=3",
    "HTTPS://M.VK.COM/anna": "https://m.vk.com/anna",
    " https://vk.com/anna\n": "https://vk.com/anna",
    "https://www.facebook.com/anna.example": "https://www.facebook.com/anna.example",
    "https://vk.com/чай": "https://vk.com/%D1%87%D0%B0%D0%B9",
    'https://vk.com/a"onmouseover="x': "https://vk.com/a%22onmouseover=%22x",
    "https://vk.com/<script>": "https://vk.com/%3Cscript%3E",
    # Out of redirectors, and the target tested again.
    "https://vk.com/away.php?to=https%3A%2F%2Fvk.com%2Fanna": "https://vk.com/anna",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F1&h=AT0": (
        "https://www.facebook.com/a/posts/1"
    ),
    "https://vk.com/away.php?to=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fvk.com%252Fanna": (
        "https://vk.com/anna"
    ),
    "https://www.facebook.com/n/?permalink.php&story_fbid=1&id=2&n_m=owner%40shop.example&medium=email": (
        "https://www.facebook.com/permalink.php?story_fbid=1&id=2"
    ),
    # Keys that let whoever opens the link in as its recipient.
    "https://vk.com/wall-1_2?access_token=ab12&reply=3": "https://vk.com/wall-1_2?reply=3",
    "https://vk.com/im?sel=12&autologin=ab12&hash=ff": "https://vk.com/im?sel=12",
    "https://www.facebook.com/anna?auth_token=ab12": "https://www.facebook.com/anna",
    "https://www.facebook.com/n/?anna.example&login_token=ab12": "https://www.facebook.com/anna.example",
    "https://vk.com/away.php?to=https%3A%2F%2Fvk.com%2Fanna%3Faccess%255Ftoken%3Dab12": "https://vk.com/anna",
}

REFUSED = [
    # Not https.
    "http://vk.com/anna",
    "//vk.com/anna",
    "vk.com/anna",
    "https:/vk.com/anna",
    "ftp://vk.com/anna",
    "javascript:alert(1)//vk.com/",
    "data:text/html,<a href=https://vk.com/>",
    "file:///etc/passwd",
    "vbscript:vk.com",
    "intent://vk.com/#Intent;scheme=https;end",
    # Other hosts that look alike.
    "https://evilvk.com/",
    "https://vk.com.foul.example/",
    "https://foul.example/vk.com",
    "https://foul.example/?https://vk.com/",
    "https://foul.example/#vk.com",
    "https://vk.com-login.example/",
    "https://vk.co/",
    "https://vk.comm/",
    "https://vк.com/",
    "https://ＶＫ.com/",
    "https://vk。com/",
    "https://xn--k-4wc.com/",
    "https://xn--e1a.vk.com/",
    "https://vk\u200b.com/",
    "https://vk\u00ad.com/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://[::1]/",
    "https://localhost/",
    # Somebody else's host behind ours.
    "https://vk.com@foul.example/",
    "https://vk.com:pass@foul.example/",
    "https://anna@vk.com/",
    "https://vk.com%2f@foul.example/",
    "https://vk.com\\@foul.example/",
    "https://foul.example\\.vk.com/",
    "https://vk.com%00.foul.example/",
    "https://vk.com;foul.example/",
    "https://vk.com foul.example/",
    "https://vk.com\tfoul.example/",
    "https://vk.com\u2028foul.example/",
    # Ports, dots, controls.
    "https://vk.com:8443/",
    "https://vk.com./",
    "https://.vk.com/",
    "https:///vk.com/",
    "https://vk.com/\u202egnp.exe",
    "https://vk.com/\ufeffa",
    "https://vk.com/" + "a" * 5_000,
    "https://vk.com/" + "ч" * 400,
    # Redirectors, known and unknown, and what they hide.
    "https://vk.com/away.php?to=https%3A%2F%2Ffoul.example",
    "https://vk.com/AWAY.php?to=https%3A%2F%2Ffoul.example",
    "https://vk.com/x/../away.php?to=https%3A%2F%2Ffoul.example",
    "https://vk.com/%61way.php?to=https%3A%2F%2Ffoul.example",
    "https://vk.com/away.php?to=javascript:alert(1)",
    "https://vk.com/away.php?to=http%3A%2F%2Fvk.com%2F",
    "https://vk.com/away.php?to=https%3A%2F%2Fvk.com%2Faway.php%3Fto%3Dhttps%253A%252F%252Ffoul.example",
    "https://l.facebook.com/l.php?u=https%3A%2F%2Ffoul.example",
    "https://www.facebook.com/l.php?u=%2F%2Ffoul.example",
    "https://www.facebook.com/flx/warn/?u=https%3A%2F%2Ffoul.example",
    "https://www.facebook.com/dialog/oauth?redirect_uri=https%3A%2F%2Ffoul.example",
    "https://vk.com/share.php?url=https%3A%2F%2Ffoul.example",
    "https://vk.com/app1#https://foul.example",
    "https://vk.com/a/https://foul.example",
    # Doors to an account, and keys where they cannot be taken off.
    "https://vk.com/login?act=slogin&to=im",
    "https://vk.com/restore?code=1234",
    "https://www.facebook.com/login.php?next=%2Fanna",
    "https://www.facebook.com/recover/initiate?n=123456",
    "https://www.facebook.com/confirmemail.php?e=a&c=12345",
    "https://vk.com/anna#access_token=ab12",
    "https://new.vk.com/anna?access_token=ab12",
    # What acts when it is opened.
    "https://www.facebook.com/o.php?k=AS1&u=1000&mid=5f",
    "https://www.facebook.com/n/?email%2Fufi%2Fclick&action=like&target=1_2&hash=AB",
    "https://vk.com/settings?act=notify&f=email_block",
    "https://vk.com/away.php?to=https%3A%2F%2Fvk.com%2Funsubscribe%2F12",
]


@pytest.mark.parametrize("url", KEPT)
def test_a_true_link_is_built_anew(url: str) -> None:
    """T-18: in every place of the card."""
    assert links(card(url)) == {KEPT[url]}


@pytest.mark.parametrize("url", REFUSED)
def test_any_other_is_refused_and_the_card_says_so(url: str) -> None:
    """T-18: the card is kept without it."""
    made = card(url)
    assert links(made) == {None}
    assert made.author.photo_url is None
    assert len(made.notes) >= 4
    assert made.text == "How much?"


@pytest.mark.parametrize("url", KEPT)
def test_a_mail_that_failed_gives_no_link_at_all(url: str) -> None:
    made = card(url, trust=Trust.FAILED)
    assert links(made) == {None}
    assert made.reply.kind is None


ON_SITE_KEPT = [
    "https://shop.example/tea/#comment-1",
    "http://shop.example/tea/?replytocom=1",
    "https://a.shop.example/",
]
ON_SITE_REFUSED = [
    "https://shop.example.foul.example/tea/",
    "https://foulshop.example/tea/",
    "https://shop.example/wp-admin/comment.php?action=approve&c=1",
    "https://shop.example/wp-admin/comment.php?action=trash&c=1&_wpnonce=ab",
    "https://shop.example/wp-login.php?action=rp&key=ab12&login=anna",
    "https://user:pass@shop.example/",
    "https://shop.example:8443/",
]


@pytest.mark.parametrize("url", ON_SITE_KEPT)
def test_our_own_sites_links_are_kept(url: str) -> None:
    assert card(url, ON_SITE).source_url == url


@pytest.mark.parametrize("url", ON_SITE_REFUSED)
def test_others_are_not_our_sites(url: str) -> None:
    assert card(url, ON_SITE).source_url is None


def test_there_are_enough_of_them() -> None:
    """T-18: 60 links of the 28 kinds."""
    wrong = sum(links(card(url)) != {None} for url in REFUSED) + sum(links(card(url)) != {KEPT[url]} for url in KEPT)
    report("T-18 links", urls=len(REFUSED) + len(KEPT) + len(ON_SITE_KEPT) + len(ON_SITE_REFUSED), wrong_host=wrong)
    assert len(REFUSED) >= 60
    assert wrong == 0


def test_a_parser_may_name_a_service_beside_the_own_sites() -> None:
    both = Parser("widget.x", 1, Match(), nothing, link_hosts=(SITES, "widget.example"))
    assert card("http://shop.example/tea#comment-1", both).source_url == "http://shop.example/tea#comment-1"
    assert card("https://widget.example/by/anna", both).source_url == "https://widget.example/by/anna"
    assert card("http://widget.example/by/anna", both).source_url is None, "http is for own sites alone"
    assert card("https://elsewhere.example/tea", both).source_url is None
    assert card("https://shop.example/tea", both).account == "shop.example"
    assert card("https://widget.example/by/anna", both).account == "desk@shop.example"


def test_a_service_that_reports_on_others_may_link_anywhere_but_not_by_any_means() -> None:
    alerts = Parser("alerts.x", 1, Match(), nothing, link_hosts=(ANYWHERE,))
    assert card("https://blog.example/tea", alerts).source_url == "https://blog.example/tea"
    for bad in ("http://blog.example/tea", "https://user@blog.example/tea", "https://blog.example/unsubscribe"):
        assert card(bad, alerts).source_url is None
