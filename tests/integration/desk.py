"""A mailbox on a real server, a database, and the truth about what must be in it."""

from __future__ import annotations

import contextlib
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, text

from tests.mails import Sample, samples
from tests.servers.dovecot import Dovecot

FLAGS = {"none": "", "keyword": "a", "seen": "S"}
"""What a Maildir file's name says after `:2,`; the first keyword of a Maildir is `a`."""

CLOCKS = {"mailbox": ("polled_at", "compared_at", "server_mails", "unaccounted"), "worker": ("*",)}
"""What a poll that finds nothing new may write: when it was, and what is on the server since the last one moved it."""


@dataclass
class Desk:
    """One configuration: `user` names the mailbox on the server, `acknowledge` the way to tell it."""

    config: Path
    database: str
    user: str
    dovecot: Dovecot
    acknowledge: str = "none"
    delivered: list[Sample] = field(default_factory=list)

    def deliver(self, sample: Sample) -> None:
        self.dovecot.deliver(self.user, sample.raw)
        self.delivered.append(sample)

    def configure(self) -> None:
        """Write the configuration file."""
        moved = '\nmove_to = "Done"' if self.acknowledge == "move" else ""
        self.config.write_text(f"""
[database]
url = "{self.database}"

[[mailboxes]]
name = "notifications"
host = "{self.dovecot.host}"
port = {self.dovecot.imap_port}
tls = "none"
username = "{self.user}"
password = "{self.dovecot.password}"
poll_interval = "1s"
acknowledge = "{self.acknowledge}"{moved}

[[sites]]
name = "shop"
hosts = ["shop.example"]
""")
        self.config.chmod(0o600)

    @contextlib.contextmanager
    def connected(self) -> Iterator[Connection]:
        """A look into the database past the product, as a CRM has it."""
        engine = create_engine(self.database.replace("postgresql://", "postgresql+psycopg://"))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()

    def somebody_works(self) -> dict[str, str]:
        """A person takes the first card; gives what people have written, by card."""
        with self.connected() as connection:
            connection.execute(text("UPDATE card SET responsible = 'Olga' WHERE id = (SELECT min(id) FROM card)"))
        return self.worked_on()

    def worked_on(self) -> dict[str, str]:
        with self.connected() as connection:
            rows = connection.execute(text("SELECT id, responsible FROM card WHERE responsible IS NOT NULL"))
            return {str(row.id): row.responsible for row in rows}

    def wrong(self) -> dict[str, Any]:
        """What is not as it must be: cards lost or doubled, mails without outcome, the mailbox; {} if nothing is."""
        with self.connected() as connection:
            cards = Counter(tuple(row) for row in connection.execute(text("SELECT source, text FROM card")))
            query = "SELECT count(*), count(outcome) FROM delivery WHERE outcome IS NULL OR outcome != 'quarantined'"
            deliveries, settled = tuple(connection.execute(text(query)).one())
        truth = Counter({(sample.source, sample.text): 1 for sample in self.delivered})
        found = {
            "lost": truth - cards,
            "doubled": cards - truth,
            "undone": deliveries - settled,
            "unknown": len(self.delivered) - deliveries,
            "mailbox": self._badly_told(),
        }
        return {name: value for name, value in found.items() if value}

    def _badly_told(self) -> list[str]:
        """The messages of which the mailbox was not told, or told what it should not be."""
        box = self.dovecot.maildir(self.user)
        names = _messages(box)
        if self.acknowledge != "move":
            return [name for name in names if name.partition(":2,")[2] != FLAGS[self.acknowledge]]
        moved = len(_messages(box / ".Done"))
        return names + [f"{moved} moved"] * (moved != len(self.delivered))

    def dump(self) -> dict[str, list[str]]:
        """Every row of every table, without the clocks."""
        with self.connected() as connection:
            return {
                table: sorted(repr(_without_clocks(table, row)) for row in connection.execute(query).mappings())
                for table, query in _everything(connection)
            }

    def clear(self) -> None:
        """Remove the mailbox."""
        shutil.rmtree(self.dovecot.maildir(self.user), ignore_errors=True)


def _messages(box: Path) -> list[str]:
    """The file names of a Maildir's messages; none if there is no such folder."""
    return [path.name for path in box.glob("*/*") if path.parent.name in ("cur", "new")]


def _everything(connection: Connection) -> Iterator[tuple[str, Any]]:
    from interest_ingest.store.tables import metadata

    for table in metadata.tables:
        if CLOCKS.get(table) != ("*",):
            yield table, text(f"SELECT * FROM {table}")


def _without_clocks(table: str, row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in CLOCKS.get(table, ())}


def mails(count: int) -> list[Sample]:
    """So many samples; the third one comes twice, byte by byte."""
    found = samples(count - 1)
    return [*found[:3], found[2], *found[3:]]
