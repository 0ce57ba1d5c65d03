"""What learns to tell classes apart: SkinLesNet, a support vector machine on HOG, any model of timm."""

from __future__ import annotations

import importlib.metadata
import math
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from srbench_fid.trained.pictures import fitted, held_out
from srbench_fid.trained.rows import Array

from srbench import Budget, FitContext
from srbench.errors import SrbenchError, nearest

from .labelled import Labelled

if TYPE_CHECKING:
    import torch

Numbers = npt.NDArray[np.int64]


class Predicted(NamedTuple):
    """What a classifier says of images.

    places: of the class that it takes each for, `(images,)`. scores: `(images, classes)`, the higher the more it takes
    an image for one of this class; they can be compared between images, and with nothing else.
    """

    places: Numbers
    scores: npt.NDArray[np.float64]


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
    """A network trained from random weights: AdamW, flips and turns, a fifth held out to stop by."""

    libraries = ("torch", "timm")

    def __init__(self, name: str, epochs: int, side: Callable[[], int], build: Callable[[int], torch.nn.Module]):
        self._name, self._epochs = name, epochs
        self._find_side, self._build = side, build

    def identity(self) -> dict[str, Any]:
        """The network, and how long it learns."""
        return {"network": self._name, "epochs": self._epochs, **super().identity()}

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
            budget = Budget("epochs", self._epochs)
            context = FitContext(seed, budget, Path(folder), device, checkpoint_seconds=math.inf)
            network = self._build(len(classes))
            learn(network, examples, cross_entropy, self._side, context)
        logits = outputs(network, test, device)
        return Predicted(logits.argmax(1).numpy(), logits.double().log_softmax(1).numpy())


class HogSvm(Classifier):
    """A support vector machine on histograms of oriented gradients (Dalal and Triggs 2005).

    Images of 128 x 128 pixels, 9 orientations, cells of 16 pixels, blocks of 2 x 2 cells: 1764 features, standardised.
    Kernel and C are chosen by cross-validation on the training images.
    """

    libraries = ("scikit-image", "scikit-learn")
    side = 128
    grid: ClassVar[dict[str, list[Any]]] = {"svc__kernel": ["linear", "rbf"], "svc__C": [0.1, 1.0, 10.0]}
    folds = 3

    def prepare(self, image: torch.Tensor) -> Array:
        """The histograms `(1764,)`; of a colour image, at each pixel those of the channel that changes most."""
        from skimage.feature import hog

        picture = fitted(image.double(), self.side).numpy()
        histograms: Array = hog(
            picture, orientations=9, pixels_per_cell=(16, 16), cells_per_block=(2, 2), channel_axis=0
        )
        return histograms

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


_NEVER = -1e9
"""The score of a class that the training images have none of."""
_TIMM = "timm:"
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def classifier(name: str, epochs: int) -> Classifier:
    """The classifier `skinlesnet`, `hog-svm` or `timm:MODEL`. Raises `ClassifierError` for any other name.

    Loads neither torch nor timm; epochs: for networks.
    """
    if name == "skinlesnet":
        return NetworkClassifier(name, epochs, lambda: 224, _skinlesnet)
    if name == "hog-svm":
        return HogSvm()
    if name.startswith(_TIMM):
        model = name.removeprefix(_TIMM)
        if not _MODEL.fullmatch(model):
            raise ClassifierError(f"{model!r} is no name of a timm model: letters, digits, '.', '_' and '-'")
        return NetworkClassifier(name, epochs, lambda: _timm_side(model), lambda classes: _timm(model, classes))
    raise ClassifierError(f"unknown classifier {name!r}.{nearest(name, ('skinlesnet', 'hog-svm', 'timm:resnet18'))}")


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
