"""Types of parameters that plugins share: a number outside its range is told with its place in the matrix file.

A plugin that needs another range writes its own: `Annotated[int, msgspec.Meta(ge=8, multiple_of=4)]`.
"""

from typing import Annotated

from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
"""A whole number from 1 up."""
Natural = Annotated[int, Meta(ge=0)]
"""A whole number from 0 up."""
Positive = Annotated[float, Meta(gt=0)]
"""A number above 0."""
NonNegative = Annotated[float, Meta(ge=0)]
"""A number from 0 up."""
Fraction = Annotated[float, Meta(ge=0, le=1)]
"""A number in [0, 1]."""
PositiveFraction = Annotated[float, Meta(gt=0, le=1)]
"""A number in (0, 1]."""
ProperFraction = Annotated[float, Meta(ge=0, lt=1)]
"""A number in [0, 1)."""
OpenFraction = Annotated[float, Meta(gt=0, lt=1)]
"""A number in (0, 1)."""
