"""What every degradation must be: LR of the right size, type, range and place, the same for a seed at any time."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from srbench.contract.degradation import Degradation
from srbench.pictures import DEPTHS, Image, Scale, Values, enlarged, reduced
from srbench.testing.check import CheckFailure, check
from srbench.testing.pictures import textured
from srbench.testing.subjects import DegradationSubject, seeded

_VALUES = (
    ("uint8", Values(0, 255)),
    ("uint16", Values(0, 65535)),
    ("uint16", Values(1000, 4095)),
    ("float32", Values(0, 1)),
    ("float32", Values(-1000, 3000)),
)


_SPOTS = (16, 1024)
"""The fewest and the most draws whose mean tells where LR lies, where it is drawn: so many that it is sure enough."""
_SHIFT = 0.1
"""LR pixels. Taking every second pixel of HR shifts LR by 0.25."""


def _picture(dtype: str, values: Values, height: int, width: int, channels: int, seed: int = 0) -> Image:
    """From black to white, both included."""
    picture = textured(seed, height, width, channels)
    stretched = values.from_unit((picture - np.min(picture)) / max(float(np.ptp(picture)), 1e-9))
    image: Image = (stretched if dtype == "float32" else stretched.round()).astype(dtype)
    return image


def _cases(subject: DegradationSubject) -> Iterator[tuple[str, Image, Values, Scale]]:
    """Pictures of each type, grey and in colour, down to one LR pixel: what it is in words, HR, its values, scale."""
    for scale in subject.scales:
        for dtype, values in _VALUES:
            for height, width, channels in ((6, 9, 3), (5, 4, 1), (1, 1, 3)):
                hr = _picture(dtype, values, height * scale.numerator, width * scale.numerator, channels)
                yield f"of HR of {hr.shape} in {dtype}, values {values}, scale {scale}", hr, values, scale


@check("degradation", needs=("constructs",))
def lr_shape(subject: DegradationSubject) -> None:
    """LR is `(H / scale, W / scale, C)` in HR's type, whatever that is, grey or in colour, down to one pixel."""
    for words, hr, values, scale in _cases(subject):
        lr = subject.lr(subject.create(), hr, values, scale)
        expected = (reduced(hr.shape[0], scale), reduced(hr.shape[1], scale), hr.shape[2])
        if not isinstance(lr, np.ndarray) or lr.shape != expected or lr.dtype != hr.dtype:
            found = f"{lr.shape} in {lr.dtype}" if isinstance(lr, np.ndarray) else type(lr).__name__
            raise CheckFailure(f"{words} LR is {found}; it should be {expected} in {hr.dtype}")


@check("degradation", needs=("lr_shape",))
def lr_range(subject: DegradationSubject) -> None:
    """LR has finite values from black to white, also where these are not the ends of the type."""
    for words, hr, values, scale in _cases(subject):
        lr = subject.lr(subject.create(), hr, values, scale)
        if not np.isfinite(lr).all() or not values.hold(float(lr.min()), float(lr.max())):
            raise CheckFailure(
                f"{words} LR has values from {lr.min()} to {lr.max()}; clip it to [values.low, values.high]"
            )


@check("degradation", needs=("lr_range", "draws_as_it_says"))
def lr_place(subject: DegradationSubject) -> None:
    """LR's pixels lie on the middle of the HR pixels that they stand for: a bright spot stays where it is."""
    values, width, side = DEPTHS["float32"], 4, 24
    for scale in subject.scales:
        degradation = subject.create()
        line = (np.arange(enlarged(side, scale)) - (enlarged(side, scale) - 1) / 2) / float(scale)
        spot = np.exp(-(line**2) / (2 * width**2))
        hr = (0.1 + 0.8 * np.outer(spot, spot))[..., None].astype(np.float32)
        places = np.arange(side) - (side - 1) / 2
        peak = np.exp(-(places**2) / (2 * width**2))
        slope = -0.8 * np.outer(places / width**2 * peak, peak)
        # Least squares for a small shift: LR is the spot less the shift times its slope.
        shifts: list[tuple[float, ...]] = []
        for seed in range(_SPOTS[1] if degradation.draws else 1):
            lr = subject.lr(degradation, hr, values, scale, seed)[..., 0]
            shifts.append(tuple(-float((lr * along).sum() / (slope**2).sum()) for along in (slope, slope.T)))
            if seed + 1 >= _SPOTS[0] and np.std(shifts, axis=0).max() / (seed + 1) ** 0.5 < _SHIFT / 4:
                break
        for direction, shift in zip(("down", "to the right"), np.mean(shifts, axis=0), strict=True):
            if abs(shift) > _SHIFT:
                raise CheckFailure(
                    f"at scale {scale} LR lies {shift:.2f} LR pixels too far {direction}, and so would every SR; its "
                    f"first pixel belongs on the middle of the first {scale} x {scale} pixels of HR"
                )


@check("degradation", needs=("lr_shape",))
def leaves_hr_alone(subject: DegradationSubject) -> None:
    """HR is not changed: it is what SR is compared with."""
    for words, hr, values, scale in _cases(subject):
        before = hr.copy()
        subject.create().lr(hr, values, scale, np.random.default_rng(0))
        if not np.array_equal(hr, before):
            raise CheckFailure(f"{words} lr changed HR; work on a copy")


@check("degradation", needs=("lr_shape",))
def repeats(subject: DegradationSubject) -> None:
    """The same HR and the same seed give the same LR, whatever the global random number generators say."""
    for words, hr, values, scale in _cases(subject):
        degradation = subject.create()
        with seeded(1):
            first = subject.lr(degradation, hr, values, scale)
        with seeded(2):
            second = subject.lr(degradation, hr, values, scale)
        if not np.array_equal(first, second):
            raise CheckFailure(f"{words} two LR differ; draw from the rng that lr is given, and from nothing else")


@check("degradation", needs=("repeats",))
def draws_as_it_says(subject: DegradationSubject) -> None:
    """LR differs from seed to seed where `draws` is true, and only there: trainings ask for draws by it."""
    degradation = subject.create()
    differ = False
    for words, hr, values, scale in _cases(subject):
        one, other = (subject.lr(degradation, hr, values, scale, seed) for seed in (1, 2))
        differ = differ or not np.array_equal(one, other)
        if differ and not degradation.draws:
            raise CheckFailure(f"{words} LR differs from seed to seed, but draws is False; let it say True")
    if degradation.draws and not differ:
        raise CheckFailure("LR is the same for every seed, but draws is True; let it say False")


@check("degradation", needs=("repeats",))
def independent_of_order(subject: DegradationSubject) -> None:
    """An image's LR does not depend on the images before it."""
    scale, values = subject.scales[0], DEPTHS["uint8"]
    height, width = (enlarged(side, scale) for side in (6, 8))
    pictures = [_picture("uint8", values, height, width, 3, seed) // (1 + seed) for seed in range(3)]

    def made(degradation: Degradation, order: list[int]) -> list[Image]:
        lr = {place: subject.lr(degradation, pictures[place], values, scale, place) for place in order}
        return [lr[place] for place in sorted(lr)]

    forwards, backwards = made(subject.create(), [0, 1, 2]), made(subject.create(), [2, 1, 0])
    if not all(np.array_equal(*pair) for pair in zip(forwards, backwards, strict=True)):
        raise CheckFailure("LR differs when other images came before; remember nothing from one image to the next")


@check("degradation", needs=("constructs",))
def facts_tell_the_parameters(subject: DegradationSubject) -> None:
    """`facts()` gives every parameter as a plain value: it is what keys are made of."""
    degradation = subject.create()
    facts = degradation.facts()
    if missing := sorted(set(subject.params) - set(facts)):
        raise CheckFailure(f"facts() leaves out {', '.join(missing)}; results of other parameters would be reused")
    try:
        json.dumps(facts, default=str)
    except TypeError as error:
        raise CheckFailure(f"facts() gives {facts}, which does not fit into JSON: {error}") from None
    if degradation != subject.create():
        raise CheckFailure("two made with the same parameters are not equal; derive a frozen dataclass")
