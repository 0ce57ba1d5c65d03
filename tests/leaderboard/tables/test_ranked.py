"""The numbers of the tables against numbers computed another way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from srbench.leaderboard.findings.lead import findings, ties
from srbench.leaderboard.results.results import Results
from srbench.leaderboard.results.setmetrics import THIN, beside_value, set_remarks
from srbench.leaderboard.tables.ranked import Row, Table, build_table
from srbench.leaderboard.tables.transfer import transfer_tables
from srbench.store.details import Details, Estimate
from srbench.store.record import MetricResult

from ..toyboard import COUNTS, HOSTILE, Board, score


@pytest.fixture(scope="module")
def results(board: Board) -> Results:
    return board.results


def table(results: Results, dataset: str | None) -> Table:
    return build_table(results.scopes[0], results.metrics, dataset)


def row(table: Table, method: str) -> Row:
    return next(row for row in table.rows if row.entrant.method == method)


def seed_means(metric: str, dataset: str, method: str, seeds: list[int | None]) -> list[float]:
    return [
        float(np.mean([score(metric, dataset, method, image, seed) for seed in seeds]))
        for image in range(COUNTS[dataset])
    ]


@pytest.mark.parametrize(("method", "seeds"), [("bicubic", [None]), ("learner", [0, 1, 2])])
def test_a_datasets_value_is_the_mean_over_images_of_the_mean_over_seeds(
    results: Results, method: str, seeds: list[int | None]
) -> None:
    value = row(table(results, "waves"), method).values[0].interval
    assert value is not None
    assert value.estimate == pytest.approx(np.mean(seed_means("psnr", "waves", method, seeds)), abs=1e-9)
    assert value.n == COUNTS["waves"]


def test_over_all_datasets_each_dataset_weighs_the_same(results: Results) -> None:
    value = row(table(results, None), "bicubic").values[1].interval
    means = [np.mean(seed_means("ssim", dataset, "bicubic", [None])) for dataset in ("blobs", "waves")]
    assert value is not None
    assert value.estimate == pytest.approx(np.mean(means), abs=1e-12)
    assert value.n == COUNTS["blobs"] + COUNTS["waves"]


def test_methods_share_a_rank_exactly_where_wilcoxon_and_holm_find_no_difference(results: Results) -> None:
    waves = table(results, "waves")
    scores = {name: seed_means("psnr", "waves", name, [None]) for name in ("bicubic", "lanczos", "$x^2$")}
    scores["learner"] = seed_means("psnr", "waves", "learner", [0, 1, 2])
    names = list(scores)
    pairs = [(a, b) for place, a in enumerate(names) for b in names[place + 1 :]]
    raw = [scipy_stats.wilcoxon(scores[a], scores[b], mode="exact").pvalue for a, b in pairs]
    adjusted = np.maximum.accumulate(np.sort(raw) * np.arange(len(raw), 0, -1))
    holm = dict(zip([pairs[place] for place in np.argsort(raw, kind="stable")], adjusted, strict=True))
    assert waves.ranking is not None
    apart = {pair: waves.ranking.told_apart(row(waves, pair[0]).entrant, row(waves, pair[1]).entrant) for pair in pairs}
    assert apart == {pair: p <= 0.05 for pair, p in holm.items()}
    assert set(apart.values()) == {True, False}


def test_incomplete_methods_have_reasons_and_no_rank_and_no_mean_over_the_rest(results: Results) -> None:
    pooled = table(results, None)
    for method, words in ((HOSTILE, "failed"), ("slow", "out of time: ran past"), ("never", "skipped: needs a scale")):
        incomplete = row(pooled, method)
        assert incomplete.rank is None
        assert incomplete.problems[0].text.startswith(words)
        assert all(value.interval is None for value in incomplete.values)
    assert row(table(results, "blobs"), HOSTILE).rank is not None


def test_infinite_scores_are_counted_and_kept_out_of_the_mean(results: Results) -> None:
    value = row(table(results, "blobs"), "$x^2$").values[0].interval
    finite = [score("psnr", "blobs", "$x^2$", image, None) for image in range(COUNTS["blobs"]) if image != 2]
    assert value is not None
    assert (value.infinite, value.n) == (1, len(finite))
    assert value.estimate == pytest.approx(np.mean(finite), abs=1e-9)


def test_a_skipped_metric_is_a_footnote_and_a_set_metric_is_shown_one_dataset_at_a_time(results: Results) -> None:
    pooled, single = table(results, None), table(results, "waves")
    place = results.metrics.index("lpips")
    skipped = row(pooled, "bicubic").values[place]
    assert skipped.missing == "n/a"
    assert skipped.note is not None
    assert "srbench fetch <lpips-alex>" in pooled.notes[skipped.note - 1]
    assert all(note.endswith(".") and not note.endswith("..") for note in [*pooled.notes, *single.notes])
    fid = results.metrics.index("fid")
    assert row(pooled, "bicubic").values[fid].number is None
    assert row(single, "learner").values[fid].number == pytest.approx(40 - 5 * 1.5 + 1)


def test_a_set_metric_shows_n_and_d_and_marks_fewer_images_than_dimensions(results: Results, pages: Path) -> None:
    fid = results.metrics.index("fid")
    for dataset, thin in (("blobs", False), ("waves", False)):
        shown = table(results, dataset)
        value = row(shown, "bicubic").values[fid]
        assert f"n {COUNTS[dataset]}, d 8" in value.aside
        assert ("n < d" in value.aside) == thin
        assert value.note is not None
        note = shown.notes[value.note - 1]
        assert "accuracy 0.93" in note
        assert ("mostly bias" in note) == thin
    thin_facts = MetricResult(key="", details=Details(n=7, d=8, spread=0.0123))
    assert beside_value([thin_facts]) == "± 0.012, n 7, d 8, n < d"
    seeds = [MetricResult(key="", details=Details(n=7, spread=spread)) for spread in (0.3, 0.4)]
    assert beside_value(seeds) == "± 0.35, n 7", "the root of the mean square"
    assert set_remarks(thin_facts) == [THIN]
    assert beside_value([MetricResult(key="", details=Details(further={"recall": 0.5}))]) == ""
    bounds = Details(ceiling=Estimate(0.9), floor=Estimate(0.25))
    assert beside_value([MetricResult(key="", details=bounds)]) == "", "they have their rows"
    page = next(path for path in (pages / "cells").iterdir() if "blobs" in path.name and "bicubic" in path.name)
    text = page.read_text(encoding="utf-8")
    assert "n 9, d 8, ceiling 2.500, ceiling low 2.250, ceiling high 2.750, floor 61, floor spread 1.500, " in text
    assert "FID of &lt;dark&gt; 12.50" in text
    assert "accuracy 0.93" in text


def test_fewer_than_three_seeds_are_marked(make: Callable[..., Board]) -> None:
    few = make(datasets=("blobs",), protocols=1, seeds=2)
    one = few.results
    pooled = table(one, None)
    note = row(pooled, "learner").seeds_note
    assert note is not None
    assert "Fewer than 3 seeds" in pooled.notes[note - 1]
    assert row(pooled, "bicubic").seeds_note is None


def test_several_training_sets_are_compared_apart_and_meet_in_the_transfer_table(make: Callable[..., Board]) -> None:
    several = make(protocols=1, seeds=1, train_on=("t91", "faces"))
    both = several.results
    assert [scope.trained_on for scope in both.scopes] == ["t91", "faces"]
    for scope in both.scopes:
        entrants = [(row.entrant.method, row.entrant.trained_on) for row in build_table(scope, ["psnr"]).ranked]
        assert ("learner", scope.trained_on) in entrants
        assert ("bicubic", None) in entrants
    transfer, other = transfer_tables(both)
    assert [(transfer["metric"], transfer["first"]), (other["metric"], other["first"])] == [
        ("psnr", True),
        ("ssim", False),
    ]
    assert transfer["heads"] == ["blobs", "waves"]
    assert [line["name"] for line in transfer["lines"]] == ["learner, t91", "learner, faces"]
    expected = np.mean(seed_means("psnr", "waves", "learner", [0]))
    assert transfer["lines"][1]["cells"][1]["sort"] == pytest.approx(expected)


def test_findings_name_the_leader_the_tie_and_the_incomplete(results: Results) -> None:
    pooled = table(results, None)
    said = findings(pooled, [table(results, "blobs"), table(results, "waves")], "psnr")
    # $x^2$ is identical to HR on one image of blobs, on which learner is worse: that dataset alone is tied.
    first = "learner leads on one of two datasets and cannot be told apart from $x^2$ on blobs: "
    assert said.lead[0].startswith(first)
    assert pooled.ranking is not None
    gap = pooled.ranking.difference(row(pooled, "learner").entrant, row(pooled, "bicubic").entrant)
    learned = {d: np.array(seed_means("psnr", d, "learner", [0, 1, 2])) for d in ("blobs", "waves")}
    gaps = {d: scores - seed_means("psnr", d, "bicubic", [None]) for d, scores in learned.items()}
    assert gap.estimate == pytest.approx((np.delete(gaps["blobs"], 2).mean() + gaps["waves"].mean()) / 2)
    assert f"{gap.estimate:.2f} dB [" in said.lead[0]
    assert "bicubic from lanczos" in ties(pooled.ranking)
    assert said.cost == (
        "Training learner took 42 s on A <fast> processor (2 cores); it upscales to a megapixel in 16 ms.",
    )
    assert any(HOSTILE in sentence and "failed on waves" in sentence for sentence in said.caveats)


def test_a_board_on_which_nothing_has_run_says_so(board: Board, tmp_path: Path) -> None:
    from dataclasses import replace

    cells = tuple(replace(cell, summary=None, state="new", why="never run") for cell in board.plan.cells)
    empty = replace(board, plan=replace(board.plan, cells=cells), store=tmp_path).results
    pooled = table(empty, None)
    assert not pooled.ranked
    assert "Nothing to compare yet" in findings(pooled, [], None).lead[0]
    assert pooled.rows[0].problems[0].text == "not run: never run"


def test_a_damaged_score_file_is_named_and_costs_its_cell_alone(make: Callable[..., Board]) -> None:
    broken = make(datasets=("blobs",), protocols=1, seeds=1)
    whole = broken.results
    path = next(broken.store.glob("cells/*/*/scores.parquet"))
    path.write_bytes(b"not parquet")
    results = broken.results
    (bad,) = [result for result in results.all if result.status == "damaged"]
    assert path.relative_to(broken.store.parent).as_posix() in bad.damage and bad.cell.key == path.parent.name
    others = [result for result in results.all if result is not bad]
    assert others == [result for result in whole.all if result.cell.key != path.parent.name]
