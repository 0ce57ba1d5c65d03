"""A training that is cut off anywhere ends as if it had not been: weights, history, samples, facts."""

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from toys.training import Blown, Careful, many_images, training_set

from srbench.contract.fit import Budget, FitContext, Interrupted
from srbench.training.loop import engine

STEPS = 40


def context(folder: Path, **changes: object) -> FitContext:
    return FitContext(3, Budget("steps", STEPS), folder / "checkpoint", model=folder / "model", **changes)


def left(folder: Path) -> tuple[object, ...]:
    """What a training leaves, without what it took in time."""
    model = folder / "model"
    history = [line.split(",") for line in (model / "history.csv").read_text().splitlines()]
    seconds = history[0].index("seconds")
    return (
        {name: tensor.numpy().tobytes() for name, tensor in load_file(model / "weights.safetensors").items()},
        [row[:seconds] + row[seconds + 1 :] for row in history],
        {path.name: path.read_bytes() for path in (model / "samples").iterdir()},
        (model / "training.json").read_text(),
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Careful, Path]:
    folder = tmp_path_factory.mktemp("whole")
    toy = Careful()
    toy.fit(training_set(*many_images()), context(folder, checkpoint_seconds=1e9))
    toy.save(folder / "model")
    return toy, folder


def test_the_toy_does_all_that_has_to_be_resumed(whole: tuple[Careful, Path]) -> None:
    toy, folder = whole
    first, second = toy.training["stages"]
    assert first["steps"] == STEPS / 2
    assert first["best_step"] < STEPS / 2, "the best weights are not the last ones"
    assert second["ended_early"] and second["steps"] < STEPS / 2
    assert toy.history[-1]["event"] == "ended early"
    assert len(list((folder / "model" / "samples").iterdir())) >= 8


@pytest.mark.parametrize("calls", [6, 7, 9])
def test_a_training_cut_off_again_and_again_ends_the_same(
    whole: tuple[Careful, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: int
) -> None:
    """At any call of a step, an augmentation or a validation, so also between the batches of one step.

    calls: made before each cut; a step that is cut off is begun again, and makes five at most.
    """
    monkeypatch.setattr(engine, "CHECKPOINT_SHARE", math.inf)
    toy, folder = whole
    for attempt in range(toy.calls // (calls - 5) + 1):
        torch.rand(attempt)  # something else draws from the global generator before it goes on
        again = Careful(calls)
        try:
            again.fit(training_set(*many_images()), context(tmp_path, checkpoint_seconds=0.0))
            break
        except Blown:
            pass
    assert attempt >= toy.calls // calls
    again.save(tmp_path / "model")
    assert left(tmp_path) == left(folder)


def test_a_training_stopped_after_each_step_ends_the_same(whole: tuple[Careful, Path], tmp_path: Path) -> None:
    for _ in range(STEPS * 2):
        calls = iter(range(10))
        toy = Careful()
        try:
            toy.fit(training_set(*many_images()), context(tmp_path, stop=lambda calls=calls: next(calls) >= 1))
            break
        except Interrupted:
            pass
    toy.save(tmp_path / "model")
    assert left(tmp_path) == left(whole[1])


def test_samples_of_a_lost_timeline_are_removed(whole: tuple[Careful, Path], tmp_path: Path) -> None:
    samples = tmp_path / "model" / "samples"
    samples.mkdir(parents=True)
    (samples / "first-999.png").write_bytes(b"of an earlier attempt")
    toy = Careful()
    toy.fit(training_set(*many_images()), context(tmp_path))
    toy.save(tmp_path / "model")
    assert left(tmp_path) == left(whole[1])
