"""What checks share: scales and channels that a method does, a training, items, and weights that are not here."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from rig import srbench_measures
from toys.conformance import outcomes, registry_with, subject_of

import srbench
from srbench.pictures import Values
from srbench.registry.registry import Plugin, Registry
from srbench.testing import DatasetSubject, DegradationSubject, ExtractorSubject, MethodSubject, MetricSubject
from srbench.testing.check import CannotCheck, CheckFailure
from srbench.testing.subjects import CLASSES, marked_items, seeded, verify_weights


def draws() -> tuple[float, float, float]:
    return random.random(), float(np.random.random()), float(torch.rand(()))


def test_random_numbers_are_those_of_the_seed_and_go_on_afterwards_as_if_nothing_had_been() -> None:
    with seeded(5):
        expected = draws()
        state = draws()
    with seeded(1):
        with pytest.raises(ZeroDivisionError), seeded(5):
            assert draws() == expected
            _ = 1 / 0
        after = draws()
    with seeded(1):
        assert draws() == after
    assert expected != state


def test_checks_leave_the_global_random_numbers_alone() -> None:
    with seeded(3):
        expected = draws()
    with seeded(3):
        outcomes(subject_of("method", "toys.methods:RightSampler"))
        assert draws() == expected


class Choosy(srbench.Method):
    """Does what its parameters say."""

    learns = True
    fitted: list[tuple[int, int, int]]

    def __init__(self, scales: tuple[int, ...] = (3,), channels: tuple[int, ...] = (1,)) -> None:
        self.scales, self.only = scales, channels

    def supports(self, problem: Any) -> srbench.Skip | None:
        fits = problem.scale in self.scales and set(problem.channels) <= set(self.only)
        return None if fits else srbench.Skip("not this")

    def fit(self, train: Any, context: Any) -> None:
        pairs = list(train.pairs())
        lr, hr = pairs[0]
        self.seen = len(pairs), hr.shape[0], hr.shape[-1] // lr.shape[-1]

    def upscale(self, lr: Any, scale: int) -> Any:
        return lr


def choosy(size: int = 48, **params: Any) -> MethodSubject:
    return MethodSubject("toy", params, registry_with("method", Choosy), size)


@pytest.mark.parametrize(("scales", "first"), [((2, 3, 4), 4), ((2, 3), 2), ((3, 8), 3)])
def test_the_first_scale_of_4_2_3_that_the_method_does(scales: tuple[int, ...], first: int) -> None:
    subject = choosy(scales=list(scales))
    assert (subject.scale, subject.channels) == (first, 1)
    assert choosy(scales=list(scales), channels=[1, 3]).channels == 3


def test_a_method_of_no_such_scale_is_told_what_to_do() -> None:
    with pytest.raises(CheckFailure, match=r"no scale of 4, 2 and 3 .*it says: not this.*Give the check parameters"):
        _ = choosy(scales=[16]).scale


def test_training_is_once_a_scale_and_channels_on_pictures_of_the_asked_size() -> None:
    subject = choosy(scales=[2, 3], channels=[1, 3], size=36)
    method: Any = subject.ready(3, 1)
    assert method.seen == (6, 1, 3)
    assert subject.ready(3, 1) is method
    other: Any = subject.ready()
    assert other is not method and other.seen == (6, 3, 2)
    assert {item.read_hr()[0].shape for item in subject.training_set().items} == {(36, 36, 3)}


def test_a_generator_learns_two_classes_of_squares() -> None:
    subject = MethodSubject("toy", {}, registry_with("method", "toys.generators:RightLearner"), 32)
    items = list(subject.training_set().items)
    assert [item.label for item in items] == [*CLASSES] * 6
    assert (subject.generates, subject.scale, subject.training_set().protocol.size) == (True, 1, 32)
    sample = subject.sample(subject.ready(), 3)
    assert sample.shape == (3, subject.channels, 32, 32)
    assert subject.sample(subject.ready(), 1, first=2)[0].equal(sample[2])


def test_an_extractor_that_learns_has_a_budget() -> None:
    subject = ExtractorSubject("toy", {}, registry_with("extractor", "toys.extractors:WithoutBudget"))
    with pytest.raises(CheckFailure, match="budget is None; set it in __init__"):
        _ = subject.ready


def test_marked_pictures_differ_by_class_and_have_a_mask_of_their_size() -> None:
    items = marked_items(0, 4, 20)
    assert [item.label for item in items] == ["dark", "bright"] * 2
    means = {item.label: item.read_hr()[0].mean() for item in items}
    assert means["bright"] > means["dark"] + 80
    assert {item.read_mask().shape for item in items} == {(20, 20, 1)}
    assert {int(value) for item in items for value in np.unique(item.read_mask())} == {0, 1}


def test_weights_that_are_not_here_leave_it_unchecked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    verify_weights(())
    with pytest.raises(CannotCheck, match="srbench fetch vgg19"):
        verify_weights(["vgg19"])


def test_a_metric_without_its_weights_is_not_checked_further() -> None:
    found = outcomes(subject_of("metric", "toys.metrics:NeedsWeights"))
    assert found["worse_with_noise"].status == "unchecked"
    assert "its weights are not here" in found["worse_with_noise"].message


def test_metrics_that_need_an_extractor_labels_or_the_training_split_are_checked_with_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SRBENCH_TEST_FOLDER", str(tmp_path))
    registry = Registry()
    registry.add(Plugin("measures", "srbench-measures", "1", "srbench.registry.builtin"), srbench_measures)
    for name in ("toy-distance", "toy-nearness"):
        found = outcomes(MetricSubject(name, registry=registry))
        assert not [outcome for outcome in found.values() if outcome.status == "failed"]
        ran = {check for check, outcome in found.items() if outcome.status == "passed"}
        assert {"computes_a_float", "independent_of_order", "instances_share_nothing"} <= ran
    monkeypatch.setenv("SRBENCH_DATA", str(tmp_path))
    monkeypatch.setattr("srbench.weights.lookup.registry", lambda: registry)
    found = outcomes(MetricSubject("toy-distance", {"extractor": "toy-published"}, registry))
    assert found["computes_a_float"].status == "unchecked"
    assert "srbench fetch toy-weights" in found["computes_a_float"].message


def test_a_dataset_that_is_not_here_is_a_failure_only_in_ci(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    registry = registry_with("dataset", "toys.datasets:NotHere")
    for ci, status in (("", "unchecked"), ("true", "failed")):
        monkeypatch.setenv("CI", ci)
        found = outcomes(DatasetSubject("toy", registry=registry, root=tmp_path))
        assert found["gives_items"].status == status
        assert str(tmp_path / "not-here") in found["gives_items"].message


class Many(srbench.Dataset):
    """More items than anybody looks at."""

    def test(self) -> list[srbench.Item]:
        return [srbench.Item(str(place), np.zeros((4, 4, 1), np.uint8)) for place in range(300)]


def test_only_so_many_items_of_a_split_are_looked_at(tmp_path: Path) -> None:
    subject = DatasetSubject("toy", registry=registry_with("dataset", Many), root=tmp_path)
    assert [item.id for _, item in subject.items()] == [str(place) for place in range(DatasetSubject.look_at)]
    assert {split for split, _ in subject.items()} == {"test"}


def test_a_degradation_gets_a_copy_and_random_numbers_of_the_seed() -> None:
    subject = DegradationSubject("toy", {}, registry_with("degradation", "toys.degradations:Noisy"))
    hr = np.full((12, 12, 1), 100, np.uint8)
    made = subject.create()
    one, same, other = (subject.lr(made, hr, Values(0, 255), 2, seed) for seed in (0, 0, 1))
    assert np.array_equal(one, same) and not np.array_equal(one, other)
    spoiling = DegradationSubject("toy", {}, registry_with("degradation", "toys.degradations:BlackensACorner"))
    spoiling.lr(spoiling.create(), hr, Values(0, 255), 2)
    assert (hr == 100).all()
