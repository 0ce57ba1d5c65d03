"""What every metric must declare, and what those of single images must do: best when identical, worse with noise."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from srbench.contract.metric import ImageMetric, Metric, Skip
from srbench.testing.check import CannotCheck, CheckFailure, check
from srbench.testing.pictures import metric_image, with_noise
from srbench.testing.subjects import MetricSubject

if TYPE_CHECKING:
    import torch

NOISE = (0.02, 0.08, 0.25)
"""Standard deviations of the noise; white is 1."""

SIDE = 192
"""Enough for MS-SSIM's five scales."""


def _scores_images(subject: MetricSubject) -> bool:
    return issubclass(subject.target, ImageMetric)


def number(answer: object, what: str) -> float:
    """The answer, which should be a Python float; `CannotCheck` when the metric skips."""
    if isinstance(answer, Skip):
        raise CannotCheck(f"the metric skips {what}: {answer.reason}")
    if type(answer) is not float:
        raise CheckFailure(
            f"the score of {what} is {answer!r}, a {type(answer).__name__}; return a Python float (tensor.item()) or a "
            "srbench.Skip"
        )
    return answer


def verify_range(value: float, metric: Metric, what: str) -> None:
    """`CheckFailure` where a score is not in the range that the metric declares, rounding aside."""
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
    reference = subject.create().reference
    if reference not in ("test", "train"):
        raise CheckFailure(f"reference is {reference!r}; it should be 'test' or 'train', the split it compares with")


def _score(subject: MetricSubject, sr: torch.Tensor, hr: torch.Tensor) -> float | Skip:
    metric: ImageMetric = subject.create()
    return metric.score(sr.clone(), hr.clone())


@check("metric", needs=("declares_itself",), applies=_scores_images)
def gives_a_float(subject: MetricSubject) -> None:
    """The score of a colour image of 192 x 192 pixels is a Python float."""
    hr = metric_image(0, SIDE, SIDE)
    number(_score(subject, with_noise(hr, NOISE[0]), hr), f"a colour image of {SIDE} x {SIDE} pixels")


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def score_in_range(subject: MetricSubject) -> None:
    """Scores lie in the declared range, for similar and for unrelated images."""
    hr = metric_image(0, SIDE, SIDE)
    for what, sr in {
        "a noisy image": with_noise(hr, NOISE[1]),
        "an unrelated image": metric_image(9, SIDE, SIDE),
    }.items():
        verify_range(number(_score(subject, sr, hr), what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def best_when_identical(subject: MetricSubject) -> None:
    """Identical images get the best value of the range; where that is infinite, more than any other."""
    hr = metric_image(0, SIDE, SIDE)
    value = number(_score(subject, hr, hr), "identical images")
    higher = subject.target.higher_is_better
    best = subject.target.range[1 if higher else 0]
    if math.isfinite(best):
        # Means over many windows, and networks in float32, leave a little.
        if not abs(value - best) <= 1e-5 * max(1.0, abs(best)):
            raise CheckFailure(f"identical images get {value:.6g}; the best value of the range is {best:g}")
        return
    other = number(_score(subject, with_noise(hr, 1e-4), hr), "nearly identical images")
    if not (value > other if higher else value < other):
        raise CheckFailure(f"identical images get {value:.6g}, no better than the {other:.6g} of nearly identical ones")


@check("metric", needs=("score_in_range",), applies=_scores_images)
def worse_with_noise(subject: MetricSubject) -> None:
    """More noise gives a worse score, in the direction of `higher_is_better`."""
    hr = metric_image(0, SIDE, SIDE)
    scores = [number(_score(subject, with_noise(hr, sigma), hr), "a noisy image") for sigma in NOISE]
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
    verify_range(number(answer, what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def scores_odd_sizes(subject: MetricSubject) -> None:
    """Images with odd sides are scored too."""
    hr = metric_image(0, SIDE - 1, SIDE + 5)
    what = f"an image of {SIDE - 1} x {SIDE + 5} pixels"
    answer = _score(subject, with_noise(hr, NOISE[0]), hr)
    if isinstance(answer, Skip):
        raise CheckFailure(f"{what} is skipped ({answer.reason}), one of {SIDE} x {SIDE} is not")
    verify_range(number(answer, what), subject.target, what)


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
            verify_range(number(answer, what), subject.target, what)


@check("metric", needs=("score_in_range",), applies=_scores_images)
def flat_images(subject: MetricSubject) -> None:
    """Black against white, and black against black, give a float or a Skip, never NaN."""
    import torch

    black, white = torch.zeros((3, SIDE, SIDE)).double(), torch.ones((3, SIDE, SIDE)).double()
    for what, sr in {"white against black": white, "black against black": black}.items():
        answer = _score(subject, sr, black)
        if not isinstance(answer, Skip):
            verify_range(number(answer, what), subject.target, what)


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
