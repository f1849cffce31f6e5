"""WooCommerce: reviews of products. The shop has no mail of its own for them (up to 10.x): WordPress reports a comment.

A review is known by the address of the commented page, whose base word WooCommerce translates; a shop that has chosen
another base gets comments. The stars stand in no mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Channel, Interest, Mail, Match, parser
from interest_parsers.wordpress import LINKS, NO_ANSWER, read_comment

_BASES: Final = "product|produkt|produit|producto|prodotto|produto|urun|termek|tovar|proizvod|izdelek|producte|tuote"
_PAGE: Final = rf"https?://[^\s/?#]{{1,253}}(?:/[^\s/?#]{{1,60}}){{0,3}}/(?:{_BASES})/[^\s?#]{{1,300}}"
PRODUCT: Final = (rf"(?m)^{_PAGE}#comments[ \t]*$", rf"(?m)^{_PAGE}[ \t]*\n\n?[^\n:：]{{1,60}}[:：]")
"""Above the comment that waits for the moderator, and below the one that is published."""


@parser(
    "woocommerce.review",
    version=1,
    match=Match(subject=NO_ANSWER, link=LINKS, text=PRODUCT),
    link_hosts=SITES,
    signed_by=SITES,
    instead_of=("wordpress.comment", "wordpress.collapsed"),
)
def review(mail: Mail) -> Iterator[Interest]:
    """`[Garden] Comment: "Secateurs"`; an answer to a review is a reply."""
    told = read_comment(mail)
    if not re.fullmatch(_PAGE, told.product.url or ""):  # a comment on a post whose text names a product's page
        yield told.model_copy(update={"source": "wordpress"})
        return
    action = Action.REVIEW if told.action is Action.COMMENT else told.action
    yield told.model_copy(update={"channel": Channel.REVIEW, "action": action, "object_kind": "product"})
