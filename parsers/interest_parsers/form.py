"""Contact forms of any website: label and value, in whatever layout and language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

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
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.forms import Form, known_form, read_form
from interest_ingest.parsing.forwards import passed_on
from interest_ingest.parsing.tokens import find_url, host_of

_CALL = re.compile(
    r"(?i)call[ -]?back|call me|обратн\w+ звон|заказ\w* звон|пере(?:звон|дзвон)|зворотн\w+ дзвін|rückruf|être rappelé|"
    r"rappel|llámame|devolver llamada|richiama|geri ara|beni ara|oddzwoń|terugbel|bel m(?:e|ij) terug|"
    r"ring m[ie]g|ring upp|zpětn\w+ volán|zavolejte|visszahív|sună-mă|gọi lại|telepon balik|"
    r"hubungi kembali|تماس بگیرید|معاودة الاتصال|"
    r"कॉल बैक|折り返し|回电|콜백"
)
_ORDER = re.compile(
    r"(?i)\bord(?:er|re)\b|заказ|замовлення|поръчк|bestell(?:ung|ing)|beställning|commande|comandă|pedido|ordine|encomenda|"
    r"sipariş|zamówieni|objednáv|rendelés|παραγγελ|đặt hàng|pesanan|سفارش|הזמנה|ऑर्डर|注文|订单|訂單|주문"
)


@parser("form.generic", version=1, match=Match(), link_hosts=SITES, signed_by=SITES, fallback=1)
def generic(mail: Mail) -> Iterator[Interest]:
    """`Name: Anna / Phone: +7 900 … / Message: …`, sent by a website to its owner."""
    forwarded = passed_on(mail)
    if forwarded is not None:  # the header that a mail program copies is no form
        yield from in_forward(mail, forwarded.plain)
    elif form := read_form(mail):
        yield interest_of(form, mail)


def in_forward(mail: Mail, inside: Mail) -> Iterator[Interest]:
    """The form that somebody forwards, if it is not his own: what a customer was sent belongs to his letter."""
    try:
        form = read_form(inside)
    except Ignored:
        return
    if form and not (mail.sender and mail.sender.email.lower() == form.email.lower()):
        yield interest_of(form, inside)


def required_form(mail: Mail) -> Form:
    """The form in a mail that is surely one; raises `Changed` if it has no field that is known."""
    form = known_form(mail)
    if form is None:
        raise Changed("the form's fields")
    return form


def hosted(mail: Mail, *service: str, **known: Any) -> Interest:
    """What the mail of a form service tells; links to the hosts of `service` are neither page nor text of the form.

    Raises `Changed` if the mail has no field that is known. `known` as for `interest_of`.
    """
    form = required_form(mail)
    if host_in(host_of(form.page), service):
        form = replace(form, page="")
    lines = form.text.split("\n")
    while lines and (not lines[-1].strip() or host_in(host_of(find_url(lines[-1])), service)):
        lines.pop()
    return interest_of(replace(form, text="\n".join(lines)), mail, **known)


def interest_of(form: Form, mail: Mail, **known: Any) -> Interest:
    """What any form tells; the parsers of single form programs start from here.

    `known` are fields of `Interest` that the program's mail shows more surely: `event_key`, `action`, `account`.
    """
    told = {
        "channel": Channel.FORM,
        "action": action_of(form, mail),
        "author": Author(name=form.name, email=form.email, phone=form.phone, company=form.company),
        "text": form.text,
        "source_url": form.page or None,
        "referrer_url": form.referrer or None,
        "product": Product(name=form.product, url=form.page if form.product else None),
        "rating": form.rating,
        "labels": form.labels.raw,
    }
    return Interest(**(told | known))


def action_of(form: Form, mail: Mail) -> Action:
    """What the form says that it is for, above its fields; the customer's own words do not count."""
    about = f"{mail.subject}\n{form.labels.intro}"
    if form.phone and not form.labels.message and _CALL.search(about):
        return Action.CALL
    return Action.ORDER if form.product and _ORDER.search(about) else Action.REQUEST
