"""Time scoring: PSNR and SSIM of one 512 x 512 colour uint8 picture, srbench beside basicsr.

Both begin at the uint8 arrays and cut the same border. The two take turns in one process, so that a busy machine slows
both; what counts is the ratio of the medians. Run as `python benchmarks/scoring.py`.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import click
import numpy as np
import torch

from benchmarks.peers import import_basicsr
from srbench import Protocol
from srbench.contract.protocol import Channel
from srbench.pictures import DEPTHS, Image
from srbench.registry.registry import registry

SIDE = 512
BORDER = 4
VALUES = DEPTHS["uint8"]

Scorer = Callable[[Image, Image], tuple[float, float]]


def pictures() -> tuple[Image, Image]:
    """A smooth colour picture with texture, and the same with noise."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    waves = [np.sin((3 + 2 * c) * rows * np.pi + c) * np.cos((5 - c) * columns * np.pi) for c in range(3)]
    hr = 127.5 + 90 * np.stack(waves, axis=-1) + rng.normal(0, 10, (SIDE, SIDE, 3))
    sr = hr + rng.normal(0, 8, hr.shape)
    return to_uint8(sr), to_uint8(hr)


def to_uint8(levels: np.ndarray) -> Image:
    return levels.round().clip(VALUES.low, VALUES.high).astype(np.uint8)


def srbench_scorer(channel: Channel) -> Scorer:
    protocol = Protocol("benchmark", 4, channel, border=BORDER)
    psnr, ssim = (registry().get("metric", name).load()() for name in ("psnr", "ssim"))

    def score(sr: Image, hr: Image) -> tuple[float, float]:
        scored = protocol.scored(sr, VALUES), protocol.scored(hr, VALUES)
        return psnr.score(*scored), ssim.score(*scored)

    return score


def basicsr_scorer(channel: Channel) -> Scorer:
    import_basicsr()
    from basicsr.metrics.psnr_ssim import calculate_psnr, calculate_ssim

    def score(sr: Image, hr: Image) -> tuple[float, float]:
        if channel == "y":
            # basicsr takes its colours as BGR; turning a view around costs nothing.
            sr, hr = sr[..., ::-1], hr[..., ::-1]
        options = {"crop_border": BORDER, "test_y_channel": channel == "y"}
        return float(calculate_psnr(sr, hr, **options)), float(calculate_ssim(sr, hr, **options))

    return score


@click.command(help=__doc__)
@click.option("--rounds", default=30, show_default=True, help="How often each scores the picture.")
@click.option("--threads", default=1, show_default=True, help="For torch and for OpenCV.")
def main(rounds: int, threads: int) -> None:
    import_basicsr()
    import cv2

    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    sr, hr = pictures()
    print(f"PSNR + SSIM of {SIDE} x {SIDE} x 3 uint8, {threads} threads, medians of {rounds} interleaved rounds")
    channels: tuple[Channel, ...] = ("y", "rgb")
    for channel in channels:
        ours, theirs = srbench_scorer(channel), basicsr_scorer(channel)
        difference = max(abs(a - b) for a, b in zip(ours(sr, hr), theirs(sr, hr), strict=True))
        times: dict[Scorer, list[float]] = {ours: [], theirs: []}
        for _ in range(rounds):
            for score in times:
                start = time.perf_counter()
                score(sr, hr)
                times[score].append(time.perf_counter() - start)
        mine, reference = (statistics.median(times[score]) for score in (ours, theirs))
        print(
            f"{channel:>4}: srbench {mine * 1e3:6.1f} ms, basicsr {reference * 1e3:6.1f} ms, "
            f"{reference / mine:.1f} times as fast, largest difference {difference:.1e}"
        )


if __name__ == "__main__":
    main()
