"""Strips of pictures from a training: what a method made while it learned, and pictures coming out of noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np

from srbench.leaderboard.gallery.display import to_display, write_png
from srbench.leaderboard.gallery.pictures import check_place
from srbench.leaderboard.trainings.run import Samples, TrainingRun
from srbench.pictures import Image, ImageError, Values, read_image
from srbench.training.loop.sample_strip import DENOISING, SPREAD_PICTURE, SPREAD_WHITE

SIDE = 96
"""The longest side of a sample as shown, in HR pixels."""
MOST_SAMPLES = 7


class Sample(msgspec.Struct, frozen=True):
    """One picture of a strip. words: what it is, in one or two lines."""

    href: str
    words: tuple[str, ...]
    alt: str

    def __post_init__(self) -> None:
        """A place outside the board's folder is a `ValueError`."""
        check_place(self.href)


class Filmstrip(msgspec.Struct, frozen=True):
    """Pictures of one training. words: what they show. width, height: of HR."""

    words: str
    samples: tuple[Sample, ...]
    width: int
    height: int


def write_strips(runs: Sequence[tuple[TrainingRun, Samples]], out: Path, folder: str) -> tuple[Filmstrip, ...]:
    """Write the strips of the first training that has any: moments of each stage between LR and HR; noise becoming SR.

    Those of a generator, which has no LR, are sheets of samples.
    """
    for run, taken in runs:
        hr, lr = (_read(taken.folder / name) for name in ("hr.png", "lr.png"))
        if hr is None or (lr is not None and not _fit(lr, hr)):
            continue
        ends = _Ends(lr, hr)
        of_denoising = [path for path in taken.paths if taken.stage_of(path) == DENOISING]
        of_learning = [path for path in taken.paths if path not in of_denoising]
        strips = (
            _learning(run.name, taken, of_learning, ends, out, folder),
            _denoising(run.name, taken, of_denoising, ends, out, folder),
        )
        if any(strips):
            return tuple(strip for strip in strips if strip is not None)
    return ()


def _learning(run: str, taken: Samples, paths: Sequence[Path], ends: _Ends, out: Path, folder: str) -> Filmstrip | None:
    several = len({taken.stage_of(path) for path in paths}) > 1
    named: list[_Named] = [] if ends.lr is None else [("lr", ends.lr, ("LR",))]
    for place, (path, picture) in enumerate(_readable(paths, ends)):
        step = f"step {_step(path):,}"
        named.append((f"sr-{place}", picture, (step, taken.stage_of(path)) if several else (step,)))
    if ends.lr is None:
        last, words = "training images", f"Samples while {run} learned, always from the same noise."
    else:
        last, words = "HR", f"One crop of a held-out image while {run} learned, between its LR and HR."
    named.append(("hr", ends.hr, (last,)))
    return _write_strip(run, words, named, ends, out, folder) if any(name[:3] == "sr-" for name, *_ in named) else None


def _denoising(
    run: str, taken: Samples, paths: Sequence[Path], ends: _Ends, out: Path, folder: str
) -> Filmstrip | None:
    named: list[_Named] = []
    for path, picture in _readable(paths, ends):
        step = _step(path)
        named.append((f"{DENOISING}-{step}", picture, (f"step {step:,}" if step else "noise",)))
    what = "Samples" if ends.lr is None else "SR of the crop"
    words = f"{what} coming out of noise when {run} had learned, by the steps of a fast sampler."
    spread = _read(taken.folder / SPREAD_PICTURE)
    if named and spread is not None and spread.shape == ends.hr.shape:
        words += f" Spread: the standard deviation of several; white is 1/{SPREAD_WHITE} of the range."
        named.append(("spread", spread, ("spread",)))
    return _write_strip(run, words, named, ends, out, folder) if named else None


_Named = tuple[str, Image, tuple[str, ...]]
"""The name of a file, what is in it, and what it is called."""


@dataclass(frozen=True)
class _Ends:
    """What a strip lies between: a crop; or a sheet of real images, and no LR."""

    lr: Image | None
    hr: Image


def _fit(lr: Image, hr: Image) -> bool:
    """Whether HR is LR enlarged by one factor in both directions."""
    (height, width), (lr_height, lr_width) = hr.shape[:2], lr.shape[:2]
    return bool(width * lr_height == lr_width * height)


def _readable(paths: Sequence[Path], ends: _Ends) -> list[tuple[Path, Image]]:
    pictures = [(path, _read(path)) for path in chosen(paths)]
    return [(path, one) for path, one in pictures if one is not None and one.shape == ends.hr.shape]


def _step(path: Path) -> int:
    return int(path.stem.rpartition("-")[2])


def chosen(samples: Sequence[Path], most: int = MOST_SAMPLES) -> list[Path]:
    """At most so many samples, evenly over the strip, the first and the last among them."""
    places = np.linspace(0, len(samples) - 1, num=min(most, len(samples))).round().astype(int)
    return [samples[place] for place in places]


def _write_strip(run: str, words: str, named: Sequence[_Named], ends: _Ends, out: Path, folder: str) -> Filmstrip:
    if ends.lr is None:
        cell, step, box = 1, 1, [(0, length) for length in ends.hr.shape[:2]]
    else:  # where `step` LR pixels end, `cell` HR pixels do
        cell, step = Fraction(ends.hr.shape[0], ends.lr.shape[0]).as_integer_ratio()
        box = [_middle(length // step, max(1, SIDE // cell)) for length in ends.lr.shape[:2]]
    (out / folder).mkdir(parents=True, exist_ok=True)
    samples = []
    for name, picture, called in named:
        factor = step if name == "lr" else cell
        shown = picture[tuple(slice(factor * start, factor * end) for start, end in box)]
        write_png(out / folder / f"{name}.png", to_display(shown, Values.of(picture)))
        samples.append(Sample(f"{folder}/{name}.png", called, f"{', '.join(called)}: {run}"))
    height, width = (cell * (end - start) for start, end in box)
    return Filmstrip(words, tuple(samples), width, height)


def _middle(length: int, most: int) -> tuple[int, int]:
    """Where the middle begins and ends."""
    start = max(0, length - most) // 2
    return start, start + min(length, most)


def _read(path: Path) -> Image | None:
    """A picture, or None: a training that was killed may have left half of one."""
    try:
        return read_image(path) if path.is_file() else None
    except ImageError:
        return None
