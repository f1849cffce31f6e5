"""Mails from files of every kind."""

from __future__ import annotations

import mailbox
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interest_ingest.errors import UsageError
from interest_ingest.mailbox import Message, Problem
from interest_ingest.mailbox.files import BEGINNING_BYTES, MESSAGE_BYTES, count_path, read_path

LETTER = b"From: Anna <anna@shop.example>\nSubject: Question\n\nIs it in stock?\n"
MOMENT = datetime(2026, 11, 21, 9, 15, tzinfo=UTC)


def write(path: Path, content: bytes = LETTER) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (MOMENT.timestamp(),) * 2)
    return path


def messages(path: Path) -> list[Message]:
    found = list(read_path(path))
    assert not [item for item in found if isinstance(item, Problem)]
    return [item for item in found if isinstance(item, Message)]


def raws(path: Path) -> list[bytes]:
    return [message.raw for message in messages(path)]


def test_a_file_is_a_mail_whatever_its_name(tmp_path: Path) -> None:
    assert messages(write(tmp_path / "mail")) == [Message(0, LETTER, MOMENT, len(LETTER), whole=True)]


@pytest.mark.parametrize("content", [b"", b"\x00\xff\x89PNG", b"From here on all was well.\n", b"From: x\n"])
def test_a_file_that_is_no_mail_is_given_as_it_is(tmp_path: Path, content: bytes) -> None:
    """What is in it is for the mail room to say."""
    assert raws(write(tmp_path / "a.eml", content)) == [content]


def test_a_folder_is_read_in_the_order_of_names_with_its_subfolders(tmp_path: Path) -> None:
    for name in ("b.eml", "a.EML", "sub/c.eml", "sub/deep/d.eml", "sub/list.mbox"):
        write(tmp_path / name, name.encode())
    write(tmp_path / "readme.txt")
    assert raws(tmp_path) == [b"a.EML", b"b.eml", b"sub/c.eml", b"sub/list.mbox", b"sub/deep/d.eml"]
    assert count_path(tmp_path) == 5


def test_an_empty_folder_has_no_mails(tmp_path: Path) -> None:
    assert raws(tmp_path) == []
    assert count_path(tmp_path) == 0


def test_a_maildir_is_read_by_delivery_time_with_its_subfolders(tmp_path: Path) -> None:
    for name in ("new/200.a", "cur/100.b:2,S", "cur/300.c:2,", "tmp/400.d", ".Sent/cur/500.e:2,", ".Sent/new/600.f"):
        write(tmp_path / "mail" / name, name.encode())
    expected = [b"cur/100.b:2,S", b"new/200.a", b"cur/300.c:2,", b".Sent/cur/500.e:2,", b".Sent/new/600.f"]
    assert raws(tmp_path / "mail") == expected
    assert raws(tmp_path) == expected
    assert count_path(tmp_path) == 5


# mbox

bodies = st.lists(
    st.sampled_from([b"From ", b">From ", b">>From ", b"From anna@shop.example Sat Nov 21 09:15:00 2026", b"From: x"])
    | st.binary(max_size=20).map(lambda line: re.sub(rb"[\r\n]", b"", line))
).map(lambda lines: b"".join(line + b"\n" for line in lines))


def as_mboxrd(mails: Iterable[bytes]) -> bytes:
    """As the mboxrd variant has it: https://www.loc.gov/preservation/digital/formats/fdd/fdd000385.shtml."""
    separator = b"From anna@shop.example Sat Nov 21 09:15:00 2026\n"
    return b"".join(separator + re.sub(rb"(?m)^(>*From )", rb">\1", mail) + b"\n" for mail in mails)


@given(st.lists(bodies, min_size=1, max_size=5))
def test_any_mails_come_out_of_an_mbox_as_they_went_in(
    tmp_path_factory: pytest.TempPathFactory, texts: list[bytes]
) -> None:
    mails = [b"Subject: Hi\n\n" + text for text in texts]
    path = write(tmp_path_factory.mktemp("mbox") / "mails", as_mboxrd(mails))
    assert raws(path) == mails
    assert count_path(path) == len(mails)
    assert all(message.received_at == MOMENT and message.whole for message in messages(path))


def test_an_mbox_of_the_standard_library_is_read(tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "mails")
    for number in range(3):
        box.add(LETTER + b"From the number %d\n" % number)
    box.close()
    assert raws(tmp_path / "mails") == [LETTER + b"From the number %d\n" % number for number in range(3)]


@pytest.mark.parametrize(
    ("line", "moment"),
    [
        (b"From anna@shop.example Sat Nov 21 09:15:00 2026", MOMENT),
        (b"From - Sat Nov 21 09:15:00 2026", MOMENT),
        (b"From MAILER-DAEMON Sat Nov 21 09:15 2026", MOMENT),
        (b"From 123@xxx Sat Nov 21 12:15:00 +0300 2026", MOMENT),
        (b"From 123@xxx Sat Nov 21 05:45:00 2026 -0330", MOMENT),
        (b"From anna@shop.example Sat Nov 21 09:15:00 UTC 2026\r", MOMENT),
        (b"From anna@shop.example Sun Nov  1 09:15:00 2026", datetime(2026, 11, 1, 9, 15, tzinfo=UTC)),
        (b"From anna@shop.example Sat Nov 99 09:15:00 2026", MOMENT),  # no date: the file's
    ],
)
def test_the_separators_of_known_programs(tmp_path: Path, line: bytes, moment: datetime) -> None:
    path = write(tmp_path / "mails", line + b"\n" + LETTER + b"\n" + line + b"\n" + LETTER)
    assert raws(path) == [LETTER, LETTER]
    assert {message.received_at for message in messages(path)} == {moment}


def test_line_ends_of_an_mbox_stay_as_they_are(tmp_path: Path) -> None:
    letter = LETTER.replace(b"\n", b"\r\n")
    mbox = as_mboxrd([LETTER, LETTER]).replace(b"\n", b"\r\n")
    assert raws(write(tmp_path / "mails", mbox)) == [letter, letter]


def test_a_sentence_that_begins_with_from_separates_nothing(tmp_path: Path) -> None:
    letter = LETTER + b"\nFrom 09:15 on we are here.\n\nFrom Nov 21 to Dec 24 2026 all is cheaper.\n"
    path = write(tmp_path / "mails", b"From - Sat Nov 21 09:15:00 2026\n" + letter)
    assert raws(path) == [letter]


def test_the_count_of_a_large_mbox_is_near(tmp_path: Path) -> None:
    path = write(tmp_path / "mails", as_mboxrd([LETTER * 30] * 3_000))
    assert path.stat().st_size > 5_000_000
    assert abs(count_path(path) - 3_000) < 30


# Large files


def test_of_a_file_over_the_limit_the_beginning_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "a.eml", LETTER + b"x" * MESSAGE_BYTES)
    (message,) = messages(path)
    assert message.raw.startswith(LETTER)
    assert (len(message.raw), message.size, message.whole) == (BEGINNING_BYTES, len(LETTER) + MESSAGE_BYTES, False)


@pytest.mark.parametrize("line", [b"x" * 99 + b"\n", b"x" * 1_000_000], ids=["short lines", "one long line"])
def test_a_mail_over_the_limit_in_an_mbox_is_cut_in_bounded_memory(tmp_path: Path, line: bytes) -> None:
    large = LETTER + line * (60_000_000 // len(line)) + b"\n"
    path = write(tmp_path / "mails", as_mboxrd([LETTER, large, LETTER]))
    del large
    program = (
        "import sys, pathlib\n"
        "from tests.test_mailbox.memory import peak\n"
        "from interest_ingest.mailbox.files import read_path\n"
        "before = peak()\n"
        "print(*((mail.size, len(mail.raw)) for mail in read_path(pathlib.Path(sys.argv[1]))), sep='\\n')\n"
        "print(peak() - before)\n"
    )
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    *mails, grown = map(eval, run.stdout.splitlines())
    small = (len(LETTER), len(LETTER))
    assert [mails[0], mails[2]] == [small, small]
    assert mails[1][0] > 60_000_000
    assert mails[1][1] == BEGINNING_BYTES
    assert grown in range(56 * 1024), "KB"


# Bad paths


@pytest.mark.parametrize("make", [None, os.mkfifo], ids=["absent", "pipe"])
def test_a_path_that_cannot_be_read_is_one_sentence(tmp_path: Path, make: object) -> None:
    path = tmp_path / "mail"
    if callable(make):
        make(path)
    for use in (read_path, count_path):
        with pytest.raises(UsageError, match=str(path)) as raised:
            use(path)
        assert str(raised.value).endswith(".")


def test_what_cannot_be_read_in_a_folder_is_reported_and_the_others_are_read(tmp_path: Path) -> None:
    write(tmp_path / "a.eml")
    os.mkfifo(tmp_path / "b.eml")
    (tmp_path / "c.eml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "d.eml")
    found = list(read_path(tmp_path))
    assert [type(item) for item in found] == [Message, Problem, Problem, Message]
    assert [item.reason for item in found if isinstance(item, Problem)] == [
        "not a regular file",
        "no such file or directory",
    ]


def test_without_rights_a_folder_or_file_is_one_sentence_and_inside_a_folder_a_problem(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    closed = tmp_path / "folder" / "closed"
    write(closed / "a.eml")
    write(tmp_path / "folder" / "b.eml").chmod(0)
    closed.chmod(0)
    program = (
        "import os, pathlib, sys\n"
        "from interest_ingest.errors import UsageError\n"
        "from interest_ingest.mailbox.files import read_path\n"
        "folder = pathlib.Path('folder')\n"
        "os.geteuid() or os.setresuid(65534, 65534, 65534)\n"  # root may read everything
        "for path in (folder / 'closed', folder / 'b.eml'):\n"
        "    try: read_path(path)\n"
        "    except UsageError as error: print(error)\n"
        "print(*(problem.reason for problem in read_path(folder)))\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    closed.chmod(0o700)
    assert run.stdout.count("cannot be read (permission denied); give one that is there") == 2, run.stderr
    assert run.stdout.endswith("\npermission denied permission denied\n"), run.stderr
