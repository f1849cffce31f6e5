"""WooCommerce: orders as the owner gets them, by the templates of versions 3 to 10, HTML and plain, in any language.

The link to the order in the administration stands only in the mails to the owner: new, cancelled and failed. A failed
payment is told to nobody else, and the customer wanted to buy: it is an order too (the same card if he tries again).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

from bs4 import Tag

from interest_ingest.parsing import SITES, Address, Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_answer
from interest_ingest.parsing.orders import Item, address_block, goes_to, host_and_folder, order, site_of_sender
from interest_ingest.parsing.vocabulary import Role, role_of

_EDIT: Final = (
    r"/wp-admin/(?:post\.php\?post=(\d{1,12})&(?:amp;)?action=edit"
    r"|admin\.php\?page=wc-orders&(?:amp;)?action=edit&(?:amp;)?id=(\d{1,12}))"
)
_HEADING: Final = r"(?m)^[^\n:：]{0,80}[#№°º][ \xa0]?[\w/-]{1,30}\]?[ \xa0]{1,3}\([^()\n]{4,60}\)[ \t]*$"
"""`[Order #1043] (March 3, 2026)`, since 9.8 `Order #1043 (March 3, 2026)`"""

_CANCELLED = re.compile(
    r"(?i)cancel|отмен|скасов|storn|annul|annull|iptal|anulow|geannul|peruut|avbest|zruš|キャンセル|لغو|ملغ|取消|취소|रद्द"
)
_FAILED = re.compile(
    r"(?i)fail|не ?удал|неудач|невдал|fehlgeschl|échou|echou|fallid|falh|fallit|başarısız|niepow|nieud|mislukt|"
    r"失敗|失败|실패|ناموفق|فشل|विफल"
)
_STOCK: Final = r"\A\s*+[^\n]{2,200} \(#?[\w-]{1,40}\)[^\n]{5,160}\s*+\Z"
"""`Assam 200 g (#14) is low in stock. There are 2 left.`"""
_PLAIN_ITEM = re.compile(r"([^\n]{1,300}?)(?: \(#[^()\n]{1,60}\))? X (\d{1,6}) = ([^\n]{1,60})$")
_PADDED_ITEM = re.compile(r"([^\n]{1,300}?) × (\d{1,6})\s{1,60}(\S[^\n]{0,40})$")
_SKU = re.compile(r"\s*\(#[^()\n]{1,60}\)")
_END = re.compile(rf"{_EDIT}|^-{{20,60}}\s*$")
"""The link to the order, or the line above the customer's address."""
_RULER = re.compile(r"\s*={8,12}\s*$")


class _Told(NamedTuple):
    """What the body shows of the order, in either layout."""

    items: list[Item]
    totals: dict[str, str]
    note: str
    customer: tuple[str, str, str]


@parser(
    "woocommerce.order",
    version=1,
    match=Match(link=_EDIT, text=_HEADING),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def new_order(mail: Mail) -> Iterator[Interest]:
    """“You've received the following order from Anna Petrova: [Order #1043] (March 3, 2026)”"""
    if is_answer(mail):
        return
    page, number = next((link, found[1] or found[2]) for link in mail.links if (found := re.search(_EDIT, link)))
    told = _read(mail)
    if not told.items:
        raise Changed("the items of the order")
    yield _order(mail, told, number, host_and_folder(page, "/wp-admin/"), page)


@parser(
    "woocommerce.receipt",
    version=1,
    match=Match(text=(_HEADING, _STOCK)),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def receipt(mail: Mail) -> Iterator[Interest]:
    """What the customer gets about his order, where the shop gets a copy of it, and what tells of the stock.

    Owners' templates may lack the link; the subject of what is for them begins with the site's name in brackets.
    """
    if is_answer(mail):
        return
    if re.match(_STOCK, mail.visible_text):
        if mail.subject.startswith("[") and mail.reply_to in (None, mail.sender):
            raise Ignored("stock notice")
    elif (told := _read(mail)).items:
        number = next((found[1] for found in re.finditer(r"[#№°º]\s?([\w/-]{1,30})", mail.subject)), "")
        if not mail.subject.startswith("[") or not number or goes_to(mail, told.customer[1]):
            raise Ignored("receipt for the customer")
        yield _order(mail, told, number, site_of_sender(mail), None)


def _order(mail: Mail, told: _Told, number: str, site: str, page: str | None) -> Interest:
    about = f"{mail.subject}\n{_title(mail)}"
    if _CANCELLED.search(about):
        raise Ignored("order cancelled")
    name, email, phone = told.customer
    answer = mail.reply_to if mail.reply_to and mail.reply_to != mail.sender else Address("", "")
    author = Author(name=answer.name or name, email=answer.email or email, phone=phone)
    labels = told.totals | ({"status": "failed"} if _FAILED.search(about) else {})
    made = order(number, told.items, site=site, author=author, note=told.note, labels=labels, page=page)
    return made.model_copy(update={"occurred_at": _moment(mail)})


def _title(mail: Mail) -> str:
    heading = mail.soup.h1 if mail.html.strip() else None
    return heading.get_text(" ", strip=True) if heading else "\n".join(mail.visible_text.split("\n")[:3])


def _moment(mail: Mail) -> datetime | None:
    told = mail.soup.select_one("time[datetime]") if mail.html.strip() else None
    try:
        return datetime.fromisoformat(str(told["datetime"])) if told else None
    except ValueError:
        return None


def _read(mail: Mail) -> _Told:
    return _read_page(mail) if mail.html.strip() else _read_plain(mail)


def _read_page(mail: Mail) -> _Told:
    rows = [(head, head.find_next_sibling("td")) for head in mail.soup.select('th[scope="row"]')]
    totals = [(head, cell) for head, cell in rows if isinstance(cell, Tag)]
    note = _note(mail, totals)
    if note and totals and not totals[-1][1].select_one('[class*="amount"]'):
        totals.pop()
    address = mail.soup.select_one("address")
    customer = address_block(address.get_text("\n").split("\n")) if address else ("", "", "")
    return _Told(
        [_item(row) for row in mail.soup.select('tr[class*="order_item"]')],
        {_text(a): _text(b) for a, b in totals},
        note,
        customer,
    )


def _item(row: Tag) -> Item:
    cells = row.find_all("td", recursive=False)
    name = (
        next((line for line in cells[0].get_text("\n").split("\n") if _SKU.sub("", line).strip()), "") if cells else ""
    )
    anchor = cells[0].find("a", href=True) if cells else None
    link = str(anchor["href"]) if isinstance(anchor, Tag) else ""
    quantity = _text(cells[1]).strip("×x ") if len(cells) > 1 else ""
    return Item(_SKU.sub("", name).strip(), quantity, _text(cells[2]) if len(cells) > 2 else "", link)


def _note(mail: Mail, totals: list[tuple[Tag, Tag]]) -> str:
    """The customer's note: a row of its own since 9.8, before that the last one, below the total."""
    own = mail.soup.select_one('tr[class*="order-customer-note"] td')
    if own is not None:
        return own.get_text().strip().partition("\n")[2].strip()
    if not totals or totals[-1][1].select_one('[class*="amount"]') or not _is_note(*map(_text, totals[-1])):
        return ""
    return "\n".join(line.strip() for line in totals[-1][1].get_text().strip().split("\n"))


def _is_note(label: str, value: str) -> bool:
    return role_of(label.strip(" :：")) is Role.MESSAGE or not any(map(str.isdigit, value))


def _read_plain(mail: Mail) -> _Told:
    lines = mail.visible_text.split("\n")
    ruler = next((n for n in range(len(lines) - 1, -1, -1) if _RULER.match(lines[n])), 0)
    found = [_PLAIN_ITEM.match(line) or _PADDED_ITEM.match(line) for line in lines[:ruler]]
    items = [Item(one[1].strip(), one[2], one[3].strip()) for one in found if one]
    edit = next((n for n in range(ruler, len(lines)) if _END.search(lines[n])), len(lines))
    totals, note = _totals([line.strip() for line in lines[ruler + 1 : edit]])
    below = "\n".join(line.strip() for line in lines[edit + 1 :])
    blocks = [block.split("\n") for block in re.split(r"\n{2,}", below)]
    customer = next((address_block(block) for block in blocks if any("@" in line for line in block)), ("", "", ""))
    return _Told(items, totals, note, customer)


def _totals(lines: list[str]) -> tuple[dict[str, str], str]:
    """`Subtotal:\\t £36.00`, and below the last of them `Note:\\t …`, which may have several lines."""
    totals: dict[str, str] = {}
    for at, line in enumerate(lines):
        label, tab, value = line.partition("\t") if "\t" in line else line.partition(":")
        if totals and tab and role_of(label.strip(" :：")) is Role.MESSAGE:
            return totals, "\n".join([value.strip(), *lines[at + 1 :]]).strip()
        if tab and value.strip():
            totals[label.strip(" :：")] = value.strip()
    return totals, ""


def _text(tag: Tag) -> str:
    return " ".join(tag.get_text().split()).strip(" :")
