"""One of several named things: by its name alone, or with its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from srbench.errors import ParameterError, SrbenchError
from srbench.registry.choices import chosen


@dataclass(frozen=True)
class Flat:
    pass


@dataclass(frozen=True)
class Steep:
    by: float = 2.0
    at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.by < 0:
            raise SrbenchError("by: it should not fall")


KINDS = {"flat": Flat, "steep": Steep}


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("flat", Flat()),
        ("steep", Steep()),
        ({"steep": {}}, Steep()),
        ({"steep": {"by": 3, "at": [1, 2]}}, Steep(3.0, (1, 2))),
    ],
)
def test_a_name_alone_or_with_parameters(value: Any, made: object) -> None:
    assert chosen("way", value, KINDS) == made


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("step", "way: unknown value 'step'. Did you mean 'steep'?"),
        ({"stee": {}}, "way: unknown value 'stee'. Did you mean 'steep'?"),
        ({"steep": {"bye": 1}}, "way: steep: unknown parameter 'bye'. Did you mean 'by'?"),
        ({"steep": {"by": "x"}}, "way: steep: by: expected a number, got text"),
        ({"steep": {"by": -1}}, "way: steep: by: it should not fall"),
        ({"flat": {"by": 1}}, "way: flat: unknown parameter 'by'. There are none."),
        ({}, "way: expected one name, `NAME` or `{NAME: {sizes}}`; found 0"),
        ({"flat": {}, "steep": {}}, "way: expected one name, `NAME` or `{NAME: {sizes}}`; found 2"),
    ],
)
def test_what_is_wrong_is_told_with_the_parameter(value: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        chosen("way", value, KINDS)
    assert str(caught.value) == message and caught.value.parameter == "way"
