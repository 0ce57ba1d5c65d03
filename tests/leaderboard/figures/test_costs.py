"""Quality against costs: which figures there are, who is in them, who is on the front, and why there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from srbench.contract.metric import Judges
from srbench.leaderboard.figures.costs import cost_charts, no_tradeoff, tradeoff
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.tables.ranked import Table, build_table

from ..toyboard import Made, results_of

BASE = np.random.default_rng(5).normal(28, 3, 12)
COSTS: dict[str, dict[str, float | None]] = {
    "bicubic": {"ms_per_megapixel": 5.0, "parameters": 0.0, "peak_memory_gb": 0.2},
    "small": {"ms_per_megapixel": 50.0, "parameters": 8e3, "peak_memory_gb": 0.3, "macs": 6e9, "train_seconds": 60.0},
    "large": {"ms_per_megapixel": 900.0, "parameters": 4e7, "peak_memory_gb": 2.0, "macs": 3e12, "train_seconds": 9e3},
    "odd": {"ms_per_megapixel": 400.0, "parameters": 1e6, "peak_memory_gb": 1.0, "macs": 1e11, "train_seconds": 1e4},
    "published": {"ms_per_megapixel": 70.0, "parameters": 2e6, "macs": None},
}
GAINS = {"bicubic": 0.0, "small": 1.0, "large": 2.0, "odd": 0.5, "published": 1.5}


def made(method: str, **more: float) -> Made:
    noise = np.random.default_rng(len(method)).normal(0, 0.05, 12)
    scores = {f"im{place}": float(value) for place, value in enumerate(BASE + GAINS[method] + noise)}
    extra = {name: {image: value * 0.001 + by for image, value in scores.items()} for name, by in more.items()}
    return Made("d", method, {"psnr": scores, **extra}, cost=COSTS[method], environment={"device": "CPU", "cores": 2})


JUDGES: dict[str, Judges] = {"psnr": "distortion", "lpips": "perception", "clip-iqa": "no-reference"}


def table(*cells: Made) -> Table:
    results = results_of(cells)
    return build_table(replace(results.scopes[0], judges=JUDGES), results.metrics, "d")


def by_caption(found: list[Chart]) -> dict[str, dict[str, tuple[str, str]]]:
    return {chart.caption: {line[0]: (line[1], line[-1]) for line in chart.lines} for chart in found}


@pytest.fixture(scope="module")
def whole() -> Table:
    return table(*map(made, COSTS))


def test_each_cost_that_was_recorded_is_a_figure_with_its_own_front(whole: Table) -> None:
    assert by_caption(cost_charts(whole, "x")) == {
        "Quality against time": {
            "large": ("900", "yes"),
            "published": ("70.0", "yes"),
            "small": ("50.0", "yes"),
            "odd": ("400", "no"),
            "bicubic": ("5.00", "yes"),
        },
        # What learned nothing took no time; how long somebody trained what was published, nobody here knows.
        "Quality against training time": {
            "large": ("9,000", "yes"),
            "small": ("60.0", "yes"),
            "odd": ("10,000", "no"),
            "bicubic": ("0", "yes"),
        },
        "Quality against parameters": {
            "large": ("40,000,000", "yes"),
            "published": ("2,000,000", "yes"),
            "small": ("8,000", "yes"),
            "odd": ("1,000,000", "no"),
            "bicubic": ("0", "yes"),
        },
        "Quality against memory": {
            "large": ("2.00", "yes"),
            "small": ("0.300", "yes"),
            "odd": ("1.00", "no"),
            "bicubic": ("0.200", "yes"),
        },
        "Quality against multiply-adds": {
            "large": ("3,000", "yes"),
            "small": ("6.00", "yes"),
            "odd": ("100", "no"),
        },
    }


def test_who_is_not_in_a_figure_is_named_below_it(whole: Table) -> None:
    remarks = {chart.caption: chart.remark for chart in cost_charts(whole, "x")}
    assert remarks["Quality against time"] == ""
    assert remarks["Quality against training time"].endswith("for want of a rank or of this cost: published.")
    assert remarks["Quality against multiply-adds"].endswith("cost: published and bicubic.")


def test_two_methods_have_one_figure_of_cost() -> None:
    two = table(made("bicubic"), made("small"))
    assert [chart.caption for chart in cost_charts(two, "x")] == ["Quality against time"]


def test_costs_that_are_all_the_same_are_no_figure() -> None:
    same = [replace(made(name), cost=COSTS[name] | {"parameters": 5e5}) for name in ("small", "large", "odd")]
    assert "Quality against parameters" not in by_caption(cost_charts(table(*same), "x"))


def test_a_plane_of_perception_and_distortion_needs_a_metric_of_each() -> None:
    cells = [made("large", lpips=0.3), made("small", lpips=0.1), made("bicubic", lpips=0.5)]
    pair = table(*cells)
    chart = tradeoff(pair, "f")
    assert chart is not None and no_tradeoff(pair) == ""
    assert {line[0]: line[-1] for line in chart.lines} == {"large": "yes", "small": "yes", "bicubic": "no"}
    lone = table(made("small"), made("bicubic"))
    assert tradeoff(lone, "f") is None
    assert no_tradeoff(lone).endswith("no metric of this board judges how SR looks, as LPIPS does.")
    gone = table(*(replace(made(name), lacking={"lpips": "no weights"}) for name in ("small", "bicubic")))
    assert no_tradeoff(gone).endswith("LPIPS has no values of two methods here.")
    assert no_tradeoff(table(made("small"))) == "", "one method is no comparison"


def test_the_front_follows_a_perceptual_metric_of_which_more_is_better() -> None:
    scores = {"large": (3.0, 0.2), "small": (2.0, 0.9), "bicubic": (1.0, 0.5)}
    cells = [
        Made("d", name, {"psnr": dict.fromkeys("abcdefg", psnr), "clip-iqa": dict.fromkeys("abcdefg", clip)})
        for name, (psnr, clip) in scores.items()
    ]
    chart = tradeoff(table(*cells), "f")
    assert chart is not None and "right is closer to the eye" in chart.svg
    assert {line[0]: line[-1] for line in chart.lines} == {"large": "yes", "small": "yes", "bicubic": "no"}


def test_what_a_metric_judges_decides_and_not_its_name() -> None:
    scores = {"large": (3.0, 0.2), "small": (2.0, 0.9), "bicubic": (1.0, 0.5)}
    cells = [
        Made("d", name, {"pairwise-ssim": dict.fromkeys("abcdefg", alike), "lpips": dict.fromkeys("abcdefg", lpips)})
        for name, (lpips, alike) in scores.items()
    ]
    assert tradeoff(table(*cells), "f") is None


def test_a_metric_of_which_less_is_better_says_so_at_its_axis() -> None:
    cells = [
        Made("d", name, {"lpips": dict.fromkeys("abcdefg", value)}, cost=COSTS[name], environment={"device": "CPU"})
        for name, value in {"bicubic": 3.0, "small": 2.0}.items()
    ]
    (chart,) = cost_charts(table(*cells), "x")
    assert "(down is better)" in chart.svg
