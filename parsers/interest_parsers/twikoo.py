"""Twikoo, comments for static sites: the mail to the owner (its template, 1.6; Chinese whatever the site's language).

The template is that of Waline without a blank in the subject; the comment's id is a UUID without dashes. Owners may
write a template of their own (`MAIL_TEMPLATE_ADMIN`): such mails are read as forms, where they have labels.
"""

from __future__ import annotations

from collections.abc import Iterator

from interest_ingest.parsing import SITES, Ignored, Interest, Mail, Match, parser
from interest_parsers.waline import boxed, card

ID = r"#([0-9a-f]{32})$"


@parser(
    "twikoo.comment",
    version=1,
    match=Match(subject=r"(?<! )上有新评论了$", link=ID, text=r"(?m)回复说：[ \t]*$"),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“茶馆上有新评论了”."""
    yield card(boxed(mail, ID), ID)


@parser(
    "twikoo.notice", version=1, match=Match(subject=r"，您在『.{1,200}』上的评论收到了回复$|^Twikoo 邮件通知测试邮件$")
)
def notice(_: Mail) -> Iterator[Interest]:
    """To whoever commented before, and the test of the mail settings."""
    raise Ignored("reply to another commenter or test")
