"""A TCP proxy that hurts connections at a chosen byte, in either direction. TLS passes through as any other bytes."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["rst", "fin", "stall", "drip", "corrupt"]
Direction = Literal["up", "down"]

DRIP_SECONDS = 0.05
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Fault(NamedTuple):
    """What happens to a connection after `at` bytes to the server (up) or to the client (down)."""

    kind: Kind
    direction: Direction
    at: int


class Proxy:
    """Passes connections on to a loopback port; `fault` is for those that come after it was set."""

    def __init__(self, target: int, listener: socket.socket) -> None:
        self.port: int = listener.getsockname()[1]
        self.fault: Fault | None = None
        self.struck = 0
        """Connections that met their fault."""
        self.open = self.most_open = self.taken = 0
        self.passed: dict[Direction, int] = {"up": 0, "down": 0}
        """Bytes of the last connection."""
        self._target = target
        self._listener = listener
        self._lock = threading.Lock()
        self._frozen: set[tuple[socket.socket, socket.socket]] = set()
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._closed = threading.Event()
        self.threads: list[threading.Thread] = []

    def freeze(self) -> None:
        """Every connection that is open now goes on without a byte: what a middlebox does that forgot it."""
        with self._lock:
            self._frozen |= self._pairs

    def accept(self) -> None:
        with contextlib.suppress(OSError):  # the listener was shut down
            while True:
                client, _ = self._listener.accept()
                self.threads.append(threading.Thread(target=self._serve, args=(client, self.fault)))
                self.threads[-1].start()

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            for pair in self._pairs:
                _shut(pair)

    def _serve(self, client: socket.socket, fault: Fault | None) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server:
            pair = (client, server)
            with self._lock:
                self._pairs.add(pair)
                self.taken += 1
                self.open += 1
                self.most_open = max(self.most_open, self.open)
                self.passed = {"up": 0, "down": 0}
            down = threading.Thread(target=self._pump, args=(pair, server, client, "down", fault))
            down.start()
            self._pump(pair, client, server, "up", fault)
            down.join()
            with self._lock:
                self._pairs.discard(pair)
                self.open -= 1

    def _pump(
        self,
        pair: tuple[socket.socket, socket.socket],
        source: socket.socket,
        sink: socket.socket,
        direction: Direction,
        fault: Fault | None,
    ) -> None:
        left = fault.at if fault and fault.direction == direction else None
        with contextlib.suppress(OSError):  # the other side is gone
            while data := source.recv(65536):
                if pair in self._frozen:
                    continue
                if fault and left is not None and len(data) > left:
                    sink.sendall(data[:left])
                    self.struck += 1
                    self._strike(fault.kind, pair, sink, data[left:])
                    left = None
                    continue
                sink.sendall(data)
                self.passed[direction] += len(data)
                left = None if left is None else left - len(data)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _strike(self, kind: Kind, pair: tuple[socket.socket, socket.socket], sink: socket.socket, rest: bytes) -> None:
        if kind == "rst":
            for one in pair:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                one.shutdown(socket.SHUT_RD)  # wakes whoever reads; the reset goes out when it is closed
            raise ConnectionResetError
        if kind == "fin":
            _shut(pair)
        elif kind == "stall":
            self._frozen.add(pair)
        elif kind == "drip":
            for byte in rest:
                sink.sendall(bytes([byte]))
                self._closed.wait(DRIP_SECONDS)
        else:
            sink.sendall(bytes([rest[0] ^ 1]) + rest[1:])


def _shut(pair: tuple[socket.socket, socket.socket]) -> None:
    for one in pair:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def between(target: int) -> Iterator[Proxy]:
    """A proxy before the loopback port `target`; its connections end with it."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        proxy = Proxy(target, listener)
        proxy.threads.append(threading.Thread(target=proxy.accept))
        proxy.threads[0].start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            proxy.close()
            for thread in proxy.threads:
                thread.join(10)
