"""Run something as on a machine that has no network."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def no_network() -> Iterator[None]:
    """Every connection of this process is refused with an `OSError`."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise OSError("the network may not be used here")

    names = ("connect", "connect_ex")
    kept = {name: getattr(socket.socket, name) for name in names}
    resolver = socket.getaddrinfo
    try:
        for name in names:
            setattr(socket.socket, name, refuse)
        socket.getaddrinfo = refuse
        yield
    finally:
        for name, function in kept.items():
            setattr(socket.socket, name, function)
        socket.getaddrinfo = resolver
