"""Keys: equal ingredients have equal keys, and nothing else has."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.store.cell import Cell, Fixed, begun_with, digest, earlier_models, gone_on_from

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=8), inside, max_size=4),
    max_leaves=12,
)


def reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: reordered(value[key]) for key in reversed(value)}
    return [reordered(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("value", "canonical"),
    [
        ({}, b"{}"),
        ({"b": 1, "a": [1, 2.0, None, True]}, b'{"a":[1,2.0,null,true],"b":1}'),
        ({"lr": 1e-4}, b'{"lr":0.0001}'),
        ({"lr": 1e-7}, b'{"lr":1e-07}'),
        (0.1 + 0.2, b"0.30000000000000004"),
        ("é\U0001f600\n", b'"\\u00e9\\ud83d\\ude00\\n"'),
    ],
)
def test_a_key_is_the_sha256_of_this_text(value: Any, canonical: bytes) -> None:
    """Written out by hand: a change of this text would orphan every store."""
    assert digest(value) == hashlib.sha256(canonical).hexdigest()


@given(JSON)
def test_the_order_of_keys_does_not_matter(value: Any) -> None:
    assert digest(reordered(value)) == digest(value)


@given(JSON)
def test_a_digest_survives_being_written_and_read(value: Any) -> None:
    assert digest(json.loads(json.dumps(value, ensure_ascii=False))) == digest(value)


@given(JSON, JSON)
def test_different_values_have_different_digests(one: Any, other: Any) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (digest(one) == digest(other)) == same


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, None), ("1", 1), ([], {}), ([1, 2], [2, 1]), ("é", "e\u0301"), (0.0, -0.0)],
)
def test_values_that_look_alike_have_different_digests(one: object, other: object) -> None:
    assert digest({"a": one}) != digest({"a": other})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_json_number_has_no_digest(value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest({"a": value})


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
def test_what_is_no_json_has_no_digest(value: object) -> None:
    with pytest.raises(TypeError):
        digest({"a": value})


def test_a_digest_is_the_same_in_another_process() -> None:
    value = {"b": [1, 2.5, "é"], "a": {"z": None, "y": 1e300}}
    code = f"from srbench.store.cell import digest; print(digest({value!r}))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert runs == [digest(value)] * 2


def cell(trained_on: str | None = "t91", seed: int | None = 0, **ingredients: Any) -> Cell:
    return Cell("set5", "x4-y", "srcnn", trained_on, seed, ingredients)


@pytest.mark.parametrize(
    ("trained_on", "seed", "label"),
    [
        ("t91", 0, "set5/x4-y/srcnn/t91/0"),
        ("t91", None, "set5/x4-y/srcnn/t91"),
        (None, 0, "set5/x4-y/srcnn/0"),
        (None, None, "set5/x4-y/srcnn"),
    ],
)
def test_a_label_leaves_out_what_the_cell_does_not_have(trained_on: str | None, seed: int | None, label: str) -> None:
    assert cell(trained_on, seed).label == label


def test_the_coordinates_are_named() -> None:
    assert cell().point() == {
        "dataset": "set5",
        "protocol": "x4-y",
        "method": "srcnn",
        "trained_on": "t91",
        "seed": 0,
    }


def test_a_key_depends_on_the_ingredients_and_not_on_the_names() -> None:
    one = Cell("a", "b", "c", None, None, {"x": 1})
    assert one.key == cell(x=1).key == digest({"x": 1})
    assert cell(x=2).key != one.key


def test_cells_at_one_point_are_equal_and_can_be_counted() -> None:
    assert cell(x=1) == cell(x=2)
    assert len({cell(x=1), cell(x=2), cell(seed=1)}) == 2


def fixed(value: Any) -> Any:
    """With every dictionary among ingredients that do not change any more."""
    if isinstance(value, dict):
        return Fixed({key: fixed(part) for key, part in value.items()})
    return value


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_what_does_not_change_any_more_has_the_same_key(ingredients: dict[str, Any]) -> None:
    partly = {name: fixed(part) for name, part in reordered(ingredients).items()}
    assert digest(partly) == digest(fixed(ingredients)) == digest(ingredients)


EARLIER = {"model": "b", "budget": {"steps": 20000.0}, "from": {"model": "a", "budget": {"steps": 1e4}}}


@pytest.mark.parametrize(
    ("ingredients", "words", "models"),
    [
        ({}, "", []),
        ({"from": {"model": "a", "budget": {"epochs": 2.5}}}, "2.5 epochs", ["a"]),
        ({"budget": {"steps": 4e4}, "from": EARLIER}, "20,000 steps, gone on from 10,000 steps", ["b", "a"]),
    ],
)
def test_what_a_training_went_on_from_is_in_its_ingredients(
    ingredients: dict[str, Any], words: str, models: list[str]
) -> None:
    assert (gone_on_from(ingredients), list(earlier_models(ingredients))) == (words, models)


@pytest.mark.parametrize(
    ("ingredients", "words", "models"),
    [
        ({}, "", []),
        ({"from": EARLIER["from"]}, "went on from 10,000 steps", ["a"]),
        ({"start": {"sha256": "0123456789abcdef"}}, "started from the weights in a file (sha256 0123456789ab)", []),
        ({"start": {"model": "c", "budget": {"steps": 300}}}, "started from a model trained for 300 steps", ["c"]),
        (
            {"start": EARLIER},
            "started from a model trained for 20,000 steps, gone on from 10,000 steps",
            ["b", "a"],
        ),
        (
            {"start": {"model": "c", "budget": {"epochs": 2}, "start": {"model": "d", "budget": {"steps": 1}}}},
            "started from a model trained for 2 epochs, which started from a model trained for 1 steps",
            ["c", "d"],
        ),
        (
            {"from": EARLIER["from"], "start": {"model": "c", "budget": {"steps": 300}}},
            "went on from 10,000 steps; started from a model trained for 300 steps",
            ["a", "c"],
        ),
    ],
)
def test_what_a_training_began_with_is_in_its_ingredients(
    ingredients: dict[str, Any], words: str, models: list[str]
) -> None:
    assert (begun_with(ingredients), list(earlier_models(ingredients))) == (words, models)
