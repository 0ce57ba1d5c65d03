"""What a board says in particular cases: groups, infinities, few images, what is missing, where LR is from."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from srbench.leaderboard.figures.charts import charts
from srbench.leaderboard.findings.lead import Findings, difference_words, findings
from srbench.leaderboard.pages.downloads import write_scores
from srbench.leaderboard.pages.upscaling import UpscalingPages
from srbench.leaderboard.pages.views import told
from srbench.leaderboard.tables.ranked import Table, build_table, caption
from srbench.statistics.intervals import Interval

from ..toyboard import Made, results_of

INF = math.inf


def board(cells: list[Made]) -> tuple[Table, Findings]:
    """The pooled table of the first scope, and what it says by the metric that ranks."""
    results = results_of(cells)
    scope = results.scopes[0]
    table = build_table(scope, results.metrics)
    parts = [build_table(scope, results.metrics, name) for name in scope.datasets()]
    return table, findings(table, parts, table.primary)


def made(dataset: str, method: str, psnr: list[float], **others: object) -> Made:
    scores = {"psnr": {f"im{place}": value for place, value in enumerate(psnr)}}
    return Made(dataset, method, scores, **others)  # type: ignore[arg-type]


def noisy(seed: int, images: int = 12, merit: float = 0.0) -> list[float]:
    return [
        28 + merit + place + 0.05 * x for place, x in enumerate(np.random.default_rng(seed).standard_normal(images))
    ]


def test_the_table_of_scores_has_the_group_of_each_image(tmp_path: Path) -> None:
    cells = [made("scans", "bicubic", noisy(1, 3), groups={"im0": "patient-1", "im2": "patient-2"})]
    write_scores(results_of(cells), tmp_path / "scores.csv")
    with (tmp_path / "scores.csv").open(newline="") as file:
        assert [(row["image"], row["group"]) for row in csv.DictReader(file)] == [
            ("im0", "patient-1"),
            ("im1", ""),
            ("im2", "patient-2"),
        ]


def test_a_method_that_keeps_blank_slices_exactly_stands_above_the_one_that_adds_noise_to_them() -> None:
    exact = [INF] * 6 + [30.0 + place for place in range(9)]
    worse = [48.0] * 6 + [29.9 + place - 0.01 * place for place in range(9)]
    table, said = board([made("slices", "noisy", worse), made("slices", "exact", exact)])
    assert [(row.entrant.name, str(row.rank)) for row in table.ranked] == [("exact", "1"), ("noisy", "2")]
    assert said.lead == ("exact leads on slices: 0.140 dB [0.119, 0.161] better in PSNR than noisy.",)
    shown = table.rows[0].values[0]
    assert shown.number == pytest.approx(34.0)
    assert shown.aside == "6 identical to HR"
    assert shown.note is not None
    assert table.notes[shown.note - 1] == (
        "6 of 15 images are identical to HR under some method (infinite PSNR): means and differences in PSNR are of "
        "the other 9; an identical image counts as best in the ranks."
    )


def test_where_identical_images_decide_no_negative_better_is_printed() -> None:
    exact = [INF] * 8 + [29.0 + place for place in range(7)]
    other = [48.0] * 8 + [29.0 + place + (0.4 if place == 0 else -0.01) for place in range(7)]
    table, said = board([made("slices", "other", other), made("slices", "exact", exact)])
    assert [row.entrant.name for row in table.ranked] == ["exact", "other"]
    assert said.lead == ("exact leads on slices: identical to HR on 8 of 15 images (other: 0) in PSNR.",)


def test_a_method_identical_everywhere_shows_infinity_and_restricts_nobody() -> None:
    table, _ = board([made("set", "copy", [INF] * 8), made("set", "other", noisy(1, 8))])
    values = {row.entrant.name: row.values[0] for row in table.rows}
    assert values["copy"].number == INF
    assert values["other"].number == pytest.approx(np.mean(noisy(1, 8)))
    assert values["other"].note is None


def test_infinitely_bad_is_never_called_identical() -> None:
    table, _ = board([made("set", "bad", [-INF, *noisy(2, 8)[1:]]), made("set", "other", noisy(3, 8, 1.0))])
    assert not any("identical" in text for text in [*table.notes, *(row.values[0].aside for row in table.rows)])
    assert "1 of 8 images is infinitely bad in PSNR" in table.notes[0]
    assert table.rows[0].entrant.name == "other"


def test_tiles_of_few_pictures_are_counted_as_these_pictures() -> None:
    groups = {f"im{place}": f"photo{place // 4}" for place in range(36)}
    cells = [
        made("tiles", name, noisy(seed, 36, merit), groups=groups)
        for seed, (name, merit) in enumerate([("bicubic", 0), ("srcnn", 1)])
    ]
    table, _ = board(cells)
    assert caption(table) == "tiles: 36 images in 9 independent groups"
    assert {(row.images, row.units) for row in table.rows} == {(36, 9)}
    few, said = board(
        [replace(cell, groups={image: f"photo{int(image[2:]) // 12}" for image in groups}) for cell in cells]
    )
    assert said.lead[0].startswith("Little can be told from 36 images in 3 independent groups: ")
    assert not few.has_whiskers
    assert all(gap.low is None for gap in few.gaps.values())


def test_too_few_images_for_so_many_methods_are_told_with_how_many_it_takes() -> None:
    names = ["bicubic", "lanczos", "srcnn", "edsr", "rcan"]
    _, said = board([made("set", name, noisy(n, 7)) for n, name in enumerate(names)])
    assert "7 images cannot tell 5 methods apart, whatever the scores: that takes 9 or more." in said.caveats
    assert not said.lead[0].startswith("Little")


def test_below_six_units_nothing_is_drawn_and_the_lead_says_so_once() -> None:
    table, said = board([made("set", name, noisy(seed, 4)) for seed, name in enumerate(["bicubic", "srcnn"])])
    assert said.lead[0].startswith("Little can be told from 4 images: bicubic and srcnn cannot be told apart")
    assert not table.has_whiskers
    assert not any("Few" in note for note in table.notes)
    assert not any(chart.caption.startswith("Difference") for chart in charts(table, "x"))


def test_the_lead_names_where_it_is_tied_and_which_metrics_put_another_first() -> None:
    cells = []
    for dataset, merit in (("astro", 1.0), ("moon", 1.0), ("micro", 0.0)):
        for seed, name in enumerate(["bicubic", "lanczos", "srcnn"]):
            gain = {"bicubic": 0.0, "lanczos": 0.5, "srcnn": 0.5 + merit}[name]
            psnr = noisy(seed + len(dataset), 12, gain)
            scores = {"psnr": psnr, "ssim": [value / 50 for value in psnr], "lpips": [value / 100 for value in psnr]}
            named = {metric: {f"im{n}": v for n, v in enumerate(own)} for metric, own in scores.items()}
            cells.append(Made(dataset, name, named))
    _, said = board(cells)
    assert said.lead[0].startswith(
        "srcnn leads on two of three datasets and cannot be told apart from lanczos on micro: 1."
    )
    assert said.lead[0].endswith(" better in PSNR than bicubic over all.")
    assert said.lead[1:] == ("By LPIPS bicubic is first.",)


def test_fifty_datasets_of_one_image_are_compared_and_one_among_larger_is_left_out_by_name() -> None:
    _, said = board(
        [
            made(f"set{n}", name, [30 + n + gain])
            for n in range(50)
            for name, gain in (("bicubic", 0), ("srcnn", 1.9 + n / 50))
        ]
    )
    assert said.lead[0].startswith("srcnn leads over all 50 datasets together, on none alone: 2.39 dB [2.31, 2.47]")
    cells = [
        made(name, method, noisy(n, size, gain))
        for name, size in (("big", 9), ("wide", 8), ("tiny", 1))
        for n, (method, gain) in enumerate([("bicubic", 0.0), ("srcnn", 1.0)])
    ]
    table, said = board(cells)
    assert said.lead[0].startswith("srcnn leads on both datasets (tiny is left out: a single image): ")
    assert caption(table) == "big and wide, without tiny: 17 images"


def test_a_method_without_a_metric_in_one_cell_is_named_with_metric_dataset_and_reason() -> None:
    cells = [made(dataset, name, noisy(n)) for dataset in ("a", "b") for n, name in enumerate(["bicubic", "srcnn"])]
    cells = [replace(cell, scores=cell.scores | {"ssim": {"im0": 0.9}}) for cell in cells]
    broken = replace(cells[3], scores={"ssim": {"im0": 0.9}}, lacking={"psnr": "out of memory."})
    without = replace(cells[0], scores={"psnr": cells[0].scores["psnr"]}, lacking={"ssim": "it broke"})
    _, said = board([without, *cells[1:3], broken])
    assert "srcnn has no PSNR on b (failed: out of memory), so it is not compared in it." in said.caveats
    assert "bicubic has no SSIM on a (failed: it broke), so it is not compared in it." in said.caveats
    some = replace(cells[1], scores={"psnr": {"im0": 30.0}, "ssim": {"im0": 0.9}})
    _, said = board([cells[0], some])
    assert "srcnn has no PSNR on 11 of 12 images of a, so it is not compared in it." in said.caveats


def test_warnings_stand_once_with_what_they_are_about_and_seen_regions_are_told() -> None:
    groups = {f"im{place}": f"photo{place // 4}" for place in range(12)}
    cells = [
        made("a", "bicubic", noisy(1), warnings=("Every maximum is 4095.",), groups=groups),
        made(
            "a",
            "srcnn",
            noisy(2),
            warnings=("Every maximum is 4095.", "Clamped."),
            groups=groups,
            trained_on="t91",
            seed=0,
            seen_groups=("photo0", "photo2"),
        ),
        made(
            "a",
            "edsr",
            noisy(3),
            warnings=("Every maximum is 4095.",),
            groups=groups,
            trained_on="t91",
            seed=0,
            seen_groups=("photo0", "photo2"),
        ),
    ]
    _, said = board(cells)
    assert "a: Every maximum is 4095." in said.caveats
    assert "a, srcnn: Clamped." in said.caveats
    assert (
        "srcnn and edsr (trained on t91) learned from other regions of 2 of the 3 tested pictures of a." in said.caveats
    )


def test_an_interval_beyond_what_was_seen_is_marked_and_never_cut_to_the_range_of_its_metric() -> None:
    assert difference_words(Interval(1.3, 0.1, 10.8, 9, 9, beyond=True), "dB") == "1 dB [0, 11: unreliable]"
    rng = np.random.default_rng(3)
    skewed = (0.9 - rng.standard_exponential(7) ** 3 / 80).tolist()
    table, _ = board([made("a", "bicubic", skewed), made("a", "srcnn", [0.95, *skewed[1:]])])
    shown = next(row.values[0] for row in table.rows if row.entrant.name == "bicubic")
    assert shown.interval is not None and shown.interval.low is not None and shown.interval.high is not None
    outside = shown.interval.low < min(skewed) or shown.interval.high > max(skewed)
    assert outside and shown.doubt is not None
    assert "unreliable" in table.notes[shown.doubt - 1]


def test_a_figure_says_which_of_its_intervals_are_unreliable_and_draws_them_dashed() -> None:
    rng = np.random.default_rng(8)
    gains = rng.standard_exponential(7) ** 4
    table, _ = board([made("a", "bicubic", noisy(1, 7)), made("a", "srcnn", (np.array(noisy(1, 7)) + gains).tolist())])
    assert table.ranking is not None
    srcnn, bicubic = sorted(table.ranking.entrants, key=lambda entrant: -entrant.slot)
    assert table.ranking.difference(srcnn, bicubic).beyond
    (difference, *_) = charts(table, "x")
    assert "Dashed: " in difference.remark
    assert "unreliable]" in difference.lines[0][1]
    assert "stroke-dasharray" in difference.svg
    even, _ = board([made("a", "bicubic", noisy(1, 30)), made("a", "srcnn", noisy(2, 30, 1.0))])
    assert "Dashed: " not in charts(even, "x")[0].remark


def pages(cells: list[Made], out: Path) -> UpscalingPages:
    return UpscalingPages(results_of(cells), [])


def test_what_is_said_of_lr_follows_the_records(tmp_path: Path) -> None:
    both = [made("camera", "bicubic", noisy(1), lr="shipped"), made("film", "bicubic", noisy(2), lr="mixed")]
    said = " ".join(pages(both, tmp_path).limits())
    assert "LR came with camera and was not made here" in said
    assert "Some of the LR came with film" in said
    assert "LR is made from HR" not in said and "real camera" not in said
    assert pages(both, tmp_path).header()[0].startswith("x4, bicubic LR (some came with camera and film), ")
    assert pages(both[:1], tmp_path).header()[0].startswith("x4, LR that came with camera, ")
    ours = made("camera", "bicubic", noisy(1), lr="made", protocol="x2-y")
    (first, second) = pages([both[0], ours], tmp_path).header()[0].split(" and ")
    assert first.startswith("x4, LR that came with camera, ") and second.startswith("x4, bicubic LR, ")
    usual = pages([made("set", "bicubic", noisy(1))], tmp_path)
    assert "LR is made from HR (bicubic)" in " ".join(usual.limits())
    assert "came with" not in " ".join(usual.header())


def test_each_scope_says_what_it_is_about(tmp_path: Path) -> None:
    cells = [
        made("set", name, noisy(n, 12, n), protocol=protocol)
        for protocol in ("x4-y", "x2-y")
        for n, name in enumerate(["bicubic", "srcnn"])
    ]
    results = results_of(cells)
    one = UpscalingPages(results, [])
    slugs = {"bicubic": "bicubic", "srcnn": "srcnn"}
    sentences = told([one.view(scope, slugs) for scope in results.scopes])
    assert [sentence.partition(" leads ")[0] for sentence in sentences] == ["x4-y: srcnn", "x2-y: srcnn"]
    assert told([one.view(results.scopes[0], slugs)])[0].startswith("srcnn leads")


def test_the_headers_count_of_images_says_how_many_are_independent(tmp_path: Path) -> None:
    groups = {f"im{place}": f"photo{place // 4}" for place in range(12)}
    cells = [made("tiles", "bicubic", noisy(1), groups=groups), made("set", "bicubic", noisy(2))]
    assert "2 datasets, 24 test images in 15 independent groups" in pages(cells, tmp_path).header()
    assert "1 dataset, 12 test images" in pages(cells[1:], tmp_path).header()
    assert json.dumps(results_of(cells).metrics) == '["psnr"]'
