"""`srbench clean`: a dry run unless kinds are named, and a store that serves its matrix as before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made_records import contents
from rig.verbs import Srbench, rewrite

from srbench.store.lease import Lease
from srbench.store.records import Store


@pytest.mark.parametrize("named", [[], ["results/m"], ["matrix.yaml"], ["--store", "results/m"]])
def test_what_would_go_is_told_with_its_size_and_price_and_nothing_goes(
    here: Path, srbench: Srbench, named: list[str]
) -> None:
    store = Store(Path("results/m"))
    before = contents(store)
    said = srbench("clean", *named)
    assert said.code == 0 and contents(store) == before
    assert said.out.splitlines()[-1] == "nothing was removed; name what is to go with --delete KIND,..."
    (row,) = [line for line in said.out.splitlines() if line.startswith("pictures")]
    rows = json.loads(srbench("clean", *named, "--json").out)
    folders = {Path(one["path"]) for one in rows if one["kind"] == "pictures"}
    size = sum(path.stat().st_size for folder in folders for path in folder.iterdir())
    assert len(folders) == 2 and f"  {size / 1e6:,.3f} MB  pages have none of these cells" in row
    assert {one["of"] for one in rows} >= {"data/x2-rgb/nearest", "data/x2-rgb/bicubic"}


def test_without_pictures_all_is_done_sound_and_reported_and_a_later_metric_is_told(
    here: Path, srbench: Srbench
) -> None:
    scores = srbench("export", "matrix.yaml").out
    planned = srbench("plan", "matrix.yaml").out
    said = srbench("clean", "results/m", "--delete", "pictures")
    assert said.code == 0 and said.out.splitlines()[-1].startswith("removed: 0.0")
    assert not list(Path("results/m").rglob("images/*.png"))
    assert srbench("verify")[:2] == (0, "every file is the one that was written\n")
    assert srbench("export", "matrix.yaml").out == scores
    assert srbench("plan", "matrix.yaml").out == planned
    assert srbench("report", "matrix.yaml").code == 0
    assert srbench("clean", "results/m").out == "none\n"
    rewrite(here, metrics=["psnr", "ssim"])
    assert "images/a.png is gone" in srbench("plan", "matrix.yaml").out


def test_unknown_kinds_several_stores_and_a_store_at_work_are_refused(here: Path, srbench: Srbench) -> None:
    said = srbench("clean", "--delete", "picture")
    assert said.code == 2 and "unknown kind 'picture'. Did you mean 'pictures'?" in said.err
    (here / "results/other/cells").mkdir(parents=True)
    said = srbench("clean", "--delete", "pictures")
    assert said.code == 2 and "there are several stores in results; name the one to remove from" in said.err
    with Lease(Path("results/m"), "a run of m"):
        for more in ([], ["--delete", "pictures"]):
            said = srbench("clean", "results/m", *more)
            assert said.code == 2 and "the store results/m is in use (a run of m, process " in said.err
