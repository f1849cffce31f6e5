"""Whether a mail is a form that a website sent to its owner, and who filled it in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from interest_ingest.mail import Address, Mail
from interest_ingest.parsing.automatic import is_account_notice, is_robot
from interest_ingest.parsing.contract import Ignored
from interest_ingest.parsing.domains import is_free_mail
from interest_ingest.parsing.labels import Labels, is_prose, read_labels, split_footer
from interest_ingest.parsing.lines import BEHIND
from interest_ingest.parsing.phrases import MAIL_CLIENT, SAYS_RECEIVED, SOFTWARE
from interest_ingest.parsing.tail import site_of
from interest_ingest.parsing.tokens import find_email, find_url, resolve
from interest_ingest.parsing.vocabulary import Role, is_label, role_of, says_form, says_sent, says_site

_SIGNED_LINE = re.compile(
    r"([^<>()@:：\n]{1,80}?)\s?[<(](?:mailto:)?([^\s<>()@]{1,64}@[^\s<>()@]{1,255})[>)](?:\s(.{0,300}))?$"
)
_FROM_NAME = re.compile(
    r"(?i)(?:^|\s)(?:from|by|от|від|von|de|da|od|from:)\s+((?:[^\W\d_][\w'’.-]{0,40}\s?){1,4}?)\s*[.:!]?\s*$"
)
_SIGNED_PAGE = re.compile(r"([^<>()@:：\n]{1,80}?)\s?\((https?://[^\s<>()]{1,500})\)\s(.{1,600})$")
"""Drupal: the page of a known visitor stands beside his name."""
_PERSON = re.compile(r"(?:[A-ZÀ-ÞĀ-ŽА-ЯЁІЇЄ][a-zà-ÿā-žа-яёіїє'’.-]{0,20} ){1,3}[A-ZÀ-ÞА-ЯЁІЇЄ][\w'’-]{1,30}")
_WROTE = re.compile(
    r"(?i)(?:(?:has|vous|nous|ihnen|uns|вам|нам|le|ti|te|vi|ci|lhe|do nas) )?"
    r"(?:wrote|writes|written|schrieb|schreibt|(?:на)?пис(?:ала?|али|ав|ше)|написала?|a écrit|escribió|"
    r"ha scritto|escreveu|napisał(?:/?a)?|yazdı)\s?:?"
)
_NOBODY = re.compile(r"(?i)an[oó]n[iyí]m|аноним|анонім|匿名|익명|ناشناس|مجهول|אנונימי|अनाम")
_OTHERS = re.compile(
    r"(?i)\b(?:child|kid|baby|pet|dog|cat|horse|school|shop|store|team|group|club|brand|hotel|boat|event|project|domain|file|kind(?:es)?|tier|hund(?:es)?|реб[её]нк|"
    r"питомц|дитини|улюбленц|enfant|animal|chien|école|niñ[oa]|hij[oa]|mascota|bambin[oa]|figli[oa]|criança|dziec|zwierz|"
    r"çocu|barnets|barns|dítěte|gyerm|copil|anak)|ילד|طفل|کودک|子供|お子|孩子|아이"
)
"""Whose name a form asks beside the customer's."""
_KEY = re.compile(r"[a-z0-9]{1,30}(?:_[a-z0-9]{1,30}){1,9}|[FL]NAME")
"""A label as programs call it."""
_KIND: Final = {Role.FIRST_NAME: Role.NAME, Role.LAST_NAME: Role.NAME}
_ASKED: Final = frozenset(
    (Role.EMAIL, Role.PHONE, Role.NAME, Role.MESSAGE, Role.COMPANY, Role.SUBJECT, Role.PRODUCT, Role.RATING)
)
"""What forms ask; two of these make a form."""
_TRACKED: Final = frozenset((Role.IP, Role.USER_AGENT, Role.REFERRER))
"""What only software writes into a mail."""
_SENTENCE = re.compile(r"[.!?。؟।](?:\s|$)")
_STARS = re.compile("[★⭐]")
_NUMBER = re.compile(r"\d{1,2}(?:[.,]\d)?")
_SYSTEM = re.compile(r"(?i)(root|cron|anacron|daemon|mailer-daemon|postmaster|logwatch)")

_CALLED = re.compile(r"(?<![\w.,/@#№-])\(?\+?\d[\d ().\u2010-\u2013/\xa0-]{5,22}\d(?![\w@]|[.,:]\d)")
"""A number to call, anywhere in a line."""
_PARTS = re.compile(r"[,;|/]\s")

_SIGNATURE: Final = re.compile(r"(?m)^--\s?$")
"""Below it people give their own address and phone (RFC 3676 §4.3)."""

_SAYS_NEW: Final = re.compile(
    r"\b(?:new|нов|neue|nouve|nuev|nuov|nova|novo|yeni|now)|جدید|جديد|新|새|नय|नई|"
    r"^(?!.{0,200}(?:ありがとう|いただき|頂き)).{0,60}受け付けました"
)
"""Owners are told so of a message; who sent it is thanked."""

_UNSPACED_SCRIPT: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Form:
    """One filled-in form; values as the customer wrote them, "" or None where the form has none."""

    labels: Labels
    name: str
    email: str
    phone: str
    text: str
    page: str = ""

    @property
    def company(self) -> str:
        return self.labels.value(Role.COMPANY)

    @property
    def product(self) -> str:
        return self.labels.value(Role.PRODUCT)

    @property
    def referrer(self) -> str:
        return find_url(self.labels.value(Role.REFERRER))

    @property
    def rating(self) -> float | None:
        """The stars given, where the form has a field for them."""
        given = self.labels.value(Role.RATING)
        number = _NUMBER.search(given)
        return float(number[0].replace(",", ".")) if number else float(len(_STARS.findall(given))) or None


def read_form(mail: Mail) -> Form | None:
    """The form in `mail`; None if it is a letter or a program's report.

    Raises `Ignored` for the copy or receipt that goes to the customer, and for account notices.
    """
    if _is_system(mail) or _is_answer(mail) or is_account_notice(mail):
        return None
    form = _signed_form(mail) or _labelled_form(mail) or _spoken_form(mail) or _bare_form(mail)
    if form and _is_for_customer(form, mail):
        raise Ignored("receipt for the customer")
    return form


def known_form(mail: Mail) -> Form | None:
    """The form in a mail of which its sender or links say that it is one; None without address, phone, name or text.

    Raises `Ignored` for the copy that goes to the customer.
    """
    form = _signed_form(mail) or form_of(read_labels(mail), mail)
    if form and _is_for_customer(form, mail):
        raise Ignored("receipt for the customer")
    return form if form and (form.email or form.phone or form.name or form.text) else None


def form_of(labels: Labels, mail: Mail) -> Form:
    """What `labels` tell of the customer; what they lack may stand in the headers of `mail`."""
    named, stated = ("", "") if _email(labels) else _introduced(labels.intro, mail)
    email = _email(labels) or stated or _answer_address(mail)
    text = labels.message or _own_words(labels, email, mail) or _joined(labels)
    name = named if named and Role.NAME not in labels.roles else _name(labels, mail)
    return Form(labels, name, email, _phone(labels), text, _page(labels, mail))


def _introduced(intro: str, mail: Mail) -> tuple[str, str]:
    """Name and address in a line above the fields: `Eunice Barlow (eunice@…) on Tuesday`, as FormMail has it."""
    if "@" not in intro:
        return "", ""
    own = {a.email.lower() for a in (mail.sender, *mail.to) if a}
    for line in intro.split("\n")[:12]:
        found = _SIGNED_LINE.match(line.strip()[:800]) if "@" in line else None
        if found and found[2].lower() not in own and len(found[1].split()) < 5:
            return resolve(found[1]).strip(), found[2]
    return "", ""


def _bare_form(mail: Mail) -> Form | None:
    """Nothing but the customer's text, sent by a site to its own address with his in Reply-To (OpenCart and others)."""
    own = {to.email.lower() for to in mail.to}
    if not mail.sender or not _answer_address(mail) or mail.sender.email.lower() not in own:
        return None
    text, links = split_footer(mail.visible_text, site_of(mail))
    page = next((url for url in links if _has_path(url)), "")
    nothing = Labels()
    return Form(nothing, _name(nothing, mail), _answer_address(mail), "", text, page) if text else None


def _spoken_form(mail: Mail) -> Form | None:
    """A line or two that tell whom to call: `Call back requested: Sandra Pickett - 01632 960 441`."""
    lines = [line.strip() for line in mail.visible_text[:1000].split("\n") if line.strip()]
    if len(lines) > 3 or max(map(len, lines), default=201) > 200 or not any(map(_CALLED.search, lines)):
        return None
    if not _was_sent_by_site(mail, ""):
        return None
    told = read_labels("\n".join(part for line in lines for part in _parts(line)))
    if _phone(told) and (_name(told, mail) or says_form(mail.subject)):
        return form_of(told, mail)
    numbers = [(line, found) for line in lines for found in _CALLED.finditer(line)]
    if len(numbers) != 1 or not says_form(f"{mail.subject}\n{lines[0]}"):
        return None
    line, number = numbers[0]
    if sum(map(str.isdigit, number[0])) < 9:
        return None
    nothing = Labels(intro=line)
    return Form(nothing, _called(line, number), _answer_address(mail), number[0].strip(), "")


def _parts(line: str) -> list[str]:
    """`Name: Anna, phone: +7 900 …` as two lines; any other line alone."""
    parts = [part.strip() for part in _PARTS.split(line)]
    labels = [part.partition(":")[0] for part in parts if ":" in part]
    return parts if len(labels) > 1 and all(role_of(label) for label in labels) else [line]


def _called(line: str, number: re.Match[str]) -> str:
    """The name beside the number to call: behind a word for whoever asks, or between colon and number."""
    above = line[: number.start()]
    words = above.split()
    for at, word in enumerate(words[:-1]):
        if role_of(word.strip(":,")) is Role.NAME:
            name = takewhile(lambda one: one[:1].isupper(), (one.strip(",.;:-–—(") for one in words[at + 1 : at + 4]))
            return " ".join(name)
    beside = above.rpartition(":")[2].strip(" ,;-–—(") or line[number.end() :].strip(" ,;-–—().")
    return beside if 0 < len(beside.split()) < 4 and all(one[:1].isupper() for one in beside.split()) else ""


def is_registration(mail: Mail) -> bool:
    """Whether `mail` only tells of a new account: a user name and an address, or neither a person nor a text."""
    labels = read_labels(mail)
    if labels.message or labels.value(Role.PHONE, Role.NAME, Role.FIRST_NAME, Role.LAST_NAME):
        return False
    return len(labels.answers) <= 2 and all(" " not in answer.value for answer in labels.answers)


def _is_system(mail: Mail) -> bool:
    sender = mail.sender.email if mail.sender else ""
    return bool(_SYSTEM.fullmatch(sender.partition("@")[0]) or mail.header("X-Cron-Env"))


def _is_answer(mail: Mail) -> bool:
    """Whether a person answers a mail: the form in it is only quoted."""
    return bool(mail.header("In-Reply-To")) and not is_robot(mail.sender)


def _labelled_form(mail: Mail) -> Form | None:
    labels = read_labels(mail)
    if _is_account(labels) and _was_sent_by_site(mail, ""):
        raise Ignored("account notice")
    if _is_copy(labels, mail):
        raise Ignored("receipt for the customer")
    if not _is_contact(labels, mail):
        return None
    return form_of(labels, mail)


def _own_words(labels: Labels, email: str, mail: Mail) -> str:
    """What a person says above his own address and phone: no site announces a form in his name."""
    own = mail.sender is not None and mail.sender.email.lower() == email.lower()
    return labels.intro if own and len(labels.intro.split()) > 3 and not says_form(labels.intro) else ""


def _signed_form(mail: Mail) -> Form | None:
    """A template without labels: `NAME <mail>` on one of the first lines, then the text and the site's footer.

    So write django-contact-form, Joomla (`This is an enquiry email via … from:` above it) and Drupal
    (`NAME (mail) sent a message using the contact form at …`).
    """
    lines = mail.visible_text.split("\n")
    first = [(n, line) for n, line in enumerate(lines[:12]) if line.strip()][:3]
    for number, line in first:
        found = _SIGNED_LINE.match(line.strip()[:800])
        answer = _answer_address(mail)
        if answer and (paged := _SIGNED_PAGE.match(line.strip()[:800])) and says_sent(paged[3]):
            found = paged
        wrote = bool(found and found[3] and number == first[0][0] and _WROTE.fullmatch(found[3]))
        if found and (not found[3] or wrote or says_sent(found[3])) and _was_sent_by_site(mail, found[2]):
            below = lines[number + 1 :]
            wrapped = find_url(below.pop(0)) if found[3] and below and below[0].startswith("http") else ""
            text, links = split_footer("\n".join(below), site_of(mail))
            page = next((url for url in (find_url(found[3] or ""), wrapped, *links) if _has_path(url)), "")
            email = found[2] if "@" in found[2] else answer
            if email and any(line.endswith(email) and ":" in line for line in text.split("\n")[:3]):
                return None  # a sentence about who wrote, above the fields that tell it again
            return Form(Labels(message=text), resolve(found[1]), email, "", text, page) if text else None
    return None


def _is_account(labels: Labels) -> bool:
    """Whether the fields are those of an account: a password, or a user name without anything that a customer asks."""
    asks = labels.message or _phone(labels)
    return Role.PASSWORD in labels.roles or (Role.USERNAME in labels.roles and not asks)


def _is_contact(labels: Labels, mail: Mail) -> bool:
    """Whether these fields are those of a form, and the mail's own: not what a customer typed into his letter."""
    email, phone, answer = _email(labels), _phone(labels), _answer_address(mail)
    if Role.PAPER in labels.roles and not {Role.MESSAGE, Role.EMAIL} <= labels.roles:  # an invoice, a parcel on its way
        return False
    if email and not _is_customers_own(email, labels, mail):
        return False
    fields = {_KIND.get(role, role) for role in labels.roles} & _ASKED
    filled = {_KIND.get(a.role, a.role) for a in labels.answers if a.role and a.value} & _ASKED
    if not (email or phone or answer):
        enough = {Role.NAME, Role.MESSAGE} < filled  # a review or question without any way to answer
    elif Role.MESSAGE in filled and answer:
        enough = True
    else:
        answered = [answer for answer in labels.answers if answer.value]
        several = len(fields) > 1 or len(answered) > 2 or (bool(phone) and says_form(mail.subject))
        letter = not is_robot(mail.sender) and _reads_like_a_letter(labels)
        enough = bool(filled) and several and (not letter or _is_nothing_else(labels, filled, mail))
    if not enough:
        return False
    if not answer and (_is_bulk(mail) or filled <= {Role.EMAIL, Role.SUBJECT}):  # or whose spam was kept back
        enough = says_form(f"{mail.subject}\n{labels.intro[:300]}")
    if enough and Role.MESSAGE in filled and _TRACKED & labels.roles and not MAIL_CLIENT.search(_mailer(mail)):
        return True
    asked = bool(labels.roles & {Role.MESSAGE, Role.CONSENT, Role.PAGE_URL, *_TRACKED})
    if Role.NAME not in fields and mail.sender and mail.sender.name and email.lower() == mail.sender.email.lower():
        return False  # his name is in From, his address in his signature
    intro = labels.intro if fields & {Role.NAME, Role.EMAIL} else ""
    return enough and (_was_sent_by_site(mail, email, intro, asked=asked) or _is_nothing_else(labels, filled, mail))


def _is_bulk(mail: Mail) -> bool:
    """Whether this goes to many people, from another house than ours."""
    ours = {_domain(to.email) for to in mail.to}
    return bool(mail.header("List-Unsubscribe")) and not (mail.sender and _domain(mail.sender.email) in ours)


def _is_nothing_else(labels: Labels, filled: set[Role], mail: Mail) -> bool:
    """Whether the mail is a form by its content alone: many sites send from their own domain to the owner's mailbox.

    Nobody writes so of himself in a letter: his fields name him, with an address that is not the sender's or a phone,
    and a message; without a message, a form was announced or nothing stands above name, address and phone.
    """
    sender, email, name = mail.sender, _email(labels), _name(labels, mail)
    if sender is None or MAIL_CLIENT.search(_mailer(mail)) or is_free_mail(_domain(sender.email)):
        return False
    own = {sender.email.lower()} & {email.lower()} if email else {sender.name.strip().lower()} & {name.lower()}
    if email and _domain(email) == _domain(sender.email):  # a colleague whom the letter names
        return False
    if (own - {""} and labels.by_hand) or not (email or _phone(labels)) or not filled & {Role.EMAIL, Role.NAME}:
        return False
    above = says_form(labels.intro[:300]) or (Role.MESSAGE in filled and says_site(labels.intro[:300]))
    announced = above or says_form(mail.subject) or bool(_TRACKED & labels.roles)
    announced = announced or (Role.PAGE_URL in labels.roles and not labels.by_hand)
    announced = announced or any(_KEY.fullmatch(answer.label) for answer in labels.answers)
    if not email and _SENTENCE.search(labels.intro[:300]) and not above:
        return False  # else the sender's address would be lost
    if Role.MESSAGE in filled:
        return above or "\n\n" not in labels.intro
    named = {Role.NAME, Role.EMAIL, Role.PHONE} if labels.by_hand else {Role.NAME, Role.EMAIL}
    return len(filled) > 1 and (announced or (named <= filled and not labels.intro))


def _is_customers_own(email: str, labels: Labels, mail: Mail) -> bool:
    """Whether `email` in a field is the customer's; another one above the fields, or in Reply-To, says otherwise."""
    answer = _answer_address(mail)
    if answer and answer.lower() != email.lower():
        return False
    above = find_email(labels.intro.partition("\n")[0]).lower()
    return above in ("", email.lower()) or above in {a.email.lower() for a in (mail.sender, *mail.to) if a}


def _reads_like_a_letter(labels: Labels) -> bool:
    """Paragraphs above fields that no software added: a letter that ends with its writer's phone and address."""
    paragraphs = [part for part in labels.intro.split("\n\n") if part.strip()]
    return labels.by_hand and Role.MESSAGE not in labels.roles and len(paragraphs) > 1 and not BEHIND & labels.roles


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _was_sent_by_site(mail: Mail, customer: str, intro: str = "", *, asked: bool = False) -> bool:
    """Whether a website sent this, by its headers; a customer's own letter may hold such lines too.

    Old scripts send in the customer's own name: then there is nothing above the fields but a heading, or the
    announcement of a form that `asked` for a message or added what only software adds.
    """
    sender = mail.sender
    if sender is None:
        return True
    mailer = _mailer(mail)
    own = sender.email.lower() == customer.lower()
    if own and customer:
        if _SIGNATURE.search(mail.visible_text.lower().partition(customer.lower())[0]):
            return False
        heading = len(intro) < 100 and "\n\n" not in intro
        return not MAIL_CLIENT.search(mailer) and (
            heading or (asked and len(intro) < 300 and (says_form(intro) or says_site(intro)))
        )
    hosts = {_domain(to.email) for to in mail.to}
    return bool(
        is_robot(sender)
        or _answer_address(mail)
        or _domain(sender.email) in hosts
        or "." not in _domain(sender.email)
        or mail.header("Auto-Submitted").lower().startswith("auto-generated")
        or (SOFTWARE.search(mailer) and not MAIL_CLIENT.search(mailer))
        or "form" in sender.email.lower()  # notifications@wix-forms.com
        or (len(intro) < 200 and says_form(intro))
    )


def _answer_address(mail: Mail) -> str:
    """The address in Reply-To if it is a person's: neither of the site's own domain, nor a robot's, nor ours."""
    answer = mail.reply_to
    if answer is None or not answer.email or is_robot(answer):
        return ""
    if mail.sender and _domain(answer.email) == _domain(mail.sender.email) and not is_free_mail(_domain(answer.email)):
        return ""
    own = {a.email.lower() for a in (mail.sender, *mail.to) if a}
    return "" if answer.email.lower() in own else answer.email


def _is_copy(labels: Labels, mail: Mail) -> bool:
    """Whether a site sent these fields to the very person whom they name."""
    to = {address.email.lower() for address in mail.to}
    several = len([a for a in labels.answers if a.value and a.role in _ASKED]) > 1
    if MAIL_CLIENT.search(_mailer(mail)):
        return False
    names = {address.name.strip(" '\"").lower() for address in mail.to}
    thanked = bool(SAYS_RECEIVED.search(labels.intro.lower())) and names == {_name(labels, mail).lower()} - {""}
    return (several and to == {_email(labels).lower()}) or thanked


def _mailer(mail: Mail) -> str:
    return mail.header("X-Mailer") or mail.header("User-Agent")


def _is_for_customer(form: Form, mail: Mail) -> bool:
    """A copy or receipt: it goes to the customer alone, or thanks him for what was received."""
    to = {address.email.lower() for address in mail.to}
    if form.email and to == {form.email.lower()}:
        return True
    if _answer_address(mail) or not SAYS_RECEIVED.search(form.labels.intro.lower()):
        return False
    ours = {_domain(address) for address in to} & {_domain(mail.sender.email) if mail.sender else ""}
    told = _SAYS_NEW.search(form.labels.intro.lower())
    return not (form.email or ours or told)  # else it goes to somebody else: the owner


def _email(labels: Labels) -> str:
    """The first address among the fields for it, else beside the name (`From: Anna <anna@…>`)."""
    given = (find_email(value) for value in labels.values(Role.EMAIL))
    return next(filter(None, given), "") or find_email(" ".join(labels.values(Role.NAME)))


def _phone(labels: Labels) -> str:
    number = next((v for v in labels.values(Role.PHONE) if sum(map(str.isdigit, v)) >= 5 and len(v) <= 60), "")
    beside = "" if number else next(iter(labels.values(Role.EMAIL)), "").replace(_email(labels), "")
    return number or (beside.strip(" ,;/|()<>") if 6 < sum(map(str.isdigit, beside)) < 16 else "")


def _name(labels: Labels, mail: Mail) -> str:
    first, last = labels.value(Role.FIRST_NAME), labels.value(Role.LAST_NAME)
    named = [a for a in labels.answers if a.role is Role.NAME and _is_named(a.value)]
    named.sort(key=lambda a: (bool(_OTHERS.search(a.label)), not is_label(a.label)))
    full = named[0].value if named else ""
    name = _without_address(full)
    name = name[1:-1] if name[:1] == '"' == name[-1:] and name.count('"') == 2 else name
    if first and first not in name:
        name = _joined_name(first, last or name)
    elif last and last not in name:
        name = _joined_name(name, last)
    if name or Role.NAME in labels.roles:
        return name
    return _name_in_headers(mail) or _announced_name(labels) or _unlabelled_name(labels)


def _is_named(value: str) -> bool:
    """Whether `value` names anybody: it is neither how many they are, nor `Anonymous`, nor an address alone."""
    return any(map(str.isalpha, _without_address(value))) and not _NOBODY.match(value)


def _unlabelled_name(labels: Labels) -> str:
    """The first answer to a question that nobody knows, if it is two to four words in capitals: `Amos B. Larch`."""
    told = (answer.value for answer in labels.answers if answer.role is None)
    return next((value for value in told if _PERSON.fullmatch(value)), "") if _email(labels) or _phone(labels) else ""


def _joined_name(first: str, last: str) -> str:
    pair = (last, first) if _UNSPACED_SCRIPT.search(first + last) else (first, last)
    return " ".join(part for part in pair if part)


def _without_address(name: str) -> str:
    email = find_email(name)
    return re.sub(r"[<(\[]\s*(?:mailto:)?\s*[>)\]]", "", name.replace(email, "")).strip(" ,;:<>") if email else name


def _name_in_headers(mail: Mail) -> str:
    """The name beside the customer's address in Reply-To, else beside the site's, if the subject has it too."""
    answer, sender = mail.reply_to, mail.sender
    if answer and _answer_address(mail) and _is_name(answer):
        return answer.name.strip(" '\"")
    if sender and _is_name(sender) and _answer_address(mail) and mail.subject.rstrip().endswith(sender.name):
        return sender.name
    return ""


def _is_name(address: Address) -> bool:
    name = address.name.strip(" '\"<>").lower()
    return bool(name) and "@" not in name


def _announced_name(labels: Labels) -> str:
    """`You have a new request from Anna Petrova.`"""
    found = _FROM_NAME.search(labels.intro.partition("\n")[0][:200])
    return found[1].strip(" .") if found and found[1][0].isupper() else ""


def _joined(labels: Labels) -> str:
    """The answers to the form's own questions, in place of a message."""
    own = [a for a in labels.answers if a.role in (None, Role.TOPIC, Role.SUBJECT) and a.value and a.label]
    prose = max((a.value for a in own if is_prose(a.value)), key=len, default="")
    if prose:
        return prose
    return "\n".join(f"{answer.label}: {answer.value}" for answer in own)


def _page(labels: Labels, mail: Mail) -> str:
    """The page on which the form was filled in: labelled, else a link to our own site in a field or in the footer."""
    site = site_of(mail)
    if page := find_url(labels.value(Role.PAGE_URL)):
        return page
    told = (answer.value for answer in labels.answers if answer.role in (Role.WEBSITE, None))
    links = [find_url(value) for value in told] + list(labels.links)
    page = next((url for url in links if url and site.owns(url) and _has_path(url)), "")
    return page or next((url for line in labels.intro.split("\n")[:8] if (url := _announced_page(line))), "")


def _announced_page(line: str) -> str:
    """The page in `Someone just submitted your form on https://…`; a link to the submissions has no such sentence."""
    words = line.partition("://")[0]
    url = find_url(line) if len(words.split()) > 3 and says_form(words) and says_sent(words) else ""
    return url if url and _has_path(url) else ""


def _has_path(url: str) -> bool:
    return url.partition("://")[2].partition("/")[2] not in ("", "/")
