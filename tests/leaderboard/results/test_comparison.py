"""Two ways to judge: images are paired and tested, sets are compared by seed and not tested where seeds are few."""

from __future__ import annotations

import numpy as np
from scipy import stats

from srbench.leaderboard.results.comparison import ByImage, BySeed, Cells
from srbench.leaderboard.results.results import Entrant, Result
from srbench.statistics.intervals import FEW_SEEDS

from ..toyboard import Made, results_of


def cells_of(*made: Made) -> Cells:
    found: dict[Entrant, list[Result]] = {}
    for result in results_of(made).all:
        found.setdefault(result.entrant, []).append(result)
    return found


def sets(method: str, *values: float) -> list[Made]:
    return [
        Made("d", method, {"fid": {None: value}}, trained_on="t", seed=seed)  # type: ignore[dict-item]
        for seed, value in enumerate(values)
    ]


def test_images_are_paired() -> None:
    judging = ByImage()
    hard = np.random.default_rng(0).normal(28, 5, 15)  # images differ far more than methods do
    cells = cells_of(
        *(
            Made("d", name, {"psnr": {str(place): float(one + by) for place, one in enumerate(hard)}})
            for name, by in (("a", 0.0), ("b", 0.1))
        )
    )
    scores = judging.scores(cells, "psnr", ["d"])
    assert scores is not None
    assert judging.compare(scores, True).better.tolist() == [[False, False], [True, False]]
    assert judging.compare(scores, False).better.tolist() == [[False, True], [False, False]]
    assert not judging.is_order_alone(1)


def test_sets_are_compared_as_welch_does() -> None:
    judging = BySeed()
    groups = {"a": (10.0, 11.0, 12.0, 11.5, 10.5), "b": (12.4, 14.0, 13.0, 13.5, 12.9)}
    cells = cells_of(*(made for name, values in groups.items() for made in sets(name, *values)))
    scores = judging.scores(cells, "fid", ["d"])
    assert scores is not None
    assert [scores.of(entrant).tolist() for entrant in scores.entrants] == [list(values) for values in groups.values()]
    p = stats.ttest_ind(groups["a"], groups["b"], equal_var=False).pvalue
    assert p < 0.05
    assert judging.compare(scores, higher_is_better=False).better.tolist() == [[False, True], [False, False]]


def test_few_seeds_make_an_order_and_no_test() -> None:
    judging = BySeed()
    assert [judging.is_order_alone(seeds) for seeds in (1, FEW_SEEDS - 1, FEW_SEEDS)] == [True, True, False]
    scores = judging.scores(cells_of(*sets("a", 10.0), *sets("b", 12.0)), "fid", ["d"])
    assert scores is not None
    ranks = judging.compare(scores, higher_is_better=False).ranks
    assert [rank.low for rank in ranks] == [1, 2]


def test_a_generator_without_all_its_seeds_is_not_compared() -> None:
    broken = Made("d", "b", {}, trained_on="t", seed=1, reason="no luck")
    scores = BySeed().scores(cells_of(*sets("a", 10.0, 11.0), *sets("b", 12.0), broken), "fid", ["d"])
    assert scores is not None
    assert [entrant.method for entrant in scores.entrants] == ["a"]


def test_amounts_are_images_for_pairs_and_samples_of_one_seed_for_sets() -> None:
    made = [Made("d", "a", {"psnr": {"0": 1.0, "1": 2.0, "2": 3.0}}, trained_on="t", seed=seed) for seed in range(2)]
    results = results_of(made).all
    assert BySeed().amount(results, []) == (3, 3)
    assert ByImage().amount(results, []) == (0, 0)
    assert BySeed().amount([], []) == (0, 0)
