"""Tables for people, JSON for programs, and nothing in either that a terminal obeys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from srbench.cli.output import print_json, print_rows


def test_columns_are_aligned_and_the_last_is_not_padded(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"name": "a", "size": 12345}, {"name": "longer", "size": None}], as_json=False)
    assert capsys.readouterr().out == "name    size\na       12345\nlonger  -\n"


def test_no_rows_are_told_to_people_and_are_a_list_to_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([], as_json=False)
    print_rows([], as_json=True)
    assert capsys.readouterr().out == "none\n[]\n"


def test_a_text_of_several_lines_stays_in_its_row(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([{"why": "one\n\ttwo  three"}], as_json=False)
    assert capsys.readouterr().out == "why\none two three\n"


def test_json_has_text_for_what_it_has_no_word_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"path": Path("a/ü"), "none": None, "number": 1.5})
    out = capsys.readouterr().out
    assert json.loads(out) == {"path": "a/ü", "none": None, "number": 1.5}
    assert "ü" in out  # readable as it stands


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("code", ["\x1b[2J", "\x07", "\x9b", "\u202e"])
def test_nothing_reaches_the_terminal_that_it_would_obey(
    code: str, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    print_rows([{"text": f"a{code}b", "nested": {code: [code]}}], as_json)
    out = capsys.readouterr().out
    assert code not in out and code[0] not in out and "a" in out and "b" in out
