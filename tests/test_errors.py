"""Errors for people: what can always be printed, and the name that was meant."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.errors import SrbenchError, in_words, nearest, raised_at

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
