"""No server sees more connections than allowed, and no kind of connection uses up the places of another."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from interest_ingest.mailbox import budget as budget_module
from interest_ingest.mailbox.account import Account
from interest_ingest.mailbox.budget import PER_ACCOUNT, Budget, Closed, Use


def account(name: str, host: str = "imap.example.org") -> Account:
    return Account(name, host, name, "secret-word")


def await_true(look: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not look():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def held(budget: Budget, *wanted: tuple[Account, Use]) -> int:
    """How many of these get a place at once."""
    with ExitStack() as stack:
        for number, (one, use) in enumerate(wanted):
            if use is Use.IDLE:
                give_back = budget.idle_place(one)
                if give_back is None:
                    return number
                stack.callback(give_back)
            elif not budget._fits(budget_module._wish(one, use)):
                return number
            else:
                stack.enter_context(budget.place(one, use))
        return len(wanted)


@pytest.mark.parametrize(
    ("use", "places"), [(Use.POLL, 4), (Use.DOUBTFUL, 2), (Use.IDLE, 2)], ids=["polls", "doubtful polls", "idle"]
)
def test_a_server_has_so_many_places_for_each_use(use: Use, places: int) -> None:
    assert held(Budget(4), *((account(f"a{number}"), use) for number in range(9))) == places


def test_one_place_is_enough_for_doubtful_polls_and_none_for_idle() -> None:
    assert held(Budget(1), (account("a"), Use.DOUBTFUL)) == 1
    assert held(Budget(1), (account("a"), Use.IDLE)) == 0


def test_an_account_has_fewer_places_than_its_provider_counts() -> None:
    assert PER_ACCOUNT < 15
    assert held(Budget(100), *[(account("a"), Use.POLL)] * 50) == PER_ACCOUNT
    assert held(Budget(100), *[(account("a"), Use.IDLE)] * 50) == PER_ACCOUNT // 2


def test_servers_do_not_count_for_each_other() -> None:
    assert held(Budget(1), *((account("a", host=f"{number}.example"), Use.POLL) for number in range(5))) == 5


def test_who_waits_is_served_in_turn_and_whoever_fits_goes_by() -> None:
    budget = Budget(2)
    served: list[str] = []
    threads = []

    def poll(name: str, use: Use, until: threading.Event) -> None:
        with budget.place(account(name), use):
            served.append(name)
            until.wait(10)

    def begin(name: str, use: Use = Use.POLL) -> threading.Event:
        done = threading.Event()
        waiting = len(budget._waiting) + len(served)
        threads.append(threading.Thread(target=poll, args=(name, use, done)))
        threads[-1].start()
        await_true(lambda: len(budget._waiting) + len(served) > waiting)
        return done

    hanging = begin("hanging", Use.DOUBTFUL)
    too = begin("hanging too", Use.DOUBTFUL)
    first = begin("first")
    second = begin("second")
    await_true(lambda: len(served) == 2)
    assert served == ["hanging", "first"]
    first.set()
    await_true(lambda: "second" in served)
    assert served == ["hanging", "first", "second"]
    for done in (second, hanging, too):
        done.set()
    for thread in threads:
        thread.join(10)
    assert served[-1] == "hanging too"


def test_at_the_end_nobody_waits() -> None:
    budget = Budget(1)
    ended = threading.Event()

    def wait() -> None:
        with pytest.raises(Closed), budget.place(account("b"), Use.POLL):
            pass
        ended.set()

    with budget.place(account("a"), Use.POLL):
        thread = threading.Thread(target=wait)
        thread.start()
        await_true(lambda: budget._waiting)
        budget.close()
        assert ended.wait(5)
        thread.join()
    with pytest.raises(Closed), budget.place(account("c"), Use.POLL):
        pass


def test_a_crowd_never_exceeds_the_limit() -> None:
    budget = Budget(3)
    lock = threading.Lock()
    now = most = 0

    def poll(number: int) -> None:
        nonlocal now, most
        for _ in range(20):
            with budget.place(account(f"a{number}"), Use.POLL):
                with lock:
                    now += 1
                    most = max(most, now)
                time.sleep(0.0005)
                with lock:
                    now -= 1

    threads = [threading.Thread(target=poll, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (now, most) == (0, 3)
    assert not budget._taken
