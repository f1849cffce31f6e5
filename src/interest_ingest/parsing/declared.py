"""Parsers without code: a TOML table that says which mails are meant and where each field of the card stands in them.

    name = "bakery.order"
    version = 1
    channel = "form"
    action = "order"
    signed_by = "bakery.example"
    link_hosts = "bakery.example"

    [match]
    from_domain = "bakery.example"
    subject = "^New order"

    [fields]
    author.name = { label = ["Customer", "Name"], required = true }
    author.email = { header = "reply_to.email" }
    text = { css = "div.wishes" }
    event_key = { link = "/orders/([0-9]+)" }

Such a table is data: nothing in it runs but regular expressions and CSS selectors.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from soupsieve import SelectorSyntaxError
from soupsieve import compile as compile_selector

from interest_ingest.cards import Action, Author, Channel, Interest, Product
from interest_ingest.errors import UsageError
from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import CONTRACT_VERSION, Changed, Ignored, Match, Parser
from interest_ingest.parsing.dates import parse_moment
from interest_ingest.parsing.language import detect
from interest_ingest.parsing.pick import (
    Where,
    attribute,
    between,
    found,
    header,
    labelled,
    labels_of,
    link,
    number,
    text_at,
    visible,
)

MAX_BYTES: Final = 256 * 1024
"""Of a file; a parser has some forty lines."""

NOISE_CHARS: Final = 4_000
"""So much of a mail's text is searched for the patterns of `ignore`."""


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str | dict) else tuple(value) if isinstance(value, list) else value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as fault:
        raise ValueError(f"{value!r} is no regular expression ({fault})") from fault
    return value


def _selector(value: str) -> str:
    try:
        compile_selector(value)
    except SelectorSyntaxError as fault:
        raise ValueError(f"{value!r} is no CSS selector ({str(fault).splitlines()[0]})") from fault
    return value


def _contract(value: int) -> int:
    if value != CONTRACT_VERSION:
        raise ValueError(f"it is written for version {value} of the contract, this program has {CONTRACT_VERSION}")
    return value


Word = Annotated[str, Field(pattern=r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$", max_length=100)]
Pattern = Annotated[str, Field(min_length=1, max_length=2_000), AfterValidator(_pattern)]
Bound = Annotated[str, Field(max_length=2_000), AfterValidator(_pattern)]
Selector = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_selector)]
Texts = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=2_000)], ...], BeforeValidator(_listed)]
Patterns = Annotated[tuple[Pattern, ...], BeforeValidator(_listed)]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Place(_Data):
    """Where one value stands: exactly one of `label`, `css`, `link`, `header`, `in`, `between`, or a constant `value`.

    `pattern` narrows what was found there to its groups; by itself it is searched in the visible text. `attribute` is
    that of the element which `css` finds, without it its text. `between` are patterns of the line above the text and of
    that below. `join` puts the values of all labels together. A field that is `required` and absent makes the mail one
    of an unknown shape.
    """

    label: Texts = ()
    css: Selector | None = None
    attribute: str | None = None
    link: Pattern | None = None
    header: str | None = None
    within: Literal["subject", "text"] | None = Field(default=None, alias="in")
    between: Annotated[tuple[Bound, Bound] | None, BeforeValidator(_listed)] = None
    value: str | None = None
    pattern: Pattern | None = None
    join: bool = False
    required: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        given = [self.label, self.css, self.link, self.header, self.within, self.between, self.value]
        count = sum(one not in (None, ()) for one in given)
        if count > 1 or not (count or self.pattern):
            raise ValueError("say one of label, css, link, header, in, between, value, or a pattern")
        if self.attribute and not self.css:
            raise ValueError("attribute is that of an element: it needs css")
        return self

    def find(self, mail: Mail, where: Where) -> str:
        """The value in `where`, which is `mail` or a block of its page; "" where there is none."""
        if self.value is not None:
            return self.value
        text = self._told(mail, where)
        return found(self.pattern, text) if self.pattern else text

    def _told(self, mail: Mail, where: Where) -> str:
        if self.label and self.join:
            return " ".join(filter(None, (labelled(where, one) for one in self.label)))
        if self.label:
            return labelled(where, *self.label)
        if self.css:
            return attribute(where, self.css, self.attribute) if self.attribute else text_at(where, self.css)
        if self.link:
            return link(where, self.link)
        if self.header:
            return header(mail, self.header)
        if self.between:
            return between(where, *self.between)
        return mail.subject if self.within == "subject" else visible(where)


Places = Annotated[tuple[Place, ...], BeforeValidator(_listed)]
"""One place or several: the first that has the value counts."""


class AuthorFields(_Data):
    """Where the author's data stand."""

    name: Places = ()
    email: Places = ()
    phone: Places = ()
    profile_url: Places = ()
    photo_url: Places = ()
    company: Places = ()


class ProductFields(_Data):
    """Where the product's data stand."""

    name: Places = ()
    url: Places = ()


class Fields(_Data):
    """Where the fields of an `Interest` stand."""

    author: AuthorFields = AuthorFields()
    text: Places = ()
    occurred_at: Places = ()
    event_key: Places = ()
    source_url: Places = ()
    referrer_url: Places = ()
    reply_url: Places = ()
    account: Places = ()
    object_kind: Places = ()
    product: ProductFields = ProductFields()
    count: Places = ()
    rating: Places = ()


class Matching(_Data):
    """The `Match` of the contract as a table."""

    from_domain: Texts = ()
    from_address: Texts = ()
    subject: Patterns = ()
    header: Patterns = ()
    text: Patterns = ()
    link: Patterns = ()


class Declared(_Data):
    """A parser without code. `actions`: patterns of the subject with the action that they tell, before `action`.

    `ignore`: patterns of the subject or the beginning of the text of mails without interest. `cards`: a CSS selector
    of blocks that are a card each. `languages` and `order` say how dates are written (see `dates.parse_moment`).
    """

    name: Word
    version: int = Field(ge=0, le=2**31 - 1)
    contract: Annotated[int, AfterValidator(_contract)] = CONTRACT_VERSION
    channel: Channel
    action: Action
    actions: dict[Pattern, Action] = {}
    signed_by: Texts = ()
    link_hosts: Texts = ()
    photo_hosts: Texts = ()
    instead_of: Texts = ()
    ignore: Patterns = ()
    cards: Selector | None = None
    languages: Texts = ()
    order: Literal["DMY", "MDY", "YMD"] | None = None
    match: Matching
    fields: Fields

    def parser(self, origin: str = "") -> Parser:
        """The parser of the contract that this table declares."""
        return Parser(
            name=self.name,
            version=self.version,
            match=Match(**dict(self.match)),
            read=self.read,
            signed_by=tuple(map(str.lower, self.signed_by)),
            link_hosts=tuple(map(str.lower, self.link_hosts)),
            photo_hosts=tuple(map(str.lower, self.photo_hosts)),
            instead_of=self.instead_of,
            origin=origin,
        )

    def read(self, mail: Mail) -> Iterator[Interest]:
        """The interests of `mail`; raises `Ignored` for noise and `Changed` where something required is absent."""
        head = (mail.subject, mail.visible_text[:NOISE_CHARS])
        if any(re.search(pattern, text) for pattern in self.ignore for text in head):
            raise Ignored("noise")
        blocks: list[Where] = list(mail.soup.select(self.cards)) if self.cards else [mail]
        if not blocks:
            raise Changed(f"no {self.cards}")
        for block in blocks:
            yield self._interest(mail, block)

    def patterns(self) -> Iterator[str]:
        """Every regular expression in the table."""
        yield from self.actions
        yield from self.ignore
        for key in ("subject", "header", "text", "link"):
            yield from getattr(self.match, key)
        for _, places in _each(self.fields):
            yield from (p for one in places for p in (one.link, one.pattern, *(one.between or ())) if p)

    def _interest(self, mail: Mail, where: Where) -> Interest:
        told = {name: _first(name, places, mail, where) for name, places in _each(self.fields)}
        plain = ("event_key", "source_url", "referrer_url", "reply_url", "account", "object_kind")
        labels = any(place.label for _, places in _each(self.fields) for place in places)
        return Interest(
            channel=self.channel,
            action=next((a for pattern, a in self.actions.items() if re.search(pattern, mail.subject)), self.action),
            author=Author(**{key: told[f"author.{key}"] or None for key in AuthorFields.model_fields}),
            product=Product(name=told["product.name"], url=told["product.url"]),
            text=told["text"],
            occurred_at=self._moment(told["occurred_at"], mail),
            count=_count(told["count"]),
            rating=number(told["rating"]),
            labels=labels_of(where) if labels else {},
            **{key: told[key] or None for key in plain},
        )

    def _moment(self, text: str, mail: Mail) -> datetime | None:
        languages = self.languages or tuple(filter(None, (detect(mail.visible_text), "en")))
        return parse_moment(text, languages, mail.date, order=self.order) if text else None


def _first(name: str, places: tuple[Place, ...], mail: Mail, where: Where) -> str:
    value = next((value for place in places if (value := place.find(mail, where))), "")
    if not value and any(place.required for place in places):
        raise Changed(name)
    return value


def _each(fields: Fields) -> Iterator[tuple[str, tuple[Place, ...]]]:
    """Every field with its places, those of author and product as `author.name`."""
    for key in Fields.model_fields:
        told = getattr(fields, key)
        if isinstance(told, tuple):
            yield key, told
        else:
            yield from ((f"{key}.{inner}", getattr(told, inner)) for inner in type(told).model_fields)


def _count(text: str) -> int:
    digits = re.sub(r"(?<=\d)[ .,\u00a0](?=\d{3})", "", text)
    match = re.search(r"\d{1,8}", digits)
    return max(1, int(match[0])) if match else 1


def load_declared(file: Path) -> Declared:
    """The parser that a TOML file declares. Raises `UsageError`: one sentence that says what is wrong in it."""
    try:
        raw = file.read_bytes()
        if len(raw) > MAX_BYTES:
            raise UsageError("it is larger than 256 KB")
        return read_declared(raw.decode("utf-8"))
    except OSError as fault:
        raise UsageError((fault.strerror or str(fault)).lower()) from fault
    except UnicodeDecodeError as fault:
        raise UsageError("it is no UTF-8") from fault


def read_declared(text: str) -> Declared:
    """The parser that a TOML text declares. Raises `UsageError` as `load_declared` does."""
    try:
        return Declared.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise UsageError(f"it is no TOML: {fault}") from fault
    except ValidationError as fault:
        raise UsageError(_told(fault)) from fault


def _told(fault: ValidationError) -> str:
    """The first mistake, with its place as it is written in the file."""
    error: dict[str, Any] = dict(fault.errors(include_url=False)[0])
    where = ".".join(str(one) for one in error["loc"] if not isinstance(one, int)).removesuffix(".[key]")
    if error["type"] == "extra_forbidden":
        return f"{where} is unknown; known there: {', '.join(_known(error['loc']))}"
    if error["type"] == "missing":
        return f"{where} is missing"
    if error["type"] == "tuple_type":
        right = 'a table like { label = "Name" }' if where.startswith("fields") else "a text in quotes"
        return f"{where}: it should be {right}"
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{where}: {said[:1].lower()}{said[1:]}" if where else said


def _known(place: tuple[int | str, ...]) -> list[str]:
    """The names that may stand beside the unknown one at `place`."""
    model: type[BaseModel] = Declared
    steps: dict[str, type[BaseModel]] = {
        "match": Matching,
        "fields": Fields,
        "author": AuthorFields,
        "product": ProductFields,
    }
    for step in place[:-1]:
        model = steps.get(str(step), Place)
    return [field.alias or name for name, field in model.model_fields.items()]
