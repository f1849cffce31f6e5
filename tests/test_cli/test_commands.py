"""The command line as scripts and operators meet it: shapes, exit codes, one sentence for each mistake."""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from interest_ingest import cli
from interest_ingest.cli.common import neutral
from interest_ingest.demo import samples
from tests.mails import comment, letter
from tests.servers.dovecot import Dovecot

SAMPLES = Path(cli.__file__).parents[1] / "samples"


class Ended(NamedTuple):
    """What a run of the program came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document on one line."""
        assert self.out.count("\n") == 1
        return json.loads(self.out)

    @property
    def documents(self) -> list[Any]:
        """Standard output, which must be JSON Lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """Standard error, which must be one line, and standard output empty."""
        assert (self.out, self.err.count("\n")) == ("", 1), self
        return self.err.removeprefix("interest-ingest: ").rstrip("\n")


Run = Callable[..., Ended]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Run]:
    """Runs the program in this process, in an empty folder, with no setting of the machine."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    for variable in [one for one in os.environ if one.startswith("INTEREST_INGEST")]:
        monkeypatch.delenv(variable)
    monkeypatch.chdir(tmp_path)

    def main(*arguments: str) -> Ended:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert isinstance(ended.value.code, int)
        return Ended(ended.value.code, *capfd.readouterr())

    yield main
    root.handlers[:], root.level = before


@pytest.fixture
def config(tmp_path: Path) -> Callable[..., str]:
    """Writes a configuration with an SQLite database and the mailboxes given; gives its name."""

    def write(*mailboxes: dict[str, Any]) -> str:
        tables = ["[[mailboxes]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in box.items()) for box in mailboxes]
        (tmp_path / "ingest.toml").write_text(f'[database]\nurl = "sqlite:///{tmp_path}/i.db"\n' + "\n".join(tables))
        return "--config=ingest.toml"

    return write


def mailbox(server: Dovecot, name: str, **more: Any) -> dict[str, Any]:
    """The table of a mailbox of the server."""
    return {
        "name": name,
        "host": server.host,
        "port": server.imap_port,
        "tls": "none",
        "username": name,
        "password": server.password,
        **more,
    }


# parse


def test_parse_needs_no_configuration_and_prints_one_document(run: Run) -> None:
    document = run("parse", str(SAMPLES / "11-letter-en.eml"), "--json").document
    assert list(document) == ["outcome", "reason", "parser", "trust", "cards"]
    (card,) = document["cards"]
    assert (document["outcome"], card["id"], card["author"]["name"]) == ("cards", None, "Simon Adeyemi")


def test_parse_uses_a_configuration_that_is_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text('[own]\naddresses = ["simon@harrowgate.example"]\n')
    ended = run("--config", "own.toml", "parse", str(SAMPLES / "11-letter-en.eml"), "--json")
    assert ended.document["outcome"] == "ignored"


def test_parse_believes_only_the_named_server(run: Run) -> None:
    mail = str(SAMPLES / "01-facebook-comment-en.eml")
    assert run("parse", mail, "--json", "--authserv-id", "mx.shop.example").document["trust"] == "verified"
    assert run("parse", mail, "--json", "--authserv-id", "mx.other.example").document["trust"] == "unproven"
    assert run("parse", mail, "--json").document["trust"] == "unproven"


def test_parse_reads_standard_input() -> None:
    raw = (SAMPLES / "12-letter-ru.eml").read_bytes()
    command = [sys.executable, "-m", "interest_ingest", "parse", "-", "--json"]
    done = subprocess.run(command, input=raw, capture_output=True, check=True)
    assert json.loads(done.stdout)["cards"][0]["author"]["name"] == "Инна Солодова"


@pytest.mark.parametrize("raw", [b"", b"\r\n \r\n"])
def test_an_empty_file_is_no_mail(run: Run, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "empty.eml").write_bytes(raw)
    ended = run("parse", "empty.eml", "--json")
    assert ended.code == 0
    assert (ended.document["outcome"], ended.document["reason"]) == ("ignored", "no mail")


@hypothesis_settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=2000))
def test_every_readable_file_gets_an_outcome(run: Run, tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "any").write_bytes(raw)
    ended = run("parse", "any", "--json")
    assert ended.code == 0
    assert ended.document["outcome"]


def test_what_cannot_be_read_is_a_sentence(run: Run, tmp_path: Path) -> None:
    assert run("parse", str(tmp_path)) == (
        2,
        "",
        f"interest-ingest: {tmp_path}: cannot be read: it is a directory; use import for folders\n",
    )
    missing = run("parse", "none.eml")
    assert (missing.code, missing.sentence) == (
        2,
        "none.eml: cannot be read: no such file or directory; check the name",
    )
    if os.geteuid():  # root may read anything
        (tmp_path / "shut").touch(mode=0)
        assert run("parse", "shut").sentence == "shut: cannot be read: permission denied; make it readable"


def test_a_card_shown_to_a_person_cannot_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    raw = (
        letter(1)
        .raw.replace(b"Guten Tag", "\u202eGuten\u2066 Tag".encode())
        .replace(b"From: Ulrike", b"From: \x1b[2JUlrike")
    )
    (tmp_path / "evil.eml").write_bytes(raw)
    ended = run("parse", "evil.eml")
    assert "Ulrike" in ended.out
    assert not set("\x1b\u202e\u2066") & set(ended.out)


@given(st.text())
def test_neutral_text_is_printable_but_for_line_breaks_and_tabs(text: str) -> None:
    shown = neutral(text)
    assert not any((ord(one) < 32 and one not in "\n\t") or 127 <= ord(one) < 160 for one in shown)
    assert neutral(shown) == shown


# import, cards, mails


def test_import_lands_once_and_tells_what_it_did(run: Run, config: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "mails").mkdir()
    for number in range(1, 4):
        (tmp_path / "mails" / f"{number}.eml").write_bytes(letter(number).raw)
    first = run(config(), "import", "mails", "--json")
    assert first.code == 0
    assert first.document == {
        "paths": [{"name": "mails", "seen": 3, "landed": 3, "unfetchable": {}, "problems": [], "error": None}],
        "outcomes": {"cards": 3},
    }
    again = run(config(), "import", "mails", "--json").document
    assert (again["paths"][0]["landed"], again["outcomes"]) == (0, {})
    assert run(config(), "import", "mails").out == "mails: 3 seen, 0 new\nnothing to read\n"


@pytest.mark.parametrize("since", ["99999999999d", "999999999h", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_the_calendar_is_wrong_use(run: Run, config: Callable[..., str], since: str) -> None:
    ended = run(config(), "cards", "--since", since)
    assert (ended.code, "is no time" in ended.err) == (2, True)


def test_an_empty_path_is_not_the_working_folder(run: Run, config: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "one.eml").write_bytes(b"From: a@b.example\n\nhi")
    ended = run(config(), "import", "")
    assert (ended.code, "the path is empty" in ended.err) == (2, True)


def test_a_database_host_without_an_address_is_unreachable(run: Run, tmp_path: Path) -> None:
    (tmp_path / "far.toml").write_text('[database]\nurl = "postgresql://u@nowhere.invalid/i"\n')
    ended = run("--config", "far.toml", "cards")
    assert (ended.code, ended.err.count("\n"), "nowhere.invalid" in ended.err) == (3, 1, True)


def test_import_says_where_it_found_no_mail(run: Run, config: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "scans" / "one.pdf").write_bytes(b"%PDF-1.7")
    ended = run(config(), "import", "scans")
    assert (ended.code, "scans: no mail found" in ended.err) == (0, True)


def test_import_of_a_path_that_cannot_be_read_changes_nothing(
    run: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "good.eml").write_bytes(letter(1).raw)
    ended = run(config(), "import", "good.eml", "none.eml")
    assert ended.code == 2
    assert "none.eml cannot be read (no such file or directory)" in ended.sentence
    assert run(config(), "mails", "--json").documents == []


def test_cards_and_mails_are_json_lines_and_can_be_narrowed(
    run: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "letter.eml").write_bytes(letter(1).raw)
    (tmp_path / "comment.eml").write_bytes(comment(2).raw)
    (tmp_path / "bounce.eml").write_bytes((SAMPLES / "14-noise-bounce.eml").read_bytes())
    run(config(), "import", ".")

    def sources(*options: str) -> list[str]:
        return sorted(card["source"] for card in run(config(), "cards", "--json", *options).documents)

    assert sources() == sources("--since", "1h") == sources("--unprocessed") == ["mail", "wordpress"]
    assert sources("--source", "wordpress") == ["wordpress"]
    assert sources("--since", "2100-01-01") == []
    assert [mail["outcome"] for mail in run(config(), "mails", "--json", "--outcome", "ignored").documents] == [
        "ignored"
    ]
    assert len(run(config(), "mails", "--json").documents) == 3
    assert "Ulrike Sandvoss" in run(config(), "cards").out
    assert "bounce" in run(config(), "mails").out


@pytest.mark.parametrize("option", [("cards", "--since", "yesterday"), ("mails", "--outcome", "lost")])
def test_a_wrong_option_names_what_may_stand_there(
    run: Run, config: Callable[..., str], option: tuple[str, ...]
) -> None:
    ended = run(config(), *option)
    assert (ended.code, ended.out) == (2, "")
    assert "2026-11-21" in ended.err or "quarantined" in ended.err


# poll, check


def test_poll_takes_in_what_it_can_and_tells_the_rest(run: Run, config: Callable[..., str], dovecot: Dovecot) -> None:
    dovecot.deliver("polled", letter(1).raw)
    wrong = mailbox(dovecot, "wrong", password="no")
    given = config(mailbox(dovecot, "polled"), wrong, mailbox(dovecot, "lost", folder="Nowhere"))
    ended = run(given, "poll", "--json")
    parts = {part["name"]: part for part in ended.document["mailboxes"]}
    assert (ended.code, ended.document["outcomes"]) == (1, {"cards": 1})
    assert (parts["polled"]["landed"], parts["polled"]["error"]) == (1, None)
    assert "refuses the log-in" in parts["wrong"]["error"]
    assert "has no folder 'Nowhere'" in parts["lost"]["error"]
    assert len(ended.err.splitlines()) == 2
    again = run(given, "poll", "polled")
    assert (again.code, again.out) == (0, "polled: 1 seen, 0 new\nnothing to read\n")


def test_poll_of_nothing_but_the_unreachable_exits_3(run: Run, config: Callable[..., str], dovecot: Dovecot) -> None:
    ended = run(config(mailbox(dovecot, "wrong", password="no")), "poll")
    assert ended.code == 3
    assert dovecot.password not in ended.err
    assert ended.err.count("\n") == 1


def test_poll_of_an_unknown_or_unusable_mailbox_is_wrong_use(
    run: Run, config: Callable[..., str], dovecot: Dovecot
) -> None:
    assert run(config(mailbox(dovecot, "known")), "poll", "knwon").code == 2
    file = mailbox(dovecot, "filed") | {"password_file": "none"}
    del file["password"]
    ended = run(config(file), "poll")
    assert ended.code == 2
    assert ended.sentence.startswith('password_file of mailbox "filed": none cannot be read')
    assert run(config(), "poll").code == 2


def test_ctrl_c_ends_a_poll_at_once_and_quietly(config: Callable[..., str], dovecot: Dovecot, tmp_path: Path) -> None:
    """In the middle of a log-in to a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        given = config(mailbox(dovecot, "silent", port=silent.getsockname()[1]))
        command = [sys.executable, "-m", "interest_ingest", given, "poll"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            connection, _ = silent.accept()
            with connection:
                child.send_signal(signal.SIGINT)
                out, err = child.communicate(timeout=15)
    assert (child.returncode, out, err.strip()) == (130, b"", b"")


def test_check_tries_everything_and_names_the_remedy(run: Run, config: Callable[..., str], dovecot: Dovecot) -> None:
    good, bad = mailbox(dovecot, "checked"), mailbox(dovecot, "bad", password="no")
    fine = run(config(good), "check")
    assert fine.code == 0
    assert [line.split()[0] for line in fine.out.splitlines()] == ["ok", "warn", "warn", *["ok"] * 4]
    assert "logged in, INBOX: 0 mails" in fine.out
    assert "MOVE" in fine.out.splitlines()[-1]
    failing = run(config(good, bad), "check")
    assert failing.code == 1
    (line,) = [line for line in failing.out.splitlines() if line.startswith("FAIL")]
    assert "mailbox bad" in line
    assert "check username and password" in line


def test_long_work_shows_its_progress_on_a_terminal_only(run: Run, config: Callable[..., str], tmp_path: Path) -> None:
    """The bars are on standard error: standard output is for the report."""
    (tmp_path / "one.eml").write_bytes(letter(1).raw)
    command = [sys.executable, "-m", "interest_ingest", config(), "import", "one.eml"]
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 100_000)
    os.close(ours)
    assert done.stdout == b"one.eml: 1 seen, 1 new\n1 cards\n"
    assert b"mails read" in shown
    assert run(config(), "import", "one.eml").err == ""


def test_check_polled_is_about_the_daemon(
    run: Run, config: Callable[..., str], dovecot: Dovecot, tmp_path: Path
) -> None:
    given = config(mailbox(dovecot, "healthy"))
    ended = run(given, "check", "--polled")
    assert (ended.code, "never polled" in ended.out) == (1, True)
    run(given, "poll")
    with sqlite3.connect(tmp_path / "i.db") as database:
        database.execute("UPDATE mailbox SET polled_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-170 seconds')")
    database.close()
    assert run(given, "check", "--polled").code == 0
    with sqlite3.connect(tmp_path / "i.db") as database:
        database.execute("UPDATE mailbox SET polled_at = strftime('%Y-%m-%d %H:%M:%f000', 'now', '-190 seconds')")
    database.close()
    assert run(given, "check", "--polled").code == 1


# config, parser, db, the program itself


def test_config_sample_and_show(run: Run, config: Callable[..., str], dovecot: Dovecot) -> None:
    assert "[[mailboxes]]" in run("config", "sample").out
    shown = run(config(mailbox(dovecot, "shown")), "config", "show")
    assert (shown.code, dovecot.password in shown.out, 'name = "shown"' in shown.out) == (0, False, True)


def test_a_wrong_configuration_is_one_sentence_and_exit_2(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[log]\nlevle = 3\n")
    for command in (["run"], ["poll"], ["check"], ["cards"], ["config", "show"], ["db", "upgrade"]):
        ended = run("--config", "bad.toml", *command)
        assert (ended.code, ended.sentence) == (
            2,
            'bad.toml: there is no option "levle" in [log]; did you mean "level"?',
        )


def test_the_configuration_can_be_named_by_a_variable(
    run: Run, config: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEREST_INGEST_CONFIG", config().partition("=")[2])
    assert run("cards", "--json").code == 0


def test_parser_list(run: Run) -> None:
    parsers = {one["name"]: one for one in run("parser", "list", "--json").document["parsers"]}
    assert parsers["wordpress.comment"]["source"] == "wordpress"
    assert re.search(r"(?m)^wordpress +\S+ +1 ", run("parser", "list").out)


def test_a_mailbox_that_the_ledger_lacks_is_named(run: Run, config: Callable[..., str]) -> None:
    ended = run(config(), "mails", "--mailbox", "sails")
    assert ended.code == 2
    assert "the ledger has no mailbox 'sails'; it has none yet" in ended.sentence


def test_db_upgrade_may_be_repeated_and_a_newer_schema_is_refused(
    run: Run, config: Callable[..., str], tmp_path: Path
) -> None:
    assert run(config(), "db", "upgrade").code == run(config(), "db", "upgrade").code == 0
    with sqlite3.connect(tmp_path / "i.db") as database:
        database.execute("UPDATE schema_version SET version_num = '9999'")
    database.close()
    for command in ("cards", "poll", "run"):
        ended = run(config({"name": "a", "host": "h.example", "username": "u", "password": "p"}), command)
        assert ended.code == 3
        assert "newer" in ended.sentence


def test_a_full_disk_is_a_sentence_and_loses_nothing(config: Callable[..., str], run: Run, tmp_path: Path) -> None:
    """A limit on the size of files stands for the disk; SQLite then cannot extend its log."""
    (tmp_path / "one.eml").write_bytes(letter(1).raw)
    assert run(config(), "import", "one.eml").code == 0
    (tmp_path / "mails").mkdir()
    for number in range(2, 60):
        (tmp_path / "mails" / f"{number}.eml").write_bytes(letter(number).raw + os.urandom(3000).hex().encode())
    limit = (tmp_path / "i.db").stat().st_size + 20_000
    limited = (
        f"import resource, sys\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
        "from interest_ingest.cli import main\nmain(sys.argv[1:])"
    )
    command = [sys.executable, "-c", limited, config(), "import", "mails"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "free space" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(config(), "import", "mails").code == 0
    assert len(run(config(), "cards", "--json").documents) == 59


@pytest.mark.parametrize("command", [["cards", "--json"], ["config", "sample"], ["cards"]], ids=" ".join)
def test_a_full_disk_under_the_output_is_a_sentence(
    config: Callable[..., str], run: Run, tmp_path: Path, command: list[str]
) -> None:
    (tmp_path / "one.eml").write_bytes(letter(1).raw)
    run(config(), "import", "one.eml")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "interest_ingest", config(), *command],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        1,
        "interest-ingest: no space left on device: free space, then try again\n",
    )


def test_a_reader_that_goes_away_is_no_news(config: Callable[..., str], tmp_path: Path, run: Run) -> None:
    (tmp_path / "mails").mkdir()
    for sample in samples():
        (tmp_path / "mails" / sample.name).write_bytes(sample.raw)
    run(config(), "import", "mails")
    for json_flag in ([], ["--json"]):
        command = [sys.executable, "-m", "interest_ingest", config(), "cards", *json_flag]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            assert child.stdout
            assert child.stderr
            child.stdout.close()
            assert child.stderr.read() == b""


def test_output_is_utf_8_in_any_locale(tmp_path: Path) -> None:
    environment = os.environ | {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""}
    command = [sys.executable, "-m", "interest_ingest", "parse", str(SAMPLES / "10-form-ja.eml")]
    as_json = subprocess.run([*command, "--json"], env=environment, capture_output=True, check=True)
    assert "森川 はるか" in as_json.stdout.decode("utf-8")
    assert subprocess.run(command, env=environment, capture_output=True, check=True).stderr == b""


def test_help_is_there_without_loading_what_is_heavy() -> None:
    """What each command needs it imports itself; a slow `--help` is a slow shell completion."""
    code = (
        "import sys\nfrom interest_ingest import cli\n"
        "try:\n    cli.main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'pydantic', 'sqlalchemy', 'rich', 'bs4', 'structlog', 'imapclient'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Exit codes: 0 done, 1 done but something failed" in " ".join(done.stdout.split())
    assert done.stdout.splitlines()[-1] == "[]"
