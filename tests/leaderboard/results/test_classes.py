"""Entrants within each class of images, against the statistics of that class's images alone."""

from __future__ import annotations

import numpy as np
import pytest

from srbench.leaderboard.results.classes import by_class
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import build_table
from srbench.statistics.comparison import compare
from srbench.statistics.intervals import mean_interval

from ..toyboard import Made, results_of

RNG = np.random.default_rng(5)
LABELS = {f"im{place}": "cat" if place < 8 else "dog" if place < 20 else "eel" for place in range(24)}
GROUPS = {f"im{place}": f"litter {place // 2}" for place in range(8, 24)}
SCORES = {
    name: {image: float(value) for image, value in zip(LABELS, RNG.normal(30, 2, 24), strict=True)} for name in "ab"
}


def standings(labels: dict[str, str]) -> Standings:
    cells = [Made("d", name, {"psnr": scores}, groups=GROUPS, labels=labels) for name, scores in SCORES.items()]
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics).standings["psnr"]


def test_within_a_class_nothing_but_its_images_counts() -> None:
    whole = standings(LABELS)
    found = by_class(whole)
    assert list(found) == ["cat", "dog", "eel"]
    for label, within in found.items():
        images = [image for image in LABELS if LABELS[image] == label]
        groups = [GROUPS.get(image) for image in images]
        for entrant in within.entrants:
            values = [SCORES[entrant.name][image] for image in images]
            found_one, alone = within.value(entrant), mean_interval(values, groups)
            assert (found_one.n, found_one.units) == (alone.n, alone.units)
            assert (found_one.estimate, found_one.low, found_one.high) == pytest.approx(
                (alone.estimate, alone.low, alone.high)
            )
        p = compare([[SCORES[name][image] for image in images] for name in "ab"], groups=groups).p
        assert within.comparison.p == pytest.approx(p)
    counts = {label: (one.comparison.total_images, one.comparison.total_units) for label, one in found.items()}
    assert counts == {"cat": (8, 8), "dog": (12, 6), "eel": (4, 2)}
    assert found["eel"].value(whole.entrants[0]).low is None  # of two groups


def test_one_class_is_none() -> None:
    assert by_class(standings({})) == {}
    assert by_class(standings(dict.fromkeys(LABELS, "cat"))) == {}
    assert list(by_class(standings({"im0": "cat", "im1": "dog"}))) == ["cat", "dog"]
