"""VKontakte: structure only, for no real mail of this kind is known: link forms, type key, verbs.

What does not fit is quarantined, so that its layout becomes known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from interest_ingest.parsing import Interest, Mail, Match, parser
from interest_ingest.parsing.social import Network, interests, named

HOSTS = ("vk.com", "vk.ru")

VKONTAKTE = Network(
    HOSTS,
    portraits=re.compile(r"(?:[\w-]+\.)*(?:userapi\.com|vkuserphoto\.ru)"),
    # `wall-1_2?reply=3` and `?w=wall-1_2_r3` are one comment.
    ids=named(
        (
            r"(wall|photo|video|market|product|topic)(-?\d+_\d+)(?:\?(?:.*&)?(?:reply|post)=(\d+)|_r(\d+))",
            "{}{} reply {}",
        ),
        (r"(wall|photo|video|clip|product|topic|story|album)(-?\d+_\d+)", "{}{}"),
        (r"im\d*\?(?:.*&)?msgid=(\d+)", "message {}"),
        (r"im\d*\?(?:.*&)?sel=(-?\w+)", "in dialog {}"),
        (r"reviews(-?\d+)", "in reviews {}"),
    ),
    news=frozenset(),
)


@parser(
    "vkontakte.notification",
    version=2,
    match=Match(from_domain=("notify.vk.com", "vk.com", "vk.ru")),
    signed_by=("vk.com", "notify.vk.com", "vk.ru"),
    link_hosts=HOSTS,
    photo_hosts=("userapi.com", "vkuserphoto.ru"),
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Анна Петрова прокомментировала вашу запись.”"""
    return interests(mail, VKONTAKTE, type_key(mail))


def type_key(mail: Mail) -> str:
    """`pm` of the unsubscribe link's `utype=pm`."""
    found = (re.search(r"[?&]utype=(\w+)", link) for link in mail.links)
    return next((match[1] for match in found if match), "")
