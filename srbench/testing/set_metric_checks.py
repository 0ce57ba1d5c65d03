"""What metrics of sets must do: one number for a set, whatever its order, and beside it what tells of that set."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, get_args

from srbench.contract.dataset import Item
from srbench.contract.metric import SetMetric, Skip, Source
from srbench.contract.names import GENERATION
from srbench.contract.protocol import Protocol
from srbench.pictures import Image, to_tensor
from srbench.store.details import Details
from srbench.testing.check import CheckFailure, check
from srbench.testing.metric_checks import NOISE, SIDE, number, verify_range
from srbench.testing.pictures import metric_image, with_noise
from srbench.testing.subjects import MetricSubject, marked_items

if TYPE_CHECKING:
    import torch

Answer = float | tuple[float, Details] | Skip
"""What a set metric's `compute` returns."""


def _scores_sets(subject: MetricSubject) -> bool:
    return issubclass(subject.target, SetMetric)


def _compares_sets(subject: MetricSubject) -> bool:
    return _scores_sets(subject) and subject.target.compares_pairs()


def _judges_generators(subject: MetricSubject) -> bool:
    return _scores_sets(subject) and subject.target.compares_unpaired()


def _compares_test_sets(subject: MetricSubject) -> bool:
    """Not those that learn from SR of the training split, and may be asked about HR alone."""
    return _compares_sets(subject) and "training_sr" not in subject.target.needs


def _bare(answer: Answer) -> float | Skip:
    """An answer without what stands beside its value."""
    return answer[0] if isinstance(answer, tuple) else answer


def _value(answer: Answer, what: str) -> float:
    return number(_bare(answer), what)


Shown = tuple["torch.Tensor", "torch.Tensor", Item]
"""SR, HR, and the item with its label and mask."""


def _shown(seed: int = 0) -> list[Shown]:
    items = marked_items(seed, 4, SIDE)
    images = [metric_image(4 * seed + index, SIDE, SIDE) for index in range(4)]
    return [(with_noise(hr, NOISE[1]), hr, item) for hr, item in zip(images, items, strict=True)]


def _compute(metric: SetMetric, shown: list[Shown]) -> Answer:
    _introduce(metric)
    for sr, hr, item in shown:
        _show(metric, sr.clone(), hr.clone(), item)
    return metric.compute()


def _show(metric: SetMetric, sr: torch.Tensor, hr: torch.Tensor, item: Item) -> None:
    """Show it an image as it needs it; samples are SR itself, brighter and darker."""
    if "samples" in metric.needs:
        metric.update_samples(
            (
                (sr + step / (8 * metric.samples)).clamp(0, 1) if step else sr
                for step in range(-(metric.samples // 2), (metric.samples + 1) // 2)
            ),
            hr,
            None,
        )
    else:
        metric.update_item(sr, hr, item)


def _introduce(metric: SetMetric) -> None:
    """Show it the training split, if it needs that or compares with it."""
    if "training_sr" in metric.needs:
        for sr, hr, item in _shown(1):
            metric.update_training(sr, hr, item)
    if metric.reference == "train":
        for _, hr, item in _shown(1):
            metric.update_unpaired(hr, "training", item)


@check("metric", needs=("declares_itself",), applies=_compares_sets)
def computes_a_float(subject: MetricSubject) -> None:
    """`compute` after four updates gives a Python float in the declared range, alone or first of two."""
    what = "a set of four images"
    verify_range(_value(_compute(subject.create(), _shown()), what), subject.target, what)


@check("metric", needs=("computes_a_float",), applies=_compares_sets)
def independent_of_order(subject: MetricSubject) -> None:
    """The order of the images does not matter (to 1e-6 of the value)."""
    shown = _shown()
    forwards = _value(_compute(subject.create(), shown), "a set")
    backwards = _value(_compute(subject.create(), shown[::-1]), "the set in reverse")
    if not math.isclose(forwards, backwards, rel_tol=1e-6, abs_tol=1e-6):
        raise CheckFailure(f"a set gets {forwards:.8g}, and {backwards:.8g} in reverse order")


@check("metric", needs=("computes_a_float",), applies=_compares_test_sets)
def sees_every_image(subject: MetricSubject) -> None:
    """The score changes when the last image of the set does."""
    shown = _shown()
    sr, hr, item = shown[-1]
    changed = [*shown[:-1], (1 - sr, hr, item)]
    values = [_value(_compute(subject.create(), some), "a set") for some in (shown, changed)]
    if values[0] == values[1]:
        raise CheckFailure(f"a set gets {values[0]:.8g} also when its last SR is another image")


@check("metric", needs=("computes_a_float",), applies=_compares_sets)
def instances_share_nothing(subject: MetricSubject) -> None:
    """A new instance remembers nothing of another's images, and `compute` can be called twice."""
    shown = _shown()
    used = subject.create()
    first = _value(_compute(used, shown), "a set")
    again = _value(used.compute(), "the set, computed again")
    fresh = _value(_compute(subject.create(), shown), "the set in a new instance")
    if not first == again == fresh:
        raise CheckFailure(
            f"a set gets {first:.8g}, computed again {again:.8g}, in a new instance {fresh:.8g}. Keep state on the "
            "instance, made in __init__, and leave it unchanged in compute"
        )


@check("metric", needs=("computes_a_float",), applies=_compares_sets)
def update_leaves_images_alone(subject: MetricSubject) -> None:
    """`update` does not write into the images."""
    sr, hr, item = _shown()[0]
    kept = sr.clone(), hr.clone()
    metric: SetMetric = subject.create()
    _introduce(metric)
    _show(metric, sr, hr, item)
    if not (sr.equal(kept[0]) and hr.equal(kept[1])):
        raise CheckFailure("update changed the images it was given; other metrics see the same tensors. Work on copies")


GENERATED = Protocol("64px", 1, task=GENERATION, size=64)
Unpaired = Mapping[Source, list[tuple["torch.Tensor", Item]]]
"""Images of each source with their items; first the generated ones, then the real, then those of the training split."""


def _unpaired() -> Unpaired:
    """Sets of three sizes, pictures of two classes; the generated ones are noisy."""
    import torch

    side, counts = GENERATED.size, {"generated": 8, "real": 6, "training": 10}
    assert side is not None
    shown: dict[Source, list[tuple[torch.Tensor, Item]]] = {}
    for seed, source in enumerate(get_args(Source)):
        items = marked_items(20 + seed, counts[source], side)
        shown[source] = [(to_tensor(*item.read_hr(), torch.float64), item) for item in items]
    shown["generated"] = [(with_noise(image, NOISE[1]), _sample(item)) for image, item in shown["generated"]]
    return shown


def _sample(item: Item) -> Item:
    """An item of which only id and label are known."""

    def nothing() -> Image:
        raise CheckFailure("the metric reads the item of a generated image, of which only id and label are known")

    return Item(f"sample-{item.id}", nothing, label=item.label)


def _judge(subject: MetricSubject, shown: Unpaired) -> Answer:
    metric: SetMetric = subject.create()
    metric.protocol = GENERATED
    for source, images in shown.items():
        for image, item in images:
            metric.update_unpaired(image.clone(), source, item)
    return metric.compute()


@check("metric", needs=("declares_itself",), applies=_judges_generators)
def judges_unpaired_sets(subject: MetricSubject) -> None:
    """Eight generated, six real and ten training images, of 64 pixels, give a Python float in the declared range."""
    what = "eight generated images"
    verify_range(_value(_judge(subject, _unpaired()), what), subject.target, what)


@check("metric", needs=("judges_unpaired_sets",), applies=_judges_generators)
def independent_of_order_unpaired(subject: MetricSubject) -> None:
    """The order of the images within a source does not matter (to 1e-6 of the value)."""
    shown = _unpaired()
    forwards = _value(_judge(subject, shown), "a generated set")
    for source in shown:
        turned = {one: images[::-1] if one == source else images for one, images in shown.items()}
        backwards = _value(_judge(subject, turned), "the set in reverse")
        if not math.isclose(forwards, backwards, rel_tol=1e-6, abs_tol=1e-6):
            raise CheckFailure(
                f"a generated set gets {forwards:.8g}, and {backwards:.8g} with the {source} images in reverse order"
            )


@check("metric", needs=("judges_unpaired_sets",), applies=_judges_generators)
def sees_generated_images(subject: MetricSubject) -> None:
    """A generator that gives the real images is scored otherwise than one that always gives flat grey."""
    import torch

    shown = _unpaired()
    real = [(image, _sample(item)) for image, item in shown["real"]]
    grey = [(torch.full_like(image, 0.5), item) for image, item in real]
    values = [_bare(_judge(subject, {**shown, "generated": generated})) for generated in (real, grey)]
    if values[0] == values[1]:
        raise CheckFailure(
            f"a generator that gives the real images gets {values[0]}, and so does one that gives flat grey"
        )


@check("metric", needs=("judges_unpaired_sets",), applies=_judges_generators)
def few_unpaired_images(subject: MetricSubject) -> None:
    """No images, one of each source, and no training split give a float or a Skip, never an exception."""
    shown = _unpaired()
    sets: dict[str, Unpaired] = {
        "nothing": {},
        "one image of each source": {source: images[:1] for source, images in shown.items()},
        "generated images alone": {"generated": shown["generated"]},
        "real images alone": {"real": shown["real"]},
        "sets without training images": {**shown, "training": []},
    }
    for what, some in sets.items():
        answer = _judge(subject, some)
        if not isinstance(answer, Skip):
            verify_range(_value(answer, what), subject.target, what)


@check("metric", needs=("judges_unpaired_sets",), applies=_judges_generators)
def update_unpaired_leaves_images_alone(subject: MetricSubject) -> None:
    """`update_unpaired` does not write into the images."""
    metric: SetMetric = subject.create()
    metric.protocol = GENERATED
    for source, images in _unpaired().items():
        for image, item in images:
            kept = image.clone()
            metric.update_unpaired(image, source, item)
            if not image.equal(kept):
                raise CheckFailure(
                    "update_unpaired changed an image it was given; other metrics see the same tensors. Work on copies"
                )


@check("metric", needs=("computes_a_float", "judges_unpaired_sets"), applies=_scores_sets)
def details_fit_the_set(subject: MetricSubject) -> None:
    """Beside the value is an `srbench.Details`; rows of its confusion matrix count the test images of each class."""
    if _compares_sets(subject):
        shown = _shown()
        _verify_details(_compute(subject.create(), shown), [item for _, _, item in shown])
    if _judges_generators(subject):
        unpaired = _unpaired()
        _verify_details(_judge(subject, unpaired), [item for _, item in unpaired["real"]])


def _verify_details(answer: Answer, test: list[Item]) -> None:
    if not isinstance(answer, tuple):
        return
    details = answer[1]
    if type(details) is not Details:
        raise CheckFailure(f"compute gives its value with a {type(details).__name__}; give srbench.Details(...)")
    matrix = details.confusion
    if matrix is None:
        return
    counted = {name: round(sum(row), 6) for name, row in zip(matrix.classes, matrix.counts, strict=True) if sum(row)}
    there = Counter(item.label for item in test)
    if counted != there:
        raise CheckFailure(
            f"the rows of the confusion matrix count {counted}; of the test images shown, {dict(there)} are of these "
            "classes. Name classes as the items' labels do; a row is a true class, a column a predicted one"
        )
