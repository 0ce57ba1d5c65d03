"""A training that several processes share is the training of one: weights, history, checkpoints, stop, budget."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from toys.ranks import together
from toys.training import Steady, Toy, many_images, run_stage, training_set, with_changes

import srbench
from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.training.data.batch import Batch
from srbench.training.loop.checkpoint import CHECKPOINT
from srbench.training.loop.divergence import BEST_WEIGHTS, Diverged
from srbench.training.loop.group import Group
from srbench.training.loop.history import Row
from srbench.training.loop.stages import StageError

Weights = dict[str, torch.Tensor]
Left = tuple[Weights, list[Row], bool]


def fit(folder: Path, steps: int, stop_at: int | None, batch_norm: bool, **changes: Any) -> Left:
    """Weights, history, and whether it was stopped, of a training in this process or its group.

    stop_at: after so many calls of a step; there are 32 in the first stage, and 8 in the second.
    """
    own = folder if Group.here().first else folder / "others" / str(Group.here().rank)
    method = Steady(batch_norm)
    context = FitContext(
        3,
        Budget("steps", steps, Budget("steps", 24) if "earlier" in changes else None),
        own / "checkpoint",
        model=own / "model",
        stop=lambda: stop_at is not None and method.calls >= stop_at,
        **changes,
    )
    stopped = False
    try:
        method.fit(training_set(*many_images()), context)
    except Interrupted:
        stopped = True
    return method.networks["generator"].state_dict(), list(method.history), stopped


def go_on(folder: Path, earlier: Path) -> Left:
    """The same, which goes on from 24 steps to 32."""
    return fit(folder, 32, None, True, earlier=earlier)


def close(one: Weights, other: Weights) -> None:
    for name, value in one.items():
        torch.testing.assert_close(value, other[name], rtol=1e-5, atol=1e-5)


def same_history(one: list[Row], other: list[Row]) -> None:
    assert len(one) == len(other) > 5
    for mine, theirs in zip(one, other, strict=True):
        assert mine.keys() == theirs.keys()
        assert [mine.get(name) for name in ("stage", "event")] == [theirs.get(name) for name in ("stage", "event")]
        for name in mine.keys() - {"stage", "seconds", "event"}:
            assert mine[name] == pytest.approx(theirs[name], rel=1e-5), name


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Left]:
    folder = tmp_path_factory.mktemp("alone")
    return {
        norm: together(1, folder / str(norm), fit, folder / f"{norm}-run", 24, None, norm)[0] for norm in (True, False)
    }


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("batch_norm", [True, False])
def test_several_processes_learn_what_one_learns(
    alone: dict[bool, Left], tmp_path: Path, size: int, batch_norm: bool
) -> None:
    shared = together(size, tmp_path, fit, tmp_path / "run", 24, None, batch_norm)
    weights, history, _ = alone[batch_norm]
    for own, told, stopped in shared:
        close(own, weights)
        same_history(told, history)
        assert not stopped and all(torch.equal(own[name], shared[0][0][name]) for name in own)
    assert any("validation" in row for row in history)
    assert (tmp_path / "run/model/samples/hr.png").exists() and (tmp_path / "run/checkpoint" / CHECKPOINT).exists()
    assert not list((tmp_path / "run/others").rglob(CHECKPOINT))


@pytest.mark.parametrize(("before", "after", "stop_at"), [(1, 2, 11), (2, 1, 35), (2, 2, 35)])
def test_what_some_processes_began_others_go_on_with(
    alone: dict[bool, Left], tmp_path: Path, before: int, after: int, stop_at: int
) -> None:
    begun = together(before, tmp_path, fit, tmp_path / "run", 24, stop_at, True)
    assert all(stopped for *_, stopped in begun)
    steps = torch.load(tmp_path / "run/checkpoint" / CHECKPOINT, weights_only=True)["course"]["steps"]
    assert 0 < steps < 24
    weights, history, _ = alone[True]
    for own, told, stopped in together(after, tmp_path, fit, tmp_path / "run", 24, None, True):
        close(own, weights)
        same_history(told, history)
        assert not stopped


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 1), (2, 2)])
def test_what_some_processes_learned_others_go_on_from(tmp_path: Path, before: int, after: int) -> None:
    last = tmp_path / "run/checkpoint" / CHECKPOINT
    together(before, tmp_path, fit, tmp_path / "run", 24, None, True)
    kept = last.read_bytes()
    (weights, history, _), *others = together(after, tmp_path, go_on, tmp_path / "further", last)
    assert all(torch.equal(own[name], weights[name]) for own, *_ in others for name in own)
    ((whole, told, _),) = together(1, tmp_path, go_on, tmp_path / "alone", last)
    close(weights, whole)
    same_history(history, told)
    assert history[-1]["step"] == 32 and last.read_bytes() == kept
    assert (tmp_path / "further/model/samples/hr.png").exists()


def test_micro_batches_are_the_whole_batch_alone_and_shared(alone: dict[bool, Left], tmp_path: Path) -> None:
    for size in (1, 2):
        folder = tmp_path / str(size)
        for own, told, _ in together(size, folder, in_micro_batches, folder / "run"):
            close(own, alone[False][0])
            same_history(told, alone[False][1])


def in_micro_batches(folder: Path) -> Left:
    return fit(folder, 24, None, False, micro_batches=2)


def compiled(folder: Path) -> Left:
    """Networks traced as for a compiler, and run as traced: compiling takes a quarter of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
        return fit(folder, 3, None, True, compile=True)


def test_compiled_networks_learn_the_same(tmp_path: Path) -> None:
    (alone,) = together(1, tmp_path / "alone", fit, tmp_path / "run", 3, None, True)
    for own, _, _ in together(2, tmp_path / "shared", compiled, tmp_path / "compiled"):
        close(own, alone[0])


def noisy(folder: Path, stop_at: int | None) -> Weights:
    """A toy whose steps draw at random, stopped after so many of them and gone on with."""
    own = folder if Group.here().first else folder / str(Group.here().rank)
    context = FitContext(3, Budget("steps", 18), own)
    if stop_at is not None:
        toy = Toy()
        until = dataclasses.replace(context, stop=lambda: toy.calls >= stop_at)
        with pytest.raises(Interrupted):
            toy.fit(training_set(*many_images()), until)
    toy = Toy()
    toy.fit(training_set(*many_images()), context)
    return toy.networks["generator"].state_dict()


def test_steps_that_draw_at_random_are_gone_on_with_bit_for_bit(tmp_path: Path) -> None:
    whole = together(2, tmp_path / "a", noisy, tmp_path / "whole", None)
    parts = together(2, tmp_path / "b", noisy, tmp_path / "parts", 7)
    for weights in parts:
        assert all(torch.equal(weights[name], whole[0][name]) for name in weights)
    assert not all(torch.equal(value, noisy(tmp_path / "alone", None)[name]) for name, value in whole[0].items())


def by_the_clock(folder: Path) -> tuple[int, float]:
    """Steps and a weight of a training in seconds, by clocks that go wrong in all processes but the first."""
    rank = Group.here().rank
    ticks = itertools.count()
    weight = torch.nn.Linear(1, 1)

    def step(batch: Batch) -> dict[str, torch.Tensor]:
        return {"loss": weight(batch.lr.mean((2, 3))).square().mean()}

    stage = srbench.Stage(
        "only", {"n": weight}, {"loss": torch.optim.SGD(weight.parameters(), lr=0.1)}, step, batch_size=4, patch=2
    )
    clock = (lambda: next(ticks) * 0.1) if rank == 0 else (lambda: next(ticks) * 7.0)
    trained = run_seconds(stage, folder / str(rank), clock)
    return trained, float(weight.weight.detach())


def run_seconds(stage: srbench.Stage, folder: Path, clock: Any) -> int:
    from toys.training import picture

    from srbench.training.data.patches import Patches
    from srbench.training.loop import engine

    torch.manual_seed(0)
    patches = Patches(training_set(picture(16, 16)), "y", 0)
    context = FitContext(0, Budget("seconds", 2.0), folder, clock=clock)
    steps: int = engine.train([stage], patches, context).facts["stages"][0]["steps"]
    return steps


def test_a_budget_in_seconds_is_one_clocks_and_ends_all_at_one_step(tmp_path: Path) -> None:
    first, second = together(2, tmp_path, by_the_clock, tmp_path / "run")
    assert first == second and first[0] == math.ceil(2.0 / 0.2)


def poisoned(folder: Path, rank: int) -> tuple[str, bool, bool]:
    """A training whose loss is not a number in one process alone, at its fifth step."""
    group = Group.here()
    calls = itertools.count(1)

    class Poisoned(Steady):
        def stages(self, networks: Any, scale: Any) -> list[srbench.Stage]:
            first, second = super().stages(networks, scale)

            def step(batch: Batch) -> Any:
                factor = math.nan if next(calls) == 9 and group.rank == rank else 1.0
                return {name: loss * factor for name, loss in first.step(batch).items()}

            return [with_changes(first, step=step), second]

    own = folder if group.first else folder / str(group.rank)
    with pytest.raises(Diverged) as caught:
        Poisoned().fit(training_set(*many_images()), FitContext(3, Budget("steps", 24), own))
    return caught.value.what, (own / BEST_WEIGHTS).exists(), (own / CHECKPOINT).exists()


@pytest.mark.parametrize("rank", [0, 1])
def test_a_loss_that_is_no_number_in_one_process_ends_all_alike(tmp_path: Path, rank: int) -> None:
    first, second = together(2, tmp_path, poisoned, tmp_path / "run", rank)
    assert first == second == ("in stage 'pixel', at step 5, the loss 'l2' is nan", True, False)


def too_small(folder: Path) -> str:
    network = torch.nn.Linear(1, 1)
    stage = srbench.Stage(
        "only", {"n": network}, {"l": torch.optim.SGD(network.parameters())}, lambda batch: {}, batch_size=1, patch=2
    )
    with pytest.raises(StageError) as caught:
        run_stage(stage, folder / str(Group.here().rank), 2)
    return str(caught.value)


def test_a_batch_that_cannot_be_divided_is_refused_in_words(tmp_path: Path) -> None:
    assert set(together(2, tmp_path, too_small, tmp_path)) == {
        "stage 'only': a batch of 1 cannot be divided among 2 processes; use a larger batch_size, or fewer of them"
    }
