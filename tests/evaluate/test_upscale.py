"""SR on disk: checked, lossless, in native depth, timed without what is not the method's, drawn by the seed alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import srbench
from srbench.contract.dataset import Item
from srbench.contract.protocol import Protocol
from srbench.evaluate.cost import LATENCY_SIDE
from srbench.evaluate.output import BadOutput
from srbench.evaluate.upscale import OVERSHOOT, Upscaled, upscale_image, upscale_split
from srbench.pictures import read_image

X2 = Protocol("x2-rgb", 2, "rgb", border=2)


class Nearest(srbench.Method):
    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        return lr.repeat_interleave(scale, -2).repeat_interleave(scale, -1)


class Grainy(Nearest):
    samples = True

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        sr = super().upscale(lr, scale)
        return sr + 0.1 * torch.randn_like(sr)


def item(name: str, height: int = 12, width: int = 10, dtype: Any = np.uint8, **more: Any) -> Item:
    peak = 1 if dtype is np.float32 else np.iinfo(dtype).max
    values = np.random.default_rng(len(name)).random((height, width, 3)) * peak
    return Item(name, values.astype(dtype), **more)


@pytest.mark.parametrize(("dtype", "suffix"), [(np.uint8, ".png"), (np.uint16, ".png"), (np.float32, ".tiff")])
def test_sr_is_of_hr_s_depth_and_the_method_s_lr_pixel_by_pixel(tmp_path: Path, dtype: Any, suffix: str) -> None:
    hr = item("a", dtype=dtype)
    told: list[str] = []
    done = upscale_split(Nearest(), [hr], X2, tmp_path, progress=told.append)
    assert (done.images, told, done.lr) == ({"a": f"a{suffix}"}, ["a"], "made")
    pixels, peak = hr.read_hr()
    lr = X2.lr(pixels, peak, "a", None)
    sr = read_image(tmp_path / done.images["a"])
    assert sr.dtype == dtype and sr.shape == pixels.shape
    assert np.array_equal(sr, lr.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize(("shipped", "words"), [((), "made"), (("a",), "mixed"), (("a", "bb"), "shipped")])
def test_where_lr_is_from_is_told(tmp_path: Path, shipped: tuple[str, ...], words: str) -> None:
    def lr(name: str) -> dict[Any, Any]:
        return {("bicubic", 2): np.full((6, 5, 3), 7, np.uint8)} if name in shipped else {}

    done = upscale_split(Nearest(), [item(name, lr=lr(name)) for name in ("a", "bb")], X2, tmp_path)
    assert (done.lr, done.shipped) == (words, len(shipped))
    for name in shipped:
        assert (read_image(tmp_path / done.images[name]) == 7).all()


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_order(tmp_path: Path) -> None:
    def sr(names: str, seed: int) -> dict[str, Any]:
        folder = tmp_path / f"{names}{seed}"
        folder.mkdir()
        done = upscale_split(Grainy(), [item(name) for name in names], X2, folder, seed=seed)
        return {name: read_image(folder / file) for name, file in done.images.items()}

    forth, back, other = sr("ab", 0), sr("ba", 0), sr("ab", 1)
    assert all(np.array_equal(forth[name], back[name]) for name in "ab")
    assert not np.array_equal(forth["a"], other["a"])


def test_values_far_outside_are_counted_and_overshoot_is_not(tmp_path: Path) -> None:
    class Bright(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            sr = super().upscale(lr, scale)
            sr[..., 0, :] = 1 + 0.9 * OVERSHOOT
            sr[..., 1, :] = 1 + 1.1 * OVERSHOOT
            sr[..., 2, :] = -1.1 * OVERSHOOT
            return sr

    done = upscale_split(Bright(), [item("a")], X2, tmp_path)
    assert (done.values, done.clamped) == (12 * 10 * 3, 2 * 10 * 3)
    assert done.clamped_share == pytest.approx(2 / 12)
    assert Upscaled().clamped_share == 0


def test_the_time_of_a_megapixel_is_the_median_and_the_sum_is_all() -> None:
    done = Upscaled(times=[(1.0, 0.5), (0.1, 0.1), (90.0, 0.5)])
    assert done.seconds == 91.1
    assert done.ms_per_megapixel == 2000  # of 2, 1 and 180 seconds a megapixel


def test_latency_is_measured_on_a_corner_of_the_largest_lr(tmp_path: Path) -> None:
    done = upscale_split(Nearest(), [item("a"), item("bb", 40, 30), item("ccc", 16, 16)], X2, tmp_path)
    assert done.sample is not None and done.sample.shape == (3, 20, 15)
    large = item("d", 2 * LATENCY_SIDE + 20, 24)
    done = upscale_split(Nearest(), [large], X2, tmp_path)
    assert done.sample is not None and done.sample.shape == (3, LATENCY_SIDE, 12)


def test_sr_that_is_none_is_refused_with_what_it_should_be() -> None:
    class Half(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            return lr

    with pytest.raises(BadOutput, match=r"from \(1, 3, 4, 5\) it should be"):
        upscale_image(Half(), torch.zeros(3, 4, 5), 2)


def test_a_method_that_refuses_corners_upscales_whole_images_all_the_same(tmp_path: Path) -> None:
    class Whole(Nearest):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            if min(lr.shape[2:]) <= 16:
                raise ValueError("too small")
            return super().upscale(lr, scale)

    assert list(upscale_split(Whole(), [item("a", 40, 40)], X2, tmp_path).images) == ["a"]


def test_progress_ends_at_one_and_sr_lies_on_the_cpu() -> None:
    told: list[float] = []
    sr = upscale_image(Nearest(), torch.rand(1, 3, 4), 2, progress=told.append)
    assert told == [1.0] and sr.shape == (1, 6, 8) and sr.device.type == "cpu"
