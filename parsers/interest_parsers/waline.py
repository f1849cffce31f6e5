"""Waline, comments for static sites: the mail to the owner in its 13 languages (its templates, 1.13-1.39).

A heading with the site's name, `<p><strong>NAME</strong> wrote:</p>`, the comment as HTML in a grey box, and the link
to it; the mail names neither the page nor the author's address. The box is read where its style is left, else
the lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from bs4 import Tag

from interest_ingest.parsing import (
    SITES,
    Action,
    Author,
    Changed,
    Channel,
    Ignored,
    Interest,
    Mail,
    Match,
    Product,
    parser,
)
from interest_ingest.parsing.markdown import as_typed
from interest_ingest.parsing.tokens import hostname

WROTE: Final = (
    r" wrote| hat geantwortet| dijo| a écrit| menulis| ha scritto| が次のようにコメントしました"
    r"|님이 작성했습니다| disse| написал| trả lời|回复说|回復說"
)
"""What stands between the name and the colon: en de es fr id it ja ko pt ru vi zh-CN zh-TW."""

_SUBJECTS: Final = (
    r"^(?:New comment on|Neue Kommentare auf|Nuevo comentario en|Nouveau commentaire sur|Komentar baru di"
    r"|Nuovo commento su|Novo comentário em|Новый комментарий на|Bình luận mới trên) ",
    r"(?: に新しいコメントがあります|에 새 댓글이 달렸습니다| 上有新评论了| 上有新評論了)$",
)
_REPLIES: Final = (
    r"^Your comment on .{1,200} received a reply$|^Komentar Anda di .{1,200} mendapat balasan$",
    r"^Il tuo commento .{1,200} ha ricevuto una risposta$|에서 댓글에 답글이 달렸습니다$",
    r"[，、](?:Sie haben eine Antwort auf|Su comentario en|Votre commentaire sur|Seu comentário em"
    r"|У вас есть ответ на|Bình luận của bạn trên) ",
    r"[，、]『.{1,200}』(?:上的评论收到了回复|上的評論收到回復|にあなたのコメントへの返信があります)$",
)
_ACCOUNTS: Final = (
    r"^[\[【『].{1,200}[\]】』] ?(?:Registration Confirm Mail|Reset Password|Registrierungsbestätigung"
    r"|Passwort zurück|Correo de confirmación|Restablecer|Mail de confirmation|Réinitialisation|Email Konfirmasi"
    r"|Reset Kata|Email di conferma|Reimposta|登録確認|パスワードリセット|가입 확인|비밀번호|Confirmação de|Redefinir"
    r"|Письмо подтвержд|Сброс|Thư xác|Đặt lại|注册确认|重置密码|註冊確認|重置密碼)"
)
ID: Final = r"#(\d{1,18}|(?=[a-z]{0,36}\d)[0-9a-z]{10,36})$"
"""A number in SQL databases, 24 hexadecimal digits in MongoDB and LeanCloud, 32 in CloudBase, letters in Deta."""

_MAX_BOLD: Final = 20
"""Bold words among which the author's name is the first that has a box below it."""


class Comment(NamedTuple):
    """What the grey box and the lines around it tell."""

    name: str
    text: str
    link: str


@parser(
    "waline.comment",
    version=1,
    match=Match(subject=_SUBJECTS, link=ID, text=rf"(?m)(?:{WROTE})[ \xa0]?[:：][ \t]*$"),
    link_hosts=SITES,
    signed_by=SITES,
)
def comment(mail: Mail) -> Iterator[Interest]:
    """“New comment on Tea House”."""
    yield card(boxed(mail, ID), ID)


@parser("waline.notice", version=1, match=Match(subject=_REPLIES, link=ID))
def notice(_: Mail) -> Iterator[Interest]:
    """To whoever commented before; the owner has a mail of his own about the same comment."""
    raise Ignored("reply to another commenter")


@parser("waline.account", version=1, match=Match(subject=_ACCOUNTS, link=r"[?&]token="))
def account(_: Mail) -> Iterator[Interest]:
    """A link to register or to log in."""
    raise Ignored("account notice")


def boxed(mail: Mail, link: str) -> Comment:
    """The comment in the box, or in the lines of a mail that lost its styles; raises `Changed` if it has none.

    `link` is the pattern of its link, which is the last of that kind: the comment may hold others.
    """
    target = next((one for one in reversed(mail.links) if re.search(link, one)), None)
    if target is None:
        raise Changed("the link to the comment")
    for above in mail.soup.find_all("strong", limit=_MAX_BOLD) if mail.html else ():
        box = above.parent.find_next_sibling() if above.parent and above.parent.name == "p" else None
        if not isinstance(box, Tag) or box.name != "div":
            continue
        below = [str(a["href"]) for p in box.find_next_siblings("p") for a in p.select("a[href]")]
        return Comment(above.get_text(), as_typed(box), next((u for u in below if re.search(link, u)), target))
    lines = mail.visible_text.split("\n")
    wrote = re.compile(rf"(.{{1,200}}?)(?:{WROTE})[ \xa0]?[:：]\s*")
    at = next((n for n, line in enumerate(lines) if wrote.fullmatch(line)), None)
    if at is None or not (found := wrote.fullmatch(lines[at])):
        raise Changed("the author's name")
    end = next((n for n in range(len(lines) - 1, at, -1) if target in lines[n]), len(lines))
    return Comment(found[1], "\n".join(lines[at + 1 : end]), target)


def card(found: Comment, link: str) -> Interest:
    """The interest of a comment whose id is the first group of the pattern `link`."""
    number = re.search(link, found.link)
    host = hostname(found.link)
    return Interest(
        channel=Channel.COMMENT,
        action=Action.COMMENT,
        author=Author(name=found.name.strip(" *")),
        text=found.text,
        event_key=f"comment {host} {number[1]}" if number else None,
        source_url=found.link,
        account=host,
        object_kind="page",
        product=Product(url=found.link.partition("#")[0]),
    )
