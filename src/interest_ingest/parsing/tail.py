"""Where the message of a form ends, and what the site added below it."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile
from typing import Final, NamedTuple

from interest_ingest.mail import Mail
from interest_ingest.parsing.lines import BEHIND, Field, Layout, Line, Style, fits, is_ruler
from interest_ingest.parsing.phrases import CLOSINGS
from interest_ingest.parsing.tokens import URL, find_email, find_url, host_of
from interest_ingest.parsing.vocabulary import Role, fold, says_origin, says_sent

_STAMP = re.compile(
    r"[^\W\d_]{4,20}(?: (?:at|on|am|um|le|el|в))?:? (?=.{0,40}\b\d{1,2}[:.]\d\d\b)(?=.{0,40}\b20\d\d\b).{8,50}$"
)
"""`Submitted 10:14 AM - 17 November 2026`"""


_RIGHTS = re.compile(r"(?:©|&copy;|\([cC]\)|[Cc]opyright)\s?©?\s?(?:19|20)\d\d\b")

_NEVER_SIGNED: Final = frozenset((Role.NAME, Role.FIRST_NAME, Role.LAST_NAME, Role.SUBJECT, Role.PRODUCT))


class Site(NamedTuple):
    """What tells the form's own lines from a person's: hosts and names of the site, and the customer's address."""

    hosts: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    customer: str = ""

    def owns(self, url: str) -> bool:
        """Whether `url` lies on one of the site's hosts, or on a subdomain of it or a domain above it."""
        host = host_of(url)
        return any(host == own or host.endswith("." + own) or own.endswith("." + host) for own in self.hosts if host)


def site_of(mail: Mail) -> Site:
    """The hosts and names of who sent the mail and who received it: the company's own, as a rule."""
    addresses = [a for a in (mail.sender, *mail.to) if a]
    hosts = {a.email.rpartition("@")[2].lower() for a in addresses} | {host_of(find_url(mail.subject))}
    names = {a.name.strip() for a in addresses if len(a.name.strip().encode()) > 3}
    answer = mail.reply_to.email.lower() if mail.reply_to else ""
    customer = "" if answer in {a.email.lower() for a in addresses} else answer
    return Site(frozenset(hosts - {""}), frozenset(names), customer)


def is_footer(line: Line, site: Site) -> bool:
    """Whether this line says where the mail comes from: `This e-mail was sent from a contact form on …`."""
    text = line.text.strip()
    if not text or len(text) > 300:
        return False
    text = text[1:-1] if text[0] == "(" and text[-1] == ")" else text
    named = site.owns(find_url(text) or line.link) or any(name in text for name in site.names)
    ends = URL.search(text)
    sent_from = ends is not None and ends.end() == len(text) and len(text.split()) < 6 and says_sent(text.split()[0])
    return (
        sent_from
        or says_origin(text)
        or bool(_RIGHTS.match(text))
        or (named and says_sent(text))
        or bool(_STAMP.match(text) and says_sent(text[:24]))
    )


_INSTANT = re.compile(r"(?=.{0,60}\d{1,2}[:.]\d\d)(?=.{0,60}(?<!\d)20\d\d)")
"""A day with its year and a time of day: nobody dates a wish so."""


_FILES = re.compile(r"(?:https?://\S{1,500}|[^\s,;]{1,100}\.\w{2,4})(?:[,;\s]{1,3}(?=\S)|$)", re.IGNORECASE)
"""The first of the files that a visitor sent, by link or name."""


def is_software(field: Field) -> bool:
    """Whether `field` is one that software adds: people may write a date, but no address of theirs and no browser."""
    if field.role in (Role.PAGE_URL, Role.REFERRER):
        tracked = field.role is Role.REFERRER and " " not in field.value  # utm_source: newsletter
        return tracked or not field.value or bool(find_url(field.value))
    if field.role is Role.FILE:
        return bool(_FILES.match(field.value[:1000]))
    if field.role is Role.DATE:
        return bool(_INSTANT.match(field.value[:120]))
    return field.role in BEHIND


def _host(text: str) -> str:
    """A line that may be the bare name of a host."""
    return text.strip().lower().removeprefix("www.") or "-"


class Tail:
    """Finds the end of the message among the lines `begin` to `end`: before the fields and footer that follow it.

    Read backwards: the footer below the last `--`, rulers, lines that say who sent this, and fields that the form has
    not shown yet. People write label-like lines too, so fields that touch the message are taken for its last lines,
    unless they are what software adds, or the message is one line in a form of `label: value` lines.
    """

    def __init__(
        self, lines: list[Line], begin: int, end: int, style: Style, site: Site, seen: frozenset[Role], inline: bool
    ) -> None:
        self._lines, self._begin, self._end = lines, begin, end
        self._style, self._site, self._seen, self._inline = style, site, seen, inline

    def begin(self) -> int:
        """The number of the first line behind the message."""
        if self._style.layout in (Layout.BELOW, Layout.BARE):
            self._end = self._next_label()
        self._end = self._above_fields()
        self._end = self._above_page_label()
        self._end = at = self._below_signature_mark()
        while at > self._begin and (size := self._trailing(at)):
            at -= size
        return self._first_group(at)

    def _above_fields(self) -> int:
        """The first line that software added, or from which two fields that are new to the form stand together."""
        fresh = [n for n in range(self._begin, self._end) if self._is_fresh(self._lines[n].field)]
        added = (n for n in range(self._begin, self._end) if self._is_machine_made(self._lines[n].field))
        self._end = next(added, self._end)
        for one, two in pairwise(n for n in fresh if n < self._end):
            roles = {field.role for n in (one, two) if (field := self._lines[n].field)}
            together = all(line.text.strip() and line.field for line in self._lines[one:two])
            if together and len(roles) == 2 and (one > self._begin or self._inline):
                return one
        return self._end

    def _is_machine_made(self, field: Field | None) -> bool:
        if field is None or not field.value or not fits(field, self._style) or field.role is Role.PAGE_URL:
            return False
        return field.role in (Role.DATE, Role.IP, Role.USER_AGENT, Role.REFERRER) and is_software(field)

    def _is_fresh(self, field: Field | None) -> bool:
        if field is None or field.role in (None, Role.MESSAGE) or not fits(field, self._style) or not field.value:
            return False
        return field.role not in self._seen and self._suits(field.role, field.value)

    def _next_label(self) -> int:
        """Where the next field begins in a form that has its labels above the values; else the end.

        It is one that the form has not shown yet, begins a paragraph if the message's own label does, and has its
        value below; fields with labels that nobody knows stand between it and the message.
        """
        spaced = self._is_spaced()
        known = (n for n in range(self._begin, self._end) if self._is_next(n, spaced))
        at = next(known, self._end)
        while at < self._end and (before := self._unknown_before(at)):
            at = before
        return at

    def _is_spaced(self) -> bool:
        """Whether the fields of the form are parted by empty lines; of its first field nobody knows."""
        above = self._begin - 2
        return bool(self._seen) and above >= 0 and not self._lines[above].text.strip()

    def _is_next(self, at: int, spaced: bool) -> bool:
        field = self._lines[at].field
        if field is None or field.layout is not self._style.layout or field.role in (None, Role.MESSAGE):
            return False
        if field.role in self._seen and field.role not in BEHIND:
            return False
        apart = at > self._begin and not self._lines[at - 1].text.strip()
        return (apart or not spaced) and self._suits(field.role, self._value_of(at))

    def _value_of(self, at: int) -> str:
        """The first line below a label, "" if the next label comes first."""
        below = self._next_text(at + 1)
        while below < self._end and is_ruler(self._lines[below].text):
            below = self._next_text(below + 1)
        return self._lines[below].text.strip() if below < self._end and below - at < 4 else ""

    def _suits(self, role: Role | None, value: str) -> bool:
        if role is Role.EMAIL:
            return not value or bool(find_email(value))
        if role is Role.PHONE:
            return not value or sum(map(str.isdigit, value)) > 4
        return len(value) < 300

    def _unknown_before(self, at: int) -> int:
        """Where a label that nobody knows, with one line below it, begins right above line `at`; 0 if none does."""
        value = at - 1
        while value > self._begin and not self._lines[value].text.strip():
            value -= 1
        label = value - 1
        field = self._lines[label].field if label > self._begin else None
        alone = field is not None and field.layout is self._style.layout and not field.role
        if alone and self._lines[label].text.strip(" ,.!،、").lower() in CLOSINGS:
            return 0
        return label if alone and not self._lines[label - 1].text.strip() else 0

    def _above_page_label(self) -> int:
        """The first line that is only a label for the form's page, with the link below it; else the end."""
        for at in range(self._begin, self._end - 1):
            field = self._lines[at].field
            alone = field and field.layout is Layout.BELOW and field.role in (Role.PAGE_URL, Role.REFERRER)
            if alone and URL.fullmatch(self._lines[at + 1].text.strip()):
                return at
        return self._end

    def _below_signature_mark(self) -> int:
        """The last `--`, if the form's footer is below it and not the signature of a person."""
        numbers = range(self._end - 1, self._begin - 1, -1)
        mark = next((n for n in numbers if self._lines[n].text.strip() in ("--", "—", "---")), None)
        if mark is None:
            return self._end
        below = [line for line in self._lines[mark + 1 : self._end] if line.text.strip()]
        signed = list(takewhile(lambda line: not is_ruler(line.text), below[:3]))
        return mark if not below or any(self._is_added(line) for line in signed) else self._end

    def _is_added(self, line: Line) -> bool:
        """Whether a line below a mark is the site's: it also signs with its own address."""
        own = self._site.owns(find_url(line.text) or line.link) or _host(line.text) in self._site.hosts
        return own or is_footer(line, self._site) or bool(line.field and is_software(line.field))

    def _trailing(self, end: int) -> int:
        """How many lines before `end` belong to the tail: 0, 1, or 2 for a label with its value below."""
        line = self._lines[end - 1]
        text = line.text.strip()
        if not text or is_ruler(text) or self._is_footer_at(end - 1):
            return 1
        if line.field and self._may_follow(line.field):
            return 1
        if end - 2 >= self._begin and self._is_footer_at(end - 2) and self._is_signed(end - 2):
            return 2
        if end - 2 < self._begin or not (URL.fullmatch(text) or text == "-"):
            return 0
        above = self._lines[end - 2].field
        if self._is_footer_at(end - 2):
            return 2
        if above is None or not self._may_follow(above):
            return 0
        return 2 if not above.value or is_software(above) else 0  # a label's value, or the page below such fields

    def _is_footer_at(self, at: int) -> bool:
        """A footer is a paragraph of its own; what touches the message is its last line, whatever it says."""
        above = self._lines[at - 1].text if at > self._begin else "" if not self._inline else "message"
        apart = not above.strip() or bool(is_ruler(above)) or is_footer(self._lines[at - 1], self._site)
        field = self._lines[at].field
        link = bool(field and field.role is None and URL.fullmatch(field.value) and self._site.owns(field.value))
        return apart and (link or is_footer(self._lines[at], self._site) or self._is_signed(at))

    def _is_signed(self, at: int) -> bool:
        """Whether the site takes its leave in this line and the next, the last one: `Regards,` and its name."""
        line = self._lines[at].text.strip()
        if not line.endswith((",", "،", "、")) or len(line.split()) > 4 or at + 1 >= self._end:
            return False
        name = self._lines[at + 1].text.strip()
        if len(name.split()) > 6:
            return False
        plain = fold(name).replace(" ", "")
        named = any(len(first := host.partition(".")[0]) > 3 and first in plain for host in self._site.hosts)
        return named or any(one in name for one in self._site.names | self._site.hosts)

    def _may_follow(self, field: Field) -> bool:
        if field.role in BEHIND:
            return field.role is not Role.FILE or is_software(field)
        if not fits(field, self._style) and field.layout is not Layout.COLON:
            return False
        return field.role is not Role.MESSAGE and field.role not in self._seen

    def _first_group(self, at: int) -> int:
        """Skip the groups (lines without an empty one between) that are rather the end of the message."""
        while (start := self._next_text(at)) < self._end:
            if is_ruler(self._lines[start].text) or self._is_footer_at(start):
                return start if start > self._begin or self._inline else self._end
            at = start
            while at < self._end and self._lines[at].text.strip() and not is_ruler(self._lines[at].text):
                at += 1
            if self._group_is_fields(start, at):
                return start
        return at

    def _is_missing(self, field: Field) -> bool:
        """Whether a form without `field` would not know whom to answer, or nobody ends his message with that."""
        if not fits(field, self._style):
            return False
        if self._site.customer and field.role in (Role.EMAIL, Role.PHONE):
            return field.value.lower() == self._site.customer and Role.EMAIL not in self._seen
        if field.role in (Role.EMAIL, Role.PHONE):
            return not self._seen & {Role.EMAIL, field.role}
        return field.role not in self._seen and field.role in _NEVER_SIGNED

    def _next_text(self, at: int) -> int:
        while at < self._end and not self._lines[at].text.strip():
            at += 1
        return at

    def _is_signed_off(self, at: int, stop: int) -> bool:
        """Whether these lines, apart from the message, are footers or what software adds, a footer among them."""
        apart = at > self._begin and not self._lines[at - 1].text.strip()
        lines = self._lines[at:stop] if apart else []
        said = [is_footer(line, self._site) for line in lines]
        return any(said) and all(
            foot or (line.field is not None and line.field.role in BEHIND)
            for foot, line in zip(said, lines, strict=True)
        )

    def _group_is_fields(self, at: int, stop: int) -> bool:
        """Whether these lines are fields behind the message, and not its end."""
        known = [field for line in self._lines[at:stop] if (field := line.field) and field.role]
        if self._is_signed_off(at, stop):
            return True
        known = [field for field in known if field.role is not Role.EMAIL or not field.value or find_email(field.value)]
        if not known or all(field.role is Role.DATE and not is_software(field) for field in known):
            return False
        above = self._lines[at - 1].text if at > self._begin else ""
        touches = bool(above.strip() and not is_ruler(above)) or (at == self._begin and self._inline)
        if not touches or is_software(known[0]) or self._is_missing(known[0]):
            return True
        return self._inline and (at <= self._begin or len(known) > 1)
