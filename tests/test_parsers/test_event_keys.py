"""The service's own ids make the key of an event: equal for two mails about one comment, different for two acts."""

from __future__ import annotations

from pathlib import Path

import pytest

from interest_ingest.ingest.reading import read
from interest_ingest.mail import Mail
from interest_ingest.parsing import Action
from interest_ingest.parsing.deeds import Deed
from interest_ingest.parsing.links import unwrap
from interest_ingest.parsing.social import Network, event_key
from interest_parsers.facebook import FACEBOOK
from interest_parsers.instagram import INSTAGRAM
from interest_parsers.linkedin import LINKEDIN
from interest_parsers.odnoklassniki import ODNOKLASSNIKI
from interest_parsers.reddit import REDDIT
from interest_parsers.twitter import TWITTER
from interest_parsers.vkontakte import VKONTAKTE
from interest_parsers.youtube import YOUTUBE

FIXTURES = Path(__file__).parent.parent / "fixtures"
FB = "https://www.facebook.com"
ANNA = f"{FB}/anna"
VK = "https://vk.com"


@pytest.mark.parametrize(
    ("url", "action", "key"),
    [
        (f"{FB}/permalink.php?story_fbid=12&id=4&comment_id=78", Action.COMMENT, None),
        (f"{FB}/permalink.php?story_fbid=123&id=4&comment_id=78", Action.COMMENT, "post 123 comment 78"),
        (f"{FB}/photo.php?fbid=123&set=a.1&comment_id=78", Action.MENTION, "post 123 comment 78"),
        (f"{FB}/groups/27/permalink/341/", Action.OTHER, "post 341"),
        (f"{FB}/groups/27/341/", Action.OTHER, "post 341"),
        (f"{FB}/tea/posts/551?comment_id=6&reply_comment_id=7", Action.REPLY, "post 551 comment 6 reply 7"),
        (f"{FB}/tea/posts/551", Action.COMMENT, None),
        (f"{FB}/anna/posts/551", Action.REVIEW, "post 551"),
        (f"{FB}/tea/posts/551", Action.LIKE, "post 551 like facebook.com/anna"),
        (f"{FB}/tea", Action.LIKE, None),
        (f"{FB}/messages/t/100077", Action.MESSAGE, None),
        (f"{FB}/tea/reviews/", Action.REVIEW, None),
    ],
)
def test_facebook_ids(url: str, action: Action, key: str | None) -> None:
    """A comment without its id has no key: two comments of one post must not become one card."""
    assert event_key(FACEBOOK.ids(url), Deed(action, "Anna"), ANNA, url) == key


@pytest.mark.parametrize(
    ("url", "action", "key"),
    [
        (f"{VK}/wall-4_77?reply=81", Action.COMMENT, "wall-4_77 reply 81"),
        (f"{VK}/feed?w=wall-4_77_r81", Action.COMMENT, "wall-4_77 reply 81"),
        (f"{VK}/wall-4_77", Action.COMMENT, None),
        (f"{VK}/wall-4_77", Action.OTHER, "wall-4_77"),
        (f"{VK}/wall-4_77", Action.LIKE, "wall-4_77 like Anna"),
        (f"{VK}/im?msgid=9&sel=12", Action.MESSAGE, "message 9"),
        (f"{VK}/im?sel=12", Action.MESSAGE, None),
    ],
)
def test_vkontakte_ids(url: str, action: Action, key: str | None) -> None:
    """A dialogue is no event: every message in it is one."""
    assert event_key(VKONTAKTE.ids(url), Deed(action, "Anna"), None, url) == key


FB_TOLD = "&aref=1&medium=email&mid=5f&bcode=2&n_m=owner%40shop.example&lloc="
LI = "https://www.linkedin.com"
CL = "https://click.redditmail.com/CL0/https:%2F%2Fwww.reddit.com%2Fr%2Ftea%2Fcomments%2Fab4%2Four_shop%2F"
ONE_COMMENT: dict[str, tuple[Network, tuple[str, ...], str]] = {
    "facebook": (
        FACEBOOK,
        (
            f"{FB}/n/?permalink.php&story_fbid=123&id=4&comment_id=78{FB_TOLD}view_on_facebook_btn",
            f"http://www.facebook.com/nd/?permalink.php&id=4&comment_id=78&story_fbid=123{FB_TOLD}1st_cta",
            f"{FB}/tea/posts/123?comment_id=78",
            "https://m.facebook.com/groups/27/permalink/123/?comment_id=78&ref=notif",
            f"{FB}/groups/27/?multi_permalinks=123&comment_id=78",
        ),
        f"{FB}/n/?permalink.php&story_fbid=123&id=4&comment_id=79{FB_TOLD}view_on_facebook_btn",
    ),
    "vkontakte": (
        VKONTAKTE,
        (f"{VK}/wall-4_77?reply=81&from_email=1", f"{VK}/feed?w=wall-4_77_r81", "https://m.vk.com/wall-4_77?reply=81#r81"),
        f"{VK}/wall-4_77?reply=82",
    ),
    "instagram": (
        INSTAGRAM,
        ("https://www.instagram.com/p/CxY/c/179/", "https://instagram.com/p/CxY/c/179"),
        "https://www.instagram.com/p/CxY/c/180/",
    ),
    "linkedin": (
        LINKEDIN,
        (
            f"{LI}/comm/feed/update/urn:li:activity:71?midToken=A&commentUrn=urn%3Ali%3Acomment%3A%28activity%3A71%2C77%29",
            f"{LI}/feed/update/urn:li:activity:71?commentUrn=urn:li:comment:(activity:71,77)&trk=x",
            f"{LI}/feed/update/urn:li:activity:71?commentUrn=urn:li:comment:(urn:li:activity:71,77)",
        ),
        f"{LI}/feed/update/urn:li:activity:71?commentUrn=urn:li:comment:(activity:71,78)",
    ),
    "youtube": (
        YOUTUBE,
        (
            "https://www.youtube.com/watch?v=x1&lc=Ug-1&feature=em-comments",
            "https://m.youtube.com/watch?lc=Ug-1&v=x1",
        ),
        "https://www.youtube.com/watch?v=x1&lc=Ug-2&feature=em-comments",
    ),
    "reddit": (
        REDDIT,
        (f"{CL}kd77%2F%3F$deep_link=true%26ref=email/1/0100-00/sig=3", "https://old.reddit.com/r/tea/comments/ab4/our_shop/kd77/"),
        f"{CL}kd78%2F/1/0100-00/sig=4",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ONE_COMMENT)
def test_one_comment_has_one_key(name: str) -> None:
    """In a single mail, a digest, on another of the network's hosts; another comment of the post differs."""
    network, links, other = ONE_COMMENT[name]
    told = Deed(Action.COMMENT, "Anna")
    keys = {event_key(network.ids(unwrap(link)), told, None, unwrap(link)) for link in links}
    assert len(keys) == 1
    assert None not in keys
    assert event_key(network.ids(unwrap(other)), told, None, unwrap(other)) not in {None, *keys}


@pytest.mark.parametrize(
    ("network", "link"),
    [
        (ODNOKLASSNIKI, "https://ok.ru/profile/77/pphoto/9002?landref=m.FeedDigest.PHOTO_COMMENTED"),
        (TWITTER, "https://x.com/teashop/status/13300"),
        (INSTAGRAM, "https://www.instagram.com/p/CxY/"),
        (LINKEDIN, f"{LI}/comm/feed/update/urn:li:activity:71"),
        (YOUTUBE, "https://www.youtube.com/watch?v=x1&feature=em-comments"),
        (REDDIT, "https://www.reddit.com/r/tea/comments/ab4/our_shop/"),
    ],
)
def test_the_ids_of_a_post_are_no_key_of_a_comment(network: Network, link: str) -> None:
    """But of a like with its author: two people's likes of a post are two."""
    ids = network.ids(unwrap(link))
    assert ids
    assert event_key(ids, Deed(Action.COMMENT, "Anna"), None, link) is None
    assert event_key(ids, Deed(Action.MENTION, "Anna", kind="comment"), None, link) is None
    likes = {event_key(ids, Deed(Action.LIKE, name), None, link) for name in ("Anna", "Boris")}
    assert len(likes - {None}) == 2


def test_an_answer_at_the_authors_own_place_is_his() -> None:
    """A reply on Twitter is a status of its own, told by its address."""
    anna = "https://twitter.com/anna"
    told = Deed(Action.REPLY, "Anna")
    assert event_key("status 5", told, anna, f"{anna}/status/5") == "status 5"
    assert event_key("status 4", told, anna, "https://twitter.com/teashop/status/4") is None


def keys_of(case: str) -> list[str | None]:
    """The event keys of the cards of a recorded mail."""
    return [card.event_key for card in read((FIXTURES / f"{case}.eml").read_bytes()).cards]


def test_single_mail_digest_and_reminder_of_one_comment() -> None:
    """The recorded mails about one comment; the digest tells of another comment of that post too."""
    [single], [reminder], digest = map(
        keys_of, ("facebook/en-comment", "facebook/en-reminder", "facebook/en-digest-of-our-posts")
    )
    assert single == reminder == digest[0] == "post 12345678 comment 7890"
    assert len(set(digest)) == len(digest)


def test_a_second_admin_gets_the_same_key() -> None:
    """Whoever the mail was sent to: what the links tell of the recipient is no part of the event."""
    raw = (FIXTURES / "facebook/en-comment.eml").read_bytes()
    other = (
        raw.replace(b"owner%40ladle", b"second%40ladle")
        .replace(b"owner@ladle", b"second@ladle")
        .replace(b"5f2c", b"77aa")
    )
    assert Mail.from_bytes(other).canon_digest != Mail.from_bytes(raw).canon_digest
    assert [card.event_key for card in read(other).cards] == keys_of("facebook/en-comment")
