"""What a fuzzer calls: a mail read by one parser, whatever the mail's own words say about who should read it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from interest_ingest.cards import Trust
from interest_ingest.ingest.normalize import normalize
from interest_ingest.ingest.reading import MAX_CARDS, arrival
from interest_ingest.mail import Mail
from interest_ingest.parsing import Changed, Ignored
from interest_ingest.parsing.load import builtin_parsers
from tests.hostile.measuring import RULES

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
PARSERS: Final = {parser.name: parser for parser in builtin_parsers()}


def read_by(name: str, raw: bytes) -> int:
    """Read `raw` with the parser `name`, normalize its cards, give their number. What it must not raise comes out."""
    parser = PARSERS[name]
    mail = Mail.from_bytes(raw)
    if not parser.match.holds(mail):
        return 0
    try:
        interests = [interest for interest, _ in zip(parser(mail), range(MAX_CARDS), strict=False)]
        cards = [normalize(one, parser, mail, RULES, Trust.UNPROVEN, arrival(mail)) for one in interests]
    except (Changed, Ignored):
        return 0
    return len([card.as_json() for card in cards])
