"""What the program tells about itself: one stream on standard error, for our own lines and those of the libraries.

Log lines name mails by id and digest only. Keys that could carry what a person wrote or a secret are masked here, so
that a careless line elsewhere does no harm.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from typing import IO, Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"

SECRET_KEYS = frozenset({"password", "token", "secret", "authorization", "credentials"})
PRIVATE_KEYS = frozenset({"subject", "text", "html", "body", "raw", "author", "sender", "address", "email", "phone"})

LIBRARIES = {
    "imapclient": logging.WARNING,  # at INFO each closed connection, below that whole commands and answers
    "httpx2": logging.WARNING,  # at INFO each request
    "httpcore2": logging.WARNING,
    "apscheduler": logging.ERROR,  # at INFO two lines a poll; a skipped poll is counted by the daemon itself
    "sqlalchemy": logging.WARNING,  # below that it logs parameters
}

_URL_PASSWORD = re.compile(r"(?<=://)([^:/@\s]*):[^@\s]{1,200}@")
_ADDRESS = re.compile(r"""(?<![^\s<>"'(),;:\[\]])[^\s<>"'(),;:\[\]]+@[^\s<>"'(),;:\[\]]+""")
"""From the beginning of a word on: tried at each of its letters, a long one without `@` would take minutes."""
_secrets: set[str] = set()


def configure(format: str = "auto", level: str = "info", stream: IO[str] | None = None) -> None:
    """Send all logging to `stream` (standard error) as `json`, `console` or, for `auto`, whichever fits a terminal."""
    stream = stream or sys.stderr
    console = format == "console" or (format == "auto" and stream.isatty())
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_shared(),
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, mask, *_rendering(console, stream)],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, lowest in LIBRARIES.items():
        logging.getLogger(name).setLevel(max(lowest, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def keep_secret(values: Iterable[str]) -> None:
    """Never let one of `values` appear in a log line; the shortest ones would only garble it."""
    _secrets.update(value for value in values if len(value) > 3)


def forget_secret(values: Iterable[str]) -> None:
    """These are void: an access token is replaced every hour, and each known one costs time at every line."""
    _secrets.difference_update(values)


def mask(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Hide secrets and what persons wrote, by key, and known secrets and mail addresses wherever they stand."""
    return {key: _masked(key, value) for key, value in event.items()}


def _masked(key: str, value: Any) -> Any:
    if key in SECRET_KEYS or key in PRIVATE_KEYS:
        return MASK
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return {name: _masked(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked("", one) for one in value]
    value = str(value)
    for secret in tuple(_secrets):  # other threads may add one
        value = value.replace(secret, MASK)
    return _ADDRESS.sub(MASK, _URL_PASSWORD.sub(rf"\1:{MASK}@", value))


def _shared() -> list[Processor]:
    """What is done with every line, ours or a library's."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,  # without the values of local variables
    ]


def _rendering(console: bool, stream: IO[str]) -> list[Processor]:
    if console:
        return [structlog.dev.ConsoleRenderer(colors=stream.isatty())]
    return [structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True)]
