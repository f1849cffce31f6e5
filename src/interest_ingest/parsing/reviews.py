"""Reviews in notifications: stars, and the words that stand between the buttons of a mail."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.tokens import host_of

_STARS: Final = re.compile(
    r"(?i)(?<![\d.,/])(?P<given>[0-5])(?:[.,](?P<part>\d))?\s?(?:/\s?5|out of 5|из 5|von 5|sur 5|de 5|su 5)?"
    r"[\s\u2010-\u2013-]{0,3}(?:stars?\b|зв[её]зд|зір(?:к|ок)|sterne?n?\b|étoiles?|estrellas?|stelle?|estrelas?|yıldız|"
    r"gwiazd|stj[eä]rn|sterren|hvězd|csillag|tähde|αστ[εέ]ρ|つ星|星|별점?|ستاره|نجوم)"
)
_DRAWN: Final = re.compile(r"[★⭐]{1,5}")
_LINK: Final = re.compile(r"[<\[(]?\s*(https?://[^\s<>\]]+?)\s*[>\])]?")


class Piece(NamedTuple):
    """What stands above a button, the button's words and where it leads ("" at the end of the mail)."""

    text: str
    button: str
    url: str


def stars_in(text: str) -> float | None:
    """The stars that `text` names (`2-star review`, `4,5 звезды`) or draws (`★★★☆☆`)."""
    if found := _STARS.search(text[:20_000]):
        return float(f"{found['given']}.{found['part'] or 0}")
    drawn = _DRAWN.search(text[:20_000])
    return float(len(drawn[0])) if drawn else None


def pieces(mail: Mail, hosts: Iterable[str]) -> list[Piece]:
    """The text of `mail`, cut at its buttons: lines with nothing but a link, or its words with the link below them.

    A link to another host than the service's `hosts` is part of the words, unless no link leads there: some services
    send theirs through a redirector of a mail service.
    """
    hosts = tuple(hosts)
    own = any(host_in(host_of(link), hosts) for link in mail.links)
    anchors = {" ".join(one.text.split()): one.href for one in mail.anchors if one.text.strip()}
    return list(_cut(mail.visible_text.split("\n"), anchors, hosts if own else ()))


def named_words(text: str) -> tuple[str, str]:
    """The first line of `text`, a name, and the words below it; lines that only draw or name stars are neither."""
    lines = [line.strip() for line in text.split("\n") if not _only_stars(line.strip())]
    name, _, words = "\n".join(lines).strip().partition("\n")
    return name, words.strip()


def _only_stars(line: str) -> bool:
    return bool(re.fullmatch(r"[★☆⭐\s]{1,20}", line)) or (0 < len(line) < 24 and _STARS.match(line) is not None)


def _cut(lines: list[str], anchors: dict[str, str], hosts: tuple[str, ...]) -> Iterator[Piece]:
    above: list[str] = []
    for line in lines:
        words, link = _button(" ".join(line.split()), anchors)
        if not link or (hosts and not host_in(host_of(link), hosts)):
            above.append(line)
            continue
        if not words:
            while above and not above[-1].strip():
                above.pop()
            words = above.pop().strip() if above else ""
        yield Piece("\n".join(above), words, link)
        above = []
    yield Piece("\n".join(above), "", "")


def _button(line: str, anchors: dict[str, str]) -> tuple[str, str]:
    """The words and the link of `Read review <https://…>`, `<https://…>` or an anchor's words; "" for no link."""
    if line in anchors:
        return line, anchors[line]
    if "://" not in line:
        return line, ""
    if alone := _LINK.fullmatch(line):
        return "", alone[1]
    beside = re.fullmatch(r"(.{1,80}?)\s?[<\[(]?\s?(https?://[^\s<>\]]+?)\s?[>\])]?", line)
    return (beside[1], beside[2]) if beside else (line, "")
