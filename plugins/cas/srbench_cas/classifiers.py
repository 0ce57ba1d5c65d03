"""What learns to tell classes apart: SkinLesNet, support vector machines on HOG and LBP, any model of timm."""

from __future__ import annotations

import importlib.metadata
import math
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from srbench_fid.trained.learning import USUAL, Learning, Training, budget_of
from srbench_fid.trained.pictures import fitted, held_out
from srbench_fid.trained.rows import Array

import srbench
from srbench import Budget, FitContext
from srbench.errors import ParameterError, SrbenchError, nearest
from srbench.types import Count, Positive

from .labelled import Labelled

if TYPE_CHECKING:
    import torch

Numbers = npt.NDArray[np.int64]


class Predicted(NamedTuple):
    """What a classifier says of images.

    places: of the class that it takes each for, `(images,)`. scores: `(images, classes)`, the higher the more it takes
    an image for one of this class; they can be compared between images, and with nothing else. history: of a network,
    how it learned, as the columns of `srbench.LearningCurve`.
    """

    places: Numbers
    scores: npt.NDArray[np.float64]
    history: Mapping[str, Sequence[float | None]] = MappingProxyType({})


class ClassifierError(SrbenchError):
    """The name of a classifier that does not exist."""


class Classifier(ABC):
    """Learns from labelled images and says the classes of others.

    libraries: the distributions whose version can change what it learns.
    """

    libraries: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def prepare(self, image: torch.Tensor) -> Array:
        """Features of an image, float `(C, H, W)` in [0, 1]: an array of one shape whatever the image's size."""

    @abstractmethod
    def predict(self, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str) -> Predicted:
        """Say which of `classes` the test images are of. Does not look at the test images' labels."""

    def identity(self) -> dict[str, Any]:
        """What a prediction depends on, besides images and seed."""
        return {"libraries": {name: importlib.metadata.version(name) for name in self.libraries}}


class NetworkClassifier(Classifier):
    """A network trained from random weights: flips and turns, a fifth held out to stop by."""

    libraries = ("torch", "timm")

    def __init__(
        self,
        name: str,
        budget: Budget,
        side: Callable[[], int],
        build: Callable[[int], torch.nn.Module],
        how: Learning = USUAL,
    ):
        self._name, self._budget, self._how = name, budget, how
        self._find_side, self._build = side, build

    def identity(self) -> dict[str, Any]:
        """The network, how it learns, and for how long."""
        return {"network": self._name, "budget": str(self._budget), "how": asdict(self._how), **super().identity()}

    @cached_property
    def _side(self) -> int:
        return self._find_side()

    def prepare(self, image: torch.Tensor) -> Array:
        """The image in three channels at the network's size, in half precision."""
        return fitted(image, self._side).numpy().astype(np.float16)

    def predict(self, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str) -> Predicted:
        """Train, then take the largest output; scores are the logarithms of the softmax."""
        from srbench_fid.trained.examples import Examples
        from srbench_fid.trained.pictures import numbers
        from srbench_fid.trained.training import learn, outputs
        from torch.nn.functional import cross_entropy

        from srbench.training import seeded

        held = held_out(train.labels, train.units, seed)
        examples = Examples(train, numbers(train.labels, classes), train.ids, held, seed)
        with seeded(seed), tempfile.TemporaryDirectory() as folder:
            context = FitContext(seed, self._budget, Path(folder), device, checkpoint_seconds=math.inf)
            network = self._build(len(classes))
            learned = learn(network, examples, cross_entropy, self._side, context, self._how)
        logits = outputs(network, test, device)
        scores = logits.double().log_softmax(1).numpy()
        return Predicted(logits.argmax(1).numpy(), scores, _columns(learned.history))


def _columns(history: Sequence[Mapping[str, float | int | str]]) -> dict[str, list[float | None]]:
    """The numbers of a history by column, to the digits that a figure shows; times differ from one run to the next."""
    names = dict.fromkeys(name for row in history for name in row if name not in ("stage", "event", "seconds"))
    return {name: [float(f"{float(row[name]):.5g}") if name in row else None for row in history] for name in names}


class SupportVectorMachine(Classifier):
    """A support vector machine on numbers that are counted in a picture, standardised.

    Kernel and C are chosen by cross-validation on the training images.
    """

    libraries = ("scikit-image", "scikit-learn")
    grid: ClassVar[dict[str, list[Any]]] = {"svc__kernel": ["linear", "rbf"], "svc__C": [0.1, 1.0, 10.0]}
    folds = 3

    def predict(self, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str) -> Predicted:
        """Choose by cross-validation, learn from all, predict; only the division into folds depends on the seed.

        Scores are distances from the hyperplane: for more than two classes those of each against the rest.
        """
        from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC
        from srbench_fid.trained.pictures import numbers

        inputs, targets = train.take(np.arange(len(train))), numbers(train.labels, classes)
        machine = make_pipeline(StandardScaler(), SVC())
        # Each fold needs something of each class that is not in another fold.
        folds = min(self.folds, *(len(set(train.units[targets == number])) for number in set(targets.tolist())))
        if folds >= 2:
            division = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            machine = GridSearchCV(machine, self.grid, cv=list(division.split(inputs, targets, train.units)))
        tested = test.take(np.arange(len(test)))
        places: Numbers = machine.fit(inputs, targets).predict(tested).astype(np.int64)
        distances = machine.decision_function(tested)
        scores = np.full((len(test), len(classes)), _NEVER)
        scores[:, machine.classes_] = distances if distances.ndim == 2 else np.stack([-distances, distances], 1)
        return Predicted(places, scores)


@dataclass
class HogSvm(SupportVectorMachine):
    """On histograms of oriented gradients (Dalal and Triggs 2005).

    side: of the picture, resized, in pixels. orientations: of a histogram. cell: its side in pixels. block: the side in
    cells of what is normalised together. Raises `ParameterError` for a block that no picture holds.
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "isic": {"side": 64, "orientations": 8, "cell": 4, "block": 2}  # a study of generated skin lesions
    }

    side: Count = 128
    orientations: Count = 9
    cell: Count = 16
    block: Count = 2

    def __post_init__(self) -> None:
        if self.block * self.cell > self.side:
            pixels = self.block * self.cell
            raise ParameterError("side", f"side: a block of {pixels} pixels does not fit into {self.side} pixels")

    def identity(self) -> dict[str, Any]:
        """What is counted, and by which libraries."""
        return {"histograms": [self.side, self.orientations, self.cell, self.block], **super().identity()}

    def prepare(self, image: torch.Tensor) -> Array:
        """The histograms, 1764 by default; of a colour image, at each pixel those of the channel that changes most."""
        from skimage.feature import hog

        picture = fitted(image.double(), self.side).numpy()
        cell, block = (self.cell, self.cell), (self.block, self.block)
        histograms: Array = hog(picture, self.orientations, cell, block, channel_axis=0)
        return histograms


@dataclass
class LbpSvm(SupportVectorMachine):
    """On histograms of local binary patterns (Ojala et al. 2002), uniform and blind to rotation.

    Each cell of a grid has a histogram of its own, which sums to 1; of colour images the luma is looked at.

    side: of the picture, resized, in pixels. points: neighbours on a circle that a pixel is compared with. radius: of
    that, in pixels. cells: on each side of the picture. Raises `ParameterError` for more cells than pixels.
    """

    side: Count = 128
    points: Count = 8
    radius: Positive = 1.0
    cells: Count = 4

    def __post_init__(self) -> None:
        if self.cells > self.side:
            raise ParameterError("cells", f"cells: {self.cells} do not fit into {self.side} pixels")

    def identity(self) -> dict[str, Any]:
        """What is counted, and by which libraries."""
        return {"patterns": [self.side, self.points, self.radius, self.cells], **super().identity()}

    def prepare(self, image: torch.Tensor) -> Array:
        """The histograms `(cells * cells * (points + 2),)`."""
        from skimage.color import rgb2gray
        from skimage.feature import local_binary_pattern

        grey = rgb2gray(fitted(image.double(), self.side).numpy(), channel_axis=0)
        # Patterns of 8 bits: of numbers with a point, equal neighbours are told apart by their rounding.
        levels = (255 * grey).round().astype(np.uint8)
        patterns: Array = local_binary_pattern(  # type: ignore[no-untyped-call]
            levels, self.points, self.radius, "uniform"
        )
        rows = np.array_split(patterns.astype(np.intp), self.cells)
        parts = [part for row in rows for part in np.array_split(row, self.cells, axis=1)]
        return np.concatenate([np.bincount(part.ravel(), minlength=self.points + 2) / part.size for part in parts])


_NEVER = -1e9
"""The score of a class that the training images have none of."""
_TIMM = "timm:"
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_KINDS: Mapping[str, type] = {"skinlesnet": Training, "hog-svm": HogSvm, "lbp-svm": LbpSvm}
Named = str | dict[str, dict[str, Any]]


def classifier(asked: Named, epochs: int) -> Classifier:
    """The classifier `skinlesnet`, `hog-svm`, `lbp-svm` or `timm:MODEL`, alone or with its parameters.

    Loads neither torch nor timm; epochs: for networks that are given no budget of their own. Raises `ParameterError`
    for any other name, and for parameters that are wrong.
    """
    name = asked if isinstance(asked, str) else next(iter(asked), "")
    model = name.removeprefix(_TIMM) if name.startswith(_TIMM) else ""
    if model and not _MODEL.fullmatch(model):
        raise ParameterError("classifier", f"{model!r} is no name of a timm model: letters, digits, '.', '_' and '-'")
    made = srbench.chosen("classifier", asked, {**_KINDS, **({name: Training} if model else {})})
    if isinstance(made, Classifier):
        return made
    budget = budget_of(made.epochs, made.steps, None, epochs)
    if not model:
        return NetworkClassifier(name, budget, lambda: 224, _skinlesnet, made)
    return NetworkClassifier(name, budget, lambda: _timm_side(model), lambda classes: _timm(model, classes), made)


def _skinlesnet(classes: int) -> torch.nn.Module:
    from srbench_fid.trained.networks import SkinLesNet

    return SkinLesNet(classes)


def _timm(model: str, classes: int) -> torch.nn.Module:
    from srbench_fid.trained.networks import timm_model

    return timm_model(model, classes)


def _timm_side(model: str) -> int:
    from srbench.weights import import_torchvision

    import_torchvision()
    import timm

    if not timm.is_model(model):
        raise ClassifierError(f"timm has no model {model!r}.{nearest(model, timm.list_models())}")
    settings = timm.get_pretrained_cfg(model)
    return int(settings.input_size[-1]) if settings else 224
