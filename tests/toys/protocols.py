"""Right protocols, and for each check of protocols that a value can break a wrong one that breaks only its promise."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from toys.degradations import (
    AsBrightAsTheFirst,
    GloballyRandom,
    HidesItsParameter,
    KeepsHrSize,
    Mean,
    Noisy,
    OtherName,
)

import srbench


@dataclass(frozen=True)
class OnTwoLines(Mean):
    def __str__(self):
        return "mean\nof blocks"


@dataclass(frozen=True)
class TakesAFraction(Mean):
    share: Fraction = Fraction(1, 3)


@dataclass(frozen=True)
class TellsWhichItIs(Mean):
    def facts(self):
        return {"which": id(self)}


OF_Y = srbench.Protocol("toy", 3, "y", border=3, degradation=Mean())
OF_COLOUR = srbench.Protocol("toy", 4, degradation=Noisy(0.02), seed=7)
GENERATION = srbench.Protocol("toy", 1, task="generation", size=48, framing="tiles")

MISNAMED = srbench.Protocol("another", 4)
NO_SCALE = srbench.Protocol("toy", 0)
HALF_A_SCALE = srbench.Protocol("toy", 2.5)
UNKNOWN_CHANNEL = srbench.Protocol("toy", 4, "luma")
NEGATIVE_BORDER = srbench.Protocol("toy", 4, border=-1)
NO_SIZE = srbench.Protocol("toy", 1, task="generation", size=0)
ON_TWO_LINES = srbench.Protocol("toy", 4, degradation=OnTwoLines())
FACTS_OUTSIDE_JSON = srbench.Protocol("toy", 4, degradation=TakesAFraction())
FACTS_OF_ITS_OWN = srbench.Protocol("toy", 4, degradation=TellsWhichItIs())
HIDES_A_PARAMETER = srbench.Protocol("toy", 4, degradation=HidesItsParameter(0.5))
DEGRADATION_OF_NOBODY = srbench.Protocol("toy", 4, degradation=OtherName())
KEEPS_HR_SIZE = srbench.Protocol("toy", 4, degradation=KeepsHrSize())
GLOBALLY_RANDOM = srbench.Protocol("toy", 4, degradation=GloballyRandom())
AS_BRIGHT_AS_THE_FIRST = srbench.Protocol("toy", 4, degradation=AsBrightAsTheFirst())
