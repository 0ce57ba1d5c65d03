"""The CSV of a ranked table, read back by another library."""

from __future__ import annotations

import io
import math

import pandas as pd
import pytest

from srbench.leaderboard.paper.sheet import sheet
from srbench.leaderboard.tables.ranked import build_table

from ..toyboard import HOSTILE, Made, results_of


def rising(start: float) -> dict[str, float]:
    return {f"im{place}": start + place / 3 for place in range(9)}


def read(cells: list[Made]) -> pd.DataFrame:
    results = results_of(cells)
    text = sheet(build_table(results.scopes[0], results.metrics, "d"))
    return pd.read_csv(io.StringIO(text)).set_index("method")


def test_numbers_are_in_full_precision_beside_their_intervals() -> None:
    found = read([Made("d", "bicubic", {"psnr": rising(20)}), Made("d", "net", {"psnr": rising(20.123456789)})])
    net = found.loc["net"]
    assert net["psnr"] == pytest.approx(20.123456789 + 4 / 3, abs=1e-12)
    assert net["psnr_low"] < net["psnr"] < net["psnr_high"]
    assert (net["rank_low"], net["rank_high"], net["against"]) == (1, 1, "bicubic")
    assert net["difference"] == pytest.approx(0.123456789, abs=1e-12)
    assert (net["images"], net["groups"], net["seeds"]) == (9, 9, 0)
    assert math.isnan(found.loc["bicubic"]["difference"])


def test_what_is_missing_is_empty_and_has_its_reason() -> None:
    found = read(
        [
            Made("d", HOSTILE, {"psnr": dict.fromkeys(rising(0), math.inf), "ssim": rising(0)}),
            Made("d", "half", {"psnr": rising(30)}, lacking={"ssim": "too small"}),
            Made("d", "none", {}, reason="gone, it is"),
        ]
    )
    assert found.loc[HOSTILE]["psnr"] == math.inf
    assert math.isnan(found.loc["half"]["ssim"]) and found.loc["half"]["problem"] == "ssim: failed"
    assert found.loc["none"]["problem"] == "d: failed: gone, it is"
    assert found.loc["none"][["psnr", "rank_low", "difference"]].isna().all()
