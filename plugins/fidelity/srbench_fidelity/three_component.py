"""SSIM of edges, textures and smooth places, each weighed for itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import srbench

from .shape import require_same_shape
from .structural import NO_WINDOW, WINDOW, ssim_map, too_small, window_centres

if TYPE_CHECKING:
    import torch

EDGES, TEXTURES, SMOOTH = 0.5, 0.25, 0.25
"""What the means of the three components weigh (Li and Bovik 2009)."""
EDGE, FLAT = 0.12, 0.06
"""Parts of HR's largest gradient: above the one there is an edge, below the other it is smooth."""


class ThreeComponentSsim(srbench.ImageMetric):
    """Three-component SSIM (Li and Bovik, "Three-component weighted structural similarity index", 2009).

    Each pixel around which SSIM's window fits belongs to one component, by the magnitude of the Sobel gradient there:
    an edge where SR's or HR's is over 0.12 of the largest of HR, else smooth where HR's is below 0.06 of it, else
    texture. The score is .5, .25 and .25 of the mean SSIM of edges, textures and smooth places, the weights of those
    that occur divided by their sum; for colour it is the mean over channels. Skipped for a side under 11 pixels.
    """

    papers: ClassVar = (
        srbench.Paper(
            ("Li", "Bovik"),
            "Three-component weighted structural similarity index",
            2009,
            conference="Image Quality and System Performance VI, Proc. SPIE 7242",
        ),
    )
    judges = "distortion"
    shown_as = "SSIM3"
    higher_is_better = True
    range = (-1.0, 1.0)

    def score(self, sr: torch.Tensor, hr: torch.Tensor) -> float | srbench.Skip:
        """3-SSIM of `(C, H, W)` against `(C, H, W)`."""
        require_same_shape(sr, hr)
        return too_small(hr) or _mean_over_channels(sr, hr, None)

    def score_measured(self, sr: torch.Tensor, hr: torch.Tensor, measured: torch.Tensor) -> float | srbench.Skip:
        """3-SSIM of the pixels at which `measured` `(H, W)` is true and the window fits; HR's largest gradient is that
        of the whole image.
        """
        if small := too_small(hr):
            return small
        centres = window_centres(measured)
        return _mean_over_channels(sr, hr, centres) if centres.any() else NO_WINDOW


def _mean_over_channels(sr: torch.Tensor, hr: torch.Tensor, counted: torch.Tensor | None) -> float:
    scores = [_of_channel(x, y, counted) for x, y in zip(sr, hr, strict=True)]
    return sum(scores) / len(scores)


def _of_channel(x: torch.Tensor, y: torch.Tensor, counted: torch.Tensor | None) -> float:
    """3-SSIM of one channel `(H, W)`; counted `(H - 10, W - 10)`: where alone it is looked at."""
    similarity, made, wanted = ssim_map(x, y), _gradient(x), _gradient(y)
    largest = float(wanted.max())
    edges = (made > EDGE * largest) | (wanted > EDGE * largest)
    smooth = ~edges & (wanted < FLAT * largest)
    total = weights = 0.0
    for component, weight in ((edges, EDGES), (~edges & ~smooth, TEXTURES), (smooth, SMOOTH)):
        there = similarity[component if counted is None else component & counted]
        if there.numel():
            total, weights = total + weight * float(there.mean()), weights + weight
    return total / weights


def _gradient(plane: torch.Tensor) -> torch.Tensor:
    """The magnitude of the Sobel gradient of `(H, W)` where SSIM's window fits: `(H - 10, W - 10)`."""
    import torch

    edge = WINDOW // 2 - 1
    plane = plane[edge : plane.shape[0] - edge, edge : plane.shape[1] - edge]
    rows = plane[:-2] + 2 * plane[1:-1] + plane[2:]
    columns = plane[:, :-2] + 2 * plane[:, 1:-1] + plane[:, 2:]
    return torch.hypot(rows[:, :-2] - rows[:, 2:], columns[:-2] - columns[2:])
