"""Chats on websites: what the visitor himself said, out of a whole transcript."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import Changed, Ignored
from interest_ingest.parsing.domains import registrable
from interest_ingest.parsing.forms import Form, known_form
from interest_ingest.parsing.labels import Labels
from interest_ingest.parsing.passages import is_button, lines_of
from interest_ingest.parsing.tokens import find_url

_MOMENT: Final = r"\[?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},? )?\d{1,2}:\d\d(?::\d\d)?(?: ?[AaPp]\.?[Mm]\.?)?\]?"
_TURN: Final = re.compile(
    rf"[ \t]*{_MOMENT}[ \t]{{1,4}}(?:-[ \t]{{1,4}})?\[?(?P<who>[^\n:\]]{{1,100}})[:\]][ \t]*(?P<what>.*)$"
)
"""`2026-11-21 20:43:24 Anna Moss: Hello`, `[20:43:24] [Anna Moss] Hello`: a moment, a name and what was said."""

_VISITORS: Final = re.compile(
    r"(?i)(?:you|visitor|guest|customer|client|website visitor|посетитель|клиент|гость|відвідувач|клієнт|besucher\w*|"
    r"gast|kunde|visiteur|client|visitante|cliente|visitatore|ziyaretçi|gość|klient|访客|訪問者|방문자)"
    r"(?:\s?[#№]?\s?[\w-]{0,20}\d[\w-]{0,20})?"
)
_STAFF: Final = re.compile(
    r"(?i)operator|agent|support|assistant|system|\bbot\b|manager|admin|team|оператор|агент|поддержк|бот\b|систем|"
    r"менеджер|консультант|помощник|підтримк|mitarbeiter|berater|asistente|soporte|suporte|assistenza|destek"
)
_CALLING_WORDS = (
    "hello hi hey halo anybody anyone somebody someone there here is are you still ok алло ало эй ау есть кто "
    "нибудь кто-нибудь тут здесь вы ещё еще привет хто-небудь є тут ви hallo ist jemand da noch sind sie hola alguien "
    "ahí hay sigue bonjour allo quelqu un il y a là oi olá alguém aí ciao pronto c'è qualcuno"
)
_CALLS: Final = frozenset(_CALLING_WORDS.split())

_OWN: Final = re.compile(
    r"(?i)passw|verif|confirm your|sign[- ]?in|log[- ]?in|security|invoice|receipt|billing|payment|subscription|trial|"
    r"plan\b|newsletter|webinar|what['’]s new|product update|release|weekly|monthly|daily|report|digest|summary|tips|"
    r"welcome|getting started|upgrade|discount|invit|парол|подтвер(?:д|жд)|что нового|вход\b|безопасн|сч[её]т|оплат|"
    r"тариф|пробн|рассылк|вебинар|новост|обновлен|отч[её]т|дайджест|сводк|скидк|акци[яи]|добро пожаловать|приглаша|"
    r"rechnung|passwort"
)
_PAGE: Final = re.compile(r"[^\n:]{2,40}:\s{0,3}(https?://\S{1,2000})")
_SAYS_CHAT: Final = re.compile(
    r"(?i)\bchat\b|messages?\b|visitor|offline|conversation|\bticket\b|request|lead\b|чат|сообщени|посетител|обращени|"
    r"заявк|вопрос|диалог|повідомлен|звернен|nachricht|anfrage|mensaje|mensagem|messaggi|conversaci"
)


class Turn(NamedTuple):
    """What one person said at one time."""

    who: str
    what: str


def turns(text: str) -> Iterator[Turn]:
    """The turns of a transcript in their order; lines without a moment belong to the turn above them."""
    who, lines = "", list[str]()
    for line in text.split("\n"):
        found = _TURN.match(line) if len(line) < 20_000 else None
        if found:
            if who:
                yield Turn(who, "\n".join(lines).strip())
            who, lines = found["who"].strip(), [found["what"]]
        elif who:
            lines.append(line)
    if who:
        yield Turn(who, "\n".join(lines).strip())


def visitor_words(text: str, name: str) -> str:
    """What the visitor `name` said in the transcript `text`; a text that is none comes back as it is.

    A turn that only asks whether anybody is there says nothing, unless it is all that he said.
    """
    spoken = list(turns(text))
    who = visitor_in(spoken, name)
    own = [turn.what for turn in spoken if who and _same(turn.who, who)]
    telling = [what for what in own if what and not _only_calls(what)]
    return "\n".join(telling or own) if own else text


def visitor_in(spoken: Iterable[Turn], name: str) -> str:
    """Who of `spoken` is the visitor: whoever has his name, else one for visitors; of unknown name the only other."""
    speakers = list(dict.fromkeys(turn.who for turn in spoken))
    known = [who for who in speakers if _same(who, name)] or [who for who in speakers if is_nameless(who)]
    others = [who for who in speakers if not name and not _STAFF.search(who)]
    return known[0] if known else others[0] if len(others) == 1 else ""


def is_nameless(name: str) -> bool:
    """Whether `name` is what chats call a visitor who did not tell his: `Visitor`, `Посетитель #4711`."""
    return bool(_VISITORS.fullmatch(name.strip()))


def chat_form(mail: Mail) -> Form:
    """The visitor and his words in a chat service's own mail; raises `Ignored` for what it sends of itself.

    Raises `Changed` for a mail that names neither a way to answer nor any words.
    """
    own = _OWN.search(mail.subject)
    form = None if own and not _SAYS_CHAT.search(mail.subject) else known_form(mail) or _transcript(mail)
    if form is None or not (form.text or form.phone or (form.email and form.name)):
        raise Ignored("digest or account notice") if own else Changed("the visitor's message")
    domain = registrable(mail.sender.email.rpartition("@")[2]) if mail.sender else ""
    buttons = {line.text for line in lines_of(mail) if is_button(line)}
    text, page = _without_page(_without_service(form.text, domain, buttons))
    return _of_visitor(replace(form, text=text, page=form.page or page))


def _transcript(mail: Mail) -> Form | None:
    """Nothing but who said what."""
    text = mail.visible_text
    return Form(Labels(message=text), "", "", "", text) if len(list(turns(text))) > 1 else None


def _of_visitor(form: Form) -> Form:
    """`form` with the visitor's own words as its text, and without a name that is none."""
    name = form.name or visitor_in(turns(form.text), "")
    return replace(form, text=visitor_words(form.text, name), name="" if is_nameless(name) else name)


def first_link(links: Iterable[str], pattern: str) -> str | None:
    """The first of `links` in which `pattern` is found."""
    return next((link for link in links if re.search(pattern, link)), None)


def _without_service(text: str, domain: str, buttons: Container[str]) -> str:
    """`text` without the lines at its end that lead into the service's own panel, and what announces them."""
    lines = text.split("\n")
    end = len(lines)
    while end and (not (line := lines[end - 1].strip()) or line in buttons or (domain and domain in find_url(line))):
        end -= 1
    if end < len(lines) and end and lines[end - 1].rstrip().endswith(":"):
        end -= 1
    return "\n".join(lines[:end]).rstrip()


def _without_page(text: str) -> tuple[str, str]:
    """`text` without `Submitted from: https://…` below it, and that page."""
    above, _, last = text.rpartition("\n\n")
    found = _PAGE.fullmatch(last) if above else None
    return (above.rstrip(), found[1]) if found else (text, "")


def _same(one: str, other: str) -> bool:
    return bool(other) and " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


def _only_calls(what: str) -> bool:
    words = re.findall(r"[\w'’-]+", what.casefold())
    return len(words) <= 8 and all(word in _CALLS for word in words) and "?" in what
