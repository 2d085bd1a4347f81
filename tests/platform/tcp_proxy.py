"""A TCP connection to a server of this machine that can be cut in the ways in which networks cut them."""

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

#: ``refuse``: nobody listens, and what was open is reset. ``reset``: connections are taken and then reset.
#: ``swallow``: they are taken, and nothing ever comes back, as behind a firewall that has forgotten them.
Way = Literal["open", "refuse", "reset", "swallow"]
#: SO_LINGER with no time: close() sends RST.
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A port before the one of a server."""

    def __init__(self, target: int) -> None:
        self._target, self._way = target, "open"
        self._trap: tuple[bytes, int, Way, bool] | None = None
        self._lock, self._clients = threading.RLock(), list[socket.socket]()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.sprung = False
        self._listen()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def be(self, way: Way) -> None:
        """From now on, also for connections that are open."""
        with self._lock:
            before, self._way = self._way, way
            if way == "refuse":
                # a thread that waits in accept() holds the port until it is woken
                self._listener.shutdown(socket.SHUT_RDWR)
                self._listener.close()
            elif before == "refuse":
                self._listener = socket.create_server(("127.0.0.1", self.port))
                self._listen()
            if way != "swallow":
                self._cut()

    def _cut(self) -> None:
        """Reset the clients. What the server has got it may finish: its answer finds nobody."""
        for client in self._clients:
            with suppress(OSError):
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            _close(client)
        self._clients.clear()

    def close(self) -> None:
        if self._way != "refuse":
            self.be("refuse")

    def trap(self, path: bytes, way: Way, which: int = 1, once: bool = False) -> None:
        """Cut when the server has got the `which`-th request whose first line has `path`, before its answer.

        With `once` only that connection is cut, and the next one passes.
        """
        self.sprung, self._trap = False, (path, which, way, once)

    def _listen(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target))
                with self._lock:
                    self._clients.append(client)
                    if self._way == "reset":
                        self._cut()
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):  # cut
            while data := client.recv(65536):
                with self._lock:
                    if self._way == "swallow":
                        continue
                    caught = self._caught(data)
                if caught:
                    self._finish(client, server, data, caught)
                    return
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):  # cut
            while data := server.recv(65536):
                with self._lock:
                    if self._way != "swallow":
                        client.sendall(data)
        server.close()
        with self._lock:
            if self._way != "swallow":
                _close(client)

    def _caught(self, data: bytes) -> Callable[[], None] | None:
        """How to cut, where this is the beginning of the request that the trap waits for."""
        if self._trap is None or self._trap[0] not in data.split(b"\r\n", 1)[0]:
            return None
        path, which, way, once = self._trap
        if which > 1:
            self._trap = (path, which - 1, way, once)
            return None
        self._trap, self.sprung = None, True
        return self._cut if once else lambda: self.be(way)

    def _finish(
        self, client: socket.socket, server: socket.socket, data: bytes, cut: Callable[[], None]
    ) -> None:
        """Pass the whole request on, body and all, and cut before its answer."""
        while b"\r\n\r\n" not in data:
            data += client.recv(65536)
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", data)
        whole = data.index(b"\r\n\r\n") + 4 + (int(length[1]) if length else 0)
        while len(data) < whole:
            data += client.recv(65536)
        with self._lock:
            server.sendall(data)
            cut()


def _close(end: socket.socket) -> None:
    # close() alone does not wake a thread that waits in recv()
    with suppress(OSError):
        end.shutdown(socket.SHUT_RD)
    end.close()


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    made = Proxy(target)
    try:
        yield made
    finally:
        made.close()
