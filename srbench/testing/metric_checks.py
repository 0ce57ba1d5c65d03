"""What every metric must declare, and what those of single images must do: best when identical, worse with noise."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from srbench.contract.metric import ImageMetric, Metric, NoReferenceMetric, Skip
from srbench.store.details import Details
from srbench.testing.check import CannotCheck, CheckFailure, check
from srbench.testing.pictures import blurred, metric_image, with_noise
from srbench.testing.subjects import MetricSubject

if TYPE_CHECKING:
    import torch

NOISE = (0.02, 0.08, 0.25)
"""Standard deviations of the noise; white is 1."""

SIDE = 192
"""Enough for MS-SSIM's five scales."""


def _scores_images(subject: MetricSubject) -> bool:
    return issubclass(subject.target, ImageMetric)


def _compares_images(subject: MetricSubject) -> bool:
    """Not those that ask what became of the baseline: noise is far from that, too."""
    alone = issubclass(subject.target, NoReferenceMetric)
    return _scores_images(subject) and not alone and "baseline" not in subject.target.needs


def _judges_alone(subject: MetricSubject) -> bool:
    return issubclass(subject.target, NoReferenceMetric)


def number(answer: object, what: str) -> float:
    """The answer, which should be a Python float, `Details` beside it or not; `CannotCheck` when the metric skips."""
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[1], Details):
        answer = answer[0]
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
    """`higher_is_better`, `shown_as`, `unit`, `range`, `sees` and `needs` are set as the contract says."""
    target = subject.target
    if type(getattr(target, "higher_is_better", None)) is not bool:
        raise CheckFailure("higher_is_better should be True or False on the class; without it nothing can be ranked")
    shown = target.shown_as
    if not isinstance(shown, str) or (shown and not shown.isprintable()):
        raise CheckFailure(f"shown_as is {shown!r}; it should be a line of text, such as 'PSNR', or ''")
    if not isinstance(target.unit, str):
        raise CheckFailure(f"unit is {target.unit!r}; it should be a string, such as 'dB', or ''")
    bounds = target.range
    if not (isinstance(bounds, tuple) and len(bounds) == 2 and bounds[0] < bounds[1]):
        raise CheckFailure(f"range is {bounds!r}; it should be (lowest, highest), math.inf where there is no bound")
    if target.sees not in ("protocol", "image", "lr"):
        raise CheckFailure(f"sees is {target.sees!r}; it should be 'protocol', 'image' or 'lr'")
    allowed = {"baseline"} if issubclass(target, ImageMetric) else {"labels", "masks", "training_sr", "samples"}
    if not target.needs <= allowed:
        listed = ", ".join(f"'{name}'" for name in sorted(allowed))
        raise CheckFailure(f"needs is {target.needs!r}; it should hold nothing but {listed}")
    if "samples" in target.needs and subject.create().samples < 1:
        raise CheckFailure("needs samples, yet does not say in its attribute `samples` how many")
    if "baseline" in target.needs and target.sees == "lr":
        raise CheckFailure(
            "needs the baseline, which is as large as HR, yet sees 'lr'; it should see 'protocol' or 'image'"
        )
    reference = subject.create().reference
    if reference not in ("test", "train"):
        raise CheckFailure(f"reference is {reference!r}; it should be 'test' or 'train', the split it compares with")


def _asked(metric: ImageMetric, sr: torch.Tensor, hr: torch.Tensor) -> float | tuple[float, Details] | Skip:
    """The score; beside HR blurred, where it needs the baseline."""
    if "baseline" in metric.needs:
        return metric.score_beside(sr, hr, blurred(hr), None)
    return metric.score(sr, hr)


def _score(subject: MetricSubject, sr: torch.Tensor, hr: torch.Tensor) -> float | tuple[float, Details] | Skip:
    return _asked(subject.create(), sr.clone(), hr.clone())


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


@check("metric", needs=("score_in_range",), applies=_compares_images)
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


@check("metric", needs=("score_in_range",), applies=_compares_images)
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


@check("metric", needs=("score_in_range",), applies=_compares_images)
def scores_parts(subject: MetricSubject) -> None:
    """A part of an image gives a float in the range or a Skip, and the part that is all of it the score."""
    import torch

    hr, whole = metric_image(0, SIDE, SIDE), torch.ones((SIDE, SIDE), dtype=torch.bool)
    middle = torch.zeros_like(whole)
    middle[SIDE // 4 : SIDE // 2, SIDE // 4 : SIDE // 2] = True
    for part, what in ((middle, "a quarter of each side"), (whole, "all pixels")):
        metric: ImageMetric = subject.create()
        sr = torch.where(part, with_noise(hr, NOISE[1]), hr)
        answer = metric.score_measured(sr.clone(), hr.clone(), part.clone())
        if isinstance(answer, Skip):
            continue
        value = number(answer, f"the part that is {what}")
        verify_range(value, subject.target, f"the part that is {what}")
        if part is whole:
            score = number(_score(subject, sr, hr), "the image")
            if not math.isclose(value, score, rel_tol=1e-6, abs_tol=1e-6):
                raise CheckFailure(
                    f"score_measured of all pixels is {value:.6g}, and score is {score:.6g}; it should be the score of "
                    "what `measured` marks"
                )


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def score_repeats(subject: MetricSubject) -> None:
    """The same images get the same score again, from the same instance and from a new one."""
    hr = metric_image(0, SIDE, SIDE)
    sr = with_noise(hr, NOISE[1])
    metric = subject.create()
    scores = [*(_asked(metric, sr.clone(), hr.clone()) for _ in range(2)), _score(subject, sr, hr)]
    if any(score != scores[0] for score in scores):
        raise CheckFailure(f"the same two images get {scores}; a score must not depend on chance or on earlier images")


@check("metric", needs=("gives_a_float",), applies=_scores_images)
def leaves_images_alone(subject: MetricSubject) -> None:
    """`score` does not write into the images."""
    hr = metric_image(0, SIDE, SIDE)
    sr = with_noise(hr, NOISE[1])
    kept = sr.clone(), hr.clone()
    _asked(subject.create(), sr, hr)
    if not (sr.equal(kept[0]) and hr.equal(kept[1])):
        raise CheckFailure("score changed the images it was given; other metrics see the same tensors. Work on copies")


@check("metric", needs=("gives_a_float",), applies=_judges_alone)
def hr_plays_no_part(subject: MetricSubject) -> None:
    """A metric without reference gives an image the same score whatever HR is, and does not ask for LR in its place."""
    if subject.target.sees == "lr":
        raise CheckFailure("sees is 'lr', which compares; a metric without reference sees 'protocol' or 'image'")
    sr = with_noise(metric_image(0, SIDE, SIDE), NOISE[0])
    scores = [_score(subject, sr, metric_image(seed, SIDE, SIDE)) for seed in (0, 9)]
    if scores[0] != scores[1]:
        raise CheckFailure(f"the same image gets {scores[0]} beside one HR and {scores[1]} beside another")
