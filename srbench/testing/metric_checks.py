"""What every metric must do: a plain number, best for identical images, worse for worse ones, never an exception."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

from srbench.contract.dataset import Item
from srbench.contract.metric import ImageMetric, Metric, SetMetric, Skip, Source
from srbench.contract.protocol import Protocol
from srbench.pictures import Image, to_tensor
from srbench.testing.check import CannotCheck, CheckFailure, check
from srbench.testing.pictures import metric_image, with_noise
from srbench.testing.subjects import MetricSubject, marked_items

if TYPE_CHECKING:
    import torch

NOISE = (0.02, 0.08, 0.25)
"""Standard deviations of the noise; white is 1."""

SIDE = 192
"""Enough for MS-SSIM's five scales."""


def _scores_images(subject: MetricSubject) -> bool:
    return issubclass(subject.target, ImageMetric)


def _compares_sets(subject: MetricSubject) -> bool:
    return issubclass(subject.target, SetMetric) and "super-resolution" in subject.target.tasks()


def _judges_generators(subject: MetricSubject) -> bool:
    return issubclass(subject.target, SetMetric) and "generation" in subject.target.tasks()


def _compares_test_sets(subject: MetricSubject) -> bool:
    """Not those that learn from SR of the training split, and may be asked about HR alone."""
    return _compares_sets(subject) and "training_sr" not in subject.target.needs


def _number(answer: object, what: str) -> float:
    """The answer, which should be a float; `CannotCheck` when the metric skips."""
    if isinstance(answer, Skip):
        raise CannotCheck(f"the metric skips {what}: {answer.reason}")
    if type(answer) is not float:
        raise CheckFailure(
            f"the score of {what} is {answer!r}, a {type(answer).__name__}; return a Python float (tensor.item()) or a "
            "srbench.Skip"
        )
    return answer


def _in_range(value: float, metric: Metric, what: str) -> None:
    low, high = metric.range
    slack = 1e-6 * max([1.0, *(abs(bound) for bound in (low, high) if math.isfinite(bound))])
    if math.isnan(value) or not low - slack <= value <= high + slack:
        raise CheckFailure(f"the score of {what} is {value:.6g}, outside the range {metric.range} that it declares")


@check("metric", needs=("constructs",))
def declares_itself(subject: MetricSubject) -> None:
    """`higher_is_better`, `unit`, `range`, `sees` and `needs` are set as the contract says."""
    target = subject.target
    if type(getattr(target, "higher_is_better", None)) is not bool:
        raise CheckFailure("higher_is_better should be True or False on the class; without it nothing can be ranked")
    if not isinstance(target.unit, str):
        raise CheckFailure(f"unit is {target.unit!r}; it should be a string, such as 'dB', or ''")
    bounds = target.range
    if not (isinstance(bounds, tuple) and len(bounds) == 2 and bounds[0] < bounds[1]):
        raise CheckFailure(f"range is {bounds!r}; it should be (lowest, highest), math.inf where there is no bound")
    if target.sees not in ("protocol", "image", "lr"):
        raise CheckFailure(f"sees is {target.sees!r}; it should be 'protocol', 'image' or 'lr'")
    if not target.needs <= {"labels", "masks", "training_sr"}:
        raise CheckFailure(f"needs is {target.needs!r}; it should hold nothing but 'labels', 'masks' and 'training_sr'")


def _score(subject: MetricSubject, sr: torch.Tensor, hr: torch.Tensor) -> float | Skip:
    metric: ImageMetric = subject.create()
    return metric.score(sr.clone(), hr.clone())


@check("metric", needs=("declares_itself",), applies=_scores_images)
def gives_a_float(subject: MetricSubject) -> None:
    """The score of a colour image of 192 x 192 pixels is a Python float."""
    hr = metric_image(0, SIDE, SIDE)
    _number(_score(subject, with_noise(hr, NOISE[0]), hr), f"a colour image of {SIDE} x {SIDE} pixels")


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def score_in_range(subject: MetricSubject) -> None:
    """Scores lie in the declared range, for similar and for unrelated images."""
    hr = metric_image(0, SIDE, SIDE)
    for what, sr in {
        "a noisy image": with_noise(hr, NOISE[1]),
        "an unrelated image": metric_image(9, SIDE, SIDE),
    }.items():
        _in_range(_number(_score(subject, sr, hr), what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def best_when_identical(subject: MetricSubject) -> None:
    """Identical images get the best value of the range; where that is infinite, more than any other."""
    hr = metric_image(0, SIDE, SIDE)
    value = _number(_score(subject, hr, hr), "identical images")
    higher = subject.target.higher_is_better
    best = subject.target.range[1 if higher else 0]
    if math.isfinite(best):
        # Means over many windows, and networks in float32, leave a little.
        if not abs(value - best) <= 1e-5 * max(1.0, abs(best)):
            raise CheckFailure(f"identical images get {value:.6g}; the best value of the range is {best:g}")
        return
    other = _number(_score(subject, with_noise(hr, 1e-4), hr), "nearly identical images")
    if not (value > other if higher else value < other):
        raise CheckFailure(f"identical images get {value:.6g}, no better than the {other:.6g} of nearly identical ones")


@check("metric", needs=("score_in_range",), applies=_scores_images)
def worse_with_noise(subject: MetricSubject) -> None:
    """More noise gives a worse score, in the direction of `higher_is_better`."""
    hr = metric_image(0, SIDE, SIDE)
    scores = [_number(_score(subject, with_noise(hr, sigma), hr), "a noisy image") for sigma in NOISE]
    higher = subject.target.higher_is_better
    if not all(before > after if higher else before < after for before, after in pairwise(scores)):
        said = ", ".join(f"{score:.5g}" for score in scores)
        raise CheckFailure(
            f"with noise of {', '.join(map(str, NOISE))} the scores are {said}; with higher_is_better = {higher} each "
            "should be worse than the one before"
        )


@check("metric", needs=("score_in_range",), applies=_scores_images)
def scores_grey_images(subject: MetricSubject) -> None:
    """Images of one channel are scored too."""
    hr = metric_image(0, SIDE, SIDE, 1)
    what = f"a grey image of {SIDE} x {SIDE} pixels"
    answer = _score(subject, with_noise(hr, NOISE[0]), hr)
    if isinstance(answer, Skip):
        raise CheckFailure(f"{what} is skipped ({answer.reason}); repeat the channel where three are needed")
    _in_range(_number(answer, what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def scores_odd_sizes(subject: MetricSubject) -> None:
    """Images with odd sides are scored too."""
    hr = metric_image(0, SIDE - 1, SIDE + 5)
    what = f"an image of {SIDE - 1} x {SIDE + 5} pixels"
    answer = _score(subject, with_noise(hr, NOISE[0]), hr)
    if isinstance(answer, Skip):
        raise CheckFailure(f"{what} is skipped ({answer.reason}), one of {SIDE} x {SIDE} is not")
    _in_range(_number(answer, what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def tiny_images(subject: MetricSubject) -> None:
    """Images of one pixel or one line give a float or a Skip, never an exception or NaN."""
    for height, width in ((1, 1), (1, 20), (5, 5)):
        hr = metric_image(0, height, width)
        what = f"an image of {height} x {width} pixels"
        try:
            answer = _score(subject, with_noise(hr, NOISE[1]), hr)
        except Exception as error:
            raise CheckFailure(
                f"{what} raised {type(error).__name__}: {error}. Return srbench.Skip with the reason where an image is "
                "too small"
            ) from error
        if not isinstance(answer, Skip):
            _in_range(_number(answer, what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def flat_images(subject: MetricSubject) -> None:
    """Black against white, and black against black, give a float or a Skip, never NaN."""
    import torch

    black, white = torch.zeros((3, SIDE, SIDE)).double(), torch.ones((3, SIDE, SIDE)).double()
    for what, sr in {"white against black": white, "black against black": black}.items():
        answer = _score(subject, sr, black)
        if not isinstance(answer, Skip):
            _in_range(_number(answer, what), subject.target, what)


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def score_repeats(subject: MetricSubject) -> None:
    """The same images get the same score again, from the same instance and from a new one."""
    hr = metric_image(0, SIDE, SIDE)
    sr = with_noise(hr, NOISE[1])
    metric = subject.create()
    scores = [metric.score(sr.clone(), hr.clone()), metric.score(sr.clone(), hr.clone()), _score(subject, sr, hr)]
    if len(set(scores)) != 1:
        raise CheckFailure(f"the same two images get {scores}; a score must not depend on chance or on earlier images")


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def leaves_images_alone(subject: MetricSubject) -> None:
    """`score` does not write into the images."""
    hr = metric_image(0, SIDE, SIDE)
    sr = with_noise(hr, NOISE[1])
    kept = sr.clone(), hr.clone()
    subject.create().score(sr, hr)
    if not (sr.equal(kept[0]) and hr.equal(kept[1])):
        raise CheckFailure("score changed the images it was given; other metrics see the same tensors. Work on copies")


Shown = tuple["torch.Tensor", "torch.Tensor", Item]
"""SR, HR, and the item with its label and mask."""


def _shown(seed: int = 0) -> list[Shown]:
    items = marked_items(seed, 4, SIDE)
    images = [metric_image(4 * seed + index, SIDE, SIDE) for index in range(4)]
    return [(with_noise(hr, NOISE[1]), hr, item) for hr, item in zip(images, items, strict=True)]


def _compute(metric: SetMetric, shown: list[Shown]) -> float | Skip:
    _introduce(metric)
    for sr, hr, item in shown:
        metric.update_item(sr.clone(), hr.clone(), item)
    return metric.compute()


def _introduce(metric: SetMetric) -> None:
    """Show it the training split, if it needs that."""
    if "training_sr" in metric.needs:
        for sr, hr, item in _shown(1):
            metric.update_training(sr, hr, item)


@check("metric", needs=("declares_itself",), applies=_compares_sets)
def computes_a_float(subject: MetricSubject) -> None:
    """`compute` after four updates gives a Python float in the declared range."""
    what = "a set of four images"
    _in_range(_number(_compute(subject.create(), _shown()), what), subject.target, what)


@check("metric", needs=("computes_a_float",), applies=_compares_sets)
def independent_of_order(subject: MetricSubject) -> None:
    """The order of the images does not matter (to 1e-6 of the value)."""
    shown = _shown()
    forwards = _number(_compute(subject.create(), shown), "a set")
    backwards = _number(_compute(subject.create(), shown[::-1]), "the set in reverse")
    if not math.isclose(forwards, backwards, rel_tol=1e-6, abs_tol=1e-6):
        raise CheckFailure(f"a set gets {forwards:.8g}, and {backwards:.8g} in reverse order")


@check("metric", needs=("computes_a_float",), applies=_compares_test_sets)
def sees_every_image(subject: MetricSubject) -> None:
    """The score changes when the last image of the set does."""
    shown = _shown()
    sr, hr, item = shown[-1]
    changed = [*shown[:-1], (1 - sr, hr, item)]
    values = [_number(_compute(subject.create(), some), "a set") for some in (shown, changed)]
    if values[0] == values[1]:
        raise CheckFailure(f"a set gets {values[0]:.8g} also when its last SR is another image")


@check("metric", needs=("computes_a_float",), applies=_compares_sets)
def instances_share_nothing(subject: MetricSubject) -> None:
    """A new instance remembers nothing of another's images, and `compute` can be called twice."""
    shown = _shown()
    used = subject.create()
    first = _number(_compute(used, shown), "a set")
    again = _number(used.compute(), "the set, computed again")
    fresh = _number(_compute(subject.create(), shown), "the set in a new instance")
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
    metric.update_item(sr, hr, item)
    if not (sr.equal(kept[0]) and hr.equal(kept[1])):
        raise CheckFailure("update changed the images it was given; other metrics see the same tensors. Work on copies")


GENERATED = Protocol("64px", 1, size=64)
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


def _judge(subject: MetricSubject, shown: Unpaired) -> float | Skip:
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
    _in_range(_number(_judge(subject, _unpaired()), what), subject.target, what)


@check("metric", needs=("judges_unpaired_sets",), applies=_judges_generators)
def independent_of_order_unpaired(subject: MetricSubject) -> None:
    """The order of the images within a source does not matter (to 1e-6 of the value)."""
    shown = _unpaired()
    forwards = _number(_judge(subject, shown), "a generated set")
    for source in shown:
        turned = {one: images[::-1] if one == source else images for one, images in shown.items()}
        backwards = _number(_judge(subject, turned), "the set in reverse")
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
    values = [_judge(subject, {**shown, "generated": generated}) for generated in (real, grey)]
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
            _in_range(_number(answer, what), subject.target, what)


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
