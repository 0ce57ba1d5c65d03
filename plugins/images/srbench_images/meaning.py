"""What the numbers of a folder's pictures mean: black and white, the curve between, the window, the unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from srbench import DatasetError, Values
from srbench.pictures import Curve

from .gathering import Found
from .naming import NamelessError
from .treatment import Levels, Treatment, levels, with_curve

Span = tuple[float, float]
Normalise = Literal["none", "image", "percentile"]


@dataclass(frozen=True)
class Meaning:
    """Which values mean black and white; fields are the parameters of `folder`.

    treatment: what is done to pictures before. Raises `DatasetError` for parameters that do not go together.
    """

    peak: float | None
    range: Span | None
    normalise: Normalise
    curve: Curve
    knee: float | None
    pivot: float | None
    window: Span | None
    unit: str
    treatment: Treatment

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.peak is not None and self.range is not None:
            raise DatasetError("`peak` is the short form of a `range` from 0: give one of the two")
        if self.normalise != "none" and (self.peak is not None or self.range is not None):
            raise DatasetError("with `normalise`, each image has its own black and white: leave `range` and `peak` out")

    @property
    def cut_off(self) -> bool:
        """Whether what is beyond black and white is cut off there."""
        return self.range is not None or self.normalise == "percentile"

    def of(self, one: Found, backgrounds: Callable[[], list[Levels]]) -> Values | None:
        """The values of a picture; None where they are those of its type.

        backgrounds: the levels of all pictures of the set, which a curve is fitted to.
        """
        told = one.frame.values if one.frame is not None else None
        unit = self.unit or (told.unit if told is not None else "")
        window = self.window or (told.window if told is not None else None)
        declared = self.range if self.peak is None else (0.0, self.peak)
        if self.normalise != "none":
            own = levels(self.treatment.of(one.picture, None, clipped=False))
            ends = (own.low, own.high) if self.normalise == "image" else (own.lowest, own.highest)
            if ends[0] == ends[1]:
                raise DatasetError(f"{one.path}: has the same value everywhere, so there is nothing to normalise")
            made = Values(*ends, unit=unit, window=window)
        elif declared is not None:
            made = Values(*declared, unit=unit, window=window)
        elif told is not None:
            made = replace(told, window=window)
        elif one.frame is not None:
            own = levels(one.picture)
            raise NamelessError(
                f"no header says which values mean black and white, and those of one picture are {own.low:g} to "
                f"{own.high:g}; give `range: [black, white]`, or `normalise: image`"
            )
        elif window is None and self.curve == "linear":
            return None
        else:
            raise NamelessError("`curve` and `window` need a `range`: [black, white]")
        return made if self.curve == "linear" else with_curve(made, backgrounds(), self.knee, self.pivot)
