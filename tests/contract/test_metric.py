"""What a metric can judge, by what it defines, and what it says of itself when more is asked of it."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest

from srbench.contract.metric import ImageMetric, NoReferenceMetric, SetMetric

SR, GENERATION = "super-resolution", "generation"
ITEM: Any = SimpleNamespace(id="a", label="x")


class Bare(SetMetric):
    higher_is_better = True

    def compute(self) -> float:
        return 0.0


class Paired(Bare):
    def __init__(self) -> None:
        self.seen: list[tuple[object, object]] = []

    def update(self, sr: object, hr: object) -> None:
        self.seen.append((sr, hr))


class ByItem(Bare):
    def update_item(self, sr: object, hr: object, item: object) -> None: ...


class Unpaired(Bare):
    def update_unpaired(self, image: object, source: object, item: object) -> None: ...


class Both(Paired, Unpaired): ...


class OfImages(ImageMetric):
    higher_is_better = False

    def score(self, sr: object, hr: object) -> float:
        return 1.0


@pytest.mark.parametrize(
    ("metric", "tasks"),
    [
        (Bare, set()),
        (Paired, {SR}),
        (ByItem, {SR}),
        (Unpaired, {GENERATION}),
        (Both, {SR, GENERATION}),
        (OfImages, {SR}),
    ],
)
def test_a_metric_judges_the_tasks_whose_images_it_takes_in(metric: type[Any], tasks: set[str]) -> None:
    assert metric.tasks() == tasks


def test_an_item_goes_where_the_images_go_unless_the_metric_wants_it() -> None:
    metric = Paired()
    metric.update_item("sr", "hr", ITEM)  # type: ignore[arg-type]
    assert metric.seen == [("sr", "hr")]


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda metric: metric.update(0, 0), "neither update nor update_item"),
        (lambda metric: metric.update_item(0, 0, ITEM), "neither update nor update_item"),
        (lambda metric: metric.update_training(0, 0, ITEM), "update_training"),
        (lambda metric: metric.update_unpaired(0, "real", ITEM), "update_unpaired"),
        (lambda metric: metric.bind(0), "bind"),
    ],
)
def test_what_a_metric_does_not_define_is_named_with_its_class(call: Any, missing: str) -> None:
    with pytest.raises(TypeError, match=rf"^Bare .*{missing}"):
        call(Bare())


def test_a_metric_that_says_nothing_wants_nothing_and_has_no_bounds() -> None:
    metric = OfImages()
    assert (metric.unit, metric.sees, metric.needs, metric.weights) == ("", "protocol", frozenset(), ())
    assert metric.range == (-math.inf, math.inf)
    assert metric.extractor() is None


def test_what_a_metric_must_define_cannot_be_left_out() -> None:
    with pytest.raises(TypeError, match="abstract"):
        SetMetric()  # type: ignore[abstract]


@pytest.mark.parametrize(
    ("call", "missing"),
    [
        (lambda metric: metric.score(0, 0), "neither score nor score_beside"),
        (lambda metric: metric.score_measured(0, 0, 0), "neither score nor score_beside"),
        (lambda metric: metric.score_beside(0, 0, 0, None), "needs the baseline but does not define score_beside"),
    ],
)
def test_a_metric_of_images_that_defines_no_score_is_told_so(call: Any, missing: str) -> None:
    class Scoreless(ImageMetric):
        higher_is_better = True

    with pytest.raises(TypeError, match=rf"^Scoreless .*{missing}"):
        call(Scoreless())


class Alone(NoReferenceMetric):
    higher_is_better = True

    def judge(self, sr: Any) -> float:
        return float(sr)


class OfLr(OfImages):
    sees = "lr"


@pytest.mark.parametrize(("metric", "needs"), [(OfImages, True), (Paired, True), (OfLr, False), (Alone, False)])
def test_who_looks_at_hr_is_known_before_anything_runs(metric: Any, needs: bool) -> None:
    assert metric.needs_hr() is needs


def test_a_metric_without_reference_gives_sr_its_score_whatever_hr_is() -> None:
    sr: Any = 0.25
    assert [Alone().score(sr, hr) for hr in (None, 1.0)] == [0.25, 0.25]
    assert Alone.tasks() == {SR}
