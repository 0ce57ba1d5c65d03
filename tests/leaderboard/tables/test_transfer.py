"""Trained on one set, tested on another: each value in its place, in words where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from srbench.leaderboard.results.results import Results
from srbench.leaderboard.tables.transfer import transfer_tables
from srbench.statistics.intervals import FEW_UNITS

from ..toyboard import Made, results_of

IMAGES = [f"im{place}" for place in range(8)]


def made(dataset: str, trained_on: str | None, value: float, seed: int | None = 0, **more: str) -> Made:
    scores = {"psnr": dict.fromkeys(IMAGES, value), "mae": dict.fromkeys(IMAGES, 1 / value)}
    return Made(dataset, "net" if trained_on else "bicubic", scores, trained_on=trained_on, seed=seed, **more)


def board() -> Results:
    cells = [made(dataset, name, ord(name) + ord(dataset) / 10) for dataset in "de" for name in "tu"]
    cells += [made(dataset, None, 25.0, None) for dataset in "de"]
    return results_of(cells)


def test_rows_are_training_sets_and_columns_what_is_tested_on() -> None:
    first, second = transfer_tables(board())
    assert (first["metric"], first["first"], first["heads"], first["order"]) == ("psnr", True, ["d", "e"], "descending")
    assert (second["metric"], second["first"], second["order"]) == ("mae", False, "ascending")
    assert "higher is better" in first["caption"] and "lower is better" in second["caption"]
    found = {line["name"]: [cell["sort"] for cell in line["cells"]] for line in first["lines"]}
    assert found == {
        f"net, {name}": [pytest.approx(ord(name) + ord(dataset) / 10) for dataset in "de"] for name in "tu"
    }
    for line in first["lines"]:
        for cell in line["cells"]:
            assert float(cell["text"]) == pytest.approx(cell["sort"], abs=0.006)
            assert cell["href"].startswith("cells/")


def test_the_metric_that_ranks_is_the_one_shown_before_any_choice() -> None:
    cells = [made(dataset, name, 20.0) for dataset in "de" for name in "tu"]
    found = transfer_tables(results_of(cells, rank_by="mae"))
    assert [(table["metric"], table["first"]) for table in found] == [("psnr", False), ("mae", True)]


def test_each_value_stands_with_its_interval_where_there_are_images_enough() -> None:
    random = np.random.default_rng(0)
    scores = {name: 30 + random.normal(size=40) for name in "tu"}

    def cells(count: int) -> list[Made]:
        return [
            Made("d", "net", {"psnr": dict(zip(map(str, range(count)), values, strict=False))}, trained_on=name, seed=0)
            for name, values in scores.items()
        ]

    (table,) = transfer_tables(results_of(cells(40)))
    assert "with 95 % intervals" in table["caption"]
    for line, values in zip(table["lines"], scores.values(), strict=True):
        (cell,) = line["cells"]
        ends = [float(end) for end in cell["interval"].strip("[]").split(", ")]
        # Of 40 normal numbers, any sound interval is nearly that of Student's t.
        expected = stats.t.interval(0.95, 39, values.mean(), stats.sem(values))
        assert ends == pytest.approx(expected, abs=0.06)
    (few,) = transfer_tables(results_of(cells(FEW_UNITS - 1)))
    assert "interval" not in few["caption"]
    assert [cell["interval"] for line in few["lines"] for cell in line["cells"]] == ["", ""]


def test_one_training_set_is_no_transfer() -> None:
    assert transfer_tables(results_of([made("d", "t", 30.0), made("e", "t", 30.0)])) == []


def test_what_is_not_there_says_why() -> None:
    cells = [made("d", "t", 30.0), made("d", "u", 30.0, reason="no luck"), made("e", "t", 31.0)]
    table = transfer_tables(results_of(cells))[0]
    texts = {line["name"]: [cell["text"] for cell in line["cells"]] for line in table["lines"]}
    assert texts["net, u"] == ["failed", "not in the matrix"]
    assert [float(text) for text in texts["net, t"]] == [30, 31]


def test_two_training_sets_of_a_method_are_compared_image_by_image() -> None:
    random = np.random.default_rng(1)
    base = 30 + random.normal(size=40)
    gains = {"generic": np.zeros(40), "same": 0.5 + 0.1 * random.normal(size=40), "generic, then same": np.zeros(40)}
    gains["generic, then same"] = gains["same"] + 0.001 * random.normal(size=40)
    cells = [
        Made(
            "d",
            method,
            {
                "psnr": dict(zip(map(str, range(40)), base + gain, strict=True)),
                "mae": dict.fromkeys(map(str, range(40)), 1.0),
            },
            trained_on=name,
            seed=0,
        )
        for method in ("net", "other")
        for name, gain in gains.items()
    ]
    psnr, mae = (table["differences"] for table in transfer_tables(results_of(cells)))
    assert "How much better one training set is than another in PSNR" in psnr["caption"]
    assert "with 95 % intervals" in psnr["caption"]
    names = [line["name"] for line in psnr["lines"]]
    assert names[:3] == [
        "net: same over generic",
        "net: generic, then same over generic",
        "net: generic, then same over same",
    ]
    assert len(names) == 6, "no method against another one"
    (gain,), _, (alike,) = (line["cells"] for line in psnr["lines"][:3])
    # Paired: the spread among pictures, ten times as large, is none of its interval.
    expected = stats.t.interval(0.95, 39, gains["same"].mean(), stats.sem(gains["same"]))
    ends = [float(end) for end in gain["interval"].strip("[]").split(", ")]
    assert gain["sort"] == pytest.approx(gains["same"].mean()) and ends == pytest.approx(expected, abs=0.01)
    assert "not told apart" in alike["interval"]
    assert [cell["text"] for line in mae["lines"] for cell in line["cells"]] == ["0.0000"] * 6


def test_what_cannot_be_compared_says_so_and_single_training_sets_are_not() -> None:
    cells = [made("d", "t", 30.0), made("d", "u", 30.0, reason="no luck"), made("e", "t", 31.0), made("e", "u", 32.0)]
    (line,) = transfer_tables(results_of(cells))[0]["differences"]["lines"]
    assert [cell["text"] for cell in line["cells"]] == ["not compared", "1.0000", "not compared"]
    apart = [Made("d", name, {"psnr": {"a": 1.0}}, trained_on=name, seed=0) for name in "tu"]
    assert transfer_tables(results_of(apart))[0]["differences"] is None


def test_over_all_datasets_there_is_an_interval_where_each_has_too_few_groups_for_one() -> None:
    gains = {"d": np.array([0.1, 0.3, 0.2, 0.25]), "e": np.array([0.5, 0.3])}
    cells = [
        Made(dataset, "net", {"psnr": dict(zip("abcd", 30.0 + scale * gain, strict=False))}, trained_on=name, seed=0)
        for dataset, gain in gains.items()
        for name, scale in (("generic", 0.0), ("same", 1.0))
    ]
    differences = transfer_tables(results_of(cells))[0]["differences"]
    assert differences["heads"] == ["d", "e", "all datasets"]
    ((first, second, together),) = (line["cells"] for line in differences["lines"])
    assert not any("[" in cell["interval"] for cell in (first, second))
    assert together["sort"] == pytest.approx((gains["d"].mean() + gains["e"].mean()) / 2)
    ends = together["interval"].partition("]")[0].strip("[").replace("−", "-").split(", ")
    low, high = map(float, ends)
    assert low < together["sort"] < high
