"""The line between the run and its keepers: small whole messages over a Unix socket."""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any

LONGEST = 1 << 17
"""Of a message, in bytes."""
LONGEST_TEXT = 8000
"""Of each text in one, in characters, of which JSON makes up to twelve bytes. What is longer stands in the record."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a line. A message arrives whole or not at all, even when its sender is killed while sending."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(line: socket.socket, **message: Any) -> None:
    """Send a message. It is dropped when the other end is gone or does not keep up: a job never waits for display."""
    with contextlib.suppress(OSError):
        line.send(_encoded(message), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def send_surely(line: socket.socket, **message: Any) -> None:
    """Send a message that must arrive, waiting for room."""
    with contextlib.suppress(OSError):
        line.send(_encoded(message), socket.MSG_NOSIGNAL)


def _encoded(message: dict[str, Any]) -> bytes:
    """The message as bytes, its texts cut so short that the whole can be received."""
    return json.dumps({name: _shortened(value) for name, value in message.items()}).encode()


def _shortened(value: Any) -> Any:
    return value[:LONGEST_TEXT] + " ..." if isinstance(value, str) and len(value) > LONGEST_TEXT else value


def receive(line: socket.socket) -> dict[str, Any] | None:
    """The next message; None when the other end is gone. Waits for one."""
    try:
        data = line.recv(LONGEST)
    except ConnectionError:
        return None
    if not data:
        return None
    message: dict[str, Any] = json.loads(data)
    return message
