"""Predictions, remembered by everything they depend on.

The ceiling and the floor are the same for every method on a dataset: whichever cell needs one first trains it, the
others read it. So is a run that was interrupted between two classifiers not set back.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from srbench.registry.registry import registry
from srbench.store.cell import SCHEMA, digest
from srbench.store.files import StoreError, write_atomically

from .classifiers import Classifier, Numbers
from .labelled import Labelled

_log = logging.getLogger(__name__)


def predictions(
    classifier: Classifier, train: Labelled, test: Labelled, classes: tuple[str, ...], seed: int, device: str
) -> Numbers:
    """What the classifier, trained on `train`, says of `test`: places in `classes`, `(len(test),)`.

    Read from the user's cache where these images, this classifier and this seed were there before. A cache that cannot
    be read or written costs time, never a result.
    """
    key = digest(
        {
            "schema": SCHEMA,
            "code": [registry().get(*entry).plugin.provenance() for entry in _CODE],
            "classifier": classifier.identity(),
            "train": train.sha256,
            "test": test.sha256,
            "classes": classes,
            "seed": seed,
            "device": device.partition(":")[0],
        }
    )
    path = platformdirs.user_cache_path("srbench") / "predictions" / key[:2] / f"{key}.json"
    with _alone(path):
        known = _read(path, len(test), len(classes))
        if known is None:
            known = classifier.predict(train, test, classes, seed, device)
            try:
                write_atomically(path, json.dumps(known.tolist()).encode())
            except StoreError as error:
                _log.warning("predictions are not remembered: %s", error)
    return known


_CODE: tuple[tuple[Any, str], ...] = (("metric", "cas"), ("extractor", "skinlesnet"))
"""Entries of the two plugins whose code makes predictions."""


def _read(path: Path, images: int, classes: int) -> Numbers | None:
    try:
        held = np.array(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
    sound = held.shape == (images,) and held.dtype == np.int64 and bool(((held >= 0) & (held < classes)).all())
    return held if sound else None


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the path for this process, so that of several cells that need one classifier only the first trains it.

    The system lets go when the process ends, however it does. Where there is no locking, two may do the same work.
    """
    with contextlib.ExitStack() as held:
        lock = path.with_suffix(".lock")
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            fcntl.flock(held.enter_context(lock.open("w")), fcntl.LOCK_EX)
        yield
        # Whoever still waits for it finds the result first thing afterwards.
        with contextlib.suppress(OSError):
            lock.unlink()
