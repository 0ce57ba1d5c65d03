"""Whether a generator gives back what it learned from: how near its images are to training images, beside real ones.

Real images that were not learned from show how near an image of this kind is to a training image anyway. Two signs
of memory are tested, since they are of two kinds: most images a little too near (the rank-sum test), and some that are
nearer than any real one (the precedence test). A few that are all but copies among hundreds escape tests of ranks, so
they are counted. By pixels smooth images are near to everything, so that nearness may mean blur; by features typical
images are near to many, so that it may mean little variety; the pictures tell.

Sources: Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other",
1947, with the normal approximation, corrected for ties and continuity; Vargha and Delaney 2000 for the size of the
effect; Nelson, "Tables for a precedence life test", 1963.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from srbench.statistics.intervals import StatsError, checked

ALPHA = 0.01
"""The level of each of the two tests."""
CLEARLY = 2 / 3
"""In how many pairs of a generated and a real image the generated one has to be the nearer one, to speak of nearness:
with many images a difference is significant long before it matters."""
COPY = 1 / 2
"""A share of the smallest distance of any real image: an image that is nearer than that is all but a copy."""
SAME_PICTURE = 1 / 255
"""The distance up to which two images are the same to the eye, whatever real ones are: of pixels, white being 1, one
step of 8 bits; of features, in standard deviations, next to nothing."""


@dataclass(frozen=True)
class Memorisation:
    """Distances of generated and of real images to their nearest training images.

    generated, real: how many. median, median_real: of the distances. nearer: of all pairs of a generated and a real
    image, the part in which the generated one is the nearer one (ties count half). p_nearer: one-sided, of the rank-sum
    test. below: generated images that are nearer than every real one; p_below: one-sided, of the precedence test.
    copies: generated images that are the same to the eye.
    """

    generated: int
    real: int
    median: float
    median_real: float
    nearer: float
    p_nearer: float
    below: int
    p_below: float
    copies: int

    @property
    def mostly_nearer(self) -> bool:
        """Whether generated images are clearly nearer than real ones."""
        return self.p_nearer <= ALPHA and self.nearer >= CLEARLY

    @property
    def some_too_near(self) -> bool:
        """Whether more of them are nearer than every real one than chance allows."""
        return self.p_below <= ALPHA

    @property
    def suspect(self) -> bool:
        """Whether there is any sign of memory."""
        return self.mostly_nearer or self.some_too_near or self.copies > 0


def compare_distances(generated: npt.ArrayLike, real: npt.ArrayLike) -> Memorisation:
    """Compare the distances of generated images `(N,)` with those of real ones `(M,)`.

    Raises StatsError where one of them is empty or holds what is no number.
    """
    from scipy.stats import mannwhitneyu  # slow to import

    made, kept = (checked(values, dimensions=1) for values in (generated, real))
    n, m = len(made), len(kept)
    if not n or not m:
        raise StatsError("There are no distances to compare.")
    # The statistic counts the pairs in which the generated image is the farther one.
    rank_sum = mannwhitneyu(made, kept, alternative="less", method="asymptotic")
    below = int((made < np.min(kept)).sum())
    # The nearest `below` of all of them are generated images.
    p_below = math.prod((n - place) / (n + m - place) for place in range(below))
    return Memorisation(
        generated=n,
        real=m,
        median=float(np.median(made)),
        median_real=float(np.median(kept)),
        nearer=(n * m - float(rank_sum.statistic)) / (n * m),
        p_nearer=float(rank_sum.pvalue),
        below=below,
        p_below=p_below,
        copies=int((made <= max(COPY * float(np.min(kept)), SAME_PICTURE)).sum()),
    )
