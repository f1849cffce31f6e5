"""Facebook: comments, replies, posts in groups, mentions, likes, reactions, shares, messages and reviews.

Known are real mails of 2010 to 2022. The layouts of later ones, and of page messages, mentions and reviews, are not:
they are read by structure, the sentence and the ids in the links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Action, Interest, Mail, Match, parser
from interest_ingest.parsing.deeds import read_sentence
from interest_ingest.parsing.social import Network, interests, named, portrait, quoted, shown, unquoted

HOSTS = ("facebook.com", "fb.com")
PORTRAITS = re.compile(r"scontent[\w.-]*\.fbcdn\.net")

POST = re.compile(
    r"(?:[?&](?:story_fbid|fbid|v|multi_permalinks)=|/(?:permalink|posts|videos|reel|photos)/(?:[^/?]+/)?|/groups/[^/?]+/(?=\d))"
    r"(?P<id>\w{3,})(?=[/?&#]|$)"
)
PLACES = named((r"/messages/(?:t/)?(\w+)", "in dialog {}"), (r"/reviews\b", "in reviews"))
SENDERS = {"advertise-noreply": "advertisement"}
"""Type keys by sender, where it says it in other words."""


@parser(
    "facebook.notification",
    version=2,
    match=Match(from_domain=("facebookmail.com", "global.metamail.com")),
    signed_by="facebookmail.com",
    link_hosts=HOSTS,
    photo_hosts="fbcdn.net",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova and 12 others commented on your post.”"""
    return interests(mail, FACEBOOK, type_key(mail))


def type_key(mail: Mail) -> str:
    """`friend` of `X-Facebook-Notify: friend; mailid=…`, else the sender's name before the `@`."""
    told = mail.header("X-Facebook-Notify").partition(";")[0] or "".join(mail.header("Feedback-ID").split(":")[1:2])
    sender = mail.sender.email.partition("@")[0] if mail.sender else ""
    return told.strip() or ("" if sender.startswith("notification") else SENDERS.get(sender, sender))


def ids(url: str) -> str:
    """`post 12 comment 34 reply 56`, in whatever order the link has them."""
    post = POST.search(url)
    if post is None:
        return PLACES(url)
    told = dict(re.findall(r"[?&](reply_comment|comment)_id=(\d+)", url))
    steps = [
        f"{word} {told[name]}" for name, word in (("comment", "comment"), ("reply_comment", "reply")) if name in told
    ]
    return " ".join([f"post {post['id']}", *steps])


def words(mail: Mail) -> str:
    """What the person wrote: in the text part between the `====` lines, in HTML the `span.mb_text` below his portrait.

    The first of several is the sentence; below the second portrait of a shared post stand somebody else's words.
    """
    first, *blocks = re.split(r"\n={20,}\s*(?:\n|$)", mail.text)
    for block in (*blocks, first):
        if text := quoted(block.replace(mail.subject, "")):
            return text
    if "mb_text" not in mail.html:
        return quoted(mail.html_text)
    spans = [span for span in mail.soup.select("span.mb_text") if not span.select("span.mb_text")]
    if len(spans) > 1 or (spans and read_sentence([shown(spans[0])])):
        del spans[0]
    face = mail.soup.find("img", src=portrait(mail, PORTRAITS) or "-")
    below = {id(span) for span in face.find_all_next("span", class_="mb_text")} if face else set()
    chosen = [span for span in spans if id(span) in below] or spans
    return next(filter(None, (unquoted(shown(span)) for span in chosen)), "")


FACEBOOK = Network(HOSTS, PORTRAITS, ids, news=frozenset({Action.OTHER}), words=words)
