"""The Inception Score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

import srbench
from srbench.types import Count

from ..inception_score import inception_score
from .gathering import Gathering, Score, Vectors

if TYPE_CHECKING:
    import torch

    from srbench import Source


@runtime_checkable
class Classifies(Protocol):
    """An extractor whose features lead on to a classifier: what the Inception Score needs."""

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)` from features `(N, dim)`."""


class Is(Gathering):
    """Inception Score. Compares with nothing: read it beside the score of the real images, the ceiling."""

    shown_as = "IS"
    papers: ClassVar = (
        srbench.Paper(
            ("Salimans", "Goodfellow", "Zaremba", "Cheung", "Radford", "Chen"),
            "Improved techniques for training GANs",
            2016,
            conference="NeurIPS",
            arxiv="1606.03498",
        ),
    )
    higher_is_better = True
    range = (1.0, math.inf)
    compares: ClassVar[tuple[Source, ...]] = ("generated",)
    ceiling_of: ClassVar[Source] = "real"

    def __init__(self, extractor: str = "inception", splits: Count = 10) -> None:
        super().__init__(extractor, f"the Inception Score over {splits} splits", least=splits)
        self._splits = splits
        self._classifier: Classifies | None = None

    def bind(self, extractor: srbench.Extractor) -> None:
        """Take the extractor, and see whether it can classify."""
        super().bind(extractor)
        self._classifier = extractor if isinstance(extractor, Classifies) else None

    def _missing(self) -> srbench.Skip | None:
        if self._classifier is None:
            return srbench.Skip(f"the Inception Score needs a classifier, and {self._name!r} gives no logits")
        return super()._missing()

    def _score(self, images: Vectors) -> Score:
        import torch

        assert self._classifier is not None
        device = getattr(self._classifier, "device", "cpu")
        with torch.inference_mode():
            logits = self._classifier.logits(torch.from_numpy(images).to(device)).cpu()
        score = inception_score(logits.numpy(), self._splits)
        return Score(score.value, score.spread)
