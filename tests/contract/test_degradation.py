"""What a degradation says of itself: its name with what is not at its default, and all its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

import srbench


@dataclass(frozen=True)
class Blur(srbench.Degradation):
    name: ClassVar[str] = "blur"
    sigma: float = 1.5
    borders: str = "repeat"

    def lr(self, hr: Any, peak: float, scale: int, rng: Any) -> Any:
        return hr[::scale, ::scale]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (Blur(), "blur"),
        (Blur(1.5), "blur"),
        (Blur(2.0), "blur(sigma=2.0)"),
        (Blur(borders="mirror"), "blur(borders=mirror)"),
        (Blur(2.0, "mirror"), "blur(sigma=2.0,borders=mirror)"),
    ],
)
def test_it_is_called_by_its_name_and_what_is_not_at_its_default(made: Blur, words: str) -> None:
    assert str(made) == made.shipped_as == words


def test_facts_are_all_parameters_whether_they_are_at_their_defaults_or_not() -> None:
    assert Blur(2.0).facts() == {"sigma": 2.0, "borders": "repeat"}
    assert Blur().facts() == {"sigma": 1.5, "borders": "repeat"}


def test_equal_parameters_are_an_equal_degradation() -> None:
    assert Blur() == Blur(1.5) != Blur(2.0)
    assert len({Blur(), Blur(1.5), Blur(2.0)}) == 2


def test_one_that_makes_no_lr_cannot_be_made() -> None:
    class Nothing(srbench.Degradation):
        name = "nothing"

    with pytest.raises(TypeError, match="abstract"):
        Nothing()  # type: ignore[abstract]
