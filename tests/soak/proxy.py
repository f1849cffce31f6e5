"""A TCP proxy on the way to the mail server that can be told to misbehave for a while."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(eq=False)
class _Pair:
    """The two connections of one client. `cut`: both end with RST as soon as nobody reads from them."""

    client: socket.socket
    server: socket.socket
    cut: bool = False

    def ends(self) -> tuple[socket.socket, socket.socket]:
        return self.client, self.server


class Proxy:
    """Forwards connections on `port` to `target`. `break_all` does something to all that are open."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        self._pairs: set[_Pair] = set()
        self._lock = threading.Lock()
        self._flows = threading.Event()
        self._flows.set()
        self._refuses = False
        self._closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def break_all(self, how: str) -> int:
        """`rst` or `fin` every open connection; gives their number."""
        with self._lock:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut = how == "rst"
            for end in pair.ends():
                with contextlib.suppress(OSError):
                    if pair.cut:  # closed while a thread reads from it, it would send nothing: wake that one first
                        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    end.shutdown(socket.SHUT_RD if pair.cut else socket.SHUT_RDWR)
        return len(pairs)

    @contextlib.contextmanager
    def stalled(self) -> Iterator[None]:
        """Nothing is forwarded, and nothing closed: the network has gone away without a word."""
        self._flows.clear()
        try:
            yield
        finally:
            self._flows.set()
            self.break_all("rst")

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """New connections are closed at once."""
        self._refuses = True
        try:
            yield
        finally:
            self._refuses = False

    def close(self) -> None:
        """Forward nothing any more."""
        self._closed = True
        self._listener.close()
        self.break_all("rst")

    def _accept(self) -> None:
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._refuses:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._target, 10)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = _Pair(client, server)
        with self._lock:
            self._pairs.add(pair)
        back = threading.Thread(target=self._pump, args=(pair, server, client), daemon=True)
        back.start()
        self._pump(pair, client, server)
        back.join()
        with self._lock:
            self._pairs.discard(pair)
        for end in pair.ends():
            end.close()

    def _pump(self, pair: _Pair, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                self._flows.wait()
                sink.sendall(data)
        for end in pair.ends() if not pair.cut else ():
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
