"""Fuzzes one built-in parser with libFuzzer, from the recorded mails on: `make fuzz PARSER=facebook.notification`.

    python -m tests.fuzz facebook.notification -max_total_time=60

Options of libFuzzer may follow the name; a file instead of them is read once. New inputs are kept in
build/fuzz/<parser>/; one that fails is written there too.
"""

from __future__ import annotations

import sys
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "build" / "fuzz"
INSTRUMENTED = ["interest_ingest.mail", "interest_ingest.parsing", "interest_ingest.ingest", "interest_parsers"]
LIMITS = ("-timeout=10", "-rss_limit_mb=1024", "-max_len=65536")


def main(name: str, *options: str) -> None:
    """Fuzz the parser `name`."""
    try:
        import atheris
    except ImportError:
        print("atheris is not installed here (there is no wheel for this Python): nothing was fuzzed")
        return
    with atheris.instrument_imports(include=INSTRUMENTED):  # the branches of our own code guide the fuzzer
        from tests.fuzz.targets import FIXTURES, PARSERS, read_by
    if name not in PARSERS:
        sys.exit(f"Name one of the parsers: {', '.join(PARSERS)}")
    corpus = FOLDER / name
    corpus.mkdir(parents=True, exist_ok=True)
    inputs = () if any(not one.startswith("-") for one in options) else (corpus, *sorted(FIXTURES.iterdir()))
    arguments = [sys.argv[0], *LIMITS, f"-artifact_prefix={corpus}/", *options, *map(str, inputs)]
    atheris.Setup(arguments, lambda data: read_by(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["?"]))
