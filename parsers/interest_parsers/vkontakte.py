"""VKontakte: by structure only, for no real mail of this kind is known: link forms, type key, verbs.

What does not fit is quarantined, so that its layout becomes known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs

from interest_ingest.parsing import Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.social import Deed, deed_of, linked, places, portrait, quoted, read_sentence

HOSTS = ("vk.com", "vk.ru")
PHOTOS = re.compile(r"(?:[\w-]+\.)*userapi\.com")

NOISE = re.compile(
    r"(?i)код (для|подтвержд|авториз)|авторизац|вход[ае]? |парол|безопасност|подтвержд|login|log in|password|security|"
    r"verification|день рождения|birthday|рекоменд\w+ (друз|сообщ|вам)|возможно, вы знаком|people you may|дайджест|"
    r"digest|пригла(сил|шает|шени)|invit|новости за|у вас \d+ нов|you have \d+ new|подар(ок|ки)\b|блог\b|newsletter"
)
NOISE_TYPES = re.compile(r"(?i)(birthday|digest|news|friend_?(sugg|found)|invite|gift|security|auth|code|promo|blog)")

# What a link names, most telling first: (pattern, key); `wall-1_2?reply=3` and `?w=wall-1_2_r3` are one comment.
EVENTS = (
    (r"(wall|photo|video|market|product|topic)(-?\d+_\d+)(?:\?(?:.*&)?(?:reply|post)=(\d+)|_r(\d+))", r"{}{} reply {}"),
    (r"(wall|photo|video|clip|product|topic|story|album)(-?\d+_\d+)", r"{}{}"),
    (r"im\?(?:.*&)?(msgid)=(\d+)", r"{} {}"),
    (r"im\?(?:.*&)?(sel)=(-?\w+)", r"{} {}"),
    (r"(reviews)(-?\d+)", r"{}{}"),
)


@parser(
    "vkontakte.notification",
    version=1,
    match=Match(from_domain=("notify.vk.com", "vk.com", "vk.ru")),
    signed_by=("vk.com", "notify.vk.com", "vk.ru"),
    link_hosts=HOSTS,
    photo_hosts=("userapi.com", "vkuserphoto.ru"),
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Анна Петрова прокомментировала вашу запись.”"""
    if read_sentence([mail.subject]) is None and (NOISE.search(mail.subject) or NOISE_TYPES.match(type_key(mail))):
        raise Ignored("digest or account notice")
    deed = deed_of(mail)
    if deed is None:
        raise Changed(f"what happened ({type_key(mail) or 'no type key'})")
    if deed.action is Action.REQUEST:
        raise Ignored("friend request")
    source, key = event(mail)
    if source is None:
        raise Changed("a link to what happened")
    profile = linked(mail, deed.author)
    yield Interest(
        channel=Channel.REVIEW if deed.action is Action.REVIEW else Channel.SOCIAL,
        action=deed.action,
        author=Author(name=deed.author, profile_url=profile, photo_url=portrait(mail, PHOTOS)),
        text=words(mail, deed),
        event_key=key_of(key, deed, profile),
        source_url=source,
        account=deed.place,
        object_kind=deed.kind,
        count=deed.count,
    )


def type_key(mail: Mail) -> str:
    """`pm` of the unsubscribe link's `utype=pm`."""
    types = (
        parse_qs(link.partition("?")[2].partition("#")[0]).get("utype", [""])[0]
        for link in mail.links
        if "utype=" in link
    )
    return next(types, "")


def event(mail: Mail) -> tuple[str | None, str]:
    """The link to what happened and the ids in it."""
    links = list(places(mail, HOSTS))
    for pattern, form in EVENTS:
        for link in links:
            if match := re.search(pattern, link):
                return link, form.format(*filter(None, match.groups()))
    return None, ""


def key_of(key: str, deed: Deed, profile: str | None) -> str | None:
    """An act without an id of its own is known by its object and its author; a dialogue is no event."""
    if deed.action in (Action.LIKE, Action.REACTION, Action.SHARE, Action.FOLLOW):
        return f"{key} {deed.action} {profile or deed.author}"
    if key.startswith("sel ") or (deed.action in (Action.COMMENT, Action.REPLY) and " reply " not in key):
        return None
    return key


def words(mail: Mail, deed: Deed) -> str:
    """What the person wrote: the quoted words, else the paragraph under the sentence."""
    text = mail.visible_text
    if found := quoted(text):
        return found
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text)]
    told = next((n for n, part in enumerate(paragraphs) if read_sentence([part.split("\n")[0]])), None)
    if told is None or deed.action in (Action.LIKE, Action.REACTION, Action.FOLLOW):
        return ""
    below = paragraphs[told].partition("\n")[2] or "".join(paragraphs[told + 1 : told + 2])
    return "" if re.match(r"https?://|VK ©|©|[^\n]{0,60}https?://\S+$", below) else below.strip()
