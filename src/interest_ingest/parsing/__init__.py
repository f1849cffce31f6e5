"""All that a parser author sees."""

from interest_ingest.cards import Action, Author, Channel, Interest, Product
from interest_ingest.mail import Address, Mail
from interest_ingest.parsing.contract import ANYWHERE, LETTER, SITES, Changed, Ignored, Match, Parser, parser

__all__ = [
    "ANYWHERE",
    "LETTER",
    "SITES",
    "Action",
    "Address",
    "Author",
    "Changed",
    "Channel",
    "Ignored",
    "Interest",
    "Mail",
    "Match",
    "Parser",
    "Product",
    "parser",
]
