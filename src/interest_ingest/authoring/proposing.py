"""From sample mails to a parser: what recognizes them, and where in them each field of the card stands.

The proposal is a `Declared` table, the data that a parser without code is made of; `drafting` writes it as one, or as
Python. It is a beginning that works, made by looking: `decisions` says in words what was seen and chosen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from interest_ingest.authoring.beside import FOOTER, common_labels, from_labels, link_beside
from interest_ingest.authoring.looks import is_name, is_nickname, is_value
from interest_ingest.authoring.onpage import PROFILE, from_page, has_block, repeated
from interest_ingest.authoring.proposal import Proposal
from interest_ingest.authoring.samples import Element, Gap, Page, Template, elements, escaped, pages, template
from interest_ingest.errors import UsageError
from interest_ingest.ingest.patterns import weakness
from interest_ingest.mail import Mail
from interest_ingest.parsing.contract import host_in
from interest_ingest.parsing.dates import parse_moment
from interest_ingest.parsing.domains import is_free_mail, registrable
from interest_ingest.parsing.language import detect
from interest_ingest.parsing.links import unwrap
from interest_ingest.parsing.pick import labelled
from interest_ingest.parsing.reviews import stars_in
from interest_ingest.parsing.shape import shape_of
from interest_ingest.parsing.tokens import host_of

# What NAME or the subject says it is: the word as it begins, the channel and the action.
_KINDS: Final = (
    (r"review|rating|отзыв|bewertung|avis|reseñ|recens|avalia|yorum|レビュー", "review", "review"),
    (r"comment|коммент|komment|comentari|commentaire", "comment", "comment"),
    (r"repl(?:y|ied)|answer|ответ", "comment", "reply"),
    (r"order|заказ|bestellung|commande|pedido|ordine|zamówieni|sipariş", "form", "order"),
    (r"missed call|voicemail|call\b|звон|anruf|appel", "call", "call"),
    (r"mention|упомян", "social", "mention"),
    (r"\blik(?:e|ed|es)\b|нравится|лайк", "social", "like"),
    (r"follow|подпис", "social", "follow"),
    (r"chat|чат", "chat", "message"),
    (r"message|сообщени|nachricht|mensaje|messaggio|mensagem", "form", "message"),
)
_DULL: Final = (
    r"(?i)unsub|setting|preferenc|help|privacy|terms|policy|support|about|app-?store|play\.google|faq|legal|logo"
)
_GOOD: Final = (
    r"(?i)review|comment|message|post|topic|thread|order|ticket|item|product|reply|discussion|question|lead|request"
)
_PLAIN_HEADERS: Final = re.compile(
    r"(?i)x-(?:mailer|priority|msmail-.*|originating.*|spam.*|google.*|gm-.*|received.*|ms-.*|php.*|auto-response.*|mimeole"
    r"|entity.*|report.*|sender.*|source.*|sg-.*|ses-.*|mailgun.*|campaign.*|feedback.*|virus.*|uid.*|original.*|env.*)"
)
MIN_TEXT: Final = 40
"""Characters beside the labels of a single sample that are more than its heading."""

MAX_LINES: Final = 80

NEAR: Final = timedelta(days=3)
"""An instant in the mail that is no further from its Date may be when it happened."""

MIN_LIKENESS: Final = 0.2
"""Share of the parts of two mails' shapes that must be the same for one parser to read both."""


def propose(name: str, mails: Sequence[Mail]) -> Proposal:
    """A parser `name` for `mails`; raises `UsageError` for mails that do not belong together."""
    _check_together(mails)
    proposal = Proposal({"name": name, "version": 1, "match": {}})
    labels = common_labels(mails)
    from_labels(labels, mails, proposal)
    _from_headers(mails, proposal)
    found = elements(mails) if all(mail.html.strip() for mail in mails) else []
    from_page(found, mails, proposal)
    shown = repeated(found, [proposal.author(mail) for mail in mails], mails)
    known = [*_known(mails, proposal), *shown]
    subject = template([mail.subject for mail in mails], known)
    _author_of_subject(subject, [gap for gap in subject.gaps if not subject.quotes(gap)], proposal)
    lines = [[line.strip() for line in mail.visible_text.split("\n")][:MAX_LINES] for mail in mails]
    _author_line(lines, known, proposal)
    _author_of_subject(subject, subject.gaps, proposal)
    _product_of_subject(subject, mails, proposal)
    if "text" not in proposal.fields:
        _text_between(lines, mails, proposal)
    _recognize(subject, mails, proposal)
    _from_links(mails, proposal)
    link_beside(labels, mails, proposal)
    _from_dates(found, mails, proposal)
    _finish(name, mails, proposal)
    return proposal


def _check_together(mails: Sequence[Mail]) -> None:
    domains = list(dict.fromkeys(_domain(mail) for mail in mails))
    roots = {registrable(one) for one in domains}
    if len(roots) > 1:
        raise UsageError(
            f"the samples do not belong together: they are from {' and '.join(sorted(domains))}; "
            "one parser reads the mails of one sender"
        )
    if not any(domains):
        raise UsageError("a sample has no sender: it is no whole mail; save it as .eml with its headers")
    first = set(shape_of(mails[0]).parts)
    for number, mail in enumerate(mails[1:], 2):
        other = set(shape_of(mail).parts)
        alike = len(first & other) / max(1, len(first | other))
        shared = template([mails[0].subject, mail.subject]).fixed
        if alike < MIN_LIKENESS and not (shared and alike):
            raise UsageError(
                f"the samples do not belong together: sample {number} is laid out otherwise than the first "
                f"({mail.subject[:60]!r}, {mails[0].subject[:60]!r}); make a parser of each"
            )


def _domain(mail: Mail) -> str:
    return mail.sender.email.rpartition("@")[2].lower() if mail.sender else ""


def _from_headers(mails: Sequence[Mail], proposal: Proposal) -> None:
    answers = [(mail.reply_to, _sender_root(mail)) for mail in mails]
    theirs = [one for one, own in answers if one and registrable(_root(one.email)) != own]
    if len(theirs) == len(mails) and all("@" in one.email for one in theirs):
        proposal.place("author.email", "the address to answer to (Reply-To)", header="reply_to.email")
        if all(is_name(one.name) for one in theirs):
            proposal.place("author.name", "the name in Reply-To", header="reply_to.name")
    senders = [mail.sender.name if mail.sender else "" for mail in mails]
    via = re.compile(r"^(.{1,200}?) (?:via|через|\(via|über|de|in|at|on|@) ")
    if all(map(via.match, senders)) and (len(set(senders)) > 1 or " via " in senders[0]):
        proposal.place("author.name", "the name in From", header="from.name", pattern=via.pattern)
    elif len(set(senders)) > 1 and all(map(is_name, senders)):
        proposal.place("author.name", "the name in From", header="from.name")


def _root(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _sender_root(mail: Mail) -> str:
    return registrable(_domain(mail))


def _known(mails: Sequence[Mail], proposal: Proposal) -> list[str]:
    """What is known to be no word of the template: the values that were found, names, what stands in quotes."""
    known = [value for mail in mails for value in proposal.values(mail)]
    quoted = [re.findall(r"[\"“«„]([^\"“”«»„]{1,200})[\"”»“]", mail.subject) for mail in mails]
    if len(mails) == 1 or quoted[0] != quoted[1]:
        known += [words for one in quoted for words in one]
    if len(mails) == 1:
        known += re.findall(r"(?<=\S )[A-ZА-ЯЁ][\w'’-]+(?: [A-ZА-ЯЁ][\w'’-]+)+", mails[0].subject)
        if "author.name" not in proposal.fields:
            known += re.findall(r"^[A-ZА-ЯЁ][\w'’-]+ [A-ZА-ЯЁ][\w'’-]+(?= [a-zа-яё])", mails[0].subject)
    return known


def _author_of_subject(subject: Template, gaps: list[Gap], proposal: Proposal) -> None:
    for is_author in (is_name, is_nickname) if subject.fixed else ():
        for gap in gaps:
            if all(map(is_author, gap.values)) and not all(map(is_value, gap.values)):
                place = {"in": "subject", "pattern": subject.pattern(gap)}
                proposal.place("author.name", f"the subject, as in {gap.values[0]!r}", **place)


def _product_of_subject(subject: Template, mails: Sequence[Mail], proposal: Proposal) -> None:
    """A gap that is nothing that is read elsewhere; one that names stars is the rating."""
    known = [{*map(str.casefold, proposal.values(mail)), *(to.name.casefold() for to in mail.to)} for mail in mails]
    for gap in subject.gaps if "author.name" in proposal.fields and subject.fixed else ():
        if all(stars_in(value) is not None for value in gap.values):
            place = {"in": "subject", "pattern": subject.pattern(gap)}
            proposal.place("rating", f"the subject, as in {gap.values[0]!r}", **place)
        told = any(value.casefold() in one for value, one in zip(gap.values, known, strict=True))
        if not all(gap.values) or told or any(map(is_value, gap.values)):
            continue
        place = {"in": "subject", "pattern": subject.pattern(gap)}
        proposal.place("product.name", f"the subject, as in {gap.values[0]!r}", **place)


def _author_line(lines: list[list[str]], known: list[str], proposal: Proposal) -> None:
    """By a sentence of the visible text that all samples share."""
    for line in filter(None, lines[0]) if "author.name" not in proposal.fields else ():
        one = template(_same(line, lines), known + (_capitalized(line) if len(lines) == 1 else []))
        for gap in one.gaps:
            if len(one.fixed) > 1 and all(map(is_name, gap.values)):
                pattern = f"(?m){one.pattern(gap)}"
                proposal.place("author.name", f"the line “{line[:60]}”", **{"in": "text", "pattern": pattern})
                return


def _same(line: str, lines: list[list[str]]) -> list[str]:
    """The line of each sample that is most like `line` of the first."""
    return [line, *(max(other, key=lambda one: _alike(line, one), default="") for other in lines[1:])]


def _capitalized(line: str) -> list[str]:
    return re.findall(r"[A-ZА-ЯЁ][\w'’-]+(?: [A-ZА-ЯЁ][\w'’-]+)+", line)


def _alike(one: str, other: str) -> float:
    mine, theirs = set(one.split()), set(other.split())
    return len(mine & theirs) / max(1, len(mine | theirs))


def _text_between(lines: list[list[str]], mails: Sequence[Mail], proposal: Proposal) -> None:
    """The longest run of lines that are not the template's, with the lines around it."""
    personal = list(dict.fromkeys(filter(None, _personal(mails, proposal))))
    labels = common_labels(mails)
    fixed = [_fixed_line(line, lines, personal, labels) for line in lines[0]]
    if len(lines) == 1:
        fixed = _around_longest(lines[0], fixed)
    runs = list(_runs(lines[0], fixed, personal))
    told = proposal.fields.keys() & {"author.name", "author.phone", "author.email"}
    if told and (not runs or (len(mails) == 1 and labels and max(runs)[0] < MIN_TEXT)):
        return  # who did it is enough
    if not runs:
        whole = {"in": "text", "pattern": r"(?s)^(.{1,20000})"}
        proposal.place("text", "nothing stands out, so it is all of the visible text: narrow it", **whole)
        return
    _, opening, closing = max(runs, key=lambda run: run[0])
    proposal.place("text", f"the lines between {opening!r} and {closing!r}", between=[opening, closing])


def _personal(mails: Sequence[Mail], proposal: Proposal) -> Iterator[str]:
    """What must not be taken for words of the template: it is not there in the next mail, nor in a scrubbed one."""
    for mail in mails:
        yield from proposal.values(mail)
        yield from (word for to in mail.to for word in (to.email, *to.name.split()) if len(word) > 2)
        yield from re.findall(r"(?m)^[^\W\d_]{2,12},? ([A-ZА-ЯЁ][\w-]{1,30})[,!]$", mail.visible_text)


def _fixed_line(line: str, lines: list[list[str]], personal: list[str], labels: Collection[str]) -> str:
    """The pattern of a line of the template; "" for one that may be somebody's own, or is empty."""
    if not line or re.match(r"(?:https?://\S+|\W*)$", line):
        return ""
    label = re.match(r"([^:：]{1,40}[:：]) ", line)
    link = re.match(r"([^:：]{1,40}[:：]) ?https?://\S+$", line)
    shared = link and all(any(other.startswith(link[1]) for other in one) for one in lines)
    if label and (shared or label[1].rstrip(":：").strip() in labels):
        return f"^{escaped(label[1])}"
    same = _same(line, lines)
    one = template(same, personal)
    known = len(lines) > 1 or any(value in line for value in personal)
    enough = len(one.fixed) > 1 or (one.fixed and not one.gaps)
    bare = re.sub(r"https?://\S+", "", line)
    share = sum(map(len, one.fixed)) / max(1, len(bare))
    return one.pattern() if known and enough and (share > 0.3 or not one.gaps) and len(bare) < 200 else ""


def _around_longest(lines: list[str], fixed: list[str]) -> list[str]:
    """Of one sample nobody knows which lines are the template's: those that end with a colon, what is above the last
    known one before the longest paragraph, and what a footer says."""
    spoken = [n for n, line in enumerate(lines) if line and not fixed[n] and not FOOTER.search(line)]
    if not spoken:
        return fixed
    longest = max(spoken, key=lambda n: len(lines[n]))
    told = list(fixed)
    for number, line in enumerate(lines):
        sure = line.endswith(":") or FOOTER.search(line)
        if line and not told[number] and sure and not re.search(r"https?://|@", line):
            told[number] = f"^{escaped(re.split(r'[0-9]', line)[0][:60])}"
    if not any(told[:longest]) and longest:
        above = next((n for n in range(longest - 1, -1, -1) if lines[n]), None)
        if above is not None and not re.search(r"[0-9@]|https?://", lines[above]):
            told[above] = f"^{escaped(lines[above][:60])}"
    return told


def _runs(lines: list[str], fixed: list[str], personal: list[str]) -> Iterator[tuple[int, str, str]]:
    """The runs of lines that are not fixed: their length without links and names, and the patterns around."""
    size, opening = 0, ""
    for line, pattern in zip([*lines, ""], [*fixed, None], strict=True):
        if pattern or pattern is None:
            if size:
                yield size, opening, pattern or ""
            size, opening = 0, pattern or ""
        else:
            size += 0 if "http" in line or line in personal else len(line)


def _recognize(subject: Template, mails: Sequence[Mail], proposal: Proposal) -> None:
    """By the sender, then a machine's own header if there is one, else by the words of the subject."""
    match = proposal.table["match"]
    addresses = {mail.sender.email.lower() for mail in mails if mail.sender}
    domain = _common_domain([_domain(mail) for mail in mails])
    if len(addresses) == 1 and is_free_mail(domain):
        match["from_address"] = next(iter(addresses))
    else:
        match["from_domain"] = domain
    proposal.decisions.append(f"sender: {match.get('from_domain') or match['from_address']}")
    if header := _machine_header(mails):
        match["header"] = header
        proposal.decisions.append(f"recognized by the header {header}")
    elif subject.fixed:
        match["subject"] = subject.pattern()
        proposal.decisions.append(f"recognized by the subject {match['subject']}")
    signed = [{one for value in mail.headers("DKIM-Signature") for one in _signers(value)} for mail in mails]
    aligned = (one for one in sorted(set.intersection(*signed)) if registrable(one) == registrable(domain))
    own = [one for one in aligned if host_in(domain, (one,)) or host_in(one, (registrable(domain),))]
    if own:
        proposal.table["signed_by"] = own
        proposal.decisions.append(f"signed by {', '.join(own)}")


def _common_domain(domains: Sequence[str]) -> str:
    parts = [one.split(".")[::-1] for one in domains]
    common = []
    for labels in zip(*parts, strict=False):
        if len(set(labels)) > 1:
            break
        common.append(labels[0])
    return ".".join(reversed(common))


def _signers(signature: str) -> list[str]:
    return [one.lower() for one in re.findall(r"(?:^|;)\s*d\s*=\s*([\w.-]{3,253})", signature)]


def _machine_header(mails: Sequence[Mail]) -> str:
    """A field of the service's own whose value is a word and the same in all samples."""
    for name, value in mails[0].all_headers():
        own = name.lower().startswith("x-") and not _PLAIN_HEADERS.fullmatch(name)
        word = re.fullmatch(r"[A-Za-z][A-Za-z_.-]{2,40}", value)
        if own and word and all(mail.header(name) == value for mail in mails):
            return f"(?i)^{escaped(name)}: {escaped(value)}$"
    return ""


def _from_links(mails: Sequence[Mail], proposal: Proposal) -> None:
    found = [one for one in pages(mails) if not re.search(_DULL, f"{one.links[0]} {one.words}")]
    names = [next(iter(proposal.values(mail)), "") for mail in mails]
    profile = next((one for one in found if _is_profile(one, names)), None)
    own = _sender_root(mails[0])
    places = [one for one in found if one is not profile and one.differs and (one.has_ids or len(mails) > 1)]
    place = max(places, key=lambda one: _worth(one, own), default=None)
    hosts: list[str] = []
    if place and _worth(place, own) > 0:
        proposal.place("source_url", f"the link {place.links[0]}", link=place.plain)
        if place.has_ids:
            proposal.place("event_key", "the ids in that link", link=place.pattern)
        hosts += map(host_of, place.links)
    if profile:
        if "source_url" not in proposal.fields and mails[0].html:
            proposal.place("source_url", "the author's page, for there is no other", link=profile.plain)
        proposal.place("author.profile_url", f"the link {profile.links[0]}", link=profile.plain)
        hosts += map(host_of, profile.links)
    if hosts:
        proposal.table["link_hosts"] = sorted({registrable(one) or one for one in hosts})
        proposal.decisions.append(f"links may lead to {', '.join(proposal.table['link_hosts'])}")


def _is_profile(page: Page, names: list[str]) -> bool:
    return bool(names[0] and page.words == names[0]) or bool(re.search(PROFILE, page.links[0]))


def _worth(page: Page, own: str) -> int:
    """How likely it is that a link leads to the very place of the interest."""
    url = page.links[0]
    return (
        2 * bool(re.search(_GOOD, url))
        + bool(re.search(r"(?i)repl|answer|view|read|open|see|ответ|посмотр|откр|ansehen|voir|ver\b", page.words))
        + 2 * page.has_ids
        + 2 * (registrable(host_of(url)) == own)
        - 3 * bool(re.fullmatch(r"https?://[^/?#]+/?", unwrap(url)))
    )


def _from_dates(found: list[Element], mails: Sequence[Mail], proposal: Proposal) -> None:
    languages = tuple(dict.fromkeys(filter(None, (detect(mails[0].visible_text), "en"))))
    dated = [one for one in found if not has_block(one) and all(0 < len(text) < 60 for text in one.texts)]
    for one in dated:
        if all(_is_then(text, languages, mail) for text, mail in zip(one.texts, mails, strict=True)):
            proposal.place("occurred_at", f"the element {one.selector}", css=one.selector)
            break
    told = proposal.fields.get("occurred_at")
    if (
        told
        and "label" in told
        and not all(_is_then(labelled(mail, *told["label"]), languages, mail) for mail in mails)
    ):
        del proposal.fields["occurred_at"]
        proposal.decisions.append(f"occurred_at: {told['label'][0]!r} is far from the Date of the mail, so it is none")
    if "occurred_at" in proposal.fields:
        proposal.table["languages"] = list(languages)


def _is_then(text: str, languages: tuple[str, ...], mail: Mail) -> bool:
    """Whether `text` is an instant near that of the mail: another one is when a guest will come, or an order is due."""
    moment = parse_moment(text, languages, mail.date)
    return moment is not None and (mail.date is None or abs(moment.date() - mail.date.date()) <= NEAR)


def _finish(name: str, mails: Sequence[Mail], proposal: Proposal) -> None:
    """Channel and action, what is mandatory, and no pattern that explodes."""
    kind = name.rpartition(".")[2] + " " + " ".join(mail.subject for mail in mails)
    told = next(((c, a) for words, c, a in _KINDS if re.search(f"(?i){words}", kind)), ("form", "request"))
    channel, action = told
    if channel in ("review", "comment", "social") and not {"source_url", "event_key"} & set(proposal.fields):
        proposal.decisions.append(f"no link to the {channel} was found, so its channel is form: a {channel} needs one")
        channel = "form"
    proposal.table |= {"channel": channel, "action": action}
    proposal.decisions.append(f"channel {channel}, action {action}")
    for needed in ("author.name", "text"):
        place = proposal.fields.get(needed)
        if place is not None:
            place["required"] = True
            break
    for slow in [key for key, place in proposal.fields.items() if _is_slow(place)]:
        del proposal.fields[slow]
        proposal.decisions.append(f"{slow}: its pattern would be slow on other mails, so it is left out")


def _is_slow(place: dict[str, Any]) -> bool:
    return any(weakness(one) for one in (place.get("pattern"), place.get("link"), *place.get("between", ())) if one)
