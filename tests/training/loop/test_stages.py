"""Stages: schedules in closed form, and contradictions refused with the name of the stage."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from srbench.training.loop.schedules import Plateau, cosine
from srbench.training.loop.stages import Stage, StageError, all_networks, boundaries

OPTIMISER = torch.optim.SGD([torch.zeros(1)], 1)


def stage(name: str = "warm up", **changes: Any) -> Stage:
    given_ = {"networks": {}, "optimisers": {"loss": OPTIMISER}, "step": lambda batch: {}, "batch_size": 1, "patch": 1}
    return Stage(name, **{**given_, **changes})


def test_the_rate_is_that_of_the_schedule_after_the_warm_up() -> None:
    warm = stage(schedule=cosine, warm_up=0.2)
    assert [warm.rate(progress) for progress in (0, 0.1, 0.2, 0.5)] == pytest.approx([0.01, 0.505, cosine(0.2), 0.5])
    assert stage().rate(0) == 1


def test_whether_it_looks_for_something_better() -> None:
    validated = {"validate": lambda batch: 0.0}
    assert not stage(**validated).looks_for_better
    assert stage(**validated, patience=1).looks_for_better and stage(**validated, schedule=Plateau()).looks_for_better


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"batch_size": 0}, "batch_size, patch and validations are at least 1"),
        ({"patch": 0}, "batch_size, patch and validations are at least 1"),
        ({"share": 0}, "its share of the budget is 0"),
        ({"share": -1}, "its share of the budget is -1"),
        ({"share": math.inf}, "its share of the budget is inf"),
        ({"share": math.nan}, "its share of the budget is nan"),
        ({"optimisers": {}}, "has no optimiser"),
        ({"ema": {"net": 0.9}}, "averages 'net', which is not among its networks"),
        ({"networks": {"net": torch.nn.Identity()}, "ema": {"net": 1.0}}, r"the decay of 'net' is 1.0; .* \[0, 1\)"),
        ({"networks": {"net": torch.nn.Identity()}, "ema": {"net": -0.1}}, "the decay of 'net' is -0.1"),
        ({"accumulate": 0}, "accumulate is 0"),
        ({"patience": 0, "validate": lambda batch: 0.0}, "patience is 0"),
        ({"patience": 1}, "need `validate`"),
        ({"keep": "best"}, "need `validate`"),
        ({"schedule": Plateau()}, "need `validate`"),
        ({"warm_up": 1.0}, "warm_up is 1.0"),
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(StageError, match=f"stage 'warm up'.*{reason}"):
        stage(**changes)


def test_a_network_of_several_stages_is_the_same_under_one_name() -> None:
    one, other = torch.nn.Linear(1, 1), torch.nn.Linear(1, 1)
    shared = [stage("a", networks={"g": one}), stage("b", networks={"d": other, "g": one})]
    assert all_networks(shared) == {"g": one, "d": other}
    assert all_networks([]) == {}
    with pytest.raises(StageError, match="stage 'b': another stage has a different network named 'g'"):
        all_networks([shared[0], stage("b", networks={"g": other})])


@settings(max_examples=30)
@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=6), st.integers(1, 100_000))
def test_boundaries_end_with_the_budget_and_are_as_far_apart_as_the_shares(shares: list[float], amount: int) -> None:
    ends = boundaries([stage(str(place), share=share) for place, share in enumerate(shares)], amount)
    assert ends[-1] == amount
    lengths = [end - start for start, end in zip([0.0, *ends[:-1]], ends, strict=True)]
    assert lengths == pytest.approx([share * amount / sum(shares) for share in shares], abs=1e-8)


def test_shares_of_tenths_make_whole_steps() -> None:
    assert boundaries([stage("a", share=0.1), stage("b", share=0.2), stage("c", share=0.7)], 100) == [10, 30, 100]


def test_a_training_has_stages_and_each_its_own_name() -> None:
    with pytest.raises(StageError, match="at least one stage"):
        boundaries([], 10)
    with pytest.raises(StageError, match="two stages have the same name; there are a, b, a"):
        boundaries([stage("a"), stage("b"), stage("a")], 10)
