"""Agreement of metrics: Kendall's tau-b as counted by hand, in the table and in the tints."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from srbench.leaderboard.figures.agreement import Measure, agreement, heat_table, tau
from srbench.leaderboard.tables.ranked import Table, build_table

from ..toyboard import Made, results_of
from .drawn import assert_inside, texts

IMAGES = [f"im{place}" for place in range(8)]


def counted(x: list[float], y: list[float]) -> float | None:
    """Tau-b by its definition, over all pairs (Kendall, "The treatment of ties in ranking problems", 1945)."""
    signs = [((a > b) - (a < b), (c > d) - (c < d)) for (a, c), (b, d) in combinations(zip(x, y, strict=True), 2)]
    untied = math.sqrt(sum(one != 0 for one, _ in signs) * sum(other != 0 for _, other in signs))
    return sum(one * other for one, other in signs) / untied if untied else None


def measure(label: str, values: list[float], higher: bool = True) -> Measure:
    return Measure(label, higher, {f"m{place}": float(value) for place, value in enumerate(values)})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=4, max_size=9))
def test_tau_is_what_counting_pairs_gives_and_turns_round_with_the_direction(pairs: list[tuple[int, int]]) -> None:
    x, y = ([float(pair[part]) for pair in pairs] for part in (0, 1))
    expected = counted(x, y)
    found = tau(measure("a", x), measure("b", y))
    turned = tau(measure("a", x), measure("b", y, higher=False))
    if expected is None:
        assert found is None and turned is None
    else:
        assert found == pytest.approx(expected) and turned == pytest.approx(-expected)


def test_fewer_than_four_methods_say_nothing() -> None:
    assert tau(measure("a", [1, 2, 3]), measure("b", [1, 2, 3])) is None
    lacking = Measure("b", True, {"m0": 1.0, "m2": 2.0, "m3": 3.0})
    assert tau(measure("a", [1, 2, 3, 4]), lacking) is None


def table(methods: dict[str, dict[str, float]]) -> Table:
    cells = [
        Made(
            "d",
            name,
            {
                metric: {image: value + 0.01 * place for place, image in enumerate(IMAGES)}
                for metric, value in own.items()
            },
        )
        for name, own in methods.items()
    ]
    results = results_of(cells)
    return build_table(results.scopes[0], results.metrics, "d")


VALUES = {
    "a": {"psnr": 1.0, "lpips": 0.1, "ssim": 4.0, "mae": 4.0},
    "b": {"psnr": 2.0, "lpips": 0.2, "ssim": 3.0, "mae": 3.0},
    "c": {"psnr": 3.0, "lpips": 0.4, "ssim": 1.0, "mae": 2.0},
    "d": {"psnr": 4.0, "lpips": 0.3, "ssim": 2.0, "mae": 1.0},
}


def test_metrics_stand_in_the_order_of_their_agreement_with_the_one_that_ranks() -> None:
    chart = agreement(table(VALUES), "f")
    assert chart is not None
    # MAE falls as PSNR rises: the same order. LPIPS rises but for a pair: nearly the reverse. SSIM falls likewise.
    assert chart.heads == ("Metric", "PSNR", "MAE", "LPIPS", "SSIM")
    assert [line[1] for line in chart.lines] == ["1.00", "1.00", "−0.67", "−0.67"]
    assert all(chart.lines[row][column + 1] == chart.lines[column][row + 1] for row in range(4) for column in range(4))
    shown = [text for text in texts(chart.svg) if text not in chart.heads]
    assert shown == [chart.lines[row][column + 1] for row in range(4) for column in range(row)]
    assert chart.metric == ""


def test_two_metrics_or_three_methods_are_no_figure() -> None:
    assert (
        agreement(table({name: {"psnr": own["psnr"], "ssim": own["ssim"]} for name, own in VALUES.items()}), "f")
        is None
    )
    assert agreement(table({name: VALUES[name] for name in "abc"}), "f") is None


def test_a_metric_that_gives_all_methods_the_same_is_left_out() -> None:
    chart = agreement(table({name: own | {"gmsd": 1.0} for name, own in VALUES.items()}), "f")
    assert chart is not None and "GMSD" not in chart.heads


def test_twelve_metrics_of_long_names_fit() -> None:
    measures = [measure(f"a metric of name {place:02}", [1, 2, 3, 4 + place]) for place in range(12)]
    assert_inside(heat_table(measures, "f"), [one.label for one in measures])
