"""A phantom with blobs: what is there, what LR leaves of it, and what somebody might paint into it."""

from __future__ import annotations

import numpy as np
import pytest

import srbench
from srbench.pictures import Image, Values

SIDE, SCALE = 96, 4
PROTOCOL = srbench.Protocol("x4-rgb", SCALE, "rgb", border=SCALE)
EIGHT_BITS = Values(0, 255)


def with_blobs(image: np.ndarray, centres: list[tuple[int, int]], sigma: float = 1.2) -> np.ndarray:
    """A picture `(H, W)` in [0, 1] with a bright blob at each of these rows and columns."""
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    blobs = [np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2)) for row, column in centres]
    return (image + 0.4 * sum(blobs)).clip(0, 1)


def in_8_bits(image: np.ndarray) -> Image:
    """`(H, W)` in [0, 1] as it is written: `(H, W, 1)`."""
    return np.round(image * 255).astype(np.uint8)[..., None]


class Phantom:
    """Blobs on a grid over a smooth background with a little grain; between them, places where none is."""

    def __init__(self) -> None:
        rows, columns = np.mgrid[:SIDE, :SIDE]
        grain = np.random.default_rng(0).normal(0, 0.01, (SIDE, SIDE))
        self.background = 0.3 + 0.1 * np.sin(rows / 17) * np.cos(columns / 23) + grain
        self.planted = [(row, column) for row in range(12, SIDE, 18) for column in range(12, SIDE, 18)]
        self.empty = [(row + 9, column + 9) for row, column in self.planted if max(row, column) < SIDE - 20]
        self.hr = in_8_bits(with_blobs(self.background, self.planted))
        self.lr = PROTOCOL.lr(self.hr, EIGHT_BITS, "phantom")
        self.bicubic = PROTOCOL.baseline(self.lr, EIGHT_BITS)

    def painted(self, count: int, on: Image | None = None) -> Image:
        """HR, or another picture, with so many blobs where none are."""
        return in_8_bits(with_blobs((self.hr if on is None else on)[..., 0] / 255, self.empty[:count]))

    def score(self, name: str, sr: Image, **parameters: object) -> float:
        """The score of SR as the metric of this name sees it."""
        from srbench.registry.registry import registry

        metric = registry().get("metric", name).load()(**parameters)
        views = [PROTOCOL.scored(one, EIGHT_BITS) for one in (sr, self.hr, self.bicubic)]
        scored = metric.score_beside(*views, None) if "baseline" in metric.needs else metric.score(*views[:2])
        assert isinstance(scored, float)
        return scored


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    """The same for all tests, none of which writes into it."""
    return Phantom()
