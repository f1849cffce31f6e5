"""1C-Bitrix (Site Manager), by the templates of its mail events, in any language.

`X-EVENT_NAME` tells which event it was and `X-MID` its number; where a relay has dropped them, web forms are known by
the link to the result in the administration, and feedback by the heading over a ruler of 42 hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from interest_ingest.parsing import SITES, Action, Author, Changed, Ignored, Interest, Mail, Match, parser
from interest_ingest.parsing.answers import is_answer, is_from_site
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.forms import form_of, read_form
from interest_ingest.parsing.labels import Answer, Labels, read_labels
from interest_ingest.parsing.orders import Item, is_shops_copy, order, site_of_sender
from interest_ingest.parsing.tokens import resolve
from interest_ingest.parsing.vocabulary import Role, role_of
from interest_parsers.form import action_of, interest_of, required_form

RESULT: Final = r"/bitrix/admin/form_result_(?:view|edit)\.php\?"

# The first pattern that fits an event's name decides; what fits none is read as a form if it is one.
NOTICES: Final = (
    (r"SALE_NEW_ORDER", ""),
    (r"(?:SALE|CATALOG)_", "order notice"),
    (r"FORM_STATUS_CHANGE_", "receipt for the customer"),
    (r"USER_|NEW_USER|MAIN_USER|MAIN_MAIL_CONFIRM|SMS_|OTP", "account notice"),
    (r"SUBSCRIBE_|SENDER_|BLOG_YOUR_|FORUM_NEW_MESSAGE_MAIL", "digest"),
    (r"VIRUS_|EVENT_LOG|CHECK_|STATISTIC|PERFMON", "automated"),
)

_WORDS: Final = "информационное сообщение|інформаційне повідомлення|informational message|informationsnachricht"
_SIGN: Final = (
    rf"(?i)\A\s*+(?:(?:{_WORDS})[^\n]{{1,200}}\n[ \t]?-{{5,80}}|[^\n]{{4,200}}\n[ \t]?-{{40,44}})[ \t]*\n",
    r"(?m)^[^\n:]{5,40}: \[\d{1,6}\] [^\n]{1,200}\n-{20,80}[ \t]*\n",
)
"""`Информационное сообщение сайта …` over its ruler; `Заполнена web-форма: [3] Заявка` over its own."""
_QUESTION = re.compile(r"\*{20,60}$")
_RULER = re.compile(r"-{30,60}$")
_NUMBER = re.compile(r"(?:N|№|#)\s?([\w/-]{1,30})")
_GREETING = re.compile(r"(?:Sehr geehrte\S{0,4}|Здравствуйте,|\S{2,20}) ([^\n]{2,80})[,!]$")
_TOTAL = re.compile(r"[^\n:：]{3,60}[:：] (?=[^\n]{0,40}\d)([^\n]{1,60}?)\.?$")
_ITEM = re.compile(r"([^\n]{1,300}?) - (\d{1,6}(?:[.,]\d{1,4})?)(?: ([^\W\d]{1,10}\.?))?(?::| ?[xхX×]) ([^\n]{1,60})$")
"""`Name - 2 шт: 980 руб.`, later `Name - 2 шт x 490 руб.`"""
_ONE_CLICK = re.compile(r"(?i)один клик|1 клик|one.click|быстр\w+ заказ|quick order|предзаказ|pre-?order")
_FEEDBACK = re.compile(r"(?i):[^\n]{0,60}(?:из формы|з форми|feedback|rückmeldung|web-?форм|web form)")
_NOTICE = re.compile(rf"(?i)\s*+(?:{_WORDS})")
_GENERATED = re.compile(r"\n\n[^\n]{8,120}(?:автоматич|automat)[^\n]{0,40}\Z")
"""`Сообщение сгенерировано автоматически.`, in any language that has the word."""


@parser(
    "bitrix.event",
    version=1,
    match=Match(header=r"(?i)^X-EVENT_NAME: \w"),
    link_hosts=SITES,
    signed_by=SITES,
)
def event(mail: Mail) -> Iterator[Interest]:
    """Any event that names itself: `X-EVENT_NAME: FEEDBACK_FORM`."""
    name = mail.header("X-EVENT_NAME").strip().upper()
    what = next((what for pattern, what in NOTICES if re.match(pattern, name)), None)
    if what:
        raise Ignored(what)
    if what is not None:
        yield _order(mail)
    elif name.startswith(("FORM_FILLING", "FEEDBACK_FORM")):
        yield _filled(mail)
    elif read_form(mail) is None:
        raise Changed(f"the form in {name}")
    else:
        yield _filled(mail)


@parser(
    "bitrix.form",
    version=1,
    match=Match(link=RESULT),
    link_hosts=SITES,
    signed_by=SITES,
    fallback=0,
)
def web_form(mail: Mail) -> Iterator[Interest]:
    """`Заполнена web-форма: [3] Заявка`, with each question above a line of asterisks."""
    if not is_answer(mail):
        yield _filled(mail)


@parser("bitrix.letter", version=1, match=Match(text=_SIGN), link_hosts=SITES, signed_by=SITES, fallback=0)
def letter(mail: Mail) -> Iterator[Interest]:
    """`Информационное сообщение сайта …` without the headers: feedback, a form of somebody's module, or a notice."""
    is_notice = _NOTICE.match(mail.visible_text)
    if is_answer(mail) or not (is_notice or is_from_site(mail, "")):
        return  # a person draws lines too, and quotes
    labels = read_labels(mail)
    if labels.roles & {Role.USERNAME, Role.PASSWORD}:
        raise Ignored("account notice")
    form = form_of(labels, mail)
    if _is_new_order(mail):
        yield _order(mail)
    elif _FEEDBACK.search(mail.subject) or form.phone or (form.email and form.text):
        yield _filled(mail)
    elif is_notice:
        raise Ignored("notice of the site")


def _filled(mail: Mail) -> Interest:
    labels = _questions(mail)
    form = form_of(labels, mail) if labels else required_form(mail)
    action = action_of(form, mail)
    if action is Action.REQUEST and _ONE_CLICK.search(f"{mail.subject}\n{form.labels.intro[:500]}"):
        action = Action.ORDER
    text = _GENERATED.sub("", f"\n\n{form.text}").strip()
    return interest_of(
        form, mail, action=action, text=text, event_key=_key(mail), source_url=form.page or _result(mail)
    )


def _questions(mail: Mail) -> Labels | None:
    """The answers of a web form: the question, a line of asterisks, the answer, and an empty line."""
    lines = [line.rstrip() for line in mail.visible_text.split("\n")]
    marks = [n for n, line in enumerate(lines) if n and _QUESTION.match(line) and lines[n - 1].strip()]
    if not marks:
        return None
    ends = [mark - 1 for mark in marks[1:]] + [_end(lines, marks[-1])]
    answers = tuple(
        Answer(label, resolve("\n".join(lines[mark + 1 : end]).strip()), role_of(label))
        for mark, end in zip(marks, ends, strict=True)
        for label in (lines[mark - 1].strip(" :"),)
    )
    message = next((one.value for one in answers if one.role is Role.MESSAGE and one.value), "")
    return Labels(answers, message, "\n".join(lines[: marks[0] - 1]).strip())


def _end(lines: list[str], mark: int) -> int:
    """Where the last answer ends: above the sentence over the link to the result, or above a ruler."""
    for at in range(mark + 1, len(lines)):
        if re.search(RESULT, lines[at]):
            return at - 1 if lines[at].startswith("http") else at
        if _RULER.match(lines[at]):
            return at
    return len(lines)


def _key(mail: Mail) -> str | None:
    """The result's number, else the event's: `X-MID: 1234.33 (03.03.2026 13:15:00)`."""
    site = site_of_sender(mail)
    found = re.search(r"WEB_FORM_ID=(\d{1,9})&(?:amp;)?RESULT_ID=(\d{1,12})", _result(mail) or "")
    if found:
        return f"form {site} {found[1]} {found[2]}"
    number = re.match(r"(\d{1,12})\.\d", mail.header("X-MID"))
    return f"event {site} {number[1]}" if number else None


def _result(mail: Mail) -> str | None:
    return next((link for link in mail.links if re.search(RESULT, link)), None)


def _order(mail: Mail) -> Interest:
    """What the customer gets and the shop a blind copy of: he is whom it is addressed to and greets by name.

    A template that the owner wrote for himself is a form with a number.
    """
    if not is_shops_copy(mail):
        raise Ignored("receipt for the customer")
    lines = [line.strip() for line in mail.visible_text.split("\n")]
    number = _NUMBER.search(mail.subject) or _NUMBER.search(mail.visible_text[:500])
    key = f"order {site_of_sender(mail)} {number[1]}" if number else None
    total = next((n for n, line in enumerate(lines) if _TOTAL.match(line)), None)
    name = next((found[1] for line in lines[:total] if (found := _GREETING.match(line))), None)
    if number is None or total is None or name is None:
        return interest_of(required_form(mail), mail, action=Action.ORDER, event_key=key)
    ours = registrable(site_of_sender(mail))
    email = next((to.email for to in mail.to if registrable(to.email.rpartition("@")[2]) != ours), None)
    label, _, price = lines[total].partition(":")
    return order(
        number[1],
        _items(lines[total + 1 :]),
        site=site_of_sender(mail),
        author=Author(name=name, email=email),
        labels={label: price.strip(" .")},
    )


def _is_new_order(mail: Mail) -> bool:
    """A number in the subject, a greeting, a sum, and what was ordered."""
    lines = [line.strip() for line in mail.visible_text.split("\n")]
    total = next((n for n, line in enumerate(lines) if _TOTAL.match(line)), None)
    if total is None or not _NUMBER.search(mail.subject):
        return False
    return any(map(_GREETING.match, lines[:total])) and any(item.quantity for item in _items(lines[total + 1 :]))


def _items(lines: list[str]) -> Iterator[Item]:
    """The lines below `Состав заказа:` up to the next empty one."""
    start = next((n for n, line in enumerate(lines) if line.endswith((":", "："))), len(lines))
    for line in lines[start + 1 :]:
        if not line:
            break
        found = _ITEM.match(line)
        yield Item(found[1], f"{found[2]} {found[3] or ''}".strip(), found[4]) if found else Item(line)
