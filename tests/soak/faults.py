"""What goes wrong during a soak, one thing at a time, and the people who work all the while."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.soak import mails
from tests.soak.world import BOXES, World

Fault = Callable[[World, random.Random], None]


def _reset(world: World, _dice: random.Random) -> None:
    world.proxy.break_all("rst")


def _finish(world: World, _dice: random.Random) -> None:
    world.proxy.break_all("fin")


def _stall(world: World, dice: random.Random) -> None:
    with world.proxy.stalled():
        time.sleep(dice.uniform(5, 25))


def _refuse(world: World, dice: random.Random) -> None:
    with world.proxy.refusing():
        world.proxy.break_all("fin")
        time.sleep(dice.uniform(2, 10))


def _kill(world: World, dice: random.Random) -> None:
    world.kill()
    time.sleep(dice.uniform(0, 3))
    world.start()


def _terminate(world: World, _dice: random.Random) -> None:
    world.stop()
    world.start()


def _suspend(world: World, dice: random.Random) -> None:
    world.pause(dice.uniform(5, 20))


def _restart_database(world: World, dice: random.Random) -> None:
    world.restart_database(dice.uniform(0, 8))


def _forget_uids(world: World, dice: random.Random) -> None:
    world.forget_uids(dice.choice(list(BOXES)))


def _bad_plugin(world: World, dice: random.Random) -> None:
    act = dice.choice(mails.BAD_ACTS)
    for _ in range(3):
        world.deliver("plain", mails.plugin(dice.randrange(10**6, 10**9), act))


FAULTS: dict[str, Fault] = {
    "rst": _reset,
    "fin": _finish,
    "stall": _stall,
    "refused connections": _refuse,
    "suspended": _suspend,
    "uidvalidity": _forget_uids,
    "bad plugin mails": _bad_plugin,
}
DEADLY: dict[str, Fault] = {"sigkill": _kill, "sigterm": _terminate}
DATABASE: dict[str, Fault] = {"database crash": _restart_database}


class Misfortune(threading.Thread):
    """A fault every `every` seconds. Every second one is deadly in the first `deadly_for` seconds of it, none later:
    the slope of the memory of a daemon that lived long is what is wanted from the rest."""

    def __init__(self, world: World, dice: random.Random, every: float, deadly_for: float) -> None:
        super().__init__(daemon=True)
        self.happened: Counter[str] = Counter()
        self.error: BaseException | None = None
        self._world, self._dice, self._every = world, dice, every
        self._deadly_until = time.monotonic() + deadly_for
        self._over = threading.Event()

    def run(self) -> None:
        usual = self._deck(FAULTS | (DATABASE if self._world.postgres_folder else {}))
        deadly = self._deck(DEADLY)
        try:
            while not self._over.wait(self._every * self._dice.uniform(0.7, 1.3)):
                dies = time.monotonic() < self._deadly_until and sum(self.happened.values()) % 2 == 1
                name, fault = next(deadly if dies else usual)
                self.happened[name] += 1
                fault(self._world, self._dice)
        except BaseException as error:  # told at the end: the soak without its faults would prove nothing
            self.error = error

    def _deck(self, faults: dict[str, Fault]) -> Iterator[tuple[str, Fault]]:
        """All of them in a random order, then all again in another."""
        while True:
            yield from self._dice.sample(list(faults.items()), len(faults))

    def stop(self) -> None:
        self._over.set()
        self.join()


EDIT = text("UPDATE card SET responsible = :who, proof_url = :proof, processed = true WHERE id = :id")


class People(threading.Thread):
    """Somebody takes a card now and then; what they wrote must still be there at the end."""

    def __init__(self, world: World, dice: random.Random, every: float = 2.0) -> None:
        super().__init__(daemon=True)
        self.wrote: dict[str, tuple[str, str]] = {}
        self._world, self._dice, self._every = world, dice, every
        self._over = threading.Event()

    def run(self) -> None:
        engine = self._world.engine()
        number = 0
        while not self._over.wait(self._every):
            number += 1
            values = {"who": f"Olga {number}", "proof": f"https://shop.example/proof/{number}"}
            try:
                with engine.begin() as connection:
                    free = connection.scalars(text("SELECT id FROM card WHERE responsible IS NULL LIMIT 20")).all()
                    if free:
                        values["id"] = self._dice.choice(free)
                        # Before the commit: one whose answer is lost has perhaps taken place.
                        self.wrote[values["id"]] = (values["who"], values["proof"])
                        connection.execute(EDIT, values)
            except DBAPIError:  # the database is away, or held by the daemon: a CRM would show that
                if "id" in values:
                    self._look_again(engine, values["id"])
        engine.dispose()

    def _look_again(self, engine: object, card: str) -> None:
        """Whether an edit whose commit failed took place."""
        from sqlalchemy import Engine

        assert isinstance(engine, Engine)
        while not self._over.wait(0.5):
            try:
                with engine.connect() as connection:
                    if connection.scalar(text("SELECT responsible FROM card WHERE id = :id"), {"id": card}) is None:
                        del self.wrote[card]
                    return
            except DBAPIError:
                continue
        self.wrote.pop(card, None)

    def stop(self) -> None:
        self._over.set()
        self.join()
