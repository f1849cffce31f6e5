"""The service's own ids make the key of an event: equal for two mails about one comment, different for two acts."""

from __future__ import annotations

import pytest

from interest_ingest.parsing import Action
from interest_ingest.parsing.deeds import Deed
from interest_ingest.parsing.social import event_key
from interest_parsers import facebook, vkontakte

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
    assert event_key(facebook.ids(url), Deed(action, "Anna"), ANNA, url) == key


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
    assert event_key(vkontakte.VKONTAKTE.ids(url), Deed(action, "Anna"), None, url) == key
