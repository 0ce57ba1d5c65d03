"""Equal parts of records are held once, and are what they were."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.results.shared import Shared

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
DATA = st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12)


def copy_of(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


@given(DATA)
def test_what_is_given_is_equal_in_every_digit(value: Any) -> None:
    shared = Shared()
    shared.of({"one": 1, "true": True, "zero": 0.0, "minus": -0.0})  # equal to others in Python, and not in JSON
    assert msgspec.json.encode(shared.of(copy_of(value))) == msgspec.json.encode(value)


@given(st.dictionaries(st.text(), DATA))
def test_what_is_equal_is_the_same(value: dict[str, Any]) -> None:
    shared = Shared()
    first = shared.of({"a": copy_of(value)})
    assert shared.of([copy_of(value)])[0] is first["a"]
