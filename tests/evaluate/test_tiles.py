"""Tiles: they cover the image, stay within memory, waste little, and change nothing."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import srbench
from srbench.evaluate import tiles
from srbench.evaluate.output import BadOutput
from srbench.evaluate.tiles import PeakBytes, Tiling, tiling_for, upscale_tiled
from srbench.evaluate.upscale import upscale_image
from srbench.pictures.resize import resize


class Bicubic(srbench.Method):
    halo = 2

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        return resize(lr, scale)


class Network(srbench.Method):
    """Three convolutions with zero padding, then sub-pixel shuffle by 2."""

    halo = 3

    def __init__(self, width: int = 16, memory_format: torch.memory_format = torch.contiguous_format) -> None:
        torch.manual_seed(0)
        sizes = [(3, width), (width, width), (width, 12)]
        layers = [torch.nn.Conv2d(a, b, 3, padding=1) for a, b in sizes]
        self.network = torch.nn.Sequential(layers[0], torch.nn.ReLU(), layers[1], torch.nn.ReLU(), layers[2])
        self.network.append(torch.nn.PixelShuffle(2)).to(memory_format=memory_format)
        self.sizes: list[tuple[int, int]] = []

    def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
        self.sizes.append((lr.shape[-2], lr.shape[-1]))
        with torch.inference_mode():
            sr: torch.Tensor = self.network(lr)
        return sr


sides = st.integers(1, 90)
counts = st.integers(1, 9)
halos = st.integers(0, 12)


@settings(max_examples=50)
@given(sides, sides, counts, counts, halos)
def test_tiles_cover_every_pixel_once_are_of_one_size_and_see_their_halo(
    height: int, width: int, rows: int, columns: int, halo: int
) -> None:
    rows, columns = min(rows, height), min(columns, width)
    covered = torch.zeros(height, width, dtype=torch.int)
    shapes = set()
    total = 0
    for down, across in Tiling(rows, columns, halo).spans(height, width):
        covered[down.start : down.end, across.start : across.end] += 1
        shapes.add((down.end - down.start, across.end - across.start))
        for span, length in ((down, height), (across, width)):
            assert span.first == max(0, span.start - halo)
            assert span.last == min(length, span.end + halo)
        total += (down.last - down.first) * (across.last - across.first)
    assert (covered == 1).all()
    for side in zip(*shapes, strict=True):
        assert max(side) - min(side) <= 1
    assert total == Tiling(rows, columns, halo).seen(height, width)


@settings(max_examples=15)
@given(st.integers(1, 40), st.integers(1, 40), counts, counts)
def test_what_comes_out_of_tiles_equals_the_whole(height: int, width: int, rows: int, columns: int) -> None:
    method = Network()
    lr = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(1))
    told: list[float] = []
    tiling = Tiling(min(rows, height), min(columns, width), method.halo)
    tiled = upscale_tiled(lambda seen: method.upscale(seen, 2), lr, 2, tiling, told.append)
    torch.testing.assert_close(tiled, method.upscale(lr, 2), atol=1e-6, rtol=0)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


@pytest.mark.parametrize("rows", [1, 3, 7])
def test_interpolation_in_tiles_equals_the_whole_at_the_borders_too(rows: int) -> None:
    lr = torch.rand(1, 3, 41, 37)
    tiled = upscale_tiled(lambda seen: resize(seen, 3), lr, 3, Tiling(rows, 2, 2))
    torch.testing.assert_close(tiled, resize(lr, 3), atol=1e-6, rtol=0)


def _fits(tiling: Tiling, height: int, width: int, affordable: float) -> bool:
    return all(rows.seen * columns.seen <= affordable for rows, columns in tiling.spans(height, width))


@settings(max_examples=30)
@given(st.integers(40, 130), st.integers(40, 130), st.integers(1, 6), st.integers(600, 9000))
def test_no_tiling_that_fits_wastes_less(height: int, width: int, halo: int, affordable: int) -> None:
    class OneBytePerPixel(srbench.Method):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            raise AssertionError("not needed: what it takes is known")

    method = OneBytePerPixel()
    method.halo = halo
    lr = torch.empty(1, 1, height, width)
    # A known estimate: one byte a pixel of LR, and nothing else.
    tiles._estimates[id(method)] = {(1, 1, 1, lr.device): tiles._Estimate(0, 1, height * width)}
    memory = affordable / tiles.MARGIN + 4 * height * width + lr.nbytes
    chosen = tiling_for(method, lr, 1, memory)
    tiles._estimates.clear()
    if chosen is None:
        assert height * width <= tiles.MARGIN * (memory - lr.nbytes)
        return
    every = [
        Tiling(rows, columns, halo)
        for rows in range(1, height // tiles.SMALLEST + 1)
        for columns in range(1, width // tiles.SMALLEST + 1)
    ]
    fitting = [tiling for tiling in every if _fits(tiling, height, width, affordable)]
    if fitting:
        assert _fits(chosen, height, width, affordable)
        assert chosen.seen(height, width) == min(tiling.seen(height, width) for tiling in fitting)
    else:
        assert chosen == every[-1]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_a_memory_limit_is_kept_by_what_the_tiles_are_counted_to_take(memory_format: torch.memory_format) -> None:
    method = Network(32, memory_format)
    lr = torch.rand(1, 3, 300, 400)
    with PeakBytes() as whole:
        method.upscale(lr, 2)
    limit = whole.bytes / 3
    tiling = tiling_for(method, lr, 2, limit)
    assert tiling is not None
    with PeakBytes() as tiled:
        upscale_tiled(lambda seen: method.upscale(seen, 2), lr, 2, tiling)
    assert tiled.bytes <= limit
    assert tiled.bytes >= 0.6 * limit, "much of the memory is left unused"
    assert tiling_for(method, lr, 2, whole.bytes / tiles.MARGIN * 1.01 + lr.nbytes) is None


MEASURED = """
import torch
from srbench.evaluate.tiles import PeakBytes, tiling_for, upscale_tiled
import test_tiles

def resident(name):
    lines = open("/proc/self/status").read().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024

torch.set_num_threads(1)
lr = torch.rand(1, 3, 700, 600)
limit = 80e6
for memory_format in (torch.contiguous_format, torch.channels_last):
    method = test_tiles.Network(32, memory_format)
    tiling = tiling_for(method, lr, 2, limit)
    open("/proc/self/clear_refs", "w").write("5")  # starts the high-water mark anew
    before = resident("VmRSS")
    upscale_tiled(lambda seen: method.upscale(seen, 2), lr, 2, tiling)
    print(tiling.rows * tiling.columns, (resident("VmHWM") - before) / limit)
"""


def test_a_memory_limit_is_kept_by_the_process() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURED],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join([str(Path(__file__).parent), *sys.path]), "MALLOC_MMAP_THRESHOLD_": "65536"},
    )
    measured = [line.split() for line in done.stdout.splitlines()]
    assert len(measured) == 2
    for count, share in measured:
        assert int(count) > 1
        assert float(share) <= 1


def test_a_method_is_measured_once_for_all_images() -> None:
    method = Network()
    for size in ((140, 135), (130, 200), (60, 70), (200, 131)):
        upscale_image(method, torch.rand(3, *size), 2, 1e9)
    assert method.sizes == [(48, 48), (128, 128), (140, 135), (130, 200), (60, 70), (200, 131)]


def test_a_method_without_a_halo_is_never_tiled() -> None:
    method = Network()
    method.halo = None  # type: ignore[assignment]
    assert tiling_for(method, torch.rand(1, 3, 64, 64), 2, 1) is None


def test_a_tile_that_is_no_image_is_refused() -> None:
    class Spoils(Network):
        def upscale(self, lr: torch.Tensor, scale: int) -> torch.Tensor:
            sr = super().upscale(lr, scale)
            return sr.double() if lr.shape[-1] < 128 else sr

    with pytest.raises(BadOutput, match="float64"):
        upscale_image(Spoils(), torch.rand(3, 300, 200), 2, 6e6)


@settings(max_examples=25)
@given(
    st.sampled_from([Fraction(10, 7), Fraction(3, 2), Fraction(5, 4)]),
    st.integers(1, 12),
    st.integers(1, 12),
    counts,
    counts,
)
def test_at_a_fraction_tiles_end_where_pixels_of_lr_and_sr_end(
    scale: Fraction, down: int, across: int, rows: int, columns: int
) -> None:
    lr = torch.rand(1, 2, down * scale.denominator, across * scale.denominator)
    tiling = Tiling(min(rows, down), min(columns, across), 2, scale.denominator)
    tiled = upscale_tiled(lambda seen: resize(seen, scale), lr, scale, tiling)
    torch.testing.assert_close(tiled, resize(lr, scale), atol=1e-6, rtol=0)


@pytest.mark.parametrize("size", [(70, 91), (71, 96), (5, 3)])
def test_an_lr_that_is_no_multiple_is_continued_and_cut_with_and_without_tiles(size: tuple[int, int]) -> None:
    lr, scale = torch.rand(3, *size), Fraction(10, 7)
    whole = upscale_image(Bicubic(), lr, scale)
    assert whole.shape == (3, size[0] * 10 // 7, size[1] * 10 // 7)
    tiled = upscale_image(Bicubic(), lr, scale, memory_bytes=1)
    torch.testing.assert_close(tiled, whole, atol=1e-6, rtol=0)
    alone = resize(lr, scale)[:, : whole.shape[1], : whole.shape[2]]
    inner = (slice(None), slice(0, max(1, whole.shape[1] - 6)), slice(0, max(1, whole.shape[2] - 6)))
    torch.testing.assert_close(whole[inner], alone[inner], atol=1e-6 if min(size) > 7 else 1, rtol=0)
