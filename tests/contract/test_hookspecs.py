"""The hooks reference: every hook, with its arguments, is in docs/hooks.md, and nothing else is."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from srbench.contract import hookspecs

REFERENCE = (Path(__file__).parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")
HOOKS = {name: value for name, value in vars(hookspecs).items() if name.startswith("srbench_")}
ROWS = {
    match[1]: re.findall(r"`(\w+)`", match[2])
    for match in re.finditer(r"^\| `(srbench_\w+)` \| ([^|]*) \|", REFERENCE, re.MULTILINE)
}


def test_the_reference_lists_the_hooks_that_there_are() -> None:
    assert list(ROWS) == list(HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_the_arguments_of_a_hook_are_documented(name: str) -> None:
    assert ROWS[name] == list(inspect.signature(HOOKS[name]).parameters)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_says_in_one_line_what_it_is(name: str) -> None:
    assert HOOKS[name].__doc__.splitlines()[0].endswith(".")
