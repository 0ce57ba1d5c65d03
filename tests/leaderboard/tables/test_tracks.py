"""Ranks of two tracks beside each other, each by the metric that ranks it alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from srbench.contract.metric import Judges
from srbench.leaderboard.results.results import Scope
from srbench.leaderboard.tables.ranked import Table, build_table
from srbench.leaderboard.tables.tracks import tracks

from ..toyboard import Made, results_of

SHARP = {"smooth": 0.0, "sharp": 1.0, "noisy": 2.0}
JUDGES: dict[str, Judges] = {"psnr": "distortion", "ssim": "distortion", "lpips": "perception", "niqe": "no-reference"}


def of(metrics: list[str], judges: dict[str, Judges], rank_by: str | None = None) -> Table:
    """Methods of which a sharper one is further from HR, and better by LPIPS and NIQE, where lower is better."""
    rng = np.random.default_rng(5)
    images = rng.normal(30, 2, 12)
    made = [
        Made("a", name, {metric: {f"i{n}": float(x - sharp) for n, x in enumerate(images)} for metric in metrics})
        for name, sharp in SHARP.items()
    ]
    results = results_of(made, rank_by)
    scope: Scope = replace(results.scopes[0], judges=judges)
    return build_table(scope, results.metrics)


def test_a_method_may_be_first_in_one_track_and_last_in_the_other() -> None:
    found = tracks(of(["psnr", "lpips"], JUDGES))
    assert found is not None
    assert (found.restoration, found.perception) == ("PSNR", "LPIPS")
    ranks = {line.entrant.name: [str(rank) for _, rank in line.ranks] for line in found.lines}
    assert ranks == {"smooth": ["1", "3"], "sharp": ["2", "2"], "noisy": ["3", "1"]}
    assert [line.entrant.name for line in found.lines] == ["smooth", "sharp", "noisy"]


def test_each_track_goes_by_its_first_metric_unless_the_one_that_ranks_is_of_its_kind() -> None:
    first, asked = tracks(of(["ssim", "lpips", "psnr"], JUDGES)), tracks(of(["ssim", "lpips", "psnr"], JUDGES, "psnr"))
    assert first is not None and asked is not None
    assert (first.restoration, first.perception) == ("SSIM", "LPIPS")
    assert (asked.restoration, asked.perception) == ("PSNR", "LPIPS")


def test_there_are_no_tracks_without_metrics_of_both() -> None:
    assert tracks(of(["psnr", "ssim"], JUDGES)) is None
    assert tracks(of(["psnr", "lpips"], {})) is None
