"""Entrants within each subgroup of images, against the statistics of its images alone; and whether it matters."""

from __future__ import annotations

from statistics import fmean

import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.results.subgroups import Interaction, by_subgroup, interaction
from srbench.leaderboard.tables.ranked import build_table
from srbench.statistics.comparison import compare
from srbench.statistics.heterogeneity import heterogeneity
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
    found = by_subgroup(whole)["class"]
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
    assert by_subgroup(standings({})) == {}
    assert by_subgroup(standings(dict.fromkeys(LABELS, "cat"))) == {}
    assert list(by_subgroup(standings({"im0": "cat", "im1": "dog"}))["class"]) == ["cat", "dog"]


def divided(gaps: dict[str, float], sites: dict[str, str], groups: dict[str, str]) -> Standings:
    """Bicubic, and a net that is ahead by so much on each image."""
    base = {image: 25.0 + place % 5 for place, image in enumerate(gaps)}
    made = {"bicubic": base, "net": {image: base[image] + gap for image, gap in gaps.items()}}
    cells = [Made("d", name, {"psnr": one}, groups=groups, attributes={"site": sites}) for name, one in made.items()]
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics).standings["psnr"]


def test_an_interaction_is_tested_by_units_and_not_by_images() -> None:
    # Four images of each patient, who all differ: patients of two sites.
    gaps = {f"p{patient} {image}": RNG.normal(patient / 9, 1) for patient in range(16) for image in range(4)}
    groups = {image: image.split()[0] for image in gaps}
    sites = {image: "Lyon" if int(group[1:]) < 8 else "Graz" for image, group in groups.items()}
    found = interaction(divided(gaps, sites, groups), "site").p
    means = [fmean(gaps[f"p{patient} {image}"] for image in range(4)) for patient in range(16)]
    ((entrant, p),) = found.items()
    parts = means[:8], means[8:]
    assert entrant.name == "net"
    expected = max(stats.kruskal(*parts).pvalue, stats.f_oneway(*parts, equal_var=False).pvalue)
    assert p == pytest.approx(expected)
    assert p != pytest.approx(interaction(divided(gaps, sites, {}), "site").p[entrant], rel=0.5)


def test_units_in_several_subgroups_and_small_subgroups_are_left_out() -> None:
    gaps = {f"im{place}": float(value) for place, value in enumerate(RNG.normal(0, 1, 30))}
    sites = {image: ("Lyon", "Graz", "Oslo")[place // 12] for place, image in enumerate(gaps)}  # Oslo has 6
    groups = {"im0": "both", "im12": "both", "im29": "alone"}  # of Lyon and Graz
    found = interaction(divided(gaps, sites, groups), "site")
    parts = [
        [gap for image, gap in gaps.items() if sites[image] == site and groups.get(image) != "both"]
        for site in ("Lyon", "Graz", "Oslo")
    ]
    assert list(map(len, parts)) == [11, 11, 6]
    whole = [gap for part in parts for gap in part]
    assert list(found.p.values()) == [pytest.approx(heterogeneity(whole, ["a"] * 11 + ["b"] * 11 + ["c"] * 6))]
    fewer = {image: site for image, site in sites.items() if image != "im29"}
    found = interaction(divided(gaps, fewer, groups), "site")
    assert list(found.p.values()) == [pytest.approx(heterogeneity(parts[0] + parts[1], ["a"] * 11 + ["b"] * 11))]


def test_too_few_units_are_told_and_not_tested() -> None:
    gaps = dict.fromkeys(LABELS, 1.0)
    sites = {image: "Lyon" if place < 19 else "Graz" for place, image in enumerate(LABELS)}
    assert interaction(divided(gaps, sites, {}), "site") == Interaction(untested="fewer than 6 images in Graz")
    groups = {image: f"patient {place % 10}" for place, image in enumerate(LABELS)}
    crossing = interaction(divided(gaps, sites, groups), "site")
    assert crossing.untested == "fewer than 6 groups that lie in no other in Lyon and Graz"


def test_with_one_entrant_there_is_nothing_to_test() -> None:
    cells = [Made("d", "a", {"psnr": SCORES["a"]}, labels=LABELS)]
    results = results_of(cells)
    assert interaction(build_table(results.scopes[0], results.metrics).standings["psnr"], "class").p == {}
