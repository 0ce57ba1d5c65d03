"""What every extractor must do: one vector an image, whatever the image's size, channels, or company in the batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from srbench.contract.extractor import Extractor
from srbench.store.evidence import Evidence
from srbench.store.files import StoreError
from srbench.testing.check import CheckFailure, check
from srbench.testing.pictures import lr_batch
from srbench.testing.subjects import TESTED, ExtractorSubject

if TYPE_CHECKING:
    import torch

CLOSE = 1e-4
"""How far features may differ, relative to their largest, where a batch of another size rounds in another order."""
SIDE = 64

_SAFE = (".safetensors", ".json", ".csv", ".png")


def _learns(subject: ExtractorSubject) -> bool:
    return bool(subject.target.learns)


def _features(subject: ExtractorSubject, images: torch.Tensor, what: str) -> torch.Tensor:
    import torch

    features = subject.extract(subject.ready, images)
    if not isinstance(features, torch.Tensor):
        raise CheckFailure(f"the features of {what} are a {type(features).__name__}; return a tensor")
    expected = (len(images), subject.ready.dim)
    if tuple(features.shape) != expected:
        raise CheckFailure(
            f"the features of {what} have the shape {tuple(features.shape)}; with dim = {subject.ready.dim} it should "
            f"be {expected}"
        )
    if features.dtype != torch.float32:
        raise CheckFailure(f"the features of {what} are {features.dtype}; they should be torch.float32")
    if not torch.isfinite(features).all():
        raise CheckFailure(f"the features of {what} hold values that are not finite")
    return features


@check("extractor", needs=("constructs",))
def extractor_declares_itself(subject: ExtractorSubject) -> None:
    """`learns`, `wants` and `weights` are set as the contract says, and `budget` where it learns."""
    target = subject.target
    if type(target.learns) is not bool:
        raise CheckFailure(f"learns is {target.learns!r}; it should be True or False")
    if target.wants not in (None, "labels", "masks"):
        raise CheckFailure(f"wants is {target.wants!r}; it should be 'labels', 'masks' or None")
    extractor: Extractor = subject.create()
    if not (isinstance(extractor.weights, tuple) and all(isinstance(name, str) for name in extractor.weights)):
        raise CheckFailure(f"weights is {extractor.weights!r}; it should be a tuple of names")
    if target.learns and extractor.budget is None:
        raise CheckFailure("learns is True, but budget is None; set it in __init__, from a parameter such as epochs")


@check("extractor", needs=("extractor_declares_itself",))
def extracts(subject: ExtractorSubject) -> None:
    """Two colour images give finite float32 features of the shape `(2, dim)`."""
    _features(subject, lr_batch(2, 3, SIDE, SIDE), "two colour images")


@check("extractor", needs=("extracts",))
def extracts_grey_images(subject: ExtractorSubject) -> None:
    """Images of one channel give features of the same length."""
    _features(subject, lr_batch(2, 1, SIDE, SIDE), "two grey images")


@check("extractor", needs=("extracts",))
def extracts_odd_sizes(subject: ExtractorSubject) -> None:
    """Images with odd or unequal sides, small and larger ones, give features of the same length."""
    for height, width in ((SIDE - 1, SIDE + 5), (33, 47), (2 * SIDE + 1, 17)):
        _features(subject, lr_batch(1, 3, height, width), f"an image of {height} x {width} pixels")


@check("extractor", needs=("extracts",))
def features_differ(subject: ExtractorSubject) -> None:
    """Different images have different features."""
    features = _features(subject, lr_batch(2, 3, SIDE, SIDE), "two colour images")
    if features[0].equal(features[1]):
        raise CheckFailure("two different images have the same features")


@check("extractor", needs=("extracts",))
def extract_repeats(subject: ExtractorSubject) -> None:
    """The same images get the same features again: no dropout, no random crop, no running statistics."""
    images = lr_batch(2, 3, SIDE, SIDE)
    first, second = (_features(subject, images, "two colour images") for _ in range(2))
    if not first.equal(second):
        raise CheckFailure("the same images get other features the second time; put networks into eval mode")


@check("extractor", needs=("extract_repeats",))
def extract_ignores_the_batch(subject: ExtractorSubject) -> None:
    """An image's features do not depend on the others in its batch (to rounding)."""
    images = lr_batch(3, 3, SIDE, SIDE)
    together = _features(subject, images, "three colour images")
    for index in range(3):
        alone = _features(subject, images[index : index + 1], "one colour image")
        apart = float((alone[0] - together[index]).abs().max())
        if apart > CLOSE * float(together.abs().max()):
            raise CheckFailure(f"in a batch of three, an image's features differ by up to {apart:.2g} from those alone")


@check("extractor", needs=("extracts",))
def extract_leaves_images_alone(subject: ExtractorSubject) -> None:
    """`extract` does not write into the images."""
    import torch

    images = lr_batch(1, 3, SIDE, SIDE)
    kept = images.clone()
    with torch.inference_mode():
        subject.ready.extract(images)
    if not images.equal(kept):
        raise CheckFailure("extract changed the images it was given; other metrics see the same. Work on copies")


@check("extractor", needs=("extracts",), applies=_learns)
def extractor_saves_and_loads(subject: ExtractorSubject) -> None:
    """A new instance that loads what another saved gives the same features, bit for bit; nothing saved can run code."""
    folder = subject.folder()
    subject.ready.save(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        raise CheckFailure("save wrote nothing into its folder, although learns is True")
    for path in files:
        if path.suffix not in _SAFE:
            raise CheckFailure(f"save wrote {path.name}; write tensors with safetensors, the rest as JSON, CSV or PNG")
    fresh: Extractor = subject.create()
    fresh.load(folder)
    images = lr_batch(2, 3, SIDE, SIDE)
    if not subject.extract(fresh, images).equal(subject.extract(subject.ready, images)):
        raise CheckFailure("a new instance gives other features after load; save everything that extract depends on")


@check("extractor", needs=("extractor_saves_and_loads",), applies=_learns)
def evidence_is_of_the_test_split(subject: ExtractorSubject) -> None:
    """Check that pages can read what it leaves, and that a confusion matrix counts each test image once."""
    folder = subject.folder()
    subject.ready.save(folder)
    try:
        shown = Evidence.read(folder)
    except StoreError as error:
        raise CheckFailure(f"{error}. Write it with srbench.Evidence(...).write(folder)") from None
    counted = 0.0 if shown.confusion is None else sum(map(sum, shown.confusion.counts))
    if shown.confusion is not None and round(counted) != TESTED:
        raise CheckFailure(f"the confusion matrix counts {counted:g} images; the test split has {TESTED}")


@check("extractor", needs=("extract_repeats",), applies=_learns)
def extractor_fit_repeats(subject: ExtractorSubject) -> None:
    """Two trainings with the same `context.seed` give the same extractor on a CPU, whatever the global seed."""
    images = lr_batch(2, 3, SIDE, SIDE)
    again: Extractor = subject.create()
    subject.fit(again, global_seed=1)
    if not subject.extract(again, images).equal(subject.extract(subject.ready, images)):
        raise CheckFailure(
            "two trainings with the same context.seed differ. Draw every random number (weights, order, dropout) from "
            "generators seeded with context.seed, inside fit"
        )


@check("extractor", needs=("extracts",), applies=_learns)
def fit_tells_facts(subject: ExtractorSubject) -> None:
    """`fit` returns finite numbers by name, such as the accuracy on the test split."""
    facts = subject.facts
    if not isinstance(facts, dict) or not facts:
        raise CheckFailure(f'fit returned {facts!r}; it should return facts for the page, such as {{"accuracy": 0.93}}')
    for name, value in facts.items():
        if not isinstance(name, str) or not isinstance(value, int | float | np.floating) or not math.isfinite(value):
            raise CheckFailure(f"fit returned {name!r}: {value!r}; it should be a name and a finite number")
