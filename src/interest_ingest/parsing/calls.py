"""Calls, voice and text messages, and faxes that a telephone service reports: who called, and what was said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from interest_ingest.cards import Action, Author, Channel, Interest
from interest_ingest.parsing.contract import Changed, Ignored

# What the words of a subject or sentence tell of; the first in it counts, for a caller's name may be one of them.
_KINDS: Final[tuple[tuple[str, str], ...]] = (
    ("fax", r"\bfax|факс|télécopie|ファックス|传真"),
    (
        "voicemail",
        r"voice ?mail|voice[- ]message|голосов|автоответч|sprachnachricht|mailbox-?nachricht|messagerie vocale|"
        r"message vocal|buz[oó]n de voz|mensaje de voz|correio de voz|mensagem de voz|messaggio vocale|"
        r"segreteria|sesli mesaj|telesekret|poczt[ayę] głosow|voicebericht|留守番電話|语音|음성",
    ),
    (
        "message",
        r"text message|\bsms\b|смс|textnachricht|\btexto\b|mensaje de texto|messaggio di testo|テキスト|短信|문자",
    ),
    (
        "call",
        r"missed call|new call|\bcall from|unanswered|пропущ\w+|неотвеч\w+|входящ\w+ (?:звон|вызов)|звонок|"
        r"вызов|дзвін|verpasst\w* anruf|entgangen\w* anruf|\banruf\b|appel manqué|appel en absence|"
        r"llamada perdida|chamada perdida|chiamata persa|cevapsız|nieodebran|gemiste oproep|missat samtal|"
        r"不在着信|未接|부재중",
    ),
)
_KIND_OF: Final = tuple((kind, re.compile(f"(?i){stems}")) for kind, stems in _KINDS)

_NUMBER: Final = re.compile(r"(?<![\w.:/])\+?\(?\d(?:[\d \xa0().\u2010-\u2013/-]{0,24}\d)?(?![\w:]|\.\d)")
_DATE: Final = re.compile(
    r"(?<!\d)(?:\d{1,2}[./]\d{1,2}[./]\d{4}|\d{4}-\d\d-\d\d)(?!\d)|(?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)"
)
_IP: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PARTED: Final = re.compile(
    r"[;|]|,\s(?=\d|on\b)|\s(?:at|um|à|a las|alle|в|о)\s(?=\||\d{1,2}h)|\s(?:on|am|le|el)\s(?=\w{3}|\|)|"
    r"(?:^|\s)(?:x|ext\.?|доб\.?)\s?\d"
)
_LABEL: Final = re.compile(r"(?i)^(?:тел|tel|phone|телефон|номер|number)\b[\s.:№]*")
_NOBODY: Final = re.compile(
    r"(?i)(?:an? )?(?:unknown|anonymous|private|withheld|restricted|unavailable|blocked|undisclosed|wireless|"
    r"toll[ -]free)(?: (?:caller|number|name|call|id))?|no caller ?id|caller|unbekannt\w*|anonym\w*|inconnue?|privado|"
    r"desconocido|sconosciuto|bilinmeyen|nieznany|"
    r"(?:номер )?(?:не )?(?:неизвестн|скрыт|аноним|определ)\w*(?: (?:номер|абонент))?|невідомий|非通知|未知|알 수 없음"
)

_TRANSCRIPT: Final = re.compile(
    r"(?im)^[ \t]*(?:voice ?mail |message )?(?:transcript(?:ion)?|preview|расшифровка|транскрипция|transkript\w*|"
    r"transcripción|trascrizione|transcrição)[^:\n]{0,30}:"
)

_NOTICE: Final = re.compile(
    r"(?i)passw|sign[- ]?in|log[- ]?in|security|verif|invoice|receipt|billing|payment|statement|subscription|trial|"
    r"webinar|newsletter|meeting|video|summary|report|welcome|maintenance|service (?:status|alert)|upgrade|expir|"
    r"new features|what['’]s new|"
    r"сч[её]т|баланс|оплат|тариф|акци[яи]|вебинар|новост|новые возможности|парол|вход\b|договор|отч[её]т|дайджест|"
    r"обновлен|приглаша|статистик|детализац|запис[ьи] разговор|подтвер(?:д|жд)|добро пожаловать"
)

SHORTEST: Final = 5
"""Digits of a number outside: what has fewer is an extension of our own telephones."""

LONGEST_CODE: Final = 6
"""Digits of the numbers from which only programs send text messages: log-in codes, parcels, adverts."""


def kind_of(*texts: str) -> str | None:
    """`call`, `voicemail`, `message` or `fax` by the first of `texts` that tells, None if none does."""
    for text in texts:
        found = [(told.start(), kind) for kind, stems in _KIND_OF if (told := stems.search(text[:2_000]))]
        if found:
            return min(found, key=lambda one: one[0])[1]
    return None


def is_notice(subject: str) -> bool:
    """Whether `subject` is that of what a telephone service sends of itself: bills, reports, news, accounts."""
    return bool(_NOTICE.search(subject))


def caller_of(written: str) -> Author:
    """Who called, out of `"Anna Moss" <+441632960111>`, `Anna Moss (555) 010-0142` or `5550100142`.

    Without a number only the name, where one is shown; `anonymous` and its like are nobody.
    """
    written = _DATE.sub("|", " ".join(written.split())[:200])
    found = max(_NUMBER.finditer(written), key=lambda one: len(digits(one[0])), default=None)
    number = found[0] if found else ""
    name = re.sub(r"<[^<>]*>", " ", written.replace(number, " ") if number else written)
    name = _named(_PARTED.split(" ".join(re.sub(r"[<>()\[\]\"“”«»]", " ", name).split()))[0])
    return Author(name=name or None, phone=number if 1 < len(digits(number)) <= 15 else None)


def digits(number: str) -> str:
    """The digits of `number`, without what sets them off."""
    return re.sub(r"\D", "", number)


def russian(number: str) -> str:
    """`+79033756597` for `9033756597`, `89033756597` and `79033756597`; other numbers as they stand."""
    found = re.fullmatch(r"[78]?([3489]\d{9})", digits(number))
    return f"+7{found[1]}" if found else number


def numbers_in(text: str) -> list[str]:
    """The numbers of more than `SHORTEST` digits in `text`, as written; dates, times and addresses are none."""
    found = (match[0].strip() for match in _NUMBER.finditer(_DATE.sub("|", text[:10_000])))
    return [one for one in found if SHORTEST < len(digits(one)) <= 15 and not _IP.fullmatch(one)]


def reported(
    kind: str,
    author: Author,
    *,
    text: str = "",
    account: str | None = None,
    event_key: str | None = None,
    **labels: str,
) -> Interest:
    """The interest of a call, voicemail, text message (`message`) or fax; `labels` are further facts, "" for none.

    Raises `Ignored` for calls between our own telephones, for text messages of programs, and for a call of which
    neither number, name nor word is known.
    """
    told = {name.replace("_", " ").capitalize(): value for name, value in labels.items() if value}
    if author.phone and len(digits(author.phone)) < SHORTEST:
        raise Ignored("internal call")
    if kind == "message" and author.phone and len(digits(author.phone)) <= LONGEST_CODE:
        raise Ignored("text message of a program")
    if kind == "call" and not author and not text:
        raise Ignored("call without a number")
    if not author and not text and not told:
        raise Changed("the caller")
    return Interest(
        channel=Channel.CALL,
        action=Action.CALL if kind in ("call", "voicemail") else Action.MESSAGE,
        author=author,
        text=text,
        account=account,
        event_key=event_key,
        object_kind=kind,
        labels=told,
    )


def transcript_in(text: str) -> str:
    """What a machine heard on the recording: the paragraph at `Transcript:`; "" without one."""
    found = _TRANSCRIPT.search(text)
    return text[found.end() :].strip().partition("\n\n")[0].strip().strip('"“”') if found else ""


def duration_in(text: str) -> str:
    """How long a message is, as written (`0:12`, `1:02:45`, `12 sec`); "" if nothing tells."""
    found = re.search(
        r"(?i)(?<![\d:])(\d{1,3}:\d\d(?::\d\d)?)(?: long|\s*min| minutes)|"
        r"(?:duration|length|длительность|продолжительность|тривалість|dauer|länge|durée|duración|durata|süre)"
        r"[^\d\n]{0,20}(\d[\d:]{0,8}(?: ?(?:s|sec\w*|min\w*|сек\w*|мин\w*))?\b)",
        text[:5_000],
    )
    return (found[1] or found[2]).strip() if found else ""


def said(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> str:
    """The lines of `text` below the one that `begin` matches (all, if none), up to the first that `end` matches."""
    lines = text.split("\n")
    start = next((n + 1 for n, line in enumerate(lines) if begin.search(line)), 0)
    while start < len(lines) and (not lines[start].strip() or re.fullmatch(r"\s*<https?://\S+>\s*", lines[start])):
        start += 1
    stop = next((n for n in range(start, len(lines)) if end.search(lines[n])), len(lines))
    return "\n".join(lines[start:stop]).strip()


def own_number(candidates: Iterable[str], caller: str | None) -> str | None:
    """The first number that is not the caller's: ours."""
    theirs = digits(caller or "")[-7:]
    return next((one for one in candidates if not theirs or not digits(one).endswith(theirs)), None)


def _named(name: str) -> str:
    name = _LABEL.sub("", name.strip(" .,:;-–—'`"))
    return "" if _NOBODY.fullmatch(name) or not any(letter.isalpha() for letter in name) else name
