"""A mail without the people in it: the same structure, other names, addresses, numbers and tokens, and the proof of it.

What is kept: the service's domains and labels, layout, languages, dates, and what somebody wrote, in which only names,
addresses, numbers and links are replaced. What the scrubber cannot know, it cannot replace: further names can be given.
"""

from __future__ import annotations

import html
import quopri
import re
from base64 import encodebytes
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.generator import BytesGenerator
from email.header import Header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from interest_ingest.authoring.disguise import Disguise, own_domains
from interest_ingest.authoring.workshop import differences, document
from interest_ingest.cards import Reading
from interest_ingest.ingest.reading import read, reading_json
from interest_ingest.ingest.rules import Rules
from interest_ingest.mail import Mail
from interest_ingest.mail.charsets import decode
from interest_ingest.mail.headers import decode_value, split_head
from interest_ingest.mail.limits import Notes
from interest_ingest.mail.transfer import decode_transfer, encoding_of
from interest_ingest.parsing.contract import SITES
from interest_ingest.parsing.domains import is_free_mail
from interest_ingest.parsing.labels import read_labels
from interest_ingest.parsing.quotes import split_signature
from interest_ingest.parsing.social import deed_of
from interest_ingest.parsing.tokens import host_of
from interest_ingest.parsing.vocabulary import Role

_DROPPED: Final = re.compile(
    r"(?i)(?:received|x-received|arc-.*|authentication-results|received-spf|domainkey-signature|x-google-.*|x-gm-.*|x-spam.*"
    r"|x-ms-.*|x-microsoft.*|x-forefront.*|x-proofpoint.*|x-yandex-.*|x-mru-.*|x-mras|x-originating-ip|x-sg-.*|x-ses-.*"
    r"|feedback-id|x-feedback-id|thread-index|x-get-message-sender-via|x-authenticated-.*|x-source.*|x-antiabuse|autocrypt"
    r"|x-virus.*|x-rspam.*|x-mozilla.*|x-uidl?|face|x-face|user-agent-id|bcc)"
)
"""Fields of the way of a mail, and of what filters thought of it: no parser reads them."""

_IDENTITIES: Final = frozenset({"message-id", "in-reply-to", "references", "content-id", "x-entity-ref-id"})
_RECIPIENTS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Forwarded-To", "X-Forwarded-For")
_ENCODED: Final = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=(?:\s+=\?[^?\s]{1,60}\?[bBqQ]\?[^?]*\?=)*")
_NOT_ASCII: Final = re.compile(r"[^\s\x00-\x7f<>\"(),;][^\s<>\"(),;]*(?:[ ][^\s<>\"(),;]*[^\x00-\x7f][^\s<>\"(),;]*)*")
_TAG: Final = re.compile(r"(?i:<style\b.*?</style\s*>)|<!--.*?-->|<[a-zA-Z/!?][^<>]*>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""([\w:-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s"'<>]+)""")
_LAYOUT: Final = frozenset(
    {"class", "style", "width", "height", "bgcolor", "color", "size", "xmlns", "content", "lang"}
)
_GREETING: Final = re.compile(
    r"(?im)^\W{0,3}(?:hi|hello|hey|dear|hallo|liebe|lieber|bonjour|hola|ciao|olá|здравствуйте|привет|добрый день"
    r"|уважаем\w+|вітаю)[ ,]{1,3}([^\W\d_]{2,30}(?: [^\W\d_]{2,30}){0,2})\s{0,2}[,!.]"
)
_PAGE: Final = re.compile(
    r"(?i).*\.(?:php|html?|aspx?|cgi)|(?:users?|people|profiles?|members?|authors?|accounts?|account|me)"
)
"""The last word of the address of a page that is called by its parameters."""

_KEPT: Final = frozenset(
    ["outcome", "parser", "trust", "source", "channel", "action", "occurred_at", "object_kind", "kind", "language"]
)
"""What a document says in words of ours."""

_REMOVED: Final = b"removed\n"


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A scrubbed mail, what was replaced by what, and what speaks against it: no `faults`, no people left in it."""

    raw: bytes
    mapping: Mapping[str, str]
    faults: tuple[str, ...] = ()


def scrub(
    raw: bytes, *, rules: Rules | None = None, names: Iterable[str] = (), disguise: Disguise | None = None
) -> Scrubbed:
    """`raw` without the people, addresses, numbers and tokens in it, and what was found when that was proved.

    Deterministic. The same `disguise` for several mails gives the same person the same invented name in all of them.
    `names` are further people to replace. `faults` has one sentence for each original that is still there, and for
    each field of the cards that does not come out as the scrubbed one of before.
    """
    disguise = disguise or Disguise()
    rules = rules or Rules()
    mail = Mail.from_bytes(raw)
    reading = read(raw, rules)
    _learn(disguise, mail, reading, rules, names)
    _rewritten(raw, disguise)  # once to meet everything, in whatever order it stands
    scrubbed = _rewritten(raw, disguise)
    if any(disguise.left_in(one) for one in _texts(scrubbed)):
        scrubbed = _flat(mail, disguise)
    return Scrubbed(scrubbed, dict(disguise.mapping), tuple(_faults(reading, scrubbed, disguise, rules)))


def _faults(reading: Reading, scrubbed: bytes, disguise: Disguise, rules: Rules) -> Iterator[str]:
    if reading.reason == "no mail":
        yield "it has none of the header fields of a mail: save it as .eml with its headers"
    left = dict.fromkeys(one for text in _texts(scrubbed) for one in disguise.left_in(text))
    yield from (f"{one!r} is still in it" for one in left)
    expected = _disguised(reading_json(reading), disguise)
    for field, wanted, found in differences(expected, document(scrubbed, rules)):
        if not field.endswith(".language"):  # of a short text the name may be what tells it
            yield f"{field}: {found!r} is read in place of {wanted!r}"


def _disguised(told: Any, disguise: Disguise) -> Any:
    """What a document says once everybody in it is replaced."""
    if isinstance(told, dict):
        return {key: value if key in _KEPT else _disguised(value, disguise) for key, value in told.items()}
    if isinstance(told, list):
        return [_disguised(value, disguise) for value in told]
    return disguise.text(told) if isinstance(told, str) else told


def _learn(disguise: Disguise, mail: Mail, reading: Reading, rules: Rules, names: Iterable[str]) -> None:
    """Tell the disguise who is in the mail: those on its cards, those whom it names by labels, and its recipients."""
    disguise.date = mail.date
    everybody = (mail, *mail.inner)
    for one in everybody:
        disguise.taken("\n".join((one.subject, one.text, one.html_text, *(value for _, value in one.all_headers()))))
    recipients = [one.email for each in everybody for one in _recipients(each)]
    sites = _sites(reading, rules)
    for parser in rules.parsers:
        for host in (*parser.link_hosts, *parser.signed_by, *parser.photo_hosts):
            disguise.service(host)
    for domain in [*own_domains(recipients), *sites]:
        disguise.own_domain(domain)
    authors = {(card.author.email or "").lower() for card in reading.cards}
    for one in everybody:
        if one.sender and one.sender.email.lower() not in authors and not is_free_mail(_domain(one.sender.email)):
            disguise.service(_domain(one.sender.email))
            disguise.robot(one.sender.email)
    for site in _websites(reading, everybody):
        disguise.their_domain(site)
    for name in dict.fromkeys([*names, *_people(reading, everybody, authors)]):
        disguise.person(name)
    for handle in _handles(reading):
        disguise.handle(handle)
    for one in everybody:
        labels = read_labels(one)
        for street in labels.values(Role.ADDRESS):
            disguise.phrase(street, "street")
        for company in labels.values(Role.COMPANY):
            disguise.phrase(company)
    for card in reading.cards:
        if card.author.company:
            disguise.phrase(card.author.company)


def _people(reading: Reading, mails: Iterable[Mail], authors: set[str]) -> Iterator[str]:
    """Names: those on the cards, else what stands where names stand; and those of the recipients."""
    yield from (card.author.name for card in reading.cards if card.author.name)
    for mail in mails:
        if not reading.cards:
            yield from filter(_may_be_name, _told_names(mail))
        for address in filter(None, (mail.sender, mail.reply_to)):
            foreign = address is mail.reply_to and not reading.cards and address != mail.sender
            if address.email.lower() in authors or is_free_mail(_domain(address.email)) or foreign:
                yield address.name
        yield from (one.name for one in _recipients(mail) if not _is_company(one.name, one.email))
        yield from filter(_may_be_name, _GREETING.findall(mail.visible_text[:1_000]))
        signature = split_signature(mail.visible_text)[1].strip()
        first = re.sub(r"^[\W_]+", "", signature).partition("\n")[0]
        if len(first.split()) > 1 and _may_be_name(first):
            yield first


def _told_names(mail: Mail) -> Iterator[str]:
    """By a label, or by a sentence that tells who did something."""
    labels = read_labels(mail)
    for role in (Role.NAME, Role.FIRST_NAME, Role.LAST_NAME, Role.KANA):
        yield from (re.sub(r"\s*[(<].*", "", name) for name in labels.values(role))
    if deed := deed_of(mail):
        yield deed.author


def _may_be_name(text: str) -> bool:
    """Whether `text` can be somebody's name by its looks: a few words without figures, none in small letters."""
    words = text.split()
    return 0 < len(words) < 5 and not re.search(r"[\d:@/()!?]", text) and not any(word[0].islower() for word in words)


def _is_company(name: str, address: str) -> bool:
    """Whether a recipient's name is that of the company, which may be a word of its products."""
    words = {word.lower() for word in re.findall(r"[^\W\d_]{3,}", name)}
    domain = set(re.split(r"[\W\d_]+", _domain(address)))
    return len(words) < 2 or bool(
        words & (domain | {"shop", "store", "team", "desk", "office", "support", "sales", "info"})
    )


def _recipients(mail: Mail) -> Iterator[Any]:
    yield from mail.to
    for name in _RECIPIENTS[1:]:
        for value in mail.headers(name):
            for found in re.finditer(r"(?P<name>[^<>,;@\"]*?)\"?\s*<?(?P<email>[^\s<>,;]+@[^\s<>,;]+)>?", value):
                yield _Address(found["name"].strip(), found["email"])


@dataclass(frozen=True, slots=True)
class _Address:
    name: str
    email: str


def _sites(reading: Reading, rules: Rules) -> Iterator[str]:
    """The company's own sites, where the mail comes from software on them."""
    own = {one.name for one in rules.parsers if SITES in one.link_hosts}
    for card in reading.cards:
        if card.parser in own:
            yield from filter(None, (host_of(card.source_url or ""), host_of(card.product.url or "")))


def _websites(reading: Reading, mails: Iterable[Mail]) -> Iterator[str]:
    """Where those who wrote are at home."""
    told = [card.author.profile_url or "" for card in reading.cards]
    told += [value for mail in mails for value in read_labels(mail).values(Role.WEBSITE)]
    yield from filter(None, map(host_of, told))


def _handles(reading: Reading) -> Iterator[str]:
    """By what words those who wrote are called in the addresses of their own pages: `/@anna.p`, `/user/anna_p/`."""
    for card in reading.cards:
        path = unquote(urlsplit(card.author.profile_url or "").path)
        last = path.rstrip("/").rpartition("/")[2].removeprefix("@")
        if re.fullmatch(r"[^\W\d_][\w.-]{2,60}", last) and not _PAGE.fullmatch(last):
            yield last


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _texts(raw: bytes) -> Iterator[str]:
    """Everything in a mail that somebody could read."""
    mail = Mail.from_bytes(raw)
    for one in (mail, *mail.inner):
        yield from (f"{name}: {value}" for name, value in one.all_headers() if name.lower() not in ("date", "received"))
        yield from (one.subject, one.text, html.unescape(one.html), one.html_text, *one.links)
        yield from (attachment.name for attachment in one.attachments)


def _rewritten(raw: bytes, disguise: Disguise) -> bytes:
    """The mail with the same structure, each text in it replaced."""
    message = BytesParser(policy=compat32).parsebytes(_tidy(raw))
    message.set_unixfrom(None)  # type: ignore[arg-type]  # typeshed: str; None takes it away
    for number, part in enumerate(message.walk(), 1):
        _rewrite_headers(part, disguise, topmost=part is message)
        if part.is_multipart():
            part.preamble = part.epilogue = None
            if part.get_content_maintype() == "multipart":
                part.set_boundary(disguise.text(part.get_boundary() or f"=_{number}"))
        else:
            _rewrite_body(part, disguise, number)
    out = BytesIO()
    BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=compat32).flatten(message)
    return out.getvalue()


def _tidy(raw: bytes) -> bytes:
    """With line feeds only, and its header block mended as the reader of mails does it."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raw = decode(raw).text.encode()
    raw = raw.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b" \t\n\x00")
    if raw.startswith((b"From ", b">From ")):
        raw = raw.partition(b"\n")[2]
    head = split_head(raw, 0, len(raw), Notes())
    fields = b"".join(name.encode() + b": " + value.strip() + b"\n" for name, value in head.fields)
    return fields + b"\n" + head.source[head.start : head.end]


def _rewrite_headers(part: Message, disguise: Disguise, *, topmost: bool) -> None:
    kept = [(name, str(value)) for name, value in part.raw_items()]
    for name in dict.fromkeys(name for name, _ in kept):
        del part[name]
    for received in [value for name, value in kept if topmost and name.lower() == "received"][:1]:
        part["Received"] = f"by mx.example; {received.rpartition(';')[2].strip()}"
    for name, value in kept:
        if not _DROPPED.fullmatch(name):
            part[name] = _header(name.lower(), value, disguise)


def _header(name: str, value: str, disguise: Disguise) -> str:
    if name == "date":
        return value
    if name.startswith("content-") and name != "content-id":
        return value if "name" not in value.lower() else _ascii(re.sub(r"(?is);\s*(?:file)?name\*?.*", "", value))
    if name == "dkim-signature":
        return _signature(value, disguise)
    if name in _IDENTITIES:
        return re.sub(r"@([\w.-]+)", lambda m: f"@{disguise.host(m[1].lower())}", _identity(value, disguise))
    out, position = [], 0
    for found in _ENCODED.finditer(value):
        out.append(_encoded(disguise.text(_decoded(value[position : found.start()]))))
        told = _decoded(found[0])
        new = disguise.text(told)
        out.append(found[0] if new == told else Header(new, "utf-8", maxlinelen=75).encode())
        position = found.end()
    return "".join([*out, _encoded(disguise.text(_decoded(value[position:])))])


def _identity(value: str, disguise: Disguise) -> str:
    """A Message-ID is an address by its looks only."""
    return re.sub(r"[^@<>\s]+(?=@)", lambda m: disguise.identity(m[0]), _ascii(value))


def _signature(value: str, disguise: Disguise) -> str:
    """Who signed is kept; the signature itself holds for the original only."""
    told = dict(one.split("=", 1) for one in re.sub(r"\s+", "", _ascii(value)).split(";") if "=" in one)
    told |= {"d": disguise.host(told.get("d", "").lower()), "b": "AAAA", "bh": "AAAA"}
    return "; ".join(f"{key}={told[key]}" for key in ("v", "a", "c", "d", "s", "h", "bh", "b") if told.get(key))


def _decoded(text: str) -> str:
    """A piece of a header without its folds; blanks at its ends are kept, they part encoded words from others."""
    inner = decode_value(text.encode("ascii", "surrogateescape"), None, Notes())
    lead = " " if text[:1].isspace() and inner else ""
    return (
        f"{lead}{inner}{' ' if text[-1:].isspace() and text.strip() else ''}" if inner else text[:1].replace("\n", " ")
    )


def _encoded(text: str) -> str:
    return _NOT_ASCII.sub(lambda m: Header(m[0], "utf-8", maxlinelen=75).encode(), text)


def _ascii(text: str) -> str:
    return " ".join(text.encode("ascii", "surrogateescape").decode("ascii", "ignore").split())


def _rewrite_body(part: Message, disguise: Disguise, number: int) -> None:
    payload = part.get_payload()
    raw = payload.encode("utf-8", "surrogateescape") if isinstance(payload, str) else b""
    kind = part.get_content_type()
    if not kind.startswith("text/") and kind != "message/delivery-status":
        _set_attachment(part, number)
        return
    encoding = encoding_of(str(part.get("Content-Transfer-Encoding", "")))
    declared = part.get_param("charset")
    charset = declared if isinstance(declared, str) else None
    found = decode(decode_transfer(raw, encoding, Notes()), charset, html=kind == "text/html")
    text = found.text.replace("\r\n", "\n")
    replaced = scrub_html(text, disguise) if kind == "text/html" else disguise.text(text)
    if replaced != text:
        _set_text(part, replaced, encoding, charset)


def _set_text(part: Message, text: str, encoding: str, charset: str | None) -> None:
    try:
        data = text.encode(charset or "ascii")
    except (LookupError, UnicodeEncodeError):
        data = text.encode("utf-8", "replace")
        part.set_param("charset", "utf-8")
    if encoding == "base64":
        coded = encodebytes(data)
    elif encoding == "quoted-printable":
        coded = quopri.encodestring(data)
    else:
        coded = data
        del part["Content-Transfer-Encoding"]
        part["Content-Transfer-Encoding"] = "7bit" if data.isascii() else "8bit"
    part.set_payload(coded.decode("ascii", "surrogateescape"))


def _set_attachment(part: Message, number: int) -> None:
    ending = part.get_content_subtype().split("+")[0]
    name = f"attachment-{number}.{ending if re.fullmatch(r'[a-z0-9]{1,5}', ending) else 'bin'}"
    for header in ("Content-Transfer-Encoding", "Content-Disposition"):
        del part[header]
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = f'attachment; filename="{name}"'
    part.set_payload(encodebytes(_REMOVED).decode())


def scrub_html(page: str, disguise: Disguise) -> str:
    """A page with its markup kept: the text between the tags, and what the attributes say, replaced."""
    out, position = [], 0
    for tag in _TAG.finditer(page):
        out += [_unescaped(page[position : tag.start()], disguise.text), _rewrite_tag(tag[0], disguise)]
        position = tag.end()
    return "".join([*out, _unescaped(page[position:], disguise.text)])


def _rewrite_tag(tag: str, disguise: Disguise) -> str:
    if tag[:6].lower() == "<style":
        return tag  # colours look like numbers
    if tag.startswith("<!--"):
        return disguise.text(tag)

    def attribute(found: re.Match[str]) -> str:
        name, equals, value = found.groups()
        if name.lower() in _LAYOUT:
            return found[0]
        mark = value[0] if value[0] in "\"'" else ""
        inner = value[1:-1] if mark else value
        return f"{name}{equals}{mark}{_unescaped(inner, disguise.text)}{mark}"

    return _ATTRIBUTE.sub(attribute, tag)


def _unescaped(text: str, replace: Callable[[str], str]) -> str:
    """`text` replaced, and escaped again only where that changed something."""
    plain = html.unescape(text)
    replaced = replace(plain)
    return text if replaced == plain else html.escape(replaced).replace("\u00a0", "&nbsp;").replace("&#x27;", "'")


def _flat(mail: Mail, disguise: Disguise) -> bytes:
    """For a mail too damaged to keep its structure: its headers, and its text and page as two plain parts."""
    fields = [(name, value) for name, value in mail.all_headers() if not _DROPPED.fullmatch(name)]
    told = [(name, value if name.lower() == "date" else disguise.text(value)) for name, value in fields]
    kept = [(name, value) for name, value in told if not name.lower().startswith(("content-", "mime-", "dkim-"))]
    head = "".join(f"{name}: {' '.join(_encoded(value).split())}\n" for name, value in kept)
    parts = [("plain", disguise.text(mail.text)), ("html", scrub_html(mail.html, disguise))]
    body = "".join(
        f"--=_flat\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
        for kind, text in parts
        if text.strip()
    )
    opening = 'MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary="=_flat"\n\n'
    return f"{head}{opening}{body}--=_flat--\n".encode("utf-8", "replace")
