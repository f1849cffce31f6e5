"""Bad plugins, for T-08: for each the body of its reading function, the top of its module, or its pattern.

Each is written into a drop-in file of its own. `$port` is a listener of the test, `$file` a file that must stay as it
is and `$file.socket` another listener, `$secret` stands in the environment of the parent.
"""

from __future__ import annotations

from textwrap import dedent, indent
from typing import Final

MODULE: Final = """
import builtins, ctypes, json, os, re, resource, signal, socket, sys, threading, time
from interest_ingest.parsing import Action, Author, Channel, Interest, Mail, Match, parser

def card(text="read", **more):
    return Interest(channel=Channel.FORM, action=Action.REQUEST, author=Author(name="Somebody"), text=text, **more)

{top}

@parser("{name}.bad", version=1, match=Match(from_domain="{name}.example"{pattern}))
def read(mail: Mail):
{body}
"""

BODIES: Final = {
    "hang": "while True: pass",
    "sleep": "time.sleep(3600)",
    "allocation": "x = bytearray(8 << 30); yield card()",
    "leak": "x = []\nwhile True: x.append(bytearray(1 << 20))",
    "recursion": "sys.setrecursionlimit(1 << 30)\ndef deep(n): return [deep(n + 1)]\ndeep(0)",
    "segfault": "ctypes.string_at(0)",
    "exit-hard": "os._exit(0)",
    "exit": "sys.exit(0)",
    "keyboard-interrupt": "raise KeyboardInterrupt",
    "base-exception": "class Mine(BaseException): pass\nraise Mine('x' * 5_000_000)",
    "output": "for n in range(50): yield card(str(n) + 'x' * 99_000)",
    "cards": "for n in range(10_000): yield card(str(n))",
    "endless": "while True:\n    if False: yield card()",
    "not-interests": "return [lambda: None, threading.Lock()]",
    "surrogates": "yield card('\\ud800 \\udfff', labels={'\\ud83d': '\\udc00'}, event_key='\\udddd')",
    "redos": "re.search(r'(x+x+)+y', 'x' * 64); yield card()",
    "fork-bomb": "for _ in range(200):\n    if os.fork() == 0: time.sleep(3600)",
    "threads": """
        def spin():
            while True: pass
        for _ in range(20): threading.Thread(target=spin, daemon=True).start()
        yield card()
    """,
    "patching": """
        import interest_ingest.cards as cards, interest_ingest.ingest.worker as worker
        cards.Interest.__init__ = cards.Reading.model_dump_json = worker.to_json = None
        json.dumps = builtins.len = builtins.isinstance = lambda *a, **k: 1 / 0
        yield 1
    """,
    "signals-ignored": """
        for number in range(1, 65):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY,) * 2)
        while True:
            try: time.sleep(3600)
            except BaseException: pass
    """,
    "kill-parent": "os.kill(os.getppid(), 9); yield card()",
    "file": "open('$file', 'w').write('x' * 100_000); yield card()",
    "file-removed": "os.unlink('$file'); yield card()",
    "network": """
        found = []
        for family, address in ((socket.AF_INET, ('127.0.0.1', $port)), (socket.AF_UNIX, '$file.socket')):
            try: socket.socket(family).connect(address); found.append(str(address))
            except OSError: pass
        yield card('connected to ' + ', '.join(found) if found else 'read')
    """,
    "environment": """
        told = str(dict(os.environ)) + open('/proc/self/environ').read() + str(sys.argv)
        files = [os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if int(n) < 1000 and
                 os.path.exists('/proc/self/fd/' + n)]
        strange = [one for one in files if not one.startswith(('pipe:', '/dev/null', '/proc/'))]
        yield card(f'found {told} {strange}' if '$secret' in told or told.count('=') or strange else 'read')
    """,
    "pipes-closed": "os.closerange(0, 1024); yield card()",
    "pipes-filled": """
        for number in range(3, 64):
            try: os.write(number, b'\\x7f\\xff\\xff\\xff' * 1000)
            except OSError: pass
        yield card()
    """,
    "garbage": "print('{}' * 1_000_000); sys.stderr.write('x' * 1_000_000); os.write(1, b'x' * 9); yield card()",
}

TOPS: Final = {
    "import-hang": "while True: pass",
    "import-crash": "ctypes.string_at(0)",
    "import-exit": "os._exit(0)",
    "import-error": "raise RuntimeError('not today')",
    "import-quit": "sys.exit(0)",
}
"""Those that misbehave when they are imported: they are named, and their mails are read by others."""

PATTERNS: Final = {"redos-match": "(?:x+x+)+y", "import-match": "("}
"""Those of which a pattern is bad: it does not hold, or the parser is named; their mails are read by others."""

READ: Final = frozenset({"surrogates", "cards", "network", "environment", "garbage"})
"""Those that get their card nevertheless; of the others the mail is quarantined."""

NAMES: Final = (*BODIES, *TOPS, *PATTERNS)


def module(name: str, **given: object) -> str:
    """The text of the drop-in file of the bad plugin `name`."""
    body = indent(dedent(BODIES.get(name, "yield card()")).strip(), "    ")
    for key, value in given.items():
        body = body.replace(f"${key}", str(value))
    pattern = f", text=r'{PATTERNS[name]}'" if name in PATTERNS else ""
    return MODULE.format(name=name, top=TOPS.get(name, ""), pattern=pattern, body=body)
