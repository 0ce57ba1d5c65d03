"""Errors for people: what can always be printed, and the name that was meant."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.errors import SrbenchError, in_words, machine_fault, nearest, raised_at

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_whatever_is_said_can_be_printed(text: str) -> None:
    for error in (SrbenchError(text), ValueError(text)):
        in_words(error).encode()
    str(SrbenchError(text)).encode()


def test_a_file_name_that_is_no_text_is_told_byte_by_byte() -> None:
    name = os.fsdecode(b"M\xfcnchen.png")
    assert str(SrbenchError(f"{name} is not there")) == r"M\udcfcnchen.png is not there"
    assert str(SrbenchError("München.png")) == "München.png"


def test_only_what_was_not_written_for_people_is_told_with_its_type() -> None:
    class Ours(SrbenchError): ...

    assert in_words(Ours("it is gone")) == "it is gone"
    assert in_words(ZeroDivisionError("division by zero")) == "ZeroDivisionError: division by zero"
    assert in_words(OSError(2, "No such file", "x.png")) == "FileNotFoundError: [Errno 2] No such file: 'x.png'"


MACHINE = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EIO: "the disk or its connection failed (input/output error)",
    errno.ESTALE: "a network file system lost a file (stale handle)",
    errno.EROFS: "the file system is read-only",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open on this machine",
}


def raised(number: int, how: str) -> Exception:
    """An exception in which a fault of a file shows, in one of the ways in which libraries pass it on."""
    try:
        try:
            raise OSError(number, os.strerror(number), "/data/a.png")
        except OSError as error:
            if how == "itself":
                raise
            if how == "cause":
                raise ValueError("cannot be read") from error
            if how == "quoted":
                raise RuntimeError(f"unable to write: {error}") from None
            if how == "message only":
                one = RuntimeError(f"[enforce fail] write: {os.strerror(number)}")
                one.__context__ = None
                return one
            raise SrbenchError("cannot be read")  # noqa: B904  what was at work meanwhile counts, too
    except Exception as error:
        return error


@pytest.mark.parametrize("how", ["itself", "cause", "context", "quoted", "message only"])
@pytest.mark.parametrize("number", MACHINE)
def test_a_fault_of_the_machine_is_told_in_plain_words_wherever_it_is_found(number: int, how: str) -> None:
    error = raised(number, how)
    said = MACHINE[number] + ("" if how in ("quoted", "message only") else ": /data/a.png")
    assert machine_fault(error) == in_words(error) == said


def test_what_a_person_or_a_plugin_did_wrong_is_no_fault_of_the_machine() -> None:
    for number in (errno.ENOENT, errno.EACCES, errno.EISDIR, errno.EINVAL):
        assert machine_fault(OSError(number, os.strerror(number), "x.png")) == ""
    for error in (ValueError("no luck"), MemoryError(), OSError("sha256 differs")):
        assert machine_fault(error) == ""
    full = os.strerror(errno.ENOSPC)
    assert machine_fault(SrbenchError(f"the picture {full} is not there")) == "", "a sentence may quote a name"


def test_exceptions_that_lead_to_each_other_have_an_end() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    assert machine_fault(one) == ""


@pytest.mark.parametrize(
    ("name", "valid", "said"),
    [
        ("bicubc", ["nearest", "bicubic"], " Did you mean 'bicubic'?"),
        ("srcn", {"srcnn": 1, "edsr": 2}, " Did you mean 'srcnn'?"),
        ("x", ["psnr", "fid"], " There are: fid, psnr."),
        ("x", [], " There are none."),
        ("", [""], " Did you mean ''?"),
        ("größe", ["grösse"], " Did you mean 'grösse'?"),
    ],
)
def test_the_name_that_was_meant_or_else_all_of_them(name: str, valid: list[str], said: str) -> None:
    assert nearest(name, valid) == said
    assert nearest(name, iter(valid)) == said


def test_where_an_exception_was_raised_is_its_innermost_line() -> None:
    def inner() -> None:
        raise ValueError("no luck")

    try:
        inner()
    except ValueError as error:
        assert raised_at(error) == f"{__file__}, line {inner.__code__.co_firstlineno + 1}"
