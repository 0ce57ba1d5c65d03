"""Does a network that learned to segment HR find the same on SR?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import srbench
from srbench import Need

from .overlap import Mask, dice, hausdorff
from .task_metric import TaskMetric

if TYPE_CHECKING:
    import torch

DICE, DISTANCE = "Dice", "HD95"


@runtime_checkable
class Segments(Protocol):
    """An extractor that can tell foreground: `unet-encoder`, `given-unet`."""

    def foreground(self, images: torch.Tensor) -> torch.Tensor:
        """How probably each pixel of `(N, C, H, W)` is foreground: `(N, 1, H, W)` in [0, 1]."""


class _Truth(NamedTuple):
    mask: Mask
    spacing: tuple[float, float]


class _Segmentation(TaskMetric):
    needs: ClassVar[frozenset[Need]] = frozenset({"masks"})
    nothing = "needs an image with a mask"

    def __init__(self, extractor: str = "unet-encoder", weights: Path | None = None) -> None:
        """What segments.

        extractor: one that can tell foreground, trained on HR of the training split. weights: a safetensors file for
        the same network, in place of a training.
        """
        super().__init__()
        self._name, self._weights = extractor, weights
        self._extractor: Any = None
        self._units: set[str] = set()

    def extractor(self) -> srbench.ExtractorUse:
        """The network that is named, or the one of the file."""
        if self._weights is not None:
            return srbench.ExtractorUse("given-unet", {"weights": str(self._weights)})
        return srbench.ExtractorUse(self._name)

    def bind(self, extractor: srbench.Extractor) -> None:
        """Take the network."""
        self._extractor = extractor

    def _truth(self, hr: torch.Tensor, item: srbench.Item) -> _Truth:
        mask = item.read_mask()
        assert mask is not None
        self._units.add("px" if item.spacing is None else item.spacing_unit)
        return _Truth(mask[: hr.shape[1], : hr.shape[2], 0] != 0, item.spacing or (1.0, 1.0))

    def _measure(self, image: torch.Tensor, truth: _Truth) -> Mapping[str, float]:
        import torch

        if not isinstance(self._extractor, Segments):
            return {}
        with torch.inference_mode():
            batch = image[None].to(device=getattr(self._extractor, "device", "cpu"), dtype=torch.float32)
            found = self._extractor.foreground(batch)[0, 0].cpu().numpy() > 0.5
        return {DICE: dice(found, truth.mask), DISTANCE: hausdorff(found, truth.mask, spacing=truth.spacing)}

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean; skipped where the extractor cannot segment, or distances have several units."""
        if self._extractor is not None and not isinstance(self._extractor, Segments):
            return srbench.Skip(f"needs a network that segments, and {self._name!r} tells no foreground")
        if len(self._units) > 1:
            return srbench.Skip(f"distances are in {' and in '.join(sorted(self._units))}; give all images one spacing")
        return super().compute()


class Segmentation(_Segmentation):
    """Dice of the foreground that the network finds on SR and the true mask; what is not 0 there is foreground."""

    higher_is_better = True
    range = (0.0, 1.0)
    number = DICE


class SegmentationDistance(_Segmentation):
    """The 95 % Hausdorff distance of their outlines, in the images' unit of length, or in HR pixels."""

    shown_as = "segmentation-HD95"
    higher_is_better = False
    range = (0.0, math.inf)
    unit = "px"
    number = DISTANCE

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean, in the unit that is known by now."""
        answer = super().compute()
        self.unit = next(iter(self._units), self.unit)
        return answer
