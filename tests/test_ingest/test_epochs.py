"""T-09: whatever becomes of UIDs, every mail has its card once, and nothing on the server is unaccounted for."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient

from interest_ingest.cards import Reading
from interest_ingest.ingest.authentication import Authentication
from interest_ingest.ingest.intake import PollOptions, PollResult, poll_mailbox
from interest_ingest.ingest.reading import read
from interest_ingest.ingest.verify import verify_mailbox
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.faults import MailboxError
from interest_ingest.store import Epoch, Landed, Store
from tests.mails import letter
from tests.servers.changing_imap import Box
from tests.servers.cyrus import Cyrus, Server
from tests.test_store.making import table
from tests.torture import scale

FIRST = {uid: letter(uid).raw for uid in (1, 2, 3)}


def read_landed(store: Store) -> None:
    """What the readers do, in this process."""
    while mails := store.claim(100, 10**7):
        store.record([(mail, None if mail.known else _read(mail)) for mail in mails])


def _read(mail: Landed) -> Reading:
    return read(mail.raw, authentication=Authentication(), received_at=mail.received_at)


class World:
    """A mailbox, its server and a ledger."""

    def __init__(self, store: Store, url: str, box: Box) -> None:
        self.store = store
        self.url = url
        self.box = box

    def account(self, port: int) -> Account:
        return Account("notifications", "127.0.0.1", "u", "p", port=port, tls="none", folder=self.box.folder)

    def poll(self, *, sweep: bool = True) -> PollResult:
        """One poll, and the reading of what it landed."""
        with self.box.serve() as server:
            result = poll_mailbox(self.store, self.account(server.port), PollOptions(sweep=sweep))
        read_landed(self.store)
        return result

    def broken_poll(self) -> PollResult:
        result = PollResult("notifications")
        with self.box.serve() as server, pytest.raises(MailboxError):
            poll_mailbox(self.store, self.account(server.port), PollOptions(), result=result)
        read_landed(self.store)
        return result

    def unaccounted(self) -> int:
        with self.box.serve() as server:
            found = verify_mailbox(self.store, self.account(server.port))
        assert found.unaccounted is not None
        return found.unaccounted

    def texts(self) -> Counter[str]:
        return Counter(one["text"] for one in self.store.cards())

    def outcomes(self) -> Counter[str]:
        return Counter(one["outcome"] for one in self.store.mails())

    def epochs(self) -> list[tuple[int, int]]:
        return [(row["uidvalidity"], row["gen"]) for row in table(self.url, "epoch")]

    def all_in(self, *numbers: int) -> None:
        """Each of these letters has its card exactly once, and nothing is unaccounted for."""
        assert self.texts() == Counter(letter(number).text for number in numbers)
        assert self.unaccounted() == 0


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    url = f"sqlite:///{tmp_path}/i.db"
    with Store.open(url) as store:
        yield World(store, url, Box(dict(FIRST)))


def test_uidvalidity_changed(world: World) -> None:
    """T-09.1: all is read again under the new one; the cards are the same, and a new mail is found."""
    world.poll()
    world.box.uidvalidity, world.box.mails = 2, {uid + 10: raw for uid, raw in FIRST.items()} | {14: letter(4).raw}
    assert world.unaccounted() == 4
    world.poll(sweep=False)
    world.all_in(1, 2, 3, 4)
    assert world.epochs() == [(1, 0), (2, 0)]


def test_uidvalidity_went_back(world: World) -> None:
    """T-09.2: a UID of the old value may mean another mail."""
    world.poll()
    world.box.uidvalidity, world.box.mails = 2, {1: letter(4).raw}
    world.poll()
    world.box.uidvalidity, world.box.mails = 1, {1: letter(5).raw, 2: letter(2).raw}
    world.poll(sweep=False)
    world.all_in(1, 2, 3, 4, 5)
    assert world.epochs() == [(1, 0), (2, 0), (1, 1)]


def test_a_uid_is_reused_without_a_new_uidvalidity(world: World) -> None:
    """T-09.3, mailutils imap4d: the last mail was deleted and a new one has its number; its size and date tell."""
    world.poll()
    world.box.mails[3] = letter(44).raw
    assert world.unaccounted() == 1
    assert world.poll(sweep=False).landed == 0
    assert world.poll().landed == 3
    world.all_in(1, 2, 3, 44)
    assert world.epochs() == [(1, 0), (1, 1)]
    assert world.poll().landed == 0


def test_a_reused_uid_whose_mail_is_not_given_at_once(world: World) -> None:
    """That it could not be looked at does not make it the mail that we know."""
    world.poll()
    world.box.mails[3], world.box.no_body = letter(44).raw, {3}
    assert world.poll().landed == 0
    world.box.no_body = set()
    assert world.poll().landed == 3
    world.all_in(1, 2, 3, 44)


@pytest.mark.parametrize("sticky", [True, False], ids=["no uidvalidity", "uidnotsticky"])
def test_uids_do_not_last(world: World, sticky: bool) -> None:
    """T-09.4 and 5: mails are known by their bytes, whatever their numbers are."""
    world.box.uidvalidity, world.box.sticky = (None if sticky else 1), sticky
    world.poll()
    assert world.poll().landed == 0
    world.box.mails = {1: letter(3).raw, 2: letter(4).raw, 3: letter(1).raw}
    assert world.unaccounted() == 1
    assert world.poll().landed == 1
    world.all_in(1, 2, 3, 4)


def test_the_folder_was_renamed(world: World) -> None:
    """T-09.6: with the same MAILBOXID (RFC 8474) it goes on where it ended, and nothing is fetched again."""
    world.box.mailboxid = "F1"
    world.poll()
    world.box.folder, world.box.fetched = "Renamed", []
    world.box.mails[4] = letter(4).raw
    assert world.poll().landed == 1
    assert world.box.fetched == [4]
    world.all_in(1, 2, 3, 4)
    assert [row["folder"] for row in table(world.url, "mailbox")] == ["Renamed"]


def test_the_folder_was_renamed_and_the_server_has_no_names(world: World) -> None:
    """T-09.6b: it is a new mailbox; the bytes are the same, so no card is made twice."""
    world.poll()
    world.box.folder = "Renamed"
    assert world.poll().landed == 3
    world.all_in(1, 2, 3)
    assert world.outcomes() == {"cards": 3, "duplicate": 3}


def test_another_folder_under_the_same_name(world: World) -> None:
    """T-09.7: MAILBOXID changed, and UIDVALIDITY by chance did not."""
    world.box.mailboxid = "F1"
    world.poll()
    world.box.mailboxid, world.box.mails = "F2", {2: letter(5).raw, 3: letter(6).raw, 4: letter(7).raw}
    world.poll(sweep=False)
    world.all_in(1, 2, 3, 5, 6, 7)


def test_a_lower_uid_appears_late(world: World) -> None:
    """T-09.8: a cluster shows it after a higher one; the sweep finds it."""
    world.box.mails = {5: letter(5).raw}
    world.poll()
    world.box.mails[2] = letter(2).raw
    assert world.unaccounted() == 1
    assert world.poll(sweep=False).landed == 0
    assert world.poll().landed == 1
    world.all_in(2, 5)
    assert len(world.epochs()) == 1


def test_the_mailbox_was_restored_from_a_backup(world: World) -> None:
    """T-09.9: UIDNEXT is not above what was landed, so the next mails get numbers that are known."""
    world.poll()
    world.box.mails = {1: letter(1).raw, 2: letter(2).raw}
    world.poll(sweep=False)
    world.box.mails[3] = letter(4).raw
    world.poll(sweep=False)
    world.all_in(1, 2, 3, 4)


def test_a_mail_is_expunged_while_it_is_fetched(world: World) -> None:
    """T-09.10: it was never ours; the others are."""
    world.box.expunge_at_fetch = {2}
    result = world.poll()
    assert (result.landed, result.unfetchable) == (2, {})
    world.all_in(1, 3)


def test_two_bodies_for_one_uid(world: World) -> None:
    """T-09.11: asked twice, the mail is quarantined with its reason, and the others are read."""
    world.box.other_body = {2: letter(9).raw}
    world.poll()
    assert world.box.fetched.count(2) == 2
    (mail,) = world.store.quarantined()
    assert (mail["uid"], mail["reason"]) == (2, "the server gives different mails under one UID")
    assert mail["raw_kept"]
    world.all_in(1, 3)


def test_two_bodies_only_once(world: World) -> None:
    """T-09.11b: asked again the server gives one."""
    world.box.other_body, world.box.twice_once = {2: letter(9).raw}, True
    world.poll()
    world.all_in(1, 2, 3)


def test_a_body_that_is_nil_comes_later(world: World) -> None:
    """T-09.12: never a card without bytes; the mail is told and asked for again."""
    world.box.no_body = {2}
    assert list(world.poll().unfetchable) == [2]
    assert world.outcomes() == {"cards": 2, "unfetchable": 1}
    assert world.unaccounted() == 0
    world.box.no_body = set()
    assert world.poll().landed == 1
    world.all_in(1, 2, 3)


def test_an_unfetchable_mail_that_is_deleted_is_forgotten(world: World) -> None:
    world.box.no_body = {2}
    world.poll()
    del world.box.mails[2]
    world.poll()
    assert world.outcomes() == {"cards": 2}


def test_an_unfetchable_mail_is_asked_for_ever_more_rarely(world: World) -> None:
    world.box.no_body = {2}
    for _ in range(6):
        world.poll()
    asked = world.box.fetched.count(2)
    world.poll()
    assert world.box.fetched.count(2) == asked


def test_a_mail_at_which_the_server_breaks_holds_up_nothing(world: World) -> None:
    """The first poll does not know which of a chunk it was; the second reads all others before it asks again."""
    world.box.mails = {uid: letter(uid).raw for uid in range(1, 21)}
    world.box.fatal = {7}
    assert world.broken_poll().landed == 0
    world.box.mails[21] = letter(21).raw
    assert world.broken_poll().landed >= 7
    world.broken_poll()
    assert world.texts() == Counter(letter(uid).text for uid in range(1, 22) if uid != 7)
    assert world.poll().landed == 0, "its pause has begun: the mailbox is polled without an error"
    assert world.outcomes() == {"cards": 20, "unfetchable": 1}
    assert world.unaccounted() == 0


def test_sizes_that_are_told_otherwise_are_no_new_mails(world: World) -> None:
    """A server that was upgraded counts bytes in another way: looked at once, learned, and never asked again."""
    world.poll()
    world.box.grown, world.box.fetched = 17, []
    assert world.poll().landed == 0
    assert sorted(world.box.fetched) == [1, 2, 3]
    world.box.fetched = []
    world.poll()
    assert world.box.fetched == []
    assert len(world.epochs()) == 1


def test_a_mail_that_is_rendered_anew_is_the_same_mail(world: World) -> None:
    """Exchange gives other bytes each time; the Message-ID is the same."""
    world.poll()
    world.box.mails[2] = world.box.mails[2].replace(b"\r\nSubject:", b"\r\nX-Rendered: again\r\nSubject:")
    assert world.poll().landed == 0
    assert len(world.epochs()) == 1


def test_the_name_of_a_mail_tells_that_it_is_another(world: World) -> None:
    """RFC 8474 §5.1: another EMAILID under a known UID, though size and date are the same."""
    world.box.mailboxid = "F1"
    world.box.mails = {1: letter(1).raw}
    world.poll()
    world.box.mails, world.box.emailids = {1: letter(2).raw}, {1: "other"}
    assert len(letter(1).raw) == len(letter(2).raw)
    world.poll()
    world.all_in(1, 2)


@pytest.mark.timeout(scale(120, 600))
def test_a_comparison_costs_no_bytes_and_few_commands(world: World) -> None:
    """20,000 known mails are compared in a handful of commands."""
    world.box.mails = {uid: b"Subject: %d\r\n\r\nmail\r\n" % uid for uid in range(1, scale(3_000, 20_000) + 1)}
    with world.box.serve() as server:
        poll_mailbox(world.store, world.account(server.port), PollOptions())
    world.box.fetched = []
    with world.box.serve() as server:
        poll_mailbox(world.store, world.account(server.port), PollOptions())
        fetches = [line for line in server.said if b"FETCH" in line]
    assert world.box.fetched == []
    assert len(fetches) <= 5


def test_verify_while_a_poll_lands(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came and was landed after the folder was opened is no sign of a restored mailbox."""
    world.poll()
    ask = world.store.current_epoch

    def ask_later(*told: Any) -> Epoch | None:
        if 4 not in world.box.mails:
            world.box.mails[4] = letter(4).raw
            world.poll()
        return ask(*told)

    monkeypatch.setattr(world.store, "current_epoch", ask_later)
    assert world.unaccounted() == 0
    world.all_in(1, 2, 3, 4)


def test_verify_raises_no_alarm(world: World) -> None:
    """A mail that came since the last poll is unaccounted for, and taken in at the next."""
    world.poll()
    world.box.mails[4] = letter(4).raw
    assert world.unaccounted() == 1
    (one,) = world.store.health(datetime.now(UTC)).mailboxes
    assert one.unaccounted == 0


# Real servers


_users = (f"epochs{number}" for number in itertools.count())


class Folder:
    """A folder of a new user on a real server, filled and changed as a mail program does it."""

    def __init__(self, imap: Server, store: Store) -> None:
        self.imap = imap
        self.store = store
        self.user = next(_users)
        self.name = "Leads"
        imap.deliver(self.user, letter(99).raw)  # makes the account
        self._do(lambda client: client.create_folder(self.name))

    def _do(self, what: Callable[[IMAPClient], object]) -> None:
        with IMAPClient("127.0.0.1", self.imap.imap_port, ssl=False, timeout=20) as client:
            client.login(self.user, self.imap.password)
            what(client)

    def append(self, *numbers: int) -> None:
        for number in numbers:
            raw = letter(number).raw
            self._do(lambda client, raw=raw: client.append(self.name, raw))  # type: ignore[misc]  # the default of a lambda

    def make_anew(self) -> None:
        self._do(lambda client: client.delete_folder(self.name))
        self._do(lambda client: client.create_folder(self.name))

    def rename(self, name: str) -> None:
        self._do(lambda client: client.rename_folder(self.name, name))
        self.name = name

    def account(self) -> Account:
        return Account(
            "notifications", "127.0.0.1", self.user, self.imap.password, self.imap.imap_port, "none", folder=self.name
        )

    def poll(self) -> PollResult:
        result = poll_mailbox(self.store, self.account(), PollOptions())
        read_landed(self.store)
        return result

    def all_in(self, *numbers: int) -> None:
        texts = Counter(one["text"] for one in self.store.cards())
        assert texts == Counter(letter(number).text for number in numbers)
        assert verify_mailbox(self.store, self.account()).unaccounted == 0


def test_a_folder_that_was_made_anew_on_a_real_server(world: World, imap: Server) -> None:
    """T-09.1 on Dovecot and Cyrus."""
    folder = Folder(imap, world.store)
    folder.append(1, 2, 3)
    folder.poll()
    folder.make_anew()
    folder.append(3, 4)
    assert folder.poll().landed == 2
    folder.all_in(1, 2, 3, 4)
    assert len(world.epochs()) == 2
    assert folder.poll().landed == 0


def test_a_folder_that_was_renamed_on_a_real_server(world: World, imap: Server) -> None:
    """T-09.6: Cyrus has names for folders (RFC 8474) and nothing is fetched again; Dovecot 2.3 has none."""
    folder = Folder(imap, world.store)
    folder.append(1, 2, 3)
    folder.poll()
    folder.rename("Renamed")
    folder.append(4)
    named = any(row["mailboxid"] for row in table(world.url, "epoch"))
    assert folder.poll().landed == (1 if named else 4)
    folder.all_in(1, 2, 3, 4)
    assert named == isinstance(imap, Cyrus)
