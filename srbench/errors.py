"""The one exception that means "a person can mend this": printed as a message, never as a traceback."""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable


class SrbenchError(Exception):
    """Something is wrong outside the program: a file, a name, a setting.

    The message says what is wrong, where, and what to do. The command line prints it and exits with 2. Bytes of file
    names that are no UTF-8, which nothing can print, stand in it as codes.
    """

    def __str__(self) -> str:
        return super().__str__().encode(errors="backslashreplace").decode()


def in_words(error: Exception) -> str:
    """What a record says of an exception: its message, after its type unless it was written for people."""
    text = str(error) if isinstance(error, SrbenchError) else f"{type(error).__name__}: {error}"
    return text.encode(errors="backslashreplace").decode()


def raised_at(error: BaseException) -> str:
    """Where an exception that was caught was raised: `FILE, line N`."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{last.filename}, line {last.lineno}"


def nearest(name: str, valid: Iterable[str]) -> str:
    """Return `" Did you mean 'x'?"` when a valid name resembles `name`, otherwise the list of valid names."""
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f" Did you mean {close[0]!r}?"
    if not names:
        return " There are none."
    return f" There are: {', '.join(names)}."
