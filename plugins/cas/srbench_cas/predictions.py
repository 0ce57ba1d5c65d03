"""Predictions, kept by everything they depend on.

The ceiling and the floor are the same for every method on a dataset: whichever cell needs one first trains it, the
others read it. So is a run that was interrupted between two classifiers not set back.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

import srbench

from .classifiers import Classifier, Numbers
from .labelled import Labelled


def predictions(
    classifier: Classifier, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str
) -> Numbers:
    """What the classifier, trained on `train`, says of `test`: places in `classes`, `(len(test),)`.

    Read from the user's cache where these images, this classifier and this seed were there before.
    """
    key = srbench.digest(
        {
            "code": [srbench.code_of(*entry) for entry in _CODE],
            "classifier": classifier.identity(),
            "train": train.sha256,
            "test": test.sha256,
            "classes": classes,
            "seed": seed,
            "device": device.partition(":")[0],
        }
    )

    def read(data: bytes) -> Numbers | None:
        held = np.array(json.loads(data))
        sound = held.shape == (len(test),) and held.dtype == np.int64
        return held if sound and bool(((held >= 0) & (held < len(classes))).all()) else None

    return srbench.Cache("predictions").get(
        key,
        lambda: classifier.predict(train, test, classes, seed, device),
        lambda predicted: json.dumps(predicted.tolist()).encode(),
        read,
    )


_CODE: tuple[tuple[Any, str], ...] = (("metric", "cas"), ("extractor", "skinlesnet"))
"""Entries of the two plugins whose code makes predictions."""
