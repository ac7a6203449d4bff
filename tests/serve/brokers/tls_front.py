"""TLS in front of a server that has none: the broker of the tests cannot be given a key."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class TlsFront:
    """Takes TLS lines at ``port`` and passes what they say on to ``behind``."""

    def __init__(self, certificate: Path, behind: int, port: int) -> None:
        self.behind, self.port = behind, port
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        self._listening = socket.create_server(("127.0.0.1", self.port))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._take)]
        self._threads[0].start()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self._listening.accept()
                self._open.append(plain)
                try:
                    line = self._context.wrap_socket(plain, server_side=True)
                except OSError:
                    plain.close()
                    continue
                self._open.append(line)
                other = socket.create_connection(("127.0.0.1", self.behind))
                self._open.append(other)
                for a, b in ((line, other), (other, line)):
                    self._threads.append(threading.Thread(target=_pass_on, args=(a, b)))
                    self._threads[-1].start()

    def close(self) -> None:
        """End every line."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(20)
        for one in self._open:
            one.close()


def _pass_on(a: socket.socket, b: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := a.recv(1 << 16):
            b.sendall(content)
    for one in (a, b):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
