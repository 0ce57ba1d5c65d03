"""The set metrics: each gathers features of a generated set and of a real one, and compares them at the end.

In super-resolution the two are SR and HR of the test split, image by image. In generation they are what a generator
made and the test split, in any numbers; images of the training split then show what a real set gets, the ceiling. With
`reference: train` both are compared with the training split, and the test split gets the ceiling.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

import srbench
from srbench import Reference
from srbench.types import Count, Positive

from .feature_metric import PAIR, FeatureMetric, too_few
from .features import Vector
from .frechet import frechet_between
from .inception_score import inception_score
from .kernels import gaussian_mmd, kernel_distance, median_distance
from .manifold import covered
from .moments import Moments

if TYPE_CHECKING:
    import torch

    from srbench import Need, Source

CLIP = "timm:vit_large_patch14_clip_quickgelu_336.openai"
"""The network of CMMD: CLIP's ViT-L/14 at 336 pixels."""

AtLeastTwo = Annotated[int, msgspec.Meta(ge=2)]
Vectors = NDArray[np.float32]


@runtime_checkable
class Classifies(Protocol):
    """An extractor whose features lead on to a classifier: what the Inception Score needs."""

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)` from features `(N, dim)`."""


class _Normals:
    """The sets as normal distributions in feature space, all there is to know for a Frechet distance."""

    def __init__(self) -> None:
        self._moments: dict[Source, Moments] = {}

    def take(self, source: Source, vector: Vector) -> None:
        if source not in self._moments:
            self._moments[source] = Moments(len(vector))
        self._moments[source].update(vector[None])

    def count(self, source: Source) -> int:
        return self._moments[source].count if source in self._moments else 0

    def counts(self) -> dict[Source, int]:
        return {source: self.count(source) for source in PAIR}

    def distance(self, source: Source) -> float:
        """The distance from the real set."""
        return frechet_between(self._moments[source], self._moments["real"])

    @property
    def dim(self) -> int:
        return self._moments["real"].dim

    def ceiling(self) -> srbench.Estimate | None:
        n = self.count("training")
        return srbench.Estimate(self.distance("training"), n=n) if n >= 2 else None


class Fid(FeatureMetric):
    """Frechet distance between the features of two sets (FID, where the extractor is `inception`).

    Too large by an amount that grows as n falls: compare only values of equal n, and trust no small n against d.
    """

    shown_as = "FID"
    papers: ClassVar = (
        srbench.Paper(
            ("Heusel", "Ramsauer", "Unterthiner", "Nessler", "Hochreiter"),
            "GANs trained by a two time-scale update rule converge to a local Nash equilibrium",
            2017,
            conference="NeurIPS",
            arxiv="1706.08500",
        ),
    )
    higher_is_better = False
    range = (0.0, math.inf)

    def __init__(self, extractor: str = "inception", reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._sets = _Normals()

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        self._sets.take(source, vector)

    def _count(self, source: Source, label: str | None) -> int:
        return self._sets.count(source)

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The distance, beside it the ceiling of generation; skipped for fewer than 2 images in either set."""
        if missing := too_few("FID", 2, self._sets.counts()):
            return missing
        n = min(self._sets.counts().values())
        details = srbench.Details(n=n, d=self._sets.dim, ceiling=self._sets.ceiling())
        return self._sets.distance("generated"), details


class ClassFid(FeatureMetric):
    """Frechet distance averaged over classes (CAFD): each class of one set against the same class of the other."""

    shown_as = "CAFD"
    higher_is_better = False
    range = (0.0, math.inf)
    needs: ClassVar[frozenset[Need]] = frozenset({"labels"})

    def __init__(self, extractor: str = "inception", reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._classes: dict[str, _Normals] = {}
        self._unlabelled = 0

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        if label is None:
            self._unlabelled += 1
        else:
            self._classes.setdefault(label, _Normals()).take(source, vector)

    def _count(self, source: Source, label: str | None) -> int:
        return 0 if label is None or label not in self._classes else self._classes[label].count(source)

    def _missing(self) -> srbench.Skip | None:
        if self._unlabelled:
            return srbench.Skip(f"CAFD needs the class of every image; {self._unlabelled} came without")
        if not self._classes:
            return too_few("CAFD", 2, dict.fromkeys(PAIR, 0))
        few = sorted(label for label, sets in self._classes.items() if min(sets.counts().values()) < 2)
        if few:
            return srbench.Skip(
                f"CAFD needs at least 2 images of each class in each set; of {', '.join(few)} are fewer"
            )
        return None

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean distance; skipped where a class has fewer than 2 images in either set, or an image no class.

        Beside it the distance of each class, the images of the smallest class, and the ceiling of generation.
        """
        if missing := self._missing():
            return missing
        distances = {label: self._classes[label].distance("generated") for label in sorted(self._classes)}
        every = self._classes.values()
        details = srbench.Details(
            n=min(map(self._n, distances)),
            d=max(sets.dim for sets in every),
            ceiling=self._ceiling(),
            by_class={label: srbench.Estimate(one, n=self._n(label)) for label, one in distances.items()},
            ceiling_by_class=self._ceilings(),
            further={"classes": len(distances)},
        )
        return _mean(distances.values()), details

    def _n(self, label: str) -> int:
        return min(self._classes[label].counts().values())

    def _ceilings(self) -> dict[str, srbench.Estimate]:
        """The ceiling of each class that has enough images, by label."""
        found = {label: self._classes[label].ceiling() for label in sorted(self._classes)}
        return {label: ceiling for label, ceiling in found.items() if ceiling is not None}

    def _ceiling(self) -> srbench.Estimate | None:
        ceilings = self._ceilings()
        if len(ceilings) < len(self._classes):
            return None
        smallest = min(sets.count("training") for sets in self._classes.values())
        return srbench.Estimate(_mean(ceiling.value for ceiling in ceilings.values()), n=smallest)


@dataclass(frozen=True)
class _Score:
    """spread, further: as in `srbench.Details`."""

    value: float
    spread: float | None = None
    further: Mapping[str, float] = field(default_factory=dict)


class _Gathering(FeatureMetric):
    """Keeps the features of every image.

    what: its name for people. least: the images that each of the sets it compares needs.

    Says nothing of d: what these metrics make of few images is uncertain, but not biased as a Frechet distance is.
    """

    compares: ClassVar[tuple[Source, ...]] = PAIR

    def __init__(self, extractor: str, what: str, least: int, reference: Reference = "test") -> None:
        super().__init__(extractor, reference)
        self._what, self._least = what, least
        self._vectors: dict[Source, list[Vector]] = {"generated": [], "real": [], "training": []}

    def _take(self, source: Source, vector: Vector, label: str | None) -> None:
        self._vectors[source].append(vector)

    def _count(self, source: Source, label: str | None) -> int:
        return len(self._vectors[source])

    def _counts(self) -> dict[Source, int]:
        return {source: len(self._vectors[source]) for source in self.compares}

    def _missing(self) -> srbench.Skip | None:
        return too_few(self._what, self._least, self._counts())

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The score, and what goes with it; skipped for too few images."""
        if missing := self._missing():
            return missing
        score = self._score(self._set("generated"))
        n = min(self._counts().values())
        details = srbench.Details(n=n, spread=score.spread, ceiling=self._ceiling(), further=score.further)
        return score.value, details

    def _ceiling(self) -> srbench.Estimate | None:
        n = len(self._vectors[self.ceiling_of])
        if n < self._least:
            return None
        score = self._score(self._set(self.ceiling_of))
        return srbench.Estimate(score.value, score.spread, n)

    @abstractmethod
    def _score(self, images: Vectors) -> _Score:
        """Score features `(n, d)` in place of the generated ones."""

    def _set(self, source: Source) -> Vectors:
        return np.stack(self._vectors[source])


class Kid(_Gathering):
    """Kernel distance between the features of two sets (KID). Unbiased, so that it may be below 0.

    The mean over random subsets, as torch-fidelity takes them; for sets that fit into one subset the estimate over
    everything, with its standard error over random halves.
    """

    shown_as = "KID"
    papers: ClassVar = (
        srbench.Paper(
            ("Bińkowski", "Sutherland", "Arbel", "Gretton"),
            "Demystifying MMD GANs",
            2018,
            conference="ICLR",
            arxiv="1801.01401",
        ),
    )
    higher_is_better = False

    def __init__(
        self,
        extractor: str = "inception",
        subsets: AtLeastTwo = 100,
        subset_size: AtLeastTwo = 1000,
        reference: Reference = "test",
    ) -> None:
        super().__init__(extractor, "KID", 2, reference)
        self._subsets, self._subset_size = subsets, subset_size

    def _score(self, images: Vectors) -> _Score:
        distance = kernel_distance(images, self._set("real"), self._subsets, self._subset_size)
        return _Score(distance.value, distance.spread, {"subset size": distance.subset_size})


class Mmd(_Gathering):
    """Squared MMD with a Gaussian kernel between the features of two sets, times 1000.

    sigma: the width of the kernel; without it, the median distance between real images.
    """

    shown_as = "MMD"
    papers: ClassVar = (
        srbench.Paper(
            ("Gretton", "Borgwardt", "Rasch", "Schölkopf", "Smola"),
            "A kernel two-sample test",
            2012,
            journal="Journal of Machine Learning Research",
        ),
    )
    higher_is_better = False
    unit = "10⁻³"
    range = (0.0, 2000.0)

    def __init__(
        self, extractor: str = "inception", sigma: Positive | None = None, reference: Reference = "test"
    ) -> None:
        super().__init__(extractor, "MMD", 2, reference)
        self._sigma = sigma

    def _score(self, images: Vectors) -> _Score:
        real = self._set("real")
        sigma = self._sigma if self._sigma is not None else median_distance(real)
        return _Score(1000 * gaussian_mmd(images, real, sigma), further={"sigma": sigma})


class Cmmd(Mmd):
    """CMMD (Jayasumana et al. 2024): MMD on CLIP's image embeddings with sigma = 10, times 1000."""

    shown_as = "CMMD"
    papers: ClassVar = (
        srbench.Paper(
            ("Jayasumana", "Ramalingam", "Veit", "Glasner", "Chakrabarti", "Kumar"),
            "Rethinking FID: Towards a better evaluation metric for image generation",
            2024,
            conference="CVPR",
            arxiv="2401.09603",
        ),
    )

    def __init__(self, extractor: str = CLIP, sigma: Positive = 10.0, reference: Reference = "test") -> None:
        super().__init__(extractor, sigma, reference)


class Is(_Gathering):
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

    def _score(self, images: Vectors) -> _Score:
        import torch

        assert self._classifier is not None
        device = getattr(self._classifier, "device", "cpu")
        with torch.inference_mode():
            logits = self._classifier.logits(torch.from_numpy(images).to(device)).cpu()
        score = inception_score(logits.numpy(), self._splits)
        return _Score(score.value, score.spread)


class _Manifold(_Gathering):
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

    def _score(self, images: Vectors) -> _Score:
        return _Score(covered(images, self._set("real"), self._neighbours))


class Recall(_Manifold):
    """The share of real images whose features lie on the manifold of generated ones (Kynkaanniemi et al. 2019)."""

    def _score(self, images: Vectors) -> _Score:
        return _Score(covered(self._set("real"), images, self._neighbours))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return math.fsum(found) / len(found)
