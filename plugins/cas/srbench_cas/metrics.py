"""CAS and NAS (Ravuri and Vinyals, "Classification accuracy score for conditional generative models", 2019)."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

import srbench
from srbench import Need, Source
from srbench.types import Count

from .classifiers import Named, Predicted
from .classifiers import classifier as find_classifier
from .confusion import Confusion
from .floor import bicubic
from .labelled import Gathering, Labelled, Version
from .positive import AgainstRest
from .predictions import predictions

if TYPE_CHECKING:
    import torch


class _Taught(NamedTuple):
    """What classifiers say of the test images, one a seed, and how often they are right."""

    predicted: list[Predicted]
    confusions: list[Confusion]

    @property
    def accuracy(self) -> srbench.Estimate:
        """The mean over seeds, and their standard deviation where there are several."""
        values = [confusion.accuracy for confusion in self.confusions]
        return srbench.Estimate(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


class Cas(srbench.SetMetric):
    """Accuracy, on real HR of the test split, of a classifier trained on the method's SR of the training split.

    The mean over several trainings that differ in their seed. Beside it: its spread, precision, recall and F1 (means
    over classes), the confusion matrix, and the accuracy of the same classifier trained on real HR (the ceiling) and
    on bicubic SR (the floor).

    Of a generator the classifier learns from what was generated, each image with the class it was asked to be of, in
    place of SR, and the ceiling from the training split; there is no floor.
    """

    shown_as = "CAS"
    papers: ClassVar = (
        srbench.Paper(
            ("Ravuri", "Vinyals"),
            "Classification accuracy score for conditional generative models",
            2019,
            conference="NeurIPS",
            arxiv="1905.10887",
        ),
    )
    judges = "task"
    higher_is_better = True
    range = (0.0, 1.0)
    sees = "image"
    needs: ClassVar[frozenset[Need]] = frozenset({"labels", "training_sr"})
    learned_from: ClassVar[tuple[Version, ...]] = ("synthetic",)

    def __init__(
        self, classifier: Named = "skinlesnet", seeds: Count = 3, epochs: Count = 10, positive: str | None = None
    ) -> None:
        """How it is measured.

        classifier: `skinlesnet`, `hog-svm`, `lbp-svm`, or `timm:NAME` for any model of timm, trained from random
        weights; alone, or with its parameters: `{hog-svm: {preset: isic}}`. seeds: how many trainings. epochs: of a
        network, passes over the training images at most; it stops when the held-out fifth gets no better. positive: a
        class; how well it is told from all others stands beside the value.
        """
        self._classifier = find_classifier(classifier, epochs)
        self._seeds = seeds
        self._positive = positive
        self._training, self._testing = Gathering(), Gathering()
        self._unlabelled: set[Source] = set()

    def update_training(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in one image of the training split, and make its bicubic SR."""
        versions: dict[Version, torch.Tensor] = {"synthetic": sr, "real": hr, "bicubic": bicubic(item, self.protocol)}
        for version, image in versions.items():
            self._training.add(self._classifier.prepare(image), item, version)

    def update_item(self, sr: torch.Tensor, hr: torch.Tensor, item: srbench.Item) -> None:
        """Take in the HR of one image of the test split."""
        self._testing.add(self._classifier.prepare(hr), item, "real")

    def update_unpaired(self, image: torch.Tensor, source: Source, item: srbench.Item) -> None:
        """Take in one image: to learn from when `generated` or of the `training` split, to test on when `real`."""
        if item.label is None:
            self._unlabelled.add(source)
            return
        gathering = self._testing if source == "real" else self._training
        gathering.add(self._classifier.prepare(image), item, "synthetic" if source == "generated" else "real")

    def compute(self) -> tuple[float, srbench.Details] | srbench.Skip:
        """The mean accuracy over seeds; skipped where there are fewer than two classes to learn."""
        if self._unlabelled:
            return srbench.Skip(_NO_CLASS["generated" if "generated" in self._unlabelled else "real"])
        synthetic, real, floor = (self._training.of(version) for version in ("synthetic", "real", "bicubic"))
        learned, test = self._training.of(*self.learned_from), self._testing.of("real")
        if synthetic is None or real is None or learned is None or test is None:
            return srbench.Skip("needs labelled images to learn from, real ones among them, and in the test split")
        for name, images in (("training split has", real), ("images to learn from have", learned)):
            if len(set(images.labels)) < 2:
                return srbench.Skip(f"needs two classes to tell apart; the {name} only {images.labels[0]!r}")
        if missing := self._no_positive(learned, test):
            return missing
        own, best = self._taught(learned, test), self._taught(real, test)
        worst = None if floor is None else self._taught(floor, test)
        mean_counts = np.mean([confusion.counts for confusion in own.confusions], 0)
        further = {
            "precision": statistics.fmean(confusion.precision for confusion in own.confusions),
            "recall": statistics.fmean(confusion.recall for confusion in own.confusions),
            "F1": statistics.fmean(confusion.f1 for confusion in own.confusions),
            "seeds": len(own.confusions),
            "training images": len(learned),
        }
        for of, train, taught in (("", learned, own), ("ceiling ", real, best), ("floor ", floor, worst)):
            if self._positive is not None and train is not None and taught is not None:
                further |= self._against_rest(train, test, taught).numbers(of)
        details = srbench.Details(
            spread=own.accuracy.spread,
            ceiling=best.accuracy,
            floor=None if worst is None else worst.accuracy,
            confusion=srbench.ConfusionMatrix(_classes(learned, test), mean_counts.tolist()),
            learning=tuple(
                srbench.LearningCurve(f"seed {seed}", {name: tuple(column) for name, column in one.history.items()})
                for seed, one in enumerate(own.predicted)
                if one.history
            ),
            further=further,
        )
        return own.accuracy.value, details

    def _no_positive(self, learned: Labelled, test: Labelled) -> srbench.Skip | None:
        if self._positive is None:
            return None
        for name, labels in (("images to learn from", learned.labels), ("test split", test.labels)):
            if self._positive not in labels:
                known = ", ".join(repr(label) for label in sorted(set(labels)))
                return srbench.Skip(f"the positive class {self._positive!r} is not in the {name}: {known}")
        if len(set(test.labels)) < 2:
            return srbench.Skip(f"the test split has only {self._positive!r}, and nothing to tell it from")
        return None

    def _against_rest(self, train: Labelled, test: Labelled, taught: _Taught) -> AgainstRest:
        assert self._positive is not None
        true = np.array([label == self._positive for label in test.labels])
        return AgainstRest.of(taught.predicted, true, _classes(train, test).index(self._positive), test.groups)

    def _taught(self, train: Labelled, test: Labelled) -> _Taught:
        classes = _classes(train, test)
        true = np.array([classes.index(label) for label in test.labels], np.int64)
        predicted = [
            predictions(self._classifier, train, test, classes, seed, self.device) for seed in range(self._seeds)
        ]
        return _Taught(predicted, [Confusion.of(true, one.places, len(classes)) for one in predicted])


class Nas(Cas):
    """Accuracy, on real HR of the test split, of a classifier trained on HR and SR of the training split together.

    "Naive augmentation score": above the ceiling, the SR teaches something that HR alone does not. Everything else is
    as in CAS; of a generator, what was generated takes the place of SR.
    """

    shown_as = "NAS"
    learned_from = ("real", "synthetic")


_NO_CLASS: Mapping[Source, str] = {
    "generated": "the generated images have no class, so that no classifier can learn from them; use a generator that "
    "is asked for images of a class",
    "real": "some images of the dataset have no class, so that no classifier can learn from them or be tested on them",
}


def _classes(train: Labelled, test: Labelled) -> tuple[str, ...]:
    """A class that only the test split has is one too: a classifier cannot know it, and that is an error."""
    return tuple(sorted({*train.labels, *test.labels}))
