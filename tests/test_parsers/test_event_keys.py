"""The service's own ids make the key of an event: equal for two mails about one comment, different for two acts."""

from __future__ import annotations

import pytest

from interest_ingest.parsing import Action
from interest_ingest.parsing.social import Deed
from interest_parsers import facebook, vkontakte

FB = "https://www.facebook.com"
ANNA = f"{FB}/anna"


@pytest.mark.parametrize(
    ("url", "action", "key"),
    [
        (f"{FB}/permalink.php?story_fbid=12&id=4&comment_id=78", Action.COMMENT, None),
        (f"{FB}/permalink.php?story_fbid=123&id=4&comment_id=78", Action.COMMENT, "post 123 comment 78"),
        (f"{FB}/photo.php?fbid=123&set=a.1&comment_id=78", Action.MENTION, "post 123 comment 78"),
        (f"{FB}/groups/27/permalink/341/", Action.OTHER, "post 341"),
        (f"{FB}/groups/27/341/", Action.OTHER, "post 341"),
        (f"{FB}/tea/posts/551?comment_id=6&reply_comment_id=7", Action.REPLY, "post 551 comment 6 reply_comment 7"),
        (f"{FB}/tea/posts/551", Action.COMMENT, None),
        (f"{FB}/tea/posts/551", Action.LIKE, f"post 551 like {ANNA}"),
        (f"{FB}/tea", Action.LIKE, None),
    ],
)
def test_facebook_ids(url: str, action: Action, key: str | None) -> None:
    """A comment without its id has no key: two comments of one post must not become one card."""
    assert facebook.event_key(url, Deed(action, "Anna"), ANNA) == key


@pytest.mark.parametrize(
    ("ids", "action", "key"),
    [
        ("wall-4_77 reply 81", Action.COMMENT, "wall-4_77 reply 81"),
        ("wall-4_77", Action.COMMENT, None),
        ("wall-4_77", Action.OTHER, "wall-4_77"),
        ("wall-4_77", Action.LIKE, "wall-4_77 like Anna"),
        ("msgid 9", Action.MESSAGE, "msgid 9"),
        ("sel 12", Action.MESSAGE, None),
    ],
)
def test_vkontakte_ids(ids: str, action: Action, key: str | None) -> None:
    """A dialogue is no event: every message in it is one."""
    assert vkontakte.key_of(ids, Deed(action, "Anna"), None) == key
