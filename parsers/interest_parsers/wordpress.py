"""WordPress: comments and comments to moderate, in all its languages, read by the order of their lines.

`Author: NAME (IP address: 192.0.2.1, host)` / `Email:` / `URL:` / [`In reply to:`] / `Comment:` / text / links. The
labels differ by language and version (3.x wrote `E-mail : `), and one mail may mix two languages: they are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from interest_ingest.parsing import SITES, Action, Author, Channel, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.contract import Changed
from interest_ingest.parsing.forms import is_registration
from interest_ingest.parsing.tokens import find_email, find_url, host_of, resolve

_IP: Final = r"(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}|\bIP\b)"
_AUTHOR: Final = (
    r"^[^\n:：]{1,60}[:：][ \xa0]?([^\n]{0,400}?)"  # label and name
    rf"[ \xa0]{{0,3}}[(（][^()（）\n]{{0,80}}?{_IP}[^()（）\n]{{0,300}}[)）][ \t\xa0]{{0,9}}$"
)
_ACTION: Final = (
    r"/wp-admin/comment\.php\?action=(?:approve|trash|delete|spam|cdc|mac)[a-z]*&(?:amp;)?(?:p=\d+&)?c=(\d+)"
)
_PERMALINK: Final = r"#comment-(\d+)\b"
_QUOTES: Final = ('""', "“”", "„“", "„”", "””", "«»", "»«", "「」", "『』", "《》", "‘’", "''")


class _Block(NamedTuple):
    """The lines that name the author, and where the comment begins."""

    name: str
    email: str
    is_reply: bool
    start: int


@parser(
    "wordpress.comment",
    version=1,
    match=Match(text=f"(?m){_AUTHOR}", link=(_ACTION, _PERMALINK)),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“New comment on your post "Kestrel"” and “A new comment on the post "Kestrel" is waiting for your approval”."""
    lines = mail.visible_text.split("\n")
    at = next(n for n, line in enumerate(lines) if re.match(_AUTHOR, line))
    block = _read_block(lines, at)
    number, end = _end_of_text(lines, block.start)
    permalink = next((u for u in map(find_url, lines[end:]) if u.endswith(f"#comment-{number}")), "")
    page = permalink.partition("#")[0] or next((u for u in map(find_url, lines[:at]) if u), "")
    site = _site("\n".join(lines[end:])) or host_of(page)
    yield Interest(
        channel=Channel.COMMENT,
        action=Action.REPLY if block.is_reply else Action.COMMENT,
        author=Author(name=block.name, email=block.email),
        text=_as_written("\n".join(lines[block.start : end])),
        event_key=f"comment {site} {number}",
        source_url=permalink or (f"{page}#comment-{number}" if page else None),
        account=host_of(page) or site.partition("/")[0],
        object_kind="page",
        product=Product(name=_title("\n".join(lines[:at]), mail.subject), url=page or None),
    )


@parser("wordpress.notice", version=1, match=Match(header=r"(?i)^From: .*\bwordpress@"), fallback=0)
def notice(mail: Mail) -> Iterator[Interest]:
    """What WordPress sends about accounts and itself: new user, password, e-mail change, update, personal data."""
    about_itself = any(re.search(r"/wp-login\.php|/wp-admin/", link) for link in mail.links)
    core = mail.sender is not None and mail.sender.name in ("WordPress", "")
    if core and mail.reply_to is None and (about_itself or is_registration(mail)):
        raise Ignored("account notice")
    yield from ()


def _read_block(lines: list[str], at: int) -> _Block:
    """The label lines from `at` on; raises `Ignored` for a pingback, which has no e-mail line."""
    found = re.match(_AUTHOR, lines[at])
    below = [n for n in range(at + 1, min(at + 12, len(lines))) if lines[n].strip()]
    if found is None or len(below) < 2:
        raise Changed("the lines below the author")
    if _value(lines[below[0]]).startswith(("http://", "https://")):
        raise Ignored("pingback")
    is_reply = False
    for line in below[2:]:
        if "editcomment" in lines[line]:
            is_reply = True
        elif not find_url(_value(lines[line])):  # Whois, up to 4.x, is a link like "In reply to"
            return _Block(resolve(found[1].strip()), find_email(_value(lines[below[0]])), is_reply, line + 1)
    raise Changed("the label of the comment")


def _value(line: str) -> str:
    return re.sub(r"^[^:：]*[:：]?\s*", "", line, count=1).strip()


def _end_of_text(lines: list[str], start: int) -> tuple[str, int]:
    """The comment's number, and the line on which the links below its text begin."""
    last = next(
        (n for n in range(len(lines) - 1, start - 1, -1) if re.search(f"{_ACTION}|{_PERMALINK}", lines[n])), None
    )
    if last is None:
        raise Changed("the links below the comment")
    found = re.search(f"{_ACTION}|{_PERMALINK}", lines[last])
    number = (found[1] or found[2]) if found else ""
    mine = re.compile(rf"[?&;]c={number}\b|#comment-{number}\b")
    end = last
    while end > start and (not lines[end - 1].strip() or mine.search(lines[end - 1])):
        end -= 1
    page = next((u.partition("#")[0] for u in map(find_url, lines[end:]) if u.endswith(f"#comment-{number}")), None)
    if page and find_url(lines[end - 1]) == f"{page}#comments":
        end -= 2 if lines[end - 1].startswith("http") else 1  # "You can see all comments on this post here:"
    return number, max(end, start)


def _site(links: str) -> str:
    """Host and folder of the WordPress: the sites of one network count their comments each for itself."""
    found = re.search(r"https?://[^\s/]{1,255}[^\s?]{0,300}?(?=/wp-admin/comment\.php)", links)
    parts = urlsplit(found[0]) if found else None
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path}" if parts else ""


def _as_written(text: str) -> str:
    """The comment without what WordPress did to it: escapes, and `rel="nofollow ugc"` in its links."""
    return re.sub(r'(<a [^<>]{0,2000}?) rel="(?:nofollow|ugc| ){1,5}"', r"\1", resolve(text.strip("\n")))


def _title(head: str, subject: str) -> str | None:
    """The commented page's title: the longest quotation of the first lines that the subject repeats."""
    head, subject = " ".join(resolve(head).split()), " ".join(resolve(subject).split())
    quoted = sorted(_quotations(head), key=len, reverse=True)
    known = [one for one in quoted if one in subject]
    own = sorted(_quotations(re.sub(r"^\[[^\]]*\]\s*", "", subject)), key=len, reverse=True)
    return next((one for one in (*known, *own, *quoted) if one), None)


def _quotations(text: str) -> Iterator[str]:
    for opening, closing in _QUOTES:
        begin, end = text.find(opening), text.rfind(closing)
        if 0 <= begin < end:
            yield text[begin + 1 : end].strip(" \xa0\u202f")
