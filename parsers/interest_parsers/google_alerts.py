"""Google Alerts: each page on which one of our words was found is a mention.

Known are real mails of 2020 to 2025 and what programs that read them rely on: every result is a link of the form
`google.com/url?…&url=<page>&ct=ga&…`, in HTML inside a schema.org Article, in the text below its title and excerpt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from interest_ingest.parsing import ANYWHERE, Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.links import unwrap

RESULT = re.compile(r"https?://(?:www\.)?google\.[a-z.]{2,6}/url\?\S{0,2000}[?&]ct=ga(?:&|$)")
HEADING = re.compile(r"===+ .{1,300} ===+")
KEYWORD = re.compile(r"\[([^\[\]\n]{1,200})\] ===")
SUBJECT = re.compile(r"(?i)^[^\n]{0,60}?(?:google|гугл)\W{0,3}(?:[^\W\d_]{1,20} ?){0,3}\s?[-–—:：]\s(.{1,200})$")


class Result(NamedTuple):
    """One page that was found."""

    link: str
    title: str
    excerpt: str
    publisher: str = ""


@parser(
    "google-alerts.mention",
    version=1,
    match=Match(from_address="googlealerts-noreply@google.com"),
    signed_by="google.com",
    link_hosts=ANYWHERE,
)
def mention(mail: Mail) -> Iterator[Interest]:
    """“=== Blogs - 2 new results for [kestrel kettle] ===”"""
    results = list(in_html(mail)) or list(in_text(mail))
    if not results and not any(RESULT.search(link) for link in mail.links):
        raise Ignored("account notice")  # “Verify your Google Alert”
    if not results:
        raise Changed("the titles of the results")
    word = KEYWORD.search(mail.text) or SUBJECT.search(mail.subject)
    for page, one in {unwrap(result.link): result for result in results}.items():
        yield Interest(
            channel=Channel.SOCIAL,
            action=Action.MENTION,
            author=Author(company=one.publisher),
            text=f"{one.title}\n{one.excerpt}",
            event_key=f"page {page}",
            source_url=one.link,
            object_kind="page",
            labels={"Alert": word[1].strip()} if word else {},
        )


def in_html(mail: Mail) -> Iterator[Result]:
    """The Articles of the HTML."""
    for article in mail.soup.select('[itemtype$="schema.org/Article"]'):
        link = next(
            (a for a in article.select("a[href]") if RESULT.match(str(a["href"])) and a.get_text().strip()), None
        )
        if link is not None:
            told = (article.select_one(f"[itemprop={name}]") for name in ("description", "publisher"))
            excerpt, publisher, title = (" ".join(one.get_text().split()) if one else "" for one in (*told, link))
            yield Result(str(link["href"]), title, excerpt, publisher)


def in_text(mail: Mail) -> Iterator[Result]:
    """The paragraphs of the text, each above its link."""
    block: list[str] = []
    for line in map(str.strip, mail.visible_text.split("\n")):
        if found := RESULT.match(line.lstrip("<")):
            if block:
                yield Result(found[0].rstrip(">"), block[0], " ".join(block[1:]))
            block = []
        elif HEADING.fullmatch(line) or not line:
            block = [] if HEADING.fullmatch(line) else block
        else:
            block.append(line)
