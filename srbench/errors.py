"""The exception that means "a person can mend this": printed as a message, never as a traceback."""

from __future__ import annotations

import difflib
import errno
import os
import traceback
from collections.abc import Iterable, Iterator

_MACHINE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EIO: "the disk or its connection failed (input/output error)",
    errno.ESTALE: "a network file system lost a file (stale handle)",
    errno.EROFS: "the file system is read-only",
    errno.EFBIG: "a file may not become so large here (a limit of the shell or the disk)",
    errno.ENFILE: "too many files are open on this machine",  # before EMFILE, with whose words its own begin
    errno.EMFILE: "too many files are open",
}
"""Errors of files that say nothing about whoever met them."""


class SrbenchError(Exception):
    """Something is wrong outside the program: a file, a name, a setting.

    The message says what is wrong, where, and what to do. The command line prints it and exits with 2. Bytes of file
    names that are no UTF-8, which nothing can print, stand in it as codes.
    """

    def __str__(self) -> str:
        return super().__str__().encode(errors="backslashreplace").decode()

    @property
    def messages(self) -> tuple[str, ...]:
        """What is wrong, one thing each, where it is several."""
        return (str(self),)


class ParameterError(SrbenchError):
    """A parameter that is unknown, missing, or has a wrong value. `parameter` is its name."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(message)
        self.parameter = parameter


def in_words(error: BaseException) -> str:
    """What a record says of an exception: its message, after its type unless it was written for people.

    A fault of the machine is told as that.
    """
    if isinstance(error, SystemExit):
        return f"it called sys.exit({error.code!r})"
    text = machine_fault(error) or (
        str(error) if isinstance(error, SrbenchError) else f"{type(error).__name__}: {error}"
    )
    return text.encode(errors="backslashreplace").decode()


def machine_fault(error: BaseException) -> str:
    """What the machine did wrong where an exception tells of that (a full disk, say), in words; otherwise empty.

    Looked for in the exceptions that led to it, too, and in the messages of libraries that raise their own.
    """
    for one in _chain(error):
        for number, words in _MACHINE.items():
            if isinstance(one, OSError):
                if one.errno == number:
                    return words + (f": {one.filename}" if isinstance(one.filename, str) else "")
            elif not isinstance(one, SrbenchError) and os.strerror(number) in str(one):
                return words
    return ""


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


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
