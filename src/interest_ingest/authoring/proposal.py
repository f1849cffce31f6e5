"""What is proposed for a parser so far, and why."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from interest_ingest.mail import Mail
from interest_ingest.parsing.declared import Declared


@dataclass
class Proposal:
    """A table in the making, and the decisions in words."""

    table: dict[str, Any]
    decisions: list[str] = field(default_factory=list)
    fields: dict[str, dict[str, Any]] = field(default_factory=dict)

    def place(self, name: str, why: str, **place: Any) -> None:
        """Read the field `name` there, unless a better place is known already."""
        if name not in self.fields:
            self.fields[name] = place
            self.decisions.append(f"{name}: {why}")

    def declared(self) -> Declared:
        """The table, checked."""
        nested: dict[str, Any] = {}
        for name, place in self.fields.items():
            whose, _, part = name.rpartition(".")
            (nested.setdefault(whose, {}) if whose else nested)[part] = place
        return Declared.model_validate_json(json.dumps({**self.table, "fields": nested}))

    def values(self, mail: Mail) -> Iterator[str]:
        """The values of the author and the product in `mail`, which a subject may repeat."""
        channel = {"channel": "form", "action": "request"}
        table = Proposal({**self.table, **channel}, fields=self.fields).declared() if self.fields else None
        for interest in table.read(mail) if table else ():
            told = (interest.author.name, interest.author.email, interest.product.name, interest.event_key)
            yield from filter(None, told)

    def author(self, mail: Mail) -> str:
        """Whom it finds in `mail` so far, "" if nobody."""
        only = {name: place for name, place in self.fields.items() if name == "author.name"}
        return next(Proposal(self.table, fields=only).values(mail), "")
