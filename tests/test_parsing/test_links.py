"""Links: out of redirectors by exact host, free of tracking, and never to a host that is not allowed."""

from __future__ import annotations

from random import Random
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.parsing.links import campaign, is_action_link, keyless, safe_url, unwrap

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
        (
            "https://www.linkedin.com/comm/feed/update/urn:li:activity:7?trk=e&commentUrn=urn%3Ali%3Acomment&otpToken=B",
            "https://www.linkedin.com/feed/update/urn:li:activity:7?commentUrn=urn%3Ali%3Acomment",
        ),
        ("https://www.youtube.com/watch?v=x1&lc=Ug&feature=em-comments", "https://www.youtube.com/watch?v=x1&lc=Ug"),
        ("https://www.youtube.com/watch?feature=em-uploademail&v=x1&t=90", "https://www.youtube.com/watch?v=x1&t=90"),
        ("https://odnoklassniki.ru/profile/5?landref=m.Pr.x", "https://odnoklassniki.ru/profile/5"),
        ("https://x.com/a/status/1?cn=Zg&refsrc=email&s=20&t=ab", "https://x.com/a/status/1"),
        ("https://old.reddit.com/r/tea/?ref=email&ref_source=email&rdt=5", "https://old.reddit.com/r/tea/"),
        (f"{FB}/n/?groups%2F27%2F&multi_permalinks=34&{TRACKING}", f"{FB}/groups/27/?multi_permalinks=34"),
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


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://shop.example/r/5?token=abc123def", "https://shop.example/r/5"),
        ("https://shop.example/r/5?page=2&auth_key=Zz9&x=%20#c7", "https://shop.example/r/5?page=2&x=%20#c7"),
        ("https://shop.example/r/5#access_token=abc", "https://shop.example/r/5"),
        ("https://shop.example/r/5?page=2", "https://shop.example/r/5?page=2"),
        ("mailto:a@shop.example?token=1", "mailto:a@shop.example?token=1"),
    ],
)
def test_a_link_without_its_keys_is_kept_and_with_them_is_not(url: str, kept: str) -> None:
    assert keyless(url) == kept
    if url.startswith("https:"):
        assert safe_url(keyless(url), ["shop.example"]) == kept
        assert (safe_url(url, ["shop.example"]) is None) is (kept != url)


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


PAGES = st.builds(
    "https://{}/{}{}".format,
    st.sampled_from(("shop.example", "tea.shop.example", "xn--e1afmkfd.example")),
    st.lists(st.text("abcdefgh0123456789-_~", min_size=1, max_size=8), max_size=3).map("/".join),
    st.one_of(
        st.just(""),
        st.dictionaries(st.sampled_from(("page", "q", "item")), st.text(max_size=8), min_size=1, max_size=2)
        .map(urlencode)
        .map("?{}".format),
    ),
)
"""Pages of somebody's own, as redirectors carry them."""

WRAPPERS = {
    "facebook l.php": "https://l.facebook.com/l.php?u={}&h=AT0x",
    "facebook www l.php": "https://www.facebook.com/l.php?h=AT0x&u={}",
    "instagram": "https://l.instagram.com/?u={}&e=AT0",
    "vk away": "https://vk.com/away.php?to={}&cc_key=",
    "vk.ru away": "https://m.vk.ru/away?to={}",
    "twitter": "https://twitter.com/i/redirect?url={}&t=1+1795&cn=Zg%3D%3D&sig=9e&iid=dd&uid=7&nid=244",
    "x": "https://x.com/i/redirect?url={}&t=1",
    "reddit": "https://click.redditmail.com/CL0/{}/1/0100018c-0000/AbC-dEf=330",
    "disqus": "http://redirect.disqus.com/url?impression=ab&forum=tea&url={}&post=12&type=notification.post.moderator",
    "google": "https://www.google.com/url?rct=j&sa=t&url={}&ct=ga&cd=CAE",
    "youtube": "https://www.youtube.com/redirect?event=comments&q={}",
}
LOOK_ALIKES = ("evil-{}", "{}.foul.example", "x{}", "foul.example@{}", "{}:8443", "{}.", "foul.{}")


@given(page=PAGES, form=st.sampled_from(sorted(WRAPPERS)))
def test_a_redirector_gives_back_what_was_put_in(page: str, form: str) -> None:
    """Each row of the table that carries a page of any site."""
    wrapped = WRAPPERS[form].format(quote(page, safe=""))
    assert unwrap(wrapped) == page
    assert safe_url(wrapped, ("shop.example", "xn--e1afmkfd.example")) is not None


@given(page=PAGES, form=st.sampled_from(sorted(WRAPPERS)), disguise=st.sampled_from(LOOK_ALIKES))
def test_a_look_alike_of_a_redirector_is_not_opened(page: str, form: str, disguise: str) -> None:
    """Hosts are compared whole: what is behind, before or inside of one makes another host."""
    wrapped = WRAPPERS[form].format(quote(page, safe=""))
    host = urlsplit(wrapped).netloc
    disguised = wrapped.replace(host, disguise.format(host), 1)
    assert unwrap(disguised) == disguised
    assert safe_url(disguised, ("shop.example", "xn--e1afmkfd.example")) is None


IDS = st.integers(1, 10**18).map(str)
TOLD = st.lists(
    st.sampled_from(("aref=1", "medium=email", "mid=5f", "bcode=2.17", "n_m=owner%40shop.example", "lloc=header")),
    max_size=6,
)


@given(
    post=IDS,
    page=IDS,
    comment=IDS,
    told=TOLD,
    door=st.sampled_from(("n", "nd")),
    order=st.randoms(use_true_random=False),
)
def test_facebooks_links_keep_their_ids_and_tell_of_nobody(
    post: str, page: str, comment: str, told: list[str], door: str, order: Random
) -> None:
    """`/n/?<path>&<ids>&<tracking>` in any order."""
    parameters = [f"story_fbid={post}", f"id={page}", f"comment_id={comment}", *told]
    order.shuffle(parameters)
    target = unwrap(f"{FB}/{door}/?permalink.php&{'&'.join(parameters)}")
    assert target.startswith(f"{FB}/permalink.php?")
    assert dict(parse_qsl(urlsplit(target).query)) == {"story_fbid": post, "id": page, "comment_id": comment}


@given(
    video=st.text("abcXYZ019_-", min_size=1, max_size=11),
    comment=IDS,
    extra=st.dictionaries(st.text("abcdeg", min_size=2, max_size=6), IDS, max_size=4),
)
def test_youtubes_links_keep_video_and_comment(video: str, comment: str, extra: dict[str, str]) -> None:
    """All else tells which mail was read."""
    query = urlencode({**extra, "v": video, "feature": "em-comments", "lc": comment})
    told = dict(parse_qsl(urlsplit(unwrap(f"https://www.youtube.com/watch?{query}")).query))
    assert told == {"v": video, "lc": comment}
