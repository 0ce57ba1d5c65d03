"""Without a network: every way to one is closed inside, and open again behind."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from srbench.weights.offline import no_network


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[:2]


def test_no_connection_can_be_made_inside(address: tuple[str, int]) -> None:
    with socket.socket() as plain, no_network():
        for call in (
            lambda: plain.connect(address),
            lambda: plain.connect_ex(address),
            lambda: socket.create_connection(address),
            lambda: socket.getaddrinfo("localhost", 80),
        ):
            with pytest.raises(OSError, match="the network may not be used here"):
                call()
        with pytest.raises(urllib.error.URLError, match="the network may not be used here"):
            urllib.request.urlopen(f"http://{address[0]}:{address[1]}")


def test_behind_it_all_is_as_before_even_after_an_error(address: tuple[str, int]) -> None:
    before = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo
    with pytest.raises(ZeroDivisionError), no_network(), no_network():
        raise ZeroDivisionError
    assert (socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo) == before
    socket.create_connection(address, timeout=10).close()
