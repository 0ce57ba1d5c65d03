"""What stands beside the value of a metric: on what it rests, what other images get, where a classifier is wrong.

Numbers of numpy or torch become Python's. What is no finite number, or no square matrix, is a `ValueError` in the
metric that gave it, so that no record is written with it; one that holds it all the same counts as damaged.
"""

from __future__ import annotations

from collections.abc import Mapping
from operator import index

from msgspec import Struct
from msgspec.structs import force_setattr

from srbench.statistics.scores import LARGEST


class Estimate(Struct, frozen=True, omit_defaults=True):
    """What a set metric gives for other images than a method's.

    spread: the standard deviation of the value over subsets or seeds, or of what it is the mean of. n: how many images
    it rests on. interval: from where to where the value may lie, at 95 %, over other images. `ValueError` for numbers
    that are not finite.
    """

    value: float
    spread: float | None = None
    n: int | None = None
    interval: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Numbers as Python's own, looked at."""
        force_setattr(self, "value", _finite("value", self.value))
        if self.spread is not None:
            force_setattr(self, "spread", _finite("spread", self.spread))
        if self.n is not None:
            force_setattr(self, "n", _whole("n", self.n))
        force_setattr(self, "interval", _ends(self.interval))


class ConfusionMatrix(Struct, frozen=True):
    """Test images by true class (row) and predicted class (column); means over trainings need not be whole.

    classes: their labels, each once. counts: `(classes, classes)`. `ValueError` for another shape, and for counts that
    are not finite.
    """

    classes: tuple[str, ...]
    counts: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        """Names and counts as tuples, looked at."""
        force_setattr(self, "classes", tuple(self.classes))
        force_setattr(self, "counts", tuple(tuple(_finite("a count", one) for one in row) for row in self.counts))
        if len(set(self.classes)) < len(self.classes):
            raise ValueError(f"the classes of a confusion matrix are {', '.join(self.classes)}; name each once")
        shape = [len(row) for row in self.counts]
        if shape != [len(self.classes)] * len(self.classes):
            raise ValueError(
                f"the confusion matrix of {len(self.classes)} classes has rows of {', '.join(map(str, shape))} counts; "
                "give one row and one column a class"
            )


class LearningCurve(Struct, frozen=True):
    """How a network learned that a metric trained. name: what tells it from the metric's others.

    columns: the numbers of its history, by names that pages know, all of one length, None where a row has none: `step`,
    the losses by their names, learning rates as `lr` or `lr NAME`, `validation`. `ValueError` where `step` is not among
    them, for other lengths, and for numbers that are not finite.
    """

    name: str
    columns: Mapping[str, tuple[float | None, ...]]

    def __post_init__(self) -> None:
        """Numbers as Python's own, looked at."""
        columns = {
            name: tuple(None if one is None else _finite(f"a number of {name!r}", one) for one in values)
            for name, values in self.columns.items()
        }
        if None in columns.get("step", (None,)):
            raise ValueError(f"the learning curve {self.name!r} has no `step` in some row, or none at all")
        if len({len(values) for values in columns.values()}) > 1:
            raise ValueError(f"the columns of the learning curve {self.name!r} have different lengths")
        force_setattr(self, "columns", columns)


class Details(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What stands beside the value of a metric; every part may be left out.

    An image metric has `further` alone: of each image what it returns beside the score, and in its result the means of
    these, weighted as the scores are. The rest is for set metrics.

    n: how many images the value rests on; of two sets, the smaller. d: the length of a feature vector: tables mark a
    value with n < d. spread: the standard deviation of the value over subsets or seeds, or of what it is the mean of.
    interval: from where to where the value may lie, at 95 %, over other images. ceiling: what real images get in place
    of the method's; floor: what bicubic SR gets; both are rows of tables that are never ranked. by_class: the value of
    each class, by label, and ceiling_by_class that of real images; confusion: of a classifier; both are tables on the
    cell's page. coverage: a calibration curve, of each interval the probability that is claimed and the share of the
    truth that lies in it, both in [0, 1]; a figure. learning: how networks learned that the metric trained; figures.
    further: numbers that only this metric has, by names for people,
    such as `training images`. `ValueError` for numbers that are not finite, and for a further one that has a field
    here.
    """

    n: int | None = None
    d: int | None = None
    spread: float | None = None
    interval: tuple[float, float] | None = None
    ceiling: Estimate | None = None
    floor: Estimate | None = None
    by_class: Mapping[str, Estimate] = {}
    ceiling_by_class: Mapping[str, Estimate] = {}
    confusion: ConfusionMatrix | None = None
    coverage: tuple[tuple[float, float], ...] = ()
    learning: tuple[LearningCurve, ...] = ()
    further: Mapping[str, float] = {}

    def __post_init__(self) -> None:
        """Numbers as Python's own, looked at."""
        for name, count in (("n", self.n), ("d", self.d)):
            if count is not None:
                force_setattr(self, name, _whole(name, count))
        if self.spread is not None:
            force_setattr(self, "spread", _finite("spread", self.spread))
        points = tuple((_share("a probability", claimed), _share("a share", found)) for claimed, found in self.coverage)
        force_setattr(self, "coverage", points)
        force_setattr(self, "learning", tuple(self.learning))
        force_setattr(self, "interval", _ends(self.interval))
        if known := self.further.keys() & set(self.__struct_fields__):
            raise ValueError(f"further has {', '.join(sorted(known))}, for which Details has a field")
        force_setattr(self, "further", {name: _finite(repr(name), number) for name, number in self.further.items()})

    @property
    def numbers(self) -> dict[str, float]:
        """All but curves and what is of classes, by names for people; estimates in parts: `ceiling`, `ceiling n`."""
        own = {"n": self.n, "d": self.d, "spread": self.spread, **_named(self.interval)}
        for name, estimate in (("ceiling", self.ceiling), ("floor", self.floor)):
            if estimate is not None:
                own |= {name: estimate.value, f"{name} spread": estimate.spread, f"{name} n": estimate.n}
                own |= _named(estimate.interval, f"{name} ")
        return {name: number for name, number in own.items() if number is not None} | dict(self.further)


def _ends(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    if interval is None:
        return None
    low, high = (_finite("an end of the interval", end) for end in interval)
    if low > high:
        raise ValueError(f"the interval runs from {low:g} down to {high:g}; give its lower end first")
    return low, high


def _named(interval: tuple[float, float] | None, of: str = "") -> dict[str, float]:
    return {} if interval is None else {f"{of}low": interval[0], f"{of}high": interval[1]}


def _finite(name: str, given: float) -> float:
    number = float(given)
    if not abs(number) <= LARGEST:
        raise ValueError(f"{name} is {number:g}, not a finite number; leave out what is not known")
    return number


def _share(name: str, given: float) -> float:
    number = _finite(name, given)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} of the coverage is {number:g}; it should be in [0, 1]")
    return number


def _whole(name: str, given: int) -> int:
    try:
        return index(given)
    except TypeError:
        raise ValueError(f"{name} is {given}; it counts, so give an int") from None
