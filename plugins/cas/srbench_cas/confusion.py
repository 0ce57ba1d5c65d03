"""What became of the test images: true against predicted classes, and the numbers that summarise it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Confusion:
    """counts: `(classes, classes)`, test images by true class (row) and predicted class (column).

    Precision, recall and F1 are means over the classes that are true or predicted for some image (macro averages); a
    class that is never predicted has precision 0, one that never occurs has recall 0.
    """

    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, true: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], classes: int) -> Confusion:
        """Count pairs of class numbers, both `(images,)`."""
        pairs = np.bincount(true * classes + predicted, minlength=classes**2)
        return cls(pairs.reshape(classes, classes).astype(np.int64))

    @property
    def accuracy(self) -> float:
        """The share of images whose class is predicted."""
        return float(np.trace(self.counts) / self.counts.sum())

    @property
    def precision(self) -> float:
        """How many of the images said to be of a class are."""
        return float(_ratio(self._right, self._predicted)[self._occurring].mean())

    @property
    def recall(self) -> float:
        """How many of the images of a class are said to be."""
        return float(_ratio(self._right, self._true)[self._occurring].mean())

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall of each class, averaged over classes."""
        return float(_ratio(2 * self._right, self._true + self._predicted)[self._occurring].mean())

    @property
    def _right(self) -> npt.NDArray[np.int64]:
        return np.diagonal(self.counts)

    @property
    def _true(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.counts.sum(1))

    @property
    def _predicted(self) -> npt.NDArray[np.int64]:
        return np.asarray(self.counts.sum(0))

    @property
    def _occurring(self) -> npt.NDArray[np.bool_]:
        return self._true + self._predicted > 0


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    return np.where(whole > 0, part / np.maximum(whole, 1), 0.0)
