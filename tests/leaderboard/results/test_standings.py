"""The one comparison: who is first, who is told apart, differences over the same images, the yardstick."""

from __future__ import annotations

import math

import numpy as np
import pytest

from srbench.leaderboard.results.results import Entrant
from srbench.leaderboard.results.standings import Standings
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import Made, results_of

BASE = np.random.default_rng(2).normal(28, 3, 14)


def standings(metric: str = "psnr", /, **shifts: float | list[float]) -> Standings:
    """Methods in this order of the file, each with scores that lie so far above the first's."""
    scores = {name: {f"im{place}": float(one) for place, one in enumerate(BASE + by)} for name, by in shifts.items()}
    results = results_of([Made("d", name, {metric: values}) for name, values in scores.items()])
    return build_table(results.scopes[0], results.metrics, "d").standings[metric]


def named(found: Standings) -> dict[str, Entrant]:
    return {entrant.name: entrant for entrant in found.entrants}


NOISE = list(np.random.default_rng(3).normal(0, 0.5, 14))


def test_the_better_come_first_and_a_clear_lead_is_one() -> None:
    found = standings(net=1.0, bicubic=0.0, best=2.0)
    assert [entrant.name for entrant in found.entrants] == ["best", "net", "bicubic"]
    assert found.leader is not None and found.leader.name == "best"
    assert [entrant.name for entrant in found.first] == ["best"]
    who = named(found)
    assert found.beats(who["best"], who["net"]) and not found.beats(who["net"], who["best"])
    assert found.told_apart(who["net"], who["best"]) and found.tied(who["best"]) == []


def test_who_cannot_be_told_apart_is_tied_and_leads_nobody() -> None:
    found = standings(bicubic=0.0, noisy=NOISE, worse=-3.0)
    who = named(found)
    assert not found.told_apart(who["bicubic"], who["noisy"])
    assert found.leader is None
    assert {entrant.name for entrant in found.first} == {"bicubic", "noisy"}
    assert [entrant.name for entrant in found.tied(who["noisy"])] == ["bicubic"]


def test_differences_are_those_of_the_means_and_ahead_is_positive_for_the_better() -> None:
    for metric, sign in (("psnr", 1), ("mae", -1)):
        found = standings(metric, bicubic=0.0, other=1.5)
        who = named(found)
        assert found.difference(who["other"], who["bicubic"]).estimate == pytest.approx(1.5)
        assert found.ahead(who["other"], who["bicubic"]).estimate == pytest.approx(sign * 1.5)
        assert found.entrants[0].name == ("other" if sign > 0 else "bicubic")


def test_the_yardstick_is_bicubic_else_the_first_that_needs_no_training() -> None:
    found = standings(net=1.0, nearest=-1.0, bicubic=0.0)
    assert found.yardstick is not None and found.yardstick.name == "bicubic"
    assert {entrant.name: round(gap.estimate or 0, 6) for entrant, gap in found.gaps.items()} == {
        "net": 1.0,
        "nearest": -1.0,
    }
    other = standings(net=1.0, nearest=-1.0)
    assert other.yardstick is not None and other.yardstick.name == "net"
    cells = [Made("d", name, {"psnr": {"im0": 1.0, "im1": 2.0}}, trained_on="t", seed=0) for name in ("a", "b")]
    results = results_of(cells)
    trained = build_table(results.scopes[0], results.metrics, "d").standings["psnr"]
    assert trained.yardstick is None and trained.gaps == {}


def test_infinite_scores_are_counted_and_told_by_their_sign() -> None:
    two = [math.inf, math.inf, *[0.0] * 12]
    found = standings(bicubic=0.0, exact=two, perfect=math.inf, hopeless=-math.inf)
    who = named(found)
    assert [found.identical(who[name]) for name in ("bicubic", "exact", "perfect")] == [0, 2, 14]
    assert found.infinitely_bad(who["hopeless"]) == 14
    assert [found.infinite(who[name]) for name in ("bicubic", "exact", "perfect", "hopeless")] == [
        None,
        None,
        math.inf,
        -math.inf,
    ]


def test_who_has_no_scores_is_not_in_it() -> None:
    found = standings(bicubic=0.0, net=1.0)
    assert all(entrant in found for entrant in found.entrants)
    assert Entrant("net", "elsewhere", 1, "net (elsewhere)") not in found


def test_common_images_are_those_that_the_means_are_of() -> None:
    found = standings(bicubic=0.0, net=1.0, other=[math.inf, *([0.5] * 13)], perfect=[math.inf] * 14)
    assert found.common.sum() == found.comparison.images == 13
    who = named(found)
    for name in ("bicubic", "net", "other"):
        mean = found.scores.of(who[name])[found.common].mean()
        assert mean == pytest.approx(found.value(who[name]).estimate)


def test_a_dataset_that_is_left_out_has_no_common_image() -> None:
    cells = [
        Made(dataset, method, {"psnr": {f"im{place}": 20.0 + by + place for place in range(images)}})
        for dataset, images in (("d", 8), ("alone", 1))
        for method, by in (("bicubic", 0.0), ("net", 1.0))
    ]
    results = results_of(cells)
    found = build_table(results.scopes[0], results.metrics).standings["psnr"]
    assert found.left_out == ("alone",)
    assert [name for name, kept in zip(found.scores.datasets, found.common, strict=True) if not kept] == ["alone"]
