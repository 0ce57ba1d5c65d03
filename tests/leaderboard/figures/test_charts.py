"""Which figures stand below a table, and that their rows are the numbers of the table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from srbench.contract.metric import Judges
from srbench.leaderboard.figures.charts import FIRST, charts, dataset_charts
from srbench.leaderboard.figures.drawing import Chart
from srbench.leaderboard.findings.lead import findings
from srbench.leaderboard.gallery.spectra import Spectra
from srbench.leaderboard.tables.ranked import Table, build_table

from ..toyboard import Board, Made, results_of

RNG = np.random.default_rng(5)
BASE = RNG.normal(28, 3, 12)


def made(method: str, shift: float, metric: str = "psnr", **more: float) -> Made:
    """Scores of 12 images that lie so far above others', with a little noise."""
    noise = np.random.default_rng(len(method)).normal(0, 0.05, 12)
    scores = {f"im{place}": float(value) for place, value in enumerate(BASE + shift + noise)}
    extra = {name: {image: value * 0.01 + by for image, value in scores.items()} for name, by in more.items()}
    return Made("d", method, {metric: scores, **extra})


JUDGES: dict[str, Judges] = {"psnr": "distortion", "lpips": "perception"}


def table(*cells: Made) -> Table:
    results = results_of(cells)
    return build_table(replace(results.scopes[0], judges=JUDGES), results.metrics, "d")


def by_caption(found: list[Chart]) -> dict[str, Chart]:
    return {chart.caption.split(",")[0]: chart for chart in found}


def test_fewer_than_two_ranked_methods_have_no_figure() -> None:
    assert charts(table(made("bicubic", 0)), "x") == []


def test_differences_are_those_of_the_means() -> None:
    cells = [made("bicubic", 0), made("good", 1), made("better", 2)]
    found = by_caption(charts(table(*cells), "x"))
    assert list(found) == ["Difference to bicubic", "Difference to better", "PSNR of each image"]
    means = {cell.method: np.mean(list(cell.scores["psnr"].values())) for cell in cells}
    for best in ("better", "bicubic"):
        rows = {line[0]: line[1] for line in found[f"Difference to {best}"].lines}
        assert set(rows) == set(means) - {best}
        for method, words in rows.items():
            shown = float(words.split()[0].replace("−", "-").replace("+", ""))
            assert shown == pytest.approx(means[method] - means[best], abs=0.006)


def test_two_methods_need_one_figure_of_differences() -> None:
    found = charts(table(made("bicubic", 0), made("good", 1)), "x")
    assert [chart.caption.split(",")[0] for chart in found] == ["Difference to good", "PSNR of each image"]


def test_a_perceptual_metric_beside_the_one_that_ranks_makes_the_trade_off_a_figure() -> None:
    # "sharp" is best to the eye (LPIPS), "exact" by PSNR, and "poor" is beaten in both.
    cells = [made("exact", 2, lpips=0.3), made("sharp", 1, lpips=0.1), made("poor", 0, lpips=0.5)]
    chart = by_caption(charts(table(*cells), "x"))["Perception against distortion"]
    assert {line[0]: line[-1] for line in chart.lines} == {"exact": "yes", "sharp": "yes", "poor": "no"}


def test_times_of_two_kinds_of_hardware_are_in_two_figures_and_on_two_pareto_fronts() -> None:
    gpu, cpu = {"device": "GPU", "cores": 16}, {"device": "CPU", "cores": 2}
    cells = [
        replace(made(method, shift), cost={"ms_per_megapixel": time}, environment=kind)
        for method, shift, time, kind in (
            ("bicubic", 0, 5.0, cpu),
            ("net", 2, 900.0, cpu),
            ("large", 1, 2000.0, cpu),
            ("net on gpu", 2.5, 3.0, gpu),
            ("large on gpu", 1.5, 1.0, gpu),
        )
    ]
    whole = table(*cells)
    figures = [chart for chart in charts(whole, "x") if chart.caption.startswith("Quality against time")]
    assert {chart.caption: {line[0]: (line[1], line[-1]) for line in chart.lines} for chart in figures} == {
        "Quality against time on CPU (2 cores)": {
            "net": ("900", "yes"),
            "large": ("2,000", "no"),
            "bicubic": ("5.00", "yes"),
        },
        "Quality against time on GPU (16 cores)": {"net on gpu": ("3.00", "yes"), "large on gpu": ("1.00", "yes")},
    }
    assert "for want of a rank or of this cost on CPU (2 cores): net on gpu and large on gpu." in figures[0].remark
    found = findings(whole, [whole], "psnr")
    assert found.cost == ("Net on gpu upscales to a megapixel in 3.0 ms on GPU (16 cores).",)


def test_cost_is_of_those_who_have_a_rank_and_a_time_and_names_the_others(board: Board) -> None:
    results = board.results
    whole = build_table(results.scopes[0], results.metrics, "blobs")
    chart = by_caption(charts(whole, "x"))["Quality against time"]
    drawn = {line[0] for line in chart.lines}
    assert {"bicubic", "lanczos", "learner"} <= drawn <= {row.entrant.name for row in whole.ranked if row.speed.number}
    absent = {row.entrant.name for row in whole.rows} - drawn
    assert {"never", "slow"} <= absent and all(name in chart.remark for name in absent)


def test_the_most_telling_come_first() -> None:
    cells = [
        replace(made(name, by, lpips=by), cost={"ms_per_megapixel": time, "peak_memory_gb": time / 50})
        for name, by, time in (("bicubic", 0.0, 5.0), ("good", 1.0, 50.0), ("better", 2.0, 400.0))
    ]
    captions = list(by_caption(charts(table(*cells), "x")))
    first, rest = captions[:FIRST], captions[FIRST:]
    assert first == ["Difference to bicubic", "Quality against time", "Perception against distortion"]
    assert rest == ["Difference to better", "Quality against memory", "PSNR of each image"]


def test_a_dataset_has_its_calibration_and_its_spectra(board: Board) -> None:
    results = board.results
    one = build_table(results.scopes[0], results.metrics, "blobs")
    spectra = Spectra(3, (1.0, 0.5), {"bicubic": (0.9, 0.2), "learner": (1.0, 0.4)})
    captions = [chart.caption for chart in dataset_charts(one, spectra, "x")]
    assert captions == ["How much of HR lies in the intervals of samples", "Power over spatial frequency, blobs"]
    assert [chart.caption for chart in dataset_charts(one, None, "x")] == captions[:1]
    assert dataset_charts(table(made("bicubic", 0)), None, "x") == []
