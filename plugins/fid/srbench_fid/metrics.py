"""The set metrics: each gathers features of SR and HR, and compares them at the end."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol, runtime_checkable

import msgspec
import numpy as np
from numpy.typing import NDArray

import srbench

from .features import Features, Vector, disk_cache
from .frechet import frechet_between
from .inception_score import InceptionScore, inception_score
from .kernels import gaussian_mmd, kernel_distance, median_distance
from .manifold import covered
from .moments import Moments

if TYPE_CHECKING:
    import torch

    from srbench.metric import Need

CLIP = "timm:vit_large_patch14_clip_quickgelu_336.openai"
"""The network of CMMD: CLIP's ViT-L/14 at 336 pixels."""

AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
AtLeastTwo = Annotated[int, msgspec.Meta(ge=2)]
Positive = Annotated[float, msgspec.Meta(gt=0)]


@runtime_checkable
class Classifies(Protocol):
    """An extractor whose features lead on to a classifier: what the Inception Score needs."""

    def logits(self, features: torch.Tensor) -> torch.Tensor:
        """Logits `(N, classes)` from features `(N, dim)`."""


class FeatureMetric(srbench.SetMetric):
    """Compares SR with HR through the features of an extractor; sees whole images, whatever the protocol scores."""

    sees = "image"

    def __init__(self, extractor: str = "inception") -> None:
        self._name = extractor
        self._features: Features | None = None

    def extractor(self) -> srbench.ExtractorUse:
        """The one named by the parameter."""
        return srbench.ExtractorUse(self._name)

    def bind(self, extractor: srbench.Extractor) -> None:
        """Take the extractor."""
        key: str = getattr(extractor, "key", "")
        self._features = Features(extractor, disk_cache(key, extractor.device) if key else None)

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in one image."""
        self._take(*self._extract(sr, hr), item.label)

    def update(self, sr: torch.Tensor, hr: torch.Tensor) -> None:
        """Take in one image without its label."""
        self._take(*self._extract(sr, hr), None)

    def _extract(self, sr: torch.Tensor, hr: torch.Tensor) -> tuple[Vector, Vector]:
        if self._features is None:
            raise TypeError("bind an extractor before the first image")
        return self._features.of_sr(sr), self._features.of_hr(hr)

    @abstractmethod
    def _take(self, sr: Vector, hr: Vector, label: str | None) -> None:
        """Take in the features `(d,)` of one image and its HR."""


class Fid(FeatureMetric):
    """Frechet distance between the features of SR and of HR (FID, where the extractor is `inception`).

    Too large by an amount that grows as n falls: compare only values of equal n, and trust no small n against d.
    """

    higher_is_better = False
    range = (0.0, math.inf)

    def __init__(self, extractor: str = "inception") -> None:
        super().__init__(extractor)
        self._moments: tuple[Moments, Moments] | None = None

    def _take(self, sr: Vector, hr: Vector, label: str | None) -> None:
        if self._moments is None:
            self._moments = Moments(len(sr)), Moments(len(hr))
        for moments, vector in zip(self._moments, (sr, hr), strict=True):
            moments.update(vector[None])

    def compute(self) -> float | srbench.Skip:
        """The distance; skipped for fewer than 2 images."""
        if self._moments is None or self._moments[0].count < 2:
            return _too_few("FID", 2, 0 if self._moments is None else 1)
        return frechet_between(*self._moments)

    def extra(self) -> dict[str, float]:
        """n, the number of images, and d, the length of a feature vector."""
        if self._moments is None:
            return {}
        return {"n": self._moments[0].count, "d": self._moments[0].dim}


class ClassFid(FeatureMetric):
    """Frechet distance averaged over classes (CAFD): each class of SR against the same class of HR."""

    higher_is_better = False
    range = (0.0, math.inf)
    needs: ClassVar[frozenset[Need]] = frozenset({"labels"})

    def __init__(self, extractor: str = "inception") -> None:
        super().__init__(extractor)
        self._classes: dict[str, Fid] = {}

    def _take(self, sr: Vector, hr: Vector, label: str | None) -> None:
        if label is None:
            raise TypeError("CAFD needs the label of every image: give it through update_item")
        self._classes.setdefault(label, Fid())._take(sr, hr, None)

    def compute(self) -> float | srbench.Skip:
        """The mean distance; skipped where a class has fewer than 2 images."""
        alone = sorted(label for label, fid in self._classes.items() if fid.extra()["n"] < 2)
        if alone:
            return srbench.Skip(f"CAFD needs at least 2 images of each class; there is one of {', '.join(alone)}")
        if not self._classes:
            return _too_few("CAFD", 2, 0)
        return math.fsum(self._distances().values()) / len(self._classes)

    def extra(self) -> dict[str, float]:
        """The distance of each class; n, the images of the smallest class, and d."""
        if not self._classes or any(fid.extra()["n"] < 2 for fid in self._classes.values()):
            return {}
        sizes = [fid.extra() for fid in self._classes.values()]
        facts = {"n": min(size["n"] for size in sizes), "d": sizes[0]["d"], "classes": float(len(sizes))}
        return facts | {f"fid of {label}": value for label, value in self._distances().items()}

    def _distances(self) -> dict[str, float]:
        found = {}
        for label in sorted(self._classes):
            value = self._classes[label].compute()
            assert isinstance(value, float), "classes of one image were turned away"
            found[label] = value
        return found


class _Gathering(FeatureMetric):
    """Keeps the features of every image.

    Says nothing of d: what these metrics make of few images is uncertain, but not biased as a Frechet distance is.
    """

    def __init__(self, extractor: str = "inception") -> None:
        super().__init__(extractor)
        self._sr: list[Vector] = []
        self._hr: list[Vector] = []

    def _take(self, sr: Vector, hr: Vector, label: str | None) -> None:
        self._sr.append(sr)
        self._hr.append(hr)

    def _sets(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return np.stack(self._sr), np.stack(self._hr)

    def extra(self) -> dict[str, float]:
        """n, the number of images."""
        return {"n": len(self._sr)}


class Kid(_Gathering):
    """Kernel distance between the features of SR and of HR (KID). Unbiased, so that it may be below 0.

    The mean over random subsets, as torch-fidelity takes them; for sets that fit into one subset the estimate over
    everything, with its standard error over random halves.
    """

    higher_is_better = False

    def __init__(self, extractor: str = "inception", subsets: AtLeastTwo = 100, subset_size: AtLeastTwo = 1000) -> None:
        super().__init__(extractor)
        self._subsets, self._subset_size = subsets, subset_size
        self._spread: dict[str, float] = {}

    def compute(self) -> float | srbench.Skip:
        """The distance; skipped for fewer than 2 images."""
        if len(self._sr) < 2:
            return _too_few("KID", 2, len(self._sr))
        distance = kernel_distance(*self._sets(), self._subsets, self._subset_size)
        self._spread = {"spread": distance.spread, "subset_size": distance.subset_size}
        return distance.value

    def extra(self) -> dict[str, float]:
        """n, the spread, and the size of the subsets."""
        return super().extra() | self._spread


class Mmd(_Gathering):
    """Squared MMD with a Gaussian kernel between the features of SR and of HR, times 1000.

    sigma: the width of the kernel; without it, the median distance between HR images.
    """

    higher_is_better = False
    unit = "10⁻³"
    range = (0.0, 2000.0)

    def __init__(self, extractor: str = "inception", sigma: Positive | None = None) -> None:
        super().__init__(extractor)
        self._sigma = sigma

    def compute(self) -> float | srbench.Skip:
        """The distance; skipped for fewer than 2 images."""
        if len(self._sr) < 2:
            return _too_few("MMD", 2, len(self._sr))
        return 1000 * gaussian_mmd(*self._sets(), self._width())

    def extra(self) -> dict[str, float]:
        """n, and the width of the kernel."""
        return super().extra() | ({"sigma": self._width()} if len(self._hr) > 1 else {})

    def _width(self) -> float:
        return self._sigma if self._sigma is not None else median_distance(np.stack(self._hr))


class Cmmd(Mmd):
    """CMMD (Jayasumana et al. 2024): MMD on CLIP's image embeddings with sigma = 10, times 1000."""

    def __init__(self, extractor: str = CLIP, sigma: Positive = 10.0) -> None:
        super().__init__(extractor, sigma)


class Is(_Gathering):
    """Inception Score of SR. Knows nothing of HR: read it beside the score of HR, which stands next to it."""

    higher_is_better = True
    range = (1.0, math.inf)

    def __init__(self, extractor: str = "inception", splits: AtLeastOne = 10) -> None:
        super().__init__(extractor)
        self._splits = splits
        self._classifier: Classifies | None = None

    def bind(self, extractor: srbench.Extractor) -> None:
        """Take the extractor, and see whether it can classify."""
        super().bind(extractor)
        self._classifier = extractor if isinstance(extractor, Classifies) else None

    def compute(self) -> float | srbench.Skip:
        """The mean over splits; skipped for fewer images than splits."""
        if self._classifier is None:
            return srbench.Skip(f"the Inception Score needs a classifier, and {self._name!r} gives no logits")
        if len(self._sr) < self._splits:
            return _too_few(f"the Inception Score over {self._splits} splits", self._splits, len(self._sr))
        return self._score(self._sr).value

    def extra(self) -> dict[str, float]:
        """n, the spread over splits, and the score of HR as the ceiling."""
        if self._classifier is None or len(self._sr) < self._splits:
            return super().extra()
        return super().extra() | {"spread": self._score(self._sr).spread, "ceiling": self._score(self._hr).value}

    def _score(self, features: list[Vector]) -> InceptionScore:
        import torch

        assert self._classifier is not None
        device = getattr(self._classifier, "device", "cpu")
        with torch.inference_mode():
            logits = self._classifier.logits(torch.from_numpy(np.stack(features)).to(device)).cpu()
        return inception_score(logits.numpy(), self._splits)


class _Manifold(_Gathering):
    higher_is_better = True
    range = (0.0, 1.0)

    def __init__(self, extractor: str = "inception", neighbours: AtLeastOne = 3) -> None:
        super().__init__(extractor)
        self._neighbours = neighbours

    def compute(self) -> float | srbench.Skip:
        """The share; skipped where there are no more images than neighbours."""
        if len(self._sr) <= self._neighbours:
            return _too_few(f"a manifold of {self._neighbours} neighbours", self._neighbours + 1, len(self._sr))
        return covered(*self._points_and_manifold(), self._neighbours)

    @abstractmethod
    def _points_and_manifold(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...


class Precision(_Manifold):
    """The share of SR images whose features lie on the manifold of HR (Kynkaanniemi et al. 2019)."""

    def _points_and_manifold(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._sets()


class Recall(_Manifold):
    """The share of HR images whose features lie on the manifold of SR (Kynkaanniemi et al. 2019)."""

    def _points_and_manifold(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        sr, hr = self._sets()
        return hr, sr


def _too_few(what: str, needed: int, given: int) -> srbench.Skip:
    return srbench.Skip(f"{what} needs at least {needed} images; there {'is' if given == 1 else 'are'} {given}")
