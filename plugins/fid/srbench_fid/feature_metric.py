"""What set metrics that see images through an extractor have in common: which images they look at, and when."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import srbench
from srbench import Reference

from .features import Features, Vector

if TYPE_CHECKING:
    import torch

    from srbench import Source

PAIR: tuple[Source, ...] = ("generated", "real")
"""The sets that are compared."""
_EXCHANGED: dict[Source, Source] = {"generated": "generated", "real": "training", "training": "real"}
"""What images stand for where they are compared with those of the training split: the test split gets the ceiling."""


class FeatureMetric(srbench.SetMetric):
    """Compares sets through the features of an extractor; sees whole images, whatever the protocol scores.

    ceiling_of: the images that get the ceiling in place of the generated ones. Of `training` only as many are looked at
    as there are generated ones. Where the training split is what is compared with, it is called `real` inside, and the
    test split `training`.
    """

    judges = "perception"
    sees = "image"
    ceiling_of: ClassVar[Source] = "training"

    def __init__(self, extractor: str = "inception", reference: Reference = "test") -> None:
        self._name, self.reference = extractor, reference
        self._features: Features | None = None

    def extractor(self) -> srbench.ExtractorUse:
        """The one named by the parameter."""
        return srbench.ExtractorUse(self._name)

    def bind(self, extractor: srbench.Extractor) -> None:
        """Take the extractor."""
        key: str = getattr(extractor, "key", "")
        self._features = Features(extractor, key)

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image and its HR without a label."""
        self._see_pair(sr, hr, None)

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in one image and its HR."""
        self._see_pair(sr, hr, item.label)

    def _see_pair(self, sr: torch.Tensor, hr: torch.Tensor, label: str | None) -> None:
        self._see(sr, "generated", label)
        self._see(hr, "real" if self.reference == "test" else "training", label)

    def update_unpaired(self, image: torch.Tensor, source: Source, item: srbench.Item) -> None:
        """Take in one image; nothing is extracted of a training image that the ceiling has no use for."""
        role = source if self.reference == "test" else _EXCHANGED[source]
        if role != "training" or self._wants_training(item.label):
            self._see(image, role, item.label)

    def _wants_training(self, label: str | None) -> bool:
        return self.ceiling_of == "training" and self._count("training", label) < self._count("generated", label)

    def _see(self, image: torch.Tensor, source: Source, label: str | None) -> None:
        if self._features is None:
            raise TypeError("bind an extractor before the first image")
        of = self._features.of_generated if source == "generated" else self._features.of_real
        self._take(source, of(image), label)

    @abstractmethod
    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        """Take in the features `(d,)` of one image."""

    @abstractmethod
    def _count(self, source: Source, label: str | None) -> int:
        """How many images were taken in; where classes are told apart, how many of this one."""


def too_few(what: str, needed: int, counts: Mapping[Source, int]) -> srbench.Skip | None:
    """Why sets of these sizes do not do; None where they do."""
    source = min(counts, key=lambda one: counts[one])
    given = counts[source]
    if given >= needed:
        return None
    # Of SR and HR there are as many: nothing is said of which.
    kind = f" {source} one{'' if given == 1 else 's'}" if len(set(counts.values())) > 1 else ""
    return srbench.Skip(f"{what} needs at least {needed} images; there {'is' if given == 1 else 'are'} {given}{kind}")
