"""Jobs that take moments: they end, fail, or wait for a stop, as told; and news that never comes is given up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from toys.conformance import registry_with

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.testing.check import CheckFailure
from srbench.testing.rehearsal import HALF, Act, ExecutorSubject, Grey, Rehearsed, rehearsal


def fit(act: Act, folder: Path, stop: Any = lambda: False) -> list[tuple[float, str]]:
    told: list[tuple[float, str]] = []
    context = FitContext(
        0, Budget("steps", 2), folder, progress=lambda done, message="": told.append((done, message)), stop=stop
    )
    try:
        assert Rehearsed(act).fit(Grey().train(), Grey().test(), context) == {}
    finally:
        assert told == [(HALF.done, HALF.message)]
    return told


def test_each_act_is_played_after_half_of_it(tmp_path: Path) -> None:
    assert fit("ends", tmp_path) == [(0.5, "half of it")]
    with pytest.raises(RuntimeError, match="as rehearsed"):
        fit("fails", tmp_path)
    asked = iter([False, True])
    with pytest.raises(Interrupted):
        fit("waits", tmp_path, lambda: next(asked))


def test_a_feature_is_the_mean_of_its_image() -> None:
    images = torch.stack([torch.full((1, 4, 4), 0.25), torch.full((1, 4, 4), 0.75)])
    assert Rehearsed().extract(images).tolist() == [[0.25], [0.75]]


def test_an_act_is_a_job_of_its_own_and_the_same_one_each_time() -> None:
    acts: tuple[Act, ...] = ("ends", "fails", "waits")
    assert len({rehearsal(act).key for act in acts}) == 3
    for act in acts:
        task = rehearsal(act)
        assert task.key == rehearsal(act).key
        assert task.extractor.create().act == act
        (item,) = task.dataset.create().train()
        assert item.read_hr()[0].shape == (8, 8, 1)


class Silent(srbench.Executor):
    """Takes jobs and is never heard of again."""

    def places(self) -> int:
        return 1

    def submit(self, job: Path, limits: Any, resources: Any) -> None:
        pass

    def fate(self, job: Path) -> None:
        return None

    def close(self) -> None:
        pass


def test_a_job_that_is_not_heard_of_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExecutorSubject, "patience", 0.05)
    subject = ExecutorSubject("toy", {}, registry_with("executor", Silent))
    with subject.watch() as watch, pytest.raises(CheckFailure, match=r"after 0\.05 s nothing more was heard of it"):
        list(subject.news(watch, "ends"))
