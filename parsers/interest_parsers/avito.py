"""Avito: new messages, after the subjects that are known; their layout is not, so the rest is read by structure.

The link to the messenger, the advert by the form of its address (`/city/section/title_1234567890`), quoted words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import Action, Author, Changed, Channel, Ignored, Interest, Mail, Match, Product, parser
from interest_ingest.parsing.links import unwrap
from interest_ingest.parsing.reviews import stars_in
from interest_ingest.parsing.social import quotation

_MESSAGE: Final = re.compile(r"(?i)нов\w+ сообщени|написал|ответил|сообщение от")
_REVIEW: Final = re.compile(r"(?i)нов\w+ отзыв|остави\w+[^\n]{0,20} отзыв")
_SERVICE: Final = re.compile(
    r"(?i)объявлени\w+|опубликует|код\b|парол|вход\b|подтвержд|скидк|подборк|избранн|оплат|чек\b|договор|кошел|тариф|"
    r"продвижени|доставк|статистик|новост|акци[яи]|бонус|безопасн|рассылк|подписк|рекоменд|правил"
)
_CHAT: Final = re.compile(r"/profile/messenger(?:/channel/(?P<id>[\w~-]{4,80}))?")
_ADVERT: Final = re.compile(r"avito\.ru/(?:[\w-]{1,60}/){1,3}[\w-]{1,200}_\d{6,12}(?:[?#]|$)")
_AUTHOR: Final = (
    re.compile(r"(?im)^(?:от|отправитель|покупатель|автор|собеседник)[ \t]*:[ \t]*(?P<name>[^\n]{2,80})$"),
    re.compile(
        r"(?im)^(?P<name>[^\W\d_][\w .-]{1,60}?)\s+(?:написал|ответил|прислал|отправил|оставил)(?:а|\(а\))?\b"
        r"[^\n]{0,80}$"
    ),
    re.compile(r"(?i)сообщени[ея] от (?:пользователя )?(?P<name>[^\W\d_][\w -]{1,60})"),
)


@parser(
    "avito.message",
    version=1,
    match=Match(from_domain="avito.ru"),
    signed_by="avito.ru",
    link_hosts="avito.ru",
    photo_hosts="avito.st",
)
def message(mail: Mail) -> Iterator[Interest]:
    """“Вам пришло новое сообщение”."""
    review = _REVIEW.search(mail.subject) is not None
    if not review and not _MESSAGE.search(mail.subject):
        raise Ignored("digest or account notice") if _SERVICE.search(mail.subject) else Changed("what happened")
    targets = [unwrap(link) for link in mail.links]
    place = next((link for link in targets if _CHAT.search(link)), None)
    name = next((found["name"].strip() for one in _AUTHOR if (found := one.search(mail.visible_text))), None)
    text = quotation(mail)
    if place is None and not name and not text:
        raise Changed("the link to the message")
    yield Interest(
        channel=Channel.REVIEW if review else Channel.CHAT,
        action=Action.REVIEW if review else Action.MESSAGE,
        author=Author(name=name),
        text=text,
        source_url=place or next((link for link in targets if "/reviews" in link or "/brands/" in link), None),
        reply_url=place,
        product=advert(mail),
        object_kind="page" if review else "message",
        rating=stars_in(mail.visible_text) if review else None,
        labels={"Тема": mail.subject},
    )


def advert(mail: Mail) -> Product:
    """The advert that the message is about: the words of its link."""
    found = [one for one in mail.anchors if _ADVERT.search(unwrap(one.href))]
    name = next((one.text for one in found if one.text.strip()), None)
    return Product(name=name, url=unwrap(found[0].href)) if found else Product()
