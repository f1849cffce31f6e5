"""The configuration: sources and precedence, the sentence for each mistake, the sample, and what is never shown."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import re
import tempfile
import time
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest import log, settings
from interest_ingest.errors import UsageError
from interest_ingest.settings import configuration

SMALLEST = """
[database]
url = "sqlite:///interest.db"

[[mailboxes]]
name = "notifications"
host = "imap.example.org"
username = "interest@example.org"
password_file = "/run/secrets/imap"
idle = true
"""
MAILBOX = '[[mailboxes]]\nname = "{name}"\nhost = "imap.example.org"\nusername = "me"\npassword = "hunter2"\n{more}\n'

OAUTH = '[[mailboxes]]\nname = "a"\nhost = "imap.example.org"\nusername = "me"\n[mailboxes.oauth]\n{more}\n'


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An own folder of secret files, and no variable of the machine that runs the tests."""
    for variable in [one for one in os.environ if one.upper().startswith("INTEREST_INGEST")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setattr(configuration, "DOCKER_SECRETS", str(folder))
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    return folder


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "ingest.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(tmp_path: Path, text: str) -> str:
    """The sentence with which the configuration `text` is refused, without the name of its folder."""
    with pytest.raises(UsageError) as refused:
        settings.load(written(tmp_path, text))
    return str(refused.value).replace(f"{tmp_path}/", "")


def test_the_smallest_configuration_of_the_design_is_accepted(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, SMALLEST))
    (mailbox,) = loaded.chosen()
    assert loaded.database_url() == "sqlite:///interest.db"
    assert (mailbox.effective_port, mailbox.tls, mailbox.folder) == (993, "implicit", "INBOX")
    assert mailbox.idle
    assert mailbox.poll_interval == timedelta(seconds=60)
    assert mailbox.acknowledge == "none"


def test_environment_wins_over_secret_files_and_these_over_the_file(
    tmp_path: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, '[company]\ncountry = "DE"\ntimezone = "Europe/Berlin"\nweek_start = "sunday"\n')
    (secrets / "company__country").write_text("FR\n")
    (secrets / "company__timezone").write_text("Europe/Paris\n")
    monkeypatch.setenv("INTEREST_INGEST__COMPANY__COUNTRY", "no")
    company = settings.load(path).company
    assert (company.country, company.timezone, company.week_start) == ("NO", "Europe/Paris", "sunday")


def test_systemd_credentials_win_over_docker_secrets(
    tmp_path: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    (secrets / "database__url").write_text("sqlite:///docker.db")
    (credentials / "database__url").write_text("sqlite:///systemd.db")
    assert settings.load(None).database_url() == "sqlite:///systemd.db"


def test_a_secret_file_completes_the_mailbox_of_its_name(tmp_path: Path, secrets: Path) -> None:
    text = SMALLEST.replace('password_file = "/run/secrets/imap"', "").replace('"notifications"', '"Sales EU"')
    (secrets / "mailboxes__sales_eu__password").write_text("from a secret file\n")
    (secrets / "somebody_elses_secret").write_text("ignored")
    (mailbox,) = settings.load(written(tmp_path, text)).chosen()
    assert mailbox.name == "Sales EU"
    assert mailbox.read_password() == "from a secret file"


def test_a_whole_mailbox_can_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for key, value in {"HOST": "imap.example.org", "USERNAME": "me", "PASSWORD": "x", "PORT": "1993"}.items():
        monkeypatch.setenv(f"INTEREST_INGEST__MAILBOXES__SALES__{key}", value)
    monkeypatch.setenv("INTEREST_INGEST__OWN__ADDRESSES", "anna@shop.example, ben@shop.example")
    loaded = settings.load(None)
    assert [(box.name, box.port) for box in loaded.chosen()] == [("sales", 1993)]
    assert loaded.own.addresses == ("anna@shop.example", "ben@shop.example")


def test_secrets_of_the_nested_table_come_from_the_environment_and_from_secret_files(
    tmp_path: Path, secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = OAUTH.format(more='provider = "gmail"\nclient_id = "c"\nflow = "refresh_token"').replace('"a"', '"Sales EU"')
    monkeypatch.setenv("INTEREST_INGEST__MAILBOXES__SALES_EU__OAUTH__CLIENT_SECRET", "from a variable")
    (secrets / "mailboxes__sales_eu__oauth__refresh_token").write_text("from-a-secret-file\n")
    (mailbox,) = settings.load(written(tmp_path, text)).chosen()
    assert mailbox.oauth
    registration = mailbox.oauth.registration("Sales EU", "me")
    assert (registration.client_secret, registration.refresh_token) == ("from a variable", "from-a-secret-file")
    assert "from" not in repr(registration) + repr(mailbox)


def test_the_folder_of_the_tokens_is_the_same_for_the_service_and_for_a_shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth = OAUTH.format(more='provider = "microsoft"\nclient_id = "c"\nflow = "device"')
    with_file = settings.load(written(tmp_path, '[database]\nurl = "sqlite:///data/cards.db"\n' + oauth))
    told = settings.load(written(tmp_path, '[daemon]\nstate = "/srv/state"\n' + oauth))
    neither = settings.load(written(tmp_path, '[database]\nurl = "postgresql://db/x"\n' + oauth))
    with pytest.raises(UsageError, match=r"set state = .* in \[daemon\]"):
        neither.token_file(neither.chosen()[0])
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/interest-ingest:/var/lib/other")
    folders = [str(one.token_file(one.chosen()[0]).path.parent) for one in (with_file, told, neither)]
    assert folders == ["data/tokens", "/srv/state/tokens", "/var/lib/interest-ingest/tokens"]


MISTAKES = {
    "unknown section": ("[databse]\n", 'ingest.toml: there is no option "databse" in the configuration'),
    "unknown option": ('[database]\nurk = "x"\n', 'no option "urk" in [database]; did you mean "url"?'),
    "misspelt option before missing ones": (
        '[[mailboxes]]\nname = "a"\nhots = "h"\nusername = "u"\npassword = "p"\n',
        'no option "hots" in [[mailboxes]] "a"; did you mean "host"?',
    ),
    "wrong type": (
        MAILBOX.format(name="a", more='port = "many"'),
        'port of [[mailboxes]] "a": input should be a valid integer, unable to parse string as an integer; '
        "write for example port = 993",
    ),
    "section of a wrong type": ("database = 5\n", "database of the configuration: it must be a table"),
    "missing option": (
        '[[mailboxes]]\nname = "a"\nusername = "u"\npassword = "p"\n',
        'host of [[mailboxes]] "a" is missing; add a line like host = "imap.example.org"',
    ),
    "duration": (MAILBOX.format(name="a", more='poll_interval = "soon"'), "write a number with its unit"),
    "bad TOML": ("[database]\nurl = \n", "ingest.toml: not valid TOML: invalid value (at line 2, column 7)"),
    "two of one name": (
        MAILBOX.format(name="a", more="") + MAILBOX.format(name="A", more=""),
        'two [[mailboxes]] are named "A"; give each a name of its own',
    ),
    "no name": ('[[mailboxes]]\nhost = "h"\n', "the 1. [[mailboxes]] has no name"),
    "one bracket": ('[mailboxes]\nname = "a"\n', "write [[mailboxes]], in two brackets"),
    "clear text": (
        MAILBOX.format(name="a", more='tls = "none"'),
        'tls = "none" would send the password in clear text to imap.example.org; use "implicit" or "starttls"',
    ),
    "no flow": (
        OAUTH.format(more='provider = "gmail"\nclient_id = "c"\nflow = "device"'),
        '[mailboxes.oauth] of "a": gmail has no flow = "device" for mail; use "refresh_token"',
    ),
    "misspelt option of a nested table": (
        OAUTH.format(more='provider = "gmail"\nclientid = "c"\nflow = "device"'),
        'there is no option "clientid" in [mailboxes.oauth] of "a"; did you mean "client_id"?',
    ),
    "missing option of a nested table": (
        OAUTH.format(more='provider = "gmail"\nflow = "refresh_token"\nrefresh_token = "hunter2"'),
        'client_id of [mailboxes.oauth] of "a" is missing; add a line like client_id = "11111111-',
    ),
    "refresh token missing": (
        OAUTH.format(more='provider = "gmail"\nclient_id = "c"\nflow = "refresh_token"'),
        'flow = "refresh_token" and refresh_token_file (or refresh_token) belong together',
    ),
    "tenant missing": (
        OAUTH.format(
            more='provider = "microsoft"\nclient_id = "c"\nflow = "client_credentials"\nclient_secret = "hunter2"'
        ),
        "needs the Directory (tenant) ID; set tenant",
    ),
    "token server in clear text": (
        OAUTH.format(more='provider = "custom"\nclient_id = "c"\nflow = "device"\ntoken_url = "http://id.example/t"'),
        "token_url must be an address that begins with https://",
    ),
    "oauth and password": (
        OAUTH.format(more='provider = "microsoft"\nclient_id = "c"\nflow = "device"').replace(
            'username = "me"', 'username = "me"\npassword = "hunter2"'
        ),
        "and [mailboxes.oauth]; it has password and oauth",
    ),
    "two passwords": (MAILBOX.format(name="a", more='password_file = "x"'), "give exactly one of password"),
    "no password": (SMALLEST.replace("password_file", "#"), "give exactly one of password, password_file"),
    "move without folder": (MAILBOX.format(name="a", more='acknowledge = "move"'), "belong together"),
    "time zone": ('[company]\ntimezone = "Mars/Base"\n', "write a name of the IANA list"),
    "country": ('[company]\ncountry = "Germany"\n', 'write the two letters of ISO 3166, like "DE"'),
    "site with scheme": ('[[sites]]\nname = "s"\nhosts = ["https://shop.example/"]\n', "write the bare host name"),
    "control character": (MAILBOX.format(name="a", more='folder = "IN\\r\\nBOX"'), "control characters"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_sentence_with_option_place_and_remedy(tmp_path: Path, mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    sentence = refusal(tmp_path, text)
    assert expected in sentence
    assert sentence.startswith("ingest.toml: ")
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    assert not re.search(r"pydantic|Value error|validation error", sentence)


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("INTEREST_INGEST__DATABSE__URL", "x", 'there is no section "databse"; did you mean "database"?'),
        ("INTEREST_INGEST__DATABASE__URI", "x", 'there is no option "uri" in [database]; did you mean "url"?'),
        ("INTEREST_INGEST__LOG__LEVEL", "loud", "level of [log]: input should be 'debug', 'info'"),
    ],
)
def test_a_mistake_in_the_environment_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, expected: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=f"^environment variable {variable}: ") as refused:
        settings.load(None)
    assert expected in str(refused.value)


def test_a_mistake_in_a_secret_file_names_the_file(secrets: Path) -> None:
    (secrets / "company__country").write_text("Nowhere")
    with pytest.raises(UsageError, match=r"^secret file .*/company__country: country of "):
        settings.load(None)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "127.8.8.8"])
def test_clear_text_is_allowed_to_loopback_only(tmp_path: Path, host: str) -> None:
    text = MAILBOX.format(name="a", more='tls = "none"').replace("imap.example.org", host)
    assert settings.load(written(tmp_path, text)).chosen()[0].effective_port == 143


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "0.0.0.0", "192.168.0.1", "[::1]"])
def test_what_only_looks_like_loopback_is_refused(tmp_path: Path, host: str) -> None:
    refusal(tmp_path, MAILBOX.format(name="a", more='tls = "none"').replace("imap.example.org", host))


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    for path, expected in ((tmp_path / "none.toml", "config sample"), (tmp_path, "is a directory")):
        with pytest.raises(UsageError, match=expected):
            settings.load(path)
    (tmp_path / "latin.toml").write_bytes(b'[own]\naddresses = ["\xe4@shop.example"]')
    with pytest.raises(UsageError, match="line 2 is not UTF-8"):
        settings.load(tmp_path / "latin.toml")


def test_passwords_come_from_file_or_command_when_they_are_needed(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text("päss word\n", encoding="utf-8")
    file = MAILBOX.format(name="a", more="").replace('password = "hunter2"', f'password_file = "{tmp_path}/pw"')
    command = MAILBOX.format(name="b", more="").replace('"hunter2"', '"x"').replace("password =", "password_command =")
    command = command.replace('"x"', f"\"cat '{tmp_path}/pw'\"")
    first, second = settings.load(written(tmp_path, file + command)).chosen()
    assert first.read_password() == second.read_password() == "päss word"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('password_file = "{folder}/none"', "no such file or directory; write the password into it"),
        ('password_file = "{folder}/empty"', "is empty; write the password into it"),
        ('password_command = "false"', "printed no password \\(exit code 1\\); run it by hand"),
        ('password_command = "{folder}/none"', "cannot be run: No such file"),
    ],
)
def test_a_password_that_is_not_to_be_had_is_one_sentence(tmp_path: Path, source: str, expected: str) -> None:
    (tmp_path / "empty").touch()
    text = MAILBOX.format(name="a", more="").replace('password = "hunter2"', source.format(folder=tmp_path))
    (mailbox,) = settings.load(written(tmp_path, text)).chosen()
    with pytest.raises(UsageError, match=f'of mailbox "a".*{expected}'):
        mailbox.read_password()


def test_a_password_in_the_file_is_warned_of_and_so_are_its_rights(tmp_path: Path, secrets: Path) -> None:
    path = written(tmp_path, MAILBOX.format(name="a", more=""))
    path.chmod(0o644)
    stands, rights = settings.warnings(settings.load(path), path)
    assert 'mailbox "a": the password stands in the configuration' in stands
    assert "chmod 600" in rights
    path.chmod(0o600)
    assert settings.warnings(settings.load(path), path) == [stands]
    (secrets / "mailboxes__a__password").write_text("elsewhere")
    assert settings.warnings(settings.load(path), path) == []


def test_secrets_of_oauth_in_the_file_are_warned_of_too(tmp_path: Path) -> None:
    oauth = 'provider = "gmail"\nclient_id = "c"\nflow = "refresh_token"\nrefresh_token = "x"\nclient_secret = "y"'
    path = written(tmp_path, OAUTH.format(more=oauth))
    path.chmod(0o600)
    secret, refresh = settings.warnings(settings.load(path), path)
    assert "the client secret stands in the configuration" in secret
    assert "name it in refresh_token_file" in refresh


def test_unknown_mailbox_on_the_command_line_is_named(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, SMALLEST))
    with pytest.raises(UsageError, match=r'no mailbox "notification" .* did you mean "notifications"'):
        loaded.chosen(("notification",))
    with pytest.raises(UsageError, match=r"add a \[\[mailboxes\]\] table"):
        settings.load(None).chosen()
    with pytest.raises(UsageError, match="INTEREST_INGEST__DATABASE__URL"):
        settings.load(None).database_url()


def test_the_committed_sample_is_made_from_the_options() -> None:
    committed = Path(__file__).parents[1] / "config" / "interest_ingest.toml"
    assert committed.read_text(encoding="utf-8") == settings.sample(), "run: interest-ingest config sample > config/…"


def test_the_sample_is_valid_as_it_stands(tmp_path: Path) -> None:
    settings.load(written(tmp_path, settings.sample()))


def test_every_option_of_the_sample_is_valid_when_its_comment_sign_is_removed(tmp_path: Path) -> None:
    text, _, rest = _oauth_cut_out(settings.sample())
    text += rest
    for line in re.findall(r"(?m)^#[a-z_]+ = .*", text):
        set_one = text.replace(line, line[1:])
        if line.startswith(("#password =", "#password_command")):  # one of three ways
            set_one = re.sub(r"(?m)^password_file = .*\n", "", set_one)
        if line.startswith("#move_to"):
            set_one = set_one.replace('#acknowledge = "none"', 'acknowledge = "move"')
        settings.load(written(tmp_path, set_one))


def _oauth_cut_out(sample: str) -> tuple[str, str, str]:
    begin = sample.index("#[mailboxes.oauth]")
    end = sample.index("\n\n", begin)
    return sample[:begin], sample[begin:end], sample[end:]


def test_the_oauth_table_of_the_sample_is_valid_when_its_comment_signs_are_removed(tmp_path: Path) -> None:
    """One # stands before what belongs to a complete table, two before its other options."""
    before, oauth, rest = _oauth_cut_out(settings.sample())
    before = re.sub(r"(?m)^password_file = .*\n", "", before)
    table = re.sub(r"(?m)^#(?=[\[a-z])", "", oauth)
    (mailbox,) = settings.load(written(tmp_path, before + table + rest)).chosen()
    assert mailbox.oauth
    assert mailbox.oauth.address("token_url") == (
        "https://login.microsoftonline.com/66666666-7777-8888-9999-000000000000/oauth2/v2.0/token"
    )
    for line in re.findall(r"(?m)^##[a-z_]+ = .*", oauth):
        set_one = table.replace(line, line[2:])
        if line.startswith("##client_secret"):  # one of three ways
            set_one = re.sub(r"(?m)^client_secret_file = .*\n", "", set_one)
        if line.startswith("##refresh_token"):
            set_one = set_one.replace('flow = "client_credentials"', 'flow = "refresh_token"')
        settings.load(written(tmp_path, before + set_one + rest))


def test_show_is_toml_without_secrets(tmp_path: Path) -> None:
    oauth = OAUTH.format(
        more='provider = "gmail"\nclient_id = "c"\nflow = "refresh_token"\nrefresh_token = "hunter2"'
    ).replace('"a"', '"b"')
    path = written(
        tmp_path,
        '[database]\nurl = "postgresql://me:hunter2@db.example/i"\n' + MAILBOX.format(name="a", more="") + oauth,
    )
    shown = settings.show(settings.load(path))
    assert "hunter2" not in shown
    tables = tomllib.loads(shown)
    assert tables["database"]["url"] == "postgresql://me:***@db.example/i"
    assert tables["mailboxes"][0]["poll_interval"] == "60s"
    assert tables["mailboxes"][1]["oauth"]["refresh_token"] == "***"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:hun@ter2@db.example/i", "postgresql://me:***@db.example/i"),
        (
            "postgresql://me@db.example/i?password=hunter2&sslmode=require",
            "postgresql://me@db.example/i?password=***&sslmode=require",
        ),
        ("postgresql://me:hun/t?er2@db.example/i?x=a@b", "postgresql://me:***@db.example/i?x=a@b"),
    ],
)
def test_show_hides_a_password_wherever_the_url_holds_it(tmp_path: Path, url: str, shown: str) -> None:
    text = settings.show(settings.load(written(tmp_path, f'[database]\nurl = "{url}"\n')))
    assert tomllib.loads(text)["database"]["url"] == shown


@pytest.mark.parametrize("rest", ["/services/hunter2", "?key=hunter2", "#hunter2"])
@pytest.mark.parametrize("user", ["", "me@", "me:hunter2@"])
def test_show_says_of_a_webhook_only_where_it_is(tmp_path: Path, user: str, rest: str) -> None:
    text = settings.show(settings.load(written(tmp_path, f'[alerts]\nwebhook = "https://{user}hooks.example{rest}"\n')))
    assert tomllib.loads(text)["alerts"]["webhook"] == "https://hooks.example/***"


def test_show_hides_a_password_that_looks_like_an_address(tmp_path: Path) -> None:
    text = MAILBOX.format(name="a", more="").replace("hunter2", "x://hunter2")
    assert "hunter2" not in settings.show(settings.load(written(tmp_path, text)))


def test_a_mailbox_named_twice_is_polled_once(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, SMALLEST))
    assert [box.name for box in loaded.chosen(("notifications", "notifications"))] == ["notifications"]


@pytest.mark.parametrize("interval", ["inf", "nan", "99999999999999999999", '"99999999999999999999d"'])
def test_an_interval_beyond_measure_is_refused_in_a_sentence(tmp_path: Path, interval: str) -> None:
    with pytest.raises(UsageError, match=r"poll_interval.*write a number with its unit"):
        settings.load(written(tmp_path, MAILBOX.format(name="a", more=f"poll_interval = {interval}")))


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    loaded = settings.load(written(tmp_path, MAILBOX.format(name="a", more="")))
    assert "hunter2" not in repr(loaded) + str(loaded) + loaded.model_dump_json()


@given(st.text(max_size=200))
def test_any_text_as_configuration_is_loaded_or_refused_in_one_sentence(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "ingest.toml")
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        with contextlib.suppress(UsageError):
            settings.load(path)


def test_the_demo_world_sees_neither_environment_nor_secret_files(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INTEREST_INGEST__DATABASE__URL", "sqlite:///production.db")
    (secrets / "company__country").write_text("FR")
    alone = settings.from_tables({"database": {"url": "sqlite:///demo.db"}})
    assert alone.database_url() == "sqlite:///demo.db"
    assert alone.company.country is None


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What is logged as JSON, from debug on; logging is as before afterwards."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    stream = io.StringIO()
    log.configure("json", "debug", stream)
    yield stream
    root.handlers[:], root.level = before[0], before[1]
    structlog.reset_defaults()


def test_our_lines_and_those_of_libraries_are_one_stream_of_json(logged: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(mailbox="sales"):
        structlog.get_logger("interest_ingest").info("polled", landed=3)
        logging.getLogger("apscheduler.scheduler").error("job %s", "x")
    ours, theirs = (json.loads(line) for line in logged.getvalue().splitlines())
    assert (ours["event"], ours["landed"], ours["mailbox"]) == ("polled", 3, "sales")
    assert (theirs["event"], theirs["level"], theirs["mailbox"]) == ("job x", "error", "sales")


@pytest.mark.parametrize("said", ["x" * 200_000, "a@" * 100_000, "://a:" * 40_000, "://" * 60_000])
def test_a_long_line_is_masked_in_time_that_grows_with_it(logged: io.StringIO, said: str) -> None:
    """What a server says may be as long as it likes."""
    began = time.process_time()
    logging.getLogger("other").warning(said)
    assert time.process_time() - began < 2
    assert logged.getvalue()


def test_no_log_line_holds_a_secret_or_what_a_person_wrote(logged: io.StringIO) -> None:
    log.keep_secret(["hunter2"])
    logger = structlog.get_logger()
    logger.info(
        "line",
        password="p4ss",
        subject="Ихний заказ",
        note="tried hunter2 of ihn@kunde.example",
        url="postgresql://me:sesame@h/d",
        other="postgresql://me:ses/ame@h/d",
        error=ValueError("hunter2"),
        inside={"password": "p4ss", "tried": ["hunter2", ("hunter2", 3)]},
    )
    logging.getLogger("imapclient").debug("FETCH Ихний заказ")
    logging.getLogger("sqlalchemy.engine").info("parameters Ихний заказ")
    logging.getLogger("other").warning("log-in with %s", "hunter2")
    try:
        private = "Ихний заказ"
        raise RuntimeError(len(private))
    except RuntimeError:
        logger.exception("bug")
    written = logged.getvalue()
    assert "заказ" not in written
    assert not re.search("p4ss|hunter2|sesame|ses/ame|kunde", written)
    assert "RuntimeError: 11" in written
