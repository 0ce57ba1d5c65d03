"""The score is the challenge's formula of the means; with fewer metrics it is another, and never by accident."""

import importlib

import numpy as np
import pytest
import torch
from srbench_ntire import score
from srbench_ntire.score import HOMES, PARTS, Ntire

import srbench
from srbench.errors import SrbenchError
from srbench.testing import check_metrics

IMAGES = {"lpips": [0.2, 0.4], "dists": [0.1, 0.2], "clip-iqa": [0.7, 0.6], "maniqa": [0.5, 0.3], "musiq": [60, 50]}
IMAGES |= {"niqe": [4.0, 17.0]}
test_keeps_the_contract = pytest.mark.usefixtures("of_errors")(check_metrics("ntire"))


class Told(srbench.ImageMetric):
    """Gives the scores that it is told, one after the other."""

    higher_is_better = True
    sees = "image"

    def __init__(self, name: str, answers: list[object]) -> None:
        self.weights = (f"{name}-weights",)
        self.answers = iter(answers)

    def score(self, sr, hr):
        return next(self.answers)


class Error(srbench.ImageMetric):
    """The mean absolute error."""

    higher_is_better = False
    sees = "image"

    def score(self, sr, hr):
        return float((sr - hr).abs().mean())


@pytest.fixture
def of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six times the same metric, which needs no weights."""
    monkeypatch.setattr(score, "HOMES", PARTS)
    monkeypatch.setattr(score, "_part", lambda name: Error())


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    """The scores of the metrics that srbench has, by their names."""
    known: dict[str, list[object]] = {name: list(scores) for name, scores in IMAGES.items()}
    monkeypatch.setattr(score, "HOMES", known)
    monkeypatch.setattr(score, "_part", lambda name: Told(name, known[name]))
    return known


def computed(metric: Ntire, count: int = 2) -> object:
    for _ in range(count):
        metric.update(torch.rand(3, 8, 8).double(), torch.rand(3, 8, 8).double())
    return metric.compute()


def test_it_is_the_formula_of_the_means(installed):
    value, details = computed(Ntire())
    # NIQE is cut off of its mean, 10.5, and not of each image.
    assert value == pytest.approx((1 - 0.3) + (1 - 0.15) + 0.65 + 0.4 + 55 / 100 + 0)
    assert details.n == 2 and details.further["metrics"] == 6
    assert {name: details.further[name] for name in PARTS} == pytest.approx(
        {name: np.mean(scores) for name, scores in IMAGES.items()}
    )
    assert set(Ntire().weights) == {f"{name}-weights" for name in PARTS}


def test_what_is_not_there_is_named_and_no_score_is_made_of_the_rest(installed):
    del installed["maniqa"], installed["musiq"]
    skip = computed(Ntire())
    assert isinstance(skip, srbench.Skip)
    assert "does not have maniqa, musiq; `without: [maniqa, musiq]`" in skip.reason
    value, details = computed(Ntire(without=("maniqa", "musiq")))
    assert value == pytest.approx(0.7 + 0.85 + 0.65)
    assert details.further["metrics"] == 4 and "maniqa" not in details.further


def test_a_metric_that_skips_an_image_takes_the_score_with_it(installed):
    installed["niqe"] = [4.0, srbench.Skip("too small")]
    skip = computed(Ntire())
    assert isinstance(skip, srbench.Skip) and skip.reason == "niqe: too small"


def test_something_must_be_left(installed):
    with pytest.raises(SrbenchError, match="nothing to add up"):
        Ntire(without=tuple(PARTS))


def test_its_metrics_are_those_of_the_plugins_and_their_weights_are_its_own():
    metric = Ntire(without=("dists", "maniqa", "musiq"))
    assert set(metric.weights) == {"alexnet", "clip-rn50", "niqe"}
    assert Ntire.needs_hr()
    for place in HOMES.values():
        module, _, kind = place.partition(":")
        assert getattr(importlib.import_module(module), kind).sees == Ntire.sees
