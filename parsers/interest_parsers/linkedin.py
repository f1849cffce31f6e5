"""LinkedIn: structure only, beside the headers of real mails: class, template, and senders that can be answered.

`hit-reply@` carries what a person wrote; jobs, invitations, editorials and searches are noise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from interest_ingest.parsing import Action, Author, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.passages import lines_of
from interest_ingest.parsing.social import Network, below, interests, linked, named, places

HOSTS = ("linkedin.com",)
ANSWERED = re.compile(r"(?i)(?:inmail-)?hit-reply$")

URN = named(
    (
        r"urn:li:comment:\((?:\w+:)*?(\d+),(\d+)\).*[Rr]eplyUrn=urn:li:comment:\([^,()]*,(\d+)\)",
        "post {} comment {} reply {}",
    ),
    (r"urn:li:(?:fsd_)?comment:\((?:urn:li:)?\w+:(\d+),(\d+)\)", "post {} comment {}"),
    (r"urn:li:(?:activity|share|ugcPost):(\d+)", "post {}"),
    (r"/messaging/thread/([\w=-]+)", "in dialog {}"),
)

LINKEDIN = Network(
    HOSTS,
    portraits=re.compile(r"media(?:-exp\d+)?\.licdn\.com"),
    ids=lambda url: URN(unquote(url)),
)


@parser(
    "linkedin.notification",
    version=1,
    match=Match(from_domain=HOSTS),
    signed_by=HOSTS,
    link_hosts=HOSTS,
    photo_hosts="licdn.com",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """“Anna Petrova commented on your post.”"""
    sender = mail.sender.email.partition("@")[0] if mail.sender else ""
    key = " ".join(
        (mail.header("X-LinkedIn-Class"), mail.header("X-LinkedIn-Template"), sender.removesuffix("-noreply"))
    )
    if ANSWERED.match(sender) and mail.sender and not re.search("(?i)invit", key):
        yield message(mail, mail.sender.name)
    else:
        yield from interests(mail, LINKEDIN, key)


def message(mail: Mail, name: str) -> Interest:
    """What a person wrote to us there, down to the first link of LinkedIn's own."""
    links = list(places(mail, HOSTS))
    own = re.split(r"\n[^\n]{0,200}https?://|\n[-_=*]{3,}", "\n" + mail.text, maxsplit=1)[0].strip()
    return Interest(
        channel=Channel.SOCIAL,
        action=Action.MESSAGE,
        author=Author(name=name, profile_url=linked(mail, name)),
        text=own or below(lines_of(mail), HOSTS),
        source_url=next((link for link in links if "/messaging/" in link), next(iter(links), None)),
        object_kind="message",
    )
