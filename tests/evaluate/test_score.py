"""Upscaling and scoring, apart from processes: tiles, checks of what methods return, and what becomes of scores."""

from __future__ import annotations

import math
import tempfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

import srbench
from srbench.contract.degradations import Bicubic as Shrunk
from srbench.contract.degradations import GaussianBlur
from srbench.contract.protocol import Protocol
from srbench.evaluate.output import BadOutput
from srbench.evaluate.score import score_split
from srbench.evaluate.tiles import PeakBytes
from srbench.evaluate.upscale import upscale_image, upscale_split
from srbench.pictures import Image, Values, read_image
from srbench.pictures.resize import resize
from srbench.registry.parameters import resolve
from srbench.registry.registry import registry
from srbench.registry.shared import create
from srbench.testing.pictures import textured

RGB = Protocol("x2-rgb", 2, "rgb", border=2)


class Bicubic(srbench.Method):
    halo = 2

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        return resize(lr, scale)


def _items(count: int = 3, size: int = 24, channels: int = 3, dtype: type = np.uint8) -> list[srbench.Item]:
    generator = np.random.default_rng(0)
    peak = {np.uint8: 255, np.uint16: 65535, np.float32: 1}[dtype]
    return [
        srbench.Item(f"i{index}", (generator.random((size, size + index, channels)) * peak).astype(dtype))
        for index in range(count)
    ]


def test_peak_bytes_counts_what_is_alive_at_once() -> None:
    with PeakBytes() as peak:
        for _ in range(10):
            torch.zeros(1000)
    assert 4000 <= peak.bytes < 10000
    with PeakBytes() as peak:
        held = [torch.zeros(1000) for _ in range(10)]
    assert peak.bytes == len(held) * 4000


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (lambda lr: lr, "shape"),
        (lambda lr: resize(lr, 2) / 0, "not finite"),
        (lambda lr: resize(lr, 2).double(), "float64"),
        (lambda lr: resize(lr, 2).numpy(), "ndarray"),
    ],
)
def test_what_is_no_image_is_refused(output, words: str) -> None:
    class Wrong(Bicubic):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            return output(lr)

    with pytest.raises(BadOutput, match=words):
        upscale_image(Wrong(), torch.ones(1, 4, 4), 2)


@pytest.mark.parametrize("metric", ["psnr", "mae", "rmse", "ssim"])
def test_what_was_not_measured_does_not_count(tmp_path: Path, metric: str) -> None:
    """Pixel by pixel the score is that of the rest; a map of neighbourhoods meets no difference there."""
    hr = _items(1, size=40, channels=1, dtype=np.float32)[0].hr
    gap = np.array(hr)
    gap[10:20, 14:30] = np.nan
    (item,) = (srbench.Item("i0", gap),)
    done = upscale_split(Bicubic(), [item], RGB, tmp_path)
    kind = registry().get("metric", metric).load()
    column = score_split("key", kind(), [item], RGB, tmp_path, done.images)
    sr = read_image(tmp_path / done.images["i0"])
    assert np.isfinite(sr).all()
    known = ~np.isnan(gap)[2:-2, 2:-2]
    difference = (sr - hr)[2:-2, 2:-2][known].astype(np.float64)
    exact = {"psnr": -10 * math.log10((difference**2).mean()), "mae": abs(difference).mean(),
             "rmse": math.sqrt((difference**2).mean())}  # fmt: skip
    if metric in exact:
        assert column.images["i0"] == pytest.approx(exact[metric], rel=1e-6)
    else:
        views = (one[2:-2, 2:-2, 0].astype(np.float64) for one in (sr, np.where(np.isnan(gap), sr, gap)))
        options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "full": True}
        _, similarity = structural_similarity(*views, data_range=1.0, **options)
        centres = np.zeros_like(known)
        centres[5:-5, 5:-5] = known[5:-5, 5:-5]
        assert column.images["i0"] == pytest.approx(similarity[centres[..., 0]].mean(), abs=1e-6)


def _lesions(channels: int = 3, dtype: type = np.uint8) -> list[srbench.Item]:
    """Pictures with two labels in a mask: 1 at the top left, over the border, and 2 in the middle."""
    mask = np.zeros((40, 40, 1), np.uint8)
    mask[:12, :20], mask[18:30, 16:34] = 1, 2
    hr = _items(1, size=40, channels=channels, dtype=dtype)[0].hr
    return [srbench.Item("i0", hr, mask=mask)]


def _in_region(
    name: str, region: Any, items: list[srbench.Item], sr: Path, protocol: Protocol = RGB
) -> srbench.MetricResult:
    kind = registry().get("metric", name).load()
    metric = create(kind, resolve(kind, {"region": region}))
    return score_split("key", metric, items, protocol, sr.parent, {item.id: sr.name for item in items}).result()


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
@pytest.mark.parametrize("region", ["mask", "outside", 1, 2])
def test_a_region_is_scored_by_its_own_pixels_inside_the_border(
    tmp_path: Path, region: Any, dtype: type, white: float
) -> None:
    items = _lesions(dtype=dtype)
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    sr, hr, mask = (
        image.astype(np.float64)[2:-2, 2:-2]
        for image in (read_image(tmp_path / done.images["i0"]), items[0].hr, items[0].read_mask())
    )
    labels = mask[..., 0]
    part = {"mask": labels != 0, "outside": labels == 0}.get(region, labels == region)
    error = ((sr - hr)[part] / white) ** 2
    result = _in_region("psnr", region, items, tmp_path / done.images["i0"])
    assert result.value == pytest.approx(-10 * math.log10(error.mean()), rel=1e-6)
    assert (result.n, result.details) == (1, srbench.Details())


@pytest.mark.parametrize(
    "name", ["psnr", "ssim", "ssim3", "gmsd", "shifted-psnr", "spectrum", "fsim", "haarpsi", "vsi", "flip"]
)
def test_what_sr_is_outside_a_region_does_not_matter(tmp_path: Path, name: str) -> None:
    items = _lesions()
    hr, mask = np.array(items[0].hr), items[0].read_mask()
    noise = np.random.default_rng(1).integers(0, 256, hr.shape, np.uint8)
    values = []
    for other in (hr, noise, 255 - hr):
        srbench.write_image(tmp_path / "sr.png", np.where(mask == 2, hr // 2 + noise // 4, other))
        values.append(_in_region(name, 2, items, tmp_path / "sr.png").value)
    assert values[0] is not None and len(set(values)) == 1


def test_a_region_in_lr_is_where_the_middles_of_its_pixels_lie(tmp_path: Path) -> None:
    items = _lesions(1)
    hr, mask = np.array(items[0].hr), items[0].read_mask()[..., 0]
    sr = np.where(mask[..., None] == 2, 255 - hr, hr // 2)
    srbench.write_image(tmp_path / "sr.png", sr)
    result = _in_region("lr-consistency", 2, items, tmp_path / "sr.png")
    values = Values.of(hr)
    made, given_lr = (RGB.lr(image, values, "i0").astype(np.float64)[9:15, 8:17] / 255 for image in (sr, hr))
    assert result.value == pytest.approx(-10 * math.log10(((made - given_lr) ** 2).mean()), rel=1e-9)


def test_what_was_not_measured_is_in_no_region(tmp_path: Path) -> None:
    (item,) = _lesions(1, np.float32)
    gap = np.array(item.hr)
    gap[18:30, 16:25] = np.nan
    items = [replace(item, hr=gap)]
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    sr = read_image(tmp_path / done.images["i0"])
    error = (sr.astype(np.float64) - gap)[18:30, 25:34]
    result = _in_region("rmse", 2, items, tmp_path / done.images["i0"])
    assert result.value == pytest.approx(math.sqrt((error**2).mean()), rel=1e-6)


def test_images_without_the_region_are_left_out_and_counted(tmp_path: Path) -> None:
    (item,) = _lesions()
    healthy = replace(item, id="i1", mask=np.zeros((40, 40, 1), np.uint8))
    at_the_border = np.zeros((40, 40, 1), np.uint8)
    at_the_border[:2] = 2
    items = [item, healthy, replace(item, id="i2", mask=at_the_border)]
    srbench.write_image(tmp_path / "sr.png", 255 - np.array(item.hr))
    result = _in_region("psnr", 2, items, tmp_path / "sr.png")
    assert result.value == _in_region("psnr", 2, items[:1], tmp_path / "sr.png").value
    assert (result.status, result.n) == ("ok", 1)
    assert result.details.numbers == {"images without a pixel of its region 2 that is scored": 2.0}
    nobody = _in_region("psnr", 9, items, tmp_path / "sr.png")
    assert (nobody.status, nobody.reason) == (
        "skipped",
        "nothing to score: none of 3 images has a pixel of its region 9 that is scored",
    )


def test_a_mask_of_another_size_fails_the_metric_and_names_the_image(tmp_path: Path) -> None:
    (item,) = _lesions()
    srbench.write_image(tmp_path / "sr.png", np.array(item.hr))
    result = _in_region("psnr", "mask", [replace(item, mask=np.ones((40, 39, 1), np.uint8))], tmp_path / "sr.png")
    assert result.status == "failed"
    assert "the mask of image 'i0' is 39 x 40; it should be the size of HR, 40 x 40" in result.reason


def test_what_stands_beside_the_score_of_an_image_is_shown_as_the_mean_over_units(tmp_path: Path) -> None:
    class Told(srbench.ImageMetric):
        higher_is_better = True

        def __init__(self) -> None:
            self.shifts = [0.0, 2.0, 4.0]

        def score(self, sr: torch.Tensor, hr: torch.Tensor) -> tuple[float, srbench.Details]:
            return 1.0, srbench.Details(further={"shift": self.shifts.pop(0)})

    items = _items()
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    result = score_split("key", Told(), items, RGB, tmp_path, done.images).result()
    assert (result.value, result.details.numbers) == (1.0, {"shift": 2.0})
    grouped = [replace(item, group="a" if number else None) for number, item in enumerate(items)]
    result = score_split("key", Told(), grouped, RGB, tmp_path, done.images).result()
    assert result.details.numbers == {"shift": (0 + 3) / 2}


def test_more_than_further_beside_the_score_of_an_image_fails_the_metric(scored) -> None:
    result = scored(m=Constant(*[(1.0, srbench.Details(n=3))] * 3))["m"]
    assert result.status == "failed" and "more than the `further`" in result.reason


def test_a_set_metric_may_have_the_unit_of_the_pictures(tmp_path: Path) -> None:
    class InTheirUnit(srbench.SetMetric):
        higher_is_better = False
        unit = "px"

        def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
            self.seen = item.spacing_unit

        def compute(self) -> float:
            self.unit = self.seen
            return 1.0

    items = _items(1)
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    column = score_split("key", InTheirUnit(), items, RGB, tmp_path, done.images)
    assert (column.result().unit, InTheirUnit.unit) == ("mm", "px")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channels", [1, 3])
def test_sr_is_written_in_the_depth_of_hr(tmp_path: Path, dtype: type, channels: int) -> None:
    items = _items(channels=channels, dtype=dtype)
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    assert done.lr == "made"
    for item in items:
        sr = read_image(tmp_path / done.images[item.id])
        reference, _ = RGB.reference(*item.read_hr())
        assert sr.dtype == dtype
        assert sr.shape == reference.shape


def test_shipped_lr_is_used_and_said(tmp_path: Path) -> None:
    class Seen(Bicubic):
        lrs: ClassVar[list[torch.Tensor]] = []

        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            self.lrs.append(lr.clone())
            return super().upscale(lr, scale)

    hr = np.full((12, 12, 1), 100, np.uint8)
    shipped = np.full((6, 6, 1), 7, np.uint8)
    items = [srbench.Item("a", hr, {("bicubic", 2): shipped}), srbench.Item("b", hr)]
    assert upscale_split(Seen(), items[:1], RGB, tmp_path).lr == "shipped"
    assert torch.allclose(Seen.lrs[-1], torch.tensor(7 / 255))
    assert upscale_split(Seen(), items, RGB, tmp_path).lr == "mixed"


def test_a_sampling_method_depends_on_the_seed_and_not_on_the_order_of_images(tmp_path: Path) -> None:
    class Sampler(Bicubic):
        samples = True

        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            return resize(lr, scale) + torch.randn(1)

    items = _items()
    outputs = {}
    for name, chosen, seed in (("a", items, 1), ("b", items[::-1], 1), ("c", items, 2)):
        folder = tmp_path / name
        folder.mkdir()
        done = upscale_split(Sampler(), chosen, RGB, folder, seed=seed)
        outputs[name] = read_image(folder / done.images["i1"])
    assert np.array_equal(outputs["a"], outputs["b"])
    assert not np.array_equal(outputs["a"], outputs["c"])


class Constant(srbench.ImageMetric):
    higher_is_better = True

    def __init__(self, *scores: float | srbench.Skip) -> None:
        self.scores = list(scores)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        answer = self.scores.pop(0)
        if isinstance(answer, ZeroDivisionError):
            raise answer
        return answer


class MeanOfAll(srbench.SetMetric):
    higher_is_better = False
    sees = "image"

    def __init__(self) -> None:
        self.values: list[float] = []

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        self.values.append(float((sr - hr).mean()))

    def compute(self) -> float:
        return sum(self.values) / len(self.values)


@pytest.fixture
def scored(tmp_path: Path):
    items = _items()
    done = upscale_split(Bicubic(), items, RGB, tmp_path)

    def score(**metrics: srbench.ImageMetric | srbench.SetMetric):
        return {
            name: score_split("key", metric, items, RGB, tmp_path, done.images).result()
            for name, metric in metrics.items()
        }

    return score


def test_while_a_picture_is_scored_its_own_numbers_are_in_memory_once(tmp_path: Path) -> None:
    hr = np.random.default_rng(0).integers(0, 256, (1200, 1200, 3), dtype=np.uint8)
    srbench.pictures.write_image(tmp_path / "a.png", hr)

    class Zero(srbench.ImageMetric):
        higher_is_better = True

        def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
            assert sr.dtype == hr.dtype == torch.float64
            return 0.0

    metric, items, protocol = Zero(), [srbench.Item("a", tmp_path / "a.png")], Protocol("x2-rgb", 2)
    score_split("", metric, items, protocol, tmp_path, {"a": "a.png"})  # imports are no part of it
    tracemalloc.start()
    try:
        column = score_split("", metric, items, protocol, tmp_path, {"a": "a.png"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not column.failure
    assert peak < (8 + 8 + 1.5) * hr.nbytes


def test_infinite_scores_stay_out_of_the_mean_with_a_count(scored) -> None:
    result = scored(m=Constant(1.0, math.inf, 4.0))["m"]
    assert (result.status, result.value, result.n, result.infinite) == ("ok", 2.5, 2, 1)
    all_infinite = scored(m=Constant(math.inf, math.inf, math.inf))["m"]
    assert (all_infinite.status, all_infinite.value, all_infinite.n, all_infinite.infinite) == ("ok", None, 0, 3)


@pytest.mark.parametrize(
    ("scores", "groups", "value", "units"),
    [
        ([1.0, 3.0, 8.0], "aab", 5.0, 2),  # (2 + 8) / 2, where the mean over images is 4
        ([1.0, 3.0, 8.0], "a..", 4.0, 3),
        ([1.0, 3.0, 8.0], "aaa", 4.0, 1),
        ([1.0, math.inf, 8.0], "aab", 4.5, 2),
        ([1.0, 3.0, math.inf], "aab", 2.0, 1),
        ([math.inf, math.inf, 8.0], "aa.", 8.0, 0),  # nothing of the group is left
        ([math.inf, math.inf, math.inf], "aab", None, 0),
        ([1.0, 3.0, 8.0], "...", 4.0, 0),
        ([1.0, 3.0, 8.0], ".i0.", 4.0, 3),  # a group that is called as an image is
    ],
)
def test_a_value_is_the_mean_over_groups_and_images_without_one(
    tmp_path: Path, scores: list[float], groups: str, value: float | None, units: int
) -> None:
    names = [None, "i0", None] if "i0" in groups else [None if name == "." else name for name in groups]
    items = [replace(item, group=name) for item, name in zip(_items(), names, strict=True)]
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    column = score_split("key", Constant(*scores), items, RGB, tmp_path, done.images)
    result = column.result()
    assert (result.value, result.groups) == (value, units)
    assert (result.n, result.infinite) == (sum(map(math.isfinite, scores)), scores.count(math.inf))
    assert list(column.images.values()) == scores, "images keep their scores"


def test_a_set_metric_has_one_value_whatever_the_groups(tmp_path: Path) -> None:
    items = [replace(item, group="a") for item in _items()]
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    result = score_split("key", MeanOfAll(), items, RGB, tmp_path, done.images).result()
    assert (result.n, result.groups) == (3, 0)


def test_no_mean_over_some_of_the_images(scored) -> None:
    result = scored(m=Constant(1.0, srbench.Skip("too small"), 3.0))["m"]
    assert (result.status, result.value) == ("skipped", None)
    assert result.reason == "1 of 3 images: too small"


@pytest.mark.parametrize("bad", [math.nan, 1e308, -1e200, ZeroDivisionError("oops")])
def test_a_metric_that_fails_fails_alone(scored, bad) -> None:
    results = scored(bad=Constant(1.0, bad, 3.0), good=Constant(1.0, 2.0, 3.0))
    assert results["bad"].status == "failed"
    assert "i1" in results["bad"].reason
    assert results["good"].value == 2.0


class WithoutValue(MeanOfAll):
    def compute(self) -> Any:
        return None


def test_a_set_metric_that_gives_no_number_fails_alone(scored) -> None:
    results = scored(bad=WithoutValue(), good=MeanOfAll())
    assert results["bad"].status == "failed"
    assert results["good"].status == "ok"


class WithDetails(MeanOfAll):
    def __init__(self, **details: Any) -> None:
        super().__init__()
        self.details = details

    def compute(self) -> Any:
        return super().compute(), srbench.Details(**self.details) if self.details else {"n": 3}


def test_what_stands_beside_a_value_is_kept_and_what_cannot_stand_there_fails_the_metric_alone(scored) -> None:
    results = scored(
        told=WithDetails(n=3, further={"pairs": 3}),
        silent=MeanOfAll(),
        nan=WithDetails(spread=math.nan),
        other=WithDetails(),
    )
    assert results["told"].details == srbench.Details(n=3, further={"pairs": 3.0})
    assert results["silent"].details == srbench.Details()
    assert results["silent"].value == results["told"].value
    assert (results["nan"].status, results["other"].status) == ("failed", "failed")
    assert "spread is nan" in results["nan"].reason
    assert "a dict, not srbench.Details" in results["other"].reason


def test_a_set_metric_sees_whole_images_and_has_one_value(scored) -> None:
    result = scored(m=MeanOfAll())["m"]
    assert result.status == "ok"
    assert not result.per_image
    assert result.n == 3
    assert abs(result.value) < 0.05


class SeenLr(srbench.ImageMetric):
    """Keeps what it is given."""

    higher_is_better = True
    sees = "lr"

    def __init__(self) -> None:
        self.pairs: list[tuple[torch.Tensor, torch.Tensor]] = []

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float:
        self.pairs.append((sr, hr))
        return 0.0


def _seen_lr(item: srbench.Item, sr: np.ndarray, protocol: Protocol, folder: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """What a metric of LR sees of one image whose SR on disk is `sr`."""
    name = f"sr{srbench.pictures.suffix_for(sr)}"
    srbench.write_image(folder / name, sr)
    metric = SeenLr()
    column = score_split("key", metric, [item], protocol, folder, {item.id: name})
    assert column.result().status == "ok", column.result().reason
    return metric.pairs[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("channel", ["y", "rgb", "gray"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_metric_of_lr_sees_sr_shrunk_like_matlab_and_the_lr_that_the_method_was_given(
    tmp_path: Path, channels: int, channel: str, dtype: type, basicsr: ModuleType
) -> None:
    item, other = _items(2, 31, channels, dtype)
    protocol = Protocol("p", 3, channel, border=3)
    sr = other.hr[:30, :30]
    shrunk, given = _seen_lr(item, sr, protocol, tmp_path)
    peak = np.iinfo(dtype).max
    imresize = basicsr.utils.matlab_functions.imresize
    expected_sr, expected_lr = (_shrunk(image[:30, :30], peak, imresize) for image in (sr, item.hr))
    weights = {"y": [65.481 / 255, 128.553 / 255, 24.966 / 255], "gray": [0.299, 0.587, 0.114], "rgb": None}[channel]
    for seen, expected in ((shrunk, expected_sr), (given, expected_lr)):
        if channels == 3 and weights is not None:
            expected = (expected @ np.array(weights))[..., None] + (16 / 255 if channel == "y" else 0)
        assert seen.dtype == torch.float64
        # No border is cut. basicsr computes in float32: a value next to a half may round to the other side, which
        # weights of alternating signs enlarge.
        assert seen.shape == (expected.shape[2], 10, 10)
        difference = np.abs(seen.permute(1, 2, 0).numpy() - expected)
        assert (difference > 1e-9).mean() < 0.05
        assert difference.max() < 2.01 / peak


def _shrunk(image: np.ndarray, peak: int, imresize: Callable[[np.ndarray, float], np.ndarray]) -> np.ndarray:
    """By 3 and with white at 1: `imresize` in one direction at a time, rounded after each."""

    def rows(image: np.ndarray) -> np.ndarray:
        # What repeats itself along its columns does not change when they are shrunk: so only its rows are.
        lines = [np.repeat(image[:, [column]], 12, axis=1) for column in range(image.shape[1])]
        shrunk = [imresize(line / peak, 1 / 3).astype(float)[:, [1]] for line in lines]
        return np.floor(np.concatenate(shrunk, axis=1).clip(0, 1) * peak + 0.5)

    return rows(rows(image).swapaxes(0, 1)).swapaxes(0, 1) / peak


def test_a_metric_of_lr_sees_shipped_lr_where_there_is_one(tmp_path: Path) -> None:
    hr = np.full((12, 12, 1), 100, np.uint8)
    shipped = np.full((6, 6, 1), 7, np.uint8)
    shrunk, given = _seen_lr(srbench.Item("a", hr, {("bicubic", 2): shipped}), hr, RGB, tmp_path)
    assert torch.allclose(given, torch.tensor(7 / 255).double())
    assert torch.allclose(shrunk, torch.tensor(100 / 255).double())


def test_hr_itself_shrinks_to_the_lr_that_was_made_of_it(tmp_path: Path) -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        for item in _items(1, 26, 3, dtype):
            shrunk, given = _seen_lr(item, item.hr, RGB, tmp_path)
            assert torch.equal(shrunk, given)


METRICS = ("psnr", "ssim", "rmse", "mae", "gmsd", "spectrum", "lr-consistency")


def _measured(hr: Image, values: Values, protocol: Protocol) -> tuple[Image, Image, dict[str, float]]:
    """LR and SR of a picture, and the scores of SR."""
    item = srbench.Item("a", hr, values=values)
    with tempfile.TemporaryDirectory() as folder:
        done = upscale_split(Bicubic(), [item], protocol, Path(folder))
        sr = read_image(Path(folder) / done.images["a"])
        metrics = ((name, registry().get("metric", name).load()()) for name in METRICS)
        columns = [score_split(name, one, [item], protocol, Path(folder), done.images) for name, one in metrics]
    return protocol.lr(hr, values, "a"), sr, {column.key: column.images["a"] for column in columns}


@settings(max_examples=12)
@given(
    black=st.floats(-4, 4),
    span=st.floats(1e-3, 1e4),
    channel=st.sampled_from(["rgb", "y", "gray"]),
    degradation=st.sampled_from([Shrunk(), GaussianBlur(1.2)]),
    seed=st.integers(0, 99),
)
def test_lr_sr_and_scores_are_those_of_the_same_picture_from_0_to_1(
    black: float, span: float, channel: Any, degradation: srbench.Degradation, seed: int
) -> None:
    protocol = Protocol("p", 2, channel, border=2, degradation=degradation)
    values = Values(black * span, black * span + span)
    unit = textured(seed, 48, 56, 3)
    unit = (3 * unit - 1).clip(0, 1)  # much of it black or white, so that LR and SR overshoot both
    native = (values.low + unit * span).astype(np.float32)
    lr, sr, scores = _measured(native, values, protocol)
    unit_lr, unit_sr, expected = _measured(unit.astype(np.float32), Values(0, 1), protocol)
    for found, same in ((lr, unit_lr), (sr, unit_sr)):
        assert found.min() >= np.float32(values.low) and found.max() <= np.float32(values.high)
        np.testing.assert_allclose((found.astype(np.float64) - values.low) / span, same, rtol=0, atol=2e-6)
    assert (unit_sr == 0).any() and (unit_sr == 1).any()
    assert scores == pytest.approx(expected, rel=1e-4)


class Baselines(srbench.ImageMetric):
    """Remembers what it is shown."""

    higher_is_better = False
    needs = frozenset({"baseline"})

    def __init__(self) -> None:
        self.shown: list[tuple[Any, ...]] = []

    def score_beside(self, sr: Any, hr: Any, baseline: Any, measured: Any) -> float:
        self.shown.append((sr, hr, baseline, measured))
        return float((sr - baseline).abs().max())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("channel", ["rgb", "y", "y8"])
def test_the_baseline_is_what_bicubic_writes_but_for_another_rounding(
    tmp_path: Path, channel: Any, dtype: type
) -> None:
    protocol = Protocol("x2", 2, channel, border=2)
    items = _items(dtype=dtype)
    done = upscale_split(Bicubic(), items, protocol, tmp_path)
    metric = Baselines()
    value = score_split("key", metric, items, protocol, tmp_path, done.images).result().value
    level = 1 / 255 if channel == "y8" else {np.uint8: 1 / 255, np.uint16: 1 / 65535, np.float32: 1e-6}[dtype]
    assert value is not None and value < 2.01 * level  # after the rows, and after the columns
    sr, hr, baseline, measured = metric.shown[0]
    assert measured is None and sr.shape == hr.shape == baseline.shape and not hr.equal(baseline)


def test_the_baseline_is_of_shipped_lr_where_there_is_one(tmp_path: Path) -> None:
    shipped = np.full((6, 6, 1), 7, np.uint8)
    items = [srbench.Item("a", np.full((12, 12, 1), 100, np.uint8), {("bicubic", 2): shipped})]
    metric = Baselines()
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    score_split("key", metric, items, RGB, tmp_path, done.images)
    assert metric.shown[0][2] == pytest.approx(7 / 255)


def test_where_hr_was_not_measured_sr_hr_and_baseline_are_equal(tmp_path: Path) -> None:
    gap = np.array(_items(1, size=40, channels=1, dtype=np.float32)[0].hr)
    gap[10:20, 14:30] = np.nan
    items = [srbench.Item("i0", gap)]
    done = upscale_split(Bicubic(), items, RGB, tmp_path)
    metric = Baselines()
    score_split("key", metric, items, RGB, tmp_path, done.images)
    sr, hr, baseline, measured = metric.shown[0]
    assert torch.equal(measured, torch.from_numpy(~np.isnan(gap[2:-2, 2:-2, 0])))
    assert sr[:, ~measured].equal(hr[:, ~measured]) and sr[:, ~measured].equal(baseline[:, ~measured])


class Mean(srbench.NoReferenceMetric):
    """The mean of what it sees."""

    higher_is_better = True

    def __init__(self, sees: str) -> None:
        self.sees = sees

    def judge(self, sr: torch.Tensor) -> float:
        return float(sr.mean())


def _lone(folder: Path, protocol: Protocol, dtype: type = np.uint8) -> tuple[srbench.Item, dict[str, str], Image]:
    """LR without HR, and its bicubic SR on disk."""
    lr = _items(1, 12, 3, dtype)[0].hr
    assert isinstance(lr, np.ndarray)
    item = srbench.Item("a", None, lone_lr=lr)
    done = upscale_split(Bicubic(), [item], protocol, folder)
    return item, done.images, read_image(folder / done.images["a"])


@pytest.mark.parametrize(("dtype", "white"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_sr_without_hr_is_judged_alone_as_the_metric_sees_it(tmp_path: Path, dtype: type, white: float) -> None:
    protocol = Protocol("x2-y", 2, "y", border=2)
    item, images, sr = _lone(tmp_path, protocol, dtype)
    luma = (sr / white) @ np.array([65.481, 128.553, 24.966]) / 255 + 16 / 255
    for sees, expected in (("protocol", luma[2:-2, 2:-2].mean()), ("image", (sr / white).mean())):
        column = score_split("key", Mean(sees), [item], protocol, tmp_path, images)
        assert column.images["a"] == pytest.approx(expected, abs=1e-9)
        assert (column.result().status, column.result().n) == ("ok", 1)


def test_sr_beside_hr_is_judged_alone_too_also_where_hr_was_not_measured(tmp_path: Path) -> None:
    hr = _items(1, 24, 3, np.float32)[0].hr
    assert isinstance(hr, np.ndarray)
    hr[:8] = np.nan
    item = srbench.Item("a", hr)
    done = upscale_split(Bicubic(), [item], RGB, tmp_path)
    sr = read_image(tmp_path / done.images["a"])
    column = score_split("key", Mean("image"), [item], RGB, tmp_path, done.images)
    assert column.images["a"] == pytest.approx(float(sr.mean(dtype=np.float64)), abs=1e-9)


def test_consistency_with_lr_needs_no_hr(tmp_path: Path) -> None:
    item, images, sr = _lone(tmp_path, RGB)
    metric = registry().get("metric", "lr-consistency").load()()
    shrunk = resize(torch.from_numpy(sr / 255.0).permute(2, 0, 1), 0.5).permute(1, 2, 0).numpy()
    mse = ((np.floor(shrunk * 255 + 0.5).clip(0, 255) - item.lone_lr) ** 2).mean() / 255**2
    column = score_split("key", metric, [item], RGB, tmp_path, images)
    # Rows and columns are rounded one after the other, which this is not.
    assert column.images["a"] == pytest.approx(-10 * math.log10(mse), abs=0.2)


def test_what_compares_with_hr_fails_where_it_is_asked_without_any(tmp_path: Path) -> None:
    item, images, _ = _lone(tmp_path, RGB)
    metric = registry().get("metric", "psnr").load()()
    result = score_split("key", metric, [item], RGB, tmp_path, images).result()
    assert (result.status, result.reason) == ("failed", "image 'a': there is no HR")
