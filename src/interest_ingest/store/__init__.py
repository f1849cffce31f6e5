"""The database: the ledger of all messages and the cards. Every transaction begins and ends in this room."""

from interest_ingest.store.blocks import Block
from interest_ingest.store.epochs import Told
from interest_ingest.store.ledger import Epoch, Landed, Landing
from interest_ingest.store.queries import Counts, Which
from interest_ingest.store.rereading import Reread, Stored
from interest_ingest.store.settling import Recorded
from interest_ingest.store.store import Store
from interest_ingest.store.workers import Leased

__all__ = [
    "Block",
    "Counts",
    "Epoch",
    "Landed",
    "Landing",
    "Leased",
    "Recorded",
    "Reread",
    "Store",
    "Stored",
    "Told",
    "Which",
]
