"""Types and faults in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from srbench.registry.type_words import Choices, given_whole, readable, type_name


class Recipe(msgspec.Struct, forbid_unknown_fields=True):
    weight: float = 1.0
    kind: Literal["plain", "relativistic"] = "plain"
    layers: dict[Literal["conv1", "conv2"], float] = {}


NAMED = Annotated[str | dict[str, Any], Choices({"a": int, "b": str})]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        (int, "int"),
        (float | None, "float | None"),
        (Literal["y", "rgb"], "'y' | 'rgb'"),
        (Literal["a"] | int | None, "'a' | int | None"),
        (Annotated[int, Meta(ge=1)], "int >= 1"),
        (Annotated[float, Meta(gt=0, le=1)], "float > 0, <= 1"),
        (Annotated[int, "a note"], "int"),
        (tuple[int, ...], "tuple[int, ...]"),
        (dict[str, list[float]], "dict[str, list[float]]"),
        (Path, "Path"),
        (Path | None, "Path | None"),
        (Any, "any"),
        (NAMED, "'a' | 'b'"),
        (tuple[NAMED, ...] | None, "tuple['a' | 'b', ...] | None"),
    ],
)
def test_types_in_words(annotation: object, words: str) -> None:
    assert type_name(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (int | None, "x", "expected a whole number or nothing, got text"),
        (dict[str, int], {"a": 1.5}, "expected a whole number, got a number (at [...])"),
        (tuple[Literal["y", "rgb"], ...], ["r"], "unknown value 'r' (at [0]). There are: rgb, y."),
        (Literal["y", "rgb"], "x", "unknown value 'x'. There are: rgb, y."),
        (Recipe | None, {"wieght": 1}, "unknown key 'wieght'. Did you mean 'weight'?"),
        (Recipe | None, {"weight": "x"}, "expected a number, got text (at weight)"),
        (Recipe | None, {"kind": "plian"}, "unknown value 'plian' (at kind). Did you mean 'plain'?"),
        (Recipe, {"layers": {"conf1": 1}}, "unknown value 'conf1' (at key in layers). Did you mean 'conv1'?"),
        (list[Recipe], [{}, {"layers": {"conv1": "x"}}], "expected a number, got text (at [1].layers[...])"),
        (tuple[Annotated[Recipe, "note"], ...], [{"knd": "plain"}], "unknown key 'knd' (at [0]). Did you mean 'kind'?"),
    ],
)
def test_faults_in_words(annotation: Any, value: object, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, annotation)
    assert readable(str(caught.value), annotation, value) == words


def test_what_is_one_of_several_named_things_is_given_whole() -> None:
    assert given_whole(NAMED) and given_whole(NAMED | None) and given_whole(tuple[NAMED, ...])
    assert not given_whole(dict[str, int]) and not given_whole(int)
