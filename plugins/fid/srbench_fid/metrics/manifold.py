"""How far each of two sets lies on the manifold of the other."""

from __future__ import annotations

from typing import ClassVar

import srbench
from srbench import Reference
from srbench.types import Count

from ..manifold import covered
from .gathering import Gathering, Score, Vectors


class _Manifold(Gathering):
    papers: ClassVar = (
        srbench.Paper(
            ("Kynkäänniemi", "Karras", "Laine", "Lehtinen", "Aila"),
            "Improved precision and recall metric for assessing generative models",
            2019,
            conference="NeurIPS",
            arxiv="1904.06991",
        ),
    )
    higher_is_better = True
    range = (0.0, 1.0)

    def __init__(self, extractor: str = "inception", neighbours: Count = 3, reference: Reference = "test") -> None:
        super().__init__(extractor, f"a manifold of {neighbours} neighbours", neighbours + 1, reference)
        self._neighbours = neighbours


class Precision(_Manifold):
    """The share of generated images whose features lie on the manifold of real ones (Kynkaanniemi et al. 2019)."""

    def _score(self, images: Vectors) -> Score:
        return Score(covered(images, self._set("real"), self._neighbours))


class Recall(_Manifold):
    """The share of real images whose features lie on the manifold of generated ones (Kynkaanniemi et al. 2019)."""

    def _score(self, images: Vectors) -> Score:
        return Score(covered(self._set("real"), images, self._neighbours))
