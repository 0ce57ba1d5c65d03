"""Pictures of the page: which images, which window, in 8 bits, with errors as the protocol sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from bench_in_process import InProcess, plan
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pillow

from srbench.contract.protocol import Protocol
from srbench.leaderboard.board.description import describe
from srbench.leaderboard.gallery import pictures
from srbench.leaderboard.gallery.errors import Errors
from srbench.leaderboard.gallery.pictures import (
    WINDOW,
    Gallery,
    Layer,
    ViewedImage,
    first_seeds,
    map_legend,
    meaning,
    to_display,
    white_words,
    window,
    write_galleries,
    write_png,
)
from srbench.leaderboard.gallery.viewer import look_data, start
from srbench.leaderboard.pages.document import results_in
from srbench.pictures import Values, memberships, read_image, shares
from srbench.store.references import Reference

from ..toyboard import Board, Made, picture, results_of

SCORES = {f"im{number:02}": float((number * 7) % 40) for number in range(40)}


def test_sixteen_bits_and_floats_are_shown_from_their_black_to_their_white() -> None:
    deep = np.array([[[0], [32768], [65535]]], dtype=np.uint16)
    assert to_display(deep, Values(0, 65535)).ravel().tolist() == [0, 128, 255]
    assert to_display(deep, Values(0, 32768)).ravel().tolist() == [0, 255, 255]
    floats = np.array([[[-1.0], [0.5], [2.0]]], dtype=np.float32)
    assert to_display(floats, Values(0, 1)).ravel().tolist() == [0, 128, 255]
    assert to_display(floats, Values(-1, 2)).ravel().tolist() == [0, 128, 255]
    signed = np.array([[[-1000], [0], [40], [3000]]], np.int16)
    assert to_display(signed, Values(-1000, 3000, window=(0, 80))).ravel().tolist() == [0, 0, 128, 255]
    assert to_display(np.array([[[20], [250]]], np.uint8), Values(20, 250)).ravel().tolist() == [0, 255]


def test_what_was_not_measured_is_grey_and_counted() -> None:
    hr = np.array([[[0.0], [np.nan], [100.0], [np.nan]]], np.float32)
    for values in (Values(0, 100), Values(-50, 200, "asinh", 3, 1), Values(0, 1000, window=(0, 100))):
        assert to_display(hr, values).ravel()[[1, 3]].tolist() == [128, 128]
        words = meaning(Reference(hr, values))
        assert words.split(", ")[-1] == "grey in HR: not measured (2 pixels)"


def test_the_window_lies_on_lr_pixels_where_errors_are_greatest() -> None:
    errors = np.zeros((600, 800))
    errors[400:420, 700:720] = 1
    left, top, width, height = window(800, 600, 4, errors)
    assert (width, height) == (WINDOW, WINDOW)
    assert left % 4 == 0 and top % 4 == 0
    assert errors[top : top + height, left : left + width].sum() == errors.sum()
    assert window(40, 30, 2, None) == (0, 0, 40, 30)


@pytest.mark.parametrize(
    ("values", "spacing", "words"),
    [
        (Values(0, 255), None, ""),
        (Values(-1000, 3000, unit="HU", window=(0, 80)), (0.7, 0.7), "shown from 0 to 80 HU, pixels of 0.7 mm"),
        (Values(0, 5000, "asinh", 30, unit="adu"), None, "shown from 0 to 5000 adu along asinh"),
        (Values(0, 255), (1, 2.5), "pixels of 1 × 2.5 mm"),
    ],
)
def test_what_values_and_pixels_mean_is_told_where_it_is_not_usual(values: Values, spacing, words: str) -> None:
    assert meaning(Reference(np.zeros((2, 2, 1), np.int16), values, spacing=spacing)) == words


def test_of_several_seeds_the_first_that_went_well_is_shown() -> None:
    cells = [
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=0, reason="no luck"),
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=1),
        Made("d", "a", {"psnr": SCORES}, trained_on="t", seed=2),
        Made("d", "b", {"psnr": SCORES}),
    ]
    results = results_of(cells).all
    assert first_seeds(results) == [results[1], results[3]]


@given(width=st.integers(1, 900), height=st.integers(1, 900), scale=st.sampled_from([1, 2, 3, 4, 8]))
def test_a_window_lies_inside_on_lr_pixels_and_is_as_large_as_it_may_be(width: int, height: int, scale: int) -> None:
    width, height = width * scale // scale * scale or scale, height * scale // scale * scale or scale
    errors = np.random.default_rng(width).random((height, width)) if width * height < 10**5 else None
    left, top, wide, high = window(width, height, scale, errors)
    assert 0 <= left <= width - wide and 0 <= top <= height - high
    assert left % scale == top % scale == 0
    assert (wide, high) == (min(width, WINDOW - WINDOW % scale), min(height, WINDOW - WINDOW % scale))


def test_a_png_is_read_as_it_was_written(tmp_path: Path) -> None:
    for channels in (1, 3):
        image = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
        write_png(tmp_path / "a.png", image)
        assert np.array_equal(read_image(tmp_path / "a.png"), image)


def test_a_part_of_an_image_says_which_part() -> None:
    layers = (Layer("HR", "pictures/a.png"), Layer("a", "pictures/b.png"))
    part = ViewedImage("im0", layers, (8, 4, 256, 256), (800, 600))
    assert part.window_words.startswith("256 × 256 of 800 × 600 pixels, from (8, 4)")
    assert ViewedImage("im0", layers, (0, 0, 8, 6), (8, 6)).window_words == "8 × 6 pixels, the whole image"
    assert part.layer("a") is layers[1] and part.layer("b") is None
    tiled = tuple(msgspec.structs.replace(layer, tiles=("pictures/t-0.png", "pictures/t-1.png")) for layer in layers)
    whole = msgspec.structs.replace(part, layers=tiled)
    assert (part.is_cut, whole.is_cut) == (True, False)
    assert part.window_words.endswith("the rest is left out") and whole.window_words.endswith("the rest is here, too")
    assert "pictures/t-1.png" in whole.places


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


def test_a_board_without_maps_has_no_legend_of_them() -> None:
    layers = (Layer("HR", "pictures/a.png"), Layer("a", "pictures/b.png", "pictures/c.png", 0.1))
    assert map_legend([Gallery("d", "p", (ViewedImage("im0", layers, (0, 0, 8, 6), (8, 6)),))]) == []


def test_error_maps_of_a_board_have_one_scale_which_the_first_method_decides(
    board: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def scale(errors: Iterable[Errors]) -> float:
        seen.extend(float(np.nanmean(one)) for one in errors)
        return 0.123

    monkeypatch.setattr(pictures, "error_scale", scale)
    galleries = write_galleries(board.results, board.store, tmp_path)
    first = [shown.layer("bicubic") for one in galleries for shown in one.images]
    assert seen == [layer.mean_error for layer in first if layer is not None and layer.mean_error is not None] != []
    assert {one.error_white for one in galleries} == {0.123}


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


def test_the_end_of_the_scale_is_told_in_percent() -> None:
    shown = ViewedImage("a", (), (0, 0, 1, 1), (1, 1))
    assert white_words([Gallery("d", "p", ()), Gallery("d", "p", (shown,), error_white=0.005)]) == (
        "0.5 % of white or more"
    )
    assert white_words([]) == "20 % of white or more"  # of boards that were published before there was a choice


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
