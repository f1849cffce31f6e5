"""`Mail`: one message as parsers see it, whatever state its bytes are in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Final

from interest_ingest.cards import Attachment, Trust, iso_utc
from interest_ingest.mail.addresses import Address, read_addresses, read_date, read_message_id
from interest_ingest.mail.bodies import Bodies, read_bodies
from interest_ingest.mail.charsets import codec_of, decode, storable
from interest_ingest.mail.headers import Field, decode_value
from interest_ingest.mail.html import Anchor, Image, Page, make_soup, read_page
from interest_ingest.mail.limits import MAX_DEPTH, MAX_HEADER, MAX_RAW, MAX_TEXT, OVERSIZE_TEXT, Budget, Notes
from interest_ingest.mail.structure import Part, innermost, leaves, read_part

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

_ENVELOPE_LINE: Final = re.compile(rb">?From (?![ \t]*:)[^\r\n]*(?:\r?\n|\r)")
_HEADER_LINE: Final = re.compile(rb"[!-9;-~]+[ \t]*:")
_END_OF_HEAD: Final = re.compile(rb"\r{0,2}\n\r{0,2}\n|\r\r(?!\n)")
_URL: Final = re.compile(r"https?://[^\s<>\"“”«»]{1,2000}", re.IGNORECASE)
_URL_END: Final = ".,;:!?'…*_~|。、，"
MAX_DOMAIN: Final = 255
"""Characters of a domain (RFC 1035 §2.3.4); of a longer one, which is none, only the end is looked at."""
_LETTER: Final = re.compile(r"[^\W\d_]")


class Mail:
    """One decoded mail. Everything is text that any database takes: no NUL, no lone surrogates, line feeds only.

    Attributes are plain values, read when the mail is made; `soup`, `visible_text`, `html_text` and `links`
    are made when first asked for. Two mails with the same bytes have equal values.
    """

    subject: str
    sender: Address | None
    """From, else Sender; its email is "" where the mail gives only a name."""
    reply_to: Address | None
    to: list[Address]
    date: datetime | None
    """Aware, in the zone that the mail gives; None if there is none or it is absurd."""
    message_id: str
    """Without angle brackets; "" if absent or absurd."""
    text: str
    """All text/plain parts, joined; of a mail that only carries other mails, theirs."""
    html: str
    attachments: tuple[Attachment, ...]
    calendar: str
    """What is done with an appointment that the mail carries (RFC 5546): REQUEST, REPLY, CANCEL; "" if it has none."""
    trust: Trust
    notes: tuple[str, ...]
    """What was repaired or cut, in words for the operator."""
    inner: tuple[Mail, ...]
    """The mails attached to this one and to those, outermost first; their trust is unproven."""
    oversize: bool
    """Over 25 MB: only headers and the first 256 KB were read."""

    _fields: list[Field]
    _charset: str | None
    _bodies: Bodies
    _budget: Budget

    @classmethod
    def from_bytes(cls, raw: bytes, *, trust: Trust = Trust.UNPROVEN) -> Mail:
        """Read a mail from its bytes; never raises, and loses no body: what cannot be taken apart is shown as text."""
        try:
            mail = cls._read(raw, trust, Budget())
            mail._read_inner()
            return mail
        except Exception as fault:  # here one mail is isolated: whatever a library does, its reader gets a mail
            mail = cls()
            mail.trust = trust
            mail._fill_plain(raw, type(fault).__name__)
            return mail

    @classmethod
    def _read(cls, raw: bytes, trust: Trust, budget: Budget) -> Mail:
        notes = Notes()
        mail = cls()
        mail.trust = trust
        mail._budget = budget
        mail.oversize = len(raw) > MAX_RAW
        root = read_part(*_prepared(raw, notes), notes)
        parts = list(leaves(root, notes, budget))
        mail._fields = root.fields
        mail._charset = _body_charset(parts)
        mail._bodies = read_bodies(parts, notes)
        mail._read_headers(notes)
        mail._read_bodies()
        mail.notes = tuple(notes)
        return mail

    def _read_headers(self, notes: Notes) -> None:
        first: dict[str, bytes] = {}
        for name, value in self._fields:
            key = name.lower()
            if not first.get(key, b"").strip():
                first[key] = value
        self.subject = decode_value(first.get("subject", b""), self._charset, notes)
        to = b",".join(value.rstrip() for name, value in self._fields if name.lower() == "to")
        self.to = [one for one in read_addresses(to[:MAX_HEADER], self._charset, notes) if one.email]
        self.reply_to = self._one(first.get("reply-to", b""), notes)
        self.sender = self._one(first.get("from", b""), notes)
        if self.sender is None:
            notes.add("From is absent")
            self.sender = self._one(first.get("sender", b""), notes)
        date = first.get("date", b"").strip()
        self.date = read_date(decode_value(date, None, notes), notes) if date else None
        self.message_id = read_message_id(decode_value(first.get("message-id", b""), None, notes), notes)

    def _one(self, value: bytes, notes: Notes) -> Address | None:
        found = read_addresses(value, self._charset, notes) if value.strip() else []
        return next((one for one in found if one.email), found[0] if found else None)

    def _read_bodies(self) -> None:
        self.text = self._bodies.joined(html=False)
        self.html = self._bodies.joined(html=True)
        self.attachments = tuple(self._bodies.attachments)
        self.calendar = self._bodies.calendar

    def _read_inner(self) -> None:
        """Read the attached mails and theirs, without recursion: a mail can hold mails thousands deep."""
        family: list[tuple[Mail, list[Mail]]] = []
        waiting = [(self, 0)]
        while waiting:
            mail, depth = waiting.pop()
            children = []
            for raw in mail._bodies.messages:
                if depth > MAX_DEPTH or self._budget.parts <= 0:
                    self._note("too many attached mails: the rest is left out")
                    break
                if depth == MAX_DEPTH:
                    self._note("mails attached to each other deeper than 20: some are left out")
                    raw = innermost(raw)
                children.append(Mail._read(raw, Trust.UNPROVEN, self._budget))
            family.append((mail, children))
            waiting.extend((child, depth + 1) for child in children)
        for mail, children in reversed(family):
            mail._adopt(children)

    def _note(self, note: str) -> None:
        self.notes = tuple(dict.fromkeys((*self.notes, note)))

    def _adopt(self, children: list[Mail]) -> None:
        self.inner = tuple(one for child in children for one in (child, *child.inner))
        if children and not self.text.strip() and not self.html.strip():
            self.text = "\n\n".join(child.text for child in children if child.text.strip())[:MAX_TEXT]
            self.html = next((child.html for child in children if child.html.strip()), "")
            self._note("the text is that of the attached mail")

    def _fill_plain(self, raw: bytes, fault: str) -> None:
        """The last resort: no headers, and the bytes as text."""
        self._fields, self._charset, self._bodies, self._budget = [], None, Bodies(), Budget()
        self.subject = self.message_id = self.html = self.calendar = ""
        self.sender = self.reply_to = self.date = None
        self.to, self.attachments, self.inner = [], (), ()
        self.oversize = len(raw) > MAX_RAW
        self.text = storable(decode(raw[:OVERSIZE_TEXT]).text)
        self.notes = (f"could not be read as a mail ({fault})",)

    def __repr__(self) -> str:
        return f"<Mail {self.message_id or self.canon_digest[:12]}>"

    def header(self, name: str) -> str:
        """The first header `name`, decoded; "" if absent."""
        return next(iter(self.headers(name)), "")

    def headers(self, name: str) -> list[str]:
        """All headers `name`, decoded, in the order of the mail."""
        wanted = name.lower()
        notes = Notes()
        return [decode_value(value, self._charset, notes) for key, value in self._fields if key.lower() == wanted]

    def all_headers(self) -> list[tuple[str, str]]:
        """All headers, names as written, values decoded, in the order of the mail."""
        return list(self._all_headers)

    @cached_property
    def _all_headers(self) -> tuple[tuple[str, str], ...]:
        notes = Notes()
        return tuple((name, decode_value(value, self._charset, notes)) for name, value in self._fields)

    @cached_property
    def header_lines(self) -> tuple[str, ...]:
        """All headers as `Name: value`."""
        return tuple(f"{name}: {value}" for name, value in self._all_headers)

    @cached_property
    def sender_domains(self) -> frozenset[str]:
        """The domain of From and those above it, in lower case: `mail.shop.example`, `shop.example`, `example`."""
        domain = (self.sender.email if self.sender else "").rpartition("@")[2].lower().rstrip(".")
        labels = domain[-MAX_DOMAIN:].split(".")
        return frozenset(".".join(labels[at:]) for at in range(len(labels))) - {""}

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The HTML as BeautifulSoup on lxml; empty without HTML."""
        return make_soup(self.html)

    @cached_property
    def page(self) -> Page:
        """The HTML, parsed once: its text, links and pictures."""
        return read_page(self.html)

    @property
    def anchors(self) -> tuple[Anchor, ...]:
        """The links of the HTML with their words, in order, not unwrapped."""
        return self.page.anchors

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures of the HTML, in order: portraits, logos, icons and tracking pixels alike."""
        return self.page.images

    @property
    def html_text(self) -> str:
        """The rendered HTML (see `interest_ingest.mail.html.render`)."""
        return self.page.text

    @cached_property
    def visible_text(self) -> str:
        """What a person reads: the text if it says anything and stands for the HTML, else the rendered HTML.

        HTML that has no text alternative (a letter above a mailing list's text footer) is read with the text, in the
        order of the mail.
        """
        if not self.html.strip():
            return self.text
        spoken = {s.alternative for s in self._bodies.segments if not s.html and _says_anything(s.content)}
        uncovered = [s for s in self._bodies.segments if s.html and (not s.alternative or s.alternative not in spoken)]
        if self._bodies.segments and not uncovered:
            return self.html_text if self._is_stub() else self.text
        if not self.text.strip() or not self._bodies.segments:
            return self.html_text or self.text
        shown = (
            read_page(s.content).text if s.html else s.content.strip("\n")
            for s in self._bodies.segments
            if s in uncovered or (not s.html and (not s.alternative or s.alternative in spoken))
        )
        return "\n".join(part for part in shown if part.strip())

    def _is_stub(self) -> bool:
        """Whether the text part only says that the mail is HTML: next to nothing beside a much longer page."""
        plain = _URL.sub("", self.text) if len(self.text) < 1_000 else self.text
        return len(plain.strip()) < 200 and len(self.html_text) > 5 * len(plain) + 200

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The hrefs of the HTML, then the URLs of the text, each once, in order, as they stand there."""
        found = dict.fromkeys(self.page.links if self.html else ())
        found.update(dict.fromkeys(_text_links(self.text)))
        return tuple(found)

    @cached_property
    def canon_digest(self) -> str:
        """SHA-256 over From, Date, Subject, Message-ID and the text: equal for two deliveries of one mail."""
        date = iso_utc(self.date) if self.date else ""
        sender = self.sender.email.lower() if self.sender else ""
        return _digest("\0".join((sender, date, self.subject, self.message_id, self.text.strip(), self.html.strip())))

    @property
    def message_id_digest(self) -> str:
        """SHA-256 of the Message-ID, "" without one."""
        return _digest(self.message_id) if self.message_id else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _prepared(raw: bytes, notes: Notes) -> tuple[bytes, int, int]:
    """The buffer and the span of the mail in it: size bounded, line ends real, leading noise skipped."""
    if len(raw) > MAX_RAW:
        notes.add("mail over 25 MB: headers and first 256 KB read")
        head = _END_OF_HEAD.search(raw)
        raw = raw[: (head.end() if head else 0) + OVERSIZE_TEXT]
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        notes.add("the whole mail was UTF-16")
        raw = decode(raw).text.encode("utf-8")
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    if b"\r" in raw and b"\n" not in raw:
        notes.add("line ends were bare CR")
        raw = raw.replace(b"\r", b"\n")
    stripped = start
    while stripped < len(raw) and raw[stripped] in b" \t\r\n\x00":
        stripped += 1
    envelope = _ENVELOPE_LINE.match(raw, stripped)
    if envelope:
        stripped = envelope.end()
    if stripped != start and (envelope or _HEADER_LINE.match(raw, stripped)):
        if not envelope:
            notes.add("blank before the headers")
        start = stripped
    return raw, start, len(raw)


def _body_charset(parts: list[Part]) -> str | None:
    for part in parts:
        declared = part.parameters.get("charset") if part.type.startswith("text/") else None
        if declared and codec_of(declared):
            return declared
    return None


def _says_anything(text: str) -> bool:
    return bool(_LETTER.search(_URL.sub("", text[:5_000])))


def _text_links(text: str) -> Iterator[str]:
    for found in _URL.finditer(text):
        url = found[0].rstrip(_URL_END)
        for opening, closing in ("()", "[]", "{}"):
            if url.endswith(closing) and url.count(closing) > url.count(opening):
                url = url.rstrip(closing).rstrip(_URL_END)
        yield url
