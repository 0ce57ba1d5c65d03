"""Whether a difference between two methods depends on the kind of image: a test of its interaction with subgroups.

Sources: Kruskal and Wallis, "Use of ranks in one-criterion variance analysis", JASA 1952; Welch, "On the comparison of
several mean values: an alternative approach", Biometrika 1951.
"""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from srbench.statistics.bootstrap import Array
from srbench.statistics.intervals import StatsError, checked, codes

_DIGITS = 10  # relative; differences that agree so far share a rank


def heterogeneity(gaps: npt.ArrayLike, subgroups: Sequence[Hashable]) -> float:
    """The p of the test that paired differences `(units,)` are alike in all subgroups.

    subgroups: the one that each unit is in. The larger p of two tests: that of Kruskal and Wallis, by ranks, in which
    an infinite difference is the largest there is, and Welch's F of the means, by finite differences, which does not
    take another spread for another mean. 1 where all differences are equal. Raises `StatsError` for fewer than two
    subgroups, or one of fewer than two units.
    """
    values = checked(gaps, dimensions=1)
    code = codes(subgroups, len(values))
    parts = [values[code == number] for number in range(int(code.max(initial=-1)) + 1)]
    if len(parts) < 2 or min(map(len, parts)) < 2:
        raise StatsError("Differences are compared between two subgroups or more, of two units or more each.")
    largest = np.max(np.abs(values), initial=0.0, where=np.isfinite(values)) or 1.0
    ranked = np.round(values / largest, _DIGITS)
    if (ranked == ranked[0]).all():
        return 1.0
    from scipy.stats import kruskal  # slow to import

    by_rank = float(kruskal(*(ranked[code == number] for number in range(len(parts)))).pvalue)
    finite = [part[np.isfinite(part)] for part in parts]
    return by_rank if min(map(len, finite)) < 2 else max(by_rank, _welch(finite))


def _welch(parts: Sequence[Array]) -> float:
    """The p of Welch's F; of the usual F where a subgroup has no spread at all."""
    from scipy.stats import f_oneway

    spreads = [bool(np.ptp(part)) for part in parts]
    if not any(spreads):
        return 1.0 if len({float(part[0]) for part in parts}) == 1 else 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a subgroup without spread
        return float(f_oneway(*parts, equal_var=not all(spreads)).pvalue)
