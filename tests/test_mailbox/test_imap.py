"""Reading real servers: Dovecot and Cyrus."""

from __future__ import annotations

import contextlib
import email
import email.message
import email.policy
import errno
import itertools
import random
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from imapclient import IMAPClient

from interest_ingest.errors import UsageError
from interest_ingest.mailbox import Message
from interest_ingest.mailbox.account import Account, Limits
from interest_ingest.mailbox.faults import AuthenticationFailed, InsecureConnection, NoSuchFolder
from interest_ingest.mailbox.imap import Mailbox, connect
from interest_ingest.mailbox.wire import tls_context
from tests.servers.cyrus import Cyrus, Server
from tests.servers.dovecot import Dovecot, self_signed
from tests.servers.lying_imap import Line, converse, lying

BY_DEFAULT = Limits()

LETTER = b"From: Anna <anna@shop.example>\r\nSubject: Question\r\n\r\nIs it in stock?\r\n"

_users = (f"user{number}" for number in itertools.count())


@pytest.fixture
def user() -> str:
    """A user whose mailbox is empty."""
    return next(_users)


def account(imap: Server, user: str, limits: Limits = BY_DEFAULT) -> Account:
    return Account("notifications", "127.0.0.1", user, imap.password, imap.imap_port, "none", limits=limits)


@contextlib.contextmanager
def opened(imap: Server, user: str, limits: Limits = BY_DEFAULT) -> Iterator[Mailbox]:
    with connect(account(imap, user, limits)) as box:
        box.examine()
        yield box


def read_all(imap: Server, user: str, limits: Limits = BY_DEFAULT) -> list[Message]:
    with opened(imap, user, limits) as box:
        return [message for chunk in box.messages(box.uids(1)) for message in chunk]


@contextlib.contextmanager
def another_client(imap: Server, user: str) -> Iterator[IMAPClient]:
    with IMAPClient(imap.host, imap.imap_port, ssl=False, timeout=10) as client:
        client.login(user, imap.password)
        yield client


def flags(imap: Server, user: str, folder: str = "INBOX") -> dict[int, tuple[bytes, ...]]:
    with another_client(imap, user) as client:
        client.select_folder(folder, readonly=True)
        found = client.get_flags(client.search())
    return {uid: tuple(flag for flag in given if flag != b"\\Recent") for uid, given in found.items()}


def test_mails_come_as_they_are_oldest_first_with_the_time_of_their_arrival(imap: Server, user: str) -> None:
    arrived = [datetime(2026, 11, day, 9, 15, tzinfo=UTC) for day in (1, 2, 3)]
    for moment in arrived:
        imap.deliver(user, LETTER + str(moment.day).encode() + b"\r\n", moment)
    messages = read_all(imap, user)
    assert [message.raw for message in messages] == [LETTER + b"%d\r\n" % day for day in (1, 2, 3)]
    assert [message.received_at for message in messages] == arrived
    assert [message.uid for message in messages] == [1, 2, 3]
    assert all(message.whole and message.size == len(message.raw) for message in messages)


def test_reading_alters_nothing(dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, LETTER)
    dovecot.deliver(user, mail_with_attachment(400_000))
    files = sorted(path.name for path in (dovecot.maildir(user) / "new").iterdir())
    assert len(read_all(dovecot, user)) == 2
    assert sorted(path.name for path in (dovecot.maildir(user) / "new").iterdir()) == files
    assert flags(dovecot, user) == {1: (), 2: ()}


def test_the_folder_says_what_it_is(imap: Server, user: str) -> None:
    imap.deliver(user, LETTER)
    with connect(account(imap, user)) as box:
        state = box.examine()
    assert (state.uidnext, state.exists, state.read_only) == (2, 1, True)
    assert state.uidvalidity


def test_a_folder_made_anew_has_another_uidvalidity(imap: Server, user: str) -> None:
    leads = replace(account(imap, user), folder="Leads")
    validities = set()
    for _ in range(2):
        with another_client(imap, user) as client:
            if client.folder_exists("Leads"):
                client.delete_folder("Leads")
            client.create_folder("Leads")
        with connect(leads) as box:
            validities.add(box.examine().uidvalidity)
    assert len(validities) == 2
    assert None not in validities


def test_an_empty_folder_gives_nothing(imap: Server, user: str) -> None:
    assert read_all(imap, user) == []


def test_only_the_asked_range_and_days_are_listed(imap: Server, user: str) -> None:
    for day in (1, 5, 9):
        imap.deliver(user, LETTER, datetime(2026, 11, day, 12, tzinfo=UTC))
    with opened(imap, user) as box:
        assert box.uids(2) == [2, 3]
        assert box.uids(1, 2) == [1, 2]
        assert box.uids(4) == []  # a server gives the last message for 4:*
        assert box.uids(1, since=date(2026, 11, 5)) == [2, 3]


def test_chunks_are_bounded_in_bytes_and_a_large_mail_comes_alone(imap: Server, user: str) -> None:
    limits = Limits(chunk_bytes=40_000, whole_bytes=25_000)
    for size in (10_000, 18_000, 15_000, 30_000, 1_000, 1_000):
        imap.deliver(user, LETTER + b"line of text\r\n" * (size // 14))
    with opened(imap, user, limits) as box:
        chunks = list(box.messages(box.uids(1)))
    assert [[message.uid for message in chunk] for chunk in chunks] == [[1, 2], [3], [4], [5, 6]]
    assert all(sum(len(message.raw) for message in chunk) <= 40_000 for chunk in chunks)


def test_a_mail_that_is_expunged_meanwhile_is_forgotten(imap: Server, user: str) -> None:
    for _ in range(3):
        imap.deliver(user, LETTER)
    with opened(imap, user) as box:
        uids = box.uids(1)
        with another_client(imap, user) as client:
            client.select_folder("INBOX")
            client.delete_messages([2])
            client.expunge()
        assert [message.uid for chunk in box.messages(uids) for message in chunk] == [1, 3]
        assert box.unfetchable == {}


# Large mails


def mail_with_attachment(octets: int) -> bytes:
    mail = EmailMessage()
    mail["Subject"] = "Запрос с чертежом"
    mail["From"] = "Анна <anna@shop.example>"
    mail.set_content("Сколько стоит?\n")
    mail.add_alternative("<p>Сколько <b>стоит</b>?</p>", subtype="html")
    mail.add_attachment(random.Random(1).randbytes(octets), "image", "png", filename="чертёж.png")
    return mail.as_bytes()


def leaves(raw: bytes) -> list[tuple[str, str | None, str | None, bytes]]:
    """Type, charset, file name and decoded body of every part that is no multipart."""
    found = []
    for part in email.message_from_bytes(raw).walk():
        if not part.is_multipart():
            body = part.get_payload(decode=True)
            assert isinstance(body, bytes)
            found.append((part.get_content_type(), part.get_content_charset(), part.get_filename(), body.strip()))
    return found


def test_of_a_large_mail_the_text_is_read_and_attachments_stay_on_the_server(imap: Server, user: str) -> None:
    raw = mail_with_attachment(500_000)
    imap.deliver(user, raw)
    (message,) = read_all(imap, user)
    assert not message.whole
    assert message.size > 680_000
    assert len(message.raw) < 2_000
    *texts, (kind, _, name, body) = leaves(message.raw)
    assert texts == leaves(raw)[:-1]
    assert (kind, name, body) == ("image/png", "чертёж.png", b"")
    disposition = email.message_from_bytes(message.raw).get_payload()[-1]["Content-Disposition"]  # type: ignore[index]  # a multipart
    assert abs(int(disposition.partition("size=")[2]) - 500_000) < 100


def test_a_large_mail_of_text_alone_is_read_whole(imap: Server, user: str) -> None:
    imap.deliver(user, LETTER + b"another line\r\n" * 30_000)
    (message,) = read_all(imap, user)
    assert message.whole
    assert len(message.raw) == message.size


def test_of_a_mail_over_the_size_limit_the_first_text_is_read(imap: Server, user: str) -> None:
    imap.deliver(user, LETTER + b"another line\r\n" * (60 * 1024 * 1024 // 14))
    (message,) = read_all(imap, user)
    assert not message.whole
    assert message.size > 60_000_000
    assert message.raw.startswith(LETTER)
    assert 256 * 1024 <= len(message.raw) < 257 * 1024


def test_the_text_of_a_mail_over_the_size_limit_is_found_behind_its_attachment(imap: Server, user: str) -> None:
    mail = EmailMessage()
    mail["Subject"] = "Film"
    mail.add_attachment(random.Random(2).randbytes(90_000), "video", "mp4", filename="film.mp4")
    mail.add_attachment("What do you think of it?\n", "plain", disposition="inline")
    imap.deliver(user, mail.as_bytes())
    (message,) = read_all(imap, user, Limits(message_bytes=60_000, whole_bytes=20_000))
    assert [(name, body) for _, _, name, body in leaves(message.raw)] == [
        ("film.mp4", b""),
        (None, b"What do you think of it?"),
    ]


def random_mail(dice: random.Random, depth: int = 0) -> EmailMessage:
    """Any tree of texts, files, inline pictures and forwarded mails, in any encoding."""
    mail = EmailMessage()
    mail["Subject"] = dice.choice(["Hello", "Здравствуйте", "こんにちは"])
    mail["From"] = "anna@shop.example"
    words = dice.choice(["plain words", "Обычные слова", "سلام", "-- dashes\n--\nFrom here"]) + "\n"
    mail.set_content(words * dice.randint(1, 40), cte=dice.choice(["base64", "quoted-printable", "8bit"]))
    if dice.random() < 0.5:
        mail.add_alternative(f"<p>{words}</p>" * dice.randint(1, 40), subtype="html")
        if dice.random() < 0.5:
            html = list(mail.iter_parts())[-1]
            html.add_related(dice.randbytes(2_000), "image", "gif", cid="<logo@shop.example>")
    for _ in range(dice.randint(0, 3)):
        if depth < 3 and dice.random() < 0.4:
            mail.add_attachment(random_mail(dice, depth + 1))
        else:
            name = dice.choice(["a.pdf", "отчёт.pdf", 'quo"te.pdf', "x" * 120 + ".pdf"])
            mail.add_attachment(dice.randbytes(dice.randint(1, 150_000)), "application", "pdf", filename=name)
    return mail


def without_files(part: tuple[str, str | None, str | None, bytes]) -> tuple[str, str | None, str | None, bytes]:
    kind, charset, name, body = part
    return kind, charset, name, body if kind.startswith("text/") else b""


def test_whatever_the_structure_the_rebuilt_mail_has_the_same_parts_and_text(imap: Server, user: str) -> None:
    dice = random.Random(7)
    mails = [random_mail(dice).as_bytes(policy=email.policy.SMTP) for _ in range(40)]
    for mail in mails:
        imap.deliver(user, mail)
    messages = read_all(imap, user, Limits(whole_bytes=1))
    for message, mail in zip(messages, mails, strict=True):
        assert list(map(without_files, leaves(message.raw))) == list(map(without_files, leaves(mail)))
        top, original = (email.message_from_bytes(raw) for raw in (message.raw, mail))
        assert [(k, v) for k, v in top.items() if k != "Content-Disposition"] == original.items()
        assert not any(part.defects for part in top.walk())
    assert {message.whole for message in messages} == {True, False}


# Acknowledging


def test_a_keyword_says_done_and_twice_is_harmless(imap: Server, user: str) -> None:
    for _ in range(2):
        imap.deliver(user, LETTER)
    with opened(imap, user) as box:
        box.acknowledge([1, 999], "keyword")
        box.acknowledge([1, 999], "keyword")
    assert flags(imap, user) == {1: (b"$Carded",), 2: ()}


def test_seen_marks_as_read(imap: Server, user: str) -> None:
    imap.deliver(user, LETTER)
    with opened(imap, user) as box:
        box.acknowledge([1], "seen")
    assert flags(imap, user) == {1: (b"\\Seen",)}


def test_none_leaves_the_mailbox_alone(imap: Server, user: str) -> None:
    imap.deliver(user, LETTER)
    with opened(imap, user) as box:
        box.acknowledge([1], "none")
    assert flags(imap, user) == {1: ()}


def test_move_makes_the_folder_and_twice_is_harmless(imap: Server, user: str) -> None:
    for _ in range(2):
        imap.deliver(user, LETTER)
    with opened(imap, user) as box:
        box.acknowledge([1], "move", "Обработано")
        box.acknowledge([1], "move", "Обработано")
        assert box.uids(1) == [2]
    assert len(flags(imap, user, "Обработано")) == 1


# Opening


@pytest.mark.parametrize("name", ["Заявки & (заказы)", 'Заявки & "заказы" %s'])
def test_a_folder_may_have_any_name(imap: Server, user: str, name: str) -> None:
    if isinstance(imap, Cyrus) and '"' in name:
        pytest.skip("Cyrus takes no quotes and no % in names of folders")
    with another_client(imap, user) as client:
        client.create_folder(name)
        client.append(name, LETTER)
    with connect(replace(account(imap, user), folder=name)) as box:
        box.examine()
        assert [message.raw for chunk in box.messages(box.uids(1)) for message in chunk] == [LETTER]


def test_a_missing_folder_is_named_with_those_that_are_there(imap: Server, user: str) -> None:
    with another_client(imap, user) as client:
        client.create_folder("Заявки")
    missing = replace(account(imap, user), folder="Leads")
    with (
        pytest.raises(NoSuchFolder, match=r"no folder 'Leads' .* There are: INBOX, Заявки\.$"),
        connect(missing) as box,
    ):
        box.examine()


def test_a_wrong_password_is_told_and_not_shown(imap: Server, user: str) -> None:
    wrong = replace(account(imap, user), password="battery-staple")
    with pytest.raises(AuthenticationFailed) as raised, connect(wrong):
        pass
    assert f"mailbox notifications: 127.0.0.1:{imap.imap_port} refuses the log-in of {user}" in str(raised.value)
    assert "battery" not in str(raised.value) + repr(wrong)


@pytest.mark.parametrize("name", ["анна", "anna petrova", 'an"na', "anna@shop.example"])
def test_a_user_name_may_have_any_letters(dovecot: Dovecot, name: str) -> None:
    """On Dovecot: Cyrus takes no such names itself."""
    assert read_all(dovecot, name) == []


def test_a_password_of_any_letters_is_refused_by_the_server_and_not_by_us(imap: Server, user: str) -> None:
    wrong = replace(account(imap, user), password="пароль")
    with pytest.raises(AuthenticationFailed), connect(wrong):
        pass


def open_things() -> tuple[int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def test_polls_leave_nothing_open(imap: Server, user: str) -> None:
    read_all(imap, user)
    before = open_things()
    for _ in range(10):
        read_all(imap, user)
    assert open_things() == before


# TLS


@pytest.fixture
def trusted(imap: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Trust the certificate of the test server as an operator would."""
    monkeypatch.setenv("SSL_CERT_FILE", str(imap.certificate))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()


def secure(imap: Server, user: str, *, starttls: bool = False) -> Account:
    port = imap.imap_port if starttls else imap.imaps_port
    return replace(account(imap, user), port=port, tls="starttls" if starttls else "implicit")


@pytest.mark.parametrize("starttls", [False, True])
def test_a_trusted_server_is_read(imap: Server, user: str, trusted: None, starttls: bool) -> None:
    imap.deliver(user, LETTER)
    with connect(secure(imap, user, starttls=starttls)) as box:
        box.examine()
        assert box.uids(1) == [1]


@pytest.mark.parametrize("starttls", [False, True])
def test_a_self_signed_certificate_is_refused(imap: Server, user: str, starttls: bool) -> None:
    account = secure(imap, user, starttls=starttls)
    with pytest.raises(InsecureConnection, match=r"not trusted \(self.signed") as raised, connect(account):
        pass
    assert "SSL_CERT_FILE" in str(raised.value)


@contextlib.contextmanager
def tls_server(context: ssl.SSLContext) -> Iterator[int]:
    """Takes one connection and tries the handshake."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the client refuses
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def test_a_certificate_for_another_name_is_refused(
    imap: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trusted: None
) -> None:
    self_signed(tmp_path, "DNS:imap.other.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
    tls_context.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with (
        tls_server(context) as port,
        pytest.raises(InsecureConnection, match="not valid for"),
        connect(Account("notifications", "127.0.0.1", "anna", "secret", port)),
    ):
        pass


def test_what_is_injected_before_tls_is_never_read(imap: Server, user: str, trusted: None) -> None:
    """CVE-2011-0411: the answers of a man in the middle, sent ahead of the handshake, count as said inside it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(imap.certificate, imap.certificate.with_suffix(".key"))
    inside: list[bytes] = []

    def offer(line: Line, tag: bytes, rest: bytes) -> None:
        line.answer(tag, b"CAPABILITY IMAP4rev1 STARTTLS")

    def inject(line: Line, tag: bytes, rest: bytes) -> None:
        line.send(tag + b" OK begin\r\n* 5 EXISTS\r\n* CAPABILITY IMAP4rev1 INJECTED\r\n")
        with context.wrap_socket(line.socket, server_side=True) as tls, tls.makefile("rb") as commands:
            converse(replace(line, socket=tls, said=inside), commands, {})

    with lying({b"CAPABILITY": offer, b"STARTTLS": inject}) as server:
        with connect(replace(secure(imap, user, starttls=True), port=server.port)) as box:
            assert box.examine().exists == 1
            assert not box._client.has_capability("INJECTED")
        assert not any(b"LOGIN" in command for command in server.said)
    assert any(b"LOGIN" in command for command in inside)


def test_clear_text_where_tls_is_configured_is_told(imap: Server, user: str) -> None:
    wrong_port = replace(secure(imap, user), port=imap.imap_port)
    with pytest.raises(InsecureConnection, match="starttls"), connect(wrong_port):
        pass


def test_tls_older_than_1_2_is_refused() -> None:
    assert tls_context().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert tls_context().verify_mode is ssl.CERT_REQUIRED
    assert tls_context().check_hostname


def test_the_test_server_ends_with_the_tests_also_when_they_are_killed(dovecot: Dovecot) -> None:
    program = (
        "import os\n"
        "from tests.servers.dovecot import running\n"
        "with running() as server:\n"
        "    print(server.imap_port, server.root, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    port, root = run.stdout.split()
    deadline = time.monotonic() + 20
    while Path(root).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(root).exists()
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", int(port))) == errno.ECONNREFUSED


def test_a_folder_name_with_a_line_break_is_refused(imap: Server, user: str) -> None:
    with opened(imap, user) as box, pytest.raises(UsageError, match="control character"):
        box.examine("a\r\nb")
