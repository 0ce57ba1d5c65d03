"""Pictures on disk: those of the store, with errors as the protocol sees them, and whole ones while there is room."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from bench_in_process import InProcess, plan
from PIL import Image as Pillow

from srbench.contract.protocol import Protocol
from srbench.leaderboard.board.description import describe
from srbench.leaderboard.gallery import writing
from srbench.leaderboard.gallery.errors import Errors, error_scale
from srbench.leaderboard.gallery.pictures import ViewedImage, map_legend
from srbench.leaderboard.gallery.viewer import look_data, start
from srbench.leaderboard.gallery.writing import write_galleries
from srbench.leaderboard.pages.document import results_in
from srbench.pictures import Values, memberships, read_image, shares

from ..toyboard import Board, picture


def test_pictures_on_disk_are_those_of_the_store_and_their_errors(board: Board, tmp_path: Path) -> None:
    results = board.results
    galleries = write_galleries(results, board.store, tmp_path)
    (gallery,) = [one for one in galleries if (one.dataset, one.protocol) == ("blobs", "x2-rgb")]
    assert gallery.trouble == "" and gallery.metric == "psnr"
    by_ssim = replace(results, board=msgspec.structs.replace(results.board, rank_by="ssim"))
    assert {one.metric for one in write_galleries(by_ssim, board.store, tmp_path / "by-ssim")} == {"ssim"}
    for shown in gallery.images:
        number = int(shown.id.removeprefix("im"))
        hr = picture("blobs", number)
        left, top, width, height = shown.box
        cut = np.s_[top : top + height, left : left + width]
        assert np.array_equal(read_image(tmp_path / shown.layers[0].href), hr[cut])
        layer = shown.layer("lanczos")
        assert layer is not None and layer.error_href is not None
        sr = read_image(tmp_path / layer.href)
        inside = np.abs(sr.astype(float) - hr[cut]).mean(-1)[2:-2, 2:-2] / 255
        assert layer.mean_error == pytest.approx(inside.mean())  # these pictures are shown whole
        with Pillow.open(tmp_path / layer.error_href) as opened:
            steps = np.asarray(opened)
        assert (steps[:2] == 255).all()  # the border that is not scored has a colour of its own
        assert steps[2:-2, 2:-2] == pytest.approx(np.clip(inside / gallery.error_white, 0, 1) * 254, abs=0.51)


def test_maps_on_disk_are_of_sr_hr_and_the_lr_that_the_store_keeps(board: Board, tmp_path: Path) -> None:
    galleries = write_galleries(board.results, board.store, tmp_path)
    assert map_legend(galleries)[2][1] == "invented: as in neither"
    (gallery,) = [one for one in galleries if (one.dataset, one.protocol) == ("blobs", "x2-rgb")]
    for shown in gallery.images:
        layers = {layer.name: layer for layer in shown.layers}
        assert layers["HR"].map_href is None and layers["HR"].shares is None
        layer, hr = layers["bicubic"], picture("blobs", int(shown.id.removeprefix("im")))
        known = Protocol("x2-rgb", 2, "rgb", border=2).lr(hr, Values(0, 255), shown.id)
        baseline = np.asarray(Pillow.fromarray(known).resize(hr.shape[1::-1], Pillow.Resampling.BICUBIC))
        sr = read_image(tmp_path / layer.href)
        inside = [one[2:-2, 2:-2].astype(float) / 255 for one in (sr, hr, baseline)]
        distances = [np.abs(inside[a] - inside[b]).mean(-1) for a, b in ((2, 1), (0, 1), (0, 2))]
        # Pillow rounds otherwise, by a step at most.
        assert layer.shares == pytest.approx(shares(memberships(*distances)), abs=0.02)
        with Pillow.open(tmp_path / str(layer.map_href)) as opened:
            classes = np.asarray(opened)
        assert opened.size == shown.box[2:] and (classes[:2] == 4).all()
        counts = np.bincount(classes[2:-2, 2:-2].ravel(), minlength=4)
        assert layer.shares == pytest.approx(counts[:3] / counts[:3].sum())
        assert {layer.href, layer.error_href, layer.map_href} <= set(gallery.files)


def test_error_maps_of_a_board_have_one_scale_which_the_first_method_decides(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def high(maps: Iterable[Errors]) -> float | None:
        means = [float(np.nanmean(one)) for one in maps]
        seen.extend(means)
        return max(means, default=None)

    monkeypatch.setattr(writing, "high_error", high)
    galleries = write_galleries(board.results, board.store, tmp_path)
    first = [shown.layer("bicubic") for one in galleries for shown in one.images]
    assert seen == [layer.mean_error for layer in first if layer is not None and layer.mean_error is not None] != []
    assert {one.error_white for one in galleries} == {error_scale([max(seen)])}


def test_whole_pictures_have_the_room_that_the_matrix_gives_them_all_for_the_datasets_that_need_it(
    make: Callable[..., Board], tmp_path: Path
) -> None:
    few = make(protocols=1, seeds=1, methods=("bicubic", "lanczos"))
    results = few.results

    def tiled(megabytes: float, out: Path) -> dict[str, list[str]]:
        asked = msgspec.structs.replace(results.board, whole_pictures_mb=megabytes)
        written = write_galleries(replace(results, board=asked), few.store, out)
        return {one.dataset: [shown.id for shown in one.images if shown.layers[0].tiles] for one in written}

    every = [f"im{number}" for number in range(8)]
    assert tiled(8, tmp_path / "all") == {"blobs": [], "waves": every}  # of which only one is larger than the window
    sizes = {path: path.stat().st_size for path in (tmp_path / "all").rglob("whole-*.png")}
    assert len(sizes) == 8 * 4  # HR, LR and two methods
    least = sum(sizes.values()) / 1e6
    assert tiled(least, tmp_path / "just")["waves"] == every
    part = tiled(least * 0.6, tmp_path / "part")["waves"]
    assert 0 < len(part) < 8
    assert tiled(0, tmp_path / "none") == {"blobs": [], "waves": []}


def test_without_hr_lr_stands_beside_sr_and_there_are_no_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    bench = InProcess(tmp_path / "bench")
    bench.content["datasets"] = [{"use": "folder", "as": "data", "path": str(bench.data / "test"), "lr_alone": True}]
    bench.content["metrics"] = ["lr-consistency"]
    assert bench.run().status == "ok"
    results = results_in(describe(plan(bench)), bench.store.root).results
    (gallery,) = write_galleries(results, bench.store.root, tmp_path)
    assert gallery.trouble == "data has LR alone"
    assert [shown.id for shown in gallery.images] == ["a", "b"]
    for shown in gallery.images:
        method, lr = shown.layers
        assert (method.error_href, lr.name, shown.whole) == (None, "LR", (64, 64))
        assert np.array_equal(read_image(tmp_path / lr.href), read_image(bench.data / "test" / f"{shown.id}.png"))
    begun = start(look_data([gallery], results), [])
    assert begun is not None and (begun["a"], begun["b"]) == (method.name, "LR")
    large = ViewedImage("a", (method, lr), (8, 4, 256, 256), (800, 600))
    assert large.window_words == "256 × 256 of 800 × 600 pixels, from (8, 4): the middle; the rest is left out"


def test_what_pictures_are_made_from_is_all_that_changes_them(board: Board, tmp_path: Path) -> None:
    asked: list[str] = []
    before = write_galleries(board.results, board.store, tmp_path / "first")
    write_galleries(board.results, board.store, tmp_path / "again", lambda made_from: asked.append(made_from))
    assert asked == [one.made_from for one in before]
    assert len({*asked}) == len(asked), "no two galleries are made from the same"
    kept = {one.made_from: one for one in before}
    assert write_galleries(board.results, board.store, tmp_path / "kept", kept.get) == before
    assert not (tmp_path / "kept").exists(), "they are on the board that is there"
    store = tmp_path / "store"
    shutil.copytree(board.store, store)
    changed = board.results.all[1]
    (store / "cells" / changed.cell.key[:2] / changed.cell.key / "images" / "im1.png").unlink()
    after = write_galleries(board.results, store, tmp_path / "without")
    anew = [(one.dataset, one.protocol) for one in after if one.made_from not in kept]
    assert anew == [(changed.cell.dataset, changed.cell.protocol)]
