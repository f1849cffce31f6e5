"""The configuration: a TOML file, secret files and the environment, checked as one.

Every option is described once, in `options`; `sample` writes config/interest_ingest.toml from these descriptions.
Precedence: environment, then secret files, then the file. A mistake is one sentence with the option, its place and the
remedy.
"""

from interest_ingest.settings.configuration import CONFIG_VARIABLE, PREFIX, Settings, place_of, slug
from interest_ingest.settings.loading import from_tables, load, warnings
from interest_ingest.settings.options import Mailbox
from interest_ingest.settings.words import toml
from interest_ingest.settings.writing import sample, show

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "Mailbox",
    "Settings",
    "from_tables",
    "load",
    "place_of",
    "sample",
    "show",
    "slug",
    "toml",
    "warnings",
]
