"""Links: out of redirectors by exact host, free of tracking, and never to a host that is not allowed."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.parsing.links import campaign, is_action_link, safe_url, unwrap

FB = "https://www.facebook.com"
TRACKING = "aref=1&medium=email&mid=5f&bcode=2&n_m=owner%40shop.example&lloc=header"


@pytest.mark.parametrize(
    ("wrapped", "target"),
    [
        (f"{FB}/n/?groups%2F27%2Fpermalink%2F34%2F&{TRACKING}", f"{FB}/groups/27/permalink/34/"),
        (
            f"http://www.facebook.com/nd/?permalink.php&story_fbid=1&id=2&comment_id=3&{TRACKING}",
            f"{FB}/permalink.php?story_fbid=1&id=2&comment_id=3",
        ),
        (f"{FB}/n/?photo.php&fbid=1&set=a.2&{TRACKING}", f"{FB}/photo.php?fbid=1&set=a.2"),
        ("https://l.facebook.com/l.php?u=https%3A%2F%2Fshop.example%2Fa&h=AT0", "https://shop.example/a"),
        (f"{FB}/l.php?u=https%3A%2F%2Fshop.example%2F%3Futm_source%3Dfb", "https://shop.example/"),
        ("https://vk.com/away.php?to=https%3A%2F%2Fshop.example%2Fb&cc_key=", "https://shop.example/b"),
        ("https://vk.com/wall-1_2?reply=3&from_email=1", "https://vk.com/wall-1_2?reply=3"),
        ("https://vk.com/im?msgid=9&sel=12&mhash=f0&uhash=e1&hash=d2", "https://vk.com/im?msgid=9&sel=12"),
        ("https://ok.ru/profile/5?landref=m.FeedDigest.feedOwner", "https://ok.ru/profile/5"),
        (
            "https://twitter.com/i/redirect?url=https%3A%2F%2Ftwitter.com%2Fa%2Fstatus%2F1%3Fcn%3DZg%26refsrc%3Demail&t=1",
            "https://twitter.com/a/status/1",
        ),
        (
            "https://click.redditmail.com/CL0/https:%2F%2Fwww.reddit.com%2Fr%2Ftea%2F%3F$deep_link=1%26ref=e/1/0-0/s=3",
            "https://www.reddit.com/r/tea/",
        ),
        (
            "http://redirect.disqus.com/url?impression=1&url=https%3A%2F%2Fshop.example%2Fp%23comment-12%3Asig&post=12",
            "https://shop.example/p#comment-12",
        ),
        ("https://www.linkedin.com/comm/in/anna?trk=eml&midToken=A&otpToken=B", "https://www.linkedin.com/in/anna"),
        ("https://www.google.com/url?rct=j&sa=t&url=https://shop.example/news&ct=ga", "https://shop.example/news"),
        ("https://www.youtube.com/watch?v=x1&lc=Ug&feature=em-comments", "https://www.youtube.com/watch?v=x1&lc=Ug"),
        (
            "https://l.facebook.com/l.php?u="
            + quote("https://vk.com/away.php?to=https%3A%2F%2Fshop.example%2F", safe=""),
            "https://shop.example/",
        ),
    ],
)
def test_a_redirector_is_unwrapped(wrapped: str, target: str) -> None:
    """Each form of the redirect table, and one inside another."""
    assert unwrap(wrapped) == target


@pytest.mark.parametrize(
    "url",
    [
        "https://evil-facebook.com/l.php?u=https%3A%2F%2Fshop.example%2F",
        "https://facebook.com.foul.example/l.php?u=https%3A%2F%2Fshop.example%2F",
        "https://www.facebook.com@foul.example/l.php?u=https%3A%2F%2Fshop.example%2F",
        "https://www.facebook.com:8443/l.php?u=https%3A%2F%2Fshop.example%2F",
        "https://evilvk.com/away.php?to=https%3A%2F%2Fshop.example%2F",
        "https://shop.example/tea/?utm_source=ad&gclid=1",
        "not a link",
        "",
    ],
)
def test_other_hosts_are_left_alone(url: str) -> None:
    """A look-alike is no redirector, and a page of somebody's own site keeps its whole address."""
    assert unwrap(url) == url


def test_the_campaign_is_read_from_the_visited_page() -> None:
    """The three parameters that say where a visitor came from, in order; None without any."""
    assert campaign("https://shop.example/?utm_campaign=winter&utm_source=vk&utm_medium=cpc") == "vk / cpc / winter"
    assert campaign("https://shop.example/?a=1") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/wp-admin/comment.php?action=approve&c=123#wpbody-content",
        "https://shop.example/wp-admin/comment.php?action=trash&c=123",
        "https://shop.example/wp-admin/comment.php?action=spam&c=123",
        "https://shop.example/wp-login.php?action=rp&key=ab12&login=anna",
        "https://shop.example/isso/id/1/delete/WyJkZWxldGUiLDFd.sig",
        "https://shop.example/isso/id/1/activate/WyJhY3RpdmF0ZSIsMV0.sig",
        "https://shop.example/comments/mute/eJxVUs9rFDEU3q3ddmd32R5q",
        "https://chat.example/chat/accept/17/9f2c7714",
        "https://forum.example/email/unsubscribe/ab12",
        f"{FB}/o.php?k=AS1&u=1000",
        f"{FB}/n/?email%2Fufi%2Fclick&action=like&target=1_2&hash=AB&{TRACKING}",
        f"{FB}/email_forward_notice/?mid=5f",
        "https://twitter.com/intent/favorite?ea_u=1&ea_e=2&tweet_id=3&ea_s=sig",
        "https://vk.com/settings?act=notify&f=email_block&uhash=ab",
        "https://www.reddit.com/mail/notification_off/ab12",
    ],
)
def test_one_click_links_are_known(url: str) -> None:
    """They act when opened, so they are refused even on an allowed host."""
    assert is_action_link(url)
    assert safe_url(url, None) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/tea/#comment-12",
        "https://shop.example/wp-admin/comment.php?action=editcomment&c=12",
        "https://shop.example/blog/how-to-delete-stains/",
        "https://shop.example/blog/things-we-like/autumn/",
        "https://shop.example/like",
        f"{FB}/permalink.php?story_fbid=1&id=2&comment_id=3",
        "https://vk.com/wall-1_2?reply=3",
    ],
)
def test_pages_are_no_one_click_links(url: str) -> None:
    """A verb in a title is not an action."""
    assert not is_action_link(url)
    assert safe_url(url, None) is not None


HOSTS = ("vk.com", "facebook.com")
REFUSED = [
    "http://vk.com/wall-1_2",
    "//vk.com/wall-1_2",
    "vk.com/wall-1_2",
    "https://evilvk.com/",
    "https://vk.com.foul.example/",
    "https://vk.com@foul.example/",
    "https://anna:x@vk.com/",
    "https://vk.com:8443/",
    "https://vk.com:443/",
    "https://vk.com\\.foul.example/",
    "https://foul.example\\@vk.com/",
    "https://vk.com/a\tb",
    "https://v\nk.com/",
    "https://vk.com/\u202egnp.exe",
    "https://vk\u200b.com/",
    "https://ѵk.com/",
    "https://xn--k-4wc.com/",
    "https://xn--e1a.vk.com/",
    "https://vk.com\u3002foul.example/",
    "javascript:alert(1)//vk.com/",
    "data:text/html,https://vk.com/",
    "https:///vk.com/",
    "https://[::1]/vk.com",
    "https://[vk.com",
    "https://.vk.com/",
    "https://vk..com/",
    "https://vk.com/away.php?to=https%3A%2F%2Ffoul.example%2F",
    "https://www.facebook.com/l.php?u=https%3A%2F%2Ffoul.example",
    "https://vk.com/away.php?to=javascript:alert(1)",
    "https://vk.com/away",
    "https://vk.com/" + "a" * 5_000,
    "",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_link_that_may_lead_elsewhere_is_refused(url: str) -> None:
    """The vectors that a substring test or `endswith` let through, and redirectors on allowed hosts."""
    assert safe_url(url, HOSTS) is None


def test_an_allowed_link_is_built_anew() -> None:
    """Host in lower case, path and query escaped; http only where it is allowed."""
    assert safe_url("HTTPS://M.VK.com/wall-1_2?reply=3", HOSTS) == "https://m.vk.com/wall-1_2?reply=3"
    assert safe_url('https://vk.com/чай?q="x"', HOSTS) == "https://vk.com/%D1%87%D0%B0%D0%B9?q=%22x%22"
    assert safe_url("http://shop.example", ("shop.example",), http_ok=True) == "http://shop.example/"


def test_our_own_international_host_is_allowed_by_its_name() -> None:
    """`xn--` is refused as a disguise, not where the operator configured that very host."""
    assert safe_url("https://xn--e1afmkfd.example/p", ("xn--e1afmkfd.example",)) == "https://xn--e1afmkfd.example/p"
    assert safe_url("https://xn--e1afmkfd.example/p", None) is None


PIECES = st.sampled_from(
    [
        "https://",
        "http://",
        "vk.com",
        "www.facebook.com",
        "foul.example",
        "/",
        "//",
        "@",
        ":",
        "443",
        "?",
        "#",
        "&",
        "=",
        "\\",
        ".",
        "%2F",
        "%2e",
        "l.php?u=",
        "n/?",
        "nd/?",
        "away.php?to=",
        "comm/",
        "url?url=",
        "www.google.com",
        "\t",
        "\u200b",
        "xn--",
        " ",
        "a",
        "%",
    ]
)
LINKS = st.one_of(st.lists(PIECES, max_size=14).map("".join), st.text(max_size=60).map("https://vk.com".__add__))


@given(LINKS)
def test_no_evil_host_ever_passes(url: str) -> None:
    """Whatever is put together: the result is https on an allowed host, or nothing."""
    safe = safe_url(url, HOSTS)
    if safe is not None:
        parts = urlsplit(safe)
        assert parts.scheme == "https"
        assert parts.netloc in ("vk.com", "facebook.com") or parts.netloc.endswith((".vk.com", ".facebook.com"))
        assert safe.isascii()
        assert safe.isprintable()
        assert "\\" not in safe


@given(LINKS)
def test_unwrapping_twice_changes_nothing(url: str) -> None:
    """Also for redirectors in redirectors, broken ones and ones that lead to themselves."""
    assert unwrap(unwrap(url)) == unwrap(url)


@given(st.integers(1, 12))
def test_deep_nesting_ends(levels: int) -> None:
    """Up to three levels are followed; a deeper link stays wrapped and is refused."""
    url = "https://shop.example/a"
    for _ in range(levels):
        url = "https://vk.com/away.php?to=" + quote(url, safe="")
    assert unwrap(url) == ("https://shop.example/a" if levels <= 3 else url)
    assert safe_url(url, None) == ("https://shop.example/a" if levels <= 3 else None)
