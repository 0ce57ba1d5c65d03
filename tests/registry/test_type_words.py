"""Types and faults in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from srbench.registry.type_words import readable, type_name


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
    ],
)
def test_types_in_words(annotation: object, words: str) -> None:
    assert type_name(annotation) == words


@pytest.mark.parametrize(
    ("annotation", "value", "words"),
    [
        (int | None, "x", "expected a whole number or nothing, got text"),
        (dict[str, int], {"a": 1.5}, "expected a whole number, got a number (at [...])"),
        (tuple[Literal["y", "rgb"], ...], ["r"], "invalid enum value 'r' (at [0])"),
        (Literal["y", "rgb"], "x", "unknown value 'x'. There are: rgb, y."),
    ],
)
def test_faults_in_words(annotation: Any, value: object, words: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(value, annotation)
    assert readable(str(caught.value), annotation, value) == words
