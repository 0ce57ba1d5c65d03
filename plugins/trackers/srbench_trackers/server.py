"""Servers that do not answer: told once, soon, with their address, and without anybody's password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import srbench

SECONDS = 15
"""How long a server may take to answer."""
_LONGEST = 300


@contextmanager
def reached(what: str, uri: str) -> Iterator[None]:
    """Inside, a server is talked to; what goes wrong is told in words. Raises `SrbenchError`.

    what: of which sort it is.
    """
    try:
        yield
    except Exception as error:  # whatever the server's own client makes of it
        first, last = str(error).strip().partition("\n")[0], _root(error)
        lost = isinstance(last, TimeoutError) or (isinstance(last, OSError) and last.errno is not None)
        silent = lost or "timed out" in first.lower()
        words = f"{'does not answer' if silent else 'refuses'}: {last if lost else first}"
        secret = urlsplit(uri).netloc.rpartition("@")[0]
        words = words.replace(f"{secret}@", "") if secret else words
        raise srbench.SrbenchError(f"the {what} server {address(uri)} {words[:_LONGEST]}") from error


def address(uri: str) -> str:
    """Where a server is, without a user's name and password."""
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _root(error: BaseException) -> BaseException:
    """The exception that led to all others."""
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error
