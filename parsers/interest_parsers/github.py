"""GitHub as a forum: issues, pull requests, discussions and comments on them (real mails of 2018 to 2025).

The Message-ID names the thing and its comment, `X-GitHub-Reason` why one was told, `X-GitHub-Sender` the user. What a
machine did (workflows, alerts, pushes, releases, changes of state, bots) and account mails are no interest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Action, Author, Channel, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.markdown import as_typed

NOISE: Final = {"ci_activity", "security_alert", "security_advisory_credit", "push", "your_activity", "state_change"}
THING: Final = re.compile(
    r"(?P<repo>[\w.-]+/[\w.-]+)/(?P<kind>issues?|pull|repo-discussions|discussions|commit)/(?P<number>\w+)"
    r"(?:/(?P<event>issue_event/|push/|review/|comments/|c|r)?(?P<comment>\d+))?@github\.com"
)
KINDS: Final = {
    "pull": "pull request",
    "commit": "commit",
    "repo-discussions": "discussion",
    "discussions": "discussion",
}
FOOTER: Final = re.compile(r"\n(?:-- ?|—|---)\n(?:Reply to this email|View it on GitHub|You are receiving)")
PATCH: Final = re.compile(r"\nYou can view, comment on, or merge this pull request online at:|\n-- Commit Summary --")
HEADLINE: Final = re.compile(
    r"\s*@?(?P<login>[\w-]{1,60}) (?:left a comment|created an? (?:issue|discussion)|approved this pull request"
    r"|(?:opened|commented on) [\w ]{1,40}|requested changes on this pull request)\.?"
    r"(?: \([\w./-]{1,200}#\d+\))?[ \t]*\n(?:<https://github\.com/\S{1,300}>[ \t]*\n)?"
)
SUBJECT: Final = r"(?is)(?:re: )?(?:\[(?P<repo>[^\]]{1,200})\] )?(?P<title>.*?)(?: \([\w ]{0,20}#\d+\))?"
LINK: Final = re.compile(r"https://github\.com/[^\s?#<>\"]+/(?:issues|pull|discussions|commit)/\w+")


@parser(
    "github.notification",
    version=1,
    match=Match(from_domain="github.com"),
    signed_by="github.com",
    instead_of="drupal.contact",  # `anna created an issue (shop/widget#12)` above a link reads like its first line
    link_hosts="github.com",
    photo_hosts="githubusercontent.com",
)
def notification(mail: Mail) -> Iterator[Interest]:
    """`Re: [shop/widget] Does it run on two tills? (Issue #12)`."""
    thing = THING.search(mail.header("Message-ID")) or THING.search(mail.visible_text)
    link = source(mail)
    text, login = words(mail)
    if mail.header("X-GitHub-Reason") in NOISE or login.endswith("[bot]") or (thing is None and link is None):
        raise Ignored("account, build or alert notice")
    told = thing.groupdict("") if thing else {}
    if told.get("kind") == "issue" or told.get("event") == "push/":
        raise Ignored("change of state")
    subject = re.fullmatch(SUBJECT, mail.subject)
    yield Interest(
        channel=Channel.SOCIAL,
        action=action(mail, text, is_comment=bool(told["comment"]) if told else "#" in (link or "")),
        author=Author(
            name=(mail.sender.name if mail.sender else None) or login,
            profile_url=f"https://github.com/{login}" if login else None,
        ),
        text=text,
        event_key="{repo} {kind} {number} {comment}".format(**told).strip() if told else None,
        source_url=link,
        account=told.get("repo") or (subject["repo"] if subject else None),
        object_kind=KINDS.get(told["kind"], "issue") if told else None,
        product=Product(name=subject["title"] if subject else None, url=(link or "").partition("#")[0] or None),
    )


def action(mail: Mail, text: str, *, is_comment: bool) -> Action:
    """A mention if the text names the recipient; the reason of later mails stays `mention` without it."""
    recipient = mail.header("X-GitHub-Recipient")
    if recipient and re.search(rf"(?i)(?<![\w@])@{re.escape(recipient)}(?![\w-])", text):
        return Action.MENTION
    return Action.COMMENT if is_comment else Action.OTHER


def source(mail: Mail) -> str | None:
    """The link to the comment, without the recipient's token; the footer's is the last that leads so deep."""
    found = [(LINK.match(link), link) for link in mail.links if not re.search(r"/unsubscribe|/files\b", link)]
    pages = [f"{page[0]}{link[link.find('#') :] if '#' in link else ''}" for page, link in found if page]
    return next((page for page in reversed(pages) if "#" in page), pages[-1] if pages else None)


def words(mail: Mail) -> tuple[str, str]:
    """The comment, without the line above it that says who commented, and without the footer; and his user name."""
    text = "\n" + (mail.text if mail.text.strip() else as_typed(mail.html))
    ends = [found.start() for found in FOOTER.finditer(text)]
    text = PATCH.split(text[: ends[-1]] if ends else text)[0]
    headline = HEADLINE.match(text)
    login = mail.header("X-GitHub-Sender") or (headline["login"] if headline else "")
    return text[headline.end() if headline else 0 :], login
