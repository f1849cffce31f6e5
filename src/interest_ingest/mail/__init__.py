"""One decoded mail: `Mail.from_bytes` never raises and never loses the body.

mail-parser reads addresses and dates. The parts are found by a scan of our own over the bytes (`structure`): it is
linear and iterative where the standard library's parser, on which mail-parser's walk stands, recurses once per level,
joins and splits every line, and gives up on encoded or unmarked multiparts.
"""

from interest_ingest.mail.addresses import Address
from interest_ingest.mail.html import Anchor, Image
from interest_ingest.mail.message import Mail

__all__ = ["Address", "Anchor", "Image", "Mail"]
