"""A finished training goes on under a larger budget: where nothing hangs on progress, as if it had had it at once."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from toys.training import Blown, Careful, OneWeight, many_images, one_stage, picture, training_set

import srbench
from srbench.contract.fit import Budget, BudgetUnit, FitContext, Interrupted
from srbench.training.data.patches import Patches
from srbench.training.loop import engine
from srbench.training.loop.checkpoint import CHECKPOINT
from srbench.training.loop.engine import NothingToGoOnFrom
from srbench.training.loop.schedules import cosine

IMAGES = many_images(8)


class Level(Careful):
    """The careful toy without what hangs on how long a stage is: best weights, early ends.

    shares: of its two stages, or of the first alone.
    """

    def __init__(self, *shares: float) -> None:
        super().__init__()
        self.shares = shares

    def stages(self, networks: dict[str, torch.nn.Module], scale: int) -> list[srbench.Stage]:
        stages = super().stages(networks, scale)
        return [
            dataclasses.replace(stage, share=share, keep="last", patience=None)
            for stage, share in zip(stages, self.shares, strict=False)
        ]


def steps(amount: int, *earlier: int) -> Budget:
    """The budget of a training that goes on from the earlier ones, the latest first."""
    return Budget("steps", amount, steps(*earlier) if earlier else None)


def learn(toy: Level, folder: Path, budget: Budget, earlier: Path | None = None, **changes: Any) -> Path:
    """Train it on one thread; its last checkpoint."""
    torch.set_num_threads(1)
    last = None if earlier is None else earlier / CHECKPOINT
    context = FitContext(3, budget, folder, earlier=last, **{"checkpoint_seconds": 1e9, **changes})
    toy.fit(training_set(*IMAGES), context)
    return folder


def same(one: Level, other: Level) -> bool:
    states = [
        {
            f"{name}/{key}": value
            for name, network in toy.networks.items()
            for key, value in network.state_dict().items()
        }
        for toy in (one, other)
    ]
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][name], states[1][name]) for name in states[0]
    )


@pytest.mark.parametrize(("early", "late"), [((1.0,), (1.0,)), ((1.0, 1.0), (1.0, 3.0))])
def test_a_training_that_goes_on_is_one_that_had_the_larger_budget_at_once(
    tmp_path: Path, early: tuple[float, ...], late: tuple[float, ...]
) -> None:
    begun, further, whole = Level(*early), Level(*early), Level(*late)
    first = learn(begun, tmp_path / "20", steps(20))
    learn(further, tmp_path / "40", steps(40, 20), first)
    learn(whole, tmp_path / "whole", steps(40))
    assert same(further, whole) and not same(begun, further)
    assert further.calls < whole.calls, "what was done is not done again"


def test_a_training_goes_on_again_and_again(tmp_path: Path) -> None:
    further, whole = Level(1.0), Level(1.0)
    first = learn(Level(1.0), tmp_path / "8", steps(8))
    second = learn(Level(1.0), tmp_path / "16", steps(16, 8), first)
    learn(further, tmp_path / "24", steps(24, 16, 8), second)
    learn(whole, tmp_path / "whole", steps(24))
    assert same(further, whole)
    with pytest.raises(NothingToGoOnFrom, match="not of the training that this one goes on from"):
        learn(Level(1.0), tmp_path / "other", steps(24, 16), second)


def test_going_on_that_is_interrupted_at_any_step_ends_the_same(tmp_path: Path) -> None:
    first = learn(Level(1.0, 1.0), tmp_path / "10", steps(10))
    whole = Level(1.0, 1.0)
    learn(whole, tmp_path / "whole", steps(20, 10), first)
    before = (first / CHECKPOINT).read_bytes()
    interrupted = 0
    while True:
        toy, calls = Level(1.0, 1.0), iter(range(99))
        torch.rand(interrupted + 1)  # something else may draw from the global generators between two attempts
        try:
            learn(toy, tmp_path / "20", steps(20, 10), first, stop=lambda calls=calls: next(calls) >= 1)
            break
        except Interrupted:
            interrupted += 1
    assert interrupted >= 4 and same(toy, whole)
    assert (first / CHECKPOINT).read_bytes() == before


def test_going_on_that_is_killed_anywhere_ends_the_same(tmp_path: Path) -> None:
    first = learn(Level(1.0), tmp_path / "6", steps(6))
    whole = Level(1.0)
    learn(whole, tmp_path / "whole", steps(10, 6), first)
    assert whole.calls > 15, "two batches a step, augmented, and validations"
    for fuse in range(1, whole.calls + 1, 3):
        killed, again = Level(1.0), Level(1.0)
        killed.fuse = fuse
        with pytest.raises(Blown):
            learn(killed, tmp_path / str(fuse), steps(10, 6), first, checkpoint_seconds=0.0)
        learn(again, tmp_path / str(fuse), steps(10, 6), first)
        assert same(again, whole), fuse


def test_what_is_learned_further_hangs_on_the_way_there(tmp_path: Path) -> None:
    """With a schedule, 10 steps and 10 more are not 20: the rates are those of the whole from the middle on."""
    early, late = OneWeight(), OneWeight()
    one(early, tmp_path / "10", steps(10), schedule=cosine)
    further = one(late, tmp_path / "20", steps(20, 10), tmp_path / "10", schedule=cosine)
    rates = [0.1 * cosine(k / 10) for k in range(10)] + [0.1 * cosine(k / 20) for k in range(10, 20)]
    assert [row["lr"] for row in further.history] == pytest.approx(rates)
    assert [row["progress"] for row in further.history[10:]] == pytest.approx([k / 20 for k in range(10, 20)])
    assert late.w.item() == pytest.approx(math.prod(1 - rate for rate in rates), rel=1e-5)


def one(
    network: OneWeight, folder: Path, budget: Budget, earlier: Path | None = None, clock: Any = None, **changes: Any
) -> engine.Trained:
    last = None if earlier is None else earlier / CHECKPOINT
    timed = {} if clock is None else {"clock": clock}
    patches = Patches(training_set(*[picture(8, 8)] * 6), "y", 0)
    return engine.train([one_stage(network, **changes)], patches, FitContext(0, budget, folder, earlier=last, **timed))


@pytest.mark.parametrize("unit", ["steps", "images", "epochs", "seconds"])
def test_a_budget_of_any_unit_is_gone_on_to(tmp_path: Path, unit: BudgetUnit) -> None:
    now = [0.0]

    def lasts_half_a_second(done: float) -> float:
        now[0] += 0.5
        return 1.0

    def learned(folder: str, budget: Budget, earlier: Path | None = None) -> tuple[float, engine.Trained]:
        network = OneWeight()
        trained = one(network, tmp_path / folder, budget, earlier, lambda: now[0], schedule=lasts_half_a_second)
        return network.w.item(), trained

    begun, _ = learned("begun", Budget(unit, 4))
    now[0] += 1000
    further, trained = learned("further", Budget(unit, 10, Budget(unit, 4)), tmp_path / "begun")
    whole, at_once = learned("whole", Budget(unit, 10))
    assert further == whole < begun
    assert trained.facts == at_once.facts
    assert trained.history[-1]["seconds"] == at_once.history[-1]["seconds"], "all in all"


@pytest.mark.parametrize(("near", "best_step"), [(0.9**7, 7), (0.0, 20)])
def test_the_best_validation_so_far_stays_the_best_until_there_is_a_better_one(
    tmp_path: Path, near: float, best_step: int
) -> None:
    def learned(folder: str, budget: Budget, earlier: Path | None = None) -> tuple[float, engine.Trained]:
        network = OneWeight()
        best: dict[str, Any] = {"validate": lambda batch: -abs(network.w.item() - near), "keep": "best"}
        trained = one(network, tmp_path / folder, budget, earlier, validations=10, **best)
        return network.w.item(), trained

    learned("10", steps(10))
    weight, further = learned("20", steps(20, 10), tmp_path / "10")
    assert weight == pytest.approx(0.9**best_step)
    assert [row["step"] for row in further.history if "validation" in row] == [*range(1, 11), *range(12, 21, 2)]
    (report,) = further.facts["stages"]
    assert (report["steps"], report["best_step"]) == (20, best_step)


def test_a_last_stage_that_ended_early_goes_on_with_patience_anew(tmp_path: Path) -> None:
    def impatient(network: OneWeight) -> dict[str, Any]:
        return {"validate": lambda batch: -float(network.seen), "patience": 3, "validations": 20}

    early, late = OneWeight(), OneWeight()
    begun = one(early, tmp_path / "20", steps(20), **impatient(early))
    assert (begun.history[-1]["step"], begun.history[-1]["event"]) == (4, "ended early")
    further = one(late, tmp_path / "40", steps(40, 20), tmp_path / "20", **impatient(late))
    events = {row["step"]: row["event"] for row in further.history if "event" in row}
    assert events == {4: "went on", 10: "ended early"}, "three validations, two steps apart, after that of step 4"
    assert late.w.item() == pytest.approx(0.9**10)
    assert further.facts["stages"][0]["ended_early"]


def test_a_stage_before_the_last_keeps_what_it_left(tmp_path: Path) -> None:
    """The first stage ends early; the last has its own share, and what the larger budget adds."""

    def learned(folder: str, budget: Budget, earlier: Path | None = None) -> list[int]:
        first, second = OneWeight(), OneWeight()
        stages = [
            one_stage(first, name="first", networks={"f": first}, validate=lambda batch: 0.0, patience=2),
            one_stage(second),
        ]
        last = None if earlier is None else earlier / CHECKPOINT
        context = FitContext(0, budget, tmp_path / folder, earlier=last)
        patches = Patches(training_set(*[picture(8, 8)] * 6), "y", 0)
        return [stage["steps"] for stage in engine.train(stages, patches, context).facts["stages"]]

    assert learned("40", steps(40)) == [3, 20]
    assert learned("60", steps(60, 40), tmp_path / "40") == [3, 40]


def test_history_samples_and_progress_go_on(tmp_path: Path) -> None:
    def told(folder: str, budget: Budget, earlier: Path | None = None) -> tuple[Level, list[float]]:
        toy, done, now = Level(1.0, 1.0), list[float](), iter(range(10**6))
        learn(
            toy,
            tmp_path / folder / "checkpoint",
            budget,
            earlier,
            model=tmp_path / folder,
            progress=lambda share, message: done.append(share),
            clock=lambda: float(next(now)),
        )
        return toy, done

    begun, _ = told("10", steps(10))
    (tmp_path / "10" / CHECKPOINT).write_bytes((tmp_path / "10/checkpoint" / CHECKPOINT).read_bytes())
    further, done = told("20", steps(20, 10), tmp_path / "10")
    assert [{**row, "event": "went on"} if row["step"] == 10 else row for row in begun.history] == [
        row for row in further.history if int(row["step"]) <= 10
    ]
    seconds = [float(row["seconds"]) for row in further.history]
    assert seconds == sorted(seconds) and further.history[-1]["step"] == 20
    samples = {folder: {path.name for path in (tmp_path / folder / "samples").iterdir()} for folder in ("10", "20")}
    assert samples["10"] < samples["20"]
    assert done == pytest.approx([k / 10 for k in range(1, 11)]), "of what is left to be done"


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-99])])
def test_without_a_sound_checkpoint_of_the_earlier_training_nothing_is_learned(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    first = learn(Level(1.0), tmp_path / "4", steps(4))
    spoil(first / CHECKPOINT)
    toy = Level(1.0)
    with pytest.raises(NothingToGoOnFrom, match=f"{first / CHECKPOINT} is gone or damaged"):
        learn(toy, tmp_path / "8", steps(8, 4), first)
    assert toy.calls == 0


def test_a_checkpoint_of_another_training_is_not_gone_on_from(tmp_path: Path) -> None:
    first = learn(Level(1.0), tmp_path / "4", steps(4))
    with pytest.raises(NothingToGoOnFrom, match="is not of the training that this one goes on from"):
        learn(Level(1.0), tmp_path / "8", steps(8, 3), first)
    assert (first / CHECKPOINT).exists()


def test_a_stage_that_goes_on_is_still_the_one_whose_shares_were_given(tmp_path: Path) -> None:
    first = learn(Level(1.0, 1.0), tmp_path / "4", steps(4))
    with pytest.raises(NothingToGoOnFrom, match="is not of the training"):
        learn(Level(1.0, 2.0), tmp_path / "8", steps(8, 4), first)
