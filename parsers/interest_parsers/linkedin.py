"""LinkedIn: structure only, beside the headers of real mails: class, template, and senders that can be answered.

`hit-reply@` carries what a person wrote; jobs, invitations, editorials and searches are noise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import dropwhile
from urllib.parse import unquote

from interest_ingest.parsing import Action, Author, Changed, Channel, Interest, Mail, Match, parser
from interest_ingest.parsing.deeds import read_sentence
from interest_ingest.parsing.passages import Line, lines_of
from interest_ingest.parsing.social import Network, below, interests, linked, named, places, portrait_of
from interest_ingest.parsing.tokens import hostname

HOSTS = ("linkedin.com",)
LINK = re.compile(r"https://www\.linkedin\.com/")
PORTRAITS = re.compile(r"media(?:-exp\d+)?\.licdn\.com")
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
    PORTRAITS,
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
    if re.search("(?i)invit", key) or not (ANSWERED.match(sender) or (sender == "messages-noreply" and threads(mail))):
        yield from interests(mail, LINKEDIN, key)
    else:
        yield message(mail)


def threads(mail: Mail) -> list[str]:
    """The links to conversations."""
    return [link for link in places(mail, HOSTS) if "/messaging/" in link]


def message(mail: Mail) -> Interest:
    """What a person wrote to us there; his address is LinkedIn's, the conversation is where he is answered."""
    deed = read_sentence([mail.subject])
    name = mail.sender.name.removesuffix(" via LinkedIn") if mail.sender else ""
    if deed and deed.action is Action.MESSAGE and name in ("", "LinkedIn"):
        name = deed.author
    if name in ("", "LinkedIn"):
        raise Changed("who wrote the message")
    return Interest(
        channel=Channel.SOCIAL,
        action=Action.MESSAGE,
        author=Author(name=name, profile_url=(page := linked(mail, name)), photo_url=photo(mail, name, page)),
        text=words(mail, name) if mail.text.strip() else below(under_the_name(mail), HOSTS),
        source_url=next(iter(threads(mail)), None) or page,
        object_kind="message",
    )


def photo(mail: Mail, name: str, page: str | None) -> str | None:
    """His portrait; ours may stand above it."""
    pictures = [one for line in lines_of(mail) for one in line.pictures]
    return portrait_of([one for one in pictures if PORTRAITS.fullmatch(hostname(one.image.src))], name, page)


def under_the_name(mail: Mail) -> list[Line]:
    """The lines of the page from the first without a link on."""
    return list(dropwhile(lambda line: line.anchors or not line.text, lines_of(mail)))


def words(mail: Mail, name: str) -> str:
    """The text above the ruler, without the sentence, LinkedIn's links and the word over each, name and subject."""
    lines = [line.strip() for line in re.split(r"\n[ \t]*[-_=]{8,}", mail.text, maxsplit=1)[0].split("\n")]
    kept = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if not (LINK.search(line) or (LINK.match(after) and len(line) < 40) or line in (name, mail.subject))
    ]
    first, _, rest = "\n".join(kept).strip().partition("\n")
    told = read_sentence([first])
    is_sentence = told is not None and told.action is Action.MESSAGE and told.author == name
    return rest.strip() if is_sentence else f"{first}\n{rest}".strip()
