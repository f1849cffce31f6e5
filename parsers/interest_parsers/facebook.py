"""Facebook: comments, replies, posts, mentions, likes, reactions, shares, messages and reviews, in English and Russian.

Known are real mails up to 2022; the layouts of later ones and of page messages and reviews are not, so everything is
read by structure: the type key of the header, the sentence, the ids in the links.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.social import Deed, deed_of, linked, places, portrait, quoted, read_sentence, unquoted

HOSTS = ("facebook.com", "fb.com")
PHOTOS = re.compile(r"scontent[\w.-]*\.fbcdn\.net")

# The second field of Feedback-ID and the first of X-Facebook-Notify; the sender where both are missing.
NOISE = re.compile(
    r"(?i)friend_?(sugg|find)|friendsuggestion|people_you|recommend|digest|highlight|birthday|remind|event_invite|invit|"
    r"security|login|password|confirm|registration|recover|ads?_|advertis|marketing|newsletter|onboard|memor|close_friend"
)
NOISE_SUBJECT = re.compile(
    r"(?i)recommendations?\b.{0,40}(page|group)|suggest|people you may know|do you know|you have \d+ new|birthday|"
    r"log(ged)?[ -]?in|password|security|code\b|confirm|invited you|memories|what you missed|event|"
    r"нов\w+ рекомендац|рекомендуем|возможно, вы знаете|у вас \d+ нов|день рождения|вход\b|входа|парол|безопасност|"
    r"код\b|подтверд|пригла(сил|шает|шени)|воспоминани|мероприят|что вы пропустили"
)
POST_ID = re.compile(
    r"(?:[?&](?:story_fbid|fbid)=|/(?:permalink|posts|videos|reel|photos)/(?:[^/?]+/)?|/groups/[^/?]+/(?=\d))(?P<id>\w{3,})(?=[/?&#]|$)"
)


@parser(
    "facebook.notification",
    version=1,
    match=Match(from_domain=("facebookmail.com", "global.metamail.com")),
    signed_by="facebookmail.com",
    link_hosts=HOSTS,
    photo_hosts="fbcdn.net",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova and 12 others commented on your post.”"""
    key = type_key(mail)
    if NOISE.search(key):
        raise Ignored("digest or account notice")
    if read_sentence([mail.subject]) is None and NOISE_SUBJECT.search(mail.subject):
        raise Ignored("digest or account notice")
    deed = deed_of(mail)
    if deed is None:
        raise Changed(f"what happened ({key or 'no type key'})")
    if deed.action is Action.REQUEST:
        raise Ignored("friend request")
    yield interest(mail, deed)


def type_key(mail: Mail) -> str:
    """`friend` of `X-Facebook-Notify: friend; mailid=…`, else the sender's name before the `@`."""
    told = mail.header("X-Facebook-Notify").partition(";")[0] or "".join(mail.header("Feedback-ID").split(":")[1:2])
    sender = mail.sender.email.partition("@")[0] if mail.sender else ""
    return told.strip() or ("" if sender.startswith("notification") else sender)


def interest(mail: Mail, deed: Deed) -> Interest:
    """The interest of one notification whose sentence is `deed`."""
    links = list(places(mail, HOSTS))
    profile = linked(mail, deed.author)
    source = max((one for one in links if one != profile), key=depth, default=None)
    return Interest(
        channel=Channel.REVIEW if deed.action is Action.REVIEW else Channel.SOCIAL,
        action=deed.action,
        author=Author(name=deed.author, profile_url=profile, photo_url=portrait(mail, PHOTOS)),
        text=words(mail),
        event_key=event_key(source or "", deed, profile),
        source_url=source,
        account=deed.place,
        object_kind=deed.kind or ("page" if deed.action is Action.REVIEW else None),
        count=deed.count,
    )


def words(mail: Mail) -> str:
    """What the person wrote: in the text part between the `====` lines, in HTML the innermost last `span.mb_text`."""
    for block in re.split(r"\n=+\s*(?:\n|$)", mail.text):
        if text := quoted(block):
            return text
    if "mb_text" not in mail.html:
        return quoted(mail.html_text)
    spans = [span for span in mail.soup.select("span.mb_text") if not span.select("span.mb_text")]
    texts = [unquoted(span.get_text("\n", strip=True)) for span in spans[1:]]
    return next(filter(None, reversed(texts)), "") or quoted(mail.html_text)


def depth(url: str) -> tuple[bool, bool]:
    """How near a link leads to what happened: a comment is deeper than its post, a post deeper than a page."""
    return "comment_id=" in url, bool(POST_ID.search(url)) or "/messages" in url or "/reviews" in url


def event_key(url: str, deed: Deed, profile: str | None) -> str | None:
    """The ids of the event; an act without an id of its own is known by its object and its author."""
    post = POST_ID.search(url)
    if post is None:
        return None
    ids = dict(re.findall(r"[?&](comment|reply_comment)_id=(\d+)", url))
    object_key = " ".join([f"post {post['id']}", *(f"{kind} {one}" for kind, one in ids.items())])
    if deed.action in (Action.LIKE, Action.REACTION, Action.SHARE, Action.FOLLOW):
        return f"{object_key} {deed.action} {profile or deed.author}"
    return object_key if ids or deed.action not in (Action.COMMENT, Action.REPLY) else None
