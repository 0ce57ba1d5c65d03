"""What records have in common is held once, and is what it was."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from srbench.store.shared import Shared

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | NUMBERS | st.text()
DATA = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


def copy_of(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@given(st.lists(DATA))
def test_what_is_given_is_equal_in_every_digit_and_the_same_for_equals(values: list[Any]) -> None:
    shared = Shared()
    for value in [1, True, 0.0, -0.0, *values]:  # some of them are equal in Python, and not in JSON
        given = shared.of(copy_of(value))
        assert msgspec.json.encode(given) == msgspec.json.encode(value)
        assert shared.of(copy_of(value)) is given


def test_equal_data_are_made_into_something_once() -> None:
    met: list[Any] = []
    shared = Shared(lambda value: met.append(value) or len(met))
    assert [shared.of(value) for value in ({"a": 1}, {"b": 1}, {"a": 1})] == [1, 2, 1]
    assert met == [{"a": 1}, {"b": 1}]
