"""How near a generator's samples are to what it learned from: the distances, in words and as figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from markupsafe import Markup

from srbench.leaderboard.figures.drawing import INK, as_svg, colour_of, drawing
from srbench.leaderboard.words.numerals import number, plural, significant
from srbench.statistics.memorisation import CLEARLY, Memorisation
from srbench.store.files import StoreError

if TYPE_CHECKING:
    import pandas as pd

FILE = "nearest.parquet"
MOST_PAIRS = 8
"""How many are shown of the nearest samples, and of random ones."""
_BINS = 36
_SEED = 0


Measure = Literal["pixels", "features"]
"""What a distance is between."""
_COLUMNS: dict[Measure, tuple[str, str]] = {
    "pixels": ("nearest", "rmse"),
    "features": ("nearest_by_features", "distance"),
}
_UNITS: dict[Measure, str] = {"pixels": "RMSE, white at 1", "features": "standard deviations"}


@dataclass(frozen=True)
class NearestImage:
    """The training image that an image is nearest to, and how far it is."""

    nearest: str
    distance: float


@dataclass(frozen=True)
class Neighbours:
    """The nearest training images by one measure, of every sample and every real test image, by image id."""

    generated: Mapping[str, NearestImage]
    real: Mapping[str, NearestImage]


def read_neighbours(folder: Path) -> dict[Measure, Neighbours] | None:
    """What the runner found for a cell, None where the store does not hold it. Raises `StoreError` when damaged."""
    import pandas as pd

    path = folder / FILE
    if not path.is_file():
        return None
    try:
        frame = pd.read_parquet(path)
        found = {measure: _neighbours(frame, *columns) for measure, columns in _COLUMNS.items()}
    except Exception as error:  # pyarrow has many exceptions; whichever it is, the file is the culprit
        raise StoreError(
            f"{path}: cannot be read ({type(error).__name__}: {error}); remove the file to do without its figures, or "
            "its folder to have the cell made again"
        ) from error
    return found if found["pixels"].generated and found["pixels"].real else None


def _neighbours(frame: pd.DataFrame, name: str, far: str) -> Neighbours:
    found: dict[str, dict[str, NearestImage]] = {"generated": {}, "real": {}}
    for image, source, nearest, distance in frame[["image", "source", name, far]].itertuples(index=False, name=None):
        if not 0 <= distance < float("inf"):
            raise ValueError(f"{distance} is no distance")
        found[str(source)][str(image)] = NearestImage(str(nearest), float(distance))
    return Neighbours(found["generated"], found["real"])


def nearest_samples(found: Neighbours, most: int = MOST_PAIRS) -> list[str]:
    """The samples with the smallest distances, nearest first."""
    return sorted(found.generated, key=lambda image: (found.generated[image].distance, image))[:most]


def random_samples(found: Neighbours, most: int = MOST_PAIRS) -> list[str]:
    """Samples drawn without looking at their distances, the same each time; in their own order."""
    images = sorted(found.generated)
    drawn = np.random.default_rng(_SEED).choice(len(images), size=min(most, len(images)), replace=False)
    return [images[place] for place in sorted(drawn)]


def verdict(memory: Memorisation, measure: Measure) -> str:
    """The answer in one sentence."""
    by = f"By {measure}, "
    if memory.copies:
        copies = f"{memory.copies:,} of {plural(memory.generated, 'sample')}"
        return (
            f"{by}{copies} {'is a near copy' if memory.copies == 1 else 'are near copies'} of training images: less "
            "than half as far from one as any real test image is."
        )
    if memory.mostly_nearer:
        otherwise = "blur" if measure == "pixels" else "little variety"
        return (
            f"{by}samples are clearly nearer to training images than real images are: a sign of memory, or of "
            f"{otherwise}."
        )
    if memory.some_too_near:
        return f"{by}more samples than chance allows are nearer to a training image than every real image is."
    far = "farther from training images than" if memory.nearer < 1 - CLEARLY else "about as far from training images as"
    return f"{by}there is no sign that it gives back what it learned from: samples are {far} real ones."


def in_words(memory: Memorisation, measure: Measure) -> str:
    """The numbers behind the verdict."""
    expected = memory.generated / (memory.real + 1)
    return (
        f"Median distance by {measure} of a sample to its nearest training image: {in_digits(memory.median)}; of a "
        f"real test image: {in_digits(memory.median_real)}. Of all pairs of a sample and a real image, the sample is "
        f"the nearer one in {number(100 * memory.nearer, 0)} %. {memory.below:,} of "
        f"{plural(memory.generated, 'sample')} "
        f"{'is' if memory.below == 1 else 'are'} nearer than all {plural(memory.real, 'real image')}; by chance it "
        f"would be about {significant(expected)}."
    )


def in_digits(distance: float) -> str:
    """A distance as the page prints it."""
    return number(distance, 3)


def distribution(
    made: Sequence[float], real: Sequence[float], measure: Measure, slot: int, generator: str, name: str
) -> Markup:
    """Histograms of the distances of samples and real images on one axis, each of area 1; dashed: the medians."""
    edges = np.histogram_bin_edges([0.0, *made, *real], bins=_BINS)
    with drawing(height=2.2) as figure:
        axes = figure.add_subplot()
        axes.stairs(_shares(made, edges), edges, fill=True, color=colour_of(slot), alpha=0.55, label="samples")
        axes.stairs(_shares(real, edges), edges, color=INK, linewidth=1.4, label="real test images")
        axes.axvline(float(np.median(made)), color=colour_of(slot), linewidth=1.6, linestyle="--")
        axes.axvline(float(np.median(real)), color=INK, linewidth=1.2, linestyle="--")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(0, edges[-1])
        axes.locator_params(axis="x", nbins=7)
        axes.set_xlabel(f"distance by {measure}: {_UNITS[measure]}")
        figure.legend(frameon=False, fontsize=10, loc="outside upper center", ncols=2)
        words = (
            f"Samples: {len(made)}, median {np.median(made):.3g}, smallest {min(made):.3g}. "
            f"Real test images: {len(real)}, median {np.median(real):.3g}, smallest {min(real):.3g}."
        )
        return as_svg(figure, name, f"Distances by {measure} to training images: {generator}", words)


def _shares(values: Sequence[float], edges: np.ndarray) -> np.ndarray:
    return np.histogram(values, edges)[0] / len(values)
