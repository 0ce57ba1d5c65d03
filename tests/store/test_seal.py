"""A seal tells what was written from what was changed since, whichever bit it is."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.store.seal import SEAL, UNREADABLE, sealed, unsealed

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text("abc", max_size=2), parts, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text("abc", min_size=1, max_size=3), PLAIN, min_size=1, max_size=3)


@given(OBJECTS)
def test_what_was_sealed_is_given_back_and_any_reader_of_json_can_read_it(content: dict[str, Any]) -> None:
    data = sealed(msgspec.json.encode(content))
    opened = unsealed(data)
    assert opened is not None and json.loads(opened) == content
    read = json.loads(data)
    seal = read.pop(SEAL)
    assert read == content
    assert seal == hashlib.sha256(data[data.index(seal.encode()) + len(seal) + 2 :]).hexdigest()


def test_every_flipped_bit_breaks_it_or_takes_it_off() -> None:
    data = sealed(b'{"key":"ab","n":[1,2.5]}')
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        content = unsealed(bytes(changed))
        strange = {"no JSON"} if content is None else _members(content) - {"key", "n", SEAL}
        assert strange, changed


def _members(content: bytes) -> set[str]:
    try:
        return set(msgspec.json.decode(content, type=dict[str, Any]))
    except UNREADABLE:
        return {"no JSON"}


def test_what_was_never_sealed_is_taken_as_it_is() -> None:
    for data in (b'{"key": "ab"}', b"", b"no JSON"):
        assert unsealed(data) == data


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b'"\xed\xa0\x80"', b"", b"{"])
def test_what_is_no_json_raises_one_of_what_is_said(content: bytes) -> None:
    with pytest.raises(UNREADABLE):
        msgspec.json.decode(content)
